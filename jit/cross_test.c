/*
 * Crossings between tiers, with compiled functions assembled by hand: they call
 * as jit/stub.h says and do hardly anything else.
 */
#include "jit/cross.h"

#include <assert.h>
#include <check.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include "interp/interp.h"
#include "interp/loop.h"
#include "jit/catch.h"
#include "jit/codemem.h"
#include "jit/compile.h"
#include "jit/native_stack.h"
#include "jit/x64.h"
#include "spec/engine.h"
#include "spec/link.h"
#include "spec/text.h"
#include "spec/tier.h"
#include "spec/type.h"
#include "trap/alloc.h"
#include "trap/arena.h"
#include "trap/error.h"
#include "trap/unwind.h"

enum { CODE = 4096, FRAME = 12 };

/* A world with one instance, whose functions get code one by one. */
struct world {
	struct engine engine;
	struct store *store;
	struct instance *in;
	struct codemem memory;
	struct codemem_list list;
	struct arena arena;
	uint8_t code[CODE];
	struct x64 x;
	uint8_t *call, *distance; /* to be filled in with the entry */
};

/* The second tier, as far as it is here. */

static void
instance(struct instance *in)
{
	(void)in;
}

static bool
first(struct func *f)
{
	(void)f;
	return false;
}

static void
module_free(struct module *m)
{
	(void)m;
}

static bool
locate(struct store *s, const struct raw_frame *frame, struct module **m,
	uint32_t *func, uint32_t *offset)
{
	(void)s;
	(void)frame;
	(void)m;
	(void)func;
	(void)offset;
	return false;
}

static uint32_t
levels(const struct cell *pc)
{
	(void)pc;
	return 1;
}

/* Nothing gets hot. */
static int32_t
patience(const struct engine *e)
{
	(void)e;
	return INT32_MAX;
}

static void
removed(struct engine *e)
{
	e->second = NULL;
}

/* As the embedder calls. */
static enum status
run(struct func *f, union slot *slots)
{
	return f->call(f, slots, NULL) == 0 ? STATUS_done : STATUS_unwound;
}

static const struct second_tier second = {
	.stub = cross_stub,
	.instance = instance,
	.patience = patience,
	.first = first,
	.enter = cross_enter,
	.run = run,
	.module_free = module_free,
	.locate = locate,
	.levels = levels,
	.catches = catch_find,
	.remove = removed,
};

/* The site of every call here: the callee's frame is FRAME slots up. */
static struct code_site site = { .distance = FRAME };

/* Host functions. */

static enum status
host_add(void *env, struct store *s, struct instance *caller, union slot *slots)
{
	(void)env;
	ck_assert_ptr_eq(caller->store, s);
	slots[0].u64 = slot_i32(slots[0]) + slots[1].u64;
	return STATUS_done;
}

static enum status
host_fail(
	void *env, struct store *s, struct instance *caller, union slot *slots)
{
	(void)caller;
	(void)slots;
	return raise_host(&s->ctx, "no", env);
}

static enum status
host_interrupt(
	void *env, struct store *s, struct instance *caller, union slot *slots)
{
	(void)env;
	(void)caller;
	(void)slots;
	context_interrupt(&s->ctx);
	return STATUS_done;
}

/* Function 2 of the instance, with the first argument. */
static enum status
host_again(
	void *env, struct store *s, struct instance *caller, union slot *slots)
{
	(void)env;
	return func_call(s, instance_func(caller, 2), slots);
}

/* Of the stores: sanitizers make frames large. */
static uint64_t native_bytes = 6 << 20;

/* Opens a world with the module: import 0 is host, of its type. */
static void
open_world(struct world *w, const char *text, host_fn *host)
{
	struct error error;
	uint8_t *bytes;
	size_t len;
	memset(w, 0, sizeof *w);
	error_clear(&error);
	ck_assert(engine_init(&w->engine, &alloc_default));
	interp_install(&w->engine);
	w->engine.second = &second;
	codemem_open(&w->memory, &alloc_default, CODEMEM_twice);
	arena_init(&w->arena, &alloc_default);
	ck_assert(text_module(
		text, strlen(text), &w->arena, &bytes, &len, &error));
	struct module *m = module_load(&w->engine, bytes, len, &error);
	ck_assert_msg(m != NULL, "%s", error.text);
	struct store_limits limits = { .native_bytes = native_bytes };
	w->store = store_new(&w->engine, &limits);
	ck_assert_ptr_nonnull(w->store);
	struct external import = { 0 };
	if (host != NULL)
		import.u.func = func_new_host(w->store,
			m->types[m->funcs[0].type].canon, host, NULL, NULL);
	w->in = instance_new(w->store, m, &import, &error);
	ck_assert_msg(w->in != NULL, "%s", error.text);
	module_release(m);
	site.leave.op = loop_tables()->cells[CELL_leave].op;
}

static void
close_world(struct world *w)
{
	store_free(w->store);
	codemem_free(&w->memory, &w->list);
	codemem_close(&w->memory);
	arena_free(&w->arena);
	engine_free(&w->engine);
}

/* Assembling. */

static struct x64_mem
at(int base, size_t disp)
{
	return (struct x64_mem){ (uint8_t)base, X64_none, 0, (int32_t)disp };
}

/* The entry with arguments in slots, then the head of the other one. */
static void
begin(struct world *w, uint32_t func)
{
	static const uint8_t ints[] = { X64_rax, X64_rcx, X64_rdx, X64_rbx,
		X64_rsi, X64_rdi };
	const struct functype *t = module_func_type(w->in->module, func);
	int nints = 0, nfloats = 0;
	size_t slot = 0;
	x64_open(&w->x, w->code, CODE);
	for (uint32_t i = 0; i < t->nparams; i++) {
		valtype p = t->params[i];
		bool is_float = p == VT_F32 || p == VT_F64 || p == VT_V128;
		if (is_float && nfloats < 8)
			x64_rm(&w->x, X64_vmovups, nfloats++,
				at(X64_r11, slot * 8));
		else if (!is_float && nints < 6)
			x64_rm(&w->x, X64_mov64, ints[nints++],
				at(X64_r11, slot * 8));
		slot += vt_slots(p);
	}
	x64_ri(&w->x, X64_sub64, X64_rsp, 8);
	w->call = x64_call(&w->x);
	if (t->nresults != 0 && t->results[0] == VT_V128)
		x64_mr(&w->x, X64_vmovups, at(X64_r15, (size_t)-8), 0);
	else if (t->nresults != 0 &&
		 (t->results[0] == VT_F32 || t->results[0] == VT_F64))
		x64_mr(&w->x, X64_vmovsd, at(X64_r15, (size_t)-8), 0);
	else if (t->nresults != 0)
		x64_mr(&w->x, X64_mov64, at(X64_r15, (size_t)-8), X64_rax);
	x64_ri(&w->x, X64_add64, X64_rsp, 8);
	x64_ret(&w->x);
	while ((w->x.at - w->x.start) % 16 != 12)
		x64_nops(&w->x, 1);
	w->distance = w->x.at;
	x64_nops(&w->x, 4);
	x64_target(&w->x, w->call, w->x.at);
	x64_target(&w->x, w->distance, w->x.start);
	/* it counts from the entry, which is where 4 bytes behind it are */
}

/* Gives the function its code. */
static void
end(struct world *w, uint32_t func)
{
	size_t entry = (size_t)(w->distance + 4 - w->code);
	struct func *f = instance_func(w->in, func);
	ck_assert(!w->x.full);
	const uint8_t *run = codemem_place(
		&w->memory, &w->list, w->code, (size_t)(w->x.at - w->code));
	ck_assert_ptr_nonnull(run);
	cross_take(f, run + entry);
}

/* r8 = function index func. */
static void
callee(struct world *w, uint32_t func)
{
	x64_mov_imm(&w->x, X64_r8, (uintptr_t)instance_func(w->in, func));
}

/* Calls it with the arguments that are in registers. */
static void
call(struct world *w, uint32_t func)
{
	x64_mov_imm(&w->x, X64_r9, (uintptr_t)&site.leave);
	x64_ri(&w->x, X64_add64, X64_r15, FRAME * 8);
	x64_mr(&w->x, X64_mov64, at(X64_r15, (size_t)-8), X64_r9);
	callee(w, func);
	x64_m(&w->x, X64_call, at(X64_r8, offsetof(struct func, code)));
	x64_ri(&w->x, X64_sub64, X64_r15, FRAME * 8);
}

static void
jump(struct world *w, uint32_t func)
{
	callee(w, func);
	x64_rm(&w->x, X64_mov64, X64_r9, at(X64_r15, (size_t)-8));
	x64_m(&w->x, X64_jmp, at(X64_r8, offsetof(struct func, code)));
}

static void
trap(struct world *w, enum trap t)
{
	x64_ri(&w->x, X64_mov32, X64_rax, t);
	x64_mov_imm(&w->x, X64_rdx, 77);
	x64_ri(&w->x, X64_mov32, X64_rcx, t == TRAP_uninitialized_element);
	x64_mov_imm(&w->x, X64_r11, (uintptr_t)stub_trap);
	x64_r(&w->x, X64_call, X64_r11);
}

/* Compares the frame's end with the limit, as functions that call do. */
static void
check_limit(struct world *w, size_t slots)
{
	x64_rm(&w->x, X64_mov64, X64_r10,
		at(X64_r14, offsetof(struct instance, store)));
	x64_rm(&w->x, X64_lea64, X64_r9, at(X64_r15, slots * 8));
	x64_rm(&w->x, X64_cmp64, X64_r9,
		at(X64_r10, offsetof(struct context, guest_limit)));
	uint8_t *fits = x64_jcc(&w->x, X64_be);
	trap(w, TRAP_stack_overflow);
	x64_target(&w->x, fits, w->x.at);
}

/* f(x) = 1 + func(x) */
static void
assemble_step(struct world *w, uint32_t f, uint32_t func)
{
	begin(w, f);
	check_limit(w, 2 * FRAME);
	x64_ri(&w->x, X64_sub64, X64_rsp, 8);
	call(w, func);
	x64_ri(&w->x, X64_add32, X64_rax, 1);
	x64_ri(&w->x, X64_add64, X64_rsp, 8);
	x64_ret(&w->x);
	end(w, f);
}

static void
assemble_jump(struct world *w, uint32_t f, uint32_t func)
{
	begin(w, f);
	jump(w, func);
	end(w, f);
}

static enum status
run1(struct world *w, uint32_t func, uint32_t argument, uint32_t *result)
{
	union slot slots[16] = { { argument } };
	enum status st = func_call(w->store, instance_func(w->in, func), slots);
	*result = slot_i32(slots[0]);
	ck_assert_ptr_null(w->store->ctx.activation);
	return st;
}

static void
expect_trap(struct world *w, uint32_t func, uint32_t argument, enum trap t)
{
	uint32_t result;
	ck_assert_int_eq(run1(w, func, argument, &result), STATUS_unwound);
	ck_assert_int_eq(w->store->ctx.pending.kind, UNWIND_trap);
	ck_assert_int_eq(w->store->ctx.pending.trap, t);
}

/* $down is interpreted, $step gets code. */
static const char steps[] =
	"(module (global $ok (export \"ok\") (mut i32) (i32.const 0))"
	" (func $set (param i32) (global.set $ok (local.get 0)))"
	" (func $down (param i32) (result i32)"
	"  (if (result i32) (local.get 0)"
	"   (then (i32.add (i32.const 1)"
	"    (call $step (i32.sub (local.get 0) (i32.const 1)))))"
	"   (else (if (result i32) (global.get $ok)"
	"    (then (i32.const 1000)) (else (unreachable))))))"
	" (func $step (param i32) (result i32) (unreachable)))";
enum { SET, DOWN, STEP };

/* Runs fn in a thread with so much stack; fn returns what it is given. */
static void
run_in_thread(void *fn(void *), size_t bytes)
{
	pthread_attr_t attributes;
	pthread_t thread;
	void *result = NULL;
	char any;
	pthread_attr_init(&attributes);
	ck_assert_int_eq(pthread_attr_setstacksize(&attributes, bytes), 0);
	ck_assert_int_eq(pthread_create(&thread, &attributes, fn, &any), 0);
	pthread_join(thread, &result);
	ck_assert_ptr_eq(result, &any);
	pthread_attr_destroy(&attributes);
}

/* Enough for fifty crossings where sanitizers make frames large. */
enum { MUCH_STACK = 64 << 20 };

static void *
call_fifty_deep(void *env)
{
	struct world w;
	uint32_t result;
	native_bytes = MUCH_STACK / 2;
	open_world(&w, steps, NULL);
	assemble_step(&w, STEP, DOWN);
	ck_assert_int_eq(run1(&w, SET, 1, &result), STATUS_done);
	for (uint32_t n = 0; n <= 50; n++) {
		ck_assert_int_eq(run1(&w, DOWN, n, &result), STATUS_done);
		ck_assert_uint_eq(result, 1000 + 2 * n);
		ck_assert_int_eq(run1(&w, STEP, n, &result), STATUS_done);
		ck_assert_uint_eq(result, 1001 + 2 * n);
	}
	close_world(&w);
	return env;
}

START_TEST(tiers_call_each_other_fifty_deep)
{
	run_in_thread(call_fifty_deep, MUCH_STACK);
}
END_TEST

static void *
trap_fifty_deep(void *env)
{
	struct world w;
	native_bytes = MUCH_STACK / 2;
	open_world(&w, steps, NULL);
	assemble_step(&w, STEP, DOWN);
	for (int twice = 0; twice < 2; twice++) {
		expect_trap(&w, DOWN, 50, TRAP_unreachable);
		expect_trap(&w, STEP, 50, TRAP_unreachable);
	}
	close_world(&w);
	return env;
}

START_TEST(a_trap_goes_through_all_of_them)
{
	run_in_thread(trap_fifty_deep, MUCH_STACK);
}
END_TEST

static void *
trap_twenty_deep(void *env)
{
	struct world w;
	native_bytes = MUCH_STACK / 2;
	open_world(&w, steps, NULL);
	assemble_step(&w, STEP, DOWN);
	const struct pending *p = &w.store->ctx.pending;
	w.store->ctx.max_frames = BACKTRACE_MAX;
	expect_trap(&w, STEP, 20, TRAP_unreachable);
	ck_assert_uint_eq(p->nframes, 42);
	for (uint32_t i = 1; i < p->nframes; i++) {
		ck_assert(p->frames[i].fp < p->frames[i - 1].fp);
		ck_assert_int_eq(p->frames[i].pc == &site.leave, i % 2 == 1);
	}
	close_world(&w);
	return env;
}

START_TEST(each_frame_is_in_the_backtrace_once)
{
	run_in_thread(trap_twenty_deep, MUCH_STACK);
}
END_TEST

/* Here compiled code is entered, interpreted code, and compiled code again. */
static void
enter_often(struct world *w, bool done)
{
	uint32_t result;
	for (int i = 0; i < 6; i++) {
		uint32_t func = i / 2 == 1 ? DOWN : STEP;
		if (!done) {
			expect_trap(w, func, 2, TRAP_unreachable);
			continue;
		}
		ck_assert_int_eq(run1(w, func, 2, &result), STATUS_done);
		ck_assert_uint_eq(result, func == STEP ? 1005 : 1004);
	}
}

static void
enter_below(struct world *w, int levels, bool done)
{
	char room[700];
	memset(room, levels, sizeof room);
	if (levels == 0)
		enter_often(w, done);
	else
		enter_below(w, levels - 1, done);
	for (size_t i = 0; i < sizeof room; i++)
		ck_assert_int_eq(room[i], levels);
}

static struct world entered;

static void *
enter_from_anywhere(void *env)
{
	static const int depths[] = { 0, 1, 0, 9, 8, 0, 1, 9 };
	uint32_t result;
	for (uint32_t done = 0; done < 2; done++) {
		ck_assert_int_eq(
			run1(&entered, SET, done, &result), STATUS_done);
		for (size_t i = 0; i < sizeof depths / sizeof *depths; i++)
			enter_below(&entered, depths[i], done == 1);
	}
	return env;
}

START_TEST(the_host_enters_from_any_frame_and_thread)
{
	open_world(&entered, steps, NULL);
	assemble_step(&entered, STEP, DOWN);
	for (int i = 0; i < 3; i++)
		run_in_thread(enter_from_anywhere, MUCH_STACK);
	enter_from_anywhere(NULL);
	close_world(&entered);
}
END_TEST

START_TEST(compiled_code_traps)
{
	struct world w;
	open_world(&w, steps, NULL);
	begin(&w, STEP);
	trap(&w, TRAP_divide_by_zero);
	end(&w, STEP);
	expect_trap(&w, DOWN, 3, TRAP_divide_by_zero);
	ck_assert(!w.store->ctx.pending.has_number);
	ck_assert_uint_eq(w.store->ctx.pending.nframes, 2);
	const uint8_t *pc = (const void *)w.store->ctx.pending.frames[0].pc;
	ck_assert_ptr_eq(pc, (const uint8_t *)instance_func(w.in, STEP)->code +
				     (w.x.at - w.distance - 4));
	begin(&w, STEP);
	x64_ri(&w.x, X64_sub64, X64_rsp, 8);
	trap(&w, TRAP_uninitialized_element);
	end(&w, STEP);
	expect_trap(&w, DOWN, 3, TRAP_uninitialized_element);
	ck_assert(w.store->ctx.pending.has_number);
	ck_assert_uint_eq(w.store->ctx.pending.number, 77);
	close_world(&w);
}
END_TEST

/*
 * More parameters than registers; $pick_i returns parameter i, $jump_i gets
 * code that jumps to it, $call_i is interpreted and calls $jump_i.
 */
enum { PARAMS = 26 };
static const char *const types[] = { "i32", "i64", "f32", "f64", "v128",
	"externref" };

static const char *
type_of(uint32_t i)
{
	return types[i * 7 % 6 == 4 && i % 5 == 0 ? 4 : i * i % 6];
}

/* Writes function "name i" of all parameters, which does `with` all of them, or
 * what `with` says alone. */
static char *
put_pick(char *p, const char *name, unsigned i, const char *with, bool all)
{
	p += sprintf(p, "(func $%s%u (param", name, i);
	for (uint32_t k = 0; k < PARAMS; k++)
		p += sprintf(p, " %s", type_of(k));
	p += sprintf(p, ") (result %s) (%s%u", type_of(i), with, i);
	for (uint32_t k = 0; all && k < PARAMS; k++)
		p += sprintf(p, " (local.get %u)", (unsigned)k);
	return p + sprintf(p, "))");
}

static void
picks(char *out)
{
	char *p = out + sprintf(out, "(module (func)");
	for (unsigned i = 0; i < PARAMS; i++) {
		p = put_pick(p, "pick", i, "local.get ", false);
		p = put_pick(p, "jump", i, "return_call $pick", true);
		p = put_pick(p, "call", i, "call $jump", true);
	}
	strcpy(p, ")");
}

/* Calls function f, which returns parameter i. */
static void
expect_picks(struct world *w, uint32_t i, uint32_t f)
{
	union slot slots[2 * PARAMS];
	uint64_t mask = strstr(type_of(i), "32") ? UINT32_MAX : UINT64_MAX;
	uint32_t slot = 0, width = strcmp(type_of(i), "v128") == 0 ? 2 : 1;
	for (uint32_t k = 0; k < i; k++)
		slot += strcmp(type_of(k), "v128") == 0 ? 2 : 1;
	for (uint32_t k = 0; k < 2 * PARAMS; k++)
		slots[k].u64 = 0x0101010101010101 * (k + 1);
	ck_assert_int_eq(func_call(w->store, instance_func(w->in, f), slots),
		STATUS_done);
	for (uint32_t k = 0; k < width; k++)
		ck_assert_uint_eq(slots[k].u64 & mask,
			0x0101010101010101 * (slot + k + 1) & mask);
}

START_TEST(values_of_all_types_cross)
{
	static char text[PARAMS * 2000];
	struct world w;
	picks(text);
	open_world(&w, text, NULL);
	for (uint32_t i = 0; i < PARAMS; i++) {
		assemble_jump(&w, 2 + 3 * i, 1 + 3 * i);
		for (uint32_t f = 1; f <= 3; f++)
			expect_picks(&w, i, f + 3 * i);
	}
	close_world(&w);
}
END_TEST

/* Here $back, interpreted, tail-calls $jump, and $over gets code that jumps to
 * $back. */
static void
picks_by_tail_call(char *out)
{
	char *p = out + sprintf(out, "(module (func)");
	for (unsigned i = 0; i < PARAMS; i++) {
		p = put_pick(p, "pick", i, "local.get ", false);
		p = put_pick(p, "jump", i, "return_call $pick", true);
		p = put_pick(p, "back", i, "return_call $jump", true);
		p = put_pick(p, "over", i, "return_call $back", true);
	}
	strcpy(p, ")");
}

START_TEST(several_results_cross)
{
	struct world w;
	union slot s[8] = { { 1 }, { 2 } };
	open_world(&w,
		"(module (func)"
		" (func $make (param i32 i64) (result f64 i32 v128 i64 f32)"
		"  (f64.const 2.5) (local.get 0) (v128.const i64x2 5 6)"
		"  (local.get 1) (f32.const 8))"
		" (func $jump (param i32 i64) (result f64 i32 v128 i64 f32)"
		"  unreachable)"
		" (func $call (param i32 i64) (result f64 i32 v128 i64 f32)"
		"  (call $jump (local.get 0) (local.get 1))))",
		NULL);
	assemble_jump(&w, 2, 1);
	ck_assert_int_eq(
		func_call(w.store, instance_func(w.in, 3), s), STATUS_done);
	ck_assert(s[0].f64 == 2.5);
	ck_assert_uint_eq(slot_i32(s[1]), 1);
	ck_assert_uint_eq(s[2].u64, 5);
	ck_assert_uint_eq(s[3].u64, 6);
	ck_assert_uint_eq(s[4].u64, 2);
	ck_assert(slot_f32(s[5]) == 8);
	close_world(&w);
}
END_TEST

/* $native gets code that calls the host; $again calls it. */
static const char hosted[] =
	"(module (import \"h\" \"f\" (func $host (param i32 i64) (result i64)))"
	" (func $native (param i32 i64) (result i64) unreachable)"
	" (func $again (param i32 i64) (result i64)"
	"  (i64.add (i64.const 100)"
	"   (call $native (local.get 0) (local.get 1)))))";

static enum status
run_hosted(struct world *w, uint64_t *result)
{
	union slot s[2] = { slot_of_i32(3), { 40 } };
	enum status st = func_call(w->store, instance_func(w->in, 2), s);
	*result = s[0].u64;
	return st;
}

START_TEST(compiled_code_calls_the_host)
{
	struct world w;
	uint64_t result;
	open_world(&w, hosted, host_add);
	assemble_jump(&w, 1, 0);
	ck_assert_int_eq(run_hosted(&w, &result), STATUS_done);
	ck_assert_uint_eq(result, 143);
	assemble_step(&w, 1, 0);
	ck_assert_int_eq(run_hosted(&w, &result), STATUS_done);
	ck_assert_uint_eq(result, 144);
	close_world(&w);
}
END_TEST

/* Tells its arguments apart. */
static enum status
host_mix(void *env, struct store *s, struct instance *caller, union slot *slots)
{
	(void)env;
	(void)s;
	(void)caller;
	slots[0].f64 = slot_i32(slots[0]) + 10 * slots[1].f64 +
		       100 * (double)slots[2].u64 + 1000 * slot_f32(slots[3]) +
		       10000 * slot_i32(slots[4]) + 100000 * slots[5].f64;
	return STATUS_done;
}

START_TEST(arguments_of_both_kinds_reach_the_host)
{
	static const char text[] =
		"(module (type $t (func (param i32 f64 i64 f32 i32 f64)"
		"  (result f64)))"
		" (import \"\" \"mix\" (func (type $t)))"
		" (func (type $t) (unreachable)))";
	struct world w;
	open_world(&w, text, host_mix);
	begin(&w, 1);
	call(&w, 0);
	x64_ret(&w.x);
	end(&w, 1);
	union slot slots[6] = { { 1 }, { .f64 = 2 }, { 3 }, slot_of_f32(4),
		{ 5 }, { .f64 = 6 } };
	ck_assert_int_eq(
		func_call(w.store, instance_func(w.in, 1), slots), STATUS_done);
	ck_assert_double_eq(slots[0].f64, 654321);
	close_world(&w);
}
END_TEST

START_TEST(the_host_fails_under_compiled_code)
{
	struct world w;
	uint64_t result;
	open_world(&w, hosted, host_fail);
	for (int twice = 0; twice < 2; twice++) {
		assemble_step(&w, 1, 0);
		ck_assert_int_eq(run_hosted(&w, &result), STATUS_unwound);
		ck_assert_int_eq(w.store->ctx.pending.kind, UNWIND_host);
		ck_assert_uint_eq(w.store->ctx.pending.nframes, 2);
		assemble_jump(&w, 1, 0);
		ck_assert_int_eq(run_hosted(&w, &result), STATUS_unwound);
		ck_assert_int_eq(w.store->ctx.pending.kind, UNWIND_host);
	}
	ck_assert_ptr_null(w.store->ctx.activation);
	close_world(&w);
}
END_TEST

START_TEST(the_host_calls_back_until_the_stack_ends)
{
	struct world w;
	uint64_t result;
	open_world(&w, hosted, host_again);
	assemble_step(&w, 1, 0);
	ck_assert_int_eq(run_hosted(&w, &result), STATUS_unwound);
	ck_assert_int_eq(w.store->ctx.pending.kind, UNWIND_trap);
	ck_assert_int_eq(w.store->ctx.pending.trap, TRAP_stack_overflow);
	ck_assert_ptr_null(w.store->ctx.activation);
	ck_assert_uint_eq(w.store->ctx.depth, 0);
	close_world(&w);
}
END_TEST

START_TEST(an_interrupt_is_seen_after_a_crossing)
{
	struct world w;
	uint32_t result;
	open_world(&w,
		"(module (import \"h\" \"f\" (func $host))"
		" (func $native (result i32) unreachable)"
		" (func $leaf (result i32) (i32.const 3))"
		" (func $go (result i32) (call $native)))",
		host_interrupt);
	begin(&w, 1);
	x64_ri(&w.x, X64_sub64, X64_rsp, 8);
	call(&w, 0);
	call(&w, 2);
	x64_ri(&w.x, X64_add64, X64_rsp, 8);
	x64_ret(&w.x);
	end(&w, 1);
	expect_trap(&w, 3, 0, TRAP_interrupt);
	expect_trap(&w, 3, 0, TRAP_interrupt);
	context_interrupt_clear(&w.store->ctx);
	ck_assert_int_eq(run1(&w, 2, 0, &result), STATUS_done);
	close_world(&w);
}
END_TEST

START_TEST(an_exception_passes_compiled_frames)
{
	struct world w;
	uint32_t result;
	open_world(&w,
		"(module (tag $e (param i32))"
		" (func)"
		" (func $throw (param i32) (result i32)"
		"  (throw $e (i32.add (local.get 0) (i32.const 1))))"
		" (func $native (param i32) (result i32) unreachable)"
		" (func $catch (param i32) (result i32)"
		"  (block $h (result i32)"
		"   (try_table (result i32) (catch $e $h)"
		"    (call $native (local.get 0)))))"
		" (func $outer (param i32) (result i32)"
		"  (i32.add (call $catch (local.get 0))"
		"   (call $catch (i32.const 1000)))))",
		NULL);
	assemble_step(&w, 2, 1);
	ck_assert_int_eq(run1(&w, 4, 41, &result), STATUS_done);
	ck_assert_uint_eq(result, 42 + 1001);
	ck_assert_int_eq(run1(&w, 2, 41, &result), STATUS_unwound);
	ck_assert_int_eq(w.store->ctx.pending.kind, UNWIND_exception);
	ck_assert_uint_eq(w.store->ctx.pending.nframes, 2);
	close_world(&w);
}
END_TEST

/*
 * $down is interpreted, $jump gets code that tail-calls it, $go is interpreted
 * and $step gets code; the last two call them and add 1.
 */
static const char tails[] =
	"(module (import \"h\" \"f\" (func $host (param i32) (result i32)))"
	" (func $down (param i32) (result i32)"
	"  (if (i32.eqz (local.get 0)) (then (return (i32.const 9))))"
	"  (return_call $jump (i32.sub (local.get 0) (i32.const 1))))"
	" (func $jump (param i32) (result i32) unreachable)"
	" (func $go (param i32) (result i32)"
	"  (i32.add (i32.const 1) (call $down (local.get 0))))"
	" (func $go_jump (param i32) (result i32)"
	"  (i32.add (i32.const 1) (call $jump (local.get 0))))"
	" (func $step (param i32) (result i32) unreachable)"
	" (func $step_jump (param i32) (result i32) unreachable))";

/* The host's function of them calls this one. */
static enum status
host_down(
	void *env, struct store *s, struct instance *caller, union slot *slots)
{
	(void)env;
	return func_call(s, instance_func(caller, 1), slots);
}

static void *
alternate(void *env)
{
	struct world w;
	uint32_t result;
	open_world(&w, tails, host_down);
	assemble_jump(&w, 2, 1);
	assemble_step(&w, 5, 1);
	assemble_step(&w, 6, 2);
	for (uint32_t n = 0; n <= 1000000; n = 10 * n + 1) {
		for (uint32_t f = 0; f <= 6; f++) {
			union slot slots[1] = { slot_of_i32(n) };
			struct func *callee = instance_func(w.in, f);
			if (f == 0) /* the host calls $down for $step */
				assemble_step(&w, 5, 0);
			callee = f == 0 ? instance_func(w.in, 5) : callee;
			ck_assert_int_eq(
				func_call(w.store, callee, slots), STATUS_done);
			ck_assert_uint_eq(
				slot_i32(slots[0]), f == 1 || f == 2 ? 9 : 10);
			if (f == 0)
				assemble_step(&w, 5, 1);
		}
	}
	ck_assert_int_eq(run1(&w, 6, 100, &result), STATUS_done);
	close_world(&w);
	return env;
}

/* Native stacks. */

/* Calls itself for ever, in the smallest frames: a slot each. */
static void
assemble_endless(struct world *w, uint32_t func)
{
	begin(w, func);
	uint8_t *entry = w->x.at;
	check_limit(w, 1);
	x64_ri(&w->x, X64_add64, X64_r15, 8);
	x64_mov_imm(&w->x, X64_r9, (uintptr_t)&site.leave);
	x64_mr(&w->x, X64_mov64, at(X64_r15, (size_t)-8), X64_r9);
	x64_target(&w->x, x64_call(&w->x), entry);
	end(w, func);
}

static void *
exhaust(void *env)
{
	struct world w;
	open_world(&w, steps, NULL);
	w.store->ctx.max_frames = 0;
	assemble_step(&w, STEP, DOWN);
	for (int twice = 0; twice < 2; twice++) {
		expect_trap(&w, DOWN, 1000000, TRAP_stack_overflow);
		expect_trap(&w, STEP, 1000000, TRAP_stack_overflow);
	}
	assemble_step(&w, STEP, STEP);
	expect_trap(&w, DOWN, 1, TRAP_stack_overflow);
	site.distance = 1;
	assemble_endless(&w, STEP);
	expect_trap(&w, DOWN, 1, TRAP_stack_overflow);
	site.distance = FRAME;
	close_world(&w);
	return env;
}

START_TEST(the_native_stack_ends_in_a_trap)
{
	exhaust(NULL);
}
END_TEST

/* Slots of the guest stack that endless recursion takes. */
static ptrdiff_t
depth_within(uint64_t bytes)
{
	struct world w;
	native_bytes = bytes;
	open_world(&w, steps, NULL);
	site.distance = 1;
	assemble_endless(&w, STEP);
	w.store->ctx.max_frames = 1;
	expect_trap(&w, DOWN, 1, TRAP_stack_overflow);
	const struct pending *p = &w.store->ctx.pending;
	ptrdiff_t n = p->frames[0].fp - w.store->ctx.stack;
	site.distance = FRAME;
	close_world(&w);
	return n;
}

/* Slots of compiled frames in so many bytes. */
static ptrdiff_t
slots_within(ptrdiff_t bytes)
{
	return NATIVE_SCALE * bytes / 8;
}

START_TEST(recursion_is_as_deep_as_the_budget_allows)
{
	ptrdiff_t small = depth_within(256 << 10);
	ptrdiff_t large = depth_within(1 << 20);
	ck_assert_int_gt(small, slots_within(256 << 10) - CROSS_NEAR - 200);
	ck_assert_int_le(small, slots_within(256 << 10) + FRAME);
	ck_assert_int_gt(large, slots_within(1 << 20) - CROSS_NEAR - 200);
	ck_assert_int_le(large, slots_within(1 << 20) + FRAME);
}
END_TEST

START_TEST(interpreted_frames_have_the_whole_stack_under_compiled_ones)
{
	struct world w;
	uint32_t result;
	native_bytes = 256 << 10;
	open_world(&w,
		"(module (func $deep (param i32) (result i32)"
		"  (if (result i32) (local.get 0)"
		"   (then (call $deep (i32.sub (local.get 0) (i32.const 1))))"
		"   (else (i32.const 7))))"
		" (func $step (param i32) (result i32) unreachable))",
		NULL);
	assemble_step(&w, 1, 0);
	ck_assert_int_eq(run1(&w, 1, 100000, &result), STATUS_done);
	ck_assert_uint_eq(result, 8);
	/* and the compiled one has its limit back */
	ck_assert_int_le(w.store->ctx.frame_limit - w.store->ctx.stack,
		slots_within(256 << 10) + FRAME);
	close_world(&w);
}
END_TEST

/* Bytes beyond the reserve, as a loop test's _i. */
static const size_t stacks[] = { 128 << 10, 384 << 10, 3 << 20, 16 << 20 };

START_TEST(the_stack_of_a_thread_is_enough)
{
	run_in_thread(exhaust, NATIVE_RESERVE + stacks[_i]);
}
END_TEST

START_TEST(tail_calls_cross_in_constant_stack)
{
	run_in_thread(alternate, 2 * NATIVE_RESERVE);
}
END_TEST

START_TEST(arguments_of_all_types_cross_in_tail_calls)
{
	static char text[PARAMS * 2000];
	struct world w;
	picks_by_tail_call(text);
	open_world(&w, text, NULL);
	for (uint32_t i = 0; i < PARAMS; i++) {
		assemble_jump(&w, 2 + 4 * i, 1 + 4 * i);
		assemble_jump(&w, 4 + 4 * i, 3 + 4 * i);
		expect_picks(&w, i, 3 + 4 * i);
		expect_picks(&w, i, 4 + 4 * i);
	}
	close_world(&w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cross");
	TCase *t = tcase_create("cross");
	tcase_add_test(t, tiers_call_each_other_fifty_deep);
	tcase_add_test(t, a_trap_goes_through_all_of_them);
	tcase_add_test(t, each_frame_is_in_the_backtrace_once);
	tcase_add_test(t, the_host_enters_from_any_frame_and_thread);
	tcase_add_test(t, compiled_code_traps);
	tcase_add_test(t, values_of_all_types_cross);
	tcase_add_test(t, several_results_cross);
	tcase_add_test(t, compiled_code_calls_the_host);
	tcase_add_test(t, arguments_of_both_kinds_reach_the_host);
	tcase_add_test(t, the_host_fails_under_compiled_code);
	tcase_add_test(t, the_host_calls_back_until_the_stack_ends);
	tcase_add_test(t, an_interrupt_is_seen_after_a_crossing);
	tcase_add_test(t, an_exception_passes_compiled_frames);
	tcase_add_test(t, arguments_of_all_types_cross_in_tail_calls);
	tcase_add_test(t, tail_calls_cross_in_constant_stack);
	tcase_add_test(t, the_native_stack_ends_in_a_trap);
	tcase_add_test(t, recursion_is_as_deep_as_the_budget_allows);
	tcase_add_test(
		t, interpreted_frames_have_the_whole_stack_under_compiled_ones);
	tcase_add_loop_test(t, the_stack_of_a_thread_is_enough, 0, 4);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
