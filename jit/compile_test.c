/*
 * Compilations that run out of memory: whatever was asked for last, they end
 * with that error, and nothing else happens.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "interp/interp.h"
#include "jit/build.h"
#include "jit/compile.h"
#include "jit/jit.h"
#include "spec/engine.h"
#include "spec/module.h"
#include "spec/text.h"
#include "trap/alloc.h"
#include "trap/arena.h"
#include "trap/error.h"

static const char text[] =
	"(module (type $t (func (param i32 i64 f64) (result i32)))"
	" (type $box (struct (field (mut i32)) (field anyref)))"
	" (import \"h\" \"f\" (func $host (type $t)))"
	" (memory 1) (table 4 funcref)"
	" (global $g (mut i32) (i32.const 0)) (tag $e (param i32 f64))"
	" (func $scalars (param $a i32) (param $b i64) (param $c f64)"
	"  (result i32) (local $i i32) (local $s i64)"
	"  (loop $l (block $0 (block $1 (block $2"
	"     (br_table $0 $1 $2 (local.get $i)))"
	"    (local.set $s (i64.div_s (local.get $s) (local.get $b))))"
	"   (i64.store offset=8 (local.get $a) (local.get $s))"
	"   (local.set $c (f64.mul (local.get $c) (f64.load (local.get $a)))))"
	"   (global.set $g (i32.trunc_f64_s (local.get $c)))"
	"   (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i)"
	"    (i32.const 1))) (local.get $a))))"
	"  (i32.add (global.get $g) (select (local.get $i) (local.get $a)"
	"   (i64.eqz (local.get $s)))))"
	" (func $calls (type $t) (local $i i32) (local $x f64)"
	"  (loop $l"
	"   (local.set $i (call $scalars (local.get $i) (local.get 1)"
	"    (local.get 2)))"
	"   (local.set $i (call $host (local.get $i) (i64.const 1)"
	"    (local.get $x)))"
	"   (local.set $i (call_indirect (type $t) (local.get 0) (i64.const 3)"
	"    (local.get 2) (local.get $i)))"
	"   (drop (memory.grow (local.get $i)))"
	"   (br_if $l (local.get $i)))"
	"  (return_call $scalars (local.get $i) (local.get 1) (local.get $x)))"
	" (func $catches (type $t) (local $x f64)"
	"  (block $h (result i32 f64)"
	"   (try_table (catch $e $h)"
	"    (if (local.get 0)"
	"     (then (throw $e (local.get 0) (local.get 2))))"
	"    (return (call $calls (local.get 0) (local.get 1) (local.get 2))))"
	"   unreachable)"
	"  (local.set $x))"
	" (func $objects (param $x anyref) (result anyref) (local $y anyref)"
	"  (loop $l"
	"   (local.set $y (struct.new $box (i32.const 1) (local.get $x)))"
	"   (struct.set $box 0 (ref.cast (ref $box) (local.get $x))"
	"    (struct.get $box 0 (ref.cast (ref $box) (local.get $y))))"
	"   (br_if $l (ref.is_null (local.get $x))))"
	"  (local.get $y))"
	" (func $vectors (param $v v128) (param $p i32) (result v128)"
	"  (v128.store (local.get $p) (i32x4.add (local.get $v)"
	"   (v128.load offset=32 (local.get $p))))"
	"  (i8x16.shuffle 0 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30"
	"   (local.get $v) (v128.const i64x2 1 2)))"
	" (func $loops (param i32)"
	"  (loop $l (block (br_if $l (local.get 0))) (local.set 0"
	"   (i32.const 0))))"
	" (func $exits (param i32) (result i32)"
	"  (if (local.get 0) (then unreachable))"
	"  (i32.atomic.rmw.add (local.get 0) (i32.const 1))))";
enum { FUNCS = 7 };

/* Refuses the second request, and what comes after it if it lasts. */
static unsigned requests;
static bool lasts;

static void *
miser(void *user, void *old, size_t old_bytes, size_t new_bytes)
{
	requests += new_bytes > old_bytes;
	if (new_bytes > old_bytes && (lasts ? requests >= 2 : requests == 2))
		return NULL;
	return alloc_default.resize(user, old, old_bytes, new_bytes);
}

static const struct allocator misers = { miser, NULL };

/* In an arena that ends after so many bytes, once; false: it took more. */
static bool
compiles(const struct module *m, uint32_t func, size_t bytes)
{
	struct build_options options = { .explicit_bounds = lasts,
		.osr = lasts };
	struct code_image image;
	struct arena a;
	struct error error;
	arena_init(&a, &misers);
	a.first = bytes;
	requests = 0;
	error_clear(&error);
	bool done = compile(m, func, &options, &a, &image, &error);
	ck_assert_msg(done || error.kind == ERROR_memory, "%s", error.text);
	arena_free(&a);
	return done;
}

START_TEST(memory_may_end_anywhere)
{
	static const struct jit_config config = { .mode = JIT_eager };
	struct engine engine;
	struct error error;
	struct arena arena;
	uint8_t *bytes;
	size_t len, most = 0;
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
	ck_assert_uint_eq(m->nfuncs, m->nimported_funcs + FUNCS);
	lasts = _i % 2 != 0;
	while (!compiles(m, m->nimported_funcs + (uint32_t)_i / 2, most))
		most += 16;
	ck_assert_uint_gt(most, 4096);
	module_release(m);
	engine_free(&engine);
	arena_free(&arena);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("compile");
	TCase *t = tcase_create("compile");
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, memory_may_end_anywhere, 0, 2 * FUNCS);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
