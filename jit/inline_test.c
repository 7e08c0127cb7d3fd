/*
 * Calls that are built in their place: each module runs interpreted and
 * compiled, and results, traps and all frames of backtraces are the same; so
 * deep goes what is inlined.
 */
#include <check.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "interp/interp.h"
#include "jit/jit.h"
#include "spec/collect.h"
#include "spec/engine.h"
#include "spec/link.h"
#include "spec/module.h"
#include "spec/store.h"
#include "spec/text.h"
#include "spec/tier.h"
#include "trap/alloc.h"
#include "trap/arena.h"
#include "trap/error.h"
#include "trap/unwind.h"

/* $see writes its argument and where it was called down, $collect looks for
 * objects. */
#define HEAD \
	"(module (type $box (struct (field (mut i32))))" \
	" (type $i (func (param i32) (result i32)))" \
	" (import \"h\" \"see\" (func $see (type $i)))" \
	" (import \"h\" \"collect\" (func $collect (type $i)))" \
	" (memory 1) (table $t 4 funcref) (tag $e (param i32))" \
	" (global $g (mut i32) (i32.const 0))"

/* What a run has shown. */
struct shown {
	char text[20000];
	uint32_t level; /* the highest of a frame */
};

static struct engine engine;
static struct shown *shown; /* of the run at hand */

static void
show(const char *format, ...)
{
	size_t n = strlen(shown->text);
	va_list args;
	va_start(args, format);
	vsnprintf(shown->text + n, sizeof shown->text - n, format, args);
	va_end(args);
}

static void
show_frames(struct store *s, const struct raw_frame *frames, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct module *m;
		uint32_t func, offset;
		ck_assert(
			engine.tier->locate(s, &frames[i], &m, &func, &offset));
		show(" %" PRIu32 "@%" PRIx32, func, offset);
		if (frames[i].level > shown->level)
			shown->level = frames[i].level;
	}
	show("\n");
}

static enum status
see(void *env, struct store *s, struct instance *caller, union slot *slots)
{
	struct raw_frame frames[BACKTRACE_MAX];
	(void)env;
	(void)caller;
	show("see %" PRIu32 ":", slot_i32(slots[0]));
	show_frames(s, frames, backtrace_collect(&s->ctx, frames, 10));
	return STATUS_done;
}

/* Objects that live, if the tier that asks knows exactly. */
static enum status
collect(void *env, struct store *s, struct instance *caller, union slot *slots)
{
	uint64_t before = s->heap.stats.visited;
	(void)env;
	(void)caller;
	ck_assert(collect_now(s));
	slots[0] = slot_of_i32((uint32_t)(s->heap.stats.visited - before));
	return STATUS_done;
}

static struct instance *
instantiate(struct store *store, const char *body)
{
	static char text[1 << 14];
	struct error error;
	struct arena arena;
	uint8_t *bytes;
	size_t len;
	snprintf(text, sizeof text, HEAD "%s)", body);
	error_clear(&error);
	arena_init(&arena, &alloc_default);
	ck_assert_msg(
		text_module(text, strlen(text), &arena, &bytes, &len, &error),
		"%s", error.text);
	struct module *m = module_load(&engine, bytes, len, &error);
	ck_assert_msg(m != NULL, "%s: %s", body, error.text);
	struct external imports[2] = { { 0 } };
	uint32_t type = m->types[m->funcs[0].type].canon;
	imports[0].u.func = func_new_host(store, type, see, NULL, NULL);
	imports[1].u.func = func_new_host(store, type, collect, NULL, NULL);
	struct instance *in = instance_new(store, m, imports, &error);
	ck_assert_msg(in != NULL, "%s", error.text);
	module_release(m);
	arena_free(&arena);
	return in;
}

/* Calls "f" of the body with each argument below n. */
static void
run(const struct jit_config *config, const char *body, uint32_t n,
	struct shown *out)
{
	shown = out;
	*out = (struct shown){ .level = 0 };
	ck_assert(engine_init(&engine, &alloc_default));
	interp_install(&engine);
	ck_assert(config->mode == JIT_off || jit_install(&engine, config));
	struct store *s = store_new(&engine, NULL);
	ck_assert_ptr_nonnull(s);
	s->heap.poison = true;
	struct instance *in = instantiate(s, body);
	const struct export *e = module_export(in->module, "f", 1);
	ck_assert_ptr_nonnull(e);
	for (uint32_t i = 0; i < n; i++) {
		union slot slots[64] = { { i } };
		const struct pending *p = &s->ctx.pending;
		if (func_call(s, instance_func(in, e->index), slots) ==
			STATUS_done) {
			show("%" PRIu32 "\n", slot_i32(slots[0]));
			continue;
		}
		show("%d %s %" PRIu64 ":", p->kind,
			p->kind == UNWIND_trap ? trap_message(p->trap) : "",
			p->has_number ? p->number : 0);
		if (p->kind == UNWIND_trap && p->trap == TRAP_stack_overflow)
			show("\n");
		else
			show_frames(s, p->frames, p->nframes);
	}
	store_free(s);
	engine_free(&engine);
}

/* The body is the same in all ways to run it, and compiled with frames of this
 * level at least. */
static void
same(const char *body, uint32_t n, uint32_t level)
{
	static const struct jit_config configs[] = {
		{ .mode = JIT_off },
		{ .mode = JIT_eager },
		{ .mode = JIT_eager, .signals = true },
		{ .mode = JIT_on, .patience = 1, .alone = true },
		{ .mode = JIT_on, .patience = 20, .alone = true },
	};
	static struct shown first, now;
	run(&configs[0], body, n, &first);
	ck_assert_uint_eq(first.level, 0);
	for (size_t i = 1; i < sizeof configs / sizeof *configs; i++) {
		run(&configs[i], body, n, &now);
		ck_assert_str_eq(first.text, now.text);
		if (configs[i].mode == JIT_eager)
			ck_assert_uint_ge(now.level, level);
	}
}

/* The ends of an inlined function; of argument 0 to 3. */
static const char *const ends[] = {
	"(if (local.get 0) (then unreachable))",
	"(drop (i32.div_u (i32.const 1) (i32.sub (local.get 0) (i32.const "
	"2))))",
	"(drop (i32.rem_s (local.get 0) (local.get 0)))",
	"(drop (i32.load (i32.shl (local.get 0) (i32.const 15))))",
	"(i64.store offset=4 (i32.shl (local.get 0) (i32.const 16))"
	" (i64.const 1))",
	"(drop (i32.trunc_f32_s (f32.div (f32.const 0)"
	" (f32.convert_i32_u (local.get 0)))))",
	"(drop (table.get $t (i32.add (local.get 0) (i32.const 2))))",
	"(call_indirect $t (local.get 0))",
	"(call_indirect $t (i32.add (i32.const 3) (local.get 0)))",
	"(memory.fill (i32.shl (local.get 0) (i32.const 16)) (i32.const 1)"
	" (i32.const 1))",
	"(drop (struct.get $box 0 (if (result (ref null $box)) (local.get 0)"
	" (then (ref.null $box)) (else (struct.new $box (i32.const 1))))))",
	"(drop (ref.cast (ref i31) (if (result anyref) (local.get 0)"
	" (then (struct.new_default $box))"
	" (else (ref.i31 (i32.const 1))))))",
	"(drop (call $see (local.get 0)))",
	"(if (local.get 0) (then (throw $e (local.get 0))))",
};

/* In a function in a function in a loop. */
START_TEST(frames_of_traps_are_all_there)
{
	static char body[4000];
	snprintf(body, sizeof body,
		"(func $a (param i32) %s)"
		"(func $b (param i32) (drop (i32.add (local.get 0)"
		" (i32.const 7))) (call $a (local.get 0)))"
		"(func (export \"f\") (param i32) (result i32) (local i32)"
		" (loop $l (call $b (local.get 1))"
		"  (local.set 1 (i32.add (local.get 1) (i32.const 1)))"
		"  (br_if $l (i32.le_u (local.get 1) (local.get 0))))"
		" (call $see (local.get 1)))",
		ends[_i]);
	same(body, 4, 2);
}
END_TEST

/* Returns from the middle, to the end, and through a table. */
static const char *const ways[] = {
	"(func $a (param i32) (result i32) (local i32)"
	" (if (i32.eqz (local.get 0)) (then (return (i32.const 40))))"
	" (local.set 1 (i32.add (local.get 1) (local.get 0)))"
	" (br_if 0 (i32.const 41) (i32.eq (local.get 1) (i32.const 1)))"
	" (drop)"
	" (i32.mul (local.get 1) (i32.const 3)))",
	"(func $a (param i32) (result i32)"
	" (block $x (block $y (br_table $x $y $x (local.get 0)))"
	"  (return (i32.const 50)))"
	" (block $z (result i32)"
	"  (br_table $z 1 $z (i32.const 60) (local.get 0)))"
	" (i32.add (local.get 0)))",
	"(func $a (param i32) (result i32)"
	" (if (result i32) (local.get 0) (then (unreachable))"
	"  (else (i32.const 1))))",
	"(func $a (param i32) (result i32) (unreachable))",
	"(func $b (param i32) (result i32 i64 v128)"
	" (local.get 0) (i64.const 5) (i32x4.splat (local.get 0)))"
	"(func $a (param i32) (result i32) (call $b (local.get 0))"
	" (i32x4.extract_lane 1) (local.set 0) (i32.wrap_i64) (i32.add)"
	" (i32.add (local.get 0)))",
	"(func $a (param i32) (result i32) (local v128 f32 i64)"
	" (local.set 2 (f32.add (local.get 2) (f32.const 1)))"
	" (i32.add (i32.trunc_f32_s (local.get 2))"
	"  (i32x4.extract_lane 3 (local.get 1))))",
	"(func $a (param i32) (result i32)"
	" (global.set $g (i32.add (global.get $g) (i32.const 1)))"
	" (i32.store (local.get 0) (global.get $g)) (global.get $g))",
	"(func $a (param i32) (result i32)"
	" (local.set 0 (i32.add (local.get 0) (i32.const 1)))"
	" (if (i32.gt_u (local.get 0) (i32.const 9))"
	"  (then (return (local.get 0))))"
	" (i32.add (call $a (local.get 0)) (i32.const 1)))",
	"(func $a (param i32) (result i32) (local i32)"
	" (loop $l (if (i32.lt_u (local.get 0) (i32.const 4))"
	"  (then (local.set 0 (i32.add (local.get 0) (i32.const 1)))"
	"   (local.set 1 (i32.add (local.get 1) (call $a (local.get 0))))"
	"   (br $l))))"
	" (i32.add (local.get 1) (local.get 0)))",
};

START_TEST(results_come_from_all_ways)
{
	static char body[4000];
	snprintf(body, sizeof body,
		"%s"
		"(func (export \"f\") (param i32) (result i32) (local i32 i32)"
		" (local.get 0)"
		" (loop $l"
		"  (local.set 2 (i32.add (local.get 2) (i32.add (i32.const 1)"
		"   (call $a (i32.and (i32.add (local.get 0) (local.get 1))"
		"    (i32.const 3))))))"
		"  (if (i32.eq (local.get 1) (i32.const 3))"
		"   (then (local.set 2 (i32.xor (local.get 2)"
		"    (call $a (local.get 1))))))"
		"  (local.set 1 (i32.add (local.get 1) (i32.const 1)))"
		"  (br_if $l (i32.lt_u (local.get 1) (i32.const 40))))"
		" (i32.add (local.get 2)))",
		ways[_i]);
	same(body, 4, _i == 2 || _i == 3 ? 1 : 0);
}
END_TEST

START_TEST(recursion_traps_where_it_does)
{
	same("(func $r (param i32) (result i32)"
	     " (if (i32.eq (local.get 0) (i32.const 100))"
	     "  (then (return (call $see (local.get 0)))))"
	     " (if (i32.eq (local.get 0) (i32.const 103)) (then unreachable))"
	     " (i32.add (i32.const 1)"
	     "  (call $r (i32.add (local.get 0) (i32.const 1)))))"
	     "(func (export \"f\") (param i32) (result i32)"
	     " (call $r (i32.add (i32.const 80)"
	     "  (i32.mul (local.get 0) (i32.const 7)))))",
		4, 2);
}
END_TEST

/* Without a way out, with one before and after what is called, with a call on
 * both ways, and one that begins with what may trap. */
static const char *const deep[] = {
	"(i32.add (i32.const 1) (call $r (local.get 0)))",
	"(if (i32.eqz (local.get 0)) (then (return (i32.const 9))))"
	" (i32.add (call $r (i32.add (local.get 0) (i32.const 1)))"
	"  (call $r (i32.const 0)))",
	"(if (result i32) (local.get 0)"
	" (then (i32.add (call $r (i32.add (local.get 0) (i32.const 1)))"
	"  (i32.const 1)))"
	" (else (i32.const 9)))",
	"(if (result i32) (local.get 0)"
	" (then (i32.add (call $r (local.get 0)) (i32.const 1)))"
	" (else (i32.add (call $r (local.get 0)) (i32.const 2))))",
	"(if (result i32) (i32.load (i32.and (local.get 0) (i32.const 255)))"
	" (then (i32.const 9))"
	" (else (i32.add (call $r (i32.add (local.get 0) (i32.const 1)))"
	"  (i32.const 1))))",
};

START_TEST(recursion_ends_at_the_limit)
{
	static char body[4000];
	snprintf(body, sizeof body,
		"(func $r (param i32) (result i32) %s)"
		"(func (export \"f\") (param i32) (result i32)"
		" (call $r (local.get 0)))",
		deep[_i]);
	same(body, 2, 0);
}
END_TEST

/* Thrown through inlined bodies, in tries that the caller is in and not. */
START_TEST(exceptions_pass_inlined_bodies)
{
	same("(func $a (param i32) (result i32)"
	     " (if (i32.and (local.get 0) (i32.const 1))"
	     "  (then (throw $e (local.get 0))))"
	     " (call $see (local.get 0)))"
	     "(func $b (param i32) (result i32)"
	     " (i32.add (call $a (local.get 0)) (i32.const 1000)))"
	     "(func $small (param i32) (result i32)"
	     " (i32.div_u (i32.const 100) (local.get 0)))"
	     "(func $c (param i32) (result i32) (local i32)"
	     " (loop $l"
	     "  (local.set 1 (i32.add (local.get 1) (call $b (local.get 0))))"
	     "  (local.set 0 (i32.add (local.get 0) (i32.const 2)))"
	     "  (br_if $l (i32.lt_u (local.get 0) (i32.const 5))))"
	     " (local.get 1))"
	     "(func (export \"f\") (param i32) (result i32) (local i32)"
	     " (local.set 1 (i32.const 5))"
	     " (block $h (result i32)"
	     "  (try_table (result i32) (catch $e $h)"
	     "   (local.set 1 (call $small (i32.sub (i32.const 6)"
	     "    (i32.mul (local.get 0) (i32.const 2)))))"
	     "   (call $c (local.get 0))"
	     "   (local.set 1 (i32.const 7))))"
	     " (i32.add (local.get 1)))",
		4, 1);
}
END_TEST

/* Caught around inlined bodies, with the locals as they were at the calls. */
START_TEST(exceptions_leave_inlined_bodies)
{
	same("(func $may (param i32) (result i32)"
	     " (loop $never"
	     "  (if (i32.eqz (i32.rem_u (local.get 0) (i32.const 3)))"
	     "   (then (throw $e (local.get 0)))))"
	     " (call $see (local.get 0)))"
	     "(func $a (param i32) (result i32) (local i32)"
	     " (local.set 1 (i32.add (local.get 0) (i32.const 1)))"
	     " (local.set 0 (call $may (local.get 0)))"
	     " (if (i32.eq (local.get 1) (i32.const 5))"
	     "  (then (throw $e (i32.const 77))))"
	     " (i32.add (call $may (local.get 1)) (local.get 1)))"
	     "(func $b (param i32) (result i32)"
	     " (i32.mul (call $a (local.get 0)) (i32.const 3)))"
	     "(func (export \"f\") (param i32) (result i32)"
	     " (local i32 i32 i32)"
	     " (loop $l"
	     "  (local.set 2 (local.get 1))"
	     "  (block $h (result i32)"
	     "   (try_table (result i32) (catch $e $h)"
	     "    (local.set 2 (i32.const 1000))"
	     "    (block $i (try_table (catch_all $i)"
	     "     (local.set 2 (i32.add (local.get 2)"
	     "      (call $b (i32.sub (local.get 1) (i32.const 1)))))))"
	     "    (local.set 2 (i32.add (local.get 2)"
	     "     (call $b (local.get 1))))"
	     "    (local.set 2 (i32.add (local.get 2) (i32.const 5)))"
	     "    (i32.const 20000)))"
	     "  (local.set 3 (i32.add (i32.mul (local.get 3) (i32.const 7))"
	     "   (i32.add (local.get 2))))"
	     "  (local.set 1 (i32.add (local.get 1) (i32.const 1)))"
	     "  (br_if $l (i32.lt_u (local.get 1) (i32.const 20))))"
	     " (local.get 3))",
		2, 2);
}
END_TEST

/* In the callee's locals, the caller's and its operands. */
START_TEST(references_in_inlined_bodies_are_found)
{
	same("(func $get (param anyref) (result i32)"
	     " (struct.get $box 0 (ref.cast (ref $box) (local.get 0))))"
	     "(func $a (param anyref) (result anyref) (local anyref)"
	     " (local.set 1 (struct.new $box (i32.const 300)))"
	     " (drop (call $collect (i32.const 0)))"
	     " (struct.new $box (i32.add (call $get (local.get 0))"
	     "  (call $get (local.get 1)))))"
	     "(func (export \"f\") (param i32) (result i32)"
	     " (local anyref i32)"
	     " (loop $l"
	     "  (local.set 1 (struct.new $box (local.get 2)))"
	     "  (struct.new $box (i32.const 20))"
	     "  (call $a (struct.new $box (i32.const 1)))"
	     "  (drop (call $collect (i32.const 0)))"
	     "  (call $get) (local.set 2)"
	     "  (call $get)"
	     "  (local.set 2 (i32.add (local.get 2)))"
	     "  (local.set 2 (i32.add (local.get 2) (call $get (local.get 1))))"
	     "  (local.set 0 (i32.add (local.get 0) (i32.const 1)))"
	     "  (br_if $l (i32.lt_u (local.get 0) (i32.const 20))))"
	     " (call $see (local.get 2)))",
		2, 0);
}
END_TEST

/* Not one more than live: the caller's, and what the callee has yet to use. */
START_TEST(nothing_else_is_found)
{
	static struct shown out;
	run(&(struct jit_config){ .mode = JIT_eager },
		"(func $get (param (ref $box)) (result i32)"
		" (struct.get $box 0 (local.get 0)))"
		"(func $a (param (ref $box) (ref $box)) (result i32)"
		" (i32.add (call $get (local.get 0))"
		"  (i32.add (call $collect (i32.const 0))"
		"   (call $get (local.get 1)))))"
		"(func (export \"f\") (param i32) (result i32)"
		" (local (ref null $box))"
		" (local.set 1 (struct.new $box (i32.const 1000)))"
		" (loop $l"
		"  (local.set 0 (i32.add (local.get 0)"
		"   (call $a (struct.new $box (i32.const 10))"
		"    (struct.new $box (i32.const 100)))))"
		"  (br_if $l (i32.eqz (local.get 0))))"
		" (i32.add (local.get 0)"
		"  (struct.get $box 0 (local.get 1))))",
		1, &out);
	ck_assert_str_eq(out.text, "1112\n");
}
END_TEST

/* Thirty-two values are more than compiled code throws. */
#define INTS " i32 i32 i32 i32 i32 i32 i32 i32"
#define INTS_32 INTS INTS INTS INTS
#define GETS \
	" local.get 0 local.get 0 local.get 0 local.get 0" \
	" local.get 0 local.get 0 local.get 0 local.get 0"

START_TEST(what_is_not_compiled_is_called)
{
	static const struct jit_config eager = { .mode = JIT_eager };
	struct second_counts counts;
	ck_assert(engine_init(&engine, &alloc_default));
	interp_install(&engine);
	ck_assert(jit_install(&engine, &eager));
	struct store *s = store_new(&engine, NULL);
	ck_assert_ptr_nonnull(s);
	struct instance *in = instantiate(s,
		"(tag $many (param" INTS_32 "))"
		"(func $values (param i32) (result" INTS_32
		")" GETS GETS GETS GETS ")"
		"(func $a (call $values (i32.const 0)) (throw $many))"
		"(func (export \"f\") (loop (call $a) (br 0)))");
	engine.second->counts(in->module, &counts);
	ck_assert_uint_eq(counts.compiled, 2);
	ck_assert_uint_eq(counts.refused, 1);
	ck_assert_uint_eq(counts.func, 3);
	store_free(s);
	engine_free(&engine);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("inline");
	TCase *t = tcase_create("inline");
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, frames_of_traps_are_all_there, 0,
		sizeof ends / sizeof *ends);
	tcase_add_loop_test(
		t, results_come_from_all_ways, 0, sizeof ways / sizeof *ways);
	tcase_add_test(t, recursion_traps_where_it_does);
	tcase_add_loop_test(
		t, recursion_ends_at_the_limit, 0, sizeof deep / sizeof *deep);
	tcase_add_test(t, exceptions_pass_inlined_bodies);
	tcase_add_test(t, exceptions_leave_inlined_bodies);
	tcase_add_test(t, references_in_inlined_bodies_are_found);
	tcase_add_test(t, nothing_else_is_found);
	tcase_add_test(t, what_is_not_compiled_is_called);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
