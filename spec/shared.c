#include "spec/shared.h"

#include <assert.h>
#include <inttypes.h>

#include "spec/engine.h"
#include "trap/error.h"

/* Address space for the maximum; pages_open takes what there is. */
static size_t
reservation(const struct limits *type)
{
	uint64_t most = type->has_max ? type->max : type->min;
	if (most > (uint64_t)(SIZE_MAX / 2) >> type->page_shift)
		return SIZE_MAX / 2;
	return (size_t)(most << type->page_shift);
}

static bool
open_pages(struct shared_memory *sh, const struct engine *e)
{
	const struct limits *type = &sh->type;
	if (type->min > (uint64_t)(SIZE_MAX / 2) >> type->page_shift)
		return false;
	size_t bytes = (size_t)(type->min << type->page_shift);
	atomic_init(&sh->bytes, bytes);
	return e->guards != NULL && limits_guarded(type)
		       ? pages_open_guarded(&sh->pages, bytes, GUARDED_BYTES)
		       : pages_open(
				 &sh->pages, &sh->al, bytes, reservation(type));
}

struct shared_memory *
shared_new(
	const struct engine *e, const struct limits *type, struct error *error)
{
	struct shared_memory *sh = alloc_zeroed(&e->alloc, 1, sizeof *sh);
	if (sh != NULL && lock_open(&sh->lock)) {
		sh->al = e->alloc;
		sh->type = *type;
		sh->last = &sh->waiters;
		atomic_init(&sh->refs, 1);
		if (open_pages(sh, e))
			return sh;
		lock_close(&sh->lock);
	}
	alloc_free(&e->alloc, sh, sizeof *sh);
	error_set(error, ERROR_memory,
		"out of memory for a memory of %" PRIu64 " pages", type->min);
	return NULL;
}

void
shared_retain(struct shared_memory *sh)
{
	atomic_fetch_add_explicit(&sh->refs, 1, memory_order_relaxed);
}

void
shared_release(struct shared_memory *sh)
{
	if (sh == NULL || atomic_fetch_sub(&sh->refs, 1) > 1)
		return;
	assert(sh->waiters == NULL && "nobody waits in what nobody has");
	struct allocator al = sh->al;
	pages_close(&sh->pages, &al);
	lock_close(&sh->lock);
	alloc_free(&al, sh, sizeof *sh);
}
