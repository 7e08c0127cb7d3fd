/*
 * Operands are printed by the string of each handler: see PLAIN in
 * interp/bc.def.
 */
#include "interp/dump.h"

#include <inttypes.h>
#include <string.h>

#include "interp/loop.h"
#include "interp/object.h"
#include "interp/pair.h"
#include "interp/translate.h"
#include "spec/code.h"
#include "spec/engine.h"
#include "spec/module.h"
#include "trap/arena.h"
#include "trap/error.h"

#define NAME(x) #x

/* operands of the forms of a family, in the letters of PLAIN */
#define RIGHT_S "c"
#define RIGHT_A "A"
#define RIGHT_I "i"
#define RIGHT_K "k"
#define RIGHT_B "b"
#define LEFT_I "i"
#define C_S "c"
#define C_I "C"
#define D_S "d"
#define D_I "D"
#define LEFT_S "b"
#define LEFT_A "A"
#define BRIGHT_S "b"
#define BRIGHT_A "A"
#define BRIGHT_I "B"
#define BLEFT_S "a"
#define BLEFT_A "A"
#define EA_S "bi"
#define EA_A "Ai"
#define EA_SS "bcD"
#define EA_AS "AcD"
#define EA_SI "bi"
#define EA_AI "Ai"
#define EA_I "i"
#define EA_M "bik"
#define EA_HS "bi"
#define EA_HA "Ai"
#define EA_HSI "bi"
#define EA_HAI "Ai"
#define EA_HSS "bcD"
#define EA_HAS "AcD"
#define VALUE_S "a"
#define VALUE_A "A"
#define VALUE_I "h"
#define ROW_2(id, l, r) { NAME(id##_##l##r), "a" LEFT_##l RIGHT_##r },
#define ROW_BR(id, l, r) { NAME(br_##id##_##l##r), BLEFT_##l BRIGHT_##r "t" },
#define ROW_BRN(id, l, r) { NAME(brn_##id##_##l##r), BLEFT_##l BRIGHT_##r "t" },
#define ROW_1(id, x) { NAME(id##_##x), "a" LEFT_##x },
#define ROW_LOAD(id, x) { NAME(id##_##x), "a" EA_##x },
#define ROW_INC(id, r) { NAME(increment_br_##id##_##r), "aC" BRIGHT_##r "z" },
#define INDEX_S "c"
#define INDEX_A "A"
#define INDEX_I "C"
#define ROW_SGET(id, o) { NAME(struct_get_##id##_##o), "a" LEFT_##o "i" },
#define ROW_AGET(id, o, i) \
	{ NAME(array_get_##id##_##o##i), "a" LEFT_##o INDEX_##i },
#define ROW_SSET(id, o, v) \
	{ NAME(struct_set_##id##_##o##_##v), LEFT_##o "i" VALUE_##v },
#define ROW_ASET(id, o, i, v) \
	{ NAME(array_set_##id##_##o##i##_##v), LEFT_##o INDEX_##i VALUE_##v },
#define ROW_VL(id, x, l) { NAME(id##_load_##x##_##l), "abD" VLEFT_##l },
#define ROW_VCL(id, x, l) { NAME(id##_load_##x##_##l), "abjc" VOUTER_##l },
#define VOUTER_S "d"
#define VOUTER_A "A"
#define VLEFT_S "c"
#define VLEFT_A "A"
#define ROW_ST(id, x, v) { NAME(id##_##x##_##v), EA_##x VALUE_##v },

static const struct {
	const char *name, *operands;
} rows[BC_count] = {
#define BIN(id, type, commutes) FORMS2_##type(ROW_2, id)
#define DIV(id, type) FORMS2_##type(ROW_2, id)
#define CMP(id, type, mirror, inverse) \
	FORMS2_##type(ROW_2, id) FORMS2(ROW_BR, id)
#define FBIN(id, type, commutes) FORMS2_##type(ROW_2, id)
#define FCMP(id, type, mirror) \
	FORMS2_##type(ROW_2, id) FORMS2(ROW_BR, id) FORMS2(ROW_BRN, id)
#define UNARY(id, from, to) FORMS1(ROW_1, id)
#define CONVERT(id, from, to) FORMS1(ROW_1, id)
#define LOAD(id, type, bytes, value) FORMS_LOAD(ROW_LOAD, id)
#define STORE(id, type, bytes) FORMS_STORE(ROW_ST, id)
#define FSTORE(id, type, bytes) FORMS_FSTORE(ROW_ST, id)
#define CHAIN(id, type, inner, r1, outer, r2) \
	{ NAME(id##_S), "ab" C_##r1 D_##r2 }, \
		{ NAME(id##_A), "aA" C_##r1 D_##r2 },
#define RCHAIN(id, type, inner, r1, outer) CHAIN(id, type, inner, r1, outer, S)
#define INCREMENT_BR(id, mirror) FORMS_INCREMENT(ROW_INC, id)
#define PLAIN(id, operands) { #id, operands },
#include "interp/bc.def"
#define VBIN(id, nan, commutes) FORMS_VBIN_##commutes(ROW_2, id)
#define VBIN_LOAD(id) FORMS_VBIN_LOAD(ROW_VL, id)
#define VCHAIN_LOAD(id, inner, outer) FORMS_VBIN_LOAD(ROW_VCL, id)
#define VUNARY(id, nan) FORMS1(ROW_1, id)
#define VTERNARY(id, nan) { #id, "abcd" },
#define VSHIFT(id) FORMS_VSHIFT(ROW_2, id)
#define VTEST(id) { #id, "ab" },
#define VSPLAT(id, type) { #id, "ab" },
#define VEXTRACT(id, type, lanes) { #id, "abC" },
#define VREPLACE(id, type, lanes) { #id, "abcD" },
#define VLOAD(id, bytes) FORMS_VLOAD(ROW_LOAD, id)
#define VSTORE(id, bytes) FORMS_VSTORE(ROW_ST, id)
#define VLOAD_LANE(id, bytes) { #id, "abikl" },
#define VSTORE_LANE(id, bytes) { #id, "abikl" },
#define PLAIN(id, operands) { #id, operands },
#include "interp/vector.def"
#define GET(id, type, bytes, value) FORMS_GET(ROW_SGET, ROW_AGET, id)
#define PUT(id, type, bytes) FORMS_PUT(ROW_SSET, ROW_ASET, id)
#define PLAIN(id, operands) { #id, operands },
#include "interp/object.def"
#define ATOMIC_LOAD(id, type, bits) { #id, "abik" },
#define ATOMIC_STORE(id, type, bits) { #id, "abik" },
#define ATOMIC_RMW(id, type, bits, op) { #id, "abikm" },
#define ATOMIC_CMPXCHG(id, type, bits) { #id, "abikn" },
#define ATOMIC_WAIT(id, type, bits) { #id, "abikn" },
#define PLAIN(id, operands) { #id, operands },
#include "interp/atomic.def"
#define PAIR_BOTH(x, y) { NAME(x + y), "" },
#include "interp/pair.def"
};

const char *
dump_bc_name(unsigned bc)
{
	return bc < BC_count ? rows[bc].name : "?";
}

/* The handler that a cell names; BC_count for the words after a call. */
static unsigned
bc_of(const struct cell *c)
{
	const union word *words = loop_tables()->words;
	unsigned bc = 0;
	while (bc < BC_count && memcmp(&words[bc], &c->op, sizeof c->op) != 0)
		bc++;
	return bc;
}

/* The first of the cell's words counts the others. */
static bool
counted(unsigned bc)
{
	return bc == BC_call_indirect_S || bc == BC_call_indirect_A ||
	       bc == BC_call_indirect64 || bc == BC_call_ref ||
	       bc == BC_return_call_indirect;
}

static void
dump_argument(FILE *f, uint32_t word)
{
	if (word & 1)
		fprintf(f, " %" PRId32,
			(int32_t)(((word >> 1) ^ 0x40000000) - 0x40000000));
	else
		fprintf(f, " s%" PRIu32, word >> 1);
}

/* "length 0: s1 s2", or with offset:width after each value. */
static void
dump_fields(FILE *f, const uint32_t *w, uint32_t n)
{
	fprintf(f, " length %" PRIu32 ":", w[1]);
	for (uint32_t i = 2; i < n; i++) {
		dump_argument(f, w[i]);
		if ((w[0] & NEW_SLOTS) != 0)
			continue;
		i++;
		fprintf(f, " %" PRIu32 ":%" PRIu32, w[i] & 0xffffff,
			w[i] >> 24);
	}
}

/* Words after a call, br_table or a new object. */
static void
dump_words(FILE *f, const struct cell *c, unsigned bc, uint32_t n, uint32_t at)
{
	const uint32_t *w = cell_words(c);
	if (bc == BC_object_new || bc == BC_object_new_slots ||
		bc == BC_object_new_large) {
		dump_fields(f, w, n);
		return;
	}
	for (uint32_t i = counted(bc); i < n; i++) {
		if (bc == BC_br_table_S || bc == BC_br_table_A)
			fprintf(f, " @%" PRIu32,
				at + w[i] / (uint32_t)sizeof *c);
		else
			dump_argument(f, w[i]);
	}
}

/* How many words there are, and cells that they fill. */
static uint32_t
word_count(const struct cell *c, unsigned bc, uint32_t *cells)
{
	uint32_t n = 0;
	*cells = 0;
	if (counted(bc)) {
		*cells = cell_words(c)[0] >> 16;
		return (cell_words(c)[0] & 0xffff) + 1;
	}
	switch (bc) {
	case BC_call_1:
	case BC_call_2:
	case BC_call_3:
	case BC_call_n:
	case BC_call_import:
		n = c->v.s.c;
		*cells = c->v.s.d;
		break;
	case BC_object_new:
	case BC_object_new_slots:
	case BC_object_new_large:
		n = (cell_words(c)[0] & NEW_SLOTS) != 0 ? 1 : 2;
		n = 2 + n * c->u.s.b;
		*cells = cell_count(n);
		break;
	case BC_br_table_S:
	case BC_br_table_A:
		n = (uint32_t)c->v.imm + 1;
		*cells = cell_count(n);
		break;
	default:
		for (const char *s = rows[bc].operands; *s; s++)
			*cells += strchr("klpjy", *s) != NULL;
		break;
	}
	return n;
}

static void
dump_operand(FILE *f, const struct cell *c, char letter, uint32_t at)
{
	uint64_t bits;
	char type[32];
	switch (letter) {
	case 'a':
		fprintf(f, " s%u", c->u.s.a);
		break;
	case 'b':
		fprintf(f, " s%u", c->u.s.b);
		break;
	case 'c':
		fprintf(f, " s%u", c->v.s.c);
		break;
	case 'd':
		fprintf(f, " s%u", c->v.s.d);
		break;
	case 'B':
		fprintf(f, " %d", (int16_t)c->u.s.b);
		break;
	case 'C':
		fprintf(f, " %d", (int16_t)c->v.s.c);
		break;
	case 'D':
		fprintf(f, " %d", (int16_t)c->v.s.d);
		break;
	case 'z':
		fprintf(f, " @%" PRIu32,
			at + (uint32_t)(int32_t)(int16_t)c->v.s.d);
		break;
	case 'A':
		fprintf(f, " acc");
		break;
	case 'i':
		fprintf(f, " %" PRId32, c->v.imm);
		break;
	case 'h':
		fprintf(f, " %d", (int16_t)c->u.s.a);
		break;
	case 'f':
		fprintf(f, " f%" PRIu32, c->u.ab);
		break;
	case 't':
		fprintf(f, " @%" PRIu32,
			at + (uint32_t)(c->v.imm / (int32_t)sizeof *c));
		break;
	case 'l':
		fprintf(f, " s%u lane %u", c[2].u.s.a, c[2].u.s.b);
		break;
	case 'm':
		fprintf(f, " s%u", c[2].u.s.a);
		break;
	case 'n':
		fprintf(f, " s%u s%u", c[2].u.s.a, c[2].u.s.b);
		break;
	case 'v':
		fprintf(f, " %s", vt_format((valtype)c->v.imm, type));
		break;
	case 'y':
		fprintf(f, " %s", vt_format(c[1].u.ab, type));
		break;
	case 'j':
		fprintf(f, " %" PRIu32, c[1].u.ab);
		break;
	case 'k':
		memcpy(&bits, &c[1].u, sizeof bits);
		fprintf(f, " 0x%" PRIx64, bits);
		break;
	default:
		break;
	}
}

/* The clauses that a call or throw with this last cell stands in. */
static void
dump_within(FILE *f, const struct cell *last, uint32_t at)
{
	if (last->v.s.d != 0)
		fprintf(f, " try @%" PRIu32, at + last->u.ab);
}

/* The tables of interp/except.h. */
static void
dump_tables(FILE *f, const struct translation *t)
{
	static const char *const kinds[] = { "catch", "catch_ref", "catch_all",
		"catch_all_ref" };
	for (uint32_t i = t->clauses; i < t->ncells;) {
		uint32_t n = t->cells[i].u.ab;
		fprintf(f, "%5" PRIu32 " try", i);
		if (t->cells[i].v.imm != 0)
			fprintf(f, " in @%" PRIu32,
				i + (uint32_t)t->cells[i].v.imm);
		fputc('\n', f);
		for (i++; n-- > 0; i += 2) {
			const struct cell *c = &t->cells[i];
			fprintf(f, "%5" PRIu32 " %s", i, kinds[c[1].v.imm]);
			if (c[1].v.imm < CATCH_all)
				fprintf(f, " tag %" PRIu32, c[1].u.ab);
			dump_operand(f, c, 'b', i);
			dump_operand(f, c, 't', i);
			fputc('\n', f);
		}
	}
}

/* Calls, and what else leaves a site. */
static bool
leaves_site(unsigned bc)
{
	return (bc >= BC_call_1 && bc <= BC_call_n) || bc == BC_call_import ||
	       bc == BC_throw || bc == BC_throw_ref ||
	       (counted(bc) && bc != BC_return_call_indirect);
}

void
dump_func(FILE *f, struct module *m, uint32_t func)
{
	struct arena a;
	struct translation t;
	struct error error;
	arena_init(&a, &m->engine->alloc);
	error_clear(&error);
	if (!translate_function(m, func, &a, &t, &error))
		t.clauses = t.ncells = 0;
	for (uint32_t i = 0; i < t.clauses;) {
		const struct cell *c = &t.cells[i];
		unsigned bc = pair_first((uint16_t)bc_of(c));
		uint32_t more, n = word_count(c, bc, &more);
		fprintf(f, "%5" PRIu32 " %06" PRIx32 " %s", i, t.offsets[i],
			dump_bc_name(bc));
		for (const char *s = rows[bc].operands; *s; s++)
			dump_operand(f, c, *s, i);
		dump_words(f, c, bc, n, i);
		if (leaves_site(bc))
			dump_within(f, c + more, i + more);
		fputc('\n', f);
		i += 1 + more;
	}
	dump_tables(f, &t);
	arena_free(&a);
}
