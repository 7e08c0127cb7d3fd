/*
 * Nodes for calls: of functions, and of the rows of jit/runtime.def.
 */
#ifndef JIT_BUILD_CALL_H
#define JIT_BUILD_CALL_H

#include "jit/runtime.h"
#include "jit/value.h"

/* The walk's call instruction, tail calls too. */
void
build_call(struct builder *b, enum op op);

/* A call of C with n arguments; its result, or 0 if it has none. */
uint32_t
build_call_runtime(
	struct builder *b, enum runtime row, const uint32_t *args, uint32_t n);

/* throw and throw_ref.  False: the tag has more values than C takes. */
bool
build_call_throw(struct builder *b, enum op op);

/* The walk's instruction as a call of C, by a row of that name. */
void
build_call_bulk(struct builder *b, enum op op);

#endif
