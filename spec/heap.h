/*
 * The heap of a store: structures, arrays and exceptions (standard, 4.2.12 and
 * 4.2.13).  Objects never move.  What no root reaches is found by a collection
 * (spec/collect.h), which allocation starts.
 *
 *   0      4        8
 *   | type | length | fields (spec/layout.h), elements, or the tag and payload
 *
 * Small objects are cells of a few sizes, the classes, in blocks of one size:
 *
 *   region, 256 KiB, aligned to it
 *   | struct region: for each block its record and mark bits | block | ..
 *
 * A collection sets mark bits and frees nothing.  Allocation takes runs of
 * cells without a mark, lazily, and zeroes each run at once; within a run it
 * only advances a pointer.  Large objects are alone in a list.
 */
#ifndef SPEC_HEAP_H
#define SPEC_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/type.h"
#include "trap/slot.h"

struct allocator;
struct store;
struct tag;

/* In the place of a type. */
#define OBJECT_EXCEPTION UINT32_MAX

struct object {
	uint32_t type;	 /* canonical id of a structure or array type */
	uint32_t length; /* array: elements; exception: slots of its payload */
};

struct exception {
	struct object head;
	struct tag *tag;
	union slot payload[]; /* head.length */
};

/* Classes: cells of 16, 24 .. 128 bytes, then 8 sizes for each power of two. */
enum {
	HEAP_UNIT = 8,	   /* all sizes are a multiple of it */
	HEAP_SMALL = 2048, /* bytes of the largest cells */
	HEAP_CLASSES = 15 + 8 * 4,
};

/* Class of an object of 1 <= bytes <= HEAP_SMALL. */
uint32_t
heap_class(size_t bytes);

/* Bytes of the cells of a class. */
static inline uint32_t
heap_class_bytes(uint32_t class)
{
	if (class < 15)
		return 16 + 8 * class;
	return (9 + (class - 15) % 8) << (4 + (class - 15) / 8);
}

/* Free cells of one class, zeroed, a whole number of them. */
struct heap_run {
	char *at, *end;
};

struct heap_stats {
	uint64_t collections;
	uint64_t visited;   /* objects found live, by all collections */
	uint64_t allocated; /* bytes given out as runs or large objects */
	uint64_t peak;	    /* most bytes in use */
	uint64_t time;	    /* collecting, in units of heap.clock */
};

/* A reference that lives though nothing of the guest holds it. */
struct heap_root {
	struct heap_root *prev, *next;
	valtype type; /* canonical */
	union slot value;
};

struct heap {
	/* What the fast path reads. */
	struct heap_run runs[HEAP_CLASSES];
	uint16_t cells[HEAP_CLASSES];		     /* bytes, by class */
	uint8_t classes[HEAP_SMALL / HEAP_UNIT + 1]; /* by units */

	struct store *store;
	struct chunk *chunks;		     /* of regions, newest first */
	struct block *partial[HEAP_CLASSES]; /* blocks not swept to the end */
	struct block *free;
	struct large *large;
	struct heap_root roots;	 /* a ring */
	uint64_t limit;		 /* bytes */
	uint64_t used;		 /* of blocks with a class and large objects */
	uint64_t live;		 /* of objects, at the last collection */
	int64_t budget;		 /* to be allocated until the next collection */
	uint32_t hold;		 /* nonzero: collect later */
	uint64_t (*clock)(void); /* NULL: collections are not timed */
	bool stress;		 /* collect at every allocation; poisons */
	bool poison;		 /* fill what is freed */
	struct heap_stats stats;
};

/* An empty heap of s: takes no memory yet.  limit in bytes. */
void
heap_init(struct heap *h, struct store *s, uint64_t limit);

/* Gives all objects back: the end of the store. */
void
heap_free(struct heap *h);

/* heap_alloc when its class has no run left, or for a large object. */
struct object *
heap_alloc_slow(struct heap *h, uint32_t type, uint32_t length, size_t bytes);

/*
 * A zeroed object of bytes, its head included and set; bytes <= SIZE_MAX / 2.
 * NULL when the limit is reached or memory is out.  May collect first:
 * references that are to live are at their homes in frames, or in the store,
 * and the exit pair is that of the site (interp/emit.h, emit_safepoint).
 */
static inline struct object *
heap_alloc(struct heap *h, uint32_t type, uint32_t length, size_t bytes)
{
	size_t units = (bytes + HEAP_UNIT - 1) / HEAP_UNIT;
	if (units > HEAP_SMALL / HEAP_UNIT)
		return heap_alloc_slow(h, type, length, bytes);
	uint32_t class = h->classes[units];
	struct heap_run *r = &h->runs[class];
	struct object *o = (struct object *)(void *)r->at;
	if (r->at == r->end)
		return heap_alloc_slow(h, type, length, bytes);
	r->at += h->cells[class];
	o->type = type;
	o->length = length;
	return o;
}

/*
 * The same for an object whose class and its cells' bytes are known before;
 * NULL: there is no run, ask heap_alloc.
 */
static inline struct object *
heap_take(struct heap *h, uint32_t class, uint32_t cell, uint32_t type,
	uint32_t length)
{
	struct heap_run *r = &h->runs[class];
	struct object *o = (struct object *)(void *)r->at;
	if (r->at == r->end)
		return NULL;
	r->at += cell;
	o->type = type;
	o->length = length;
	return o;
}

/* heap_alloc in the heap of s. */
struct object *
heap_new(struct store *s, uint32_t type, uint32_t length, size_t bytes);

/*
 * o is where an object of h is or was: for pointers from outside, which may
 * belong to another heap.  Slow where there are many large objects.
 */
bool
heap_has(const struct heap *h, const struct object *o);

/* What root's value is, live until heap_unroot; it may be written. */
void
heap_root(struct heap *h, struct heap_root *root);
void
heap_unroot(struct heap_root *root);

/*
 * For the collector alone, in this order: heap_unmark, block_mark
 * (spec/block.h) for each object that is found, heap_sweep; or heap_keep when
 * not all could be found.
 */
void
heap_unmark(struct heap *h);

/*
 * Remembers that a marked object was not looked into; heap_rescan then calls
 * visit for all marked objects near such ones.  False if there are none.
 */
void
heap_postpone(struct object *o, size_t bytes);
bool
heap_rescan(struct heap *h, void (*visit)(void *, struct object *), void *arg);
void
heap_sweep(struct heap *h);
void
heap_keep(struct heap *h);

#endif
