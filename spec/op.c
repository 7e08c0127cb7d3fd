/*
 * The rows of op.def and feature.def as tables, and the ways to find an op:
 * by opcode (one indexed load) and by mnemonic (a scan, lengths first).
 */
#include "spec/op.h"

#include <stddef.h>
#include <string.h>

#include "spec/type.h"

const struct op_row op_rows[OP_count] = {
#define OP(id, text, code, imm, sig, lg, feature) \
	{ text, sig, code, IMM_##imm, lg, FEATURE_INDEX_##feature },
#include "spec/op.def"
};

const uint8_t op_letter_types[128] = {
#define LETTER(letter, vt, name) [letter] = VT_##vt,
	OP_LETTERS(LETTER)
};

/* Opcodes numbered without holes: 256 bytes, then the four prefixes' pages. */
enum {
	PAGE_FB = 0x100,
	PAGE_FC = PAGE_FB + 0x20,
	PAGE_FD = PAGE_FC + 0x20,
	PAGE_FE = PAGE_FD + 0x120,
	PAGE_END = PAGE_FE + 0x50,
};

#define PAGE(code) \
	((code) >> 16 == 0x00	       ? 0 \
		: (code) >> 16 == 0xfb ? PAGE_FB \
		: (code) >> 16 == 0xfc ? PAGE_FC \
		: (code) >> 16 == 0xfd ? PAGE_FD \
				       : PAGE_FE)

const struct op_code op_codes[PAGE_END] = {
#define OP(id, text, code, imm, sig, lg, feature) \
	[PAGE(code) + ((code)&0xffff)] = { OP_##id + 1, OP_BYTES(IMM_##imm) },
#include "spec/op.def"
};

static const uint8_t text_len[OP_count] = {
#define OP(id, text, code, imm, sig, lg, feature) sizeof text - 1,
#include "spec/op.def"
};

static const char *const feature_names[FEATURE_count] = {
#define FEATURE(id, name, base) name,
#include "spec/feature.def"
};

enum op
op_of_prefixed(uint8_t prefix, uint32_t sub)
{
	uint32_t page, end;
	switch (prefix) {
	case 0xfb:
		page = PAGE_FB, end = PAGE_FC;
		break;
	case 0xfc:
		page = PAGE_FC, end = PAGE_FD;
		break;
	case 0xfd:
		page = PAGE_FD, end = PAGE_FE;
		break;
	case 0xfe:
		page = PAGE_FE, end = PAGE_END;
		break;
	default:
		return OP_count;
	}
	if (sub >= end - page || op_codes[page + sub].next == 0)
		return OP_count;
	return (enum op)(op_codes[page + sub].next - 1);
}

enum op
op_of_text(const char *text, uint32_t len)
{
	for (int i = 0; i < OP_count; i++)
		if (text_len[i] == len && !memcmp(op_rows[i].text, text, len))
			return (enum op)i;
	return OP_count;
}

const char *
feature_name(enum feature_index i)
{
	return feature_names[i];
}

features
features_known(void)
{
	return ((features)1 << FEATURE_count) - 1;
}

bool
op_costs(enum op op)
{
	return op != OP_nop && op != OP_drop && op != OP_block &&
	       op != OP_loop && op != OP_unreachable && op != OP_return &&
	       op != OP_else && op != OP_end;
}
