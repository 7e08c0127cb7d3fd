#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "host/accept.h"
#include "host/api.h"

#define OVERFLOW SHEAVE_TRAP_STACK_OVERFLOW
#define NO_FUEL SHEAVE_TRAP_OUT_OF_FUEL

START_TEST(f64_self_and_mutual_recursion)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (func $f (export \"f\") (call $f))"
		" (func $a (export \"a\") (call $b))"
		" (func $b (call $a)))");
	traps_twice(in, "f", OVERFLOW);
	traps_twice(in, "a", OVERFLOW);
	world_free(&w);
}
END_TEST

/* How many host calls are open; each uses stack as host functions may. */
static int
use_stack(int *open)
{
	volatile char room[128 << 10];
	++*open;
	for (size_t i = 0; i < sizeof room; i += 1024)
		room[i] = 1;
	--*open;
	return room[1024];
}

static enum sheave_result
visiting(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	(void)caller;
	(void)slots;
	return use_stack(env) == 1 ? SHEAVE_OK : SHEAVE_STOPPED;
}

static enum sheave_result
visiting_values(void *env, struct sheave_caller *caller,
	const struct sheave_value *args, struct sheave_value *results)
{
	(void)caller;
	results[0].of.i32 = args[0].of.i32 + use_stack(env) - 1;
	return SHEAVE_OK;
}

struct reentry {
	struct sheave_instance *in;
	int open, most;
};

/* Enters the guest again, and passes what stops it. */
static enum sheave_result
reentering(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	struct reentry *r = env;
	struct sheave_error *e = NULL;
	uint64_t none[1] = { 0 };
	(void)slots;
	r->open++;
	r->most = r->open > r->most ? r->open : r->most;
	enum sheave_result result = sheave_func_call_slots(
		sheave_instance_func(r->in, "again"), none, &e);
	r->open--;
	return result == SHEAVE_OK ? result : sheave_caller_pass(caller, e);
}

START_TEST(f65_every_call_out_comes_back)
{
	struct world w = world_new(NULL, NULL);
	int open = 0;
	struct reentry r = { NULL, 0, 0 };
	sheave_linker_func_slots(
		w.linker, "host", "visit", ":", visiting, &open, NULL, NULL);
	sheave_linker_func(w.linker, "host", "value", "i:i", visiting_values,
		&open, NULL, NULL);
	sheave_linker_func_slots(
		w.linker, "host", "again", ":", reentering, &r, NULL, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (import \"host\" \"visit\" (func $visit))"
		" (import \"host\" \"value\" (func $value (param i32)"
		"  (result i32)))"
		" (import \"host\" \"again\" (func $again)) (memory 1)"
		" (func $a (export \"a\") (call $visit) (call $a))"
		" (func $b (export \"b\") (drop (call $value (i32.const 1)))"
		"  (call $b))"
		" (func $c (export \"c\") (drop (memory.grow (i32.const 0)))"
		"  (call $c))"
		" (func $d (export \"d\") (param f32) (call $d"
		"  (f32.ceil (f32.add (local.get 0) (f32.const 0.5)))))"
		" (func $e (export \"again\") (call $again) (call $e)))");
	traps_twice(in, "a", OVERFLOW);
	traps_twice(in, "b", OVERFLOW);
	traps_twice(in, "c", OVERFLOW);
	traps_twice(in, "d", OVERFLOW, 1.0);
	r.in = in;
	traps_twice(in, "again", OVERFLOW);
	ck_assert_int_eq(open, 0);
	ck_assert_int_eq(r.open, 0);
	ck_assert_int_eq(r.most, 100);
	world_free(&w);
}
END_TEST

START_TEST(f66_a_huge_frame_works)
{
	enum { VALUES = 10000 };
	struct world w = world_new(NULL, NULL);
	char *text = malloc(VALUES * 32);
	ck_assert_ptr_nonnull(text);
	size_t at = (size_t)sprintf(text,
		"(module (func (export \"f\") (param i32) (result i32)\n");
	for (int i = 0; i < VALUES; i++)
		at += (size_t)sprintf(text + at, "local.get 0 call 1\n");
	for (int i = 1; i < VALUES; i++)
		at += (size_t)sprintf(text + at, "i32.add\n");
	sprintf(text + at, ") (func (param i32) (result i32)"
			   " (i32.add (local.get 0) (i32.const 1))))");
	struct sheave_instance *in = world_instance(&w, NULL, text);
	ck_assert_uint_eq(calls(in, "f", 6u), 7 * VALUES);
	free(text);
	world_free(&w);
}
END_TEST

START_TEST(f67_the_largest_stack)
{
	static const uint64_t sizes[] = { 1, UINT64_MAX, UINT64_MAX - 15,
		(uint64_t)1 << 63, (uint64_t)1 << 48 };
	struct world w = world_new(NULL, NULL);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct sheave_limits limits = { .stack_bytes = sizes[i] };
		struct sheave_error *e = NULL;
		struct sheave_store *s =
			sheave_store_new(w.engine, &limits, &e);
		ck_assert((s == NULL) == (e != NULL));
		if (e != NULL)
			ck_assert_int_eq(
				sheave_error_kind(e), SHEAVE_ERROR_MEMORY);
		sheave_error_free(e);
		sheave_store_free(s);
	}
	world_free(&w);
}
END_TEST

START_TEST(f68_the_store_works_after_an_overflow)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (func $f (export \"f\") (call $f))"
		" (func (export \"g\") (result i32) (i32.const 4))"
		" (func $h (export \"h\") (unreachable)))");
	traps_twice(in, "f", OVERFLOW);
	ck_assert_uint_eq(calls(in, "g"), 4);
	struct sheave_error *e = stops(in, "h");
	has_frames(e, "h");
	is_trap(e, SHEAVE_TRAP_UNREACHABLE);
	world_free(&w);
}
END_TEST

static struct world
world_with_fuel(void)
{
	struct sheave_config config = { .fuel = true };
	struct world w = world_new(&config, NULL);
	sheave_store_set_fuel(w.store, 1000000);
	return w;
}

START_TEST(i92_fuel_ends_every_kind_of_loop)
{
	static const char *const bodies[] = { "(loop (br 0))",
		"(loop (br_if 0 (i32.const 1)))",
		"(loop (br_table 0 0 0 (i32.const 1)))",
		"(loop (block (br_table 1 0 (i32.const 0))))",
		"(block (loop (br_if 1 (i32.const 0)) (br 0)))",
		"(call $tree (i32.const 40))" };
	struct world w = world_with_fuel();
	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
		char text[512];
		snprintf(text, sizeof text,
			"(module (func (export \"f\") %s)"
			" (func $tree (param i32)"
			"  (if (local.get 0) (then"
			"   (call $tree (i32.sub (local.get 0) (i32.const 1)))"
			"   (call $tree (i32.sub (local.get 0)"
			"    (i32.const 1)))))))",
			bodies[i]);
		struct sheave_instance *in = world_instance(&w, NULL, text);
		sheave_store_set_fuel(w.store, 10000);
		is_trap(stops(in, "f"), NO_FUEL);
		ck_assert_uint_eq(sheave_store_fuel(w.store), 0);
	}
	world_free(&w);
}
END_TEST

START_TEST(i92_bulk_operations_are_charged)
{
	static const char *const names[] = { "fill", "copy", "init", "tfill",
		"tcopy", "tinit" };
	struct world w = world_with_fuel();
	char text[24576], *at = text;
	at += sprintf(at,
		"(module (memory 1) (table 20000 funcref) (func $f)"
		" (data $d \"%020000d\")",
		0);
	sprintf(at,
		" (elem $e func %s)"
		" (func (export \"fill\") (memory.fill (i32.const 0)"
		"  (i32.const 1) (i32.const 20000)))"
		" (func (export \"copy\") (memory.copy (i32.const 1)"
		"  (i32.const 0) (i32.const 20000)))"
		" (func (export \"init\") (memory.init $d (i32.const 0)"
		"  (i32.const 0) (i32.const 20000)))"
		" (func (export \"tfill\") (table.fill (i32.const 0)"
		"  (ref.null func) (i32.const 20000)))"
		" (func (export \"tcopy\") (table.copy (i32.const 0)"
		"  (i32.const 1) (i32.const 19999)))"
		" (func (export \"tinit\") (table.init $e (i32.const 0)"
		"  (i32.const 0) (i32.const 40))))",
		"$f $f $f $f $f $f $f $f $f $f $f $f $f $f $f $f $f $f $f $f "
		"$f $f $f $f $f $f $f $f $f $f $f $f $f $f $f $f $f $f $f $f");
	struct sheave_instance *in = world_instance(&w, NULL, text);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		uint64_t much = i == 5 ? 30 : 10000;
		sheave_store_set_fuel(w.store, much);
		is_trap(stops(in, names[i]), NO_FUEL);
		sheave_store_set_fuel(w.store, 3 * much);
		calls(in, names[i]);
		ck_assert_uint_lt(sheave_store_fuel(w.store), much + 20);
	}
	world_free(&w);
}
END_TEST

START_TEST(i93_instructions_cost_one)
{
	static const struct {
		const char *body;
		uint64_t cost; /* with 1 for the entry */
		bool traps;
	} rows[] = {
		{ "", 1, false },
		{ "(nop) (nop)", 1, false },
		{ "(drop (i32.const 1))", 2, false },
		{ "(block) (loop)", 1, false },
		{ "(block (br 0))", 2, false },
		{ "(return)", 1, false },
		{ "(unreachable)", 1, true },
		{ "(drop (i32.const 1)) (unreachable) (drop (i32.const 2))", 2,
			true },
		{ "(drop (i32.const 1)) (return) (drop (i32.const 2))", 2,
			false },
		{ "(if (i32.const 1) (then (nop)) (else (nop)))", 3, false },
		{ "(drop (i32.add (i32.const 1) (i32.const 2)))", 4, false },
		{ "(drop (memory.grow (i32.const 0)))", 3, false },
		{ "(call $empty)", 3, false },
		{ "(local i32) (loop (br_if 0 (i32.lt_u (local.tee 0"
		  " (i32.add (local.get 0) (i32.const 1))) (i32.const 3))))",
			22, false },
	};
	struct world w = world_with_fuel();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[512];
		snprintf(text, sizeof text,
			"(module (memory 1) (func $empty)"
			" (func (export \"f\") %s))",
			rows[i].body);
		struct sheave_instance *in = world_instance(&w, NULL, text);
		sheave_store_set_fuel(w.store, 1000);
		if (rows[i].traps)
			is_trap(stops(in, "f"), SHEAVE_TRAP_UNREACHABLE);
		else
			calls(in, "f");
		ck_assert_msg(1000 - sheave_store_fuel(w.store) == rows[i].cost,
			"%s: %d, not %d", rows[i].body,
			(int)(1000 - sheave_store_fuel(w.store)),
			(int)rows[i].cost);
	}
	sheave_store_set_fuel(w.store, 1000);
	world_instance(&w, NULL, "(module (func $s) (start $s))");
	ck_assert_uint_eq(sheave_store_fuel(w.store), 999);
	world_free(&w);
}
END_TEST

START_TEST(i94_fuel_is_compared_at_entries_and_loops)
{
	struct world w = world_with_fuel();
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (func (export \"f\")) (func (export \"g\")"
		" (drop (i32.const 1)) (drop (i32.const 1))))");
	sheave_store_set_fuel(w.store, 1);
	is_trap(stops(in, "f"), NO_FUEL);
	ck_assert_uint_eq(sheave_store_fuel(w.store), 0);
	is_trap(stops(in, "f"), NO_FUEL);
	sheave_store_set_fuel(w.store, 2);
	calls(in, "f");
	ck_assert_uint_eq(sheave_store_fuel(w.store), 1);
	sheave_store_set_fuel(w.store, UINT64_MAX);
	calls(in, "g");
	ck_assert_uint_gt(sheave_store_fuel(w.store), UINT64_MAX / 4);
	world_free(&w);

	w = world_new(NULL, NULL);
	ck_assert(!sheave_store_set_fuel(w.store, 5));
	world_free(&w);
}
END_TEST

static enum sheave_result
seeing_fuel(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	uint64_t *seen = env;
	struct sheave_store *s = sheave_caller_store(caller);
	(void)slots;
	*seen = sheave_store_fuel(s);
	sheave_store_set_fuel(s, 1);
	return SHEAVE_OK;
}

START_TEST(i95_the_host_sees_and_sets_fuel)
{
	struct world w = world_with_fuel();
	uint64_t seen = 0;
	sheave_linker_func_slots(
		w.linker, "host", "fuel", ":", seeing_fuel, &seen, NULL, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (import \"host\" \"fuel\" (func $h)) (func $next)"
		" (func (export \"f\") (drop (i32.const 1)) (call $h)"
		" (call $next)))");
	sheave_store_set_fuel(w.store, 100);
	is_trap(stops(in, "f"), NO_FUEL);
	/* entry, i32.const, call */
	ck_assert_uint_eq(seen, 97);
	world_free(&w);
}
END_TEST

static enum sheave_result
interrupting(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	(void)env;
	(void)slots;
	sheave_store_interrupt(sheave_caller_store(caller));
	return SHEAVE_OK;
}

START_TEST(i96_an_interrupt_before_the_call_stops_it)
{
	struct sheave_config config = { .interruptible = true };
	struct world w = world_new(&config, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (func (export \"f\") (result i32) (i32.const 2)))");
	sheave_store_interrupt(w.store);
	traps_twice(in, "f", SHEAVE_TRAP_INTERRUPT);
	is_trap(world_fails(
			&w, "(module (func $s) (start $s))", SHEAVE_STOPPED),
		SHEAVE_TRAP_INTERRUPT);
	sheave_store_resume(w.store);
	ck_assert_uint_eq(calls(in, "f"), 2);
	world_free(&w);
}
END_TEST

START_TEST(q210_a_bulk_operation_ends_soon)
{
	struct sheave_config config = { .interruptible = true };
	struct world w = world_new(&config, NULL);
	sheave_linker_func_slots(
		w.linker, "host", "stop", ":", interrupting, NULL, NULL, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (import \"host\" \"stop\" (func $stop))"
		" (memory (export \"m\") 64)"
		" (func (export \"f\") (call $stop)"
		"  (memory.fill (i32.const 0) (i32.const 1)"
		"   (i32.const 4194304))))");
	is_trap(stops(in, "f"), SHEAVE_TRAP_INTERRUPT);
	ck_assert_uint_eq(
		sheave_memory_data(sheave_instance_memory(in, "m"))[4194303],
		0);
	sheave_store_resume(w.store);
	is_trap(stops(in, "f"), SHEAVE_TRAP_INTERRUPT);
	world_free(&w);
}
END_TEST

/* How deep a recursion goes in a stack of that size. */
static uint64_t
depth_of(uint64_t stack_bytes)
{
	struct sheave_limits limits = { .stack_bytes = stack_bytes };
	struct world w = world_new(NULL, &limits);
	struct sheave_value v;
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (global $n (export \"n\") (mut i32) (i32.const 0))"
		" (func $f (export \"f\") (param i64 i64 i64)"
		"  (global.set $n (i32.add (global.get $n) (i32.const 1)))"
		"  (call $f (local.get 0) (local.get 1) (local.get 2))))");
	is_trap(stops(in, "f", (uint64_t)1, (uint64_t)2, (uint64_t)3),
		OVERFLOW);
	sheave_global_get(sheave_instance_global(in, "n"), &v);
	world_free(&w);
	return (uint64_t)v.of.i32;
}

START_TEST(k110_overflow_comes_exactly_at_the_end)
{
	if (world_compiles()) /* the item is of the interpreter's stack */
		return;
	uint64_t small = 65536, large = 1048576, depth = depth_of(small);
	uint64_t frame = (large - small) / (depth_of(large) - depth);
	frame = (frame + 4) / 8 * 8;
	ck_assert_uint_ge(frame, 4 * 8);
	ck_assert_uint_le(depth * frame, small);
	ck_assert_uint_gt((depth + 2) * frame + 64, small);
	for (uint64_t i = 0; i < 10; i++)
		ck_assert_uint_eq(
			depth_of(small + 2 * i * frame), depth + 2 * i);
}
END_TEST

static double
seconds(void)
{
	struct timespec t;
	timespec_get(&t, TIME_UTC);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static enum sheave_result
stamping(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	double *at = env;
	(void)caller;
	(void)slots;
	*at = seconds();
	return SHEAVE_OK;
}

START_TEST(q205_unwinding_costs_the_same_at_every_depth)
{
	static const uint32_t depths[] = { 10, 100000 };
	struct world w = world_new(NULL, NULL);
	double at = 0, best[2] = { 1, 1 };
	/* or compiled frames overflow before they are as deep */
	w.store->store->ctx.stack_budget = 4 << 20;
	sheave_store_set_max_frames(w.store, 0);
	sheave_linker_func_slots(
		w.linker, "host", "stamp", ":", stamping, &at, NULL, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (import \"host\" \"stamp\" (func $stamp))"
		" (func $f (export \"f\") (param i32)"
		"  (if (i32.eqz (local.get 0)) (then (call $stamp)"
		"   (unreachable)))"
		"  (call $f (i32.sub (local.get 0) (i32.const 1)))))");
	struct sheave_func *f = sheave_instance_func(in, "f");
	for (int i = 0; i < 60; i++) {
		uint64_t slots[1] = { depths[i % 2] };
		struct sheave_error *e = NULL;
		sheave_func_call_slots(f, slots, &e);
		double took = seconds() - at;
		best[i % 2] = took < best[i % 2] ? took : best[i % 2];
		is_trap(e, SHEAVE_TRAP_UNREACHABLE);
	}
	/* Cold caches aside: a step for each frame would take twice that. */
	ck_assert_msg(
		best[1] <= 2 * best[0] + 5e-5, "%g and %g s", best[0], best[1]);
	world_free(&w);
}
END_TEST

static void
add(TCase *t)
{
#define ELSEWHERE(number, where)
#define LATER(number, feature)
#define NEVER(number, reason)
#define TESTED(number, file, test) TESTED_##file(test)
#define TESTED_trap(test)
#define TESTED_except(test)
#define TESTED_frame(test)
#define TESTED_host(test)
#define TESTED_stop(test) tcase_add_test(t, test);
#define TESTED_process(test)
#define TESTED_thread(test)
#include "host/acceptance.def"
}

int
main(void)
{
	return accept_run("stop", add);
}
