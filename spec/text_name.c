/*
 * Ids of the text format: index spaces, labels, and what remains of them in the
 * "name" section (standard, 7.4, with the further subsections that all tools
 * write by now).
 */
#include "spec/text_parse.h"

#include <string.h>

#include "spec/hash.h"

struct binding {
	UT_hash_handle hh;
	struct span name;
	uint32_t index;
};

struct label {
	UT_hash_handle hh;
	struct span name;
	uint32_t depth; /* of the innermost block of that name, 0 for none */
};

/* By enum space_kind: for messages; number of the subsection of names. */
static const struct {
	const char *what;
	uint8_t subsection;
} space_rows[SPACE_count] = {
	{ "type", 4 },
	{ "function", 1 },
	{ "table", 5 },
	{ "memory", 6 },
	{ "global", 7 },
	{ "tag", 11 },
	{ "elem segment", 8 },
	{ "data segment", 9 },
	{ "local", 2 },
};

void
text_init_spaces(struct text *p)
{
	for (int i = 0; i < SPACE_count; i++)
		p->spaces[i].what = space_rows[i].what;
}

static void
fail_id(struct text *p, const struct token *t, const char *how,
	const char *what)
{
	int len = t->len < 100 ? (int)t->len : 100;
	lex_fail(&p->l, t->at, "%s %s %.*s", how, what, len, t->at);
}

/* Notes a name of an index for the name section. */
static void
add_row(struct text *p, struct space *s, struct arena *a, struct name_row row)
{
	if (s->nrows == s->room) {
		uint32_t room = 2 * s->room + 4;
		struct name_row *grown = arena_grow(
			a, s->rows, s->room * sizeof row, room * sizeof row);
		if (grown == NULL) {
			lex_fail_memory(&p->l);
			return;
		}
		s->rows = grown;
		s->room = room;
	}
	s->rows[s->nrows++] = row;
}

/* Adds name; false if it is there already. */
static bool
bind_name(struct text *p, struct space *s, struct arena *a, struct span name)
{
	struct arena *hash_arena = a;
	uint64_t hash_seed = p->l.seed;
	struct binding *b;
	HASH_FIND(hh, s->bindings, name.bytes, name.len, b);
	if (b != NULL)
		return false;
	b = arena_alloc(a, sizeof *b);
	if (b == NULL) {
		lex_fail_memory(&p->l);
		return true;
	}
	b->name = name;
	b->index = s->count;
	HASH_ADD_KEYPTR(hh, s->bindings, b->name.bytes, b->name.len, b);
	return true;
}

uint32_t
text_bind(struct text *p, struct space *s, struct arena *a)
{
	struct name_row row = { s->count, { "", 0 } };
	bool named = false;
	if (p->l.t->kind == TOKEN_id) {
		const struct token *t = lex_next(&p->l);
		row.name = lex_bytes(&p->l, t);
		named = true;
		if (!bind_name(p, s, a, row.name))
			fail_id(p, t, "duplicate", s->what);
	}
	if (text_take_name(p, &row.name) || named)
		add_row(p, s, a, row);
	if (s->count == UINT32_MAX)
		lex_fail(&p->l, p->l.t->at, "too many %s bindings", s->what);
	return s->count++;
}

uint32_t
text_index(struct text *p, struct space *s)
{
	uint64_t hash_seed = p->l.seed;
	struct binding *b;
	if (p->l.t->kind != TOKEN_id)
		return lex_nat32(&p->l);
	const struct token *t = lex_next(&p->l);
	struct span name = lex_bytes(&p->l, t);
	HASH_FIND(hh, s->bindings, name.bytes, name.len, b);
	if (b == NULL) {
		fail_id(p, t, "unknown", s->what);
		return 0;
	}
	return b->index;
}

/* ---- labels ---- */

struct label_scope
text_push_label(struct text *p, struct labels *ls, const struct token *id)
{
	struct arena *hash_arena = p->per_func;
	uint64_t hash_seed = p->l.seed;
	struct label_scope scope = { NULL, 0 };
	struct label *found;
	ls->depth++;
	if (id == NULL)
		return scope;
	struct span name = lex_bytes(&p->l, id);
	HASH_FIND(hh, ls->named, name.bytes, name.len, found);
	if (found == NULL) {
		found = arena_alloc(p->per_func, sizeof *found);
		if (found == NULL) {
			lex_fail_memory(&p->l);
			return scope;
		}
		found->name = name;
		HASH_ADD_KEYPTR(hh, ls->named, found->name.bytes,
			found->name.len, found);
	}
	scope.label = found;
	scope.outer = found->depth;
	found->depth = ls->depth;
	return scope;
}

void
text_pop_label(struct labels *ls, struct label_scope scope)
{
	ls->depth--;
	if (scope.label != NULL)
		scope.label->depth = scope.outer;
}

uint32_t
text_label(struct text *p, struct labels *ls)
{
	uint64_t hash_seed = p->l.seed;
	struct label *found;
	if (p->l.t->kind != TOKEN_id)
		return lex_nat32(&p->l);
	const struct token *t = lex_next(&p->l);
	struct span name = lex_bytes(&p->l, t);
	HASH_FIND(hh, ls->named, name.bytes, name.len, found);
	if (found == NULL || found->depth == 0) {
		fail_id(p, t, "unknown", "label");
		return 0;
	}
	return ls->depth - found->depth;
}

/* ---- the name section ---- */

/* count, then index and name of each */
static void
write_map(struct writer *w, const struct space *s)
{
	writer_u64(w, s->nrows);
	for (uint32_t i = 0; i < s->nrows; i++) {
		writer_u64(w, s->rows[i].index);
		writer_name(w, s->rows[i].name.bytes, s->rows[i].name.len);
	}
}

bool
text_write_indirect(struct writer *w, uint32_t index, const struct space *s)
{
	if (s->nrows == 0)
		return false;
	writer_u64(w, index);
	write_map(w, s);
	return true;
}

void
text_end_locals(struct text *p, uint32_t func)
{
	struct space *s = &p->spaces[SPACE_local];
	p->nlocal_names += text_write_indirect(&p->local_names, func, s);
	memset(s, 0, sizeof *s);
	s->what = space_rows[SPACE_local].what;
	if (p->per_func->failed)
		lex_fail_memory(&p->l);
	arena_reset(p->per_func);
}

static void
write_subsection(struct writer *w, uint8_t id, const struct writer *content)
{
	writer_byte(w, id);
	writer_sized(w, content);
}

static void
write_space(struct text *p, struct writer *w, enum space_kind kind)
{
	struct writer content = writer_make(p->scratch);
	if (p->spaces[kind].nrows == 0)
		return;
	write_map(&content, &p->spaces[kind]);
	write_subsection(w, space_rows[kind].subsection, &content);
}

static void
write_indirect(struct text *p, struct writer *w, uint8_t id, uint32_t count,
	const struct writer *entries)
{
	struct writer content = writer_make(p->scratch);
	if (count == 0)
		return;
	writer_u64(&content, count);
	writer_bytes(&content, entries->bytes, entries->len);
	write_subsection(w, id, &content);
}

void
text_write_names(struct text *p, struct writer *w)
{
	if (p->module_name.len != 0) {
		struct writer content = writer_make(p->scratch);
		writer_name(&content, p->module_name.bytes, p->module_name.len);
		write_subsection(w, 0, &content);
	}
	write_space(p, w, SPACE_func);
	write_indirect(p, w, 2, p->nlocal_names, &p->local_names);
	write_space(p, w, SPACE_type);
	write_space(p, w, SPACE_table);
	write_space(p, w, SPACE_memory);
	write_space(p, w, SPACE_global);
	write_space(p, w, SPACE_elem);
	write_space(p, w, SPACE_data);
	write_indirect(p, w, 10, p->nfield_names, &p->field_names);
	write_space(p, w, SPACE_tag);
}
