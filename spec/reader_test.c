#include "spec/reader.h"

#include <check.h>

#include "spec/utf8.h"
#include "trap/error.h"

static struct error error;

/* A reader over the bytes of a string literal. */
#define READ(literal) over((const uint8_t *)(literal), sizeof(literal) - 1)

static struct reader
over(const uint8_t *bytes, size_t len)
{
	struct reader r = { bytes, bytes + len, bytes, &error };
	error_clear(&error);
	return r;
}

START_TEST(unsigned_integers_take_up_to_all_their_bytes)
{
	struct reader r = READ("\x7f\xff\x01\xff\xff\xff\xff\x0f\x80\x80\x00");
	ck_assert_uint_eq(reader_u32(&r), 127);
	ck_assert_uint_eq(reader_u32(&r), 255);
	ck_assert_uint_eq(reader_u32(&r), UINT32_MAX);
	ck_assert_uint_eq(reader_u32(&r), 0);
	r = READ("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
	ck_assert_uint_eq(reader_u64(&r), UINT64_MAX);
	ck_assert_int_eq(error.kind, ERROR_none);
}
END_TEST

START_TEST(signed_integers_extend_their_last_bit)
{
	struct reader r = READ("\x3f\x40\x7f\xff\xff\xff\xff\x07\x80\x80\x80"
			       "\x80\x78");
	ck_assert_int_eq(reader_s32(&r), 63);
	ck_assert_int_eq(reader_s32(&r), -64);
	ck_assert_int_eq(reader_s32(&r), -1);
	ck_assert_int_eq(reader_s32(&r), INT32_MAX);
	ck_assert_int_eq(reader_s32(&r), INT32_MIN);
	r = READ("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7f\xff\xff\xff\xff"
		 "\x0f\x70");
	ck_assert(reader_s64(&r) == INT64_MIN);
	ck_assert(reader_s33(&r) == UINT32_MAX);
	ck_assert(reader_s33(&r) == -16);
	ck_assert_int_eq(error.kind, ERROR_none);
}
END_TEST

START_TEST(bits_that_do_not_fit_are_too_large)
{
	struct reader r = READ("\xff\xff\xff\xff\x1f");
	reader_u32(&r);
	ck_assert_str_eq(error.text, "integer too large");
	ck_assert_uint_eq(error.offset, 4);
	r = READ("\xff\xff\xff\xff\x4f");
	reader_s32(&r);
	ck_assert_str_eq(error.text, "integer too large");
	r = READ("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02");
	reader_u64(&r);
	ck_assert_str_eq(error.text, "integer too large");
}
END_TEST

START_TEST(a_byte_too_many_is_too_long)
{
	struct reader r = READ("\x80\x80\x80\x80\x80\x00");
	reader_u32(&r);
	ck_assert_str_eq(error.text, "integer representation too long");
	r = READ("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00");
	reader_s64(&r);
	ck_assert_str_eq(error.text, "integer representation too long");
}
END_TEST

START_TEST(after_an_error_everything_is_zero)
{
	struct reader r = READ("\x80");
	ck_assert_uint_eq(reader_u32(&r), 0);
	ck_assert_str_eq(error.text, "unexpected end of section or function");
	ck_assert_ptr_eq(r.at, r.end);
	ck_assert_uint_eq(reader_byte(&r), 0);
	ck_assert_uint_eq(reader_f64(&r), 0);
	ck_assert_ptr_null(reader_bytes(&r, 1));
	ck_assert_uint_eq(error.offset, 1);
}
END_TEST

START_TEST(floats_are_little_endian)
{
	struct reader r = READ("\x00\x00\x80\x3f\1\2\3\4\5\6\7\x08");
	ck_assert_uint_eq(reader_f32(&r), 0x3f800000);
	ck_assert_uint_eq(reader_f64(&r), 0x0807060504030201);
}
END_TEST

START_TEST(a_vector_is_not_longer_than_the_input)
{
	struct reader r = READ("\x03"
			       "abc");
	ck_assert_uint_eq(reader_count(&r), 3);
	r = READ("\x05"
		 "abc");
	ck_assert_uint_eq(reader_count(&r), 0);
	ck_assert_str_eq(error.text, "length out of bounds");
}
END_TEST

#define UTF8(literal) utf8_valid(literal, sizeof(literal) - 1)

START_TEST(utf8_has_one_form_for_each_scalar_value)
{
	ck_assert(UTF8(""));
	ck_assert(UTF8("a\0\x7f"));
	ck_assert(UTF8("\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80"));
	ck_assert(UTF8("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));
	ck_assert(!UTF8("\x80"));
	ck_assert(!UTF8("\xc1\xbf"));
	ck_assert(!UTF8("\xc2"));
	ck_assert(!UTF8("\xe0\x9f\xbf"));
	ck_assert(!UTF8("\xed\xa0\x80"));
	ck_assert(!UTF8("\xe1\x80\x7f"));
	ck_assert(!UTF8("\xf0\x8f\xbf\xbf"));
	ck_assert(!UTF8("\xf4\x90\x80\x80"));
	ck_assert(!UTF8("\xf5\x80\x80\x80"));
	ck_assert(!UTF8("\xf1\x80\x80"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("reader");
	TCase *t = tcase_create("reader");
	tcase_add_test(t, unsigned_integers_take_up_to_all_their_bytes);
	tcase_add_test(t, signed_integers_extend_their_last_bit);
	tcase_add_test(t, bits_that_do_not_fit_are_too_large);
	tcase_add_test(t, a_byte_too_many_is_too_long);
	tcase_add_test(t, after_an_error_everything_is_zero);
	tcase_add_test(t, floats_are_little_endian);
	tcase_add_test(t, a_vector_is_not_longer_than_the_input);
	tcase_add_test(t, utf8_has_one_form_for_each_scalar_value);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
