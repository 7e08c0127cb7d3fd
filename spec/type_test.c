#include "spec/type.h"

#include <check.h>
#include <string.h>

#include "spec/engine.h"
#include "spec/module.h"
#include "spec/text.h"
#include "trap/error.h"

static struct engine engine;

static void
setup(void)
{
	ck_assert(engine_init(&engine, &alloc_default));
}

static void
teardown(void)
{
	engine_free(&engine);
}

/* The module of a source text, which is valid. */
static struct module *
load(const char *text)
{
	struct arena a;
	struct error e;
	uint8_t *bytes;
	size_t len;
	arena_init(&a, &alloc_default);
	error_clear(&e);
	ck_assert_msg(text_module(text, strlen(text), &a, &bytes, &len, &e),
		"%s", e.text);
	struct module *m = module_load(&engine, bytes, len, &e);
	ck_assert_msg(m != NULL, "%s", e.text);
	arena_free(&a);
	return m;
}

static bool
heap(uint32_t a, uint32_t b)
{
	return vt_matches(engine.types, VT_REF | a, VT_REF | b);
}

START_TEST(abstract_heap_types_have_three_hierarchies_and_exceptions)
{
	ck_assert(heap(HT_NONE, HT_I31) && heap(HT_I31, HT_EQ));
	ck_assert(heap(HT_EQ, HT_ANY) && heap(HT_NONE, HT_ANY));
	ck_assert(heap(HT_STRUCT, HT_EQ) && heap(HT_ARRAY, HT_ANY));
	ck_assert(heap(HT_NOFUNC, HT_FUNC) && heap(HT_NOEXTERN, HT_EXTERN));
	ck_assert(heap(HT_NOEXN, HT_EXN));
	ck_assert(!heap(HT_ANY, HT_EQ) && !heap(HT_STRUCT, HT_ARRAY));
	ck_assert(!heap(HT_NONE, HT_FUNC) && !heap(HT_FUNC, HT_ANY));
	ck_assert(!heap(HT_EXTERN, HT_ANY) && !heap(HT_NOFUNC, HT_EXTERN));
}
END_TEST

START_TEST(null_and_unknown_match_one_way)
{
	struct typespace *ts = engine.types;
	ck_assert(vt_matches(ts, VT_REF | HT_EQ, VT_REF | VT_NULL | HT_EQ));
	ck_assert(!vt_matches(ts, VT_REF | VT_NULL | HT_EQ, VT_REF | HT_EQ));
	ck_assert(vt_matches(ts, VT_BOT, VT_I32));
	ck_assert(!vt_matches(ts, VT_I32, VT_I64));
	ck_assert(!vt_matches(ts, VT_REF, VT_I32));
	ck_assert(vt_matches(ts, VT_REF, VT_REF | HT_EXTERN));
}
END_TEST

START_TEST(equal_types_of_two_modules_have_one_id)
{
	struct module *m = load("(type (func (param i32)))"
				"(type $s (struct (field (mut i64))))"
				"(type (array (ref $s)))");
	struct module *n = load("(type $s (struct (field (mut i64))))"
				"(type (array (ref null $s)))"
				"(type (array (ref $s)))"
				"(type (func (param i32)))");
	ck_assert_uint_eq(m->types[0].canon, n->types[3].canon);
	ck_assert_uint_eq(m->types[1].canon, n->types[0].canon);
	ck_assert_uint_eq(m->types[2].canon, n->types[2].canon);
	ck_assert_uint_ne(m->types[2].canon, n->types[1].canon);
	module_release(m);
	module_release(n);
}
END_TEST

START_TEST(recursion_groups_are_equal_as_a_whole)
{
	struct module *m = load("(rec (type $a (struct (field (ref $b))))"
				"     (type $b (struct (field (ref $a)))))"
				"(rec (type $c (struct (field (ref $d))))"
				"     (type $d (struct (field (ref $c)))))"
				"(rec (type $e (struct (field (ref $e)))))"
				"(rec (type (struct)) (type (struct)))");
	ck_assert_uint_eq(m->types[0].canon, m->types[2].canon);
	ck_assert_uint_eq(m->types[1].canon, m->types[3].canon);
	ck_assert_uint_ne(m->types[0].canon, m->types[1].canon);
	ck_assert_uint_ne(m->types[0].canon, m->types[4].canon);
	ck_assert_uint_ne(m->types[5].canon, m->types[6].canon);
	module_release(m);
}
END_TEST

START_TEST(subtypes_are_those_declared)
{
	struct module *m =
		load("(type $a (sub (struct)))"
		     "(type $b (sub $a (struct (field i32))))"
		     "(type $c (sub final $b (struct (field i32 i32))))"
		     "(type $d (sub (struct (field i32))))");
	const struct typespace *ts = engine.types;
	uint32_t a = m->types[0].canon, b = m->types[1].canon;
	uint32_t c = m->types[2].canon, d = m->types[3].canon;
	ck_assert(typespace_sub(ts, c, a) && typespace_sub(ts, c, b));
	ck_assert(typespace_sub(ts, b, b) && typespace_sub(ts, b, a));
	ck_assert(!typespace_sub(ts, a, b) && !typespace_sub(ts, d, a));
	ck_assert(vt_matches(ts, VT_REF | VT_INDEX | c, VT_REF | HT_STRUCT));
	ck_assert(vt_matches(ts, VT_REF | HT_NONE, VT_REF | VT_INDEX | c));
	ck_assert(!vt_matches(ts, VT_REF | HT_NOFUNC, VT_REF | VT_INDEX | c));
	ck_assert(!vt_matches(ts, VT_REF | VT_INDEX | c, VT_REF | HT_FUNC));
	module_release(m);
}
END_TEST

START_TEST(a_host_function_has_the_type_of_a_guest_function)
{
	static const valtype params[] = { VT_V128, VT_I32 };
	static const valtype results[] = { VT_FUNCREF };
	struct module *m = load("(type (func (param v128 i32) "
				"(result funcref)))");
	uint32_t id = typespace_func(engine.types, params, 2, results, 1);
	ck_assert_uint_eq(id, m->types[0].canon);
	const struct deftype *d = typespace_get(engine.types, id);
	ck_assert_uint_eq(d->func.param_slots, 3);
	ck_assert_uint_eq(d->func.results[0], VT_FUNCREF);
	ck_assert(d->final);
	module_release(m);
}
END_TEST

START_TEST(definitions_of_the_space_hold_its_ids)
{
	struct module *m = load("(type (func)) (type (func (param i32)))"
				"(rec (type $l (struct (field (ref null $l)))"
				"))");
	uint32_t id = m->types[2].canon;
	const struct deftype *d = typespace_get(engine.types, id);
	ck_assert_uint_eq(d->fields[0].type, VT_REF | VT_NULL | VT_INDEX | id);
	module_release(m);
}
END_TEST

START_TEST(types_have_a_text_form)
{
	char out[32];
	ck_assert_str_eq(vt_format(VT_I32, out), "i32");
	ck_assert_str_eq(vt_format(VT_REF | VT_INDEX | 7, out), "(ref 7)");
	ck_assert_str_eq(vt_format(VT_EXTERNREF, out), "(ref null extern)");
	ck_assert_str_eq(
		vt_format(VT_REF | VT_NULL | VT_INDEX | VT_PAYLOAD, out),
		"(ref null 536870911)");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("type");
	TCase *t = tcase_create("type");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(
		t, abstract_heap_types_have_three_hierarchies_and_exceptions);
	tcase_add_test(t, null_and_unknown_match_one_way);
	tcase_add_test(t, equal_types_of_two_modules_have_one_id);
	tcase_add_test(t, recursion_groups_are_equal_as_a_whole);
	tcase_add_test(t, subtypes_are_those_declared);
	tcase_add_test(t, a_host_function_has_the_type_of_a_guest_function);
	tcase_add_test(t, definitions_of_the_space_hold_its_ids);
	tcase_add_test(t, types_have_a_text_form);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
