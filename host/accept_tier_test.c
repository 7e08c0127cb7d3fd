#include <stdio.h>
#include <string.h>

#include "host/accept.h"
#include "host/diff.h"
#include "interp/interp.h"
#include "jit/jit.h"
#include "spec/link.h"
#include "spec/text.h"
#include "spec/tier.h"
#include "trap/unwind.h"

static void
eager(struct engine *e)
{
	const struct jit_config config = {
		.mode = JIT_eager, .alone = true, .signals = true
	};
	interp_install(e);
	ck_assert(jit_install(e, &config));
}

static void
eager_without_signals(struct engine *e)
{
	const struct jit_config config = { .mode = JIT_eager, .alone = true };
	interp_install(e);
	ck_assert(jit_install(e, &config));
}

/* The first iteration of a loop makes it hot. */
static void
hot(struct engine *e)
{
	const struct jit_config config = {
		.mode = JIT_on, .patience = 1, .alone = true
	};
	interp_install(e);
	ck_assert(jit_install(e, &config));
}

/* The host fails, gives a trap, throws nothing, exits, or returns. */
static enum status
host_acts(
	void *env, struct store *s, struct instance *caller, union slot *slots)
{
	(void)env, (void)caller;
	switch (slot_i32(slots[0])) {
	case 0:
		return raise_host(&s->ctx, "this host function fails", NULL);
	case 1:
		return raise_trap(&s->ctx, TRAP_out_of_fuel);
	case 2:
		return raise_exit(&s->ctx, 123);
	default:
		return STATUS_done;
	}
}

static struct diff_config config;
static struct diff diff;
static struct arena arena;

/* Opens d with the module of text; "host" "act" is host_acts. */
static void
open_text(const char *wat)
{
	struct error error;
	uint8_t *binary = NULL;
	size_t len = 0;
	arena_init(&arena, &alloc_default);
	error_clear(&error);
	ck_assert_msg(
		text_module(wat, strlen(wat), &arena, &binary, &len, &error),
		"%s", error.text);
	config.features = features_known();
	ck_assert_msg(diff_open(&diff, &config, binary, len, &error), "%s",
		error.text);
	struct diff_side *first = &diff.sides[0];
	const struct module *m = first->module;
	for (uint32_t i = 0; i < m->nimports; i++) {
		struct func *f = func_new_host(first->store,
			m->types[m->funcs[i].type].canon, host_acts, NULL,
			NULL);
		ck_assert(diff_import(&diff, i, f, &error));
	}
}

static void
close_text(void)
{
	diff_close(&diff);
	arena_free(&arena);
}

static void
no_difference(const char *of)
{
	ck_assert_msg(!diff.twin.differ, "%s: %s", of, diff.twin.text);
}

/* The innermost frame of the second run's backtrace is compiled code's. */
static bool
trapped_in_code(void)
{
	struct store *s = diff.sides[1].store;
	struct module *m;
	uint32_t func, offset;
	ck_assert_uint_ne(s->ctx.pending.nframes, 0);
	return s->engine->second->locate(
		s, &s->ctx.pending.frames[0], &m, &func, &offset);
}

/* Calls the export "f" of one i32 or none. */
static void
call_f(uint32_t arg)
{
	union slot slots[64] = { slot_of_i32(arg) };
	const struct export *e = module_export(diff.sides[0].module, "f", 1);
	ck_assert_ptr_nonnull(e);
	diff_call(&diff, e->index, "f", slots);
}

/* What ends the loop of q203; 10 iterations are done by then. */
static const char *const ends[] = {
	"unreachable",
	"(drop (i32.load (i32.add (local.get $i) (i32.const 65530))))",
	"(i64.store offset=65528 (local.get $i) (local.get $l))",
	"(drop (i32.div_u (local.get $i)"
	" (i32.sub (local.get $i) (i32.const 10))))",
	"(drop (i32.div_s (i32.const 0x80000000)"
	" (i32.sub (i32.const 9) (local.get $i))))",
	"(drop (i32.trunc_f64_s (f64.mul (f64.const 1e300) (local.get $d))))",
	"(call_indirect (i32.sub (local.get $i) (i32.const 9)))",
	"(call_indirect (param i32) (i32.const 0) (i32.const 0))",
	"(drop (table.get 0 (local.get $i)))",
	"(call $act (i32.const 0) (i32.const 1))",
	"(memory.fill (i32.const 65530) (i32.const 1) (local.get $i))",
};

/* The loop is left behind for code, and all that it does is as it was. */
START_TEST(q203_a_hot_loop_moves_and_traps)
{
	static char wat[4096];
	snprintf(wat, sizeof wat,
		"(module (import \"host\" \"act\" (func $act (param i32 i32)))"
		" (memory 1) (table 2 funcref)"
		" (elem (table 0) (i32.const 0) func $nothing)"
		" (global $a (mut i32) (i32.const 0))"
		" (global $b (mut i64) (i64.const 0))"
		" (global $c (mut f32) (f32.const 0))"
		" (global $d (mut f64) (f64.const 0))"
		" (global $e (mut v128) (v128.const i64x2 0 0))"
		" (func $nothing)"
		" (func $inner (param $n i32) (local $i i32) (local $l i64)"
		"  (local $s f32) (local $d f64) (local $v v128)"
		"  (local.set $d (f64.const 1))"
		"  (i64.const 77)"
		"  (loop $more"
		"   (local.set $i (i32.add (local.get $i) (i32.const 1)))"
		"   (local.set $l (i64.add (local.get $l) (i64.const 1000003)))"
		"   (local.set $s (f32.add (local.get $s) (f32.const 0.5)))"
		"   (local.set $d (f64.mul (local.get $d) (f64.const 1.5)))"
		"   (local.set $v (i32x4.add (local.get $v)"
		"    (i32x4.splat (local.get $i))))"
		"   (i32.store (i32.shl (local.get $i) (i32.const 2))"
		"    (local.get $i))"
		"   (global.set $a (local.get $i))"
		"   (global.set $b (local.get $l))"
		"   (global.set $c (local.get $s))"
		"   (global.set $d (local.get $d))"
		"   (global.set $e (local.get $v))"
		"   (if (i32.eq (local.get $i) (local.get $n)) (then %s))"
		"   (br_if $more (i32.lt_u (local.get $i) (i32.const 100))))"
		"  (global.set $b))"
		" (func (export \"f\") (param i32) (call $inner (local.get "
		"0))))",
		ends[_i % 11]);
	config = (struct diff_config){ .setup = hot,
		.lockstep = _i >= 11,
		.fuel = _i % 2 == 1 ? 100000 : 0 };
	open_text(wat);
	ck_assert(diff_instantiate(&diff));
	call_f(10);
	no_difference(ends[_i % 11]);
	ck_assert_int_eq(diff.sides[0].status, STATUS_unwound);
	ck_assert_uint_eq(diff.sides[0].store->ctx.pending.nframes, 2);
	if (strstr(ends[_i % 11], "$act") == NULL)
		ck_assert(trapped_in_code());
	call_f(200); /* to its end */
	no_difference(ends[_i % 11]);
	ck_assert_int_eq(diff.sides[0].status, STATUS_done);
	close_text();
}
END_TEST

static const struct program {
	const char *item;
	bool start;
	const char *body;
} programs[] = {
#define PROGRAM(item, start, body) { item, start, body },
#include "host/accept_tier.def"
};

enum { PROGRAMS = sizeof programs / sizeof *programs };

static const char prelude[] =
	"(import \"host\" \"act\" (func $act (param i32)))"
	"(memory 1) (table $t 4 funcref) (elem (table $t) (i32.const 1) func "
	"$id)"
	"(type $none (func)) (type $one (func (param i32) (result i32)))"
	"(type $pair (struct (field i32) (field (mut i64))))"
	"(type $bytes (array (mut i8)))"
	"(tag $e0) (tag $e1 (param i32 i64)) (tag $e2 (param f64 v128))"
	"(tag $e3 (param externref funcref))"
	"(global $seen (mut i32) (i32.const 0))"
	"(func $id (param i32) (result i32) (local.get 0))"
	"(func $zero (result i32) (i32.const 0))"
	"(func $minus (result i32) (i32.const -1))";

START_TEST(q204_both_tiers_stop_alike)
{
	static char wat[8192];
	const struct program *p = &programs[_i / 3];
	snprintf(wat, sizeof wat, "(module %s %s)", prelude, p->body);
	config = (struct diff_config){ .setup = eager,
		.lockstep = _i % 3 == 2,
		.limits = { .stack_bytes = 256 << 10 } };
	if (_i % 3 == 1)
		config.setup = eager_without_signals;
	open_text(wat);
	bool there = diff_instantiate(&diff);
	no_difference(p->item);
	ck_assert_msg(there != p->start, "%s", p->item);
	for (int twice = 0; there && twice < 2 && !diff.twin.ended; twice++) {
		call_f(0);
		no_difference(p->item);
		ck_assert_msg(
			diff.sides[0].status == STATUS_unwound, "%s", p->item);
	}
	close_text();
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_loop_test(t, q203_a_hot_loop_moves_and_traps, 0, 22);
	tcase_add_loop_test(t, q204_both_tiers_stop_alike, 0, 3 * PROGRAMS);
}

int
main(void)
{
	return accept_run("tier", add);
}
