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
	an->views = arena_room(a, ir->nblocks * sizeof *an->views);
	an->steps = arena_room(a, n * sizeof *an->steps);
	an->steps_at =
		arena_room(a, ((size_t)ir->nblocks + 1) * sizeof *an->steps_at);
	an->loops = arena_array(a, ir->nloops, sizeof *an->loops);
	/* operands, and those in aux: lists, arguments */
	an->uses_room = 3 * n + ir->naux + 1;
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

/* The block at hand. */
struct here {
	struct ir *ir;
	struct analysis *an;
	uint32_t first; /* node */
	uint32_t loop;
	uint32_t before; /* values below come into the loop from outside */
};

/* v comes from outside of the loop: where the outermost such loop ends. */
static NOINLINE uint32_t
leave_loops(const struct here *h, uint32_t v)
{
	struct loop_facts *loops = h->an->loops;
	uint32_t end = 0;
	for (uint32_t l = h->loop; v != 0 && v < loops[l].first;
		l = h->ir->loops[l].parent) {
		note_outer(h->ir, h->an, &loops[l], v);
		end = loops[l].last;
	}
	return end;
}

/* v, or 0 where an operand is none, is used at the position. */
static inline void
use(const struct here *h, uint32_t v, uint32_t position)
{
	struct analysis *an = h->an;
	struct life *life = &an->lives[v];
	uint32_t n = an->nuses++, end = position;
	an->uses[n] = (struct use){ position, life->first };
	life->first = n;
	if (UNLIKELY(v < h->before))
		end = leave_loops(h, v);
	life->last = end > life->last ? end : life->last;
}

/* Edges of one block may share their arguments: use 0, which ends lists, has no
 * position. */
static NOINLINE void
use_arguments(const struct here *h, const struct edge *e, uint32_t at)
{
	const struct analysis *an = h->an;
	for (uint32_t k = 0; k < h->ir->blocks[e->to].nphis; k++) {
		uint32_t v = h->ir->aux[e->args + k];
		if (an->uses[an->lives[v].first].position != at)
			use(h, v, at);
	}
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

/* The operands of node i are used, or what is merged into it uses its own. */
static ALWAYS_INLINE void
use_operands(const struct here *h, uint32_t i, uint32_t at)
{
	const struct node *n = &h->ir->nodes[i];
	const uint32_t *v = &n->a, *end = v + ir_arity(n->op);
	if (UNLIKELY(ir_more(n->op) != MORE_none))
		use_list(h, n, at);
	for (; v != end; v++)
		if (UNLIKELY(h->an->folded[*v]))
			use_merged(h, *v, at);
		else
			use(h, *v, at);
}

static void
use_merged(const struct here *h, uint32_t i, uint32_t at)
{
	use_operands(h, i, at);
}

static_assert(IR_count - IR_call == 6 && IR_tail_call == IR_call + 3,
	"what leaves the function comes last in ir.def, calls first");

/* Node i may leave the function. */
static NOINLINE void
note_leave(const struct here *h, uint32_t i)
{
	struct analysis *an = h->an;
	if (an->nleaves == an->leaves_room &&
		!grow(h->ir->a, (void **)&an->leaves, &an->leaves_room,
			sizeof *an->leaves))
		return;
	an->leaves[an->nleaves++] = i;
	if (!ir_calls(h->ir->nodes[i].op))
		return;
	for (uint32_t l = h->loop; l != 0; l = h->ir->loops[l].parent)
		an->loops[l].call = i;
}

/* The block's edges, at its end: how far ways forward lead. */
static inline uint32_t
visit_edges(const struct here *h, const struct block *block)
{
	uint32_t reach = block->end;
	const struct ir *ir = h->ir;
	const struct edge *e = ir->edges + block->edges;
	for (const struct edge *end = e + block->nedges; e != end; e++) {
		uint32_t there =
			e->to > e->from ? h->an->views[e->to].reach : 0;
		reach = there > reach ? there : reach;
		if (ir->blocks[e->to].nphis != 0)
			use_arguments(h, e, block->end - 1);
	}
	return reach;
}

static_assert(IR_const + 1 == IR_phi, "what is not selected comes first");

/* The nodes that are selected, before `step`; where they begin. */
static NOINLINE uint32_t
visit_nodes(const struct here *h, uint32_t end, uint32_t step)
{
	for (uint32_t i = end; i-- > h->first;) {
		uint32_t op = h->ir->nodes[i].op;
		if (h->an->folded[i] | (op == IR_const) | (op == IR_phi) |
			!ir_stays(h->ir, i))
			continue;
		h->an->steps[--step] = i;
		h->an->refs |= h->ir->nodes[i].type == TYPE_ref;
		merge_operands(h->ir, h->an, i, h->first);
		use_operands(h, i, i);
		if (UNLIKELY(op >= IR_call))
			note_leave(h, i);
	}
	return step;
}

static void
visit_block(struct ir *ir, struct analysis *an, uint32_t b)
{
	const struct block *block = &ir->blocks[b];
	const struct here h = { ir, an, block->first, block->loop,
		an->loops[block->loop].first };
	an->views[b] = (struct view){ .first = h.first,
		.loop = h.before,
		.reach = visit_edges(&h, block),
		.head = h.first == h.before };
	an->steps_at[b] = visit_nodes(&h, block->end, an->steps_at[b + 1]);
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
	assert(an->nuses <= an->uses_room && "of all operands");
	return !ir->a->failed;
}
