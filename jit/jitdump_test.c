#include "jit/jitdump.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "trap/bytes.h"

enum { HEADER = 40, LOAD = 56 };

static const uint8_t code[] = { 0x90, 0x90, 0xc3 };

static const char *
path(void)
{
	static char out[64];
	snprintf(out, sizeof out, "/tmp/jit-%d.dump", (int)getpid());
	return out;
}

/* The whole file of this process, which is then removed. */
static size_t
content(uint8_t out[1024])
{
	FILE *in = fopen(path(), "r");
	ck_assert_ptr_nonnull(in);
	size_t n = fread(out, 1, 1024, in);
	fclose(in);
	unlink(path());
	return n;
}

static void
is_load(const uint8_t *p, uint64_t number, const char *name, size_t bytes)
{
	ck_assert_uint_eq(bytes_get32(p), 0);
	ck_assert_uint_eq(bytes_get32(p + 4), LOAD + strlen(name) + 1 + bytes);
	ck_assert_uint_eq(bytes_get32(p + 16), (uint32_t)getpid());
	ck_assert_uint_eq(bytes_get64(p + 24), (uintptr_t)code);
	ck_assert_uint_eq(bytes_get64(p + 32), (uintptr_t)code);
	ck_assert_uint_eq(bytes_get64(p + 40), bytes);
	ck_assert_uint_eq(bytes_get64(p + 48), number);
	ck_assert_str_eq((const char *)p + LOAD, name);
	ck_assert_mem_eq(p + LOAD + strlen(name) + 1, code, bytes);
}

START_TEST(a_function_is_a_record_with_its_code)
{
	struct jitdump d;
	uint8_t out[1024];
	jitdump_open(&d);
	jitdump_add(&d, code, 3, "fib");
	jitdump_add(&d, code, 2, "m!sieve");
	jitdump_close(&d);
	size_t first = LOAD + 4 + 3, second = LOAD + 8 + 2;
	ck_assert_uint_eq(content(out), HEADER + first + second);
	ck_assert_uint_eq(bytes_get32(out), 0x4a695444);
	ck_assert_uint_eq(bytes_get32(out + 4), 1);
	ck_assert_uint_eq(bytes_get32(out + 8), HEADER);
	ck_assert_uint_eq(bytes_get32(out + 20), (uint32_t)getpid());
	is_load(out + HEADER, 0, "fib", 3);
	is_load(out + HEADER + first, 1, "m!sieve", 2);
	ck_assert_uint_le(bytes_get64(out + 24), bytes_get64(out + HEADER + 8));
}
END_TEST

START_TEST(perf_sees_a_page_of_the_file)
{
	struct jitdump d;
	char line[256];
	bool seen = false;
	jitdump_open(&d);
	jitdump_add(&d, code, 3, "f");
	FILE *maps = fopen("/proc/self/maps", "r");
	while (fgets(line, sizeof line, maps) != NULL)
		seen |= strstr(line, " r-xp ") && strstr(line, path());
	fclose(maps);
	jitdump_close(&d);
	unlink(path());
	ck_assert(seen);
}
END_TEST

START_TEST(a_child_has_its_own_file)
{
	struct jitdump d;
	int status = -1;
	uint8_t out[1024];
	jitdump_open(&d);
	jitdump_add(&d, code, 3, "parent");
	pid_t pid = fork();
	if (pid == 0) {
		jitdump_add(&d, code, 1, "child");
		_exit(content(out) != HEADER + LOAD + 6 + 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	jitdump_close(&d);
	ck_assert_uint_eq(content(out), HEADER + LOAD + 7 + 3);
}
END_TEST

START_TEST(a_link_is_not_followed)
{
	struct jitdump d;
	ck_assert_int_eq(symlink("/dev/null", path()), 0);
	jitdump_open(&d);
	jitdump_add(&d, code, 1, "f");
	ck_assert_int_lt(d.fd, 0);
	jitdump_close(&d);
	unlink(path());
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("jitdump");
	TCase *t = tcase_create("jitdump");
	tcase_add_test(t, a_function_is_a_record_with_its_code);
	tcase_add_test(t, perf_sees_a_page_of_the_file);
	tcase_add_test(t, a_child_has_its_own_file);
	tcase_add_test(t, a_link_is_not_followed);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
