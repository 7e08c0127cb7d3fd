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
	uint32_t *map;	 /* per node: live?, later its new number, 0: none */
	uint32_t *stack; /* live nodes above `at` that are not looked at yet */
	uint32_t nstack;
	uint32_t at;	  /* all live nodes from here on are looked at */
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

/* A phi that stays remembers its block in a. */
static void
settle(struct ir *ir)
{
	for (uint32_t i = 0; i < ir->nblocks; i++) {
		const struct block *b = &ir->blocks[i];
		for (uint32_t k = 0; k < b->nphis; k++) {
			struct node *n = &ir->nodes[b->first + k];
			if (n->op == IR_phi)
				phi_settle(ir, b, k);
			if (n->op == IR_phi)
				n->a = i;
		}
	}
}

/* What is used */

static void
use(void *env, uint32_t *value)
{
	struct tidy *t = env;
	uint32_t v = *value;
	if (UNLIKELY(t->ir->nodes[v].op == IR_copy))
		v = *value = value_meant(t->ir, v);
	/* on top, but there only if it is new and was passed: no branch */
	t->stack[t->nstack] = v;
	t->nstack += (t->map[v] == 0) & (v >= t->at);
	t->map[v] = 1;
}

static NOINLINE void
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

static inline void
use_operands(struct tidy *t, uint32_t i)
{
	struct node *n = &t->ir->nodes[i];
	unsigned shape = ir_shape(n->op), count = shape >> SHAPE_count & 3;
	if (n->op == IR_phi) {
		use_arguments(t, i);
		return;
	}
	if ((shape >> SHAPE_more & MORE_mask) != MORE_none) {
		ir_operands(t->ir, i, use, t);
		return;
	}
	if (count > 0)
		use(t, &n->a);
	if (count > 1)
		use(t, &n->b);
	if (count > 2)
		use(t, &n->c);
}

static bool
is_needed(unsigned op)
{
	enum ir_kind kind = ir_kind(op);
	return kind == KIND_EFFECT || kind == KIND_END;
}

static void
find_used(struct tidy *t)
{
	const struct ir *ir = t->ir;
	t->map[0] = 1; /* no value */
	for (t->at = ir->nnodes; t->at > 1;) {
		uint32_t i = --t->at;
		const struct node *n = &ir->nodes[i];
		if (t->map[i] == 0 && (n->flags != 0 || is_needed(n->op)))
			t->map[i] = 1;
		if (t->map[i] != 0)
			use_operands(t, i);
		while (t->nstack > 0)
			use_operands(t, t->stack[--t->nstack]);
	}
}

/* New numbers */

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
			t->map[b[-1].end - 1] = 0;
		else
			n++;
		t->blocks[i] = n - 1;
	}
	t->blocks[ir->nblocks] = n;
}

/* The stack's room becomes that of the counts. */
static void
number_nodes(struct tidy *t)
{
	uint32_t n = 1;
	t->map[0] = 0;
	for (uint32_t i = 1; i < t->ir->nnodes; i++)
		if (t->map[i] != 0)
			t->map[i] = n++;
	t->ir->uses = memset(t->stack, 0, n * sizeof *t->stack);
}

/* Moving: everything goes to a smaller number or stays.  Uses are counted where
 * they are renamed. */

static inline uint32_t
renamed(struct tidy *t, uint32_t value)
{
	uint32_t v = t->map[value];
	t->ir->uses[v]++;
	return v;
}

/* An edge's arguments for phis that are used. */
static void
move_args(struct tidy *t, const struct edge *e)
{
	struct ir *ir = t->ir;
	const struct block *to = &ir->blocks[e->to];
	uint32_t *args = ir->aux + e->args, n = 0;
	if (to->nphis == 0 || (args[0] & DONE) != 0)
		return;
	for (uint32_t i = 0; i < to->nphis; i++)
		if (t->map[to->first + i] != 0)
			args[n++] = renamed(t, args[i]);
	if (n > 0)
		args[0] |= DONE;
}

static void
move_edges(struct tidy *t)
{
	struct ir *ir = t->ir;
	for (uint32_t i = 0; i < ir->nedges; i++)
		move_args(t, &ir->edges[i]);
	for (uint32_t i = 0; i < ir->nedges; i++)
		if (ir->blocks[ir->edges[i].to].nphis > 0)
			ir->aux[ir->edges[i].args] &= ~DONE;
}

static void
move_states(struct tidy *t)
{
	struct ir *ir = t->ir;
	for (uint32_t i = 1; i < ir->nloops; i++) {
		struct loop *l = &ir->loops[i];
		uint32_t *state = ir->aux + l->state;
		l->head = t->blocks[l->head];
		l->end = t->blocks[l->end];
		for (uint32_t k = 1; l->state != 0 && k <= state[0]; k++)
			state[k] = t->map[value_meant(ir, state[k])];
	}
}

static void
rename_operand(void *env, uint32_t *value)
{
	*value = renamed(env, *value);
}

/* The same if it is there: one of those that a node of this shape has. */
static inline uint32_t
renamed_if(struct tidy *t, uint32_t value, bool there)
{
	uint32_t v = renamed(t, there ? value : 0);
	return there ? v : value;
}

/* Nodes [first, end): the number of phis among them. */
static uint32_t
move_nodes(struct tidy *t, uint32_t first, uint32_t end)
{
	struct ir *ir = t->ir;
	uint32_t nphis = 0, n = ir->nnodes;
	for (uint32_t i = first; i < end; i++) {
		if (t->map[i] == 0)
			continue;
		assert(t->map[i] == n && "numbered in order");
		const struct node *from = &ir->nodes[i];
		unsigned shape = ir_shape(from->op);
		if ((shape >> SHAPE_more & MORE_mask) != MORE_none) {
			ir_operands(ir, i, rename_operand, t);
			ir->nodes[n] = *from;
		} else {
			unsigned count = shape >> SHAPE_count & 3;
			bool phi = from->op == IR_phi;
			nphis += phi;
			ir->nodes[n] = (struct node){ .op = from->op,
				.type = from->type,
				.flags = from->flags,
				.a = phi ? 0
					 : renamed_if(t, from->a, count > 0),
				.b = renamed_if(t, from->b, count > 1),
				.c = renamed_if(t, from->c, count > 2) };
		}
		ir->origins[n++] = ir->origins[i];
	}
	ir->nnodes = n;
	return nphis;
}

/* Moves block i with its nodes and edges. */
static void
move_block(struct tidy *t, uint32_t i)
{
	struct ir *ir = t->ir;
	struct block from = ir->blocks[i], *to = &ir->blocks[t->blocks[i]];
	if (t->follows[i]) {
		ir->nedges = to->edges; /* without the jump's */
	} else {
		*to = from;
		to->first = ir->nnodes;
		to->nphis = from.nphis;
		to->in = NO_EDGE;
		to->nin = 0;
	}
	uint32_t nphis = move_nodes(t, from.first, from.end);
	if (!t->follows[i])
		to->nphis = nphis;
	to->end = ir->nnodes;
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
	move_edges(t);
	move_states(t);
	ir->nnodes = 1;
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
	for (uint32_t i = ir->nedges; i-- > 0;) {
		struct edge *e = &ir->edges[i];
		e->next = ir->blocks[e->to].in;
		ir->blocks[e->to].in = i;
		ir->blocks[e->to].nin++;
	}
	for (uint32_t i = ir->nblocks; i-- > 0;) {
		struct block *b = &ir->blocks[i];
		uint16_t op = ir->nodes[b->end - 1].op;
		b->cold = op == IR_trap || b->nedges > 0;
		for (uint32_t e = 0; e < b->nedges; e++) {
			uint32_t to = ir->edges[b->edges + e].to;
			if (to <= i || !ir->blocks[to].cold)
				b->cold = false;
		}
		if (b->in != NO_EDGE && ir_is_thrown(ir, b->in))
			b->cold = true;
	}
}

void
tidy(struct ir *ir)
{
	struct tidy t = { .ir = ir };
	t.map = arena_array(ir->a, ir->nnodes, sizeof *t.map);
	t.stack = arena_room(ir->a, ((size_t)ir->nnodes + 1) * sizeof *t.stack);
	t.blocks =
		arena_room(ir->a, ((size_t)ir->nblocks + 1) * sizeof *t.blocks);
	t.follows = arena_room(ir->a, ir->nblocks * sizeof *t.follows);
	t.loops = arena_array(ir->a, ir->nloops, sizeof *t.loops);
	if (ir->a->failed) {
		error_set(ir->error, ERROR_memory, "out of memory");
		return;
	}
	settle(ir);
	find_used(&t);
	number_loops(&t);
	number_blocks(&t);
	number_nodes(&t);
	move(&t);
	finish(ir);
}
