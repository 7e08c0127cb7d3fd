#include "spec/module.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "spec/engine.h"
#include "spec/text.h"
#include "trap/error.h"

static struct arena arena;
static uint8_t *bytes;
static size_t len;

/* Has something of everything that allocates. */
static const char source[] =
	"(module $name"
	"  (type $s (sub (struct (field i32))))"
	"  (rec (type (struct)) (type (array (mut i8))))"
	"  (import \"m\" \"f\" (func $f (param i32)))"
	"  (memory 1) (table 1 funcref) (global i32 (i32.const 1)) (tag)"
	"  (func $g (export \"g\") (param (ref $s)) (result i32)"
	"    (local v128 (ref $s))"
	"    (block (result i32) (loop (result i32) (i32.const 1))))"
	"  (func $h (export \"h\") (export \"i\"))"
	"  (elem func $g $h) (elem funcref (ref.null func)) (data \"abc\"))";

static void
setup(void)
{
	struct error e;
	arena_init(&arena, &alloc_default);
	error_clear(&e);
	ck_assert_msg(text_module(source, sizeof source - 1, &arena, &bytes,
			      &len, &e),
		"%s", e.text);
}

static void
teardown(void)
{
	arena_free(&arena);
}

START_TEST(names_and_exports_are_found)
{
	struct engine engine;
	struct error e;
	ck_assert(engine_init(&engine, &alloc_default));
	struct module *m = module_load(&engine, bytes, len, &e);
	ck_assert_msg(m != NULL, "%s", e.text);
	ck_assert_str_eq(m->name.bytes, "name");
	ck_assert_str_eq(module_func_name(m, 0).bytes, "f");
	ck_assert_str_eq(module_func_name(m, 2).bytes, "h");
	ck_assert_uint_eq(module_func_name(m, 3).len, 0);
	ck_assert_uint_eq(module_export(m, "i", 1)->index, 2);
	ck_assert_ptr_null(module_export(m, "x", 1));
	ck_assert_ptr_null(module_export(m, "", 0));
	ck_assert_uint_eq(module_func_type(m, 1)->nresults, 1);
	module_release(m);
	engine_free(&engine);
}
END_TEST

START_TEST(the_last_reference_frees)
{
	struct engine engine;
	struct error e;
	ck_assert(engine_init(&engine, &alloc_default));
	struct module *m = module_load(&engine, bytes, len, &e);
	module_retain(m);
	module_release(m);
	ck_assert_uint_eq(atomic_load(&m->refs), 1);
	module_release(m);
	module_release(NULL);
	engine_free(&engine);
}
END_TEST

/* An allocator that fails after some calls and counts what is not freed. */
struct meter {
	long left;
	size_t live;
};

static void *
metered(void *user, void *old, size_t old_bytes, size_t new_bytes)
{
	struct meter *meter = user;
	if (new_bytes != 0 && meter->left-- <= 0)
		return NULL;
	meter->live += new_bytes - old_bytes;
	return alloc_default.resize(NULL, old, old_bytes, new_bytes);
}

START_TEST(every_failed_allocation_is_an_error_and_leaks_nothing)
{
	bool loaded = false;
	for (long n = 0; !loaded; n++) {
		struct meter meter = { n, 0 };
		struct allocator al = { metered, &meter };
		struct engine engine;
		struct error e;
		ck_assert_int_lt(n, 10000);
		if (engine_init(&engine, &al)) {
			struct module *m = module_load(&engine, bytes, len, &e);
			loaded = m != NULL;
			if (!loaded)
				ck_assert_int_eq(e.kind, ERROR_memory);
			module_release(m);
		}
		engine_free(&engine);
		ck_assert_uint_eq(meter.live, 0);
	}
}
END_TEST

START_TEST(any_damage_to_the_bytes_is_survived)
{
	uint8_t *copy = arena_copy(&arena, bytes, len);
	struct error e;
	for (size_t i = 8; i < len; i++)
		for (int value = 0; value < 256; value++) {
			struct engine engine;
			ck_assert(engine_init(&engine, &alloc_default));
			copy[i] = (uint8_t)value;
			struct module *m = module_load(&engine, copy, len, &e);
			ck_assert((m != NULL) == (e.kind == ERROR_none));
			module_release(m);
			copy[i] = bytes[i];
			engine_free(&engine);
		}
}
END_TEST

START_TEST(any_cut_of_the_bytes_is_survived)
{
	struct error e;
	for (size_t cut = 0; cut < len; cut++) {
		struct engine engine;
		ck_assert(engine_init(&engine, &alloc_default));
		uint8_t *exact = malloc(cut + 1);
		memcpy(exact, bytes, cut);
		struct module *m = module_load(&engine, exact, cut, &e);
		ck_assert((m != NULL) == (e.kind == ERROR_none));
		module_release(m);
		free(exact);
		engine_free(&engine);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("module");
	TCase *t = tcase_create("module");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, names_and_exports_are_found);
	tcase_add_test(t, the_last_reference_frees);
	tcase_add_test(
		t, every_failed_allocation_is_an_error_and_leaks_nothing);
	tcase_add_test(t, any_damage_to_the_bytes_is_survived);
	tcase_add_test(t, any_cut_of_the_bytes_is_survived);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
