/*
 * Instructions from bytes (standard, 5.4): an opcode, then what the immediate
 * column of op.def says.
 */
#include "spec/code.h"

#include <assert.h>
#include <stdbool.h>

#include "spec/bintype.h"
#include "spec/reader.h"
#include "trap/error.h"
#include "trap/likely.h"

static void
read_memarg(struct reader *r, struct insn *i)
{
	const uint8_t *at = r->at;
	if (r->end - at >= 2 && at[0] < 0x40 && at[1] < 0x80) {
		i->align = at[0];
		i->memory = 0;
		i->offset = at[1];
		r->at = at + 2;
		return;
	}
	uint32_t flags = reader_u32(r);
	if (flags >= 0x80 && r->at < r->end) {
		r->at = at;
		reader_fail(r, "malformed memop flags");
	}
	i->align = flags & 0x3f;
	i->memory = (flags & 0x40) != 0 ? reader_u32(r) : 0;
	i->offset = reader_u64(r);
}

/* 16 bytes: V128, SHUFFLE. */
static void
read_16(struct reader *r, struct insn *i)
{
	static const uint8_t zeros[16];
	i->list = reader_bytes(r, 16);
	if (i->list == NULL)
		i->list = zeros;
	i->list_end = i->list + 16;
}

static void
read_heap(struct reader *r, struct insn *i)
{
	i->heap = bintype_heap(r);
	if (i->op == OP_ref_null || i->op == OP_ref_test_null ||
		i->op == OP_ref_cast_null)
		i->heap |= VT_NULL;
}

/* A byte of two null flags, a label, two heap types. */
static void
read_cast_br(struct reader *r, struct insn *i)
{
	uint8_t flags = reader_byte(r);
	if ((flags & 0xfc) != 0) {
		r->at--;
		reader_fail(r, "malformed br_on_cast flags");
	}
	i->a = reader_u32(r);
	i->heap = bintype_heap(r) | ((flags & 1) != 0 ? VT_NULL : 0);
	i->heap2 = bintype_heap(r) | ((flags & 2) != 0 ? VT_NULL : 0);
}

static void
read_block(struct reader *r, struct insn *i)
{
	const uint8_t *at = r->at;
	uint8_t byte = at < r->end ? *at : 0x40;
	i->block.type = NO_INDEX;
	i->block.result = VT_BOT;
	if (byte == 0x40) {
		reader_byte(r);
	} else if (byte > 0x40 && byte < 0x80) {
		i->block.result = bintype_val(r);
	} else {
		int64_t x = reader_s33(r);
		if (x < 0) {
			r->at = at;
			reader_fail(r, "integer representation too long");
		} else {
			i->block.type = (uint32_t)x;
		}
	}
}

static void
read_labels(struct reader *r, struct insn *i)
{
	i->a = reader_count(r);
	i->list = r->at;
	for (uint64_t n = 0; n <= i->a && r->at < r->end; n++)
		reader_u32(r);
	if (r->at == r->end)
		reader_byte(r);
	i->list_end = r->at;
}

static void
read_types(struct reader *r, struct insn *i)
{
	i->a = reader_count(r);
	i->list = r->at;
	for (uint32_t n = 0; n < i->a && r->error->kind == ERROR_none; n++)
		bintype_val(r);
	i->list_end = r->at;
}

static void
read_try(struct reader *r, struct insn *i)
{
	read_block(r, i);
	i->a = reader_count(r);
	i->list = r->at;
	for (uint32_t n = 0; n < i->a && r->error->kind == ERROR_none; n++) {
		uint8_t kind = reader_byte(r);
		if (kind > CATCH_all_ref) {
			r->at--;
			reader_fail(r, "malformed catch clause");
		}
		if (kind == CATCH_tag || kind == CATCH_tag_ref)
			reader_u32(r);
		reader_u32(r);
	}
	i->list_end = r->at;
}

static void
read_fence(struct reader *r)
{
	if (reader_byte(r) != 0) {
		r->at--;
		reader_fail(r, "zero byte expected");
	}
}

static void
read_rare(struct reader *r, struct insn *i)
{
	switch ((enum imm)op_rows[i->op].imm) {
	case IMM_MEMARG_LANE:
		read_memarg(r, i);
		i->lane = reader_byte(r);
		break;
	case IMM_F32:
		i->imm = reader_f32(r);
		break;
	case IMM_F64:
		i->imm = reader_f64(r);
		break;
	case IMM_V128:
	case IMM_SHUFFLE:
		read_16(r, i);
		break;
	case IMM_LANE:
		i->lane = reader_byte(r);
		break;
	case IMM_HEAP:
		read_heap(r, i);
		break;
	case IMM_CAST_BR:
		read_cast_br(r, i);
		break;
	case IMM_LABELS:
		read_labels(r, i);
		break;
	case IMM_TYPES:
		read_types(r, i);
		break;
	case IMM_TRY:
		read_try(r, i);
		break;
	case IMM_FENCE:
		read_fence(r);
		break;
	default:
		assert(false && "read_immediate reads the others");
	}
}

static inline void
read_immediate(struct reader *r, struct insn *i)
{
	switch ((enum imm)op_rows[i->op].imm) {
	case IMM_NONE:
		break;
	case IMM_LOCAL:
	case IMM_LABEL:
	case IMM_FUNC:
	case IMM_TYPE:
	case IMM_GLOBAL:
	case IMM_TABLE:
	case IMM_ELEM:
	case IMM_DATA:
	case IMM_TAG:
		i->a = reader_u32(r);
		break;
	case IMM_TYPE_TABLE:
	case IMM_TABLE_TABLE:
	case IMM_ELEM_TABLE:
	case IMM_MEMORY_MEMORY:
	case IMM_TYPE_FIELD:
	case IMM_TYPE_N:
	case IMM_TYPE_DATA:
	case IMM_TYPE_ELEM:
	case IMM_TYPE_TYPE:
		i->a = reader_u32(r);
		i->b = reader_u32(r);
		break;
	case IMM_MEMORY:
		i->memory = i->a = reader_u32(r);
		break;
	case IMM_DATA_MEMORY:
		i->a = reader_u32(r);
		i->memory = i->b = reader_u32(r);
		break;
	case IMM_MEMARG:
		read_memarg(r, i);
		break;
	case IMM_I32:
		i->imm = (uint64_t)(int64_t)reader_s32(r);
		break;
	case IMM_I64:
		i->imm = (uint64_t)reader_s64(r);
		break;
	case IMM_BLOCK:
		read_block(r, i);
		break;
	default:
		read_rare(r, i);
	}
}

static enum op
illegal(struct reader *r, struct insn *i, unsigned byte, uint32_t sub)
{
	if (byte == 0xfb || byte == 0xfc)
		error_at(r->error, ERROR_malformed, i->at,
			"illegal opcode %02x %02x", byte, (unsigned)sub);
	else if (byte == 0xfd || byte == 0xfe)
		error_at(r->error, ERROR_malformed, i->at,
			"illegal opcode %02x", (unsigned)sub);
	else
		error_at(r->error, ERROR_malformed, i->at,
			"illegal opcode %02x", byte);
	r->at = r->end;
	return OP_unreachable;
}

static NOINLINE void
next_long(struct reader *r, struct insn *i)
{
	uint8_t byte = reader_byte(r);
	uint32_t sub = 0;
	enum op op = op_of_byte(byte);
	if (op == OP_count) {
		if (byte >= 0xfb && byte <= 0xfe)
			sub = reader_u32(r);
		op = op_of_prefixed(byte, sub);
		if (op == OP_count)
			op = illegal(r, i, byte, sub);
	}
	i->op = (uint16_t)op;
	read_immediate(r, i);
	if (r->error->kind != ERROR_none)
		i->op = OP_unreachable;
}

/*
 * Most instructions have no immediate or one of a byte or two, an index or a
 * number: both meanings are stored and nothing branches on the kind.
 */
void
code_next(struct reader *r, struct insn *i)
{
	const uint8_t *at = r->at;
	i->at = (uint32_t)reader_offset(r);
	if (UNLIKELY(r->end - at < 3)) {
		next_long(r, i);
		return;
	}
	const struct op_code *c = &op_codes[at[0]];
	if (c->bytes == 1 || (c->bytes == 2 && at[1] < 0x80)) {
		i->op = c->next - 1;
		i->a = at[1];
		i->imm = (i->a ^ (uint64_t)0x40) - 0x40;
		r->at = at + c->bytes;
	} else if (c->bytes == 3 && at[1] < 0x40 && at[2] < 0x80) {
		i->op = c->next - 1;
		i->align = at[1];
		i->memory = 0;
		i->offset = at[2];
		r->at = at + 3;
	} else if (c->bytes == 2 && at[2] < 0x80) {
		i->op = c->next - 1;
		i->a = (uint32_t)at[2] << 7 | (at[1] & 0x7f);
		i->imm = (i->a ^ (uint64_t)0x2000) - 0x2000;
		r->at = at + 3;
	} else {
		next_long(r, i);
	}
}
