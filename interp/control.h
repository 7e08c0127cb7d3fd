/*
 * Control instructions.  At a label nothing is assumed: operands that a branch
 * carries are at home, accumulators and the last cell are forgotten.
 */
#ifndef INTERP_CONTROL_H
#define INTERP_CONTROL_H

#include "interp/emit.h"

/* The label of this depth, 0 the innermost. */
struct label *
control_label(struct translator *t, uint32_t depth);

/* The home of the operand at this height of the stack. */
uint32_t
control_home(const struct translator *t, uint32_t height);

/*
 * The operands that a branch to l carries go to where l expects them.  They
 * stay on the symbolic stack.  `leaving`: nothing else will use them, so that
 * the cell that made the last one may write there at once.
 */
void
control_carry(struct translator *t, const struct label *l, const struct ctrl *c,
	bool leaving);

/* carry would emit something. */
bool
control_carries(const struct translator *t, const struct label *l,
	const struct ctrl *c);

/* Nothing arrives after this: the block has its operands no more. */
void
control_unreachable(struct translator *t);

/* Goes to l; what it carries is in place. */
void
control_jump(struct translator *t, struct label *l);

/* The same with what it carries, which the branch of cell skip jumps over. */
void
control_carry_over(struct translator *t, uint32_t depth, uint32_t skip);

/* return, and the end of the body. */
void
control_return(struct translator *t);

/* br. */
void
control_br(struct translator *t, uint32_t depth);

/* br_if. */
void
control_br_if(struct translator *t, uint32_t depth);

/* Labels that carry operands are reached over cells that move them. */
void
control_br_table(struct translator *t);

/* A block begins: the walk's newest frame. */
void
control_block(struct translator *t, enum op op);

/* The end of the first arm of an if. */
void
control_else(struct translator *t);

/* The end of a block; of the body: its return. */
void
control_end(struct translator *t);

/*
 * The 32 bits at byte `where` of the cells become the way from cell base to
 * cell to.  With base NONE, the clause `where` goes to cell to.
 */
void
control_target_set(
	struct translator *t, uint32_t base, uint32_t where, uint32_t to);

/* The same for label l, known or not. */
void
control_target(
	struct translator *t, struct label *l, uint32_t base, uint32_t where);

/* The byte at which a cell has its target. */
uint32_t
control_imm(uint32_t cell);

#endif
