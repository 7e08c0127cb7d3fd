/*
 * The map of compiled code: what is found where, and readers while others
 * write.
 */
#include "trap/codemap.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

enum { RANGES = 3000, BYTES = 16 };

/* Addresses that nobody reads. */
static uint8_t code[(RANGES + 1) * BYTES];
static struct code_range ranges[RANGES];

static void
add(int i)
{
	ranges[i] = (struct code_range){ .start = code + i * BYTES,
		.end = code + (i + 1) * BYTES };
	codemap_add(&ranges[i]);
}

static bool
is_known(int i)
{
	return codemap_find(code + i * BYTES + 1) == &ranges[i];
}

/* Visits every range once, in an odd order. */
static int
scattered(int i)
{
	return (int)((unsigned)i * 1009u % RANGES);
}

START_TEST(ranges_are_found_by_any_address_but_their_first)
{
	ck_assert_ptr_null(codemap_find(code + 1));
	for (int i = 0; i < RANGES; i += 2)
		add(scattered(i));
	for (int i = 0; i < RANGES; i++)
		ck_assert(is_known(scattered(i)) == (i % 2 == 0));
	add(scattered(1));
	int i = scattered(1);
	ck_assert_ptr_eq(codemap_find(ranges[i].end), &ranges[i]);
	ck_assert_ptr_ne(codemap_find(ranges[i].start), &ranges[i]);
	for (int k = 0; k < RANGES; k += 2)
		codemap_remove(&ranges[scattered(k)]);
	for (int k = 0; k < RANGES; k++)
		ck_assert(is_known(scattered(k)) == (k == 1));
	codemap_remove(&ranges[i]);
	ck_assert_ptr_null(codemap_find(ranges[i].end));
}
END_TEST

START_TEST(points_are_exact)
{
	static const struct code_point points[] = { { 3, 30, 0 }, { 4, 40, 0 },
		{ 9, 90, 0 } };
	struct code_range r = { .start = code,
		.end = code + BYTES,
		.points = points,
		.npoints = 3 };
	for (uint32_t at = 0; at <= BYTES; at++) {
		const struct code_point *p = codemap_point(&r, code + at);
		ck_assert((p != NULL) == (at == 3 || at == 4 || at == 9));
		if (p != NULL)
			ck_assert_uint_eq(p->offset, 10 * at);
	}
}
END_TEST

static atomic_bool done;

/* Every tenth range stays; the others come and go. */
static void *
look(void *missed)
{
	atomic_uint *n = missed;
	for (unsigned i = 0; !atomic_load(&done); i++)
		if (!is_known((int)(i * 10 % RANGES)))
			atomic_fetch_add(n, 1);
	return NULL;
}

START_TEST(what_stays_is_found_while_the_rest_comes_and_goes)
{
	pthread_t threads[2];
	atomic_uint missed;
	atomic_init(&missed, 0);
	for (int i = 0; i < RANGES; i += 10)
		add(i);
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, look, &missed);
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < RANGES; i++)
			if (scattered(i) % 10 != 0)
				add(scattered(i));
		for (int i = 0; i < RANGES; i++)
			if (i % 10 != 0)
				codemap_remove(&ranges[i]);
	}
	atomic_store(&done, true);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(atomic_load(&missed), 0);
	for (int i = 0; i < RANGES; i += 10)
		codemap_remove(&ranges[i]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("codemap");
	TCase *t = tcase_create("codemap");
	tcase_add_test(t, ranges_are_found_by_any_address_but_their_first);
	tcase_add_test(t, points_are_exact);
	tcase_add_test(t, what_stays_is_found_while_the_rest_comes_and_goes);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
