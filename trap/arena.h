/*
 * Arenas: bump allocation for one lifetime (engine, module, instance, phase),
 * freed as a whole.  Needs an allocator.  Promises 16-byte alignment, zeroed
 * memory, and NULL on failure; a failed arena keeps `failed` set, so that a
 * phase may check once at its end.
 */
#ifndef TRAP_ARENA_H
#define TRAP_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct allocator;
struct arena_chunk;

struct arena {
	const struct allocator *al;
	struct arena_chunk *chunks; /* newest first */
	char *at, *end;		    /* free part of the newest chunk, or NULL;
				       multiples of 16 */
	size_t bytes;		    /* total obtained from the allocator */
	size_t first;		    /* of the first chunk, a multiple of 16;
				       0: a page */
	bool failed;		    /* an allocation has failed */
	uint8_t keep; /* log2 of the most bytes that a reset keeps; 0: a MiB */
};

/* An empty arena; allocates nothing yet.  al must outlive the arena. */
void
arena_init(struct arena *a, const struct allocator *al);

/* What arena_room does where the newest chunk may have too little. */
void *
arena_more(struct arena *a, size_t bytes);

/* bytes of zeroed memory, aligned to 16; NULL on failure.  0 bytes: non-NULL.
 */
void *
arena_alloc(struct arena *a, size_t bytes);

/* The same without zeroing them: for what is written before it is read. */
static inline void *
arena_room(struct arena *a, size_t bytes)
{
	char *p = a->at;
	if (bytes >= (size_t)(a->end - p))
		return arena_more(a, bytes);
	a->at = p + ((bytes + 15) & ~(size_t)15);
	return p;
}

/* count * size bytes as arena_alloc; NULL also when the product overflows. */
void *
arena_array(struct arena *a, size_t count, size_t size);

/*
 * A block of new_bytes that begins with the old_bytes of old (which may be
 * NULL); in place when old is the newest block.  NULL on failure, old stays.
 */
void *
arena_grow(struct arena *a, void *old, size_t old_bytes, size_t new_bytes);

/* The same without zeroing what comes after the old bytes. */
void *
arena_grow_room(struct arena *a, void *old, size_t old_bytes, size_t new_bytes);

/* A copy of bytes at p (with a NUL after it); NULL on failure. */
void *
arena_copy(struct arena *a, const void *p, size_t bytes);

/*
 * Forgets everything but keeps the largest chunk within `keep` for reuse, or,
 * while all were within that, makes the next one large enough for them
 * together.
 */
void
arena_reset(struct arena *a);

/* Gives all memory back.  The arena is empty and may be used again. */
void
arena_free(struct arena *a);

#endif
