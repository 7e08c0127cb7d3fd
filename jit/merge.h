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

/* What merge_operands does for kinds but MERGE_none. */
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
	if (merge_kinds[ir->nodes[i].op] != MERGE_none)
		merge_some(ir, an, i, first);
}

/* x << 1, 2 or 3 of an instruction that is merged: by how much. */
uint32_t
merge_scale(const struct ir *ir, const struct node *shift);

#endif
