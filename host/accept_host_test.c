#include <stdio.h>
#include <stdlib.h>

#include "host/accept.h"

static enum sheave_result
failing(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	(void)slots;
	return sheave_caller_fail(caller, "this host function fails", env);
}

static enum sheave_result
counting(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	int *count = env;
	(void)caller;
	(void)slots;
	++*count;
	return SHEAVE_OK;
}

static void
define(struct world *w, const char *name, sheave_host_slots_fn *fn, void *env)
{
	ck_assert(sheave_linker_func_slots(
		w->linker, "host", name, ":", fn, env, NULL, NULL));
}

START_TEST(c36_a_trap_in_start_has_a_backtrace)
{
	struct world w = world_new(NULL, NULL);
	char text[256];
	struct sheave_error *e = world_fails(&w,
		"(module $m (func $deep (unreachable))"
		" (func $start (call $deep)) (start $start))",
		SHEAVE_STOPPED);
	sheave_error_format(e, text, sizeof text);
	ck_assert_ptr_nonnull(strstr(text, "wasm trap: unreachable\n"));
	ck_assert_ptr_nonnull(strstr(text, "m!deep\n"));
	ck_assert_ptr_nonnull(strstr(text, "m!start\n"));
	sheave_error_free(e);
	world_free(&w);
}
END_TEST

START_TEST(c37_start_is_a_host_function_that_fails)
{
	struct world w = world_new(NULL, NULL);
	define(&w, "fail", failing, NULL);
	struct sheave_error *e = world_fails(&w,
		"(module (import \"host\" \"fail\" (func $h)) (start $h))",
		SHEAVE_STOPPED);
	ck_assert_str_eq(sheave_error_message(e), "this host function fails");
	ck_assert_int_eq(sheave_error_kind(e), SHEAVE_ERROR_HOST);
	sheave_error_free(e);
	world_free(&w);
}
END_TEST

START_TEST(c39_a_failing_segment_is_a_trap)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *in = world_instance(&w, "a",
		"(module (memory (export \"m\") 1)"
		" (table (export \"t\") 1 funcref))");
	is_trap(world_fails(&w,
			"(module (memory (import \"a\" \"m\") 1)"
			" (data (i32.const 5) \"x\")"
			" (data (i32.const 65536) \"y\"))",
			SHEAVE_STOPPED),
		SHEAVE_TRAP_MEMORY_OUT_OF_BOUNDS);
	ck_assert_uint_eq(
		sheave_memory_data(sheave_instance_memory(in, "m"))[5], 'x');
	is_trap(world_fails(&w,
			"(module (table (import \"a\" \"t\") 1 funcref)"
			" (func $f) (elem (i32.const 1) $f))",
			SHEAVE_STOPPED),
		SHEAVE_TRAP_TABLE_OUT_OF_BOUNDS);
	world_free(&w);
}
END_TEST

START_TEST(c40_failed_instances_leave_the_store_usable)
{
	struct world w = world_new(NULL, NULL);
	for (int i = 0; i < 100; i++) {
		is_trap(world_fails(&w,
				"(module (func $s (unreachable)) (start $s))",
				SHEAVE_STOPPED),
			SHEAVE_TRAP_UNREACHABLE);
		sheave_error_free(world_fails(&w,
			"(module (import \"no\" \"such\" (func)))",
			SHEAVE_REFUSED));
		struct sheave_instance *in = world_instance(&w, NULL,
			"(module (func (export \"f\") (result i32)"
			" (i32.const 3)))");
		ck_assert_uint_eq(calls(in, "f"), 3);
	}
	world_free(&w);
}
END_TEST

START_TEST(c41_start_runs_once_or_not_at_all)
{
	struct world w = world_new(NULL, NULL);
	int count = 0;
	define(&w, "count", counting, &count);
	world_instance(&w, NULL,
		"(module (import \"host\" \"count\" (func $h))"
		" (func (export \"f\") (call $h)))");
	ck_assert_int_eq(count, 0);
	world_instance(&w, NULL,
		"(module (import \"host\" \"count\" (func $h))"
		" (func $s (call $h)) (start $s))");
	ck_assert_int_eq(count, 1);
	world_free(&w);
}
END_TEST

static enum sheave_result
out_of_fuel(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	(void)env;
	(void)slots;
	return sheave_caller_trap(caller, SHEAVE_TRAP_OUT_OF_FUEL);
}

START_TEST(d44_a_host_function_gives_a_trap_code)
{
	struct world w = world_new(NULL, NULL);
	define(&w, "trap", out_of_fuel, NULL);
	struct sheave_error *e =
		stops(world_instance(&w, NULL,
			      "(module (import \"host\" \"trap\" (func $h))"
			      " (func $f (export \"f\") (call $h)))"),
			"f");
	ck_assert_str_eq(sheave_error_message(e),
		"wasm trap: all fuel consumed by WebAssembly");
	has_frames(e, "f");
	is_trap(e, SHEAVE_TRAP_OUT_OF_FUEL);
	world_free(&w);
}
END_TEST

static void
released(void *env)
{
	int *count = env;
	++*count;
}

START_TEST(d47_closures_are_released_with_the_store)
{
	struct world w = world_new(NULL, NULL);
	int count = 0;
	ck_assert(sheave_linker_func_slots(
		w.linker, "host", "a", ":", failing, &count, released, NULL));
	ck_assert_ptr_nonnull(sheave_func_new_slots(
		w.store, ":", failing, &count, released, NULL));
	ck_assert_ptr_null(sheave_func_new_slots(
		w.store, "nonsense", failing, &count, released, NULL));
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (import \"host\" \"a\" (func $h))"
		" (func (export \"f\") (call $h)))");
	sheave_error_free(stops(in, "f"));
	ck_assert_int_eq(count, 0);
	world_free(&w);
	ck_assert_int_eq(count, 2);
}
END_TEST

START_TEST(d48_the_host_calls_a_host_function)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_error *e = NULL;
	struct sheave_func *f =
		sheave_func_new_slots(w.store, ":", failing, &w, NULL, NULL);
	ck_assert_int_eq(
		sheave_func_call(f, NULL, 0, NULL, 0, &e), SHEAVE_STOPPED);
	ck_assert_str_eq(sheave_error_message(e), "this host function fails");
	ck_assert_ptr_eq(sheave_error_payload(e), &w);
	ck_assert_uint_eq(sheave_error_frame_count(e), 0);
	sheave_error_free(e);
	world_free(&w);
}
END_TEST

static enum sheave_result
exiting(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	(void)env;
	return sheave_caller_exit(caller, sheave_i32(slots[0]));
}

START_TEST(d49_exit_unwinds_all_frames)
{
	struct world w = world_new(NULL, NULL);
	ck_assert(sheave_linker_func_slots(
		w.linker, "host", "exit", "i:", exiting, NULL, NULL, NULL));
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (import \"host\" \"exit\" (func $exit (param i32)))"
		" (func $f (export \"f\") (param i32)"
		"  (if (i32.eqz (local.get 0)) (then"
		"   (call $exit (i32.const 123))))"
		"  (call $f (i32.sub (local.get 0) (i32.const 1)))))");
	struct sheave_error *e = stops(in, "f", 50u);
	ck_assert_int_eq(sheave_error_kind(e), SHEAVE_ERROR_EXIT);
	ck_assert_int_eq(sheave_error_exit_code(e), 123);
	ck_assert_int_eq(sheave_error_trap(e), -1);
	sheave_error_free(e);
	world_free(&w);
}
END_TEST

/* The call is refused before anything runs. */
static void
refused(struct sheave_func *f, const struct sheave_value *args, size_t nargs,
	size_t nresults)
{
	struct sheave_value results[4];
	struct sheave_error *e = NULL;
	ck_assert_int_eq(
		sheave_func_call(f, args, nargs, results, nresults, &e),
		SHEAVE_REFUSED);
	ck_assert_int_eq(sheave_error_kind(e), SHEAVE_ERROR_MISUSE);
	sheave_error_free(e);
}

START_TEST(d50_wrong_arguments_are_refused)
{
	struct world w = world_new(NULL, NULL);
	int count = 0;
	struct sheave_value v = { .type = SHEAVE_I32 };
	define(&w, "count", counting, &count);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (import \"host\" \"count\" (func $h))"
		" (func (export \"f\") (param i32) (result i32)"
		"  (call $h) (local.get 0)))");
	struct sheave_func *f = sheave_instance_func(in, "f");
	refused(f, &v, 0, 1);
	refused(f, &v, 1, 0);
	refused(f, &v, 1, 2);
	v.type = SHEAVE_F32;
	refused(f, &v, 1, 1);
	v.type = SHEAVE_EXTERNREF;
	refused(f, &v, 1, 1);
	ck_assert_int_eq(count, 0);
	world_free(&w);
}
END_TEST

/* Gives its environment, a function, as its result. */
static enum sheave_result
giving(void *env, struct sheave_caller *caller, const struct sheave_value *args,
	struct sheave_value *results)
{
	(void)caller;
	(void)args;
	results[0].of.func = env;
	return SHEAVE_OK;
}

START_TEST(d50_other_stores_values_are_refused)
{
	struct world w = world_new(NULL, NULL), other = world_new(NULL, NULL);
	int count = 0;
	struct sheave_func *foreign = sheave_func_new_slots(
		other.store, ":", counting, &count, NULL, NULL);
	struct sheave_value v = { .type = SHEAVE_FUNCREF,
		.of = { .func = foreign } };
	ck_assert(sheave_linker_func(
		w.linker, "host", "give", ":r", giving, foreign, NULL, NULL));
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (import \"host\" \"give\" (func $h (result funcref)))"
		" (global (export \"g\") (mut funcref) (ref.null func))"
		" (table (export \"t\") 1 funcref)"
		" (func (export \"take\") (param funcref))"
		" (func (export \"f\") (drop (call $h))))");
	refused(sheave_instance_func(in, "take"), &v, 1, 0);
	struct sheave_error *e = stops(in, "f");
	ck_assert_int_eq(sheave_error_kind(e), SHEAVE_ERROR_HOST);
	sheave_error_free(e);
	ck_assert(
		!sheave_global_set(sheave_instance_global(in, "g"), &v, NULL));
	ck_assert(
		!sheave_table_set(sheave_instance_table(in, "t"), 0, &v, NULL));
	struct sheave_extern x = { .kind = SHEAVE_FUNC,
		.of = { .func = foreign } };
	ck_assert(!sheave_linker_define(w.linker, "a", "b", &x, NULL));
	world_free(&other);
	world_free(&w);
}
END_TEST

START_TEST(d51_unknown_imports_trap_or_give_zeros)
{
	static const char *const text =
		"(module (import \"no\" \"such\" (func $h (param i32)"
		"  (result i64 externref)))"
		" (func (export \"idle\") (result i32) (i32.const 5))"
		" (func (export \"f\") (result i64)"
		"  (i32.const 1) (call $h) (drop)))";
	struct world w = world_new(NULL, NULL);
	struct sheave_error *e = world_fails(&w, text, SHEAVE_REFUSED);
	ck_assert_int_eq(sheave_error_kind(e), SHEAVE_ERROR_LINK);
	ck_assert_str_eq(sheave_error_message(e),
		"unknown import no.such"
		" (func [i32] -> [i64 (ref null extern)])");
	sheave_error_free(e);
	sheave_linker_unknown(w.linker, SHEAVE_UNKNOWN_TRAP);
	struct sheave_instance *in = world_instance(&w, NULL, text);
	ck_assert_uint_eq(calls(in, "idle"), 5);
	e = stops(in, "f");
	ck_assert_str_eq(
		sheave_error_message(e), "unknown import no.such was called");
	sheave_error_free(e);
	sheave_linker_unknown(w.linker, SHEAVE_UNKNOWN_ZERO);
	in = world_instance(&w, NULL, text);
	ck_assert_uint_eq(calls(in, "f"), 0);
	world_free(&w);
}
END_TEST

#define MANY "i32 i64 f32 f64 i32 i64 f32 f64 i32 i64 f32 f64 i32 i64 f32 f64"
enum { NMANY = 16 };

/* Arguments 1, 2 .. in those types. */
static void
many_values(struct sheave_value *v)
{
	static const sheave_valtype types[] = { SHEAVE_I32, SHEAVE_I64,
		SHEAVE_F32, SHEAVE_F64 };
	for (int i = 0; i < NMANY; i++) {
		memset(&v[i], 0, sizeof v[i]);
		v[i].type = types[i % 4];
		if (i % 4 == 0)
			v[i].of.i32 = -i;
		else if (i % 4 == 1)
			v[i].of.i64 = -((int64_t)i << 40);
		else if (i % 4 == 2)
			v[i].of.f32 = (float)i + 0.5f;
		else
			v[i].of.f64 = i + 0.25;
	}
}

static enum sheave_result
echo(void *env, struct sheave_caller *caller, const struct sheave_value *args,
	struct sheave_value *results)
{
	(void)env;
	(void)caller;
	memcpy(results, args, NMANY * sizeof *args);
	return SHEAVE_OK;
}

static enum sheave_result
echo_slots(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	(void)env;
	(void)caller;
	(void)slots; /* results stand where the arguments were */
	return SHEAVE_OK;
}

static void
echoes(struct sheave_func *f)
{
	struct sheave_value in[NMANY], out[NMANY];
	struct sheave_error *e = NULL;
	ck_assert_ptr_nonnull(f);
	many_values(in);
	memset(out, 0, sizeof out);
	ck_assert_int_eq(
		sheave_func_call(f, in, NMANY, out, NMANY, &e), SHEAVE_OK);
	for (int i = 0; i < NMANY; i++) {
		ck_assert_uint_eq(out[i].type, in[i].type);
		ck_assert_mem_eq(&out[i].of, &in[i].of, 8);
	}
}

START_TEST(d52_many_values_through_every_kind_of_call)
{
	static const char *const exports[] = { "typed", "slots", "own", "via",
		"import", "import_slots", "table", "table_host", "funcref" };
	struct world w = world_new(NULL, NULL);
	struct sheave_value v;
	const char *signature = "iIfFiIfFiIfFiIfF:iIfFiIfFiIfFiIfF";
	ck_assert(sheave_linker_func(
		w.linker, "host", "typed", signature, echo, NULL, NULL, NULL));
	ck_assert(sheave_linker_func_slots(w.linker, "host", "slots", signature,
		echo_slots, NULL, NULL, NULL));
#define ALL \
	" (local.get 0) (local.get 1) (local.get 2) (local.get 3)" \
	" (local.get 4) (local.get 5) (local.get 6) (local.get 7)" \
	" (local.get 8) (local.get 9) (local.get 10) (local.get 11)" \
	" (local.get 12) (local.get 13) (local.get 14) (local.get 15)"
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (type $t (func (param " MANY ") (result " MANY ")))"
		" (import \"host\" \"typed\" (func $typed (type $t)))"
		" (import \"host\" \"slots\" (func $slots (type $t)))"
		" (export \"typed\" (func $typed))"
		" (export \"slots\" (func $slots))"
		" (table $t funcref (elem $own $typed))"
		" (global (export \"g\") funcref (ref.func $own))"
		" (global (export \"h\") funcref (ref.func $slots))"
		" (func $own (export \"own\") (type $t)" ALL ")"
		" (func (export \"via\") (type $t) (call $own" ALL "))"
		" (func (export \"import\") (type $t) (call $typed" ALL "))"
		" (func (export \"import_slots\") (type $t)"
		"  (call $slots" ALL "))"
		" (func (export \"table\") (type $t)"
		"  (call_indirect $t (type $t)" ALL " (i32.const 0)))"
		" (func (export \"table_host\") (type $t)"
		"  (call_indirect $t (type $t)" ALL " (i32.const 1)))"
		" (func (export \"funcref\") (type $t)"
		"  (table.set $t (i32.const 0) (global.get 0))"
		"  (call_indirect $t (type $t)" ALL " (i32.const 0))))");
	for (size_t i = 0; i < sizeof exports / sizeof exports[0]; i++)
		echoes(sheave_instance_func(in, exports[i]));
	sheave_global_get(sheave_instance_global(in, "g"), &v);
	echoes(v.of.func);
	sheave_global_get(sheave_instance_global(in, "h"), &v);
	echoes(v.of.func);
	world_free(&w);
}
END_TEST

/* A host function of so many parameters of a type, and that result. */
struct weighed {
	char letter;
	int n;
};

/* The sum of arguments, each times its place; on slots. */
static enum sheave_result
weigh(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	const struct weighed *w = env;
	double sum = 0.5;
	uint64_t whole = (uint64_t)1 << 32;
	(void)caller;
	for (int i = 0; i < w->n; i++) {
		sum += (i + 1) * (w->letter == 'f' ? sheave_f32(slots[i])
						   : sheave_f64(slots[i]));
		whole += (uint64_t)(i + 1) * slots[i];
	}
	if (w->letter == 'f')
		slots[0] = sheave_slot_f32((float)sum);
	else if (w->letter == 'F')
		slots[0] = sheave_slot_f64(sum);
	else
		slots[0] = w->letter == 'i' ? (uint32_t)whole : whole;
	return SHEAVE_OK;
}

/* f gives what the host makes of 3, 4 .. as an integer; by a table in g. */
static void
weigh_text(const struct weighed *w, const char *type, char *out)
{
	const char *const whole = w->letter == 'i'   ? "i64.extend_i32_u"
				  : w->letter == 'I' ? "i64.add (i64.const 0)"
				  : w->letter == 'f' ? "i64.trunc_f32_s"
						     : "i64.trunc_f64_s";
	out += sprintf(out, "(module (type $t (func (param");
	for (int i = 0; i < w->n; i++)
		out += sprintf(out, " %s", type);
	out += sprintf(out,
		") (result %s))) (import \"host\" \"h\" (func $h (type $t)))"
		" (table funcref (elem $h))",
		type);
	for (int k = 0; k < 2; k++) {
		out += sprintf(out, " (func (export \"%s\") (result i64) (%s (",
			k == 0 ? "f" : "g", whole);
		out += sprintf(
			out, k == 0 ? "call $h" : "call_indirect (type $t)");
		for (int i = 0; i < w->n; i++)
			out += sprintf(out, " (%s.const %d)", type, i + 3);
		out += sprintf(out, "%s)))", k == 0 ? "" : " (i32.const 0)");
	}
	sprintf(out, ")");
}

START_TEST(d52_each_number_of_arguments_of_each_type)
{
	static const char *const types[] = { "i32", "i64", "f32", "f64" };
	static const char letters[] = "iIfF";
	for (int k = 0; k < 40; k++) {
		struct world w = world_new(NULL, NULL);
		struct weighed h = { letters[k % 4], k / 4 };
		char text[1200], signature[16] = "";
		uint64_t sum = k % 4 == 1 ? (uint64_t)1 << 32 : 0;
		memset(signature, h.letter, (size_t)h.n);
		sprintf(signature + h.n, ":%c", h.letter);
		ck_assert(sheave_linker_func_slots(w.linker, "host", "h",
			signature, weigh, &h, NULL, NULL));
		weigh_text(&h, types[k % 4], text);
		for (int i = 0; i < h.n; i++)
			sum += (uint64_t)((i + 1) * (i + 3));
		struct sheave_instance *in = world_instance(&w, NULL, text);
		ck_assert_uint_eq(calls(in, "f"), sum);
		ck_assert_uint_eq(calls(in, "g"), sum);
		world_free(&w);
	}
}
END_TEST

/* Its slots, each with a digit of its own; C with its stack where it wants. */
static enum sheave_result
digits(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	char text[40];
	(void)env;
	(void)caller;
	snprintf(text, sizeof text, "%g %g", sheave_f64(slots[3]), 0.5);
	ck_assert_str_eq(text, "4 0.5");
	uint64_t sum = slots[6];
	for (int i = 5; i >= 0; i--)
		sum = sum * 10 + (i == 3 ? 4 : slots[i]);
	slots[0] = sum;
	slots[1] = 8;
	slots[2] = 9;
	return SHEAVE_OK;
}

/* By import and by table, from frames of both kinds of alignment. */
START_TEST(d52_vectors_and_others_in_one_call)
{
	struct world w = world_new(NULL, NULL);
	ck_assert(sheave_linker_func_slots(
		w.linker, "host", "h", "viFIv:vI", digits, NULL, NULL, NULL));
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (type $t (func (param v128 i32 f64 i64 v128)"
		"  (result v128 i64)))"
		" (import \"host\" \"h\" (func $h (type $t)))"
		" (table funcref (elem $h))"
		" (func $sum (param v128 i64) (result i64)"
		"  (i64.add (i64x2.extract_lane 0 (local.get 0))"
		"   (i64.mul (local.get 1)"
		"    (i64x2.extract_lane 1 (local.get 0)))))"
		" (func $f (export \"f\") (param i64) (result i64)"
		"  (i64.add (call $sum (call $h (v128.const i64x2 1 2)"
		"   (i32.const 3) (f64.const 4) (i64.const 5)"
		"   (v128.const i64x2 6 7))) (local.get 0)))"
		" (func (export \"g\") (param i64) (result i64)"
		"  (i64.add (call $sum (call_indirect (type $t)"
		"   (v128.const i64x2 1 2) (i32.const 3) (f64.const 4)"
		"   (i64.const 5) (v128.const i64x2 6 7) (i32.const 0)))"
		"   (local.get 0)))"
		" (func (export \"below\") (param i64) (result i64)"
		"  (i64.sub (call $f (local.get 0)) (local.get 0))))");
	for (int64_t i = 0; i < 3; i++) {
		ck_assert_uint_eq(calls(in, "f", i), 7654321u + 72u + i);
		ck_assert_uint_eq(calls(in, "g", i), 7654321u + 72u + i);
		ck_assert_uint_eq(calls(in, "below", i), 7654321u + 72u);
	}
	world_free(&w);
}
END_TEST

START_TEST(d54_growth_failure_can_trap)
{
	static const char *const text =
		"(module (memory (export \"m\") 1)"
		" (table (export \"t\") 1 funcref)"
		" (func (export \"memory\") (result i32)"
		"  (memory.grow (i32.const 5)))"
		" (func (export \"table\") (result i32)"
		"  (table.grow (ref.null func) (i32.const 5))))";
	struct sheave_limits limits = { .memory_bytes = 3 * 65536,
		.table_elements = 3 };
	struct sheave_value null = { .type = SHEAVE_FUNCREF };
	for (int i = 0; i < 2; i++) {
		limits.trap_on_grow_failure = i == 1;
		struct world w = world_new(NULL, &limits);
		struct sheave_instance *in = world_instance(&w, NULL, text);
		if (i == 0) {
			ck_assert_uint_eq(calls(in, "memory"), UINT32_MAX);
			ck_assert_uint_eq(calls(in, "table"), UINT32_MAX);
		} else {
			traps_twice(
				in, "memory", SHEAVE_TRAP_ALLOCATION_TOO_LARGE);
			traps_twice(
				in, "table", SHEAVE_TRAP_ALLOCATION_TOO_LARGE);
		}
		ck_assert(!sheave_memory_grow(
			sheave_instance_memory(in, "m"), 5, NULL, NULL));
		ck_assert(!sheave_table_grow(
			sheave_instance_table(in, "t"), 5, &null, NULL, NULL));
		ck_assert(sheave_memory_grow(
			sheave_instance_memory(in, "m"), 2, NULL, NULL));
		world_free(&w);
	}
}
END_TEST

START_TEST(d56_results_are_untouched_unless_all_went_well)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_value arg = { .type = SHEAVE_I32, .of = { .i32 = 0 } };
	struct sheave_value result, before;
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (func (export \"f\") (param i32) (result i32)"
		" (i32.div_u (i32.const 6) (local.get 0))))");
	struct sheave_func *f = sheave_instance_func(in, "f");
	memset(&result, 0x55, sizeof result);
	before = result;
	ck_assert_int_eq(
		sheave_func_call(f, &arg, 1, &result, 1, NULL), SHEAVE_STOPPED);
	ck_assert_mem_eq(&result, &before, sizeof result);
	ck_assert_int_eq(
		sheave_func_call(f, &arg, 0, &result, 1, NULL), SHEAVE_REFUSED);
	ck_assert_mem_eq(&result, &before, sizeof result);
	arg.of.i32 = 2;
	ck_assert_int_eq(
		sheave_func_call(f, &arg, 1, &result, 1, NULL), SHEAVE_OK);
	ck_assert_int_eq(result.of.i32, 3);
	world_free(&w);
}
END_TEST

/* A sum over values that live across calls of f, which trap in two ways; or no
 * calls. */
static double
mix(struct sheave_func *f)
{
	double a = 1, b = 2, c = 3, d = 4, e = 5, g = 6, h = 7, k = 8;
	uint64_t l = 1, m = 2, n = 3, o = 4, p = 5, q = 6;
	for (int i = 0; i < 100; i++) {
		uint64_t slots[2] = { sheave_slot_f64(3), 20 };
		slots[1] += (uint64_t)(i % 2);
		if (f != NULL)
			ck_assert_int_eq(sheave_func_call_slots(f, slots, NULL),
				SHEAVE_STOPPED);
		a += b, b += 1, c += a, d += 2, e += d, g += 3, h += g, k += 4;
		l += m, m += 1, n += l, o += 2, p += o, q += 3;
	}
	return a + 2 * b + 3 * c + 5 * d + 7 * e + 11 * g + 13 * h + 17 * k +
	       (double)(l + 2 * m + 3 * n + 5 * o + 7 * p + 11 * q);
}

/* An engine that jumps to its host loses some. */
START_TEST(d57_the_hosts_registers_survive)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (memory 0) (func $f (export \"f\") (param f64 i64)"
		" (if (i64.eqz (local.get 1)) (then (unreachable)))"
		" (if (i64.eq (local.get 1) (i64.const 1)) (then"
		"  (i32.store (i32.const 0) (i32.const 0))))"
		" (call $f (f64.mul (local.get 0) (f64.const 1.5))"
		"  (i64.sub (local.get 1) (i64.const 2)))))");
	ck_assert(mix(sheave_instance_func(in, "f")) == mix(NULL));
	world_free(&w);
}
END_TEST

/* Calls an export of an instance, both in its environment. */
struct target {
	struct sheave_instance *in;
	const char *name;
	bool swallow;
	int caught;
};

static enum sheave_result
calling(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	struct target *t = env;
	struct sheave_error *e = NULL;
	uint64_t none[1] = { 0 };
	(void)slots;
	if (sheave_func_call_slots(sheave_instance_func(t->in, t->name), none,
		    &e) == SHEAVE_OK)
		return SHEAVE_OK;
	if (!t->swallow)
		return sheave_caller_pass(caller, e);
	t->caught++;
	sheave_error_free(e);
	return SHEAVE_OK;
}

/* a calls the host, that calls b, that calls the host, that calls c. */
static struct sheave_instance *
chain(struct world *w, struct target *b, struct target *c)
{
	define(w, "b", calling, b);
	define(w, "c", calling, c);
	b->name = "b";
	c->name = "c";
	struct sheave_instance *in = world_instance(w, NULL,
		"(module (import \"host\" \"b\" (func $tob))"
		" (import \"host\" \"c\" (func $toc))"
		" (func $a (export \"a\") (result i32)"
		"  (call $tob) (i32.const 11))"
		" (func $b (export \"b\") (call $toc))"
		" (func $c (export \"c\") (unreachable))"
		" (func $d (export \"d\") (call $a) (drop) (unreachable)))");
	b->in = c->in = in;
	return in;
}

START_TEST(e58_a_trap_goes_through_all_activations)
{
	struct world w = world_new(NULL, NULL);
	struct target b = { .swallow = false }, c = { .swallow = false };
	struct sheave_error *e = stops(chain(&w, &b, &c), "a");
	has_frames(e, "c b a");
	is_trap(e, SHEAVE_TRAP_UNREACHABLE);
	world_free(&w);
}
END_TEST

START_TEST(e59_the_host_swallows_a_trap)
{
	struct world w = world_new(NULL, NULL);
	struct target b = { .swallow = false }, c = { .swallow = true };
	struct sheave_instance *in = chain(&w, &b, &c);
	ck_assert_uint_eq(calls(in, "a"), 11);
	ck_assert_int_eq(c.caught, 1);
	struct sheave_error *e = stops(in, "d");
	has_frames(e, "d");
	is_trap(e, SHEAVE_TRAP_UNREACHABLE);
	ck_assert_int_eq(c.caught, 2);
	c.swallow = false;
	e = stops(in, "d");
	has_frames(e, "c b a d");
	is_trap(e, SHEAVE_TRAP_UNREACHABLE);
	world_free(&w);
}
END_TEST

static enum sheave_result
stopping(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	(void)env;
	(void)caller;
	(void)slots;
	return SHEAVE_STOPPED;
}

static enum sheave_result
swallowing(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	struct sheave_func **f = env;
	(void)caller;
	ck_assert_int_eq(
		sheave_func_call_slots(*f, slots, NULL), SHEAVE_STOPPED);
	return SHEAVE_OK;
}

START_TEST(e59_what_was_swallowed_is_nobodys_reason)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_func *f = NULL;
	define(&w, "swallow", swallowing, &f);
	define(&w, "stop", stopping, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (import \"host\" \"swallow\" (func $swallow))"
		" (import \"host\" \"stop\" (func $stop))"
		" (func (export \"trap\") (unreachable))"
		" (func (export \"f\") (call $swallow) (call $stop)))");
	f = sheave_instance_func(in, "trap");
	struct sheave_error *e = stops(in, "f");
	ck_assert_int_eq(sheave_error_kind(e), SHEAVE_ERROR_HOST);
	ck_assert_str_eq(sheave_error_message(e), "the host function failed");
	sheave_error_free(e);
	world_free(&w);
}
END_TEST

static enum sheave_result
noting(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	struct sheave_instance **in = env;
	(void)slots;
	*in = sheave_caller_instance(caller);
	return SHEAVE_OK;
}

START_TEST(e63_the_caller_is_the_immediate_one)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *caller = NULL;
	struct sheave_extern x;
	define(&w, "note", noting, &caller);
	struct sheave_instance *inner = world_instance(&w, "inner",
		"(module (import \"host\" \"note\" (func $h))"
		" (memory (export \"mine\") 1) (export \"h\" (func $h))"
		" (func (export \"f\") (call $h)))");
	struct sheave_instance *outer = world_instance(&w, NULL,
		"(module (import \"inner\" \"f\" (func $f))"
		" (import \"inner\" \"h\" (func $h))"
		" (func (export \"f\") (call $f))"
		" (func (export \"g\") (call $h)))");
	calls(outer, "f");
	ck_assert_ptr_eq(caller, inner);
	ck_assert(sheave_instance_export(caller, "mine", &x));
	calls(outer, "g");
	ck_assert_ptr_eq(caller, outer);
	ck_assert(!sheave_instance_export(caller, "mine", &x));
	calls(inner, "h");
	ck_assert_ptr_null(caller);
	world_free(&w);
}
END_TEST

static enum sheave_result
one_two_three(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	(void)env;
	(void)caller;
	for (int i = 0; i < 3; i++)
		slots[i] = sheave_slot_i32(i + 1);
	return SHEAVE_OK;
}

static enum sheave_result
one_two_three_values(void *env, struct sheave_caller *caller,
	const struct sheave_value *args, struct sheave_value *results)
{
	(void)env;
	(void)caller;
	(void)args;
	for (int i = 0; i < 3; i++)
		results[i].of.i32 = i + 1;
	return SHEAVE_OK;
}

/* Tail calls and call_ref are due with their features. */
START_TEST(k109_calls_of_all_kinds)
{
	static const char *const names[] = { "own", "wasm", "slots", "values",
		"indirect", "indirect_host" };
	struct world w = world_new(NULL, NULL);
	ck_assert(sheave_linker_func_slots(w.linker, "host", "slots", ":iii",
		one_two_three, NULL, NULL, NULL));
	ck_assert(sheave_linker_func(w.linker, "host", "values", ":iii",
		one_two_three_values, NULL, NULL, NULL));
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (type $t (func (result i32 i32 i32)))"
		" (import \"host\" \"slots\" (func $slots (type $t)))"
		" (import \"host\" \"values\" (func $values (type $t)))"
		" (table $t funcref (elem $own $slots)) (memory 1)"
		" (func $own (export \"own\") (type $t)"
		"  (i32.const 1) (i32.const 2) (i32.const 3))"
		" (func (export \"wasm\") (type $t) (call $own))"
		" (func (export \"slots\") (type $t) (call $slots))"
		" (func (export \"values\") (type $t) (call $values))"
		" (func (export \"indirect\") (type $t)"
		"  (call_indirect (type $t) (i32.const 0)))"
		" (func (export \"indirect_host\") (type $t)"
		"  (call_indirect (type $t) (i32.const 1)))"
		" (func (export \"memory\") (result i32)"
		"  (i32.store (i32.const 8) (i32.const 77))"
		"  (memory.copy (i32.const 16) (i32.const 8) (i32.const 4))"
		"  (i32.add (i32.load (i32.const 16)) (memory.size)))"
		" (func (export \"table\") (result i32)"
		"  (table.copy (i32.const 0) (i32.const 1) (i32.const 1))"
		"  (i32.add (table.size $t)"
		"   (ref.is_null (table.get $t (i32.const 0))))))");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct sheave_value v[3];
		ck_assert_int_eq(
			sheave_func_call(sheave_instance_func(in, names[i]),
				NULL, 0, v, 3, NULL),
			SHEAVE_OK);
		for (int k = 0; k < 3; k++)
			ck_assert_int_eq(v[k].of.i32, k + 1);
	}
	ck_assert_uint_eq(calls(in, "memory"), 78);
	ck_assert_uint_eq(calls(in, "table"), 2);
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
#define TESTED_host(test) tcase_add_test(t, test);
#define TESTED_stop(test)
#define TESTED_process(test)
#define TESTED_thread(test)
#include "host/acceptance.def"
}

int
main(void)
{
	return accept_run("host", add);
}
