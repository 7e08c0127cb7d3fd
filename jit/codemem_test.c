#include "jit/codemem.h"

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jit/x64.h"
#include "trap/alloc.h"

/* Both kinds, as a loop test's _i. */
static const enum codemem_kind kinds[] = { CODEMEM_twice, CODEMEM_sealed };

/* Sanitizers read in front of what is called through a pointer. */
enum { LEAD = 16 };

/* Places a function that returns number, with `bytes` behind it. */
static const uint8_t *
place(struct codemem *c, struct codemem_list *l, uint32_t number, size_t bytes)
{
	uint8_t *code = malloc(bytes + LEAD + 64);
	struct x64 x;
	x64_open(&x, code, bytes + LEAD + 64);
	x64_nops(&x, LEAD);
	x64_ri(&x, X64_mov32, X64_rax, (int32_t)number);
	x64_ret(&x);
	x64_nops(&x, (uint32_t)bytes);
	ck_assert(!x.full);
	const uint8_t *run = codemem_place(c, l, code, (size_t)(x.at - code));
	free(code);
	return run;
}

static uint32_t
call(const uint8_t *run)
{
	typedef uint32_t fn(void);
	return ((fn *)(uintptr_t)(run + LEAD))();
}

/* Mappings of this process that can be written and run. */
static uint32_t
count_writable_code(void)
{
	char line[512];
	uint32_t n = 0;
	FILE *in = fopen("/proc/self/maps", "r");
	ck_assert_ptr_nonnull(in);
	while (fgets(line, sizeof line, in) != NULL) {
		const char *access = strchr(line, ' ');
		n += access != NULL && access[2] == 'w' && access[3] == 'x';
	}
	fclose(in);
	return n;
}

/* The page at p takes memory. */
static bool
is_resident(const uint8_t *p)
{
	unsigned char vec = 0;
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	void *at = (void *)((uintptr_t)p & ~(page - 1));
	ck_assert_int_eq(mincore(at, page, &vec), 0);
	return vec & 1;
}

START_TEST(code_runs_where_it_was_placed)
{
	struct codemem c;
	struct codemem_list l = { NULL, 0 };
	const uint8_t *run[300];
	codemem_open(&c, &alloc_default, kinds[_i]);
	for (uint32_t i = 0; i < 300; i++) {
		run[i] = place(&c, &l, i * 77, i * i % 9000);
		ck_assert_ptr_nonnull(run[i]);
		ck_assert_uint_eq((uintptr_t)run[i] % CODEMEM_ALIGN, 0);
	}
	for (uint32_t i = 0; i < 300; i++)
		ck_assert_uint_eq(call(run[i]), i * 77);
	codemem_free(&c, &l);
	codemem_close(&c);
}
END_TEST

START_TEST(nothing_is_writable_and_executable)
{
	struct codemem c;
	struct codemem_list l = { NULL, 0 };
	uint32_t before = count_writable_code();
	codemem_open(&c, &alloc_default, kinds[_i]);
	for (uint32_t i = 0; i < 20; i++) {
		ck_assert_uint_eq(call(place(&c, &l, i, 3000)), i);
		ck_assert_uint_eq(count_writable_code(), before);
	}
	codemem_free(&c, &l);
	ck_assert_uint_eq(count_writable_code(), before);
	codemem_close(&c);
}
END_TEST

START_TEST(freeing_gives_memory_back)
{
	struct codemem c;
	struct codemem_list l = { NULL, 0 }, other = { NULL, 0 };
	codemem_open(&c, &alloc_default, kinds[_i]);
	const uint8_t *kept = place(&c, &other, 5, 10);
	const uint8_t *run = place(&c, &l, 1, 100000);
	ck_assert(is_resident(run) && is_resident(run + 99000));
	codemem_free(&c, &l);
	ck_assert(!is_resident(run) && !is_resident(run + 99000));
	ck_assert_uint_eq(l.bytes, 0);
	ck_assert_uint_eq(call(kept), 5);
	codemem_free(&c, &other);
	codemem_close(&c);
}
END_TEST

START_TEST(freed_memory_is_used_again)
{
	struct codemem c;
	struct codemem_list kept = { NULL, 0 };
	codemem_open(&c, &alloc_default, kinds[_i]);
	const uint8_t *low = place(&c, &kept, 1, 10), *first = NULL;
	for (uint32_t i = 0; i < 10000; i++) {
		struct codemem_list l = { NULL, 0 };
		const uint8_t *run = place(&c, &l, i, 5000 + i % 7);
		ck_assert_uint_eq(call(run), i);
		first = first ? first : run;
		ck_assert_ptr_eq(run, first);
		codemem_free(&c, &l);
	}
	ck_assert_uint_eq(call(low), 1);
	codemem_free(&c, &kept);
	codemem_close(&c);
}
END_TEST

START_TEST(small_functions_of_a_list_share_pages)
{
	struct codemem c;
	struct codemem_list l = { NULL, 0 };
	codemem_open(&c, &alloc_default, CODEMEM_twice);
	for (uint32_t i = 0; i < 1000; i++)
		ck_assert_ptr_nonnull(place(&c, &l, i, 100));
	ck_assert_uint_lt(l.bytes, 300000);
	codemem_free(&c, &l);
	codemem_close(&c);
}
END_TEST

START_TEST(more_than_a_region_is_reserved_when_needed)
{
	struct codemem c;
	struct codemem_list l = { NULL, 0 };
	size_t bytes = (size_t)130 << 20;
	uint8_t *zeros = calloc(1, bytes);
	ck_assert_ptr_nonnull(zeros);
	codemem_open(&c, &alloc_default, CODEMEM_twice);
	const uint8_t *first = codemem_place(&c, &l, zeros, bytes);
	const uint8_t *run = place(&c, &l, 7, 10);
	const uint8_t *second = codemem_place(&c, &l, zeros, bytes);
	ck_assert(first != NULL && second != NULL && first != second);
	ck_assert_uint_eq(call(run), 7);
	codemem_free(&c, &l);
	codemem_close(&c);
	free(zeros);
}
END_TEST

/* Bounds the address space to what is in use and `more`. */
static void
limit_space(size_t more)
{
	unsigned long pages = 0;
	FILE *in = fopen("/proc/self/statm", "r");
	ck_assert_ptr_nonnull(in);
	ck_assert_int_eq(fscanf(in, "%lu", &pages), 1);
	fclose(in);
	rlim_t n = pages * (rlim_t)sysconf(_SC_PAGESIZE) + more;
	ck_assert_int_eq(
		setrlimit(RLIMIT_AS, &(struct rlimit){ n, RLIM_INFINITY }), 0);
}

START_TEST(little_address_space_is_enough)
{
	struct codemem c;
	struct codemem_list l = { NULL, 0 };
	codemem_open(&c, &alloc_default, kinds[_i]);
	limit_space(24 << 20);
	ck_assert_uint_eq(call(place(&c, &l, 9, 1 << 20)), 9);
	codemem_free(&c, &l);
	codemem_close(&c);
}
END_TEST

START_TEST(no_address_space_is_an_answer)
{
	struct codemem c;
	struct codemem_list l = { NULL, 0 };
	codemem_open(&c, &alloc_default, kinds[_i]);
	limit_space(64 << 20);
	uint8_t code[1] = { 0 }; /* not read */
	ck_assert_ptr_null(codemem_place(&c, &l, code, (size_t)1 << 30));
	ck_assert_ptr_null(codemem_place(&c, &l, code, SIZE_MAX - 1));
	ck_assert_ptr_null(l.chunks);
	ck_assert_uint_eq(call(place(&c, &l, 3, 10)), 3);
	codemem_free(&c, &l);
	codemem_close(&c);
}
END_TEST

START_TEST(a_limit_on_files_is_no_signal)
{
	struct codemem c;
	struct codemem_list l = { NULL, 0 };
	struct rlimit small = { 1 << 20, RLIM_INFINITY };
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	codemem_open(&c, &alloc_default, CODEMEM_twice);
	ck_assert_uint_eq(call(place(&c, &l, 9, 10)), 9);
	codemem_free(&c, &l);
	codemem_close(&c);
}
END_TEST

struct worker {
	struct codemem *c;
	uint32_t base;
};

static void *
work(void *p)
{
	const struct worker *w = p;
	for (uint32_t round = 0; round < 50; round++) {
		struct codemem_list l = { NULL, 0 };
		const uint8_t *run[20];
		for (uint32_t i = 0; i < 20; i++)
			run[i] = place(w->c, &l, w->base + i, i * 300);
		for (uint32_t i = 0; i < 20; i++)
			if (call(run[i]) != w->base + i)
				return NULL;
		codemem_free(w->c, &l);
	}
	return p;
}

START_TEST(threads_share_a_region)
{
	struct codemem c;
	struct worker w[4];
	pthread_t thread[4];
	codemem_open(&c, &alloc_default, kinds[_i]);
	for (uint32_t i = 0; i < 4; i++) {
		w[i] = (struct worker){ &c, i * 1000 };
		ck_assert_int_eq(
			pthread_create(&thread[i], NULL, work, &w[i]), 0);
	}
	for (uint32_t i = 0; i < 4; i++) {
		void *result = NULL;
		pthread_join(thread[i], &result);
		ck_assert_ptr_eq(result, &w[i]);
	}
	codemem_close(&c);
}
END_TEST

/* What the child of the next test does; its exit status. */
static int
child(struct codemem *c, struct codemem_list *l, const uint8_t *inherited,
	int go)
{
	struct codemem_list own = { NULL, 0 };
	char byte;
	const uint8_t *run = place(c, l, 2, 100);
	const uint8_t *other = place(c, &own, 3, 100);
	bool ok = run != NULL && call(run) == 2 && call(other) == 3;
	ok = ok && read(go, &byte, 1) == 1 && call(inherited) == 1;
	codemem_free(c, &own);
	codemem_free(c, l);
	codemem_close(c);
	return ok ? 0 : 1;
}

START_TEST(a_child_and_its_parent_keep_their_own_code)
{
	struct codemem c;
	struct codemem_list l = { NULL, 0 }, later = { NULL, 0 };
	int go[2], status = -1;
	codemem_open(&c, &alloc_default, kinds[_i]);
	const uint8_t *run = place(&c, &l, 1, 100);
	ck_assert_int_eq(pipe(go), 0);
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(child(&c, &l, run, go[0]));
	for (uint32_t i = 0; i < 100; i++)
		ck_assert_uint_eq(
			call(place(&c, &later, 10 + i, 5000)), 10 + i);
	ck_assert_uint_eq(call(run), 1);
	codemem_free(&c, &l);
	codemem_free(&c, &later);
	ck_assert_uint_eq(call(place(&c, &later, 99, 100)), 99);
	ck_assert_int_eq(write(go[1], "x", 1), 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	codemem_free(&c, &later);
	codemem_close(&c);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("codemem");
	TCase *t = tcase_create("codemem");
	tcase_add_loop_test(t, code_runs_where_it_was_placed, 0, 2);
	tcase_add_loop_test(t, nothing_is_writable_and_executable, 0, 2);
	tcase_add_loop_test(t, freeing_gives_memory_back, 0, 2);
	tcase_add_loop_test(t, freed_memory_is_used_again, 0, 2);
	tcase_add_test(t, small_functions_of_a_list_share_pages);
	tcase_add_test(t, more_than_a_region_is_reserved_when_needed);
	tcase_add_loop_test(t, little_address_space_is_enough, 0, 2);
	tcase_add_loop_test(t, no_address_space_is_an_answer, 0, 2);
	tcase_add_test(t, a_limit_on_files_is_no_signal);
	tcase_add_loop_test(t, threads_share_a_region, 0, 2);
	tcase_add_loop_test(
		t, a_child_and_its_parent_keep_their_own_code, 0, 2);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
