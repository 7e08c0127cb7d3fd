#include "spec/numeric.h"

#include <check.h>

#define ROUNDS 200000
#define F32_SIGNALLING 0x7f800001u
#define F64_SIGNALLING 0x7ff0000000000001u

static uint64_t seed = 0x9e3779b97f4a7c15u;

/* xorshift, now and then with few bits set, as edge cases have. */
static uint64_t
number(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % 5 == 0 ? seed & ((uint64_t)3 << seed % 62) : seed;
}

START_TEST(bits_are_counted)
{
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t x = number();
		uint32_t ones = 0, above = 64, below = 64;
		for (uint32_t b = 0; b < 64; b++) {
			if ((x >> b & 1) == 0)
				continue;
			ones++;
			above = 63 - b;
			below = below == 64 ? b : below;
		}
		ck_assert_uint_eq(num_i64_popcnt(x), ones);
		ck_assert_uint_eq(num_i64_clz(x), above);
		ck_assert_uint_eq(num_i64_ctz(x), below);
		ck_assert_uint_eq(num_i32_popcnt((uint32_t)x),
			num_i64_popcnt((uint32_t)x));
		ck_assert_uint_eq(num_i32_clz((uint32_t)x),
			num_i64_clz((uint32_t)x) - 32);
		ck_assert_uint_eq(num_i32_ctz((uint32_t)x),
			num_i64_ctz(x | (uint64_t)1 << 32));
	}
	ck_assert_uint_eq(num_i32_clz(0), 32);
	ck_assert_uint_eq(num_i32_ctz(0), 32);
	ck_assert_uint_eq(num_i64_clz(0), 64);
	ck_assert_uint_eq(num_i64_ctz(0), 64);
}
END_TEST

START_TEST(shift_counts_are_taken_modulo_the_width)
{
	ck_assert_uint_eq(num_i32_shl(1, 33), 2);
	ck_assert_uint_eq(num_i32_shr_u(0x80000000, 63), 1);
	ck_assert_uint_eq(num_i32_shr_s(0x80000000, 31), 0xffffffff);
	ck_assert_uint_eq(num_i32_rotl(0x80000001, 32), 0x80000001);
	ck_assert_uint_eq(num_i32_rotl(0x80000001, 1), 3);
	ck_assert_uint_eq(num_i32_rotr(0x80000001, 1), 0xc0000000);
	ck_assert_uint_eq(num_i64_shl(1, 64), 1);
	ck_assert_uint_eq(num_i64_shr_s((uint64_t)1 << 63, 63), UINT64_MAX);
	ck_assert_uint_eq(num_i64_rotr(1, 65), (uint64_t)1 << 63);
	ck_assert_uint_eq(num_i64_rotl((uint64_t)1 << 63, 1), 1);
}
END_TEST

START_TEST(signs_are_extended)
{
	ck_assert_uint_eq(num_i32_extend8_s(0x180), 0xffffff80);
	ck_assert_uint_eq(num_i32_extend16_s(0x17fff), 0x7fff);
	ck_assert_uint_eq(num_i64_extend8_s(0xff), UINT64_MAX);
	ck_assert_uint_eq(num_i64_extend16_s(0x8000), 0xffffffffffff8000);
	ck_assert_uint_eq(num_i64_extend32_s(0x180000000), 0xffffffff80000000);
	ck_assert_uint_eq(num_i64_extend_i32_s(0x80000000), 0xffffffff80000000);
	ck_assert_uint_eq(num_i64_extend_i32_u(0x80000000), 0x80000000);
}
END_TEST

START_TEST(division_traps_by_zero_and_on_overflow)
{
	uint32_t w, min = 0x80000000, minus = UINT32_MAX;
	uint64_t d, wide = (uint64_t)1 << 63;
	ck_assert_int_eq(num_i32_div_s(1, 0, &w), TRAP_divide_by_zero);
	ck_assert_int_eq(num_i32_div_u(1, 0, &w), TRAP_divide_by_zero);
	ck_assert_int_eq(num_i32_rem_s(1, 0, &w), TRAP_divide_by_zero);
	ck_assert_int_eq(num_i32_rem_u(1, 0, &w), TRAP_divide_by_zero);
	ck_assert_int_eq(num_i64_div_s(1, 0, &d), TRAP_divide_by_zero);
	ck_assert_int_eq(num_i64_rem_u(1, 0, &d), TRAP_divide_by_zero);
	ck_assert_int_eq(num_i32_div_s(min, minus, &w), TRAP_integer_overflow);
	ck_assert_int_eq(
		num_i64_div_s(wide, UINT64_MAX, &d), TRAP_integer_overflow);
	ck_assert_int_eq(num_i32_rem_s(min, minus, &w), NUM_fine);
	ck_assert_uint_eq(w, 0);
	ck_assert_int_eq(num_i64_rem_s(wide, UINT64_MAX, &d), NUM_fine);
	ck_assert_uint_eq(d, 0);
	ck_assert_int_eq(num_i32_div_s(0 - 7u, 2, &w), NUM_fine);
	ck_assert_uint_eq(w, 0 - 3u);
	ck_assert_int_eq(num_i32_rem_s(0 - 7u, 2, &w), NUM_fine);
	ck_assert_uint_eq(w, 0 - 1u);
	ck_assert_int_eq(num_i32_div_u(min, minus, &w), NUM_fine);
	ck_assert_uint_eq(w, 0);
}
END_TEST

START_TEST(minimum_and_maximum_order_zeros_and_give_nans)
{
	ck_assert_uint_eq(num_bits_f64(num_f64_min(0.0, -0.0)), NUM_F64_SIGN);
	ck_assert_uint_eq(num_bits_f64(num_f64_min(-0.0, 0.0)), NUM_F64_SIGN);
	ck_assert_uint_eq(num_bits_f64(num_f64_max(-0.0, 0.0)), 0);
	ck_assert_uint_eq(num_bits_f64(num_f64_max(0.0, -0.0)), 0);
	ck_assert_uint_eq(num_bits_f32(num_f32_min(0.0f, -0.0f)), NUM_F32_SIGN);
	ck_assert_uint_eq(num_bits_f32(num_f32_max(0.0f, -0.0f)), 0);
	ck_assert(num_f32_min(-1.5f, 2) == -1.5f);
	ck_assert(num_f32_max(-1.5f, 2) == 2);
	ck_assert(num_f64_min(-INFINITY, 2) == -INFINITY);
	ck_assert(num_f64_max(2, INFINITY) == INFINITY);
	float s = num_f32_of_bits(F32_SIGNALLING);
	double d = num_f64_of_bits(F64_SIGNALLING);
	ck_assert_uint_ne(num_bits_f32(num_f32_min(s, 1)) & NUM_F32_QUIET, 0);
	ck_assert_uint_ne(num_bits_f32(num_f32_max(1, s)) & NUM_F32_QUIET, 0);
	ck_assert_uint_ne(num_bits_f64(num_f64_min(1, d)) & NUM_F64_QUIET, 0);
	ck_assert_uint_ne(num_bits_f64(num_f64_max(d, 1)) & NUM_F64_QUIET, 0);
	double nan = num_f64_of_bits(NUM_F64_CANONICAL);
	ck_assert_uint_eq(num_bits_f64(num_f64_min(nan, 1)) & ~NUM_F64_SIGN,
		NUM_F64_CANONICAL);
}
END_TEST

/* The result is what libm gives, to the bit, or a quiet NaN. */
static void
same_f64(double x, double got, double wanted)
{
	if (x != x)
		ck_assert_uint_eq(
			num_bits_f64(got), num_bits_f64(x) | NUM_F64_QUIET);
	else
		ck_assert_msg(num_bits_f64(got) == num_bits_f64(wanted),
			"%a: %a, not %a", x, got, wanted);
}

static void
same_f32(float x, float got, float wanted)
{
	if (x != x)
		ck_assert_uint_eq(
			num_bits_f32(got), num_bits_f32(x) | NUM_F32_QUIET);
	else
		ck_assert_msg(num_bits_f32(got) == num_bits_f32(wanted),
			"%a: %a, not %a", x, got, wanted);
}

/* Exponents around those where fractions end are the interesting ones. */
START_TEST(rounding_agrees_with_libm)
{
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t bits = number();
		if (i % 2 == 0)
			bits = (bits & ~((uint64_t)0x7ff << 52)) |
			       (1015 + bits % 64) << 52;
		double x = num_f64_of_bits(bits);
		same_f64(x, num_f64_ceil(x), ceil(x));
		same_f64(x, num_f64_floor(x), floor(x));
		same_f64(x, num_f64_trunc(x), trunc(x));
		same_f64(x, num_f64_nearest(x), rint(x));
		uint32_t word = (uint32_t)(bits >> 32);
		if (i % 2 == 0)
			word = (word & ~((uint32_t)0xff << 23)) |
			       (119 + word % 32) << 23;
		float y = num_f32_of_bits(word);
		same_f32(y, num_f32_ceil(y), ceilf(y));
		same_f32(y, num_f32_floor(y), floorf(y));
		same_f32(y, num_f32_trunc(y), truncf(y));
		same_f32(y, num_f32_nearest(y), rintf(y));
	}
}
END_TEST

START_TEST(nearest_takes_ties_to_even)
{
	ck_assert(num_f64_nearest(0.5) == 0);
	ck_assert(num_f64_nearest(1.5) == 2);
	ck_assert(num_f64_nearest(-2.5) == -2);
	ck_assert(num_f32_nearest(8388607.5f) == 8388608.0f);
	ck_assert_uint_eq(num_bits_f64(num_f64_nearest(-0.5)), NUM_F64_SIGN);
	ck_assert_uint_eq(num_bits_f64(num_f64_ceil(-0.5)), NUM_F64_SIGN);
	ck_assert_uint_eq(num_bits_f64(num_f64_floor(-0.0)), NUM_F64_SIGN);
	ck_assert_uint_eq(num_bits_f32(num_f32_trunc(-0.9f)), NUM_F32_SIGN);
}
END_TEST

START_TEST(truncation_traps_at_the_exact_bounds)
{
	uint32_t w;
	uint64_t d;
	double low = -2147483649.0, above = nextafter(low, 0);
	ck_assert_int_eq(num_i32_trunc_f64_s(low, &w), TRAP_integer_overflow);
	ck_assert_int_eq(num_i32_trunc_f64_s(above, &w), NUM_fine);
	ck_assert_uint_eq(w, 0x80000000);
	ck_assert_int_eq(num_i32_trunc_f64_s(2147483647.9, &w), NUM_fine);
	ck_assert_uint_eq(w, 0x7fffffff);
	ck_assert_int_eq(
		num_i32_trunc_f64_s(0x1p31, &w), TRAP_integer_overflow);
	ck_assert_int_eq(num_i32_trunc_f64_u(-0.9, &w), NUM_fine);
	ck_assert_uint_eq(w, 0);
	ck_assert_int_eq(num_i32_trunc_f64_u(-1, &w), TRAP_integer_overflow);
	ck_assert_int_eq(num_i32_trunc_f64_u(4294967295.9, &w), NUM_fine);
	ck_assert_uint_eq(w, UINT32_MAX);
	ck_assert_int_eq(num_i32_trunc_f32_s(-0x1p31f, &w), NUM_fine);
	ck_assert_int_eq(
		num_i32_trunc_f32_s(0x1p31f, &w), TRAP_integer_overflow);
	ck_assert_int_eq(num_i64_trunc_f32_s(-0x1p63f, &d), NUM_fine);
	ck_assert_uint_eq(d, (uint64_t)1 << 63);
	ck_assert_int_eq(
		num_i64_trunc_f64_u(nextafter(0x1p64, 0), &d), NUM_fine);
	ck_assert_uint_eq(d, 0xfffffffffffff800);
	ck_assert_int_eq(
		num_i64_trunc_f64_u(0x1p64, &d), TRAP_integer_overflow);
	ck_assert_int_eq(
		num_i64_trunc_f32_u(INFINITY, &d), TRAP_integer_overflow);
	ck_assert_int_eq(num_i64_trunc_f64_s(NAN, &d), TRAP_bad_conversion);
	ck_assert_int_eq(num_i32_trunc_f32_u(NAN, &w), TRAP_bad_conversion);
}
END_TEST

START_TEST(saturation_clamps_and_takes_nan_to_zero)
{
	ck_assert_uint_eq(num_i32_trunc_sat_f32_s(NAN), 0);
	ck_assert_uint_eq(num_i32_trunc_sat_f32_s(-INFINITY), 0x80000000);
	ck_assert_uint_eq(num_i32_trunc_sat_f64_s(1e30), 0x7fffffff);
	ck_assert_uint_eq(num_i32_trunc_sat_f64_u(-5), 0);
	ck_assert_uint_eq(num_i32_trunc_sat_f64_u(1e30), UINT32_MAX);
	ck_assert_uint_eq(num_i64_trunc_sat_f64_s(1e30), INT64_MAX);
	ck_assert_uint_eq(num_i64_trunc_sat_f32_u(1e30f), UINT64_MAX);
	ck_assert_uint_eq(num_i64_trunc_sat_f64_s(-1.9), UINT64_MAX);
}
END_TEST

START_TEST(integers_round_once_to_floats)
{
	ck_assert(num_f32_convert_i32_u(16777217) == 16777216.0f);
	ck_assert(num_f32_convert_i32_s(0 - 16777219u) == -16777220.0f);
	ck_assert(num_f32_convert_i64_u(0x8000008000000001) == 0x1.000002p63f);
	ck_assert(num_f32_convert_i64_u(0x8000008000000000) == 0x1p63f);
	ck_assert(num_f32_convert_i64_s(0x7fffff4000000001) == 0x1.fffffep62f);
	ck_assert(num_f64_convert_i64_u(UINT64_MAX) == 0x1p64);
	ck_assert(num_f64_convert_i64_u(0x8000000000000401) ==
		  0x1.0000000000001p63);
	ck_assert(num_f64_convert_i64_s(UINT64_MAX) == -1);
	ck_assert(num_f32_demote_f64(0x1.000001p0) == 1.0f);
	ck_assert(num_f32_demote_f64(0x1.0000010000001p0) == 0x1.000002p0f);
}
END_TEST

START_TEST(conversions_and_arithmetic_make_nans_quiet)
{
	float s = num_f32_of_bits(F32_SIGNALLING);
	double d = num_f64_of_bits(F64_SIGNALLING);
	ck_assert_uint_ne(
		num_bits_f32(num_f32_demote_f64(d)) & NUM_F32_QUIET, 0);
	ck_assert_uint_ne(
		num_bits_f64(num_f64_promote_f32(s)) & NUM_F64_QUIET, 0);
	ck_assert_uint_ne(num_bits_f64(num_f64_sqrt(d)) & NUM_F64_QUIET, 0);
	ck_assert_uint_ne(num_bits_f32(num_f32_add(s, 1)) & NUM_F32_QUIET, 0);
	ck_assert_uint_eq(num_bits_f64(num_f64_sqrt(-1)) & ~NUM_F64_SIGN,
		NUM_F64_CANONICAL);
	ck_assert_uint_eq(num_bits_f64(num_canon_f64(-d)), NUM_F64_CANONICAL);
	ck_assert_uint_eq(num_bits_f32(num_canon_f32(s)), NUM_F32_CANONICAL);
	ck_assert(num_canon_f32(1.5f) == 1.5f);
}
END_TEST

/* A float that is returned in an x87 register would lose its signal there. */
START_TEST(signs_change_without_touching_the_rest)
{
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t a = number(), b = number();
		a |= i % 3 == 0 ? NUM_F64_QUIET | NUM_F64_CANONICAL : 0;
		double x = num_f64_of_bits(a), y = num_f64_of_bits(b);
		ck_assert_uint_eq(
			num_bits_f64(num_f64_abs(x)), a & ~NUM_F64_SIGN);
		ck_assert_uint_eq(
			num_bits_f64(num_f64_neg(x)), a ^ NUM_F64_SIGN);
		ck_assert_uint_eq(num_bits_f64(num_f64_copysign(x, y)),
			(a & ~NUM_F64_SIGN) | (b & NUM_F64_SIGN));
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("numeric");
	TCase *t = tcase_create("numeric");
	tcase_add_test(t, bits_are_counted);
	tcase_add_test(t, shift_counts_are_taken_modulo_the_width);
	tcase_add_test(t, signs_are_extended);
	tcase_add_test(t, division_traps_by_zero_and_on_overflow);
	tcase_add_test(t, minimum_and_maximum_order_zeros_and_give_nans);
	tcase_add_test(t, rounding_agrees_with_libm);
	tcase_add_test(t, nearest_takes_ties_to_even);
	tcase_add_test(t, truncation_traps_at_the_exact_bounds);
	tcase_add_test(t, saturation_clamps_and_takes_nan_to_zero);
	tcase_add_test(t, integers_round_once_to_floats);
	tcase_add_test(t, conversions_and_arithmetic_make_nans_quiet);
	tcase_add_test(t, signs_change_without_touching_the_rest);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
