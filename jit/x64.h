/*
 * x86-64 machine code, one instruction a call.  What exists is a row of
 * x64.def. The code is for processors with AVX2, BMI1, BMI2, FMA, LZCNT and
 * POPCNT (x86-64-v3); x64_supported asks.
 *
 * Integer instructions have their width in the name (X64_add32, X64_add64);
 * registers are numbers 0..15, of the file that the row says.  Registers stand
 * in the order of Intel's syntax, the destination first, wherever the encoding
 * has them: x64_rr(x, X64_vmovd_rx, rax, xmm1), x64_rvr(x, X64_shlx32, rax,
 * rcx, rdx) shifts rcx by rdx.
 */
#ifndef JIT_X64_H
#define JIT_X64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	X64_rax,
	X64_rcx,
	X64_rdx,
	X64_rbx,
	X64_rsp,
	X64_rbp,
	X64_rsi,
	X64_rdi,
	X64_r8,
	X64_r9,
	X64_r10,
	X64_r11,
	X64_r12,
	X64_r13,
	X64_r14,
	X64_r15,
	/* no base, or no index: as the encoding says that */
	X64_none = 0x14,
};

/* Conditions of jumps, setcc and cmov: the low four bits of their opcodes. */
enum x64_cond {
	X64_o,
	X64_no,
	X64_b,
	X64_ae,
	X64_e,
	X64_ne,
	X64_be,
	X64_a,
	X64_s,
	X64_ns,
	X64_p,
	X64_np,
	X64_l,
	X64_ge,
	X64_le,
	X64_g,
};

enum x64_op {
#define X64(id, ...) X64_##id,
#include "jit/x64.def"
	X64_count,
};

/* [base + index << scale + disp]; base or index may be X64_none, index is not
 * rsp. */
struct x64_mem {
	uint8_t base, index, scale;
	int32_t disp;
};

/* A buffer; when it is full nothing more is written and `full` stays set. */
struct x64 {
	uint8_t *start, *at, *end;
	uint8_t *last; /* an instruction begins here at the latest */
	bool full;
};

/* An empty buffer: these bytes of the caller, at least 15. */
void
x64_open(struct x64 *x, uint8_t *start, size_t len);

/* The processor that runs this has what the code needs. */
bool
x64_supported(void);

/* By the forms that a row has. */
void
x64_plain(struct x64 *x, enum x64_op op);
void
x64_rr(struct x64 *x, enum x64_op op, int reg, int rm);
void
x64_rm(struct x64 *x, enum x64_op op, int reg, struct x64_mem m);
void
x64_mr(struct x64 *x, enum x64_op op, struct x64_mem m, int reg);
void
x64_r(struct x64 *x, enum x64_op op, int rm);
void
x64_m(struct x64 *x, enum x64_op op, struct x64_mem m);
/* The shortest immediate that holds imm is chosen. */
void
x64_ri(struct x64 *x, enum x64_op op, int rm, int32_t imm);
void
x64_mi(struct x64 *x, enum x64_op op, struct x64_mem m, int32_t imm);
/* reg = rm op imm (imul, rorx, vpextrd, vpslld ..); _rmi: where the row stores
 * (vpextrd), m = reg op imm */
void
x64_rri(struct x64 *x, enum x64_op op, int reg, int rm, int32_t imm);
void
x64_rmi(struct x64 *x, enum x64_op op, int reg, struct x64_mem m, int32_t imm);
/* Three registers, VEX: reg = v op rm; x64_rvm(shlx): reg = m shifted by v. */
void
x64_rvr(struct x64 *x, enum x64_op op, int reg, int v, int rm);
void
x64_rvm(struct x64 *x, enum x64_op op, int reg, int v, struct x64_mem m);
void
x64_rvri(struct x64 *x, enum x64_op op, int reg, int v, int rm, int imm);
void
x64_rvmi(struct x64 *x, enum x64_op op, int reg, int v, struct x64_mem m,
	int imm);
/* Four registers: reg = v, rm by the bits of r4 (vpblendvb, vblendvps). */
void
x64_rvrr(struct x64 *x, enum x64_op op, int reg, int v, int rm, int r4);

/* What there is most of: x64_rm with mov64, or mov32 if not wide, and x64_mr
 * with mov64, at [r15 + disp]. */
void
x64_load(struct x64 *x, bool wide, int reg, int32_t disp);
void
x64_store(struct x64 *x, int32_t disp, int reg);

/* The shortest way to put a constant in a register, and the same that leaves
 * the flags. */
void
x64_mov_imm(struct x64 *x, int reg, uint64_t imm);
void
x64_mov_imm_keep(struct x64 *x, int reg, uint64_t imm);

/*
 * Jumps and calls with 32-bit distances: return where the distance stands, for
 * x64_target (distances count from its end); NULL when x is full.
 */
uint8_t *
x64_jmp(struct x64 *x);
uint8_t *
x64_jcc(struct x64 *x, enum x64_cond cond);
uint8_t *
x64_call(struct x64 *x);
/* lea reg, [rip + distance] */
uint8_t *
x64_lea_rip(struct x64 *x, int reg);
/* op reg, [rip + distance], or op reg, v, [rip + distance] if v is not
 * X64_none: constants behind the code */
uint8_t *
x64_rip(struct x64 *x, enum x64_op op, int reg, int v);
void
x64_target(struct x64 *x, uint8_t *distance, const uint8_t *to);

void
x64_setcc(struct x64 *x, enum x64_cond cond, int reg);
void
x64_cmov(struct x64 *x, enum x64_cond cond, bool wide, int reg, int rm);
void
x64_ret(struct x64 *x);
/* n bytes that were encoded before; returns where they are, NULL when x is
 * full. */
uint8_t *
x64_copy(struct x64 *x, const uint8_t *code, uint32_t n);
/* n bytes that do nothing, in as few instructions as may be. */
void
x64_nops(struct x64 *x, uint32_t n);

#endif
