/*
 * Nodes that become part of the instruction that uses them: comparisons that
 * set flags, sums and shifts in addresses, loads as operands in memory.
 */
#ifndef JIT_MERGE_H
#define JIT_MERGE_H

#include "jit/analyse.h"

/* What an instruction may take in. */
enum merge_kind {
	MERGE_none,
	MERGE_condition, /* a: a comparison, a mask */
	MERGE_select,	 /* the same in c */
	MERGE_arithmetic,
	MERGE_compare,
	MERGE_access, /* of linear memory: a part of its address */
};

/* By op. */
extern const uint8_t merge_kinds[IR_count];

/* What may be taken in, in bits: by kind of the user, and by op. */
enum {
	PIECE_load = 1,
	PIECE_shift = 2,
	PIECE_sum = 4,
	PIECE_mask = 8,
	PIECE_compare = 16,
};
extern const uint8_t merge_takes[];
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
	uint32_t kind = merge_kinds[n->op], arity = ir_arity(n->op);
	uint32_t a = kind == MERGE_select ? n->c : arity > 0 ? n->a : 0;
	uint32_t b = arity > 1 ? n->b : 0;
	uint32_t pieces = merge_pieces[nodes[a].op] | merge_pieces[nodes[b].op];
	if ((pieces & merge_takes[kind]) != 0)
		merge_some(ir, an, i, first);
}

/* x << 1, 2 or 3 of an instruction that is merged: by how much. */
uint32_t
merge_scale(const struct ir *ir, const struct node *shift);

#endif
