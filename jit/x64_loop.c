/*
 * Ways into loops: how a function that is being interpreted goes on compiled.
 */
#include "jit/x64_gen.h"

#include "jit/codemem.h"
#include "spec/module.h"
#include "trap/arena.h"

/* v can be had from the instance at any time: get_fixed of get_fixed .. */
static bool
is_fixed(const struct machine *x, uint32_t v)
{
	const struct node *n = &x->ir->nodes[v];
	uint32_t depth = 0;
	while ((n->op == IR_get_fixed || n->op == IR_address) && depth++ < 8)
		n = &x->ir->nodes[n->a];
	return depth != 0 && n->op == IR_instance;
}

/* v, which is_fixed, in r. */
static void
load_fixed(struct machine *x, uint32_t v, int r)
{
	uint32_t chain[8], n = 0;
	for (; node_of(x, v)->op != IR_instance; v = node_of(x, v)->a)
		chain[n++] = v;
	for (int base = RINST; n > 0; base = r) {
		const struct node *node = node_of(x, chain[--n]);
		x64_rm(x->x, node->op == IR_address ? X64_lea64 : X64_mov64, r,
			at(base, (int32_t)node->c));
	}
}

/* The blocks that can be reached from `from`. */
static bool *
reachable(struct machine *x, uint32_t from)
{
	const struct ir *ir = x->ir;
	bool *seen = arena_array(ir->a, ir->nblocks, sizeof *seen);
	uint32_t *stack = arena_array(ir->a, ir->nblocks, sizeof *stack), n = 0;
	if (seen == NULL || stack == NULL)
		return NULL;
	seen[from] = true;
	stack[n++] = from;
	while (n > 0) {
		const struct block *b = &ir->blocks[stack[--n]];
		for (uint32_t e = 0; e < b->nedges; e++) {
			uint32_t to = ir->edges[b->edges + e].to;
			if (!seen[to]) {
				seen[to] = true;
				stack[n++] = to;
			}
		}
	}
	return seen;
}

/*
 * v, whose range in the order of blocks holds the loop's head, may be used
 * after it: in one of these blocks, or in the loop or one around it.
 */
static bool
is_live(const struct machine *x, uint32_t v, uint32_t l, const bool *blocks)
{
	for (; l != 0; l = x->ir->loops[l].parent)
		for (uint32_t o = x->an.loops[l].outer; o != 0;
			o = x->an.outers[o].next)
			if (x->an.outers[o].value == v)
				return true;
	for (uint32_t u = x->an.lives[v].first; u != 0; u = x->an.uses[u].next)
		if (blocks[ir_block_of(x->ir, x->an.uses[u].position)])
			return true;
	return false;
}

/*
 * All that lives at the loop's head, made before, is in the state or fixed,
 * or is made where it is used.  With `load` the fixed ones are brought to where
 * they are wanted.
 */
static bool
is_known(struct machine *x, uint32_t l, const uint32_t *state, bool load)
{
	uint32_t head = x->ir->loops[l].head;
	uint32_t start = x->ir->blocks[head].first;
	const bool *blocks = reachable(x, head);
	bool *known = arena_array(x->ir->a, x->ir->nnodes, sizeof *known);
	if (known == NULL || blocks == NULL)
		return false;
	for (uint32_t i = 0; i < state[0]; i++)
		known[state[i + 1]] = true;
	for (uint32_t v = 1; v < start; v++) {
		if (x->an.lives[v].last < start || known[v] ||
			alloc_is_const(&x->al, v) || !is_live(x, v, l, blocks))
			continue;
		if (!is_fixed(x, v))
			return false;
		uint8_t r = x->al.reg[v];
		if (!load)
			continue;
		if (r != NO_REG)
			load_fixed(x, v, r);
		if (r != NO_REG && (x->al.now.homed >> r & 1) == 0)
			continue;
		load_fixed(x, v, RTMP);
		if (x->al.home[v] != NO_SLOT)
			machine_store(x, TYPE_ptr, x->al.home[v], RTMP);
	}
	return true;
}

/*
 * A way into the loop from the slots of an interpreted frame: as the entry for
 * arguments in slots, then what the loop's head wants moves to where it wants
 * it.  None if it wants what the interpreter does not have.
 */
static void
way_in(struct machine *x, uint32_t l)
{
	const struct loop *loop = &x->ir->loops[l];
	const uint32_t *state = x->ir->aux + loop->state;
	uint32_t n = state[0], nmoves = 0, locals = 0;
	const struct functype *t = module_func_type(x->ir->m, x->ir->func);
	struct move *moves = arena_array(
		x->ir->a, 2 * (size_t)n + MACHINE_REGS, sizeof *moves);
	if (moves == NULL) {
		x->al.failed = true;
		return;
	}
	locals = x->ir->m->funcs[x->ir->func].local_slots;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t v = state[i + 1], slot = i < locals ? i : i + 1;
		if (v == 0 || alloc_is_const(&x->al, v) ||
			x->an.lives[v].last < x->al.position)
			continue;
		nmoves += alloc_take(&x->al, v, slot, moves + nmoves);
	}
	if (!is_known(x, l, state, false))
		return;
	for (uint32_t r = 0; r < MACHINE_REGS; r++) {
		uint32_t v = x->al.now.held[r];
		if ((x->al.now.used >> r & 1) == 0 ||
			!alloc_is_const(&x->al, v))
			continue;
		moves[nmoves].type = node_of(x, v)->type;
		move_from(&moves[nmoves], MOVE_const, v);
		move_to(&moves[nmoves++], false, r);
	}
	if (!x64_grow(x, (void **)&x->loops, &x->loops_room, x->nloops + 1,
		    sizeof *x->loops))
		return;
	uint32_t inner = label_new(x);
	enum part part = x->part;
	part_begin(x, PART_side);
	x->loops[x->nloops++] =
		(struct code_point){ place_here(x), loop->offset, 0 };
	x64_call_inner(x, t, inner);
	label_here(x, inner);
	alloc_move_all(&x->al, moves, nmoves);
	is_known(x, l, state, true);
	x64_keep(x);
	jump_to(x, loop->head);
	part_begin(x, part);
}

void
x64_loop_ways_in(struct machine *x, uint32_t b)
{
	uint32_t l = x->ir->blocks[b].loop;
	if (x->osr && x->ir->loops[l].state != 0)
		way_in(x, l);
}

/* Of a node of short loops, about. */
enum { NODE_BYTES = 5 };

void
x64_loop_align(struct machine *x, uint32_t b)
{
	const struct ir *ir = x->ir;
	uint32_t l = ir->blocks[b].loop;
	const struct loop *loop = &ir->loops[l];
	if (x->part != PART_hot)
		return;
	uint32_t nodes = ir->blocks[loop->end - 1].end - ir->blocks[b].first;
	uint32_t at = (uint32_t)(x->x->at - x->x->start) % CODEMEM_ALIGN;
	bool inner = l + 1 < ir->nloops && ir->loops[l + 1].parent == l;
	if (!inner && nodes * NODE_BYTES <= CODEMEM_ALIGN &&
		at + nodes * NODE_BYTES > CODEMEM_ALIGN)
		x64_nops(x->x, CODEMEM_ALIGN - at);
}
