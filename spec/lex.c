/*
 * Characters to tokens.  A token is the longest run of identifier characters
 * and strings; what it is, is decided for the run as a whole.
 */
#include "spec/lex.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "spec/hash.h"
#include "spec/number.h"
#include "spec/op.h"
#include "spec/utf8.h"
#include "spec/writer.h"

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

/* ---- errors ---- */

void
lex_advance_place(struct place *p, const char *at)
{
	for (; p->at < at; p->at++) {
		char c = *p->at;
		bool crlf = c == '\r' && p->at + 1 < at && p->at[1] == '\n';
		if (c == '\n' || (c == '\r' && !crlf)) {
			p->line++;
			p->column = 1;
		} else if (((unsigned char)c & 0xc0) != 0x80) {
			p->column++;
		}
	}
}

void
lex_fail(struct lex *l, const char *at, const char *format, ...)
{
	char text[sizeof l->error->text];
	struct place p = l->start;
	va_list args;
	if (l->error->kind == ERROR_none) {
		lex_advance_place(&p, at);
		va_start(args, format);
		vsnprintf(text, sizeof text, format, args);
		va_end(args);
		error_line(l->error, ERROR_malformed, p.line, p.column, "%s",
			text);
	}
	lex_stop(l);
}

void
lex_fail_memory(struct lex *l)
{
	error_set(l->error, ERROR_memory, "out of memory");
	lex_stop(l);
}

/* At most so many bytes of the source are quoted in a message. */
static int
quoted(uint32_t len)
{
	return len < 64 ? (int)len : 64;
}

bool
lex_at_unknown(const struct lex *l)
{
	return l->t->kind == TOKEN_keyword && l->t->word == WORD_none_such &&
	       l->t->op == OP_count;
}

void
lex_unexpected(struct lex *l)
{
	const struct token *t = l->t;
	if (t->kind == TOKEN_end)
		lex_fail(l, t->at, "unexpected token at the end");
	else if (lex_at_unknown(l))
		lex_fail(l, t->at, "unknown operator %.*s", quoted(t->len),
			t->at);
	else
		lex_fail(l, t->at, "unexpected token %.*s", quoted(t->len),
			t->at);
}

/* ---- tokens ---- */

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

/* The value of \u{...} from its first digit; p moves behind the "}". */
static bool
scan_scalar(const char **p, const char *end, uint32_t *value)
{
	const char *digits = *p, *q = digits;
	uint64_t v = 0;
	while (q < end && (is_hex_digit(*q) || *q == '_'))
		q++;
	char text[16] = "0x";
	uint32_t len = (uint32_t)(q - digits < 12 ? q - digits : 12);
	memcpy(text + 2, digits, len);
	*p = q + 1;
	if (q == end || *q != '}' || number_kind(text, len + 2) != NUMBER_nat ||
		!number_nat(text, len + 2, 0x10ffff, &v))
		return false;
	*value = (uint32_t)v;
	return v < 0xd800 || v >= 0xe000;
}

/* Behind the escape after the backslash at p, NULL if there is none. */
static const char *
scan_escape(const char *p, const char *end)
{
	uint32_t value;
	p++;
	if (p == end)
		return NULL;
	if (memchr("nrt\\'\"", *p, 6) != NULL)
		return p + 1;
	if (end - p > 2 && *p == 'u' && p[1] == '{') {
		p += 2;
		return scan_scalar(&p, end, &value) ? p : NULL;
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
		lex_fail(l, p, "unknown operator %.*s", quoted(t.len), p);
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
			lex_fail(l, p, "unknown operator %c", *p);
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
	if (len >= UINT32_MAX / 2) {
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
	lex_all(l, body->body, true);
}

/* ---- the cursor ---- */

bool
lex_take(struct lex *l, enum token_kind kind)
{
	bool there = l->t->kind == kind;
	if (there)
		lex_next(l);
	return there;
}

bool
lex_take_word(struct lex *l, enum word w)
{
	bool there = lex_at_word(l, w);
	if (there)
		l->t++;
	return there;
}

bool
lex_take_form(struct lex *l, enum word w)
{
	bool there = lex_at_form(l, w);
	if (there)
		l->t += 2;
	return there;
}

const struct token *
lex_expect(struct lex *l, enum token_kind kind)
{
	if (l->t->kind != kind)
		lex_unexpected(l);
	return lex_next(l);
}

void
lex_expect_form(struct lex *l, enum word w)
{
	if (l->t->kind == TOKEN_open && !lex_at_form(l, w))
		l->t++; /* the keyword is to blame */
	if (!lex_take_form(l, w))
		lex_unexpected(l);
}

void
lex_skip_form(struct lex *l)
{
	uint32_t depth = 1;
	while (l->t->kind != TOKEN_end && depth > 0) {
		depth += l->t->kind == TOKEN_open;
		depth -= l->t->kind == TOKEN_close;
		l->t++;
	}
	if (depth > 0)
		lex_unexpected(l);
}

/* Appends the 1 to 4 bytes of UTF-8 of c. */
static void
write_utf8(struct writer *w, uint32_t c)
{
	if (c < 0x80) {
		writer_byte(w, (uint8_t)c);
		return;
	}
	int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	writer_byte(w, (uint8_t)(0xf00 >> (more + 1) | c >> 6 * more));
	while (more-- > 0)
		writer_byte(w, (uint8_t)(0x80 | (c >> 6 * more & 0x3f)));
}

void
lex_string(const struct token *t, struct writer *w)
{
	static const char letters[] = "nrt\\'\"", meant[] = "\n\r\t\\'\"";
	const char *p = t->at + 1, *end = t->at + t->len - 1;
	while (p < end) {
		const char *slash = memchr(p, '\\', (size_t)(end - p));
		const char *stop = slash != NULL ? slash : end;
		writer_bytes(w, p, (size_t)(stop - p));
		if (slash == NULL)
			return;
		p = slash + 2;
		const char *letter = memchr(letters, slash[1], 6);
		uint32_t value = 0;
		uint64_t byte = 0;
		char hex[4] = { '0', 'x', slash[1], slash[2] };
		if (letter != NULL)
			writer_byte(w, (uint8_t)meant[letter - letters]);
		else if (slash[1] == 'u') {
			p++;
			scan_scalar(&p, end, &value);
			write_utf8(w, value);
		} else {
			p++;
			number_nat(hex, 4, 0xff, &byte);
			writer_byte(w, (uint8_t)byte);
		}
	}
}

struct span
lex_bytes(struct lex *l, const struct token *t)
{
	struct token string = *t;
	if (t->kind != TOKEN_string) {
		if (t->len < 2 || t->at[1] != '"')
			return (struct span){ t->at + 1, t->len - 1 };
		string.at++;
		string.len--;
	}
	struct span s = { string.at + 1, string.len - 2 };
	if (memchr(s.bytes, '\\', s.len) == NULL)
		return s;
	struct writer w = writer_make(l->arena);
	lex_string(&string, &w);
	if (l->arena->failed)
		lex_fail_memory(l);
	return (struct span){ w.len != 0 ? (const char *)w.bytes : "",
		(uint32_t)w.len };
}

struct span
lex_name(struct lex *l)
{
	const struct token *t = lex_expect(l, TOKEN_string);
	if (t->kind != TOKEN_string)
		return (struct span){ "", 0 };
	struct span s = lex_bytes(l, t);
	if (!utf8_valid(s.bytes, s.len))
		lex_fail(l, t->at, "malformed UTF-8 encoding");
	return s;
}

uint64_t
lex_nat64(struct lex *l)
{
	const struct token *t = lex_expect(l, TOKEN_nat);
	uint64_t v = 0;
	if (t->kind == TOKEN_nat && !number_nat(t->at, t->len, UINT64_MAX, &v))
		lex_fail(l, t->at, "i64 constant out of range");
	return v;
}

uint32_t
lex_nat32(struct lex *l)
{
	const struct token *t = lex_expect(l, TOKEN_nat);
	uint64_t v = 0;
	if (t->kind == TOKEN_nat && !number_nat(t->at, t->len, UINT32_MAX, &v))
		lex_fail(l, t->at, "i32 constant out of range");
	return (uint32_t)v;
}
