/*
 * Integers on x86-64: arithmetic, comparison, selection, constants.  An i32 in
 * a register has zeros above.
 */
#include "jit/x64_gen.h"

#include <assert.h>

#include "jit/merge.h"
#include "spec/module.h"
#include "trap/likely.h"

#define BIT(r) ((regset)1 << (r))

static bool
is_wide(struct machine *x, uint32_t v)
{
	return node_of(x, v)->type != TYPE_i32;
}

/* v as the second operand of an instruction; stays good when a result has taken
 * its register. */
struct second {
	enum { SECOND_imm, SECOND_reg, SECOND_mem } kind;
	uint32_t load; /* a node that is merged, or 0 */
	union {
		int32_t imm;
		int r;
		struct x64_mem m;
	};
};

static struct second
second(struct machine *x, uint32_t v)
{
	struct second s = { .kind = SECOND_imm };
	if (is_imm32(x, v, &s.imm))
		return s;
	if (x->an.folded[v]) {
		s.kind = SECOND_mem;
		s.load = v;
		s.m = x64_address(x, node_of(x, v));
	} else if (alloc_at_home(&x->al, v)) {
		s.kind = SECOND_mem;
		s.m = slot_mem(alloc_home(&x->al, v));
	} else {
		s.kind = SECOND_reg;
		s.r = alloc_use(&x->al, v);
	}
	return s;
}

/* r op= s */
static void
apply(struct machine *x, enum x64_op op, int r, struct second s)
{
	if (s.load != 0)
		x64_load_here(x, s.load);
	if (s.kind == SECOND_imm)
		x64_ri(x->x, op, r, s.imm);
	else if (s.kind == SECOND_reg)
		x64_rr(x->x, op, r, s.r);
	else
		x64_rm(x->x, op, r, s.m);
}

/* a and b in the better order for an operation that commutes. */
static void
order(struct machine *x, uint32_t *a, uint32_t *b)
{
	bool swap = alloc_lives(&x->al, *a) && !alloc_lives(&x->al, *b) &&
		    x->al.reg[*b] != NO_REG;
	swap |= x->an.folded[*a];
	if (is_const(x, *a) || (swap && !is_const(x, *b))) {
		uint32_t t = *a;
		*a = *b;
		*b = t;
	}
}

/* A register for node i that begins as its operand a, which is in ra. */
static inline int
result_from(struct machine *x, uint32_t i, uint32_t a, int ra)
{
	int r = alloc_result(&x->al, i, a);
	if (r != ra)
		machine_move(x, node_of(x, i)->type, r, ra);
	return r;
}

static inline void
gives_flags(struct machine *x, uint32_t i)
{
	x->flags = i;
	x->flags_at = x->x->at;
}

/* a op b, which are those of node i, in order. */
static void
ordered(struct machine *x, uint32_t i, enum x64_op op, uint32_t a, uint32_t b)
{
	const struct node *n = node_of(x, i);
	int ra = alloc_use(&x->al, a);
	struct second s = second(x, b);
	apply(x, op, result_from(x, i, a, ra), s);
	if (op != X64_imul32 && op != X64_imul64)
		gives_flags(x, i);
	done2(x, n);
}

/* The same of a constant. */
static void
by_imm(struct machine *x, uint32_t i, enum x64_op op, int32_t imm)
{
	const struct node *n = node_of(x, i);
	int ra = alloc_use(&x->al, n->a);
	x64_ri(x->x, op, result_from(x, i, n->a, ra), imm);
	gives_flags(x, i);
	done2(x, n);
}

static void
binary(struct machine *x, uint32_t i, enum x64_op op, bool commutes)
{
	const struct node *n = node_of(x, i);
	uint32_t a = n->a, b = n->b;
	int32_t imm;
	if (is_imm32(x, b, &imm)) {
		by_imm(x, i, op, imm);
		return;
	}
	if (commutes)
		order(x, &a, &b);
	ordered(x, i, op, a, b);
}

/* base + (v << k), or base + v; the base may be none. */
static struct x64_mem
scaled(struct machine *x, int base, uint32_t v)
{
	struct x64_mem m = at(base, 0);
	const struct node *n = node_of(x, v);
	bool shifted = x->an.folded[v];
	m.index = (uint8_t)alloc_use(&x->al, shifted ? n->a : v);
	m.scale = shifted ? (uint8_t)merge_scale(x->ir, n) : 0;
	return m;
}

/* The sum of a and b with those that are merged into it; false: none is. */
static bool
merged_sum(struct machine *x, uint32_t a, uint32_t b, struct x64_mem *m)
{
	const struct node *n = node_of(x, a);
	int32_t imm = 0;
	if (is_imm32(x, b, &imm) && x->an.folded[a] && n->op != OP_i32_shl &&
		n->op != OP_i64_shl) {
		a = n->a;
		b = n->b;
	} else if (imm != 0 && x->an.folded[a]) {
		*m = scaled(x, X64_none, a);
		m->disp = imm;
		return true;
	} else if (!x->an.folded[a] &&
		   (!x->an.folded[b] ||
			   (node_of(x, b)->op != OP_i32_shl &&
				   node_of(x, b)->op != OP_i64_shl))) {
		return false;
	}
	if (x->an.folded[a]) {
		uint32_t t = a;
		a = b;
		b = t;
	}
	*m = scaled(x, alloc_use(&x->al, a), b);
	m->disp = imm;
	return true;
}

/* Of what is no bare value and a constant. */
static NOINLINE void
add_any(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	uint32_t a = n->a, b = n->b;
	bool wide = is_wide(x, i);
	struct x64_mem m;
	order(x, &a, &b);
	if (merged_sum(x, a, b, &m)) {
		x64_rm(x->x, wide ? X64_lea64 : X64_lea32,
			alloc_result(&x->al, i, 0), m);
		done2(x, n);
		return;
	}
	if (!alloc_lives(&x->al, a) || x->an.folded[b] ||
		alloc_at_home(&x->al, b)) {
		ordered(x, i, wide ? X64_add64 : X64_add32, a, b);
		return;
	}
	m = at(alloc_use(&x->al, a), 0);
	m.index = (uint8_t)alloc_use(&x->al, b);
	int r = alloc_result(&x->al, i, b);
	x64_rm(x->x, wide ? X64_lea64 : X64_lea32, r, m);
	done2(x, n);
}

/* a + b where a lives on: into a register of its own.  Most add a constant. */
static void
add(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	bool wide = is_wide(x, i);
	int32_t imm;
	if (x->an.folded[n->a] || !is_imm32(x, n->b, &imm)) {
		add_any(x, i);
		return;
	}
	if (!alloc_lives(&x->al, n->a)) {
		by_imm(x, i, wide ? X64_add64 : X64_add32, imm);
		return;
	}
	struct x64_mem m = at(alloc_use(&x->al, n->a), imm);
	int r = alloc_result(&x->al, i, n->b);
	x64_rm(x->x, wide ? X64_lea64 : X64_lea32, r, m);
	done2(x, n);
}

static void
multiply(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	uint32_t a = n->a, b = n->b;
	bool wide = is_wide(x, i);
	enum x64_op op = wide ? X64_imul64 : X64_imul32;
	int32_t imm;
	order(x, &a, &b);
	if (!is_imm32(x, b, &imm)) {
		ordered(x, i, op, a, b);
		return;
	}
	int ra = alloc_use(&x->al, a), r = alloc_result(&x->al, i, a);
	struct x64_mem m = { (uint8_t)ra, (uint8_t)ra, 0, 0 };
	m.scale = imm == 3 ? 1 : imm == 5 ? 2 : imm == 9 ? 3 : 0;
	if (m.scale != 0)
		x64_rm(x->x, wide ? X64_lea64 : X64_lea32, r, m);
	else
		x64_rri(x->x, op, r, ra, imm);
	done2(x, n);
}

static void
shift(struct machine *x, uint32_t i, enum x64_op by_imm, enum x64_op by_reg)
{
	const struct node *n = node_of(x, i);
	bool wide = is_wide(x, i);
	int32_t imm;
	int ra = alloc_use(&x->al, n->a);
	if (is_imm32(x, n->b, &imm)) {
		int r = alloc_result(&x->al, i, n->a);
		if (r != ra)
			machine_move(x, wide ? TYPE_i64 : TYPE_i32, r, ra);
		x64_ri(x->x, by_imm, r, imm & (wide ? 63 : 31));
	} else {
		int rb = alloc_use(&x->al, n->b);
		int r = alloc_result(&x->al, i, n->a);
		x64_rvr(x->x, by_reg, r, ra, rb);
	}
	done2(x, n);
}

/* By a constant in one; else the two halves of it, without rcx. */
static void
rotate(struct machine *x, uint32_t i, bool left)
{
	const struct node *n = node_of(x, i);
	bool wide = is_wide(x, i);
	int32_t imm, mask = wide ? 63 : 31;
	int ra = alloc_use(&x->al, n->a);
	if (is_imm32(x, n->b, &imm)) {
		int r = alloc_result(&x->al, i, n->a);
		imm = left ? -imm & mask : imm & mask;
		x64_rri(x->x, wide ? X64_rorx64 : X64_rorx32, r, ra, imm);
		done2(x, n);
		return;
	}
	int rb = alloc_use(&x->al, n->b);
	int t = alloc_free_in(&x->al, MACHINE_INTS);
	int r = alloc_result(&x->al, i, 0);
	x64_rr(x->x, X64_mov32, RTMP, rb);
	x64_r(x->x, X64_neg32, RTMP);
	enum x64_op shl = wide ? X64_shlx64 : X64_shlx32;
	enum x64_op shr = wide ? X64_shrx64 : X64_shrx32;
	x64_rvr(x->x, left ? shl : shr, t, ra, rb);
	x64_rvr(x->x, left ? shr : shl, r, ra, RTMP);
	x64_rr(x->x, wide ? X64_or64 : X64_or32, r, t);
	done2(x, n);
}

/* Dividend in rax, extended into rdx; the quotient comes in rax, the remainder
 * in rdx.  The checks stand before. */
static void
divide(struct machine *x, uint32_t i, bool sign, bool remainder)
{
	const struct node *n = node_of(x, i);
	bool wide = is_wide(x, i);
	regset fixed = BIT(X64_rax) | BIT(X64_rdx);
	int rb = alloc_use_in(&x->al, n->b, MACHINE_INTS & ~fixed);
	int ra = alloc_at_home(&x->al, n->a) || is_const(x, n->a)
			 ? NO_REG
			 : alloc_use(&x->al, n->a);
	if (ra != X64_rax || alloc_lives(&x->al, n->a))
		alloc_clear(&x->al, X64_rax);
	if (x->al.reg[n->a] != X64_rax) {
		struct move m;
		alloc_move_all(&x->al, &m,
			alloc_move(&x->al, n->a, false, X64_rax, &m));
	}
	alloc_clear(&x->al, X64_rdx);
	uint32_t over = 0, there = 0;
	int32_t imm;
	bool checks =
		sign && remainder && !(is_imm32(x, n->b, &imm) && imm != -1);
	if (checks) { /* the lowest number by -1 faults */
		over = label_new(x);
		there = label_new(x);
		x64_ri(x->x, wide ? X64_cmp64 : X64_cmp32, rb, -1);
		branch_to(x, X64_e, over);
	}
	if (sign)
		x64_plain(x->x, wide ? X64_cqo : X64_cdq);
	else
		x64_mov_imm(x->x, X64_rdx, 0);
	if (sign)
		x64_r(x->x, wide ? X64_idiv64 : X64_idiv32, rb);
	else
		x64_r(x->x, wide ? X64_div64 : X64_div32, rb);
	if (checks) {
		enum part part = x->part;
		label_here(x, there);
		part_begin(x, PART_side);
		label_here(x, over);
		x64_mov_imm(x->x, X64_rdx, 0);
		jump_to(x, there);
		part_begin(x, part);
	}
	done2(x, n);
	alloc_define(&x->al, i, remainder ? X64_rdx : X64_rax);
}

/* The upper half of a product of 64 bits each: rax by a register, in rdx. */
static void
multiply_high(struct machine *x, uint32_t i, enum x64_op op)
{
	const struct node *n = node_of(x, i);
	regset fixed = BIT(X64_rax) | BIT(X64_rdx);
	int rb = alloc_use_in(&x->al, n->b, MACHINE_INTS & ~fixed);
	alloc_clear(&x->al, X64_rax);
	struct move m;
	alloc_move_all(
		&x->al, &m, alloc_move(&x->al, n->a, false, X64_rax, &m));
	alloc_clear(&x->al, X64_rdx);
	x64_r(x->x, op, rb);
	done2(x, n);
	alloc_define(&x->al, i, X64_rdx);
}

static void
unary(struct machine *x, uint32_t i, enum x64_op op)
{
	const struct node *n = node_of(x, i);
	if (alloc_at_home(&x->al, n->a) && !alloc_lives(&x->al, n->a)) {
		struct x64_mem m = slot_mem(alloc_home(&x->al, n->a));
		x64_rm(x->x, op, alloc_result(&x->al, i, 0), m);
		return;
	}
	int ra = alloc_use(&x->al, n->a);
	x64_rr(x->x, op, alloc_result(&x->al, i, n->a), ra);
	done2(x, n);
}

/* The same value under another type. */
static void
same(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	int ra = alloc_use(&x->al, n->a);
	int r = alloc_result(&x->al, i, n->a);
	if (r != ra)
		machine_move(x, TYPE_i64, r, ra);
	done2(x, n);
}

/* Comparison. */

/* By an instruction's place behind that of eq, in op.def; so are test_float's.
 */
static_assert(
	OP_i32_ge_u - OP_i32_eq == 9 && OP_i64_ge_u - OP_i64_eq == 9 &&
		OP_i32_lt_s - OP_i32_eq == 2 && OP_i32_le_s - OP_i32_eq == 6 &&
		OP_f32_lt - OP_f32_eq == 2 && OP_f32_ge - OP_f32_eq == 5 &&
		OP_f64_ge - OP_f64_eq == 5 && OP_i64_eq > OP_i32_ge_u &&
		OP_f32_eq > OP_i64_ge_u && OP_f64_eq > OP_f32_ge,
	"comparisons by type, then eq ne lt gt le ge");
static const struct {
	uint8_t cond, mirror;
} conds[] = {
	{ X64_e, X64_e },
	{ X64_ne, X64_ne },
	{ X64_l, X64_g },
	{ X64_b, X64_a },
	{ X64_g, X64_l },
	{ X64_a, X64_b },
	{ X64_le, X64_ge },
	{ X64_be, X64_ae },
	{ X64_ge, X64_le },
	{ X64_ae, X64_be },
};

/* The bits of a mask that is merged. */
static void
test_mask(struct machine *x, const struct node *n, bool wide)
{
	int32_t imm;
	uint32_t a = n->a, b = n->b;
	order(x, &a, &b);
	int ra = alloc_use(&x->al, a);
	if (!is_imm32(x, b, &imm))
		x64_rr(x->x, wide ? X64_test64 : X64_test32, ra,
			alloc_use(&x->al, b));
	else if (imm >= 0 && imm <= 0x7f)
		x64_ri(x->x, X64_test8, ra, imm);
	else
		x64_ri(x->x, wide ? X64_test64 : X64_test32, ra, imm);
}

/* v against 0: equal or not. */
static void
test_zero(struct machine *x, uint32_t v)
{
	bool wide = is_wide(x, v);
	const struct node *n = node_of(x, v);
	if (x->flags == v && x->flags_at == x->x->at)
		return;
	if (x->an.folded[v] && (n->op == OP_i32_and || n->op == OP_i64_and)) {
		test_mask(x, n, wide);
		return;
	}
	if (x->an.folded[v]) {
		struct x64_mem m = x64_address(x, n);
		x64_load_here(x, v);
		x64_mi(x->x, wide ? X64_cmp64 : X64_cmp32, m, 0);
		return;
	}
	if (alloc_at_home(&x->al, v) && !alloc_lives(&x->al, v)) {
		x64_mi(x->x, wide ? X64_cmp64 : X64_cmp32,
			slot_mem(alloc_home(&x->al, v)), 0);
		return;
	}
	int r = alloc_use(&x->al, v);
	x64_rr(x->x, wide ? X64_test64 : X64_test32, r, r);
}

static struct x64_test
test_compare(struct machine *x, uint32_t a, uint32_t b, unsigned which)
{
	bool wide = is_wide(x, a), mirrored = is_const(x, a) && !is_const(x, b);
	enum x64_op cmp = wide ? X64_cmp64 : X64_cmp32;
	int32_t imm;
	if (mirrored) {
		uint32_t t = a;
		a = b;
		b = t;
	}
	struct x64_test test = {
		mirrored ? conds[which].mirror : conds[which].cond, TEST_one
	};
	bool fits = is_imm32(x, b, &imm);
	if (fits && imm == 0 && which < 2) {
		test_zero(x, a);
	} else if (fits && x->an.folded[a]) {
		struct x64_mem m = x64_address(x, node_of(x, a));
		x64_load_here(x, a);
		x64_mi(x->x, cmp, m, imm);
	} else if (fits && alloc_at_home(&x->al, a) &&
		   !alloc_lives(&x->al, a)) {
		x64_mi(x->x, cmp, slot_mem(alloc_home(&x->al, a)), imm);
	} else {
		int ra = alloc_use(&x->al, a);
		apply(x, cmp, ra, second(x, b));
	}
	done(x, a);
	done(x, b);
	return test;
}

/* Equal, unless unordered; less than by looking from the other side. */
static struct x64_test
test_float(struct machine *x, uint32_t a, uint32_t b, unsigned which)
{
	bool wide = node_of(x, a)->type == TYPE_f64;
	enum x64_op op = wide ? X64_vucomisd : X64_vucomiss;
	struct x64_test test = { X64_e, TEST_and_no_parity };
	if (which == 1)
		test = (struct x64_test){ X64_ne, TEST_or_parity };
	else if (which > 1)
		test = (struct x64_test){ which < 4 ? X64_a : X64_ae,
			TEST_one };
	if (which == 2 || which == 4) { /* lt, le */
		uint32_t t = a;
		a = b;
		b = t;
	}
	int ra = alloc_use(&x->al, a);
	if (x->an.folded[b]) {
		struct x64_mem m = x64_address(x, node_of(x, b));
		point_here(x, b);
		x64_rm(x->x, op, xmm(ra), m);
	} else if (alloc_at_home(&x->al, b))
		x64_rm(x->x, op, xmm(ra), slot_mem(alloc_home(&x->al, b)));
	else
		x64_rr(x->x, op, xmm(ra), xmm(alloc_use(&x->al, b)));
	done(x, a);
	done(x, b);
	return test;
}

/* Flags of the comparison in node i. */
static struct x64_test
compare(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	switch (n->op) {
	case OP_i32_eqz:
	case OP_i64_eqz:
	case OP_ref_is_null:
		test_zero(x, n->a);
		done(x, n->a);
		return (struct x64_test){ X64_e, TEST_one };
	case OP_ref_eq:
		return test_compare(x, n->a, n->b, 0);
	case IR_is:
		return x64_object_is(x, n);
	default:
		if (n->op >= OP_f64_eq)
			return test_float(x, n->a, n->b, n->op - OP_f64_eq);
		if (n->op >= OP_f32_eq)
			return test_float(x, n->a, n->b, n->op - OP_f32_eq);
		if (n->op >= OP_i64_eq)
			return test_compare(x, n->a, n->b, n->op - OP_i64_eq);
		return test_compare(x, n->a, n->b, n->op - OP_i32_eq);
	}
}

struct x64_test
x64_test(struct machine *x, uint32_t v)
{
	if (x->an.folded[v] && ir_compares(node_of(x, v)->op))
		return compare(x, v);
	test_zero(x, v);
	if (x->an.folded[v])
		done(x, v);
	return (struct x64_test){ X64_ne, TEST_one };
}

struct x64_test
x64_test_not(struct x64_test t)
{
	t.cond ^= 1;
	if (t.kind == TEST_and_no_parity)
		t.kind = TEST_or_parity;
	else if (t.kind == TEST_or_parity)
		t.kind = TEST_and_no_parity;
	return t;
}

void
x64_test_branch(struct machine *x, struct x64_test t, uint32_t label)
{
	uint32_t over;
	switch (t.kind) {
	case TEST_one:
		branch_to(x, t.cond, label);
		break;
	case TEST_or_parity:
		branch_to(x, X64_p, label);
		branch_to(x, t.cond, label);
		break;
	case TEST_and_no_parity:
		over = label_new(x);
		branch_to(x, X64_p, over);
		branch_to(x, t.cond, label);
		label_here(x, over);
		break;
	}
}

static void
materialize(struct machine *x, uint32_t i)
{
	struct x64_test t = compare(x, i);
	int r = alloc_result(&x->al, i, 0);
	x64_mov_imm_keep(x->x, r, 0);
	x64_setcc(x->x, t.cond, r);
	if (t.kind != TEST_one) {
		bool or = t.kind == TEST_or_parity;
		x64_setcc(x->x, or ? X64_p : X64_np, RTMP);
		x64_rr(x->x, or ? X64_or8 : X64_and8, r, RTMP);
	}
}

/* a if c, else b. */
static void
select_int(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	bool wide = is_wide(x, i);
	int ra = alloc_use(&x->al, n->a), rb = alloc_use(&x->al, n->b);
	struct x64_test t = x64_test(x, n->c);
	alloc_done(&x->al, n->c);
	/* the test may have let go of the operands, if they were its own */
	x->al.pinned |= BIT(ra) | BIT(rb);
	int r = alloc_result(&x->al, i, n->b);
	if (r != rb)
		machine_move(x, TYPE_i64, r, rb);
	if (t.kind == TEST_and_no_parity) {
		uint32_t over = label_new(x);
		branch_to(x, X64_p, over);
		x64_cmov(x->x, t.cond, wide, r, ra);
		label_here(x, over);
	} else {
		x64_cmov(x->x, t.cond, wide, r, ra);
		if (t.kind == TEST_or_parity)
			x64_cmov(x->x, X64_p, wide, r, ra);
	}
	done2(x, n);
}

static void
select_float(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	int ra = alloc_use(&x->al, n->a), rb = alloc_use(&x->al, n->b);
	struct x64_test t = x64_test(x, n->c);
	alloc_done(&x->al, n->c);
	x->al.pinned |= BIT(ra) | BIT(rb);
	int r = alloc_result(&x->al, i, n->b);
	uint32_t over = label_new(x);
	if (r != rb)
		machine_move(x, TYPE_v128, r, rb);
	x64_test_branch(x, x64_test_not(t), over);
	machine_move(x, TYPE_v128, r, ra);
	label_here(x, over);
	done2(x, n);
}

static void
trap_if(struct machine *x, uint32_t i, bool sense)
{
	const struct node *n = node_of(x, i);
	uint32_t number = n->b;
	struct x64_test t = x64_test(x, n->a);
	uint32_t label = trap_label(x, i, n->flags, number);
	x64_test_branch(x, sense ? t : x64_test_not(t), label);
	done2(x, n);
}

/* It is where it is, or made where it is used. */
static void
nothing(struct machine *x, uint32_t i)
{
	(void)x;
	(void)i;
}

static void
select_any(struct machine *x, uint32_t i)
{
	if (node_of(x, i)->type >= TYPE_f32)
		select_float(x, i);
	else
		select_int(x, i);
}

bool
x64_compare_select(struct machine *x, uint32_t i)
{
	if (!ir_compares(node_of(x, i)->op))
		return false;
	materialize(x, i);
	return true;
}

X64_SELECT(const, nothing(x, i))
X64_SELECT(param, nothing(x, i))
X64_SELECT(phi, nothing(x, i))
X64_SELECT(instance, nothing(x, i))
X64_SELECT(copy, same(x, i))
X64_SELECT(bits, same(x, i))
X64_SELECT(ref, same(x, i))
X64_SELECT(is, materialize(x, i))
X64_SELECT(select, select_any(x, i))
X64_SELECT(high_s, multiply_high(x, i, X64_imul64_wide))
X64_SELECT(high_u, multiply_high(x, i, X64_mul64))
X64_SELECT(trap_if, trap_if(x, i, true))
X64_SELECT(trap_unless, trap_if(x, i, false))
#define INT(id, function) X64_SELECT(id, function(x, i))
#define ALU(id, op, commutes) X64_SELECT(id, binary(x, i, X64_##op, commutes))
#define SHIFT(id, by_imm, by_reg) \
	X64_SELECT(id, shift(x, i, X64_##by_imm, X64_##by_reg))
#define ROTATE(id, left) X64_SELECT(id, rotate(x, i, left))
#define DIVIDE(id, sign, remainder) \
	X64_SELECT(id, divide(x, i, sign, remainder))
#define MOVE(id, op) X64_SELECT(id, unary(x, i, X64_##op))
#include "jit/x64_scalar.def"
