#include "trap/pages.h"

#include <check.h>
#include <string.h>

#include "trap/alloc.h"

static const size_t unit = 65536;

static bool
is_zero(const uint8_t *p, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if (p[i] != 0)
			return false;
	return true;
}

START_TEST(what_becomes_usable_is_zero)
{
	struct pages p;
	ck_assert(pages_open(&p, &alloc_default, unit, 8 * unit));
	for (size_t n = 1; n <= 40; n++) {
		ck_assert(pages_grow(&p, &alloc_default, n * unit));
		ck_assert_uint_eq(p.bytes, n * unit);
		ck_assert(is_zero(p.base + (n - 1) * unit, unit));
		memset(p.base + (n - 1) * unit, (int)n, unit);
	}
	for (size_t n = 1; n <= 40; n++)
		ck_assert_uint_eq(p.base[n * unit - 1], n);
	pages_close(&p, &alloc_default);
	ck_assert_ptr_null(p.base);
}
END_TEST

START_TEST(nothing_is_opened_and_grows_by_bytes)
{
	struct pages p;
	ck_assert(pages_open(&p, &alloc_default, 0, 0));
	ck_assert_uint_eq(p.bytes, 0);
	for (size_t n = 1; n < 10000; n += 7) {
		ck_assert(pages_grow(&p, &alloc_default, n));
		ck_assert_uint_eq(p.base[n - 1], 0);
		p.base[n - 1] = 1;
	}
	pages_close(&p, &alloc_default);
}
END_TEST

START_TEST(what_is_too_much_changes_nothing)
{
	struct pages p;
	ck_assert(!pages_open(&p, &alloc_default, SIZE_MAX - 1, 0));
	ck_assert(pages_open(&p, &alloc_default, unit, SIZE_MAX));
	p.base[7] = 3;
	ck_assert(!pages_grow(&p, &alloc_default, SIZE_MAX - 1));
	ck_assert(!pages_grow(&p, &alloc_default, SIZE_MAX / 2));
	ck_assert_uint_eq(p.bytes, unit);
	ck_assert_uint_eq(p.base[7], 3);
	pages_close(&p, &alloc_default);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pages");
	TCase *t = tcase_create("pages");
	tcase_add_test(t, what_becomes_usable_is_zero);
	tcase_add_test(t, nothing_is_opened_and_grows_by_bytes);
	tcase_add_test(t, what_is_too_much_changes_nothing);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
