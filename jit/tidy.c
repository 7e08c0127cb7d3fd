#include "jit/tidy.h"

#include <assert.h>
#include <string.h>

#include "trap/arena.h"
#include "trap/error.h"
#include "trap/likely.h"

#define NO_EDGE NO_BLOCK

/* Set in the first word of arguments that are done. */
#define DONE 0x80000000u

struct tidy {
	struct ir *ir;
	uint32_t *uses;	 /* the ir's */
	uint32_t *stack; /* live nodes above `at` that are not looked at yet */
	uint32_t nstack;
	uint32_t at;	  /* the node at hand, all behind it were passed */
	uint32_t *blocks; /* new number of each block, and of the end */
	uint32_t *loops;  /* of each loop */
	bool *follows;	  /* the block becomes part of the one before */
};

static uint32_t
value_meant(const struct ir *ir, uint32_t x)
{
	while (ir->nodes[x].op == IR_copy)
		x = ir->nodes[x].a;
	return x;
}

/* Phis of one value */

static void
phi_settle(struct ir *ir, const struct block *b, uint32_t i)
{
	uint32_t phi = b->first + i, same = 0, last = 0;
	for (uint32_t e = b->in; e != NO_EDGE; e = ir->edges[e].next) {
		if (ir->edges[e].args == last)
			continue;
		last = ir->edges[e].args;
		uint32_t x = value_meant(ir, ir->aux[ir->edges[e].args + i]);
		if (x == phi || x == same)
			continue;
		if (same != 0)
			return;
		same = x;
	}
	ir->nodes[phi].op = IR_copy;
	ir->nodes[phi].a = same;
}

/* A phi that stays remembers its block in a.  How many phis there were. */
static uint32_t
settle(struct ir *ir)
{
	uint32_t nphis = 0;
	for (uint32_t i = 0; i < ir->nblocks; i++) {
		const struct block *b = &ir->blocks[i];
		nphis += b->nphis;
		for (uint32_t k = 0; k < b->nphis; k++) {
			struct node *n = &ir->nodes[b->first + k];
			if (n->op == IR_phi)
				phi_settle(ir, b, k);
			if (n->op == IR_phi)
				n->a = i;
		}
	}
	return nphis;
}

/* What is used */

/* What is new and was passed comes on top of the stack; nothing branches. */
static inline void
use(struct tidy *t, uint32_t *value)
{
	uint32_t v = *value, n = t->nstack;
	if (UNLIKELY(t->ir->nodes[v].op == IR_copy))
		v = *value = value_meant(t->ir, v);
	t->stack[n] = v;
	t->nstack = n + ((t->uses[v] == 0) & (v >= t->at));
	t->uses[v]++;
}

static void
use_arguments(struct tidy *t, uint32_t i)
{
	const struct ir *ir = t->ir;
	const struct block *b = &ir->blocks[ir->nodes[i].a];
	uint32_t last = 0;
	for (uint32_t e = b->in; e != NO_EDGE; e = ir->edges[e].next) {
		if (ir->edges[e].args != last)
			use(t, &ir->aux[ir->edges[e].args + i - b->first]);
		last = ir->edges[e].args;
	}
}

/* What node i, which is live, uses. */
static void
use_operands(struct tidy *t, uint32_t i)
{
	struct node *n = &t->ir->nodes[i];
	unsigned arity = ir_shape(n->op) >> SHAPE_count & 3;
	uint32_t *operands[] = { &n->a, &n->b, &n->c };
	uint32_t count = 0, *list = NULL;
	if ((ir_shape(n->op) >> SHAPE_more & MORE_mask) != MORE_none)
		list = ir_list(t->ir, n, &count);
	if (n->op == IR_phi)
		use_arguments(t, i);
	for (unsigned k = 0; k < arity; k++)
		use(t, operands[k]);
	for (uint32_t k = 0; k < count; k++)
		use(t, &list[k]);
}

/* The same, and of what that finds to be live and was passed. */
static NOINLINE void
use_all(struct tidy *t, uint32_t i)
{
	t->at = i;
	use_operands(t, i);
	while (t->nstack > 0)
		use_operands(t, t->stack[--t->nstack]);
}

static inline uint32_t
needed(const struct node *n)
{
	static_assert(KIND_PURE < KIND_EFFECT && KIND_READ < KIND_EFFECT &&
			      KIND_END > KIND_EFFECT,
		"kinds that stay come last");
	return ((n->flags != 0) | (ir_kind(n->op) >= KIND_EFFECT)) * IR_NEEDED;
}

/* Most nodes have up to two operands, which stand before them: in place of
 * those that are not there the node itself is used no more than before. */
static void
find_used(struct tidy *t)
{
	struct node *nodes = t->ir->nodes;
	uint32_t *uses = t->uses;
	for (uint32_t i = t->ir->nnodes; --i > 0;) {
		struct node *n = &nodes[i];
		uint32_t used = uses[i] | needed(n), a = n->a, b = n->b;
		unsigned shape = ir_shape(n->op);
		unsigned count = shape >> SHAPE_count & 3;
		uses[i] = used;
		if (used == 0)
			continue;
		a = count > 0 ? a : i;
		b = count > 1 ? b : i;
		if (UNLIKELY((shape >> SHAPE_more & MORE_mask) != MORE_none ||
			     count > 2 || n->op == IR_phi ||
			     nodes[a].op == IR_copy ||
			     nodes[b].op == IR_copy)) {
			use_all(t, i);
			continue;
		}
		uses[a] += count > 0;
		uses[b] += count > 1;
	}
}

/* Phis and states: those that stay */

/* An edge's arguments, if they are not done. */
static void
keep_args(const struct tidy *t, const struct block *to, uint32_t *args)
{
	uint32_t n = 0;
	if ((args[0] & DONE) != 0)
		return;
	for (uint32_t k = 0; k < to->nphis; k++) {
		args[n] = args[k];
		n += t->uses[to->first + k] != 0;
	}
	args[0] |= DONE;
}

/* Edges may share their arguments. */
static void
keep_edges(const struct tidy *t, const struct block *b)
{
	struct ir *ir = t->ir;
	for (uint32_t e = b->in; e != NO_EDGE; e = ir->edges[e].next)
		keep_args(t, b, ir->aux + ir->edges[e].args);
	for (uint32_t e = b->in; e != NO_EDGE; e = ir->edges[e].next)
		ir->aux[ir->edges[e].args] &= ~DONE;
}

static void
keep_phis(const struct tidy *t)
{
	struct ir *ir = t->ir;
	uint32_t n = 0;
	for (uint32_t i = 0; i < ir->nblocks; i++) {
		struct block *b = &ir->blocks[i];
		uint32_t first = n;
		for (uint32_t k = 0; k < b->nphis; k++) {
			ir->phis[n] = b->first + k;
			n += t->uses[b->first + k] != 0;
		}
		b->phis = first;
		if (n - first < b->nphis && n != first)
			keep_edges(t, b);
		b->nphis = n - first;
	}
}

static void
keep_states(const struct tidy *t)
{
	struct ir *ir = t->ir;
	for (uint32_t i = 1; i < ir->nloops; i++) {
		uint32_t *state = ir->aux + ir->loops[i].state;
		for (uint32_t k = 1; ir->loops[i].state != 0 && k <= state[0];
			k++) {
			uint32_t v = value_meant(ir, state[k]);
			state[k] = t->uses[v] != 0 ? v : 0;
		}
	}
}

/* Blocks and loops: new numbers */

/* Loops that nothing goes back in are none. */
static void
number_loops(struct tidy *t)
{
	struct ir *ir = t->ir;
	uint32_t n = 1;
	ir->loops[0].end = ir->nblocks;
	for (uint32_t i = 1; i < ir->nloops; i++) {
		struct loop *l = &ir->loops[i];
		l->parent = t->loops[l->parent];
		t->loops[i] = l->parent;
		if (ir->blocks[l->head].nin < 2)
			continue;
		t->loops[i] = n;
		l->depth = ir->loops[l->parent].depth + 1;
		ir->loops[n++] = *l;
	}
	ir->nloops = n;
}

static void
number_blocks(struct tidy *t)
{
	struct ir *ir = t->ir;
	uint32_t n = 0;
	for (uint32_t i = 0; i < ir->nblocks; i++) {
		struct block *b = &ir->blocks[i];
		b->loop = t->loops[b->loop];
		t->follows[i] = i > 0 && b->nin == 1 && b->loop == b[-1].loop &&
				ir->nodes[b[-1].end - 1].op == IR_jump &&
				ir->edges[b[-1].edges].to == i;
		if (t->follows[i])
			t->uses[b[-1].end - 1] = 0;
		else
			n++;
		t->blocks[i] = n - 1;
	}
	t->blocks[ir->nblocks] = n;
}

/* Moves block i with its edges; its nodes follow those of the one before. */
static void
move_block(struct tidy *t, uint32_t i)
{
	struct ir *ir = t->ir;
	struct block from = ir->blocks[i], *to = &ir->blocks[t->blocks[i]];
	if (t->follows[i])
		ir->nedges = to->edges; /* without the jump's */
	else
		*to = from;
	to->end = from.end;
	to->edges = ir->nedges;
	to->nedges = from.nedges;
	for (uint32_t e = 0; e < from.nedges; e++) {
		struct edge edge = ir->edges[from.edges + e];
		edge.from = t->blocks[i];
		edge.to = t->blocks[edge.to];
		ir->edges[ir->nedges++] = edge;
	}
}

static void
move(struct tidy *t)
{
	struct ir *ir = t->ir;
	uint32_t nblocks = ir->nblocks;
	for (uint32_t i = 1; i < ir->nloops; i++) {
		struct loop *l = &ir->loops[i];
		l->head = t->blocks[l->head];
		l->end = t->blocks[l->end];
	}
	ir->nedges = 0;
	for (uint32_t i = 0; i < nblocks; i++)
		move_block(t, i);
	ir->nblocks = t->blocks[nblocks];
	ir->loops[0].end = ir->nblocks;
}

/* Lists of edges in, and blocks that end in a trap or begin with a catch. */
static void
finish(struct ir *ir)
{
	for (uint32_t i = 0; i < ir->nblocks; i++) {
		ir->blocks[i].in = NO_EDGE;
		ir->blocks[i].nin = 0;
	}
	for (uint32_t i = ir->nedges; i-- > 0;) {
		struct edge *e = &ir->edges[i];
		e->next = ir->blocks[e->to].in;
		ir->blocks[e->to].in = i;
		ir->blocks[e->to].nin++;
	}
	for (uint32_t i = ir->nblocks; i-- > 0;) {
		struct block *b = &ir->blocks[i];
		uint16_t op = ir->nodes[b->end - 1].op;
		if (UNLIKELY(op == IR_try))
			for (uint32_t e = 1; e < b->nedges; e++)
				ir->blocks[ir->edges[b->edges + e].to].cold =
					true;
		b->cold = op == IR_trap || b->nedges > 0;
		for (uint32_t e = 0; e < b->nedges; e++) {
			uint32_t to = ir->edges[b->edges + e].to;
			if (to <= i || !ir->blocks[to].cold)
				b->cold = false;
		}
	}
}

void
tidy(struct ir *ir)
{
	struct tidy t = { .ir = ir };
	uint32_t nphis = settle(ir);
	ir->phis = arena_room(ir->a, nphis * sizeof *ir->phis);
	t.uses = ir->uses = arena_array(ir->a, ir->nnodes, sizeof *t.uses);
	t.stack = arena_room(ir->a, ((size_t)ir->nnodes + 1) * sizeof *t.stack);
	t.blocks =
		arena_room(ir->a, ((size_t)ir->nblocks + 1) * sizeof *t.blocks);
	t.follows = arena_room(ir->a, ir->nblocks * sizeof *t.follows);
	t.loops = arena_array(ir->a, ir->nloops, sizeof *t.loops);
	if (ir->a->failed) {
		error_set(ir->error, ERROR_memory, "out of memory");
		return;
	}
	find_used(&t);
	keep_phis(&t);
	number_loops(&t);
	keep_states(&t);
	number_blocks(&t);
	if (t.blocks[ir->nblocks] != ir->nblocks)
		move(&t);
	finish(ir);
}
