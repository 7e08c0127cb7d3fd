/*
 * The store and its smaller parts: globals, tags, host functions.  Needs an
 * engine.
 */
#include "spec/store.h"

#include <assert.h>
#include <string.h>

#include "spec/engine.h"
#include "spec/collect.h"
#include "spec/link.h"
#include "spec/tier.h"
#include "trap/unwind.h"

#define DEFAULT_TABLE_ELEMENTS 10000000
#define DEFAULT_INSTANCES 10000
#define DEFAULT_STACK_BYTES ((uint64_t)8 << 20)
#define LEAST_STACK_BYTES 4096
#define DEFAULT_HOST_DEPTH 100
#define DEFAULT_NATIVE_BYTES ((uint64_t)1 << 20)
#define DEFAULT_HEAP_BYTES ((uint64_t)4 << 30)

static void
set_limits(struct store *s, const struct store_limits *limits)
{
	if (limits != NULL)
		s->limits = *limits;
	struct store_limits *l = &s->limits;
	if (l->memory_bytes == 0)
		l->memory_bytes = UINT64_MAX;
	if (l->table_elements == 0)
		l->table_elements = DEFAULT_TABLE_ELEMENTS;
	if (l->instances == 0)
		l->instances = DEFAULT_INSTANCES;
	if (l->stack_bytes == 0)
		l->stack_bytes = DEFAULT_STACK_BYTES;
	if (l->stack_bytes < LEAST_STACK_BYTES)
		l->stack_bytes = LEAST_STACK_BYTES;
	if (l->heap_bytes == 0)
		l->heap_bytes = DEFAULT_HEAP_BYTES;
	if (l->native_bytes == 0)
		l->native_bytes = DEFAULT_NATIVE_BYTES;
	if (l->native_bytes > SIZE_MAX / 2)
		l->native_bytes = SIZE_MAX / 2;
	if (l->host_depth == 0)
		l->host_depth = DEFAULT_HOST_DEPTH;
}

#define SLACK_BYTES (STACK_SLACK * sizeof(union slot))

static bool
open_stack(struct store *s)
{
	uint64_t bytes = s->limits.stack_bytes & ~(uint64_t)15;
	struct context *ctx = &s->ctx;
	if (bytes > SIZE_MAX - SLACK_BYTES ||
		!pages_open(&s->stack, &s->engine->alloc,
			(size_t)bytes + SLACK_BYTES,
			(size_t)bytes + SLACK_BYTES))
		return false;
	ctx->stack = (union slot *)(void *)s->stack.base;
	ctx->stack_end = ctx->stack + bytes / sizeof(union slot) + STACK_SLACK;
	context_set_limit(ctx, context_stack_limit(ctx));
	return true;
}

struct store *
store_new(struct engine *e, const struct store_limits *limits)
{
	struct store *s = alloc_zeroed(&e->alloc, 1, sizeof *s);
	if (s == NULL)
		return NULL;
	s->engine = e;
	s->no_memory.store = s;
	set_limits(s, limits);
	heap_init(&s->heap, s, s->limits.heap_bytes);
	collect_init(s);
	s->ctx.max_depth = s->limits.host_depth;
	s->ctx.stack_budget = (uintptr_t)s->limits.native_bytes;
	s->ctx.max_frames = BACKTRACE_DEFAULT;
	s->ctx.walker = e->tier != NULL ? e->tier->walker : NULL;
	s->ctx.statics = e->tier != NULL ? e->tier->statics() : NULL;
	if (!open_stack(s)) {
		store_free(s);
		return NULL;
	}
	return s;
}

void
store_free(struct store *s)
{
	if (s == NULL)
		return;
	assert(s->ctx.activation == NULL && "no guest runs in the store");
	const struct allocator *al = &s->engine->alloc;
	if (s->engine->tier != NULL)
		s->engine->tier->forget_maps(s);
	while (s->units != NULL) {
		struct unit *u = s->units;
		s->units = u->next;
		unit_free(u);
	}
	heap_free(&s->heap);
	pages_close(&s->stack, al);
	alloc_free(al, s, sizeof *s);
}

struct global *
global_new(struct store *s, valtype type, bool mut, const union slot *value)
{
	struct unit *u = unit_new(s, EXTERN_global, sizeof(struct global));
	if (u == NULL)
		return NULL;
	struct global *g = (struct global *)(u + 1);
	g->type = type;
	g->mut = mut;
	g->store = s;
	g->unit = u;
	memcpy(g->value, value, vt_slots(type) * sizeof *value);
	return g;
}

struct tag *
tag_new(struct store *s, uint32_t type)
{
	struct unit *u = unit_new(s, EXTERN_tag, sizeof(struct tag));
	if (u == NULL)
		return NULL;
	struct tag *t = (struct tag *)(u + 1);
	t->type = type;
	t->store = s;
	t->unit = u;
	return t;
}

static int
call_host(struct func *f, union slot *slots, void *arg)
{
	struct store *s = (struct store *)f->store;
	return func_call(s, f, slots) == STATUS_done
		       ? STATUS_done
		       : s->engine->stopped(s, arg);
}

/* For who has nothing more direct. */
static enum status
call_direct(void *func, struct instance *caller, union slot *slots)
{
	const struct host_func *h = func;
	return h->host(h->env, (struct store *)h->func.store, caller, slots);
}

struct func *
func_new_host(struct store *s, uint32_t type, host_fn *fn, void *env,
	void (*finalize)(void *env))
{
	const struct deftype *def = typespace_get(s->engine->types, type);
	assert(def->comp == COMP_func && "the type of a function");
	struct unit *u = unit_new(s, EXTERN_func, sizeof(struct host_func));
	if (u == NULL)
		return NULL;
	struct host_func *h = (struct host_func *)(u + 1);
	struct func *f = &h->func;
	f->cells = s->engine->tier != NULL ? s->engine->tier->host() : NULL;
	f->code = s->engine->second != NULL
			  ? s->engine->second->stub(&def->func, true)
			  : NULL;
	f->call = call_host;
	f->type = type;
	f->index = NO_INDEX;
	f->param_slots = def->func.param_slots;
	f->result_slots = def->func.result_slots;
	h->host = fn;
	h->env = env;
	h->finalize = finalize;
	func_set_direct(f, (void (*)(void))call_direct, f);
	f->store = s;
	return f;
}

void
func_set_direct(struct func *f, void (*direct)(void), void *env)
{
	struct host_func *h = func_host(f);
	h->direct = direct;
	h->direct_env = env;
}

const struct store *
external_store(const struct external *x)
{
	switch (x->kind) {
	case EXTERN_func:
		return x->u.func->store;
	case EXTERN_table:
		return x->u.table->store;
	case EXTERN_memory:
		return x->u.memory->store;
	case EXTERN_global:
		return x->u.global->store;
	default:
		return x->u.tag->store;
	}
}

struct external
instance_export(struct instance *in, const struct export *e)
{
	struct external x = { .kind = e->kind };
	switch (e->kind) {
	case EXTERN_func:
		x.u.func = instance_func(in, e->index);
		break;
	case EXTERN_table:
		x.u.table = in->tables[e->index];
		break;
	case EXTERN_memory:
		x.u.memory = in->memories[e->index];
		break;
	case EXTERN_global:
		x.u.global = in->globals[e->index];
		break;
	default:
		assert(e->kind == EXTERN_tag && "kinds of externals");
		x.u.tag = in->tags[e->index];
		break;
	}
	return x;
}
