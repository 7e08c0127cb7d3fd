/*
 * Tokens of the text format (standard, 6.2 and 6.3) and a cursor over them,
 * which the parsers of modules and scripts share.  The source is taken apart
 * as a whole: 16 bytes per token.  The error is sticky: after the first one the
 * cursor stands at the end and gives TOKEN_end for ever.
 */
#ifndef SPEC_LEX_H
#define SPEC_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trap/error.h"

struct arena;
struct keyword;
struct writer;

enum token_kind {
	TOKEN_end,
	TOKEN_open,  /* ( */
	TOKEN_close, /* ) */
	TOKEN_nat,   /* number literals, valid as a whole */
	TOKEN_int,
	TOKEN_float,
	TOKEN_string,  /* with its quotes; escapes are valid */
	TOKEN_id,      /* with its $; a quoted one is not empty and valid */
	TOKEN_offset,  /* offset=NAT */
	TOKEN_align,   /* align=NAT */
	TOKEN_keyword, /* starts with a letter; may be unknown */
	TOKEN_atom,    /* inside annotations: anything else */
};

enum word {
	WORD_unknown, /* not a reserved word */
#define WORD(id, text, kind, code) WORD_##id,
#include "spec/word.def"
	WORD_count,
};

/* What a word is as a type (spec/word.def). */
enum word_kind { WORD_NONE, WORD_NUM, WORD_PACKED, WORD_HEAP, WORD_REF };

struct word_row {
	const char *text;
	uint8_t kind; /* enum word_kind */
	uint8_t code;
};

/* Indexed by enum word. */
extern const struct word_row word_rows[WORD_count];

struct token {
	const char *at;
	uint32_t len;
	uint8_t kind; /* enum token_kind */
	uint8_t word; /* keywords: enum word */
	uint16_t op;  /* keywords: enum op; OP_count if none */
};

enum annotation_kind {
	ANNOTATION_custom,
	ANNOTATION_name,
	ANNOTATION_branch_hint,
};

/* A known annotation; unknown ones are white space. */
struct annotation {
	uint32_t before; /* index of the token that follows it */
	uint8_t kind;	 /* enum annotation_kind */
	bool used;
	const char *at;		/* its "(@" */
	const char *body, *end; /* between its name and its ")" */
};

/* A place in the source; lines and columns (of characters) count from 1. */
struct place {
	const char *at;
	uint32_t line, column;
};

/* Bytes that belong to the source or to an arena. */
struct span {
	const char *bytes;
	uint32_t len;
};

struct lex {
	struct place start; /* of the source */
	const char *end;
	struct arena *arena;
	struct error *error;
	struct keyword *keywords; /* seen so far, hashed */
	uint64_t seed;		  /* of that and other hash tables */

	struct token *tokens; /* the last ones are TOKEN_end */
	uint32_t ntokens, room;
	const struct token *t, *last; /* the cursor; the first TOKEN_end */

	struct annotation *annotations; /* in order */
	uint32_t nannotations, annotations_room;
};

/*
 * Takes len bytes at src apart, which begin at line and column.  Tokens live in
 * a.  What stands before an error can still be read.
 */
void
lex_open(struct lex *l, const char *src, size_t len, uint32_t line,
	uint32_t column, struct arena *a, struct error *error);

/* The same for the body of an annotation, whose tokens are less strict. */
void
lex_open_body(
	struct lex *l, const struct lex *outer, const struct annotation *body);

/* Moves p forward to at. */
void
lex_advance_place(struct place *p, const char *at);

/* Records a malformed message at a place of the source and stops the cursor. */
void
lex_fail(struct lex *l, const char *at, const char *format, ...);

/* The same at a token, which is quoted. */
void
lex_fail_token(struct lex *l, const char *what, const struct token *t);

/* "unexpected token" or, for an unknown keyword, "unknown operator" at l->t. */
void
lex_unexpected(struct lex *l);

/* Out of memory: records that and stops the cursor. */
void
lex_fail_memory(struct lex *l);

/* Stops the cursor at the end. */
static inline void
lex_stop(struct lex *l)
{
	l->t = l->last;
}

static inline const struct token *
lex_next(struct lex *l)
{
	const struct token *t = l->t;
	l->t += t->kind != TOKEN_end;
	return t;
}

/* The cursor is at that word; at "(" and that word. */
static inline bool
lex_at_word(const struct lex *l, enum word w)
{
	return l->t->kind == TOKEN_keyword && l->t->word == w;
}

static inline bool
lex_at_form(const struct lex *l, enum word w)
{
	return l->t->kind == TOKEN_open && l->t[1].kind == TOKEN_keyword &&
	       l->t[1].word == w;
}

/* The cursor is at a keyword that nothing knows. */
bool
lex_at_unknown(const struct lex *l);

/* Passes the token if it is there; says whether it was. */
bool
lex_take(struct lex *l, enum token_kind kind);
bool
lex_take_word(struct lex *l, enum word w);
bool
lex_take_form(struct lex *l, enum word w);

/* Passes a token of that kind, which must be there.  Never NULL. */
const struct token *
lex_expect(struct lex *l, enum token_kind kind);
void
lex_expect_form(struct lex *l, enum word w);

/* Passes all up to the ")" that closes the form which the cursor is in. */
void
lex_skip_form(struct lex *l);

/* The bytes of a string token, or what an id means.  May allocate. */
struct span
lex_bytes(struct lex *l, const struct token *t);

/* Appends the bytes of a string token to w. */
void
lex_string(const struct token *t, struct writer *w);

/* A string that must be there and be UTF-8. */
struct span
lex_name(struct lex *l);

/* A natural number that must be there: up to 32 or 64 bits. */
uint32_t
lex_nat32(struct lex *l);
uint64_t
lex_nat64(struct lex *l);

#endif
