#include "host/fuzz_run.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "host/guess.h"
#include "interp/interp.h"
#include "jit/jit.h"
#include "spec/code.h"
#include "spec/engine.h"
#include "spec/link.h"
#include "spec/reader.h"
#include "spec/ref.h"
#include "spec/tier.h"
#include "trap/error.h"

enum { CALLS = 24, MOST_HASHED = 1 << 18 };

static const struct store_limits limits = {
	.memory_bytes = 4 << 20,
	.table_elements = 20000,
	.instances = 4,
	.stack_bytes = 256 << 10,
	.heap_bytes = 1 << 20,
	.host_depth = 10,
};

struct run {
	const struct fuzz_config *config;
	struct store *store;
	struct module *m;
	struct arena arena;
	struct fuzz_result *out;
	uint64_t digest, fuel;
};

static void
mix(struct run *r, const void *p, size_t bytes)
{
	r->digest = XXH64(p, bytes, r->digest);
}

static void
mix_number(struct run *r, uint64_t v)
{
	uint8_t le[8];
	for (int i = 0; i < 8; i++)
		le[i] = (uint8_t)(v >> 8 * i);
	mix(r, le, sizeof le);
}

/* Pointers count as such: their bits are addresses. */
static void
mix_value(struct run *r, valtype t, const union slot *v)
{
	if (t == VT_I32 || t == VT_F32)
		mix_number(r, slot_i32(v[0]));
	else
		mix_number(
			r, vt_is_ref(t) && ref_is_pointer(v[0]) ? 4 : v[0].u64);
	if (t == VT_V128)
		mix_number(r, v[1].u64);
}

/* Why a call ended, and where. */
static void
mix_pending(struct run *r)
{
	const struct context *ctx = &r->store->ctx;
	const struct pending *p = &ctx->pending;
	struct module *m;
	uint32_t func, offset;
	mix_number(r, p->kind);
	mix_number(r, p->kind == UNWIND_trap ? p->trap : 0);
	mix_number(r, p->nframes);
	r->out->memory |= p->kind == UNWIND_host;
	r->out->starved |=
		p->kind == UNWIND_trap && p->trap == TRAP_out_of_fuel;
	r->out->crowded |=
		p->kind == UNWIND_trap && p->trap == TRAP_allocation_too_large;
	if (p->nframes != 0 && r->store->engine->tier->locate(r->store,
				       &p->frames[0], &m, &func, &offset)) {
		mix_number(r, func);
		if (!r->out->memory)
			mix_number(r, offset);
	}
}

static void
call(struct run *r, struct func *f, union slot *slots, int set)
{
	const struct functype *t =
		&typespace_get(r->store->engine->types, f->type)->func;
	uint32_t at = 0;
	if (!guess_arguments(t, set, slots))
		return;
	r->store->ctx.fuel = r->config->fuel;
	enum status st = func_call(r->store, f, slots);
	mix_number(r, st);
	r->fuel += (uint64_t)r->store->ctx.fuel;
	if (st != STATUS_done) {
		mix_pending(r);
		return;
	}
	at = 0;
	for (uint32_t i = 0; i < t->nresults; i++) {
		mix_value(r, t->results[i], &slots[at]);
		at += vt_slots(t->results[i]);
	}
}

static void
call_exports(struct run *r, struct instance *in)
{
	int calls = 0;
	for (uint32_t i = 0; i < r->m->nexports && calls < CALLS; i++) {
		const struct export *e = &r->m->exports[i];
		if (e->kind != EXTERN_func)
			continue;
		struct func *f = instance_func(in, e->index);
		uint32_t n = f->param_slots > f->result_slots ? f->param_slots
							      : f->result_slots;
		union slot *slots = arena_array(&r->arena, n, sizeof *slots);
		int sets = f->param_slots == 0 ? 1 : GUESS_SETS;
		for (int k = 0; k < sets && slots != NULL; k++, calls++)
			call(r, f, slots, k);
		r->out->memory |= slots == NULL;
	}
}

static void
mix_state(struct run *r, const struct instance *in)
{
	for (uint32_t i = 0; i < r->m->nglobals; i++)
		mix_value(r, in->globals[i]->type, in->globals[i]->value);
	for (uint32_t i = 0; i < r->m->nmemories; i++) {
		const struct memory *mem = in->memories[i];
		mix_number(r, mem->bytes);
		if (mem->bytes != 0)
			mix(r, mem->base,
				mem->bytes < MOST_HASHED ? (size_t)mem->bytes
							 : MOST_HASHED);
	}
	for (uint32_t i = 0; i < r->m->ntables; i++) {
		mix_number(r, in->tables[i]->size);
		for (uint64_t k = 0; k < in->tables[i]->size; k++)
			mix_value(r, in->tables[i]->type,
				&in->tables[i]->elems[k]);
	}
}

static void
run_store(struct run *r)
{
	struct module *m = r->m;
	struct error error;
	struct external *x = arena_array(&r->arena, m->nimports, sizeof *x);
	bool fine = x != NULL;
	error_clear(&error);
	r->out->memory |= x == NULL;
	for (uint32_t i = 0; fine && i < m->nimports; i++)
		fine = guess_import(r->store, m, &m->imports[i], &x[i], &error);
	r->out->memory |= error.kind == ERROR_memory;
	if (!fine)
		return;
	r->store->ctx.fuel = r->config->fuel;
	struct instance *in = instance_new(r->store, m, x, &error);
	mix_number(r, in != NULL);
	mix_number(r, error.kind);
	r->out->memory |= error.kind == ERROR_memory;
	if (in == NULL) {
		if (error.kind == ERROR_none)
			mix_pending(r);
		return;
	}
	r->out->reach = REACH_instance;
	call_exports(r, in);
	mix_state(r, in);
}

/* One of its bodies has an instruction on floats or vectors. */
static bool
uses_floats(const struct module *m)
{
	for (uint32_t f = m->nimported_funcs; f < m->nfuncs; f++) {
		struct error error;
		struct range b = m->funcs[f].body;
		struct reader r = { m->bytes + b.offset,
			m->bytes + b.offset + b.len, m->bytes, &error };
		struct insn i;
		error_clear(&error);
		for (uint32_t n = reader_u32(&r); n > 0; n--) {
			reader_u32(&r);
			reader_u32(&r);
		}
		while (r.at < r.end) {
			code_next(&r, &i);
			if (strpbrk(op_rows[i.op].sig, "fFv") != NULL)
				return true;
		}
	}
	return false;
}

/* False if it differs from the run before. */
static bool
run_once(const struct fuzz_config *c, struct engine *e, struct module *m,
	bool again, struct fuzz_result *out)
{
	struct run r = { .config = c, .m = m, .out = out };
	r.store = store_new(e, &limits);
	out->memory |= r.store == NULL;
	if (r.store == NULL)
		return true;
	arena_init(&r.arena, c->alloc);
	run_store(&r);
	arena_free(&r.arena);
	store_free(r.store);
	if (again)
		return r.digest == out->digest && r.fuel == out->fuel;
	out->digest = r.digest;
	out->fuel = r.fuel;
	return true;
}

bool
fuzz_run(const struct fuzz_config *c, const uint8_t *bytes, size_t len,
	struct fuzz_result *out)
{
	/* bounds by faults as often as by checks */
	const struct jit_config eager = { .mode = JIT_eager,
		.signals = len % 2 == 0 };
	struct engine e;
	struct error error;
	bool same = true;
	memset(out, 0, sizeof *out);
	if (!engine_init(&e, c->alloc)) {
		out->memory = true;
		return true;
	}
	interp_install(&e);
	if (c->compiled && !jit_install(&e, &eager)) {
		engine_free(&e);
		out->memory = true;
		return true;
	}
	e.fuel = c->fuel != 0;
	e.nan_canonical = c->nan_canonical;
	e.interruptible = c->interruptible;
	e.gc_stress = c->gc_stress;
	struct module *m = module_load(&e, bytes, len, &error);
	if (m == NULL) {
		out->memory = error.kind == ERROR_memory;
	} else {
		out->reach = REACH_loaded;
		out->floats = uses_floats(m);
		for (uint32_t i = 0; c->unshared && i < m->nmemories; i++)
			m->memories[i].shared = false;
		run_once(c, &e, m, false, out);
		same = run_once(c, &e, m, true, out);
		module_release(m);
	}
	engine_free(&e);
	return same;
}
