/*
 * Nodes for the threads proposal: atomic accesses keep their instruction,
 * waiting and waking are calls of C.
 */
#ifndef JIT_BUILD_ATOMIC_H
#define JIT_BUILD_ATOMIC_H

#include "jit/value.h"

/* The walk's instruction, one of the threads proposal. */
void
build_atomic(struct builder *b, enum op op);

#endif
