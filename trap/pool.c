#include "trap/pool.h"

#include "trap/alloc.h"
#include "trap/lock.h"
#include "trap/pages.h"

enum { KEPT_MOST = 128 };

struct pool {
	struct allocator al;
	uint64_t most;
	struct lock lock; /* of what follows */
	uint32_t n;
	struct pages kept[KEPT_MOST]; /* cleared; those closed last come last */
};

struct pool *
pool_new(const struct allocator *al, uint64_t most)
{
	struct pool *pool = alloc_zeroed(al, 1, sizeof *pool);
	if (pool != NULL && pages_open_guarded(&pool->kept[0], 0, most)) {
		pool->al = *al;
		pool->most = most;
		pool->n = 1;
		if (lock_open(&pool->lock))
			return pool;
		pages_close(&pool->kept[0], al);
	}
	alloc_free(al, pool, sizeof *pool);
	return NULL;
}

void
pool_free(struct pool *pool)
{
	if (pool == NULL)
		return;
	struct allocator al = pool->al;
	while (pool->n > 0)
		pages_close(&pool->kept[--pool->n], &al);
	lock_close(&pool->lock);
	alloc_free(&al, pool, sizeof *pool);
}

bool
pool_open(struct pool *pool, struct pages *p, size_t bytes)
{
	bool kept;
	lock_enter(&pool->lock);
	kept = pool->n > 0;
	if (kept)
		*p = pool->kept[--pool->n];
	lock_leave(&pool->lock);
	if (kept && pages_fit(p, bytes))
		return true;
	if (kept)
		pages_close(p, &pool->al);
	return pages_open_guarded(p, bytes, pool->most);
}

void
pool_close(struct pool *pool, struct pages *p)
{
	bool kept = pages_clear(p);
	lock_enter(&pool->lock);
	kept = kept && pool->n < KEPT_MOST;
	if (kept)
		pool->kept[pool->n++] = *p;
	lock_leave(&pool->lock);
	if (!kept)
		pages_close(p, &pool->al);
	*p = (struct pages){ 0 };
}
