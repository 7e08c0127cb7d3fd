/*
 * How the heap (spec/heap.h) finds an object's mark: private to spec/heap.c and
 * spec/collect.c, in line because marking does little else.
 */
#ifndef SPEC_BLOCK_H
#define SPEC_BLOCK_H

#include <assert.h>

#include "spec/heap.h"

#define BLOCK_BYTES 16384
#define REGION_BLOCKS 16
#define REGION_BYTES ((size_t)REGION_BLOCKS * BLOCK_BYTES)
#define BLOCK_WORDS (BLOCK_BYTES / 16 / 64)

enum { NO_CLASS = 0xff };

/* Cell i of a block begins at base + i * cell. */
struct block {
	struct block *next; /* free, or partial of its class */
	char *base;
	uint64_t *marks;      /* BLOCK_WORDS of them */
	uint32_t reciprocal;  /* of cell: rounded up from 2^32 / cell */
	uint16_t cell, cells; /* bytes; their number */
	uint16_t live;	      /* marked cells */
	uint16_t swept;	      /* cells before are in runs or were marked */
	uint8_t class;	      /* NO_CLASS: free */
	bool postponed;
};

struct region {
	struct block blocks[REGION_BLOCKS];
	uint64_t marks[REGION_BLOCKS][BLOCK_WORDS];
};

/* In front of an object of more than HEAP_SMALL bytes. */
struct large {
	struct large *next;
	size_t bytes; /* of the object */
	bool marked, postponed;
};

#define LARGE_HEAD ((sizeof(struct large) + 15) & ~(size_t)15)

static inline struct region *
block_region(const struct object *o)
{
	return (struct region *)((uintptr_t)o & ~(uintptr_t)(REGION_BYTES - 1));
}

/* The block of a small object. */
static inline struct block *
block_of(const struct object *o)
{
	return &block_region(o)
			->blocks[(uintptr_t)o / BLOCK_BYTES % REGION_BLOCKS];
}

static inline struct large *
block_large(struct object *o)
{
	return (struct large *)(void *)((char *)o - LARGE_HEAD);
}

/* Marks an object of bytes; true the first time. */
static inline bool
block_mark(struct object *o, size_t bytes)
{
	if (bytes > HEAP_SMALL) {
		bool first = !block_large(o)->marked;
		block_large(o)->marked = true;
		return first;
	}
	struct block *b = block_of(o);
	uint32_t offset = (uint32_t)((char *)o - b->base);
	uint32_t i = (uint32_t)((uint64_t)offset * b->reciprocal >> 32);
	assert(b->class != NO_CLASS && i * b->cell == offset && "an object");
	uint64_t *word = &b->marks[i / 64], bit = (uint64_t)1 << i % 64;
	if ((*word & bit) != 0)
		return false;
	*word |= bit;
	b->live++;
	return true;
}

#endif
