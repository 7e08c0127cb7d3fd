#include "host/json.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "trap/alloc.h"
#include "trap/arena.h"

static const struct json *
parse(struct arena *a, const char *text)
{
	return json_parse(a, text, strlen(text), NULL);
}

START_TEST(nested_values_are_found_by_key)
{
	struct arena a;
	arena_init(&a, &alloc_default);
	const struct json *v = parse(&a,
		"{\"name\": \"x\", \"args\": [\"1\", [2, {}], {\"k\": null}],"
		" \"n\": -1.5e2, \"yes\": true, \"last\": []}");
	ck_assert_ptr_nonnull(v);
	ck_assert_str_eq(json_get_text(v, "name", ""), "x");
	ck_assert_double_eq(json_get_number(v, "n", 0), -150);
	ck_assert_double_eq(json_get_number(v, "yes", 0), 1);
	ck_assert_double_eq(json_get_number(v, "absent", 7), 7);
	const struct json *args = json_get(v, "args");
	ck_assert_uint_eq(args->count, 3);
	ck_assert_str_eq(json_at(args, 0)->text, "1");
	ck_assert_int_eq(json_at(args, 2)->kind, JSON_object);
	ck_assert_int_eq(json_get(json_at(args, 2), "k")->kind, JSON_null);
	ck_assert_ptr_null(json_at(args, 3));
	ck_assert_str_eq(json_key(v, 4), "last");
	ck_assert_uint_eq(json_get(v, "last")->count, 0);
	arena_free(&a);
}
END_TEST

START_TEST(escapes_become_utf8)
{
	struct arena a;
	arena_init(&a, &alloc_default);
	const struct json *v = parse(
		&a, "\"a\\\"\\\\\\n\\u0041\\u00e4\\u20ac\\ud83d\\ude00\"");
	ck_assert_ptr_nonnull(v);
	ck_assert_str_eq(
		v->text, "a\"\\\nA\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
	ck_assert_uint_eq(v->len, strlen(v->text));
	arena_free(&a);
}
END_TEST

START_TEST(broken_text_is_refused_where_it_breaks)
{
	static const char *const broken[] = { "", "{", "[1", "[1 2]", "{\"a\"}",
		"{\"a\":}", "\"abc", "\"\\", "\"\\x\"", "\"\\ud800\"", "tru",
		"1.2.3", "[] []", "{1:2}", "[,]" };
	struct arena a;
	arena_init(&a, &alloc_default);
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
		ck_assert_msg(parse(&a, broken[i]) == NULL, "%s", broken[i]);
	size_t stop;
	ck_assert_ptr_null(json_parse(&a, "[1, x]", 6, &stop));
	ck_assert_uint_eq(stop, 4);
	arena_free(&a);
}
END_TEST

START_TEST(deep_nesting_does_not_recurse)
{
	enum { DEPTH = 1000000 };
	struct arena a;
	arena_init(&a, &alloc_default);
	char *text = malloc(2 * DEPTH);
	ck_assert_ptr_nonnull(text);
	memset(text, '[', DEPTH);
	memset(text + DEPTH, ']', DEPTH);
	const struct json *v = json_parse(&a, text, 2 * DEPTH, NULL);
	ck_assert_ptr_nonnull(v);
	ck_assert_uint_eq(v->span, DEPTH);
	free(text);
	arena_free(&a);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("json");
	TCase *t = tcase_create("json");
	tcase_add_test(t, nested_values_are_found_by_key);
	tcase_add_test(t, escapes_become_utf8);
	tcase_add_test(t, broken_text_is_refused_where_it_breaks);
	tcase_add_test(t, deep_nesting_does_not_recurse);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
