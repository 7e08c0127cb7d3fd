/*
 * Vectors on x86-64: what the files that select them share.  Registers here
 * are numbers of xmm registers.
 */
#ifndef JIT_X64_VECTOR_H
#define JIT_X64_VECTOR_H

#include "jit/x64_gen.h"

/* The scratch register. */
#define XT xmm(XTMP)

static inline int
vector_use(struct machine *x, uint32_t v)
{
	return xmm(alloc_use(&x->al, v));
}

/* For the result i: one that may be the operand's `like`, if that dies, or with
 * 0 no operand's. */
static inline int
vector_result(struct machine *x, uint32_t i, uint32_t like)
{
	return xmm(alloc_result(&x->al, i, like));
}

/* One more to work with. */
static inline int
vector_free(struct machine *x)
{
	return xmm(alloc_free_in(&x->al, MACHINE_FLOATS));
}

/* The node uses its operands no more. */
static inline void
vector_done(struct machine *x, uint32_t i)
{
	uint32_t operands = ir_shape(node_of(x, i)->op) >> SHAPE_count & 3;
	done2(x, node_of(x, i));
	if (operands == 3)
		alloc_done(&x->al, node_of(x, i)->c);
}

/* r = op(v, 16 constant bytes); v X64_none: op(the bytes) */
void
vector_constant(struct machine *x, enum x64_op op, int r, int v, uint64_t low,
	uint64_t high);

/* Sequences of more than one instruction: for node i. */

/* i8x16.shuffle and swizzle */
void
vector_shuffle(struct machine *x, uint32_t i);
void
vector_swizzle(struct machine *x, uint32_t i);

#endif
