/*
 * Needs a checked ir.  Gives uses and folds.  Loops are ranges of
 * blocks, so that one pass is enough: a value from outside a loop that is used
 * in it lives to the loop's end.
 */
#include "jit/analyse.h"

#include <assert.h>
#include <string.h>

#include "jit/merge.h"
#include "trap/arena.h"
#include "trap/likely.h"

/* Memory for the pass. */

static bool
allocate(struct ir *ir, struct analysis *an)
{
	struct arena *a = ir->a;
	size_t n = ir->nnodes;
	memset(an, 0, sizeof *an);
	an->lives = arena_array(a, n, sizeof *an->lives);
	an->folded = arena_array(a, n, sizeof *an->folded);
	an->reach = arena_room(a, ir->nblocks * sizeof *an->reach);
	an->steps = arena_room(a, n * sizeof *an->steps);
	an->steps_at =
		arena_room(a, ((size_t)ir->nblocks + 1) * sizeof *an->steps_at);
	an->loops = arena_array(a, ir->nloops, sizeof *an->loops);
	an->uses_room = 2 * ir->nnodes + 64;
	an->uses = arena_room(a, an->uses_room * sizeof *an->uses);
	an->outers_room = 256;
	an->outers = arena_room(a, an->outers_room * sizeof *an->outers);
	an->leaves_room = 64;
	an->leaves = arena_room(a, an->leaves_room * sizeof *an->leaves);
	an->nuses = an->nouters = 1;
	if (a->failed)
		return false;
	an->uses[0] = (struct use){ UINT32_MAX, 0 };
	return true;
}

static NOINLINE bool
grow(struct arena *a, void **array, uint32_t *room, size_t size)
{
	void *p = arena_grow_room(
		a, *array, *room * size, 2 * (size_t)*room * size);
	if (p == NULL)
		return false;
	*array = p;
	*room *= 2;
	return true;
}

/* Uses. */

/* v is used in loop l, which it comes into from outside. */
static void
note_outer(struct ir *ir, struct analysis *an, struct loop_facts *l, uint32_t v)
{
	if (l->outer != 0 && an->outers[l->outer].value == v)
		return;
	if (an->nouters == an->outers_room &&
		!grow(ir->a, (void **)&an->outers, &an->outers_room,
			sizeof *an->outers))
		return;
	an->outers[an->nouters] = (struct outer){ v, l->outer };
	l->outer = an->nouters++;
	l->nouter++;
}

/* v comes into loop l from outside: the end of the outermost such loop. */
static NOINLINE uint32_t
leave_loops(struct ir *ir, struct analysis *an, uint32_t v, uint32_t l)
{
	uint32_t end = 0;
	while (v < an->loops[l].first) {
		note_outer(ir, an, &an->loops[l], v);
		end = an->loops[l].last;
		l = ir->loops[l].parent;
	}
	return end;
}

/* The block at hand. */
struct here {
	struct ir *ir;
	struct analysis *an;
	uint32_t first; /* node */
	uint32_t loop;
	uint32_t before; /* values below come into the loop from outside */
};

/* v is used at the position.  A second use there is written and forgotten: use
 * 0, which ends lists, has no position. */
static inline void
use(const struct here *h, uint32_t v, uint32_t position)
{
	struct analysis *an = h->an;
	uint32_t n = an->nuses, end = position;
	if (v == 0 || (UNLIKELY(n == an->uses_room) &&
			      !grow(h->ir->a, (void **)&an->uses,
				      &an->uses_room, sizeof *an->uses)))
		return;
	struct life *life = &an->lives[v];
	uint32_t first = life->first;
	bool again = an->uses[first].position == position;
	an->uses[n] = (struct use){ position, first };
	an->nuses = n + !again;
	life->first = again ? first : n;
	if (UNLIKELY(v < h->before))
		end = leave_loops(h->ir, an, v, h->loop);
	life->last = end > life->last ? end : life->last;
}

static NOINLINE void
use_list(const struct here *h, const struct node *n, uint32_t at)
{
	uint32_t count;
	const uint32_t *list = ir_list(h->ir, n, &count);
	for (uint32_t k = 0; k < count; k++)
		use(h, list[k], at);
}

static NOINLINE void
use_merged(const struct here *h, uint32_t i, uint32_t at);

/* The same, or what is merged into it is. */
static inline void
use_one(const struct here *h, uint32_t v, uint32_t at)
{
	if (UNLIKELY(h->an->folded[v]))
		use_merged(h, v, at);
	else
		use(h, v, at);
}

/* The operands of node i are used. */
static inline void
use_operands(const struct here *h, uint32_t i, uint32_t at)
{
	const struct node *n = &h->ir->nodes[i];
	unsigned shape = ir_shape(n->op), arity = shape >> SHAPE_count & 3;
	if (UNLIKELY((shape >> SHAPE_more & MORE_mask) != MORE_none))
		use_list(h, n, at);
	if (arity == 0)
		return;
	use_one(h, n->a, at);
	if (arity == 1)
		return;
	use_one(h, n->b, at);
	if (UNLIKELY(arity != 2))
		use_one(h, n->c, at);
}

static void
use_merged(const struct here *h, uint32_t i, uint32_t at)
{
	use_operands(h, i, at);
}

static_assert(IR_call < IR_call_func && IR_call < IR_runtime &&
		      IR_call < IR_tail_call && IR_call < IR_tail_func &&
		      IR_call < IR_try,
	"what leaves the function comes last in ir.def");

/* Node i, of a block in loop l, may leave the function. */
static void
note_leave(struct ir *ir, struct analysis *an, uint32_t i, uint32_t l)
{
	uint32_t op = ir->nodes[i].op;
	bool calls = ir_calls(op);
	if (!calls && op != IR_tail_call && op != IR_tail_func && op != IR_try)
		return;
	if (an->nleaves == an->leaves_room &&
		!grow(ir->a, (void **)&an->leaves, &an->leaves_room,
			sizeof *an->leaves))
		return;
	an->leaves[an->nleaves++] = i;
	for (; calls && l != 0; l = ir->loops[l].parent)
		an->loops[l].call = i;
}

static void
visit_block(struct ir *ir, struct analysis *an, uint32_t b)
{
	const struct block *block = &ir->blocks[b];
	const struct here h = { ir, an, block->first, block->loop,
		an->loops[block->loop].first };
	uint32_t reach = b, step = an->steps_at[b + 1];
	for (uint32_t e = 0; e < block->nedges; e++) {
		const struct edge *edge = &ir->edges[block->edges + e];
		const struct block *to = &ir->blocks[edge->to];
		if (edge->to > b && an->reach[edge->to] > reach)
			reach = an->reach[edge->to];
		for (uint32_t k = 0; k < to->nphis; k++)
			use(&h, ir->aux[edge->args + k], block->end - 1);
	}
	an->reach[b] = reach;
	for (uint32_t i = block->end; i-- > block->first;) {
		uint32_t op = ir->nodes[i].op;
		if (an->folded[i] | (op == IR_const) | (op == IR_phi) |
			!ir_stays(ir, i))
			continue;
		an->steps[--step] = i;
		merge_operands(ir, an, i, block->first);
		use_operands(&h, i, i);
		if (UNLIKELY(op >= IR_call))
			note_leave(ir, an, i, block->loop);
	}
	an->steps_at[b] = step;
}

bool
analyse(struct ir *ir, struct analysis *an)
{
	if (!allocate(ir, an))
		return false;
	for (uint32_t l = 0; l < ir->nloops; l++) {
		if (l != 0)
			an->loops[l].first =
				ir->blocks[ir->loops[l].head].first;
		an->loops[l].last = ir->blocks[ir->loops[l].end - 1].end - 1;
		an->loops[l].call = UINT32_MAX;
	}
	an->steps_at[ir->nblocks] = ir->nnodes;
	for (uint32_t b = ir->nblocks; b-- > 0;)
		visit_block(ir, an, b);
	return !ir->a->failed;
}
