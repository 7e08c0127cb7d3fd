/*
 * The heap of a store: structures, arrays and exceptions (standard, 4.2.12 and
 * 4.2.13).  Objects never move.
 *
 *   0      4        8
 *   | type | length | fields, elements, or the tag and payload
 */
#ifndef SPEC_HEAP_H
#define SPEC_HEAP_H

#include <stddef.h>
#include <stdint.h>

#include "trap/slot.h"

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

/*
 * A zeroed object of bytes, its head included and set.  NULL when the store's
 * limit is reached or memory is out.  May collect first: references that are
 * to live are at their homes in frames, or in the store.
 */
struct object *
heap_new(struct store *s, uint32_t type, uint32_t length, size_t bytes);

/* Gives all objects back: the end of the store. */
void
heap_free(struct store *s);

#endif
