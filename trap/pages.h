/*
 * Large blocks of zeroed memory that grow in place where the platform has
 * pages (pages_posix.c), by reallocation where not (pages_none.c).
 */
#ifndef TRAP_PAGES_H
#define TRAP_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct allocator;

struct pages {
	uint8_t *base;
	size_t bytes;	 /* usable now, zeroed when they became so */
	size_t reserved; /* address space that it may grow to without moving */
};

/*
 * bytes usable at once and room to grow to at most `most`; either may be 0.
 * False when out of memory.
 */
bool
pages_open(
	struct pages *p, const struct allocator *al, size_t bytes, size_t most);

/*
 * The same with room for just `most` bytes, in which what is not usable may not
 * be touched, but only faults.  False, too, where there are no pages.
 */
bool
pages_open_guarded(struct pages *p, size_t bytes, uint64_t most);

/*
 * For pages that are to be used again: all that is usable is zero, and no
 * memory of the system's; then just bytes are usable.  False: not done, or in
 * part.
 */
bool
pages_clear(struct pages *p);
bool
pages_fit(struct pages *p, size_t bytes);

/* Grows to bytes (>= p->bytes); base may move.  False: unchanged. */
bool
pages_grow(struct pages *p, const struct allocator *al, size_t bytes);

void
pages_close(struct pages *p, const struct allocator *al);

#endif
