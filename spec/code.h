/*
 * One instruction with its immediates, as read from a body or constant
 * expression (standard, 5.4).  Every reader of code uses code_next, but for
 * those of validated code that need to be quick (spec/valid.h).
 */
#ifndef SPEC_CODE_H
#define SPEC_CODE_H

#include "spec/op.h"
#include "spec/type.h"

struct reader;

/* A block type: a type index, or up to one result. */
struct blocktype {
	uint32_t type;	/* type index, or NO_INDEX: */
	valtype result; /* VT_BOT for none */
};

enum catch_kind { CATCH_tag, CATCH_tag_ref, CATCH_all, CATCH_all_ref };

/*
 * Immediates by enum imm:
 *   a, b        indices in the order of the text format's meaning: TYPE_TABLE
 *               a type, b table; *_TABLE, *_MEMORY pairs a segment, b table or
 *               memory; TABLE_TABLE, MEMORY_MEMORY a destination, b source;
 *               LABELS a count of labels without the default; CAST_BR a label
 *   memory, align, offset     MEMARG*; align is log2
 *   imm         I32 (sign-extended), I64, F32, F64 bits
 *   list, list_end  bytes of LABELS (count+1 labels), TYPES, TRY clauses, the
 * 16 bytes of V128 and SHUFFLE; read them again with a reader heap, heap2 HEAP,
 * CAST_BR as reference types
 */
struct insn {
	uint16_t op; /* enum op */
	uint8_t lane;
	uint8_t align;
	uint32_t a, b;
	uint32_t memory;
	uint64_t offset;
	uint64_t imm;
	struct blocktype block;
	valtype heap, heap2;
	const uint8_t *list, *list_end;
	uint32_t at; /* offset of the opcode in the module */
};

/*
 * Reads the next instruction.  Malformed code sets the reader's error and gives
 * OP_unreachable.  Indices are not checked against a module.
 */
void
code_next(struct reader *r, struct insn *i);

#endif
