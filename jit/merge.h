/*
 * Nodes that become part of the instruction that uses them: comparisons that
 * set flags, sums and shifts in addresses, loads as operands in memory.
 */
#ifndef JIT_MERGE_H
#define JIT_MERGE_H

#include "jit/analyse.h"

/* What may be taken in, in bits: what a value is, and what a user takes. */
enum {
	PIECE_load = 1,
	PIECE_shift = 2,
	PIECE_sum = 4,
	PIECE_mask = 8,
	PIECE_compare = 16,
};
enum merge_takes {
	TAKES_none = 0,
	TAKES_condition = PIECE_compare | PIECE_mask, /* a; of a select c */
	TAKES_compare = PIECE_load | PIECE_mask,
	TAKES_arithmetic = PIECE_load | PIECE_shift | PIECE_sum,
	TAKES_access = PIECE_shift, /* of linear memory: a part of its address
				     */
};

/* By op. */
extern const uint8_t merge_takes[IR_count];
extern const uint8_t merge_pieces[IR_count];

/* What merge_operands does where an operand is of the right sort. */
void
merge_some(
	const struct ir *ir, struct analysis *an, uint32_t i, uint32_t first);

/*
 * Marks what node i takes in: values that it alone uses, made in its block, the
 * first node of which is given.  Called for users before what they use.
 */
static inline void
merge_operands(
	const struct ir *ir, struct analysis *an, uint32_t i, uint32_t first)
{
	const struct node *nodes = ir->nodes, *n = &nodes[i];
	uint32_t takes = merge_takes[n->op];
	if (takes == 0)
		return;
	/* where b is no value that is too much: no harm */
	uint32_t a = n->op == IR_select ? n->c : n->a;
	uint32_t pieces =
		merge_pieces[nodes[a].op] | merge_pieces[nodes[n->b].op];
	if ((pieces & takes) != 0)
		merge_some(ir, an, i, first);
}

/* x << 1, 2 or 3 of an instruction that is merged: by how much. */
uint32_t
merge_scale(const struct ir *ir, const struct node *shift);

#endif
