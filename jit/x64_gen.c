/*
 * The driver of the third pass on x86-64: prologue, blocks, branches, and
 * where everything is at the end.
 */
#include "jit/x64_gen.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "jit/compile.h"
#include "jit/runtime.h"
#include "jit/stub.h"
#include "spec/module.h"
#include "spec/store.h"
#include "trap/arena.h"
#include "trap/bytes.h"
#include "trap/error.h"
#include "trap/likely.h"

/* A frame of a function that calls nothing may stand beyond the limit. */
#define UNCHECKED_SLOTS (STACK_SLACK / 4)

/* Nodes times loops beyond which no loop gets a way in. */
#define LOOP_WORK 50000000

NOINLINE bool
x64_grow_more(struct machine *x, void **array, uint32_t *room, size_t size)
{
	uint32_t n = *room != 0 ? 2 * *room : 64;
	void *p = arena_grow_room(x->ir->a, *array, *room * size, n * size);
	if (p == NULL) {
		x->al.failed = true;
		return false;
	}
	*array = p;
	*room = n;
	return true;
}

/* Places and labels. */

void
part_begin(struct machine *x, enum part part)
{
	x->part = part;
	x->x = &x->parts[part];
}

place
place_here(const struct machine *x)
{
	return (place)x->part << PLACE_SHIFT | (place)(x->x->at - x->x->start);
}

static NOINLINE uint32_t
label_grow(struct machine *x)
{
	bool grown = x64_grow_more(
		x, (void **)&x->labels, &x->labels_room, sizeof *x->labels);
	return grown ? label_new(x) : 0;
}

uint32_t
label_new(struct machine *x)
{
	uint32_t label = x->nlabels;
	if (UNLIKELY(label == x->labels_room))
		return label_grow(x);
	x->labels[label] = NO_PLACE;
	x->nlabels = label + 1;
	return label;
}

void
label_here(struct machine *x, uint32_t label)
{
	x->labels[label] = place_here(x);
}

static NOINLINE void
fix_grow(struct machine *x, struct fixup f)
{
	if (x64_grow_more(
		    x, (void **)&x->fixups, &x->fixups_room, sizeof *x->fixups))
		x->fixups[x->nfixups++] = f;
}

/* The 32 bits at field count from so many bytes behind it to the label. */
static inline void
fix(struct machine *x, const uint8_t *field, uint32_t behind, uint32_t label)
{
	place at = (place)x->part << PLACE_SHIFT;
	at |= (place)(field - x->x->start);
	struct fixup f = { at, behind, label };
	if (UNLIKELY(x->nfixups == x->fixups_room))
		fix_grow(x, f);
	else
		x->fixups[x->nfixups++] = f;
}

void
label_fix(struct machine *x, uint8_t *field, uint32_t label)
{
	if (field != NULL)
		fix(x, field, (uint32_t)(x->x->at - field), label);
}

void
jump_to(struct machine *x, uint32_t label)
{
	label_fix(x, x64_jmp(x->x), label);
}

void
branch_to(struct machine *x, enum x64_cond cond, uint32_t label)
{
	label_fix(x, x64_jcc(x->x, cond), label);
}

void
frame_fix(struct machine *x)
{
	if (!x64_grow(x, (void **)&x->frames, &x->frames_room, x->nframes + 1,
		    sizeof *x->frames))
		return;
	x->frames[x->nframes++] = place_here(x) - 4;
}

struct x64_mem
slot_mem(uint32_t slot)
{
	return at(RFP, (int32_t)(slot * sizeof(union slot)));
}

static NOINLINE void
point_grow(struct machine *x, struct points *to, struct code_point p)
{
	if (x64_grow_more(x, (void **)&to->at, &to->room, sizeof *to->at))
		to->at[to->n++] = p;
}

static void
add_point(struct machine *x, uint32_t node)
{
	struct points *to = &x->points[x->part];
	struct origin o = x->ir->origins[node];
	struct code_point p = { (uint32_t)(x->x->at - x->x->start), o.offset,
		o.inlined };
	if (UNLIKELY(to->n == to->room))
		point_grow(x, to, p);
	else
		to->at[to->n++] = p;
}

void
point_entry(struct machine *x)
{
	add_point(x, 0);
}

void
point_here(struct machine *x, uint32_t node)
{
	if (node_of(x, node)->flags != 0)
		add_point(x, node);
}

uint32_t
constant_label(struct machine *x, uint64_t bits)
{
	uint32_t label = label_new(x);
	enum part part = x->part;
	part_begin(x, PART_data);
	while ((x->x->at - x->x->start) % 8 != 0 && !x->x->full)
		x64_nops(x->x, 1);
	label_here(x, label);
	if (x->x->end - x->x->at < 8)
		x->x->full = true;
	else
		bytes_put64(x->x->at, bits);
	if (!x->x->full)
		x->x->at += 8;
	part_begin(x, part);
	return label;
}

uint32_t
trap_label(struct machine *x, uint32_t node, uint8_t trap, uint32_t number)
{
	uint32_t label = label_new(x);
	uint32_t moves = 0;
	struct move m;
	if (number != 0)
		moves = alloc_move(&x->al, number, false, X64_rdx, &m);
	enum part part = x->part;
	part_begin(x, PART_side);
	label_here(x, label);
	alloc_move_all(&x->al, &m, moves);
	if (number != 0)
		x64_mov_imm(x->x, X64_rcx, 1);
	x64_mov_imm(x->x, X64_rax, trap);
	label_fix(x, x64_call(x->x),
		number != 0 ? x->numbered_stub : x->trap_stub);
	add_point(x, node);
	part_begin(x, part);
	return label;
}

/* What these call. */
static void
trap_stubs(struct machine *x)
{
	label_here(x, x->trap_stub);
	x64_mov_imm(x->x, X64_rcx, 0);
	label_here(x, x->numbered_stub);
	x64_mov_imm(x->x, RTMP, (uintptr_t)stub_trap);
	x64_r(x->x, X64_jmp, RTMP);
}

/* What the allocator asks for. */

int
machine_scratch(uint8_t type)
{
	return type >= TYPE_f32 ? XTMP : RTMP;
}

void
machine_move(struct machine *x, uint8_t type, int to, int from)
{
	if (type >= TYPE_f32)
		x64_rr(x->x, X64_vmovaps, xmm(to), xmm(from));
	else
		x64_rr(x->x, type == TYPE_i32 ? X64_mov32 : X64_mov64, to,
			from);
}

/* A slot of a callee is a distance away that is known at the end. */
static void
fix_out(struct machine *x, uint32_t slot)
{
	if (slot >= OUT_SLOT - 1)
		frame_fix(x);
}

static void
load_from(struct machine *x, uint8_t type, int to, struct x64_mem m)
{
	switch (type) {
	case TYPE_i32:
		x64_rm(x->x, X64_mov32, to, m);
		break;
	case TYPE_f32:
		x64_rm(x->x, X64_vmovss, xmm(to), m);
		break;
	case TYPE_f64:
		x64_rm(x->x, X64_vmovsd, xmm(to), m);
		break;
	case TYPE_v128:
		x64_rm(x->x, X64_vmovups, xmm(to), m);
		break;
	default:
		x64_rm(x->x, X64_mov64, to, m);
		break;
	}
}

static NOINLINE void
load_other(struct machine *x, uint8_t type, int to, uint32_t slot)
{
	load_from(x, type, to, slot_mem(slot));
	fix_out(x, slot);
}

void
machine_load(struct machine *x, uint8_t type, int to, uint32_t slot)
{
	if (UNLIKELY(type >= TYPE_f32 || slot >= OUT_SLOT - 1))
		load_other(x, type, to, slot);
	else
		x64_load(x->x, type != TYPE_i32, to, slot_mem(slot).disp);
}

/* Stores to m. */
static void
store_to(struct machine *x, uint8_t type, struct x64_mem m, int from)
{
	switch (type) {
	case TYPE_f32:
		x64_mr(x->x, X64_vmovss, m, xmm(from));
		break;
	case TYPE_f64:
		x64_mr(x->x, X64_vmovsd, m, xmm(from));
		break;
	case TYPE_v128:
		x64_mr(x->x, X64_vmovups, m, xmm(from));
		break;
	default:
		/* i32 too: its upper half is 0 and loads of 64 bits forward */
		x64_mr(x->x, X64_mov64, m, from);
		break;
	}
}

static NOINLINE void
store_other(struct machine *x, uint8_t type, uint32_t slot, int from)
{
	store_to(x, type, slot_mem(slot), from);
	fix_out(x, slot);
}

void
machine_store(struct machine *x, uint8_t type, uint32_t slot, int from)
{
	if (UNLIKELY(type >= TYPE_f32 || slot >= OUT_SLOT - 1))
		store_other(x, type, slot, from);
	else /* as store_to does */
		x64_store(x->x, slot_mem(slot).disp, from);
}

bool
machine_store_const(struct machine *x, uint8_t type, uint32_t slot, uint32_t v)
{
	const struct node *n = node_of(x, v);
	/* the distance of a callee's slot would not be last */
	if (n->op != IR_const || type == TYPE_v128 || slot >= OUT_SLOT - 1 ||
		const_bits(n) > INT32_MAX)
		return false;
	x64_mi(x->x, X64_mov64, slot_mem(slot), (int32_t)n->b);
	return true;
}

/* A constant of four words. */
static void
vector_const(struct machine *x, int to, const uint32_t *w)
{
	uint64_t low = (uint64_t)w[1] << 32 | w[0];
	uint64_t high = (uint64_t)w[3] << 32 | w[2];
	if ((low | high) == 0) {
		x64_rvr(x->x, X64_vpxor, to, to, to);
		return;
	}
	uint32_t label = constant_label(x, low);
	constant_label(x, high); /* right behind it */
	label_fix(x, x64_rip(x->x, X64_vmovups, to, X64_none), label);
}

void
machine_const(struct machine *x, uint8_t type, int to, uint32_t v)
{
	uint64_t bits = const_bits(node_of(x, v));
	if (type == TYPE_v128) {
		vector_const(x, xmm(to), x->ir->aux + node_of(x, v)->c);
		return;
	}
	if (node_of(x, v)->op == IR_instance) {
		machine_move(x, TYPE_ptr, to, RINST);
		return;
	}
	if (type < TYPE_f32) {
		if (x->keeps_flags)
			x64_mov_imm_keep(x->x, to, bits);
		else
			x64_mov_imm(x->x, to, bits);
		return;
	}
	if (bits == 0) {
		x64_rvr(x->x, X64_vxorps, xmm(to), xmm(to), xmm(to));
		return;
	}
	label_fix(x,
		x64_rip(x->x, type == TYPE_f32 ? X64_vmovss : X64_vmovsd,
			xmm(to), X64_none),
		constant_label(x, bits));
}

void
done_merged(struct machine *x, uint32_t v)
{
	const struct node *n = node_of(x, v);
	uint32_t arity = ir_arity(n->op);
	if (arity > 0)
		done(x, n->a);
	if (arity > 1)
		done(x, n->b);
}

/* Edges. */

/* Where to jump for edge e: its block, or moves on the side that lead there. */
static uint32_t
edge_label(struct machine *x, uint32_t e)
{
	uint32_t to = x->ir->edges[e].to;
	uint32_t n = alloc_edge_moves(&x->al, e);
	if (n == 0)
		return to;
	uint32_t label = label_new(x);
	enum part part = x->part;
	part_begin(x, PART_side);
	label_here(x, label);
	alloc_move_all(&x->al, x->al.moves, n);
	jump_to(x, to);
	part_begin(x, part);
	return label;
}

static enum part
part_of(const struct machine *x, uint32_t block)
{
	return x->ir->blocks[block].cold ? PART_cold : PART_hot;
}

/* The block that is encoded right after this one, in the same part. */
static uint32_t
following(const struct machine *x, uint32_t block)
{
	const struct block *blocks = x->ir->blocks;
	uint32_t b = block + 1;
	while (b < x->ir->nblocks && blocks[b].cold != blocks[block].cold)
		b++;
	return b;
}

/* Takes edge e, where block `next` follows. */
static void
go(struct machine *x, uint32_t e, uint32_t next)
{
	alloc_edge(&x->al, e);
	if (x->ir->edges[e].to != next)
		jump_to(x, x->ir->edges[e].to);
}

void
x64_go(struct machine *x, uint32_t e, uint32_t block)
{
	go(x, e, following(x, block));
}

/* Goes back to a loop's head by edge e if the test holds: what that moves comes
 * first, if edge `other` does not mind. */
static bool
branch_back(struct machine *x, struct x64_test t, uint32_t e, uint32_t other)
{
	const struct edge *edges = x->ir->edges;
	if (edges[e].to > edges[e].from || edges[other].to <= edges[e].from)
		return false;
	uint32_t n = alloc_edge_moves(&x->al, e);
	if (n == 0 || !alloc_edge_spares(&x->al, n, other))
		return false;
	x->keeps_flags = true;
	alloc_move_all(&x->al, x->al.moves, n);
	x->keeps_flags = false;
	x64_test_branch(x, t, edges[e].to);
	x64_go(x, other, edges[e].from);
	return true;
}

static void
branch(struct machine *x, uint32_t b)
{
	const struct block *block = &x->ir->blocks[b];
	const struct node *n = node_of(x, block->end - 1);
	uint32_t yes = block->edges, no = yes + 1;
	struct x64_test t = x64_test(x, n->a);
	alloc_done(&x->al, n->a);
	bool back = x->ir->edges[yes].to <= b || x->ir->edges[no].to <= b;
	if (UNLIKELY(back) && (branch_back(x, t, yes, no) ||
				      branch_back(x, x64_test_not(t), no, yes)))
		return;
	uint32_t next = following(x, b);
	/* The edge that goes on here comes last, or that of a loop's way back
	 * if it moves something. */
	bool swap = x->ir->edges[yes].to == next;
	if (back && x->ir->edges[yes].to <= b &&
		alloc_edge_moves(&x->al, yes) != 0)
		swap = true;
	else if (back && x->ir->edges[no].to <= b &&
		 alloc_edge_moves(&x->al, no) == 0)
		swap = true;
	if (swap) {
		t = x64_test_not(t);
		yes = no;
		no = block->edges;
	}
	x64_test_branch(x, t, edge_label(x, yes));
	go(x, no, next);
}

/* The two edges of one block lead to the same place with the same values. */
static bool
are_same(const struct edge *a, const struct edge *b)
{
	return a->to == b->to && a->args == b->args;
}

static void
switch_(struct machine *x, uint32_t b)
{
	const struct block *block = &x->ir->blocks[b];
	const struct edge *edges = x->ir->edges + block->edges;
	const struct node *n = node_of(x, block->end - 1);
	uint32_t last = block->nedges - 1;
	int index = alloc_use(&x->al, n->a);
	int r = alloc_free_in(&x->al, MACHINE_INTS);
	x64_ri(x->x, X64_cmp32, index, (int32_t)last);
	uint32_t otherwise = edge_label(x, block->edges + last);
	branch_to(x, X64_ae, otherwise);
	uint32_t table = label_new(x);
	label_fix(x, x64_lea_rip(x->x, RTMP), table);
	x64_rm(x->x, X64_movsxd, r,
		(struct x64_mem){ RTMP, (uint8_t)index, 2, 0 });
	x64_rr(x->x, X64_add64, r, RTMP);
	x64_r(x->x, X64_jmp, r);
	uint32_t *labels = arena_array(x->ir->a, block->nedges, sizeof *labels);
	for (uint32_t e = 0; labels != NULL && e < last; e++)
		labels[e] = are_same(&edges[e], &edges[last]) ? otherwise
			    : e > 0 && are_same(&edges[e], &edges[e - 1])
				    ? labels[e - 1]
				    : edge_label(x, block->edges + e);
	if (labels == NULL) {
		x->al.failed = true;
		return;
	}
	enum part part = x->part;
	part_begin(x, PART_data);
	label_here(x, table);
	for (uint32_t e = 0; e + 1 < block->nedges; e++) {
		if (x->x->end - x->x->at < 4) {
			x->x->full = true;
			break;
		}
		fix(x, x->x->at, 0 - 4 * e, labels[e]);
		x->x->at += 4;
	}
	part_begin(x, part);
}

/* The values of a return to where the caller wants them. */
static void
return_(struct machine *x, const struct node *n)
{
	const uint32_t *v = x->ir->aux + n->c + 1;
	uint32_t count = v[-1], at_slot = 0, nmoves = 0;
	struct move *moves = alloc_room(&x->al, count + 1);
	if (moves == NULL)
		return;
	for (uint32_t i = 0; i < count; i++) {
		uint8_t type = node_of(x, v[i])->type;
		uint32_t first = type >= TYPE_f32 ? 16 : X64_rax;
		nmoves += alloc_move(&x->al, v[i], i != 0,
			i != 0 ? at_slot - 1 : first, moves + nmoves);
		at_slot += type == TYPE_v128 ? 2 : 1;
	}
	if (x->al.nslots < at_slot) /* others are for moves in circles */
		x->al.nslots = at_slot;
	alloc_move_all(&x->al, moves, nmoves);
	x64_ret(x->x);
}

static void
end(struct machine *x, uint32_t b)
{
	const struct block *block = &x->ir->blocks[b];
	uint32_t i = block->end - 1;
	const struct node *n = node_of(x, i);
	if (n->op == IR_branch) { /* most are */
		branch(x, b);
		return;
	}
	switch (n->op) {
	case IR_jump:
		x64_go(x, block->edges, b);
		break;
	case IR_try:
		x64_try(x, b);
		break;
	case IR_switch:
		switch_(x, b);
		break;
	case IR_return:
		return_(x, n);
		break;
	case IR_trap:
		jump_to(x, trap_label(x, i, n->flags, 0));
		break;
	case IR_tail_call:
		x64_select_tail_call(x, i);
		break;
	case IR_tail_func:
		x64_select_tail_func(x, i);
		break;
	default:
		assert(!"an end of a block");
		break;
	}
}

void
x64_call_inner(struct machine *x, const struct functype *t, uint32_t label)
{
	label_fix(x, x64_call(x->x), label);
	if (t->nresults != 0) {
		uint8_t type = (uint8_t)ir_type(x->ir->m, t->results[0]);
		store_to(x, type, at(RFP, -(int32_t)sizeof(union slot)),
			type >= TYPE_f32 ? 16 : X64_rax);
	}
	x64_ret(x->x);
}

/* Nodes. */

/* Who selects what; those of the others know their instructions. */
static x64_selector *const selectors[IR_count] = {
#define SCALAR(id) [OP_##id] = x64_select_##id,
#include "jit/x64_scalar.def"
#define NODE_PURE(id) [IR_##id] = x64_select_##id,
#define NODE_READ(id) NODE_PURE(id)
#define NODE_EFFECT(id) NODE_PURE(id)
#define NODE_END(id)
#define IR(id, operands, kind) NODE_##kind(id)
#include "jit/ir.def"
};

static void
node(struct machine *x, uint32_t i)
{
	uint32_t op = node_of(x, i)->op;
	x64_selector *selector = selectors[op];
	if (selector != NULL)
		selector(x, i);
	else if (!x64_compare_select(x, i) && !x64_vector_select(x, i) &&
		 !x64_atomic_select(x, i))
		error_set(x->ir->error, ERROR_unsupported, "%s is not compiled",
			ir_name(op));
}

/* What was emitted since the last time is the node's. */
static void
span(struct machine *x, uint32_t node)
{
	for (place p = 0; p < PART_count; p++) {
		uint32_t from = x->spanned[p],
			 to = (uint32_t)(x->parts[p].at - x->parts[p].start);
		if (from == to ||
			!x64_grow(x, (void **)&x->spans, &x->spans_room,
				x->nspans + 1, sizeof *x->spans))
			continue;
		x->spans[x->nspans++] =
			(struct code_span){ p << PLACE_SHIFT | from, to - from,
				node, p == PART_data };
		x->spanned[p] = to;
	}
}

static inline void
next(struct machine *x, uint32_t i)
{
	alloc_next(&x->al);
	if (x->listing)
		span(x, i);
}

static void
block(struct machine *x, uint32_t b)
{
	const struct block *block = &x->ir->blocks[b];
	uint32_t last = block->end - 1;
	part_begin(x, part_of(x, b));
	x->flags = 0;
	x->al.position = block->first;
	bool reached = b == 0 || alloc_begin(&x->al, b);
	if (reached) {
		if (UNLIKELY(x->al.views[b].head)) {
			x64_loop_ways_in(x, b);
			x64_loop_align(x, b);
		}
		if (x->listing) /* the padding */
			span(x, block->first);
		label_here(x, b);
		if (UNLIKELY(b != 0 && b == x->compared))
			x64_limit_compare(x, b);
	}
	x->al.at_end = false;
	const uint32_t *step = x->an.steps + x->an.steps_at[b];
	const uint32_t *end_step = x->an.steps + x->an.steps_at[b + 1] - 1;
	for (; reached && step != end_step; step++) {
		x->al.position = *step;
		node(x, *step);
		next(x, *step);
	}
	x->al.position = last;
	x->al.at_end = true;
	if (reached)
		end(x, b);
	next(x, last);
}

/* Parameters: the first in registers, all have homes in their slots. */

/* Loads those that are in registers from slots at the scratch register, then
 * calls the function; its first result goes to where the link was.  Where there
 * is neither it is the function. */
static void
slot_entry(struct machine *x, uint32_t label)
{
	const struct functype *t = module_func_type(x->ir->m, x->ir->func);
	if (t->nparams == 0 && t->nresults == 0)
		return;
	label_here(x, label);
	struct x64_arguments a = { 0, 0 };
	uint32_t slot = 0;
	for (uint32_t i = 0; i < t->nparams; i++) {
		uint8_t type = (uint8_t)ir_type(x->ir->m, t->params[i]);
		int r = x64_next_argument(&a, type);
		if (r != NO_REG)
			load_from(x, type, r,
				at(RTMP, (int32_t)(slot * sizeof(union slot))));
		slot += vt_slots(t->params[i]);
	}
	if (t->nresults == 0)
		jump_to(x, x->entry);
	else
		x64_call_inner(x, t, x->entry);
}

/* The parameters are where the convention has them; false: no memory. */
static bool
take_parameters(struct machine *x)
{
	const struct functype *t = module_func_type(x->ir->m, x->ir->func);
	const struct block *b = &x->ir->blocks[0];
	struct x64_arguments a = { 0, 0 };
	uint32_t slot = 0;
	int *regs = arena_array(x->ir->a, t->nparams + 1, sizeof *regs);
	uint32_t *slots = arena_array(x->ir->a, t->nparams + 1, sizeof *slots);
	if (regs == NULL || slots == NULL)
		return false;
	for (uint32_t i = 0; i < t->nparams; i++) {
		regs[i] = x64_next_argument(
			&a, (uint8_t)ir_type(x->ir->m, t->params[i]));
		slots[i] = slot;
		slot += vt_slots(t->params[i]);
	}
	for (uint32_t i = b->first; i < b->end; i++) {
		const struct node *n = node_of(x, i);
		if (n->op != IR_param || !ir_stays(x->ir, i))
			continue;
		x->al.home[i] = slots[n->c];
		if (regs[n->c] != NO_REG)
			alloc_define(&x->al, i, regs[n->c]);
	}
	x->al.pinned = 0;
	return true;
}

static void
prologue(struct machine *x, uint32_t slot_label)
{
	part_begin(x, PART_hot);
	x64_nops(x->x, 12);
	if (x->x->end - x->x->at >= 4) {
		fix(x, x->x->at, 4, slot_label);
		x->x->at += 4;
	}
	label_here(x, x->entry);
	if (x->labels[slot_label] == NO_PLACE)
		label_here(x, slot_label);
	x64_limit_compare(x, 0);
}

/* The end: everything gets its place. */

uint32_t
x64_place_at(const struct gen_layout *l, place p)
{
	return l->start[p >> PLACE_SHIFT] +
	       (p & (((place)1 << PLACE_SHIFT) - 1));
}

uint32_t
x64_label_at(
	const struct machine *x, const struct gen_layout *l, uint32_t label)
{
	assert(x->labels[label] != NO_PLACE && "every label has its place");
	return x64_place_at(l, x->labels[label]);
}

static bool
lay_out(struct machine *x, struct gen_layout *l)
{
	l->len = 0;
	for (int p = 0; p < PART_count; p++) {
		l->start[p] = l->len;
		l->len += (uint32_t)(x->parts[p].at - x->parts[p].start);
		l->len = (l->len + 15) & ~15u;
	}
	l->sites = l->len;
	l->len += x64_sites_bytes(x);
	l->bytes = arena_room(x->ir->a, (size_t)l->len + 16);
	if (l->bytes == NULL)
		return false;
	for (int p = 0; p < PART_count; p++) {
		size_t n = (size_t)(x->parts[p].at - x->parts[p].start);
		memcpy(l->bytes + l->start[p], x->parts[p].start, n);
		/* up to the next part, or less than what is there */
		bytes_put64(l->bytes + l->start[p] + n, 0);
		bytes_put64(l->bytes + l->start[p] + n + 8, 0);
	}
	return true;
}

static void
patch(const struct machine *x, const struct gen_layout *l, uint32_t distance)
{
	for (uint32_t i = 0; i < x->nframes; i++) {
		uint8_t *p = l->bytes + x64_place_at(l, x->frames[i]);
		uint32_t old = bytes_get32(p);
		uint32_t base = old >= DISTANCE ? DISTANCE : OUT_SLOT * 8;
		bytes_put32(p, old - base + distance * 8);
	}
	for (uint32_t i = 0; i < x->nfixups; i++) {
		const struct fixup *f = &x->fixups[i];
		place to = x->labels[f->label];
		assert(to != NO_PLACE && "every label has its place");
		uint32_t from = x64_place_at(l, f->at);
		bytes_put32(l->bytes + from,
			x64_place_at(l, to) - from - f->behind);
	}
}

/* Those of each part are in order. */
static bool
join_points(
	struct machine *x, const struct gen_layout *l, struct code_image *out)
{
	uint32_t n = 0;
	for (int part = 0; part < PART_count; part++)
		n += x->points[part].n;
	struct code_point *p = arena_room(x->ir->a, n * sizeof *p);
	out->points = p;
	out->npoints = n;
	if (p == NULL)
		return false;
	for (int part = 0; part < PART_count; part++) {
		const struct points *from = &x->points[part];
		for (uint32_t i = 0; i < from->n; i++) {
			*p = from->at[i];
			p++->at += l->start[part];
		}
	}
	return true;
}

static int
compare_aligned(const void *a, const void *b)
{
	const struct code_aligned *p = a, *q = b;
	return (p->from > q->from) - (p->from < q->from);
}

/* Those of all parts are in order. */
static void
order_aligned(struct machine *x, const struct gen_layout *l)
{
	for (uint32_t i = 0; i < x->naligned; i++) {
		struct code_aligned *a = &x->aligned[i];
		a->from = x64_place_at(l, a->from);
		a->to = x64_place_at(l, a->to);
	}
	if (x->naligned > 1)
		qsort(x->aligned, x->naligned, sizeof *x->aligned,
			compare_aligned);
}

static bool
finish(struct machine *x, struct code_image *out)
{
	struct gen_layout l;
	uint32_t distance = x->al.nslots + 1;
	if (distance > UINT16_MAX)
		error_set(x->ir->error, ERROR_unsupported,
			"a frame of more slots than a site can say");
	if (distance > UINT16_MAX || !lay_out(x, &l))
		return false;
	/* sites are places of the data part, beyond its end */
	for (uint32_t i = 0; i < x->nsites; i++)
		if (x->sites[i].call == NO_PLACE)
			x->labels[x->sites[i].label] =
				((place)PART_data << PLACE_SHIFT) +
				x64_site_at(&l, i) - l.start[PART_data];
	patch(x, &l, distance);
	x64_calls_patch(x, &l, distance);
	for (uint32_t i = 0; i < x->nloops; i++)
		x->loops[i].at = x64_place_at(&l, x->loops[i].at);
	for (uint32_t i = 0; i < x->nspans; i++)
		x->spans[i].at = x64_place_at(&l, x->spans[i].at);
	order_aligned(x, &l);
	*out = (struct code_image){ .bytes = l.bytes,
		.aligned = x->aligned,
		.naligned = x->naligned,
		.loops = x->loops,
		.nloops = x->nloops,
		.spans = x->spans,
		.nspans = x->nspans,
		.len = l.len,
		.entry = x64_place_at(&l, x->labels[x->entry]),
		.sites = l.sites,
		.nsites = x->nsites,
		.inlined = x->ir->inlined,
		.ninlined = x->ir->ninlined,
		.frame_slots = distance + x->out_slots };
	return join_points(x, &l, out) && x64_sites_put(x, &l, distance, out);
}

/* Labels of the blocks, and room for as many others. */
static bool
open_labels(struct machine *x)
{
	uint32_t n = x->ir->nblocks;
	x->labels_room = 2 * n + 64;
	x->labels = arena_room(
		x->ir->a, (size_t)x->labels_room * sizeof *x->labels);
	if (x->labels == NULL)
		return false;
	static_assert(NO_PLACE == UINT32_MAX, "all bits set");
	memset(x->labels, 0xff, n * sizeof *x->labels);
	x->nlabels = n;
	return true;
}

/* Buffers for code of n nodes, at `scale` times what is usual. */
static bool
open_parts(struct machine *x, uint32_t scale)
{
	static const uint32_t bytes[PART_count] = { 24, 16, 8, 24, 8 };
	for (int p = 0; p < PART_count; p++) {
		size_t n = (size_t)x->ir->nnodes * bytes[p] * scale + 1024;
		uint8_t *start = arena_room(x->ir->a, n);
		if (start == NULL)
			return false;
		x64_open(&x->parts[p], start, n);
	}
	return true;
}

static bool
is_full(const struct machine *x)
{
	for (int p = 0; p < PART_count; p++)
		if (x->parts[p].full)
			return true;
	return false;
}

/* Slots of its frame that the callee of node i uses before it looks at limits,
 * and for its results; or a payload. */
static uint32_t
out_slots(const struct machine *x, uint32_t i)
{
	const struct node *n = &x->ir->nodes[i];
	const uint32_t *aux = x->ir->aux + n->c;
	if (n->op == IR_runtime)
		return RUNTIME_SLOTS;
	if (n->op == IR_try)
		return x64_try_slots(x, i);
	const struct functype *t = &x->ir->m->types[aux[AUX_type]].func;
	return t->param_slots > t->result_slots ? t->param_slots
						: t->result_slots;
}

/* What the function does that its prologue must know. */
static void
survey(struct machine *x)
{
	bool leaves = false;
	for (uint32_t k = 0; k < x->an.nleaves; k++) {
		uint32_t i = x->an.leaves[k], op = x->ir->nodes[i].op;
		bool tail = op == IR_tail_call || op == IR_tail_func;
		uint32_t out = out_slots(x, i);
		x->calls = true; /* tail calls too: interrupts end them */
		if (tail) {
			if (x->al.nslots < out)
				x->al.nslots = out;
			continue;
		}
		x->catches |= op == IR_try;
		leaves |=
			op == IR_call_func || op == IR_try || x64_may_leave(x);
		if (out > x->out_slots)
			x->out_slots = out;
	}
	/* an interpreted frame is read while homes are written */
	uint32_t frame = x->ir->m->funcs[x->ir->func].frame_slots + 1;
	if (x->osr && x->al.nslots < frame)
		x->al.nslots = frame;
	x->instance_slot = leaves ? x->al.nslots++ : NO_SLOT;
	x->al.nslots += x->catches;
}

/* The frame that was not compared with the limit turned out to be large. */
static bool
must_compare(const struct machine *x)
{
	return !x->calls && x->al.nslots > UNCHECKED_SLOTS;
}

static bool
generate(struct machine *x, struct ir *ir, const struct build_options *options,
	uint32_t scale, bool compare, struct code_image *out)
{
	memset(x, 0, sizeof *x);
	x->ir = ir;
	x->calls = compare;
	x->listing = options->listing;
	x->osr = options->osr && (uint64_t)ir->nloops * ir->nnodes < LOOP_WORK;
	if (!analyse(ir, &x->an) || !roots_find(ir, &x->an, &x->roots) ||
		!alloc_init(&x->al, ir, &x->an, x) || !open_labels(x) ||
		!open_parts(x, scale))
		return false;
	alloc_vary(&x->al, options->registers, options->seed);
	ir->blocks[0].cold = false; /* behind the prologue */
	uint32_t slot_label = label_new(x);
	x->entry = label_new(x);
	x->trap_stub = label_new(x);
	x->numbered_stub = label_new(x);
	survey(x);
	x64_limit_find(x);
	part_begin(x, PART_side);
	trap_stubs(x);
	slot_entry(x, slot_label);
	prologue(x, slot_label);
	if (!take_parameters(x))
		return false;
	x64_hints(x);
	if (x->listing)
		span(x, 0);
	for (uint32_t b = 0; b < ir->nblocks; b++) {
		block(x, b);
		if (ir->error->kind != ERROR_none || x->al.failed)
			return false;
	}
	return is_full(x) || finish(x, out);
}

static bool
try_compile(const struct module *m, uint32_t func,
	const struct build_options *options, struct arena *a,
	struct code_image *out, struct error *error)
{
	struct ir ir;
	struct machine *x = arena_room(a, sizeof *x);
	if (x == NULL || !build(&ir, m, func, options, a, error)) {
		if (error->kind == ERROR_none)
			error_set(error, ERROR_memory, "out of memory");
		return false;
	}
	uint32_t scale = 1;
	bool compare = false;
	do {
		if (!generate(x, &ir, options, scale, compare, out)) {
			if (error->kind == ERROR_none)
				error_set(error, ERROR_memory, "out of memory");
			return false;
		}
		scale *= is_full(x) ? 4 : 1;
		compare = must_compare(x);
	} while (is_full(x) || compare);
	return true;
}

bool
compile(const struct module *m, uint32_t func,
	const struct build_options *options, struct arena *a,
	struct code_image *out, struct error *error)
{
	struct build_options plain = *options;
	if (try_compile(m, func, options, a, out, error))
		return true;
	if (options->plain || (error->kind != ERROR_unsupported &&
				      error->kind != ERROR_limit))
		return false;
	/* what it calls may be why */
	plain.plain = true;
	error_clear(error);
	return try_compile(m, func, &plain, a, out, error);
}
