#include "jit/locals.h"

#include <assert.h>
#include "spec/code.h"
#include "spec/valid.h"
#include "trap/arena.h"
#include "trap/bytes.h"
#include "trap/error.h"
#include "trap/likely.h"

/* Which locals loops set: one pass over each loop that is in no other. */

struct scan {
	struct builder *b;
	struct reader r;
	struct error error;
	/* Locals set in the open loops, distinct in each, innermost last. */
	struct {
		uint32_t local;
		uint32_t before; /* mark of the local without this one */
	} * rows;
	uint32_t n, room;
	uint32_t *mark; /* per local: its newest row + 1 */
	/* Open blocks. */
	struct {
		uint32_t first; /* of rows, for a loop */
		uint32_t nth;	/* loop, or NO_BLOCK */
	} * blocks;
	uint32_t nblocks, blocks_room;
	uint32_t first; /* of the innermost loop */
};

static void
scan_block(struct scan *s, enum op op)
{
	struct builder *b = s->b;
	struct locals *l = &b->body.locals;
	if (!value_room(b, &s->blocks, &s->blocks_room, s->nblocks + 1,
		    sizeof *s->blocks))
		return;
	s->blocks[s->nblocks].first = s->first;
	s->blocks[s->nblocks++].nth = op == OP_loop ? l->nlists : NO_BLOCK;
	if (op != OP_loop)
		return;
	s->first = s->n;
	value_room(b, &l->lists, &l->lists_room, ++l->nlists, sizeof *l->lists);
}

static void
scan_set(struct scan *s, uint32_t local)
{
	uint32_t *mark = &s->mark[local];
	if (*mark > s->first || !value_room(s->b, &s->rows, &s->room, s->n + 1,
					sizeof *s->rows))
		return;
	s->rows[s->n].local = local;
	s->rows[s->n].before = *mark;
	*mark = ++s->n;
}

/* A loop's rows become its list; the loop around it keeps those that are new to
 * it. */
static void
scan_loop_end(struct scan *s, uint32_t nth, uint32_t outer)
{
	struct builder *b = s->b;
	struct locals *l = &b->body.locals;
	uint32_t first = s->first, end = s->n, count = end - first;
	struct range *list = &l->lists[nth];
	value_spend(b, count);
	list->offset = l->nsets;
	list->len = count;
	if (!value_room(b, &l->sets, &l->sets_room, l->nsets + count,
		    sizeof *l->sets))
		return;
	s->n = first;
	for (uint32_t i = first; i < end; i++) {
		uint32_t local = s->rows[i].local, before = s->rows[i].before;
		l->sets[l->nsets++] = local;
		s->mark[local] = before;
		if (before > outer)
			continue;
		s->rows[s->n].local = local;
		s->rows[s->n].before = before;
		s->mark[local] = ++s->n;
	}
}

static void
scan_end(struct scan *s)
{
	uint32_t outer = s->blocks[--s->nblocks].first;
	if (s->blocks[s->nblocks].nth != NO_BLOCK) {
		scan_loop_end(s, s->blocks[s->nblocks].nth, outer);
		s->first = outer;
	}
}

/*
 * What the scan sees in an opcode of one byte: how many it has with its
 * immediate (op_code.bytes), if it is not looked at; else one of these.
 */
enum { SEEN_other, SEEN_most_bytes = 9, SEEN_block, SEEN_set, SEEN_end };

#define SEEN(op, imm) \
	((op) == OP_block || (op) == OP_loop || (op) == OP_if  ? SEEN_block \
		: (op) == OP_local_set || (op) == OP_local_tee ? SEEN_set \
		: (op) == OP_end			       ? SEEN_end \
							       : OP_BYTES(imm))

/* By opcode; behind those of one byte stand the others. */
static const uint8_t seen[256 + OP_count] = {
#define OP(id, text, code, imm, sig, lg, feature) \
	[(code) < 256 ? (code) : 256 + OP_##id] = SEEN(OP_##id, IMM_##imm),
#include "spec/op.def"
};

/* Bits of the first four bytes of an instruction of so many that are not 0 if
 * it has more: of a LEB128, or of a MEMARG with a memory. */
static const uint32_t longer[SEEN_most_bytes + 1] = {
	[2] = 0x8000, [3] = 0x80c000
};

/* Blocks are left, and all there was memory for. */
static bool
scan_goes_on(const struct scan *s)
{
	return s->nblocks != 0 && s->b->error->kind == ERROR_none;
}

/* Goes past instructions whose bytes tell all; what is left is code_next's. */
static void
scan_quick(struct scan *s)
{
	const uint8_t *at = s->r.at, *last = s->r.end - VALID_WINDOW;
	while (at <= last) {
		uint32_t kind = seen[*at];
		if (kind - 1 < SEEN_most_bytes) {
			if ((bytes_get32(at) & longer[kind]) != 0)
				kind = valid_length(at);
			if (UNLIKELY(kind == 0))
				break;
			at += kind;
		} else if (kind == SEEN_set) {
			at++;
			scan_set(s, valid_index(&at));
		} else if (kind == SEEN_end) {
			at++;
			scan_end(s);
			if (!scan_goes_on(s))
				break;
		} else if (kind == SEEN_block && valid_is_short_type(at[1])) {
			scan_block(s, op_of_byte(*at));
			at += 2;
			if (!scan_goes_on(s))
				break;
		} else {
			break;
		}
	}
	s->r.at = at;
}

static void
scan_insn(struct scan *s, const struct insn *i)
{
	switch (i->op) {
	case OP_block:
	case OP_loop:
	case OP_if:
	case OP_try_table:
		scan_block(s, (enum op)i->op);
		break;
	case OP_local_set:
	case OP_local_tee:
		scan_set(s, i->a);
		break;
	case OP_end:
		scan_end(s);
		break;
	default:
		break;
	}
}

/* NULL and the error when out of memory. */
static struct scan *
scan_new(struct builder *b)
{
	struct locals *l = &b->body.locals;
	struct scan *s = arena_alloc(b->a, sizeof *s);
	uint32_t *mark = arena_array(b->a, b->body.w.nlocals, sizeof *mark);
	if (s == NULL || mark == NULL) {
		error_set(b->error, ERROR_memory, "out of memory");
		return NULL;
	}
	s->b = b;
	s->r = b->body.w.r;
	s->r.error = &s->error;
	s->mark = mark;
	value_room(b, &l->sets, &l->sets_room, 1, sizeof *l->sets);
	return s;
}

void
locals_scan(struct builder *b)
{
	struct locals *l = &b->body.locals;
	struct scan *s = l->scan != NULL ? l->scan : scan_new(b);
	struct insn i;
	if (s == NULL)
		return;
	l->scan = s;
	s->r.at = b->body.w.r.at;
	scan_block(s, OP_loop);
	while (scan_goes_on(s)) {
		scan_quick(s);
		if (!scan_goes_on(s))
			break;
		code_next(&s->r, &i);
		scan_insn(s, &i);
	}
	assert(s->error.kind == ERROR_none && "validated code");
	while (s->n > 0)
		s->mark[s->rows[--s->n].local] = 0;
}

void
locals_init(struct builder *b)
{
	struct locals *l = &b->body.locals;
	uint32_t n = b->body.w.nlocals;
	l->now = arena_room(b->a, n * sizeof *l->now);
	l->columns = arena_array(b->a, n, sizeof *l->columns);
	l->changed = arena_room(b->a, n * sizeof *l->changed);
	/* most bodies set one in some ten bytes */
	l->room = b->m->funcs[b->body.w.func].body.len / 8 + 16;
	l->rows = arena_room(b->a, l->room * sizeof *l->rows);
	if (b->a->failed) {
		error_set(b->error, ERROR_memory, "out of memory");
		return;
	}
	l->rows[0] = (struct version){ 0 };
	l->n = 1;
}

void
locals_zero(struct builder *b, uint32_t nparams)
{
	uint32_t *now = b->body.locals.now;
	for (uint32_t i = nparams; i < b->body.w.nlocals; i++) {
		enum ir_type t = ir_type(b->m, b->body.w.locals[i]);
		if (i > nparams &&
			b->body.w.locals[i] == b->body.w.locals[i - 1])
			now[i] = now[i - 1];
		else if (t == TYPE_v128)
			now[i] = value_new(
				b, IR_const, t, 0, 0, value_aux(b, 4));
		else
			now[i] = value_const(b, t, 0);
	}
}

const uint32_t *
locals_set_in(const struct builder *b, uint32_t nth_loop, uint32_t *n)
{
	const struct range *list = &b->body.locals.lists[nth_loop];
	*n = list->len;
	return b->body.locals.sets + list->offset;
}

/* Versions */

static NOINLINE void
set_after_growth(struct builder *b, uint32_t local, uint32_t value)
{
	struct locals *l = &b->body.locals;
	if (value_grow(b, &l->rows, &l->room, l->n + 1, sizeof *l->rows))
		locals_set(b, local, value);
}

void
locals_set(struct builder *b, uint32_t local, uint32_t value)
{
	struct locals *l = &b->body.locals;
	uint32_t before = l->now[local];
	if (before == value)
		return;
	if (UNLIKELY(l->n == l->room)) {
		set_after_growth(b, local, value);
		return;
	}
	l->rows[l->n] = (struct version){ .parent = l->at,
		.local = local,
		.value = value,
		.before = before };
	l->now[local] = value;
	l->at = l->n++;
}

/* The same to one that is not on the way to the first. */
static NOINLINE void
go_aside(struct builder *b, uint32_t version)
{
	struct locals *l = &b->body.locals;
	uint32_t from = l->at, to = version, n = 0;
	while (from != to) {
		if (from > to) {
			const struct version *v = &l->rows[from];
			l->now[v->local] = v->before;
			from = v->parent;
		} else {
			if (!value_room(b, &l->trail, &l->trail_room, n + 1,
				    sizeof *l->trail))
				return;
			l->trail[n++] = to;
			to = l->rows[to].parent;
		}
	}
	value_spend(b, n);
	while (n > 0) {
		const struct version *w = &l->rows[l->trail[--n]];
		l->now[w->local] = w->value;
	}
	l->at = version;
}

void
locals_go(struct builder *b, uint32_t version)
{
	struct locals *l = &b->body.locals;
	uint32_t at = l->at;
	while (at > version) {
		const struct version *v = &l->rows[at];
		l->now[v->local] = v->before;
		at = v->parent;
	}
	l->at = at;
	if (at != version)
		go_aside(b, version);
}

/* Joins */

/*
 * Two versions: the newest values on the ways to their common one are those of
 * columns, and are found on the way, at each step without a branch.
 */
static uint32_t
join_two(struct builder *b, const uint32_t *versions, uint32_t *columns)
{
	struct locals *l = &b->body.locals;
	uint32_t at[2] = { versions[0], versions[1] }, n = 0, steps = 0;
	uint32_t here = l->at, nowhere;
	bool undo[2] = { at[0] == here, at[1] == here };
	while (at[0] != at[1]) {
		uint32_t side = at[1] > at[0];
		const struct version *v = &l->rows[at[side]];
		struct column *c = &l->columns[v->local];
		uint32_t seen = 0 - (uint32_t)(c->epoch == l->epoch);
		uint32_t k = (c->at & seen) | (n & ~seen);
		uint32_t *column = columns + (size_t)2 * k;
		c->epoch = l->epoch;
		c->at = k;
		l->changed[k] = v->local;
		n += seen + 1;
		column[0] &= seen;
		column[1] &= seen;
		column[side] = column[side] != 0 ? column[side] : v->value;
		*(undo[side] ? &l->now[v->local] : &nowhere) = v->before;
		at[side] = v->parent;
		steps++;
	}
	value_spend(b, steps);
	if (undo[0] || undo[1])
		l->at = at[0];
	else
		locals_go(b, at[0]);
	for (uint32_t k = 0; k < n; k++) {
		uint32_t x = l->now[l->changed[k]], *column = columns + 2 * k;
		column[0] = column[0] != 0 ? column[0] : x;
		column[1] = column[1] != 0 ? column[1] : x;
	}
	return n;
}

static inline void
join_see(struct locals *l, uint32_t local, uint32_t *nchanged)
{
	struct column *c = &l->columns[local];
	if (c->epoch != l->epoch) {
		c->epoch = l->epoch;
		l->changed[(*nchanged)++] = local;
	}
}

/* The common version; the locals that change between it and the others. */
static uint32_t
join_common(struct builder *b, const uint32_t *versions, uint32_t n,
	uint32_t *nchanged)
{
	struct locals *l = &b->body.locals;
	uint32_t common = versions[0], steps = 0;
	for (uint32_t i = 1; i < n; i++) {
		uint32_t at = versions[i];
		/* All that is marked has `common` below it. */
		while (at != common && l->rows[at].mark != l->epoch) {
			uint32_t *newer = at > common ? &at : &common;
			l->rows[*newer].mark = l->epoch;
			join_see(l, l->rows[*newer].local, nchanged);
			*newer = l->rows[*newer].parent;
			steps++;
		}
	}
	value_spend(b, steps);
	return common;
}

/* In the order of the code the tree is gone through but once. */
static void
join_rows(struct builder *b, const uint32_t *versions, uint32_t n,
	uint32_t *columns, uint32_t nchanged)
{
	const struct locals *l = &b->body.locals;
	for (uint32_t i = 0; i < n; i++) {
		locals_go(b, versions[i]);
		for (uint32_t k = 0; k < nchanged; k++)
			columns[k * n + i] = l->now[l->changed[k]];
	}
}

uint32_t
locals_join(
	struct builder *b, const uint32_t *versions, uint32_t n, uint32_t first)
{
	struct locals *l = &b->body.locals;
	uint32_t nchanged = 0, common = 0;
	l->epoch++;
	if (n == 2)
		nchanged = b->body.w.nlocals;
	else
		common = join_common(b, versions, n, &nchanged);
	value_spend(b, n == 2 ? 0 : (uint64_t)n * nchanged);
	if (b->error->kind != ERROR_none ||
		!value_room(b, &b->columns, &b->columns_room,
			n * (first + nchanged), sizeof *b->columns))
		return 0;
	if (n == 2)
		return join_two(b, versions, b->columns + 2 * first);
	join_rows(b, versions, n, b->columns + n * first, nchanged);
	locals_go(b, common);
	return nchanged;
}
