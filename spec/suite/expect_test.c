#include "spec/suite/expect.h"

#include <check.h>

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
	tcase_add_test(t, paths_match_at_a_component);
	tcase_add_test(t, threads_are_specified_on_an_older_standard);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
