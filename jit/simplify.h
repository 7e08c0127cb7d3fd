/*
 * Scalar instructions as nodes: constants are computed, identities and costly
 * operations replaced, constants stand on the right.
 */
#ifndef JIT_SIMPLIFY_H
#define JIT_SIMPLIFY_H

#include "jit/value.h"

enum simplify_kind {
	SIMPLIFY_none, /* not of value.def */
	SIMPLIFY_unary,
	SIMPLIFY_convert,
	SIMPLIFY_binary,
	SIMPLIFY_divide,
	SIMPLIFY_compare,
};

/* What value.def says of an instruction. */
struct simplify_row {
	uint8_t kind; /* enum simplify_kind */
	uint8_t type, result;
	bool commutes;
	uint16_t mirror, inverse; /* OP_nop: none */
};

extern const struct simplify_row simplify_rows[OP_count];

/* The result of an instruction of value.def, as bits; false if it traps. */
bool
simplify_compute_unary(enum op op, uint64_t x, uint64_t *out);
bool
simplify_compute_binary(enum op op, uint64_t x, uint64_t y, uint64_t *out);

/* The value of an instruction that cannot trap, or whose check stands before
 * it. */
uint32_t
simplify_unary(struct builder *b, enum op op, uint32_t x);
uint32_t
simplify_binary(struct builder *b, enum op op, uint32_t x, uint32_t y);

/* c ? x : y */
uint32_t
simplify_select(struct builder *b, uint32_t x, uint32_t y, uint32_t c);

/* x as a condition: an i32 that is 0 when x is, or, with *negate changed, when
 * x is not. */
uint32_t
simplify_condition(struct builder *b, uint32_t x, bool *negate);

/* The bits that x, an integer, may have: others are 0. */
uint64_t
simplify_mask(const struct builder *b, uint32_t x);

#endif
