/*
 * Where the objects of the heap (spec/heap.h) have their fields: offsets in
 * bytes from the object's start.  A field is aligned to its width, v128 to 8
 * bytes only; the fields of a subtype stand where its supertype's do.  Numbers
 * have the host's byte order, references are slots on every host.
 */
#ifndef SPEC_LAYOUT_H
#define SPEC_LAYOUT_H

#include "spec/type.h"

struct arena;

#define OBJECT_HEAD 8 /* bytes of struct object */

struct layout {
	uint32_t size; /* structure: with its head; array: one element */
	uint32_t nrefs, nfuncs;
	const uint32_t *refs;	 /* offsets of the fields (array: of the first
				    element) that may hold an object of the
				    heap: every reference but to a function */
	const uint32_t *funcs;	 /* and of references to functions */
	const uint32_t *offsets; /* structure: of each field; array: of the
				    first element */
};

/* What a reference of the canonical type t may go to. */
bool
layout_holds_object(const struct typespace *ts, valtype t);
bool
layout_holds_func(const struct typespace *ts, valtype t);

/* Bytes that a field of the storage type takes: 1, 2, 4, 8 or 16. */
uint32_t
layout_bytes(valtype storage);

/*
 * The layout of the canonical structure or array d, in memory of a; NULL when
 * out of memory.
 */
const struct layout *
layout_new(
	const struct typespace *ts, const struct deftype *d, struct arena *a);

#endif
