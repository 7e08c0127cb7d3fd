#include "interp/except.h"

#include <string.h>

#include "interp/control.h"
#include "interp/loop.h"
#include "spec/engine.h"
#include "spec/exception.h"
#include "spec/module.h"
#include "spec/store.h"
#include "spec/tier.h"
#include "trap/unwind.h"

/* Translation. */

/* Adds the clause at r, whose label counts from outside of the try_table. */
static void
clause(struct translator *t, struct reader *r)
{
	uint32_t n = t->nclauses;
	if (!emit_grow(t, (void **)&t->clauses, &t->clauses_room, n + 1,
		    sizeof *t->clauses))
		return;
	struct clause *c = &t->clauses[t->nclauses++];
	*c = (struct clause){ .kind = reader_byte(r) };
	if (c->kind == CATCH_tag || c->kind == CATCH_tag_ref)
		c->tag = reader_u32(r);
	struct label *l = control_label(t, reader_u32(r) + 1);
	c->home = control_home(t, l->height);
	control_target(t, l, NONE, n);
}

void
except_try(struct translator *t)
{
	struct reader r = t->w.r;
	uint32_t n = t->w.insn.a;
	if (n == 0 || !emit_grow(t, (void **)&t->tries, &t->tries_room,
			      t->ntries + 1, sizeof *t->tries))
		return;
	t->leaves = true;
	t->tries[t->ntries] = (struct handlers){
		.first = t->nclauses, .count = n, .outer = t->within
	};
	t->within = t->ntries++;
	r.at = t->w.insn.list;
	r.end = t->w.insn.list_end;
	for (uint32_t i = 0; i < n; i++)
		clause(t, &r);
}

/* A site is a cell, though nothing returns to where something was thrown. */
void
except_throw(struct translator *t, uint32_t tag)
{
	const struct functype *type = &t->m->types[t->m->tags[tag]].func;
	emit_bring_home_top(t, type->nparams);
	struct cell *c = emit_cell(t, BC_throw);
	c->u.s.a = (uint16_t)control_home(t, t->nstack - type->nparams);
	c->v.imm = (int32_t)tag;
	emit_site(t, NULL, 0, 0);
	emit_safepoint(t);
	emit_cell(t, BC_unreachable);
	control_unreachable(t);
}

void
except_throw_ref(struct translator *t)
{
	struct operand x = emit_pop(t);
	emit_slot_of(t, &x);
	emit_cell(t, BC_throw_ref)->u.s.a = (uint16_t)x.slot;
	emit_site(t, NULL, 0, 0);
	emit_cell(t, BC_unreachable);
	control_unreachable(t);
}

static void
table(struct translator *t, struct handlers *h)
{
	h->cell = t->ncells;
	struct cell *c = emit_cell(t, BC_unreachable);
	c->u.ab = h->count;
	if (h->outer != NONE)
		c->v.imm = (int32_t)t->tries[h->outer].cell - (int32_t)h->cell;
	for (uint32_t i = h->first; i < h->first + h->count; i++) {
		const struct clause *k = &t->clauses[i];
		uint32_t at = t->ncells;
		c = emit_cell(t, BC_catch);
		c->u.s.a = (uint16_t)t->w.local_slot_count;
		c->u.s.b = (uint16_t)k->home;
		control_target_set(t, at, control_imm(at), k->target);
		c = emit_cell(t, BC_unreachable);
		c->u.ab = k->tag;
		c->v.imm = k->kind;
	}
}

void
except_tables(struct translator *t)
{
	for (uint32_t i = 0; i < t->ntries; i++)
		table(t, &t->tries[i]);
	for (uint32_t i = 0; i < t->nways; i++) {
		struct cell *c = &t->cells[t->ways[i]];
		c->u.ab = t->tries[c->u.ab].cell - t->ways[i];
	}
}

/* The search. */

/* The clause for e at the site of an interpreted frame; NULL: none. */
static const struct cell *
clause_for(const struct cell *site, const union slot *fp,
	const struct exception *e)
{
	const struct cell *c = site - site[-1].v.s.d;
	if (c == site)
		return NULL;
	for (int32_t way = (int32_t)c->u.ab; way != 0; way = c->v.imm) {
		c += way;
		const struct cell *k = c + 1, *end = k + 2 * (size_t)c->u.ab;
		const struct instance *in = slot_ref(fp[k->u.s.a]);
		for (; k < end; k += 2)
			if (k[1].v.imm >= CATCH_all ||
				in->tags[k[1].u.ab] == e->tag)
				return k;
	}
	return NULL;
}

/* A site of code is a cell that leaves, as the link of a base frame is. */
static bool
is_of_code(const struct context *ctx, const struct cell *site)
{
	const struct cell *leave = &ctx->statics[CELL_leave];
	return site->op.number == leave->op.number && site != leave;
}

static bool
catches(struct context *ctx, const struct cell *site, union slot *fp,
	struct exception *e, struct handler *out)
{
	if (is_of_code(ctx, site))
		return e->tag->store->engine->second->catches(site, fp, e, out);
	const struct cell *k = clause_for(site, fp, e);
	if (k == NULL)
		return false;
	exception_give(e, (enum catch_kind)k[1].v.imm, fp + k->u.s.b);
	*out = (struct handler){ (uintptr_t)ctx->activation, (uintptr_t)fp,
		(uintptr_t)k };
	return true;
}

bool
except_search(struct context *ctx, struct handler *out)
{
	struct exception *e = ctx->pending.payload;
	union slot *fp = ctx->exit_fp;
	const struct cell *pc = ctx->exit_pc;
	while (!catches(ctx, pc, fp, e, out)) {
		if (ctx->interrupt) {
			raise_trap(ctx, TRAP_interrupt);
			return false;
		}
		pc = slot_ref(fp[-1]);
		if (pc == &ctx->statics[CELL_leave])
			return false;
		fp -= pc[-1].v.s.c;
	}
	return true;
}
