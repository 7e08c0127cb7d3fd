/*
 * Literals of constants, as instructions and scripts write them.
 */
#include "spec/text_parse.h"

#include <string.h>

#include "spec/number.h"
#include "spec/script.h"

static bool
at_number(const struct lex *l)
{
	return l->t->kind == TOKEN_nat || l->t->kind == TOKEN_int ||
	       l->t->kind == TOKEN_float;
}

uint64_t
text_int(struct lex *l, unsigned bits)
{
	uint64_t v = 0;
	if (!at_number(l)) {
		lex_unexpected(l);
		return 0;
	}
	const struct token *t = lex_next(l);
	if (!number_int(t->at, t->len, bits, &v))
		lex_fail(l, t->at, "constant out of range");
	return v;
}

uint64_t
text_float(struct lex *l, unsigned bits)
{
	uint32_t narrow = 0;
	uint64_t wide = 0;
	if (!at_number(l)) {
		lex_unexpected(l);
		return 0;
	}
	const struct token *t = lex_next(l);
	if (bits == 32 ? !number_f32(t->at, t->len, &narrow)
		       : !number_f64(t->at, t->len, &wide))
		lex_fail(l, t->at, "constant out of range");
	return bits == 32 ? narrow : wide;
}

/* Lanes and their kind from the shape at the cursor; lanes 0 if it is none. */
static void
read_shape(struct lex *l, struct text_vector *v)
{
	static const struct {
		enum word word;
		uint8_t lanes;
	} shapes[] = { { WORD_i8x16, 16 }, { WORD_i16x8, 8 }, { WORD_i32x4, 4 },
		{ WORD_i64x2, 2 }, { WORD_f32x4, 4 }, { WORD_f64x2, 2 } };
	for (int i = 0; i < 6; i++)
		if (lex_take_word(l, shapes[i].word)) {
			v->lanes = shapes[i].lanes;
			v->is_float = i >= 4;
			return;
		}
	lex_unexpected(l);
}

/* The cursor is at a lane; a NaN pattern too, if those are allowed. */
static bool
at_lane(const struct lex *l, bool patterns)
{
	return at_number(l) ||
	       (patterns && (lex_at_word(l, WORD_nan_canonical) ||
				    lex_at_word(l, WORD_nan_arithmetic)));
}

static uint64_t
read_lane(struct lex *l, struct text_vector *v, uint32_t lane)
{
	unsigned bits = 128u / v->lanes;
	uint8_t nan = NAN_none;
	if (lex_at_word(l, WORD_nan_canonical))
		nan = NAN_canonical;
	else if (lex_at_word(l, WORD_nan_arithmetic))
		nan = NAN_arithmetic;
	if (nan == NAN_none)
		return v->is_float ? text_float(l, bits) : text_int(l, bits);
	if (!v->is_float)
		lex_fail(l, l->t->at, "invalid vector constant");
	else
		v->nan[lane] = nan;
	lex_next(l);
	return 0;
}

void
text_vector(struct lex *l, bool patterns, struct text_vector *v)
{
	const struct token *first;
	memset(v, 0, sizeof *v);
	read_shape(l, v);
	if (v->lanes == 0)
		return;
	uint32_t n = 0, bytes = 16u / v->lanes;
	for (first = l->t; at_lane(l, patterns); n++)
		l->t++;
	if (lex_at_unknown(l)) {
		lex_unexpected(l);
		return;
	}
	if (n != v->lanes) {
		lex_fail(l, first->at, "wrong number of lane literals");
		return;
	}
	l->t = first;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t bits = read_lane(l, v, i);
		for (uint32_t b = 0; b < bytes; b++)
			v->bytes[i * bytes + b] = (uint8_t)(bits >> 8 * b);
	}
}
