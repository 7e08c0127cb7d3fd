#include "spec/text.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trap/alloc.h"
#include "trap/arena.h"
#include "trap/error.h"

static struct arena arena;
static struct error error;
static uint8_t *out;
static size_t out_len;

static void
setup(void)
{
	arena_init(&arena, &alloc_default);
}

static void
teardown(void)
{
	arena_free(&arena);
}

static bool
translate(const char *src)
{
	error_clear(&error);
	return text_module(src, strlen(src), &arena, &out, &out_len, &error);
}

/* Content of the first section with that id, in hex; "" if there is none. */
static const char *
section(const char *src, uint8_t id)
{
	static char hex[1024];
	hex[0] = '\0';
	ck_assert_msg(translate(src), "%s", error.text);
	for (size_t at = 8; at < out_len;) {
		size_t len = out[at + 1];
		ck_assert_uint_lt(len, 128);
		for (size_t i = 0; out[at] == id && i < len; i++)
			sprintf(hex + 2 * i, "%02x", out[at + 2 + i]);
		if (out[at] == id)
			return hex;
		at += 2 + len;
	}
	return hex;
}

/* The code of the only function, without size and locals. */
static const char *
body(const char *instructions)
{
	char src[512];
	snprintf(src, sizeof src,
		"(module (memory 1) (memory $m 1) (table 1 funcref)"
		" (type $s (struct (field $a i32) (field $b i64)))"
		" (elem func) (data \"\")"
		" (func (local $x i32) %s))",
		instructions);
	/* count, size, one run of locals, one i32 */
	return section(src, 10) + 2 * 5;
}

static void
check_error(const char *src, const char *message)
{
	ck_assert_msg(!translate(src), "accepted: %s", src);
	ck_assert_msg(strncmp(error.text, message, strlen(message)) == 0,
		"%s instead of %s", error.text, message);
	ck_assert_int_eq(error.kind, ERROR_malformed);
	ck_assert_uint_ne(error.line, 0);
}

START_TEST(a_module_may_be_bare_fields)
{
	ck_assert(translate(""));
	ck_assert_uint_eq(out_len, 8);
	ck_assert_str_eq(section("(func) (memory 0)", 3), "0100");
	ck_assert_str_eq(section("(module $m (func))", 3), "0100");
}
END_TEST

START_TEST(folded_operands_come_first)
{
	ck_assert_str_eq(
		body("(i32.add (i32.const 1) (i32.const -2))"), "4101417e6a0b");
	ck_assert_str_eq(body("(if (local.get $x) (then nop) (else (drop "
			      "(i32.const 3))))"),
		"200004400105"
		"41031a0b0b");
	ck_assert_str_eq(body("(block $b (br $b)) loop $l br $l end $l"),
		"02400c000b03400c000b0b");
}
END_TEST

START_TEST(labels_count_from_the_inside)
{
	ck_assert_str_eq(
		body("block $a block $b block $a br $a br $b br 2 end end end"),
		"024002400240"
		"0c000c010c020b0b0b0b");
	ck_assert_str_eq(body("(block $l (try_table (catch_all $l) nop))"),
		"02401f400102"
		"00010b0b0b");
}
END_TEST

START_TEST(optional_indices_are_zero)
{
	ck_assert_str_eq(body("i32.load i32.load $m offset=8 align=1"),
		"280200284001080b");
	ck_assert_str_eq(
		body("memory.init 0 memory.init $m 0"), "fc080000fc0800010b");
	ck_assert_str_eq(body("v128.load8_lane 1 v128.load8_lane 1 2"),
		"fd54000001fd544001"
		"00020b");
	ck_assert_str_eq(
		body("table.copy memory.copy 1 0"), "fc0e0000fc0a01000b");
}
END_TEST

START_TEST(immediates_have_the_order_of_the_binary)
{
	ck_assert_str_eq(body("table.init 0 0 call_indirect 0 (type 1)"),
		"fc0c000011010"
		"00b");
	ck_assert_str_eq(body("struct.get $s $b"), "fb0200010b");
	ck_assert_str_eq(
		body("br_on_cast 0 anyref (ref $s)"), "fb1801006e000b");
	ck_assert_str_eq(body("ref.test (ref null $s) ref.cast (ref any)"),
		"fb1500fb166e0b");
	ck_assert_str_eq(body("select (result i32) select"), "1c017f1b0b");
	ck_assert_str_eq(body("br_table 0 0 0"), "0e020000000b");
}
END_TEST

START_TEST(implicit_types_come_after_the_explicit_ones)
{
	/* i32 -> (), the explicit () -> (), then () -> i64 */
	ck_assert_str_eq(
		section("(func (result i64) unreachable) (type (func (param "
			"i32))) (func) (type $v (func)) (func (param $p i32))",
			1),
		"0360017f006000006000017e");
	ck_assert_str_eq(
		section("(func (result i64) unreachable) (type (func (param "
			"i32))) (func) (type $v (func)) (func (param $p i32))",
			3),
		"03020100");
}
END_TEST

START_TEST(members_of_larger_groups_are_never_implied)
{
	ck_assert_str_eq(section("(rec (type (func)) (type (func))) (func)", 1),
		"024e02600000600000600000");
	ck_assert_str_eq(section("(type (sub (func))) (func)", 1),
		"0250006000006"
		"00000");
}
END_TEST

START_TEST(locals_are_grouped_by_type)
{
	ck_assert_str_eq(
		section("(func (local i32 i32) (local $f f64) (local i32))",
			10),
		"010803027f017c017f0b");
}
END_TEST

START_TEST(inline_imports_exports_and_segments_expand)
{
	static const char src[] =
		"(func $f (export \"a\") (export \"b\") (import \"m\" \"n\"))"
		"(table funcref (elem $f $f)) (memory (data \"xy\" \"z\"))";
	ck_assert_str_eq(section(src, 2), "01016d016e0000");
	ck_assert_str_eq(section(src, 7), "02016100000162"
					  "0000");
	ck_assert_str_eq(section(src, 4), "0170010202");
	ck_assert_str_eq(section(src, 9), "010041000b020000");
	ck_assert_str_eq(section(src, 5), "01010101");
	ck_assert_str_eq(section(src, 11), "010041000b0378797a");
}
END_TEST

START_TEST(compact_imports_keep_their_groups)
{
	ck_assert_str_eq(
		section("(import \"m\" (item \"a\" (func)) (item \"b\" "
			"(memory 1)))",
			2),
		"01016d007f02016100000162020001");
	ck_assert_str_eq(
		section("(import \"m\" (item \"a\") (item \"b\") (global i32))",
			2),
		"01016d007e037f000201610162");
}
END_TEST

START_TEST(limits_have_flags)
{
	ck_assert_str_eq(section("(memory 1 2 shared)", 5), "01030102");
	ck_assert_str_eq(section("(memory i64 1)", 5), "010401");
	ck_assert_str_eq(section("(memory 1 2 (pagesize 1))", 5), "010901020"
								  "0");
	ck_assert_str_eq(section("(table 1 (ref func) (ref.func 0)) (func)", 4),
		"01400064700001d2000b");
}
END_TEST

START_TEST(ids_go_to_the_name_section)
{
	/* name: functions 0 "f" and its local 1 "x" */
	ck_assert_str_eq(section("(func $f (param i32) (local $x i32))", 0),
		"046e616d65010401000166"
		"0206010001010178");
	ck_assert_str_eq(section("(func $f (@name \"g h\"))", 0),
		"046e616d65010601000367"
		"2068");
}
END_TEST

START_TEST(annotations_become_custom_sections)
{
	ck_assert_str_eq(
		section("(@custom \"c\" (before func) \"1\" \"2\") (func)", 0),
		"01633132");
	ck_assert_str_eq(
		out[8] == 1 && out[14] == 0 ? "between" : "", "between");
	ck_assert_str_eq(
		section("(func i32.const 0 (@metadata.code.branch_hint "
			"\"\\01\") if end)",
			0) +
			52,
		"010001030101");
	check_error("(func (@custom \"c\"))", "misplaced @custom annotation");
}
END_TEST

START_TEST(malformed_text_is_told_in_the_words_of_the_suite)
{
	check_error("(func (i32.bad))", "unknown operator i32.bad");
	check_error("(func (param i32) then)", "unexpected token");
	check_error("(func (i32.const 1)", "unexpected token");
	check_error("(func (i32.add local.get 0))", "unexpected token");
	check_error(
		"(func) (import \"\" \"\" (func))", "import after function");
	check_error("(func $f) (func $f)", "duplicate func");
	check_error("(func (param $x i32) (local $x i32))", "duplicate local");
	check_error("(func (call $f))", "unknown function $f");
	check_error("(func br $l)", "unknown label");
	check_error("(func block $a end $b)", "mismatching label");
	check_error(
		"(func i32.load align=3)", "alignment must be a power of two");
	check_error("(func) (start 0) (start 0)", "multiple start sections");
	check_error("(type (func (param i32))) (func (type 0) (result i32))",
		"inline function type");
	check_error("(func i32.const 4294967296)", "constant out of range");
	check_error(
		"(func v128.const i32x4 1 2)", "wrong number of lane literals");
	check_error("(memory 0 (pagesize 3))", "invalid custom page size");
	check_error("(import \"m\" (item \"a\") (func $f))",
		"identifier not allowed");
}
END_TEST

/* open and close repeated n times around the middle of a function */
static char *
nested(const char *open, const char *middle, const char *close, size_t n)
{
	size_t o = strlen(open), m = strlen(middle), c = strlen(close);
	char *src = malloc(n * (o + c) + m + 32), *p = src;
	if (src == NULL)
		ck_abort_msg("out of memory");
	p = (char *)memcpy(p, "(module (func (drop ", 20) + 20;
	for (size_t i = 0; i < n; i++, p += o)
		memcpy(p, open, o);
	p = (char *)memcpy(p, middle, m) + m;
	for (size_t i = 0; i < n; i++, p += c)
		memcpy(p, close, c);
	memcpy(p, ")))", 4);
	return src;
}

START_TEST(nesting_is_bounded_by_memory_only)
{
	static const char *const forms[][3] = {
		{ "(i32.eqz ", "(i32.const 1)", ")" },
		{ "(block (result i32) ", "(i32.const 1)", ")" },
		{ "(if (result i32) (i32.const 1) (then ", "(i32.const 1)",
			") (else unreachable))" },
		{ "(;", "", ";)" },
		{ "(@a (", "", "))" },
	};
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		char *src =
			nested(forms[i][0], forms[i][1], forms[i][2], 100000);
		ck_assert_msg(translate(src), "%s", error.text);
		free(src);
	}
	char *src = nested("(i32.eqz ", "", "", 100000);
	check_error(src, "unexpected token");
	free(src);
}
END_TEST

/* Fails from the n-th allocation on. */
static void *
failing(void *user, void *old, size_t old_bytes, size_t new_bytes)
{
	long *left = user;
	(void)old_bytes;
	if (new_bytes == 0) {
		free(old);
		return NULL;
	}
	return (*left)-- > 0 ? realloc(old, new_bytes) : NULL;
}

START_TEST(a_failed_allocation_is_an_error)
{
	static const char head[] =
		"(@custom \"c\") (type $t (struct (field $a i32)))"
		"(func $f (param $p i32) (result f64) (local $x v128)"
		" (block $l (result f64) (@metadata.code.branch_hint \"\\00\")"
		"  (br_if 0 (f64.const 1.5) (local.get $p))))"
		"(data \"";
	char src[20000]; /* the data makes all arenas grow */
	int n = sprintf(src, "%s", head);
	memset(src + n, 'x', 15000);
	strcpy(src + n + 15000, "\") (export \"f\" (func $f))");
	for (long allowed = 0;; allowed++) {
		long left = allowed;
		struct allocator al = { failing, &left };
		struct arena a;
		arena_init(&a, &al);
		error_clear(&error);
		bool ok = text_module(
			src, strlen(src), &a, &out, &out_len, &error);
		arena_free(&a);
		if (ok)
			break;
		ck_assert_int_eq(error.kind, ERROR_memory);
		ck_assert_int_lt(allowed, 100);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("text");
	TCase *t = tcase_create("text");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_module_may_be_bare_fields);
	tcase_add_test(t, folded_operands_come_first);
	tcase_add_test(t, labels_count_from_the_inside);
	tcase_add_test(t, optional_indices_are_zero);
	tcase_add_test(t, immediates_have_the_order_of_the_binary);
	tcase_add_test(t, implicit_types_come_after_the_explicit_ones);
	tcase_add_test(t, members_of_larger_groups_are_never_implied);
	tcase_add_test(t, locals_are_grouped_by_type);
	tcase_add_test(t, inline_imports_exports_and_segments_expand);
	tcase_add_test(t, compact_imports_keep_their_groups);
	tcase_add_test(t, limits_have_flags);
	tcase_add_test(t, ids_go_to_the_name_section);
	tcase_add_test(t, annotations_become_custom_sections);
	tcase_add_test(t, malformed_text_is_told_in_the_words_of_the_suite);
	tcase_add_test(t, nesting_is_bounded_by_memory_only);
	tcase_add_test(t, a_failed_allocation_is_an_error);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
