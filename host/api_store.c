/*
 * Stores for embedders.
 */
#include <assert.h>
#include <inttypes.h>

#include "host/api.h"
#include "spec/collect.h"
#include "trap/error.h"
#include "trap/unwind.h"

struct sheave_store *
sheave_store_new(struct sheave_engine *engine,
	const struct sheave_limits *limits, struct sheave_error **error)
{
	static const struct sheave_limits none;
	const struct sheave_limits *l = limits != NULL ? limits : &none;
	const struct allocator *al = &engine->engine.alloc;
	struct store_limits own = { .memory_bytes = l->memory_bytes,
		.table_elements = l->table_elements,
		.instances = l->instances,
		.heap_bytes = l->heap_bytes,
		.stack_bytes = l->stack_bytes,
		.host_depth = l->host_depth,
		.trap_on_grow_failure = l->trap_on_grow_failure };
	struct sheave_store *s = alloc_zeroed(al, 1, sizeof *s);
	struct instance *outside = alloc_zeroed(al, 1, sizeof *outside);
	if (s != NULL && outside != NULL)
		s->store = store_new(&engine->engine, &own);
	if (s == NULL || s->store == NULL) {
		alloc_free(al, s, sizeof *s);
		alloc_free(al, outside, sizeof *outside);
		api_refuse(al, error, SHEAVE_ERROR_MEMORY,
			"out of memory for a store with a stack of %" PRIu64
			" bytes",
			own.stack_bytes);
		return NULL;
	}
	s->refs = 1;
	s->engine = engine;
	atomic_fetch_add(&engine->refs, 1);
	s->store->user = s;
	s->outside = outside;
	outside->store = s->store;
	outside->memory0 = &s->store->no_memory;
	return s;
}

void
api_store_release(struct sheave_store *s)
{
	assert(s->refs > 0 && "the store is alive");
	if (--s->refs > 0)
		return;
	struct sheave_engine *e = s->engine;
	store_free(s->store);
	alloc_free(&e->engine.alloc, s->outside, sizeof *s->outside);
	alloc_free(&e->engine.alloc, s, sizeof *s);
	api_engine_release(e);
}

void
sheave_store_free(struct sheave_store *store)
{
	if (store != NULL)
		api_store_release(store);
}

struct sheave_store *
api_store(const struct store *s)
{
	return s->user;
}

void
sheave_store_set_data(struct sheave_store *store, void *data)
{
	store->data = data;
}

void *
sheave_store_data(const struct sheave_store *store)
{
	return store->data;
}

void
sheave_store_interrupt(struct sheave_store *store)
{
	context_interrupt(&store->store->ctx);
}

void
sheave_store_resume(struct sheave_store *store)
{
	context_interrupt_clear(&store->store->ctx);
}

bool
sheave_store_set_fuel(struct sheave_store *store, uint64_t fuel)
{
	if (!store->engine->engine.fuel)
		return false;
	store->store->ctx.fuel = fuel < INT64_MAX ? (int64_t)fuel : INT64_MAX;
	return true;
}

uint64_t
sheave_store_fuel(const struct sheave_store *store)
{
	int64_t fuel = store->store->ctx.fuel;
	return fuel > 0 ? (uint64_t)fuel : 0;
}

void
sheave_store_set_max_frames(struct sheave_store *store, uint32_t frames)
{
	store->store->ctx.max_frames =
		frames < BACKTRACE_MAX ? frames : BACKTRACE_MAX;
}

uint32_t
sheave_store_backtrace(struct sheave_store *store, struct sheave_frame *frames,
	uint32_t max, bool force)
{
	struct store *s = store->store;
	struct raw_frame raw[BACKTRACE_MAX];
	uint32_t most = force ? BACKTRACE_MAX : s->ctx.max_frames;
	uint32_t n = backtrace_collect(&s->ctx, raw, max < most ? max : most);
	uint32_t found = 0;
	for (uint32_t i = 0; i < n; i++)
		if (api_frame(s, &raw[i], &frames[found]))
			found++;
	return found;
}

bool
sheave_store_collect(struct sheave_store *store)
{
	return collect_now(store->store);
}

void
sheave_store_usage(const struct sheave_store *store, struct sheave_usage *out)
{
	const struct store *s = store->store;
	*out = (struct sheave_usage){
		.memory_bytes = s->memory_bytes,
		.table_elements = s->table_elements,
		.instances = s->ninstances,
		.heap_bytes = s->heap.used,
		.heap_live_bytes = s->heap.live,
		.heap_allocated_bytes = s->heap.stats.allocated,
		.collections = s->heap.stats.collections,
		.objects_marked = s->heap.stats.visited,
	};
}
