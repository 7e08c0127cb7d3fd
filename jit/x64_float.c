/*
 * Floats on x86-64, and conversions.
 */
#include "jit/x64_gen.h"

#include "trap/trap.h"

#define SIGN32 UINT64_C(0x80000000)
#define SIGN64 UINT64_C(0x8000000000000000)

static bool
is_double(struct machine *x, uint32_t v)
{
	return node_of(x, v)->type == TYPE_f64;
}

/* reg = v op [constant] */
static void
with_constant(struct machine *x, enum x64_op op, int r, int v, uint64_t bits)
{
	label_fix(x, x64_rip(x->x, op, r, v), constant_label(x, bits));
}

/* The constant in the scratch register. */
static void
scratch_constant(struct machine *x, bool wide, uint64_t bits)
{
	with_constant(
		x, wide ? X64_vmovsd : X64_vmovss, xmm(XTMP), X64_none, bits);
}

static void
binary(struct machine *x, uint32_t i, enum x64_op op, bool commutes)
{
	const struct node *n = node_of(x, i);
	uint32_t a = n->a, b = n->b;
	if (commutes && alloc_at_home(&x->al, a) && !alloc_at_home(&x->al, b)) {
		a = n->b;
		b = n->a;
	}
	if (x->an.folded[a]) {
		a = n->b;
		b = n->a;
	}
	int ra = alloc_use(&x->al, a);
	if (x->an.folded[b]) {
		struct x64_mem m = x64_address(x, node_of(x, b));
		int r = alloc_result(&x->al, i, a);
		x64_load_here(x, b);
		x64_rvm(x->x, op, xmm(r), xmm(ra), m);
	} else if (alloc_at_home(&x->al, b)) {
		struct x64_mem m = slot_mem(alloc_home(&x->al, b));
		x64_rvm(x->x, op, xmm(alloc_result(&x->al, i, a)), xmm(ra), m);
	} else if (is_const(x, b) && x->al.reg[b] == NO_REG) {
		int r = alloc_result(&x->al, i, a);
		with_constant(
			x, op, xmm(r), xmm(ra), const_bits(node_of(x, b)));
	} else {
		int rb = alloc_use(&x->al, b);
		int r = alloc_result(&x->al, i, a);
		x64_rvr(x->x, op, xmm(r), xmm(ra), xmm(rb));
	}
	done2(x, n);
}

/*
 * The machine's min and max answer the second operand when one is NaN or both
 * are zero.  Different operands: take that of the machine.  Equal ones: join
 * their signs.  Unordered: their sum is a NaN.
 */
static void
min_max(struct machine *x, uint32_t i, bool max)
{
	const struct node *n = node_of(x, i);
	bool wide = is_double(x, i);
	int a = alloc_use(&x->al, n->a), b = alloc_use(&x->al, n->b);
	int r = alloc_result(&x->al, i, 0);
	uint32_t odd = label_new(x), unordered = label_new(x),
		 there = label_new(x);
	x64_rr(x->x, wide ? X64_vucomisd : X64_vucomiss, xmm(a), xmm(b));
	branch_to(x, X64_e, odd); /* or unordered */
	if (max)
		x64_rvr(x->x, wide ? X64_vmaxsd : X64_vmaxss, xmm(r), xmm(a),
			xmm(b));
	else
		x64_rvr(x->x, wide ? X64_vminsd : X64_vminss, xmm(r), xmm(a),
			xmm(b));
	label_here(x, there);
	enum part part = x->part;
	part_begin(x, PART_side);
	label_here(x, odd);
	branch_to(x, X64_p, unordered);
	x64_rvr(x->x, max ? X64_vandps : X64_vorps, xmm(r), xmm(a), xmm(b));
	jump_to(x, there);
	label_here(x, unordered);
	x64_rvr(x->x, wide ? X64_vaddsd : X64_vaddss, xmm(r), xmm(a), xmm(b));
	jump_to(x, there);
	part_begin(x, part);
	done2(x, n);
}

static void
round_(struct machine *x, uint32_t i, int how)
{
	const struct node *n = node_of(x, i);
	int a = alloc_use(&x->al, n->a);
	int r = alloc_result(&x->al, i, n->a);
	x64_rvri(x->x, is_double(x, i) ? X64_vroundsd : X64_vroundss, xmm(r),
		xmm(a), xmm(a), how | 8);
	done2(x, n);
}

/* reg = reg op itself: sqrt, promote, demote */
static void
unary(struct machine *x, uint32_t i, enum x64_op op)
{
	const struct node *n = node_of(x, i);
	int a = alloc_use(&x->al, n->a);
	int r = alloc_result(&x->al, i, n->a);
	x64_rvr(x->x, op, xmm(r), xmm(a), xmm(a));
	done2(x, n);
}

/* The sign bit: taken away, or turned. */
static void
sign(struct machine *x, uint32_t i, bool flip)
{
	const struct node *n = node_of(x, i);
	bool wide = is_double(x, i);
	uint64_t bit = wide ? SIGN64 : SIGN32;
	int a = alloc_use(&x->al, n->a);
	scratch_constant(x, wide, flip ? bit : bit - 1);
	int r = alloc_result(&x->al, i, n->a);
	x64_rvr(x->x, flip ? X64_vxorps : X64_vandps, xmm(r), xmm(a),
		xmm(XTMP));
	done2(x, n);
}

static void
copysign_(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	bool wide = is_double(x, i);
	int a = alloc_use(&x->al, n->a), b = alloc_use(&x->al, n->b);
	int t = alloc_free_in(&x->al, MACHINE_FLOATS);
	scratch_constant(x, wide, wide ? SIGN64 : SIGN32);
	x64_rvr(x->x, X64_vandps, xmm(t), xmm(b), xmm(XTMP));
	x64_rvr(x->x, X64_vandnps, xmm(XTMP), xmm(XTMP), xmm(a));
	int r = alloc_result(&x->al, i, n->a);
	x64_rvr(x->x, X64_vorps, xmm(r), xmm(t), xmm(XTMP));
	done2(x, n);
}

/* Between the files of registers, bit by bit. */
static void
reinterpret(struct machine *x, uint32_t i, enum x64_op op)
{
	const struct node *n = node_of(x, i);
	int a = alloc_use(&x->al, n->a);
	int r = alloc_result(&x->al, i, 0);
	x64_rr(x->x, op, r >= 16 ? xmm(r) : r, a >= 16 ? xmm(a) : a);
	done2(x, n);
}

/* Signed integers of up to 64 bits, and unsigned ones of 32. */
static void
convert(struct machine *x, uint32_t i, enum x64_op op)
{
	const struct node *n = node_of(x, i);
	int a = alloc_use(&x->al, n->a);
	int r = alloc_result(&x->al, i, 0);
	x64_rvr(x->x, X64_vxorps, xmm(r), xmm(r), xmm(r));
	x64_rvr(x->x, op, xmm(r), xmm(r), a);
	done2(x, n);
}

/* With the upper bit set: half of it, the lost bit kept for rounding, twice. */
static void
convert_u64(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	bool wide = is_double(x, i);
	enum x64_op op = wide ? X64_vcvtsi2sd64 : X64_vcvtsi2ss64;
	int a = alloc_use(&x->al, n->a);
	int t = alloc_free_in(&x->al, MACHINE_INTS);
	int r = alloc_result(&x->al, i, 0);
	uint32_t high = label_new(x), there = label_new(x);
	x64_rvr(x->x, X64_vxorps, xmm(r), xmm(r), xmm(r));
	x64_rr(x->x, X64_test64, a, a);
	branch_to(x, X64_s, high);
	x64_rvr(x->x, op, xmm(r), xmm(r), a);
	label_here(x, there);
	enum part part = x->part;
	part_begin(x, PART_side);
	label_here(x, high);
	x64_rr(x->x, X64_mov64, t, a);
	x64_rr(x->x, X64_mov64, RTMP, a);
	x64_ri(x->x, X64_shr64, t, 1);
	x64_ri(x->x, X64_and32, RTMP, 1);
	x64_rr(x->x, X64_or64, t, RTMP);
	x64_rvr(x->x, op, xmm(r), xmm(r), t);
	x64_rvr(x->x, wide ? X64_vaddsd : X64_vaddss, xmm(r), xmm(r), xmm(r));
	jump_to(x, there);
	part_begin(x, part);
	done2(x, n);
}

/*
 * Truncation.  A signed one answers the lowest number for what does not fit;
 * then the side looks closer.
 */
struct truncation {
	bool from_double, to_wide, is_signed, saturates;
};

/* 2 to the n-th, as bits of the float type. */
static uint64_t
power(bool wide, unsigned n)
{
	return wide ? (uint64_t)(1023 + n) << 52 : (uint64_t)(127 + n) << 23;
}

static enum x64_op
cvtt(struct truncation t, bool to_wide)
{
	if (t.from_double)
		return to_wide ? X64_vcvttsd2si64 : X64_vcvttsd2si32;
	return to_wide ? X64_vcvttss2si64 : X64_vcvttss2si32;
}

/* The lowest value of r: which of the reasons?  Comes back to `there` if a is
 * the lowest number itself, or with what it saturates to. */
static void
signed_side(struct machine *x, uint32_t i, struct truncation t, int a, int r,
	uint32_t there)
{
	enum x64_op ucomi = t.from_double ? X64_vucomisd : X64_vucomiss;
	uint64_t lowest = power(t.from_double, t.to_wide ? 63 : 31) |
			  (t.from_double ? SIGN64 : SIGN32);
	/* the first below that is too low: for 32 bits of a double, -2^31 - 1
	 */
	bool open = t.from_double && !t.to_wide;
	if (open)
		lowest = UINT64_C(0xc1e0000000200000);
	if (t.saturates) {
		uint32_t nan = label_new(x);
		x64_rr(x->x, ucomi, xmm(a), xmm(a));
		branch_to(x, X64_p, nan);
		x64_rvr(x->x, X64_vxorps, xmm(XTMP), xmm(XTMP), xmm(XTMP));
		x64_rr(x->x, ucomi, xmm(a), xmm(XTMP));
		branch_to(x, X64_b, there); /* too low: the lowest is right */
		if (t.to_wide)
			x64_mov_imm(x->x, r, INT64_MAX);
		else
			x64_mov_imm_keep(x->x, r, INT32_MAX);
		jump_to(x, there);
		label_here(x, nan);
		x64_mov_imm_keep(x->x, r, 0);
		jump_to(x, there);
		return;
	}
	uint32_t nan = trap_label(x, i, TRAP_bad_conversion, 0);
	uint32_t over = trap_label(x, i, TRAP_integer_overflow, 0);
	x64_rr(x->x, ucomi, xmm(a), xmm(a));
	branch_to(x, X64_p, nan);
	scratch_constant(x, t.from_double, lowest);
	x64_rr(x->x, ucomi, xmm(a), xmm(XTMP));
	branch_to(x, open ? X64_be : X64_b, over);
	x64_rvr(x->x, X64_vxorps, xmm(XTMP), xmm(XTMP), xmm(XTMP));
	x64_rr(x->x, ucomi, xmm(a), xmm(XTMP));
	branch_to(x, X64_a, over);
	jump_to(x, there);
}

static void
truncate_signed(struct machine *x, uint32_t i, struct truncation t)
{
	const struct node *n = node_of(x, i);
	int a = alloc_use(&x->al, n->a);
	int r = alloc_result(&x->al, i, 0);
	uint32_t odd = label_new(x), there = label_new(x);
	x64_rr(x->x, cvtt(t, t.to_wide), r, xmm(a));
	x64_ri(x->x, t.to_wide ? X64_cmp64 : X64_cmp32, r, 1);
	branch_to(x, X64_o, odd);
	label_here(x, there);
	enum part part = x->part;
	part_begin(x, PART_odd);
	label_here(x, odd);
	signed_side(x, i, t, a, r, there);
	part_begin(x, part);
	done2(x, n);
}

/* Unsigned 32 bits: a signed conversion of 64 holds all of them. */
static void
truncate_u32(struct machine *x, uint32_t i, struct truncation t)
{
	const struct node *n = node_of(x, i);
	enum x64_op ucomi = t.from_double ? X64_vucomisd : X64_vucomiss;
	int a = alloc_use(&x->al, n->a);
	int r = alloc_result(&x->al, i, 0);
	uint32_t odd = label_new(x), there = label_new(x), nan;
	x64_rr(x->x, cvtt(t, true), r, xmm(a));
	x64_rr(x->x, X64_mov32, RTMP, r);
	x64_rr(x->x, X64_cmp64, RTMP, r);
	branch_to(x, X64_ne, odd);
	label_here(x, there);
	enum part part = x->part;
	part_begin(x, PART_odd);
	label_here(x, odd);
	x64_rr(x->x, ucomi, xmm(a), xmm(a));
	if (t.saturates) {
		nan = label_new(x);
		branch_to(x, X64_p, nan);
		x64_rvr(x->x, X64_vxorps, xmm(XTMP), xmm(XTMP), xmm(XTMP));
		x64_rr(x->x, ucomi, xmm(a), xmm(XTMP));
		branch_to(x, X64_b, nan);
		x64_ri(x->x, X64_mov32, r, -1);
		jump_to(x, there);
		label_here(x, nan);
		x64_mov_imm_keep(x->x, r, 0);
		jump_to(x, there);
	} else {
		nan = trap_label(x, i, TRAP_bad_conversion, 0);
		branch_to(x, X64_p, nan);
		jump_to(x, trap_label(x, i, TRAP_integer_overflow, 0));
	}
	part_begin(x, part);
	done2(x, n);
}

/* Unsigned 64 bits: below 2^63 as signed; else less 2^63, then the bit. */
static void
truncate_u64(struct machine *x, uint32_t i, struct truncation t)
{
	const struct node *n = node_of(x, i);
	enum x64_op ucomi = t.from_double ? X64_vucomisd : X64_vucomiss;
	int a = alloc_use(&x->al, n->a);
	int r = alloc_result(&x->al, i, 0);
	uint32_t high = label_new(x), low = label_new(x), there = label_new(x),
		 nan, over = 0;
	scratch_constant(x, t.from_double, power(t.from_double, 63));
	x64_rr(x->x, ucomi, xmm(a), xmm(XTMP));
	branch_to(x, X64_ae, high);
	branch_to(x, X64_p, high);
	x64_rr(x->x, cvtt(t, true), r, xmm(a));
	x64_rr(x->x, X64_test64, r, r);
	branch_to(x, X64_s, low);
	label_here(x, there);
	enum part part = x->part;
	part_begin(x, PART_odd);
	if (!t.saturates) {
		nan = trap_label(x, i, TRAP_bad_conversion, 0);
		over = trap_label(x, i, TRAP_integer_overflow, 0);
	} else {
		nan = low;
	}
	label_here(x, high);
	x64_rr(x->x, ucomi, xmm(a), xmm(a));
	branch_to(x, X64_p, nan);
	x64_rvr(x->x, t.from_double ? X64_vsubsd : X64_vsubss, xmm(XTMP),
		xmm(a), xmm(XTMP));
	x64_rr(x->x, cvtt(t, true), r, xmm(XTMP));
	x64_rr(x->x, X64_test64, r, r);
	uint32_t most = t.saturates ? label_new(x) : over;
	branch_to(x, X64_s, most);
	x64_mov_imm(x->x, RTMP, SIGN64);
	x64_rr(x->x, X64_or64, r, RTMP);
	jump_to(x, there);
	label_here(x, low);
	if (t.saturates) {
		x64_mov_imm_keep(x->x, r, 0);
		jump_to(x, there);
		label_here(x, most);
		x64_ri(x->x, X64_mov64, r, -1);
		jump_to(x, there);
	} else {
		jump_to(x, over);
	}
	part_begin(x, part);
	done2(x, n);
}

static void
truncate(struct machine *x, uint32_t i, struct truncation t)
{
	if (t.is_signed)
		truncate_signed(x, i, t);
	else if (t.to_wide)
		truncate_u64(x, i, t);
	else
		truncate_u32(x, i, t);
}

#define FLOAT(id, function) X64_SELECT(id, function(x, i))
#define FALU(id, op, commutes) X64_SELECT(id, binary(x, i, X64_##op, commutes))
#define FMOVE(id, op) X64_SELECT(id, unary(x, i, X64_##op))
#define MIN_MAX(id, max) X64_SELECT(id, min_max(x, i, max))
#define ROUND(id, how) X64_SELECT(id, round_(x, i, how))
#define SIGN(id, flip) X64_SELECT(id, sign(x, i, flip))
#define CONVERT(id, op) X64_SELECT(id, convert(x, i, X64_##op))
#define REINTERPRET(id, op) X64_SELECT(id, reinterpret(x, i, X64_##op))
#define TRUNCATE(id, ...) \
	X64_SELECT(id, truncate(x, i, (struct truncation){ __VA_ARGS__ }))
#include "jit/x64_scalar.def"
