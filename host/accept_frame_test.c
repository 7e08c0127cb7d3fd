#include <stdio.h>
#include <stdlib.h>

#include "host/accept.h"

/* Fails, with itself as payload. */
static enum sheave_result
failing(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	(void)slots;
	return sheave_caller_fail(caller, "this host function fails", env);
}

/* Calls the export "c" of its environment, an instance, and passes failure. */
static enum sheave_result
calling(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	struct sheave_instance *const *in = env;
	struct sheave_error *e = NULL;
	uint64_t none[1] = { 0 };
	(void)slots;
	if (sheave_func_call_slots(sheave_instance_func(*in, "c"), none, &e) ==
		SHEAVE_OK)
		return SHEAVE_OK;
	return sheave_caller_pass(caller, e);
}

static void
define(struct world *w, const char *name, sheave_host_slots_fn *fn, void *env)
{
	ck_assert(sheave_linker_func_slots(
		w->linker, "host", name, ":", fn, env, NULL, NULL));
}

START_TEST(b18_frames_are_innermost_first_and_exact)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_frame f;
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module $hello_mod (func (export \"run\") (call $hello))"
		" (func $hello (unreachable)))");
	struct sheave_error *e = stops(in, "run");
	ck_assert_uint_eq(sheave_error_frame_count(e), 2);
	ck_assert(sheave_error_frame(e, 0, &f));
	ck_assert_str_eq(f.module_name, "hello_mod");
	ck_assert_uint_eq(f.func_index, 1);
	ck_assert_str_eq(f.func_name, "hello");
	ck_assert_uint_eq(f.func_offset, 1);
	ck_assert_uint_eq(f.module_offset, 0x26);
	ck_assert(sheave_error_frame(e, 1, &f));
	ck_assert_str_eq(f.module_name, "hello_mod");
	ck_assert_uint_eq(f.func_index, 0);
	ck_assert_ptr_null(f.func_name);
	ck_assert_uint_eq(f.func_offset, 1);
	ck_assert_uint_eq(f.module_offset, 0x21);
	ck_assert(!sheave_error_frame(e, 2, &f));
	is_trap(e, SHEAVE_TRAP_UNREACHABLE);
	world_free(&w);
}
END_TEST

START_TEST(b19_backtraces_print)
{
	struct world w = world_new(NULL, NULL);
	char text[256];
	struct sheave_error *e =
		stops(world_instance(&w, NULL,
			      "(module $m (func (export \"f\") (call $g))"
			      " (func $g (unreachable)))"),
			"f");
	const char *whole = "wasm trap: unreachable\n"
			    "error while executing at wasm backtrace:\n"
			    "  0: 0x24 - m!g\n"
			    "  1: 0x1f - m!<wasm function 0>\n";
	ck_assert_uint_eq(
		sheave_error_format(e, text, sizeof text), strlen(whole));
	ck_assert_str_eq(text, whole);
	ck_assert_uint_eq(sheave_error_format(e, text, 10), strlen(whole));
	ck_assert_str_eq(text, "wasm trap");
	sheave_error_free(e);
	e = stops(world_instance(&w, NULL,
			  "(module (func (export \"f\") unreachable))"),
		"f");
	sheave_error_format(e, text, sizeof text);
	ck_assert_ptr_nonnull(strstr(text, "<unknown>!<wasm function 0>\n"));
	sheave_error_free(e);
	world_free(&w);
}
END_TEST

START_TEST(b20_frames_of_several_instances)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_frame f;
	world_instance(&w, "a",
		"(module $a (func $die (export \"die\") (unreachable)))");
	world_instance(&w, "b",
		"(module $b (import \"a\" \"die\" (func $die))"
		" (func $middle (export \"middle\") (call $die)))");
	struct sheave_error *e =
		stops(world_instance(&w, NULL,
			      "(module $c (import \"b\" \"middle\" (func $m))"
			      " (func $foo (export \"f\") (call $bar))"
			      " (func $bar (call $m)))"),
			"f");
	has_frames(e, "die middle bar foo");
	ck_assert(sheave_error_frame(e, 0, &f));
	ck_assert_str_eq(f.module_name, "a");
	ck_assert(sheave_error_frame(e, 1, &f));
	ck_assert_str_eq(f.module_name, "b");
	ck_assert(sheave_error_frame(e, 3, &f));
	ck_assert_str_eq(f.module_name, "c");
	sheave_error_free(e);
	world_free(&w);
}
END_TEST

START_TEST(b21_host_errors_begin_at_the_caller)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_frame f;
	define(&w, "fail", failing, &w);
	struct sheave_error *e =
		stops(world_instance(&w, NULL,
			      "(module (import \"host\" \"fail\" (func $h))"
			      " (func $foo (export \"f\") (call $bar))"
			      " (func $bar (nop) (call $h)))"),
			"f");
	ck_assert_int_eq(sheave_error_kind(e), SHEAVE_ERROR_HOST);
	ck_assert_str_eq(sheave_error_message(e), "this host function fails");
	ck_assert_ptr_eq(sheave_error_payload(e), &w);
	ck_assert_int_eq(sheave_error_trap(e), -1);
	has_frames(e, "bar foo");
	ck_assert(sheave_error_frame(e, 0, &f));
	ck_assert_uint_eq(f.func_offset, 2);
	sheave_error_free(e);
	world_free(&w);
}
END_TEST

START_TEST(b22_backtraces_can_be_off)
{
	struct world w = world_new(NULL, NULL);
	define(&w, "fail", failing, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (import \"host\" \"fail\" (func $h))"
		" (func (export \"f\") (unreachable))"
		" (func (export \"g\") (call $h)))");
	sheave_store_set_max_frames(w.store, 0);
	struct sheave_error *e = stops(in, "f");
	ck_assert_uint_eq(sheave_error_frame_count(e), 0);
	is_trap(e, SHEAVE_TRAP_UNREACHABLE);
	e = stops(in, "g");
	ck_assert_uint_eq(sheave_error_frame_count(e), 0);
	ck_assert_str_eq(sheave_error_message(e), "this host function fails");
	sheave_error_free(e);
	world_free(&w);
}
END_TEST

START_TEST(b23_frames_are_capped)
{
	static const uint32_t counts[][2] = { { 20, 10 }, { 5, 5 }, { 0, 0 } };
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (func $f (export \"f\") (param i32)"
		" (if (i32.eqz (local.get 0)) (then (unreachable)))"
		" (call $f (i32.sub (local.get 0) (i32.const 1)))))");
	for (int i = 0; i < 3; i++) {
		sheave_store_set_max_frames(w.store, counts[i][0]);
		struct sheave_error *e = stops(in, "f", 9u);
		ck_assert_uint_eq(sheave_error_frame_count(e), counts[i][1]);
		sheave_error_free(e);
	}
	world_free(&w);
}
END_TEST

START_TEST(b24_overflow_gives_the_innermost_frames)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_frame f;
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (func $again (export \"f\") (call $again)))");
	sheave_store_set_max_frames(w.store, 50);
	struct sheave_error *e = stops(in, "f");
	ck_assert_uint_eq(sheave_error_frame_count(e), 50);
	for (uint32_t i = 0; i < 50; i++) {
		ck_assert(sheave_error_frame(e, i, &f));
		ck_assert_str_eq(f.func_name, "again");
	}
	is_trap(e, SHEAVE_TRAP_STACK_OVERFLOW);
	world_free(&w);
}
END_TEST

struct capture {
	uint32_t n, forced;
	struct sheave_frame frames[8];
};

static enum sheave_result
capturing(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	struct capture *c = env;
	struct sheave_store *s = sheave_caller_store(caller);
	struct sheave_frame frames[8];
	(void)slots;
	c->n = sheave_store_backtrace(s, c->frames, 8, false);
	c->forced = sheave_store_backtrace(s, frames, 8, true);
	return SHEAVE_OK;
}

START_TEST(b25_a_host_function_captures_its_callers)
{
	struct world w = world_new(NULL, NULL);
	struct capture c = { 9, 9, { { 0 } } };
	define(&w, "capture", capturing, &c);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (import \"host\" \"capture\" (func $h))"
		" (export \"host\" (func $h))"
		" (func $foo (export \"f\") (call $bar))"
		" (func $bar (call $h)))");
	calls(in, "f");
	ck_assert_uint_eq(c.n, 2);
	ck_assert_uint_eq(c.forced, 2);
	ck_assert_str_eq(c.frames[0].func_name, "bar");
	ck_assert_str_eq(c.frames[1].func_name, "foo");
	calls(in, "host");
	ck_assert_uint_eq(c.n, 0);
	ck_assert_uint_eq(c.forced, 0);
	ck_assert_uint_eq(
		sheave_store_backtrace(w.store, c.frames, 8, true), 0);
	sheave_store_set_max_frames(w.store, 0);
	calls(in, "f");
	ck_assert_uint_eq(c.n, 0);
	ck_assert_uint_eq(c.forced, 2);
	world_free(&w);
}
END_TEST

START_TEST(b27_errors_outlive_modules_and_stores)
{
	struct world w = world_new(NULL, NULL);
	char text[256];
	struct sheave_error *e =
		stops(world_instance(&w, NULL,
			      "(module $gone (func $f (export \"f\")"
			      " (unreachable)))"),
			"f");
	world_free(&w);
	sheave_error_format(e, text, sizeof text);
	ck_assert_ptr_nonnull(strstr(text, "gone!f\n"));
	sheave_error_free(e);
}
END_TEST

START_TEST(b28_fifteen_parameters_on_both_ways_in)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_value args[15];
	uint64_t slots[15];
	struct sheave_error *e = NULL;
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (type $t (func (param i64 i64 i64 i64 i64 i64 i64 i64"
		" i64 i64 i64 i64 i64 i64 i64)))"
		" (func $f (export \"f\") (type $t)"
		" (call $g (local.get 0) (local.get 1) (local.get 2)"
		" (local.get 3) (local.get 4) (local.get 5) (local.get 6)"
		" (local.get 7) (local.get 8) (local.get 9) (local.get 10)"
		" (local.get 11) (local.get 12) (local.get 13)"
		" (local.get 14)))"
		" (func $g (type $t) (if (i64.eq (local.get 14)"
		" (i64.const 14)) (then (unreachable)))))");
	for (int i = 0; i < 15; i++) {
		args[i].type = SHEAVE_I64;
		args[i].of.i64 = i;
		slots[i] = (uint64_t)i;
	}
	struct sheave_func *f = sheave_instance_func(in, "f");
	ck_assert_int_eq(
		sheave_func_call(f, args, 15, NULL, 0, &e), SHEAVE_STOPPED);
	has_frames(e, "g f");
	is_trap(e, SHEAVE_TRAP_UNREACHABLE);
	ck_assert_int_eq(sheave_func_call_slots(f, slots, &e), SHEAVE_STOPPED);
	has_frames(e, "g f");
	is_trap(e, SHEAVE_TRAP_UNREACHABLE);
	world_free(&w);
}
END_TEST

/* What a host function of one store does with the next one. */
struct nest {
	struct world w;
	struct sheave_instance *in;
	struct nest *inner;
	struct capture capture;
};

static enum sheave_result
nesting(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	struct nest *n = env;
	if (n->inner != NULL)
		calls(n->inner->in, "f");
	return capturing(&n->capture, caller, slots);
}

START_TEST(b29_nested_stores_see_their_own_frames)
{
	struct nest nests[3];
	memset(nests, 0, sizeof nests);
	for (int i = 0; i < 3; i++) {
		struct nest *n = &nests[i];
		n->w = world_new(NULL, NULL);
		n->inner = i < 2 ? &nests[i + 1] : NULL;
		define(&n->w, "again", calling, &n->in);
		define(&n->w, "nest", nesting, n);
		n->in = world_instance(&n->w, NULL,
			"(module (import \"host\" \"again\" (func $again))"
			" (import \"host\" \"nest\" (func $nest))"
			" (func $a (export \"f\") (call $b))"
			" (func $b (call $again))"
			" (func $c (export \"c\") (call $nest)))");
	}
	calls(nests[0].in, "f");
	for (int i = 0; i < 3; i++) {
		struct capture *c = &nests[i].capture;
		ck_assert_uint_eq(c->n, 3);
		ck_assert_str_eq(c->frames[0].func_name, "c");
		ck_assert_str_eq(c->frames[1].func_name, "b");
		ck_assert_str_eq(c->frames[2].func_name, "a");
	}
	for (int i = 0; i < 3; i++)
		world_free(&nests[i].w);
}
END_TEST

START_TEST(b30_an_earlier_run_leaves_no_frames)
{
	struct world w = world_new(NULL, NULL);
	define(&w, "fail", failing, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (import \"host\" \"fail\" (func $h))"
		" (export \"h\" (func $h)) (func $f (export \"f\") (call "
		"$h)))");
	struct sheave_error *e = stops(in, "f");
	has_frames(e, "f");
	sheave_error_free(e);
	e = stops(in, "h");
	ck_assert_uint_eq(sheave_error_frame_count(e), 0);
	sheave_error_free(e);
	world_free(&w);
}
END_TEST

START_TEST(b31_tail_calls_leave_no_frames)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (table funcref (elem $abort))"
		" (func $abort (param i32 i32 i32) unreachable)"
		" (func $foo (param i32 i32 i32)"
		"  (call $abort (local.get 2) (local.get 1) (local.get 0)))"
		" (func $last (export \"direct\") (return_call $abort"
		"  (i32.const 1) (i32.const 2) (i32.const 3)))"
		" (func (export \"indirect\") (return_call_indirect"
		"  (param i32 i32 i32) (i32.const 1) (i32.const 2)"
		"  (i32.const 3) (i32.const 0)))"
		" (func (export \"between\") (return_call $foo"
		"  (i32.const 1) (i32.const 2) (i32.const 3)))"
		" (func $caller (export \"caller\") (call $last)))");
	static const char *const cases[][2] = { { "direct", "abort" },
		{ "indirect", "abort" }, { "between", "abort foo" },
		{ "caller", "abort caller" } };
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct sheave_error *e = stops(in, cases[i][0]);
		has_frames(e, cases[i][1]);
		sheave_error_free(e);
	}
	world_free(&w);
}
END_TEST

START_TEST(b32_no_frame_between_entry_and_exit)
{
	struct world w = world_new(NULL, NULL);
	define(&w, "fail", failing, NULL);
	struct sheave_error *e = world_fails(&w,
		"(module (import \"host\" \"fail\" (func $h)) (start $h))",
		SHEAVE_STOPPED);
	ck_assert_str_eq(sheave_error_message(e), "this host function fails");
	ck_assert_uint_eq(sheave_error_frame_count(e), 0);
	sheave_error_free(e);
	world_free(&w);
}
END_TEST

enum { NFUNCS = 6, MOST = 40 };

/*
 * Functions f0 .. that push their number on a stack in memory (depth at 0,
 * numbers from 1024 on), and go on as a script at 2048 says: a byte for each
 * depth, 255 to trap, else a function, +64 to go through the host.
 */
static void
recorder_module(char *text, size_t bytes)
{
	size_t at = (size_t)snprintf(text, bytes,
		"(module (import \"host\" \"again\" (func $again))"
		" (memory (export \"m\") 1)"
		" (table %d funcref) (type $v (func))"
		" (func $next (result i32) (i32.load8_u offset=2047"
		"  (i32.load (i32.const 0))))"
		" (func $enter (param i32)"
		"  (i32.store8 offset=1024 (i32.load (i32.const 0))"
		"   (local.get 0))"
		"  (i32.store (i32.const 0) (i32.add (i32.const 1)"
		"   (i32.load (i32.const 0)))))"
		" (func (export \"c\") (call_indirect (type $v)"
		"  (i32.and (call $next) (i32.const 63))))",
		NFUNCS);
	for (int i = 0; i < NFUNCS; i++)
		at += (size_t)snprintf(text + at, bytes - at,
			" (elem (i32.const %d) $f%d)"
			" (func $f%d (local i32)"
			"  (call $enter (i32.const %d))"
			"  (local.set 0 (call $next))"
			"  (if (i32.eq (local.get 0) (i32.const 255))"
			"   (then (unreachable)))"
			"  (if (i32.ge_u (local.get 0) (i32.const 64))"
			"   (then (call $again)) (else (call_indirect"
			"    (type $v) (local.get 0)))))",
			i, i, i, i);
	snprintf(text + at, bytes - at, ")");
}

/* The trace has the recorded functions; "c" and its caller's are between. */
static void
same_stack(const struct sheave_error *e, const uint8_t *m)
{
	char name[3] = "f0";
	uint32_t depth = m[0], frames = 0;
	struct sheave_frame f;
	for (uint32_t i = 0; sheave_error_frame(e, i, &f); i++) {
		if (f.func_name == NULL)
			continue;
		ck_assert_uint_gt(depth, frames);
		name[1] = (char)('0' + m[1024 + depth - 1 - frames]);
		ck_assert_str_eq(f.func_name, name);
		frames++;
	}
	ck_assert_uint_gt(frames, 0);
	ck_assert(frames == depth || sheave_error_frame_count(e) == 64);
}

START_TEST(b33_the_guest_records_the_same_stack)
{
	char text[8192];
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *in = NULL;
	uint32_t seed = 1;
	sheave_store_set_max_frames(w.store, 64);
	define(&w, "again", calling, &in);
	recorder_module(text, sizeof text);
	in = world_instance(&w, NULL, text);
	uint8_t *m = sheave_memory_data(sheave_instance_memory(in, "m"));
	for (int round = 0; round < 500; round++) {
		uint32_t depth = 1 + round % MOST;
		memset(m, 0, 4);
		for (uint32_t i = 0; i <= depth; i++) {
			seed = seed * 1103515245 + 12345;
			m[2047 + i] = (uint8_t)((seed >> 16) % NFUNCS +
						(seed >> 24) % 2 * 64);
		}
		m[2047 + depth] = 255;
		struct sheave_error *e = stops(in, "c");
		same_stack(e, m);
		is_trap(e, SHEAVE_TRAP_UNREACHABLE);
	}
	world_free(&w);
}
END_TEST

static enum sheave_result
trapping(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	(void)env;
	(void)slots;
	return sheave_caller_trap(caller, SHEAVE_TRAP_UNREACHABLE);
}

START_TEST(b35_fields_of_a_single_frame)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_frame f;
	define(&w, "trap", trapping, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (import \"host\" \"trap\" (func $h))"
		" (export \"h\" (func $h))"
		" (func (export \"f\") (nop) (unreachable)))");
	struct sheave_error *e = stops(in, "f");
	ck_assert_uint_eq(sheave_error_frame_count(e), 1);
	ck_assert(sheave_error_frame(e, 0, &f));
	ck_assert_uint_eq(f.func_index, 1);
	ck_assert_uint_eq(f.func_offset, 2);
	ck_assert_uint_gt(f.module_offset, 40);
	is_trap(e, SHEAVE_TRAP_UNREACHABLE);
	e = stops(in, "h");
	ck_assert_uint_eq(sheave_error_frame_count(e), 0);
	is_trap(e, SHEAVE_TRAP_UNREACHABLE);
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
#define TESTED_frame(test) tcase_add_test(t, test);
#define TESTED_host(test)
#define TESTED_stop(test)
#define TESTED_process(test)
#define TESTED_thread(test)
#include "host/acceptance.def"
}

int
main(void)
{
	return accept_run("frame", add);
}
