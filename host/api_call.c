/*
 * The embedder's way into the guest, with the interpreter's entry in line.
 */
#include "host/api.h"
#include "interp/entry.h"
#include "spec/link.h"

/* The guest was stopped; arg: where its error goes, or NULL. */
static int
stopped(struct func *f, void *arg)
{
	struct store *s = (struct store *)f->store;
	if (arg != NULL)
		api_stopped(s, arg);
	s->ctx.pending.kind = UNWIND_none;
	return SHEAVE_STOPPED;
}

/* Functions of their own save registers of the caller's once, and only if it
 * has come to them. */
static NOINLINE enum sheave_result
call_interpreted(struct func *f, union slot *slots, struct sheave_error **error)
{
	if (UNLIKELY(entry_func(f, slots) != STATUS_done))
		return (enum sheave_result)stopped(f, error);
	return SHEAVE_OK;
}

static NOINLINE enum sheave_result
call_host(struct func *f, union slot *slots, struct sheave_error **error)
{
	struct store *s = (struct store *)f->store;
	if (func_call(s, f, slots) != STATUS_done)
		return (enum sheave_result)stopped(f, error);
	return SHEAVE_OK;
}

enum sheave_result
sheave_func_call_slots(
	struct sheave_func *func, uint64_t *slots, struct sheave_error **error)
{
	struct func *f = (struct func *)func;
	union slot *own = (union slot *)(void *)slots;
	if (UNLIKELY(f->instance == NULL))
		return call_host(f, own, error);
	if (entry_is_native(f))
		return (enum sheave_result)f->store->engine->second->call(
			f, own, error, stopped);
	return call_interpreted(f, own, error);
}
