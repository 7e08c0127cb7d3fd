#include <stdio.h>
#include <stdlib.h>

#include "host/accept.h"

/* The error is an exception of the tag with n values; values are filled in. */
static void
is_exception(const struct sheave_error *e, const struct sheave_tag *tag,
	struct sheave_value *values, size_t n)
{
	ck_assert_int_eq(sheave_error_kind(e), SHEAVE_ERROR_EXCEPTION);
	ck_assert_int_eq(sheave_error_trap(e), SHEAVE_TRAP_UNCAUGHT_EXCEPTION);
	ck_assert_ptr_eq(sheave_error_tag(e), tag);
	ck_assert_uint_eq(sheave_error_values(e, values, n), n);
}

/* A world in which every allocation collects. */
static struct world
stressed(void)
{
	struct world w = world_new(NULL, NULL);
	world_stress(&w);
	return w;
}

static struct sheave_value
value_i32(int32_t v)
{
	return (struct sheave_value){ .type = SHEAVE_I32, .of.i32 = v };
}

/* Makes garbage, so that what is not kept alive is used again. */
#define CHURN \
	" (tag $churn (param i64 i64))" \
	" (func $churn (local i32) (local.set 0 (i32.const 1000))" \
	"  (loop $l (block $h (result i64 i64)" \
	"    (try_table (catch $churn $h)" \
	"     (throw $churn (i64.const -1) (i64.const -1)))" \
	"    unreachable)" \
	"   drop drop" \
	"   (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))"

START_TEST(g72_payload_across_a_call)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (tag $t (param i32 i64))"
		" (func $throw (param i32 i64)"
		"  (throw $t (local.get 0) (local.get 1)))"
		" (func (export \"f\") (param i32 i64) (result i64) (local i64)"
		"  (block $h (result i32 i64)"
		"   (try_table (catch $t $h)"
		"    (call $throw (local.get 0) (local.get 1)))"
		"   (return (i64.const 0)))"
		"  (local.set 2)"
		"  (i64.sub (i64.extend_i32_u) (local.get 2))))");
	ck_assert_uint_eq(
		calls(in, "f", 7u, (uint64_t)1 << 40), 7 - ((uint64_t)1 << 40));
	world_free(&w);
}
END_TEST

START_TEST(g73_tags_are_told_by_identity)
{
	struct world w = world_new(NULL, NULL);
	world_instance(&w, "m",
		"(module (tag (export \"a\") (param i32))"
		" (tag (export \"b\") (param i32)))");
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (import \"m\" \"a\" (tag $a1 (param i32)))"
		" (import \"m\" \"a\" (tag $a2 (param i32)))"
		" (import \"m\" \"b\" (tag $b (param i32)))"
		" (func (export \"alias\") (param i32) (result i32)"
		"  (block $l2 (result i32) (block $l1 (result i32)"
		"   (block $lb (result i32)"
		"    (try_table (catch $b $lb) (catch $a2 $l2) (catch $a1 $l1)"
		"     (throw $a1 (local.get 0)))"
		"    unreachable) (i32.add (i32.const 100)) (return))"
		"   (i32.add (i32.const 200)) (return))"
		"  (i32.add (i32.const 300)))"
		" (func (export \"other\") (param i32) (result i32)"
		"  (block $l2 (result i32) (block $lb (result i32)"
		"    (try_table (catch $a1 $l2) (catch $b $lb)"
		"     (throw $b (local.get 0)))"
		"    unreachable) (i32.add (i32.const 100)) (return))"
		"  (i32.add (i32.const 300))))");
	ck_assert_uint_eq(calls(in, "alias", 5u), 305);
	ck_assert_uint_eq(calls(in, "other", 5u), 105);
	world_free(&w);
}
END_TEST

START_TEST(g74_uncaught_exceptions_reach_the_host)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_tag *mine = sheave_tag_new(w.store, "i:", NULL);
	struct sheave_extern x = { .kind = SHEAVE_TAG, .of.tag = mine };
	ck_assert(sheave_linker_define(w.linker, "host", "mine", &x, NULL));
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (import \"host\" \"mine\" (tag $mine (param i32)))"
		" (tag $own (export \"own\") (param i64 i32))"
		" (func (export \"f\") (throw $mine (i32.const 9)))"
		" (func (export \"g\")"
		"  (throw $own (i64.const -3) (i32.const 4))))");
	struct sheave_tag *own = sheave_instance_tag(in, "own");
	struct sheave_value v[2];
	for (int i = 0; i < 2; i++) {
		struct sheave_error *e = stops(in, "f");
		is_exception(e, mine, v, 1);
		ck_assert_int_eq(v[0].of.i32, 9);
		ck_assert_str_eq(sheave_error_message(e),
			"wasm trap: uncaught exception mine (i32 9)");
		sheave_error_free(e);
		e = stops(in, "g");
		is_exception(e, own, v, 2);
		ck_assert(v[0].of.i64 == -3 && v[1].of.i32 == 4);
		ck_assert_str_eq(sheave_error_message(e),
			"wasm trap: uncaught exception own (i64 -3) (i32 4)");
		sheave_error_free(e);
	}
	world_free(&w);
}
END_TEST

START_TEST(g74_start_throws)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_error *e = world_fails(&w,
		"(module (tag $t) (start $s) (func $s (throw $t)))",
		SHEAVE_STOPPED);
	ck_assert_int_eq(sheave_error_kind(e), SHEAVE_ERROR_EXCEPTION);
	ck_assert_ptr_nonnull(sheave_error_tag(e));
	has_frames(e, "s");
	sheave_error_free(e);
	world_free(&w);
}
END_TEST

START_TEST(g74_errors_outlive_their_store)
{
	struct world w = stressed();
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (tag $t (param f64))"
		" (func $f (export \"f\") (throw $t (f64.const 1.5))))");
	struct sheave_error *e = stops(in, "f"), *second = stops(in, "f");
	struct sheave_value v[1];
	sheave_error_free(stops(in, "f"));
	world_free(&w);
	ck_assert_uint_eq(sheave_error_values(e, v, 1), 1);
	ck_assert(v[0].of.f64 == 1.5);
	ck_assert_ptr_eq(sheave_error_tag(e), sheave_error_tag(second));
	has_frames(e, "f");
	sheave_error_free(e);
	sheave_error_free(second);
}
END_TEST

START_TEST(g75_payloads_of_every_kind)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (tag $none (export \"none\"))"
		" (tag $i (export \"i\") (param i32))"
		" (tag $m (export \"m\") (param i32 i64 f32 f64))"
		" (tag $v (export \"v\") (param i32 v128 i32))"
		" (tag $r (export \"r\") (param externref funcref externref))"
		" (elem declare func $self)"
		" (func $self (export \"self\"))"
		" (func (export \"tn\") (throw $none))"
		" (func (export \"ti\") (throw $i (i32.const -8)))"
		" (func (export \"tm\") (throw $m (i32.const 1) (i64.const 2)"
		"  (f32.const 3.5) (f64.const 4.5)))"
		" (func (export \"tv\") (throw $v (i32.const 1)"
		"  (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)"
		"  (i32.const 2)))"
		" (func (export \"tr\") (param externref) (throw $r (local.get "
		"0)"
		"  (ref.func $self) (ref.null extern))))");
	struct sheave_value v[4], arg;
	struct sheave_error *e = stops(in, "tn");
	is_exception(e, sheave_instance_tag(in, "none"), NULL, 0);
	sheave_error_free(e);
	e = stops(in, "ti");
	is_exception(e, sheave_instance_tag(in, "i"), v, 1);
	ck_assert_int_eq(v[0].of.i32, -8);
	sheave_error_free(e);
	e = stops(in, "tm");
	is_exception(e, sheave_instance_tag(in, "m"), v, 4);
	ck_assert(v[0].of.i32 == 1 && v[1].of.i64 == 2 && v[2].of.f32 == 3.5f &&
		  v[3].of.f64 == 4.5);
	/* fewer than there are */
	v[1].of.i64 = 77;
	ck_assert_uint_eq(sheave_error_values(e, v, 1), 4);
	ck_assert_int_eq(v[1].of.i64, 77);
	sheave_error_free(e);
	e = stops(in, "tv");
	is_exception(e, sheave_instance_tag(in, "v"), v, 3);
	for (int i = 0; i < 16; i++)
		ck_assert_int_eq(v[1].of.v128[i], i);
	ck_assert(v[0].of.i32 == 1 && v[2].of.i32 == 2);
	sheave_error_free(e);
	arg = (struct sheave_value){ .type = SHEAVE_EXTERNREF,
		.of.external = &w };
	ck_assert_int_eq(sheave_func_call(sheave_instance_func(in, "tr"), &arg,
				 1, NULL, 0, &e),
		SHEAVE_STOPPED);
	is_exception(e, sheave_instance_tag(in, "r"), v, 3);
	ck_assert_ptr_eq(v[0].of.external, &w);
	ck_assert_ptr_eq(v[1].of.func, sheave_instance_func(in, "self"));
	ck_assert_ptr_null(v[2].of.external);
	sheave_error_free(e);
	world_free(&w);
}
END_TEST

START_TEST(g76_a_payload_survives_collections)
{
	struct world w = stressed();
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (tag $t (export \"t\") (param externref i64))" CHURN
		" (func $throw (param externref)"
		"  (throw $t (local.get 0) (i64.const 5)))"
		" (func (export \"kept\") (param externref) (result externref)"
		"  (local i64 exnref)"
		"  (block $h (result externref i64 exnref)"
		"   (try_table (catch_ref $t $h) (call $throw (local.get 0)))"
		"   unreachable)"
		"  (local.set 2) drop drop (call $churn)"
		"  (block $h2 (result externref i64)"
		"   (try_table (catch $t $h2) (throw_ref (local.get 2)))"
		"   unreachable)"
		"  (local.set 1)"
		"  (if (i64.ne (local.get 1) (i64.const 5)) (then "
		"unreachable)))"
		" (func (export \"thrown\") (param externref)"
		"  (call $churn) (call $throw (local.get 0)))"
		" (func (export \"churn\") (call $churn)))");
	struct sheave_value arg = { .type = SHEAVE_EXTERNREF,
		.of.external = &w },
			    out, v[2];
	struct sheave_error *e = NULL;
	ck_assert_int_eq(sheave_func_call(sheave_instance_func(in, "kept"),
				 &arg, 1, &out, 1, NULL),
		SHEAVE_OK);
	ck_assert_ptr_eq(out.of.external, &w);
	sheave_func_call(
		sheave_instance_func(in, "thrown"), &arg, 1, NULL, 0, &e);
	calls(in, "churn");
	is_exception(e, sheave_instance_tag(in, "t"), v, 2);
	ck_assert_ptr_eq(v[0].of.external, &w);
	ck_assert_int_eq(v[1].of.i64, 5);
	sheave_error_free(e);
	world_free(&w);
}
END_TEST

/* Throws its tag with its arguments as values. */
static enum sheave_result
throwing(void *env, struct sheave_caller *caller,
	const struct sheave_value *args, struct sheave_value *results)
{
	struct sheave_externtype t;
	(void)results;
	sheave_tag_type(env, &t);
	return sheave_caller_throw(caller, env, args, t.nparams);
}

static const char catching[] =
	"(module (import \"host\" \"tag\" (tag $t (param i32 i64)))"
	" (import \"host\" \"throw\" (func $throw (param i32 i64)))"
	" (type $f (func (param i32 i64)))"
	" (table funcref (elem $throw))"
	" (global $g (export \"caught\") (mut i32) (i32.const 0))"
	" (func $value (param i32 i64) (result i64)"
	"  (global.set $g (i32.add (global.get $g) (i32.const 1)))"
	"  (i64.mul (i64.extend_i32_u (local.get 0)) (local.get 1)))"
	" (func (export \"direct\") (param i32 i64) (result i64)"
	"  (block $h (result i32 i64) (try_table (catch $t $h)"
	"    (call $throw (local.get 0) (local.get 1))) unreachable)"
	"  (call $value))"
	" (func (export \"indirect\") (param i32 i64) (result i64)"
	"  (block $h (result i32 i64) (try_table (catch $t $h)"
	"    (call_indirect (type $f) (local.get 0) (local.get 1)"
	"     (i32.const 0))) unreachable)"
	"  (call $value))"
	" (func $tail (param i32 i64)"
	"  (return_call $throw (local.get 0) (local.get 1)))"
	" (func (export \"tail\") (param i32 i64) (result i64)"
	"  (block $h (result i32 i64) (try_table (catch $t $h)"
	"    (call $tail (local.get 0) (local.get 1))) unreachable)"
	"  (call $value))"
	" (func $thrown (export \"uncaught\") (param i32 i64)"
	"  (call $throw (local.get 0) (local.get 1))))";

START_TEST(g77_the_host_throws)
{
	struct world w = stressed();
	struct sheave_tag *tag = sheave_tag_new(w.store, "iI:", NULL);
	struct sheave_extern x = { .kind = SHEAVE_TAG, .of.tag = tag };
	struct sheave_value v[2];
	ck_assert(sheave_linker_define(w.linker, "host", "tag", &x, NULL));
	struct sheave_func *f =
		sheave_func_new(w.store, "iI:", throwing, tag, NULL, NULL);
	x = (struct sheave_extern){ .kind = SHEAVE_FUNC, .of.func = f };
	ck_assert(sheave_linker_define(w.linker, "host", "throw", &x, NULL));
	struct sheave_instance *in = world_instance(&w, NULL, catching);
	ck_assert_uint_eq(calls(in, "direct", 3u, (uint64_t)5), 15);
	ck_assert_uint_eq(calls(in, "indirect", 4u, (uint64_t)5), 20);
	ck_assert_uint_eq(calls(in, "tail", 5u, (uint64_t)5), 25);
	struct sheave_error *e = stops(in, "uncaught", 6u, (uint64_t)7);
	is_exception(e, tag, v, 2);
	ck_assert(v[0].of.i32 == 6 && v[1].of.i64 == 7);
	has_frames(e, "thrown");
	sheave_error_free(e);
	/* with no guest on the stack */
	v[0] = value_i32(8);
	v[1] = (struct sheave_value){ .type = SHEAVE_I64, .of.i64 = 9 };
	ck_assert_int_eq(
		sheave_func_call(f, v, 2, NULL, 0, &e), SHEAVE_STOPPED);
	is_exception(e, tag, v, 2);
	ck_assert(v[0].of.i32 == 8 && v[1].of.i64 == 9);
	has_frames(e, "");
	sheave_error_free(e);
	world_free(&w);
}
END_TEST

/* Throws its tag with as many zeros as it wants. */
static enum sheave_result
throwing_zeros(void *env, struct sheave_caller *caller,
	const struct sheave_value *args, struct sheave_value *results)
{
	struct sheave_externtype t;
	static struct sheave_value values[1000];
	(void)args;
	(void)results;
	sheave_tag_type(env, &t);
	for (uint32_t i = 0; i < t.nparams; i++)
		values[i].type = t.params[i];
	return sheave_caller_throw(caller, env, values, t.nparams);
}

/* Throws its tag with a wrong number of values or a value of another type. */
static enum sheave_result
throwing_wrong(void *env, struct sheave_caller *caller,
	const struct sheave_value *args, struct sheave_value *results)
{
	struct sheave_value v[2] = { value_i32(1), value_i32(2) };
	(void)results;
	return sheave_caller_throw(caller, env, v, args[0].of.i32 == 0 ? 1 : 2);
}

START_TEST(g77_wrong_values_fail_the_function)
{
	struct world w = world_new(NULL, NULL), other = world_new(NULL, NULL);
	struct sheave_tag *tag = sheave_tag_new(w.store, "iI:", NULL);
	struct sheave_tag *foreign = sheave_tag_new(other.store, "ii:", NULL);
	struct sheave_func *f =
		sheave_func_new(w.store, "i:", throwing_wrong, tag, NULL, NULL);
	struct sheave_error *e;
	struct sheave_value arg = value_i32(0);
	sheave_func_call(f, &arg, 1, NULL, 0, &e);
	ck_assert_int_eq(sheave_error_kind(e), SHEAVE_ERROR_HOST);
	ck_assert_ptr_null(sheave_error_tag(e));
	ck_assert_uint_eq(sheave_error_values(e, NULL, 0), 0);
	sheave_error_free(e);
	arg.of.i32 = 1;
	sheave_func_call(f, &arg, 1, NULL, 0, &e);
	ck_assert_str_eq(
		sheave_error_message(e), "value 2 to throw is of another type");
	sheave_error_free(e);
	f = sheave_func_new(w.store, "i:", throwing_wrong, foreign, NULL, NULL);
	sheave_func_call(f, &arg, 1, NULL, 0, &e);
	ck_assert_str_eq(
		sheave_error_message(e), "the tag belongs to another store");
	sheave_error_free(e);
	ck_assert_ptr_null(sheave_tag_new(w.store, "i:i", &e));
	ck_assert_int_eq(sheave_error_kind(e), SHEAVE_ERROR_MISUSE);
	sheave_error_free(e);
	world_free(&other);
	world_free(&w);
}
END_TEST

/* Runs a guest that throws, drops its exception, and answers that it failed. */
static enum sheave_result
dropping(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	struct sheave_instance **in = env;
	(void)caller;
	(void)slots;
	sheave_error_free(stops(*in, "throw"));
	return SHEAVE_STOPPED;
}

START_TEST(g78_failing_without_an_exception)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *in;
	sheave_linker_func_slots(
		w.linker, "host", "f", ":", dropping, &in, NULL, NULL);
	in = world_instance(&w, NULL,
		"(module (import \"host\" \"f\" (func $f)) (tag $t)"
		" (func (export \"throw\") (throw $t))"
		" (func (export \"f\") (block $h"
		"  (try_table (catch_all $h) (call $f)))))");
	struct sheave_error *e = stops(in, "f");
	ck_assert_int_eq(sheave_error_kind(e), SHEAVE_ERROR_HOST);
	ck_assert_ptr_null(sheave_error_tag(e));
	sheave_error_free(e);
	world_free(&w);
}
END_TEST

START_TEST(g79_uncaught_exceptions_have_backtraces)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_frame f;
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module $m (tag $t) (tag $u)"
		" (func $c (throw $t))"
		" (func $b (block $h"
		"  (try_table (catch $u $h) (call $c)) (return)))"
		" (func $a (export \"a\") (call $b) (call $b))"
		" (func $r (export \"r\") (block $h (result exnref)"
		"  (try_table (catch_all_ref $h) (call $b)) (return))"
		"  throw_ref))");
	struct sheave_error *e = stops(in, "a");
	has_frames(e, "c b a");
	ck_assert(sheave_error_frame(e, 0, &f));
	ck_assert_str_eq(f.module_name, "m");
	ck_assert_uint_eq(f.func_offset, 1); /* after the locals */
	sheave_error_free(e);
	/* thrown again: from there */
	e = stops(in, "r");
	has_frames(e, "r");
	sheave_error_free(e);
	sheave_store_set_max_frames(w.store, 0);
	e = stops(in, "a");
	ck_assert_int_eq(sheave_error_kind(e), SHEAVE_ERROR_EXCEPTION);
	has_frames(e, "");
	sheave_error_free(e);
	world_free(&w);
}
END_TEST

START_TEST(g80_references_to_exceptions_live)
{
	struct world w = stressed();
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (tag $t (param i32))" CHURN
		" (global $g (mut exnref) (ref.null exn))"
		" (table $x 3 exnref)"
		" (func $make (export \"make\") (param i32) (result exnref)"
		"  (block $h (result exnref)"
		"   (try_table (catch_all_ref $h) (throw $t (local.get 0)))"
		"   unreachable))"
		" (func $value (export \"value\") (param exnref) (result i32)"
		"  (block $h (result i32)"
		"   (try_table (catch $t $h) (throw_ref (local.get 0)))"
		"   unreachable))"
		" (func (export \"keep\") (global.set $g (call $make"
		"   (i32.const 3)))"
		"  (table.set $x (i32.const 1) (call $make (i32.const 4)))"
		"  (call $churn))"
		" (func (export \"kept\") (result i32) (call $churn)"
		"  (i32.add (call $value (global.get $g))"
		"   (i32.mul (i32.const 10)"
		"    (call $value (table.get $x (i32.const 1))))))"
		/* between throw and catch, frames hold some and throw others */
		" (func $down (param i32 exnref) (result i32)"
		"  (if (i32.eqz (local.get 0)) (then (call $churn)"
		"   (throw $t (i32.const 100))))"
		"  (block $h (result i32 exnref)"
		"   (try_table (catch_ref $t $h)"
		"    (return (call $down (i32.sub (local.get 0) (i32.const 1))"
		"     (call $make (local.get 0)))))"
		"   unreachable)"
		"  (local.set 1) (call $churn)"
		"  (throw $t (i32.add (i32.const 1))))"
		" (func (export \"down\") (result i32)"
		"  (block $h (result i32) (try_table (catch $t $h)"
		"   (return (call $down (i32.const 20) (ref.null exn))))"
		"   unreachable)))");
	calls(in, "keep");
	ck_assert_uint_eq(calls(in, "kept"), 43);
	ck_assert_uint_eq(calls(in, "down"), 120);
	/* over the host */
	uint64_t slots[1] = { 6 };
	ck_assert_int_eq(sheave_func_call_slots(
				 sheave_instance_func(in, "make"), slots, NULL),
		SHEAVE_OK);
	ck_assert(slots[0] != 0);
	ck_assert_uint_eq(
		calls_func(sheave_instance_func(in, "value"), slots), 6);
	world_free(&w);
}
END_TEST

START_TEST(g81_traps_are_not_caught)
{
	struct world w = world_new(NULL, NULL);
	static const int codes[] = { SHEAVE_TRAP_UNREACHABLE,
		SHEAVE_TRAP_DIVIDE_BY_ZERO, SHEAVE_TRAP_STACK_OVERFLOW };
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (tag $t)"
		" (global $g (export \"g\") (mut i32) (i32.const 0))"
		" (func $rec (call $rec) (call $rec))"
		" (func $act (param i32)"
		"  (if (i32.eq (local.get 0) (i32.const 0))"
		"   (then unreachable))"
		"  (if (i32.eq (local.get 0) (i32.const 1))"
		"   (then (drop (i32.rem_u (i32.const 1) (i32.const 0)))))"
		"  (if (i32.eq (local.get 0) (i32.const 2)) (then (call $rec)))"
		"  (throw $t))"
		" (func (export \"f\") (param i32)"
		"  (block $h (result exnref) (block $h2"
		"   (try_table (catch_all_ref $h)"
		"    (try_table (catch $t $h2) (catch_all $h2)"
		"     (call $act (local.get 0)))) (return))"
		"   (global.set $g (i32.add (global.get $g) (i32.const 1)))"
		"   (return))"
		"  (global.set $g (i32.const 1000)) drop))");
	struct sheave_global *g = sheave_instance_global(in, "g");
	struct sheave_value v;
	for (uint32_t i = 0; i < 3; i++) {
		traps_twice(in, "f", codes[i], i);
		sheave_global_get(g, &v);
		ck_assert_int_eq(v.of.i32, (int32_t)i);
		calls(in, "f", 3u);
		sheave_global_get(g, &v);
		ck_assert_int_eq(v.of.i32, (int32_t)i + 1);
	}
	world_free(&w);
}
END_TEST

/* Stops the guest in the way that the argument says. */
static enum sheave_result
stopping(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	struct sheave_value value = value_i32(1);
	switch (slots[0]) {
	case 0:
		return sheave_caller_exit(caller, 7);
	case 1:
		return sheave_caller_fail(caller, "failed", NULL);
	case 2:
		return sheave_caller_trap(caller, SHEAVE_TRAP_CAST_FAILURE);
	default:
		/* an interrupt ends the search for a catch, too */
		sheave_store_interrupt(sheave_caller_store(caller));
		return sheave_caller_throw(caller, env, &value, 1);
	}
}

START_TEST(g81_neither_exit_nor_interrupt_is_caught)
{
	static const enum sheave_error_kind kinds[] = { SHEAVE_ERROR_EXIT,
		SHEAVE_ERROR_HOST, SHEAVE_ERROR_TRAP, SHEAVE_ERROR_TRAP };
	struct world w = world_new(NULL, NULL);
	struct sheave_tag *tag = sheave_tag_new(w.store, "i:", NULL);
	sheave_linker_func_slots(
		w.linker, "host", "stop", "i:", stopping, tag, NULL, NULL);
	/* the loop keeps $between a frame of its own in compiled code */
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (import \"host\" \"stop\" (func $stop (param i32)))"
		" (func $between (param i32) (loop) (call $stop (local.get 0)))"
		" (func (export \"f\") (param i32) (block $h"
		"  (try_table (catch_all $h) (call $between (local.get "
		"0))))))");
	for (unsigned i = 0; i < 4; i++) {
		struct sheave_error *e = stops(in, "f", i);
		ck_assert_int_eq(sheave_error_kind(e), kinds[i]);
		if (i == 3)
			ck_assert_int_eq(
				sheave_error_trap(e), SHEAVE_TRAP_INTERRUPT);
		sheave_error_free(e);
	}
	sheave_store_resume(w.store);
	world_free(&w);
}
END_TEST

START_TEST(g81_fuel_runs_out_in_a_try)
{
	struct sheave_config config = { .fuel = true };
	struct world w = world_new(&config, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (tag $t) (func $f)"
		" (func (export \"loop\") (loop $l (block $h"
		"   (try_table (catch_all $h) (throw $t))) (br $l)))"
		" (func (export \"one\") (block $h"
		"  (try_table (catch_all $h) (throw $t))))"
		" (func (export \"try\") (block $h (try_table (catch_all $h)"
		"  (try_table (call $f))))))");
	sheave_store_set_fuel(w.store, 10000);
	is_trap(stops(in, "loop"), SHEAVE_TRAP_OUT_OF_FUEL);
	/* the function's entry and the throw */
	sheave_store_set_fuel(w.store, 100);
	calls(in, "one");
	ck_assert_uint_eq(sheave_store_fuel(w.store), 98);
	/* two entries and the call: try_table is free */
	calls(in, "try");
	ck_assert_uint_eq(sheave_store_fuel(w.store), 95);
	world_free(&w);
}
END_TEST

START_TEST(g82_many_values_through_a_try)
{
	struct world w = world_new(NULL, NULL);
#define I17 \
	"i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32"
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (tag $t (param " I17 "))"
		" (func $id (param " I17 ") (result " I17 ")"
		"  local.get 16 local.get 15 local.get 14 local.get 13"
		"  local.get 12 local.get 11 local.get 10 local.get 9"
		"  local.get 8 local.get 7 local.get 6 local.get 5"
		"  local.get 4 local.get 3 local.get 2 local.get 1"
		"  local.get 0)"
		" (func $throw (param " I17 ") (result " I17 ")"
		"  local.get 16 local.get 15 local.get 14 local.get 13"
		"  local.get 12 local.get 11 local.get 10 local.get 9"
		"  local.get 8 local.get 7 local.get 6 local.get 5"
		"  local.get 4 local.get 3 local.get 2 local.get 1"
		"  local.get 0 throw $t)"
		" (func $sum (param " I17 ") (result i32)"
		"  (i32.add (i32.mul (local.get 0) (i32.const 1000))"
		"   (i32.add (local.get 8) (i32.mul (local.get 16)"
		"    (i32.const 100)))))"
		" (func (export \"f\") (param i32) (result i32)"
		"  (block $h (result " I17 ")"
		"   (try_table (result " I17 ") (catch $t $h)"
		"    i32.const 1 i32.const 2 i32.const 3 i32.const 4 i32.const "
		"5"
		"    i32.const 6 i32.const 7 i32.const 8 i32.const 9"
		"    i32.const 10 i32.const 11 i32.const 12 i32.const 13"
		"    i32.const 14 i32.const 15 i32.const 16 i32.const 17"
		"    (if (param " I17 ") (result " I17 ") (local.get 0)"
		"     (then call $id) (else call $throw))))"
		"  call $sum))");
	ck_assert_uint_eq(calls(in, "f", 1u), 17109);
	ck_assert_uint_eq(calls(in, "f", 0u), 17109);
	world_free(&w);
}
END_TEST

/* At every depth the values either fit the stack or it overflows. */
START_TEST(g82_labels_are_part_of_the_frame)
{
	enum { VALUES = 1000, STACK = 1 << 16 };
	struct sheave_limits limits = { .stack_bytes = STACK };
	struct world w = world_new(NULL, &limits);
	char *text, signature[VALUES + 2];
	size_t len;
	memset(signature, 'v', VALUES);
	strcpy(signature + VALUES, ":");
	struct sheave_tag *tag = sheave_tag_new(w.store, signature, NULL);
	struct sheave_extern x = { .kind = SHEAVE_TAG, .of.tag = tag };
	ck_assert(sheave_linker_define(w.linker, "host", "tag", &x, NULL));
	sheave_linker_func(w.linker, "host", "throw", ":", throwing_zeros, tag,
		NULL, NULL);
	FILE *f = open_memstream(&text, &len);
	fprintf(f, "(module (type $many (func (result");
	for (int i = 0; i < VALUES; i++)
		fprintf(f, " v128");
	fprintf(f, "))) (import \"host\" \"tag\" (tag $t (param");
	for (int i = 0; i < VALUES; i++)
		fprintf(f, " v128");
	fprintf(f, "))) (import \"host\" \"throw\" (func $throw))"
		   " (func $catch (type $many) (local");
	for (int i = 0; i < 3 * VALUES; i++)
		fprintf(f, " i64");
	fprintf(f, ") (try_table (catch $t 0) (call $throw)) unreachable)"
		   " (func $void (export \"f\") (param i32)"
		   "  (if (local.get 0) (then (return"
		   "   (call $void (i32.sub (local.get 0) (i32.const 1))))))"
		   "  call $catch");
	for (int i = 0; i < VALUES; i++)
		fprintf(f, " drop");
	fprintf(f, "))");
	fclose(f);
	struct sheave_instance *in = world_instance(&w, NULL, text);
	free(text);
	struct sheave_func *run = sheave_instance_func(in, "f");
	bool fits = true;
	for (uint64_t depth = 0; fits; depth++) {
		uint64_t slots[1] = { depth };
		struct sheave_error *e = NULL;
		fits = sheave_func_call_slots(run, slots, &e) == SHEAVE_OK;
		ck_assert(fits || depth > 0);
		if (!fits)
			is_trap(e, SHEAVE_TRAP_STACK_OVERFLOW);
	}
	world_free(&w);
}
END_TEST

START_TEST(g83_thrown_by_a_tail_callee)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (tag $t (param i64))"
		" (type $many (func (param i64 i64 i64 i64 i64 i64 i64 i64 i64"
		"  i64 i64 i64)))"
		" (table funcref (elem $throw))"
		" (func $throw (type $many)"
		"  (throw $t (i64.sub (local.get 11) (local.get 0))))"
		/* its own clauses are gone when the callee runs */
		" (func $tail (param i64) (block $h (result i64)"
		"  (try_table (catch $t $h)"
		"  (return_call $throw (local.get 0) (i64.const 1) (i64.const "
		"2)"
		"   (i64.const 3) (i64.const 4) (i64.const 5) (i64.const 6)"
		"   (i64.const 7) (i64.const 8) (i64.const 9) (i64.const 10)"
		"   (i64.const 11))) unreachable) drop)"
		" (func $indirect (param i64) (block $h (result i64)"
		"  (try_table (catch $t $h)"
		"  (return_call_indirect (type $many)"
		"   (local.get 0) (i64.const 1) (i64.const 2)"
		"   (i64.const 3) (i64.const 4) (i64.const 5) (i64.const 6)"
		"   (i64.const 7) (i64.const 8) (i64.const 9) (i64.const 10)"
		"   (i64.const 12) (i32.const 0))) unreachable) drop)"
		" (func (export \"f\") (param i64 i32) (result i64)"
		"  (block $h (result i64) (try_table (catch $t $h)"
		"   (if (local.get 1) (then (call $tail (local.get 0)))"
		"    (else (call $indirect (local.get 0)))))"
		"   (return (i64.const -1)))))");
	ck_assert_uint_eq(calls(in, "f", (uint64_t)5, 1u), 6);
	ck_assert_uint_eq(calls(in, "f", (uint64_t)5, 0u), 7);
	world_free(&w);
}
END_TEST

/*
 * Programs that throw and catch, made from a seed, and what they must answer:
 * scenario s throws its tag at the bottom of a chain of calls and catches it at
 * some frame of it, among clauses and frames that must not.
 */
enum { TAGS = 8, PARAMS = 4, DEPTH = 6, SCENARIOS = 16 };

static const char *const type_names[] = { "i32", "i64", "f32", "f64" };

struct oracle {
	FILE *out;
	uint64_t state;
	unsigned ntags, nparams[TAGS], types[TAGS][PARAMS];
	/* of the present scenario */
	unsigned number, tag, depth, catcher;
	unsigned payload[PARAMS];
	bool by_tag; /* caught by its tag, not by catch_all */
};

static unsigned
below(struct oracle *o, unsigned n)
{
	o->state = o->state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(o->state >> 33) % n;
}

/* A tag that is not the scenario's; false if there is none. */
static bool
other_tag(struct oracle *o, unsigned *tag)
{
	*tag = below(o, o->ntags);
	return *tag != o->tag;
}

static void
put_types(struct oracle *o, const char *what, unsigned tag)
{
	for (unsigned i = 0; i < o->nparams[tag]; i++)
		fprintf(o->out, " (%s %s)", what, type_names[o->types[tag][i]]);
}

/* Bits of the payload's value n as the type has it. */
static uint64_t
bits_of(unsigned type, unsigned n)
{
	return type == 2   ? sheave_slot_f32((float)n)
	       : type == 3 ? sheave_slot_f64(n)
			   : n;
}

static uint64_t
expected(const struct oracle *o)
{
	uint64_t h = 1 + o->number;
	for (unsigned i = 0; o->by_tag && i < o->nparams[o->tag]; i++)
		h = h * 31 + bits_of(o->types[o->tag][i], o->payload[i]);
	return h + o->catcher;
}

/* What follows the label of the clause that must catch. */
static void
put_handler(struct oracle *o, bool ref)
{
	static const char *const to_bits[] = { "i64.extend_i32_u", "",
		"i32.reinterpret_f32 i64.extend_i32_u", "i64.reinterpret_f64" };
	unsigned n = o->by_tag ? o->nparams[o->tag] : 0;
	if (ref)
		fprintf(o->out, "  ref.is_null if unreachable end\n");
	for (unsigned i = n; i-- > 0;)
		fprintf(o->out, "  %s local.set %u\n",
			to_bits[o->types[o->tag][i]], i);
	fprintf(o->out, "  i64.const %u\n", 1 + o->number);
	for (unsigned i = 0; i < n; i++)
		fprintf(o->out, "  i64.const 31 i64.mul local.get %u i64.add\n",
			i);
	fprintf(o->out, "  global.get $caught i32.const 1 i32.add"
			" global.set $caught return\n");
}

/* The body of frame f, which calls the next one under clauses. */
static void
put_frame(struct oracle *o, unsigned f)
{
	enum { MOST = 6 };
	bool catches = f == o->catcher, ref = below(o, 2) != 0;
	unsigned tags[MOST], place = catches ? below(o, 3) : MOST;
	unsigned n = catches ? place + 1 + below(o, 3) : below(o, MOST);
	char kinds[MOST]; /* of clauses: catches, decoy, none */
	for (unsigned i = 0; i < n; i++) {
		bool other = other_tag(o, &tags[i]);
		/* after the one that catches it may be the same tag */
		kinds[i] = i == place ? 'c' : other || i > place ? 'd' : ' ';
	}
	for (unsigned i = 0; i < n; i++) {
		fprintf(o->out, "  block $l%u", i);
		if (kinds[i] == 'd')
			put_types(o, "result", tags[i]);
		else if (kinds[i] == 'c' && o->by_tag)
			put_types(o, "result", o->tag);
		if (kinds[i] == 'c' && ref)
			fprintf(o->out, " (result exnref)");
		fprintf(o->out, "\n");
	}
	fprintf(o->out, "  try_table");
	for (unsigned i = 0; i < n; i++) {
		const char *suffix = ref ? "_ref" : "";
		if (kinds[i] == 'd')
			fprintf(o->out, " (catch $t%u $l%u)", tags[i], i);
		else if (kinds[i] == 'c' && o->by_tag)
			fprintf(o->out, " (catch%s $t%u $l%u)", suffix, o->tag,
				i);
		else if (kinds[i] == 'c')
			fprintf(o->out, " (catch_all%s $l%u)", suffix, i);
	}
	fprintf(o->out,
		"\n  call $s%u_%u i64.const 1 i64.add return end"
		" unreachable\n",
		o->number, f + 1);
	for (unsigned i = n; i-- > 0;) {
		fprintf(o->out, "  end\n");
		if (kinds[i] == 'c')
			put_handler(o, ref);
		else
			fprintf(o->out, "  unreachable\n");
	}
}

/* A frame that catches everything and throws it again. */
static void
put_relay(struct oracle *o, unsigned f)
{
	fprintf(o->out,
		"  block $h (result exnref) try_table (catch_all_ref $h)"
		" call $s%u_%u return end unreachable end throw_ref\n",
		o->number, f + 1);
}

static void
put_scenario(struct oracle *o)
{
	o->tag = below(o, o->ntags);
	o->depth = 1 + below(o, DEPTH);
	o->catcher = below(o, o->depth);
	o->by_tag = below(o, 3) != 0;
	for (unsigned i = 0; i < PARAMS; i++)
		o->payload[i] = below(o, 1 << 20);
	for (unsigned f = 0; f <= o->depth; f++) {
		fprintf(o->out, " (func $s%u_%u", o->number, f);
		if (f == 0)
			fprintf(o->out, " (export \"s%u\")", o->number);
		fprintf(o->out, " (result i64) (local i64 i64 i64 i64)\n");
		if (f < o->depth && f > o->catcher && below(o, 3) == 0) {
			put_relay(o, f);
		} else if (f < o->depth) {
			put_frame(o, f);
		} else {
			for (unsigned i = 0; i < o->nparams[o->tag]; i++)
				fprintf(o->out, "  %s.const %u",
					type_names[o->types[o->tag][i]],
					o->payload[i]);
			fprintf(o->out, " throw $t%u\n", o->tag);
		}
		fprintf(o->out, " )\n");
	}
}

static void
run_oracle(struct world *w, uint64_t seed)
{
	struct oracle o = { .state = seed };
	uint64_t want[SCENARIOS];
	char *text;
	size_t len;
	o.out = open_memstream(&text, &len);
	o.ntags = 1 + below(&o, TAGS);
	fprintf(o.out, "(module (global $caught (export \"caught\") (mut i32)"
		       " (i32.const 0))\n");
	for (unsigned t = 0; t < o.ntags; t++) {
		o.nparams[t] = below(&o, PARAMS + 1);
		for (unsigned i = 0; i < PARAMS; i++)
			o.types[t][i] = below(&o, 4);
		fprintf(o.out, " (tag $t%u", t);
		put_types(&o, "param", t);
		fprintf(o.out, ")\n");
	}
	unsigned n = 1 + below(&o, SCENARIOS);
	for (o.number = 0; o.number < n; o.number++) {
		put_scenario(&o);
		want[o.number] = expected(&o);
	}
	fprintf(o.out, ")");
	fclose(o.out);
	struct sheave_instance *in = world_instance(w, NULL, text);
	free(text);
	for (unsigned s = 0; s < n; s++) {
		char name[16];
		struct sheave_value v;
		snprintf(name, sizeof name, "s%u", s);
		ck_assert_msg(calls(in, name) == want[s],
			"seed %lu, scenario %u", (unsigned long)seed, s);
		sheave_global_get(sheave_instance_global(in, "caught"), &v);
		ck_assert_int_eq(v.of.i32, (int32_t)s + 1);
	}
}

START_TEST(g84_generated_programs)
{
	for (uint64_t seed = 1; seed <= 400; seed++) {
		struct world w = world_new(NULL, NULL);
		run_oracle(&w, seed);
		world_free(&w);
	}
}
END_TEST

START_TEST(g87_references_live_across_calls_in_a_try)
{
	struct world w = stressed();
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (tag $t (param (ref $s))) (type $s (struct"
		"  (field i32)))" CHURN
		" (func $garbage (local i32) (local.set 0 (i32.const 5000))"
		"  (loop $l (drop (struct.new $s (i32.const -1)))"
		"   (br_if $l (local.tee 0"
		"    (i32.sub (local.get 0) (i32.const 1))))))"
		" (func $work (param (ref $s)) (call $garbage) (call $churn)"
		"  (if (i32.and (struct.get $s 0 (local.get 0)) (i32.const 1))"
		"   (then (throw $t (local.get 0))))"
		"  (call $garbage))"
		" (func (export \"f\") (param i32) (result i32)"
		"  (local $x (ref null $s))"
		"  (local.set $x (struct.new $s (i32.const 1000)))"
		"  (struct.new $s (i32.const 200000))"
		"  (block $h (result (ref $s))"
		"   (try_table (catch $t $h)"
		"    (call $work (struct.new $s (local.get 0))))"
		"   (struct.new $s (i32.const 500)))"
		"  (call $garbage)"
		"  (struct.get $s 0) (call $garbage)"
		"  (i32.add (struct.get $s 0 (local.get $x)))"
		"  (local.set 0)"
		"  (struct.get $s 0) (i32.add (local.get 0))))");
	ck_assert_uint_eq(calls(in, "f", 2u), 201500);
	ck_assert_uint_eq(calls(in, "f", 7u), 201007);
	world_free(&w);
}
END_TEST

/* What a host function between guests does with what it gets from the inner. */
struct between {
	struct sheave_instance *in;
	int entered, left;
};

static enum sheave_result
calling_through(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	struct between *b = env;
	struct sheave_error *e = NULL;
	uint64_t few[4] = { slots[0] - 1 };
	b->entered++;
	sheave_func_call_slots(sheave_instance_func(b->in, "inner"), few, &e);
	b->left++;
	return e == NULL ? SHEAVE_OK : sheave_caller_pass(caller, e);
}

/* Collects while it holds an error, then passes it. */
static enum sheave_result
holding(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	struct sheave_instance **in = env;
	struct sheave_error *e = stops(*in, "inner");
	(void)slots;
	calls(*in, "churn");
	return sheave_caller_pass(caller, e);
}

START_TEST(g80_errors_keep_what_is_thrown)
{
	struct world w = stressed();
	struct sheave_instance *in;
	sheave_linker_func_slots(
		w.linker, "host", "hold", ":", holding, &in, NULL, NULL);
	in = world_instance(&w, NULL,
		"(module (import \"host\" \"hold\" (func $hold))"
		" (type $s (struct (field i32)))" CHURN
		" (tag $t (param i32 (ref $s) exnref))"
		" (func (export \"churn\") (call $churn))"
		" (func (export \"inner\") (block $h (result exnref)"
		"   (try_table (catch_all_ref $h)"
		"    (throw $churn (i64.const 3) (i64.const 4))) unreachable)"
		"  (call $throw (struct.new $s (i32.const 70))))"
		" (func $throw (param exnref (ref $s))"
		"  (throw $t (i32.const 500) (local.get 1) (local.get 0)))"
		" (func (export \"f\") (result i64) (local exnref (ref null "
		"$s))"
		"  (block $h (result i32 (ref $s) exnref)"
		"   (try_table (catch $t $h) (call $hold)) unreachable)"
		"  (local.set 0) (local.set 1)"
		"  (i32.add (struct.get $s 0 (local.get 1)))"
		"  (i64.extend_i32_u)"
		"  (block $h2 (result i64 i64)"
		"   (try_table (catch $churn $h2) (throw_ref (local.get 0)))"
		"   unreachable)"
		"  (i64.mul) (i64.add)))");
	ck_assert_uint_eq(calls(in, "f"), 582);
	world_free(&w);
}
END_TEST

/* Throws an object that it just got from the guest, and that nobody keeps. */
static enum sheave_result
throwing_object(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	struct sheave_instance **in = env;
	struct sheave_value v;
	(void)slots;
	sheave_func_call(
		sheave_instance_func(*in, "make"), NULL, 0, &v, 1, NULL);
	return sheave_caller_throw(
		caller, sheave_instance_tag(*in, "t"), &v, 1);
}

START_TEST(g80_the_host_throws_an_object)
{
	struct world w = stressed();
	struct sheave_instance *in;
	sheave_linker_func_slots(w.linker, "host", "throw", ":",
		throwing_object, &in, NULL, NULL);
	in = world_instance(&w, NULL,
		"(module (import \"host\" \"throw\" (func $throw))"
		" (type $s (struct (field i64)))" CHURN
		" (tag (export \"t\") (param (ref $s)))"
		" (func (export \"make\") (result (ref $s))"
		"  (struct.new $s (i64.const 99)))"
		" (func (export \"f\") (result i64) (local (ref null $s))"
		"  (block $h (result (ref $s))"
		"   (try_table (catch 1 $h) (call $throw)) unreachable)"
		"  (local.set 0) (call $churn)"
		"  (struct.get $s 0 (local.get 0))))");
	ck_assert_uint_eq(calls(in, "f"), 99);
	world_free(&w);
}
END_TEST

START_TEST(g80_the_host_keeps_a_reference)
{
	struct world w = stressed();
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (tag $t (param i32))" CHURN
		" (func (export \"make\") (param i32) (result exnref)"
		"  (block $h (result exnref)"
		"   (try_table (catch_all_ref $h) (throw $t (local.get 0)))"
		"   unreachable))"
		" (func (export \"churn\") (call $churn))"
		" (func (export \"value\") (param exnref) (result i32)"
		"  (block $h (result i32)"
		"   (try_table (catch $t $h) (throw_ref (local.get 0)))"
		"   unreachable)))");
	struct sheave_func *value = sheave_instance_func(in, "value");
	struct sheave_value v = value_i32(8), out;
	struct sheave_error *e;
	sheave_func_call(
		sheave_instance_func(in, "make"), &v, 1, &out, 1, NULL);
	ck_assert_uint_eq(out.type, SHEAVE_EXNREF);
	struct sheave_ref *ref = sheave_ref_new(w.store, &out, NULL);
	calls(in, "churn");
	sheave_ref_value(ref, &v);
	ck_assert_int_eq(
		sheave_func_call(value, &v, 1, &out, 1, NULL), SHEAVE_OK);
	ck_assert_int_eq(out.of.i32, 8);
	v.of.object = NULL;
	sheave_func_call(value, &v, 1, &out, 1, &e);
	is_trap(e, SHEAVE_TRAP_NULL_REFERENCE);
	/* no other reference is one to an exception */
	v = (struct sheave_value){ .type = SHEAVE_EXTERNREF,
		.of.external = &w };
	ck_assert_int_eq(
		sheave_func_call(value, &v, 1, &out, 1, NULL), SHEAVE_REFUSED);
	sheave_ref_free(ref);
	world_free(&w);
}
END_TEST

START_TEST(exceptions_cross_host_frames)
{
	/* within what native stack a sanitized build takes for them */
	struct sheave_limits limits = { .host_depth = 16 };
	struct world w = world_new(NULL, &limits);
	world_stress(&w);
	struct between b = { 0 };
	struct sheave_value v[1];
	sheave_linker_func_slots(w.linker, "host", "through",
		"i:", calling_through, &b, NULL, NULL);
	b.in = world_instance(&w, NULL,
		"(module (import \"host\" \"through\""
		"  (func $through (param i32)))"
		" (tag $t (export \"t\") (param i32)) (tag $u)"
		" (func $inner (export \"inner\") (param i32)"
		"  (if (i32.eqz (local.get 0)) (then (throw $t (i32.const 5))))"
		"  (call $through (local.get 0)))"
		" (func $outer (export \"outer\") (param i32) (result i32)"
		"  (block $h (result i32) (block $u"
		"    (try_table (catch $u $u) (catch $t $h)"
		"     (call $inner (local.get 0))))"
		"   (i32.const 0))))");
	ck_assert_uint_eq(calls(b.in, "outer", 12u), 5);
	ck_assert(b.entered == 12 && b.left == 12);
	/* uncaught, with the frames from where it was thrown */
	struct sheave_error *e = stops(b.in, "inner", 2u);
	is_exception(e, sheave_instance_tag(b.in, "t"), v, 1);
	has_frames(e, "inner inner inner");
	sheave_error_free(e);
	/* a host frame too many is a trap, which nothing catches */
	traps_twice(b.in, "outer", SHEAVE_TRAP_STACK_OVERFLOW, 1000u);
	world_free(&w);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, exceptions_cross_host_frames);
#define ELSEWHERE(number, where)
#define LATER(number, feature)
#define NEVER(number, reason)
#define TESTED(number, file, test) TESTED_##file(test)
#define TESTED_trap(test)
#define TESTED_except(test) tcase_add_test(t, test);
#define TESTED_frame(test)
#define TESTED_host(test)
#define TESTED_stop(test)
#define TESTED_process(test)
#define TESTED_thread(test)
#include "host/acceptance.def"
}

int
main(void)
{
	return accept_run("except", add);
}
