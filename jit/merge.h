/*
 * Nodes that become part of the instruction that uses them: comparisons that
 * set flags, sums and shifts in addresses, loads as operands in memory.
 */
#ifndef JIT_MERGE_H
#define JIT_MERGE_H

#include "jit/analyse.h"

/*
 * Marks what node i takes in: values that it alone uses, made in its block, the
 * first node of which is given.  Called for users before what they use.
 */
void
merge_operands(
	const struct ir *ir, struct analysis *an, uint32_t i, uint32_t first);

/* x << 1, 2 or 3 of an instruction that is merged: by how much. */
uint32_t
merge_scale(const struct ir *ir, const struct node *shift);

#endif
