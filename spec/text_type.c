/*
 * Types of the text format (standard, 6.4): written out in type fields, or
 * implied by type uses.  A function type is known by its encoded parameters and
 * results, its signature; implicit types are appended in order of first use.
 */
#include "spec/text_parse.h"

#include <string.h>

#include "spec/hash.h"
#include "spec/number.h"
#include "spec/type.h"

enum {
	CODE_array = 0x5e,
	CODE_struct = 0x5f,
	CODE_func = 0x60,
	CODE_ref = 0x64,
	CODE_ref_null = 0x63,
	CODE_rec = 0x4e,
	CODE_sub_final = 0x4f,
	CODE_sub = 0x50,
};

/* Bits of the flags of limits. */
enum { LIMITS_max = 1, LIMITS_shared = 2, LIMITS_64 = 4, LIMITS_pagesize = 8 };

/* The first final function type without super type of that signature. */
struct signature {
	UT_hash_handle hh;
	uint32_t type;
};

/* ---- value types ---- */

static const struct word_row *
word_at(const struct lex *l)
{
	return &word_rows[l->t->kind == TOKEN_keyword ? l->t->word : 0];
}

bool
text_at_reftype(const struct lex *l)
{
	return word_at(l)->kind == WORD_REF || lex_at_form(l, WORD_ref);
}

void
text_heaptype(struct text *p, struct writer *w)
{
	const struct word_row *word = word_at(&p->l);
	if (word->kind == WORD_HEAP) {
		writer_byte(w, word->code);
		p->l.t++;
	} else {
		writer_s64(w, text_index(p, &p->spaces[SPACE_type]));
	}
}

bool
text_reftype(struct text *p, struct writer *heap)
{
	const struct word_row *word = word_at(&p->l);
	if (word->kind == WORD_REF) {
		writer_byte(heap, word->code);
		p->l.t++;
		return true;
	}
	lex_expect_form(&p->l, WORD_ref);
	bool null = lex_take_word(&p->l, WORD_null);
	text_heaptype(p, heap);
	lex_expect(&p->l, TOKEN_close);
	return null;
}

/* (ref null? heaptype), in the short form if there is one */
static void
long_reftype(struct text *p, struct writer *w)
{
	lex_expect_form(&p->l, WORD_ref);
	bool null = lex_take_word(&p->l, WORD_null);
	if (!null || word_at(&p->l)->kind != WORD_HEAP)
		writer_byte(w, null ? CODE_ref_null : CODE_ref);
	text_heaptype(p, w);
	lex_expect(&p->l, TOKEN_close);
}

void
text_valtype(struct text *p, struct writer *w)
{
	const struct word_row *word = word_at(&p->l);
	if (word->kind == WORD_NUM || word->kind == WORD_REF) {
		writer_byte(w, word->code);
		p->l.t++;
	} else if (lex_at_form(&p->l, WORD_ref)) {
		long_reftype(p, w);
	} else {
		lex_unexpected(&p->l);
	}
}

/* Value types up to a ")"; returns how many. */
static uint32_t
valtypes(struct text *p, struct writer *w)
{
	uint32_t n = 0;
	while (p->l.t->kind != TOKEN_close && p->l.t->kind != TOKEN_end) {
		text_valtype(p, w);
		n++;
	}
	return n;
}

void
text_globaltype(struct text *p, struct writer *w)
{
	bool mut = lex_take_form(&p->l, WORD_mut);
	text_valtype(p, w);
	if (mut)
		lex_expect(&p->l, TOKEN_close);
	writer_byte(w, mut);
}

/* ---- limits ---- */

bool
text_addrtype(struct lex *l)
{
	return lex_take_word(l, WORD_i64) ||
	       (lex_take_word(l, WORD_i32) && false);
}

uint32_t
text_pagesize(struct lex *l, bool *there)
{
	uint32_t shift = 0;
	*there = lex_take_form(l, WORD_pagesize);
	if (!*there)
		return 16;
	const struct token *t = l->t;
	uint64_t bytes = lex_nat64(l);
	while (bytes > 1 && (bytes & 1) == 0) {
		bytes >>= 1;
		shift++;
	}
	if (bytes != 1)
		lex_fail(l, t->at, "invalid custom page size");
	lex_expect(l, TOKEN_close);
	return shift;
}

/* min max? at the cursor: the flag LIMITS_max if there are two. */
static unsigned
limits(struct lex *l, uint64_t bounds[2])
{
	bounds[0] = lex_nat64(l);
	if (l->t->kind != TOKEN_nat)
		return 0;
	bounds[1] = lex_nat64(l);
	return LIMITS_max;
}

static void
write_limits(struct writer *w, unsigned flags, const uint64_t bounds[2])
{
	writer_byte(w, (uint8_t)flags);
	writer_u64(w, bounds[0]);
	if ((flags & LIMITS_max) != 0)
		writer_u64(w, bounds[1]);
}

void
text_memtype(struct text *p, struct writer *w)
{
	uint64_t bounds[2] = { 0, 0 };
	bool paged, again = false;
	unsigned flags = text_addrtype(&p->l) ? LIMITS_64 : 0;
	flags |= limits(&p->l, bounds);
	uint32_t shift = text_pagesize(&p->l, &paged);
	if (lex_take_word(&p->l, WORD_shared))
		flags |= LIMITS_shared;
	if (!paged)
		shift = text_pagesize(&p->l, &again);
	if (paged || again)
		flags |= LIMITS_pagesize;
	write_limits(w, flags, bounds);
	if (paged || again)
		writer_u64(w, shift);
}

void
text_tabletype(struct text *p, struct writer *w)
{
	uint64_t bounds[2] = { 0, 0 };
	struct writer type = writer_make(p->scratch);
	unsigned flags = text_addrtype(&p->l) ? LIMITS_64 : 0;
	flags |= limits(&p->l, bounds);
	if (!text_at_reftype(&p->l))
		lex_unexpected(&p->l);
	text_valtype(p, &type);
	writer_bytes(w, type.bytes, type.len);
	write_limits(w, flags, bounds);
}

/* ---- the type space ---- */

/* The next type, zeroed; NULL when out of memory. */
static struct text_type *
add_type(struct text *p)
{
	if (p->ntypes == p->types_room) {
		uint32_t room = 2 * p->types_room + 16;
		struct text_type *grown = arena_grow(p->scratch, p->types,
			p->types_room * sizeof *grown, room * sizeof *grown);
		if (grown == NULL) {
			lex_fail_memory(&p->l);
			return NULL;
		}
		p->types = grown;
		p->types_room = room;
	}
	return &p->types[p->ntypes++];
}

static struct signature *
find_signature(const struct text *p, const struct writer *sig)
{
	uint64_t hash_seed = p->l.seed;
	struct signature *found;
	HASH_FIND(hh, p->signatures, sig->bytes, sig->len, found);
	return found;
}

/* Makes type i the one that is implied by its signature, if none is yet. */
static void
offer_signature(struct text *p, uint32_t i, const uint8_t *sig, uint32_t len)
{
	struct arena *hash_arena = p->scratch;
	uint64_t hash_seed = p->l.seed;
	struct signature *s;
	HASH_FIND(hh, p->signatures, sig, len, s);
	if (s != NULL)
		return;
	s = arena_alloc(p->scratch, sizeof *s);
	if (s == NULL) {
		lex_fail_memory(&p->l);
		return;
	}
	s->type = i;
	HASH_ADD_KEYPTR(hh, p->signatures, sig, len, s);
}

/* Gives t the function type u, which was just read. */
static void
set_signature(struct text *p, struct text_type *t, const struct typeuse *u)
{
	uint8_t *copy = arena_copy(p->scratch, p->sig.bytes, p->sig.len);
	if (copy == NULL) {
		lex_fail_memory(&p->l);
		return;
	}
	t->sig = copy;
	t->sig_len = (uint32_t)p->sig.len;
	t->nparams = u->nparams;
}

/* ---- type uses ---- */

/* (param $id? type*), behind the keyword */
static void
read_param(struct text *p, struct typeuse *u, enum typeuse_mode mode)
{
	struct space *locals = &p->spaces[SPACE_local];
	if (p->l.t->kind == TOKEN_id && mode != TYPEUSE_plain) {
		if (mode == TYPEUSE_locals)
			text_bind(p, locals, p->per_func);
		else
			p->l.t++;
		text_valtype(p, &p->params);
		u->nparams++;
	} else {
		uint32_t n = valtypes(p, &p->params);
		u->nparams += n;
		locals->count += mode == TYPEUSE_locals ? n : 0;
	}
	lex_expect(&p->l, TOKEN_close);
}

struct typeuse
text_read_typeuse(struct text *p, enum typeuse_mode mode)
{
	struct typeuse u = { .at = p->l.t };
	p->params.len = p->results.len = p->sig.len = 0;
	if (lex_take_form(&p->l, WORD_type)) {
		u.named = true;
		u.index = text_index(p, &p->spaces[SPACE_type]);
		lex_expect(&p->l, TOKEN_close);
	}
	while (lex_take_form(&p->l, WORD_param))
		read_param(p, &u, mode);
	while (lex_take_form(&p->l, WORD_result)) {
		u.nresults += valtypes(p, &p->results);
		lex_expect(&p->l, TOKEN_close);
	}
	if (lex_at_form(&p->l, WORD_param) || lex_at_form(&p->l, WORD_type)) {
		lex_next(&p->l);
		lex_unexpected(&p->l); /* before a mismatch is reported */
	}
	writer_u64(&p->sig, u.nparams);
	writer_bytes(&p->sig, p->params.bytes, p->params.len);
	writer_u64(&p->sig, u.nresults);
	writer_bytes(&p->sig, p->results.bytes, p->results.len);
	return u;
}

/* (type x): what it says must agree with an inline part, if there is one. */
static void
check_inline(struct text *p, struct typeuse *u)
{
	const struct text_type *t =
		u->index < p->ntypes ? &p->types[u->index] : NULL;
	if (u->nparams == 0 && u->nresults == 0) {
		u->nparams = t != NULL ? t->nparams : 0;
		return;
	}
	if (t == NULL)
		lex_fail(&p->l, u->at->at, "unknown type %u",
			(unsigned)u->index);
	else if (t->sig == NULL)
		lex_fail(&p->l, u->at->at, "non-function type %u",
			(unsigned)u->index);
	else if (t->sig_len != p->sig.len ||
		 memcmp(t->sig, p->sig.bytes, t->sig_len) != 0)
		lex_fail(&p->l, u->at->at,
			"inline function type does not match explicit type");
}

uint32_t
text_resolve_typeuse(struct text *p, struct typeuse *u)
{
	if (u->named) {
		check_inline(p, u);
		return u->index;
	}
	struct signature *s = find_signature(p, &p->sig);
	if (s != NULL)
		return s->type;
	struct text_type *t = add_type(p);
	if (t == NULL)
		return 0;
	set_signature(p, t, u);
	offer_signature(p, p->ntypes - 1, t->sig, t->sig_len);
	struct section *types = &p->sections[SECTION_type];
	writer_byte(&types->w, CODE_func);
	writer_bytes(&types->w, p->sig.bytes, p->sig.len);
	types->count++;
	return p->ntypes - 1;
}

uint32_t
text_typeuse(struct text *p, enum typeuse_mode mode)
{
	struct typeuse u = text_read_typeuse(p, mode);
	return text_resolve_typeuse(p, &u);
}

/* ---- type definitions ---- */

/* storage type or (mut storage type) */
static void
field_type(struct text *p, struct writer *w)
{
	bool mut = lex_take_form(&p->l, WORD_mut);
	const struct word_row *word = word_at(&p->l);
	if (word->kind == WORD_PACKED) {
		writer_byte(w, word->code);
		p->l.t++;
	} else {
		text_valtype(p, w);
	}
	if (mut)
		lex_expect(&p->l, TOKEN_close);
	writer_byte(w, mut);
}

/* (field $id? type*)*, behind "(struct" */
static void
define_struct(struct text *p, struct text_type *t, struct writer *w)
{
	struct writer fields = writer_make(p->scratch);
	t->fields.what = "field";
	while (lex_take_form(&p->l, WORD_field)) {
		if (p->l.t->kind == TOKEN_id) {
			text_bind(p, &t->fields, p->scratch);
			field_type(p, &fields);
		} else {
			while (p->l.t->kind != TOKEN_close &&
				p->l.t->kind != TOKEN_end) {
				field_type(p, &fields);
				t->fields.count++;
			}
		}
		lex_expect(&p->l, TOKEN_close);
	}
	writer_byte(w, CODE_struct);
	writer_u64(w, t->fields.count);
	writer_bytes(w, fields.bytes, fields.len);
	p->nfield_names +=
		text_write_indirect(&p->field_names, p->ntypes - 1, &t->fields);
}

/* (func ..), (struct ..) or (array ..) */
static void
define_comptype(struct text *p, struct text_type *t, struct writer *w)
{
	if (lex_take_form(&p->l, WORD_struct)) {
		define_struct(p, t, w);
	} else if (lex_take_form(&p->l, WORD_array)) {
		writer_byte(w, CODE_array);
		field_type(p, w);
	} else {
		lex_expect_form(&p->l, WORD_func);
		if (lex_at_form(&p->l, WORD_type))
			lex_unexpected(&p->l);
		struct typeuse u = text_read_typeuse(p, TYPEUSE_ids);
		set_signature(p, t, &u);
		writer_byte(w, CODE_func);
		writer_bytes(w, p->sig.bytes, p->sig.len);
	}
	lex_expect(&p->l, TOKEN_close);
}

/* Behind "(type"; alone: the type is a group of its own. */
static void
define_type(struct text *p, struct writer *w, bool alone)
{
	struct writer supers = writer_make(p->scratch);
	uint32_t nsupers = 0;
	bool final = true;
	lex_take(&p->l, TOKEN_id);
	struct text_type *t = add_type(p);
	if (t == NULL)
		return;
	bool sub = lex_take_form(&p->l, WORD_sub);
	if (sub) {
		final = lex_take_word(&p->l, WORD_final);
		for (; text_at_index(&p->l); nsupers++)
			writer_u64(
				&supers, text_index(p, &p->spaces[SPACE_type]));
	}
	bool plain = final && nsupers == 0;
	if (!plain) {
		writer_byte(w, final ? CODE_sub_final : CODE_sub);
		writer_u64(w, nsupers);
		writer_bytes(w, supers.bytes, supers.len);
	}
	define_comptype(p, t, w);
	if (plain && alone && t->sig != NULL)
		offer_signature(p, p->ntypes - 1, t->sig, t->sig_len);
	if (sub)
		lex_expect(&p->l, TOKEN_close);
	lex_expect(&p->l, TOKEN_close);
}

/* Behind "(rec" */
static void
define_group(struct text *p, struct writer *w)
{
	uint32_t n = 0;
	struct writer members = writer_make(p->scratch);
	const struct token *first = p->l.t;
	/* one member is the same as a type alone (standard, 6.6.3) */
	bool alone = false;
	if (lex_at_form(&p->l, WORD_type)) {
		p->l.t += 2;
		lex_skip_form(&p->l);
		alone = p->l.t->kind == TOKEN_close;
		if (p->l.t->kind != TOKEN_end)
			p->l.t = first;
	}
	for (; lex_take_form(&p->l, WORD_type); n++)
		define_type(p, &members, alone);
	lex_expect(&p->l, TOKEN_close);
	writer_byte(w, CODE_rec);
	writer_u64(w, n);
	writer_bytes(w, members.bytes, members.len);
}

void
text_note_type(struct text *p)
{
	if (p->ntypedefs == p->typedefs_room) {
		uint32_t room = 2 * p->typedefs_room + 16;
		const struct token **grown = arena_grow(p->scratch, p->typedefs,
			p->typedefs_room * sizeof *grown, room * sizeof *grown);
		if (grown == NULL) {
			lex_fail_memory(&p->l);
			return;
		}
		p->typedefs = grown;
		p->typedefs_room = room;
	}
	p->typedefs[p->ntypedefs++] = p->l.t;
}

void
text_define_types(struct text *p)
{
	struct section *types = &p->sections[SECTION_type];
	p->annotation = 0;
	for (uint32_t i = 0; i < p->ntypedefs; i++) {
		if (p->l.error->kind != ERROR_none)
			return;
		p->l.t = p->typedefs[i];
		if (p->l.t[-1].word == WORD_rec)
			define_group(p, &types->w);
		else
			define_type(p, &types->w, true);
		types->count++;
	}
}
