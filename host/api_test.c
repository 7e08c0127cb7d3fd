#include <stdio.h>
#include <stdlib.h>

#include "host/accept.h"

/* An allocator that counts, and refuses from the n-th allocation on. */
struct counter {
	uint64_t live, calls, refuse_from;
};

static void *
count_resize(void *user, void *old, size_t old_bytes, size_t new_bytes)
{
	struct counter *c = user;
	if (new_bytes > old_bytes && ++c->calls >= c->refuse_from)
		return NULL;
	c->live += new_bytes;
	c->live -= old_bytes;
	if (new_bytes == 0) {
		free(old);
		return NULL;
	}
	void *p = realloc(old, new_bytes);
	ck_assert_ptr_nonnull(p);
	return p;
}

static enum sheave_result
adding(void *env, struct sheave_caller *caller, const struct sheave_value *args,
	struct sheave_value *results)
{
	(void)env;
	(void)caller;
	results[0].of.i32 = args[0].of.i32 + args[1].of.i32;
	return SHEAVE_OK;
}

static const char *const everything =
	"(module $all (import \"host\" \"add\""
	"  (func $add (param i32 i32) (result i32)))"
	" (memory (export \"m\") 1 3) (data (i32.const 1) \"abc\")"
	" (table (export \"t\") 3 funcref) (elem (i32.const 0) $f $add)"
	" (elem $passive func $f $f)"
	" (global (export \"g\") (mut i64) (i64.const 7))"
	" (func $f (export \"f\") (param i32) (result i32)"
	"  (table.grow (ref.func $f) (i32.const 9)) (drop)"
	"  (memory.grow (i32.const 1)) (drop)"
	"  (call $add (local.get 0) (i32.const 1)))"
	" (func (export \"trap\") (unreachable)))";

/* The whole life of a program; what fails must say that there is no memory. */
static bool
live(struct counter *c)
{
	struct sheave_config config = { .resize = count_resize, .user = c };
	struct sheave_error *e = NULL;
	struct sheave_store *s = NULL;
	struct sheave_linker *l = NULL;
	struct sheave_module *m = NULL;
	struct sheave_instance *in = NULL;
	struct sheave_value v[2] = { { SHEAVE_I32, { .i32 = 4 } } };
	bool done = false;
	struct sheave_engine *engine = sheave_engine_new(&config, &e);
	if (engine != NULL)
		s = sheave_store_new(engine, NULL, &e);
	if (s != NULL)
		l = sheave_linker_new(s, &e);
	if (l != NULL && sheave_linker_func(l, "host", "add", "ii:i", adding,
				 NULL, NULL, &e))
		m = sheave_module_load(
			engine, everything, strlen(everything), &e);
	if (m != NULL)
		sheave_linker_instantiate(l, m, &in, &e);
	if (in != NULL && sheave_func_call(sheave_instance_func(in, "f"), v, 1,
				  v + 1, 1, &e) == SHEAVE_OK) {
		ck_assert_int_eq(v[1].of.i32, 5);
		done = sheave_func_call(sheave_instance_func(in, "trap"), NULL,
			       0, NULL, 0, &e) == SHEAVE_STOPPED &&
		       sheave_error_kind(e) == SHEAVE_ERROR_TRAP;
	}
	ck_assert_ptr_nonnull(e);
	if (!done && sheave_error_kind(e) != SHEAVE_ERROR_MEMORY)
		ck_assert_ptr_nonnull(
			strstr(sheave_error_message(e), "memory"));
	sheave_error_free(e);
	sheave_engine_free(engine);
	sheave_module_free(m);
	sheave_store_free(s);
	sheave_linker_free(l);
	return done;
}

START_TEST(every_allocation_may_fail)
{
	struct counter c = { 0, 0, UINT64_MAX };
	ck_assert(live(&c));
	ck_assert_uint_eq(c.live, 0);
	ck_assert_uint_gt(c.calls, 10);
	uint64_t calls = c.calls;
	for (uint64_t n = 1; n <= calls; n++) {
		c = (struct counter){ 0, 0, n };
		live(&c);
		ck_assert_msg(c.live == 0, "%d bytes are left at %d",
			(int)c.live, (int)n);
	}
}
END_TEST

START_TEST(handles_are_freed_in_any_order)
{
	for (int order = 0; order < 24; order++) {
		struct counter c = { 0, 0, UINT64_MAX };
		struct sheave_config config = { .resize = count_resize,
			.user = &c };
		struct world w = world_new(&config, NULL);
		struct sheave_module *m = world_module(&w, "(module)");
		int left[4] = { 0, 1, 2, 3 }, rest = order;
		for (int n = 4; n > 0; n--) {
			int pick = rest % n;
			rest /= n;
			int what = left[pick];
			left[pick] = left[n - 1];
			if (what == 0)
				sheave_engine_free(w.engine);
			else if (what == 1)
				sheave_store_free(w.store);
			else if (what == 2)
				sheave_linker_free(w.linker);
			else
				sheave_module_free(m);
		}
		ck_assert_uint_eq(c.live, 0);
	}
}
END_TEST

START_TEST(imports_and_exports_are_listed)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_module *m = world_module(&w, everything);
	struct sheave_import im;
	struct sheave_export ex;
	ck_assert_str_eq(sheave_module_name(m), "all");
	ck_assert_str_eq(sheave_module_func_name(m, 1), "f");
	ck_assert_ptr_null(sheave_module_func_name(m, 2));
	ck_assert(sheave_module_import(m, 0, &im));
	ck_assert_str_eq(im.module, "host");
	ck_assert_str_eq(im.name, "add");
	ck_assert_int_eq(im.type.kind, SHEAVE_FUNC);
	ck_assert_uint_eq(im.type.nparams, 2);
	ck_assert_uint_eq(im.type.params[1], SHEAVE_I32);
	ck_assert_uint_eq(im.type.nresults, 1);
	ck_assert(!sheave_module_import(m, 1, &im));
	ck_assert(sheave_module_export(m, 0, &ex));
	ck_assert_str_eq(ex.name, "m");
	ck_assert_int_eq(ex.type.kind, SHEAVE_MEMORY);
	ck_assert_uint_eq(ex.type.min, 1);
	ck_assert_uint_eq(ex.type.max, 3);
	ck_assert_uint_eq(ex.type.page_size, 65536);
	ck_assert(sheave_module_export(m, 1, &ex));
	ck_assert_uint_eq(ex.type.value, SHEAVE_FUNCREF);
	ck_assert(!ex.type.has_max);
	ck_assert(sheave_module_export(m, 2, &ex));
	ck_assert_uint_eq(ex.type.value, SHEAVE_I64);
	ck_assert(ex.type.mut);
	ck_assert(!sheave_module_export(m, 5, &ex));
	sheave_module_free(m);
	world_free(&w);
}
END_TEST

START_TEST(custom_sections_are_listed)
{
	static const uint8_t bytes[] = { 0, 'a', 's', 'm', 1, 0, 0, 0, 0, 5, 2,
		'h', 'i', 8, 9 };
	struct world w = world_new(NULL, NULL);
	struct sheave_custom c;
	struct sheave_module *m =
		sheave_module_load(w.engine, bytes, sizeof bytes, NULL);
	ck_assert_ptr_nonnull(m);
	ck_assert(sheave_module_custom(m, 0, &c));
	ck_assert_str_eq(c.name, "hi");
	ck_assert_uint_eq(c.len, 2);
	ck_assert_mem_eq(c.bytes, "\x08\x09", 2);
	ck_assert(!sheave_module_custom(m, 1, &c));
	sheave_module_free(m);
	world_free(&w);
}
END_TEST

static void
load_fails(struct world *w, const char *text, size_t len,
	enum sheave_error_kind kind, const char *message)
{
	struct sheave_error *e = NULL;
	ck_assert_ptr_null(sheave_module_load(w->engine, text, len, &e));
	ck_assert_int_eq(sheave_error_kind(e), kind);
	ck_assert_int_eq(
		strncmp(sheave_error_message(e), message, strlen(message)), 0);
	sheave_error_free(e);
	ck_assert(!sheave_module_validate(w->engine, text, len, NULL));
}

START_TEST(what_is_no_module_is_refused)
{
	struct world w = world_new(NULL, NULL);
	load_fails(&w, "", 0, SHEAVE_ERROR_MALFORMED, "unexpected end");
	load_fails(&w,
		"\x7f"
		"ELF\1\1\1\0",
		8, SHEAVE_ERROR_MALFORMED,
		"magic header not detected (at offset 0x0)");
	const char *text = "(module\n (func (result i32)))";
	load_fails(
		&w, text, strlen(text), SHEAVE_ERROR_INVALID, "type mismatch");
	text = "(module\n (fnc))";
	struct sheave_error *e = NULL;
	ck_assert(!sheave_module_validate(w.engine, text, strlen(text), &e));
	ck_assert_int_eq(sheave_error_kind(e), SHEAVE_ERROR_MALFORMED);
	ck_assert_int_eq(strncmp(sheave_error_message(e), "2:3: ", 5), 0);
	sheave_error_free(e);
	ck_assert(sheave_module_validate(w.engine, "(module)", 8, NULL));
	world_free(&w);
}
END_TEST

START_TEST(all_missing_imports_are_named)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_error *e = world_fails(&w,
		"(module (import \"env\" \"f\" (func (param i32)))"
		" (import \"env\" \"m\" (memory 1 2))"
		" (import \"a\\0ab\" \"g\" (global (mut i64))))",
		SHEAVE_REFUSED);
	ck_assert_int_eq(sheave_error_kind(e), SHEAVE_ERROR_LINK);
	ck_assert_str_eq(sheave_error_message(e),
		"unknown import env.f (func [i32] -> []),"
		" env.m (memory 1 2), a?b.g (global mut i64)");
	sheave_error_free(e);
	char text[8192] = "(module ";
	for (int i = 0; i < 100; i++)
		strcat(text, "(import \"module\" \"function\" (func))");
	strcat(text, ")");
	e = world_fails(&w, text, SHEAVE_REFUSED);
	ck_assert_ptr_nonnull(strstr(sheave_error_message(e), ", and 94 more"));
	sheave_error_free(e);
	world_free(&w);
}
END_TEST

START_TEST(an_import_of_another_type_is_refused)
{
	struct world w = world_new(NULL, NULL);
	world_instance(&w, "a", "(module (memory (export \"m\") 1 3))");
	struct sheave_error *e = world_fails(
		&w, "(module (import \"a\" \"m\" (memory 2)))", SHEAVE_REFUSED);
	ck_assert_str_eq(sheave_error_message(e),
		"incompatible import type a.m (memory 2), given memory 1 3");
	sheave_error_free(e);
	sheave_error_free(world_fails(
		&w, "(module (import \"a\" \"m\" (func)))", SHEAVE_REFUSED));
	sheave_error_free(world_fails(&w,
		"(module (import \"a\" \"m\" (memory 1 2)))", SHEAVE_REFUSED));
	world_instance(&w, NULL, "(module (import \"a\" \"m\" (memory 1 4)))");
	world_free(&w);
}
END_TEST

START_TEST(features_are_switched_off)
{
	struct sheave_config config = { .without = "bulk-memory simd" };
	struct world w = world_new(&config, NULL);
	const char *text = "(module (memory 1) (func (memory.fill"
			   " (i32.const 0) (i32.const 0) (i32.const 0))))";
	ck_assert(!sheave_module_validate(w.engine, text, strlen(text), NULL));
	world_free(&w);
	struct sheave_error *e = NULL;
	const char *reference = "(module (func (param externref)))";
	config.without = "bulk-memory";
	w = world_new(&config, NULL);
	ck_assert(!sheave_module_validate(
		w.engine, reference, strlen(reference), &e));
	ck_assert_ptr_nonnull(strstr(
		sheave_error_message(e), "reference-types is not enabled"));
	sheave_error_free(e);
	e = NULL;
	world_free(&w);
	config.without = "mvp";
	ck_assert_ptr_null(sheave_engine_new(&config, NULL));
	config.without = "bulk-memory nonsense";
	ck_assert_ptr_null(sheave_engine_new(&config, &e));
	ck_assert_int_eq(sheave_error_kind(e), SHEAVE_ERROR_MISUSE);
	sheave_error_free(e);
	uint32_t i = 0;
	while (sheave_feature(i) != NULL)
		i++;
	ck_assert_uint_gt(i, 15);
	ck_assert_str_eq(sheave_feature(0), "mvp");
}
END_TEST

/* The low lane of the instruction on two NaN with payloads, as bits. */
static uint64_t
nan_of(struct world *w, const char *from, const char *shape, const char *op,
	unsigned operands)
{
	char text[512];
	const char *nans = strcmp(from, "f32x4") == 0
				   ? "i32x4 0x7fa00001 0 0 0"
				   : "i64x2 0x7ff4000000000001 0";
	char operand[80], all[200] = "";
	snprintf(operand, sizeof operand, " (v128.const %s)", nans);
	for (unsigned i = 0; i < operands; i++)
		strcat(all, operand);
	snprintf(text, sizeof text,
		"(module (func (export \"f\") (result i64)"
		" (i64x2.extract_lane 0 (%s.%s%s))))",
		shape, op, all);
	uint64_t lane = calls(world_instance(w, NULL, text), "f");
	return strcmp(shape, "f32x4") == 0 ? (uint32_t)lane : lane;
}

START_TEST(computed_nan_is_canonical_if_asked)
{
	static const struct {
		const char *op;
		unsigned operands;
		bool computed; /* else the bits are the standard's */
	} rows[] = { { "add", 2, true }, { "sub", 2, true }, { "mul", 2, true },
		{ "div", 2, true }, { "min", 2, true }, { "max", 2, true },
		{ "pmin", 2, false }, { "pmax", 2, false }, { "sqrt", 1, true },
		{ "ceil", 1, true }, { "floor", 1, true }, { "trunc", 1, true },
		{ "nearest", 1, true }, { "abs", 1, false },
		{ "relaxed_madd", 3, true }, { "relaxed_nmadd", 3, true },
		{ "relaxed_min", 2, true }, { "relaxed_max", 2, true } };
	struct sheave_config config = { .nan_canonical = true };
	struct world w = world_new(&config, NULL);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint64_t got = nan_of(
			&w, "f32x4", "f32x4", rows[i].op, rows[i].operands);
		uint64_t want = rows[i].computed ? 0x7fc00000 : 0x7fa00001;
		ck_assert_msg(got == want, "f32x4.%s", rows[i].op);
		got = nan_of(
			&w, "f64x2", "f64x2", rows[i].op, rows[i].operands);
		want = rows[i].computed ? (uint64_t)0x7ff8 << 48
					: ((uint64_t)0x7ff4 << 48) + 1;
		ck_assert_msg(got == want, "f64x2.%s", rows[i].op);
	}
	ck_assert_uint_eq(nan_of(&w, "f64x2", "f32x4", "demote_f64x2_zero", 1),
		0x7fc00000);
	ck_assert_uint_eq(nan_of(&w, "f32x4", "f64x2", "promote_low_f32x4", 1),
		(uint64_t)0x7ff8 << 48);
	/* the lane as it is, and nothing beside it */
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (func (export \"f\") (result i32) (local f32)"
		" (f32x4.extract_lane 1 (v128.const i32x4 0 0x7fa00001 0 0))"
		" (f32x4.extract_lane 2 (v128.const i32x4 0 0 5 0))"
		" (local.set 0) (i32.reinterpret_f32)"
		" (i32.add (i32.reinterpret_f32 (local.get 0)))))");
	ck_assert_uint_eq(calls(in, "f"), 0x7fa00006);
	world_free(&w);
}
END_TEST

START_TEST(globals_and_tables_hold_values)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_value v = { SHEAVE_I64, { .i64 = 5 } }, got;
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (global (export \"g\") (mut i64) (i64.const 7))"
		" (global (export \"c\") f32 (f32.const 1.5))"
		" (table (export \"t\") 1 2 externref)"
		" (func (export \"get\") (result i64) (global.get 0))"
		" (func (export \"first\") (result externref)"
		"  (table.get 0 (i32.const 0))))");
	struct sheave_global *g = sheave_instance_global(in, "g");
	ck_assert(sheave_global_set(g, &v, NULL));
	ck_assert_uint_eq(calls(in, "get"), 5);
	v.type = SHEAVE_F64;
	ck_assert(!sheave_global_set(g, &v, NULL));
	g = sheave_instance_global(in, "c");
	sheave_global_get(g, &got);
	ck_assert(got.type == SHEAVE_F32 && got.of.f32 == 1.5f);
	ck_assert(!sheave_global_set(g, &got, NULL));
	struct sheave_table *t = sheave_instance_table(in, "t");
	v = (struct sheave_value){ SHEAVE_EXTERNREF, { .external = &w } };
	ck_assert(sheave_table_set(t, 0, &v, NULL));
	ck_assert_int_eq(sheave_func_call(sheave_instance_func(in, "first"),
				 NULL, 0, &got, 1, NULL),
		SHEAVE_OK);
	ck_assert_ptr_eq(got.of.external, &w);
	ck_assert(!sheave_table_set(t, 1, &v, NULL));
	ck_assert(sheave_table_grow(t, 1, &v, NULL, NULL));
	ck_assert(!sheave_table_grow(t, 1, &v, NULL, NULL));
	ck_assert_uint_eq(sheave_table_size(t), 2);
	ck_assert(sheave_table_get(t, 1, &got, NULL));
	ck_assert_ptr_eq(got.of.external, &w);
	world_free(&w);
}
END_TEST

START_TEST(the_host_makes_what_is_imported)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_value seven = { SHEAVE_I32, { .i32 = 7 } };
	struct sheave_value null = { .type = SHEAVE_FUNCREF };
	struct sheave_extern x = { .kind = SHEAVE_MEMORY };
	x.of.memory = sheave_memory_new(w.store, 1, 2, true, NULL);
	ck_assert(sheave_linker_define(w.linker, "h", "m", &x, NULL));
	x.kind = SHEAVE_GLOBAL;
	x.of.global = sheave_global_new(w.store, &seven, false, NULL);
	ck_assert(sheave_linker_define(w.linker, "h", "g", &x, NULL));
	x.kind = SHEAVE_TABLE;
	x.of.table = sheave_table_new(w.store, &null, 2, 0, false, NULL);
	ck_assert(sheave_linker_define(w.linker, "h", "t", &x, NULL));
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (import \"h\" \"m\" (memory 1 2))"
		" (import \"h\" \"g\" (global i32))"
		" (import \"h\" \"t\" (table 2 funcref))"
		" (data (global.get 0) \"x\")"
		" (func (export \"f\") (result i32)"
		"  (i32.load8_u (global.get 0))))");
	ck_assert_uint_eq(calls(in, "f"), 'x');
	ck_assert_ptr_null(sheave_memory_new(w.store, 70000, 0, false, NULL));
	world_free(&w);
}
END_TEST

START_TEST(instances_are_limited)
{
	struct sheave_limits limits = { .instances = 2, .memory_bytes = 65536 };
	struct world w = world_new(NULL, &limits);
	world_instance(&w, NULL, "(module (memory 1))");
	struct sheave_error *e =
		world_fails(&w, "(module (memory 1))", SHEAVE_REFUSED);
	ck_assert_int_eq(sheave_error_kind(e), SHEAVE_ERROR_LIMIT);
	sheave_error_free(e);
	world_instance(&w, NULL, "(module)");
	e = world_fails(&w, "(module)", SHEAVE_REFUSED);
	ck_assert_int_eq(sheave_error_kind(e), SHEAVE_ERROR_LIMIT);
	sheave_error_free(e);
	world_free(&w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("api");
	TCase *t = tcase_create("api");
	tcase_add_test(t, every_allocation_may_fail);
	tcase_add_test(t, handles_are_freed_in_any_order);
	tcase_add_test(t, imports_and_exports_are_listed);
	tcase_add_test(t, custom_sections_are_listed);
	tcase_add_test(t, what_is_no_module_is_refused);
	tcase_add_test(t, all_missing_imports_are_named);
	tcase_add_test(t, an_import_of_another_type_is_refused);
	tcase_add_test(t, features_are_switched_off);
	tcase_add_test(t, computed_nan_is_canonical_if_asked);
	tcase_add_test(t, globals_and_tables_hold_values);
	tcase_add_test(t, the_host_makes_what_is_imported);
	tcase_add_test(t, instances_are_limited);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
