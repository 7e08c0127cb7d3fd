/*
 * The four moves: enter, exit, raise, resume.  A trap is recorded in
 * context.pending by whoever finds it, then every C frame returns; raise gives
 * the landing pad.  Nothing here knows a wasm instruction.
 */
#ifndef TRAP_UNWIND_H
#define TRAP_UNWIND_H

#include <assert.h>

#include "trap/context.h"

/*
 * Records a trap as the reason of unwinding, with the raw frames from the exit
 * pair on.  Returns STATUS_unwound, so that callers may return it.
 */
enum status
raise_trap(struct context *ctx, enum trap t);

/* The same with a number after the message ("uninitialized element 2"). */
enum status
raise_trap_number(struct context *ctx, enum trap t, uint64_t number);

/* The guest asked to exit (WASI proc_exit). */
enum status
raise_exit(struct context *ctx, int32_t code);

/* A host function failed; text is copied, payload handed through untouched. */
enum status
raise_host(struct context *ctx, const char *text, void *payload);

/*
 * Throws the exception, an object of the store's heap.  It has no frames until
 * it is known that the innermost activation does not catch it.
 */
enum status
raise_exception(struct context *ctx, void *exception);

/*
 * Makes the guest trap with TRAP_interrupt at its next poll or function entry;
 * may be called from any thread or a signal handler.  Stays until
 * context_interrupt_clear.
 */
void
context_interrupt(struct context *ctx);
void
context_interrupt_clear(struct context *ctx);

/* The frames of all open activations from the exit pair outward. */
struct frame_walk {
	const struct activation *activation;
	const union slot *fp;
	const struct cell *pc;
};

struct frame_walk
frame_first(const struct context *ctx);

/* The next frame out; false after the last. */
bool
frame_next(const struct context *ctx, struct frame_walk *w,
	struct raw_frame *frame);

/*
 * Collects at most max raw frames from the exit pair outward, over all open
 * activations; none outside the guest.  Returns how many.
 */
uint32_t
backtrace_collect(
	const struct context *ctx, struct raw_frame *frames, uint32_t max);

/*
 * Opens an entry into guest code: saves the older handler and exit pair in *a
 * (on the caller's stack).  False on too deep a nesting; then pending holds the
 * stack overflow and nothing needs closing.  In line: half of what a call from
 * the host costs.
 */
static inline bool
activation_open(struct context *ctx, struct activation *a)
{
	if (ctx->depth >= ctx->max_depth) {
		raise_trap(ctx, TRAP_stack_overflow);
		return false;
	}
	ctx->depth++;
	a->prev = ctx->activation;
	a->handler = ctx->handler;
	a->exit_fp = ctx->exit_fp;
	a->exit_pc = ctx->exit_pc;
	a->guest_sp = ctx->guest_sp;

	ctx->activation = a;
	ctx->exit_fp = NULL;
	return true;
}

/* Restores what activation_open saved.  On every path out. */
static inline void
activation_close(struct context *ctx, struct activation *a)
{
	assert(ctx->activation == a && "entries close in order");
	ctx->depth--;
	ctx->activation = a->prev;
	ctx->handler = a->handler;
	ctx->exit_fp = a->exit_fp;
	ctx->exit_pc = a->exit_pc;
	ctx->guest_sp = a->guest_sp;
}

/* raise_target for an exception; out of line. */
struct handler
raise_search(struct context *ctx);

/*
 * Where the present unwinding goes on: for an exception the catch that this
 * activation has for it, which ends the unwinding; else this activation's
 * landing pad.  Runs only when no C frame needs to return.
 */
static inline struct handler
raise_target(struct context *ctx)
{
	assert(ctx->pending.kind != UNWIND_none && "nothing was raised");
	return ctx->pending.kind == UNWIND_exception ? raise_search(ctx)
						     : ctx->handler;
}

#endif
