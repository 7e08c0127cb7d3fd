/*
 * Part of spec/vector_gnu.h: what x86 does in one instruction and compilers do
 * not find in C.  SSE2 is there whenever this is; SSSE3 is asked for.
 */
#ifndef SPEC_VECTOR_SSE2_H
#define SPEC_VECTOR_SSE2_H

#define VECTOR_SSE2 /* the rows here are left out elsewhere */

typedef char c8x16 __attribute__((vector_size(16))); /* as builtins want it */

/*
 * The bytes of a that lanes names, 0 for a lane with its top bit set. Assembly,
 * as the builtin is for functions that are compiled for SSSE3 alone, and those
 * cannot be inlined: the call was most of a shuffle.
 */
static inline v128
vec_pshufb(v128 a, v128 lanes)
{
	__asm__("pshufb %1, %0" : "+x"(a) : "x"(lanes));
	return a;
}

static inline bool
vec_shuffles(void)
{
	return __builtin_cpu_supports("ssse3");
}

static inline v128
vec_shuffle(v128 a, v128 b, v128 lanes)
{
	s8x16 n = (s8x16)lanes;
	return vec_pshufb(a, (v128)(n | (n > 15))) |
	       vec_pshufb(b, (v128)(n - 16));
}

static inline v128
vec_permute(v128 a, v128 lanes)
{
	return vec_pshufb(a, lanes);
}

/* clang-format off */
BINARY(i8x16_narrow_i16x8_s, s16x8, __builtin_ia32_packsswb128(a, b))
BINARY(i8x16_narrow_i16x8_u, s16x8, __builtin_ia32_packuswb128(a, b))
BINARY(i16x8_narrow_i32x4_s, s32x4, __builtin_ia32_packssdw128(a, b))
BINARY(i32x4_dot_i16x8_s,    s16x8, __builtin_ia32_pmaddwd128(a, b))
UNARY(f32x4_sqrt,            f32x4, __builtin_ia32_sqrtps(a))
UNARY(f64x2_sqrt,            f64x2, __builtin_ia32_sqrtpd(a))
/* clang-format on */

static inline uint32_t
vec_i8x16_bitmask(v128 v)
{
	return (uint32_t)__builtin_ia32_pmovmskb128((c8x16)v);
}

static inline uint32_t
vec_i16x8_bitmask(v128 v)
{
	return vec_i8x16_bitmask(vec_i8x16_narrow_i16x8_s(v, (v128){ 0, 0 }));
}

static inline uint32_t
vec_i32x4_bitmask(v128 v)
{
	return (uint32_t)__builtin_ia32_movmskps((f32x4)v);
}

static inline uint32_t
vec_i64x2_bitmask(v128 v)
{
	return (uint32_t)__builtin_ia32_movmskpd((f64x2)v);
}

#endif
