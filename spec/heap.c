#include "spec/heap.h"

#include <assert.h>
#include <string.h>

#include "spec/block.h"
#include "spec/collect.h"
#include "spec/engine.h"
#include "spec/store.h"

#define LEAST_BUDGET ((uint64_t)8 << 20) /* allocated between collections */
#define MOST_REGIONS 32			 /* of a chunk */
#define POISON 0xdb

/* One piece of the allocator's memory with whole regions in it. */
struct chunk {
	struct chunk *next;
	void *memory;
	size_t bytes;
	struct region *regions;
	uint32_t nregions;
};

static const struct allocator *
alloc_of(const struct heap *h)
{
	return &h->store->engine->alloc;
}

uint32_t
heap_class(size_t bytes)
{
	assert(bytes <= HEAP_SMALL && "a small object");
	uint32_t class = 0;
	while (heap_class_bytes(class) < bytes)
		class ++;
	return class;
}

void
heap_init(struct heap *h, struct store *s, uint64_t limit)
{
	h->store = s;
	h->limit = limit;
	h->budget = LEAST_BUDGET;
	h->roots.prev = h->roots.next = &h->roots;
	for (uint32_t i = 0; i < HEAP_CLASSES; i++)
		h->cells[i] = (uint16_t)heap_class_bytes(i);
	for (uint32_t i = 0; i <= HEAP_SMALL / HEAP_UNIT; i++)
		h->classes[i] = (uint8_t)heap_class((size_t)i * HEAP_UNIT);
	h->stress = h->poison = s->engine->gc_stress;
	assert((h->poison = true) && "on in builds with assertions");
}

static void
large_free(struct heap *h, struct large *l)
{
	h->used -= l->bytes;
	alloc_free(alloc_of(h), l, LARGE_HEAD + l->bytes);
}

static void
chunk_free(struct heap *h, struct chunk *c)
{
	alloc_free(alloc_of(h), c->memory, c->bytes);
	alloc_free(alloc_of(h), c, sizeof *c);
}

void
heap_free(struct heap *h)
{
	while (h->large != NULL) {
		struct large *l = h->large;
		h->large = l->next;
		large_free(h, l);
	}
	while (h->chunks != NULL) {
		struct chunk *c = h->chunks;
		h->chunks = c->next;
		chunk_free(h, c);
	}
}

/* Chunks, regions, blocks. */

static void
block_free(struct heap *h, struct block *b)
{
	b->class = NO_CLASS;
	b->next = h->free;
	h->free = b;
}

/* All blocks of the region become free ones, the first on top. */
static void
region_open(struct heap *h, struct region *r)
{
	memset(r, 0, sizeof *r);
	for (uint32_t i = REGION_BLOCKS; i-- > 0;) {
		struct block *b = &r->blocks[i];
		size_t head = i == 0 ? (sizeof *r + 15) & ~(size_t)15 : 0;
		b->base = (char *)r + i * (size_t)BLOCK_BYTES + head;
		b->marks = r->marks[i];
		block_free(h, b);
	}
}

static struct region *
chunk_region(const struct chunk *c, uint32_t i)
{
	return (struct region *)(void *)((char *)c->regions + i * REGION_BYTES);
}

static struct block *
chunk_block(const struct chunk *c, uint32_t i)
{
	return &chunk_region(c, i / REGION_BLOCKS)->blocks[i % REGION_BLOCKS];
}

/* Gets n regions; aligning them costs up to one more. */
static bool
chunk_new(struct heap *h, uint32_t n)
{
	const struct allocator *al = alloc_of(h);
	struct chunk *c = alloc_zeroed(al, 1, sizeof *c);
	if (c == NULL)
		return false;
	c->bytes = ((size_t)n + 1) * REGION_BYTES;
	c->memory = alloc_bytes(al, c->bytes);
	if (c->memory == NULL) {
		alloc_free(al, c, sizeof *c);
		return false;
	}
	uintptr_t at = (uintptr_t)c->memory + REGION_BYTES - 1;
	c->regions = (struct region *)(at & ~(uintptr_t)(REGION_BYTES - 1));
	c->nregions = n;
	c->next = h->chunks;
	h->chunks = c;
	for (uint32_t i = n; i-- > 0;)
		region_open(h, chunk_region(c, i));
	return true;
}

/* A free block for the class; NULL at the limit or without memory. */
static struct block *
block_take(struct heap *h, uint32_t class)
{
	if (h->used > h->limit || h->limit - h->used < BLOCK_BYTES)
		return NULL;
	if (h->free == NULL) {
		uint64_t n = h->used / 8 / REGION_BYTES + 1;
		if (n > MOST_REGIONS)
			n = MOST_REGIONS;
		if (!chunk_new(h, (uint32_t)n) && (n == 1 || !chunk_new(h, 1)))
			return NULL;
	}
	struct block *b = h->free;
	h->free = b->next;
	uintptr_t end = ((uintptr_t)b->base | (BLOCK_BYTES - 1)) + 1;
	uint32_t cell = heap_class_bytes(class);
	b->next = NULL;
	b->class = (uint8_t) class;
	b->cell = (uint16_t)cell;
	b->cells = (uint16_t)((end - (uintptr_t)b->base) / cell);
	b->reciprocal = UINT32_MAX / cell + 1;
	b->live = b->swept = 0;
	h->used += BLOCK_BYTES;
	if (h->used > h->stats.peak)
		h->stats.peak = h->used;
	return b;
}

/* Allocation. */

static bool
is_marked(const struct block *b, uint32_t i)
{
	return (b->marks[i / 64] >> i % 64 & 1) != 0;
}

/* Cells from i on that are marked (or not); b->cells at the end. */
static uint32_t
skip(const struct block *b, uint32_t i, bool marked)
{
	while (i < b->cells) {
		uint64_t word = b->marks[i / 64];
		if (i % 64 == 0 && word == (marked ? UINT64_MAX : 0)) {
			i += 64;
			continue;
		}
		if ((word >> i % 64 & 1) != marked)
			return i;
		i++;
	}
	return b->cells;
}

/* Gives the class the next run of the block; false if it has none left. */
static bool
block_run(struct heap *h, struct block *b, uint32_t most)
{
	uint32_t from = skip(b, b->swept, true);
	if (from == b->cells)
		return false;
	uint32_t to = skip(b, from, false);
	if (to - from > most)
		to = from + most;
	struct heap_run *r = &h->runs[b->class];
	size_t bytes = (size_t)(to - from) * b->cell;
	b->swept = (uint16_t)to;
	r->at = b->base + (size_t)from * b->cell;
	r->end = r->at + bytes;
	memset(r->at, 0, bytes);
	h->budget -= (int64_t)bytes;
	h->stats.allocated += bytes;
	return true;
}

/* Fills the run of the class; false at the limit or without memory. */
static bool
refill(struct heap *h, uint32_t class)
{
	uint32_t most = h->stress ? 1 : UINT32_MAX;
	struct block **list = &h->partial[class];
	while (*list != NULL) {
		if (block_run(h, *list, most))
			return true;
		*list = (*list)->next;
	}
	*list = block_take(h, class);
	return *list != NULL && block_run(h, *list, most);
}

static struct object *
small_new(struct heap *h, size_t bytes)
{
	uint32_t class = heap_class(bytes);
	if (!refill(h, class) && (!collect_now(h->store) || !refill(h, class)))
		return NULL;
	struct heap_run *r = &h->runs[class];
	struct object *o = (struct object *)(void *)r->at;
	r->at += heap_class_bytes(class);
	return o;
}

static bool
large_fits(const struct heap *h, size_t bytes)
{
	return h->used <= h->limit && bytes <= h->limit - h->used;
}

static struct large *
large_try(struct heap *h, size_t bytes)
{
	if (!large_fits(h, bytes))
		return NULL;
	struct large *l = alloc_bytes(alloc_of(h), LARGE_HEAD + bytes);
	if (l != NULL)
		memset(l, 0, LARGE_HEAD + bytes);
	return l;
}

static struct object *
large_new(struct heap *h, size_t bytes)
{
	struct large *l = large_try(h, bytes);
	if (l == NULL && collect_now(h->store))
		l = large_try(h, bytes);
	if (l == NULL)
		return NULL;
	l->bytes = bytes;
	l->next = h->large;
	h->large = l;
	h->used += bytes;
	h->stats.allocated += bytes;
	h->budget -= (int64_t)bytes;
	if (h->used > h->stats.peak)
		h->stats.peak = h->used;
	return (struct object *)(void *)((char *)l + LARGE_HEAD);
}

struct object *
heap_alloc_slow(struct heap *h, uint32_t type, uint32_t length, size_t bytes)
{
	bytes = (bytes + HEAP_UNIT - 1) & ~(size_t)(HEAP_UNIT - 1);
	if (h->stress || h->budget <= 0)
		collect_now(h->store);
	struct object *o =
		bytes > HEAP_SMALL ? large_new(h, bytes) : small_new(h, bytes);
	if (o == NULL)
		return NULL;
	o->type = type;
	o->length = length;
	return o;
}

struct object *
heap_new(struct store *s, uint32_t type, uint32_t length, size_t bytes)
{
	return heap_alloc(&s->heap, type, length, bytes);
}

static bool
chunk_has(const struct chunk *c, const struct object *o)
{
	uintptr_t from = (uintptr_t)c->regions, at = (uintptr_t)o;
	if (at < from || at - from >= c->nregions * REGION_BYTES)
		return false;
	const struct block *b = block_of(o);
	if (b->class == NO_CLASS || at < (uintptr_t)b->base)
		return false;
	size_t offset = at - (uintptr_t)b->base;
	return offset % b->cell == 0 && offset / b->cell < b->cells;
}

bool
heap_has(const struct heap *h, const struct object *o)
{
	for (const struct chunk *c = h->chunks; c != NULL; c = c->next)
		if (chunk_has(c, o))
			return true;
	for (const struct large *l = h->large; l != NULL; l = l->next)
		if ((const char *)o == (const char *)l + LARGE_HEAD)
			return true;
	return false;
}

void
heap_root(struct heap *h, struct heap_root *root)
{
	root->prev = &h->roots;
	root->next = h->roots.next;
	root->next->prev = root;
	h->roots.next = root;
}

void
heap_unroot(struct heap_root *root)
{
	root->prev->next = root->next;
	root->next->prev = root->prev;
}

/* Collection. */

/* Calls visit for all blocks. */
static void
each_block(struct heap *h, void (*visit)(struct heap *, struct block *))
{
	for (const struct chunk *c = h->chunks; c != NULL; c = c->next)
		for (uint32_t i = c->nregions * REGION_BLOCKS; i-- > 0;)
			visit(h, chunk_block(c, i));
}

static void
block_unmark(struct heap *h, struct block *b)
{
	(void)h;
	if (b->class != NO_CLASS && b->live != 0)
		memset(b->marks, 0, BLOCK_WORDS * sizeof *b->marks);
	b->live = 0;
}

void
heap_unmark(struct heap *h)
{
	each_block(h, block_unmark);
	memset(h->runs, 0, sizeof h->runs);
}

void
heap_postpone(struct object *o, size_t bytes)
{
	if (bytes > HEAP_SMALL)
		block_large(o)->postponed = true;
	else
		block_of(o)->postponed = true;
}

static void
block_visit(struct block *b, void (*visit)(void *, struct object *), void *arg)
{
	b->postponed = false;
	for (uint32_t i = 0; i < b->cells; i++)
		if (is_marked(b, i))
			visit(arg,
				(struct object *)(void *)(b->base +
							  (size_t)i * b->cell));
}

bool
heap_rescan(struct heap *h, void (*visit)(void *, struct object *), void *arg)
{
	bool any = false;
	for (struct large *l = h->large; l != NULL; l = l->next) {
		if (!l->postponed)
			continue;
		any = true;
		l->postponed = false;
		visit(arg, (struct object *)(void *)((char *)l + LARGE_HEAD));
	}
	for (const struct chunk *c = h->chunks; c != NULL; c = c->next) {
		for (uint32_t i = 0; i < c->nregions * REGION_BLOCKS; i++) {
			struct block *b = chunk_block(c, i);
			if (!b->postponed)
				continue;
			any = true;
			block_visit(b, visit, arg);
		}
	}
	return any;
}

static void
poison(struct block *b)
{
	for (uint32_t i = 0; i < b->cells; i++)
		if (!is_marked(b, i))
			memset(b->base + (size_t)i * b->cell, POISON, b->cell);
}

/* Counts what is left of the block; one without live cells is free. */
static void
block_sweep(struct heap *h, struct block *b)
{
	if (b->class == NO_CLASS)
		return;
	if (h->poison)
		poison(b);
	b->swept = 0;
	h->live += (uint64_t)b->live * b->cell;
	if (b->live == 0) {
		b->class = NO_CLASS;
		h->used -= BLOCK_BYTES;
	}
}

/* Puts the block where allocation finds it. */
static void
block_enlist(struct heap *h, struct block *b)
{
	if (b->class == NO_CLASS) {
		block_free(h, b);
	} else if (b->live != b->cells) {
		b->next = h->partial[b->class];
		h->partial[b->class] = b;
	}
}

static void
large_sweep(struct heap *h)
{
	struct large **link = &h->large;
	while (*link != NULL) {
		struct large *l = *link;
		if (l->marked) {
			h->live += l->bytes;
			l->marked = false;
			link = &l->next;
			continue;
		}
		*link = l->next;
		large_free(h, l);
	}
}

static bool
chunk_is_free(const struct chunk *c)
{
	for (uint32_t i = 0; i < c->nregions * REGION_BLOCKS; i++)
		if (chunk_block(c, i)->class != NO_CLASS)
			return false;
	return true;
}

static void
block_keep(struct heap *h, struct block *b)
{
	(void)h;
	b->postponed = false;
}

/* Gives back chunks without objects, but for what is allocated soon. */
static void
shrink(struct heap *h, uint64_t keep)
{
	struct chunk **link = &h->chunks;
	while (*link != NULL) {
		struct chunk *c = *link;
		if (!chunk_is_free(c) || keep >= c->bytes) {
			if (chunk_is_free(c))
				keep -= c->bytes;
			link = &c->next;
			continue;
		}
		*link = c->next;
		chunk_free(h, c);
	}
}

void
heap_sweep(struct heap *h)
{
	h->free = NULL;
	h->live = 0;
	memset(h->partial, 0, sizeof h->partial);
	large_sweep(h);
	each_block(h, block_sweep);
	uint64_t budget = h->live + LEAST_BUDGET;
	shrink(h, budget);
	each_block(h, block_enlist);
	h->budget = (int64_t)budget;
}

/* Without marks no cell may be taken: all blocks are as good as full. */
void
heap_keep(struct heap *h)
{
	memset(h->partial, 0, sizeof h->partial);
	for (struct large *l = h->large; l != NULL; l = l->next)
		l->marked = l->postponed = false;
	each_block(h, block_keep);
	h->budget = LEAST_BUDGET;
}
