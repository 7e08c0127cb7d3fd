#include "trap/seed.h"

#include <check.h>

START_TEST(two_draws_differ)
{
	ck_assert_uint_ne(seed_draw(), seed_draw());
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("seed");
	TCase *t = tcase_create("seed");
	tcase_add_test(t, two_draws_differ);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
