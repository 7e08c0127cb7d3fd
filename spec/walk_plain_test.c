/*
 * The quick walk and the careful one agree: on every body that differs from a
 * good one in one byte they come to the same verdict, in the same words.
 */
#include <check.h>
#include <string.h>

#include "spec/engine.h"
#include "spec/module.h"
#include "spec/text.h"
#include "spec/walk.h"

static struct engine engine;
static struct arena arena, scratch;

static void
setup(void)
{
	ck_assert(engine_init(&engine, &alloc_default));
	arena_init(&arena, &alloc_default);
	arena_init(&scratch, &alloc_default);
}

static void
teardown(void)
{
	arena_free(&scratch);
	arena_free(&arena);
	engine_free(&engine);
}

/* Walks over function 0 to its end; its stacks are gone with the arena. */
static struct walk
walk(const struct module *m, bool quick, struct error *error)
{
	struct walk w;
	error_clear(error);
	arena_reset(&scratch);
	walk_init(&w, m, 0, &scratch, error);
	do
		if (quick)
			walk_plain(&w);
	while (walk_next(&w));
	return w;
}

static uint32_t
compare(const struct module *m)
{
	struct error a, b;
	struct walk quick = walk(m, true, &a), careful = walk(m, false, &b);
	ck_assert_int_eq(a.kind, b.kind);
	ck_assert_str_eq(a.text, b.text);
	if (a.kind != ERROR_none)
		return 0;
	ck_assert_uint_eq(quick.max_slots, careful.max_slots);
	ck_assert_uint_eq(quick.used, careful.used);
	return 1;
}

/* Where the instructions of function 0 begin in its body. */
static uint32_t
code_start(const struct module *m)
{
	struct walk w;
	struct error error;
	error_clear(&error);
	walk_init(&w, m, 0, &scratch, &error);
	return (uint32_t)(w.r.at - m->bytes) - m->funcs[0].body.offset;
}

/* Compares what every byte of the code can become; how many are valid. */
static uint32_t
compare_mutants(const char *text)
{
	uint8_t *bytes;
	size_t len;
	struct error error;
	uint32_t valid = 0;
	error_clear(&error);
	ck_assert_msg(
		text_module(text, strlen(text), &arena, &bytes, &len, &error),
		"%s", error.text);
	struct module *m = module_load(&engine, bytes, len, &error);
	ck_assert_msg(m != NULL, "%s", error.text);
	uint8_t *copy = arena_alloc(&arena, m->len);
	memcpy(copy, m->bytes, m->len);
	m->bytes = copy;
	ck_assert_uint_eq(compare(m), 1);
	for (uint32_t i = code_start(m); i < m->funcs[0].body.len; i++) {
		uint8_t *byte = copy + m->funcs[0].body.offset + i;
		uint8_t was = *byte;
		for (int x = 0; x < 256; x++) {
			*byte = (uint8_t)x;
			valid += compare(m);
		}
		*byte = was;
	}
	module_release(m);
	return valid;
}

/* What comes after the body gives the quick walk room to look ahead. */
#define REST \
	"(func $f (param i32) (result i32) local.get 0)" \
	"(memory 1) (data \"0123456789abcdef\")"

#define CODE \
	"local.get 0 i32.const 300 i32.add local.tee 0 i64.extend_i32_u " \
	"i64.const -70000 i64.mul i32.wrap_i64 local.set 0 " \
	"local.get 1 f64.const 1 f64.lt (if (then f32.const 2 f32.neg drop)) " \
	"local.get 0 i32.load offset=200 i32.extend8_s call $f drop " \
	"block (result i32) local.get 0 local.get 0 i32.load8_u offset=70000 " \
	"br_if 0 unreachable i32.add end " \
	"local.get 0 local.get 1 f64.store local.set 0"

START_TEST(numbers)
{
	ck_assert_uint_gt(
		compare_mutants("(func (param i32) (local f64) " CODE ")" REST),
		1000);
}
END_TEST

START_TEST(locals_of_two_bytes_and_more)
{
	char text[90000] = "(func (param i32) (local f64) (local";
	for (int i = 0; i < 20000; i++)
		strcat(text, " i64");
	strcat(text, ") local.get 127 local.get 128 i64.add local.set 16383 "
		     "local.get 16384 local.tee 16385 drop)" REST);
	ck_assert_uint_gt(compare_mutants(text), 1000);
}
END_TEST

START_TEST(vectors_and_their_locals)
{
	ck_assert_uint_gt(
		compare_mutants("(func (param i32) (local f64 v128) " CODE
				" local.get 2 local.get 2 v128.and local.tee 2 "
				"drop)" REST),
		1000);
}
END_TEST

START_TEST(references_that_must_be_set)
{
	ck_assert_uint_gt(
		compare_mutants("(func (param i32) (local f64 (ref func)) " CODE
				" ref.func $f local.set 2 local.get 2 drop)"
				"(elem declare func $f)" REST),
		1000);
}
END_TEST

START_TEST(addresses_of_64_bits)
{
	ck_assert_uint_gt(compare_mutants("(memory i64 1) (func (param i64) "
					  "local.get 0 i32.load offset=9 "
					  "i64.extend_i32_s f64.load drop) "
					  "(data \"0123456789abcdef\")"),
		100);
}
END_TEST

START_TEST(no_locals)
{
	ck_assert_uint_gt(
		compare_mutants(
			"(func i32.const 1 i32.eqz drop i64.const 5 drop "
			"f32.const 1 f64.promote_f32 drop) (func) (func) "
			"(func) (func)"),
		100);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("walk_plain");
	TCase *t = tcase_create("the quick walk agrees with the careful one");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, numbers);
	tcase_add_test(t, locals_of_two_bytes_and_more);
	tcase_add_test(t, vectors_and_their_locals);
	tcase_add_test(t, references_that_must_be_set);
	tcase_add_test(t, addresses_of_64_bits);
	tcase_add_test(t, no_locals);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
