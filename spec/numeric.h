/*
 * Numerics of the scalar instructions (standard, 4.3): num_<op id> takes the
 * operands of its row in spec/op.def and returns the result, with integers
 * unsigned.  Instructions that can trap return NUM_fine or the enum trap row
 * and store the result through their last parameter.  Nothing here depends on
 * the byte order, on the rounding functions of libm or on undefined behaviour;
 * it wants -ffp-contract=off.
 */
#ifndef SPEC_NUMERIC_H
#define SPEC_NUMERIC_H

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "spec/builtin.h"
#include "trap/trap.h"

static_assert((int32_t)UINT32_MAX == -1 && -1 >> 1 == -1,
	"signed numbers are two's complement and shift arithmetically");
static_assert(FLT_EVAL_METHOD == 0, "floats are computed in their own type");

/* What an instruction that can trap returns when it does not. */
enum { NUM_fine = -1 };

#define NUM_F32_SIGN 0x80000000u
#define NUM_F64_SIGN 0x8000000000000000u
#define NUM_F32_CANONICAL 0x7fc00000u /* the canonical NaN, sign 0 */
#define NUM_F64_CANONICAL 0x7ff8000000000000u
#define NUM_F32_QUIET 0x00400000u /* the bit that makes a NaN quiet */
#define NUM_F64_QUIET 0x0008000000000000u

static inline uint32_t
num_bits_f32(float x)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof bits);
	return bits;
}

static inline uint64_t
num_bits_f64(double x)
{
	uint64_t bits;
	memcpy(&bits, &x, sizeof bits);
	return bits;
}

static inline float
num_f32_of_bits(uint32_t bits)
{
	float x;
	memcpy(&x, &bits, sizeof x);
	return x;
}

static inline double
num_f64_of_bits(uint64_t bits)
{
	double x;
	memcpy(&x, &bits, sizeof x);
	return x;
}

/* x, or the canonical NaN when x is any NaN. */
static inline float
num_canon_f32(float x)
{
	return x == x ? x : num_f32_of_bits(NUM_F32_CANONICAL);
}

static inline double
num_canon_f64(double x)
{
	return x == x ? x : num_f64_of_bits(NUM_F64_CANONICAL);
}

/* x, a NaN made quiet. */
static inline float
num_quiet_f32(float x)
{
	return x == x ? x : num_f32_of_bits(num_bits_f32(x) | NUM_F32_QUIET);
}

static inline double
num_quiet_f64(double x)
{
	return x == x ? x : num_f64_of_bits(num_bits_f64(x) | NUM_F64_QUIET);
}

/*
 * One row per instruction:
 * UNARY(id, result, operand, value), value of a
 * BINARY(id, result, operand, value), value of a and b
 */
#define UNARY(id, result, operand, value) \
	static inline result num_##id(operand a) \
	{ \
		return value; \
	}
#define BINARY(id, result, operand, value) \
	static inline result num_##id(operand a, operand b) \
	{ \
		return value; \
	}

/* clang-format off */
UNARY(i32_eqz,   uint32_t, uint32_t, a == 0)
BINARY(i32_eq,   uint32_t, uint32_t, a == b)
BINARY(i32_ne,   uint32_t, uint32_t, a != b)
BINARY(i32_lt_s, uint32_t, uint32_t, (int32_t)a < (int32_t)b)
BINARY(i32_lt_u, uint32_t, uint32_t, a < b)
BINARY(i32_gt_s, uint32_t, uint32_t, (int32_t)a > (int32_t)b)
BINARY(i32_gt_u, uint32_t, uint32_t, a > b)
BINARY(i32_le_s, uint32_t, uint32_t, (int32_t)a <= (int32_t)b)
BINARY(i32_le_u, uint32_t, uint32_t, a <= b)
BINARY(i32_ge_s, uint32_t, uint32_t, (int32_t)a >= (int32_t)b)
BINARY(i32_ge_u, uint32_t, uint32_t, a >= b)

UNARY(i64_eqz,   uint32_t, uint64_t, a == 0)
BINARY(i64_eq,   uint32_t, uint64_t, a == b)
BINARY(i64_ne,   uint32_t, uint64_t, a != b)
BINARY(i64_lt_s, uint32_t, uint64_t, (int64_t)a < (int64_t)b)
BINARY(i64_lt_u, uint32_t, uint64_t, a < b)
BINARY(i64_gt_s, uint32_t, uint64_t, (int64_t)a > (int64_t)b)
BINARY(i64_gt_u, uint32_t, uint64_t, a > b)
BINARY(i64_le_s, uint32_t, uint64_t, (int64_t)a <= (int64_t)b)
BINARY(i64_le_u, uint32_t, uint64_t, a <= b)
BINARY(i64_ge_s, uint32_t, uint64_t, (int64_t)a >= (int64_t)b)
BINARY(i64_ge_u, uint32_t, uint64_t, a >= b)

BINARY(f32_eq,   uint32_t, float,    a == b)
BINARY(f32_ne,   uint32_t, float,    a != b)
BINARY(f32_lt,   uint32_t, float,    a < b)
BINARY(f32_gt,   uint32_t, float,    a > b)
BINARY(f32_le,   uint32_t, float,    a <= b)
BINARY(f32_ge,   uint32_t, float,    a >= b)

BINARY(f64_eq,   uint32_t, double,   a == b)
BINARY(f64_ne,   uint32_t, double,   a != b)
BINARY(f64_lt,   uint32_t, double,   a < b)
BINARY(f64_gt,   uint32_t, double,   a > b)
BINARY(f64_le,   uint32_t, double,   a <= b)
BINARY(f64_ge,   uint32_t, double,   a >= b)

UNARY(i32_clz,   uint32_t, uint32_t, a != 0 ? builtin_clz32(a) : 32)
UNARY(i32_ctz,   uint32_t, uint32_t, a != 0 ? builtin_ctz32(a) : 32)
BINARY(i32_add,  uint32_t, uint32_t, a + b)
BINARY(i32_sub,  uint32_t, uint32_t, a - b)
BINARY(i32_mul,  uint32_t, uint32_t, a * b)
BINARY(i32_and,  uint32_t, uint32_t, a & b)
BINARY(i32_or,   uint32_t, uint32_t, a | b)
BINARY(i32_xor,  uint32_t, uint32_t, a ^ b)
BINARY(i32_shl,  uint32_t, uint32_t, a << (b & 31))
BINARY(i32_shr_s, uint32_t, uint32_t, (uint32_t)((int32_t)a >> (b & 31)))
BINARY(i32_shr_u, uint32_t, uint32_t, a >> (b & 31))
BINARY(i32_rotl, uint32_t, uint32_t, a << (b & 31) | a >> ((0 - b) & 31))
BINARY(i32_rotr, uint32_t, uint32_t, a >> (b & 31) | a << ((0 - b) & 31))

UNARY(i64_clz,   uint64_t, uint64_t, a != 0 ? builtin_clz64(a) : 64)
UNARY(i64_ctz,   uint64_t, uint64_t, a != 0 ? builtin_ctz64(a) : 64)
BINARY(i64_add,  uint64_t, uint64_t, a + b)
BINARY(i64_sub,  uint64_t, uint64_t, a - b)
BINARY(i64_mul,  uint64_t, uint64_t, a * b)
BINARY(i64_and,  uint64_t, uint64_t, a & b)
BINARY(i64_or,   uint64_t, uint64_t, a | b)
BINARY(i64_xor,  uint64_t, uint64_t, a ^ b)
BINARY(i64_shl,  uint64_t, uint64_t, a << (b & 63))
BINARY(i64_shr_s, uint64_t, uint64_t, (uint64_t)((int64_t)a >> (b & 63)))
BINARY(i64_shr_u, uint64_t, uint64_t, a >> (b & 63))
BINARY(i64_rotl, uint64_t, uint64_t, a << (b & 63) | a >> ((0 - b) & 63))
BINARY(i64_rotr, uint64_t, uint64_t, a >> (b & 63) | a << ((0 - b) & 63))

UNARY(i32_wrap_i64,     uint32_t, uint64_t, (uint32_t)a)
UNARY(i64_extend_i32_s, uint64_t, uint32_t, (uint64_t)(int32_t)a)
UNARY(i64_extend_i32_u, uint64_t, uint32_t, a)
UNARY(i32_extend8_s,    uint32_t, uint32_t, (uint32_t)(int8_t)a)
UNARY(i32_extend16_s,   uint32_t, uint32_t, (uint32_t)(int16_t)a)
UNARY(i64_extend8_s,    uint64_t, uint64_t, (uint64_t)(int8_t)a)
UNARY(i64_extend16_s,   uint64_t, uint64_t, (uint64_t)(int16_t)a)
UNARY(i64_extend32_s,   uint64_t, uint64_t, (uint64_t)(int32_t)a)

UNARY(f32_convert_i32_s, float,  uint32_t, (float)(int32_t)a)
UNARY(f32_convert_i32_u, float,  uint32_t, (float)a)
UNARY(f32_convert_i64_s, float,  uint64_t, (float)(int64_t)a)
UNARY(f32_convert_i64_u, float,  uint64_t, (float)a)
UNARY(f32_demote_f64,    float,  double,   (float)a)
UNARY(f64_convert_i32_s, double, uint32_t, (double)(int32_t)a)
UNARY(f64_convert_i32_u, double, uint32_t, (double)a)
UNARY(f64_convert_i64_s, double, uint64_t, (double)(int64_t)a)
UNARY(f64_convert_i64_u, double, uint64_t, (double)a)
UNARY(f64_promote_f32,   double, float,    (double)a)
UNARY(i32_reinterpret_f32, uint32_t, float,  num_bits_f32(a))
UNARY(i64_reinterpret_f64, uint64_t, double, num_bits_f64(a))
UNARY(f32_reinterpret_i32, float, uint32_t,  num_f32_of_bits(a))
UNARY(f64_reinterpret_i64, double, uint64_t, num_f64_of_bits(a))

UNARY(f32_abs,  float,  float,  num_f32_of_bits(num_bits_f32(a) & ~NUM_F32_SIGN))
UNARY(f32_neg,  float,  float,  num_f32_of_bits(num_bits_f32(a) ^ NUM_F32_SIGN))
UNARY(f32_sqrt, float,  float,  sqrtf(a))
BINARY(f32_add, float,  float,  a + b)
BINARY(f32_sub, float,  float,  a - b)
BINARY(f32_mul, float,  float,  a * b)
BINARY(f32_div, float,  float,  a / b)

UNARY(f64_abs,  double, double, num_f64_of_bits(num_bits_f64(a) & ~NUM_F64_SIGN))
UNARY(f64_neg,  double, double, num_f64_of_bits(num_bits_f64(a) ^ NUM_F64_SIGN))
UNARY(f64_sqrt, double, double, sqrt(a))
BINARY(f64_add, double, double, a + b)
BINARY(f64_sub, double, double, a - b)
BINARY(f64_mul, double, double, a * b)
BINARY(f64_div, double, double, a / b)
/* clang-format on */

#undef UNARY
#undef BINARY

/* Compilers know this shape; the builtin without an instruction is a call. */
static inline uint32_t
num_i32_popcnt(uint32_t a)
{
	a -= a >> 1 & 0x55555555;
	a = (a & 0x33333333) + (a >> 2 & 0x33333333);
	return ((a + (a >> 4)) & 0x0f0f0f0f) * 0x01010101u >> 24;
}

static inline uint64_t
num_i64_popcnt(uint64_t a)
{
	a -= a >> 1 & 0x5555555555555555;
	a = (a & 0x3333333333333333) + (a >> 2 & 0x3333333333333333);
	a = (a + (a >> 4)) & 0x0f0f0f0f0f0f0f0f;
	return a * 0x0101010101010101u >> 56;
}

static inline float
num_f32_copysign(float a, float b)
{
	return num_f32_of_bits((num_bits_f32(a) & ~NUM_F32_SIGN) |
			       (num_bits_f32(b) & NUM_F32_SIGN));
}

static inline double
num_f64_copysign(double a, double b)
{
	return num_f64_of_bits((num_bits_f64(a) & ~NUM_F64_SIGN) |
			       (num_bits_f64(b) & NUM_F64_SIGN));
}

/* Equal operands differ at most in the sign of a zero; a NaN beats all. */
static inline float
num_f32_min(float a, float b)
{
	if (a == b)
		return num_f32_of_bits(num_bits_f32(a) | num_bits_f32(b));
	if (a != a || b != b)
		return a + b;
	return a < b ? a : b;
}

static inline float
num_f32_max(float a, float b)
{
	if (a == b)
		return num_f32_of_bits(num_bits_f32(a) & num_bits_f32(b));
	if (a != a || b != b)
		return a + b;
	return a > b ? a : b;
}

static inline double
num_f64_min(double a, double b)
{
	if (a == b)
		return num_f64_of_bits(num_bits_f64(a) | num_bits_f64(b));
	if (a != a || b != b)
		return a + b;
	return a < b ? a : b;
}

static inline double
num_f64_max(double a, double b)
{
	if (a == b)
		return num_f64_of_bits(num_bits_f64(a) & num_bits_f64(b));
	if (a != a || b != b)
		return a + b;
	return a > b ? a : b;
}

/*
 * Rounding to an integral value.  From 2^23 (2^52) on every float is one, below
 * it fits an integer.  The sign of the operand is the sign of the result, a
 * zero too.
 */
static inline float
num_f32_trunc(float a)
{
	if (!(num_f32_abs(a) < 0x1p23f))
		return num_quiet_f32(a);
	return num_f32_copysign((float)(int32_t)a, a);
}

static inline float
num_f32_ceil(float a)
{
	if (!(num_f32_abs(a) < 0x1p23f))
		return num_quiet_f32(a);
	float t = (float)(int32_t)a;
	return num_f32_copysign(t < a ? t + 1 : t, a);
}

static inline float
num_f32_floor(float a)
{
	if (!(num_f32_abs(a) < 0x1p23f))
		return num_quiet_f32(a);
	float t = (float)(int32_t)a;
	return num_f32_copysign(t > a ? t - 1 : t, a);
}

static inline double
num_f64_trunc(double a)
{
	if (!(num_f64_abs(a) < 0x1p52))
		return num_quiet_f64(a);
	return num_f64_copysign((double)(int64_t)a, a);
}

static inline double
num_f64_ceil(double a)
{
	if (!(num_f64_abs(a) < 0x1p52))
		return num_quiet_f64(a);
	double t = (double)(int64_t)a;
	return num_f64_copysign(t < a ? t + 1 : t, a);
}

static inline double
num_f64_floor(double a)
{
	if (!(num_f64_abs(a) < 0x1p52))
		return num_quiet_f64(a);
	double t = (double)(int64_t)a;
	return num_f64_copysign(t > a ? t - 1 : t, a);
}

/* Ties to even: the sum has no bits left for a fraction, and rounds so. */
static inline float
num_f32_nearest(float a)
{
	float mag = num_f32_abs(a);
	if (!(mag < 0x1p23f))
		return num_quiet_f32(a);
	return num_f32_copysign(mag + 0x1p23f - 0x1p23f, a);
}

static inline double
num_f64_nearest(double a)
{
	double mag = num_f64_abs(a);
	if (!(mag < 0x1p52))
		return num_quiet_f64(a);
	return num_f64_copysign(mag + 0x1p52 - 0x1p52, a);
}

/*
 * DIVIDE(id, type, fails, value): one row per division.  fails is what
 * overflows, value may assume that it does not.
 */
#define DIVIDE(id, type, fails, value) \
	static inline int num_##id(type a, type b, type *out) \
	{ \
		if (b == 0) \
			return TRAP_divide_by_zero; \
		if (fails) \
			return TRAP_integer_overflow; \
		*out = value; \
		return NUM_fine; \
	}

/* clang-format off */
DIVIDE(i32_div_s, uint32_t, a == (uint32_t)INT32_MIN && b == UINT32_MAX, (uint32_t)((int32_t)a / (int32_t)b))
DIVIDE(i32_div_u, uint32_t, 0, a / b)
DIVIDE(i32_rem_s, uint32_t, 0, b == UINT32_MAX ? 0 : (uint32_t)((int32_t)a % (int32_t)b))
DIVIDE(i32_rem_u, uint32_t, 0, a % b)
DIVIDE(i64_div_s, uint64_t, a == (uint64_t)INT64_MIN && b == UINT64_MAX, (uint64_t)((int64_t)a / (int64_t)b))
DIVIDE(i64_div_u, uint64_t, 0, a / b)
DIVIDE(i64_rem_s, uint64_t, 0, b == UINT64_MAX ? 0 : (uint64_t)((int64_t)a % (int64_t)b))
DIVIDE(i64_rem_u, uint64_t, 0, a % b)
/* clang-format on */

#undef DIVIDE

/*
 * Floats to integers, with a trap and saturating, one row for both:
 * TRUNCATE(id, saturating id, type, operand, integer, fits, min, max)
 *   integer   the C integer that is converted to
 *   fits      a, truncated, is one; false for a NaN
 *   min, max  what too small and too big values saturate to
 */
#define TRUNCATE(id, sat, type, operand, integer, fits, min, max) \
	static inline int num_##id(operand a, type *out) \
	{ \
		if (!(fits)) \
			return a == a ? TRAP_integer_overflow \
				      : TRAP_bad_conversion; \
		*out = (type)(integer)a; \
		return NUM_fine; \
	} \
	static inline type num_##sat(operand a) \
	{ \
		if (fits) \
			return (type)(integer)a; \
		return a == a ? (a < 0 ? (type)min : (type)max) : 0; \
	}

/* clang-format off */
TRUNCATE(i32_trunc_f32_s, i32_trunc_sat_f32_s, uint32_t, float,  int32_t,  a >= -0x1p31f && a < 0x1p31f,    INT32_MIN, INT32_MAX)
TRUNCATE(i32_trunc_f32_u, i32_trunc_sat_f32_u, uint32_t, float,  uint32_t, a > -1.0f && a < 0x1p32f,        0,         UINT32_MAX)
TRUNCATE(i32_trunc_f64_s, i32_trunc_sat_f64_s, uint32_t, double, int32_t,  a > -2147483649.0 && a < 0x1p31, INT32_MIN, INT32_MAX)
TRUNCATE(i32_trunc_f64_u, i32_trunc_sat_f64_u, uint32_t, double, uint32_t, a > -1.0 && a < 0x1p32,          0,         UINT32_MAX)
TRUNCATE(i64_trunc_f32_s, i64_trunc_sat_f32_s, uint64_t, float,  int64_t,  a >= -0x1p63f && a < 0x1p63f,    INT64_MIN, INT64_MAX)
TRUNCATE(i64_trunc_f32_u, i64_trunc_sat_f32_u, uint64_t, float,  uint64_t, a > -1.0f && a < 0x1p64f,        0,         UINT64_MAX)
TRUNCATE(i64_trunc_f64_s, i64_trunc_sat_f64_s, uint64_t, double, int64_t,  a >= -0x1p63 && a < 0x1p63,      INT64_MIN, INT64_MAX)
TRUNCATE(i64_trunc_f64_u, i64_trunc_sat_f64_u, uint64_t, double, uint64_t, a > -1.0 && a < 0x1p64,          0,         UINT64_MAX)
/* clang-format on */

#undef TRUNCATE

/*
 * Wide arithmetic: 128-bit numbers as a low and a high half; the result is the
 * low half, the high one goes to *high.
 */
static inline uint64_t
num_i64_add128(uint64_t alow, uint64_t ahigh, uint64_t blow, uint64_t bhigh,
	uint64_t *high)
{
	uint64_t low = alow + blow;
	*high = ahigh + bhigh + (low < alow);
	return low;
}

static inline uint64_t
num_i64_sub128(uint64_t alow, uint64_t ahigh, uint64_t blow, uint64_t bhigh,
	uint64_t *high)
{
	*high = ahigh - bhigh - (alow < blow);
	return alow - blow;
}

static inline uint64_t
num_i64_mul_wide_u(uint64_t a, uint64_t b, uint64_t *high)
{
	uint64_t al = (uint32_t)a, ah = a >> 32;
	uint64_t bl = (uint32_t)b, bh = b >> 32;
	uint64_t ll = al * bl, lh = al * bh, hl = ah * bl;
	uint64_t mid = (ll >> 32) + (uint32_t)lh + (uint32_t)hl;
	*high = ah * bh + (lh >> 32) + (hl >> 32) + (mid >> 32);
	return a * b;
}

static inline uint64_t
num_i64_mul_wide_s(uint64_t a, uint64_t b, uint64_t *high)
{
	uint64_t low = num_i64_mul_wide_u(a, b, high);
	*high -= (a >> 63 ? b : 0) + (b >> 63 ? a : 0);
	return low;
}

#endif
