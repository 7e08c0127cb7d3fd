/*
 * Nodes for references: null, i31, casts, and the branches on them.
 */
#ifndef JIT_BUILD_REF_H
#define JIT_BUILD_REF_H

#include "jit/value.h"

/* The walk's instruction, if it is one of these; else false. */
bool
build_ref(struct builder *b, enum op op);

/* After each step: remembers the type that validation gives the operand on top,
 * for checks that it makes needless. */
void
build_ref_note(struct builder *b);

/* Whether x is null, and whether it is of the type `to` of the module: an i32
 * of 0 or 1. */
uint32_t
build_ref_is_null(struct builder *b, uint32_t x);
uint32_t
build_ref_is(struct builder *b, uint32_t x, valtype to);

/* Traps if x is null; number: of the message, or 0. */
void
build_ref_not_null(
	struct builder *b, uint32_t x, uint32_t number, unsigned trap);

#endif
