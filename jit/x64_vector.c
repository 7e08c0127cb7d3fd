/*
 * Vectors on x86-64: most instructions are one of the machine's, by the table;
 * the others are short sequences, with results as spec/vector.h has them.
 */
#include "jit/x64_vector.h"

#include <assert.h>

#define BYTES(n) ((uint64_t)(uint8_t)(n)*UINT64_C(0x0101010101010101))

void
vector_constant(struct machine *x, enum x64_op op, int r, int v, uint64_t low,
	uint64_t high)
{
	uint32_t label = constant_label(x, low);
	constant_label(x, high); /* right behind it */
	label_fix(x, x64_rip(x->x, op, r, v), label);
}

static void
constant(struct machine *x, enum x64_op op, int r, int v, uint64_t bits)
{
	vector_constant(x, op, r, v, bits, bits);
}

static void
ones(struct machine *x, int r)
{
	x64_rvr(x->x, X64_vpcmpeqd, r, r, r);
}

static void
zero(struct machine *x, int r)
{
	x64_rvr(x->x, X64_vpxor, r, r, r);
}

static void
invert(struct machine *x, int r)
{
	ones(x, XT);
	x64_rvr(x->x, X64_vpxor, r, r, XT);
}

/* The families of the table. */

/* op(a, b); b may be in memory */
static void
binary(struct machine *x, uint32_t i, enum x64_op op, uint32_t a, uint32_t b)
{
	int ra = vector_use(x, a);
	if (alloc_at_home(&x->al, b)) {
		struct x64_mem m = slot_mem(alloc_home(&x->al, b));
		x64_rvm(x->x, op, vector_result(x, i, a), ra, m);
	} else if (is_const(x, b) && x->al.reg[b] == NO_REG) {
		const uint32_t *w = x->ir->aux + node_of(x, b)->c;
		vector_constant(x, op, vector_result(x, i, a), ra,
			(uint64_t)w[1] << 32 | w[0],
			(uint64_t)w[3] << 32 | w[2]);
	} else {
		int rb = vector_use(x, b);
		x64_rvr(x->x, op, vector_result(x, i, a), ra, rb);
	}
	vector_done(x, i);
}

static bool
in_register(struct machine *x, uint32_t v)
{
	return x->al.reg[v] != NO_REG;
}

static void
commutes(struct machine *x, uint32_t i, enum x64_op op)
{
	const struct node *n = node_of(x, i);
	if (!in_register(x, n->a) && in_register(x, n->b))
		binary(x, i, op, n->b, n->a);
	else
		binary(x, i, op, n->a, n->b);
}

static void
negated(struct machine *x, uint32_t i, enum x64_op op, bool reverse)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a), b = vector_use(x, n->b);
	int r = vector_result(x, i, n->a);
	x64_rvr(x->x, op, r, reverse ? b : a, reverse ? a : b);
	invert(x, r);
	vector_done(x, i);
}

static void
equal(struct machine *x, uint32_t i, enum x64_op op, enum x64_op eq, bool is)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a), b = vector_use(x, n->b);
	int r = vector_result(x, i, n->a);
	x64_rvr(x->x, op, XT, a, b);
	x64_rvr(x->x, eq, r, a, XT);
	if (!is)
		invert(x, r);
	vector_done(x, i);
}

static void
immediate(struct machine *x, uint32_t i, enum x64_op op, int imm)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a), b = vector_use(x, n->b);
	x64_rvri(x->x, op, vector_result(x, i, n->a), a, b, imm);
	vector_done(x, i);
}

static void
unary(struct machine *x, uint32_t i, enum x64_op op)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a);
	x64_rr(x->x, op, vector_result(x, i, n->a), a);
	vector_done(x, i);
}

static void
upper(struct machine *x, uint32_t i, enum x64_op op)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a);
	int r = vector_result(x, i, n->a);
	x64_rri(x->x, X64_vpshufd, r, a, 0xee);
	x64_rr(x->x, op, r, r);
	vector_done(x, i);
}

static void
round_(struct machine *x, uint32_t i, enum x64_op op, int imm)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a);
	x64_rri(x->x, op, vector_result(x, i, n->a), a, imm);
	vector_done(x, i);
}

static void
with_constant(struct machine *x, uint32_t i, enum x64_op op, uint64_t bits)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a);
	constant(x, op, vector_result(x, i, n->a), a, bits);
	vector_done(x, i);
}

/* op(bits that are all alike, a) */
static void
from(struct machine *x, uint32_t i, enum x64_op op, bool one)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a);
	if (one)
		ones(x, XT);
	else
		zero(x, XT);
	x64_rvr(x->x, op, vector_result(x, i, n->a), XT, a);
	vector_done(x, i);
}

static void
pair(struct machine *x, uint32_t i, enum x64_op first, enum x64_op second,
	enum x64_op join)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a), b = vector_use(x, n->b);
	int r = vector_result(x, i, 0);
	x64_rvr(x->x, first, XT, a, b);
	x64_rvr(x->x, second, r, a, b);
	x64_rvr(x->x, join, r, XT, r);
	vector_done(x, i);
}

static void
spread(struct machine *x, uint32_t i, enum x64_op op, int imm)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a), b = vector_use(x, n->b);
	int r = vector_result(x, i, 0);
	x64_rri(x->x, X64_vpshufd, XT, a, imm);
	x64_rri(x->x, X64_vpshufd, r, b, imm);
	x64_rvr(x->x, op, r, XT, r);
	vector_done(x, i);
}

static void
chain(struct machine *x, uint32_t i, enum x64_op first, enum x64_op second,
	bool reverse)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a), b = vector_use(x, n->b);
	int c = vector_use(x, n->c);
	int r = vector_result(x, i, n->c);
	x64_rvr(x->x, first, XT, a, b);
	x64_rvr(x->x, second, r, reverse ? c : XT, reverse ? XT : c);
	vector_done(x, i);
}

/*
 * The machine's min and max answer the second operand when one is NaN or both
 * are zero: both orders joined have the right sign.  A sum has the NaN.
 */
static void
min_max(struct machine *x, uint32_t i, const enum x64_op op[5])
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a), b = vector_use(x, n->b);
	int t = vector_free(x), r = vector_result(x, i, n->a);
	x64_rvr(x->x, op[0], XT, b, a);
	x64_rvr(x->x, op[0], t, a, b);
	x64_rvr(x->x, op[1], t, t, XT);
	x64_rvri(x->x, op[3], XT, a, b, 3);
	x64_rvr(x->x, op[2], r, a, b);
	x64_rvrr(x->x, op[4], r, t, r, XT);
	vector_done(x, i);
}

/* Lanes. */

static void
splat(struct machine *x, uint32_t i, enum x64_op move, enum x64_op op)
{
	const struct node *n = node_of(x, i);
	int a = alloc_use(&x->al, n->a), r = vector_result(x, i, 0);
	x64_rr(x->x, move, r, a);
	x64_rr(x->x, op, r, r);
	vector_done(x, i);
}

static void
extract(struct machine *x, uint32_t i, enum x64_op op, enum x64_op extend)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a), r = alloc_result(&x->al, i, 0);
	if (n->c == 0 && op == X64_vpextrd)
		x64_rr(x->x, X64_vmovd_rx, r, a);
	else if (n->c == 0 && op == X64_vpextrq)
		x64_rr(x->x, X64_vmovq_rx, r, a);
	else
		x64_rri(x->x, op, r, a, (int32_t)n->c);
	if (extend != X64_count)
		x64_rr(x->x, extend, r, r);
	vector_done(x, i);
}

static void
extract_float(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a), r = vector_result(x, i, n->a);
	if (n->c == 0 && r != a)
		x64_rr(x->x, X64_vmovaps, r, a);
	else if (n->c != 0 && n->op == OP_f32x4_extract_lane)
		x64_rri(x->x, X64_vpermilps, r, a, (int32_t)n->c);
	else if (n->c != 0)
		x64_rvr(x->x, X64_vunpckhpd, r, a, a);
	vector_done(x, i);
}

static void
replace(struct machine *x, uint32_t i, enum x64_op op)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a), b = alloc_use(&x->al, n->b);
	x64_rvri(x->x, op, vector_result(x, i, n->a), a, b, (int)n->c);
	vector_done(x, i);
}

static void
replace_f32(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	immediate(x, i, X64_vinsertps, (int)n->c << 4);
}

static void
replace_f64(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a), b = vector_use(x, n->b);
	int r = vector_result(x, i, n->a);
	x64_rvr(x->x, n->c == 0 ? X64_vmovsd : X64_vmovlhps, r, a, b);
	vector_done(x, i);
}

/* Bits. */

/* (a & c) | (b & ~c) */
static void
bitselect(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a), b = vector_use(x, n->b);
	int c = vector_use(x, n->c);
	int r = vector_result(x, i, n->c);
	x64_rvr(x->x, X64_vpand, XT, a, c);
	x64_rvr(x->x, X64_vpandn, r, c, b);
	x64_rvr(x->x, X64_vpor, r, r, XT);
	vector_done(x, i);
}

/* Whether v is zero or not, as a number: all bits of it. */
static void
test(struct machine *x, uint32_t i, int v, enum x64_cond cond)
{
	int r = alloc_result(&x->al, i, 0);
	x64_rr(x->x, X64_vptest, v, v);
	x64_setcc(x->x, cond, r);
	x64_rr(x->x, X64_movzx8, r, r);
	vector_done(x, i);
}

static void
any_true(struct machine *x, uint32_t i)
{
	test(x, i, vector_use(x, node_of(x, i)->a), X64_ne);
}

static void
all_true(struct machine *x, uint32_t i, enum x64_op op)
{
	int a = vector_use(x, node_of(x, i)->a);
	zero(x, XT);
	x64_rvr(x->x, op, XT, XT, a);
	test(x, i, XT, X64_e);
}

static void
bitmask(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a), r = alloc_result(&x->al, i, 0);
	switch (n->op) {
	case OP_i8x16_bitmask:
		x64_rr(x->x, X64_vpmovmskb, r, a);
		break;
	case OP_i16x8_bitmask:
		zero(x, XT);
		x64_rvr(x->x, X64_vpacksswb, XT, a, XT);
		x64_rr(x->x, X64_vpmovmskb, r, XT);
		break;
	case OP_i32x4_bitmask:
		x64_rr(x->x, X64_vmovmskps, r, a);
		break;
	default:
		x64_rr(x->x, X64_vmovmskpd, r, a);
		break;
	}
	vector_done(x, i);
}

/* Shifts. */

/* The count b & mask: a constant, or in the scratch register, plus `more`. */
static bool
count(struct machine *x, uint32_t b, uint32_t mask, uint32_t more, uint32_t *k)
{
	if (is_const(x, b)) {
		*k = (node_of(x, b)->b & mask) + more;
		return true;
	}
	x64_rr(x->x, X64_mov32, RTMP, alloc_use(&x->al, b));
	x64_ri(x->x, X64_and32, RTMP, (int32_t)mask);
	if (more != 0)
		x64_ri(x->x, X64_add32, RTMP, (int32_t)more);
	x64_rr(x->x, X64_vmovd_xr, XT, RTMP);
	return false;
}

static void
shift(struct machine *x, uint32_t i, enum x64_op op, uint32_t mask)
{
	const struct node *n = node_of(x, i);
	uint32_t k;
	bool known = count(x, n->b, mask, 0, &k);
	int a = vector_use(x, n->a), r = vector_result(x, i, n->a);
	if (known)
		x64_rri(x->x, op, r, a, (int32_t)k);
	else
		x64_rvr(x->x, op, r, a, XT);
	vector_done(x, i);
}

/* As words, then bits that crossed a byte are masked out. */
static void
shift_bytes(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	bool left = n->op == OP_i8x16_shl;
	enum x64_op op = left ? X64_vpsllw : X64_vpsrlw;
	uint32_t k;
	bool known = count(x, n->b, 7, 0, &k);
	int a = vector_use(x, n->a);
	if (known) {
		int r = vector_result(x, i, n->a);
		x64_rri(x->x, op, r, a, (int32_t)k);
		constant(x, X64_vpand, r, r,
			BYTES(left ? 0xffu << k : 0xffu >> k));
	} else {
		int t = vector_free(x), r = vector_result(x, i, n->a);
		x64_rvr(x->x, op, r, a, XT);
		ones(x, t);
		x64_rri(x->x, X64_vpsrlw, t, t, 8);
		x64_rvr(x->x, op, t, t, XT);
		x64_rr(x->x, X64_vpbroadcastb, t, t);
		x64_rvr(x->x, X64_vpand, r, r, t);
	}
	vector_done(x, i);
}

/* As upper halves of words. */
static void
shr_s8(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	uint32_t k;
	bool known = count(x, n->b, 7, 8, &k);
	int a = vector_use(x, n->a);
	int t = vector_free(x), r = vector_result(x, i, n->a);
	x64_rvr(x->x, X64_vpunpcklbw, t, a, a);
	x64_rvr(x->x, X64_vpunpckhbw, r, a, a);
	if (known) {
		x64_rri(x->x, X64_vpsraw, t, t, (int32_t)k);
		x64_rri(x->x, X64_vpsraw, r, r, (int32_t)k);
	} else {
		x64_rvr(x->x, X64_vpsraw, t, t, XT);
		x64_rvr(x->x, X64_vpsraw, r, r, XT);
	}
	x64_rvr(x->x, X64_vpacksswb, r, t, r);
	vector_done(x, i);
}

/* The sign is moved down with the rest and subtracted from there. */
static void
shr_s64(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	const uint64_t sign = UINT64_C(1) << 63;
	uint32_t k;
	bool known = count(x, n->b, 63, 0, &k);
	int a = vector_use(x, n->a);
	int t = vector_free(x), r = vector_result(x, i, n->a);
	if (known) {
		constant(x, X64_vmovups, t, X64_none, sign >> k);
		x64_rri(x->x, X64_vpsrlq, r, a, (int32_t)k);
	} else {
		constant(x, X64_vmovups, t, X64_none, sign);
		x64_rvr(x->x, X64_vpsrlq, t, t, XT);
		x64_rvr(x->x, X64_vpsrlq, r, a, XT);
	}
	x64_rvr(x->x, X64_vpxor, r, r, t);
	x64_rvr(x->x, X64_vpsubq, r, r, t);
	vector_done(x, i);
}

/* Arithmetic of integers. */

static void
abs64(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a), r = vector_result(x, i, n->a);
	zero(x, XT);
	x64_rvr(x->x, X64_vpcmpgtq, XT, XT, a);
	x64_rvr(x->x, X64_vpxor, r, a, XT);
	x64_rvr(x->x, X64_vpsubq, r, r, XT);
	vector_done(x, i);
}

/* Three products of halves. */
static void
mul64(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a), b = vector_use(x, n->b);
	int t = vector_free(x), r = vector_result(x, i, n->a);
	x64_rri(x->x, X64_vpsrlq, t, a, 32);
	x64_rvr(x->x, X64_vpmuludq, t, t, b);
	x64_rri(x->x, X64_vpsrlq, XT, b, 32);
	x64_rvr(x->x, X64_vpmuludq, XT, XT, a);
	x64_rvr(x->x, X64_vpaddq, t, t, XT);
	x64_rri(x->x, X64_vpsllq, t, t, 32);
	x64_rvr(x->x, X64_vpmuludq, r, a, b);
	x64_rvr(x->x, X64_vpaddq, r, r, t);
	vector_done(x, i);
}

/* Of each half of a byte, from a table. */
static void
popcnt(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a);
	int t = vector_free(x), r = vector_result(x, i, 0);
	x64_rri(x->x, X64_vpsrlw, XT, a, 4);
	constant(x, X64_vpand, XT, XT, BYTES(0x0f));
	constant(x, X64_vpand, t, a, BYTES(0x0f));
	vector_constant(x, X64_vmovups, r, X64_none,
		UINT64_C(0x0302020102010100), UINT64_C(0x0403030203020201));
	x64_rvr(x->x, X64_vpshufb, t, r, t);
	x64_rvr(x->x, X64_vpshufb, r, r, XT);
	x64_rvr(x->x, X64_vpaddb, r, r, t);
	vector_done(x, i);
}

/* Words of r that are 0x8000 become one less. */
static void
saturate(struct machine *x, int r)
{
	constant(x, X64_vmovups, XT, X64_none, UINT64_C(0x8000800080008000));
	x64_rvr(x->x, X64_vpcmpeqw, XT, XT, r);
	x64_rvr(x->x, X64_vpaddw, r, r, XT);
}

static void
q15mulr(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a), b = vector_use(x, n->b);
	int r = vector_result(x, i, n->a);
	x64_rvr(x->x, X64_vpmulhrsw, r, a, b);
	saturate(x, r);
	vector_done(x, i);
}

/* r = products of signed bytes, added in pairs; t to work with */
static void
dot(struct machine *x, int r, int t, int a, int b)
{
	x64_rri(x->x, X64_vpsraw, XT, a, 8);
	x64_rri(x->x, X64_vpsraw, t, b, 8);
	x64_rvr(x->x, X64_vpmullw, t, t, XT);
	x64_rri(x->x, X64_vpsllw, XT, a, 8);
	x64_rri(x->x, X64_vpsraw, XT, XT, 8);
	x64_rri(x->x, X64_vpsllw, r, b, 8);
	x64_rri(x->x, X64_vpsraw, r, r, 8);
	x64_rvr(x->x, X64_vpmullw, r, r, XT);
	x64_rvr(x->x, X64_vpaddw, r, r, t);
	saturate(x, r);
}

static void
dot_bytes(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a), b = vector_use(x, n->b);
	int t = vector_free(x), r = vector_result(x, i, 0);
	dot(x, r, t, a, b);
	vector_done(x, i);
}

static void
dot_bytes_add(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a), b = vector_use(x, n->b);
	int c = vector_use(x, n->c);
	int t = vector_free(x), r = vector_result(x, i, 0);
	dot(x, r, t, a, b);
	constant(x, X64_vpmaddwd, r, r, UINT64_C(0x0001000100010001));
	x64_rvr(x->x, X64_vpaddd, r, r, c);
	vector_done(x, i);
}

static void
extmul_bytes(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	bool low = n->op == OP_i16x8_extmul_low_i8x16_s ||
		   n->op == OP_i16x8_extmul_low_i8x16_u;
	bool is_signed = n->op == OP_i16x8_extmul_low_i8x16_s ||
			 n->op == OP_i16x8_extmul_high_i8x16_s;
	enum x64_op extend = is_signed ? X64_vpmovsxbw : X64_vpmovzxbw;
	int a = vector_use(x, n->a), b = vector_use(x, n->b);
	int r = vector_result(x, i, 0);
	if (!low) {
		x64_rri(x->x, X64_vpshufd, XT, a, 0xee);
		x64_rri(x->x, X64_vpshufd, r, b, 0xee);
	}
	x64_rr(x->x, extend, XT, low ? a : XT);
	x64_rr(x->x, extend, r, low ? b : r);
	x64_rvr(x->x, X64_vpmullw, r, r, XT);
	vector_done(x, i);
}

/* Times one each: the bytes that are signed come second. */
static void
extadd_bytes(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a);
	constant(x, X64_vmovups, XT, X64_none, BYTES(1));
	x64_rvr(x->x, X64_vpmaddubsw, vector_result(x, i, n->a), XT, a);
	vector_done(x, i);
}

static void
extadd_words(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a), r = vector_result(x, i, n->a);
	x64_rri(x->x, X64_vpsrld, XT, a, 16);
	constant(x, X64_vpand, r, a, UINT64_C(0x0000ffff0000ffff));
	x64_rvr(x->x, X64_vpaddd, r, r, XT);
	vector_done(x, i);
}

/* Conversions. */

/* Halves are exact, their sum is rounded once. */
static void
convert_f32_u(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a), r = vector_result(x, i, n->a);
	x64_rri(x->x, X64_vpsrld, XT, a, 16);
	x64_rr(x->x, X64_vcvtdq2ps, XT, XT);
	constant(x, X64_vmulps, XT, XT, UINT64_C(0x4780000047800000));
	constant(x, X64_vpand, r, a, UINT64_C(0x0000ffff0000ffff));
	x64_rr(x->x, X64_vcvtdq2ps, r, r);
	x64_rvr(x->x, X64_vaddps, r, XT, r);
	vector_done(x, i);
}

/* 32 bits below the exponent of 2^52 are the number, 2^52 more. */
static void
convert_f64_u(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a), r = vector_result(x, i, n->a);
	constant(x, X64_vunpcklps, r, a, UINT64_C(0x4330000043300000));
	constant(x, X64_vsubpd, r, r, UINT64_C(0x4330000000000000));
	vector_done(x, i);
}

/* NaN becomes 0 before; the machine's answer for what is too big is -2^31. */
static void
trunc_f32_s(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a), r = vector_result(x, i, n->a);
	x64_rvri(x->x, X64_vcmpps, XT, a, a, 0);
	x64_rvr(x->x, X64_vandps, r, a, XT);
	constant(x, X64_vmovups, XT, X64_none, UINT64_C(0x4f0000004f000000));
	x64_rvri(x->x, X64_vcmpps, XT, XT, r, 2);
	x64_rr(x->x, X64_vcvttps2dq, r, r);
	x64_rvr(x->x, X64_vpxor, r, r, XT);
	vector_done(x, i);
}

/* What is 2^31 or more (-2^31 to the machine) and how much more. */
static void
trunc_f32_u(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a);
	int t = vector_free(x), r = vector_result(x, i, n->a);
	zero(x, XT);
	x64_rvr(x->x, X64_vmaxps, r, a, XT);
	constant(x, X64_vmovups, XT, X64_none, UINT64_C(0x4f0000004f000000));
	x64_rvr(x->x, X64_vsubps, t, r, XT);
	x64_rvri(x->x, X64_vcmpps, XT, XT, t, 2);
	x64_rr(x->x, X64_vcvttps2dq, t, t);
	x64_rvr(x->x, X64_vpxor, t, t, XT);
	zero(x, XT);
	x64_rvr(x->x, X64_vpmaxsd, t, t, XT);
	x64_rr(x->x, X64_vcvttps2dq, r, r);
	x64_rvr(x->x, X64_vpaddd, r, r, t);
	vector_done(x, i);
}

/* No more than 2^31 - 1, and 0 for NaN. */
static void
trunc_f64_s(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a), r = vector_result(x, i, n->a);
	x64_rvri(x->x, X64_vcmppd, XT, a, a, 0);
	constant(x, X64_vandps, XT, XT, UINT64_C(0x41dfffffffc00000));
	x64_rvr(x->x, X64_vminpd, r, a, XT);
	x64_rr(x->x, X64_vcvttpd2dq, r, r);
	vector_done(x, i);
}

/* From 0 to 2^32 - 1, 0 for NaN, without a fraction; then 2^52 more has the
 * number in its lower half. */
static void
trunc_f64_u(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	int a = vector_use(x, n->a), r = vector_result(x, i, n->a);
	zero(x, XT);
	x64_rvr(x->x, X64_vmaxpd, r, a, XT);
	constant(x, X64_vminpd, r, r, UINT64_C(0x41efffffffe00000));
	x64_rri(x->x, X64_vroundpd, r, r, 8 | 3);
	constant(x, X64_vaddpd, r, r, UINT64_C(0x4330000000000000));
	x64_rvri(x->x, X64_vshufps, r, r, XT, 0x88);
	vector_done(x, i);
}

/* clang-format off */
bool
x64_vector_select(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	switch (n->op) {
#define ROW(id, call) case OP_##id: call; return true;
#define BINARY(id, op) ROW(id, binary(x, i, X64_##op, n->a, n->b))
#define COMMUTES(id, op) ROW(id, commutes(x, i, X64_##op))
#define REVERSED(id, op) ROW(id, binary(x, i, X64_##op, n->b, n->a))
#define NOT(id, op) ROW(id, negated(x, i, X64_##op, false))
#define NOT_REVERSED(id, op) ROW(id, negated(x, i, X64_##op, true))
#define EQUAL(id, op, eq) ROW(id, equal(x, i, X64_##op, X64_##eq, true))
#define UNEQUAL(id, op, eq) ROW(id, equal(x, i, X64_##op, X64_##eq, false))
#define IMMEDIATE(id, op, imm) ROW(id, immediate(x, i, X64_##op, imm))
#define UNARY(id, op) ROW(id, unary(x, i, X64_##op))
#define UPPER(id, op) ROW(id, upper(x, i, X64_##op))
#define ROUND(id, op, imm) ROW(id, round_(x, i, X64_##op, imm))
#define CONSTANT(id, op, bits) ROW(id, with_constant(x, i, X64_##op, UINT64_C(bits)))
#define FROM_ZERO(id, op) ROW(id, from(x, i, X64_##op, false))
#define FROM_ONES(id, op) ROW(id, from(x, i, X64_##op, true))
#define SHIFT(id, op, mask) ROW(id, shift(x, i, X64_##op, mask))
#define PAIR(id, first, second, join) ROW(id, pair(x, i, X64_##first, X64_##second, X64_##join))
#define SPREAD(id, op, imm) ROW(id, spread(x, i, X64_##op, imm))
#define CHAIN(id, first, second) ROW(id, chain(x, i, X64_##first, X64_##second, false))
#define CHAIN_REVERSED(id, first, second) ROW(id, chain(x, i, X64_##first, X64_##second, true))
#define MINMAX(id, op, join, add, cmp, blend) ROW(id, min_max(x, i, (const enum x64_op[]){ X64_##op, X64_##join, X64_##add, X64_##cmp, X64_##blend }))
#define SPLAT(id, move, op) ROW(id, splat(x, i, X64_##move, X64_##op))
#define EXTRACT(id, op, extend) ROW(id, extract(x, i, X64_##op, X64_##extend))
#define REPLACE(id, op) ROW(id, replace(x, i, X64_##op))
#define ALL_TRUE(id, op) ROW(id, all_true(x, i, X64_##op))
#define SEQUENCE(id, function) ROW(id, function(x, i))
#include "jit/x64_vector.def"
	default:
		return false;
	}
}
/* clang-format on */
