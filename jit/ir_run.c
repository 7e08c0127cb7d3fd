#include "jit/ir_run.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "interp/interp.h"
#include "jit/check.h"
#include "jit/runtime.h"
#include "spec/engine.h"
#include "spec/exception.h"
#include "spec/link.h"
#include "spec/store.h"
#include "spec/tier.h"
#include "trap/error.h"
#include "trap/unwind.h"

/* Frames of C: what the official suite wants to overflow is endless. */
enum { MAX_DEPTH = 3000 };

struct build_options ir_run_options;
struct ir_run_counts ir_run_counts;

/* What was built, by module; the programs that use this have one thread. */
struct cached {
	struct ir ir;
	struct arena arena;
	bool refused;
};

static struct cached_module {
	struct module *m;
	struct cached **funcs;
	struct cached_module *next;
} * modules;

static struct tier tier;
static const struct tier *first_tier;
static uint32_t depth;

static void
no_memory(void)
{
	fprintf(stderr, "out of memory\n");
	exit(2);
}

static void *
zeroed(size_t n, size_t size)
{
	void *p = calloc(n + 1, size);
	if (p == NULL)
		no_memory();
	return p;
}

static struct cached *
build_cached(struct module *m, uint32_t func)
{
	struct error error = { 0 };
	char text[300];
	struct cached *c = zeroed(1, sizeof *c);
	arena_init(&c->arena, &alloc_default);
	c->refused =
		!build(&c->ir, m, func, &ir_run_options, &c->arena, &error);
	if (c->refused) {
		ir_run_counts.refused++;
		return c;
	}
	ir_run_counts.built++;
	ir_run_counts.nodes += c->ir.nnodes;
	ir_run_counts.bytes += m->funcs[func].body.len;
	c->ir.error = NULL;
	if (check(&c->ir, text, sizeof text) != NULL) {
		ir_run_counts.wrong++;
		printf("%s\n", text);
		ir_dump(stdout, &c->ir);
	}
	return c;
}

static struct cached_module *
module_cache(struct module *m)
{
	struct cached_module *c = modules;
	while (c != NULL && c->m != m)
		c = c->next;
	if (c != NULL)
		return c;
	c = zeroed(1, sizeof *c);
	c->m = m;
	c->funcs = zeroed(m->nfuncs, sizeof *c->funcs);
	for (uint32_t i = m->nimported_funcs; i < m->nfuncs; i++)
		c->funcs[i] = build_cached(m, i);
	c->next = modules;
	return modules = c;
}

void
ir_run_build(struct module *m)
{
	module_cache(m);
}

static struct cached *
cached(struct func *f)
{
	return module_cache(f->instance->module)->funcs[f->index];
}

static void
module_free(struct module *m)
{
	for (struct cached_module **at = &modules; *at != NULL;
		at = &(*at)->next) {
		struct cached_module *c = *at;
		if (c->m != m)
			continue;
		*at = c->next;
		for (uint32_t i = 0; i < m->nfuncs; i++) {
			if (c->funcs[i] != NULL)
				arena_free(&c->funcs[i]->arena);
			free(c->funcs[i]);
		}
		free(c->funcs);
		free(c);
		break;
	}
	first_tier->module_free(m);
}

/* Nodes */

#define VALUE(v) (*ir_run_value(f, v))

static bool
trap(const struct ir_run_frame *f, unsigned t)
{
	raise_trap(&f->in->store->ctx, (enum trap)t);
	return false;
}

static uint64_t
unsigned_of(const struct ir_run_frame *f, uint32_t v)
{
	uint64_t x = VALUE(v).u64;
	return f->ir->nodes[v].type == TYPE_i32 ? (uint32_t)x : x;
}

static void
put(const struct ir_run_frame *f, union slot *to, uint32_t v)
{
	size_t n = f->ir->nodes[v].type == TYPE_v128 ? 2 : 1;
	memcpy(to, ir_run_value(f, v), n * sizeof *to);
}

static uint32_t
slots_of(const struct ir_run_frame *f, uint32_t v)
{
	return f->ir->nodes[v].type == TYPE_v128 ? 2 : 1;
}

/* Values in a list, one after the other in slots. */
static uint32_t
put_all(const struct ir_run_frame *f, union slot *to, const uint32_t *v,
	uint32_t n)
{
	uint32_t at = 0;
	for (uint32_t i = 0; i < n; i++) {
		put(f, to + at, v[i]);
		at += slots_of(f, v[i]);
	}
	return at;
}

/* The results of call i, which stand after it. */
static void
take_results(const struct ir_run_frame *f, uint32_t i, const union slot *slots)
{
	const struct ir *ir = f->ir;
	const uint32_t *aux = ir->aux + ir->nodes[i].c;
	for (uint32_t r = i + 1; ir->nodes[r].op == IR_result; r++) {
		uint32_t at = 0;
		if (ir->nodes[i].op != IR_runtime) {
			const struct functype *t =
				&ir->m->types[aux[AUX_type]].func;
			for (uint32_t k = 0; k < ir->nodes[r].c; k++)
				at += vt_slots(t->results[k]);
		}
		memcpy(ir_run_value(f, r), slots + at,
			slots_of(f, r) * sizeof *slots);
	}
}

static struct func *
callee(const struct ir_run_frame *f, const struct node *n)
{
	if (n->op == IR_call || n->op == IR_tail_call)
		return instance_func(f->in, f->ir->aux[n->c + AUX_target]);
	return slot_ref(VALUE(n->a));
}

static bool
call(const struct ir_run_frame *f, uint32_t i)
{
	const struct node *n = &f->ir->nodes[i];
	const uint32_t *aux = f->ir->aux + n->c;
	struct func *to = callee(f, n);
	union slot *slots =
		zeroed(to->param_slots + to->result_slots, sizeof *slots);
	put_all(f, slots, aux + AUX_args, aux[AUX_count]);
	bool fine = func_call(f->in->store, to, slots) == STATUS_done;
	if (fine)
		take_results(f, i, slots);
	free(slots);
	return fine;
}

static bool
runtime(const struct ir_run_frame *f, uint32_t i)
{
	const uint32_t *aux = f->ir->aux + f->ir->nodes[i].c;
	union slot slots[RUNTIME_SLOTS];
	put_all(f, slots, aux + AUX_args, aux[AUX_count]);
	if (runtime_rows[aux[AUX_target]].function(f->in, slots) != STATUS_done)
		return false;
	take_results(f, i, slots);
	return true;
}

static bool
bound(const struct ir_run_frame *f, const struct node *n)
{
	const uint32_t *aux = f->ir->aux + n->c;
	uint64_t extent = (uint64_t)aux[AUX_high] << 32 | aux[AUX_low];
	uint64_t bytes = memory_bytes(f->in->memories[aux[AUX_memory]]);
	uint64_t at = unsigned_of(f, n->a);
	return (extent <= bytes && at <= bytes - extent) || trap(f, n->flags);
}

static bool
poll(const struct ir_run_frame *f, uint32_t what)
{
	struct context *ctx = &f->in->store->ctx;
	if ((what & POLL_fuel) != 0 && ctx->fuel <= 0)
		return trap(f, TRAP_out_of_fuel);
	if ((what & POLL_interrupt) != 0 && ctx->interrupt != 0)
		return trap(f, TRAP_interrupt);
	return true;
}

static void
constant(const struct ir_run_frame *f, const struct node *n, union slot *out)
{
	const uint32_t *aux = f->ir->aux + n->c;
	if (n->type == TYPE_v128) {
		out[0].u64 = (uint64_t)aux[1] << 32 | aux[0];
		out[1].u64 = (uint64_t)aux[3] << 32 | aux[2];
	} else {
		out->u64 = (uint64_t)n->c << 32 | n->b;
	}
}

/* 64 bits of a 64 by 64 bit product, from halves. */
static uint64_t
high(uint64_t x, uint64_t y, bool is_signed)
{
	uint64_t xl = (uint32_t)x, xh = x >> 32, yl = (uint32_t)y, yh = y >> 32;
	uint64_t mid = xh * yl + (xl * yl >> 32);
	uint64_t low = (uint32_t)mid + xl * yh;
	uint64_t h = xh * yh + (mid >> 32) + (low >> 32);
	if (is_signed)
		h -= (x >> 63 != 0 ? y : 0) + (y >> 63 != 0 ? x : 0);
	return h;
}

/* What has no effect. */
static void
value(const struct ir_run_frame *f, uint32_t i)
{
	const struct node *n = &f->ir->nodes[i];
	union slot *out = ir_run_value(f, i);
	const char *base =
		n->op == IR_get || n->op == IR_get32 || n->op == IR_get_fixed ||
				n->op == IR_get_at || n->op == IR_address
			? slot_ref(VALUE(n->a))
			: NULL;
	uint32_t word;
	void *pointer;
	switch (n->op) {
	case IR_const:
		constant(f, n, out);
		return;
	case IR_select:
		put(f, out, slot_i32(VALUE(n->c)) != 0 ? n->a : n->b);
		return;
	case IR_high_s:
	case IR_high_u:
		out->u64 = high(
			VALUE(n->a).u64, VALUE(n->b).u64, n->op == IR_high_s);
		return;
	case IR_instance:
		*out = slot_of_ref(f->in);
		return;
	case IR_payload:
		memcpy(out, f->payload + n->c, slots_of(f, i) * sizeof *out);
		return;
	case IR_address:
		*out = slot_of_ref(base + n->c);
		return;
	case IR_get_fixed:
		memcpy(&pointer, base + n->c, sizeof pointer);
		*out = slot_of_ref(pointer);
		return;
	case IR_get32:
		memcpy(&word, base + n->c, sizeof word);
		*out = slot_of_i32(word);
		return;
	case IR_get:
		if (n->type == TYPE_ptr) {
			memcpy(&pointer, base + n->c, sizeof pointer);
			*out = slot_of_ref(pointer);
			return;
		}
		memcpy(out, base + n->c, slots_of(f, i) * sizeof *out);
		return;
	case IR_get_at:
		memcpy(out, base + n->c + 8 * unsigned_of(f, n->b),
			sizeof *out);
		return;
	default:
		assert((n->op == IR_param || n->op == IR_phi ||
			       n->op == IR_result) &&
			"set by others");
		return;
	}
}

/* What stays in order.  False: a trap was raised. */
static bool
effect(const struct ir_run_frame *f, uint32_t i)
{
	const struct node *n = &f->ir->nodes[i];
	const uint32_t *aux = f->ir->aux + n->c;
	struct context *ctx = &f->in->store->ctx;
	switch (n->op) {
	case IR_set:
		put(f,
			(union slot *)(void *)((char *)slot_ref(VALUE(n->a)) +
					       n->c),
			n->b);
		return true;
	case IR_set_at:
		put(f,
			(union slot *)slot_ref(VALUE(n->a)) +
				unsigned_of(f, n->b) + aux[AUX_offset] / 8,
			aux[AUX_value]);
		return true;
	case IR_bound:
		return bound(f, n);
	case IR_trap_if:
		if (slot_i32(VALUE(n->a)) == 0)
			return true;
		if (n->b == 0)
			return trap(f, n->flags);
		raise_trap_number(
			ctx, (enum trap)n->flags, unsigned_of(f, n->b));
		return false;
	case IR_trap_unless:
		return slot_i32(VALUE(n->a)) != 0 || trap(f, n->flags);
	case IR_call:
	case IR_call_func:
		return call(f, i);
	case IR_runtime:
		return runtime(f, i);
	case IR_poll:
		return poll(f, n->c);
	default:
		assert(n->op == IR_charge && "all are listed");
		ctx->fuel -= n->c;
		return true;
	}
}

/* Control */

/* Goes along an edge: phis get their values at once. */
static uint32_t
go(const struct ir_run_frame *f, uint32_t edge)
{
	const struct edge *e = &f->ir->edges[edge];
	const struct block *to = &f->ir->blocks[e->to];
	union slot *values = zeroed(2 * (size_t)to->nphis, sizeof *values);
	for (uint32_t i = 0; i < to->nphis; i++)
		put(f, values + 2 * i, f->ir->aux[e->args + i]);
	for (uint32_t i = 0; i < to->nphis; i++)
		memcpy(ir_run_value(f, ir_phi(f->ir, to, i)), values + 2 * i,
			2 * sizeof *values);
	free(values);
	return e->to;
}

/* The next block after b, or NO_BLOCK at its end. */
static uint32_t
next(const struct ir_run_frame *f, const struct block *b)
{
	const struct node *n = &f->ir->nodes[b->end - 1];
	uint32_t x;
	switch (n->op) {
	case IR_jump:
	case IR_try:
		return go(f, b->edges);
	case IR_branch:
		return go(f, b->edges + (slot_i32(VALUE(n->a)) == 0));
	case IR_switch:
		x = slot_i32(VALUE(n->a));
		return go(f, b->edges + (x < b->nedges ? x : b->nedges - 1));
	default:
		return NO_BLOCK;
	}
}

static bool
run_node(const struct ir_run_frame *f, uint32_t i)
{
	const struct node *n = &f->ir->nodes[i];
	if (n->op < OP_count)
		return ir_run_wasm(f, i);
	if (ir_run_object(f, i)) {
		bool none = n->op == IR_new && ir_run_value(f, i)->u64 == 0;
		return !none || trap(f, n->flags);
	}
	if (ir_kind(n->op) == KIND_EFFECT)
		return effect(f, i);
	value(f, i);
	return true;
}

/* Node i of b has raised something: the block that catches it, or NO_BLOCK. */
static uint32_t
caught(struct ir_run_frame *f, uint32_t i, const struct block *b)
{
	const struct ir *ir = f->ir;
	struct pending *p = &f->in->store->ctx.pending;
	const struct node *n = &ir->nodes[b->end - 1];
	if (n->op != IR_try || i < ir_tried(ir, (uint32_t)(b - ir->blocks)) ||
		p->kind != UNWIND_exception)
		return NO_BLOCK;
	const uint32_t *c = ir->aux + n->c + 1;
	struct exception *thrown = p->payload;
	uint32_t e = 1;
	while (e < b->nedges && c[CLAUSE_kind] < CATCH_all &&
		f->in->tags[c[CLAUSE_tag]] != thrown->tag) {
		c += CLAUSE_words;
		e++;
	}
	if (e == b->nedges)
		return NO_BLOCK;
	free(f->payload);
	f->payload = zeroed(thrown->head.length + 1, sizeof *f->payload);
	exception_give(thrown, (enum catch_kind)c[CLAUSE_kind], f->payload);
	p->kind = UNWIND_none;
	p->payload = NULL;
	return go(f, b->edges + e);
}

/* Runs to an end; NULL: a trap was raised. */
static const struct node *
run_blocks(struct ir_run_frame *f)
{
	const struct ir *ir = f->ir;
	uint32_t to = 0;
	for (;;) {
		const struct block *b = &ir->blocks[to];
		uint32_t i = b->first;
		while (i < b->end - 1 && (!ir_stays(ir, i) || run_node(f, i)))
			i++;
		to = i < b->end - 1 ? caught(f, i, b) : next(f, b);
		if (to == NO_BLOCK)
			return i < b->end - 1 ? NULL : &ir->nodes[i];
	}
}

static void
parameters(const struct ir_run_frame *f, const union slot *slots)
{
	const struct functype *t = module_func_type(f->ir->m, f->ir->func);
	for (uint32_t i = 1; f->ir->nodes[i].op == IR_param; i++) {
		uint32_t at = 0;
		for (uint32_t k = 0; k < f->ir->nodes[i].c; k++)
			at += vt_slots(t->params[k]);
		memcpy(ir_run_value(f, i), slots + at,
			slots_of(f, i) * sizeof *slots);
	}
}

/*
 * One function: arguments and results in slots.  A tail call leaves the callee
 * in *to and its arguments in *args, which the caller frees.
 */
static enum status
run_one(struct func *from, const struct ir *ir, union slot *slots,
	const union slot *in, struct func **to, union slot **args)
{
	struct ir_run_frame f = { ir, from->instance,
		zeroed(2 * (size_t)ir->nnodes, sizeof(union slot)), NULL };
	enum status status = STATUS_unwound;
	parameters(&f, in);
	const struct node *n = run_blocks(&f);
	const uint32_t *aux = n != NULL ? ir->aux + n->c : NULL;
	*to = NULL;
	if (n != NULL && n->op == IR_return) {
		put_all(&f, slots, aux + 1, aux[0]);
		status = STATUS_done;
	} else if (n != NULL && n->op == IR_trap) {
		trap(&f, n->flags);
	} else if (n != NULL) {
		*to = callee(&f, n);
		*args = zeroed((*to)->param_slots + (*to)->result_slots,
			sizeof **args);
		put_all(&f, *args, aux + AUX_args, aux[AUX_count]);
		status = STATUS_done;
	}
	free(f.payload);
	free(f.values);
	return status;
}

/* Runs f and what it tail-calls. */
static enum status
run_all(struct func *f, union slot *slots)
{
	union slot *args = NULL;
	enum status status;
	for (;;) {
		const struct cached *c = f->instance != NULL ? cached(f) : NULL;
		struct func *to = NULL;
		union slot *more = NULL;
		if (c == NULL || c->refused) {
			union slot *at = args != NULL ? args : slots;
			status = c == NULL ? func_call((struct store *)f->store,
						     f, at)
					   : first_tier->enter(
						     (struct store *)f->store,
						     f, at);
			if (at != slots)
				memcpy(slots, at,
					f->result_slots * sizeof *slots);
		} else {
			status = run_one(f, &c->ir, slots,
				args != NULL ? args : slots, &to, &more);
		}
		free(args);
		args = more;
		if (status != STATUS_done || to == NULL)
			return status;
		f = to;
	}
}

static enum status
enter(struct store *s, struct func *f, union slot *slots)
{
	if (depth == MAX_DEPTH)
		return raise_trap(&s->ctx, TRAP_stack_overflow);
	depth++;
	s->heap.hold++; /* no one finds references in values */
	enum status status = run_all(f, slots);
	s->heap.hold--;
	depth--;
	return status;
}

void
ir_run_install(struct engine *e)
{
	interp_install(e);
	first_tier = e->tier;
	tier = *first_tier;
	tier.enter = enter;
	tier.module_free = module_free;
	e->tier = &tier;
}
