/*
 * A cell of translated code: a word that names the handler and 8 bytes of
 * operands.  Cells never change once published.
 *
 *   0        8   10  12      16   (64-bit hosts; the word is 4 bytes on 32-bit)
 *   | word   | a | b | imm    |
 *                    | c | d  |
 *
 * A call is followed by words of 32 bits, filling whole cells:
 *   calls          argument..          c arguments, d cells of words
 *   call_indirect  count argument..    count | cells << 16
 * An argument is a slot << 1, or a 31-bit constant << 1 | 1.  br_table is
 * followed by imm + 1 words: targets in bytes from the br_table cell.  const64
 * is followed by a cell whose operands are the constant.
 *
 * A site is the cell after a call: the link in the callee's frame.  The cell
 * before it, the last of the words, has in c the distance: slots from the
 * caller's fp to the callee's.  If d of it is not 0, the call stands in a
 * try_table, and the cell d before the site has in ab the way to the clauses
 * (interp/except.h).
 */
#ifndef INTERP_CELL_H
#define INTERP_CELL_H

#include <stdint.h>

union word {
	const void *label; /* dispatch by computed goto */
	void (*fn)(void);  /* by tail calls */
	uintptr_t number;  /* by switch: enum bc */
};

struct cell {
	union word op;
	union {
		struct {
			uint16_t a, b;
		} s;
		uint32_t ab;
	} u;
	union {
		int32_t imm; /* immediate, or target in bytes from this cell */
		struct {
			uint16_t c, d;
		} s;
	} v;
};

/* 32-bit words that a cell holds. */
enum { CELL_WORDS = sizeof(struct cell) / 4 };

/* Cells that n words fill. */
static inline uint32_t
cell_count(uint32_t n)
{
	return (n + CELL_WORDS - 1) / CELL_WORDS;
}

static inline const uint32_t *
cell_words(const struct cell *pc)
{
	return (const uint32_t *)(const void *)(pc + 1);
}

#endif
