/*
 * Vectors for little-endian machines and compilers with GNU C's vector types:
 * the macros that spec/vector.h writes its rows with, and the instructions that
 * cross lanes or want another formula than one lane alone.  The formulas are
 * made for SSE2, without which compilers take them apart; where C has no word
 * for an instruction, spec/vector_sse2.h does.
 */
#ifndef SPEC_VECTOR_GNU_H
#define SPEC_VECTOR_GNU_H

#include "spec/numeric.h"
#include "trap/bytes.h"
#include "trap/slot.h"

/* A v128 is its two slots; a cast to a shape leaves the bits as they are. */
#define SHAPE(shape, type) \
	typedef type lane_##shape; \
	typedef type shape __attribute__((vector_size(16)));
SHAPE(v128, uint64_t)
SHAPE(u8x16, uint8_t)
SHAPE(s8x16, int8_t)
SHAPE(u16x8, uint16_t)
SHAPE(s16x8, int16_t)
SHAPE(u32x4, uint32_t)
SHAPE(s32x4, int32_t)
SHAPE(u64x2, uint64_t)
SHAPE(s64x2, int64_t)
SHAPE(f32x4, float)
SHAPE(f64x2, double)
#undef SHAPE

#define UNARY(id, shape, value) \
	static inline v128 vec_##id(v128 x) \
	{ \
		shape a = (shape)x; \
		return (v128)(value); \
	}
#define BINARY(id, shape, value) \
	static inline v128 vec_##id(v128 x, v128 y) \
	{ \
		shape a = (shape)x, b = (shape)y; \
		return (v128)(value); \
	}
#define TERNARY(id, shape, value) \
	static inline v128 vec_##id(v128 x, v128 y, v128 z) \
	{ \
		shape a = (shape)x, b = (shape)y, c = (shape)z; \
		return (v128)(value); \
	}
#define COMPARE(id, shape, cond) BINARY(id, shape, cond)
#define SHIFT(id, shape, width, value) \
	static inline v128 vec_##id(v128 x, uint32_t count) \
	{ \
		shape a = (shape)x; \
		lane_##shape n = (lane_##shape)(count & (width - 1)); \
		return (v128)(value); \
	}
#define MASK(shape, cond) ((shape)(cond))
#define PICK(shape, cond, x, y) \
	((shape)(((v128)(cond) & (v128)(x)) | (~(v128)(cond) & (v128)(y))))

static inline v128
vec_load(const union slot *p)
{
	v128 v;
	memcpy(&v, p, sizeof v);
	return v;
}

static inline void
vec_store(union slot *p, v128 v)
{
	memcpy(p, &v, sizeof v);
}

static inline v128
vec_v128_load(const uint8_t *p)
{
	v128 v;
	memcpy(&v, p, sizeof v);
	return v;
}

static inline void
vec_v128_store(uint8_t *p, v128 v)
{
	memcpy(p, &v, sizeof v);
}

static inline v128
vec_of_u64(uint64_t low, uint64_t high)
{
	return (v128){ low, high };
}

/*
 * LANES(shape, type, mask, splat, extract, replace, lane numbers)
 *   type  of the scalar
 *   mask  shape of comparisons
 * To replace by a mask is quicker than to store a lane and load the whole,
 * which waits for the store.
 */
#define LANES(shape, type, mask, splat, extract, replace, ...) \
	static inline v128 vec_##splat(type x) \
	{ \
		lane_##shape n = (lane_##shape)x; \
		return (v128)SPLAT_##shape(n); \
	} \
	static inline type vec_##extract(v128 v, unsigned lane) \
	{ \
		return (type)((shape)v)[lane]; \
	} \
	static inline v128 vec_##replace(v128 v, type x, unsigned lane) \
	{ \
		mask at = (mask){ __VA_ARGS__ } == (lane_##mask)lane; \
		return PICK(v128, at, vec_##splat(x), v); \
	}
#define SPLAT2(n) n, n
#define SPLAT4(n) SPLAT2(n), SPLAT2(n)
#define SPLAT8(n) SPLAT4(n), SPLAT4(n)
#define SPLAT_u8x16(n) ((u8x16){ SPLAT8(n), SPLAT8(n) })
#define SPLAT_u16x8(n) ((u16x8){ SPLAT8(n) })
#define SPLAT_u32x4(n) ((u32x4){ SPLAT4(n) })
#define SPLAT_u64x2(n) ((u64x2){ SPLAT2(n) })
#define SPLAT_f32x4(n) ((f32x4){ SPLAT4(n) })
#define SPLAT_f64x2(n) ((f64x2){ SPLAT2(n) })

/* clang-format off */
LANES(u8x16, uint32_t, s8x16, i8x16_splat, i8x16_extract_lane_u, i8x16_replace_lane, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
LANES(u16x8, uint32_t, s16x8, i16x8_splat, i16x8_extract_lane_u, i16x8_replace_lane, 0, 1, 2, 3, 4, 5, 6, 7)
LANES(u32x4, uint32_t, s32x4, i32x4_splat, i32x4_extract_lane,   i32x4_replace_lane, 0, 1, 2, 3)
LANES(u64x2, uint64_t, s64x2, i64x2_splat, i64x2_extract_lane,   i64x2_replace_lane, 0, 1)
LANES(f32x4, float,    s32x4, f32x4_splat, f32x4_extract_lane,   f32x4_replace_lane, 0, 1, 2, 3)
LANES(f64x2, double,   s64x2, f64x2_splat, f64x2_extract_lane,   f64x2_replace_lane, 0, 1)
/* clang-format on */

#undef LANES

#ifdef __SSE2__
#include "spec/vector_sse2.h"
#endif

/* The bytes of a, then b, that lanes names; 255 is a byte of 0. */
static inline v128
vec_bytes(v128 a, v128 b, v128 lanes)
{
	uint8_t from[64] = { 0 };
	memcpy(from, &a, 16);
	memcpy(from + 16, &b, 16);
	uint64_t low = lanes[0], high = lanes[1];
#define BYTE(half, i) ((uint64_t)from[half >> 8 * i & 63] << 8 * i)
#define BYTES(half) \
	(BYTE(half, 0) | BYTE(half, 1) | BYTE(half, 2) | BYTE(half, 3) | \
		BYTE(half, 4) | BYTE(half, 5) | BYTE(half, 6) | BYTE(half, 7))
	return (v128){ BYTES(low), BYTES(high) };
#undef BYTE
#undef BYTES
}

#ifndef VECTOR_SSE2
#define vec_shuffles() true
#define vec_shuffle(a, b, lanes) vec_bytes(a, b, lanes)
#define vec_permute(a, lanes) vec_bytes(a, a, lanes)
#endif

static inline v128
vec_i8x16_shuffle(v128 a, v128 b, const uint8_t *lanes)
{
	v128 n = vec_v128_load(lanes);
	return vec_shuffles() ? vec_shuffle(a, b, n) : vec_bytes(a, b, n);
}

static inline v128
vec_i8x16_swizzle(v128 a, v128 b)
{
	v128 n = b | (v128)((u8x16)b > 15);
	return vec_shuffles() ? vec_permute(a, n) : vec_bytes(a, a, n);
}

#define INTERLEAVE(shape, x, y, ...) \
	((shape)__builtin_shufflevector((shape)(x), (shape)(y), __VA_ARGS__))
#define LOW8(x, y) \
	INTERLEAVE(u8x16, x, y, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, \
		22, 7, 23)
#define HIGH8(x, y) \
	INTERLEAVE(u8x16, x, y, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, \
		14, 30, 15, 31)
#define LOW16(x, y) INTERLEAVE(u16x8, x, y, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH16(x, y) INTERLEAVE(u16x8, x, y, 4, 12, 5, 13, 6, 14, 7, 15)
#define LOW32(x, y) INTERLEAVE(u32x4, x, y, 0, 4, 1, 5)
#define HIGH32(x, y) INTERLEAVE(u32x4, x, y, 2, 6, 3, 7)

/* clang-format off */
UNARY(i16x8_extend_low_i8x16_s,  u8x16, (s16x8)LOW8(a, a) >> 8)
UNARY(i16x8_extend_high_i8x16_s, u8x16, (s16x8)HIGH8(a, a) >> 8)
UNARY(i16x8_extend_low_i8x16_u,  u8x16, LOW8(a, (u8x16){ 0 }))
UNARY(i16x8_extend_high_i8x16_u, u8x16, HIGH8(a, (u8x16){ 0 }))
UNARY(i32x4_extend_low_i16x8_s,  u16x8, (s32x4)LOW16(a, a) >> 16)
UNARY(i32x4_extend_high_i16x8_s, u16x8, (s32x4)HIGH16(a, a) >> 16)
UNARY(i32x4_extend_low_i16x8_u,  u16x8, LOW16(a, (u16x8){ 0 }))
UNARY(i32x4_extend_high_i16x8_u, u16x8, HIGH16(a, (u16x8){ 0 }))
UNARY(i64x2_extend_low_i32x4_s,  s32x4, LOW32(a, a < 0))
UNARY(i64x2_extend_high_i32x4_s, s32x4, HIGH32(a, a < 0))
UNARY(i64x2_extend_low_i32x4_u,  u32x4, LOW32(a, (u32x4){ 0 }))
UNARY(i64x2_extend_high_i32x4_u, u32x4, HIGH32(a, (u32x4){ 0 }))
/* clang-format on */

#undef LOW8
#undef HIGH8
#undef LOW16
#undef HIGH16
#undef LOW32
#undef HIGH32

/* Narrowing: to the range of the result, then the low half of each lane. */
#define CLAMP(shape, x, min, max) \
	CLAMP_LOW(shape, PICK(shape, (x) < max, x, SPLAT(shape, max)), min)
#define CLAMP_LOW(shape, x, min) PICK(shape, (x) > min, x, SPLAT(shape, min))
#define SPLAT(shape, n) ((shape){ 0 } + (lane_##shape)(n))
#define EVEN8(x, y) \
	INTERLEAVE(u8x16, x, y, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, \
		26, 28, 30)
#define EVEN16(x, y) INTERLEAVE(u16x8, x, y, 0, 2, 4, 6, 8, 10, 12, 14)

/* clang-format off */
BINARY(i16x8_narrow_i32x4_u, s32x4, EVEN16(CLAMP(s32x4, a, 0, 65535), CLAMP(s32x4, b, 0, 65535)))
#ifndef VECTOR_SSE2
BINARY(i8x16_narrow_i16x8_s, s16x8, EVEN8(CLAMP(s16x8, a, -128, 127), CLAMP(s16x8, b, -128, 127)))
BINARY(i8x16_narrow_i16x8_u, s16x8, EVEN8(CLAMP(s16x8, a, 0, 255), CLAMP(s16x8, b, 0, 255)))
BINARY(i16x8_narrow_i32x4_s, s32x4, EVEN16(CLAMP(s32x4, a, -32768, 32767), CLAMP(s32x4, b, -32768, 32767)))
#endif
/* clang-format on */

#undef CLAMP
#undef CLAMP_LOW
#undef EVEN8
#undef EVEN16
#undef INTERLEAVE

static inline uint32_t
vec_v128_any_true(v128 a)
{
	return (a[0] | a[1]) != 0;
}

#ifndef VECTOR_SSE2

/* The products bring the top bits of all lanes together, without carries. */
static inline uint32_t
vec_i8x16_bitmask(v128 v)
{
	v128 a = (v >> 7 & 0x0101010101010101) * 0x0102040810204080;
	return (uint32_t)(a[0] >> 56 | a[1] >> 56 << 8);
}

static inline uint32_t
vec_i16x8_bitmask(v128 v)
{
	v128 a = (v >> 15 & 0x0001000100010001) * 0x0001000200040008;
	return (uint32_t)(a[0] >> 48 | a[1] >> 48 << 4);
}

static inline uint32_t
vec_i32x4_bitmask(v128 a)
{
	return (uint32_t)((a[0] >> 31 & 1) | a[0] >> 63 << 1 |
			  (a[1] >> 31 & 1) << 2 | a[1] >> 63 << 3);
}

static inline uint32_t
vec_i64x2_bitmask(v128 a)
{
	return (uint32_t)(a[0] >> 63 | a[1] >> 63 << 1);
}

#endif

/*
 * No machine shifts bytes: words are shifted, and bits that crossed a byte are
 * masked out.  SSE2 does not shift 64 bits arithmetically: the sign is moved
 * down with the rest and subtracted from there.
 */
#define SIGNED(a, sign) (((a) ^ (sign)) - (sign))
#define BYTES(n) ((u8x16)((u16x8){ 0 } + (uint16_t)((uint8_t)(n)*0x0101)))
#define BYTE_SHR ((u8x16)((u16x8)a >> n) & BYTES(0xff >> n))

/* clang-format off */
SHIFT(i8x16_shl,   u8x16, 8,  (u8x16)((u16x8)a << n) & BYTES(0xff << n))
SHIFT(i8x16_shr_u, u8x16, 8,  BYTE_SHR)
SHIFT(i8x16_shr_s, u8x16, 8,  SIGNED(BYTE_SHR, BYTES(0x80 >> n)))
SHIFT(i64x2_shr_s, u64x2, 64, SIGNED(a >> n, SPLAT(u64x2, (uint64_t)1 << 63 >> n)))
/* clang-format on */

#undef SIGNED
#undef BYTES
#undef BYTE_SHR

/* r the sum or difference; it overflowed if crossed, then the sign of a says
 * where to */
#define SATURATE(id, shape, max, sum, crossed) \
	static inline v128 vec_##id(v128 x, v128 y) \
	{ \
		shape a = (shape)x, b = (shape)y; \
		shape r = (shape)((u##shape)a sum(u##shape) b); \
		shape limit = (a < 0) ^ max; \
		return PICK(v128, (crossed) < 0, limit, r); \
	}
#define us8x16 u8x16
#define us16x8 u16x8

/* clang-format off */
SATURATE(i8x16_add_sat_s, s8x16, 127,   +, (a ^ r) & (b ^ r))
SATURATE(i8x16_sub_sat_s, s8x16, 127,   -, (a ^ b) & (a ^ r))
SATURATE(i16x8_add_sat_s, s16x8, 32767, +, (a ^ r) & (b ^ r))
SATURATE(i16x8_sub_sat_s, s16x8, 32767, -, (a ^ b) & (a ^ r))
/* clang-format on */

#undef SATURATE
#undef us8x16
#undef us16x8

/*
 * Floats.  Equal operands of min and max differ at most in the sign of a zero;
 * a NaN beats all.  b is picked when neither is less.
 */
#define MINMAX(id, shape, less, zeros) \
	static inline v128 vec_##id(v128 x, v128 y) \
	{ \
		shape a = (shape)x, b = (shape)y; \
		v128 r = PICK(v128, a less b, x, y); \
		r = PICK(v128, a == b, x zeros y, r); \
		return PICK(v128, (a != a) | (b != b), a + b, r); \
	}
MINMAX(f32x4_min, f32x4, <, |)
MINMAX(f32x4_max, f32x4, >, &)
MINMAX(f64x2_min, f64x2, <, |)
MINMAX(f64x2_max, f64x2, >, &)
#undef MINMAX

/*
 * From big on every float is integral; to add it to one below leaves no bits
 * for a fraction.  r is a rounded to nearest, then corrected by one; the sign
 * of a is the sign of the result, a zero too.  a + 0 makes a NaN quiet.
 */
#define ROUND(id, shape, bits, sign, big, correction) \
	static inline v128 vec_##id(v128 x) \
	{ \
		shape a = (shape)x; \
		v128 minus = x & (v128)SPLAT(bits, sign); \
		shape mag = (shape)(x & ~(v128)SPLAT(bits, sign)); \
		shape r = (shape)((v128)(mag + big - big) | minus); \
		r = r correction; \
		return PICK(v128, mag < big, (v128)r | minus, a + 0); \
	}
#define ONE(shape, cond) ((shape)((v128)(cond) & (v128)SPLAT(shape, 1)))
#define TOWARDS_0(shape) \
	((shape)((v128)ONE(shape, (shape)((v128)r & ~minus) > mag) | minus))

/* clang-format off */
ROUND(f32x4_nearest, f32x4, u32x4, NUM_F32_SIGN, 0x1p23f, )
ROUND(f32x4_ceil,    f32x4, u32x4, NUM_F32_SIGN, 0x1p23f, + ONE(f32x4, r < a))
ROUND(f32x4_floor,   f32x4, u32x4, NUM_F32_SIGN, 0x1p23f, - ONE(f32x4, r > a))
ROUND(f32x4_trunc,   f32x4, u32x4, NUM_F32_SIGN, 0x1p23f, - TOWARDS_0(f32x4))
ROUND(f64x2_nearest, f64x2, u64x2, NUM_F64_SIGN, 0x1p52,  )
ROUND(f64x2_ceil,    f64x2, u64x2, NUM_F64_SIGN, 0x1p52,  + ONE(f64x2, r < a))
ROUND(f64x2_floor,   f64x2, u64x2, NUM_F64_SIGN, 0x1p52,  - ONE(f64x2, r > a))
ROUND(f64x2_trunc,   f64x2, u64x2, NUM_F64_SIGN, 0x1p52,  - TOWARDS_0(f64x2))
/* clang-format on */

#undef ROUND
#undef ONE
#undef TOWARDS_0

/*
 * Conversions, exact or rounded once.  Half a number at a time is exact as an
 * f32; 32 bits below the exponent of 2^52 are the f64 of 2^52 more.
 */
#define AS_F64(x) \
	((f64x2)__builtin_shufflevector( \
		(u32x4)(x), SPLAT(u32x4, 0x43300000), 0, 4, 1, 5))

/* clang-format off */
UNARY(f32x4_convert_i32x4_s,     s32x4, __builtin_convertvector(a, f32x4))
UNARY(f32x4_convert_i32x4_u,     u32x4, __builtin_convertvector((s32x4)(a >> 16), f32x4) * 0x1p16f + __builtin_convertvector((s32x4)(a & 0xffff), f32x4))
UNARY(f64x2_convert_low_i32x4_s, u32x4, AS_F64(a ^ 0x80000000) - (0x1p52 + 0x1p31))
UNARY(f64x2_convert_low_i32x4_u, u32x4, AS_F64(a) - 0x1p52)
UNARY(f64x2_promote_low_f32x4,   f32x4, ((f64x2){ a[0], a[1] }))
UNARY(f32x4_demote_f64x2_zero,   f64x2, ((f32x4){ (float)a[0], (float)a[1] }))
#ifndef VECTOR_SSE2
UNARY(f32x4_sqrt,                f32x4, ((f32x4){ sqrtf(a[0]), sqrtf(a[1]), sqrtf(a[2]), sqrtf(a[3]) }))
UNARY(f64x2_sqrt,                f64x2, ((f64x2){ sqrt(a[0]), sqrt(a[1]) }))
#endif
/* clang-format on */

#undef AS_F64

/* What fits is converted, with 0 in the place of the rest. */
#define WHERE(cond, x) ((v128)(x) & (v128)(cond))

static inline v128
vec_i32x4_trunc_sat_f32x4_s(v128 x)
{
	f32x4 a = (f32x4)x;
	f32x4 fitting = (f32x4)WHERE((a >= -0x1p31f) & (a < 0x1p31f), x);
	return (v128) __builtin_convertvector(fitting, s32x4) |
	       WHERE(a >= 0x1p31f, SPLAT(s32x4, INT32_MAX)) |
	       WHERE(a < -0x1p31f, SPLAT(s32x4, INT32_MIN));
}

static inline v128
vec_i32x4_trunc_sat_f32x4_u(v128 x)
{
	f32x4 a = (f32x4)x;
	v128 big = (v128)(a >= 0x1p31f);
	f32x4 half = a - (f32x4)WHERE(big, SPLAT(f32x4, 0x1p31f));
	f32x4 fitting = (f32x4)WHERE((a > 0) & (a < 0x1p32f), half);
	return ((v128) __builtin_convertvector(fitting, s32x4) ^
		       WHERE(big, SPLAT(u32x4, 0x80000000))) |
	       (v128)(a >= 0x1p32f);
}

#undef WHERE

static inline v128
vec_i32x4_trunc_sat_f64x2_s_zero(v128 x)
{
	f64x2 a = (f64x2)x;
	uint64_t high = num_i32_trunc_sat_f64_s(a[1]);
	return (v128){ num_i32_trunc_sat_f64_s(a[0]) | high << 32, 0 };
}

static inline v128
vec_i32x4_trunc_sat_f64x2_u_zero(v128 x)
{
	f64x2 a = (f64x2)x;
	uint64_t high = num_i32_trunc_sat_f64_u(a[1]);
	return (v128){ num_i32_trunc_sat_f64_u(a[0]) | high << 32, 0 };
}

#undef SPLAT

#endif
