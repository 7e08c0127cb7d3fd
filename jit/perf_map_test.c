#include "jit/perf_map.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const uint8_t *const at = (const uint8_t *)0x1234abcd;

static const char *
path(void)
{
	static char out[64];
	snprintf(out, sizeof out, "/tmp/perf-%d.map", (int)getpid());
	return out;
}

/* The whole file of this process, which is then removed. */
static const char *
content(void)
{
	static char out[1024];
	FILE *in = fopen(path(), "r");
	ck_assert_ptr_nonnull(in);
	out[fread(out, 1, sizeof out - 1, in)] = '\0';
	fclose(in);
	unlink(path());
	return out;
}

START_TEST(a_function_is_a_line)
{
	struct perf_map p;
	perf_map_open(&p);
	perf_map_add(&p, at, 32, "fib");
	perf_map_add(&p, at + 32, 257, "a name\nno line");
	perf_map_close(&p);
	ck_assert_str_eq(content(), "1234abcd 20 fib\n1234abed 101 a name\n");
}
END_TEST

START_TEST(a_long_name_is_cut)
{
	char name[600];
	struct perf_map p;
	memset(name, 'x', sizeof name);
	name[sizeof name - 1] = '\0';
	perf_map_open(&p);
	perf_map_add(&p, at, 1, name);
	perf_map_add(&p, at, 1, "y");
	perf_map_close(&p);
	const char *text = content(), *end = strchr(text, '\n');
	ck_assert_uint_eq((size_t)(end - text), 255);
	ck_assert_str_eq(end + 1, "1234abcd 1 y\n");
}
END_TEST

START_TEST(a_child_has_its_own_file)
{
	struct perf_map p;
	int status = -1;
	perf_map_open(&p);
	perf_map_add(&p, at, 1, "parent");
	pid_t pid = fork();
	if (pid == 0) {
		perf_map_add(&p, at, 2, "child");
		_exit(strcmp(content(), "1234abcd 2 child\n") != 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	perf_map_add(&p, at, 3, "again");
	perf_map_close(&p);
	ck_assert_str_eq(content(), "1234abcd 1 parent\n1234abcd 3 again\n");
}
END_TEST

START_TEST(a_link_is_not_followed)
{
	struct perf_map p;
	ck_assert_int_eq(symlink("/dev/null", path()), 0);
	perf_map_open(&p);
	perf_map_add(&p, at, 1, "f");
	ck_assert_int_lt(p.fd, 0);
	perf_map_close(&p);
	unlink(path());
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("perf_map");
	TCase *t = tcase_create("perf_map");
	tcase_add_test(t, a_function_is_a_line);
	tcase_add_test(t, a_long_name_is_cut);
	tcase_add_test(t, a_child_has_its_own_file);
	tcase_add_test(t, a_link_is_not_followed);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
