#include "spec/vector.h"

#include <check.h>

#define ROUNDS 4000
#define F32_SIGNALLING 0x7f800001u
#define F64_SIGNALLING 0x7ff0000000000001u

static uint64_t seed = 0x9e3779b97f4a7c15u;

/* xorshift, now and then a lane that is an edge case. */
static uint64_t
number(void)
{
	static const uint64_t edges[] = { 0, UINT64_MAX, 0x8000800080008000,
		0x7fff7fff7fff7fff, 0x8080808080808080, 0x7f7f7f7f7f7f7f7f,
		0x8000000080000000, 0x8000000000000000, 0x7fffffff7fffffff,
		0x3f000000bf000000, 0x3fe0000000000000, 0x7f8000017fc00000,
		0x7ff0000000000001, 0x7ff8000000000000, 0x7f800000ff800000,
		0xbfe0000000000000, 0x4f0000005f000000, 0xcf000000bf800000,
		0x41dfffffffc00000, 0xc1e0000000000000, 0x41efffffffe00000,
		0x4b0000014b000001, 0x4330000000000001, 0xfff0000000000000 };
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	if (seed % 3 == 0)
		return edges[seed / 3 % (sizeof edges / sizeof edges[0])];
	return seed % 5 == 0 ? seed & 0x400f400fc00fc00f : seed;
}

static v128
vector(void)
{
	uint64_t low = number();
	return vec_of_u64(low, number());
}

/* Lane i of lanes that are bits wide. */
static uint64_t
lane_u(v128 v, int bits, int i)
{
	uint8_t b[16];
	vec_v128_store(b, v);
	uint64_t r = 0;
	for (int k = bits / 8; k-- > 0;)
		r = r << 8 | b[i * bits / 8 + k];
	return r;
}

static int64_t
lane_s(v128 v, int bits, int i)
{
	return (int64_t)(lane_u(v, bits, i) << (64 - bits)) >> (64 - bits);
}

static float
lane_f32(v128 v, int i)
{
	return num_f32_of_bits((uint32_t)lane_u(v, 32, i));
}

static double
lane_f64(v128 v, int i)
{
	return num_f64_of_bits(lane_u(v, 64, i));
}

static uint64_t
cut(int64_t x, int bits)
{
	return (uint64_t)x << (64 - bits) >> (64 - bits);
}

static int64_t
clamp(int64_t x, int64_t min, int64_t max)
{
	return x < min ? min : x > max ? max : x;
}

#define U8(...) vec_v128_load((const uint8_t[16]){ __VA_ARGS__ })

#define CHECK_V(v, low, high) \
	do { \
		v128 got = (v); \
		ck_assert_uint_eq(lane_u(got, 64, 0), low); \
		ck_assert_uint_eq(lane_u(got, 64, 1), high); \
	} while (0)

/*
 * For all lanes of random operands: value of the lanes' numbers.
 * a, b unsigned, x, y signed, i the lane
 */
#define EACH(id, bits, value) \
	for (int round = 0; round < ROUNDS / 4; round++) { \
		v128 p = vector(), q = vector(), r = vec_##id(p, q); \
		for (int i = 0; i < 128 / bits; i++) { \
			uint64_t a = lane_u(p, bits, i), \
				 b = lane_u(q, bits, i); \
			int64_t x = lane_s(p, bits, i), \
				y = lane_s(q, bits, i); \
			(void)a, (void)b, (void)x, (void)y; \
			ck_assert_msg(lane_u(r, bits, i) == \
					      cut((int64_t)(value), bits), \
				"%s(%llx, %llx) is %llx", #id, \
				(unsigned long long)a, (unsigned long long)b, \
				(unsigned long long)lane_u(r, bits, i)); \
		} \
	}

START_TEST(lanes_are_little_endian_in_slots_and_memory)
{
	uint8_t bytes[16], back[16];
	for (int i = 0; i < 16; i++)
		bytes[i] = (uint8_t)(0xf0 + i);
	v128 v = vec_v128_load(bytes);
	union slot s[2];
	vec_store(s, v);
	ck_assert_uint_eq(s[0].u64, 0xf7f6f5f4f3f2f1f0);
	ck_assert_uint_eq(s[1].u64, 0xfffefdfcfbfaf9f8);
	vec_v128_store(back, vec_load(s));
	ck_assert_mem_eq(back, bytes, 16);
	for (unsigned i = 0; i < 16; i++) {
		ck_assert_uint_eq(vec_i8x16_extract_lane_u(v, i), 0xf0 + i);
		ck_assert_uint_eq(
			vec_i8x16_extract_lane_s(v, i), 0xfffffff0 + i);
	}
	ck_assert_uint_eq(vec_i16x8_extract_lane_u(v, 1), 0xf3f2);
	ck_assert_uint_eq(vec_i16x8_extract_lane_s(v, 7), 0xfffffffe);
	ck_assert_uint_eq(vec_i32x4_extract_lane(v, 2), 0xfbfaf9f8);
	ck_assert_uint_eq(vec_i64x2_extract_lane(v, 1), s[1].u64);
}
END_TEST

START_TEST(a_replaced_lane_leaves_the_others)
{
	v128 v = vec_of_u64(0x0807060504030201, 0x100f0e0d0c0b0a09);
	CHECK_V(vec_i8x16_replace_lane(v, 0x1ff, 9), 0x0807060504030201,
		0x100f0e0d0c0bff09);
	CHECK_V(vec_i16x8_replace_lane(v, 0x1ffff, 0), 0x080706050403ffff,
		0x100f0e0d0c0b0a09);
	CHECK_V(vec_i32x4_replace_lane(v, 0, 1), 0x04030201,
		0x100f0e0d0c0b0a09);
	CHECK_V(vec_i64x2_replace_lane(v, 5, 1), 0x0807060504030201, 5);
	CHECK_V(vec_f32x4_replace_lane(v, -0.0f, 3), 0x0807060504030201,
		0x800000000c0b0a09);
	CHECK_V(vec_f64x2_replace_lane(v, 1, 0), 0x3ff0000000000000,
		0x100f0e0d0c0b0a09);
	ck_assert(vec_f32x4_extract_lane(vec_f32x4_splat(1.5f), 3) == 1.5f);
	ck_assert(vec_f64x2_extract_lane(vec_f64x2_splat(-2.5), 1) == -2.5);
}
END_TEST

START_TEST(splats_fill_all_lanes)
{
	uint64_t ones = 0x0101010101010101;
	CHECK_V(vec_i8x16_splat(0x1a5), 0xa5 * ones, 0xa5 * ones);
	CHECK_V(vec_i16x8_splat(0x1a5a5), 0xa5 * ones, 0xa5 * ones);
	CHECK_V(vec_i32x4_splat(7), 0x700000007, 0x700000007);
	CHECK_V(vec_i64x2_splat(7), 7, 7);
	CHECK_V(vec_f32x4_splat(-0.0f), 0x8000000080000000, 0x8000000080000000);
	CHECK_V(vec_f64x2_splat(-0.0), NUM_F64_SIGN, NUM_F64_SIGN);
}
END_TEST

START_TEST(integers_compare){
#define SHAPE(shape, bits) \
	EACH(shape##_eq, bits, -(a == b)) \
	EACH(shape##_ne, bits, -(a != b)) \
	EACH(shape##_lt_s, bits, -(x < y)) \
	EACH(shape##_gt_s, bits, -(x > y)) \
	EACH(shape##_le_s, bits, -(x <= y)) \
	EACH(shape##_ge_s, bits, -(x >= y))
#define UNSIGNED(shape, bits) \
	EACH(shape##_lt_u, bits, -(a < b)) \
	EACH(shape##_gt_u, bits, -(a > b)) \
	EACH(shape##_le_u, bits, -(a <= b)) \
	EACH(shape##_ge_u, bits, -(a >= b))
	SHAPE(i8x16, 8) SHAPE(i16x8, 16) SHAPE(i32x4, 32) SHAPE(i64x2, 64)
		UNSIGNED(i8x16, 8) UNSIGNED(i16x8, 16) UNSIGNED(i32x4, 32)
#undef SHAPE
#undef UNSIGNED
} END_TEST

	START_TEST(integers_wrap){
#define SHAPE(shape, bits) \
	EACH(shape##_add, bits, a + b) \
	EACH(shape##_sub, bits, a - b)
		SHAPE(i8x16, 8) SHAPE(i16x8, 16) SHAPE(i32x4, 32) SHAPE(
			i64x2, 64)
#undef SHAPE
			EACH(i16x8_mul, 16, a *b) EACH(i32x4_mul, 32, a *b)
				EACH(i64x2_mul, 64, a *b)
	} END_TEST

	START_TEST(integers_saturate_or_average){ EACH(i8x16_add_sat_s, 8,
		clamp(x + y, -128, 127)) EACH(i8x16_sub_sat_s, 8,
		clamp(x - y, -128, 127)) EACH(i8x16_add_sat_u, 8,
		clamp((int64_t)(a + b), 0, 255)) EACH(i8x16_sub_sat_u, 8,
		clamp((int64_t)(a - b), 0, 255)) EACH(i16x8_add_sat_s, 16,
		clamp(x + y, -32768, 32767)) EACH(i16x8_sub_sat_s, 16,
		clamp(x - y, -32768, 32767)) EACH(i16x8_add_sat_u, 16,
		clamp((int64_t)(a + b), 0, 65535)) EACH(i16x8_sub_sat_u, 16,
		clamp((int64_t)(a - b), 0, 65535)) EACH(i8x16_avgr_u, 8,
		(a + b + 1) / 2) EACH(i16x8_avgr_u, 16,
		(a + b + 1) / 2) EACH(i16x8_q15mulr_sat_s, 16,
		clamp((x * y + 0x4000) >> 15, -32768,
			32767)) EACH(i16x8_relaxed_q15mulr_s, 16,
		clamp((x * y + 0x4000) >> 15, -32768, 32767)) } END_TEST

	START_TEST(the_lesser_and_the_greater_integer_are_found){
#define SHAPE(shape, bits) \
	EACH(shape##_min_s, bits, x < y ? x : y) \
	EACH(shape##_max_s, bits, x > y ? x : y) \
	EACH(shape##_min_u, bits, a < b ? a : b) \
	EACH(shape##_max_u, bits, a > b ? a : b)
		SHAPE(i8x16, 8) SHAPE(i16x8, 16) SHAPE(i32x4, 32)
#undef SHAPE
	} END_TEST

	START_TEST(the_least_integer_is_its_own_negative)
{
#define vec_abs_8(p, q) vec_i8x16_abs(p)
#define vec_abs_16(p, q) vec_i16x8_abs(p)
#define vec_abs_32(p, q) vec_i32x4_abs(p)
#define vec_abs_64(p, q) vec_i64x2_abs(p)
#define vec_neg_8(p, q) vec_i8x16_neg(p)
#define vec_neg_16(p, q) vec_i16x8_neg(p)
#define vec_neg_32(p, q) vec_i32x4_neg(p)
#define vec_neg_64(p, q) vec_i64x2_neg(p)
#define vec_popcnt_each(p, q) vec_i8x16_popcnt(p)
#define SHAPE(bits) \
	EACH(abs_##bits, bits, x < 0 ? 0 - a : a) \
	EACH(neg_##bits, bits, 0 - a)
	SHAPE(8)
	SHAPE(16)
	SHAPE(32)
	SHAPE(64)
#undef SHAPE
	EACH(popcnt_each, 8, num_i64_popcnt(a))
	CHECK_V(vec_i8x16_abs(vec_i8x16_splat(0x80)), 0x8080808080808080,
		0x8080808080808080);
}
END_TEST

START_TEST(shift_counts_are_taken_modulo_the_lane_width)
{
	for (uint32_t n = 0; n < 130; n++) {
#define SHAPE(shape, bits) \
	for (int i = 0; i < 128 / bits; i++) { \
		v128 p = vector(); \
		uint64_t a = lane_u(p, bits, i); \
		int64_t x = lane_s(p, bits, i); \
		uint32_t k = n % bits; \
		ck_assert_uint_eq(lane_u(vec_##shape##_shl(p, n), bits, i), \
			cut((int64_t)(a << k), bits)); \
		ck_assert_uint_eq( \
			lane_u(vec_##shape##_shr_u(p, n), bits, i), a >> k); \
		ck_assert_int_eq( \
			lane_s(vec_##shape##_shr_s(p, n), bits, i), x >> k); \
	}
		SHAPE(i8x16, 8)
		SHAPE(i16x8, 16)
		SHAPE(i32x4, 32)
		SHAPE(i64x2, 64)
#undef SHAPE
	}
}
END_TEST

START_TEST(bits_are_selected_by_the_third_operand)
{
	v128 a = vec_of_u64(0xff00ff00ff00ff00, 0x123456789abcdef0);
	v128 b = vec_of_u64(0x0f0f0f0f0f0f0f0f, 0xfedcba9876543210);
	v128 c = vec_of_u64(0xffff0000ffff0000, 0xff);
	CHECK_V(vec_v128_and(a, b), 0x0f000f000f000f00, 0x1214121812141210);
	CHECK_V(vec_v128_andnot(a, b), 0xf000f000f000f000, 0x0020446088a8cce0);
	CHECK_V(vec_v128_or(a, b), 0xff0fff0fff0fff0f, 0xfefcfef8fefcfef0);
	CHECK_V(vec_v128_xor(a, b), 0xf00ff00ff00ff00f, 0xece8ece0ece8ece0);
	CHECK_V(vec_v128_not(c), 0x0000ffff0000ffff, ~(uint64_t)0xff);
	CHECK_V(vec_v128_bitselect(a, b, c), 0xff000f0fff000f0f,
		0xfedcba98765432f0);
	CHECK_V(vec_i8x16_relaxed_laneselect(a, b, c), 0xff000f0fff000f0f,
		0xfedcba98765432f0);
}
END_TEST

START_TEST(truth_is_told_of_any_and_all_lanes)
{
	v128 none = vec_of_u64(0, 0), some = vec_of_u64(0, 0x0100000000000000);
	ck_assert_uint_eq(vec_v128_any_true(none), 0);
	ck_assert_uint_eq(vec_v128_any_true(some), 1);
	ck_assert_uint_eq(vec_i64x2_all_true(some), 0);
	v128 ones = vec_i8x16_splat(1);
	ck_assert_uint_eq(vec_i8x16_all_true(ones), 1);
	v128 most = vec_i8x16_replace_lane(ones, 0, 13);
	ck_assert_uint_eq(vec_i8x16_all_true(most), 0);
	ck_assert_uint_eq(vec_i16x8_all_true(most), 1);
	ck_assert_uint_eq(vec_i32x4_all_true(vec_i16x8_splat(1)), 1);
	ck_assert_uint_eq(vec_i64x2_all_true(vec_i32x4_splat(1)), 1);
}
END_TEST

START_TEST(top_bits_make_a_mask)
{
	for (int i = 0; i < ROUNDS; i++) {
		v128 v = vector();
#define SHAPE(shape, bits) \
	{ \
		uint32_t mask = 0; \
		for (int k = 0; k < 128 / bits; k++) \
			mask |= (uint32_t)(lane_s(v, bits, k) < 0) << k; \
		ck_assert_uint_eq(vec_##shape##_bitmask(v), mask); \
	}
		SHAPE(i8x16, 8)
		SHAPE(i16x8, 16)
		SHAPE(i32x4, 32)
		SHAPE(i64x2, 64)
#undef SHAPE
	}
}
END_TEST

START_TEST(shuffled_bytes_come_from_both_operands)
{
	v128 a = U8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
	v128 b = vec_i8x16_add(a, vec_i8x16_splat(16));
	for (int round = 0; round < ROUNDS; round++) {
		v128 lanes = vector();
		v128 inside = vec_v128_and(lanes, vec_i8x16_splat(31));
		uint8_t bytes[16];
		vec_v128_store(bytes, inside);
		v128 both = vec_i8x16_shuffle(a, b, bytes);
		ck_assert_uint_eq(lane_u(both, 64, 0), lane_u(inside, 64, 0));
		ck_assert_uint_eq(lane_u(both, 64, 1), lane_u(inside, 64, 1));
		v128 gap = vec_i8x16_gt_s(lanes, a); /* 255 is a byte of 0 */
		v128 rest = vec_v128_andnot(inside, gap);
		inside = vec_v128_or(inside, gap);
		both = vec_bytes(a, b, inside);
		ck_assert_uint_eq(lane_u(both, 64, 0), lane_u(rest, 64, 0));
		ck_assert_uint_eq(lane_u(both, 64, 1), lane_u(rest, 64, 1));
		if (vec_shuffles())
			both = vec_shuffle(a, b, inside);
		ck_assert_uint_eq(lane_u(both, 64, 0), lane_u(rest, 64, 0));
		ck_assert_uint_eq(lane_u(both, 64, 1), lane_u(rest, 64, 1));
		v128 one = vec_i8x16_swizzle(b, lanes);
		v128 relaxed = vec_i8x16_relaxed_swizzle(b, lanes);
		for (int i = 0; i < 16; i++) {
			uint64_t n = lane_u(lanes, 8, i);
			uint64_t want = n < 16 ? n + 16 : 0;
			ck_assert_uint_eq(lane_u(one, 8, i), want);
			ck_assert_uint_eq(lane_u(relaxed, 8, i), want);
		}
	}
}
END_TEST

/* for all lanes of the result of id: value of the operands p, q and lane i */
#define CROSS(call, bits, value) \
	for (int round = 0; round < ROUNDS / 4; round++) { \
		v128 p = vector(), q = vector(), r = vec_##call; \
		(void)q; \
		for (int i = 0; i < 128 / bits; i++) \
			ck_assert_msg(lane_u(r, bits, i) == \
					      cut((int64_t)(value), bits), \
				"%s, lane %d", #call, i); \
	}

START_TEST(lanes_are_extended_and_narrowed){
#define SHAPE(to, from, bits, half) \
	CROSS(to##_extend_low_##from##_s(p), bits, lane_s(p, half, i)) \
	CROSS(to##_extend_low_##from##_u(p), bits, lane_u(p, half, i)) \
	CROSS(to##_extend_high_##from##_s(p), bits, \
		lane_s(p, half, i + 128 / bits)) \
	CROSS(to##_extend_high_##from##_u(p), bits, \
		lane_u(p, half, i + 128 / bits))
	SHAPE(i16x8, i8x16, 16, 8) SHAPE(i32x4, i16x8, 32, 16) SHAPE(
		i64x2, i32x4, 64, 32)
#undef SHAPE
		CROSS(i8x16_narrow_i16x8_s(p, q), 8,
			clamp(lane_s(i < 8 ? p : q, 16, i % 8), -128,
				127)) CROSS(i8x16_narrow_i16x8_u(p, q), 8,
			clamp(lane_s(i < 8 ? p : q, 16, i % 8), 0,
				255)) CROSS(i16x8_narrow_i32x4_s(p, q), 16,
			clamp(lane_s(i < 4 ? p : q, 32, i % 4), -32768,
				32767)) CROSS(i16x8_narrow_i32x4_u(p, q), 16,
			clamp(lane_s(i < 4 ? p : q, 32, i % 4), 0, 65535))
} END_TEST

	START_TEST(extended_lanes_are_added_and_multiplied)
{
#define PRODUCT(s, half, k) \
	((uint64_t)lane_##s(p, half, k) * (uint64_t)lane_##s(q, half, k))
#define SHAPE(to, from, bits, half) \
	CROSS(to##_extmul_low_##from##_s(p, q), bits, PRODUCT(s, half, i)) \
	CROSS(to##_extmul_low_##from##_u(p, q), bits, PRODUCT(u, half, i)) \
	CROSS(to##_extmul_high_##from##_s(p, q), bits, \
		PRODUCT(s, half, i + 128 / bits)) \
	CROSS(to##_extmul_high_##from##_u(p, q), bits, \
		PRODUCT(u, half, i + 128 / bits))
#define PAIRS(to, from, bits, half) \
	CROSS(to##_extadd_pairwise_##from##_s(p), bits, \
		lane_s(p, half, 2 * i) + lane_s(p, half, 2 * i + 1)) \
	CROSS(to##_extadd_pairwise_##from##_u(p), bits, \
		lane_u(p, half, 2 * i) + lane_u(p, half, 2 * i + 1))
	SHAPE(i16x8, i8x16, 16, 8)
	SHAPE(i32x4, i16x8, 32, 16)
	SHAPE(i64x2, i32x4, 64, 32)
	PAIRS(i16x8, i8x16, 16, 8)
	PAIRS(i32x4, i16x8, 32, 16)
#undef SHAPE
#undef PAIRS
	CROSS(i32x4_dot_i16x8_s(p, q), 32,
		PRODUCT(s, 16, 2 * i) + PRODUCT(s, 16, 2 * i + 1))
	CROSS(i16x8_relaxed_dot_i8x16_i7x16_s(p, q), 16,
		clamp((int64_t)(PRODUCT(s, 8, 2 * i) +
				PRODUCT(s, 8, 2 * i + 1)),
			-32768, 32767))
	v128 least = vec_i8x16_splat(0x80), one = vec_i32x4_splat(1);
	CHECK_V(vec_i32x4_relaxed_dot_i8x16_i7x16_add_s(least, least, one),
		0x0000ffff0000ffff, 0x0000ffff0000ffff);
}
END_TEST

/* The same number, or both NaNs, of which ours is quiet. */
static int
same_f32(uint64_t bits, float want)
{
	if (want != want)
		return (bits & 0x7fc00000) == 0x7fc00000;
	return bits == num_bits_f32(want);
}

static int
same_f64(uint64_t bits, double want)
{
	if (want != want)
		return (bits & 0x7ff8000000000000) == 0x7ff8000000000000;
	return bits == num_bits_f64(want);
}

/* for all lanes of random operands: the scalar value of a and b */
#define FLOATS(call, type, bits, value) \
	for (int round = 0; round < ROUNDS; round++) { \
		v128 p = vector(), q = vector(), r = vec_##call; \
		for (int i = 0; i < 128 / bits; i++) { \
			type a = lane_##type(p, i), b = lane_##type(q, i); \
			(void)b; \
			ck_assert_msg(same_##type(lane_u(r, bits, i), value), \
				"%s of %a, %a is %a", #call, (double)a, \
				(double)b, (double)lane_##type(r, i)); \
		} \
	}
typedef float f32;
typedef double f64;

START_TEST(floats_are_computed_like_scalars){
#define SHAPE(shape, f, bits) \
	FLOATS(shape##_add(p, q), f, bits, num_##f##_add(a, b)) \
	FLOATS(shape##_sub(p, q), f, bits, num_##f##_sub(a, b)) \
	FLOATS(shape##_mul(p, q), f, bits, num_##f##_mul(a, b)) \
	FLOATS(shape##_div(p, q), f, bits, num_##f##_div(a, b)) \
	FLOATS(shape##_min(p, q), f, bits, num_##f##_min(a, b)) \
	FLOATS(shape##_max(p, q), f, bits, num_##f##_max(a, b)) \
	FLOATS(shape##_relaxed_min(p, q), f, bits, num_##f##_min(a, b)) \
	FLOATS(shape##_relaxed_max(p, q), f, bits, num_##f##_max(a, b)) \
	FLOATS(shape##_sqrt(p), f, bits, num_##f##_sqrt(a)) \
	FLOATS(shape##_ceil(p), f, bits, num_##f##_ceil(a)) \
	FLOATS(shape##_floor(p), f, bits, num_##f##_floor(a)) \
	FLOATS(shape##_trunc(p), f, bits, num_##f##_trunc(a)) \
	FLOATS(shape##_nearest(p), f, bits, num_##f##_nearest(a)) \
	FLOATS(shape##_relaxed_madd(p, p, q), f, bits, a *a + b) \
	FLOATS(shape##_relaxed_nmadd(p, p, q), f, bits, b - a * a) \
	CROSS(shape##_eq(p, q), bits, \
		-(int)num_##f##_eq(lane_##f(p, i), lane_##f(q, i))) \
	CROSS(shape##_ne(p, q), bits, \
		-(int)num_##f##_ne(lane_##f(p, i), lane_##f(q, i))) \
	CROSS(shape##_lt(p, q), bits, \
		-(int)num_##f##_lt(lane_##f(p, i), lane_##f(q, i))) \
	CROSS(shape##_gt(p, q), bits, \
		-(int)num_##f##_gt(lane_##f(p, i), lane_##f(q, i))) \
	CROSS(shape##_le(p, q), bits, \
		-(int)num_##f##_le(lane_##f(p, i), lane_##f(q, i))) \
	CROSS(shape##_ge(p, q), bits, \
		-(int)num_##f##_ge(lane_##f(p, i), lane_##f(q, i)))
	SHAPE(f32x4, f32, 32) SHAPE(f64x2, f64, 64)
#undef SHAPE
} END_TEST

	START_TEST(signs_and_pseudo_minima_leave_the_bits_of_a_nan){
#define SHAPE(shape, f, bits, sign) \
	CROSS(shape##_abs(p), bits, lane_u(p, bits, i) & ~sign) \
	CROSS(shape##_neg(p), bits, lane_u(p, bits, i) ^ sign) \
	CROSS(shape##_pmin(p, q), bits, \
		lane_u(lane_##f(q, i) < lane_##f(p, i) ? q : p, bits, i)) \
	CROSS(shape##_pmax(p, q), bits, \
		lane_u(lane_##f(p, i) < lane_##f(q, i) ? q : p, bits, i))
		SHAPE(f32x4, f32, 32, (uint64_t)NUM_F32_SIGN)
			SHAPE(f64x2, f64, 64, NUM_F64_SIGN)
#undef SHAPE
	} END_TEST

	START_TEST(rounding_and_minima_make_nans_quiet)
{
	v128 f = vec_i32x4_splat(F32_SIGNALLING);
	v128 d = vec_i64x2_splat(F64_SIGNALLING);
	v128 one = vec_f32x4_splat(1);
	uint32_t quiet = F32_SIGNALLING | NUM_F32_QUIET;
	ck_assert_uint_eq(lane_u(vec_f32x4_ceil(f), 32, 3), quiet);
	ck_assert_uint_eq(lane_u(vec_f32x4_trunc(f), 32, 0), quiet);
	ck_assert_uint_eq(lane_u(vec_f32x4_min(f, one), 32, 0), quiet);
	ck_assert_uint_eq(lane_u(vec_f32x4_max(one, f), 32, 0), quiet);
	ck_assert_uint_eq(lane_u(vec_f64x2_nearest(d), 64, 1),
		F64_SIGNALLING | NUM_F64_QUIET);
	v128 zeros = vec_f64x2_replace_lane(vec_f64x2_splat(0), -0.0, 1);
	CHECK_V(vec_f64x2_min(zeros, vec_f64x2_splat(0)), 0, NUM_F64_SIGN);
	CHECK_V(vec_f64x2_max(zeros, vec_f64x2_splat(-0.0)), 0, NUM_F64_SIGN);
	CHECK_V(vec_f64x2_ceil(vec_f64x2_splat(-0.5)), NUM_F64_SIGN,
		NUM_F64_SIGN);
}
END_TEST

START_TEST(conversions_are_those_of_scalars){
#define F32(i) lane_f32(p, i)
#define F64(i) lane_f64(p, i)
#define ZERO(i, value) (i < 2 ? (value) : 0)
	FLOATS(f32x4_convert_i32x4_s(p), f32, 32,
		(f32)(int32_t)lane_s(p, 32, i)) FLOATS(f32x4_convert_i32x4_u(p),
		f32, 32,
		(f32)(uint32_t)lane_u(
			p, 32, i)) FLOATS(f64x2_convert_low_i32x4_s(p), f64, 64,
		(f64)lane_s(p, 32, i)) FLOATS(f64x2_convert_low_i32x4_u(p), f64,
		64, (f64)lane_u(p, 32, i)) FLOATS(f64x2_promote_low_f32x4(p),
		f64, 64,
		(f64)F32(i)) FLOATS(f32x4_demote_f64x2_zero(p), f32, 32,
		ZERO(i, (f32)F64(i & 1))) CROSS(i32x4_trunc_sat_f32x4_s(p), 32,
		num_i32_trunc_sat_f32_s(
			F32(i))) CROSS(i32x4_trunc_sat_f32x4_u(p), 32,
		num_i32_trunc_sat_f32_u(
			F32(i))) CROSS(i32x4_trunc_sat_f64x2_s_zero(p), 32,
		ZERO(i, num_i32_trunc_sat_f64_s(F64(
				i & 1)))) CROSS(i32x4_trunc_sat_f64x2_u_zero(p),
		32, ZERO(i, num_i32_trunc_sat_f64_u(F64(i & 1))))
		CROSS(i32x4_relaxed_trunc_f32x4_s(p), 32,
			num_i32_trunc_sat_f32_s(F32(
				i))) CROSS(i32x4_relaxed_trunc_f32x4_u(p), 32,
			num_i32_trunc_sat_f32_u(F32(
				i))) CROSS(i32x4_relaxed_trunc_f64x2_s_zero(p),
			32, ZERO(i, num_i32_trunc_sat_f64_s(F64(i & 1))))
			CROSS(i32x4_relaxed_trunc_f64x2_u_zero(p), 32,
				ZERO(i, num_i32_trunc_sat_f64_u(F64(i & 1))))
#undef F32
#undef F64
#undef ZERO
} END_TEST

	START_TEST(memory_is_extended_splatted_or_taken_as_a_lane)
{
	uint8_t m[9] = { 0x81, 0x02, 0x83, 0x04, 0x85, 0x06, 0x87, 0x08, 0xee };
	CHECK_V(vec_v128_load8x8_s(m), 0x0004ff830002ff81, 0x0008ff870006ff85);
	CHECK_V(vec_v128_load8x8_u(m), 0x0004008300020081, 0x0008008700060085);
	CHECK_V(vec_v128_load16x4_s(m), 0x0000048300000281, 0x0000088700000685);
	CHECK_V(vec_v128_load16x4_u(m + 1), 0x0000850400008302,
		0x0000ee0800008706);
	CHECK_V(vec_v128_load32x2_s(m + 1), 0xffffffff85048302,
		0xffffffffee088706);
	CHECK_V(vec_v128_load32x2_u(m), 0x04830281, 0x08870685);
	CHECK_V(vec_v128_load8_splat(m), 0x8181818181818181,
		0x8181818181818181);
	CHECK_V(vec_v128_load16_splat(m), 0x0281028102810281,
		0x0281028102810281);
	CHECK_V(vec_v128_load32_splat(m), 0x0483028104830281,
		0x0483028104830281);
	CHECK_V(vec_v128_load64_splat(m), 0x0887068504830281,
		0x0887068504830281);
	CHECK_V(vec_v128_load32_zero(m), 0x04830281, 0);
	CHECK_V(vec_v128_load64_zero(m), 0x0887068504830281, 0);
	v128 v = vec_of_u64(0x1716151413121110, 0x1f1e1d1c1b1a1918);
	CHECK_V(vec_v128_load8_lane(m, v, 1), 0x1716151413128110,
		0x1f1e1d1c1b1a1918);
	CHECK_V(vec_v128_load16_lane(m, v, 7), 0x1716151413121110,
		0x02811d1c1b1a1918);
	CHECK_V(vec_v128_load32_lane(m, v, 1), 0x0483028113121110,
		0x1f1e1d1c1b1a1918);
	CHECK_V(vec_v128_load64_lane(m, v, 0), 0x0887068504830281,
		0x1f1e1d1c1b1a1918);
	vec_v128_store8_lane(m, v, 15);
	vec_v128_store16_lane(m + 1, v, 1);
	vec_v128_store32_lane(m + 3, v, 2);
	ck_assert_mem_eq(m, "\x1f\x12\x13\x18\x19\x1a\x1b\x08\xee", 9);
	vec_v128_store64_lane(m, v, 0);
	ck_assert_mem_eq(m, "\x10\x11\x12\x13\x14\x15\x16\x17\xee", 9);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("vector");
	tcase_add_test(t, lanes_are_little_endian_in_slots_and_memory);
	tcase_add_test(t, a_replaced_lane_leaves_the_others);
	tcase_add_test(t, splats_fill_all_lanes);
	tcase_add_test(t, integers_compare);
	tcase_add_test(t, integers_wrap);
	tcase_add_test(t, integers_saturate_or_average);
	tcase_add_test(t, the_lesser_and_the_greater_integer_are_found);
	tcase_add_test(t, the_least_integer_is_its_own_negative);
	tcase_add_test(t, shift_counts_are_taken_modulo_the_lane_width);
	tcase_add_test(t, bits_are_selected_by_the_third_operand);
	tcase_add_test(t, truth_is_told_of_any_and_all_lanes);
	tcase_add_test(t, top_bits_make_a_mask);
	tcase_add_test(t, shuffled_bytes_come_from_both_operands);
	tcase_add_test(t, lanes_are_extended_and_narrowed);
	tcase_add_test(t, extended_lanes_are_added_and_multiplied);
	tcase_add_test(t, floats_are_computed_like_scalars);
	tcase_add_test(t, signs_and_pseudo_minima_leave_the_bits_of_a_nan);
	tcase_add_test(t, rounding_and_minima_make_nans_quiet);
	tcase_add_test(t, conversions_are_those_of_scalars);
	tcase_add_test(t, memory_is_extended_splatted_or_taken_as_a_lane);
	Suite *s = suite_create("vector");
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
