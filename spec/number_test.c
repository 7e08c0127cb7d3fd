#include "spec/number.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static uint64_t
f64(const char *s)
{
	uint64_t bits;
	if (!number_f64(s, (uint32_t)strlen(s), &bits))
		return UINT64_MAX;
	return bits;
}

static uint32_t
f32(const char *s)
{
	uint32_t bits;
	if (!number_f32(s, (uint32_t)strlen(s), &bits))
		return UINT32_MAX;
	return bits;
}

static bool
integer(const char *s, unsigned bits, uint64_t want)
{
	uint64_t v;
	return number_int(s, (uint32_t)strlen(s), bits, &v) && v == want;
}

static bool
fits(const char *s, unsigned bits)
{
	uint64_t v;
	return number_int(s, (uint32_t)strlen(s), bits, &v);
}

static enum number_kind
kind(const char *s)
{
	return number_kind(s, (uint32_t)strlen(s));
}

START_TEST(underscores_stand_between_digits_only)
{
	ck_assert_int_eq(kind("1_000"), NUMBER_nat);
	ck_assert_int_eq(kind("0xa_b"), NUMBER_nat);
	ck_assert_int_eq(kind("1_"), NUMBER_none);
	ck_assert_int_eq(kind("_1"), NUMBER_none);
	ck_assert_int_eq(kind("1__0"), NUMBER_none);
	ck_assert_int_eq(kind("0x_1"), NUMBER_none);
	ck_assert_int_eq(kind("0_x1"), NUMBER_none);
	ck_assert_int_eq(kind("1_.5"), NUMBER_none);
	ck_assert_int_eq(kind("1._5"), NUMBER_none);
}
END_TEST

START_TEST(kinds_of_numbers_are_told_by_their_form)
{
	ck_assert_int_eq(kind("-1"), NUMBER_int);
	ck_assert_int_eq(kind("+0x1F"), NUMBER_int);
	ck_assert_int_eq(kind("1."), NUMBER_float);
	ck_assert_int_eq(kind("1.e5"), NUMBER_float);
	ck_assert_int_eq(kind("0x1.8p-3"), NUMBER_float);
	ck_assert_int_eq(kind("-inf"), NUMBER_float);
	ck_assert_int_eq(kind("nan:0x7f"), NUMBER_float);
	ck_assert_int_eq(kind("nan:7f"), NUMBER_none);
	ck_assert_int_eq(kind("0x"), NUMBER_none);
	ck_assert_int_eq(kind("1e"), NUMBER_none);
	ck_assert_int_eq(kind(".5"), NUMBER_none);
	ck_assert_int_eq(kind("0x1p"), NUMBER_none);
	ck_assert_int_eq(kind("0x1e+5"), NUMBER_none);
}
END_TEST

START_TEST(integers_may_be_signed_or_unsigned)
{
	ck_assert(integer("4294967295", 32, 0xffffffff));
	ck_assert(integer("-1", 32, 0xffffffff));
	ck_assert(integer("-0x80000000", 32, 0x80000000));
	ck_assert(integer("-128", 8, 0x80));
	ck_assert(integer("0xffff_ffff_ffff_ffff", 64, UINT64_MAX));
	ck_assert(!fits("4294967296", 32));
	ck_assert(!fits("-2147483649", 32));
	ck_assert(!fits("18446744073709551616", 64));
	ck_assert(!fits("-9223372036854775809", 64));
	ck_assert(!fits("256", 8));
	ck_assert(!fits("1.0", 32));
}
END_TEST

START_TEST(floats_round_once_to_nearest_even)
{
	ck_assert_uint_eq(f64("0.1"), 0x3fb999999999999a);
	ck_assert_uint_eq(f32("0.1"), 0x3dcccccd);
	ck_assert_uint_eq(f64("-0"), (uint64_t)1 << 63);
	ck_assert_uint_eq(f64("9007199254740993"), f64("9007199254740992"));
	ck_assert_uint_eq(
		f64("9007199254740993.00001"), f64("9007199254740994"));
	/* above the halfway point of f32 by less than an f64 can tell */
	ck_assert_uint_eq(
		f32("1.00000005960464477539062500000000001"), 0x3f800001);
	ck_assert_uint_eq(f32("1.000000059604644775390625"), 0x3f800000);
	ck_assert_uint_eq(f32("0x1.00000100000000001p0"), 0x3f800001);
	ck_assert_uint_eq(f32("0x1.000001p0"), 0x3f800000);
}
END_TEST

START_TEST(the_ends_of_the_range_round_like_the_rest)
{
	ck_assert_uint_eq(f64("4.9406564584124654e-324"), 1);
	ck_assert_uint_eq(f64("0x1p-1075"), 0);
	ck_assert_uint_eq(f64("0x1.00000000000000000001p-1075"), 1);
	ck_assert_uint_eq(f64("2.4703282292062327e-324"), 0);
	ck_assert_uint_eq(f64("2.4703282292062328e-324"), 1);
	ck_assert_uint_eq(f64("1e-99999999999999999999"), 0);
	ck_assert_uint_eq(f64("1.7976931348623157e308"), 0x7fefffffffffffff);
	ck_assert_uint_eq(
		f64("0x1.fffffffffffff7ffffffffp1023"), 0x7fefffffffffffff);
	ck_assert_uint_eq(f64("0x1.fffffffffffff8p1023"), UINT64_MAX);
	ck_assert_uint_eq(f64("1e309"), UINT64_MAX);
	ck_assert_uint_eq(f64("1e99999999999999999999"), UINT64_MAX);
	ck_assert_uint_eq(f32("3.4028235677973367e38"), UINT32_MAX);
	ck_assert_uint_eq(f32("3.4028235677973366e38"), 0x7f7fffff);
	ck_assert_uint_eq(f64("0e99999999999999999999"), 0);
}
END_TEST

/* 1 + 2^-53 is halfway; a digit far behind it decides. */
START_TEST(digits_beyond_the_kept_ones_break_ties)
{
	static const char tie[] = "1.000000000000000111022302462515654042363"
				  "16680908203125";
	char s[2000];
	ck_assert_uint_eq(f64(tie), 0x3ff0000000000000);
	snprintf(s, sizeof s, "%s%01500d", tie, 1);
	ck_assert_uint_eq(f64(s), 0x3ff0000000000001);
	snprintf(s, sizeof s, "1%0400d.0e-400", 0);
	ck_assert_uint_eq(f64(s), 0x3ff0000000000000);
}
END_TEST

START_TEST(nan_payloads_must_fit)
{
	ck_assert_uint_eq(f32("nan"), 0x7fc00000);
	ck_assert_uint_eq(f32("-nan"), 0xffc00000);
	ck_assert_uint_eq(f32("nan:0x1"), 0x7f800001);
	ck_assert_uint_eq(f32("nan:0x800000"), UINT32_MAX);
	ck_assert_uint_eq(f64("nan:0xfffffffffffff"), 0x7fffffffffffffff);
	ck_assert_uint_eq(f64("nan:0x0"), UINT64_MAX);
}
END_TEST

START_TEST(printed_floats_read_back)
{
	static const uint64_t bits[] = { 0, 1, 0x8000000000000000,
		0x000fffffffffffff, 0x3ff0000000000000, 0x400921fb54442d18,
		0x7fefffffffffffff, 0x7ff0000000000000, 0xfff8000000000000,
		0x7ff0000000000001 };
	char s[32];
	for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
		ck_assert_uint_eq(f64(number_format_f64(bits[i], s)), bits[i]);
		uint32_t narrow = (uint32_t)(bits[i] >> 32);
		ck_assert_uint_eq(f32(number_format_f32(narrow, s)), narrow);
	}
	ck_assert_str_eq(number_format_f64(0xbff8000000000000, s), "-0x1.8p+0");
	ck_assert_str_eq(number_format_f32(0x7fa00000, s), "nan:0x200000");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("number");
	TCase *t = tcase_create("number");
	tcase_add_test(t, underscores_stand_between_digits_only);
	tcase_add_test(t, kinds_of_numbers_are_told_by_their_form);
	tcase_add_test(t, integers_may_be_signed_or_unsigned);
	tcase_add_test(t, floats_round_once_to_nearest_even);
	tcase_add_test(t, the_ends_of_the_range_round_like_the_rest);
	tcase_add_test(t, digits_beyond_the_kept_ones_break_ties);
	tcase_add_test(t, nan_payloads_must_fit);
	tcase_add_test(t, printed_floats_read_back);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
