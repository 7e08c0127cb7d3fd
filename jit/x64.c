/*
 * The encoder, which runs on any machine.  A form that a row does not have is a
 * bug of the caller.
 */
#include "jit/x64.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "jit/x64_row.h"
#include "trap/bytes.h"
#include "trap/likely.h"

enum { LONGEST = 15 };

enum {
	DIGIT_0,
	DIGIT_1,
	DIGIT_2,
	DIGIT_3,
	DIGIT_4,
	DIGIT_5,
	DIGIT_6,
	DIGIT_7,
};

const struct x64_row x64_rows[] = {
#define X64(id, name, kind, pp, w, load, store, imm, digit, reg, rm, mem, \
	size, forms) \
	{ name, forms, load, store, imm, KIND_##kind, pp, w, DIGIT_##digit, \
		REG_##reg, REG_##rm, mem, SIZE_##size },
#include "jit/x64.def"
};

/* The opcode depends on the condition. */
static const struct x64_row setcc_row = { .name = "set", .rm = REG_b };

/*
 * How most instructions begin: those without a prefix before REX or registers
 * of 8 bits, which may ask for REX.
 */
struct begin {
	uint8_t rex;	 /* left out if it is 40 in the end */
	uint8_t length;	 /* of the opcode, 1 or 2 bytes; 0: it begins in
			    another way */
	uint16_t opcode; /* as it is written: its first byte is the low one */
};

/* By form. */
struct begins {
	_Alignas(32) struct begin rr;
	struct begin rm, mr, ri, mi;
	uint8_t digit, size;
};
#define LENGTH(code) \
	((code) == 0 || (code) > 0xffff ? 0 : (code) > 0xff ? 2 : 1)
#define WRITTEN(code) \
	(uint16_t)((code) > 0xff ? (code) << 8 | (code) >> 8 : (code))
#define BEGIN(kind, pp, reg, w, code) \
	{ \
		0x40 | (w) << 3, \
			(kind) == KIND_REX && (pp) == 0 && (reg) != REG_b \
				? LENGTH(code) \
				: 0, \
			WRITTEN(code) \
	}
static const struct begins begins[] = {
#define X64(id, name, kind, pp, w, load, store, imm, digit, reg, rm, mem, \
	size, forms) \
	{ BEGIN(KIND_##kind, pp, REG_##rm, w, load), \
		BEGIN(KIND_##kind, pp, REG_##reg, w, load), \
		BEGIN(KIND_##kind, pp, REG_##reg, w, store), \
		BEGIN(KIND_##kind, pp, REG_##rm, w, imm), \
		BEGIN(KIND_##kind, pp, REG_no, w, imm), DIGIT_##digit, \
		SIZE_##size },
#include "jit/x64.def"
};

bool
x64_has(const struct x64_row *row, const char *form)
{
	size_t n = strlen(form);
	for (const char *p = row->forms; p != NULL; p = strchr(p, ' ')) {
		p += *p == ' ';
		if (strncmp(p, form, n) == 0 && (p[n] == ' ' || p[n] == '\0'))
			return true;
	}
	return false;
}

static const struct x64_row *
row_of(enum x64_op op, const char *form)
{
	const struct x64_row *row = &x64_rows[op];
	assert(x64_has(row, form) && "the row has this form");
	(void)form;
	return row;
}

void
x64_open(struct x64 *x, uint8_t *start, size_t len)
{
	assert(len >= LONGEST && "room for an instruction");
	x->start = x->at = start;
	x->end = start + len;
	x->last = x->end - LONGEST;
	x->full = false;
}

/* Room for one more instruction. */
static inline bool
room(struct x64 *x)
{
	bool there = x->at <= x->last;
	if (UNLIKELY(!there))
		x->full = true;
	return there;
}

static void
put(struct x64 *x, uint32_t byte)
{
	*x->at++ = (uint8_t)byte;
}

/*
 * An instruction before its bytes.  What is not there is written over by what
 * comes next, so that hardly anything branches.
 */
struct instr {
	const struct x64_row *row;
	uint32_t opcode;
	uint8_t reg, v; /* register or digit */
};

/* The opcode's one to three bytes. */
static inline uint8_t *
code_bytes(uint8_t *p, uint32_t code)
{
	*p = (uint8_t)(code >> 16);
	p += code > 0xffff;
	*p = (uint8_t)(code >> 8);
	p += code > 0xff;
	*p = (uint8_t)code;
	return p + 1;
}

/* spl, bpl, sil, dil exist behind a REX prefix alone. */
static bool
is_new_byte(uint8_t type, int reg)
{
	return type == REG_b && reg >= X64_rsp && reg <= X64_rdi;
}

/* xb: X and B as in REX; new: there is one anyway. */
static inline uint8_t *
legacy(uint8_t *p, struct instr i, uint32_t xb, bool new)
{
	const struct x64_row *row = i.row;
	uint32_t rex = (uint32_t)row->w << 3 | (uint32_t)i.reg >> 3 << 2 | xb;
	bool digit = i.opcode == row->imm;
	*p = 0xf0;
	p += row->kind == KIND_LOCK;
	*p = row->pp;
	p += row->pp != 0;
	*p = (uint8_t)(0x40 | rex);
	p += rex != 0 || new || (!digit && is_new_byte(row->reg, i.reg));
	return code_bytes(p, i.opcode);
}

static inline uint8_t *
vex(uint8_t *p, struct instr i, uint32_t xb)
{
	const struct x64_row *row = i.row;
	uint32_t rxb = ((uint32_t)i.reg >> 3 << 2 | xb) ^ 7;
	uint32_t map = i.opcode >> 8, v = ~(uint32_t)i.v & 15;
	uint32_t pp = row->pp == 0x66 ? 1 : row->pp ? 0xf5 - row->pp : 0;
	uint32_t last = v << 3 | pp;
	if ((rxb & 3) == 3 && row->w == 0 && map == 0x0f) {
		*p++ = 0xc5;
		*p++ = (uint8_t)((rxb & 4) << 5 | last);
	} else {
		uint32_t m = map == 0x0f38 ? 2 : map == 0x0f3a ? 3 : 1;
		*p++ = 0xc4;
		*p++ = (uint8_t)(rxb << 5 | m);
		*p++ = (uint8_t)((uint32_t)row->w << 7 | last);
	}
	*p = (uint8_t)i.opcode;
	return p + 1;
}

static uint8_t *
prefixes(uint8_t *p, struct instr i, uint32_t xb, bool new)
{
	assert(i.opcode != 0 && "an opcode for this form");
	return i.row->kind == KIND_VEX ? vex(p, i, xb) : legacy(p, i, xb, new);
}

/* ModRM, SIB and displacement of an address without a base. */
static uint8_t *
baseless(uint8_t *p, uint32_t reg, struct x64_mem m)
{
	uint32_t index = m.index & 7;
	*p++ = (uint8_t)(reg << 3 | 4);
	*p++ = (uint8_t)((uint32_t)m.scale << 6 | index << 3 | 5);
	bytes_put32(p, (uint32_t)m.disp);
	return p + 4;
}

/* The same of one with a base, all at once. */
static inline uint8_t *
based(uint8_t *p, uint32_t reg, struct x64_mem m)
{
	uint32_t base = m.base & 7u, length = m.disp != 0 || base == 5;
	uint32_t mod = length, disp = (uint32_t)m.disp;
	if (m.disp != (int8_t)m.disp) {
		length = 4;
		mod = 2;
	}
	uint32_t sib = (uint32_t)m.scale << 6 | (m.index & 7u) << 3 | base;
	uint32_t has = (m.index != X64_none) | (base == X64_rsp);
	uint64_t rest = (uint64_t)disp << (8 * has) | (sib & (0 - has));
	uint32_t rm = has != 0 ? 4 : base;
	bytes_put64(p, rest << 8 | mod << 6 | reg << 3 | rm);
	return p + 1 + has + length;
}

/* X and B as in REX. */
static inline uint32_t
high_bits(struct x64_mem m)
{
	static_assert((X64_none & 7) == 4 && (X64_none >> 3 & 1) == 0,
		"none is as index 4, with X and B clear");
	return (m.index >> 3 & 1u) << 1 | (m.base >> 3 & 1u);
}

/* All but the immediate, with a register or memory as operand; false when there
 * is no room. */
static bool
emit_reg(struct x64 *x, struct instr i, int rm)
{
	if (!room(x))
		return false;
	uint8_t *p = prefixes(
		x->at, i, (uint32_t)rm >> 3, is_new_byte(i.row->rm, rm));
	*p = (uint8_t)(0xc0 | (i.reg & 7) << 3 | (rm & 7));
	x->at = p + 1;
	return true;
}

static bool
emit_mem(struct x64 *x, struct instr i, struct x64_mem m)
{
	uint32_t reg = (uint32_t)i.reg & 7;
	if (!room(x))
		return false;
	uint8_t *p = prefixes(x->at, i, high_bits(m), false);
	x->at = m.base == X64_none ? baseless(p, reg, m) : based(p, reg, m);
	return true;
}

/* The opcode for this immediate, which is there in two lengths or one: so much
 * less. */
static inline uint32_t
opcode_less(uint8_t size, bool byte)
{
	return (uint32_t)((size == SIZE_z) & !byte) << 1;
}

static inline bool
is_byte(uint8_t size, int32_t imm)
{
	assert(size != SIZE_no && "an immediate");
	assert((size != SIZE_b || (imm >= -128 && imm <= 255)) && "a byte");
	return (size == SIZE_b) | ((size == SIZE_z) & (imm == (int8_t)imm));
}

static void
immediate(struct x64 *x, const struct x64_row *row, bool byte, int32_t imm)
{
	uint32_t length = row->pp == 0x66 ? 2 : 4;
	bytes_put32(x->at, (uint32_t)imm);
	x->at += byte ? 1 : length;
}

/* The same and the immediate behind it. */
static void
emit_reg_imm(struct x64 *x, struct instr i, int rm, int32_t imm)
{
	bool byte = is_byte(i.row->size, imm);
	i.opcode -= opcode_less(i.row->size, byte);
	if (emit_reg(x, i, rm))
		immediate(x, i.row, byte, imm);
}

static void
emit_mem_imm(struct x64 *x, struct instr i, struct x64_mem m, int32_t imm)
{
	bool byte = is_byte(i.row->size, imm);
	i.opcode -= opcode_less(i.row->size, byte);
	if (emit_mem(x, i, m))
		immediate(x, i.row, byte, imm);
}

/* The same of those that begin as most do. */

static ALWAYS_INLINE bool
is_quick(const struct x64 *x, const struct begin *how)
{
	return how->length != 0 && x->at <= x->last;
}

/* `how` with so much less of an opcode, the high bits of registers as in REX;
 * returns the end. */
static ALWAYS_INLINE uint8_t *
quick(uint8_t *p, const struct begin *how, uint32_t less, uint32_t high)
{
	uint32_t rex = how->rex | high;
	*p = (uint8_t)rex;
	p += rex != 0x40;
	bytes_put16(p, (uint16_t)(how->opcode - less));
	return p + how->length;
}

static ALWAYS_INLINE void
quick_reg(struct x64 *x, const struct begin *how, uint32_t reg, uint32_t rm)
{
	uint8_t *p = quick(x->at, how, 0, reg >> 3 << 2 | rm >> 3);
	*p = (uint8_t)(0xc0 | reg << 3 | (rm & 7));
	x->at = p + 1;
}

/* Bytes of displacement; of ModRM.mod one more, halved. */
static ALWAYS_INLINE uint32_t
disp_bytes(struct x64_mem m)
{
	uint32_t length = m.disp != 0 || (m.base & 7) == X64_rbp;
	return m.disp == (int8_t)m.disp ? length : 4;
}

/* With an address that has an index or needs a SIB, or does not; returns the
 * end. */
static ALWAYS_INLINE uint8_t *
quick_sib(uint8_t *p, const struct begin *how, uint32_t less, uint32_t reg,
	struct x64_mem m)
{
	uint32_t length = disp_bytes(m), mod = (length + 1) / 2;
	uint32_t sib =
		(uint32_t)m.scale << 6 | (m.index & 7u) << 3 | (m.base & 7);
	assert(m.index != X64_rsp && m.scale < 4 && "an address");
	p = quick(p, how, less, reg >> 3 << 2 | high_bits(m));
	bytes_put16(p, (uint16_t)(sib << 8 | mod << 6 | (reg & 7) << 3 | 4));
	bytes_put32(p + 2, (uint32_t)m.disp);
	return p + 2 + length;
}

static ALWAYS_INLINE uint8_t *
quick_base(uint8_t *p, const struct begin *how, uint32_t less, uint32_t reg,
	struct x64_mem m)
{
	uint32_t length = disp_bytes(m), mod = (length + 1) / 2;
	p = quick(p, how, less, reg >> 3 << 2 | m.base >> 3);
	*p = (uint8_t)(mod << 6 | (reg & 7) << 3 | (m.base & 7));
	bytes_put32(p + 1, (uint32_t)m.disp);
	return p + 1 + length;
}

static ALWAYS_INLINE bool
needs_sib(struct x64_mem m)
{
	return m.index != X64_none || (m.base & 7) == X64_rsp;
}

/* The bytes of an opcode that stands alone. */
static void
put_opcode(struct x64 *x, const struct x64_row *row, uint32_t rex, uint32_t low)
{
	if (!room(x))
		return;
	if (rex != 0)
		put(x, 0x40 | rex);
	for (uint32_t shift = row->load > 0xffff ? 16
			      : row->load > 0xff ? 8
						 : 0;
		shift != 0; shift -= 8)
		put(x, row->load >> shift);
	put(x, row->load | low);
}

void
x64_plain(struct x64 *x, enum x64_op op)
{
	const struct x64_row *row = row_of(op, "n");
	put_opcode(x, row, (uint32_t)row->w << 3, 0);
}

static NOINLINE void
other_rr(struct x64 *x, enum x64_op op, int reg, int rm)
{
	const struct x64_row *row = row_of(op, "rr");
	if (row->load == 0 && is_quick(x, &begins[op].mr)) /* test */
		quick_reg(x, &begins[op].mr, (uint32_t)rm, (uint32_t)reg);
	else if (row->load != 0)
		emit_reg(x, (struct instr){ row, row->load, reg, 0 }, rm);
	else
		emit_reg(x, (struct instr){ row, row->store, rm, 0 }, reg);
}

void
x64_rr(struct x64 *x, enum x64_op op, int reg, int rm)
{
	const struct begin *how = &begins[op].rr;
	assert(x64_has(&x64_rows[op], "rr") && "the row has this form");
	if (is_quick(x, how))
		quick_reg(x, how, (uint32_t)reg, (uint32_t)rm);
	else
		other_rr(x, op, reg, rm);
}

static NOINLINE void
other_rm(struct x64 *x, enum x64_op op, int reg, struct x64_mem m)
{
	const struct x64_row *row = row_of(op, "rm");
	emit_mem(x, (struct instr){ row, row->load, reg, 0 }, m);
}

static NOINLINE void
sib_rm(struct x64 *x, enum x64_op op, int reg, struct x64_mem m)
{
	const struct begin *how = &begins[op].rm;
	if (is_quick(x, how) && m.base != X64_none)
		x->at = quick_sib(x->at, how, 0, (uint32_t)reg, m);
	else
		other_rm(x, op, reg, m);
}

void
x64_rm(struct x64 *x, enum x64_op op, int reg, struct x64_mem m)
{
	const struct begin *how = &begins[op].rm;
	assert(x64_has(&x64_rows[op], "rm") && "the row has this form");
	if (needs_sib(m))
		sib_rm(x, op, reg, m);
	else if (is_quick(x, how))
		x->at = quick_base(x->at, how, 0, (uint32_t)reg, m);
	else
		other_rm(x, op, reg, m);
}

static NOINLINE void
other_mr(struct x64 *x, enum x64_op op, struct x64_mem m, int reg)
{
	const struct x64_row *row = row_of(op, "mr");
	emit_mem(x, (struct instr){ row, row->store, reg, 0 }, m);
}

static NOINLINE void
sib_mr(struct x64 *x, enum x64_op op, struct x64_mem m, int reg)
{
	const struct begin *how = &begins[op].mr;
	if (is_quick(x, how) && m.base != X64_none)
		x->at = quick_sib(x->at, how, 0, (uint32_t)reg, m);
	else
		other_mr(x, op, m, reg);
}

void
x64_mr(struct x64 *x, enum x64_op op, struct x64_mem m, int reg)
{
	const struct begin *how = &begins[op].mr;
	assert(x64_has(&x64_rows[op], "mr") && "the row has this form");
	if (needs_sib(m))
		sib_mr(x, op, m, reg);
	else if (is_quick(x, how))
		x->at = quick_base(x->at, how, 0, (uint32_t)reg, m);
	else
		other_mr(x, op, m, reg);
}

void
x64_r(struct x64 *x, enum x64_op op, int rm)
{
	const struct x64_row *row = &x64_rows[op];
	if (row->digit == DIGIT_R) {
		assert(x64_has(row, "o") && "the row has this form");
		put_opcode(x, row, (uint32_t)row->w << 3 | (uint32_t)rm >> 3,
			(uint32_t)rm & 7);
		return;
	}
	row = row_of(op, "r");
	if (is_quick(x, &begins[op].rr))
		quick_reg(x, &begins[op].rr, row->digit, (uint32_t)rm);
	else
		emit_reg(
			x, (struct instr){ row, row->load, row->digit, 0 }, rm);
}

void
x64_m(struct x64 *x, enum x64_op op, struct x64_mem m)
{
	const struct x64_row *row = row_of(op, "m");
	if (is_quick(x, &begins[op].rm) && !needs_sib(m))
		x->at = quick_base(x->at, &begins[op].rm, 0, row->digit, m);
	else
		emit_mem(x, (struct instr){ row, row->load, row->digit, 0 }, m);
}

static NOINLINE void
other_ri(struct x64 *x, enum x64_op op, int rm, int32_t imm)
{
	const struct x64_row *row = row_of(op, "ri");
	emit_reg_imm(
		x, (struct instr){ row, row->imm, row->digit, 0 }, rm, imm);
}

void
x64_ri(struct x64 *x, enum x64_op op, int rm, int32_t imm)
{
	const struct begins *b = &begins[op];
	assert(x64_has(&x64_rows[op], "ri") && "the row has this form");
	if (!is_quick(x, &b->ri)) {
		other_ri(x, op, rm, imm);
		return;
	}
	bool byte = is_byte(b->size, imm);
	uint8_t *p = quick(
		x->at, &b->ri, opcode_less(b->size, byte), (uint32_t)rm >> 3);
	*p = (uint8_t)(0xc0 | b->digit << 3 | (rm & 7));
	bytes_put32(p + 1, (uint32_t)imm);
	x->at = p + (byte ? 2 : 5);
}

static NOINLINE void
other_mi(struct x64 *x, enum x64_op op, struct x64_mem m, int32_t imm)
{
	const struct x64_row *row = row_of(op, "mi");
	emit_mem_imm(x, (struct instr){ row, row->imm, row->digit, 0 }, m, imm);
}

void
x64_mi(struct x64 *x, enum x64_op op, struct x64_mem m, int32_t imm)
{
	const struct begins *b = &begins[op];
	assert(x64_has(&x64_rows[op], "mi") && "the row has this form");
	if (!is_quick(x, &b->mi) || m.base == X64_none) {
		other_mi(x, op, m, imm);
		return;
	}
	bool byte = is_byte(b->size, imm);
	uint32_t less = opcode_less(b->size, byte);
	uint8_t *p = needs_sib(m)
			     ? quick_sib(x->at, &b->mi, less, b->digit, m)
			     : quick_base(x->at, &b->mi, less, b->digit, m);
	bytes_put32(p, (uint32_t)imm);
	x->at = p + (byte ? 1 : 4);
}

void
x64_rri(struct x64 *x, enum x64_op op, int reg, int rm, int32_t imm)
{
	const struct x64_row *row = row_of(op, "rri");
	struct instr i = { row, row->imm, reg, 0 };
	if (row->imm == 0) {
		i = (struct instr){ row, row->store, rm, 0 };
		rm = reg;
	} else if (row->digit != DIGIT_R) {
		i = (struct instr){ row, row->imm, row->digit, reg };
	}
	emit_reg_imm(x, i, rm, imm);
}

void
x64_rmi(struct x64 *x, enum x64_op op, int reg, struct x64_mem m, int32_t imm)
{
	const struct x64_row *row = row_of(op, "rmi");
	uint32_t opcode = row->imm ? row->imm : row->store;
	emit_mem_imm(x, (struct instr){ row, opcode, reg, 0 }, m, imm);
}

void
x64_rvr(struct x64 *x, enum x64_op op, int reg, int v, int rm)
{
	const struct x64_row *row = row_of(op, "rvr");
	if (row->load != 0)
		emit_reg(x, (struct instr){ row, row->load, reg, v }, rm);
	else
		emit_reg(x, (struct instr){ row, row->store, reg, rm }, v);
}

void
x64_rvm(struct x64 *x, enum x64_op op, int reg, int v, struct x64_mem m)
{
	const struct x64_row *row = row_of(op, "rvm");
	uint32_t opcode = row->load ? row->load : row->store;
	emit_mem(x, (struct instr){ row, opcode, reg, v }, m);
}

void
x64_rvri(struct x64 *x, enum x64_op op, int reg, int v, int rm, int imm)
{
	const struct x64_row *row = row_of(op, "rvri");
	emit_reg_imm(x, (struct instr){ row, row->imm, reg, v }, rm, imm);
}

void
x64_rvmi(struct x64 *x, enum x64_op op, int reg, int v, struct x64_mem m,
	int imm)
{
	const struct x64_row *row = row_of(op, "rvmi");
	emit_mem_imm(x, (struct instr){ row, row->imm, reg, v }, m, imm);
}

void
x64_rvrr(struct x64 *x, enum x64_op op, int reg, int v, int rm, int r4)
{
	const struct x64_row *row = row_of(op, "rvrr");
	emit_reg_imm(x, (struct instr){ row, row->load, reg, v }, rm, r4 << 4);
}

/* A base that asks for REX.B, and no SIB. */
static ALWAYS_INLINE void
move(struct x64 *x, uint32_t opcode, bool wide, int reg, int32_t disp)
{
	uint32_t rex = (uint32_t)wide << 3 | (uint32_t)reg >> 3 << 2 | 0x41;
	uint32_t length = disp != 0, mod = length;
	if (!room(x))
		return;
	if (disp != (int8_t)disp) {
		length = 4;
		mod = 2;
	}
	uint32_t modrm = mod << 6 | ((uint32_t)reg & 7) << 3 | (X64_r15 & 7);
	bytes_put64(x->at, (uint64_t)(uint32_t)disp << 24 | modrm << 16 |
				   opcode << 8 | rex);
	x->at += 3 + length;
}

void
x64_load(struct x64 *x, bool wide, int reg, int32_t disp)
{
	move(x, x64_rows[X64_mov64].load, wide, reg, disp);
}

void
x64_store(struct x64 *x, int32_t disp, int reg)
{
	move(x, x64_rows[X64_mov64].store, true, reg, disp);
}

void
x64_mov_imm(struct x64 *x, int reg, uint64_t imm)
{
	if (imm == 0)
		x64_rr(x, X64_xor32, reg, reg);
	else
		x64_mov_imm_keep(x, reg, imm);
}

void
x64_mov_imm_keep(struct x64 *x, int reg, uint64_t imm)
{
	bool is32 = imm <= UINT32_MAX;
	if (!is32 && imm >= (uint64_t)INT32_MIN) {
		x64_ri(x, X64_mov64, reg,
			(int32_t)(imm - (uint64_t)INT32_MIN) + INT32_MIN);
		return;
	}
	if (!room(x))
		return;
	uint32_t rex = (is32 ? 0 : 8) | (uint32_t)reg >> 3;
	uint8_t *p = x->at;
	*p = (uint8_t)(0x40 | rex);
	p += rex != 0;
	*p = (uint8_t)(0xb8 | (reg & 7));
	bytes_put64(p + 1, imm);
	x->at = p + (is32 ? 5 : 9);
}

/* An opcode of one byte or two, as it is written, and an empty distance. */
static ALWAYS_INLINE uint8_t *
jump(struct x64 *x, uint32_t opcode, uint32_t length)
{
	uint8_t *p = x->at;
	if (!room(x))
		return NULL;
	bytes_put64(p, opcode);
	x->at = p + length + 4;
	return p + length;
}

uint8_t *
x64_jmp(struct x64 *x)
{
	return jump(x, 0xe9, 1);
}

uint8_t *
x64_jcc(struct x64 *x, enum x64_cond cond)
{
	return jump(x, 0x800f | (uint32_t)cond << 8, 2);
}

uint8_t *
x64_call(struct x64 *x)
{
	return jump(x, 0xe8, 1);
}

uint8_t *
x64_lea_rip(struct x64 *x, int reg)
{
	return x64_rip(x, X64_lea64, reg, X64_none);
}

uint8_t *
x64_rip(struct x64 *x, enum x64_op op, int reg, int v)
{
	const struct x64_row *row = row_of(op, v == X64_none ? "rm" : "rvm");
	struct instr i = { row, row->load, reg, v == X64_none ? 0 : v };
	if (!room(x))
		return NULL;
	uint8_t *p = prefixes(x->at, i, 0, false);
	*p++ = (uint8_t)((reg & 7) << 3 | 5);
	bytes_put32(p, 0);
	x->at = p + 4;
	return p;
}

void
x64_target(struct x64 *x, uint8_t *distance, const uint8_t *to)
{
	assert((distance != NULL || x->full) && "a jump that was written");
	if (distance != NULL)
		bytes_put32(distance, (uint32_t)(to - (distance + 4)));
	(void)x;
}

void
x64_setcc(struct x64 *x, enum x64_cond cond, int reg)
{
	emit_reg(x, (struct instr){ &setcc_row, 0x0f90u | cond, 0, 0 }, reg);
}

void
x64_cmov(struct x64 *x, enum x64_cond cond, bool wide, int reg, int rm)
{
	struct begin how = { (uint8_t)(0x40 | wide << 3), 2,
		(uint16_t)(0x400f | cond << 8) };
	if (room(x))
		quick_reg(x, &how, (uint32_t)reg, (uint32_t)rm);
}

void
x64_ret(struct x64 *x)
{
	x64_plain(x, X64_ret);
}

uint8_t *
x64_copy(struct x64 *x, const uint8_t *code, uint32_t n)
{
	uint8_t *p = x->at;
	if ((size_t)(x->end - p) < n) {
		x->full = true;
		return NULL;
	}
	memcpy(p, code, n);
	x->at = p + n;
	return p;
}

void
x64_nops(struct x64 *x, uint32_t n)
{
	static const uint8_t nops[][9] = {
		{ 0x90 },
		{ 0x66, 0x90 },
		{ 0x0f, 0x1f, 0x00 },
		{ 0x0f, 0x1f, 0x40, 0 },
		{ 0x0f, 0x1f, 0x44, 0, 0 },
		{ 0x66, 0x0f, 0x1f, 0x44, 0, 0 },
		{ 0x0f, 0x1f, 0x80, 0, 0, 0, 0 },
		{ 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0 },
		{ 0x66, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0 },
	};
	while (n != 0 && room(x)) {
		uint32_t bytes = n < 9 ? n : 9;
		memcpy(x->at, nops[bytes - 1], bytes);
		x->at += bytes;
		n -= bytes;
	}
}
