#include "jit/cross.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "interp/enter.h"
#include "interp/loop.h"
#include "jit/native_stack.h"
#include "spec/engine.h"
#include "spec/object.h"
#include "spec/type.h"
#include "trap/bytes.h"
#include "trap/signal.h"
#include "trap/unwind.h"

static_assert(offsetof(struct handler, sp) == 0 &&
		      offsetof(struct handler, fp) == 8 &&
		      offsetof(struct handler, pc) == 16,
	"x64_stub.S");
static_assert(offsetof(struct cross_registers, ints) == 0 &&
		      offsetof(struct cross_registers, floats) == 48 &&
		      offsetof(struct cross_registers, callee) == 176 &&
		      offsetof(struct cross_registers, instance) == 184 &&
		      offsetof(struct cross_registers, memory) == 192 &&
		      offsetof(struct cross_registers, code) == 200 &&
		      sizeof(struct cross_registers) == 208,
	"x64_stub.S");
static_assert(offsetof(struct instance, store) == 96 &&
		      offsetof(struct instance, memory0) == 112 &&
		      offsetof(struct memory, base) == 32,
	"x64_stub.S");
static_assert(offsetof(struct context, handler) == 8 &&
		      offsetof(struct context, guest_limit) == 56 &&
		      offsetof(struct context, entry_sp) == 88 &&
		      offsetof(struct context, entry_limit) == 96 &&
		      offsetof(struct context, entry_thread) == 104 &&
		      offsetof(struct context, activation) == 120 &&
		      offsetof(struct context, statics) == 168 &&
		      offsetof(struct context, limit_sp) == 176 &&
		      offsetof(struct context, pending.kind) == 184 &&
		      UNWIND_exception == 4 && sizeof(struct cell) == 16 &&
		      CELL_leave == 1,
	"x64_stub.S");
static_assert(offsetof(struct func, code) == 8 &&
		      offsetof(struct func, call) == 16 &&
		      offsetof(struct func, instance) == 24 &&
		      offsetof(struct func, result_slots) == 48 &&
		      offsetof(struct func, store) == 56 &&
		      offsetof(struct store, engine) == 1984 &&
		      offsetof(struct engine, stopped) == 56,
	"x64_stub.S");
static_assert(offsetof(struct context, exit_fp) == 32 &&
		      offsetof(struct context, exit_pc) == 40 &&
		      offsetof(struct context, guest_sp) == 48 &&
		      offsetof(struct host_func, direct) == 88 &&
		      offsetof(struct host_func, direct_env) == 96,
	"x64_stub.S");
static_assert(sizeof(struct cell) - offsetof(struct cell, v.s.c) == 4 &&
		      HOST_SLOTS == 8,
	"x64_stub.S");
static_assert(STATUS_done == 0 && STATUS_unwound == 1 && STATUS_tail == 3,
	"x64_stub.S");

/* Bytes between a call of stub_func and its pad's stack pointer. */
enum { ENTRY_BYTES = 64 };

/* Bytes up to which an entry is near another one, as the stub has it. */
enum { ENTRY_NEAR = 4096 };

/* Native bytes that a compiled frame takes for each of its slots, at most. */
enum { BYTES_PER_SLOT = 8 };

const void *
cross_slot_entry(const void *entry)
{
	const uint8_t *p = entry;
	return p + (int32_t)bytes_get32(p - 4);
}

/* The end of frames that start at fp, with so many bytes of native stack. */
static union slot *
frame_limit(const struct context *ctx, union slot *fp, uintptr_t bytes)
{
	union slot *end = context_stack_limit(ctx);
	uintptr_t n = bytes / BYTES_PER_SLOT;
	return end > fp && n < (uintptr_t)(end - fp) ? fp + n : end;
}

static NOINLINE void
move_limit(struct context *ctx, union slot *fp, uintptr_t bytes)
{
	uintptr_t near = (uintptr_t)CROSS_NEAR * BYTES_PER_SLOT;
	union slot *limit = frame_limit(ctx, fp, bytes);
	if (ctx->frame_limit <= limit &&
		limit - ctx->frame_limit <= 2 * CROSS_NEAR)
		return;
	if (bytes > 2 * near && ctx->activation->prev != NULL)
		limit = frame_limit(ctx, fp, bytes - near);
	context_set_limit(ctx, limit);
}

static_assert(BYTES_PER_SLOT == sizeof(union slot), "bytes of both stacks");

/*
 * What is near enough stays: to set it costs as much as all else of a crossing,
 * and the next one often wants about the same.  So nobody sets it back who
 * returns to an interpreted frame either.
 */
static inline bool
is_far(const struct context *ctx, const union slot *fp, uintptr_t sp)
{
	uintptr_t bytes = sp - ctx->stack_limit;
	uintptr_t above = (uintptr_t)fp + bytes - (uintptr_t)ctx->frame_limit;
	return above > 2 * CROSS_NEAR * BYTES_PER_SLOT;
}

static inline void
limit_frames(struct context *ctx, union slot *fp, uintptr_t sp)
{
	if (UNLIKELY(is_far(ctx, fp, sp)))
		move_limit(ctx, fp, sp - ctx->stack_limit);
}

static enum status
run(struct context *ctx, struct func *f, union slot *fp, const void *code)
{
	struct instance *in = f->instance;
	fp[-1] = slot_of_ref(&ctx->statics[CELL_leave]);
	return stub_enter(&ctx->handler, code, fp, in, in->memory0->base);
}

/* A thread that was never seen. */
static NOINLINE void
begin_thread(struct context *ctx, const struct func *f, uintptr_t sp)
{
	ctx->stack_limit = native_stack_limit(sp, ctx->stack_budget);
	ctx->limit_sp = sp;
	ctx->entry_thread = native_stack_thread;
	if (f->store->engine->guards != NULL)
		signal_thread();
}

/* The limit is good for another entry of this thread nearby.  A thread that has
 * ended is none. */
static inline bool
knows_thread(const struct context *ctx, uintptr_t sp)
{
	return ctx->limit_sp - sp <= ENTRY_NEAR && native_stack_thread != 0 &&
	       ctx->entry_thread == native_stack_thread;
}

/* What the first entry into compiled code needs. */
static inline void
begin(struct context *ctx, const struct func *f, uintptr_t sp)
{
	ctx->entry_sp = sp;
	if (!knows_thread(ctx, sp))
		begin_thread(ctx, f, sp);
}

/* In an activation of its own. */
static inline enum status
enter_within(
	struct context *ctx, struct func *f, union slot *fp, const void *code)
{
	struct activation a;
	/* they were written one by one just now: one load of both would wait */
	union slot *exit_fp = *(union slot *volatile *)&ctx->exit_fp;
	activation_cross(ctx, &a, exit_fp, ctx->exit_pc);
	enum status st = run(ctx, f, fp, code);
	activation_uncross(ctx, &a, st);
	return st;
}

/* No frame of the function is there yet. */
static enum status
overflow(struct context *ctx)
{
	struct activation a;
	activation_cross(ctx, &a, ctx->exit_fp, ctx->exit_pc);
	ctx->exit_fp = NULL;
	enum status st = raise_trap(ctx, TRAP_stack_overflow);
	activation_uncross(ctx, &a, st);
	return st;
}

/* Where something must be set up first. */
static NOINLINE enum status
enter_first(
	struct context *ctx, struct func *f, union slot *fp, const void *code)
{
	uintptr_t sp = stub_sp(), older = ctx->entry_sp;
	enum status st;
	if (older == 0)
		begin(ctx, f, sp);
	if (sp > ctx->stack_limit) {
		limit_frames(ctx, fp, sp);
		st = enter_within(ctx, f, fp, code);
	} else {
		st = overflow(ctx);
	}
	ctx->entry_sp = older;
	return st;
}

static enum status
enter(struct context *ctx, struct func *f, union slot *fp, const void *code)
{
	uintptr_t sp = stub_sp(), older = ctx->entry_sp;
	if (UNLIKELY((older == 0 && !knows_thread(ctx, sp)) ||
		     sp <= ctx->stack_limit || is_far(ctx, fp, sp)))
		return enter_first(ctx, f, fp, code);
	ctx->entry_sp = older != 0 ? older : sp;
	enum status st = enter_within(ctx, f, fp, code);
	ctx->entry_sp = older;
	return st;
}

enum status
cross_enter(struct context *ctx, struct func *f, union slot *fp)
{
	if (context_interrupted(ctx)) /* what calls nothing does not look */
		return raise_trap(ctx, TRAP_interrupt);
	return enter(ctx, f, fp, cross_slot_entry(f->code));
}

/* The next entry with this stack pointer finds all as it was for this one, if
 * that had a limit. */
static void
remember(struct context *ctx, uintptr_t sp, union slot *limit)
{
	ctx->entry_sp = ctx->entry_thread != 0 ? sp : 0;
	ctx->entry_limit = limit;
	ctx->handler.sp = sp - ENTRY_BYTES;
	ctx->handler.pc = (uintptr_t)stub_func_pad;
}

/* In an activation that was opened for it alone. */
static enum status
enter_open(struct context *ctx, struct func *f, union slot *fp, uintptr_t sp)
{
	uintptr_t older = ctx->entry_sp;
	if (older == 0)
		begin(ctx, f, sp);
	enum status st = STATUS_unwound;
	union slot *limit = NULL;
	ctx->exit_fp = NULL; /* it has not left the guest */
	if (context_interrupted(ctx)) {
		raise_trap(ctx, TRAP_interrupt);
	} else if (sp <= ctx->stack_limit) {
		raise_trap(ctx, TRAP_stack_overflow);
	} else {
		limit_frames(ctx, fp, sp);
		limit = ctx->frame_limit;
		st = run(ctx, f, fp, cross_slot_entry(f->code));
	}
	if (ctx->activation->prev == NULL)
		remember(ctx, sp, limit);
	else
		ctx->entry_sp = older;
	return st;
}

static enum status
open_and_enter(struct context *ctx, struct func *f, union slot *fp,
	union slot *slots, uintptr_t sp)
{
	struct activation a;
	if (fp + f->param_slots > ctx->stack_end)
		return raise_trap(ctx, TRAP_stack_overflow);
	if (!activation_open(ctx, &a))
		return STATUS_unwound;
	for (uint32_t i = 0; i < f->param_slots; i++)
		fp[i] = slots[i];
	enum status st = enter_open(ctx, f, fp, sp);
	activation_close(ctx, &a);
	return st;
}

static inline enum status
run_func(struct func *f, union slot *slots, uintptr_t sp)
{
	struct context *ctx = (struct context *)&f->store->ctx;
	union slot *fp = context_top(ctx) + 1;
	if (open_and_enter(ctx, f, fp, slots, sp) != STATUS_done)
		return STATUS_unwound;
	for (uint32_t i = 0; i < f->result_slots; i++)
		slots[i] = (fp - 1)[i];
	return STATUS_done;
}

enum status
cross_run(struct func *f, union slot *slots)
{
	return run_func(f, slots, stub_sp());
}

int
cross_func(struct func *f, union slot *slots, void *arg, uintptr_t sp)
{
	struct store *s = (struct store *)f->store;
	return run_func(f, slots, sp) == STATUS_done
		       ? 0
		       : s->engine->stopped(s, arg);
}

/* More of them than registers would have to go to the frame. */
static int
call_many(struct func *f, union slot *slots, void *arg)
{
	return cross_func(f, slots, arg, stub_sp());
}

void
cross_take(struct func *f, const void *entry)
{
	f->code = entry;
	f->cells = &loop_tables()->cells[CELL_native];
	f->call = f->param_slots > INT_ARGUMENTS ? call_many
		  : f->result_slots == 0	 ? stub_func0
		  : f->result_slots == 1	 ? stub_func1
						 : stub_func;
}

enum status
cross_loop(struct context *ctx, struct func *f, union slot *fp,
	const void *code, uint32_t slots)
{
	uintptr_t sp = stub_sp(), older = ctx->entry_sp;
	enum status st = STATUS_raise;
	if (older == 0)
		begin(ctx, f, sp);
	if (sp > ctx->stack_limit &&
		fp + slots <= frame_limit(ctx, fp, sp - ctx->stack_limit))
		st = enter(ctx, f, fp, code);
	ctx->entry_sp = older;
	return st;
}

/* Types as registers see them. */
static bool
is_float(valtype t)
{
	return t == VT_F32 || t == VT_F64 || t == VT_V128;
}

const void *
cross_stub(const struct functype *t, bool host)
{
	valtype result = t->nresults != 0 ? t->results[0] : VT_I32;
	bool floats = t->nparams != 0 && is_float(t->params[0]);
	bool plain = t->nparams <= HOST_SLOTS &&
		     t->result_slots <= HOST_SLOTS && result != VT_V128;
	const void *code = NULL;
	for (uint32_t i = 0; plain && i < t->nparams; i++)
		plain = is_float(t->params[i]) == floats &&
			t->params[i] != VT_V128;
	if (plain)
		code = (host ? stub_host : stub_frame)[floats][result != VT_I32]
						      [t->nparams];
	return code != NULL ? code : (const void *)(uintptr_t)stub_cross;
}

/* Arguments that are in registers to their slots. */
static inline void
store_arguments(const struct functype *t, union slot *fp,
	const struct cross_registers *regs)
{
	const uint64_t *i = regs->ints, *last_int = i + 6;
	const union slot(*f)[2] = regs->floats, (*last_float)[2] = f + 8;
	const valtype *p = t->params, *end = p + t->nparams;
	for (; p < end; p++) {
		if (!is_float(*p)) {
			if (i < last_int)
				fp->u64 = *i++;
			fp++;
			continue;
		}
		if (f < last_float) {
			fp[0] = (*f)[0];
			if (*p == VT_V128)
				fp[1] = (*f)[1];
			f++;
		}
		fp += vt_slots(*p);
	}
}

/* And back.  What is above an i32 in a register is 0. */
static void
load_arguments(const struct functype *t, const union slot *fp,
	struct cross_registers *regs)
{
	uint32_t ints = 0, floats = 0;
	for (uint32_t i = 0; i < t->nparams; i++) {
		valtype p = t->params[i];
		uint32_t n = vt_slots(p);
		if (is_float(p) && floats < FLOAT_ARGUMENTS)
			memcpy(regs->floats[floats++], fp, n * sizeof *fp);
		else if (!is_float(p) && ints < INT_ARGUMENTS)
			regs->ints[ints++] =
				p == VT_I32 ? slot_i32(*fp) : fp->u64;
		fp += n;
	}
}

/* The first result to its register. */
static void
load_result(const struct functype *t, const union slot *from,
	struct cross_registers *regs)
{
	if (t->nresults == 0)
		return;
	valtype r = t->results[0];
	if (is_float(r))
		memcpy(regs->floats[0], from, vt_slots(r) * sizeof *from);
	else
		regs->ints[0] = r == VT_I32 ? slot_i32(*from) : from->u64;
}

static const struct functype *
type_of(const struct func *f)
{
	return &typespace_get(f->store->engine->types, f->type)->func;
}

/* The compiled function that takes the frame fp over. */
static void
load_tail(const struct func *f, union slot *fp, struct cross_registers *regs)
{
	load_arguments(type_of(f), fp, regs);
	regs->callee = f;
	regs->instance = f->instance;
	regs->memory = f->instance->memory0->base;
	regs->code = f->code;
}

void
cross_tail(struct instance *in, union slot *fp, struct cross_registers *regs)
{
	load_tail(in->store->ctx.callee, fp, regs);
}

enum status
cross_call(struct func *f, union slot *fp, struct cross_registers *regs,
	struct instance *caller)
{
	struct context *ctx = &caller->store->ctx;
	const struct functype *t = type_of(f);
	const struct cell *site = slot_ref(fp[-1]);
	union slot *from = fp - site[-1].v.s.c;
	enum status st;
	store_arguments(t, fp, regs);
	if (f->instance == NULL)
		st = enter_linked_host(f, caller, fp, from, site)
			     ? STATUS_done
			     : STATUS_unwound;
	else
		st = enter_frame(f, fp);
	if (st == STATUS_done)
		load_result(t, fp - 1, regs);
	else if (st == STATUS_tail)
		load_tail(ctx->callee, fp, regs);
	return st;
}

void
cross_trap(struct instance *in, union slot *fp, const void *at, enum trap t,
	uint64_t number, bool has_number)
{
	struct context *ctx = &in->store->ctx;
	ctx->exit_fp = fp;
	ctx->exit_pc = at;
	if (t == TRAP_stack_overflow && context_interrupted(ctx))
		t = TRAP_interrupt;
	if (has_number)
		raise_trap_number(ctx, t, number);
	else
		raise_trap(ctx, t);
}

enum status
cross_runtime(struct instance *in, union slot *slots, const struct cell *site,
	union slot *fp, runtime_fn *function)
{
	struct context *ctx = &in->store->ctx;
	ctx->exit_fp = fp;
	ctx->exit_pc = site;
	ctx->guest_sp = slots + RUNTIME_SLOTS;
	return function(in, slots);
}

struct object *
cross_new(struct instance *in, union slot *fp, const struct cell *site)
{
	struct context *ctx = &in->store->ctx;
	ctx->exit_fp = fp;
	ctx->exit_pc = site;
	ctx->guest_sp = fp + site[-1].v.s.c;
	struct object *o =
		object_new(in->store, site->u.ab, (uint32_t)site->v.imm);
	if (o == NULL)
		raise_trap(ctx, TRAP_allocation_too_large);
	return o;
}

void
cross_target(struct instance *in, struct handler *out)
{
	struct handler found;
	*out = *raise_target(&in->store->ctx, &found);
}
