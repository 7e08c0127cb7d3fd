#include <stdio.h>
#include <stdlib.h>

#include "host/accept.h"

static struct sheave_usage
usage(const struct world *w)
{
	struct sheave_usage u;
	sheave_store_usage(w->store, &u);
	return u;
}

/* Calls an export of the types of args and result. */
static struct sheave_value
call(struct sheave_instance *in, const char *name,
	const struct sheave_value *args, size_t nargs)
{
	struct sheave_value v = { 0 };
	struct sheave_error *e = NULL;
	struct sheave_func *f = sheave_instance_func(in, name);
	ck_assert_ptr_nonnull(f);
	if (sheave_func_call(f, args, nargs, &v, 1, &e) != SHEAVE_OK)
		ck_abort_msg("%s", sheave_error_message(e));
	return v;
}

static const char *const boxes =
	"(module (type $box (struct (field (mut i32))))"
	" (global (export \"kept\") (mut anyref) (ref.null any))"
	" (func (export \"box\") (param i32) (result anyref)"
	"  (struct.new $box (local.get 0)))"
	" (func (export \"out\") (param i32) (result externref)"
	"  (extern.convert_any (struct.new $box (local.get 0))))"
	" (func (export \"in\") (param externref) (result i32)"
	"  (struct.get $box 0 (ref.cast (ref $box)"
	"   (any.convert_extern (local.get 0)))))"
	" (func (export \"value\") (param anyref) (result i32)"
	"  (struct.get $box 0 (ref.cast (ref $box) (local.get 0))))"
	" (func (export \"same\") (param anyref) (result anyref) (local.get 0))"
	" (func (export \"eq\") (param eqref) (result eqref) (local.get 0))"
	" (func (export \"strict\") (param (ref null $box)) (result i32)"
	"  (ref.is_null (local.get 0)))"
	" (func (export \"small\") (result anyref) (ref.i31 (i32.const -5)))"
	" (func (export \"self\") (result funcref) (ref.func 0))"
	" (elem declare func 0)"
	" (func (export \"churn\") (param i32)"
	"  (loop (drop (struct.new $box (local.get 0)))"
	"   (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))";

START_TEST(references_go_out_and_come_back)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *in = world_instance(&w, NULL, boxes);
	struct sheave_value v = { SHEAVE_I32, { .i32 = 7 } }, got;
	v = call(in, "box", &v, 1);
	ck_assert_uint_eq(v.type, SHEAVE_ANYREF);
	ck_assert_int_eq(call(in, "value", &v, 1).of.i32, 7);
	ck_assert_int_eq(call(in, "in", &v, 1).of.i32, 7);
	ck_assert_int_eq(call(in, "strict", &v, 1).of.i32, 0);
	ck_assert_ptr_eq(call(in, "eq", &v, 1).of.object, v.of.object);
	v = (struct sheave_value){ SHEAVE_I32, { .i32 = 8 } };
	v = call(in, "out", &v, 1);
	ck_assert_uint_eq(v.type, SHEAVE_ANYREF);
	ck_assert_int_eq(call(in, "in", &v, 1).of.i32, 8);
	v = call(in, "small", NULL, 0);
	ck_assert(v.type == SHEAVE_I31 && v.of.i32 == -5);
	ck_assert_int_eq(call(in, "same", &v, 1).of.i32, -5);
	v = (struct sheave_value){ SHEAVE_EXTERNREF, { .external = &w } };
	got = call(in, "same", &v, 1);
	ck_assert(got.type == SHEAVE_EXTERNREF && got.of.external == &w);
	v = (struct sheave_value){ .type = SHEAVE_ANYREF };
	ck_assert_ptr_null(call(in, "same", &v, 1).of.object);
	ck_assert_int_eq(call(in, "strict", &v, 1).of.i32, 1);
	world_free(&w);
}
END_TEST

static void
refuses(struct sheave_instance *in, const char *name, struct sheave_value v,
	const char *why)
{
	struct sheave_value result;
	struct sheave_error *e = NULL;
	ck_assert_int_eq(sheave_func_call(sheave_instance_func(in, name), &v, 1,
				 &result, 1, &e),
		SHEAVE_REFUSED);
	ck_assert_msg(strstr(sheave_error_message(e), why) != NULL, "%s",
		sheave_error_message(e));
	sheave_error_free(e);
}

START_TEST(references_that_do_not_fit_are_refused)
{
	struct world w = world_new(NULL, NULL), other = world_new(NULL, NULL);
	struct sheave_instance *in = world_instance(&w, NULL, boxes);
	struct sheave_instance *far = world_instance(&other, NULL, boxes);
	struct sheave_value one = { SHEAVE_I32, { .i32 = 1 } };
	struct sheave_value box = call(in, "box", &one, 1);
	struct sheave_value small = call(in, "small", NULL, 0);
	struct sheave_value self = call(in, "self", NULL, 0);
	struct sheave_value host = { SHEAVE_EXTERNREF, { .external = &w } };
	refuses(far, "value", box, "another store");
	refuses(far, "same", box, "another store");
	refuses(in, "strict", small, "another type");
	refuses(in, "strict", host, "another type");
	refuses(in, "eq", host, "another type");
	refuses(in, "same", self, "another type");
	box.of.object = (struct sheave_object *)((char *)box.of.object + 4);
	refuses(in, "same", box, "another store");
	ck_assert_ptr_null(sheave_ref_new(w.store, &one, NULL));
	ck_assert_ptr_null(sheave_ref_new(w.store, &box, NULL));
	world_free(&w);
	world_free(&other);
}
END_TEST

START_TEST(a_handle_keeps_its_object_and_the_store)
{
	struct sheave_config config = { .gc_stress = true };
	struct world w = world_new(&config, NULL);
	struct sheave_instance *in = world_instance(&w, NULL, boxes);
	struct sheave_value v = { SHEAVE_I32, { .i32 = 7 } };
	v = call(in, "box", &v, 1);
	struct sheave_ref *r = sheave_ref_new(w.store, &v, NULL), *again;
	struct sheave_value ten = { SHEAVE_I32, { .i32 = 10 } };
	ck_assert_int_eq(sheave_func_call(sheave_instance_func(in, "churn"),
				 &ten, 1, NULL, 0, NULL),
		SHEAVE_OK);
	sheave_ref_value(r, &v);
	ck_assert_int_eq(call(in, "value", &v, 1).of.i32, 7);
	uint64_t before = usage(&w).objects_marked;
	ck_assert(sheave_store_collect(w.store));
	ck_assert_uint_eq(usage(&w).objects_marked - before, 1);
	sheave_ref_free(r);
	ck_assert(sheave_store_collect(w.store));
	ck_assert_uint_eq(usage(&w).objects_marked - before, 1);
	v = call(in, "self", NULL, 0);
	r = sheave_ref_new(w.store, &v, NULL);
	v = (struct sheave_value){ .type = SHEAVE_ANYREF };
	again = sheave_ref_new(w.store, &v, NULL);
	world_free(&w);
	sheave_ref_free(again);
	sheave_ref_free(r);
	sheave_ref_free(NULL);
}
END_TEST

/* Allocates in the guest before it looks at its arguments. */
static enum sheave_result
adding(void *env, struct sheave_caller *caller, const struct sheave_value *args,
	struct sheave_value *results)
{
	struct sheave_instance *in = sheave_caller_instance(caller);
	uint64_t slot = 10;
	(void)env;
	if (sheave_func_call_slots(sheave_instance_func(in, "churn"), &slot,
		    NULL) != SHEAVE_OK)
		return SHEAVE_STOPPED;
	results[0].of.i32 = call(in, "value", &args[0], 1).of.i32 +
			    call(in, "value", &args[1], 1).of.i32;
	return SHEAVE_OK;
}

static enum sheave_result
adding_slots(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	struct sheave_instance *in = sheave_caller_instance(caller);
	uint64_t slot = 10, first = slots[0], second = slots[1];
	struct sheave_func *value = sheave_instance_func(in, "value");
	(void)env;
	if (sheave_func_call_slots(sheave_instance_func(in, "churn"), &slot,
		    NULL) != SHEAVE_OK ||
		sheave_func_call_slots(value, &first, NULL) != SHEAVE_OK ||
		sheave_func_call_slots(value, &second, NULL) != SHEAVE_OK)
		return SHEAVE_STOPPED;
	slots[0] = sheave_slot_i32(sheave_i32(first) + sheave_i32(second));
	return SHEAVE_OK;
}

START_TEST(arguments_live_while_a_host_function_runs)
{
	struct sheave_config config = { .gc_stress = true };
	struct world w = world_new(&config, NULL);
	ck_assert(sheave_linker_func(
		w.linker, "h", "a", "aa:i", adding, NULL, NULL, NULL));
	ck_assert(sheave_linker_func_slots(
		w.linker, "h", "b", "aa:i", adding_slots, NULL, NULL, NULL));
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (type $box (struct (field (mut i32))))"
		" (type $add (func (param anyref anyref) (result i32)))"
		" (import \"h\" \"a\" (func $a (type $add)))"
		" (import \"h\" \"b\" (func $b (type $add)))"
		" (table funcref (elem $a $b))"
		" (func (export \"value\") (param anyref) (result i32)"
		"  (struct.get $box 0 (ref.cast (ref $box) (local.get 0))))"
		" (func $box (param i32) (result anyref)"
		"  (struct.new $box (local.get 0)))"
		" (func (export \"churn\") (param i32)"
		"  (loop (drop (call $box (local.get 0))) (br_if 0"
		"   (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))"
		" (func (export \"go\") (result i32)"
		"  (call $a (call $box (i32.const 1)) (call $box (i32.const "
		"2)))"
		"  (call $b (call $box (i32.const 3)) (call $box (i32.const "
		"4)))"
		"  (call_indirect (type $add) (call $box (i32.const 5))"
		"   (call $box (i32.const 6)) (i32.const 1))"
		"  (i32.add) (i32.add)))");
	ck_assert_uint_eq(calls(in, "go"), 21);
	world_free(&w);
}
END_TEST

START_TEST(a_deep_stack_is_searched_frame_by_frame)
{
	struct sheave_limits limits = { .stack_bytes = 16 << 20 };
	struct world w = world_new(NULL, &limits);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (type $box (struct (field (mut i32))))"
		" (func $down (export \"down\") (param i32) (result i32)"
		"  (local $mine (ref null $box)) (local $n i32)"
		"  (local.set $mine (struct.new $box (local.get 0)))"
		"  (if (local.get 0)"
		"   (then (local.set $n"
		"    (call $down (i32.sub (local.get 0) (i32.const 1)))))"
		"   (else (local.set $n (i32.const 2000000))"
		"    (loop (drop (struct.new $box (local.get $n)))"
		"     (br_if 0 (local.tee $n"
		"      (i32.sub (local.get $n) (i32.const 1)))))))"
		"  (i32.add (local.get $n)"
		"   (i32.ne (struct.get $box 0 (local.get $mine))"
		"    (local.get 0)))))");
	ck_assert_uint_eq(calls(in, "down", 30000), 0);
	struct sheave_usage u = usage(&w);
	ck_assert_uint_ge(u.collections, 3);
	ck_assert_uint_ge(u.objects_marked, u.collections * 30001);
	ck_assert_uint_le(u.objects_marked, u.collections * 30002);
	world_free(&w);
}
END_TEST

START_TEST(collecting_costs_what_lives)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *in = world_instance(&w, NULL, boxes);
	struct sheave_value v = { SHEAVE_I32, { .i32 = 7 } };
	v = call(in, "box", &v, 1);
	ck_assert(sheave_global_set(
		sheave_instance_global(in, "kept"), &v, NULL));
	uint64_t slot = 3000000;
	ck_assert_int_eq(
		sheave_func_call_slots(
			sheave_instance_func(in, "churn"), &slot, NULL),
		SHEAVE_OK);
	struct sheave_usage u = usage(&w);
	ck_assert_uint_ge(u.heap_allocated_bytes, 3000000 * 16);
	ck_assert_uint_ge(u.collections, 5);
	ck_assert_uint_le(u.objects_marked, 2 * u.collections);
	ck_assert_uint_le(u.heap_bytes, 8 << 20);
	world_free(&w);
}
END_TEST

/* Instances. */

static void *
count_resize(void *user, void *old, size_t old_bytes, size_t new_bytes)
{
	*(uint64_t *)user += new_bytes - old_bytes;
	if (new_bytes != 0)
		return realloc(old, new_bytes);
	free(old);
	return NULL;
}

/* A number after a word in a file of the system; 0 without such a file. */
static uint64_t
mappings(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	uint64_t n = 0;
	int c;
	while (f != NULL && (c = getc(f)) != EOF)
		n += c == '\n';
	if (f != NULL)
		fclose(f);
	return n;
}

/* Pages in memory; 0 where the system does not tell. */
static uint64_t
resident(void)
{
	unsigned long all = 0, pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	if (f != NULL && fscanf(f, "%lu %lu", &all, &pages) != 2)
		pages = 0;
	if (f != NULL)
		fclose(f);
	return pages;
}

/* A sanitizer keeps 256 MiB of what was freed; a leak would be 500 MiB. */
enum { RESIDENT_MORE = 70000 };

static const char *const program =
	"(module (memory (export \"m\") 1) (data (i32.const 0) \"x\")"
	" (table (export \"t\") 10 funcref) (elem (i32.const 0) $f)"
	" (elem $passive func $f $f) (global (export \"g\") (mut i64)"
	" (i64.const 7)) (func $f (export \"f\") (result i32)"
	"  (i32.load8_u (i32.const 0))))";

START_TEST(a_hundred_thousand_instances_take_no_room)
{
	uint64_t bytes = 0, then = 0, maps = 0, pages = 0;
	struct sheave_config config = { .resize = count_resize,
		.user = &bytes };
	struct world w = world_new(&config, NULL);
	struct sheave_module *m = world_module(&w, program);
	for (uint32_t i = 0; i < 100000; i++) {
		struct sheave_instance *in;
		ck_assert_int_eq(
			sheave_linker_instantiate(w.linker, m, &in, NULL),
			SHEAVE_OK);
		if (i % 100 == 0)
			ck_assert_uint_eq(calls(in, "f"), 'x');
		sheave_instance_free(in);
		if (i == 1000) {
			then = bytes;
			maps = mappings();
			pages = resident();
		}
	}
	ck_assert_uint_le(usage(&w).instances, 200);
	ck_assert_uint_le(mappings(), maps + 200);
	ck_assert_uint_le(bytes, then + (1 << 20));
	ck_assert_uint_le(resident(), pages + RESIDENT_MORE);
	ck_assert(sheave_store_collect(w.store));
	struct sheave_usage u = usage(&w);
	ck_assert_uint_eq(u.instances, 0);
	ck_assert_uint_eq(u.memory_bytes, 0);
	ck_assert_uint_eq(u.table_elements, 0);
	sheave_module_free(m);
	world_free(&w);
}
END_TEST

static uint64_t
instances(struct world *w)
{
	ck_assert(sheave_store_collect(w->store));
	return usage(w).instances;
}

START_TEST(limits_count_what_lives)
{
	struct sheave_limits limits = {
		.instances = 3, .memory_bytes = 3 * 65536, .table_elements = 30
	};
	struct world w = world_new(NULL, &limits);
	for (int i = 0; i < 100; i++)
		sheave_instance_free(world_instance(&w, NULL, program));
	world_instance(&w, NULL, program);
	world_instance(&w, NULL, program);
	struct sheave_instance *last = world_instance(&w, NULL, program);
	sheave_error_free(world_fails(&w, program, SHEAVE_REFUSED));
	ck_assert_uint_eq(instances(&w), 3);
	ck_assert_ptr_null(sheave_memory_new(w.store, 1, 1, true, NULL));
	sheave_instance_free(last);
	struct sheave_value null = { .type = SHEAVE_FUNCREF };
	ck_assert_ptr_nonnull(
		sheave_table_new(w.store, &null, 10, 0, false, NULL));
	ck_assert_ptr_nonnull(sheave_memory_new(w.store, 1, 1, true, NULL));
	ck_assert_uint_eq(usage(&w).instances, 2);
	world_free(&w);
}
END_TEST

START_TEST(what_is_reached_stays)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *a = world_instance(&w, NULL, boxes);
	struct sheave_instance *b = world_instance(&w, NULL, program);
	struct sheave_instance *holder = world_instance(&w, NULL,
		"(module (type $f (func (result i32)))"
		" (type $o (struct (field funcref) (field anyref)))"
		" (table (export \"t\") 2 funcref)"
		" (global (export \"g\") (mut funcref) (ref.null func))"
		" (global $o (mut (ref null $o)) (ref.null $o))"
		" (func (export \"keep\") (param funcref) (result i32)"
		"  (global.set $o (struct.new $o (local.get 0)"
		"   (struct.new_default $o))) (i32.const 0))"
		" (func (export \"drop\") (global.set $o (ref.null $o))"
		"  (drop (struct.new_default $o)))"
		" (func (export \"call\") (result i32) (call_ref $f"
		"  (ref.cast (ref $f) (struct.get $o 0 (global.get $o))))))");
	struct sheave_value null = { .type = SHEAVE_FUNCREF };
	struct sheave_value f = { .type = SHEAVE_FUNCREF };
	struct sheave_value self = call(a, "self", NULL, 0);
	f.of.func = sheave_instance_func(b, "f");
	struct sheave_table *t = sheave_instance_table(holder, "t");
	ck_assert(sheave_table_set(t, 1, &self, NULL));
	call(holder, "keep", &f, 1);
	sheave_instance_free(a);
	sheave_instance_free(b);
	ck_assert_uint_eq(instances(&w), 3);
	ck_assert_uint_eq(calls(holder, "call"), 'x');
	ck_assert(sheave_table_set(t, 1, &null, NULL));
	ck_assert_uint_eq(instances(&w), 2);
	ck_assert_uint_eq(calls(holder, "call"), 'x');
	struct sheave_global *g = sheave_instance_global(holder, "g");
	ck_assert(sheave_global_set(g, &f, NULL));
	ck_assert_int_eq(sheave_func_call(sheave_instance_func(holder, "drop"),
				 NULL, 0, NULL, 0, NULL),
		SHEAVE_OK);
	ck_assert_uint_eq(instances(&w), 2);
	struct sheave_ref *r = sheave_ref_new(w.store, &f, NULL);
	ck_assert(sheave_global_set(g, &null, NULL));
	ck_assert_uint_eq(instances(&w), 2);
	sheave_ref_free(r);
	ck_assert_uint_eq(instances(&w), 1);
	sheave_instance_free(holder);
	ck_assert_uint_eq(instances(&w), 0);
	world_free(&w);
}
END_TEST

START_TEST(imports_keep_what_they_come_from)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *a = world_instance(&w, "a", program);
	struct sheave_instance *b = world_instance(&w, NULL,
		"(module (import \"a\" \"f\" (func $f (result i32)))"
		" (import \"a\" \"m\" (memory 1)) (import \"a\" \"t\""
		"  (table 1 funcref)) (import \"a\" \"g\" (global (mut i64)))"
		" (func (export \"f\") (result i32) (call $f))"
		" (func (export \"g\") (result i64) (global.get 0)))");
	sheave_instance_free(a);
	ck_assert_uint_eq(instances(&w), 2);
	sheave_linker_free(w.linker);
	w.linker = NULL;
	ck_assert_uint_eq(instances(&w), 2);
	ck_assert_uint_eq(calls(b, "f"), 'x');
	ck_assert_uint_eq(calls(b, "g"), 7);
	sheave_instance_free(b);
	ck_assert_uint_eq(instances(&w), 0);
	ck_assert_uint_eq(usage(&w).memory_bytes, 0);
	world_free(&w);
}
END_TEST

static void
released(void *env)
{
	++*(int *)env;
}

static enum sheave_result
nothing(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	(void)env;
	(void)slots;
	ck_assert(sheave_store_collect(sheave_caller_store(caller)));
	return SHEAVE_OK;
}

START_TEST(parts_of_the_hosts_are_collected)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_value zero = { .type = SHEAVE_I32 };
	struct sheave_value null = { .type = SHEAVE_FUNCREF };
	struct sheave_extern x = { .kind = SHEAVE_MEMORY };
	int count = 0;
	x.of.memory = sheave_memory_new(w.store, 1, 2, true, NULL);
	ck_assert(sheave_linker_define(w.linker, "h", "m", &x, NULL));
	sheave_memory_free(x.of.memory);
	sheave_global_free(sheave_global_new(w.store, &zero, true, NULL));
	sheave_table_free(sheave_table_new(w.store, &null, 5, 0, false, NULL));
	sheave_func_free(sheave_func_new_slots(
		w.store, ":", nothing, &count, released, NULL));
	ck_assert(sheave_linker_func_slots(
		w.linker, "h", "f", ":", nothing, &count, released, NULL));
	ck_assert_uint_eq(instances(&w), 0);
	ck_assert_int_eq(count, 1);
	ck_assert_uint_eq(usage(&w).table_elements, 0);
	ck_assert_uint_eq(usage(&w).memory_bytes, 65536);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (import \"h\" \"f\" (func $f))"
		" (import \"h\" \"m\" (memory 1))"
		" (func (export \"f\") (call $f)))");
	sheave_instance_free(in);
	sheave_linker_free(w.linker);
	w.linker = NULL;
	calls(in, "f"); /* the guest runs: nothing goes */
	ck_assert_uint_eq(instances(&w), 0);
	ck_assert_int_eq(count, 2);
	ck_assert_uint_eq(usage(&w).memory_bytes, 0);
	world_free(&w);
}
END_TEST

START_TEST(a_failed_instance_stays_while_its_functions_are_reached)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *in = world_instance(&w, "t",
		"(module (type $f (func (result i32)))"
		" (table (export \"t\") 1 funcref)"
		" (func (export \"call\") (result i32)"
		"  (call_indirect (type $f) (i32.const 0))))");
	sheave_error_free(world_fails(&w,
		"(module (import \"t\" \"t\" (table 1 funcref))"
		" (elem (i32.const 0) $f)"
		" (func $f (result i32) (i32.const 9))"
		" (func $start (unreachable)) (start $start))",
		SHEAVE_STOPPED));
	ck_assert_uint_eq(instances(&w), 2);
	ck_assert_uint_eq(calls(in, "call"), 9);
	struct sheave_value null = { .type = SHEAVE_FUNCREF };
	ck_assert(sheave_table_set(
		sheave_instance_table(in, "t"), 0, &null, NULL));
	ck_assert_uint_eq(instances(&w), 1);
	world_free(&w);
}
END_TEST

/* Goes on with an error that is older than the guest that calls. */
static enum sheave_result
passing(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	(void)slots;
	return sheave_caller_pass(caller, *(struct sheave_error **)env);
}

START_TEST(frames_of_what_is_gone_are_forgotten)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *in = world_instance(
		&w, NULL, "(module (func $old (export \"f\") (unreachable)))");
	struct sheave_error *old = stops(in, "f");
	has_frames(old, "old");
	sheave_instance_free(in);
	ck_assert_uint_eq(instances(&w), 0);
	has_frames(old, "old");
	ck_assert(sheave_linker_func_slots(
		w.linker, "h", "f", ":", passing, &old, NULL, NULL));
	in = world_instance(&w, NULL,
		"(module (import \"h\" \"f\" (func $h))"
		" (func $new (export \"f\") (call $h)))");
	struct sheave_error *e = stops(in, "f");
	ck_assert_int_eq(sheave_error_trap(e), SHEAVE_TRAP_UNREACHABLE);
	has_frames(e, "new");
	sheave_error_free(e);
	world_free(&w);
}
END_TEST

START_TEST(unknown_functions_outlive_their_module)
{
	struct world w = world_new(NULL, NULL);
	sheave_linker_unknown(w.linker, SHEAVE_UNKNOWN_TRAP);
	struct sheave_instance *a = world_instance(&w, "a",
		"(module (import \"x\" \"y\" (func $f))"
		" (export \"f\" (func $f)))");
	struct sheave_instance *b = world_instance(&w, NULL,
		"(module (import \"a\" \"f\" (func $f))"
		" (func (export \"f\") (call $f)))");
	sheave_linker_free(w.linker);
	w.linker = NULL;
	sheave_instance_free(a);
	ck_assert_uint_eq(instances(&w), 1);
	struct sheave_error *e = stops(b, "f");
	ck_assert_str_eq(
		sheave_error_message(e), "unknown import x.y was called");
	sheave_error_free(e);
	world_free(&w);
}
END_TEST

START_TEST(an_empty_instance_is_small)
{
	uint64_t bytes = 0;
	struct sheave_config config = { .resize = count_resize,
		.user = &bytes };
	struct world w = world_new(&config, NULL);
	struct sheave_module *m = world_module(&w, "(module)");
	struct sheave_instance *in;
	uint64_t before = bytes;
	sheave_linker_instantiate(w.linker, m, &in, NULL);
	ck_assert_uint_le(bytes - before, 1024);
	sheave_instance_free(in);
	ck_assert_uint_eq(instances(&w), 0);
	ck_assert_uint_eq(bytes, before);
	sheave_module_free(m);
	world_free(&w);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, references_go_out_and_come_back);
	tcase_add_test(t, references_that_do_not_fit_are_refused);
	tcase_add_test(t, a_handle_keeps_its_object_and_the_store);
	tcase_add_test(t, arguments_live_while_a_host_function_runs);
	tcase_add_test(t, a_deep_stack_is_searched_frame_by_frame);
	tcase_add_test(t, collecting_costs_what_lives);
	tcase_add_test(t, a_hundred_thousand_instances_take_no_room);
	tcase_add_test(t, limits_count_what_lives);
	tcase_add_test(t, what_is_reached_stays);
	tcase_add_test(t, imports_keep_what_they_come_from);
	tcase_add_test(t, parts_of_the_hosts_are_collected);
	tcase_add_test(
		t, a_failed_instance_stays_while_its_functions_are_reached);
	tcase_add_test(t, frames_of_what_is_gone_are_forgotten);
	tcase_add_test(t, unknown_functions_outlive_their_module);
	tcase_add_test(t, an_empty_instance_is_small);
}

int
main(void)
{
	return accept_run("collect", add);
}
