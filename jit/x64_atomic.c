/*
 * Atomic accesses on x86-64.  The order of op.def is what says width and
 * operation.  Loads and plain stores are what they are without; a store that is
 * to be seen by all before what follows is an exchange.
 */
#include "jit/x64_gen.h"

#include <assert.h>

#define BIT(r) ((regset)1 << (r))

/* Widths of a group's rows: i32, i64, i32 8, i32 16, i64 8, i64 16, i64 32. */
enum { GROUP = 7 };
static const uint8_t widths[GROUP] = { 2, 3, 0, 1, 0, 1, 2 };

static_assert(
	OP_i32_atomic_rmw_sub == OP_i32_atomic_rmw_add + GROUP &&
		OP_i32_atomic_rmw_cmpxchg ==
			OP_i32_atomic_rmw_add + 6 * GROUP &&
		OP_i64_atomic_store32 == OP_i32_atomic_store + GROUP - 1 &&
		OP_i64_atomic_load32_u == OP_i32_atomic_load + GROUP - 1,
	"rows by operation, then width");

/* Opcodes by log2 of the width in bytes. */
static const enum x64_op loads[] = { X64_movzx8, X64_movzx16, X64_mov32,
	X64_mov64 };
static const enum x64_op xchgs[] = { X64_xchg8, X64_xchg16, X64_xchg32,
	X64_xchg64 };
static const enum x64_op xadds[] = { X64_lock_xadd8, X64_lock_xadd16,
	X64_lock_xadd32, X64_lock_xadd64 };
static const enum x64_op cmpxchgs[] = { X64_lock_cmpxchg8, X64_lock_cmpxchg16,
	X64_lock_cmpxchg32, X64_lock_cmpxchg64 };

/* Zeros above the width. */
static void
extend(struct machine *x, int r, unsigned lg)
{
	if (lg < 2)
		x64_rr(x->x, loads[lg], r, r);
}

/* The address in m's registers only, RTMP free. */
static struct x64_mem
address(struct machine *x, const struct node *n)
{
	struct x64_mem m = x64_address(x, n);
	if (m.base == RTMP) {
		regset others = MACHINE_INTS & ~BIT(X64_rax);
		int t = alloc_free_in(&x->al, others);
		x64_rr(x->x, X64_mov64, t, RTMP);
		m.base = (uint8_t)t;
	}
	return m;
}

static void
load(struct machine *x, uint32_t i, unsigned lg)
{
	const struct node *n = node_of(x, i);
	struct x64_mem m = x64_address(x, n);
	int r = alloc_result(&x->al, i, n->a);
	point_here(x, i);
	x64_rm(x->x, loads[lg], r, m);
	alloc_done(&x->al, n->a);
}

static void
store(struct machine *x, uint32_t i, unsigned lg)
{
	const struct node *n = node_of(x, i);
	struct x64_mem m = address(x, n);
	machine_move(x, TYPE_i64, RTMP, alloc_use(&x->al, n->b));
	point_here(x, i);
	x64_mr(x->x, xchgs[lg], m, RTMP);
	done2(x, n);
}

/* add, sub, xchg: one instruction that leaves the value before. */
static void
exchange(
	struct machine *x, uint32_t i, enum x64_op op, bool negate, unsigned lg)
{
	const struct node *n = node_of(x, i);
	struct x64_mem m = address(x, n);
	int b = alloc_use(&x->al, n->b);
	int r = alloc_result(&x->al, i, 0);
	machine_move(x, TYPE_i64, r, b);
	if (negate)
		x64_r(x->x, X64_neg64, r);
	point_here(x, i);
	x64_mr(x->x, op, m, r);
	extend(x, r, lg);
	done2(x, n);
}

/* and, or, xor: until nobody came between. */
static void
loop(struct machine *x, uint32_t i, enum x64_op op, unsigned lg)
{
	const struct node *n = node_of(x, i);
	regset others = MACHINE_INTS & ~BIT(X64_rax);
	if (!is_const(x, n->a))
		alloc_use_in(&x->al, n->a, others);
	int b = alloc_use_in(&x->al, n->b, others);
	alloc_clear(&x->al, X64_rax);
	struct x64_mem m = address(x, n);
	uint32_t again = label_new(x);
	point_here(x, i);
	x64_rm(x->x, loads[lg], X64_rax, m);
	label_here(x, again);
	x64_rr(x->x, X64_mov64, RTMP, X64_rax);
	x64_rr(x->x, op, RTMP, b);
	x64_mr(x->x, cmpxchgs[lg], m, RTMP);
	branch_to(x, X64_ne, again);
	extend(x, X64_rax, lg);
	done2(x, n);
	alloc_define(&x->al, i, X64_rax);
}

static void
compare_exchange(struct machine *x, uint32_t i, unsigned lg)
{
	const struct node *n = node_of(x, i);
	uint32_t third = x->ir->aux[n->c + AUX_third];
	regset others = MACHINE_INTS & ~BIT(X64_rax);
	if (!is_const(x, n->a))
		alloc_use_in(&x->al, n->a, others);
	int v = alloc_use_in(&x->al, third, others);
	if (x->al.reg[n->b] != X64_rax || alloc_lives(&x->al, n->b) ||
		n->b == n->a || n->b == third)
		alloc_clear(&x->al, X64_rax);
	if (x->al.reg[n->b] != X64_rax) {
		struct move move;
		alloc_move_all(&x->al, &move,
			alloc_move(&x->al, n->b, false, X64_rax, &move));
	}
	x->al.pinned |= BIT(X64_rax);
	struct x64_mem m = address(x, n);
	point_here(x, i);
	x64_mr(x->x, cmpxchgs[lg], m, v);
	extend(x, X64_rax, lg);
	if (lg == 2)
		x64_rr(x->x, X64_mov32, X64_rax, X64_rax);
	done2(x, n);
	alloc_done(&x->al, third);
	alloc_define(&x->al, i, X64_rax);
}

bool
x64_atomic_select(struct machine *x, uint32_t i)
{
	uint32_t op = node_of(x, i)->op;
	if (op == OP_atomic_fence) {
		x64_plain(x->x, X64_mfence);
		return true;
	}
	if (op < OP_i32_atomic_load || op > OP_i64_atomic_rmw32_cmpxchg_u)
		return false;
	unsigned lg = widths[(op - OP_i32_atomic_load) % GROUP];
	switch ((op - OP_i32_atomic_load) / GROUP) {
	case 0:
		load(x, i, lg);
		break;
	case 1:
		store(x, i, lg);
		break;
	case 2:
		exchange(x, i, xadds[lg], false, lg);
		break;
	case 3:
		exchange(x, i, xadds[lg], true, lg);
		break;
	case 4:
		loop(x, i, X64_and64, lg);
		break;
	case 5:
		loop(x, i, X64_or64, lg);
		break;
	case 6:
		loop(x, i, X64_xor64, lg);
		break;
	case 7:
		exchange(x, i, xchgs[lg], false, lg);
		break;
	default:
		compare_exchange(x, i, lg);
		break;
	}
	return true;
}
