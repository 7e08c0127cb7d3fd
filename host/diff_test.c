/*
 * What compares the tiers finds a bug that was planted in compiled code, and
 * says where; and says nothing without one.
 */
#include "host/diff.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "interp/interp.h"
#include "jit/jit.h"
#include "spec/code.h"
#include "spec/reader.h"
#include "spec/suite/wast.h"
#include "spec/text.h"
#include "trap/unwind.h"

/* A module of the test, and the configuration that it is run with. */
struct subject {
	struct arena arena;
	const uint8_t *bytes;
	size_t len;
	struct diff_config config;
	struct diff diff;
	uint32_t host_calls;
};

static uint32_t planted;

static void
both_tiers(struct engine *e)
{
	const struct jit_config config = { .mode = JIT_eager, .alone = true };
	interp_install(e);
	ck_assert(jit_install(e, &config));
	jit_set_vary(e, (struct jit_vary){ .plant = planted });
}

static void
read_text(struct subject *s, const char *wat)
{
	struct error error;
	uint8_t *binary = NULL;
	memset(s, 0, sizeof *s);
	s->config.features = features_known();
	s->config.setup = both_tiers;
	planted = 0;
	arena_init(&s->arena, &alloc_default);
	error_clear(&error);
	ck_assert_msg(text_module(wat, strlen(wat), &s->arena, &binary, &s->len,
			      &error),
		"%s", error.text);
	s->bytes = binary;
}

/* The offset of the nth instruction op of function func. */
static uint32_t
offset_of(const struct module *m, uint32_t func, enum op op, int nth)
{
	struct range b = m->funcs[func].body;
	struct error error;
	struct reader r = { m->bytes + b.offset, m->bytes + b.offset + b.len,
		m->bytes, &error };
	struct insn i;
	error_clear(&error);
	for (uint32_t n = reader_u32(&r); n > 0; n--) {
		reader_u32(&r);
		reader_u32(&r);
	}
	while (r.at < r.end) {
		code_next(&r, &i);
		if (i.op == op && nth-- == 0)
			return i.at;
	}
	ck_abort_msg("no such instruction");
	return 0;
}

/* Where a bug is to be. */
static void
plant(struct subject *s, uint32_t func, enum op op, int nth)
{
	struct engine e;
	struct error error;
	ck_assert(engine_init(&e, &alloc_default));
	error_clear(&error);
	struct module *m = module_load(&e, s->bytes, s->len, &error);
	ck_assert_ptr_nonnull(m);
	planted = offset_of(m, func, op, nth);
	module_release(m);
	engine_free(&e);
}

static void
open_diff(struct subject *s)
{
	struct error error;
	error_clear(&error);
	ck_assert_msg(diff_open(&s->diff, &s->config, s->bytes, s->len, &error),
		"%s", error.text);
}

static void
close_subject(struct subject *s)
{
	diff_close(&s->diff);
	arena_free(&s->arena);
}

/* Runs all exports; the difference, or NULL. */
static const char *
run_all(struct subject *s)
{
	open_diff(s);
	if (diff_instantiate(&s->diff))
		diff_call_exports(&s->diff);
	return s->diff.twin.differ ? s->diff.twin.text : NULL;
}

static void
found(struct subject *s, const char *what)
{
	const char *text = run_all(s);
	ck_assert_msg(text != NULL, "nothing was found");
	ck_assert_msg(strstr(text, what) != NULL, "%s", text);
	close_subject(s);
}

/* The same, at that instruction. */
static void
found_at(
	struct subject *s, const char *what, uint32_t func, enum op op, int nth)
{
	char text[200];
	const char *place = run_all(s);
	ck_assert_msg(place != NULL, "nothing was found");
	snprintf(text, sizeof text, what,
		offset_of(s->diff.sides[0].module, func, op, nth));
	ck_assert_msg(strstr(place, text) != NULL, "%s", place);
	close_subject(s);
}

static const char sum[] =
	"(module (memory 1) (global $g (mut i64) (i64.const 5))"
	" (table 2 funcref) (elem (i32.const 0) $sum)"
	" (func $sum (export \"sum\") (param $n i32) (result i32)"
	"  (local $i i32) (local $s i32) (local $f f64) (local $v v128)"
	"  (loop $more"
	"   (local.set $s (i32.add (local.get $s)"
	"    (i32.mul (local.get $i) (i32.const 3))))"
	"   (local.set $f (f64.add (local.get $f) (f64.const 0.5)))"
	"   (local.set $v (i32x4.splat (local.get $s)))"
	"   (local.set $i (i32.add (local.get $i) (i32.const 1)))"
	"   (br_if $more (i32.lt_u (local.get $i)"
	"    (i32.or (i32.const 2)"
	"     (i32.and (local.get $n) (i32.const 63))))))"
	"  (call $keep (local.get $s))"
	"  (local.get $s))"
	" (func $keep (param i32)"
	"  (i32.store (i32.const 40000) (local.get 0))"
	"  (global.set $g (i64.add (global.get $g) (i64.const 1)))))";

START_TEST(without_a_bug_nothing_is_found)
{
	struct subject s;
	read_text(&s, sum);
	s.config.lockstep = _i == 1;
	s.config.alone = _i == 3;
	s.config.fuel = _i == 2 ? 100000 : 0;
	ck_assert_ptr_null(run_all(&s));
	ck_assert_uint_eq(s.diff.calls, 3);
	ck_assert(!s.diff.twin.ended);
	if (_i == 1) /* entries and iterations: 2, 3 and 2 of them */
		ck_assert_uint_eq(s.diff.replay.points, 6 + 7);
	close_subject(&s);
}
END_TEST

START_TEST(results_are_compared)
{
	struct subject s;
	read_text(&s, sum);
	plant(&s, 0, OP_i32_add, 0);
	found(&s, "\"sum\" (0): result 0: i32 3 (0x3) interpreted, "
		  "i32 5 (0x5) compiled");
}
END_TEST

START_TEST(memories_are_compared)
{
	struct subject s;
	read_text(&s, "(module (memory 2) (func (export \"f\") (param i32)"
		      " (i32.store (i32.const 70000)"
		      "  (i32.or (local.get 0) (i32.const 2)))))");
	plant(&s, 0, OP_i32_or, 0);
	found(&s, "memory 0, page 1, byte 0x11170: 0x02 interpreted, "
		  "0x03 compiled; after \"f\" (0)");
}
END_TEST

START_TEST(globals_are_compared)
{
	struct subject s;
	read_text(&s, sum);
	plant(&s, 1, OP_i64_add, 0);
	found(&s, "global 0: i64 6 (0x6) interpreted, i64 7 (0x7) compiled");
}
END_TEST

START_TEST(objects_are_compared)
{
	struct subject s;
	read_text(&s,
		"(module (type $s (struct (field i32) (field (ref null $s))))"
		" (global $g (mut (ref null $s)) (ref.null $s))"
		" (func $bits (param i32) (result i32)"
		"  (i32.or (local.get 0) (i32.const 8)))"
		" (func (export \"f\") (param i32)"
		"  (global.set $g (struct.new $s (i32.const 1) (struct.new $s"
		"   (call $bits (local.get 0)) (ref.null $s))))))");
	plant(&s, 0, OP_i32_or, 0);
	found(&s, "global 0: a field of an object");
}
END_TEST

static const char index_of[] =
	"(module (memory 1)"
	" (func $index (param i32) (result i32)"
	"  (i32.and (local.get 0) (i32.const 0xffff0000)))"
	" (func (export \"f\") (result i32)"
	"  (i32.load8_u offset=65535 (call $index (i32.const 65535)))))";

START_TEST(traps_are_named)
{
	struct subject s;
	read_text(&s, index_of);
	plant(&s, 0, OP_i32_and, 0);
	found_at(&s,
		"\"f\" (0): returns interpreted, out of bounds memory access "
		"in func 1 at 0x%x compiled",
		1, OP_i32_load8_u, 0);
}
END_TEST

START_TEST(lockstep_finds_the_loop)
{
	struct subject s;
	read_text(&s, sum);
	plant(&s, 0, OP_i32_mul, 0);
	s.config.lockstep = true;
	found_at(&s,
		"the loop in func 0 \"sum\" at 0x%x, local 2: "
		"i32 0 (0x0) interpreted, i32 1 (0x1) compiled; all was the "
		"same at the loop in func 0",
		0, OP_loop, 0);
}
END_TEST

START_TEST(lockstep_takes_every_kind_of_point)
{
	struct subject s;
	read_text(&s,
		"(module (func (export \"nothing\"))"
		" (func (export \"operands\") (result i64 v128)"
		"  (i64.const 5) (v128.const i64x2 1 2) (loop))"
		" (func (export \"one arm\") (param i32) (result i32 i32)"
		"  (i32.const 3) (if (result i32) (local.get 0)"
		"   (then (i32.const 0xfff8) (loop (param i32) (result i32)))"
		"   (else (i32.const 1)))))");
	s.config.lockstep = true;
	ck_assert_ptr_null(run_all(&s));
	ck_assert_uint_eq(s.diff.replay.points, 1 + 2 + 3 + 2);
	close_subject(&s);
}
END_TEST

START_TEST(lockstep_finds_the_call)
{
	struct subject s;
	read_text(&s,
		"(module (func $a (param i64 i32)) (func (export \"f\")"
		" (call $a (i64.const 3)"
		"  (i32.wrap_i64 (i64.mul (i64.const 2) (i64.const 4))))))");
	plant(&s, 1, OP_i64_mul, 0);
	s.config.lockstep = true;
	found(&s, "the entry of func 0 \"a\" at 0x23, local 1: "
		  "i32 8 (0x8) interpreted, i32 9 (0x9) compiled");
}
END_TEST

/* Counts its calls and adds the arguments. */
static enum status
adding(void *env, struct store *store, struct instance *caller,
	union slot *slots)
{
	struct subject *s = env;
	(void)store, (void)caller;
	s->host_calls++;
	slots[0] = slot_of_i32(slot_i32(slots[0]) + slot_i32(slots[1]));
	return STATUS_done;
}

/* Gives import 0 to the host function; the difference, or NULL. */
static const char *
run_with_host(struct subject *s, host_fn *fn)
{
	struct error error;
	error_clear(&error);
	open_diff(s);
	struct diff_side *first = &s->diff.sides[0];
	const struct module *m = first->module;
	struct func *f = func_new_host(
		first->store, m->types[m->funcs[0].type].canon, fn, s, NULL);
	ck_assert(diff_import(&s->diff, 0, f, &error));
	if (diff_instantiate(&s->diff))
		diff_call_exports(&s->diff);
	return s->diff.twin.differ ? s->diff.twin.text : NULL;
}

static const char adds[] =
	"(module (import \"h\" \"add\" (func $add (param i32 i32) (result "
	"i32)))"
	" (func $twice (export \"f\") (param i32) (result i32)"
	"  (call $add (i32.const 1)"
	"   (call $add (local.get 0) (i32.or (local.get 0) (i32.const 2))))))";

START_TEST(the_host_is_called_once)
{
	struct subject s;
	read_text(&s, adds);
	ck_assert_ptr_null(run_with_host(&s, adding));
	ck_assert_uint_eq(s.host_calls, 6);
	ck_assert_uint_eq(s.diff.replay.calls, 6);
	close_subject(&s);
}
END_TEST

START_TEST(arguments_of_host_calls_are_compared)
{
	struct subject s;
	char want[200];
	read_text(&s, adds);
	plant(&s, 1, OP_i32_or, 0);
	const char *text = run_with_host(&s, adding);
	ck_assert_ptr_nonnull(text);
	snprintf(want, sizeof want,
		"host call 1, \"h\" \"add\", of func 1 \"twice\" at 0x%x: "
		"argument 1: i32 2 (0x2) interpreted, i32 3 (0x3) compiled",
		offset_of(s.diff.sides[0].module, 1, OP_call, 0));
	ck_assert_str_eq(text, want);
	close_subject(&s);
}
END_TEST

START_TEST(host_calls_are_compared_in_order)
{
	struct subject s;
	read_text(&s, "(module (import \"h\" \"add\" (func $add (param i32 i32)"
		      "  (result i32)))"
		      " (func $even (param i32) (result i32)"
		      "  (i32.and (local.get 0) (i32.const 1)))"
		      " (func (export \"f\")"
		      "  (if (call $even (i32.const 2)) (then (drop"
		      "   (call $add (i32.const 1) (i32.const 2)))))))");
	plant(&s, 1, OP_i32_and, 0);
	const char *text = run_with_host(&s, adding);
	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_nonnull(strstr(text, "compiled; interpreted had ended"));
	close_subject(&s);
}
END_TEST

static enum status
exiting(void *env, struct store *store, struct instance *caller,
	union slot *slots)
{
	(void)env, (void)caller, (void)slots;
	return raise_exit(&store->ctx, 3);
}

START_TEST(an_exit_is_replayed)
{
	struct subject s;
	read_text(&s, adds);
	ck_assert_ptr_null(run_with_host(&s, exiting));
	ck_assert_int_eq(s.diff.sides[1].status, STATUS_unwound);
	ck_assert_int_eq(s.diff.sides[1].store->ctx.pending.kind, UNWIND_exit);
	ck_assert_int_eq(s.diff.sides[1].store->ctx.pending.exit_code, 3);
	close_subject(&s);
}
END_TEST

START_TEST(an_exhausted_stack_ends_it)
{
	struct subject s;
	read_text(&s,
		"(module (func $f (export \"f\") (param i64) (result i64)"
		" (i64.add (call $f (i64.add (local.get 0) (i64.const 1)))"
		"  (local.get 0))))");
	s.config.lockstep = _i == 1;
	s.config.limits.stack_bytes = 1 << 20;
	ck_assert_ptr_null(run_all(&s));
	ck_assert(s.diff.twin.ended);
	ck_assert_uint_eq(s.diff.calls, 1);
	close_subject(&s);
}
END_TEST

START_TEST(scripts_are_compared)
{
	static const char script[] =
		"(module (global (mut i32) (i32.const 0))"
		" (func (export \"f\") (param i32) (result i32)"
		"  (global.set 0 (i32.mul (local.get 0) (i32.const 3)))"
		"  (local.get 0)))\n"
		"(assert_return (invoke \"f\" (i32.const 7)) (i32.const 7))";
	struct wast_totals totals = { 0 };
	char text[400];
	struct subject s;
	struct wast_options options = {
		.out = tmpfile(), .setup = interp_install, .second = both_tiers
	};
	memcpy(text, script, strchr(script, '\n') - script);
	text[strchr(script, '\n') - script] = '\0';
	read_text(&s, text);
	if (_i == 1)
		plant(&s, 0, OP_i32_mul, 0);
	arena_free(&s.arena);
	wast_run(&options, "a.wast", script, sizeof script - 1, &totals);
	ck_assert_uint_eq(totals.passed, 1);
	ck_assert_uint_eq(totals.failed, (unsigned)_i);
	rewind(options.out);
	memset(text, 0, sizeof text);
	ck_assert_int_eq(fread(text, 1, sizeof text - 1, options.out) != 0, _i);
	fclose(options.out);
	if (_i == 1)
		ck_assert_str_eq(text,
			"a.wast:2: difference: global 0: i32 21 (0x15) "
			"interpreted, i32 20 (0x14) compiled\n");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("diff");
	TCase *t = tcase_create("diff");
	tcase_add_loop_test(t, without_a_bug_nothing_is_found, 0, 4);
	tcase_add_test(t, results_are_compared);
	tcase_add_test(t, memories_are_compared);
	tcase_add_test(t, globals_are_compared);
	tcase_add_test(t, objects_are_compared);
	tcase_add_test(t, traps_are_named);
	tcase_add_test(t, lockstep_finds_the_loop);
	tcase_add_test(t, lockstep_takes_every_kind_of_point);
	tcase_add_test(t, lockstep_finds_the_call);
	tcase_add_test(t, the_host_is_called_once);
	tcase_add_test(t, arguments_of_host_calls_are_compared);
	tcase_add_test(t, host_calls_are_compared_in_order);
	tcase_add_test(t, an_exit_is_replayed);
	tcase_add_loop_test(t, an_exhausted_stack_ends_it, 0, 2);
	tcase_add_loop_test(t, scripts_are_compared, 0, 2);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
