#include "trap/arena.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "trap/alloc.h"

#define ALIGN 16
#define FIRST_CHUNK 4096
#define LARGEST_CHUNK (1 << 20)

struct arena_chunk {
	struct arena_chunk *older;
	size_t bytes; /* including this header */
};

#define HEADER ((sizeof(struct arena_chunk) + ALIGN - 1) & ~(size_t)(ALIGN - 1))

void
arena_init(struct arena *a, const struct allocator *al)
{
	memset(a, 0, sizeof *a);
	a->al = al;
}

/* bytes rounded up to the alignment; what overflows stays too much. */
static size_t
rounded(size_t bytes)
{
	return bytes > SIZE_MAX - ALIGN ? bytes
					: (bytes + ALIGN - 1) & -(size_t)ALIGN;
}

/*
 * Starts a chunk with room for bytes: a quarter of all before it, so that what
 * the newest has left over is little beside what is used.
 */
static bool
chunk_new(struct arena *a, size_t bytes)
{
	size_t want = rounded(a->bytes / 4);
	if (want < FIRST_CHUNK)
		want = FIRST_CHUNK;
	if (want > LARGEST_CHUNK)
		want = LARGEST_CHUNK;
	if (a->chunks == NULL && a->first != 0)
		want = a->first + HEADER;
	if (bytes > SIZE_MAX - HEADER - ALIGN)
		return false;
	if (want < bytes + HEADER)
		want = bytes + HEADER;
	struct arena_chunk *c = alloc_bytes(a->al, want);
	if (c == NULL)
		return false;
	c->older = a->chunks;
	c->bytes = want;
	a->chunks = c;
	a->bytes += want;
	a->at = (char *)c + HEADER;
	a->end = (char *)c + want;
	return true;
}

void *
arena_more(struct arena *a, size_t bytes)
{
	bytes = rounded(bytes);
	if (((size_t)(a->end - a->at) < bytes || a->at == NULL) &&
		!chunk_new(a, bytes)) {
		a->failed = true;
		return NULL;
	}
	void *p = a->at;
	a->at += bytes;
	return p;
}

void *
arena_alloc(struct arena *a, size_t bytes)
{
	void *p = arena_room(a, bytes);
	return p != NULL ? memset(p, 0, bytes) : NULL;
}

void *
arena_array(struct arena *a, size_t count, size_t size)
{
	/* most products are of halves, and division takes long */
	if ((count | size) >> (sizeof(size_t) * 4) != 0 && size != 0 &&
		count > SIZE_MAX / size) {
		a->failed = true;
		return NULL;
	}
	return arena_alloc(a, count * size);
}

void *
arena_grow_room(struct arena *a, void *old, size_t old_bytes, size_t new_bytes)
{
	assert(new_bytes >= old_bytes && "arena_grow shrinks nothing");
	if (old == NULL)
		return arena_room(a, new_bytes);
	if ((char *)old + rounded(old_bytes) == a->at &&
		rounded(new_bytes) <= (size_t)(a->end - (char *)old)) {
		a->at = (char *)old + rounded(new_bytes);
		return old;
	}
	void *p = arena_room(a, new_bytes);
	if (p != NULL && old_bytes != 0)
		memcpy(p, old, old_bytes);
	return p;
}

void *
arena_grow(struct arena *a, void *old, size_t old_bytes, size_t new_bytes)
{
	char *p = arena_grow_room(a, old, old_bytes, new_bytes);
	if (p != NULL)
		memset(p + old_bytes, 0, new_bytes - old_bytes);
	return p;
}

void *
arena_copy(struct arena *a, const void *p, size_t bytes)
{
	char *copy = bytes < SIZE_MAX ? arena_room(a, bytes + 1) : NULL;
	if (copy == NULL)
		return NULL;
	if (bytes != 0)
		memcpy(copy, p, bytes);
	copy[bytes] = '\0';
	return copy;
}

/* Gives back all chunks of a but kept, which may be NULL. */
static void
free_others(struct arena *a, struct arena_chunk *kept)
{
	for (struct arena_chunk *c = a->chunks, *older; c != NULL; c = older) {
		older = c->older;
		if (c == kept)
			continue;
		a->bytes -= c->bytes;
		alloc_free(a->al, c, c->bytes);
	}
	a->chunks = kept;
}

void
arena_free(struct arena *a)
{
	free_others(a, NULL);
	arena_init(a, a->al);
}

/* The largest chunk of at most that many bytes, or NULL. */
static struct arena_chunk *
largest(const struct arena *a, size_t most)
{
	struct arena_chunk *found = NULL;
	for (struct arena_chunk *c = a->chunks; c != NULL; c = c->older)
		if (c->bytes <= most &&
			(found == NULL || c->bytes > found->bytes))
			found = c;
	return found;
}

void
arena_reset(struct arena *a)
{
	size_t keep = a->keep != 0 ? (size_t)1 << a->keep : LARGEST_CHUNK;
	struct arena_chunk *kept = NULL;
	a->failed = false;
	if (a->chunks == NULL)
		return;
	if (a->chunks->older != NULL && a->bytes <= keep)
		for (a->first = FIRST_CHUNK; a->first < a->bytes;)
			a->first *= 2;
	else
		kept = largest(a, keep + HEADER);
	free_others(a, kept);
	a->at = a->end = NULL;
	if (kept != NULL) {
		kept->older = NULL;
		a->at = (char *)kept + HEADER;
		a->end = (char *)kept + kept->bytes;
	}
}
