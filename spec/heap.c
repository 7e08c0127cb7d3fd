/*
 * The heap of a store: a list of blocks that are given back at its end.
 */
#include "spec/heap.h"

#include "spec/engine.h"
#include "spec/store.h"
#include "trap/arena.h"

struct object *
heap_new(struct store *s, uint32_t type, uint32_t length, size_t bytes)
{
	struct object *o = arena_alloc(&s->heap, bytes);
	if (o == NULL)
		return NULL;
	o->type = type;
	o->length = length;
	return o;
}

void
heap_free(struct store *s)
{
	arena_free(&s->heap);
}
