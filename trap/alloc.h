/*
 * The engine's allocator: everything sheave allocates comes from one of these.
 * Needs nothing.  Promises: sizes are known on every call, so that an embedder
 * can count and limit; no hidden global state.
 */
#ifndef TRAP_ALLOC_H
#define TRAP_ALLOC_H

#include <stddef.h>

/*
 * Resizes old (old_bytes long, NULL when 0) to new_bytes; frees it when
 * new_bytes is 0.  NULL means out of memory; old then stays valid.
 */
typedef void *
alloc_fn(void *user, void *old, size_t old_bytes, size_t new_bytes);

struct allocator {
	alloc_fn *resize;
	void *user;
};

/* realloc and free of the C library. */
extern const struct allocator alloc_default;

/* Uninitialised memory of bytes > 0; NULL on failure.  Free with alloc_free. */
void *
alloc_bytes(const struct allocator *al, size_t bytes);

/* count * size zeroed bytes; NULL on failure or when the product overflows. */
void *
alloc_zeroed(const struct allocator *al, size_t count, size_t size);

/* p may be NULL; bytes is what it was allocated with. */
void
alloc_free(const struct allocator *al, void *p, size_t bytes);

#endif
