#include "spec/decode.h"

#include <check.h>
#include <string.h>

#include "spec/engine.h"
#include "spec/module.h"
#include "trap/error.h"

#define HEADER "\0asm\1\0\0\0"

static struct engine engine;
static struct error error;

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

/* Loads a header and the bytes of a literal. */
#define LOAD(literal) load(HEADER literal, sizeof(HEADER literal) - 1)

static struct module *
load(const char *bytes, size_t len)
{
	return module_load(&engine, (const uint8_t *)bytes, len, &error);
}

#define REFUSED(literal, kind_, offset_, text_) \
	do { \
		ck_assert_ptr_null(LOAD(literal)); \
		ck_assert_int_eq(error.kind, kind_); \
		ck_assert_str_eq(error.text, text_); \
		ck_assert_uint_eq(error.offset, offset_); \
	} while (0)

static void
accept(const char *bytes, size_t len)
{
	struct module *m = load(bytes, len);
	ck_assert_ptr_nonnull(m);
	module_release(m);
}

#define ACCEPTED(literal) accept(HEADER literal, sizeof(HEADER literal) - 1)

START_TEST(the_header_alone_is_a_module)
{
	struct module *m = LOAD("");
	ck_assert_ptr_nonnull(m);
	ck_assert_uint_eq(m->used, FEATURE_MVP);
	ck_assert_uint_eq(m->start, NO_INDEX);
	module_release(m);
	ck_assert_ptr_null(load("\0as", 3));
	ck_assert_str_eq(error.text, "unexpected end of section or function");
	ck_assert_ptr_null(load("\0asm\2\0\0\0", 8));
	ck_assert_str_eq(error.text, "unknown binary version");
	ck_assert_ptr_null(load("wasm\1\0\0\0", 8));
	ck_assert_str_eq(error.text, "magic header not detected");
}
END_TEST

START_TEST(sections_come_once_and_in_order)
{
	REFUSED("\3\1\0\1\1\0", ERROR_malformed, 11,
		"unexpected content after last section");
	REFUSED("\1\1\0\1\1\0", ERROR_malformed, 11,
		"unexpected content after last section");
	REFUSED("\x0e\1\0", ERROR_malformed, 8, "malformed section id");
	ACCEPTED("\6\1\0\x07\1\0\x0c\1\0\x0a\1\0");
}
END_TEST

START_TEST(a_section_ends_where_its_size_says)
{
	REFUSED("\1\2\0\0", ERROR_malformed, 10, "section size mismatch");
	REFUSED("\1\x7f\0", ERROR_malformed, 9, "length out of bounds");
	REFUSED("\1\1\2", ERROR_malformed, 10, "length out of bounds");
}
END_TEST

START_TEST(custom_sections_stand_anywhere_with_their_place)
{
	struct module *m = LOAD("\0\3\1ab\1\1\0\0\5\2xyde");
	ck_assert_ptr_nonnull(m);
	ck_assert_uint_eq(m->ncustoms, 2);
	ck_assert_str_eq(m->customs[0].name.bytes, "a");
	ck_assert_uint_eq(m->customs[0].after, 0);
	ck_assert_uint_eq(m->customs[1].after, 1);
	ck_assert_uint_eq(m->customs[1].bytes.len, 2);
	ck_assert_mem_eq(m->bytes + m->customs[1].bytes.offset, "de", 2);
	module_release(m);
	REFUSED("\0\2\1\xff", ERROR_malformed, 10, "malformed UTF-8 encoding");
	REFUSED("\0\1\1a", ERROR_malformed, 12,
		"unexpected end of section or function");
}
END_TEST

/* One function () -> () with the body given. */
#define FUNCTION(section) "\1\4\1\x60\0\0\3\2\1\0\x0a" section

START_TEST(bodies_end_where_their_size_says)
{
	ACCEPTED(FUNCTION("\4\1\2\0\x0b"));
	REFUSED(FUNCTION("\5\1\3\0\x0b\x0b"), ERROR_malformed, 24,
		"section size mismatch");
	REFUSED(FUNCTION("\4\1\2\0\1"), ERROR_malformed, 24,
		"unexpected end of section or function");
	REFUSED(FUNCTION("\5\1\3\0\5\x0b"), ERROR_malformed, 23,
		"END opcode expected");
	REFUSED(FUNCTION("\5\1\3\0\xff\x0b"), ERROR_malformed, 23,
		"illegal opcode ff");
	REFUSED(FUNCTION("\6\1\4\0\xfc\x7f\x0b"), ERROR_malformed, 23,
		"illegal opcode fc 7f");
}
END_TEST

START_TEST(functions_and_bodies_are_as_many)
{
	REFUSED("\1\4\1\x60\0\0\3\2\1\0", ERROR_malformed, 18,
		"function and code section have inconsistent lengths");
	REFUSED("\x0a\4\1\2\0\x0b", ERROR_malformed, 14,
		"function and code section have inconsistent lengths");
	REFUSED("\x0c\1\1", ERROR_malformed, 11,
		"data count and data section have inconsistent lengths");
}
END_TEST

START_TEST(malformed_code_comes_before_what_is_invalid)
{
	/* An export of no function, and an illegal opcode. */
	REFUSED("\1\4\1\x60\0\0\3\2\1\0\x07\5\1\1a\0\x07\x0a\5\1\3\0\xff\x0b",
		ERROR_malformed, 30, "illegal opcode ff");
	/* data.drop without a data count. */
	ck_assert_ptr_null(LOAD(FUNCTION("\x07\1\5\0\xfc\x09\0\x0b")));
	ck_assert_str_eq(error.text, "data count section required");
}
END_TEST

START_TEST(locals_are_counted_with_parameters_and_in_slots)
{
	struct module *m = LOAD("\1\5\1\x60\1\x7b\0\3\2\1\0"
				"\x0a\x08\1\6\2\3\x7f\1\x7b\x0b");
	ck_assert_msg(m != NULL, "%s", error.text);
	ck_assert_uint_eq(m->funcs[0].nlocals, 5);
	ck_assert_uint_eq(m->funcs[0].local_slots, 7);
	ck_assert_uint_ne(m->used & FEATURE_SIMD, 0);
	module_release(m);
}
END_TEST

START_TEST(too_many_locals_are_malformed_or_a_limit)
{
	REFUSED(FUNCTION("\x0c\1\x0a\2\xff\xff\xff\xff\x0f\x7f\1\x7f\x0b"),
		ERROR_malformed, 22, "too many locals");
	REFUSED(FUNCTION("\x08\1\6\1\xd1\x86\x03\x7f\x0b"), ERROR_limit, 22,
		"too many locals");
}
END_TEST

START_TEST(a_huge_count_allocates_no_more_than_the_bytes_can_fill)
{
	static uint8_t bytes[100000];
	memcpy(bytes, HEADER "\7\xff\xff\x03\xff\xff\x03", 15);
	ck_assert_ptr_null(module_load(&engine, bytes, sizeof bytes, &error));
	ck_assert_int_eq(error.kind, ERROR_malformed);
}
END_TEST

START_TEST(more_tables_than_cells_can_name_are_a_limit)
{
	static uint8_t bytes[15 + 3 * 65537];
	memcpy(bytes, HEADER "\4\x86\x80\x0c\x81\x80\4", 15);
	for (size_t i = 15; i < sizeof bytes; i += 3)
		memcpy(bytes + i, "\x70\0\0", 3);
	ck_assert_ptr_null(module_load(&engine, bytes, sizeof bytes, &error));
	ck_assert_int_eq(error.kind, ERROR_limit);
	ck_assert_str_eq(error.text, "too many tables");
	memcpy(bytes, HEADER "\4\x83\x80\x0c\x80\x80\4", 15);
	struct module *m =
		module_load(&engine, bytes, sizeof bytes - 3, &error);
	ck_assert_msg(m != NULL, "%s", error.text);
	module_release(m);
}
END_TEST

START_TEST(imports_of_one_module_may_share_its_name)
{
	struct module *m = LOAD("\1\4\1\x60\0\0\2\x0f\1\1m\0\x7f\2"
				"\1a\0\0\1b\3\x7f\0");
	ck_assert_msg(m != NULL, "%s", error.text);
	ck_assert_uint_eq(m->nimports, 2);
	ck_assert_str_eq(m->imports[1].module.bytes, "m");
	ck_assert_str_eq(m->imports[1].field.bytes, "b");
	ck_assert_uint_eq(m->imports[1].kind, EXTERN_global);
	ck_assert_uint_ne(m->used & FEATURE_COMPACT_IMPORTS, 0);
	module_release(m);
	engine.features &= ~FEATURE_COMPACT_IMPORTS;
	REFUSED("\1\4\1\x60\0\0\2\x0f\1\1m\0\x7f\2\1a\0\0\1b\3\x7f\0",
		ERROR_malformed, 20,
		"malformed import kind (compact-imports is not enabled)");
}
END_TEST

START_TEST(names_are_read_as_far_as_they_are_well_formed)
{
	struct module *m = LOAD("\0\x14\4name\0\2\1M\1\7\2\0\1f\5\1\x80"
				"\1\1");
	ck_assert_msg(m != NULL, "%s", error.text);
	ck_assert_str_eq(m->name.bytes, "M");
	ck_assert_str_eq(module_func_name(m, 0).bytes, "f");
	ck_assert_uint_eq(module_func_name(m, 5).len, 0);
	module_release(m);
}
END_TEST

START_TEST(what_is_not_enabled_is_named)
{
	engine.features = FEATURE_MVP;
	REFUSED(FUNCTION("\x08\1\6\0\x41\0\xc0\x1a\x0b"), ERROR_malformed, 25,
		"illegal opcode c0 (sign-extension is not enabled)");
	REFUSED("\1\5\1\x60\1\x7b\0", ERROR_malformed, 14,
		"simd is not enabled");
	REFUSED("\5\3\1\4\0", ERROR_malformed, 11,
		"malformed limits flags (memory64 is not enabled)");
	REFUSED("\x0d\1\0", ERROR_malformed, 8,
		"malformed section id (exceptions is not enabled)");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("decode");
	TCase *t = tcase_create("decode");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, the_header_alone_is_a_module);
	tcase_add_test(t, sections_come_once_and_in_order);
	tcase_add_test(t, a_section_ends_where_its_size_says);
	tcase_add_test(t, custom_sections_stand_anywhere_with_their_place);
	tcase_add_test(t, bodies_end_where_their_size_says);
	tcase_add_test(t, functions_and_bodies_are_as_many);
	tcase_add_test(t, malformed_code_comes_before_what_is_invalid);
	tcase_add_test(t, locals_are_counted_with_parameters_and_in_slots);
	tcase_add_test(t, too_many_locals_are_malformed_or_a_limit);
	tcase_add_test(
		t, a_huge_count_allocates_no_more_than_the_bytes_can_fill);
	tcase_add_test(t, more_tables_than_cells_can_name_are_a_limit);
	tcase_add_test(t, imports_of_one_module_may_share_its_name);
	tcase_add_test(t, names_are_read_as_far_as_they_are_well_formed);
	tcase_add_test(t, what_is_not_enabled_is_named);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
