/*
 * Module fields (standard, 6.6): the first walk gives out indices, the last one
 * encodes.  Definitions with an inline import go to the import section.
 */
#include <string.h>

#include "spec/text_parse.h"
#include "trap/arena.h"

#define TABLE_WITH_INIT 0x40
/* In place of a kind, behind an empty name: a group of imports. */
#define COMPACT_ITEMS 0x7f  /* names, each with a type */
#define COMPACT_SHARED 0x7e /* a type, then names */

/* External kinds (standard, 5.5.5): the word, the space, the binary code. */
static const struct {
	uint8_t word, space, code;
} kinds[] = {
	{ WORD_func, SPACE_func, 0 },
	{ WORD_table, SPACE_table, 1 },
	{ WORD_memory, SPACE_memory, 2 },
	{ WORD_global, SPACE_global, 3 },
	{ WORD_tag, SPACE_tag, 4 },
};

#define NKINDS (sizeof kinds / sizeof *kinds)

/* Row of kinds for a keyword; NKINDS if it is none of them. */
static size_t
kind_of(const struct token *t)
{
	size_t i = 0;
	while (i < NKINDS &&
		(t->kind != TOKEN_keyword || kinds[i].word != t->word))
		i++;
	return i;
}

/* Passes "(" and the keyword of an external kind; NKINDS on error. */
static size_t
open_kind(struct text *p)
{
	lex_expect(&p->l, TOKEN_open);
	size_t k = kind_of(p->l.t);
	if (k == NKINDS)
		lex_unexpected(&p->l);
	else
		lex_next(&p->l);
	return k;
}

/* ---- the first walk ---- */

static void
check_import_order(struct text *p, const struct token *t)
{
	if (p->defined != NULL)
		lex_fail(&p->l, t->at, "import after %s", p->defined);
}

/* One external type with its own id. */
static void
bind_extern(struct text *p)
{
	size_t k = open_kind(p);
	if (k == NKINDS)
		return;
	text_bind(p, &p->spaces[kinds[k].space], p->scratch);
	lex_skip_form(&p->l);
}

/* An external type for n names, which has no id. */
static void
bind_shared(struct text *p, uint32_t n)
{
	size_t k = open_kind(p);
	if (k == NKINDS)
		return;
	if (p->l.t->kind == TOKEN_id)
		lex_fail(&p->l, p->l.t->at, "identifier not allowed");
	p->spaces[kinds[k].space].count += n;
	lex_skip_form(&p->l);
}

/* Behind "(import" */
static void
bind_import(struct text *p)
{
	check_import_order(p, p->l.t - 2);
	lex_expect(&p->l, TOKEN_string);
	if (!lex_at_form(&p->l, WORD_item)) {
		lex_expect(&p->l, TOKEN_string);
		bind_extern(p);
		lex_expect(&p->l, TOKEN_close);
		return;
	}
	uint32_t shared = 0;
	while (lex_take_form(&p->l, WORD_item)) {
		lex_expect(&p->l, TOKEN_string);
		if (p->l.t->kind == TOKEN_open)
			bind_extern(p);
		else
			shared++;
		lex_expect(&p->l, TOKEN_close);
	}
	if (shared != 0)
		bind_shared(p, shared);
	lex_expect(&p->l, TOKEN_close);
}

/* Behind the keyword of a definition, which may hold a segment. */
static void
bind_definition(struct text *p, enum space_kind kind)
{
	struct space *s = &p->spaces[kind];
	text_bind(p, s, p->scratch);
	while (lex_take_form(&p->l, WORD_export))
		lex_skip_form(&p->l);
	if (lex_at_form(&p->l, WORD_import))
		check_import_order(p, p->l.t);
	else
		p->defined = s->what;
	while (p->l.t->kind != TOKEN_close && p->l.t->kind != TOKEN_end) {
		if (kind == SPACE_table && lex_at_form(&p->l, WORD_elem))
			p->spaces[SPACE_elem].count++;
		if (kind == SPACE_memory && lex_at_form(&p->l, WORD_data))
			p->spaces[SPACE_data].count++;
		if (lex_next(&p->l)->kind == TOKEN_open)
			lex_skip_form(&p->l);
	}
	lex_expect(&p->l, TOKEN_close);
}

/* Behind "(type" or "(rec" */
static void
bind_type(struct text *p, bool group)
{
	struct space *types = &p->spaces[SPACE_type];
	text_note_type(p);
	if (group) {
		while (lex_take_form(&p->l, WORD_type)) {
			text_bind(p, types, p->scratch);
			lex_skip_form(&p->l);
		}
		lex_expect(&p->l, TOKEN_close);
	} else {
		text_bind(p, types, p->scratch);
		lex_skip_form(&p->l);
	}
}

/* At the keyword of a field. */
static void
bind_field(struct text *p)
{
	const struct token *t = p->l.t;
	size_t k = kind_of(t);
	enum word w = t->kind == TOKEN_keyword ? t->word : 0;
	bool known = k < NKINDS || w == WORD_type || w == WORD_rec ||
		     w == WORD_import || w == WORD_elem || w == WORD_data ||
		     w == WORD_export || w == WORD_start;
	if (!known) {
		lex_unexpected(&p->l);
		return;
	}
	lex_next(&p->l);
	if (k < NKINDS) {
		bind_definition(p, kinds[k].space);
	} else if (w == WORD_type || w == WORD_rec) {
		bind_type(p, w == WORD_rec);
	} else if (w == WORD_import) {
		bind_import(p);
	} else {
		if (w == WORD_elem || w == WORD_data)
			text_bind(p,
				&p->spaces[w == WORD_elem ? SPACE_elem
							  : SPACE_data],
				p->scratch);
		lex_skip_form(&p->l);
	}
}

void
text_bind_fields(struct text *p)
{
	while (lex_take(&p->l, TOKEN_open))
		bind_field(p);
}

/* ---- imports and exports ---- */

static void
name(struct text *p, struct writer *w)
{
	struct span s = lex_name(&p->l);
	writer_name(w, s.bytes, s.len);
}

/* The type of an external kind, after its id; with the binary code. */
static void
extern_type(struct text *p, size_t k, struct writer *w)
{
	writer_byte(w, kinds[k].code);
	switch (kinds[k].space) {
	case SPACE_func:
		writer_u64(w, text_typeuse(p, TYPEUSE_ids));
		break;
	case SPACE_table:
		text_tabletype(p, w);
		break;
	case SPACE_memory:
		text_memtype(p, w);
		break;
	case SPACE_global:
		text_globaltype(p, w);
		break;
	default:
		writer_byte(w, 0);
		writer_u64(w, text_typeuse(p, TYPEUSE_ids));
	}
}

/* (kind $id? type) */
static void
import_extern(struct text *p, struct writer *w)
{
	size_t k = open_kind(p);
	if (k == NKINDS)
		return;
	lex_take(&p->l, TOKEN_id);
	p->spaces[kinds[k].space].defined++;
	extern_type(p, k, w);
	lex_expect(&p->l, TOKEN_close);
}

/* (item "name" type)*: a vector of names with types */
static void
import_items(struct text *p, struct writer *w)
{
	struct writer items = writer_make(p->scratch);
	uint32_t n = 0;
	for (; lex_take_form(&p->l, WORD_item); n++) {
		name(p, &items);
		import_extern(p, &items);
		lex_expect(&p->l, TOKEN_close);
	}
	writer_name(w, "", 0);
	writer_byte(w, COMPACT_ITEMS);
	writer_u64(w, n);
	writer_bytes(w, items.bytes, items.len);
}

/* (item "name")* type: a type and a vector of names */
static void
import_shared(struct text *p, struct writer *w)
{
	struct writer names = writer_make(p->scratch);
	uint32_t n = 0;
	for (; lex_take_form(&p->l, WORD_item); n++) {
		name(p, &names);
		lex_expect(&p->l, TOKEN_close);
	}
	writer_name(w, "", 0);
	writer_byte(w, COMPACT_SHARED);
	size_t k = open_kind(p);
	if (k == NKINDS)
		return;
	p->spaces[kinds[k].space].defined += n;
	extern_type(p, k, w);
	lex_expect(&p->l, TOKEN_close);
	writer_u64(w, n);
	writer_bytes(w, names.bytes, names.len);
}

/* Behind "(import" */
static void
encode_import(struct text *p)
{
	struct section *s = &p->sections[SECTION_import];
	name(p, &s->w);
	if (!lex_at_form(&p->l, WORD_item)) {
		name(p, &s->w);
		import_extern(p, &s->w);
	} else if (p->l.t[3].kind == TOKEN_open) {
		import_items(p, &s->w);
	} else {
		import_shared(p, &s->w);
	}
	s->count++;
	lex_expect(&p->l, TOKEN_close);
}

static void
write_export(struct text *p, struct span as, size_t k, uint32_t index)
{
	struct section *s = &p->sections[SECTION_export];
	writer_name(&s->w, as.bytes, as.len);
	writer_byte(&s->w, kinds[k].code);
	writer_u64(&s->w, index);
	s->count++;
}

/* Behind "(export" */
static void
encode_export(struct text *p)
{
	struct span as = lex_name(&p->l);
	size_t k = open_kind(p);
	if (k == NKINDS)
		return;
	write_export(p, as, k, text_index(p, &p->spaces[kinds[k].space]));
	lex_expect(&p->l, TOKEN_close);
	lex_expect(&p->l, TOKEN_close);
}

/* ---- definitions ---- */

/* Runs of locals of one type: count and type of each. */
struct runs {
	uint32_t runs, count;
	struct writer type, last, out;
};

static void
end_run(struct runs *r)
{
	if (r->count == 0)
		return;
	writer_u64(&r->out, r->count);
	writer_bytes(&r->out, r->last.bytes, r->last.len);
	r->runs++;
	r->count = 0;
}

static void
add_local(struct text *p, struct runs *r)
{
	r->type.len = 0;
	text_valtype(p, &r->type);
	bool same = r->type.len != 0 && r->type.len == r->last.len &&
		    memcmp(r->type.bytes, r->last.bytes, r->type.len) == 0;
	if (!same) {
		end_run(r);
		r->last.len = 0;
		writer_bytes(&r->last, r->type.bytes, r->type.len);
	}
	r->count++;
}

/* (local $id type)* (local type*)* */
static void
encode_locals(struct text *p)
{
	struct space *locals = &p->spaces[SPACE_local];
	struct writer w = writer_make(p->per_func);
	struct runs r = { 0, 0, w, w, w };
	while (lex_take_form(&p->l, WORD_local)) {
		if (p->l.t->kind == TOKEN_id) {
			text_bind(p, locals, p->per_func);
			add_local(p, &r);
		} else {
			for (; p->l.t->kind != TOKEN_close &&
				p->l.t->kind != TOKEN_end;
				locals->count++)
				add_local(p, &r);
		}
		lex_expect(&p->l, TOKEN_close);
	}
	end_run(&r);
	writer_u64(&p->body, r.runs);
	writer_bytes(&p->body, r.out.bytes, r.out.len);
}

static void
encode_func(struct text *p, uint32_t index)
{
	struct section *func = &p->sections[SECTION_func],
		       *code = &p->sections[SECTION_code];
	struct typeuse u = text_read_typeuse(p, TYPEUSE_locals);
	writer_u64(&func->w, text_resolve_typeuse(p, &u));
	func->count++;
	p->spaces[SPACE_local].count = u.nparams;
	p->body.len = p->func_hints.len = p->nfunc_hints = 0;
	encode_locals(p);
	p->in_func = true;
	text_expr(p, &p->body);
	p->in_func = false;
	writer_sized(&code->w, &p->body);
	code->count++;
	if (p->nfunc_hints != 0) {
		writer_u64(&p->hints, index);
		writer_u64(&p->hints, p->nfunc_hints);
		writer_bytes(&p->hints, p->func_hints.bytes, p->func_hints.len);
		p->nhints++;
	}
	text_end_locals(p, index);
}

/* flags, n, n */
static void
write_exact_limits(struct writer *w, unsigned flags, uint64_t n)
{
	writer_byte(w, (uint8_t)(flags | 1));
	writer_u64(w, n);
	writer_u64(w, n);
}

static void
encode_table(struct text *p, uint32_t index)
{
	struct section *s = &p->sections[SECTION_table];
	struct writer type = writer_make(p->scratch);
	const struct token *start = p->l.t;
	bool is64 = text_addrtype(&p->l);
	s->count++;
	if (text_at_reftype(&p->l)) {
		text_valtype(p, &type);
		lex_expect_form(&p->l, WORD_elem);
		uint64_t n = text_inline_elem(p, index, is64, &type);
		writer_bytes(&s->w, type.bytes, type.len);
		write_exact_limits(&s->w, is64 ? 4 : 0, n);
		return;
	}
	p->l.t = start;
	text_tabletype(p, &type);
	bool init = p->l.t->kind != TOKEN_close;
	if (init) {
		writer_byte(&s->w, TABLE_WITH_INIT);
		writer_byte(&s->w, 0);
	}
	writer_bytes(&s->w, type.bytes, type.len);
	if (init)
		text_expr(p, &s->w);
}

static void
encode_memory(struct text *p, uint32_t index)
{
	struct section *s = &p->sections[SECTION_memory];
	const struct token *start = p->l.t;
	bool paged, is64 = text_addrtype(&p->l);
	uint32_t shift = text_pagesize(&p->l, &paged);
	s->count++;
	if (!lex_take_form(&p->l, WORD_data)) {
		if (p->l.error->kind == ERROR_none)
			p->l.t = start;
		text_memtype(p, &s->w);
		return;
	}
	uint64_t bytes = text_inline_data(p, index, is64);
	uint64_t pages = (bytes + ((uint64_t)1 << shift) - 1) >> shift;
	write_exact_limits(&s->w, (is64 ? 4u : 0u) | (paged ? 8u : 0u), pages);
	if (paged)
		writer_u64(&s->w, shift);
}

static void
encode_global(struct text *p)
{
	struct section *s = &p->sections[SECTION_global];
	text_globaltype(p, &s->w);
	text_expr(p, &s->w);
	s->count++;
}

static void
encode_tag(struct text *p)
{
	struct section *s = &p->sections[SECTION_tag];
	writer_byte(&s->w, 0);
	writer_u64(&s->w, text_typeuse(p, TYPEUSE_ids));
	s->count++;
}

/* Behind the keyword of a definition. */
static void
encode_definition(struct text *p, size_t k)
{
	struct section *imports = &p->sections[SECTION_import];
	uint32_t index = p->spaces[kinds[k].space].defined++;
	lex_take(&p->l, TOKEN_id);
	while (lex_take_form(&p->l, WORD_export)) {
		write_export(p, lex_name(&p->l), k, index);
		lex_expect(&p->l, TOKEN_close);
	}
	if (lex_take_form(&p->l, WORD_import)) {
		name(p, &imports->w);
		name(p, &imports->w);
		lex_expect(&p->l, TOKEN_close);
		extern_type(p, k, &imports->w);
		imports->count++;
	} else if (kinds[k].space == SPACE_func) {
		encode_func(p, index);
	} else if (kinds[k].space == SPACE_table) {
		encode_table(p, index);
	} else if (kinds[k].space == SPACE_memory) {
		encode_memory(p, index);
	} else if (kinds[k].space == SPACE_global) {
		encode_global(p);
	} else {
		encode_tag(p);
	}
	lex_expect(&p->l, TOKEN_close);
}

/* Behind "(start" */
static void
encode_start(struct text *p)
{
	const struct token *t = p->l.t;
	struct section *s = &p->sections[SECTION_start];
	writer_u64(&s->w, text_index(p, &p->spaces[SPACE_func]));
	if (s->count++ != 0)
		lex_fail(&p->l, t->at, "multiple start sections");
	lex_expect(&p->l, TOKEN_close);
}

/* ---- the last walk ---- */

void
text_encode_fields(struct text *p)
{
	p->annotation = 0;
	text_take_customs(p);
	while (lex_take(&p->l, TOKEN_open)) {
		const struct token *t = lex_next(&p->l);
		size_t k = kind_of(t);
		if (k < NKINDS)
			encode_definition(p, k);
		else if (t->word == WORD_import)
			encode_import(p);
		else if (t->word == WORD_export)
			encode_export(p);
		else if (t->word == WORD_start)
			encode_start(p);
		else if (t->word == WORD_elem)
			text_elem(p);
		else if (t->word == WORD_data)
			text_data(p);
		else
			lex_skip_form(&p->l);
		text_take_customs(p);
	}
}
