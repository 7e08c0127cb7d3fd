#include "spec/valid.h"

#include <check.h>
#include <string.h>

#include "spec/code.h"
#include "spec/reader.h"
#include "trap/error.h"

static struct error error;
static uint8_t bytes[32];

/* What code_next reads of the bytes, and how many of them. */
static struct insn
read(uint32_t *len)
{
	struct reader r = { .start = bytes,
		.at = bytes,
		.end = bytes + sizeof bytes,
		.error = &error };
	struct insn i = { 0 };
	error_clear(&error);
	code_next(&r, &i);
	ck_assert_msg(error.kind == ERROR_none, "%s", error.text);
	*len = (uint32_t)(r.at - bytes);
	return i;
}

START_TEST(lengths_are_those_that_code_has)
{
	static const uint8_t tails[][10] = { { 0 }, { 0x3f, 0x7f },
		{ 1, 0x80, 1 }, { 0x80, 1, 0xff, 0x7f },
		{ 2, 0xff, 0xff, 0xff, 0xff, 0x0f },
		{ 0xff, 0xff, 0xff, 0xff, 0x07 } };
	uint32_t known = 0, n = sizeof tails / sizeof *tails, len;
	for (int op = 0; op_rows[op].code <= 0xff; op++) {
		for (uint32_t k = 0; k < n; k++) {
			bytes[0] = (uint8_t)op_rows[op].code;
			memcpy(bytes + 1, tails[k], sizeof tails[k]);
			if (valid_length(bytes) == 0)
				continue;
			known++;
			/* of a MEMARG's alignment code_next wants more */
			if (op_codes[bytes[0]].bytes == 3 && k == 5)
				continue;
			read(&len);
			ck_assert_msg(valid_length(bytes) == len, "%s %u",
				op_rows[op].text, (unsigned)k);
		}
	}
	ck_assert_uint_gt(known, 150 * n);
}
END_TEST

START_TEST(memories_and_long_numbers_are_left_to_code)
{
	memcpy(bytes, (uint8_t[]){ 0x28, 0x42, 1, 4 }, 4);
	ck_assert_uint_eq(valid_length(bytes), 0);
	memset(bytes + 1, 0x80, 9);
	bytes[0] = 0x42;
	bytes[10] = 0;
	ck_assert_uint_eq(valid_length(bytes), 0);
	ck_assert_uint_eq(valid_leb(bytes + 1).bytes, 0);
	bytes[0] = 0x0e;
	ck_assert_uint_eq(valid_length(bytes), 0);
}
END_TEST

START_TEST(numbers_are_those_that_code_has)
{
	uint32_t len;
	for (unsigned shift = 0; shift < 55; shift++) {
		for (int minus = 0; minus < 2; minus++) {
			int64_t k = (int64_t)((uint64_t)0x55 << shift >> 1);
			k = minus ? -k : k;
			bytes[0] = 0x42;
			for (unsigned i = 1; i < 9; i++)
				bytes[i] = (uint8_t)((k >> 7 * (i - 1) & 0x7f) |
						     (i < 8 ? 0x80 : 0));
			struct valid_leb l = valid_leb(bytes + 1);
			ck_assert_uint_eq(l.bytes, 8);
			ck_assert_int_eq(valid_signed(l),
				(int64_t)((uint64_t)k << 8) >> 8);
			ck_assert_int_eq((int64_t)read(&len).imm,
				(int64_t)((uint64_t)k << 8) >> 8);
		}
	}
	bytes[1] = 0x7f;
	ck_assert_int_eq(valid_signed(valid_leb(bytes + 1)), -1);
	ck_assert_uint_eq(valid_leb(bytes + 1).bits, 0x7f);
}
END_TEST

START_TEST(indices_are_gone_past)
{
	static const uint8_t two[] = { 0x7f, 0xff, 0xff, 0xff, 0xff, 0x0f, 1 };
	const uint8_t *at = two;
	ck_assert_uint_eq(valid_index(&at), 0x7f);
	ck_assert_uint_eq(valid_index(&at), UINT32_MAX);
	ck_assert_ptr_eq(at, two + 6);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("valid");
	TCase *t = tcase_create("valid");
	tcase_add_test(t, lengths_are_those_that_code_has);
	tcase_add_test(t, memories_and_long_numbers_are_left_to_code);
	tcase_add_test(t, numbers_are_those_that_code_has);
	tcase_add_test(t, indices_are_gone_past);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
