#include "jit/naming.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "interp/interp.h"
#include "jit/jit.h"
#include "spec/engine.h"
#include "spec/link.h"
#include "spec/text.h"
#include "trap/alloc.h"
#include "trap/arena.h"
#include "trap/error.h"

/* Compiles a module with its code named so. */
static void
compile_named(enum naming_kind kind)
{
	static const char text[] =
		"(module $m (func $twice (param i32) (result i32)"
		" (i32.mul (local.get 0) (i32.const 2)))"
		" (func (result i32) (call $twice (i32.const 21))))";
	static const struct jit_config eager = { .mode = JIT_eager };
	struct engine e;
	struct arena a;
	struct error error;
	uint8_t *bytes;
	size_t len;
	union slot result[1];
	error_clear(&error);
	arena_init(&a, &alloc_default);
	ck_assert(engine_init(&e, &alloc_default));
	interp_install(&e);
	ck_assert(jit_install(&e, &eager));
	jit_name_code(&e, kind);
	ck_assert(text_module(text, strlen(text), &a, &bytes, &len, &error));
	struct module *m = module_load(&e, bytes, len, &error);
	ck_assert_ptr_nonnull(m);
	struct store *s = store_new(&e, NULL);
	ck_assert_ptr_nonnull(s);
	struct instance *in = instance_new(s, m, NULL, &error);
	ck_assert_ptr_nonnull(in);
	ck_assert_int_eq(
		func_call(s, instance_func(in, 1), result), STATUS_done);
	ck_assert_uint_eq(slot_i32(result[0]), 42);
	module_release(m);
	store_free(s);
	engine_free(&e);
	arena_free(&a);
}

/* The lines of this process's file for perf; 0 if there is none. */
static uint32_t
lines_of_perf(char out[4][100])
{
	char path[64];
	uint32_t n = 0;
	snprintf(path, sizeof path, "/tmp/perf-%d.map", (int)getpid());
	FILE *in = fopen(path, "r");
	if (in == NULL)
		return 0;
	while (n < 4 && fgets(out[n], 100, in) != NULL)
		n++;
	fclose(in);
	unlink(path);
	return n;
}

START_TEST(perf_is_told_of_each_function)
{
	char lines[4][100];
	compile_named(NAMING_perf);
	ck_assert_uint_eq(lines_of_perf(lines), 2);
	ck_assert_ptr_nonnull(strstr(lines[0], " m!twice\n"));
	ck_assert_ptr_nonnull(strstr(lines[1], " m![1]\n"));
}
END_TEST

START_TEST(nobody_is_told_unasked)
{
	char lines[4][100];
	compile_named(NAMING_none);
	ck_assert_uint_eq(lines_of_perf(lines), 0);
}
END_TEST

/* Its entries are freed, as the sanitizers see; jit/gdb_test.c reads them. */
START_TEST(gdb_is_told_until_the_code_goes)
{
	char lines[4][100];
	compile_named(NAMING_gdb);
	ck_assert_uint_eq(lines_of_perf(lines), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("naming");
	TCase *t = tcase_create("naming");
	tcase_add_test(t, perf_is_told_of_each_function);
	tcase_add_test(t, nobody_is_told_unasked);
	tcase_add_test(t, gdb_is_told_until_the_code_goes);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
