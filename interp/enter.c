/*
 * The tier's entry, and how the engine finds it.  A trap or exception comes
 * back from the loop as an ordinary return; raise_target says where its
 * activation goes on.
 */
#include "interp/enter.h"

#include <assert.h>

#include "interp/code.h"
#include "interp/except.h"
#include "interp/interp.h"
#include "interp/loop.h"
#include "interp/map.h"
#include "spec/engine.h"
#include "spec/store.h"
#include "spec/tier.h"
#include "trap/unwind.h"

/* Arguments go up the guest stack, results come back; NULL: no room. */
static union slot *
place_arguments(
	struct context *ctx, const struct func *f, const union slot *slots)
{
	union slot *fp = ctx->guest_sp + 1;
	uint32_t n = f->param_slots;
	if (ctx->stack_end - fp < (ptrdiff_t)n)
		return NULL;
	for (uint32_t i = 0; i < n; i++)
		fp[i] = slots[i];
	return fp;
}

/* The loop, again as long as an unwinding goes on in this activation. */
static enum status
run(struct context *ctx, struct func *f, union slot *fp, struct activation *a)
{
	const struct cell *statics = ctx->statics, *pad = &statics[CELL_unwind];
	ctx->handler =
		(struct handler){ (uintptr_t)a, (uintptr_t)fp, (uintptr_t)pad };
	fp[-1] = slot_of_ref(&statics[CELL_leave]);
	enum status st = loop_run(f->instance, f->cells, fp, (uintptr_t)f);
	while (st == STATUS_raise) {
		struct handler h = raise_target(ctx);
		assert(h.sp == (uintptr_t)a && "a pad of this activation");
		if (h.pc == (uintptr_t)pad)
			return STATUS_unwound;
		st = loop_run(f->instance, (const struct cell *)h.pc,
			(union slot *)h.fp, 0);
	}
	return st;
}

enum status
enter_func(struct store *s, struct func *f, union slot *slots)
{
	struct context *ctx = &s->ctx;
	struct activation a;
	union slot *fp = place_arguments(ctx, f, slots);
	if (fp == NULL)
		return raise_trap(ctx, TRAP_stack_overflow);
	if (!activation_open(ctx, &a))
		return STATUS_unwound;
	enum status st = run(ctx, f, fp, &a);
	activation_close(ctx, &a);
	if (st == STATUS_done)
		for (uint32_t i = 0; i < f->result_slots; i++)
			slots[i] = fp[(int32_t)i - 1];
	return st;
}

enum status
enter_translate(struct func *f)
{
	f->cells = code_of(f->instance->module, f->index);
	if (f->cells != NULL)
		return STATUS_done;
	f->cells = &loop_tables()->cells[CELL_translate];
	return raise_host(&f->instance->store->ctx,
		"out of memory while translating a function", NULL);
}

static const struct cell *
first_cells(void)
{
	return &loop_tables()->cells[CELL_translate];
}

static const struct cell *
host_cells(void)
{
	return &loop_tables()->cells[CELL_host];
}

static bool
is_base(const struct cell *site)
{
	return site == &loop_tables()->cells[CELL_leave];
}

static uint32_t
distance(const struct cell *site)
{
	return site[-1].v.s.c;
}

static bool
locate(struct store *s, const struct raw_frame *frame, struct module **m,
	uint32_t *func, uint32_t *offset)
{
	for (struct instance *in = s->instances; in != NULL; in = in->next) {
		if (code_locate(in->module, frame->pc, func, offset)) {
			*m = in->module;
			return true;
		}
	}
	return false;
}

static const struct cell *
statics(void)
{
	return loop_tables()->cells;
}

static const struct site_walker walker = { is_base, distance, except_search };

static const struct tier tier = {
	.translate = first_cells,
	.host = host_cells,
	.walker = &walker,
	.statics = statics,
	.enter = enter_func,
	.module_free = code_free,
	.locate = locate,
	.frame_map = map_find,
	.forget_maps = map_free,
};

void
interp_install(struct engine *e)
{
	e->tier = &tier;
}
