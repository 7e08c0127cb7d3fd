/*
 * The encoder.  Bytes are written one by one, so that it runs on any machine; a
 * form that a row does not have is a bug of the caller.
 */
#include "jit/x64.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "jit/x64_row.h"
#include "trap/bytes.h"

enum { LONGEST = 15, RIP = 0xfe /* as base: a distance */ };

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

/* cmov and setcc: the opcode depends on the condition. */
static const struct x64_row cmov_rows[] = {
	{ .name = "cmov", .digit = DIGIT_R, .reg = REG_d, .rm = REG_d },
	{ .name = "cmov", .digit = DIGIT_R, .reg = REG_q, .rm = REG_q, .w = 1 },
};
static const struct x64_row setcc_row = { .name = "set", .rm = REG_b };

/* An instruction before its bytes. */
struct instr {
	const struct x64_row *row;
	uint32_t opcode;
	int reg, v, rm; /* reg: register or digit; rm: none if memory is */
	const struct x64_mem *m;
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

/* Room for one more instruction. */
static bool
room(struct x64 *x)
{
	if (x->end - x->at < LONGEST)
		x->full = true;
	return !x->full;
}

static void
put(struct x64 *x, uint32_t byte)
{
	*x->at++ = (uint8_t)byte;
}

static void
put32(struct x64 *x, uint32_t v)
{
	bytes_put32(x->at, v);
	x->at += 4;
}

static uint32_t
high(int reg)
{
	return reg < X64_none - 1 ? (uint32_t)reg >> 3 : 0;
}

/* R X B as in REX. */
static uint32_t
high_bits(const struct instr *i)
{
	uint32_t r = high(i->reg) << 2;
	return i->m == NULL ? r | high(i->rm)
			    : r | high(i->m->index) << 1 | high(i->m->base);
}

/* spl, bpl, sil, dil exist behind a REX prefix alone. */
static bool
is_new_byte(uint8_t type, int reg)
{
	return type == REG_b && reg >= X64_rsp && reg <= X64_rdi;
}

static void
legacy(struct x64 *x, const struct instr *i)
{
	const struct x64_row *row = i->row;
	uint32_t rex = (uint32_t)row->w << 3 | high_bits(i);
	bool digit = i->opcode == row->imm;
	bool new_reg = !digit && is_new_byte(row->reg, i->reg);
	bool new_rm = i->m == NULL && is_new_byte(row->rm, i->rm);
	if (row->kind == KIND_LOCK)
		put(x, 0xf0);
	if (row->pp != 0)
		put(x, row->pp);
	if (rex != 0 || new_reg || new_rm)
		put(x, 0x40 | rex);
	if (i->opcode > 0xffff)
		put(x, i->opcode >> 16);
	if (i->opcode > 0xff)
		put(x, i->opcode >> 8);
	put(x, i->opcode);
}

static void
vex(struct x64 *x, const struct instr *i)
{
	const struct x64_row *row = i->row;
	uint32_t rxb = high_bits(i) ^ 7, v = ~(uint32_t)i->v & 15;
	uint32_t pp = row->pp == 0x66 ? 1 : row->pp ? 0xf5 - row->pp : 0;
	uint32_t last = v << 3 | pp;
	if ((rxb & 3) == 3 && row->w == 0 && i->opcode >> 8 == 0x0f) {
		put(x, 0xc5);
		put(x, (rxb & 4) << 5 | last);
	} else {
		uint32_t map = i->opcode >> 8;
		put(x, 0xc4);
		put(x, rxb << 5 | (map == 0x0f38 ? 2 : map == 0x0f3a ? 3 : 1));
		put(x, (uint32_t)row->w << 7 | last);
	}
	put(x, i->opcode);
}

/* ModRM, SIB and displacement. */
static void
address(struct x64 *x, uint32_t reg, const struct x64_mem *m)
{
	assert(m->index != X64_rsp && m->scale < 4 && "an address");
	if (m->base == RIP) {
		put(x, reg << 3 | 5);
		put32(x, 0);
		return;
	}
	bool based = m->base != X64_none, indexed = m->index != X64_none;
	uint32_t base = based ? m->base & 7 : 5, mod = 0;
	if (based && m->disp != (int8_t)m->disp)
		mod = 2;
	else if (based && (m->disp != 0 || base == 5))
		mod = 1;
	bool sib = indexed || !based || base == 4;
	put(x, mod << 6 | reg << 3 | (sib ? 4 : base));
	if (sib)
		put(x, (uint32_t)m->scale << 6 |
				(indexed ? m->index & 7 : 4) << 3 | base);
	if (mod == 1)
		put(x, (uint8_t)m->disp);
	else if (mod == 2 || !based)
		put32(x, (uint32_t)m->disp);
}

/* All but the immediate; false when there is no room.  Bytes may alias *x but
 * not a copy of it, so that the place stays in a register. */
static bool
emit(struct x64 *x, const struct instr *i)
{
	assert(i->opcode != 0 && "an opcode for this form");
	if (!room(x))
		return false;
	struct x64 out = *x;
	if (i->row->kind == KIND_VEX)
		vex(&out, i);
	else
		legacy(&out, i);
	if (i->m != NULL)
		address(&out, (uint32_t)i->reg & 7, i->m);
	else
		put(&out, 0xc0 | (i->reg & 7) << 3 | (i->rm & 7));
	x->at = out.at;
	return true;
}

/* i and its immediate behind it. */
static void
emit_imm(struct x64 *x, struct instr *i, int32_t imm)
{
	const struct x64_row *row = i->row;
	bool byte = row->size == SIZE_b ||
		    (row->size == SIZE_z && imm == (int8_t)imm);
	assert(row->size != SIZE_no && "an immediate");
	assert((row->size != SIZE_b || (imm >= -128 && imm <= 255)) &&
		"a byte");
	if (row->size == SIZE_z && !byte)
		i->opcode -= 2;
	if (!emit(x, i))
		return;
	put(x, (uint32_t)imm);
	if (!byte)
		put(x, (uint32_t)imm >> 8);
	if (!byte && row->pp != 0x66) {
		put(x, (uint32_t)imm >> 16);
		put(x, (uint32_t)imm >> 24);
	}
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

void
x64_rr(struct x64 *x, enum x64_op op, int reg, int rm)
{
	const struct x64_row *row = row_of(op, "rr");
	if (row->load != 0)
		emit(x, &(struct instr){ row, row->load, reg, 0, rm, NULL });
	else
		emit(x, &(struct instr){ row, row->store, rm, 0, reg, NULL });
}

void
x64_rm(struct x64 *x, enum x64_op op, int reg, struct x64_mem m)
{
	const struct x64_row *row = row_of(op, "rm");
	emit(x, &(struct instr){ row, row->load, reg, 0, X64_none, &m });
}

void
x64_mr(struct x64 *x, enum x64_op op, struct x64_mem m, int reg)
{
	const struct x64_row *row = row_of(op, "mr");
	emit(x, &(struct instr){ row, row->store, reg, 0, X64_none, &m });
}

void
x64_r(struct x64 *x, enum x64_op op, int rm)
{
	const struct x64_row *row = &x64_rows[op];
	if (x64_has(row, "o")) {
		put_opcode(x, row, (uint32_t)row->w << 3 | high(rm),
			(uint32_t)rm & 7);
		return;
	}
	row = row_of(op, "r");
	emit(x, &(struct instr){ row, row->load, row->digit, 0, rm, NULL });
}

void
x64_m(struct x64 *x, enum x64_op op, struct x64_mem m)
{
	const struct x64_row *row = row_of(op, "m");
	emit(x, &(struct instr){ row, row->load, row->digit, 0, X64_none, &m });
}

void
x64_ri(struct x64 *x, enum x64_op op, int rm, int32_t imm)
{
	const struct x64_row *row = row_of(op, "ri");
	struct instr i = { row, row->imm, row->digit, 0, rm, NULL };
	emit_imm(x, &i, imm);
}

void
x64_mi(struct x64 *x, enum x64_op op, struct x64_mem m, int32_t imm)
{
	const struct x64_row *row = row_of(op, "mi");
	struct instr i = { row, row->imm, row->digit, 0, X64_none, &m };
	emit_imm(x, &i, imm);
}

void
x64_rri(struct x64 *x, enum x64_op op, int reg, int rm, int32_t imm)
{
	const struct x64_row *row = row_of(op, "rri");
	struct instr i = { row, row->imm, reg, 0, rm, NULL };
	if (row->imm == 0)
		i = (struct instr){ row, row->store, rm, 0, reg, NULL };
	else if (row->digit != DIGIT_R)
		i = (struct instr){ row, row->imm, row->digit, reg, rm, NULL };
	emit_imm(x, &i, imm);
}

void
x64_rmi(struct x64 *x, enum x64_op op, int reg, struct x64_mem m, int32_t imm)
{
	const struct x64_row *row = row_of(op, "rmi");
	uint32_t opcode = row->imm ? row->imm : row->store;
	struct instr i = { row, opcode, reg, 0, X64_none, &m };
	emit_imm(x, &i, imm);
}

void
x64_rvr(struct x64 *x, enum x64_op op, int reg, int v, int rm)
{
	const struct x64_row *row = row_of(op, "rvr");
	if (row->load != 0)
		emit(x, &(struct instr){ row, row->load, reg, v, rm, NULL });
	else
		emit(x, &(struct instr){ row, row->store, reg, rm, v, NULL });
}

void
x64_rvm(struct x64 *x, enum x64_op op, int reg, int v, struct x64_mem m)
{
	const struct x64_row *row = row_of(op, "rvm");
	uint32_t opcode = row->load ? row->load : row->store;
	emit(x, &(struct instr){ row, opcode, reg, v, X64_none, &m });
}

void
x64_rvri(struct x64 *x, enum x64_op op, int reg, int v, int rm, int imm)
{
	const struct x64_row *row = row_of(op, "rvri");
	emit_imm(x, &(struct instr){ row, row->imm, reg, v, rm, NULL }, imm);
}

void
x64_rvmi(struct x64 *x, enum x64_op op, int reg, int v, struct x64_mem m,
	int imm)
{
	const struct x64_row *row = row_of(op, "rvmi");
	emit_imm(
		x, &(struct instr){ row, row->imm, reg, v, X64_none, &m }, imm);
}

void
x64_rvrr(struct x64 *x, enum x64_op op, int reg, int v, int rm, int r4)
{
	const struct x64_row *row = row_of(op, "rvrr");
	emit_imm(x, &(struct instr){ row, row->load, reg, v, rm, NULL },
		r4 << 4);
}

void
x64_mov_imm(struct x64 *x, int reg, uint64_t imm)
{
	if (imm == 0) {
		x64_rr(x, X64_xor32, reg, reg);
		return;
	}
	bool is32 = imm <= UINT32_MAX;
	if (!is32 && imm >= (uint64_t)INT32_MIN) {
		x64_ri(x, X64_mov64, reg,
			(int32_t)(imm - (uint64_t)INT32_MIN) + INT32_MIN);
		return;
	}
	if (!room(x))
		return;
	uint32_t rex = (is32 ? 0 : 8) | high(reg);
	if (rex != 0)
		put(x, 0x40 | rex);
	put(x, 0xb8 | (reg & 7));
	put32(x, (uint32_t)imm);
	if (!is32)
		put32(x, (uint32_t)(imm >> 32));
}

/* Opcode bytes and an empty distance. */
static uint8_t *
jump(struct x64 *x, uint32_t opcode)
{
	if (!room(x))
		return NULL;
	if (opcode > 0xff)
		put(x, opcode >> 8);
	put(x, opcode);
	put32(x, 0);
	return x->at - 4;
}

uint8_t *
x64_jmp(struct x64 *x)
{
	return jump(x, 0xe9);
}

uint8_t *
x64_jcc(struct x64 *x, enum x64_cond cond)
{
	return jump(x, 0x0f80 | cond);
}

uint8_t *
x64_call(struct x64 *x)
{
	return jump(x, 0xe8);
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
	struct x64_mem m = { RIP, X64_none, 0, 0 };
	int vvvv = v == X64_none ? 0 : v;
	struct instr i = { row, row->load, reg, vvvv, X64_none, &m };
	return emit(x, &i) ? x->at - 4 : NULL;
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
	struct instr i = { &setcc_row, 0x0f90 | cond, 0, 0, reg, NULL };
	emit(x, &i);
}

void
x64_cmov(struct x64 *x, enum x64_cond cond, bool wide, int reg, int rm)
{
	struct instr i = { &cmov_rows[wide], 0x0f40 | cond, reg, 0, rm, NULL };
	emit(x, &i);
}

void
x64_ret(struct x64 *x)
{
	x64_plain(x, X64_ret);
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
