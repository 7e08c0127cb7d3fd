#include "jit/divide.h"

#include <assert.h>

#include "jit/simplify.h"

#define WIDE_ARITHMETIC (OP_i64_clz - OP_i32_clz)

/* A division in the making. */
struct division {
	struct builder *b;
	bool wide;
	unsigned width; /* bits */
	uint32_t x;
	uint64_t d; /* signed: its magnitude */
	bool negative;
};

/* op of 32 bits or its twin. */
static uint32_t
make(const struct division *v, enum op op, uint32_t x, uint32_t y)
{
	return simplify_binary(
		v->b, (enum op)(op + (v->wide ? WIDE_ARITHMETIC : 0)), x, y);
}

static uint32_t
number(const struct division *v, uint64_t k)
{
	return value_const(v->b, v->wide ? TYPE_i64 : TYPE_i32, k);
}

/* The least l with 2^l >= d. */
static unsigned
log2_above(uint64_t d)
{
	unsigned l = 0;
	while (l < 64 && (uint64_t)1 << l < d)
		l++;
	return l;
}

static bool
is_power(uint64_t d)
{
	return (d & (d - 1)) == 0;
}

/* 2^p / d, its low 64 bits.  *rest is what is left. */
static uint64_t
power_over(unsigned p, uint64_t d, uint64_t *rest)
{
	uint64_t q = 0, r = 0;
	for (unsigned i = 0; i <= p; i++) {
		bool out = r >> 63 != 0;
		r = r << 1 | (i == 0);
		q <<= 1;
		if (out || r >= d) {
			r -= d;
			q |= 1;
		}
	}
	*rest = r;
	return q;
}

/* Unsigned */

/*
 * m = ceil(2^p / d) of v.width bits, so that x * m / 2^p rounds down to the
 * quotient; false if no such m has so few bits.
 */
static bool
multiplier(const struct division *v, uint64_t *m, unsigned *p)
{
	uint64_t rest;
	*p = v->width + log2_above(v->d) - 1;
	*m = power_over(*p, v->d, &rest) + 1;
	/* m * d is too much by this */
	if (*m == 0 || v->d - rest > (uint64_t)1 << (*p - v->width))
		return false;
	for (; (*m & 1) == 0 && *p > v->width; --*p)
		*m >>= 1;
	return true;
}

static uint32_t
unsigned_32(const struct division *v)
{
	struct builder *b = v->b;
	uint64_t rest, m;
	unsigned p;
	uint32_t x = simplify_unary(b, OP_i64_extend_i32_u, v->x);
	if (multiplier(v, &m, &p)) {
		x = simplify_binary(b, OP_i64_mul, x, value_i64(b, m));
		x = simplify_binary(b, OP_i64_shr_u, x, value_i64(b, p));
	} else {
		m = power_over(64, v->d, &rest) + 1;
		x = value_pure(b, IR_high_u, TYPE_i64, x, value_i64(b, m), 0);
	}
	return simplify_unary(b, OP_i32_wrap_i64, x);
}

static uint32_t
unsigned_64(const struct division *v)
{
	struct builder *b = v->b;
	uint64_t rest, m;
	unsigned l = log2_above(v->d), p;
	if (multiplier(v, &m, &p)) {
		uint32_t h = value_pure(
			b, IR_high_u, TYPE_i64, v->x, value_i64(b, m), 0);
		return make(v, OP_i32_shr_u, h, value_i64(b, p - 64));
	}
	/* m has 65 bits: x + h may have, too. */
	m = power_over(64 + l, v->d, &rest) + 1;
	uint32_t h =
		value_pure(b, IR_high_u, TYPE_i64, v->x, value_i64(b, m), 0);
	uint32_t t = make(v, OP_i32_sub, v->x, h);
	t = make(v, OP_i32_shr_u, t, value_i64(b, 1));
	t = make(v, OP_i32_add, t, h);
	return make(v, OP_i32_shr_u, t, value_i64(b, l - 1));
}

static uint32_t
unsigned_quotient(const struct division *v)
{
	if (is_power(v->d))
		return make(v, OP_i32_shr_u, v->x, number(v, log2_above(v->d)));
	return v->wide ? unsigned_64(v) : unsigned_32(v);
}

/* Signed: rounded down, then one more if x is negative. */

static uint32_t
signed_power(const struct division *v, unsigned l)
{
	uint32_t t = make(v, OP_i32_shr_s, v->x, number(v, v->width - 1));
	t = make(v, OP_i32_shr_u, t, number(v, v->width - l));
	t = make(v, OP_i32_add, v->x, t);
	return make(v, OP_i32_shr_s, t, number(v, l));
}

static uint32_t
signed_magnitude(const struct division *v)
{
	struct builder *b = v->b;
	unsigned l = log2_above(v->d), p = v->width - 1 + l;
	uint64_t rest, m;
	uint32_t q;
	if (v->d == 1)
		return v->x;
	if (is_power(v->d))
		return signed_power(v, l);
	m = power_over(p, v->d, &rest) + 1;
	if (v->wide) {
		q = value_pure(
			b, IR_high_s, TYPE_i64, v->x, value_i64(b, m), 0);
		if (m >> 63 != 0)
			q = make(v, OP_i32_add, q, v->x);
		q = make(v, OP_i32_shr_s, q, value_i64(b, p - 64));
	} else {
		q = simplify_unary(b, OP_i64_extend_i32_s, v->x);
		q = simplify_binary(b, OP_i64_mul, q, value_i64(b, m));
		q = simplify_binary(b, OP_i64_shr_s, q, value_i64(b, p));
		q = simplify_unary(b, OP_i32_wrap_i64, q);
	}
	return make(v, OP_i32_add, q,
		make(v, OP_i32_shr_u, v->x, number(v, v->width - 1)));
}

static uint32_t
signed_quotient(const struct division *v)
{
	uint32_t q = signed_magnitude(v);
	return v->negative ? make(v, OP_i32_sub, number(v, 0), q) : q;
}

uint32_t
divide(struct builder *b, enum op op, bool wide, uint32_t x, uint64_t d)
{
	struct division v = {
		.b = b, .wide = wide, .width = wide ? 64 : 32, .x = x, .d = d
	};
	bool is_signed = op == OP_i32_div_s || op == OP_i32_rem_s;
	assert(d != 0 && "checked before");
	if (is_signed) {
		int64_t k = wide ? (int64_t)d : (int32_t)(uint32_t)d;
		v.negative = k < 0;
		v.d = k < 0 ? 0 - (uint64_t)k : (uint64_t)k;
	}
	uint32_t q = is_signed ? signed_quotient(&v) : unsigned_quotient(&v);
	if (op == OP_i32_div_s || op == OP_i32_div_u)
		return q;
	return make(&v, OP_i32_sub, x, make(&v, OP_i32_mul, q, number(&v, d)));
}
