#include "spec/op.h"

#include <check.h>
#include <string.h>

START_TEST(every_row_is_found_by_its_opcode)
{
	for (int i = 0; i < OP_count; i++) {
		uint32_t code = op_rows[i].code;
		if (code <= 0xff)
			ck_assert_int_eq(op_of_byte((uint8_t)code), i);
		else
			ck_assert_int_eq(op_of_prefixed((uint8_t)(code >> 16),
						 code & 0xffff),
				i);
	}
}
END_TEST

START_TEST(rows_stand_in_the_order_of_opcodes)
{
	for (int i = 1; i < OP_count; i++)
		ck_assert_uint_lt(op_rows[i - 1].code, op_rows[i].code);
}
END_TEST

START_TEST(other_opcodes_are_none)
{
	uint32_t found = 0;
	for (int byte = 0; byte < 256; byte++) {
		found += op_of_byte((uint8_t)byte) != OP_count;
		for (uint32_t sub = 0; sub < 0x400; sub++)
			found += op_of_prefixed((uint8_t)byte, sub) != OP_count;
	}
	ck_assert_uint_eq(found, OP_count);
	ck_assert_int_eq(op_of_prefixed(0xfd, UINT32_MAX), OP_count);
	ck_assert_int_eq(op_of_prefixed(0xfe, 0x50), OP_count);
}
END_TEST

START_TEST(mnemonics_are_found_by_their_length)
{
	ck_assert_int_eq(op_of_text("i32.add", 7), OP_i32_add);
	ck_assert_int_eq(op_of_text("i32.addx", 7), OP_i32_add);
	ck_assert_int_eq(op_of_text("i32.ad", 6), OP_count);
	ck_assert_int_eq(op_of_text("select", 6), OP_select);
	ck_assert_int_eq(op_of_text("", 0), OP_count);
}
END_TEST

START_TEST(signatures_are_words_of_the_legend)
{
	for (int i = 0; i < OP_count; i++) {
		const char *sig = op_rows[i].sig;
		if (strcmp(sig, "*") == 0)
			continue;
		size_t in = strcspn(sig, ":");
		ck_assert_msg(sig[in] == ':', "%s", op_rows[i].text);
		ck_assert_uint_eq(strspn(sig, "iIfFvm"), in);
		ck_assert_uint_le(strlen(sig + in + 1), 2);
		ck_assert_uint_eq(
			strspn(sig + in + 1, "iIfFvm"), strlen(sig + in + 1));
	}
}
END_TEST

START_TEST(features_have_names)
{
	ck_assert_uint_ne(features_known() & FEATURE_MVP, 0);
	ck_assert_uint_eq(features_known() >> FEATURE_count, 0);
	ck_assert_str_eq(feature_name(FEATURE_INDEX_SIMD), "simd");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("op");
	TCase *t = tcase_create("op");
	tcase_add_test(t, every_row_is_found_by_its_opcode);
	tcase_add_test(t, rows_stand_in_the_order_of_opcodes);
	tcase_add_test(t, other_opcodes_are_none);
	tcase_add_test(t, mnemonics_are_found_by_their_length);
	tcase_add_test(t, signatures_are_words_of_the_legend);
	tcase_add_test(t, features_have_names);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
