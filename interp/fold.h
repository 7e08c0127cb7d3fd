/*
 * Instructions that compute, load, store and assign: one cell each, or part of
 * the one before.
 */
#ifndef INTERP_FOLD_H
#define INTERP_FOLD_H

#include "interp/emit.h"

/* How an instruction becomes cells: a row of bc.def. */
enum family_kind {
	FAMILY_none,
	FAMILY_binary,
	FAMILY_unary,
	FAMILY_load,
	FAMILY_store,
};

struct family {
	uint8_t kind;
	uint8_t type;	/* VT_* of the operands, of a load's or store's value */
	uint8_t result; /* VT_* */
	bool commutes;
	bool compares;
	bool rounds;	/* float arithmetic: a NaN result is nondeterministic */
	uint16_t first; /* enum bc of the first form */
	uint16_t branch, branch_not; /* comparisons: first form, 0 if none */
	uint16_t mirror;  /* comparison with the operands exchanged: enum op */
	uint16_t inverse; /* integer comparison: enum op */
};

/* By instruction; and BC_* of i32 comparisons after an increment, 0: none. */
extern const struct family fold_families[OP_count];
extern const uint16_t fold_increments[OP_count];

/* Two operands, one result: BIN, DIV, CMP, FBIN, FCMP of bc.def. */
void
fold_binary(struct translator *t, enum op op);

/* UNARY and CONVERT. */
void
fold_unary(struct translator *t, enum op op);

/* x == 0: the inverse of the comparison that made x, or a comparison with 0. */
void
fold_eqz(struct translator *t, valtype type);

/* LOAD, with the address that the newest cell made. */
void
fold_load(struct translator *t, enum op op);

/* STORE and FSTORE. */
void
fold_store(struct translator *t, enum op op);

/* local.set, or with tee local.tee. */
void
fold_local_set(struct translator *t, uint32_t local, bool tee);

/* global.set. */
void
fold_global_set(struct translator *t, uint32_t global);

/* Both selects. */
void
fold_select(struct translator *t);

/* slot = the popped o: the cell that made it writes there, or a copy. */
void
fold_assign(struct translator *t, uint32_t slot, struct operand *o);

/* The constant as a 32-bit immediate of its type. */
bool
fold_immediate(const struct operand *o, int32_t *imm);

#endif
