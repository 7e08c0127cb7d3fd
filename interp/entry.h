/*
 * The way into the interpreter from C, in line: whoever includes this (with
 * DISPATCH_H set) has one frame between its own caller and the loop, so that
 * the callee-saved registers are saved once.  A third of an empty call from the
 * host was saving them again.
 */
#ifndef INTERP_ENTRY_H
#define INTERP_ENTRY_H

#include "interp/enter.h"
#include "interp/loop.h"
#include "spec/engine.h"
#include "spec/store.h"
#include "spec/tier.h"
#include "trap/likely.h"
#include "trap/unwind.h"
#include DISPATCH_H

/*
 * The loop, again as long as an unwinding goes on in this activation.  What its
 * base frame tail-calls is entered here, unless the caller does it: `tail`.
 */
static inline enum status
entry_run(struct func *f, union slot *fp, bool tail)
{
	enum status st = loop_run(f->instance, f->cells, fp, (uintptr_t)f);
	if (!UNLIKELY(st >= STATUS_raise))
		return st;
	do {
		struct context *ctx = (struct context *)&f->store->ctx;
		struct handler found;
		if (st == STATUS_tail && tail)
			return st;
		if (st == STATUS_tail) {
			st = enter_native(ctx, ctx->callee, fp);
			continue;
		}
		const struct handler *h = raise_target(ctx, &found);
		assert(h->sp == (uintptr_t)ctx->activation && "a pad of ours");
		if (h->pc == (uintptr_t)&ctx->statics[CELL_unwind])
			return STATUS_unwound;
		st = loop_run(f->instance, (const struct cell *)h->pc,
			(union slot *)h->fp, 0);
	} while (st >= STATUS_raise);
	return st;
}

/* Runs f, whose arguments are in its frame, in the activation a. */
static inline enum status
entry_interpreted(struct context *ctx, struct func *f, union slot *fp,
	const struct activation *a)
{
	ctx->handler = (struct handler){ (uintptr_t)a, (uintptr_t)fp,
		(uintptr_t)&ctx->statics[CELL_unwind] };
	fp[-1] = slot_of_ref(&ctx->statics[CELL_leave]);
	return entry_run(f, fp, false);
}

/* f has code of the second tier, which is what calls it. */
static inline bool
entry_is_native(const struct func *f)
{
	return f->cells == &f->store->ctx.statics[CELL_native];
}

/*
 * enter_func for others: arguments go up the guest stack, results come back.
 * What is frequent stands here alone and calls only the loop.  After it, what f
 * and its store know is read again rather than kept: the number of words
 * written is what such a call costs.
 */
static inline enum status
entry_func(struct func *f, union slot *slots)
{
	struct context *ctx = (struct context *)&f->store->ctx;
	struct activation a;
	size_t n = f->param_slots;
	union slot *fp = context_top(ctx) + 1;
	if (UNLIKELY((uintptr_t)(fp + n) > (uintptr_t)ctx->stack_end))
		return raise_trap(ctx, TRAP_stack_overflow);
	if (UNLIKELY(!activation_open(ctx, &a)))
		return STATUS_unwound;
	for (size_t i = 0; i < n; i++)
		fp[i] = slots[i];
	enum status st = entry_interpreted(ctx, f, fp, &a);
	ctx = (struct context *)&f->store->ctx;
	fp = (union slot *)ctx->handler.fp;
	activation_close(ctx, &a);
	if (UNLIKELY(st != STATUS_done))
		return st;
	n = f->result_slots;
	for (size_t i = 0; i < n; i++)
		slots[i] = (fp - 1)[i];
	return STATUS_done;
}

#endif
