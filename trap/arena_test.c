#include "trap/arena.h"

#include <check.h>
#include <string.h>

#include "trap/alloc.h"

/* Counts what is allocated, and refuses more than `most` at once. */
struct counter {
	uint32_t times;
	size_t bytes, most;
};

static void *
resize(void *user, void *old, size_t old_bytes, size_t new_bytes)
{
	struct counter *c = user;
	if (new_bytes > c->most)
		return NULL;
	c->times += new_bytes != 0;
	c->bytes += new_bytes - old_bytes;
	return alloc_default.resize(NULL, old, old_bytes, new_bytes);
}

static struct counter counter;
static const struct allocator counting = { resize, &counter };
static struct arena a;

static void
begin(void)
{
	counter = (struct counter){ .most = SIZE_MAX };
	arena_init(&a, &counting);
}

static void
end(void)
{
	arena_free(&a);
	ck_assert_uint_eq(counter.bytes, 0);
}

/* Writes all of them. */
static void
take(size_t bytes)
{
	memset(arena_room(&a, bytes), 1, bytes);
}

START_TEST(a_reset_makes_one_chunk_of_several)
{
	for (int i = 0; i < 100; i++)
		take(1000);
	arena_reset(&a);
	take(1000);
	uint32_t times = counter.times;
	for (int i = 1; i < 100; i++)
		take(1000);
	ck_assert_uint_eq(counter.times, times);
}
END_TEST

START_TEST(a_reset_keeps_the_largest_chunk_that_it_may)
{
	a.keep = 16;
	a.first = 1 << 16;
	take(1 << 16);
	take(1 << 17);
	take(100);
	uint32_t times = counter.times;
	arena_reset(&a);
	ck_assert_uint_lt(counter.bytes, (1 << 16) + 64);
	take(1 << 16);
	ck_assert_uint_eq(counter.times, times);
}
END_TEST

START_TEST(a_reset_gives_back_a_chunk_that_is_too_large)
{
	a.keep = 16;
	take(1 << 17);
	arena_reset(&a);
	ck_assert_uint_eq(counter.bytes, 0);
	ck_assert_ptr_nonnull(arena_alloc(&a, 100));
}
END_TEST

START_TEST(a_reset_forgets_a_failure)
{
	counter.most = 1000;
	ck_assert_ptr_null(arena_alloc(&a, 2000));
	ck_assert(a.failed);
	arena_reset(&a);
	ck_assert(!a.failed);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("arena");
	TCase *t = tcase_create("arena");
	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, a_reset_makes_one_chunk_of_several);
	tcase_add_test(t, a_reset_keeps_the_largest_chunk_that_it_may);
	tcase_add_test(t, a_reset_gives_back_a_chunk_that_is_too_large);
	tcase_add_test(t, a_reset_forgets_a_failure);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
