/*
 * Exceptions where tiers alternate: every choice of tiers for a chain of
 * functions of as many instances, thrown at its end, caught in each of them.
 * Each function has an instance, memory and values of its own, which it looks
 * at right after what it calls has returned or thrown.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "interp/interp.h"
#include "jit/cross.h"
#include "jit/jit.h"
#include "jit/native.h"
#include "spec/engine.h"
#include "spec/link.h"
#include "spec/module.h"
#include "spec/store.h"
#include "spec/text.h"
#include "spec/tier.h"
#include "trap/alloc.h"
#include "trap/arena.h"
#include "trap/error.h"

enum { LEVELS = 5, MARK = 1000 };

static const char tags[] =
	"(module (type $box (struct (field i32)))"
	" (tag (export \"t\") (param i32 i64 f32 f64 v128 (ref $box))))";

/* Level 0 throws, or traps; level $at catches; each adds what it sees. */
static const char chain[] =
	"(module (type $box (struct (field i32)))"
	" (type $f (func (param i32 i32 i32) (result i64)))"
	" (import \"e\" \"t\""
	"  (tag $t (param i32 i64 f32 f64 v128 (ref $box))))"
	" (import \"n\" \"next\" (func $next (type $f)))"
	" (tag $other) (memory 1)"
	" (func $throw (throw $t (i32.const 1) (i64.const 20)"
	"   (f32.const 300) (f64.const 4000) (v128.const i64x2 50000 600000)"
	"   (struct.new $box (i32.const 7000000))))"
	" (func (export \"f\") (type $f) (local $x i64) (local $d f64)"
	"  (local $r i64) (local $b (ref null $box))"
	"  (local $v v128)"
	"  (local.set $x (i64.add (i64.load (i32.const 8))"
	"   (i64.extend_i32_u (local.get 0))))"
	"  (local.set $d (f64.convert_i64_u (local.get $x)))"
	"  (local.set $b (struct.new $box (i32.wrap_i64 (local.get $x))))"
	"  (if (i32.eqz (local.get 0)) (then"
	"   (if (local.get 2) (then unreachable)) (call $throw)))"
	"  (if (i32.eq (local.get 0) (local.get 1))"
	"   (then (block $done"
	"    (block $all"
	"     (block $h (result i32 i64 f32 f64 v128 (ref $box))"
	"      (try_table (catch $other $done) (catch $t $h) (catch_all $all)"
	"       (drop (call $next (i32.sub (local.get 0) (i32.const 1))"
	"        (local.get 1) (local.get 2))))"
	"      (br $done))"
	"     (struct.get $box 0) (i64.extend_i32_u) (local.set $r)"
	"     (local.set $v) (i64.trunc_f64_u) (local.set 3)"
	"     (local.set $r (i64.add (local.get $r) (local.get 3)))"
	"     (i64.trunc_f32_u) (i64.add) (local.set 3) (i64.extend_i32_u)"
	"     (local.set $r (i64.add (i64.add (local.get $r) (local.get 3))))"
	"     (local.set $r (i64.add (local.get $r) (i64.add"
	"      (i64x2.extract_lane 0 (local.get $v))"
	"      (i64x2.extract_lane 1 (local.get $v)))))"
	"     (local.set $x (i64.add (i64.load (i32.const 8))"
	"      (i64.extend_i32_u (local.get 0))))"
	"     (br $done))"
	"    (unreachable)))"
	"   (else (local.set $r (call $next"
	"    (i32.sub (local.get 0) (i32.const 1)) (local.get 1)"
	"    (local.get 2)))))"
	"  (local.get $r) (i64.add (i64.load (i32.const 8)))"
	"  (i64.add (local.get $x)) (i64.add (i64.trunc_f64_u (local.get $d)))"
	"  (i64.add (i64.extend_i32_u"
	"   (struct.get $box 0 (local.get $b))))))";

static struct engine engine;
static struct arena arena;
static struct store *store;
static struct instance *links[LEVELS];

static struct instance *
instantiate(const char *text, const struct external *imports)
{
	struct error error;
	uint8_t *bytes;
	size_t len;
	error_clear(&error);
	ck_assert_msg(
		text_module(text, strlen(text), &arena, &bytes, &len, &error),
		"%s", error.text);
	struct module *m = module_load(&engine, bytes, len, &error);
	ck_assert_msg(m != NULL, "%s", error.text);
	struct instance *in = instance_new(store, m, imports, &error);
	ck_assert_msg(in != NULL, "%s", error.text);
	module_release(m);
	return in;
}

static void
open_store(enum jit_mode mode, int32_t patience)
{
	const struct jit_config config = {
		.mode = mode, .patience = patience, .alone = true
	};
	ck_assert(engine_init(&engine, &alloc_default));
	interp_install(&engine);
	ck_assert(jit_install(&engine, &config));
	arena_init(&arena, &alloc_default);
	store = store_new(&engine, NULL);
	ck_assert_ptr_nonnull(store);
}

static void
close_store(void)
{
	store_free(store);
	arena_free(&arena);
	engine_free(&engine);
}

static void
compile_all(struct instance *in)
{
	const struct module *m = in->module;
	for (uint32_t i = m->nimported_funcs; i < m->nfuncs; i++) {
		struct func *f = instance_func(in, i);
		const struct native_code *c =
			native_of(engine.jit, in->module, i, NATIVE_called);
		ck_assert_ptr_nonnull(c);
		cross_take(f, c->range.start + c->entry);
	}
}

static enum status
never(void *env, struct store *s, struct instance *caller, union slot *slots)
{
	(void)env;
	(void)s;
	(void)caller;
	(void)slots;
	ck_abort_msg("level 0 calls nothing");
}

/* A bit of `compiled` for each level. */
static void
open_chain(unsigned compiled)
{
	struct external imports[2] = { 0 };
	open_store(JIT_on, INT32_MAX);
	imports[0].kind = EXTERN_tag;
	imports[0].u.tag = instantiate(tags, NULL)->tags[0];
	for (uint32_t i = 0; i < LEVELS; i++) {
		static const valtype params[] = { VT_I32, VT_I32, VT_I32 };
		static const valtype results[] = { VT_I64 };
		imports[1].u.func =
			i > 0 ? instance_func(links[i - 1], 2)
			      : func_new_host(store,
					typespace_func(engine.types, params, 3,
						results, 1),
					never, NULL, NULL);
		links[i] = instantiate(chain, imports);
		links[i]->memory0->base[8] = (uint8_t)(MARK + i);
		links[i]->memory0->base[9] = (uint8_t)((MARK + i) >> 8);
		if ((compiled >> i & 1) != 0)
			compile_all(links[i]);
	}
	store->heap.stress = store->heap.poison = true;
}

static enum status
run(uint32_t at, uint32_t trap, uint64_t *result)
{
	union slot slots[64] = { { LEVELS - 1 }, { at }, { trap } };
	enum status st =
		func_call(store, instance_func(links[LEVELS - 1], 2), slots);
	*result = slots[0].u64;
	ck_assert_ptr_null(store->ctx.activation);
	return st;
}

/* What the levels from `at` on add to what is thrown. */
static uint64_t
expected(uint32_t at)
{
	uint64_t sum = 7654321;
	for (uint32_t i = at; i < LEVELS; i++)
		sum += 4 * (MARK + i) + 3 * i;
	return sum;
}

START_TEST(q201_each_frame_catches_in_turn)
{
	uint64_t result;
	open_chain((unsigned)_i);
	for (uint32_t at = 1; at <= LEVELS; at++) {
		bool caught = at < LEVELS;
		ck_assert_int_eq(run(at, 0, &result),
			caught ? STATUS_done : STATUS_unwound);
		if (caught)
			ck_assert_uint_eq(result, expected(at));
		else
			ck_assert_int_eq(
				store->ctx.pending.kind, UNWIND_exception);
		ck_assert_int_eq(run(at, 1, &result), STATUS_unwound);
		ck_assert_int_eq(store->ctx.pending.kind, UNWIND_trap);
		ck_assert_int_eq(store->ctx.pending.trap, TRAP_unreachable);
	}
	close_store();
}
END_TEST

/* A loop in a try_table, entered where it is, then left by what is thrown. */
START_TEST(a_loop_that_moved_is_left_by_a_throw)
{
	static const char text[] =
		"(module (tag $t (param i32))"
		" (func $f (param i32) (if (i32.eq (local.get 0)"
		"   (i32.const 5000)) (then (throw $t (i32.const 7)))))"
		" (func (export \"g\") (result i32) (local $i i32)"
		"  (local $s i32)"
		"  (block $h (result i32)"
		"   (try_table (catch $t $h)"
		"    (loop $l (call $f (local.get $i))"
		"     (local.set $s (i32.add (local.get $s) (i32.const 3)))"
		"     (local.set $i (i32.add (local.get $i) (i32.const 1)))"
		"     (br $l)))"
		"   (unreachable))"
		"  (i32.add (local.get $i)) (i32.add (local.get $s))))";
	open_store(JIT_on, 100);
	struct instance *in = instantiate(text, NULL);
	union slot slots[4] = { { 0 } };
	ck_assert_int_eq(
		func_call(store, instance_func(in, 1), slots), STATUS_done);
	ck_assert_uint_eq(slot_i32(slots[0]), 7 + 5000 + 15000);
	ck_assert_ptr_nonnull(native_find(in->module, 1, NATIVE_looped));
	close_store();
}
END_TEST

/* More values than C takes from compiled code, which may catch them. */
START_TEST(what_throws_much_is_refused_and_says_so)
{
#define MANY " i32 i32 i32 i32 i32 i32 i32 i32 i32 i32"
#define DROP "(i32.add)(i32.add)(i32.add)(i32.add)(i32.add)(i32.add)(i32.add)"
	static const char text[] =
		"(module (tag $t (param" MANY MANY MANY MANY "))"
		" (func $many (result" MANY ")"
		"  (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4)"
		"  (i32.const 5) (i32.const 6) (i32.const 7) (i32.const 8)"
		"  (i32.const 9) (i32.const 10))"
		" (func $throw (call $many) (call $many) (call $many)"
		"  (call $many) (throw $t))"
		" (func (result i32)"
		"  (block $h (result" MANY MANY MANY MANY ")"
		"   (try_table (catch $t $h) (call $throw)) (unreachable))"
		"  " DROP DROP DROP DROP DROP "(i32.add)(i32.add)(i32.add)"
		"  (i32.add)))";
	struct second_counts n;
	open_store(JIT_eager, 0);
	struct instance *in = instantiate(text, NULL);
	union slot slots[64] = { { 0 } };
	engine.second->counts(in->module, &n);
	ck_assert_uint_eq(n.compiled, 2);
	ck_assert_uint_eq(n.refused, 1);
	ck_assert_uint_eq(n.func, 1);
	ck_assert_str_eq(n.why, "throw is not compiled yet");
	ck_assert_int_eq(
		func_call(store, instance_func(in, 2), slots), STATUS_done);
	ck_assert_uint_eq(slot_i32(slots[0]), 220);
	close_store();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("except");
	TCase *t = tcase_create("except");
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, q201_each_frame_catches_in_turn, 0, 1 << LEVELS);
	tcase_add_test(t, a_loop_that_moved_is_left_by_a_throw);
	tcase_add_test(t, what_throws_much_is_refused_and_says_so);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
