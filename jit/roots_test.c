/*
 * What a collection finds in frames of compiled code: all references that live,
 * and nothing else.  A host function collects and says how many objects it
 * found; each test counts the same by hand.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "interp/interp.h"
#include "interp/loop.h"
#include "jit/jit.h"
#include "spec/collect.h"
#include "spec/engine.h"
#include "spec/link.h"
#include "spec/module.h"
#include "spec/store.h"
#include "spec/text.h"
#include "trap/alloc.h"
#include "trap/arena.h"
#include "trap/error.h"

/* $new n makes an object, $get gives its n; $count collects.  Loops keep them
 * from being built into their callers, which would know what is in objects. */
#define HEAD \
	"(module (type $box (struct (field i32)))" \
	" (type $t (func (result i32)))" \
	" (import \"h\" \"count\" (func $count (type $t)))" \
	" (tag $e (param anyref i32 anyref))" \
	" (func $new (param i32) (result anyref) (loop)" \
	"  (struct.new $box (local.get 0)))" \
	" (func $get (param anyref) (result i32) (loop)" \
	"  (struct.get $box 0 (ref.cast (ref $box) (local.get 0))))" \
	" (func (export \"f\") "

static struct engine engine;
static struct store *store;
static struct instance *in;

static enum status
count(void *env, struct store *s, struct instance *caller, union slot *slots)
{
	uint64_t before = s->heap.stats.visited;
	(void)env;
	(void)caller;
	ck_assert(collect_now(s));
	slots[0] = slot_of_i32((uint32_t)(s->heap.stats.visited - before));
	return STATUS_done;
}

/* An instance of the module that goes on with body. */
static void
open_world(const char *body, enum jit_mode mode)
{
	static char text[1 << 16];
	struct jit_config config = {
		.mode = mode, .patience = 1, .alone = true
	};
	struct error error;
	struct arena arena;
	uint8_t *bytes;
	size_t len;
	snprintf(text, sizeof text, HEAD "%s)", body);
	error_clear(&error);
	arena_init(&arena, &alloc_default);
	ck_assert(engine_init(&engine, &alloc_default));
	interp_install(&engine);
	ck_assert(jit_install(&engine, &config));
	ck_assert_msg(
		text_module(text, strlen(text), &arena, &bytes, &len, &error),
		"%s", error.text);
	struct module *m = module_load(&engine, bytes, len, &error);
	ck_assert_msg(m != NULL, "%s", error.text);
	store = store_new(&engine, NULL);
	ck_assert_ptr_nonnull(store);
	store->heap.poison = true;
	struct external import = { 0 };
	import.u.func = func_new_host(
		store, m->types[m->funcs[0].type].canon, count, NULL, NULL);
	in = instance_new(store, m, &import, &error);
	ck_assert_msg(in != NULL, "%s", error.text);
	module_release(m);
	arena_free(&arena);
}

static void
close_world(void)
{
	store_free(store);
	engine_free(&engine);
}

static bool
is_compiled(uint32_t func)
{
	return instance_func(in, func)->cells ==
	       &loop_tables()->cells[CELL_native];
}

static uint32_t
call(uint32_t argument)
{
	union slot slots[64] = { { argument } };
	ck_assert_int_eq(
		func_call(store, instance_func(in, 3), slots), STATUS_done);
	return slot_i32(slots[0]);
}

/* f of the body, compiled, answers so. */
static void
gives(const char *body, uint32_t argument, uint32_t result)
{
	open_world(body, JIT_eager);
	ck_assert(is_compiled(3));
	for (int twice = 0; twice < 2; twice++)
		ck_assert_uint_eq(call(argument), result);
	close_world();
}

START_TEST(what_lives_is_found)
{
	gives("(param i32) (result i32) (local $a anyref)"
	      " (local.set $a (call $new (i32.const 500)))"
	      " (i32.add (call $count) (call $get (local.get $a))))",
		0, 501);
}
END_TEST

START_TEST(what_is_dead_is_not_found)
{
	gives("(param i32) (result i32) (local $a anyref)"
	      " (local.set $a (call $new (i32.const 500)))"
	      " (i32.add (call $get (local.get $a)) (call $count)))",
		0, 500);
}
END_TEST

START_TEST(an_argument_is_the_callees)
{
	gives("(param i32) (result i32)"
	      " (call $f (call $new (i32.const 1)) (call $new (i32.const "
	      "500))))"
	      " (func $f (param anyref anyref) (result i32)"
	      "  (i32.add (call $count) (call $get (local.get 1))))",
		0, 501);
}
END_TEST

START_TEST(arguments_in_slots_are_found)
{
	gives("(param i32) (result i32)"
	      " (call $f (ref.null any) (ref.null any) (ref.null any)"
	      "  (ref.null any) (ref.null any) (call $new (i32.const 1))"
	      "  (call $new (i32.const 2)) (call $new (i32.const 300))))"
	      " (func $f (param anyref anyref anyref anyref anyref anyref"
	      "  anyref anyref) (result i32)"
	      "  (i32.add (call $count) (i32.add (call $get (local.get 5))"
	      "   (call $get (local.get 7)))))",
		0, 303);
}
END_TEST

/* The home of $a is written on one way alone; on the other one stands in it
 * what a deeper frame left there. */
static const char two_ways[] =
	"(param i32) (result i32) (local $a anyref) (local $n i32)"
	" (drop (call $deep (i32.const 20)))"
	" (block $end (block $other"
	"  (br_if $other (i32.eqz (local.get 0)))"
	"  (local.set $a (call $new (i32.const 500)))"
	"  (local.set $n (call $count))"
	"  (br $end))"
	" (return (call $count)))"
	" (i32.add (local.get $n) (call $get (local.get $a))))"
	" (func $deep (param i32) (result i32) (local $a anyref)"
	"  (local.set $a (call $new (local.get 0)))"
	"  (if (local.get 0) (then"
	"   (drop (call $deep (i32.sub (local.get 0) (i32.const 1))))))"
	"  (drop (call $count))"
	"  (call $get (local.get $a)))";

START_TEST(a_way_without_it_does_not_find_it)
{
	gives(two_ways, 0, 0);
	gives(two_ways, 1, 501);
}
END_TEST

START_TEST(a_loop_finds_what_it_carries_alone)
{
	gives("(param i32) (result i32) (local $a anyref) (local $b anyref)"
	      " (local $n i32) (local $m i32)"
	      " (loop $l"
	      "  (local.set $m (i32.add (local.get $m) (call $count)))"
	      "  (local.set $b (call $new (i32.const 3)))"
	      "  (local.set $m (i32.add (local.get $m) (call $count)))"
	      "  (local.set $m (i32.add (local.get $m)"
	      "   (call $get (local.get $b))))"
	      "  (local.set $a (call $new (local.get $n)))"
	      "  (br_if $l (i32.lt_u (local.tee $n"
	      "   (i32.add (local.get $n) (i32.const 1))) (local.get 0))))"
	      " (i32.add (local.get $m) (call $get (local.get $a))))",
		10, 10 * (0 + 1 + 3) + 9);
	gives("(param i32) (result i32) (local $a anyref)"
	      " (local $n i32) (local $m i32)"
	      " (local.set $a (call $new (i32.const 7)))"
	      " (loop $l"
	      "  (local.set $m (i32.add (local.get $m) (call $count)))"
	      "  (local.set $m (i32.add (local.get $m)"
	      "   (call $get (local.get $a))))"
	      "  (local.set $a (call $new (local.get $n)))"
	      "  (br_if $l (i32.lt_u (local.tee $n"
	      "   (i32.add (local.get $n) (i32.const 1))) (local.get 0))))"
	      " (i32.add (local.get $m) (call $get (local.get $a))))",
		10, 10 + 7 + 36 + 9);
}
END_TEST

START_TEST(functions_are_no_objects)
{
	gives("(param i32) (result i32) (local $f (ref null $t))"
	      " (local.set $f (if (result (ref null $t)) (local.get 0)"
	      "  (then (ref.func $count)) (else (ref.func $other))))"
	      " (i32.add (call $count) (call_ref $t (local.get $f))))"
	      " (func $other (type $t) (i32.const 30))"
	      " (elem declare func $count $other)",
		0, 30);
}
END_TEST

START_TEST(a_payload_lives_until_it_is_thrown)
{
	open_world("(param i32) (result i32)"
		   " (block $h (result anyref i32 anyref)"
		   "  (try_table (catch $e $h) (call $throw))"
		   "  (unreachable))"
		   " (call $get) (i32.add) (local.set 0) (call $get)"
		   " (i32.add (local.get 0)))"
		   " (func $throw (throw $e (call $new (i32.const 1))"
		   "  (i32.const 20) (call $new (i32.const 300))))",
		JIT_eager);
	store->heap.stress = true;
	ck_assert(is_compiled(4));
	ck_assert_uint_eq(call(0), 321);
	close_world();
}
END_TEST

START_TEST(a_loop_is_entered_with_what_lives)
{
	open_world("(param i32) (result i32) (local $a anyref) (local $n i32)"
		   " (local $m i32)"
		   " (local.set $a (call $new (i32.const 7)))"
		   " (loop $l"
		   "  (local.set $m (i32.add (local.get $m) (call $count)))"
		   "  (br_if $l (i32.lt_u (local.tee $n"
		   "   (i32.add (local.get $n) (i32.const 1))) (local.get 0))))"
		   " (i32.add (local.get $m) (call $get (local.get $a))))",
		JIT_on);
	ck_assert_uint_eq(call(100), 107);
	ck_assert(is_compiled(3));
	close_world();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("roots");
	TCase *t = tcase_create("roots");
	tcase_set_timeout(t, 60);
	tcase_add_test(t, what_lives_is_found);
	tcase_add_test(t, what_is_dead_is_not_found);
	tcase_add_test(t, an_argument_is_the_callees);
	tcase_add_test(t, arguments_in_slots_are_found);
	tcase_add_test(t, a_way_without_it_does_not_find_it);
	tcase_add_test(t, a_loop_finds_what_it_carries_alone);
	tcase_add_test(t, functions_are_no_objects);
	tcase_add_test(t, a_payload_lives_until_it_is_thrown);
	tcase_add_test(t, a_loop_is_entered_with_what_lives);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
