/*
 * Annotations that mean something (standard, 7.4 and 7.5): custom sections,
 * names and branch hints.  Each is looked for at the places where it may stand;
 * one that nobody took is misplaced.
 */
#include "spec/text_parse.h"

#include <stdio.h>
#include <string.h>

#include "spec/utf8.h"
#include "trap/arena.h"

#define HINT "@metadata.code.branch_hint annotation: "

/*
 * The annotation of that kind just before the cursor that is not used yet, NULL
 * if there is none.  The cursor only moves forward during a walk.
 */
static struct annotation *
take(struct text *p, enum annotation_kind kind)
{
	struct lex *l = &p->l;
	uint32_t here = (uint32_t)(l->t - l->tokens);
	while (p->annotation < l->nannotations &&
		l->annotations[p->annotation].before < here)
		p->annotation++;
	for (uint32_t i = p->annotation; i < l->nannotations; i++) {
		struct annotation *n = &l->annotations[i];
		if (n->before != here)
			break;
		if (n->kind == kind && !n->used) {
			n->used = true;
			return n;
		}
	}
	return NULL;
}

/* Errors inside of an annotation stop the parser of the module as well. */
static void
close_body(struct text *p, struct lex *body)
{
	if (body->error->kind != ERROR_none)
		lex_stop(&p->l);
}

bool
text_take_name(struct text *p, struct span *name)
{
	struct annotation *n = take(p, ANNOTATION_name);
	struct lex body;
	if (n == NULL)
		return false;
	lex_open_body(&body, &p->l, n);
	if (body.t->kind != TOKEN_string)
		lex_fail(&body, n->at, "@name annotation: string expected");
	else
		*name = lex_name(&body);
	if (body.t->kind != TOKEN_end)
		lex_fail(&body, body.t->at,
			"@name annotation: unexpected token");
	close_body(p, &body);
	return true;
}

/* ---- custom ---- */

static bool
token_is(const struct token *t, const char *text)
{
	return t->len == strlen(text) && memcmp(t->at, text, t->len) == 0;
}

/* By enum section_kind, then two names of the ends. */
static const char *const place_names[] = { "type", "import", "func", "table",
	"memory", "tag", "global", "export", "start", "elem", "datacount",
	"code", "data", "first", "last" };

/* (before|after section)?; custom_section.place */
static uint32_t
read_place(struct lex *l)
{
	uint32_t after, i;
	if (!lex_take(l, TOKEN_open))
		return 2 * SECTION_data + 1;
	after = token_is(l->t, "after");
	if (!after && !token_is(l->t, "before"))
		lex_fail(
			l, l->t->at, "@custom annotation: malformed placement");
	lex_next(l);
	for (i = 0; i < SECTION_count + 2; i++)
		if (token_is(l->t, place_names[i]))
			break;
	if (i == SECTION_count + 2)
		lex_fail(l, l->t->at,
			"@custom annotation: malformed section kind");
	lex_next(l);
	if (!lex_take(l, TOKEN_close))
		lex_fail(l, l->t->at, "@custom annotation: unexpected token");
	if (i >= SECTION_count)
		i = i == SECTION_count ? SECTION_type : SECTION_data;
	return 2 * i + after;
}

static void
read_custom(struct text *p, const struct annotation *n)
{
	struct lex body;
	struct custom_section *c = arena_alloc(p->scratch, sizeof *c);
	if (c == NULL) {
		lex_fail_memory(&p->l);
		return;
	}
	lex_open_body(&body, &p->l, n);
	if (body.t->kind != TOKEN_string)
		lex_fail(&body, n->at,
			"@custom annotation: missing section name");
	else
		c->name = lex_bytes(&body, lex_next(&body));
	if (!utf8_valid(c->name.bytes, c->name.len))
		lex_fail(&body, n->at,
			"@custom annotation: malformed UTF-8 encoding");
	c->place = read_place(&body);
	c->content = writer_make(p->scratch);
	while (body.t->kind == TOKEN_string)
		lex_string(lex_next(&body), &c->content);
	if (body.t->kind != TOKEN_end)
		lex_fail(&body, body.t->at,
			"@custom annotation: unexpected token");
	*p->last_custom = c;
	p->last_custom = &c->next;
	close_body(p, &body);
}

void
text_take_customs(struct text *p)
{
	struct annotation *n;
	while ((n = take(p, ANNOTATION_custom)) != NULL)
		read_custom(p, n);
}

void
text_write_custom(struct text *p, struct span name,
	const struct writer *content, struct writer *w)
{
	struct writer named = writer_make(p->scratch);
	writer_name(&named, name.bytes, name.len);
	writer_bytes(&named, content->bytes, content->len);
	writer_byte(w, 0);
	writer_sized(w, &named);
}

void
text_write_customs(struct text *p, uint32_t place, struct writer *w)
{
	for (struct custom_section *c = p->customs; c != NULL; c = c->next)
		if (c->place == place)
			text_write_custom(p, c->name, &c->content, w);
}

/* ---- branch hints ---- */

static int
hint_value(struct text *p, const struct annotation *n)
{
	struct lex body;
	struct writer w = writer_make(p->scratch);
	lex_open_body(&body, &p->l, n);
	while (body.t->kind == TOKEN_string)
		lex_string(lex_next(&body), &w);
	if (body.t->kind != TOKEN_end)
		lex_fail(&body, body.t->at, HINT "unexpected token");
	else if (w.len != 1 || w.bytes[0] > 1)
		lex_fail(&body, n->at, HINT "invalid hint value");
	close_body(p, &body);
	return w.len == 1 ? w.bytes[0] : -1;
}

int
text_take_hint(struct text *p, enum op op)
{
	if (!p->in_func || p->annotation >= p->l.nannotations)
		return -1;
	struct annotation *n = take(p, ANNOTATION_branch_hint);
	if (n == NULL)
		return -1;
	struct annotation *again = take(p, ANNOTATION_branch_hint);
	if (again != NULL)
		lex_fail(&p->l, again->at, HINT "duplicate annotation");
	if (op != OP_if && op != OP_br_if) {
		struct place at = p->l.start;
		lex_advance_place(&at, n->at);
		error_line(p->l.error, ERROR_invalid, at.line, at.column,
			HINT "invalid target");
		lex_stop(&p->l);
	}
	return hint_value(p, n);
}

void
text_check_annotations(struct text *p)
{
	static const char *const messages[] = { "misplaced @custom annotation",
		"misplaced @name annotation", HINT "not in a function" };
	for (uint32_t i = 0; i < p->l.nannotations; i++) {
		const struct annotation *n = &p->l.annotations[i];
		if (!n->used) {
			lex_fail(&p->l, n->at, "%s", messages[n->kind]);
			return;
		}
	}
}
