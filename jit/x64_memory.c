/*
 * Loads and stores on x86-64: linear memory, and the runtime structure.
 */
#include "jit/x64_gen.h"

#include <assert.h>
#include <stddef.h>

#include "jit/merge.h"
#include "spec/shared.h"
#include "spec/store.h"
#include "trap/likely.h"
#include "trap/trap.h"

/* The base of memory index in a register, RMEM for the first. */
static int
memory_base(struct machine *x, uint32_t memory)
{
	if (memory == 0)
		return RMEM;
	x64_rm(x->x, X64_mov64, RTMP,
		at(RINST, offsetof(struct instance, memories)));
	x64_rm(x->x, X64_mov64, RTMP,
		at(RTMP, (int32_t)(memory * sizeof(struct memory *))));
	x64_rm(x->x, X64_mov64, RTMP, at(RTMP, offsetof(struct memory, base)));
	return RTMP;
}

/* Any. */
static NOINLINE struct x64_mem
any_address(struct machine *x, const struct node *n)
{
	const uint32_t *aux = x->ir->aux + n->c;
	uint64_t offset = (uint64_t)aux[AUX_high] << 32 | aux[AUX_low];
	int base = memory_base(x, aux[AUX_memory]);
	struct x64_mem m = { (uint8_t)base, X64_none, 0, 0 };
	if (is_const(x, n->a)) {
		offset += const_bits(node_of(x, n->a));
	} else if (x->an.folded[n->a]) {
		const struct node *shift = node_of(x, n->a);
		m.index = (uint8_t)alloc_use(&x->al, shift->a);
		m.scale = (uint8_t)merge_scale(x->ir, shift);
	} else {
		m.index = (uint8_t)alloc_use(&x->al, n->a);
	}
	if (offset <= INT32_MAX) {
		m.disp = (int32_t)offset;
	} else {
		int t = alloc_free_in(&x->al, MACHINE_INTS);
		x64_mov_imm(x->x, t, offset);
		x64_rr(x->x, X64_add64, t, base);
		m.base = (uint8_t)t;
	}
	return m;
}

/* Most are in the first memory, near an address in a register. */
struct x64_mem
x64_address(struct machine *x, const struct node *n)
{
	if (n->op >= OP_count)
		return x64_part(x, n);
	const uint32_t *aux = x->ir->aux + n->c;
	if ((aux[AUX_high] | aux[AUX_memory]) != 0 ||
		aux[AUX_low] > INT32_MAX || is_const(x, n->a) ||
		x->an.folded[n->a])
		return any_address(x, n);
	return (struct x64_mem){ RMEM, (uint8_t)alloc_use(&x->al, n->a), 0,
		(int32_t)aux[AUX_low] };
}

void
x64_load_here(struct machine *x, uint32_t load)
{
	if (node_of(x, load)->op < OP_count) /* others do not fault */
		point_here(x, load);
}

static void
load(struct machine *x, uint32_t i, enum x64_op op)
{
	const struct node *n = node_of(x, i);
	struct x64_mem m = x64_address(x, n);
	int r = alloc_result(&x->al, i, n->a);
	point_here(x, i);
	x64_rm(x->x, op, r >= 16 ? xmm(r) : r, m);
	done(x, n->a);
}

int32_t
x64_low(enum x64_op op, int32_t imm)
{
	return op == X64_mov8	 ? (int8_t)imm
	       : op == X64_mov16 ? (int16_t)imm
				 : imm;
}

static void
store(struct machine *x, uint32_t i, enum x64_op op)
{
	const struct node *n = node_of(x, i);
	struct x64_mem m = x64_address(x, n);
	int32_t imm;
	if (n->type < TYPE_f32 && is_imm32(x, n->b, &imm)) {
		point_here(x, i);
		x64_mi(x->x, op, m, x64_low(op, imm));
	} else {
		int b = alloc_use(&x->al, n->b);
		point_here(x, i);
		x64_mr(x->x, op, m, b >= 16 ? xmm(b) : b);
	}
	done2(x, n);
}

static void
load_lane(struct machine *x, uint32_t i, enum x64_op op)
{
	const struct node *n = node_of(x, i);
	int lane = (int)x->ir->aux[n->c + AUX_third];
	struct x64_mem m = x64_address(x, n);
	int b = alloc_use(&x->al, n->b), r = alloc_result(&x->al, i, n->b);
	point_here(x, i);
	x64_rvmi(x->x, op, xmm(r), xmm(b), m, lane);
	done2(x, n);
}

static void
store_lane(struct machine *x, uint32_t i, enum x64_op op)
{
	const struct node *n = node_of(x, i);
	int lane = (int)x->ir->aux[n->c + AUX_third];
	struct x64_mem m = x64_address(x, n);
	int b = alloc_use(&x->al, n->b);
	point_here(x, i);
	x64_rmi(x->x, op, xmm(b), m, lane);
	done2(x, n);
}

/* extent = offset + bytes: the access is within the memory, explicitly. */
static void
bound(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	const uint32_t *aux = x->ir->aux + n->c;
	uint64_t extent = (uint64_t)aux[AUX_high] << 32 | aux[AUX_low];
	uint32_t label = trap_label(x, i, TRAP_memory_out_of_bounds, 0);
	int t = alloc_free_in(&x->al, MACHINE_INTS);
	bool wide = node_of(x, n->a)->type != TYPE_i32;
	struct x64_mem m;
	if (aux[AUX_memory] == 0) {
		x64_rm(x->x, X64_mov64, RTMP,
			at(RINST, offsetof(struct instance, memory0)));
	} else {
		x64_rm(x->x, X64_mov64, RTMP,
			at(RINST, offsetof(struct instance, memories)));
		x64_rm(x->x, X64_mov64, RTMP,
			at(RTMP, (int32_t)(aux[AUX_memory] *
					   sizeof(struct memory *))));
	}
	m = at(RTMP, offsetof(struct memory, bytes));
	if (x->ir->m->memories[aux[AUX_memory]].shared) {
		/* which other stores may have grown */
		x64_rm(x->x, X64_mov64, RTMP,
			at(RTMP, offsetof(struct memory, sharing)));
		m.disp = offsetof(struct shared_memory, bytes);
	}
	if (is_const(x, n->a)) {
		uint64_t a = const_bits(node_of(x, n->a));
		x64_mov_imm(x->x, t, extent + a);
		if (extent + a < a) {
			jump_to(x, label);
			return;
		}
	} else {
		int a = alloc_use(&x->al, n->a);
		if (extent <= INT32_MAX && !wide) {
			x64_rm(x->x, X64_lea64, t, at(a, (int32_t)extent));
		} else {
			x64_mov_imm(x->x, t, extent);
			x64_rr(x->x, X64_add64, t, a);
			if (wide)
				branch_to(x, X64_b, label);
		}
	}
	x64_rm(x->x, X64_cmp64, t, m);
	branch_to(x, X64_a, label);
	alloc_done(&x->al, n->a);
}

/* The runtime structure. */

enum x64_op
x64_load_op(uint8_t type)
{
	switch (type) {
	case TYPE_i32:
		return X64_mov32;
	case TYPE_f32:
		return X64_vmovss;
	case TYPE_f64:
		return X64_vmovsd;
	case TYPE_v128:
		return X64_vmovups;
	default:
		return X64_mov64;
	}
}

/* Base of a field: the instance's own register, or the value's. */
static int
base_of(struct machine *x, uint32_t v)
{
	return node_of(x, v)->op == IR_instance ? RINST : alloc_use(&x->al, v);
}

/* a + i */
static void
address_of(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	int a = base_of(x, n->a);
	x64_rm(x->x, X64_lea64, alloc_result(&x->al, i, n->a),
		at(a, (int32_t)n->c));
	alloc_done(&x->al, n->a);
}

static void
get(struct machine *x, uint32_t i, enum x64_op op)
{
	const struct node *n = node_of(x, i);
	int a = base_of(x, n->a);
	int r = alloc_result(&x->al, i, n->a);
	x64_rm(x->x, op, r >= 16 ? xmm(r) : r, at(a, (int32_t)n->c));
	alloc_done(&x->al, n->a);
}

static void
set(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	int a = base_of(x, n->a), b = alloc_use(&x->al, n->b);
	x64_mr(x->x, x64_load_op(n->type), at(a, (int32_t)n->c),
		b >= 16 ? xmm(b) : b);
	done2(x, n);
}

static void
get_at(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	int a = base_of(x, n->a), b = alloc_use(&x->al, n->b);
	int r = alloc_result(&x->al, i, n->a);
	x64_rm(x->x, x64_load_op(n->type), r >= 16 ? xmm(r) : r,
		(struct x64_mem){ (uint8_t)a, (uint8_t)b, 3, (int32_t)n->c });
	done2(x, n);
}

static void
set_at(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	uint32_t v = x->ir->aux[n->c];
	int32_t offset = (int32_t)x->ir->aux[n->c + 1];
	int a = base_of(x, n->a), b = alloc_use(&x->al, n->b);
	int r = alloc_use(&x->al, v);
	x64_mr(x->x, x64_load_op(node_of(x, v)->type),
		(struct x64_mem){ (uint8_t)a, (uint8_t)b, 3, offset },
		r >= 16 ? xmm(r) : r);
	done2(x, n);
	alloc_done(&x->al, v);
}

X64_SELECT(address, address_of(x, i))
X64_SELECT(get_fixed, get(x, i, X64_mov64))
X64_SELECT(get32, get(x, i, X64_mov32))
X64_SELECT(get, get(x, i, x64_load_op(node_of(x, i)->type)))
X64_SELECT(set, set(x, i))
X64_SELECT(get_at, get_at(x, i))
X64_SELECT(set_at, set_at(x, i))
X64_SELECT(bound, bound(x, i))
#define LOAD(id, op) X64_SELECT(id, load(x, i, X64_##op))
#define STORE(id, op) X64_SELECT(id, store(x, i, X64_##op))
#define LOAD_LANE(id, op) X64_SELECT(id, load_lane(x, i, X64_##op))
#define STORE_LANE(id, op) X64_SELECT(id, store_lane(x, i, X64_##op))
#include "jit/x64_scalar.def"
