/*
 * Instructions as an enum with their names, immediates and signatures: the
 * rows of spec/op.def.
 */
#ifndef SPEC_OP_H
#define SPEC_OP_H

#include <stdbool.h>
#include <stdint.h>

enum op {
#define OP(id, text, code, imm, sig, lg, feature) OP_##id,
#include "spec/op.def"
	OP_count,
};

/* Bits of a feature set. */
enum feature_index {
#define FEATURE(id, name, base) FEATURE_INDEX_##id,
#include "spec/feature.def"
	FEATURE_count,
};

typedef uint32_t features;

#define FEATURE(id, name, base) \
	static const features FEATURE_##id = (features)1 << FEATURE_INDEX_##id;
#include "spec/feature.def"

/* What follows the opcode in the binary format. */
enum imm {
	IMM_NONE,
	IMM_BLOCK,	   /* block type */
	IMM_LABEL,	   /* label */
	IMM_LABELS,	   /* vector of labels, default label */
	IMM_FUNC,	   /* function */
	IMM_TYPE,	   /* type */
	IMM_TYPE_TABLE,	   /* type, table */
	IMM_TYPES,	   /* vector of value types */
	IMM_LOCAL,	   /* local */
	IMM_GLOBAL,	   /* global */
	IMM_TABLE,	   /* table */
	IMM_TABLE_TABLE,   /* destination table, source table */
	IMM_ELEM,	   /* element segment */
	IMM_ELEM_TABLE,	   /* element segment, table */
	IMM_MEMARG,	   /* align and memory, offset */
	IMM_MEMARG_LANE,   /* the same, lane */
	IMM_MEMORY,	   /* memory */
	IMM_MEMORY_MEMORY, /* destination memory, source memory */
	IMM_DATA,	   /* data segment */
	IMM_DATA_MEMORY,   /* data segment, memory */
	IMM_I32,	   /* s32 */
	IMM_I64,	   /* s64 */
	IMM_F32,	   /* 4 bytes */
	IMM_F64,	   /* 8 bytes */
	IMM_V128,	   /* 16 bytes */
	IMM_LANE,	   /* lane */
	IMM_SHUFFLE,	   /* 16 lanes */
	IMM_HEAP,	   /* heap type */
	IMM_CAST_BR,	   /* flags, label, heap type, heap type */
	IMM_TYPE_FIELD,	   /* type, field */
	IMM_TYPE_N,	   /* type, count */
	IMM_TYPE_DATA,	   /* type, data segment */
	IMM_TYPE_ELEM,	   /* type, element segment */
	IMM_TYPE_TYPE,	   /* type, type */
	IMM_TAG,	   /* tag */
	IMM_TRY,	   /* block type, vector of catch clauses */
	IMM_FENCE,	   /* a zero byte */
};

struct op_row {
	const char *text; /* mnemonic */
	const char *sig;  /* "ii:i", or "*" when typed by its own rule */
	uint32_t code;	  /* 0xNN or 0xPP0000 | sub-opcode */
	uint8_t imm;	  /* enum imm */
	uint8_t lg;	  /* log2 of natural alignment, or number of lanes */
	uint8_t feature;  /* enum feature_index */
};

/* Indexed by enum op. */
extern const struct op_row op_rows[OP_count];

/* Letters of signatures: of each its value type, as in VT_, and the same in
 * small letters. */
#define OP_LETTERS(LETTER) \
	LETTER('i', I32, i32) \
	LETTER('I', I64, i64) \
	LETTER('f', F32, f32) \
	LETTER('F', F64, f64) \
	LETTER('v', V128, v128)

/* The value type of a letter of a signature; 0 for m and what is no letter. */
extern const uint8_t op_letter_types[128];

/* Bytes of an opcode of one byte with its immediate, when that is none, a
 * float, one LEB128 byte (2) or the two of a MEMARG (3); 0 for all others. */
#define OP_BYTES(imm) \
	((imm) == IMM_NONE ? 1 \
		: (imm) == IMM_LOCAL || (imm) == IMM_GLOBAL || \
				(imm) == IMM_LABEL || (imm) == IMM_FUNC || \
				(imm) == IMM_I32 || (imm) == IMM_I64 \
			? 2 \
		: (imm) == IMM_MEMARG ? 3 \
		: (imm) == IMM_F32    ? 5 \
		: (imm) == IMM_F64    ? 9 \
				      : 0)

/* What an opcode says; by one-byte opcode, prefixed ones come after them. */
struct op_code {
	uint16_t next; /* one more than the op, 0 for none */
	uint8_t bytes; /* OP_BYTES of its immediate */
};
extern const struct op_code op_codes[];

/* The op of a one-byte code or of prefix and sub-opcode; OP_count if none. */
static inline enum op
op_of_byte(uint8_t byte)
{
	uint16_t next = op_codes[byte].next;
	return next != 0 ? (enum op)(next - 1) : OP_count;
}

enum op
op_of_prefixed(uint8_t prefix, uint32_t sub);

/* The op of a mnemonic of len bytes (the untyped select); OP_count if none. */
enum op
op_of_text(const char *text, uint32_t len);

/* The instruction costs a unit of fuel. */
bool
op_costs(enum op op);

/* Name of the feature with this index, as in feature.def. */
const char *
feature_name(enum feature_index i);

/* All features. */
features
features_known(void);

#endif
