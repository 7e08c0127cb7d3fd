/*
 * Opcodes and immediates (standard, 6.5): one case per row of enum imm.  The
 * order in the binary is not always that of the text.
 */
#include <assert.h>

#include "spec/number.h"
#include "spec/text_parse.h"

#define MEMARG_HAS_MEMORY 0x40

void
text_opcode(struct writer *w, enum op op)
{
	uint32_t code = op_rows[op].code;
	if (code <= 0xff) {
		writer_byte(w, (uint8_t)code);
		return;
	}
	writer_byte(w, (uint8_t)(code >> 16));
	writer_u64(w, code & 0xffff);
}

static void
index_imm(struct text *p, struct writer *w, enum space_kind kind)
{
	writer_u64(w, text_index(p, &p->spaces[kind]));
}

/* An index that may be left out: 0. */
static uint32_t
optional_index(struct text *p, enum space_kind kind)
{
	return text_at_index(&p->l) ? text_index(p, &p->spaces[kind]) : 0;
}

/* l+ with the last as default */
static void
labels_imm(struct text *p, struct labels *ls, struct writer *w)
{
	uint32_t n = 0;
	const struct token *first = p->l.t;
	for (; text_at_index(&p->l); n++)
		p->l.t++;
	if (n == 0) {
		lex_unexpected(&p->l);
		return;
	}
	p->l.t = first;
	writer_u64(w, n - 1);
	for (uint32_t i = 0; i < n && p->l.t->kind != TOKEN_end; i++)
		writer_u64(w, text_label(p, ls));
}

/* select (result t*)*: with types it is another instruction */
static void
select_op(struct text *p, struct writer *w)
{
	if (!lex_at_form(&p->l, WORD_result)) {
		text_opcode(w, OP_select);
		return;
	}
	struct typeuse u = text_read_typeuse(p, TYPEUSE_plain);
	text_opcode(w, OP_select_t);
	writer_u64(w, u.nresults);
	writer_bytes(w, p->results.bytes, p->results.len);
}

/* table? typeuse; in the binary the type comes first */
static void
call_indirect_imm(struct text *p, struct writer *w)
{
	uint32_t table = optional_index(p, SPACE_table);
	writer_u64(w, text_typeuse(p, TYPEUSE_plain));
	writer_u64(w, table);
}

/* x y, both or neither */
static void
pair_imm(struct text *p, struct writer *w, enum space_kind kind)
{
	bool there = text_at_index(&p->l);
	writer_u64(w, there ? text_index(p, &p->spaces[kind]) : 0);
	writer_u64(w, there ? text_index(p, &p->spaces[kind]) : 0);
}

/* container? segment; in the binary the segment comes first */
static void
segment_imm(struct text *p, struct writer *w, enum space_kind container,
	enum space_kind segment)
{
	const struct lex *l = &p->l;
	bool both = text_at_index(l) &&
		    (l->t[1].kind == TOKEN_nat || l->t[1].kind == TOKEN_id);
	uint32_t in = both ? text_index(p, &p->spaces[container]) : 0;
	index_imm(p, w, segment);
	writer_u64(w, in);
}

/* align=NAT as its log2; the natural one if it is not there */
static uint32_t
align_imm(struct lex *l, uint32_t natural)
{
	uint64_t n = 0;
	uint32_t log2 = 0;
	if (l->t->kind != TOKEN_align)
		return natural;
	const struct token *t = lex_next(l);
	if (!number_nat(t->at + 6, t->len - 6, UINT64_MAX, &n)) {
		lex_fail(l, t->at, "i64 constant out of range");
		return 0;
	}
	if (n == 0 || (n & (n - 1)) != 0)
		lex_fail(l, t->at, "alignment must be a power of two");
	while (n > 1) {
		n >>= 1;
		log2++;
	}
	return log2;
}

static uint64_t
offset_imm(struct lex *l)
{
	uint64_t v = 0;
	if (l->t->kind != TOKEN_offset)
		return 0;
	const struct token *t = lex_next(l);
	if (!number_nat(t->at + 7, t->len - 7, UINT64_MAX, &v))
		lex_fail(l, t->at, "i64 constant out of range");
	return v;
}

/* memory? offset? align?, where the memory is known already */
static void
memarg_imm(struct text *p, struct writer *w, enum op op, uint32_t memory)
{
	uint64_t offset = offset_imm(&p->l);
	uint32_t align = align_imm(&p->l, op_rows[op].lg);
	if (memory != 0)
		align |= MEMARG_HAS_MEMORY;
	writer_u64(w, align);
	if (memory != 0)
		writer_u64(w, memory);
	writer_u64(w, offset);
}

static void
lane_imm(struct text *p, struct writer *w)
{
	uint64_t lane = 0;
	const struct token *t = lex_expect(&p->l, TOKEN_nat);
	if (t->kind == TOKEN_nat && !number_nat(t->at, t->len, 0xff, &lane))
		lex_fail(&p->l, t->at, "i8 constant out of range");
	writer_byte(w, (uint8_t)lane);
}

/* A single number is the lane, not the memory. */
static void
memarg_lane_imm(struct text *p, struct writer *w, enum op op)
{
	const struct token *t = p->l.t;
	bool has_memory =
		t->kind == TOKEN_id ||
		(t->kind == TOKEN_nat &&
			(t[1].kind == TOKEN_nat || t[1].kind == TOKEN_offset ||
				t[1].kind == TOKEN_align));
	memarg_imm(p, w, op,
		has_memory ? text_index(p, &p->spaces[SPACE_memory]) : 0);
	lane_imm(p, w);
}

static void
shuffle_imm(struct text *p, struct writer *w)
{
	const struct token *t = p->l.t;
	uint32_t n = 0;
	while (t[n].kind == TOKEN_nat || t[n].kind == TOKEN_int ||
		t[n].kind == TOKEN_float)
		n++;
	if (n != 16) {
		lex_fail(&p->l, t->at, "invalid lane length");
		return;
	}
	p->l.t += n;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t lane = 0;
		if (t[i].kind != TOKEN_nat ||
			!number_nat(t[i].at, t[i].len, 0xff, &lane))
			lex_fail(&p->l, t[i].at, "i8 constant out of range");
		writer_byte(w, (uint8_t)lane);
	}
}

/* ref.test and ref.cast are two instructions each, by nullability */
static void
ref_op(struct text *p, enum op op, struct writer *w)
{
	struct writer heap = writer_make(p->per_func);
	bool null = text_reftype(p, &heap);
	if (op == OP_ref_test && null)
		op = OP_ref_test_null;
	if (op == OP_ref_cast && null)
		op = OP_ref_cast_null;
	text_opcode(w, op);
	writer_bytes(w, heap.bytes, heap.len);
}

/* label type type; flags tell which type is nullable */
static void
cast_imm(struct text *p, struct labels *ls, struct writer *w)
{
	struct writer heap = writer_make(p->per_func);
	uint32_t label = text_label(p, ls);
	unsigned flags = text_reftype(p, &heap);
	flags |= (unsigned)text_reftype(p, &heap) << 1;
	writer_byte(w, (uint8_t)flags);
	writer_u64(w, label);
	writer_bytes(w, heap.bytes, heap.len);
}

/* type field; names of fields are those of the type */
static void
field_imm(struct text *p, struct writer *w)
{
	static const struct space none = { .what = "field" };
	struct space unknown = none;
	uint32_t type = text_index(p, &p->spaces[SPACE_type]);
	bool known = type < p->ntypes && p->types[type].fields.what != NULL;
	writer_u64(w, type);
	writer_u64(w, text_index(p, known ? &p->types[type].fields : &unknown));
}

static void
vector_imm(struct text *p, struct writer *w)
{
	struct text_vector v;
	text_vector(&p->l, false, &v);
	writer_bytes(w, v.bytes, sizeof v.bytes);
}

/* type, then an index of another space or a number */
static void
type_and_imm(struct text *p, enum imm imm, struct writer *w)
{
	index_imm(p, w, SPACE_type);
	switch (imm) {
	case IMM_TYPE_N:
		writer_u64(w, lex_nat32(&p->l));
		break;
	case IMM_TYPE_DATA:
		index_imm(p, w, SPACE_data);
		p->data_used = true;
		break;
	case IMM_TYPE_ELEM:
		index_imm(p, w, SPACE_elem);
		break;
	default:
		assert(imm == IMM_TYPE_TYPE && "an immediate after a type");
		index_imm(p, w, SPACE_type);
	}
}

/* Tables, memories and segments. */
static void
space_imm(struct text *p, enum op op, struct writer *w)
{
	switch (op_rows[op].imm) {
	case IMM_TABLE:
		writer_u64(w, optional_index(p, SPACE_table));
		break;
	case IMM_TABLE_TABLE:
		pair_imm(p, w, SPACE_table);
		break;
	case IMM_ELEM_TABLE:
		segment_imm(p, w, SPACE_table, SPACE_elem);
		break;
	case IMM_MEMORY:
		writer_u64(w, optional_index(p, SPACE_memory));
		break;
	case IMM_MEMORY_MEMORY:
		pair_imm(p, w, SPACE_memory);
		break;
	case IMM_DATA:
		index_imm(p, w, SPACE_data);
		p->data_used = true;
		break;
	case IMM_DATA_MEMORY:
		segment_imm(p, w, SPACE_memory, SPACE_data);
		p->data_used = true;
		break;
	case IMM_MEMARG:
		memarg_imm(p, w, op, optional_index(p, SPACE_memory));
		break;
	case IMM_MEMARG_LANE:
		memarg_lane_imm(p, w, op);
		break;
	default:
		assert(false && "not an immediate of text_op");
	}
}

/* Constants and lanes. */
static bool
number_imm(struct text *p, enum imm imm, struct writer *w)
{
	switch (imm) {
	case IMM_I32:
		writer_s64(w, (int32_t)(uint32_t)text_int(&p->l, 32));
		return true;
	case IMM_I64:
		writer_s64(w, (int64_t)text_int(&p->l, 64));
		return true;
	case IMM_F32:
		writer_little(w, text_float(&p->l, 32), 4);
		return true;
	case IMM_F64:
		writer_little(w, text_float(&p->l, 64), 8);
		return true;
	case IMM_V128:
		vector_imm(p, w);
		return true;
	case IMM_LANE:
		lane_imm(p, w);
		return true;
	case IMM_SHUFFLE:
		shuffle_imm(p, w);
		return true;
	default:
		return false;
	}
}

/* An index that must be there and stands alone. */
static bool
single_imm(struct text *p, enum imm imm, struct writer *w)
{
	static const struct {
		uint8_t imm, space;
	} rows[] = { { IMM_FUNC, SPACE_func }, { IMM_TYPE, SPACE_type },
		{ IMM_LOCAL, SPACE_local }, { IMM_GLOBAL, SPACE_global },
		{ IMM_TAG, SPACE_tag }, { IMM_ELEM, SPACE_elem } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].imm == imm) {
			index_imm(p, w, (enum space_kind)rows[i].space);
			return true;
		}
	return false;
}

void
text_op(struct text *p, struct labels *ls, enum op op, struct writer *w)
{
	enum imm imm = op_rows[op].imm;
	if (op == OP_select || op == OP_select_t) {
		select_op(p, w);
		return;
	}
	if (imm == IMM_HEAP && op != OP_ref_null) {
		ref_op(p, op, w);
		return;
	}
	text_opcode(w, op);
	if (imm == IMM_NONE || single_imm(p, imm, w) || number_imm(p, imm, w))
		return;
	switch (imm) {
	case IMM_LABEL:
		writer_u64(w, text_label(p, ls));
		break;
	case IMM_LABELS:
		labels_imm(p, ls, w);
		break;
	case IMM_TYPE_TABLE:
		call_indirect_imm(p, w);
		break;
	case IMM_HEAP:
		text_heaptype(p, w);
		break;
	case IMM_CAST_BR:
		cast_imm(p, ls, w);
		break;
	case IMM_TYPE_FIELD:
		field_imm(p, w);
		break;
	case IMM_TYPE_N:
	case IMM_TYPE_DATA:
	case IMM_TYPE_ELEM:
	case IMM_TYPE_TYPE:
		type_and_imm(p, imm, w);
		break;
	case IMM_FENCE:
		writer_byte(w, 0);
		break;
	default:
		space_imm(p, op, w);
	}
}
