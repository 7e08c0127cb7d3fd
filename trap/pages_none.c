/*
 * Pages from the allocator alone: growth reallocates, with room to double, so
 * that growing page by page stays linear.
 */
#include "trap/pages.h"

#include <assert.h>
#include <string.h>

#include "trap/alloc.h"

bool
pages_open(
	struct pages *p, const struct allocator *al, size_t bytes, size_t most)
{
	(void)most;
	memset(p, 0, sizeof *p);
	if (bytes == 0)
		return true;
	p->base = alloc_zeroed(al, bytes, 1);
	if (p->base == NULL)
		return false;
	p->bytes = p->reserved = bytes;
	return true;
}

bool
pages_open_guarded(struct pages *p, size_t bytes, uint64_t most)
{
	(void)bytes, (void)most;
	memset(p, 0, sizeof *p);
	return false;
}

bool
pages_clear(struct pages *p)
{
	(void)p;
	return false;
}

bool
pages_fit(struct pages *p, size_t bytes)
{
	return bytes == p->bytes;
}

bool
pages_grow(struct pages *p, const struct allocator *al, size_t bytes)
{
	assert(bytes >= p->bytes && "pages do not shrink");
	if (bytes > p->reserved) {
		/* the first growth is exact: most memories grow once */
		size_t twice =
			p->reserved <= SIZE_MAX / 2 ? 2 * p->reserved : 0;
		size_t room = p->reserved == 0 || twice < bytes ? bytes : twice;
		void *base = al->resize(al->user, p->base, p->reserved, room);
		if (base == NULL && room != bytes) {
			room = bytes;
			base = al->resize(al->user, p->base, p->reserved, room);
		}
		if (base == NULL)
			return false;
		p->base = base;
		p->reserved = room;
	}
	if (bytes != p->bytes)
		memset(p->base + p->bytes, 0, bytes - p->bytes);
	p->bytes = bytes;
	return true;
}

void
pages_close(struct pages *p, const struct allocator *al)
{
	alloc_free(al, p->base, p->reserved);
	memset(p, 0, sizeof *p);
}
