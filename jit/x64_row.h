/*
 * The rows of x64.def as the encoder and its test see them.
 *
 *   | F0 | 66 F2 F3 | REX  0100WRXB | 0F 0F38 0F3A | opcode | ModRM ..
 *                   | VEX  C5 RvvvvLpp             | opcode | ModRM ..
 *                   | VEX  C4 RXBmmmmm WvvvvLpp    | opcode | ModRM ..
 *
 *   .. mod reg rm | SIB scale index base | displacement 0 8 32 | immediate
 *
 * R, X and B are the high bits of reg, index, and rm or base; VEX has R X B and
 * vvvv inverted.
 */
#ifndef JIT_X64_ROW_H
#define JIT_X64_ROW_H

#include "jit/x64.h"

enum x64_kind { KIND_REX, KIND_LOCK, KIND_VEX };
enum x64_digit { DIGIT_R = 8 };
enum x64_operand { REG_no, REG_b, REG_w, REG_d, REG_q, REG_x };
enum x64_size { SIZE_no, SIZE_b, SIZE_v, SIZE_z };

struct x64_row {
	const char *name, *forms;
	uint32_t load, store, imm;
	uint8_t kind, pp, w, digit, reg, rm, mem, size;
};

/* By enum x64_op. */
extern const struct x64_row x64_rows[];

/* The row has the form: "rr", "rm" .. */
bool
x64_has(const struct x64_row *row, const char *form);

#endif
