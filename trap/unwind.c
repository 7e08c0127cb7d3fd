/*
 * Entries, traps and the raw frame walk.  A trap costs the same however deep
 * the guest is: the record is preallocated and the walk is capped.
 */
#include "trap/unwind.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

bool
activation_nest(struct context *ctx, struct activation *a)
{
	if (ctx->depth + 1 >= ctx->max_depth) {
		raise_trap(ctx, TRAP_stack_overflow);
		return false;
	}
	ctx->depth++;
	a->handler = ctx->handler;
	a->exit_fp = ctx->exit_fp;
	a->exit_pc = ctx->exit_pc;
	a->guest_sp = ctx->guest_sp;
	a->frame_limit = ctx->frame_limit;
	return true;
}

void
activation_unnest(struct context *ctx, const struct activation *a)
{
	ctx->depth--;
	ctx->handler = a->handler;
	ctx->exit_fp = a->exit_fp;
	ctx->exit_pc = a->exit_pc;
	ctx->guest_sp = a->guest_sp;
	if (ctx->frame_limit != a->frame_limit)
		context_set_limit(ctx, a->frame_limit);
}

struct frame_walk
frame_first(const struct context *ctx)
{
	return (struct frame_walk){ ctx->activation, ctx->exit_fp,
		ctx->exit_pc };
}

bool
frame_next(const struct context *ctx, struct frame_walk *w,
	struct raw_frame *frame)
{
	/* a base frame that became the callee's is none any more */
	while (w->activation != NULL &&
		(w->fp == NULL || ctx->walker->is_base(w->pc))) {
		const struct activation *a = w->activation;
		w->activation = a->prev;
		if (a->prev == NULL)
			break;
		w->fp = a->exit_fp;
		w->pc = a->exit_pc;
	}
	if (w->activation == NULL)
		return false;
	*frame = (struct raw_frame){ .pc = w->pc, .fp = w->fp };
	w->pc = slot_ref(w->fp[-1]);
	if (ctx->walker->is_base(w->pc))
		w->fp = NULL; /* go on where its activation was entered from */
	else
		w->fp -= ctx->walker->distance(w->pc);
	return true;
}

uint32_t
backtrace_collect(
	const struct context *ctx, struct raw_frame *frames, uint32_t max)
{
	struct frame_walk w = frame_first(ctx);
	struct raw_frame frame;
	uint32_t n = 0;
	while (n < max && frame_next(ctx, &w, &frame)) {
		uint32_t levels = ctx->walker->levels(ctx, frame.pc);
		for (; frame.level < levels && n < max; frame.level++)
			frames[n++] = frame;
	}
	return n;
}

static NOINLINE void
collect(struct context *ctx)
{
	struct pending *p = &ctx->pending;
	p->nframes = backtrace_collect(ctx, p->frames,
		ctx->max_frames < BACKTRACE_MAX ? ctx->max_frames
						: BACKTRACE_MAX);
}

/* Without backtraces a trap calls nothing. */
static inline void
record_frames(struct context *ctx)
{
	if (UNLIKELY(ctx->max_frames != 0))
		collect(ctx);
}

/* Records why, and the frames. */
static inline enum status
record(struct context *ctx, enum unwind_kind kind)
{
	ctx->pending.kind = kind;
	ctx->pending.nframes = 0;
	if (kind != UNWIND_exit && kind != UNWIND_exception)
		record_frames(ctx);
	return STATUS_unwound;
}

enum status
raise_trap(struct context *ctx, enum trap t)
{
	ctx->pending.trap = t;
	ctx->pending.has_number = false;
	ctx->pending.has_address = false;
	return record(ctx, UNWIND_trap);
}

enum status
raise_trap_number(struct context *ctx, enum trap t, uint64_t number)
{
	ctx->pending.trap = t;
	ctx->pending.has_number = true;
	ctx->pending.has_address = false;
	ctx->pending.number = number;
	return record(ctx, UNWIND_trap);
}

enum status
raise_fault(struct context *ctx, uint64_t address, uint64_t bytes)
{
	ctx->pending.trap = TRAP_memory_out_of_bounds;
	ctx->pending.has_number = false;
	ctx->pending.has_address = true;
	ctx->pending.address = address;
	ctx->pending.bytes = bytes;
	return record(ctx, UNWIND_trap);
}

enum status
raise_exit(struct context *ctx, int32_t code)
{
	ctx->pending.exit_code = code;
	return record(ctx, UNWIND_exit);
}

enum status
raise_host(struct context *ctx, const char *text, void *payload)
{
	snprintf(ctx->pending.text, sizeof ctx->pending.text, "%s", text);
	ctx->pending.payload = payload;
	return record(ctx, UNWIND_host);
}

enum status
raise_of_host(struct context *ctx)
{
	if (ctx->pending.kind == UNWIND_none)
		raise_host(ctx, "the host function failed", NULL);
	return STATUS_unwound;
}

enum status
raise_exception(struct context *ctx, void *exception)
{
	ctx->pending.payload = exception;
	return record(ctx, UNWIND_exception);
}

bool
raise_search(struct context *ctx, struct handler *out)
{
	struct pending *p = &ctx->pending;
	if (ctx->walker->search(ctx, out)) {
		p->kind = UNWIND_none;
		p->payload = NULL;
		return true;
	}
	if (p->nframes == 0)
		record_frames(ctx);
	return false;
}

void
context_interrupt(struct context *ctx)
{
	atomic_store(&ctx->interrupt, 1);
	atomic_store(&ctx->guest_limit.set, ctx->stack);
}

void
context_interrupt_clear(struct context *ctx)
{
	atomic_store(&ctx->interrupt, 0);
	atomic_store(&ctx->guest_limit.set, ctx->frame_limit);
}

bool
context_widen(struct context *ctx)
{
	union slot *limit = context_stack_limit(ctx);
	if (ctx->frame_limit == limit || context_interrupted(ctx))
		return false;
	context_set_limit(ctx, limit);
	return true;
}

/* An interrupt writes the flag first, so one of both sees the other. */
void
context_set_limit(struct context *ctx, union slot *limit)
{
	ctx->frame_limit = limit;
	atomic_store(&ctx->guest_limit.set, limit);
	if (atomic_load(&ctx->interrupt) != 0)
		atomic_store(&ctx->guest_limit.set, ctx->stack);
}
