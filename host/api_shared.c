/*
 * Shared memories for embedders: objects of the engine, and what a store knows
 * of them.
 */
#include "host/api.h"
#include "spec/shared.h"
#include "trap/error.h"

struct sheave_shared_memory {
	struct shared_memory *shared;
	struct sheave_engine *engine;
};

/* The handle takes over one reference to sh, which may be NULL. */
static struct sheave_shared_memory *
handle_of(struct sheave_engine *e, struct shared_memory *sh)
{
	struct sheave_shared_memory *h =
		sh != NULL ? alloc_zeroed(&e->engine.alloc, 1, sizeof *h)
			   : NULL;
	if (h == NULL) {
		shared_release(sh);
		return NULL;
	}
	h->shared = sh;
	h->engine = e;
	atomic_fetch_add(&e->refs, 1);
	return h;
}

struct sheave_shared_memory *
sheave_shared_memory_new(struct sheave_engine *engine, uint64_t min,
	uint64_t max, struct sheave_error **error)
{
	const struct allocator *al = &engine->engine.alloc;
	struct limits type = { .min = min,
		.max = max,
		.has_max = true,
		.shared = true,
		.page_shift = 16 };
	struct error why;
	error_clear(&why);
	if (max > (uint64_t)1 << 16 || min > max) {
		api_refuse(al, error, SHEAVE_ERROR_MISUSE,
			"a memory cannot have these limits");
		return NULL;
	}
	struct shared_memory *sh = shared_new(&engine->engine, &type, &why);
	struct sheave_shared_memory *h = handle_of(engine, sh);
	if (sh == NULL)
		api_error(al, error, &why);
	else if (h == NULL)
		api_refuse(al, error, SHEAVE_ERROR_MEMORY, "out of memory");
	return h;
}

void
sheave_shared_memory_free(struct sheave_shared_memory *memory)
{
	if (memory == NULL)
		return;
	struct sheave_engine *e = memory->engine;
	shared_release(memory->shared);
	alloc_free(&e->engine.alloc, memory, sizeof *memory);
	api_engine_release(e);
}

struct sheave_memory *
sheave_memory_of_shared(struct sheave_store *store,
	struct sheave_shared_memory *memory, struct sheave_error **error)
{
	const struct allocator *al = &store->engine->engine.alloc;
	struct error why;
	error_clear(&why);
	if (memory->engine != store->engine) {
		api_refuse(al, error, SHEAVE_ERROR_MISUSE,
			"the memory belongs to another engine");
		return NULL;
	}
	struct memory *m = memory_of_shared(store->store, memory->shared, &why);
	if (m == NULL)
		api_error(al, error, &why);
	return (struct sheave_memory *)m;
}

struct sheave_shared_memory *
sheave_memory_shared(struct sheave_memory *memory, struct sheave_error **error)
{
	struct memory *m = (struct memory *)memory;
	const struct allocator *al = &m->store->engine->alloc;
	if (m->sharing == NULL) {
		api_refuse(al, error, SHEAVE_ERROR_MISUSE,
			"the memory is not shared");
		return NULL;
	}
	shared_retain(m->sharing);
	struct sheave_shared_memory *h =
		handle_of(api_store(m->store)->engine, m->sharing);
	if (h == NULL)
		api_refuse(al, error, SHEAVE_ERROR_MEMORY, "out of memory");
	return h;
}
