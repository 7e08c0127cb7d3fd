/*
 * The intermediate representation: SSA in compact arrays, in the arena of one
 * compilation.
 *
 *   node   16 bytes; a value's id is its node's index; operands have smaller
 *          ids, but for phis.  Node 0 is no value.  A node that nothing needs
 *          stays where it is, and is not part of the function.
 *   block  a range of nodes, phis first, one END last.  Blocks are in the order
 *          of the wasm, so that a loop is a range of blocks, and every edge but
 *          those back to a loop's head goes forward.
 *   edge   from a block's end to a block, with a value for each of its phis
 *
 *   nodes  | - | block 0: param .. jump | block 1: phi phi add .. branch |
 *
 *   edges  | from 0 to 1: args | from 1 to 2: args | from 1 to 1: args |
 *
 *   aux    words that an instruction needs beyond its node
 */
#ifndef JIT_IR_H
#define JIT_IR_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "spec/op.h"

struct arena;
struct error;
struct module;

/* Instructions: those of spec/op.def, then those of ir.def. */
enum ir_op {
	IR_before = OP_count - 1,
#define IR(id, operands, kind) IR_##id,
#include "jit/ir.def"
	IR_count,
};

enum ir_kind { KIND_PURE, KIND_READ, KIND_EFFECT, KIND_END };

/* Types of values, and what a register or home holds. */
enum ir_type {
	TYPE_none,
	TYPE_i32,
	TYPE_i64,
	TYPE_ref, /* 64 bits; a root at safepoints */
	TYPE_ptr, /* of the host's, no root; references to functions too, which
		     no collection frees while a guest runs */
	TYPE_f32,
	TYPE_f64,
	TYPE_v128,
};

struct node {
	uint16_t op;
	uint8_t type;  /* enum ir_type of the value; of a store: of what is
			  stored */
	uint8_t flags; /* enum trap, or 0.  A PURE or READ node with flags
			  may itself trap, and stays though unused; a memory
			  access without has a bound before it. */
	uint32_t a, b, c;
	/* c of an i32.shl by a constant: no bit is lost */
};

/*
 * Aux words of memory instructions (c of the node): offset low, offset high,
 * memory, and the lane or the third operand of those that have one; of
 * IR_bound: extent (offset + bytes) low, high, memory.
 */
enum { AUX_low, AUX_high, AUX_memory, AUX_third, AUX_memory_words };

/* Aux words of IR_set_at. */
enum { AUX_value, AUX_offset };

/* Bits of IR_is: what its operand may be besides a pointer. */
enum { MAY_BE_NULL = 1, MAY_BE_TAGGED = 2 };

/* Bits of IR_poll. */
enum { POLL_interrupt = 1, POLL_fuel = 2 };

/*
 * Aux words of calls: target (function index in the instance, imports first;
 * enum runtime; of a call_func the type index), type index, count, values.
 */
enum { AUX_target, AUX_type, AUX_count, AUX_args };

/* Aux words of IR_try: count, then of each clause enum catch_kind, tag. */
enum { CLAUSE_kind, CLAUSE_tag, CLAUSE_words };

#define NO_BLOCK UINT32_MAX

struct edge {
	uint32_t from, to; /* blocks */
	uint32_t args;	   /* aux: a value for each phi of `to` */
	uint32_t next;	   /* edge into the same block, or NO_BLOCK */
};

struct block {
	uint32_t first, end;	/* nodes [first, end) */
	uint32_t phis, nphis;	/* ir.phis [phis, phis + nphis); of the builder:
				   nodes [first, first + nphis) */
	uint32_t edges, nedges; /* out: edges [edges, edges + nedges) */
	uint32_t in;		/* first edge in, or NO_BLOCK */
	uint32_t nin;
	uint32_t loop; /* innermost, index in loops; 0 is the function */
	bool cold;     /* seldom reached: ends in a trap */
};

/* Blocks [head, end) and the loop around it. */
struct loop {
	uint32_t head, end, parent;
	uint32_t depth;	 /* 0: the function */
	uint32_t offset; /* of the wasm loop, for OSR; locals by `state` */
	uint32_t state;	 /* aux: count, values at the head by slot (0: not
			    live), locals first, then operands; or 0 */
};

/* A call whose callee's body was built in its place. */
struct inlined {
	uint32_t func;	 /* whose body it is */
	uint32_t offset; /* of the call, in the module */
	uint32_t caller; /* in whose body that stands, in inlined */
};

/* Where a node comes from. */
struct origin {
	uint32_t offset;  /* of its instruction in the module */
	uint32_t inlined; /* in ir.inlined: of the body that this is in */
};

struct ir {
	const struct module *m;
	uint32_t func;
	struct arena *a;
	struct error *error;

	struct node *nodes;
	struct origin *origins; /* per node */
	/* By jit/tidy.h. */
	uint32_t *uses; /* per node: how many of its value, and IR_NEEDED; 0:
			   it is not part of the function */
	uint32_t *phis; /* of blocks */
	uint32_t nnodes, nodes_room;
	struct block *blocks;
	uint32_t nblocks, blocks_room;
	struct edge *edges;
	uint32_t nedges, edges_room;
	struct loop *loops;
	uint32_t nloops, loops_room;
	uint32_t *aux;
	uint32_t naux, aux_room;
	struct inlined *inlined; /* 0 is the function itself */
	uint32_t ninlined, inlined_room;

	bool moves; /* memory 0 may, when something is called */
	bool calls; /* something leaves the function */
};

/*
 * What the tables say of an instruction, in bits: its kind, the number of
 * values in a, b, c, and what more stands in aux.
 */
enum {
	SHAPE_kind = 3,
	SHAPE_count = 2,      /* shift of two bits */
	SHAPE_more = 4,	      /* shift of three bits: */
	SHAPE_value = 1 << 7, /* the node is a value */
};
enum {
	MORE_none,
	MORE_edges, /* of a phi, in aux but not by the node */
	MORE_third, /* AUX_third of a memory access */
	MORE_call,  /* arguments */
	MORE_list,  /* a count, values */
	MORE_value, /* AUX_value */
	MORE_mask = 7,
};
extern const uint8_t ir_shapes[IR_count];

static inline unsigned
ir_shape(unsigned op)
{
	assert(op < IR_count && "an instruction");
	return ir_shapes[op];
}

/* Of these the kind. */
static inline enum ir_kind
ir_kind(unsigned op)
{
	return (enum ir_kind)(ir_shape(op) & SHAPE_kind);
}

/* Number of operands in a, b, c of a node that are values. */
static inline uint32_t
ir_arity(unsigned op)
{
	return ir_shape(op) >> SHAPE_count & 3;
}

/* What more values it has, MORE_... */
static inline unsigned
ir_more(unsigned op)
{
	return ir_shape(op) >> SHAPE_more & MORE_mask;
}

/* The values in a node's aux words; *count of them. */
static inline uint32_t *
ir_list(const struct ir *ir, const struct node *n, uint32_t *count)
{
	uint32_t *aux = ir->aux + n->c;
	unsigned more = ir_more(n->op);
	if (more == MORE_call) {
		*count = aux[AUX_count];
		return aux + AUX_args;
	}
	if (more == MORE_list) {
		*count = aux[0];
		return aux + 1;
	}
	*count = more == MORE_third || more == MORE_value;
	return aux + (more == MORE_third ? AUX_third : AUX_value);
}

/* In ir.uses: the node does more than to give a value. */
#define IR_NEEDED 0x80000000u

/* Node i is part of the function. */
static inline bool
ir_stays(const struct ir *ir, uint32_t i)
{
	return ir->uses[i] != 0;
}

/* Phi k of a block. */
static inline uint32_t
ir_phi(const struct ir *ir, const struct block *b, uint32_t k)
{
	assert(k < b->nphis && "one of its");
	return ir->phis[b->phis + k];
}

/* Its name, as in op.def and ir.def. */
const char *
ir_name(unsigned op);

/* Its operands, for those of ir.def. */
const char *
ir_format(unsigned op);

/* The block that node i stands in. */
uint32_t
ir_block_of(const struct ir *ir, uint32_t i);

/* The call that the try at the end of block b is about. */
uint32_t
ir_tried(const struct ir *ir, uint32_t b);

/* Edge e leaves where a call throws. */
static inline bool
ir_is_thrown(const struct ir *ir, uint32_t e)
{
	const struct block *b = &ir->blocks[ir->edges[e].from];
	return e != b->edges && ir->nodes[b->end - 1].op == IR_try;
}

/* The type of values of a WebAssembly type of m. */
enum ir_type
ir_type(const struct module *m, uint32_t valtype);

/* The same of a letter in op.def, or x in runtime.def, a reference; TYPE_none
 * of what is no letter. */
extern const uint8_t ir_letter_types[128];
static inline enum ir_type
ir_letter_type(char letter)
{
	return (enum ir_type)ir_letter_types[(unsigned char)letter];
}

/* Calls visit for each operand of node i that is a value, in a, b, c and aux,
 * those of its edges not among them; visit may change it. */
typedef void
ir_visit(void *env, uint32_t *value);
void
ir_operands(const struct ir *ir, uint32_t i, ir_visit *visit, void *env);

/* Writes the function as text: one line for each node, with its block. */
void
ir_dump(FILE *out, const struct ir *ir);

/* One of its nodes, as that writes it. */
void
ir_dump_node(FILE *out, const struct ir *ir, uint32_t block, uint32_t node);

/* Asserts what the drawing above says (jit/check.h): after every pass in debug
 * builds. */
void
ir_check(const struct ir *ir);

#endif
