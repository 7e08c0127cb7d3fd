/*
 * The embedder's way into the guest, with the interpreter's entry in line.
 */
#include "host/api.h"
#include "interp/entry.h"
#include "spec/link.h"

static inline enum sheave_result
result_of(const struct func *f, enum status st, struct sheave_error **error)
{
	if (UNLIKELY(st != STATUS_done)) {
		struct store *s = (struct store *)f->store;
		if (error != NULL)
			api_stopped(s, error);
		s->ctx.pending.kind = UNWIND_none;
		return SHEAVE_STOPPED;
	}
	return SHEAVE_OK;
}

enum sheave_result
sheave_func_call_slots(
	struct sheave_func *func, uint64_t *slots, struct sheave_error **error)
{
	struct func *f = (struct func *)func;
	struct store *s = (struct store *)f->store;
	union slot *own = (union slot *)(void *)slots;
	if (UNLIKELY(f->instance == NULL))
		return result_of(f, func_call(s, f, own), error);
	return result_of(f, entry_func(f, own), error);
}
