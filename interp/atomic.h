/*
 * Instructions of the threads proposal: one handler each, operands in slots.
 */
#ifndef INTERP_ATOMIC_H
#define INTERP_ATOMIC_H

#include "interp/emit.h"

/* Emits op if it is one of interp/atomic.def; else false. */
bool
atomic_insn(struct translator *t, enum op op);

#endif
