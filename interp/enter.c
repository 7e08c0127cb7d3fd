/*
 * The tier's entry, and how the engine finds it.  A trap comes back from the
 * loop as an ordinary return; raise_target says where its activation goes on.
 */
#include "interp/enter.h"

#include <assert.h>
#include <string.h>

#include "interp/code.h"
#include "interp/interp.h"
#include "interp/loop.h"
#include "spec/engine.h"
#include "spec/store.h"
#include "spec/tier.h"
#include "trap/unwind.h"

enum status
enter_func(struct context *ctx, struct func *f, union slot *fp)
{
	const struct cell *statics = loop_tables()->cells;
	struct activation a;
	if (!activation_open(ctx, &a))
		return STATUS_unwound;
	a.base = fp;
	ctx->handler = (struct handler){
		.sp = (uintptr_t)&a,
		.fp = (uintptr_t)fp,
		.pc = (uintptr_t)&statics[CELL_unwind],
	};
	fp[-1] = slot_of_ref(&statics[CELL_leave]);
	enum status st = loop_run(f->instance, f->cells, fp, (uintptr_t)f);
	while (st == STATUS_raise) {
		struct handler h = raise_target(ctx);
		assert(h.sp == (uintptr_t)&a && "a pad of this activation");
		st = loop_run(f->instance, (const struct cell *)h.pc,
			(union slot *)h.fp, 0);
	}
	activation_close(ctx, &a);
	if (st == STATUS_done)
		memmove(fp, fp - 1, f->result_slots * sizeof *fp);
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
	return (uint32_t)site[-1].v.imm;
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

static const struct site_walker walker = { is_base, distance };

static const struct tier tier = {
	.translate = first_cells,
	.host = host_cells,
	.walker = &walker,
	.enter = enter_func,
	.module_free = code_free,
	.locate = locate,
};

void
interp_install(struct engine *e)
{
	e->tier = &tier;
}
