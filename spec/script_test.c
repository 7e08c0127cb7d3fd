#include "spec/script.h"

#include <check.h>
#include <string.h>

#include "spec/type.h"
#include "trap/alloc.h"
#include "trap/arena.h"
#include "trap/error.h"

static struct arena arena;
static struct error error;
static struct script *script;
static struct script_command c;

static void
setup(void)
{
	arena_init(&arena, &alloc_default);
}

static void
teardown(void)
{
	arena_free(&arena);
}

static void
open_script(const char *src)
{
	error_clear(&error);
	script = script_open(src, strlen(src), 1, 1, &arena, &error);
	ck_assert_ptr_nonnull(script);
}

/* The first command of src. */
static void
first(const char *src)
{
	open_script(src);
	ck_assert_msg(script_next(script, &c), "%s", error.text);
}

static bool
is(struct script_name name, const char *text)
{
	return name.bytes != NULL && name.len == strlen(text) &&
	       memcmp(name.bytes, text, name.len) == 0;
}

START_TEST(modules_stay_source_or_bytes)
{
	first(" (module $m (func \")\") (; ) ;))");
	ck_assert_int_eq(c.kind, SCRIPT_module);
	ck_assert_int_eq(c.module.form, MODULE_text);
	ck_assert(is(c.module.name, "m"));
	ck_assert_uint_eq(c.module.len, 30);
	ck_assert_uint_eq(c.module.column, 2);
	first("(module definition binary \"\\00a\" \"sm\")");
	ck_assert_int_eq(c.kind, SCRIPT_definition);
	ck_assert_int_eq(c.module.form, MODULE_binary);
	ck_assert_uint_eq(c.module.len, 4);
	ck_assert_mem_eq(c.module.bytes, "\0asm", 4);
	first("(func) (memory 0)");
	ck_assert_int_eq(c.module.form, MODULE_fields);
	ck_assert(script_next(script, &c));
	ck_assert_int_eq(c.kind, SCRIPT_end);
}
END_TEST

START_TEST(instances_take_one_name_or_two)
{
	first("(module instance $i $m)");
	ck_assert_int_eq(c.kind, SCRIPT_instance);
	ck_assert(is(c.name, "i"));
	ck_assert(is(c.of, "m"));
	first("(module instance $m)");
	ck_assert_ptr_null(c.name.bytes);
	ck_assert(is(c.of, "m"));
	first("(assert_trap (module instance) \"boom\")");
	ck_assert(c.on_instance);
	ck_assert(is(c.message, "boom"));
}
END_TEST

START_TEST(actions_have_arguments)
{
	first("(invoke $i \"f\" (i32.const -1) (f32.const nan:0x1)"
	      " (ref.extern 7) (ref.null func)"
	      " (v128.const i16x8 1 -1 0 0 0 0 0 0))");
	ck_assert_int_eq(c.kind, SCRIPT_action);
	ck_assert(is(c.name, "i"));
	ck_assert(is(c.string, "f"));
	ck_assert_uint_eq(c.nargs, 5);
	ck_assert_uint_eq(c.args[0].bits, 0xffffffff);
	ck_assert_uint_eq(c.args[1].bits, 0x7f800001);
	ck_assert(c.args[2].has_number && c.args[2].bits == 7);
	ck_assert_uint_eq(c.args[3].heap, HT_FUNC);
	ck_assert_mem_eq(c.args[4].v128, "\1\0\xff\xff\0", 5);
	first("(get \"g\")");
	ck_assert(c.is_get);
}
END_TEST

START_TEST(results_may_be_patterns)
{
	first("(assert_return (invoke \"f\") (f64.const nan:canonical)"
	      " (v128.const f32x4 1 nan:arithmetic 0 nan:canonical)"
	      " (either (i32.const 1) (i32.const 2)) (ref) (ref.null)"
	      " (ref.struct) (ref.extern))");
	ck_assert_uint_eq(c.nresults, 7);
	ck_assert_int_eq(c.results[0].nan, NAN_canonical);
	ck_assert_int_eq(c.results[1].lane_nan[1], NAN_arithmetic);
	ck_assert_int_eq(c.results[1].lane_nan[3], NAN_canonical);
	ck_assert_int_eq(c.results[2].kind, VALUE_either);
	ck_assert_uint_eq(c.results[2].count, 2);
	ck_assert_uint_eq(c.results[2].list[1].bits, 2);
	ck_assert_uint_eq(c.results[3].heap, 0);
	ck_assert_int_eq(c.results[4].kind, VALUE_ref_null);
	ck_assert_uint_eq(c.results[5].heap, HT_STRUCT);
	ck_assert(!c.results[6].has_number);
}
END_TEST

START_TEST(threads_keep_their_commands_as_source)
{
	first("(thread $t (shared (module $m)) (register \"m\" $m) (wait))");
	ck_assert_int_eq(c.kind, SCRIPT_thread);
	ck_assert_uint_eq(c.nshared, 1);
	ck_assert(is(c.shared[0], "m"));
	struct script *inner =
		script_open(c.commands, c.commands_len, 1, 1, &arena, &error);
	ck_assert(script_next(inner, &c) && c.kind == SCRIPT_register);
	ck_assert(is(c.string, "m") && is(c.name, "m"));
	ck_assert(script_next(inner, &c) && c.kind == SCRIPT_wait);
	ck_assert(script_next(inner, &c) && c.kind == SCRIPT_end);
}
END_TEST

START_TEST(an_error_stops_behind_the_commands_before_it)
{
	open_script("(wait)\n(wait $t)\n  (walk)");
	ck_assert(script_next(script, &c) && script_next(script, &c));
	ck_assert_uint_eq(c.line, 2);
	ck_assert(!script_next(script, &c));
	ck_assert_str_eq(error.text, "unknown operator walk");
	ck_assert_uint_eq(error.line, 3);
	open_script("(wait) ,");
	ck_assert(script_next(script, &c));
	ck_assert(!script_next(script, &c));
	ck_assert_str_eq(error.text, "unknown operator ,");
	open_script("(invoke \"f\" (either (i32.const 1)))");
	ck_assert(!script_next(script, &c));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("script");
	TCase *t = tcase_create("script");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, modules_stay_source_or_bytes);
	tcase_add_test(t, instances_take_one_name_or_two);
	tcase_add_test(t, actions_have_arguments);
	tcase_add_test(t, results_may_be_patterns);
	tcase_add_test(t, threads_keep_their_commands_as_source);
	tcase_add_test(t, an_error_stops_behind_the_commands_before_it);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
