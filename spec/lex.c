/*
 * Characters to tokens.  A token is the longest run of identifier characters
 * and strings; what it is, is decided for the run as a whole.
 */
#include "spec/lex.h"

#include <string.h>

#include "spec/hash.h"
#include "spec/number.h"
#include "spec/op.h"
#include "spec/utf8.h"
#include "trap/seed.h"

/* Tokens are numbered in 32 bits, and twice as many must not overflow. */
#define MAX_SOURCE \
	(SIZE_MAX / 64 < UINT32_MAX / 2 ? SIZE_MAX / 64 : UINT32_MAX / 2)
#define LOOKAHEAD 4 /* how many TOKEN_end close the array */

const struct word_row word_rows[WORD_count] = {
	{ "", WORD_NONE, 0 },
#define WORD(id, text, kind, code) { text, WORD_##kind, code },
#include "spec/word.def"
};

/* A keyword met in the source, so that each is looked up once. */
struct keyword {
	UT_hash_handle hh;
	const char *text;
	uint8_t word;
	uint16_t op;
};

/* Printable ASCII but space " ( ) , ; [ ] { } */
static bool
is_idchar(char c)
{
	static const uint32_t set[8] = { 0, 0xf7ffecfa, 0xd7ffffff, 0x57ffffff,
		0, 0, 0, 0 };
	unsigned char u = (unsigned char)c;
	return (set[u >> 5] >> (u & 31) & 1) != 0;
}

static bool
is_hex_digit(char c)
{
	return (c >= '0' && c <= '9') ||
	       ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* Behind the escape after the backslash at p, NULL if there is none. */
static const char *
scan_escape(const char *p, const char *end)
{
	uint64_t v;
	p++;
	if (p == end)
		return NULL;
	if (memchr("nrt\\'\"", *p, 6) != NULL)
		return p + 1;
	if (end - p > 2 && *p == 'u' && p[1] == '{') {
		const char *brace = memchr(p, '}', (size_t)(end - p));
		if (brace == NULL ||
			!number_hex(p + 2, (uint32_t)(brace - p - 2), 0x10ffff,
				&v) ||
			(v >= 0xd800 && v < 0xe000))
			return NULL;
		return brace + 1;
	}
	return end - p > 1 && is_hex_digit(p[0]) && is_hex_digit(p[1]) ? p + 2
								       : NULL;
}

/* Behind the string that begins at p; NULL, and *why, if it is malformed. */
static const char *
scan_string(const char *p, const char *end, const char **why)
{
	for (p++; p < end && *p != '"';) {
		unsigned char c = (unsigned char)*p;
		if (c == '\\') {
			*why = "illegal escape";
			p = scan_escape(p, end);
			if (p == NULL)
				return NULL;
			continue;
		}
		if (c < 0x20 || c == 0x7f) {
			*why = c == '\n' || c == '\r'
				       ? "unclosed string literal"
				       : "illegal control character in string "
					 "literal";
			return NULL;
		}
		p++;
	}
	*why = "unclosed string literal";
	return p < end ? p + 1 : NULL;
}

/* Behind the longest run of identifier characters and whole strings. */
static const char *
scan_run(const char *p, const char *end, uint32_t *strings)
{
	const char *why, *next;
	*strings = 0;
	for (;;) {
		while (p < end && is_idchar(*p))
			p++;
		if (p == end || *p != '"')
			return p;
		next = scan_string(p, end, &why);
		if (next == NULL)
			return p;
		p = next;
		++*strings;
	}
}

static const char *
skip_line_comment(const char *p, const char *end)
{
	while (p < end && *p != '\n' && *p != '\r')
		p++;
	return p;
}

/* p is at "(;".  Comments nest. */
static const char *
skip_block_comment(struct lex *l, const char *p)
{
	const char *start = p;
	uint32_t depth = 0;
	while (l->end - p > 1) {
		if (p[0] == '(' && p[1] == ';') {
			depth++;
			p += 2;
		} else if (p[0] == ';' && p[1] == ')') {
			p += 2;
			if (--depth == 0)
				return p;
		} else {
			p++;
		}
	}
	lex_fail(l, start, "unclosed comment");
	return l->end;
}

/* Behind white space and comments at p. */
static const char *
skip_space(struct lex *l, const char *p)
{
	while (p < l->end) {
		char next = l->end - p > 1 ? p[1] : '\0';
		if (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r')
			p++;
		else if (*p == ';' && next == ';')
			p = skip_line_comment(p, l->end);
		else if (*p == '(' && next == ';')
			p = skip_block_comment(l, p);
		else
			break;
	}
	return p;
}

/* Says what is wrong at p, where no token can begin. */
static const char *
fail_character(struct lex *l, const char *p, bool annotation)
{
	const char *why = NULL;
	unsigned char c = (unsigned char)*p;
	if (c == '"')
		scan_string(p, l->end, &why);
	else if (annotation)
		why = "illegal character";
	else
		why = c >= 0x80 ? "misplaced unicode character"
				: "misplaced control character";
	lex_fail(l, p, "%s", why);
	return l->end;
}

/* Fills in word and op of a keyword. */
static void
look_up(struct lex *l, struct token *t)
{
	struct arena *hash_arena = l->arena;
	uint64_t hash_seed = l->seed;
	struct keyword *k;
	HASH_FIND(hh, l->keywords, t->at, t->len, k);
	if (k == NULL) {
		k = arena_alloc(l->arena, sizeof *k);
		if (k == NULL) {
			lex_fail_memory(l);
			return;
		}
		k->text = t->at;
		k->op = (uint16_t)op_of_text(t->at, t->len);
		for (int w = 1; w < WORD_count && k->word == 0; w++)
			if (strlen(word_rows[w].text) == t->len &&
				memcmp(word_rows[w].text, t->at, t->len) == 0)
				k->word = (uint8_t)w;
		HASH_ADD_KEYPTR(hh, l->keywords, k->text, t->len, k);
	}
	t->word = k->word;
	t->op = k->op;
}

/* A run that begins with $: a plain id, or one string. */
static uint8_t
classify_id(struct lex *l, const struct token *t, uint32_t strings)
{
	bool whole = t->len > 1 && t->at[1] == '"' && strings == 1 &&
		     t->at[t->len - 1] == '"';
	if (t->len == 1 || (whole && t->len == 3))
		lex_fail(l, t->at, "empty identifier");
	else if (whole) {
		struct span s = lex_bytes(l, t);
		if (!utf8_valid(s.bytes, s.len))
			lex_fail(l, t->at, "malformed UTF-8 encoding");
	} else if (strings != 0) {
		return TOKEN_atom;
	}
	return TOKEN_id;
}

/* offset=NAT and align=NAT are tokens of their own; other words have no =. */
static uint8_t
classify_keyword(const struct token *t)
{
	static const char offset[] = "offset=", align[] = "align=";
	if (t->len > 7 && memcmp(t->at, offset, 7) == 0)
		return number_kind(t->at + 7, t->len - 7) == NUMBER_nat
			       ? TOKEN_offset
			       : TOKEN_atom;
	if (t->len > 6 && memcmp(t->at, align, 6) == 0)
		return number_kind(t->at + 6, t->len - 6) == NUMBER_nat
			       ? TOKEN_align
			       : TOKEN_atom;
	return TOKEN_keyword;
}

static uint8_t
classify(struct lex *l, const struct token *t, uint32_t strings)
{
	static const uint8_t kinds[] = { TOKEN_atom, TOKEN_nat, TOKEN_int,
		TOKEN_float };
	char c = t->at[0];
	if (c == '$')
		return classify_id(l, t, strings);
	if (strings != 0)
		return c == '"' && strings == 1 && t->at[t->len - 1] == '"'
			       ? TOKEN_string
			       : TOKEN_atom;
	uint8_t number = TOKEN_atom;
	if (c == 'i' || c == 'n' || c == '+' || c == '-' ||
		(c >= '0' && c <= '9'))
		number = kinds[number_kind(t->at, t->len)];
	return number == TOKEN_atom && c >= 'a' && c <= 'z'
		       ? classify_keyword(t)
		       : number;
}

/* Appends a token; false when out of memory. */
static bool
push(struct lex *l, const struct token *t)
{
	if (l->ntokens == l->room) {
		uint32_t room = 2 * l->room;
		struct token *grown = arena_grow(l->arena, l->tokens,
			l->room * sizeof *t, (size_t)room * sizeof *t);
		if (room < l->room || grown == NULL) {
			lex_fail_memory(l);
			return false;
		}
		l->tokens = grown;
		l->room = room;
	}
	l->tokens[l->ntokens++] = *t;
	return true;
}

/* The run at p as a token; reserved ones are errors outside annotations. */
static const char *
lex_run(struct lex *l, const char *p, bool annotation)
{
	uint32_t strings;
	struct token t = { p, 0, 0, 0, OP_count };
	const char *next = scan_run(p, l->end, &strings);
	if (next == p)
		return fail_character(l, p, annotation);
	t.len = (uint32_t)(next - p);
	t.kind = classify(l, &t, strings);
	if (t.kind == TOKEN_atom && !annotation)
		lex_fail_token(l, "unknown operator", &t);
	if (t.kind == TOKEN_keyword)
		look_up(l, &t);
	return l->error->kind == ERROR_none && push(l, &t) ? next : l->end;
}

/* ---- annotations ---- */

/* Keeps an annotation of a known name. */
static void
record(struct lex *l, struct span name, struct annotation n)
{
	static const char *const known[] = { "custom", "name",
		"metadata.code.branch_hint" };
	for (n.kind = 0; n.kind < 3; n.kind++)
		if (name.len == strlen(known[n.kind]) &&
			memcmp(name.bytes, known[n.kind], name.len) == 0)
			break;
	if (n.kind == 3)
		return;
	if (l->nannotations == l->annotations_room) {
		uint32_t room = l->nannotations * 2 + 4;
		struct annotation *grown = arena_grow(l->arena, l->annotations,
			l->nannotations * sizeof n, room * sizeof n);
		if (grown == NULL) {
			lex_fail_memory(l);
			return;
		}
		l->annotations = grown;
		l->annotations_room = room;
	}
	n.before = l->ntokens;
	l->annotations[l->nannotations++] = n;
}

/* Behind one token inside of an annotation; *depth counts parentheses. */
static const char *
skip_item(struct lex *l, const char *p, uint32_t *depth)
{
	uint32_t strings;
	if (memchr("(),;[]{}", *p, 8) != NULL) {
		*depth += *p == '(';
		*depth -= *p == ')';
		return p + 1;
	}
	const char *next = scan_run(p, l->end, &strings);
	if (next == p)
		return fail_character(l, p, true);
	if (*p == '$' && next == p + 1) {
		lex_fail(l, p, "empty identifier");
		return l->end;
	}
	return next;
}

/* The name of the annotation at p, which is behind "(@"; p moves behind it. */
static struct span
annotation_name(struct lex *l, const char **p)
{
	const char *why, *start = *p, *q = start;
	struct span name = { start, 0 };
	while (q < l->end && is_idchar(*q))
		q++;
	name.len = (uint32_t)(q - start);
	if (name.len == 0 && q < l->end && *q == '"' &&
		scan_string(q, l->end, &why) != NULL) {
		q = scan_string(q, l->end, &why);
		struct token t = { start, (uint32_t)(q - start), TOKEN_string,
			0, 0 };
		name = lex_bytes(l, &t);
		if (!utf8_valid(name.bytes, name.len))
			lex_fail(l, start, "malformed UTF-8 encoding");
	}
	if (name.len == 0)
		lex_fail(l, start, "empty annotation id");
	*p = q;
	return name;
}

/* p is at "(@".  Behind the annotation. */
static const char *
skip_annotation(struct lex *l, const char *p)
{
	struct annotation n = { .at = p };
	uint32_t depth = 1;
	p += 2;
	struct span name = annotation_name(l, &p);
	n.body = p;
	while (l->error->kind == ERROR_none) {
		p = skip_space(l, p);
		if (p == l->end) {
			lex_fail(l, n.at, "unclosed annotation");
			break;
		}
		p = skip_item(l, p, &depth);
		if (depth == 0) {
			n.end = p - 1;
			record(l, name, n);
			return p;
		}
	}
	return l->end;
}

/* ---- opening ---- */

/* Behind the token or annotation at p, which is not white space. */
static const char *
lex_one(struct lex *l, const char *p, bool annotation)
{
	struct token t = { p, 1, TOKEN_open, 0, OP_count };
	if (*p == '(' && !annotation && l->end - p > 1 && p[1] == '@')
		return skip_annotation(l, p);
	if (*p != '(' && *p != ')') {
		if (memchr(",;[]{}", *p, 6) == NULL)
			return lex_run(l, p, annotation);
		t.kind = TOKEN_atom;
		if (!annotation)
			lex_fail_token(l, "unknown operator", &t);
	}
	if (*p == ')')
		t.kind = TOKEN_close;
	return l->error->kind == ERROR_none && push(l, &t) ? p + 1 : l->end;
}

/* Tokens from p to the end, then TOKEN_end as often as one may look ahead. */
static void
lex_all(struct lex *l, const char *p, bool annotation)
{
	static const struct token none; /* when there is no memory at all */
	struct token end = { l->end, 0, TOKEN_end, 0, OP_count };
	l->room = (uint32_t)((l->end - p) / 8 + 16);
	l->tokens = arena_array(l->arena, l->room, sizeof end);
	l->t = l->last = &none;
	if (l->tokens == NULL) {
		lex_fail_memory(l);
		return;
	}
	while (l->error->kind == ERROR_none && (p = skip_space(l, p)) < l->end)
		p = lex_one(l, p, annotation);
	uint32_t n = l->ntokens;
	for (int i = 0; i < LOOKAHEAD; i++)
		if (!push(l, &end))
			return;
	l->t = l->tokens;
	l->last = l->tokens + n;
}

void
lex_open(struct lex *l, const char *src, size_t len, uint32_t line,
	uint32_t column, struct arena *a, struct error *error)
{
	memset(l, 0, sizeof *l);
	l->start = (struct place){ src, line, column };
	l->end = src + len;
	l->arena = a;
	l->error = error;
	l->seed = seed_draw();
	if (len > MAX_SOURCE) {
		error_set(error, ERROR_limit, "source text too large");
		l->end = src;
	}
	const void *bad = utf8_find_bad(src, (size_t)(l->end - src));
	if (bad != NULL)
		lex_fail(l, bad, "malformed UTF-8 encoding");
	lex_all(l, src, false);
}

void
lex_open_body(
	struct lex *l, const struct lex *outer, const struct annotation *body)
{
	memset(l, 0, sizeof *l);
	l->start = outer->start;
	l->end = body->end;
	l->arena = outer->arena;
	l->error = outer->error;
	l->seed = outer->seed;
	lex_all(l, body->body, true);
}
