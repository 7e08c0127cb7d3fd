/*
 * The cursor over tokens: errors with their place, what must or may come next,
 * and what strings and numbers mean.
 */
#include "spec/lex.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "spec/number.h"
#include "spec/op.h"
#include "spec/utf8.h"
#include "spec/writer.h"
#include "trap/arena.h"

#define QUOTED 64 /* bytes of a token that a message repeats at most */

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

void
lex_fail_token(struct lex *l, const char *what, const struct token *t)
{
	int len = t->len < QUOTED ? (int)t->len : QUOTED;
	lex_fail(l, t->at, "%s %.*s", what, len, t->at);
}

bool
lex_at_unknown(const struct lex *l)
{
	return l->t->kind == TOKEN_keyword && l->t->word == WORD_unknown &&
	       l->t->op == OP_count;
}

void
lex_unexpected(struct lex *l)
{
	const struct token *t = l->t;
	if (t->kind == TOKEN_end)
		lex_fail(l, t->at, "unexpected token at the end");
	else
		lex_fail_token(l,
			lex_at_unknown(l) ? "unknown operator"
					  : "unexpected token",
			t);
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

/* Appends what the escape behind a backslash means; returns what follows it. */
static const char *
write_escape(struct writer *w, const char *p, const char *end)
{
	static const char letters[] = "nrt\\'\"", meant[] = "\n\r\t\\'\"";
	const char *letter = memchr(letters, *p, 6);
	uint64_t v = 0;
	if (letter != NULL) {
		writer_byte(w, (uint8_t)meant[letter - letters]);
		return p + 1;
	}
	if (*p != 'u') {
		number_hex(p, 2, 0xff, &v);
		writer_byte(w, (uint8_t)v);
		return p + 2;
	}
	const char *brace = memchr(p, '}', (size_t)(end - p));
	number_hex(p + 2, (uint32_t)(brace - p - 2), 0x10ffff, &v);
	write_utf8(w, (uint32_t)v);
	return brace + 1;
}

void
lex_string(const struct token *t, struct writer *w)
{
	const char *p = t->at + 1, *end = t->at + t->len - 1;
	while (p < end) {
		const char *slash = memchr(p, '\\', (size_t)(end - p));
		const char *stop = slash != NULL ? slash : end;
		writer_bytes(w, p, (size_t)(stop - p));
		p = slash != NULL ? write_escape(w, slash + 1, end) : end;
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
