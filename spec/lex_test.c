#include "spec/lex.h"

#include <check.h>
#include <string.h>

#include "trap/alloc.h"
#include "trap/arena.h"

static struct arena arena;
static struct error error;
static struct lex lex;

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

/* The kinds of the tokens of src, a letter each, and "!" for an error. */
static const char *
kinds(const char *src)
{
	static const char letters[] = ".()nifs$oak?";
	static char out[64];
	uint32_t n = 0;
	error_clear(&error);
	lex_open(&lex, src, strlen(src), 1, 1, &arena, &error);
	for (; lex.t->kind != TOKEN_end && n < 60; n++)
		out[n] = letters[lex_next(&lex)->kind];
	out[n] = error.kind == ERROR_none ? '\0' : '!';
	out[n + 1] = '\0';
	return out;
}

static void
check_error(const char *src, const char *message)
{
	kinds(src);
	ck_assert_str_eq(error.text, message);
}

START_TEST(tokens_are_told_by_their_form)
{
	ck_assert_str_eq(kinds("(func $f 1 -1 1.0 \"s\")"), "(k$nifs)");
	ck_assert_str_eq(kinds("offset=0x10 align=4"), "oa");
	ck_assert_str_eq(kinds("inf -nan nan:canonical"), "ffk");
	ck_assert_str_eq(kinds("$\"a b\" $x"), "$$");
	ck_assert_str_eq(kinds("(nop)nop(;c;)0;;c\n1"), "(k)knn");
	ck_assert_str_eq(kinds(""), "");
}
END_TEST

START_TEST(the_longest_run_is_one_token)
{
	check_error("0drop", "unknown operator 0drop");
	check_error("\"a\"\"b\"", "unknown operator \"a\"\"b\"");
	check_error("data\"a\"", "unknown operator data\"a\"");
	check_error("$l\"a\"", "unknown operator $l\"a\"");
	check_error("offset=-1", "unknown operator offset=-1");
	check_error("(a, b)", "unknown operator ,");
}
END_TEST

START_TEST(strings_end_on_their_line)
{
	ck_assert_str_eq(kinds("\"\\t\\\"\\61\\u{2_0ac}\""), "s");
	check_error("\"a\nb\"", "unclosed string literal");
	check_error("\"a", "unclosed string literal");
	check_error("\"a\tb\"", "illegal control character in string literal");
	check_error("\"\\q\"", "illegal escape");
	check_error("\"\\u{110000}\"", "illegal escape");
	check_error("\"\\u{d800}\"", "illegal escape");
	check_error("\"\\6\"", "illegal escape");
}
END_TEST

START_TEST(ids_are_what_they_mean)
{
	kinds("$\"\\41B\" $AB $\"\\u{20ac}\"");
	struct span quoted = lex_bytes(&lex, &lex.tokens[0]);
	struct span plain = lex_bytes(&lex, &lex.tokens[1]);
	struct span euro = lex_bytes(&lex, &lex.tokens[2]);
	ck_assert_uint_eq(quoted.len, 2);
	ck_assert_mem_eq(quoted.bytes, plain.bytes, 2);
	ck_assert_uint_eq(euro.len, 3);
	ck_assert_mem_eq(euro.bytes, "\xe2\x82\xac", 3);
	check_error("$", "empty identifier");
	check_error("$\"\"", "empty identifier");
	check_error("$\"\\ef\"", "malformed UTF-8 encoding");
}
END_TEST

START_TEST(comments_nest_and_end_at_any_newline)
{
	ck_assert_str_eq(kinds("(;a(;b;)\";)1"), "n");
	ck_assert_str_eq(kinds(";; a\r1"), "n");
	check_error("(;(;;)", "unclosed comment");
}
END_TEST

START_TEST(known_annotations_are_kept_others_are_space)
{
	ck_assert_str_eq(kinds("((@a , [x \")\" (y)) @)"), "(!");
	ck_assert_str_eq(
		kinds("((@a , [x \")\" (y)) nop (@name \"n\"))"), "(k)");
	ck_assert_uint_eq(lex.nannotations, 1);
	ck_assert_uint_eq(lex.annotations[0].before, 2);
	ck_assert_int_eq(lex.annotations[0].kind, ANNOTATION_name);
	check_error("(@)", "empty annotation id");
	check_error("(@x (y)", "unclosed annotation");
	check_error("(@x \x01)", "illegal character");
	check_error("(@x $)", "empty identifier");
}
END_TEST

START_TEST(errors_have_lines_and_columns_of_characters)
{
	check_error("nop\r\n  \"\xe2\x82\xac\" ,", "unknown operator ,");
	ck_assert_uint_eq(error.line, 2);
	ck_assert_uint_eq(error.column, 7);
	check_error("nop\n\xff", "malformed UTF-8 encoding");
	ck_assert_uint_eq(error.line, 2);
	ck_assert_uint_eq(error.column, 1);
}
END_TEST

START_TEST(tokens_before_an_error_can_be_read)
{
	ck_assert_str_eq(kinds("(a b) ,"), "(kk)!");
}
END_TEST

START_TEST(words_are_sorted)
{
	for (int i = 2; i < WORD_count; i++)
		ck_assert_int_lt(
			strcmp(word_rows[i - 1].text, word_rows[i].text), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("lex");
	TCase *t = tcase_create("lex");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, tokens_are_told_by_their_form);
	tcase_add_test(t, the_longest_run_is_one_token);
	tcase_add_test(t, strings_end_on_their_line);
	tcase_add_test(t, ids_are_what_they_mean);
	tcase_add_test(t, comments_nest_and_end_at_any_newline);
	tcase_add_test(t, known_annotations_are_kept_others_are_space);
	tcase_add_test(t, errors_have_lines_and_columns_of_characters);
	tcase_add_test(t, tokens_before_an_error_can_be_read);
	tcase_add_test(t, words_are_sorted);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
