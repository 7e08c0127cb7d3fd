/*
 * The second pass, backward: when each value is used next, and which nodes
 * become part of the instruction that uses them.
 */
#ifndef JIT_ANALYSE_H
#define JIT_ANALYSE_H

#include "jit/ir.h"

/* A position is a node's index.  Uses of a value are listed by position. */
struct use {
	uint32_t position;
	uint32_t next; /* index in uses, 0 for none */
};

/* Of a value. */
struct life {
	uint32_t first; /* its first use from here on, or 0 */
	uint32_t last;	/* the position after which it is dead; a use in a loop
			   lasts to the end of the loop */
};

/* A block as those see it who come there: nodes. */
struct view {
	uint32_t first; /* its own */
	uint32_t loop;	/* the first of its innermost loop; 0: the function */
	uint32_t reach; /* end of those that ways forward lead to */
	bool head;	/* it is that loop's head */
};

/* What holds for the blocks of a loop. */
struct loop_facts {
	uint32_t first;	 /* node; 0: the function */
	uint32_t last;	 /* position of its last node */
	uint32_t call;	 /* position of its first call, or UINT32_MAX */
	uint32_t outer;	 /* values from outside that it uses: list in */
	uint32_t nouter; /* analysis.outer */
	bool calls;
};

struct outer {
	uint32_t value, next;
};

struct analysis {
	struct life *lives; /* per value */
	bool *folded;	    /* per node: part of the node that uses it */
	struct view *views; /* per block */
	/* Nodes to be selected: no phis, constants, parts of others.  Those of
	 * block b are [steps_at[b], steps_at[b + 1]), its end the last. */
	uint32_t *steps, *steps_at;
	struct use *uses;
	uint32_t nuses, uses_room;
	struct outer *outers;
	uint32_t nouters, outers_room;
	struct loop_facts *loops; /* as ir.loops */
	uint32_t *leaves; /* nodes that leave the function, but for returns and
			     traps, and tries; the last one first */
	uint32_t nleaves, leaves_room;
	bool refs; /* there may be references among what is selected */
};

/*
 * Needs a checked ir; gives an, in the ir's arena.  False when out of memory.
 */
bool
analyse(struct ir *ir, struct analysis *an);

/* The node leaves the function: no register survives it. */
static inline bool
ir_calls(uint32_t op)
{
	return op == IR_call || op == IR_call_func || op == IR_runtime;
}

/* What no root leads to may be gone after it. */
static inline bool
ir_collects(uint32_t op)
{
	return ir_calls(op) || op == IR_new;
}

static_assert(OP_i32_eqz < OP_f64_ge && OP_f64_ge + 1 == OP_i32_clz,
	"comparisons stand together in op.def");

/* A comparison of one or two operands whose result is 0 or 1, but IR_is. */
#define IR_COMPARES(op) \
	(((op) >= OP_i32_eqz && (op) <= OP_f64_ge) || \
		(op) == OP_ref_is_null || (op) == OP_ref_eq)

/* The same and IR_is. */
static inline bool
ir_compares(uint32_t op)
{
	return IR_COMPARES(op) || op == IR_is;
}

#endif
