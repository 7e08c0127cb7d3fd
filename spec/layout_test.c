#include "spec/layout.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "spec/engine.h"
#include "spec/heap.h"
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

/* The module of a source text; NULL and *e if it is refused. */
static struct module *
load(const char *text, struct error *e)
{
	struct arena a;
	uint8_t *bytes;
	size_t len;
	arena_init(&a, &alloc_default);
	error_clear(e);
	ck_assert_msg(text_module(text, strlen(text), &a, &bytes, &len, e),
		"%s", e->text);
	struct module *m = module_load(&engine, bytes, len, e);
	arena_free(&a);
	return m;
}

/* The layout of type x, printed as "size: offsets; offsets of references". */
static const char *
layout(const char *text, uint32_t x)
{
	static char out[200];
	struct error e;
	struct module *m = load(text, &e);
	ck_assert_msg(m != NULL, "%s", e.text);
	const struct deftype *d =
		typespace_get(engine.types, m->types[x].canon);
	const struct layout *l = d->layout;
	int n = sprintf(out, "%u:", (unsigned)l->size);
	for (uint32_t i = 0; i < d->nfields; i++)
		n += sprintf(out + n, " %u", (unsigned)l->offsets[i]);
	n += sprintf(out + n, ";");
	for (uint32_t i = 0; i < l->nrefs; i++)
		n += sprintf(out + n, " %u", (unsigned)l->refs[i]);
	module_release(m);
	return out;
}

START_TEST(the_head_is_that_of_an_object)
{
	ck_assert_uint_eq(OBJECT_HEAD, sizeof(struct object));
}
END_TEST

START_TEST(fields_are_aligned_to_their_width)
{
	ck_assert_str_eq(layout("(type (struct))", 0), "8:;");
	ck_assert_str_eq(
		layout("(type (struct (field i8 i16 i8 i32 i8 i64)))", 0),
		"32: 8 10 12 16 20 24;");
	ck_assert_str_eq(layout("(type (struct (field f32 v128 f64)))", 0),
		"40: 8 16 32;");
	ck_assert_str_eq(layout("(type (struct (field i8)))", 0), "16: 8;");
}
END_TEST

START_TEST(references_are_slots_and_those_to_objects_are_listed)
{
	ck_assert_str_eq(
		layout("(type $f (func)) (type $s (struct (field i32 anyref "
		       "externref funcref (ref null $f) (ref null $s) "
		       "(ref null nofunc) nullref i31ref exnref)))",
			1),
		"88: 8 16 24 32 40 48 56 64 72 80; 16 24 48 80");
}
END_TEST

START_TEST(a_reference_may_go_to_a_later_type_of_its_group)
{
	ck_assert_str_eq(layout("(rec (type $s (struct (field (ref null $f) "
				"(ref null $t)))) (type $f (func)) "
				"(type $t (struct)))",
				 0),
		"24: 8 16; 16");
}
END_TEST

START_TEST(elements_of_arrays_follow_the_head)
{
	ck_assert_str_eq(layout("(type (array i8))", 0), "1: 8;");
	ck_assert_str_eq(layout("(type (array i16))", 0), "2: 8;");
	ck_assert_str_eq(layout("(type (array f32))", 0), "4: 8;");
	ck_assert_str_eq(layout("(type (array v128))", 0), "16: 8;");
	ck_assert_str_eq(layout("(type (array eqref))", 0), "8: 8; 8");
	ck_assert_str_eq(layout("(type (array funcref))", 0), "8: 8;");
}
END_TEST

START_TEST(a_subtype_adds_after_what_its_supertype_has)
{
	ck_assert_str_eq(layout("(type $a (sub (struct (field i8)))) "
				"(type (sub $a (struct (field i8 i8 i64))))",
				 1),
		"24: 8 9 16;");
}
END_TEST

/* A chain of types, each but the first a subtype of the one before. */
static struct module *
chain(uint32_t n, struct error *e)
{
	char text[8000];
	int len = sprintf(text, "(type (sub (struct)))");
	for (uint32_t i = 1; i < n; i++)
		len += sprintf(text + len,
			"(type (sub %u (struct (field i%u "
			"))))",
			(unsigned)i - 1, 32u);
	return load(text, e);
}

START_TEST(supertypes_are_told_at_every_depth)
{
	struct error e;
	struct module *m = chain(1 + MAX_SUPERTYPES, &e);
	ck_assert_msg(m != NULL, "%s", e.text);
	for (uint32_t i = 0; i <= MAX_SUPERTYPES; i++) {
		uint32_t a = m->types[i].canon;
		ck_assert_uint_eq(typespace_get(engine.types, a)->depth, i);
		for (uint32_t k = 0; k <= MAX_SUPERTYPES; k++)
			ck_assert_int_eq(typespace_sub(engine.types, a,
						 m->types[k].canon),
				k <= i);
	}
	module_release(m);
	ck_assert_ptr_null(chain(2 + MAX_SUPERTYPES, &e));
	ck_assert_str_eq(e.text, "subtyping hierarchy too deep");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("layout");
	TCase *t = tcase_create("layout");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, the_head_is_that_of_an_object);
	tcase_add_test(t, fields_are_aligned_to_their_width);
	tcase_add_test(t, references_are_slots_and_those_to_objects_are_listed);
	tcase_add_test(t, a_reference_may_go_to_a_later_type_of_its_group);
	tcase_add_test(t, elements_of_arrays_follow_the_head);
	tcase_add_test(t, a_subtype_adds_after_what_its_supertype_has);
	tcase_add_test(t, supertypes_are_told_at_every_depth);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
