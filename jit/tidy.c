#include "jit/tidy.h"

#include <assert.h>
#include <string.h>

#include "trap/arena.h"
#include "trap/error.h"
#include "trap/likely.h"

#define NO_EDGE NO_BLOCK

struct tidy {
	struct ir *ir;
	uint32_t *uses;	 /* the ir's */
	uint32_t *stack; /* live nodes above `at` that are not looked at yet;
			    then the ir's phis */
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

/*
 * A loop's phi, which waited for the ways back, may have become a copy after
 * others took it for a value of its own: they may be of one value now too.
 * False: there are no copies at all.
 */
static bool
settle(struct ir *ir)
{
	bool copies = false;
	for (uint32_t i = 1; i < ir->nloops; i++) {
		const struct block *b = &ir->blocks[ir->loops[i].head];
		for (uint32_t k = 0; k < b->nphis; k++)
			copies |= ir->nodes[b->first + k].op == IR_copy;
	}
	for (uint32_t i = 0; copies && i < ir->nblocks; i++) {
		const struct block *b = &ir->blocks[i];
		for (uint32_t k = 0; k < b->nphis; k++)
			if (ir->nodes[b->first + k].op == IR_phi)
				phi_settle(ir, b, k);
	}
	return copies;
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
	uint32_t *v = &n->a, *end = v + ir_arity(n->op), count;
	for (; v != end; v++)
		use(t, v);
	if (ir_more(n->op) == MORE_edges) {
		use_arguments(t, i);
		return;
	}
	v = ir_list(t->ir, n, &count);
	for (end = v + count; v != end; v++)
		use(t, v);
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

static_assert((KIND_PURE & 2) == 0 && (KIND_READ & 2) == 0 &&
		      (KIND_EFFECT & 2) != 0 && (KIND_END & 2) != 0,
	"a bit says that a kind stays");

/* Most nodes have up to two operands, which stand before them, and nothing
 * more: node 0 is used in place of those that are not there. */
static ALWAYS_INLINE void
find_used_with(struct tidy *t, bool copies)
{
	struct node *nodes = t->ir->nodes;
	uint32_t *uses = t->uses;
	const unsigned operands = MORE_mask << SHAPE_more | 3 << SHAPE_count;
	for (uint32_t i = t->ir->nnodes; --i > 0;) {
		const struct node *n = &nodes[i];
		unsigned shape = ir_shape(n->op);
		bool needed = (n->flags | (shape & 2)) != 0;
		uint32_t used = uses[i] | (needed ? IR_NEEDED : 0);
		uses[i] = used;
		if (used == 0)
			continue;
		unsigned count = shape >> SHAPE_count & 3;
		uint32_t a = n->a & -(uint32_t)(count > 0);
		uint32_t b = n->b & -(count >> 1);
		if (UNLIKELY((shape & operands) > 2 << SHAPE_count ||
			     (copies && (nodes[a].op == IR_copy ||
						nodes[b].op == IR_copy)))) {
			use_all(t, i);
			continue;
		}
		uses[a]++;
		uses[b]++;
	}
	uses[0] = 0;
}

static void
find_used(struct tidy *t, bool copies)
{
	if (copies)
		find_used_with(t, true);
	else
		find_used_with(t, false);
}

/* Phis and states: those that stay */

static void
keep_args(const struct tidy *t, const struct block *to, uint32_t *args)
{
	uint32_t n = 0;
	for (uint32_t k = 0; k < to->nphis; k++) {
		args[n] = args[k];
		n += t->uses[to->first + k] != 0;
	}
}

/* Those of one block, which share their arguments, follow each other. */
static void
keep_edges(const struct tidy *t, const struct block *b)
{
	const struct ir *ir = t->ir;
	uint32_t last = 0;
	for (uint32_t e = b->in; e != NO_EDGE; e = ir->edges[e].next) {
		if (ir->edges[e].args != last)
			keep_args(t, b, ir->aux + ir->edges[e].args);
		last = ir->edges[e].args;
	}
}

/* Adds those of block b, which has some, to the n that there are. */
static uint32_t
keep_phis(const struct tidy *t, struct block *b, uint32_t n)
{
	uint32_t *phis = t->ir->phis, first = n;
	for (uint32_t k = 0; k < b->nphis; k++) {
		phis[n] = b->first + k;
		n += t->uses[b->first + k] != 0;
	}
	if (n - first < b->nphis && n != first)
		keep_edges(t, b);
	b->phis = first;
	b->nphis = n - first;
	return n;
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
	uint32_t n = 0, nphis = 0;
	for (uint32_t i = 0; i < ir->nblocks; i++) {
		struct block *b = &ir->blocks[i];
		if (b->nphis != 0)
			nphis = keep_phis(t, b, nphis);
		b->loop = t->loops[b->loop];
		b->in = NO_EDGE;
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
	for (uint32_t i = ir->nblocks; i-- > 0;) {
		struct block *b = &ir->blocks[i];
		uint16_t op = ir->nodes[b->end - 1].op;
		bool cold = op == IR_trap || b->nedges > 0;
		for (uint32_t k = b->nedges; k-- > 0;) {
			struct edge *e = &ir->edges[b->edges + k];
			struct block *to = &ir->blocks[e->to];
			if (UNLIKELY(op == IR_try) && k != 0)
				to->cold = true;
			cold &= e->to > i && to->cold;
			e->next = to->in;
			to->in = b->edges + k;
		}
		b->cold = cold;
	}
}

void
tidy(struct ir *ir)
{
	struct tidy t = { .ir = ir };
	size_t nnodes = ir->nnodes, nblocks = ir->nblocks;
	t.uses = ir->uses = arena_array(ir->a, nnodes, sizeof *t.uses);
	t.stack = ir->phis = arena_room(ir->a, nnodes * sizeof *t.stack);
	t.blocks = arena_room(ir->a, (nblocks + 1) * sizeof *t.blocks);
	t.follows = arena_room(ir->a, nblocks * sizeof *t.follows);
	t.loops = arena_array(ir->a, ir->nloops, sizeof *t.loops);
	if (ir->a->failed) {
		error_set(ir->error, ERROR_memory, "out of memory");
		return;
	}
	find_used(&t, settle(ir));
	number_loops(&t);
	keep_states(&t);
	number_blocks(&t);
	if (t.blocks[nblocks] != nblocks)
		move(&t);
	finish(ir);
}
