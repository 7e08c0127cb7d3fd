/*
 * Instructions of garbage collection: structures, arrays, i31, casts.
 */
#ifndef INTERP_OBJECT_H
#define INTERP_OBJECT_H

#include "interp/emit.h"

/*
 * The first word of a new object: its class and the bytes of the class's cells
 * (spec/heap.h), if it is small; and whether its fields are slots.
 *
 *   31      23..16  15..0
 *   slots | class | bytes
 */
#define NEW_SLOTS ((uint32_t)1 << 31)
#define NEW_CLASS(word) ((word) >> 16 & 0xff)
#define NEW_BYTES(word) ((word)&0xffff)

/* Emits op if it is one of these instructions; else false. */
bool
object_insn(struct translator *t, enum op op);

/* The newest cell is a ref.test. */
bool
object_tests(const struct translator *t);

/*
 * It becomes a branch if the test holds (or, with sense false, does not), whose
 * target is open: the cell.
 */
uint32_t
object_branch(struct translator *t, bool sense);

#endif
