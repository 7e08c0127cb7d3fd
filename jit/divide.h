/*
 * Division by constants as multiplication (Granlund and Montgomery, 1994; for
 * 32 bits unsigned Lemire, Kaser and Kurz, 2019).
 */
#ifndef JIT_DIVIDE_H
#define JIT_DIVIDE_H

#include "jit/value.h"

/*
 * x divided by d, or the rest, as op says: a division of 32 bits or its twin of
 * 64 (wide).  d is not 0 nor, signed, -1.
 */
uint32_t
divide(struct builder *b, enum op op, bool wide, uint32_t x, uint64_t d);

#endif
