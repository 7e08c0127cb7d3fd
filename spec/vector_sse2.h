/*
 * Part of spec/vector_gnu.h: what x86 does in one instruction and compilers do
 * not find in C.  SSE2 is there whenever this is; SSSE3 is asked for.
 */
#ifndef SPEC_VECTOR_SSE2_H
#define SPEC_VECTOR_SSE2_H

#define VECTOR_SSE2 /* the rows here are left out elsewhere */

typedef char c8x16 __attribute__((vector_size(16))); /* as builtins want it */

/*
 * Bytes of a, then b.  A lane with its top bit set gives 0.  It is called, as
 * it cannot be inlined where SSSE3 is not known to be.  5 ns, dispatch of a
 * shuffle included, where byte by byte takes 15.
 */
static __attribute__((noinline, unused, target("ssse3"))) v128
vec_bytes_ssse3(v128 a, v128 b, v128 lanes)
{
	u8x16 n = (u8x16)lanes;
	v128 of_a = (v128)__builtin_ia32_pshufb128(
		(c8x16)a, (c8x16)(n | (u8x16)(n > 15)));
	v128 of_b = (v128)__builtin_ia32_pshufb128((c8x16)b, (c8x16)(n - 16));
	return of_a | of_b;
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
