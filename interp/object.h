/*
 * Instructions of garbage collection: structures, arrays, i31, casts.
 */
#ifndef INTERP_OBJECT_H
#define INTERP_OBJECT_H

#include "interp/emit.h"

/* Emits op if it is one of these instructions; else false. */
bool
object_insn(struct translator *t, enum op op);

#endif
