/*
 * Element and data segments (standard, 6.6.8 and 6.6.9), alone and inside of
 * tables and memories.
 *
 *   elem: flags, then         0 expr funcs*          4 expr exprs*
 *                             1 kind funcs*          5 type exprs*
 *                             2 table expr kind ..   6 table expr type ..
 *                             3 kind funcs*          7 type exprs*
 *   data: 0 expr bytes        1 bytes                2 memory expr bytes
 */
#include "spec/text_parse.h"
#include "spec/type.h"

#define KIND_func 0x00

enum { ELEM_passive = 1, ELEM_table = 2, ELEM_declarative = 3, ELEM_exprs = 4 };

/* (offset instr*) or a folded instruction */
static void
offset_expr(struct text *p, struct writer *w)
{
	if (lex_take_form(&p->l, WORD_offset)) {
		text_expr(p, w);
		lex_expect(&p->l, TOKEN_close);
	} else {
		text_folded_expr(p, w);
	}
}

/*
 * (table x) or (memory x), if it is there; the plain number of WebAssembly 1.0
 * is taken too.
 */
static bool
take_container(struct text *p, enum space_kind kind, uint32_t *index)
{
	if (p->l.t->kind == TOKEN_nat) {
		*index = lex_nat32(&p->l);
		return true;
	}
	if (!lex_take_form(
		    &p->l, kind == SPACE_table ? WORD_table : WORD_memory))
		return false;
	*index = text_index(p, &p->spaces[kind]);
	lex_expect(&p->l, TOKEN_close);
	return true;
}

/* t.const 0 end */
static void
zero_expr(struct writer *w, bool is64)
{
	text_opcode(w, is64 ? OP_i64_const : OP_i32_const);
	writer_byte(w, 0);
	text_opcode(w, OP_end);
}

/* Function indices as such or as ref.func expressions; returns how many. */
static uint32_t
elem_funcs(struct text *p, bool exprs, struct writer *w)
{
	uint32_t n = 0;
	for (; text_at_index(&p->l); n++) {
		uint32_t f = text_index(p, &p->spaces[SPACE_func]);
		if (exprs)
			text_opcode(w, OP_ref_func);
		writer_u64(w, f);
		if (exprs)
			text_opcode(w, OP_end);
	}
	return n;
}

/* (item instr*) or folded instructions; returns how many. */
static uint32_t
elem_exprs(struct text *p, struct writer *w)
{
	uint32_t n = 0;
	for (; p->l.t->kind == TOKEN_open; n++) {
		if (lex_take_form(&p->l, WORD_item)) {
			text_expr(p, w);
			lex_expect(&p->l, TOKEN_close);
		} else {
			text_folded_expr(p, w);
		}
	}
	return n;
}

/*
 * What a segment holds, from the cursor on: func index*, reftype expr*, or,
 * if bare, index*.  Gives ELEM_exprs or 0, the kind or type, and the vector.
 */
static unsigned
elem_list(struct text *p, bool bare, struct writer *type, struct writer *list)
{
	struct writer items = writer_make(p->scratch);
	unsigned flags = 0;
	uint32_t n;
	if (text_at_reftype(&p->l)) {
		text_valtype(p, type);
		flags = ELEM_exprs;
		n = elem_exprs(p, &items);
	} else {
		if (!lex_take_word(&p->l, WORD_func) && !bare)
			lex_unexpected(&p->l);
		writer_byte(type, KIND_func);
		n = elem_funcs(p, false, &items);
	}
	writer_u64(list, n);
	writer_bytes(list, items.bytes, items.len);
	return flags;
}

/* The type of forms 0 and 4: (ref func) of func, funcref of expressions. */
static bool
is_default_type(unsigned flags, const struct writer *type)
{
	return (flags & ELEM_exprs) == 0 ||
	       (type->len == 1 && type->bytes[0] == HT_FUNC);
}

/* Appends an active segment; offset is its encoded expression. */
static void
write_active(struct text *p, uint32_t table, unsigned flags,
	const struct writer *offset, const struct writer *type,
	const struct writer *list)
{
	struct section *s = &p->sections[SECTION_elem];
	if (table != 0 || !is_default_type(flags, type))
		flags |= ELEM_table;
	writer_u64(&s->w, flags);
	if ((flags & ELEM_table) != 0)
		writer_u64(&s->w, table);
	writer_bytes(&s->w, offset->bytes, offset->len);
	if ((flags & ELEM_table) != 0)
		writer_bytes(&s->w, type->bytes, type->len);
	writer_bytes(&s->w, list->bytes, list->len);
	s->count++;
}

static void
write_inactive(struct text *p, unsigned flags, const struct writer *type,
	const struct writer *list)
{
	struct section *s = &p->sections[SECTION_elem];
	writer_u64(&s->w, flags);
	writer_bytes(&s->w, type->bytes, type->len);
	writer_bytes(&s->w, list->bytes, list->len);
	s->count++;
}

void
text_elem(struct text *p)
{
	struct writer offset = writer_make(p->scratch), type = offset,
		      list = offset;
	uint32_t table = 0;
	lex_take(&p->l, TOKEN_id);
	bool declared = lex_take_word(&p->l, WORD_declare);
	bool old = p->l.t->kind == TOKEN_nat;
	bool in_table = !declared && take_container(p, SPACE_table, &table);
	bool active = in_table || (!declared && !text_at_reftype(&p->l) &&
					  p->l.t->kind == TOKEN_open);
	if (active)
		offset_expr(p, &offset);
	unsigned flags =
		elem_list(p, active && (old || !in_table), &type, &list);
	if (active)
		write_active(p, table, flags, &offset, &type, &list);
	else
		write_inactive(p,
			flags | (declared ? ELEM_declarative : ELEM_passive),
			&type, &list);
	lex_expect(&p->l, TOKEN_close);
}

uint64_t
text_inline_elem(
	struct text *p, uint32_t table, bool is64, const struct writer *reftype)
{
	struct writer offset = writer_make(p->scratch), list = offset,
		      items = offset;
	bool exprs = p->l.t->kind == TOKEN_open;
	bool funcref = is_default_type(ELEM_exprs, reftype);
	struct writer kind = writer_make(p->scratch);
	uint32_t n;
	writer_byte(&kind, KIND_func);
	zero_expr(&offset, is64);
	if (exprs)
		n = elem_exprs(p, &items);
	else
		n = elem_funcs(p, !funcref, &items);
	writer_u64(&list, n);
	writer_bytes(&list, items.bytes, items.len);
	if (exprs || !funcref)
		write_active(p, table, ELEM_exprs, &offset, reftype, &list);
	else
		write_active(p, table, 0, &offset, &kind, &list);
	lex_expect(&p->l, TOKEN_close);
	return n;
}

/* Strings up to the ")", as a vector of bytes; returns their length. */
static uint64_t
data_bytes(struct text *p, struct writer *w)
{
	struct writer bytes = writer_make(p->scratch);
	while (p->l.t->kind == TOKEN_string)
		lex_string(lex_next(&p->l), &bytes);
	writer_sized(w, &bytes);
	lex_expect(&p->l, TOKEN_close);
	p->sections[SECTION_data].count++;
	return bytes.len;
}

static void
begin_active_data(struct writer *w, uint32_t memory)
{
	writer_byte(w, memory == 0 ? 0 : 2);
	if (memory != 0)
		writer_u64(w, memory);
}

void
text_data(struct text *p)
{
	struct writer *w = &p->sections[SECTION_data].w;
	uint32_t memory = 0;
	lex_take(&p->l, TOKEN_id);
	if (take_container(p, SPACE_memory, &memory) ||
		p->l.t->kind == TOKEN_open) {
		begin_active_data(w, memory);
		offset_expr(p, w);
	} else {
		writer_byte(w, 1);
	}
	data_bytes(p, w);
}

uint64_t
text_inline_data(struct text *p, uint32_t memory, bool is64)
{
	struct writer *w = &p->sections[SECTION_data].w;
	begin_active_data(w, memory);
	zero_expr(w, is64);
	return data_bytes(p, w);
}
