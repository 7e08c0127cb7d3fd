/*
 * Where the end of the frame is compared with the limit: at the entry, or, when
 * of the ways out of a first block that writes nothing one alone leads to what
 * is called, where that begins.  Recursion often ends on the other.
 */
#include "jit/x64_gen.h"

#include <stddef.h>

#include "spec/store.h"
#include "spec/type.h"
#include "trap/trap.h"

/* A first block of up to so many nodes and slots of parameters is left with
 * nothing far beyond the limit. */
enum { MOST_NODES = 12, MOST_SLOTS = 32 };

/* A block that nothing but block 0 leads to is as far as a path may go before
 * the comparison. */
static bool
is_plain(const struct machine *x)
{
	const struct ir *ir = x->ir;
	const struct block *b = &ir->blocks[0];
	uint32_t slots = module_func_type(ir->m, ir->func)->param_slots;
	if (b->end - b->first > MOST_NODES || slots > MOST_SLOTS ||
		ir->nodes[b->end - 1].op != IR_branch)
		return false;
	for (uint32_t i = b->first; i + 1 < b->end; i++)
		if (ir_kind(ir->nodes[i].op) == KIND_EFFECT)
			return false;
	return true;
}

/* From the block on, which block 0 leads to, something may be called. */
static bool
leads_to_call(const struct machine *x, uint32_t block)
{
	const struct block *b = &x->ir->blocks[block];
	const uint32_t *leaves = x->an.leaves; /* last one first */
	uint32_t n = x->an.nleaves;
	if (b->nedges != 0)
		return leaves[0] >= b->first;
	for (uint32_t i = 0; i < n; i++)
		if (leaves[i] >= b->first && leaves[i] < b->end)
			return true;
	return false;
}

void
x64_limit_find(struct machine *x)
{
	const struct ir *ir = x->ir;
	x->compared = 0;
	if (x->osr || x->an.nleaves == 0 || !is_plain(x))
		return;
	const struct edge *e = &ir->edges[ir->blocks[0].edges];
	for (int i = 0; i < 2; i++)
		if (ir->blocks[e[i].to].nin == 1 &&
			!leads_to_call(x, e[1 - i].to))
			x->compared = e[i].to;
}

/* The label of what raises the trap, at no instruction. */
static uint32_t
overflow(struct machine *x)
{
	uint32_t label = label_new(x);
	enum part part = x->part;
	part_begin(x, PART_side);
	label_here(x, label);
	x64_mov_imm(x->x, X64_rax, TRAP_stack_overflow);
	label_fix(x, x64_call(x->x), x->trap_stub);
	point_entry(x);
	part_begin(x, part);
	return label;
}

/* Bytes that stand for the size of the frame. */
static int32_t
frame_bytes(const struct machine *x)
{
	return DISTANCE + (int32_t)(x->out_slots * sizeof(union slot));
}

/* Registers but those of arguments are free. */
static void
compare_at_entry(struct machine *x)
{
	x64_rm(x->x, X64_mov64, X64_r10,
		at(RINST, offsetof(struct instance, store)));
	x64_rm(x->x, X64_lea64, RTMP, at(RFP, frame_bytes(x)));
	frame_fix(x);
	x64_rm(x->x, X64_cmp64, RTMP,
		at(X64_r10, offsetof(struct context, guest_limit)));
	branch_to(x, X64_a, overflow(x));
}

/* What there is from here to the limit is less than the frame. */
static void
compare_later(struct machine *x)
{
	x64_rm(x->x, X64_mov64, RTMP,
		at(RINST, offsetof(struct instance, store)));
	x64_rm(x->x, X64_mov64, RTMP,
		at(RTMP, offsetof(struct context, guest_limit)));
	x64_rr(x->x, X64_sub64, RTMP, RFP);
	x64_ri(x->x, X64_cmp64, RTMP, frame_bytes(x));
	frame_fix(x);
	branch_to(x, X64_l, overflow(x));
}

void
x64_limit_compare(struct machine *x, uint32_t block)
{
	if (block != x->compared)
		return;
	if (x->calls && block == 0)
		compare_at_entry(x);
	else if (x->calls)
		compare_later(x);
	x64_keep(x);
}
