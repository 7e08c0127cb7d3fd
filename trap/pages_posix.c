/*
 * Pages by mmap: the address space is reserved without access, and what is
 * usable is made so by mprotect; the system zeroes it and commits it on touch.
 * Where the whole reservation is refused a smaller one is made, and growth
 * beyond it moves.
 */
#include "trap/pages.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Address space is scarce where pointers have 32 bits. */
#define MOST_ON_32_BITS ((size_t)64 << 20)

/* bytes rounded up to whole pages; 0 when that overflows, or for 0. */
static size_t
round_up(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	return bytes > SIZE_MAX - page ? 0 : (bytes + page - 1) & ~(page - 1);
}

/* Reserves bytes, whole pages. */
static bool
reserve(struct pages *p, size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED)
		return false;
	p->base = at;
	p->reserved = bytes;
	return true;
}

/* The same, or as much of it as there is, but at least least. */
static bool
reserve_some(struct pages *p, size_t least, size_t most)
{
	while (!reserve(p, most)) {
		if (most == least)
			return false;
		most = most / 2 > least ? round_up(most / 2) : least;
	}
	return true;
}

/* Makes the first bytes usable; closes p if that fails. */
static bool
use(struct pages *p, size_t bytes)
{
	if (bytes != 0 && mprotect(p->base, round_up(bytes),
				  PROT_READ | PROT_WRITE) != 0) {
		munmap(p->base, p->reserved);
		memset(p, 0, sizeof *p);
		return false;
	}
	p->bytes = bytes;
	return true;
}

bool
pages_open(
	struct pages *p, const struct allocator *al, size_t bytes, size_t most)
{
	(void)al;
	memset(p, 0, sizeof *p);
	if (sizeof(void *) < 8 && most > MOST_ON_32_BITS)
		most = MOST_ON_32_BITS;
	if (most > SIZE_MAX / 2)
		most = SIZE_MAX / 2;
	if (most < bytes)
		most = bytes;
	if (most == 0)
		return true;
	size_t least = round_up(bytes ? bytes : 1);
	most = round_up(most);
	return least != 0 && most != 0 && reserve_some(p, least, most) &&
	       use(p, bytes);
}

bool
pages_open_guarded(struct pages *p, size_t bytes, uint64_t most)
{
	memset(p, 0, sizeof *p);
	assert(bytes <= most && round_up((size_t)most) == most &&
		"whole pages");
	return most <= SIZE_MAX / 2 && reserve(p, (size_t)most) &&
	       use(p, bytes);
}

bool
pages_clear(struct pages *p)
{
	return p->bytes == 0 ||
	       madvise(p->base, round_up(p->bytes), MADV_DONTNEED) == 0;
}

bool
pages_fit(struct pages *p, size_t bytes)
{
	size_t old = round_up(p->bytes), new = round_up(bytes);
	if (new > old &&
		mprotect(p->base + old, new - old, PROT_READ | PROT_WRITE) != 0)
		return false;
	if (new < old && mprotect(p->base + new, old - new, PROT_NONE) != 0)
		return false;
	p->bytes = bytes;
	return true;
}

/* Moves p to a reservation with room to double. */
static bool
move(struct pages *p, const struct allocator *al, size_t bytes)
{
	struct pages wide;
	size_t most = bytes <= SIZE_MAX / 2 ? 2 * bytes : bytes;
	if (!pages_open(&wide, al, bytes, most))
		return false;
	if (p->bytes != 0)
		memcpy(wide.base, p->base, p->bytes);
	pages_close(p, al);
	*p = wide;
	return true;
}

bool
pages_grow(struct pages *p, const struct allocator *al, size_t bytes)
{
	assert(bytes >= p->bytes && "pages do not shrink");
	if (bytes > p->reserved)
		return move(p, al, bytes);
	size_t old = round_up(p->bytes), new = round_up(bytes);
	if (new > old &&
		mprotect(p->base + old, new - old, PROT_READ | PROT_WRITE) != 0)
		return false;
	p->bytes = bytes;
	return true;
}

void
pages_close(struct pages *p, const struct allocator *al)
{
	(void)al;
	if (p->base != NULL)
		munmap(p->base, p->reserved);
	memset(p, 0, sizeof *p);
}
