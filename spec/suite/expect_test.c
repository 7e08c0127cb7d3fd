#include "spec/suite/expect.h"

#include <check.h>
#include <stdio.h>

START_TEST(a_row_goes_when_its_features_run)
{
	for (uint32_t i = 0; expect_skip(i) != NULL; i++) {
		const struct skip *s = expect_skip(i);
		ck_assert_msg((s->needs & ~features_running()) != 0,
			"all of %s runs: remove it from skip.def", s->path);
	}
}
END_TEST

START_TEST(no_file_is_named_twice)
{
	for (uint32_t i = 0; expect_skip(i) != NULL; i++)
		for (uint32_t j = 0; j < i; j++)
			ck_assert_str_ne(
				expect_skip(i)->path, expect_skip(j)->path);
}
END_TEST

START_TEST(paths_match_at_a_component)
{
	uint32_t line = 83;
	ck_assert_ptr_nonnull(
		expect_find("a/proposals/threads/memory.wast", line));
	ck_assert_ptr_nonnull(
		expect_find("proposals/threads/memory.wast", line));
	ck_assert_ptr_null(expect_find("xproposals/threads/memory.wast", line));
	ck_assert_ptr_null(expect_find("a/memory.wast", line));
	ck_assert_ptr_null(
		expect_find("proposals/threads/memory.wast", line + 1));
}
END_TEST

START_TEST(a_row_counts_in_every_directory)
{
	for (uint32_t i = 0; expect_skip(i) != NULL; i++) {
		const struct skip *s = expect_skip(i);
		char path[100];
		snprintf(path, sizeof path, "x/y/%s", s->path);
		ck_assert_uint_eq(
			expect_absent(path), s->needs & ~features_running());
	}
	ck_assert_uint_eq(expect_absent("x/nop.wast"), 0);
}
END_TEST

START_TEST(threads_are_specified_on_an_older_standard)
{
	features threads = expect_features("x/proposals/threads/memory.wast");
	ck_assert((threads & FEATURE_THREADS) != 0);
	ck_assert((threads & FEATURE_MULTI_MEMORY) == 0);
	ck_assert_uint_eq(expect_features("x/memory.wast"), features_known());
	ck_assert((expect_features("testsuite/memory.wast") &
			  FEATURE_THREADS) == 0);
	ck_assert_uint_eq(expect_features("testsuite/proposals/x/a.wast"),
		features_known());
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("expect");
	TCase *t = tcase_create("expect");
	tcase_add_test(t, a_row_goes_when_its_features_run);
	tcase_add_test(t, no_file_is_named_twice);
	tcase_add_test(t, paths_match_at_a_component);
	tcase_add_test(t, a_row_counts_in_every_directory);
	tcase_add_test(t, threads_are_specified_on_an_older_standard);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
