/*
 * uthash with xxHash as its function, memory from an arena and no exit on
 * failure.  A function that finds or adds has `uint64_t hash_seed` in scope,
 * the table's, from seed_draw where keys are the guest's; one that adds has
 * `struct arena *hash_arena` too; when there was no memory the element's hh.tbl
 * is NULL and the arena's failed is set.
 */
#ifndef SPEC_HASH_H
#define SPEC_HASH_H

#define XXH_INLINE_ALL
#include <xxhash.h>

#define HASH_NONFATAL_OOM 1
#define HASH_FUNCTION(key, len, hash) \
	do { \
		(hash) = (unsigned)XXH64((key), (len), hash_seed); \
	} while (0)
#define uthash_malloc(bytes) arena_alloc(hash_arena, (bytes))
#define uthash_free(p, bytes) ((void)(p))
#include <uthash.h>

#include "trap/arena.h"

#endif
