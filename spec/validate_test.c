#include "spec/validate.h"

#include <check.h>
#include <string.h>

#include "spec/engine.h"
#include "spec/module.h"
#include "spec/text.h"
#include "trap/error.h"

static struct engine engine;
static struct arena arena;
static struct error error;

static void
setup(void)
{
	ck_assert(engine_init(&engine, &alloc_default));
	arena_init(&arena, &alloc_default);
}

static void
teardown(void)
{
	arena_free(&arena);
	engine_free(&engine);
}

/* The module of a source text; NULL and the error if it is refused. */
static struct module *
load(const char *text)
{
	uint8_t *bytes;
	size_t len;
	error_clear(&error);
	ck_assert_msg(
		text_module(text, strlen(text), &arena, &bytes, &len, &error),
		"%s", error.text);
	return module_load(&engine, bytes, len, &error);
}

static void
accept(const char *text)
{
	struct module *m = load(text);
	ck_assert_msg(m != NULL, "%s: %s", text, error.text);
	module_release(m);
}

static void
refuse(const char *text, enum error_kind kind, const char *message)
{
	ck_assert_msg(load(text) == NULL, "%s", text);
	ck_assert_str_eq(error.text, message);
	ck_assert_int_eq(error.kind, kind);
}

static void
invalid(const char *text, const char *message)
{
	refuse(text, ERROR_invalid, message);
}

static features
used(const char *text)
{
	struct module *m = load(text);
	ck_assert_msg(m != NULL, "%s", error.text);
	features f = m->used;
	module_release(m);
	return f;
}

START_TEST(operands_have_the_types_of_the_signature)
{
	accept("(func (result i64) i64.const 1 i32.const 2 i64.extend_i32_u "
	       "i64.add)");
	invalid("(func i32.const 1 i64.eqz drop)",
		"type mismatch: instruction requires [i64] but stack has "
		"[i32]");
	invalid("(func i32.add drop)", "type mismatch: instruction requires "
				       "[i32] but stack has []");
	invalid("(func drop)", "type mismatch: instruction requires an operand "
			       "but stack has []");
}
END_TEST

START_TEST(a_block_leaves_its_results_and_no_more)
{
	invalid("(func i32.const 1)",
		"type mismatch: block requires [] but stack has [i32]");
	invalid("(func (result i32) f32.const 0)",
		"type mismatch: instruction requires [i32] but stack has "
		"[f32]");
	invalid("(func (result i32) (if (result i32) (i32.const 1) (then "
		"(i32.const 1))))",
		"type mismatch: block requires [i32] but stack has []");
}
END_TEST

START_TEST(dead_code_has_any_operands_but_those_that_it_pushes)
{
	accept("(func (result i32) unreachable i32.add)");
	accept("(func (result i32) unreachable select)");
	accept("(func (param i32) (result i32) local.get 0 return i64.eqz)");
	accept("(func unreachable ref.as_non_null call_ref 0) (type (func))");
	invalid("(func unreachable i64.const 0 i32.eqz drop)",
		"type mismatch: instruction requires [i32] but stack has "
		"[i64]");
	invalid("(func unreachable ref.as_non_null i32.eqz drop)",
		"type mismatch: instruction requires [i32] but stack has "
		"[(ref bot)]");
}
END_TEST

START_TEST(br_table_wants_one_arity_and_every_type)
{
	accept("(func (block (result i32) (block (result i32) (br_table 0 1 "
	       "(i32.const 1) (i32.const 0)))) drop)");
	ck_assert_ptr_null(load("(func (block (block (result i32) (br_table 0 "
				"1 (i32.const 1) (i32.const 0))) drop))"));
	ck_assert_int_eq(error.kind, ERROR_invalid);
	invalid("(func (br_table 0 7 0 (i32.const 1)))", "unknown label 7");
}
END_TEST

START_TEST(a_local_without_default_is_set_before_it_is_read)
{
	accept("(type $t (func)) (func $f (type $t)) (elem declare func $f)"
	       "(func (local (ref $t)) (local.set 0 (ref.func $f)) "
	       "(block (drop (local.get 0))))");
	invalid("(type $t (func)) (func (local i32 (ref $t)) (drop (local.get "
		"1)))",
		"uninitialized local 1");
	invalid("(type $t (func)) (func $f (type $t)) (elem declare func $f)"
		"(func (local (ref $t)) (block (local.set 0 (ref.func $f))) "
		"(drop (local.get 0)))",
		"uninitialized local 0");
}
END_TEST

START_TEST(constant_expressions_are_constant)
{
	accept("(global i32 (i32.const 1)) (global i32 (i32.add (global.get 0) "
	       "(i32.const 2)))");
	invalid("(global i32 (i32.popcnt (i32.const 1)))",
		"constant expression required");
	invalid("(global (mut i32) (i32.const 1)) (global i32 (global.get 0))",
		"constant expression required");
	invalid("(global i32 (global.get 0))", "unknown global 0");
}
END_TEST

START_TEST(a_function_is_declared_before_bodies_refer_to_it)
{
	accept("(func $f) (func (drop (ref.func $f))) (export \"\" (func $f))");
	accept("(func $f) (func (drop (ref.func $f))) (global funcref "
	       "(ref.func $f))");
	invalid("(func $f) (func (drop (ref.func $f)))",
		"undeclared function reference 0");
}
END_TEST

START_TEST(indices_stay_inside_their_spaces)
{
	invalid("(func (call 1))", "unknown function 1");
	invalid("(func (drop (i32.load (i32.const 0))))", "unknown memory 0");
	invalid("(func (drop (local.get 0)))", "unknown local 0");
	invalid("(func (throw 0))", "unknown tag 0");
	invalid("(func (elem.drop 0))", "unknown elem segment 0");
	invalid("(export \"\" (table 0))", "unknown table 0");
	invalid("(start 0)", "unknown function 0");
	invalid("(func (param (ref 1)))", "unknown type 1");
}
END_TEST

START_TEST(names_of_exports_differ)
{
	invalid("(func) (export \"a\" (func 0)) (export \"b\" (func 0)) "
		"(export \"a\" (func 0))",
		"duplicate export name \"a\"");
}
END_TEST

START_TEST(used_features_are_those_of_the_module)
{
	ck_assert_uint_eq(used("(func)"), FEATURE_MVP);
	ck_assert_uint_eq(used("(func (result i32 i32) i32.const 1 i32.const "
			       "2)"),
		FEATURE_MVP | FEATURE_MULTI_VALUE);
	ck_assert_uint_eq(used("(memory 1) (memory 1)"),
		FEATURE_MVP | FEATURE_MULTI_MEMORY);
	ck_assert_uint_eq(
		used("(memory i64 1)"), FEATURE_MVP | FEATURE_MEMORY64);
	ck_assert_uint_eq(
		used("(memory 1 1 shared)"), FEATURE_MVP | FEATURE_THREADS);
	ck_assert_uint_eq(used("(table 1 funcref)"), FEATURE_MVP);
	ck_assert_uint_eq(
		used("(table 1 externref)"), FEATURE_MVP | FEATURE_REF_TYPES);
	ck_assert_uint_eq(used("(type (struct))"), FEATURE_MVP | FEATURE_GC);
	ck_assert_uint_eq(used("(import \"\" \"\" (global (mut i32)))"),
		FEATURE_MVP | FEATURE_MUTABLE_GLOBAL);
	ck_assert_uint_eq(used("(func (drop (v128.const i64x2 0 0)))"),
		FEATURE_MVP | FEATURE_SIMD);
}
END_TEST

START_TEST(a_feature_that_is_off_is_refused_by_name)
{
	engine.features &= ~(FEATURE_MULTI_MEMORY | FEATURE_EXTENDED_CONST |
			     FEATURE_TAIL_CALL);
	invalid("(memory 1) (memory 1)",
		"multiple memories (multi-memory is not enabled)");
	invalid("(global i32 (i32.add (i32.const 1) (i32.const 1)))",
		"extended-const is not enabled");
	refuse("(func (return_call 0))", ERROR_malformed,
		"illegal opcode 12 (tail-call is not enabled)");
}
END_TEST

START_TEST(a_frame_is_locals_and_the_deepest_operand_stack)
{
	struct module *m =
		load("(func (param i32 v128) (local i64) v128.const i32x4 0 0 "
		     "0 0 i32.const 1 i32.const 2 drop drop drop)");
	ck_assert_msg(m != NULL, "%s", error.text);
	ck_assert_uint_eq(m->funcs[0].local_slots, 4);
	ck_assert_uint_eq(m->funcs[0].frame_slots, 8);
	module_release(m);
}
END_TEST

/* A function of n times a, then n times b. */
static const char *
repeated(int n, const char *a, const char *b)
{
	size_t bytes = (strlen(a) + strlen(b)) * (size_t)n + 100;
	char *text = arena_alloc(&arena, bytes);
	char *at = text + strlen(strcpy(text, "(func "));
	for (int i = 0; i < n; i++)
		at += strlen(strcpy(at, a));
	for (int i = 0; i < n; i++)
		at += strlen(strcpy(at, b));
	strcpy(at, ")");
	return text;
}

START_TEST(frames_have_a_limit)
{
	accept(repeated(65000, "i32.const 1 ", "drop "));
	refuse(repeated(65001, "i32.const 1 ", "drop "), ERROR_limit,
		"function frame too large");
	refuse(repeated(32501, "(local v128)", ""), ERROR_limit,
		"function frame too large");
	refuse(repeated(50001, "(local i32)", ""), ERROR_limit,
		"too many locals");
	refuse(repeated(140000, "block ", "end "), ERROR_limit,
		"blocks nested too deep");
}
END_TEST

/* The walker as the translators use it */

static struct module *module;

static void
start_walk(struct walk *w, const char *text)
{
	module = load(text);
	ck_assert_msg(module != NULL, "%s", error.text);
	walk_init(w, module, 0, &arena, &error);
}

static void
step(struct walk *w, enum op op)
{
	ck_assert(walk_next(w));
	ck_assert_int_eq(w->insn.op, op);
}

START_TEST(stacks_are_as_the_instruction_leaves_them)
{
	struct walk w;
	start_walk(&w, "(func (param i64) (result i64) local.get 0 i64.const 3 "
		       "i64.add)");
	ck_assert_uint_eq(w.nlocals, 1);
	step(&w, OP_local_get);
	ck_assert_uint_eq(w.nvals, 1);
	step(&w, OP_i64_const);
	ck_assert_uint_eq(w.insn.imm, 3);
	ck_assert_uint_eq(w.slots, 2);
	step(&w, OP_i64_add);
	ck_assert_uint_eq(w.nvals, 1);
	ck_assert_uint_eq(w.vals[0], VT_I64);
	step(&w, OP_end);
	ck_assert_uint_eq(w.nctrls, 0);
	ck_assert_uint_eq(w.ended.nresults, 1);
	ck_assert(!walk_next(&w));
	ck_assert_int_eq(error.kind, ERROR_none);
	module_release(module);
}
END_TEST

START_TEST(end_and_else_show_the_frame_that_they_close)
{
	struct walk w;
	start_walk(&w, "(func (local v128) local.get 0 i32.const 1 if (result "
		       "i32) br 1 else i32.const 2 end drop drop)");
	step(&w, OP_local_get);
	step(&w, OP_i32_const);
	step(&w, OP_if);
	ck_assert_uint_eq(walk_label(&w, 0)->height, 1);
	ck_assert_uint_eq(walk_label(&w, 0)->slot_height, 2);
	ck_assert_uint_eq(walk_label(&w, 0)->results[0], VT_I32);
	step(&w, OP_br);
	ck_assert(!w.was_unreachable);
	step(&w, OP_else);
	ck_assert(w.was_unreachable && w.ended.unreachable);
	ck_assert_int_eq(w.ended.op, OP_if);
	ck_assert_int_eq(walk_label(&w, 0)->op, OP_else);
	ck_assert_uint_eq(walk_label(&w, 0)->results[0], VT_I32);
	step(&w, OP_i32_const);
	step(&w, OP_end);
	ck_assert_int_eq(w.ended.op, OP_else);
	ck_assert_uint_eq(w.ended.results[0], VT_I32);
	ck_assert_uint_eq(w.slots, 3);
	module_release(module);
}
END_TEST

START_TEST(single_results_survive_the_growth_of_the_control_stack)
{
	char text[4096] = "(func (result i32) ";
	struct walk w;
	for (int i = 0; i < 40; i++)
		strcat(text, "(block (result i32) ");
	strcat(text, "i32.const 1 ");
	for (int i = 0; i < 40; i++)
		strcat(text, ")");
	strcat(text, ")");
	start_walk(&w, text);
	for (int i = 0; i < 40; i++)
		step(&w, OP_block);
	for (uint32_t i = 0; i <= 40; i++)
		ck_assert_uint_eq(walk_label(&w, i)->results[0], VT_I32);
	module_release(module);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("validate");
	TCase *t = tcase_create("validate");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, operands_have_the_types_of_the_signature);
	tcase_add_test(t, a_block_leaves_its_results_and_no_more);
	tcase_add_test(t, dead_code_has_any_operands_but_those_that_it_pushes);
	tcase_add_test(t, br_table_wants_one_arity_and_every_type);
	tcase_add_test(t, a_local_without_default_is_set_before_it_is_read);
	tcase_add_test(t, constant_expressions_are_constant);
	tcase_add_test(t, a_function_is_declared_before_bodies_refer_to_it);
	tcase_add_test(t, indices_stay_inside_their_spaces);
	tcase_add_test(t, names_of_exports_differ);
	tcase_add_test(t, used_features_are_those_of_the_module);
	tcase_add_test(t, a_feature_that_is_off_is_refused_by_name);
	tcase_add_test(t, a_frame_is_locals_and_the_deepest_operand_stack);
	suite_add_tcase(s, t);
	t = tcase_create("walk");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, stacks_are_as_the_instruction_leaves_them);
	tcase_add_test(t, end_and_else_show_the_frame_that_they_close);
	tcase_add_test(
		t, single_results_survive_the_growth_of_the_control_stack);
	tcase_add_test(t, frames_have_a_limit);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
