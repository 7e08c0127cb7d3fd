/*
 * Pages that are used again: zero, and of the size that was asked for.
 */
#include "trap/pool.h"

#include <check.h>
#include <string.h>
#include <unistd.h>

#include "trap/alloc.h"
#include "trap/pages.h"

#define MOST ((uint64_t)1 << 24)

enum { UNIT = 65536 };

static int ends[2]; /* a pipe */

/* The system can read there. */
static bool
is_usable(const uint8_t *p)
{
	char c;
	return write(ends[1], p, 1) == 1 && read(ends[0], &c, 1) == 1;
}

/* p has n units, all zero, and nothing behind. */
static void
check(const struct pages *p, size_t n)
{
	ck_assert_uint_eq(p->bytes, n * UNIT);
	ck_assert_uint_eq(p->reserved, MOST);
	for (size_t i = 0; i < n * UNIT; i++)
		ck_assert_uint_eq(p->base[i], 0);
	ck_assert(!is_usable(p->base + n * UNIT));
	ck_assert(!is_usable(p->base + MOST - 1));
}

START_TEST(pages_are_used_again)
{
	static const size_t sizes[] = { 3, 1, 4, 0, 2, 2 };
	struct pool *pool = pool_new(&alloc_default, MOST);
	const uint8_t *first = NULL;
	ck_assert_ptr_nonnull(pool);
	ck_assert_int_eq(pipe(ends), 0);
	for (int i = 0; i < 6; i++) {
		struct pages p;
		ck_assert(pool_open(pool, &p, sizes[i] * UNIT));
		if (i == 0)
			first = p.base;
		ck_assert_ptr_eq(p.base, first);
		check(&p, sizes[i]);
		ck_assert(
			pages_grow(&p, &alloc_default, (sizes[i] + 1) * UNIT));
		check(&p, sizes[i] + 1);
		memset(p.base, 7, p.bytes);
		pool_close(pool, &p);
		ck_assert_ptr_null(p.base);
	}
	pool_free(pool);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

/* More than are kept. */
START_TEST(many_are_open_at_once)
{
	enum { MANY = 500 };
	static struct pages all[MANY];
	struct pool *pool = pool_new(&alloc_default, MOST);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < MANY; i++) {
			ck_assert(pool_open(pool, &all[i], UNIT));
			ck_assert_uint_eq(all[i].base[0], 0);
			all[i].base[0] = 1;
		}
		for (int i = 0; i < MANY; i++)
			pool_close(pool, &all[i]);
	}
	pool_free(pool);
}
END_TEST

START_TEST(there_is_no_pool_without_address_space)
{
	ck_assert_ptr_null(pool_new(&alloc_default, (uint64_t)1 << 60));
	pool_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pool");
	TCase *t = tcase_create("pool");
	tcase_add_test(t, pages_are_used_again);
	tcase_add_test(t, many_are_open_at_once);
	tcase_add_test(t, there_is_no_pool_without_address_space);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
