/*
 * What handlers do: operands, effective addresses, and the body of each family
 * of bc.def, as macros for interp/loop.c; and the same bodies once more as
 * functions, steps, of which the handlers of pairs (interp/pair.def) are made.
 *
 * A body uses pc, fp, mem, memsz, acc, fs, fd, vec; it leaves pc alone.
 * FAIL(trap) ends the handler or step.
 */
#ifndef INTERP_STEP_H
#define INTERP_STEP_H

#include <string.h>

#include "interp/cell.h"
#include "spec/numeric.h"
#include "spec/store.h"
#include "spec/vector.h"
#include "trap/bytes.h"
#include "trap/context.h"
#include "trap/trap.h"

/* The constant in the cell after pc. */
static inline uint64_t
constant_i64(const struct cell *pc)
{
	uint64_t bits;
	memcpy(&bits, &pc[1].u.ab, 4);
	memcpy((char *)&bits + 4, &pc[1].v.imm, 4);
	return bits;
}

/* The constant in the two cells after pc. */
static inline v128
constant_v128(const struct cell *pc)
{
	union slot bits[2] = { { .u64 = constant_i64(pc) },
		{ .u64 = constant_i64(pc + 1) } };
	return vec_load(bits);
}

static inline double
constant_f64(const struct cell *pc)
{
	return num_f64_of_bits(constant_i64(pc));
}

typedef uint32_t i32;
typedef uint64_t i64;
typedef float f32;
typedef double f64;

/* operands: type, class, field */
#define GET_i32_S(field) ((uint32_t)fp[field].u64)
#define GET_i64_S(field) (fp[field].u64)
#define GET_f32_S(field) slot_f32(fp[field])
#define GET_f64_S(field) (fp[field].f64)
#define GET_i32_A(field) ((uint32_t)acc)
#define GET_i64_A(field) acc
#define GET_f32_A(field) fs
#define GET_f64_A(field) fd
#define GET_v128_S(field) vec_load(&fp[field])
#define GET_v128_A(field) vec
#define IMM_i32(imm) ((uint32_t)(imm))
#define IMM_i64(imm) ((uint64_t)(int64_t)(imm))
#define IMM_f32(imm) num_f32_of_bits((uint32_t)(imm))
#define IMM_f64(imm) ((double)num_f32_of_bits((uint32_t)(imm)))
#define RIGHT_S(type) GET_##type##_S(pc->v.s.c)
#define RIGHT_A(type) GET_##type##_A(0)
#define RIGHT_I(type) IMM_##type(pc->v.imm)
#define RIGHT_K(type) constant_##type(pc)
#define RIGHT_B(type) GET_##type##_S(pc->u.s.b)
#define GET_i32_I(field) IMM_i32(pc->v.imm)
#define GET_i64_I(field) IMM_i64(pc->v.imm)
#define GET_f32_I(field) IMM_f32(pc->v.imm)
#define GET_f64_I(field) IMM_f64(pc->v.imm)
#define AFTER_S 1
#define AFTER_A 1
#define AFTER_I 1
#define AFTER_B 1
#define AFTER_K 2
#define C_S(type) GET_##type##_S(pc->v.s.c)
#define C_I(type) IMM_##type((int16_t)pc->v.s.c)
#define D_S(type) GET_##type##_S(pc->v.s.d)
#define D_I(type) IMM_##type((int16_t)pc->v.s.d)
#define RIGHT16_S(type) GET_##type##_S(pc->u.s.b)
#define RIGHT16_A(type) GET_##type##_A(0)
#define RIGHT16_I(type) IMM16_##type(pc->u.s.b)
#define IMM16_i32(imm) IMM_i32((int16_t)(imm))
#define IMM16_i64(imm) IMM_i64((int16_t)(imm))
#define IMM16_f32(imm) num_f32_of_bits((uint32_t)(imm) << 16)
#define IMM16_f64(imm) ((double)IMM16_f32(imm))

#define SET_i32(field, v) (acc = (uint32_t)(v), fp[field].u64 = acc)
#define SET_i64(field, v) (acc = (v), fp[field].u64 = acc)
#define SET_f32(field, v) (fs = (v), fp[field] = slot_of_f32(fs))
#define SET_f64(field, v) (fd = (v), fp[field].f64 = fd)
#define SET_v128(field, v) (vec = (v), vec_store(&fp[field], vec))

/* effective addresses: 32 bits of address, then the offset, no wrapping */
#define EA_S ((uint64_t)GET_i32_S(pc->u.s.b) + (uint32_t)pc->v.imm)
#define EA_A ((uint64_t)(uint32_t)acc + (uint32_t)pc->v.imm)
#define EA_SS \
	((uint64_t)(GET_i32_S(pc->u.s.b) + GET_i32_S(pc->v.s.c)) + pc->v.s.d)
#define EA_AS \
	((uint64_t)(uint32_t)((uint32_t)acc + GET_i32_S(pc->v.s.c)) + pc->v.s.d)
#define EA_SI ((uint64_t)(GET_i32_S(pc->u.s.b) + (uint32_t)pc->v.imm))
#define EA_AI ((uint64_t)((uint32_t)acc + (uint32_t)pc->v.imm))
#define EA_HS (SCALED(S) + (uint32_t)pc->v.imm)
#define EA_HA (SCALED(A) + (uint32_t)pc->v.imm)
#define EA_HSI ((uint64_t)((uint32_t)SCALED(S) + (uint32_t)pc->v.imm))
#define EA_HAI ((uint64_t)((uint32_t)SCALED(A) + (uint32_t)pc->v.imm))
#define EA_HSS \
	((uint64_t)((uint32_t)SCALED(S) + GET_i32_S(pc->v.s.c)) + pc->v.s.d)
#define EA_HAS \
	((uint64_t)((uint32_t)SCALED(A) + GET_i32_S(pc->v.s.c)) + pc->v.s.d)
#define SCALED(X) ((uint64_t)(uint32_t)(GET_i32_##X(pc->u.s.b) * width))
#define EA_I ((uint64_t)(uint32_t)pc->v.imm)
#define EA16_S ((uint64_t)GET_i32_S(pc->u.s.b) + pc->v.s.d)
#define EA16_I ((uint64_t)(uint32_t)(GET_i32_S(pc->u.s.b) + pc->v.s.d))
#define EA32_S ((uint64_t)GET_i32_S(pc->u.s.b) + pc[1].u.ab)
#define EA32_I ((uint64_t)(uint32_t)(GET_i32_S(pc->u.s.b) + pc[1].u.ab))
#define CHECK(ea, bytes, FAIL) \
	do { \
		if ((ea) + (bytes) > memsz) \
			FAIL(TRAP_memory_out_of_bounds); \
	} while (0)

#define BITS_i32(v) (v)
#define BITS_i64(v) (v)
#define BITS_f32(v) num_f32_of_bits(v)
#define BITS_f64(v) num_f64_of_bits(v)
#define PUT_1(p, v) (*(p) = (uint8_t)(v))
#define PUT_2(p, v) bytes_put16(p, (uint16_t)(v))
#define PUT_4(p, v) bytes_put32(p, (uint32_t)(v))
#define PUT_8(p, v) bytes_put64(p, v)
#define VALUE_i32_S GET_i32_S(pc->u.s.a)
#define VALUE_i64_S GET_i64_S(pc->u.s.a)
#define VALUE_i32_A ((uint32_t)acc)
#define VALUE_i64_A acc
#define VALUE_i32_I IMM_i32((int16_t)pc->u.s.a)
#define VALUE_i64_I IMM_i64((int16_t)pc->u.s.a)
#define VALUE_f32_S GET_i32_S(pc->u.s.a)
#define VALUE_f64_S GET_i64_S(pc->u.s.a)
#define VALUE_f32_A num_bits_f32(fs)
#define VALUE_f64_A num_bits_f64(fd)

/* the families */
#define BODY_BIN(id, type, L, R) \
	type x = GET_##type##_##L(pc->u.s.b), y = RIGHT_##R(type); \
	SET_##type(pc->u.s.a, num_##id(x, y));
#define BODY_DIV(id, type, L, R, FAIL) \
	type x = GET_##type##_##L(pc->u.s.b), y = RIGHT_##R(type), z; \
	int t = num_##id(x, y, &z); \
	if (t >= 0) \
		FAIL((uint64_t)t); \
	SET_##type(pc->u.s.a, z);
#define BODY_CMP(id, type, L, R) \
	type x = GET_##type##_##L(pc->u.s.b), y = RIGHT_##R(type); \
	SET_i32(pc->u.s.a, num_##id(x, y));
#define BODY_UNARY(id, from, to, X) \
	from x = GET_##from##_##X(pc->u.s.b); \
	SET_##to(pc->u.s.a, num_##id(x));
#define BODY_CONVERT(id, from, to, X, FAIL) \
	from x = GET_##from##_##X(pc->u.s.b); \
	to z; \
	int t = num_##id(x, &z); \
	if (t >= 0) \
		FAIL((uint64_t)t); \
	SET_##to(pc->u.s.a, z);
#define BODY_CHAIN(id, type, inner, r1, outer, r2, X) \
	type x = GET_##type##_##X(pc->u.s.b), y = C_##r1(type), \
	     z = D_##r2(type); \
	x = num_##inner(x, y); \
	SET_##type(pc->u.s.a, num_##outer(x, z));
#define BODY_RCHAIN(id, type, inner, r1, outer, X) \
	type x = GET_##type##_##X(pc->u.s.b), y = C_##r1(type), z = D_S(type); \
	x = num_##inner(x, y); \
	SET_##type(pc->u.s.a, num_##outer(z, x));
#define BODY_LOAD(id, type, bytes, value, X, FAIL) \
	const uint32_t width = bytes; \
	uint64_t ea = EA_##X; \
	(void)width; \
	CHECK(ea, bytes, FAIL); \
	const uint8_t *p = mem + (size_t)ea; \
	SET_##type(pc->u.s.a, BITS_##type(value));
#define BODY_STORE(id, type, bytes, X, V, FAIL) \
	uint64_t ea = EA_##X; \
	CHECK(ea, bytes, FAIL); \
	PUT_##bytes(mem + (size_t)ea, VALUE_##type##_##V);

/* the families of v128 */
#define BODY_VBIN(id, L, R) \
	v128 x = GET_v128_##L(pc->u.s.b), y = GET_v128_##R(pc->v.s.c); \
	SET_v128(pc->u.s.a, vec_##id(x, y));
#define BODY_VBIN_LOAD(id, X, L, FAIL) \
	uint64_t ea = EA16_##X; \
	CHECK(ea, 16, FAIL); \
	v128 x = GET_v128_##L(pc->v.s.c), y = vec_v128_load(mem + (size_t)ea); \
	SET_v128(pc->u.s.a, vec_##id(x, y));
#define BODY_VCHAIN_LOAD(inner, outer, X, L, FAIL) \
	uint64_t ea = EA32_##X; \
	CHECK(ea, 16, FAIL); \
	v128 x = GET_v128_##L(pc->v.s.d), y = GET_v128_S(pc->v.s.c); \
	y = vec_##inner(y, vec_v128_load(mem + (size_t)ea)); \
	SET_v128(pc->u.s.a, vec_##outer(x, y));
#define EACH_VCHAIN_LOAD(DO, id, inner, outer) \
	DO(id, inner, outer, S, S) \
	DO(id, inner, outer, S, A) \
	DO(id, inner, outer, I, S) \
	DO(id, inner, outer, I, A)
#define BODY_VUNARY(id, X) \
	v128 x = GET_v128_##X(pc->u.s.b); \
	SET_v128(pc->u.s.a, vec_##id(x));
#define BODY_VSHIFT(id, L, R) \
	v128 x = GET_v128_##L(pc->u.s.b); \
	SET_v128(pc->u.s.a, vec_##id(x, C_##R(i32)));
#define BODY_VLOAD(id, n, X, FAIL) \
	uint64_t ea = EA_##X; \
	CHECK(ea, n, FAIL); \
	SET_v128(pc->u.s.a, vec_##id(mem + (size_t)ea));
#define BODY_VSTORE(id, n, X, V, FAIL) \
	uint64_t ea = EA_##X; \
	CHECK(ea, n, FAIL); \
	vec_##id(mem + (size_t)ea, GET_v128_##V(pc->u.s.a));
#define BODY_v128_copy vec_store(&fp[pc->u.s.a], GET_v128_S(pc->u.s.b));
#define BODY_v128_const SET_v128(pc->u.s.a, constant_v128(pc));
#define BODY_i8x16_bytes \
	v128 x = GET_v128_S(pc->u.s.b), y = GET_v128_S(pc->v.s.c); \
	SET_v128(pc->u.s.a, vec_bytes(x, y, constant_v128(pc)));
#define BODY_i8x16_shuffle \
	v128 x = GET_v128_S(pc->u.s.b), y = GET_v128_S(pc->v.s.c); \
	SET_v128(pc->u.s.a, vec_shuffle(x, y, constant_v128(pc)));
#define BODY_i8x16_permute \
	v128 x = GET_v128_S(pc->u.s.b); \
	SET_v128(pc->u.s.a, vec_permute(x, constant_v128(pc)));

/* DO for the forms of a family, in any order; without the slow form M. */
#define EACH_LOAD(DO, id, type, bytes, value) \
	DO(id, type, bytes, value, S) \
	DO(id, type, bytes, value, A) \
	DO(id, type, bytes, value, SS) \
	DO(id, type, bytes, value, AS) \
	DO(id, type, bytes, value, SI) \
	DO(id, type, bytes, value, AI) \
	DO(id, type, bytes, value, I) \
	DO(id, type, bytes, value, HS) \
	DO(id, type, bytes, value, HA) \
	DO(id, type, bytes, value, HSI) \
	DO(id, type, bytes, value, HAI) \
	DO(id, type, bytes, value, HSS) \
	DO(id, type, bytes, value, HAS)
#define EACH_STORE(DO, id, type, bytes) \
	DO(id, type, bytes, S, S) \
	DO(id, type, bytes, S, A) \
	DO(id, type, bytes, S, I) \
	DO(id, type, bytes, A, S) \
	DO(id, type, bytes, A, I) \
	DO(id, type, bytes, SS, S) \
	DO(id, type, bytes, SS, A) \
	DO(id, type, bytes, SS, I) \
	DO(id, type, bytes, AS, S) \
	DO(id, type, bytes, I, S) \
	DO(id, type, bytes, I, A)
#define EACH_FSTORE(DO, id, type, bytes) \
	DO(id, type, bytes, S, S) \
	DO(id, type, bytes, S, A) \
	DO(id, type, bytes, A, S) \
	DO(id, type, bytes, A, A) \
	DO(id, type, bytes, SS, S) \
	DO(id, type, bytes, SS, A) \
	DO(id, type, bytes, AS, S) \
	DO(id, type, bytes, AS, A) \
	DO(id, type, bytes, I, S) \
	DO(id, type, bytes, I, A)
#define EACH_F2(DO, id, type) F2_##type(DO, id)
#define F2_i32(DO, id) F2(DO, id, i32)
#define F2_f32(DO, id) F2(DO, id, f32)
#define F2_i64(DO, id) F2(DO, id, i64) DO(id, i64, S, K) DO(id, i64, A, K)
#define F2_f64(DO, id) F2(DO, id, f64) DO(id, f64, S, K) DO(id, f64, A, K)
#define F2(DO, id, type) \
	DO(id, type, S, S) \
	DO(id, type, S, I) \
	DO(id, type, A, S) \
	DO(id, type, A, I) \
	DO(id, type, S, A) \
	DO(id, type, I, B) \
	DO(id, type, I, A)

/* assignments */
#define BODY_copy fp[pc->u.s.a].u64 = fp[pc->u.s.b].u64;
#define BODY_copy_A fp[pc->u.s.a].u64 = acc;
#define BODY_copy2 \
	fp[pc->u.s.a].u64 = fp[pc->u.s.b].u64; \
	fp[pc->v.s.c].u64 = fp[pc->v.s.d].u64;
#define BODY_const32 fp[pc->u.s.a].u64 = (uint64_t)(int64_t)pc->v.imm;
#define BODY_increment2 \
	uint32_t x = GET_i32_S(pc->u.s.a) + C_I(i32); \
	fp[pc->u.s.a].u64 = x; \
	x = GET_i32_S(pc->u.s.b) + D_I(i32); \
	SET_i32(pc->u.s.b, x);
#define BODY_global_get \
	SET_i64(pc->u.s.a, inst->globals[pc->v.imm]->value[0].u64);
#define BODY_global_set_S inst->globals[pc->v.imm]->value[0] = fp[pc->u.s.a];
#define BODY_global_set_A inst->globals[pc->v.imm]->value[0].u64 = acc;
#define SELECT(x_, y_, cond_) \
	uint64_t x = x_, y = y_; \
	bool cond = (uint32_t)(cond_) != 0; \
	SET_i64(pc->u.s.a, UNPREDICTABLE(cond) ? x : y);
#define BODY_select_S SELECT(SELECT_B(S), SELECT_C(S), fp[pc->v.s.d].u64)
#define BODY_select_A SELECT(SELECT_B(S), SELECT_C(S), acc)
#define BODY_select_SIS SELECT(SELECT_B(I), SELECT_C(S), fp[pc->v.s.d].u64)
#define BODY_select_SSI SELECT(SELECT_B(S), SELECT_C(I), fp[pc->v.s.d].u64)
#define BODY_select_SII SELECT(SELECT_B(I), SELECT_C(I), fp[pc->v.s.d].u64)
#define BODY_select_AIS SELECT(SELECT_B(I), SELECT_C(S), acc)
#define BODY_select_ASI SELECT(SELECT_B(S), SELECT_C(I), acc)
#define BODY_select_AII SELECT(SELECT_B(I), SELECT_C(I), acc)
#define SELECT_B(X) RIGHT16_##X(i64)
#define SELECT_C(X) C_##X(i64)

/* The frame of a function, its locals zeroed by twos: behind them, too, is a
   slot to write to. */
#define CTX (&inst->store->ctx)
#define BODY_ENTER_0(FAIL) \
	if ((uintptr_t)fp + (uint32_t)pc->v.imm * sizeof *fp > \
		(uintptr_t)context_guest_limit(CTX)) \
		FAIL(TRAP_stack_overflow);
#define BODY_ENTER_Z(FAIL) \
	BODY_ENTER_0(FAIL) \
	union slot *p = fp + pc->u.s.a, *end = p + pc->u.s.b; \
	do { \
		p[0].u64 = p[1].u64 = 0; \
		p += 2; \
	} while (p < end);

/* fuel */
#define BODY_charge CTX->fuel -= pc->v.imm;
#define BODY_CHARGE_POLL(FAIL) \
	CTX->fuel -= pc->v.imm; \
	if (CTX->fuel <= 0) \
		FAIL(TRAP_out_of_fuel);

/* The accumulators, between the steps of a pair. */
struct accumulators {
	uint64_t i;
	float s;
	double d;
	v128 v;
};

/* A body as a function: gives the trap, or -1; after_ is its cells. */
#define STEP(id, after, ...) \
	enum { after_##id = after }; \
	static STEP_INLINE int step_##id(struct instance *inst, \
		const struct cell *pc, union slot *fp, uint8_t *mem, \
		uint64_t memsz, struct accumulators *accs) \
	{ \
		uint64_t acc = accs->i; \
		float fs = accs->s; \
		double fd = accs->d; \
		v128 vec = accs->v; \
		(void)inst, (void)fp, (void)mem, (void)memsz; \
		__VA_ARGS__ \
		accs->i = acc; \
		accs->s = fs; \
		accs->d = fd; \
		accs->v = vec; \
		return -1; \
	}
#define STEP_FAIL(t) return (int)(t)

#define STEP_BIN(id, type, L, R) \
	STEP(id##_##L##R, AFTER_##R, BODY_BIN(id, type, L, R))
#define STEP_DIV(id, type, L, R) \
	STEP(id##_##L##R, AFTER_##R, BODY_DIV(id, type, L, R, STEP_FAIL))
#define STEP_CMP(id, type, L, R) \
	STEP(id##_##L##R, AFTER_##R, BODY_CMP(id, type, L, R))
#define STEP_LOAD(id, type, bytes, value, X) \
	STEP(id##_##X, 1, BODY_LOAD(id, type, bytes, value, X, STEP_FAIL))
#define STEP_STORE(id, type, bytes, X, V) \
	STEP(id##_##X##_##V, 1, BODY_STORE(id, type, bytes, X, V, STEP_FAIL))
#define BIN(id, type, commutes) EACH_F2(STEP_BIN, id, type)
#define DIV(id, type) EACH_F2(STEP_DIV, id, type)
#define CMP(id, type, mirror, inverse) EACH_F2(STEP_CMP, id, type)
#define FBIN(id, type, commutes) EACH_F2(STEP_BIN, id, type)
#define FCMP(id, type, mirror) EACH_F2(STEP_CMP, id, type)
#define UNARY(id, from, to) \
	STEP(id##_S, 1, BODY_UNARY(id, from, to, S)) \
	STEP(id##_A, 1, BODY_UNARY(id, from, to, A))
#define CONVERT(id, from, to) \
	STEP(id##_S, 1, BODY_CONVERT(id, from, to, S, STEP_FAIL)) \
	STEP(id##_A, 1, BODY_CONVERT(id, from, to, A, STEP_FAIL))
#define CHAIN(id, type, inner, r1, outer, r2) \
	STEP(id##_S, 1, BODY_CHAIN(id, type, inner, r1, outer, r2, S)) \
	STEP(id##_A, 1, BODY_CHAIN(id, type, inner, r1, outer, r2, A))
#define RCHAIN(id, type, inner, r1, outer) \
	STEP(id##_S, 1, BODY_RCHAIN(id, type, inner, r1, outer, S)) \
	STEP(id##_A, 1, BODY_RCHAIN(id, type, inner, r1, outer, A))
#define LOAD(id, type, bytes, value) \
	EACH_LOAD(STEP_LOAD, id, type, bytes, value)
#define STORE(id, type, bytes) EACH_STORE(STEP_STORE, id, type, bytes)
#define FSTORE(id, type, bytes) EACH_FSTORE(STEP_STORE, id, type, bytes)
#include "interp/bc.def"
#define STEP_VBIN(id, L, R) STEP(id##_##L##R, 1, BODY_VBIN(id, L, R))
#define STEP_VBIN_LOAD(id, X, L) \
	STEP(id##_load_##X##_##L, 1, BODY_VBIN_LOAD(id, X, L, STEP_FAIL))
#define STEP_VCHAIN_LOAD(id, inner, outer, X, L) \
	STEP(id##_load_##X##_##L, 2, \
		BODY_VCHAIN_LOAD(inner, outer, X, L, STEP_FAIL))
#define STEP_VUNARY(id, X) STEP(id##_##X, 1, BODY_VUNARY(id, X))
#define STEP_VSHIFT(id, L, R) STEP(id##_##L##R, 1, BODY_VSHIFT(id, L, R))
#define STEP_VLOAD(id, n, X) STEP(id##_##X, 1, BODY_VLOAD(id, n, X, STEP_FAIL))
#define STEP_VSTORE(id, n, X, V) \
	STEP(id##_##X##_##V, 1, BODY_VSTORE(id, n, X, V, STEP_FAIL))
#define VBIN(id, nan, commutes) FORMS_VBIN_##commutes(STEP_VBIN, id)
#define VBIN_LOAD(id) FORMS_VBIN_LOAD(STEP_VBIN_LOAD, id)
#define VCHAIN_LOAD(id, inner, outer) \
	EACH_VCHAIN_LOAD(STEP_VCHAIN_LOAD, id, inner, outer)
#define VUNARY(id, nan) FORMS1(STEP_VUNARY, id)
#define VSHIFT(id) FORMS_VSHIFT(STEP_VSHIFT, id)
#define VLOAD(id, n) \
	STEP_VLOAD(id, n, S) \
	STEP_VLOAD(id, n, SS) \
	STEP_VLOAD(id, n, SI)
#define VSTORE(id, n) \
	STEP_VSTORE(id, n, S, S) \
	STEP_VSTORE(id, n, S, A) \
	STEP_VSTORE(id, n, SS, S) \
	STEP_VSTORE(id, n, SS, A)
#include "interp/vector.def"
STEP(v128_copy, 1, BODY_v128_copy)
STEP(v128_const, 3, BODY_v128_const)
STEP(i8x16_shuffle, 3, BODY_i8x16_shuffle)
STEP(i8x16_permute, 3, BODY_i8x16_permute)
STEP(copy, 1, BODY_copy)
STEP(copy_A, 1, BODY_copy_A)
STEP(copy2, 1, BODY_copy2)
STEP(const32, 1, BODY_const32)
STEP(increment2, 1, BODY_increment2)
STEP(global_get, 1, BODY_global_get)
STEP(global_set_S, 1, BODY_global_set_S)
STEP(global_set_A, 1, BODY_global_set_A)
STEP(enter_0, 1, BODY_ENTER_0(STEP_FAIL))
STEP(enter_z, 1, BODY_ENTER_Z(STEP_FAIL))
STEP(charge, 1, BODY_charge)
STEP(charge_poll, 1, BODY_CHARGE_POLL(STEP_FAIL))
STEP(select_S, 1, BODY_select_S)
STEP(select_A, 1, BODY_select_A)
STEP(select_SIS, 1, BODY_select_SIS)
STEP(select_SSI, 1, BODY_select_SSI)
STEP(select_SII, 1, BODY_select_SII)
STEP(select_AIS, 1, BODY_select_AIS)
STEP(select_ASI, 1, BODY_select_ASI)
STEP(select_AII, 1, BODY_select_AII)

#endif
