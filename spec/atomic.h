/*
 * Atomic accesses of the threads proposal to linear memory, sequentially
 * consistent, of 8, 16, 32 and 64 bits; numbers in memory are little-endian:
 *
 *   atomic_load32(p)                 the value
 *   atomic_store32(p, v)
 *   atomic_add32(p, v)               sub, and, or, xor, xchg: the value before
 *   atomic_cmpxchg32(p, want, v)     stores v if want is there; the value
 *                                    before
 *
 * p is aligned to its width.  Two twins: the compiler's builtins, and plain C
 * where one thread is all there is (-DATOMIC_PLAIN).
 */
#ifndef SPEC_ATOMIC_H
#define SPEC_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "trap/bytes.h"

#ifdef ATOMIC_PLAIN
#include "spec/atomic_plain.h"
#else
#include "spec/atomic_gnu.h"
#endif

#endif
