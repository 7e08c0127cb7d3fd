/*
 * Numerics of SIMD and relaxed SIMD (standard, 4.3 and 4.4.3): vec_<op id>
 * takes the operands of its row in spec/op.def and returns the result, like
 * num_<op id>; immediates come last.  Instructions on memory have the address,
 * checked and in host memory, in the place of the first operand.
 *
 * A v128 is the number whose low 64 bits are its first slot; lane 0 of any
 * shape is its lowest bits, on every host.  Relaxed instructions give the same
 * results everywhere: those of the standard's deterministic profile.
 *
 * Two twins: vector types, where compilers have them and the machine is
 * little-endian, and plain C (-DVECTOR_PLAIN wants it).  Both bring the type
 * v128 and what knows more than one lane, and say what a row is here.
 */
#ifndef SPEC_VECTOR_H
#define SPEC_VECTOR_H

#if defined __BYTE_ORDER__ && defined __has_builtin && !defined VECTOR_PLAIN
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && \
	__has_builtin(__builtin_shufflevector)
#define VECTOR_GNU
#endif
#endif

/*
 * Beside the rows, where shuffles are fast (vec_shuffles() says so, always if
 * nothing is faster than vec_bytes), for lanes that are known before:
 *   vec_shuffle(a, b, lanes)  as vec_bytes
 *   vec_permute(a, lanes)     the same of lanes below 16 or 255
 */
#ifdef VECTOR_GNU
#include "spec/vector_gnu.h"
#else
#include "spec/vector_plain.h"
#endif

/*
 * One row per instruction that works lane by lane:
 * UNARY(id, shape, value)         value of a
 * BINARY(id, shape, value)        value of a and b
 * TERNARY(id, shape, value)       value of a, b and c
 * COMPARE(id, shape, cond)        all ones where cond of a and b holds, else 0
 * SHIFT(id, shape, width, value)  value of a and n, a count below width
 *   shape             lanes: u8x16 unsigned, s8x16 signed, f32x4 floats
 *   MASK(shape, cond) all ones where cond holds
 *   PICK(shape, cond, x, y)  x where cond holds, else y
 * A row says nothing that would differ if lanes were computed in more bits than
 * they have, as plain C does.
 */

/* clang-format off */
COMPARE(i8x16_eq,   u8x16, a == b)
COMPARE(i8x16_ne,   u8x16, a != b)
COMPARE(i8x16_lt_s, s8x16, a < b)
COMPARE(i8x16_lt_u, u8x16, a < b)
COMPARE(i8x16_gt_s, s8x16, a > b)
COMPARE(i8x16_gt_u, u8x16, a > b)
COMPARE(i8x16_le_s, s8x16, a <= b)
COMPARE(i8x16_le_u, u8x16, a <= b)
COMPARE(i8x16_ge_s, s8x16, a >= b)
COMPARE(i8x16_ge_u, u8x16, a >= b)

COMPARE(i16x8_eq,   u16x8, a == b)
COMPARE(i16x8_ne,   u16x8, a != b)
COMPARE(i16x8_lt_s, s16x8, a < b)
COMPARE(i16x8_lt_u, u16x8, a < b)
COMPARE(i16x8_gt_s, s16x8, a > b)
COMPARE(i16x8_gt_u, u16x8, a > b)
COMPARE(i16x8_le_s, s16x8, a <= b)
COMPARE(i16x8_le_u, u16x8, a <= b)
COMPARE(i16x8_ge_s, s16x8, a >= b)
COMPARE(i16x8_ge_u, u16x8, a >= b)

COMPARE(i32x4_eq,   u32x4, a == b)
COMPARE(i32x4_ne,   u32x4, a != b)
COMPARE(i32x4_lt_s, s32x4, a < b)
COMPARE(i32x4_lt_u, u32x4, a < b)
COMPARE(i32x4_gt_s, s32x4, a > b)
COMPARE(i32x4_gt_u, u32x4, a > b)
COMPARE(i32x4_le_s, s32x4, a <= b)
COMPARE(i32x4_le_u, u32x4, a <= b)
COMPARE(i32x4_ge_s, s32x4, a >= b)
COMPARE(i32x4_ge_u, u32x4, a >= b)

COMPARE(i64x2_eq,   u64x2, a == b)
COMPARE(i64x2_ne,   u64x2, a != b)
COMPARE(i64x2_lt_s, s64x2, a < b)
COMPARE(i64x2_gt_s, s64x2, a > b)
COMPARE(i64x2_le_s, s64x2, a <= b)
COMPARE(i64x2_ge_s, s64x2, a >= b)

COMPARE(f32x4_eq,   f32x4, a == b)
COMPARE(f32x4_ne,   f32x4, a != b)
COMPARE(f32x4_lt,   f32x4, a < b)
COMPARE(f32x4_gt,   f32x4, a > b)
COMPARE(f32x4_le,   f32x4, a <= b)
COMPARE(f32x4_ge,   f32x4, a >= b)

COMPARE(f64x2_eq,   f64x2, a == b)
COMPARE(f64x2_ne,   f64x2, a != b)
COMPARE(f64x2_lt,   f64x2, a < b)
COMPARE(f64x2_gt,   f64x2, a > b)
COMPARE(f64x2_le,   f64x2, a <= b)
COMPARE(f64x2_ge,   f64x2, a >= b)

UNARY(v128_not,     u64x2, ~a)
BINARY(v128_and,    u64x2, a & b)
BINARY(v128_andnot, u64x2, a & ~b)
BINARY(v128_or,     u64x2, a | b)
BINARY(v128_xor,    u64x2, a ^ b)
TERNARY(v128_bitselect, u64x2, (a & c) | (b & ~c))

UNARY(i8x16_abs,      s8x16, PICK(u8x16, a < 0, -(u8x16)a, (u8x16)a))
UNARY(i8x16_neg,      u8x16, -a)
BINARY(i8x16_add,     u8x16, a + b)
BINARY(i8x16_sub,     u8x16, a - b)
BINARY(i8x16_min_s,   s8x16, PICK(s8x16, a < b, a, b))
BINARY(i8x16_min_u,   u8x16, PICK(u8x16, a < b, a, b))
BINARY(i8x16_max_s,   s8x16, PICK(s8x16, a > b, a, b))
BINARY(i8x16_max_u,   u8x16, PICK(u8x16, a > b, a, b))
BINARY(i8x16_add_sat_u, u8x16, MASK(u8x16, a > (u8x16)~b) | (u8x16)(a + b))
BINARY(i8x16_sub_sat_u, u8x16, MASK(u8x16, a > b) & (u8x16)(a - b))
BINARY(i8x16_avgr_u,  u64x2, (a | b) - ((a ^ b) >> 1 & 0x7f7f7f7f7f7f7f7f))

UNARY(i16x8_abs,      s16x8, PICK(u16x8, a < 0, -(u16x8)a, (u16x8)a))
UNARY(i16x8_neg,      u16x8, -a)
BINARY(i16x8_add,     u16x8, a + b)
BINARY(i16x8_sub,     u16x8, a - b)
BINARY(i16x8_mul,     u16x8, a * b)
BINARY(i16x8_min_s,   s16x8, PICK(s16x8, a < b, a, b))
BINARY(i16x8_min_u,   u16x8, PICK(u16x8, a < b, a, b))
BINARY(i16x8_max_s,   s16x8, PICK(s16x8, a > b, a, b))
BINARY(i16x8_max_u,   u16x8, PICK(u16x8, a > b, a, b))
BINARY(i16x8_add_sat_u, u16x8, MASK(u16x8, a > (u16x8)~b) | (u16x8)(a + b))
BINARY(i16x8_sub_sat_u, u16x8, MASK(u16x8, a > b) & (u16x8)(a - b))
BINARY(i16x8_avgr_u,  u16x8, (a | b) - ((a ^ b) >> 1))
SHIFT(i16x8_shl,      u16x8, 16, a << n)
SHIFT(i16x8_shr_u,    u16x8, 16, a >> n)
SHIFT(i16x8_shr_s,    s16x8, 16, a >> n)

UNARY(i32x4_abs,      s32x4, PICK(u32x4, a < 0, -(u32x4)a, (u32x4)a))
UNARY(i32x4_neg,      u32x4, -a)
BINARY(i32x4_add,     u32x4, a + b)
BINARY(i32x4_sub,     u32x4, a - b)
BINARY(i32x4_mul,     u32x4, a * b)
BINARY(i32x4_min_s,   s32x4, PICK(s32x4, a < b, a, b))
BINARY(i32x4_min_u,   u32x4, PICK(u32x4, a < b, a, b))
BINARY(i32x4_max_s,   s32x4, PICK(s32x4, a > b, a, b))
BINARY(i32x4_max_u,   u32x4, PICK(u32x4, a > b, a, b))
SHIFT(i32x4_shl,      u32x4, 32, a << n)
SHIFT(i32x4_shr_u,    u32x4, 32, a >> n)
SHIFT(i32x4_shr_s,    s32x4, 32, a >> n)

UNARY(i64x2_abs,      s64x2, PICK(u64x2, a < 0, -(u64x2)a, (u64x2)a))
UNARY(i64x2_neg,      u64x2, -a)
BINARY(i64x2_add,     u64x2, a + b)
BINARY(i64x2_sub,     u64x2, a - b)
BINARY(i64x2_mul,     u64x2, a * b)
SHIFT(i64x2_shl,      u64x2, 64, a << n)
SHIFT(i64x2_shr_u,    u64x2, 64, a >> n)

UNARY(f32x4_abs,   u32x4, a & ~NUM_F32_SIGN)
UNARY(f32x4_neg,   u32x4, a ^ NUM_F32_SIGN)
BINARY(f32x4_add,  f32x4, a + b)
BINARY(f32x4_sub,  f32x4, a - b)
BINARY(f32x4_mul,  f32x4, a * b)
BINARY(f32x4_div,  f32x4, a / b)
BINARY(f32x4_pmin, f32x4, PICK(f32x4, b < a, b, a))
BINARY(f32x4_pmax, f32x4, PICK(f32x4, a < b, b, a))
TERNARY(f32x4_relaxed_madd,  f32x4, a * b + c)
TERNARY(f32x4_relaxed_nmadd, f32x4, c - a * b)

UNARY(f64x2_abs,   u64x2, a & ~NUM_F64_SIGN)
UNARY(f64x2_neg,   u64x2, a ^ NUM_F64_SIGN)
BINARY(f64x2_add,  f64x2, a + b)
BINARY(f64x2_sub,  f64x2, a - b)
BINARY(f64x2_mul,  f64x2, a * b)
BINARY(f64x2_div,  f64x2, a / b)
BINARY(f64x2_pmin, f64x2, PICK(f64x2, b < a, b, a))
BINARY(f64x2_pmax, f64x2, PICK(f64x2, a < b, b, a))
TERNARY(f64x2_relaxed_madd,  f64x2, a * b + c)
TERNARY(f64x2_relaxed_nmadd, f64x2, c - a * b)

UNARY(i16x8_extadd_pairwise_i8x16_s, u16x8, ((s16x8)a >> 8) + ((s16x8)(a << 8) >> 8))
UNARY(i16x8_extadd_pairwise_i8x16_u, u16x8, (a >> 8) + (a & 0xff))
UNARY(i32x4_extadd_pairwise_i16x8_s, u32x4, ((s32x4)a >> 16) + ((s32x4)(a << 16) >> 16))
UNARY(i32x4_extadd_pairwise_i16x8_u, u32x4, (a >> 16) + (a & 0xffff))
/* clang-format on */

/* Dot products: halves of lanes, sign-extended, times each other. */
#define LOW(s, a, bits) ((s)((a) << bits) >> bits)
#define HIGH(s, a, bits) ((s)(a) >> bits)
#define LOWS(u, s, bits) ((u)(LOW(s, a, bits) * LOW(s, b, bits)))
#define HIGHS(u, s, bits) ((u)(HIGH(s, a, bits) * HIGH(s, b, bits)))

#ifndef VECTOR_SSE2
BINARY(i32x4_dot_i16x8_s, u32x4,
	LOWS(u32x4, s32x4, 16) + HIGHS(u32x4, s32x4, 16))
#endif

/* As fixed-point numbers; only -1 times -1 is too big, and one less then. */
#define Q15(product) \
	((((product) + 0x4000) >> 15) + MASK(u32x4, (product) == 0x40000000))
BINARY(i16x8_q15mulr_sat_s, u32x4,
	(Q15(LOWS(u32x4, s32x4, 16)) & 0xffff) | Q15(HIGHS(u32x4, s32x4, 16))
							 << 16)

/* Saturating: only -128 * -128 * 2 is too big, and one less then. */
BINARY(dot_wrapping, u16x8, LOWS(u16x8, s16x8, 8) + HIGHS(u16x8, s16x8, 8))
UNARY(dot_saturate, u16x8, a + MASK(u16x8, a == 0x8000))

#undef LOW
#undef HIGH
#undef LOWS
#undef HIGHS
#undef Q15

static inline v128
vec_i16x8_relaxed_dot_i8x16_i7x16_s(v128 a, v128 b)
{
	return vec_dot_saturate(vec_dot_wrapping(a, b));
}

static inline v128
vec_i32x4_relaxed_dot_i8x16_i7x16_add_s(v128 a, v128 b, v128 c)
{
	v128 dot = vec_i16x8_relaxed_dot_i8x16_i7x16_s(a, b);
	return vec_i32x4_add(vec_i32x4_extadd_pairwise_i16x8_s(dot), c);
}

/* Counts of pairs of bits, of four, of eight: none reaches its neighbour. */
UNARY(popcnt_2, u64x2, a - (a >> 1 & 0x5555555555555555))
UNARY(popcnt_4, u64x2, (a & 0x3333333333333333) + (a >> 2 & 0x3333333333333333))
UNARY(popcnt_8, u64x2, (a + (a >> 4)) & 0x0f0f0f0f0f0f0f0f)

static inline v128
vec_i8x16_popcnt(v128 v)
{
	return vec_popcnt_8(vec_popcnt_4(vec_popcnt_2(v)));
}

#undef UNARY
#undef BINARY
#undef TERNARY
#undef COMPARE
#undef LANES
#undef SHIFT
#undef MASK
#undef PICK

static inline uint32_t
vec_i8x16_extract_lane_s(v128 v, unsigned lane)
{
	return (uint32_t)(int8_t)vec_i8x16_extract_lane_u(v, lane);
}

static inline uint32_t
vec_i16x8_extract_lane_s(v128 v, unsigned lane)
{
	return (uint32_t)(int16_t)vec_i16x8_extract_lane_u(v, lane);
}

#define ALL_TRUE(shape) \
	static inline uint32_t vec_##shape##_all_true(v128 v) \
	{ \
		v128 zeros = vec_##shape##_eq(v, vec_of_u64(0, 0)); \
		return !vec_v128_any_true(zeros); \
	}
ALL_TRUE(i8x16)
ALL_TRUE(i16x8)
ALL_TRUE(i32x4)
ALL_TRUE(i64x2)
#undef ALL_TRUE

/* EXTMUL(to, half_from_sign): the product of the extended operands */
#define EXTMUL(to, from) \
	static inline v128 vec_##to##_extmul_##from(v128 a, v128 b) \
	{ \
		return vec_##to##_mul(vec_##to##_extend_##from(a), \
			vec_##to##_extend_##from(b)); \
	}
EXTMUL(i16x8, low_i8x16_s)
EXTMUL(i16x8, high_i8x16_s)
EXTMUL(i16x8, low_i8x16_u)
EXTMUL(i16x8, high_i8x16_u)
EXTMUL(i32x4, low_i16x8_s)
EXTMUL(i32x4, high_i16x8_s)
EXTMUL(i32x4, low_i16x8_u)
EXTMUL(i32x4, high_i16x8_u)
EXTMUL(i64x2, low_i32x4_s)
EXTMUL(i64x2, high_i32x4_s)
EXTMUL(i64x2, low_i32x4_u)
EXTMUL(i64x2, high_i32x4_u)
#undef EXTMUL

/* Memory: ZERO loads low bits, LOAD what a function of them makes of them,
 * LANE a single lane. */
#define ZERO(id, get) \
	static inline v128 vec_##id(const uint8_t *p) \
	{ \
		return vec_of_u64(get(p), 0); \
	}
#define EXTEND(id, extend) \
	static inline v128 vec_##id(const uint8_t *p) \
	{ \
		return vec_##extend(vec_v128_load64_zero(p)); \
	}
#define GET8(p) (*(p))
#define PUT8(p, x) (*(p) = (uint8_t)(x))
#define LANE(bits, get, put, type, shape, extract) \
	static inline v128 vec_v128_load##bits##_splat(const uint8_t *p) \
	{ \
		return vec_##shape##_splat(get(p)); \
	} \
	static inline v128 vec_v128_load##bits##_lane( \
		const uint8_t *p, v128 v, unsigned lane) \
	{ \
		return vec_##shape##_replace_lane(v, get(p), lane); \
	} \
	static inline void vec_v128_store##bits##_lane( \
		uint8_t *p, v128 v, unsigned lane) \
	{ \
		put(p, (type)vec_##shape##_##extract(v, lane)); \
	}

/* clang-format off */
ZERO(v128_load32_zero, bytes_get32)
ZERO(v128_load64_zero, bytes_get64)
EXTEND(v128_load8x8_s,  i16x8_extend_low_i8x16_s)
EXTEND(v128_load8x8_u,  i16x8_extend_low_i8x16_u)
EXTEND(v128_load16x4_s, i32x4_extend_low_i16x8_s)
EXTEND(v128_load16x4_u, i32x4_extend_low_i16x8_u)
EXTEND(v128_load32x2_s, i64x2_extend_low_i32x4_s)
EXTEND(v128_load32x2_u, i64x2_extend_low_i32x4_u)
LANE(8,  GET8,        PUT8,        uint8_t,  i8x16, extract_lane_u)
LANE(16, bytes_get16, bytes_put16, uint16_t, i16x8, extract_lane_u)
LANE(32, bytes_get32, bytes_put32, uint32_t, i32x4, extract_lane)
LANE(64, bytes_get64, bytes_put64, uint64_t, i64x2, extract_lane)
/* clang-format on */

#undef ZERO
#undef EXTEND
#undef GET8
#undef PUT8
#undef LANE

/* Relaxed instructions that are others here. */
#define SAME1(id, same) \
	static inline v128 vec_##id(v128 a) \
	{ \
		return vec_##same(a); \
	}
#define SAME2(id, same) \
	static inline v128 vec_##id(v128 a, v128 b) \
	{ \
		return vec_##same(a, b); \
	}
#define SAME3(id, same) \
	static inline v128 vec_##id(v128 a, v128 b, v128 c) \
	{ \
		return vec_##same(a, b, c); \
	}

/* clang-format off */
SAME2(i8x16_relaxed_swizzle,            i8x16_swizzle)
SAME1(i32x4_relaxed_trunc_f32x4_s,      i32x4_trunc_sat_f32x4_s)
SAME1(i32x4_relaxed_trunc_f32x4_u,      i32x4_trunc_sat_f32x4_u)
SAME1(i32x4_relaxed_trunc_f64x2_s_zero, i32x4_trunc_sat_f64x2_s_zero)
SAME1(i32x4_relaxed_trunc_f64x2_u_zero, i32x4_trunc_sat_f64x2_u_zero)
SAME3(i8x16_relaxed_laneselect,         v128_bitselect)
SAME3(i16x8_relaxed_laneselect,         v128_bitselect)
SAME3(i32x4_relaxed_laneselect,         v128_bitselect)
SAME3(i64x2_relaxed_laneselect,         v128_bitselect)
SAME2(f32x4_relaxed_min,                f32x4_min)
SAME2(f32x4_relaxed_max,                f32x4_max)
SAME2(f64x2_relaxed_min,                f64x2_min)
SAME2(f64x2_relaxed_max,                f64x2_max)
SAME2(i16x8_relaxed_q15mulr_s,          i16x8_q15mulr_sat_s)
/* clang-format on */

#undef SAME1
#undef SAME2
#undef SAME3

#endif
