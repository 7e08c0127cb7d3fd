#include "spec/feature.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "spec/engine.h"
#include "spec/module.h"
#include "spec/text.h"
#include "trap/error.h"

/* Modules that need one feature, and what that builds on. */
static const struct {
	enum feature_index feature;
	const char *text;
} users[] = {
	{ FEATURE_INDEX_SIGN_EXT,
		"(func (drop (i32.extend8_s (i32.const 1))))" },
	{ FEATURE_INDEX_SAT_FLOAT,
		"(func (drop (i32.trunc_sat_f32_s (f32.const 1))))" },
	{ FEATURE_INDEX_MULTI_VALUE,
		"(func (result i32 i32) (i32.const 1) (i32.const 2))" },
	{ FEATURE_INDEX_MULTI_VALUE,
		"(type $t (func (param i32)))"
		"(func (i32.const 1) (block (type $t) drop))" },
	{ FEATURE_INDEX_MUTABLE_GLOBAL,
		"(import \"\" \"g\" (global (mut i32)))" },
	{ FEATURE_INDEX_MUTABLE_GLOBAL,
		"(global (export \"g\") (mut i32) (i32.const 1))" },
	{ FEATURE_INDEX_BULK,
		"(memory 1) (func (memory.fill (i32.const 0) (i32.const 0)"
		" (i32.const 0)))" },
	{ FEATURE_INDEX_BULK, "(data \"passive\")" },
	{ FEATURE_INDEX_BULK, "(func $f) (elem func $f)" },
	{ FEATURE_INDEX_BULK,
		"(table 1 funcref) (func (table.copy (i32.const 0)"
		" (i32.const 0) (i32.const 0)))" },
	{ FEATURE_INDEX_REF_TYPES, "(func (param externref))" },
	{ FEATURE_INDEX_REF_TYPES, "(table 1 externref)" },
	{ FEATURE_INDEX_REF_TYPES, "(table 1 funcref) (table 1 funcref)" },
	{ FEATURE_INDEX_REF_TYPES, "(func (drop (ref.null func)))" },
	{ FEATURE_INDEX_REF_TYPES,
		"(table 1 funcref) (func (drop (table.get (i32.const 0))))" },
	{ FEATURE_INDEX_EXTENDED_CONST,
		"(global i32 (i32.add (i32.const 1) (i32.const 2)))" },
	{ FEATURE_INDEX_SIMD, "(func (param v128))" },
	{ FEATURE_INDEX_SIMD, "(func (drop (v128.const i64x2 0 0)))" },
	{ FEATURE_INDEX_RELAXED_SIMD,
		"(func (param v128) (result v128)"
		" (i8x16.relaxed_swizzle (local.get 0) (local.get 0)))" },
	{ FEATURE_INDEX_TAIL_CALL, "(func $f (return_call $f))" },
	{ FEATURE_INDEX_FUNC_REFS, "(type $t (func)) (func (param (ref $t)))" },
	{ FEATURE_INDEX_FUNC_REFS,
		"(type $t (func)) (func $f (type $t) (call_ref $t"
		" (ref.func $f))) (elem declare func $f)" },
	{ FEATURE_INDEX_FUNC_REFS,
		"(func $f) (table 1 (ref func) (ref.func $f))" },
	{ FEATURE_INDEX_GC, "(type (struct (field i8)))" },
	{ FEATURE_INDEX_GC, "(rec (type (func)) (type (func)))" },
	{ FEATURE_INDEX_GC, "(type (sub (func)))" },
	{ FEATURE_INDEX_GC, "(func (param anyref))" },
	{ FEATURE_INDEX_GC, "(func (drop (ref.i31 (i32.const 1))))" },
	{ FEATURE_INDEX_EXCEPTIONS, "(tag)" },
	{ FEATURE_INDEX_EXCEPTIONS, "(import \"\" \"t\" (tag))" },
	{ FEATURE_INDEX_EXCEPTIONS, "(func (param exnref))" },
	{ FEATURE_INDEX_EXCEPTIONS, "(func (try_table))" },
	{ FEATURE_INDEX_MULTI_MEMORY, "(memory 1) (memory 1)" },
	{ FEATURE_INDEX_MEMORY64, "(memory i64 1)" },
	{ FEATURE_INDEX_MEMORY64, "(table i64 1 funcref)" },
	{ FEATURE_INDEX_THREADS, "(memory 1 1 shared)" },
	{ FEATURE_INDEX_THREADS, "(func (atomic.fence))" },
	{ FEATURE_INDEX_THREADS,
		"(memory 1) (func (drop (i32.atomic.load (i32.const 0))))" },
	{ FEATURE_INDEX_WIDE,
		"(func (local i64 i64) (i64.mul_wide_s (i64.const 1)"
		" (i64.const 2)) (local.set 0) (local.set 1))" },
	{ FEATURE_INDEX_CUSTOM_PAGE_SIZES, "(memory 1 (pagesize 1))" },
	{ FEATURE_INDEX_COMPACT_IMPORTS,
		"(import \"m\" (item \"a\" (func)) (item \"b\" (func)))" },
};
enum { USERS = sizeof users / sizeof *users };

static struct error error;

/* The module validates with those features. */
static bool
valid(features set, const char *text)
{
	struct engine engine;
	struct arena arena;
	uint8_t *bytes;
	size_t len;
	ck_assert(engine_init(&engine, &alloc_default));
	engine.features = set;
	arena_init(&arena, &alloc_default);
	error_clear(&error);
	ck_assert_msg(
		text_module(text, strlen(text), &arena, &bytes, &len, &error),
		"%s: %s", text, error.text);
	struct module *m = module_load(&engine, bytes, len, &error);
	bool ok = m != NULL;
	module_release(m);
	arena_free(&arena);
	engine_free(&engine);
	return ok;
}

static features
switched(features set, const char *name, bool on)
{
	ck_assert_msg(feature_switch(&set, name, strlen(name), on), "%s", name);
	return set;
}

START_TEST(what_uses_a_feature_is_refused_without_it_by_name)
{
	char message[80];
	features seen = FEATURE_MVP;
	for (int i = 0; i < USERS; i++) {
		const char *name = feature_name(users[i].feature);
		const char *text = users[i].text;
		features off = switched(features_known(), name, false);
		ck_assert_msg(valid(features_known(), text), "%s: %s", text,
			error.text);
		ck_assert_msg(!valid(off, text), "%s: %s", name, text);
		snprintf(message, sizeof message, "%s is not enabled", name);
		ck_assert_msg(strstr(error.text, message) != NULL, "%s: %s",
			text, error.text);
		seen |= (features)1 << users[i].feature;
	}
	ck_assert_uint_eq(seen, features_known());
}
END_TEST

START_TEST(a_feature_and_what_it_builds_on_are_enough)
{
	for (int i = 0; i < USERS; i++) {
		const char *name = feature_name(users[i].feature);
		features on = switched(FEATURE_MVP, name, true);
		ck_assert_msg(valid(on, users[i].text), "%s: %s", users[i].text,
			error.text);
	}
}
END_TEST

START_TEST(off_takes_along_what_builds_on_it)
{
	features all = features_known();
	ck_assert_uint_eq(switched(all, "gc", false), all & ~FEATURE_GC);
	ck_assert_uint_eq(switched(all, "simd", false),
		all & ~(FEATURE_SIMD | FEATURE_RELAXED_SIMD));
	ck_assert_uint_eq(switched(all, "bulk-memory", false),
		all & ~(FEATURE_BULK | FEATURE_REF_TYPES | FEATURE_FUNC_REFS |
			      FEATURE_GC | FEATURE_EXCEPTIONS));
}
END_TEST

START_TEST(on_brings_what_it_builds_on)
{
	ck_assert_uint_eq(switched(FEATURE_MVP, "relaxed-simd", true),
		FEATURE_MVP | FEATURE_SIMD | FEATURE_RELAXED_SIMD);
	ck_assert_uint_eq(switched(FEATURE_MVP, "gc", true),
		FEATURE_MVP | FEATURE_BULK | FEATURE_REF_TYPES |
			FEATURE_FUNC_REFS | FEATURE_GC);
}
END_TEST

START_TEST(all_leaves_mvp)
{
	features set = switched(features_known(), "all", false);
	ck_assert_uint_eq(set, FEATURE_MVP);
	ck_assert(valid(set, "(func)"));
	ck_assert_uint_eq(switched(set, "all", true), features_known());
}
END_TEST

START_TEST(other_names_are_no_switches)
{
	features set = features_known();
	ck_assert(!feature_switch(&set, "mvp", 3, false));
	ck_assert(!feature_switch(&set, "gcc", 3, false));
	ck_assert(!feature_switch(&set, "gc", 1, false));
	ck_assert(!feature_switch(&set, "", 0, false));
	ck_assert_uint_eq(set, features_known());
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("feature");
	TCase *t = tcase_create("feature");
	tcase_add_test(t, what_uses_a_feature_is_refused_without_it_by_name);
	tcase_add_test(t, a_feature_and_what_it_builds_on_are_enough);
	tcase_add_test(t, off_takes_along_what_builds_on_it);
	tcase_add_test(t, on_brings_what_it_builds_on);
	tcase_add_test(t, all_leaves_mvp);
	tcase_add_test(t, other_names_are_no_switches);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
