/*
 * The four moves: enter, exit, raise, resume.  A trap is recorded in
 * context.pending by whoever finds it, then every C frame returns; raise gives
 * the landing pad.  Nothing here knows a wasm instruction.
 */
#ifndef TRAP_UNWIND_H
#define TRAP_UNWIND_H

#include <assert.h>

#include "trap/context.h"
#include "trap/likely.h"

/*
 * Records a trap as the reason of unwinding, with the raw frames from the exit
 * pair on.  Returns STATUS_unwound, so that callers may return it.
 */
enum status
raise_trap(struct context *ctx, enum trap t);

/* The same with a number after the message ("uninitialized element 2"). */
enum status
raise_trap_number(struct context *ctx, enum trap t, uint64_t number);

/*
 * An access of a memory that faulted, about at that address, which is not below
 * its size of bytes.
 */
enum status
raise_fault(struct context *ctx, uint64_t address, uint64_t bytes);

/* The guest asked to exit (WASI proc_exit). */
enum status
raise_exit(struct context *ctx, int32_t code);

/* A host function failed; text is copied, payload handed through untouched. */
enum status
raise_host(struct context *ctx, const char *text, void *payload);

/*
 * A host function did not answer STATUS_done: that it failed, if it has raised
 * nothing itself.
 */
enum status
raise_of_host(struct context *ctx);

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

/*
 * Frames end at limit from here on, unless an interrupt wants them to end at
 * once.  By the store's thread, as context_interrupt_clear.
 */
void
context_set_limit(struct context *ctx, union slot *limit);

/* The end of the guest stack as a limit of frames. */
static inline union slot *
context_stack_limit(const struct context *ctx)
{
	return ctx->stack_end - STACK_SLACK;
}

/*
 * An interpreted frame does not fit: makes its limit the end of the guest
 * stack, which compiled code sets lower when it is entered and whoever comes
 * back to it again.  False if that changes nothing: an interrupt, or an
 * overflow.
 */
bool
context_widen(struct context *ctx);

/* The frames of all open activations from the exit pair outward. */
struct frame_walk {
	const struct activation *activation;
	const union slot *fp;
	const struct cell *pc;
};

struct frame_walk
frame_first(const struct context *ctx);

/* The next frame out, with all its levels; false after the last. */
bool
frame_next(const struct context *ctx, struct frame_walk *w,
	struct raw_frame *frame);

/*
 * Collects at most max raw frames from the exit pair outward, each level for
 * itself, over all open activations; none outside the guest.  Returns how many.
 */
uint32_t
backtrace_collect(
	const struct context *ctx, struct raw_frame *frames, uint32_t max);

/* First slot above all that is in use: where an entry's frames begin. */
static inline union slot *
context_top(const struct context *ctx)
{
	return UNLIKELY(ctx->activation != NULL) ? ctx->guest_sp : ctx->stack;
}

/* The parts of the two below for an entry within another. */
bool
activation_nest(struct context *ctx, struct activation *a);
void
activation_unnest(struct context *ctx, const struct activation *a);

/*
 * Opens an entry into guest code: saves the older handler, exit pair, guest_sp
 * and limit in *a (on the caller's stack).  False on too deep a nesting; then
 * pending holds the stack overflow and nothing needs closing.  In line, and
 * short for the outermost entry: a third of what a call from the host costs.
 */
static inline bool
activation_open(struct context *ctx, struct activation *a)
{
	a->prev = ctx->activation;
	if (UNLIKELY(a->prev != NULL)) {
		if (!activation_nest(ctx, a))
			return false;
	} else {
		ctx->entry_sp = 0;
	}
	ctx->activation = a;
	return true;
}

/* Restores what activation_open saved.  On every path out. */
static inline void
activation_close(struct context *ctx, const struct activation *a)
{
	assert(ctx->activation == a && "entries close in order");
	ctx->activation = a->prev;
	if (UNLIKELY(a->prev != NULL))
		activation_unnest(ctx, a);
}

/*
 * The same for an entry from one tier into the other, which is always within
 * another, from frame fp at pc; how deep they nest is bounded by the native
 * stack.
 */
static inline void
activation_cross(struct context *ctx, struct activation *a, union slot *fp,
	const struct cell *pc)
{
	assert(ctx->activation != NULL && "a guest runs");
	a->prev = ctx->activation;
	a->handler = ctx->handler;
	a->exit_fp = fp;
	a->exit_pc = pc;
	ctx->activation = a;
}

/*
 * What runs on in the older activation says anew where it leaves the guest, but
 * not where something is thrown through it.
 */
static inline void
activation_uncross(
	struct context *ctx, const struct activation *a, enum status st)
{
	assert(ctx->activation == a && "entries close in order");
	ctx->activation = a->prev;
	ctx->handler = a->handler;
	if (UNLIKELY(st != STATUS_done)) {
		ctx->exit_fp = a->exit_fp;
		ctx->exit_pc = a->exit_pc;
	}
}

/* The search of raise_target. */
bool
raise_search(struct context *ctx, struct handler *out);

/*
 * Where the present unwinding goes on: for an exception the catch that this
 * activation has for it, written to *found, which ends the unwinding; else this
 * activation's landing pad.  Runs only when no C frame needs to return.
 */
static inline const struct handler *
raise_target(struct context *ctx, struct handler *found)
{
	assert(ctx->pending.kind != UNWIND_none && "nothing was raised");
	if (UNLIKELY(ctx->pending.kind == UNWIND_exception) &&
		raise_search(ctx, found))
		return found;
	return &ctx->handler;
}

#endif
