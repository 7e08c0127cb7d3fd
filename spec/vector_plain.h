/*
 * Vectors in plain C, on every machine: the twin of spec/vector_gnu.h, lane by
 * lane.
 */
#ifndef SPEC_VECTOR_PLAIN_H
#define SPEC_VECTOR_PLAIN_H

#include "spec/numeric.h"
#include "trap/bytes.h"
#include "trap/slot.h"

typedef struct {
	uint8_t u8[16]; /* little-endian, lane 0 first */
} v128;

static inline uint8_t
vec_get_8(v128 v, unsigned lane)
{
	return v.u8[lane];
}

static inline uint16_t
vec_get_16(v128 v, unsigned lane)
{
	return bytes_get16(v.u8 + 2 * lane);
}

static inline uint32_t
vec_get_32(v128 v, unsigned lane)
{
	return bytes_get32(v.u8 + 4 * lane);
}

static inline uint64_t
vec_get_64(v128 v, unsigned lane)
{
	return bytes_get64(v.u8 + 8 * lane);
}

static inline void
vec_put_8(v128 *v, unsigned lane, uint8_t x)
{
	v->u8[lane] = x;
}

static inline void
vec_put_16(v128 *v, unsigned lane, uint16_t x)
{
	bytes_put16(v->u8 + 2 * lane, x);
}

static inline void
vec_put_32(v128 *v, unsigned lane, uint32_t x)
{
	bytes_put32(v->u8 + 4 * lane, x);
}

static inline void
vec_put_64(v128 *v, unsigned lane, uint64_t x)
{
	bytes_put64(v->u8 + 8 * lane, x);
}

/*
 * A shape is the type of its lanes here.
 * SHAPE(shape, type, wide, bits, mask, from, to)
 *   wide      what is computed in: does not overflow where a lane wraps
 *   mask      the shape of comparisons
 *   from, to  the lane of its bits and back
 */
#define SHAPE(shape, type, wide, bits, mask, from, to) \
	typedef type shape; \
	typedef wide wide_##shape; \
	typedef mask mask_##shape; \
	enum { LANES_##shape = 128 / bits }; \
	static inline wide vec_get_##shape(v128 v, unsigned lane) \
	{ \
		return from(vec_get_##bits(v, lane)); \
	} \
	static inline void vec_put_##shape(v128 *v, unsigned lane, type x) \
	{ \
		vec_put_##bits(v, lane, to(x)); \
	} \
	static inline void vec_mask_##shape(v128 *v, unsigned lane, int cond) \
	{ \
		vec_put_##bits(v, lane, (mask)-cond); \
	}

/* clang-format off */
SHAPE(u8x16, uint8_t,  uint32_t, 8,  uint8_t,  , )
SHAPE(s8x16, int8_t,   int32_t,  8,  uint8_t,  (int8_t), (uint8_t))
SHAPE(u16x8, uint16_t, uint32_t, 16, uint16_t, , )
SHAPE(s16x8, int16_t,  int32_t,  16, uint16_t, (int16_t), (uint16_t))
SHAPE(u32x4, uint32_t, uint32_t, 32, uint32_t, , )
SHAPE(s32x4, int32_t,  int32_t,  32, uint32_t, (int32_t), (uint32_t))
SHAPE(u64x2, uint64_t, uint64_t, 64, uint64_t, , )
SHAPE(s64x2, int64_t,  int64_t,  64, uint64_t, (int64_t), (uint64_t))
SHAPE(f32x4, float,    float,    32, uint32_t, num_f32_of_bits, num_bits_f32)
SHAPE(f64x2, double,   double,   64, uint64_t, num_f64_of_bits, num_bits_f64)
/* clang-format on */

#undef SHAPE

/* r, after the statement for each lane i */
#define LANES(shape, statement) \
	v128 r; \
	for (unsigned i = 0; i < LANES_##shape; i++) { \
		statement \
	} \
	return r
#define UNARY(id, shape, value) \
	static inline v128 vec_##id(v128 x) \
	{ \
		LANES(shape, wide_##shape a = vec_get_##shape(x, i); \
			vec_put_##shape(&r, i, (shape)(value));); \
	}
#define BINARY(id, shape, value) \
	static inline v128 vec_##id(v128 x, v128 y) \
	{ \
		LANES(shape, wide_##shape a = vec_get_##shape(x, i); \
			wide_##shape b = vec_get_##shape(y, i); \
			vec_put_##shape(&r, i, (shape)(value));); \
	}
#define COMPARE(id, shape, cond) \
	static inline v128 vec_##id(v128 x, v128 y) \
	{ \
		LANES(shape, wide_##shape a = vec_get_##shape(x, i); \
			wide_##shape b = vec_get_##shape(y, i); \
			vec_mask_##shape(&r, i, cond);); \
	}
#define TERNARY(id, shape, value) \
	static inline v128 vec_##id(v128 x, v128 y, v128 z) \
	{ \
		LANES(shape, wide_##shape a = vec_get_##shape(x, i); \
			wide_##shape b = vec_get_##shape(y, i); \
			wide_##shape c = vec_get_##shape(z, i); \
			vec_put_##shape(&r, i, (shape)(value));); \
	}
#define SHIFT(id, shape, width, value) \
	static inline v128 vec_##id(v128 x, uint32_t count) \
	{ \
		uint32_t n = count & (width - 1); \
		LANES(shape, wide_##shape a = vec_get_##shape(x, i); \
			vec_put_##shape(&r, i, (shape)(value));); \
	}
#define MASK(shape, cond) ((shape) - (cond))
#define PICK(shape, cond, x, y) ((cond) ? (x) : (y))

static inline v128
vec_of_u64(uint64_t low, uint64_t high)
{
	v128 v;
	vec_put_64(&v, 0, low);
	vec_put_64(&v, 1, high);
	return v;
}

static inline v128
vec_load(const union slot *p)
{
	return vec_of_u64(p[0].u64, p[1].u64);
}

static inline void
vec_store(union slot *p, v128 v)
{
	p[0].u64 = vec_get_64(v, 0);
	p[1].u64 = vec_get_64(v, 1);
}

static inline v128
vec_v128_load(const uint8_t *p)
{
	v128 v;
	memcpy(v.u8, p, sizeof v.u8);
	return v;
}

static inline void
vec_v128_store(uint8_t *p, v128 v)
{
	memcpy(p, v.u8, sizeof v.u8);
}

#define LANE(shape, type, splat, extract, replace) \
	static inline v128 vec_##splat(type x) \
	{ \
		LANES(shape, vec_put_##shape(&r, i, (shape)x);); \
	} \
	static inline type vec_##extract(v128 v, unsigned lane) \
	{ \
		return vec_get_##shape(v, lane); \
	} \
	static inline v128 vec_##replace(v128 v, type x, unsigned lane) \
	{ \
		vec_put_##shape(&v, lane, (shape)x); \
		return v; \
	}

/* clang-format off */
LANE(u8x16, uint32_t, i8x16_splat, i8x16_extract_lane_u, i8x16_replace_lane)
LANE(u16x8, uint32_t, i16x8_splat, i16x8_extract_lane_u, i16x8_replace_lane)
LANE(u32x4, uint32_t, i32x4_splat, i32x4_extract_lane,   i32x4_replace_lane)
LANE(u64x2, uint64_t, i64x2_splat, i64x2_extract_lane,   i64x2_replace_lane)
LANE(f32x4, float,    f32x4_splat, f32x4_extract_lane,   f32x4_replace_lane)
LANE(f64x2, double,   f64x2_splat, f64x2_extract_lane,   f64x2_replace_lane)
/* clang-format on */

#undef LANE

/* The bytes of a, then b, that lanes names; 255 is a byte of 0. */
static inline v128
vec_bytes(v128 a, v128 b, v128 lanes)
{
	v128 r;
	for (int i = 0; i < 16; i++) {
		uint8_t n = lanes.u8[i];
		r.u8[i] = n < 16 ? a.u8[n] : n < 32 ? b.u8[n - 16] : 0;
	}
	return r;
}

#define vec_shuffles() true
#define vec_shuffle(a, b, lanes) vec_bytes(a, b, lanes)
#define vec_permute(a, lanes) vec_bytes(a, a, lanes)

static inline v128
vec_i8x16_shuffle(v128 a, v128 b, const uint8_t *lanes)
{
	v128 n;
	memcpy(n.u8, lanes, 16);
	return vec_bytes(a, b, n);
}

static inline v128
vec_i8x16_swizzle(v128 a, v128 b)
{
	LANES(u8x16, r.u8[i] = b.u8[i] < 16 ? a.u8[b.u8[i]] : 0;);
}

/* EXTEND(id, to, from, first): lanes of from, from the first on */
#define EXTEND(id, to, from, first) \
	static inline v128 vec_##id(v128 v) \
	{ \
		LANES(to, vec_put_##to(&r, i, vec_get_##from(v, first + i));); \
	}

/* clang-format off */
EXTEND(i16x8_extend_low_i8x16_s,  s16x8, s8x16, 0)
EXTEND(i16x8_extend_high_i8x16_s, s16x8, s8x16, 8)
EXTEND(i16x8_extend_low_i8x16_u,  u16x8, u8x16, 0)
EXTEND(i16x8_extend_high_i8x16_u, u16x8, u8x16, 8)
EXTEND(i32x4_extend_low_i16x8_s,  s32x4, s16x8, 0)
EXTEND(i32x4_extend_high_i16x8_s, s32x4, s16x8, 4)
EXTEND(i32x4_extend_low_i16x8_u,  u32x4, u16x8, 0)
EXTEND(i32x4_extend_high_i16x8_u, u32x4, u16x8, 4)
EXTEND(i64x2_extend_low_i32x4_s,  s64x2, s32x4, 0)
EXTEND(i64x2_extend_high_i32x4_s, s64x2, s32x4, 2)
EXTEND(i64x2_extend_low_i32x4_u,  u64x2, u32x4, 0)
EXTEND(i64x2_extend_high_i32x4_u, u64x2, u32x4, 2)
EXTEND(f64x2_convert_low_i32x4_s, f64x2, s32x4, 0)
EXTEND(f64x2_convert_low_i32x4_u, f64x2, u32x4, 0)
EXTEND(f64x2_promote_low_f32x4,   f64x2, f32x4, 0)
/* clang-format on */

#undef EXTEND

static inline int32_t
vec_clamp(int32_t x, int32_t min, int32_t max)
{
	return x < min ? min : x > max ? max : x;
}

/* NARROW(id, to, from, min, max): the lanes of a, then those of b */
#define NARROW(id, to, from, min, max) \
	static inline v128 vec_##id(v128 a, v128 b) \
	{ \
		v128 r; \
		for (unsigned i = 0; i < LANES_##from; i++) { \
			int32_t x = vec_get_##from(a, i); \
			int32_t y = vec_get_##from(b, i); \
			vec_put_##to(&r, i, (to)vec_clamp(x, min, max)); \
			vec_put_##to(&r, LANES_##from + i, \
				(to)vec_clamp(y, min, max)); \
		} \
		return r; \
	}

/* clang-format off */
NARROW(i8x16_narrow_i16x8_s, u8x16, s16x8, -128,   127)
NARROW(i8x16_narrow_i16x8_u, u8x16, s16x8, 0,      255)
NARROW(i16x8_narrow_i32x4_s, u16x8, s32x4, -32768, 32767)
NARROW(i16x8_narrow_i32x4_u, u16x8, s32x4, 0,      65535)
/* clang-format on */

#undef NARROW

static inline uint32_t
vec_v128_any_true(v128 v)
{
	return (vec_get_64(v, 0) | vec_get_64(v, 1)) != 0;
}

#define BITMASK(id, shape) \
	static inline uint32_t vec_##id(v128 v) \
	{ \
		uint32_t r = 0; \
		for (unsigned i = 0; i < LANES_##shape; i++) \
			r |= (uint32_t)(vec_get_##shape(v, i) < 0) << i; \
		return r; \
	}
BITMASK(i8x16_bitmask, s8x16)
BITMASK(i16x8_bitmask, s16x8)
BITMASK(i32x4_bitmask, s32x4)
BITMASK(i64x2_bitmask, s64x2)
#undef BITMASK

/* clang-format off */
SHIFT(i8x16_shl,   u8x16, 8,  a << n)
SHIFT(i8x16_shr_s, s8x16, 8,  a >> n)
SHIFT(i8x16_shr_u, u8x16, 8,  a >> n)
SHIFT(i64x2_shr_s, s64x2, 64, a >> n)

BINARY(i8x16_add_sat_s, s8x16, vec_clamp(a + b, -128, 127))
BINARY(i8x16_sub_sat_s, s8x16, vec_clamp(a - b, -128, 127))
BINARY(i16x8_add_sat_s, s16x8, vec_clamp(a + b, -32768, 32767))
BINARY(i16x8_sub_sat_s, s16x8, vec_clamp(a - b, -32768, 32767))

BINARY(f32x4_min,    f32x4, num_f32_min(a, b))
BINARY(f32x4_max,    f32x4, num_f32_max(a, b))
UNARY(f32x4_ceil,    f32x4, num_f32_ceil(a))
UNARY(f32x4_floor,   f32x4, num_f32_floor(a))
UNARY(f32x4_trunc,   f32x4, num_f32_trunc(a))
UNARY(f32x4_nearest, f32x4, num_f32_nearest(a))
UNARY(f32x4_sqrt,    f32x4, sqrtf(a))
BINARY(f64x2_min,    f64x2, num_f64_min(a, b))
BINARY(f64x2_max,    f64x2, num_f64_max(a, b))
UNARY(f64x2_ceil,    f64x2, num_f64_ceil(a))
UNARY(f64x2_floor,   f64x2, num_f64_floor(a))
UNARY(f64x2_trunc,   f64x2, num_f64_trunc(a))
UNARY(f64x2_nearest, f64x2, num_f64_nearest(a))
UNARY(f64x2_sqrt,    f64x2, sqrt(a))
/* clang-format on */

/* CONVERT(id, to, from, value): the same number of bits, or half and zeros */
#define CONVERT(id, to, from, value) \
	static inline v128 vec_##id(v128 v) \
	{ \
		v128 r = { { 0 } }; \
		for (unsigned i = 0; i < LANES_##from; i++) { \
			wide_##from a = vec_get_##from(v, i); \
			vec_put_##to(&r, i, value); \
		} \
		return r; \
	}

/* clang-format off */
CONVERT(f32x4_convert_i32x4_s,        f32x4, s32x4, (float)a)
CONVERT(f32x4_convert_i32x4_u,        f32x4, u32x4, (float)a)
CONVERT(f32x4_demote_f64x2_zero,      f32x4, f64x2, (float)a)
CONVERT(i32x4_trunc_sat_f32x4_s,      u32x4, f32x4, num_i32_trunc_sat_f32_s(a))
CONVERT(i32x4_trunc_sat_f32x4_u,      u32x4, f32x4, num_i32_trunc_sat_f32_u(a))
CONVERT(i32x4_trunc_sat_f64x2_s_zero, u32x4, f64x2, num_i32_trunc_sat_f64_s(a))
CONVERT(i32x4_trunc_sat_f64x2_u_zero, u32x4, f64x2, num_i32_trunc_sat_f64_u(a))
/* clang-format on */

#undef CONVERT

#endif
