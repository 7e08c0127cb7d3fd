/*
 * The text of a module to its binary: the walks, then the sections in order.
 */
#include "spec/text.h"

#include <string.h>

#include "spec/text_parse.h"
#include "trap/arena.h"

/* By enum section_kind (standard, 5.5.2). */
static const uint8_t section_ids[SECTION_count] = { 1, 2, 3, 4, 5, 13, 6, 7, 8,
	9, 12, 10, 11 };

static void
init_parser(struct text *p, struct arena *scratch, struct arena *per_func)
{
	struct writer w = writer_make(scratch);
	memset(p, 0, sizeof *p);
	p->scratch = scratch;
	p->per_func = per_func;
	p->last_custom = &p->customs;
	for (int i = 0; i < SECTION_count; i++)
		p->sections[i].w = w;
	p->params = p->results = p->sig = p->held = p->body = p->hints =
		p->func_hints = p->local_names = p->field_names = w;
	text_init_spaces(p);
}

/* The id and name annotation of the module itself. */
static void
read_module_name(struct text *p, bool wrapped)
{
	struct span again;
	if (wrapped && p->l.t->kind == TOKEN_id)
		p->module_name = lex_bytes(&p->l, lex_next(&p->l));
	text_take_name(p, &p->module_name);
	if (p->l.t->kind != TOKEN_end && text_take_name(p, &again))
		lex_fail(&p->l, p->l.t->at,
			"@name annotation: multiple module names");
}

/* All walks over the tokens. */
static void
parse(struct text *p)
{
	bool wrapped = lex_take_form(&p->l, WORD_module);
	if (wrapped)
		lex_take_word(&p->l, WORD_definition);
	read_module_name(p, wrapped);
	const struct token *first = p->l.t;
	text_bind_fields(p);
	if (wrapped)
		lex_expect(&p->l, TOKEN_close);
	if (p->l.t->kind != TOKEN_end)
		lex_unexpected(&p->l);
	if (p->l.error->kind != ERROR_none)
		return;
	text_define_types(p);
	if (p->l.error->kind != ERROR_none)
		return;
	p->l.t = first;
	text_encode_fields(p);
	text_check_annotations(p);
}

static void
write_section(struct text *p, enum section_kind kind, struct writer *w)
{
	struct section *s = &p->sections[kind];
	struct writer content = writer_make(p->scratch);
	if (kind == SECTION_datacount)
		s->count = p->sections[SECTION_data].count;
	if (kind == SECTION_datacount ? !p->data_used : s->count == 0)
		return;
	if (kind != SECTION_start)
		writer_u64(&content, s->count);
	writer_byte(w, section_ids[kind]);
	writer_u64(w, content.len + s->w.len);
	writer_bytes(w, content.bytes, content.len);
	writer_bytes(w, s->w.bytes, s->w.len);
}

static void
write_hints(struct text *p, struct writer *w)
{
	static const char section[] = "metadata.code.branch_hint";
	struct writer content = writer_make(p->scratch);
	if (p->nhints == 0)
		return;
	writer_u64(&content, p->nhints);
	writer_bytes(&content, p->hints.bytes, p->hints.len);
	text_write_custom(
		p, (struct span){ section, sizeof section - 1 }, &content, w);
}

static void
write_module(struct text *p, struct writer *w)
{
	struct writer names = writer_make(p->scratch);
	writer_bytes(w, "\0asm\1\0\0\0", 8);
	for (uint32_t i = 0; i < SECTION_count; i++) {
		text_write_customs(p, 2 * i, w);
		if (i == SECTION_code)
			write_hints(p, w);
		write_section(p, (enum section_kind)i, w);
		text_write_customs(p, 2 * i + 1, w);
	}
	text_write_names(p, &names);
	if (names.len != 0)
		text_write_custom(p, (struct span){ "name", 4 }, &names, w);
}

bool
text_module(const char *src, size_t len, struct arena *a, uint8_t **out,
	size_t *out_len, struct error *error)
{
	struct arena scratch, per_func;
	struct text p;
	struct writer w = writer_make(a);
	arena_init(&scratch, a->al);
	arena_init(&per_func, a->al);
	init_parser(&p, &scratch, &per_func);
	lex_open(&p.l, src, len, 1, 1, &scratch, error);
	if (error->kind == ERROR_none)
		parse(&p);
	if (error->kind == ERROR_none)
		write_module(&p, &w);
	if (scratch.failed || per_func.failed || a->failed)
		lex_fail_memory(&p.l);
	arena_free(&per_func);
	arena_free(&scratch);
	*out = w.bytes;
	*out_len = w.len;
	return error->kind == ERROR_none;
}
