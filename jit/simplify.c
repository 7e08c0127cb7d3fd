#include "jit/simplify.h"

#include <assert.h>

#include "jit/divide.h"
#include "spec/numeric.h"
#include "trap/likely.h"

const struct simplify_row simplify_rows[OP_count] = {
#define UNARY(id, from, to) \
	[OP_##id] = { SIMPLIFY_unary, TYPE_##from, TYPE_##to, false, 0, 0 },
#define CONVERT(id, from, to) \
	[OP_##id] = { SIMPLIFY_convert, TYPE_##from, TYPE_##to, false, 0, 0 },
#define BINARY(id, type, commutes) \
	[OP_##id] = { SIMPLIFY_binary, TYPE_##type, TYPE_##type, commutes, 0, \
		0 },
#define DIVIDE(id, type) \
	[OP_##id] = { SIMPLIFY_divide, TYPE_##type, TYPE_##type, false, 0, 0 },
#define COMPARE(id, type, mirror, inverse) \
	[OP_##id] = { SIMPLIFY_compare, TYPE_##type, TYPE_i32, false, \
		OP_##mirror, OP_##inverse },
#include "jit/value.def"
};

/* Constants */

#define ARG_i32(x) ((uint32_t)(x))
#define ARG_i64(x) (x)
#define ARG_f32(x) num_f32_of_bits((uint32_t)(x))
#define ARG_f64(x) num_f64_of_bits(x)
#define BITS_i32(x) (x)
#define BITS_i64(x) (x)
#define BITS_f32(x) num_bits_f32(x)
#define BITS_f64(x) num_bits_f64(x)
typedef uint32_t c_i32;
typedef uint64_t c_i64;

bool
simplify_compute_unary(enum op op, uint64_t x, uint64_t *out)
{
	switch (op) {
#define UNARY(id, from, to) \
	case OP_##id: \
		*out = BITS_##to(num_##id(ARG_##from(x))); \
		return true;
#define CONVERT(id, from, to) \
	case OP_##id: { \
		c_##to r = 0; \
		bool fine = num_##id(ARG_##from(x), &r) == NUM_fine; \
		*out = r; \
		return fine; \
	}
#include "jit/value.def"
	default:
		assert(false && "an instruction of one operand");
		return false;
	}
}

bool
simplify_compute_binary(enum op op, uint64_t x, uint64_t y, uint64_t *out)
{
	switch (op) {
#define BINARY(id, type, commutes) \
	case OP_##id: \
		*out = BITS_##type(num_##id(ARG_##type(x), ARG_##type(y))); \
		return true;
#define DIVIDE(id, type) \
	case OP_##id: { \
		c_##type r = 0; \
		bool fine = num_##id(ARG_##type(x), ARG_##type(y), &r) == \
			    NUM_fine; \
		*out = r; \
		return fine; \
	}
#define COMPARE(id, type, mirror, inverse) \
	case OP_##id: \
		*out = num_##id(ARG_##type(x), ARG_##type(y)); \
		return true;
#include "jit/value.def"
	default:
		assert(false && "an instruction of two operands");
		return false;
	}
}

/* Integers of 32 and 64 bits go together: an i64 instruction and its i32 twin.
 */

#define WIDE_ARITHMETIC (OP_i64_clz - OP_i32_clz)
#define WIDE_COMPARE (OP_i64_eqz - OP_i32_eqz)

static_assert(OP_i64_rotr - OP_i32_rotr == WIDE_ARITHMETIC &&
		      OP_i64_ge_u - OP_i32_ge_u == WIDE_COMPARE &&
		      OP_i64_div_s - OP_i32_div_s == WIDE_ARITHMETIC,
	"the rows of i64 stand like those of i32");

/* An integer operation being looked at. */
struct integer {
	struct builder *b;
	bool wide;
	enum op op; /* as of i32 */
	uint32_t x, y;
	bool is_const; /* y is k */
	uint64_t k, ones;
};

static uint32_t
number(const struct integer *i, uint64_t k)
{
	return value_const(i->b, i->wide ? TYPE_i64 : TYPE_i32, k);
}

/* op of i32 or its twin. */
static uint32_t
again(const struct integer *i, enum op op, uint32_t x, uint64_t k)
{
	return simplify_binary(i->b,
		(enum op)(op + (i->wide ? WIDE_ARITHMETIC : 0)), x,
		number(i, k));
}

/* x is op of something and a constant: these. */
static bool
is_const_op(const struct integer *i, enum op op, uint32_t *x, uint64_t *k)
{
	const struct node *n = value_seen(i->b, i->x);
	*x = n->a;
	return n->op == op + (i->wide ? WIDE_ARITHMETIC : 0) &&
	       value_is_const(i->b, n->b, k);
}

static unsigned
log2_of(uint64_t k)
{
	return (unsigned)num_i64_ctz(k);
}

static bool
is_power(uint64_t k)
{
	return k != 0 && (k & (k - 1)) == 0;
}

static uint32_t
sum(const struct integer *i)
{
	uint32_t x;
	uint64_t k;
	if (i->op == OP_i32_sub && i->x == i->y)
		return number(i, 0);
	if (!i->is_const)
		return 0;
	if (i->k == 0)
		return i->x;
	if (i->op == OP_i32_sub)
		return again(i, OP_i32_add, i->x, 0 - i->k);
	if (is_const_op(i, OP_i32_add, &x, &k))
		return again(i, OP_i32_add, x, k + i->k);
	return 0;
}

static uint32_t
product(const struct integer *i)
{
	if (!i->is_const)
		return 0;
	if (i->k == 0)
		return i->y;
	if (is_power(i->k))
		return again(i, OP_i32_shl, i->x, log2_of(i->k));
	return 0;
}

/* The mask of what was added: no bit above the highest of the sum. */
static uint64_t
sum_mask(uint64_t x, uint64_t y)
{
	uint64_t most = x + y;
	return most < x	   ? UINT64_MAX
	       : most == 0 ? 0
			   : UINT64_MAX >> num_i64_clz(most);
}

/* The bits that x may have; this many instructions are looked through. */
static uint64_t
mask_to(const struct builder *b, uint32_t x, unsigned depth)
{
	const struct node *n = &b->ir->nodes[x];
	uint64_t all = n->type == TYPE_i32 ? UINT32_MAX : UINT64_MAX, k;
	if (value_is_const(b, x, &k))
		return k;
	if (depth-- == 0)
		return all;
	switch (n->op) {
	case OP_i32_load8_u:
	case OP_i64_load8_u:
		return 0xff;
	case OP_i32_load16_u:
	case OP_i64_load16_u:
		return 0xffff;
	case OP_i64_load32_u:
		return 0xffffffff;
	case OP_i64_extend_i32_u:
	case OP_i32_wrap_i64:
		return mask_to(b, n->a, depth) & 0xffffffff;
	case OP_i32_and:
	case OP_i64_and:
		return mask_to(b, n->a, depth) & mask_to(b, n->b, depth);
	case OP_i32_or:
	case OP_i64_or:
	case OP_i32_xor:
	case OP_i64_xor:
	case IR_select:
		return mask_to(b, n->a, depth) | mask_to(b, n->b, depth);
	case OP_i32_add:
	case OP_i64_add:
		k = sum_mask(mask_to(b, n->a, depth), mask_to(b, n->b, depth));
		return k <= all ? k : all;
	case OP_i32_shl:
	case OP_i64_shl:
		return value_is_const(b, n->b, &k)
			       ? mask_to(b, n->a, depth) << (k & 63) & all
			       : all;
	case OP_i32_shr_u:
	case OP_i64_shr_u:
		return value_is_const(b, n->b, &k)
			       ? mask_to(b, n->a, depth) >> (k & 63)
			       : all;
	default:
		return n->op < OP_count && simplify_rows[n->op].kind ==
						   SIMPLIFY_compare
			       ? 1
			       : all;
	}
}

uint64_t
simplify_mask(const struct builder *b, uint32_t x)
{
	return mask_to(b, x, 4);
}

static uint32_t
bits(const struct integer *i)
{
	uint32_t x;
	uint64_t k;
	if (i->x == i->y)
		return i->op == OP_i32_xor ? number(i, 0) : i->x;
	if (!i->is_const)
		return 0;
	if (i->k == 0)
		return i->op == OP_i32_and ? i->y : i->x;
	if (i->k == i->ones && i->op != OP_i32_xor)
		return i->op == OP_i32_and ? i->x : i->y;
	if (i->op == OP_i32_and && (simplify_mask(i->b, i->x) & ~i->k) == 0)
		return i->x;
	if (!is_const_op(i, i->op, &x, &k))
		return 0;
	return again(i, i->op, x,
		i->op == OP_i32_and  ? k & i->k
		: i->op == OP_i32_or ? k | i->k
				     : k ^ i->k);
}

static uint32_t
shift(const struct integer *i)
{
	uint64_t k = i->k & (i->wide ? 63 : 31);
	if (!i->is_const)
		return 0;
	if (k == 0)
		return i->x;
	return k != i->k ? again(i, i->op, i->x, k) : 0;
}

/* Divisions by constants; what they check stands before them. */
static uint32_t
quotient(const struct integer *i)
{
	if (!i->is_const)
		return 0;
	if (i->k == 1)
		return i->op == OP_i32_div_s || i->op == OP_i32_div_u
			       ? i->x
			       : number(i, 0);
	if (i->op == OP_i32_rem_u && is_power(i->k))
		return again(i, OP_i32_and, i->x, i->k - 1);
	if (i->k == 0)
		return 0; /* has trapped */
	if (i->k != i->ones || i->op == OP_i32_div_u || i->op == OP_i32_rem_u)
		return divide(i->b, i->op, i->wide, i->x, i->k);
	return i->op == OP_i32_rem_s ? number(i, 0) : 0;
}

static uint32_t
arithmetic(const struct integer *i)
{
	switch (i->op) {
	case OP_i32_add:
	case OP_i32_sub:
		return sum(i);
	case OP_i32_mul:
		return product(i);
	case OP_i32_and:
	case OP_i32_or:
	case OP_i32_xor:
		return bits(i);
	case OP_i32_shl:
	case OP_i32_shr_s:
	case OP_i32_shr_u:
	case OP_i32_rotl:
	case OP_i32_rotr:
		return shift(i);
	case OP_i32_div_s:
	case OP_i32_div_u:
	case OP_i32_rem_s:
	case OP_i32_rem_u:
		return quotient(i);
	default:
		return 0;
	}
}

static uint32_t
comparison(const struct integer *i)
{
	if (i->x == i->y)
		return value_i32(i->b,
			i->op == OP_i32_eq || i->op == OP_i32_le_s ||
				i->op == OP_i32_le_u || i->op == OP_i32_ge_s ||
				i->op == OP_i32_ge_u);
	if (!i->is_const || i->k != 0)
		return 0;
	switch (i->op) {
	case OP_i32_eq:
	case OP_i32_le_u:
		return simplify_unary(
			i->b, i->wide ? OP_i64_eqz : OP_i32_eqz, i->x);
	case OP_i32_lt_u:
		return value_i32(i->b, 0);
	case OP_i32_ge_u:
		return value_i32(i->b, 1);
	default:
		return 0;
	}
}

static uint32_t
integer(struct builder *b, enum op op, uint32_t x, uint32_t y)
{
	struct integer i = { .b = b, .x = x, .y = y };
	bool compares = simplify_rows[op].kind == SIMPLIFY_compare;
	i.wide = simplify_rows[op].type == TYPE_i64;
	i.op = (enum op)(op - (!i.wide		 ? 0
				      : compares ? WIDE_COMPARE
						 : WIDE_ARITHMETIC));
	i.ones = i.wide ? UINT64_MAX : UINT32_MAX;
	i.is_const = value_is_const(b, y, &i.k);
	return compares ? comparison(&i) : arithmetic(&i);
}

/* Of equal operands, or of one that is no constant and one that is. */
static NOINLINE uint32_t
special(struct builder *b, enum op op, uint32_t x, uint32_t y)
{
	const struct simplify_row *row = &simplify_rows[op];
	uint64_t k;
	uint32_t v = row->type == TYPE_i32 || row->type == TYPE_i64
			     ? integer(b, op, x, y)
			     : 0;
	if (v != 0)
		return v;
	v = value_pure(b, op, (enum ir_type)row->result, x, y, 0);
	if (op == OP_i32_shl && value_is_const(b, y, &k))
		b->ir->nodes[v].c = simplify_mask(b, x) << k <= UINT32_MAX;
	return v;
}

/* Of a constant and anything. */
static NOINLINE uint32_t
constant(struct builder *b, enum op op, uint32_t x, uint32_t y)
{
	const struct simplify_row *row = &simplify_rows[op];
	enum ir_type result = (enum ir_type)row->result;
	uint64_t kx, ky, k;
	bool left = value_is_const(b, x, &kx),
	     right = value_is_const(b, y, &ky);
	if (left && right && simplify_compute_binary(op, kx, ky, &k))
		return value_const(b, result, k);
	if (left && !right && row->commutes)
		return special(b, op, y, x);
	if (left && !right && row->mirror != 0)
		return special(b, (enum op)row->mirror, y, x);
	return special(b, op, x, y);
}

/* A third of all is an i32 and a number that is added to it; comparisons with
 * any number but 0 are as they are, too. */
uint32_t
simplify_binary(struct builder *b, enum op op, uint32_t x, uint32_t y)
{
	const struct node *nodes = b->ir->nodes;
	const struct simplify_row *row = &simplify_rows[op];
	if (UNLIKELY(nodes[x].op == IR_const))
		return constant(b, op, x, y);
	if (UNLIKELY(x == y))
		return special(b, op, x, y);
	if (nodes[y].op == IR_const &&
		(nodes[y].b == 0 ||
			(op == OP_i32_add ? nodes[x].op == OP_i32_add
					  : row->kind != SIMPLIFY_compare)))
		return special(b, op, x, y);
	return value_pure(b, op, (enum ir_type)row->result, x, y, 0);
}

/* The result of eqz on x, which is one of an instruction that it inverts. */
static uint32_t
inverted(struct builder *b, uint32_t x)
{
	const struct node *n = value_seen(b, x);
	if (n->op >= OP_count)
		return 0;
	const struct simplify_row *row = &simplify_rows[n->op];
	if (row->kind == SIMPLIFY_compare && row->inverse != OP_nop)
		return simplify_binary(b, (enum op)row->inverse, n->a, n->b);
	if (n->op == OP_i32_eqz)
		return simplify_binary(b, OP_i32_ne, n->a, value_i32(b, 0));
	if (n->op == OP_i64_eqz)
		return simplify_binary(b, OP_i64_ne, n->a, value_i64(b, 0));
	return 0;
}

/* Extensions and their opposites. */
static uint32_t
extended(struct builder *b, enum op op, uint32_t x)
{
	const struct node *n = value_seen(b, x);
	switch (op) {
	case OP_i32_wrap_i64:
		return n->op == OP_i64_extend_i32_u ||
				       n->op == OP_i64_extend_i32_s
			       ? n->a
			       : 0;
	case OP_i64_extend_i32_u:
		return n->op == OP_i32_wrap_i64
			       ? simplify_binary(b, OP_i64_and, n->a,
					 value_i64(b, UINT32_MAX))
			       : 0;
	case OP_i64_extend_i32_s:
		return n->op == OP_i32_wrap_i64
			       ? simplify_unary(b, OP_i64_extend32_s, n->a)
			       : 0;
	case OP_i32_extend8_s:
		return n->op == op || n->op == OP_i32_load8_s ? x : 0;
	case OP_i32_extend16_s:
		return n->op == op || n->op == OP_i32_extend8_s ||
				       n->op == OP_i32_load8_s ||
				       n->op == OP_i32_load16_s ||
				       n->op == OP_i32_load8_u
			       ? x
			       : 0;
	case OP_i64_extend32_s:
		return n->op == op || n->op == OP_i64_extend_i32_s ||
				       n->op == OP_i64_load32_s
			       ? x
			       : 0;
	default:
		return 0;
	}
}

uint32_t
simplify_unary(struct builder *b, enum op op, uint32_t x)
{
	const struct simplify_row *row = &simplify_rows[op];
	enum ir_type result = (enum ir_type)row->result;
	uint64_t k, r;
	if (value_is_const(b, x, &k) && simplify_compute_unary(op, k, &r))
		return value_const(b, result, r);
	uint32_t v = op == OP_i32_eqz ? inverted(b, x) : extended(b, op, x);
	return v != 0 ? v : value_pure(b, op, result, x, 0, 0);
}

uint32_t
simplify_condition(struct builder *b, uint32_t x, bool *negate)
{
	for (;;) {
		const struct node *n = value_seen(b, x);
		uint64_t k;
		if (n->op == OP_i32_eqz)
			*negate = !*negate;
		else if (n->op != OP_i32_ne || !value_is_const(b, n->b, &k) ||
			 k != 0)
			return x;
		x = n->a;
	}
}

uint32_t
simplify_select(struct builder *b, uint32_t x, uint32_t y, uint32_t c)
{
	uint64_t k;
	bool negate = false;
	if (x == y)
		return x;
	if (value_is_const(b, c, &k))
		return (uint32_t)k != 0 ? x : y;
	c = simplify_condition(b, c, &negate);
	return value_pure(b, IR_select, value_type(b, x), negate ? y : x,
		negate ? x : y, c);
}
