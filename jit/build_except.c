#include "jit/build_except.h"

#include <string.h>

#include "spec/code.h"
#include "trap/error.h"

/* What a clause gives its label. */

static uint32_t
nvalues(const struct builder *b, const struct clause *c)
{
	if (c->kind == CATCH_all || c->kind == CATCH_all_ref)
		return 0;
	return b->m->types[b->m->tags[c->tag]].func.nparams;
}

static bool
has_reference(const struct clause *c)
{
	return c->kind == CATCH_tag_ref || c->kind == CATCH_all_ref;
}

static void
push_payload(struct builder *b, const struct clause *c)
{
	uint32_t n = nvalues(b, c), slot = 0;
	for (uint32_t i = 0; i < n; i++) {
		valtype t = b->m->types[b->m->tags[c->tag]].func.params[i];
		value_push(b,
			value_new(b, IR_payload, ir_type(b->m, t), 0, 0, slot));
		slot += vt_slots(t);
	}
	if (has_reference(c))
		value_push(b, value_new(b, IR_payload, TYPE_ref, 0, 0, slot));
}

/* Clauses */

/* Adds a clause, with room for what it pushes. */
static void
add(struct builder *b, const struct clause *c)
{
	uint32_t n = c->label.height + nvalues(b, c) + has_reference(c);
	if (value_room(b, &b->body.stack, &b->body.stack_room, n,
		    sizeof *b->body.stack) &&
		value_room(b, &b->clauses, &b->clauses_room, b->nclauses + 1,
			sizeof *b->clauses))
		b->clauses[b->nclauses++] = *c;
}

/* The clauses of the walk's try_table; true if one of them catches all. */
static bool
read_clauses(struct builder *b, uint32_t height)
{
	struct reader r = b->body.w.r;
	bool all = false;
	r.at = b->body.w.insn.list;
	r.end = b->body.w.insn.list_end;
	for (uint32_t i = 0; i < b->body.w.insn.a && !all; i++) {
		struct clause c = { .label = flow_label(b, height),
			.kind = reader_byte(&r) };
		all = c.kind == CATCH_all || c.kind == CATCH_all_ref;
		if (!all)
			c.tag = reader_u32(&r);
		c.depth = reader_u32(&r);
		add(b, &c);
	}
	return all;
}

/* Aux: the clauses of t, then those of the try_table around it. */
static void
clause_words(struct builder *b, struct open_try *t)
{
	uint32_t outer = t->count - t->n;
	value_spend(b, t->count);
	t->words = value_aux(b, 1 + 2 * t->count);
	if (b->error->kind != ERROR_none)
		return;
	uint32_t *at = b->ir->aux + t->words;
	*at++ = t->count;
	for (uint32_t i = 0; i < t->n; i++) {
		*at++ = b->clauses[t->first + i].kind;
		*at++ = b->clauses[t->first + i].tag;
	}
	if (outer > 0)
		memcpy(at, b->ir->aux + b->tries[b->ntries - 1].words + 1,
			2 * outer * sizeof *at);
}

void
build_except_try(struct builder *b)
{
	struct open_try t = { .label = b->body.nlabels - 1,
		.first = b->nclauses };
	if (b->dead || b->error->kind != ERROR_none || b->body.w.insn.a == 0)
		return;
	bool all = read_clauses(b, b->body.labels[t.label].height);
	if (!value_room(b, &b->tries, &b->tries_room, b->ntries + 1,
		    sizeof *b->tries))
		return;
	t.n = t.count = b->nclauses - t.first;
	if (!all && b->ntries > 0)
		t.count += b->tries[b->ntries - 1].count;
	clause_words(b, &t);
	b->tries[b->ntries++] = t;
}

void
build_except_call(struct builder *b)
{
	uint32_t at = b->ntries;
	if (at == 0 || b->error->kind != ERROR_none)
		return;
	const struct open_try *t = &b->tries[at - 1];
	uint32_t past = flow_try_begin(b, t->words), left = t->count;
	value_spend(b, left);
	while (left > 0 && b->error->kind == ERROR_none) {
		t = &b->tries[--at];
		for (uint32_t i = 0; i < t->n; i++, left--)
			flow_try_edge(b, &b->clauses[t->first + i].label);
	}
	flow_try_end(b, past);
}

/* The block of clause c, if something waits for it. */
static void
take(struct builder *b, struct clause *c)
{
	if (c->label.n == 0 || b->error->kind != ERROR_none)
		return;
	flow_arrive(b, &c->label, 0);
	if (b->error->kind != ERROR_none)
		return;
	push_payload(b, c);
	flow_br(b, c->depth);
}

bool
build_except_end(struct builder *b)
{
	if (b->ntries == 0 || b->body.outer != NULL ||
		b->tries[b->ntries - 1].label != b->body.nlabels - 1)
		return false;
	const struct open_try *t = &b->tries[--b->ntries];
	struct clause *c = b->clauses + t->first;
	uint32_t waiting = 0, charge = b->dead ? 0 : b->charge;
	b->nclauses = t->first;
	for (uint32_t i = 0; i < t->n; i++)
		waiting += c[i].label.n;
	if (waiting == 0)
		return false;
	flow_wait(b, &b->body.labels[t->label],
		b->body.labels[t->label].nresults);
	struct label l = flow_close(b);
	for (uint32_t i = 0; i < t->n; i++)
		take(b, &c[i]);
	b->dead = true;
	b->body.nstack = l.height;
	if (l.n > 0 && b->error->kind == ERROR_none)
		flow_arrive(b, &l, l.nresults);
	if (l.n == 1) /* nothing else leads here: the run goes on */
		b->charge = charge;
	return true;
}
