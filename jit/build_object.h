/*
 * Nodes for structures and arrays.
 */
#ifndef JIT_BUILD_OBJECT_H
#define JIT_BUILD_OBJECT_H

#include "jit/value.h"

/* The walk's instruction, if it is one of these; else false. */
bool
build_object(struct builder *b, enum op op);

#endif
