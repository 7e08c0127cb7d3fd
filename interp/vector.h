/*
 * Instructions of SIMD and relaxed SIMD: one cell each, or part of the one
 * before.
 */
#ifndef INTERP_VECTOR_H
#define INTERP_VECTOR_H

#include "interp/emit.h"

/* Emits op if it is one of interp/vector.def; else false. */
bool
vector_insn(struct translator *t, enum op op);

#endif
