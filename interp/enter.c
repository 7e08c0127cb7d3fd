/*
 * The tier's entry, and how the engine finds it.  A trap or exception comes
 * back from the loop as an ordinary return; raise_target says where its
 * activation goes on.
 */
#include "interp/enter.h"

#include <assert.h>

#include "interp/code.h"
#include "interp/entry.h"
#include "interp/except.h"
#include "interp/interp.h"
#include "interp/map.h"
#include "spec/engine.h"
#include "spec/store.h"
#include "spec/tier.h"
#include "spec/trace.h"

enum status
enter_func(struct store *s, struct func *f, union slot *slots)
{
	assert(f->store == s && "a function of the store");
	if (entry_is_native(f))
		return s->engine->second->run(f, slots);
	return entry_func(f, slots);
}

enum status
enter_frame(struct func *f, union slot *fp)
{
	struct context *ctx = (struct context *)&f->store->ctx;
	const struct cell *site = slot_ref(fp[-1]);
	union slot *limit = ctx->frame_limit;
	struct activation a;
	activation_cross(ctx, &a, fp - site[-1].v.s.c, site);
	ctx->handler = (struct handler){ (uintptr_t)&a, (uintptr_t)fp,
		(uintptr_t)&ctx->statics[CELL_unwind] };
	fp[-1] = slot_of_ref(&ctx->statics[CELL_leave]);
	enum status st = entry_run(f, fp, true);
	if (UNLIKELY(st == STATUS_tail))
		fp[-1] = slot_of_ref(a.exit_pc);
	if (UNLIKELY(ctx->frame_limit != limit))
		context_set_limit(ctx, limit);
	activation_uncross(ctx, &a, st);
	return st;
}

enum status
enter_native(struct context *ctx, struct func *f, union slot *fp)
{
	const struct second_tier *second = f->store->engine->second;
	return second->enter(ctx, f, fp) == STATUS_done ? STATUS_done
							: STATUS_raise;
}

enum status
enter_translate(struct func *f)
{
	const struct second_tier *second = f->store->engine->second;
	if (second != NULL && second->first(f))
		return STATUS_done;
	f->cells = code_of(f->instance->module, f->index);
	if (f->cells != NULL)
		return STATUS_done;
	f->cells = &loop_tables()->cells[CELL_translate];
	return raise_host(&f->instance->store->ctx,
		"out of memory while translating a function", NULL);
}

bool
enter_sync(struct instance *in, uint64_t bytes)
{
	bool grown = false;
	for (uint32_t i = 0; i < in->module->nmemories; i++)
		if (in->memories[i]->sharing != NULL)
			grown |= memory_sync(in->memories[i]);
	return grown || in->memory0->bytes > bytes;
}

enum status
enter_trace(struct instance *in, const struct cell *pc, const union slot *fp)
{
	struct tracer *t = in->store->tracer;
	uint32_t locals = pc->u.s.a, operands = pc->u.s.b;
	struct trace_part p = { .in = in,
		.offset = (uint32_t)pc->v.imm,
		.count = locals,
		.slots = fp };
	enum status st = STATUS_done;
	if (t == NULL)
		return st;
	if (locals != 0 || operands == 0)
		st = t->part(t, &p);
	if (st != STATUS_done || operands == 0)
		return st;
	p.first = locals;
	p.count = operands;
	p.slots = fp + locals + 1;
	return t->part(t, &p);
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
	const struct second_tier *second = s->engine->second;
	if (second != NULL && second->locate(s, frame, m, func, offset))
		return true;
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

static uint32_t
levels(const struct context *ctx, const struct cell *pc)
{
	const struct store *s = (const struct store *)ctx;
	const struct second_tier *second = s->engine->second;
	return second == NULL ? 1 : second->levels(pc);
}

static const struct site_walker walker = { is_base, distance, levels,
	except_search };

static const struct tier tier = {
	.translate = first_cells,
	.host = host_cells,
	.walker = &walker,
	.statics = statics,
	.enter = enter_func,
	.call = enter_call,
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
