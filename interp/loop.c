/*
 * The handlers, once, for all three dispatch modes (DISPATCH_H, chosen by the
 * build, says what OP, GO and the registers are).  Those of some proposals
 * stand in interp/loop_*.h, in the midst of this file.
 *
 * Registers: inst the running instance, mem and memsz its first memory, pc the
 * cell, fp the frame, acc the last integer result (or the struct func while it
 * is being called), fs, fd and vec the last f32, f64 and v128 result.
 *
 * Invariants: a result is written to its slot and to the accumulator of its
 * type, so that either may be read; mem and memsz hold for inst at every
 * dispatch; a trapping handler leaves pc and fp in the exit pair and returns.
 */
#include "interp/loop.h"

#include <assert.h>

#include "interp/code.h"
#include "interp/enter.h"
#include "interp/object.h"
#include "spec/array.h"
#include "spec/exception.h"
#include "spec/layout.h"
#include "spec/atomic.h"
#include "spec/numeric.h"
#include "spec/store.h"
#include "spec/tier.h"
#include "spec/vector.h"
#include "spec/wait.h"
#include "spec/engine.h"
#include "trap/bytes.h"
#include "trap/likely.h"
#include "trap/unwind.h"
#include DISPATCH_H
#include "interp/step.h"

#define RELOAD_MEMORY \
	(mem = inst->memory0->base, memsz = inst->memory0->bytes, fs = 0, \
		fd = 0, vec = vec_i64x2_splat(0))
#define EXIT(site) (CTX->exit_fp = fp, CTX->exit_pc = (site))
#define TRAP(t) \
	do { \
		acc = (t); \
		GO_COLD(trap); \
	} while (0)
#define RECHECK(t) GO_COLD(out_of_bounds)
#define OVERFLOW(t) GO_COLD(overflow)
#define NEXT \
	do { \
		pc++; \
		GO; \
	} while (0)
#define SKIP(n) \
	do { \
		pc += (n); \
		GO; \
	} while (0)
#define JUMP \
	do { \
		pc = (const struct cell *)(const void *)((const char *)pc + \
							 pc->v.imm); \
		GO; \
	} while (0)

/* A handler that computes, by its body in interp/step.h. */
#define DO_BIN(id, type, L, R) \
	OP(id##_##L##R) \
	{ \
		BODY_BIN(id, type, L, R) \
		SKIP(AFTER_##R); \
	}
#define DO_DIV(id, type, L, R) \
	OP(id##_##L##R) \
	{ \
		BODY_DIV(id, type, L, R, TRAP) \
		SKIP(AFTER_##R); \
	}
#define DO_CMP(id, type, L, R) \
	OP(id##_##L##R) \
	{ \
		BODY_CMP(id, type, L, R) \
		SKIP(AFTER_##R); \
	}
#define END_BR(id, type, L, R, not ) \
	type x = GET_##type##_##L(pc->u.s.a), y = RIGHT16_##R(type); \
	if (not num_##id(x, y)) \
		JUMP; \
	NEXT;
#define DO_BR(name, id, type, L, R, not ) \
	OP(name##_##id##_##L##R) \
	{ \
		END_BR(id, type, L, R, not ) \
	}
#define DO_UNARY(id, from, to, X) \
	OP(id##_##X) \
	{ \
		BODY_UNARY(id, from, to, X) \
		NEXT; \
	}
#define DO_CONVERT(id, from, to, X) \
	OP(id##_##X) \
	{ \
		BODY_CONVERT(id, from, to, X, TRAP) \
		NEXT; \
	}
#define DO_CHAIN(id, type, inner, r1, outer, r2, X) \
	OP(id##_##X) \
	{ \
		BODY_CHAIN(id, type, inner, r1, outer, r2, X) \
		NEXT; \
	}
#define DO_RCHAIN(id, type, inner, r1, outer, X) \
	OP(id##_##X) \
	{ \
		BODY_RCHAIN(id, type, inner, r1, outer, X) \
		NEXT; \
	}
#define END_INCREMENT_BR(id, R) \
	uint32_t x = GET_i32_S(pc->u.s.a) + C_I(i32), y = RIGHT16_##R(i32); \
	SET_i32(pc->u.s.a, x); \
	if (num_##id(x, y)) \
		SKIP((int16_t)pc->v.s.d); \
	NEXT;
#define DO_INCREMENT_BR(id, R) \
	OP(increment_br_##id##_##R) \
	{ \
		END_INCREMENT_BR(id, R) \
	}

#define DO_LOAD(id, type, bytes, value, X) \
	OP(id##_##X) \
	{ \
		BODY_LOAD(id, type, bytes, value, X, RECHECK) \
		NEXT; \
	}
#define DO_STORE(id, type, bytes, X, V) \
	OP(id##_##X##_##V) \
	{ \
		BODY_STORE(id, type, bytes, X, V, RECHECK) \
		NEXT; \
	}

/* Any memory, any address type: the slow forms. */
#define MEMORY_OPERANDS \
	struct memory *m = inst->memories[pc->v.imm]; \
	uint64_t at = fp[pc->u.s.b].u64, off = constant_i64(pc); \
	if (!m->is64) \
		at = (uint32_t)at;
#define MEMORY_CHECK(n) \
	if (off > m->bytes || m->bytes - off < (n) || \
		at > m->bytes - off - (n)) \
		GO_COLD(out_of_bounds); \
	at += off;
#define ANY_MEMORY(n) MEMORY_OPERANDS MEMORY_CHECK(n)
#define DO_LOAD_M(id, type, n, value) \
	OP(id##_M) \
	{ \
		ANY_MEMORY(n) \
		const uint8_t *p = m->base + (size_t)at; \
		SET_##type(pc->u.s.a, BITS_##type(value)); \
		SKIP(2); \
	}
#define DO_STORE_M(id, type, n) \
	OP(id##_M_S) \
	{ \
		ANY_MEMORY(n) \
		PUT_##n(m->base + (size_t)at, VALUE_##type##_S); \
		SKIP(2); \
	}

/* a call: the link, then the callee with its func in the accumulator */
#define ENTER(f, nfp, site) \
	do { \
		(nfp)[-1] = slot_of_ref(site); \
		acc = (uintptr_t)(f); \
		fp = (nfp); \
		pc = (f)->cells; \
		GO; \
	} while (0)
#define OWN ((struct func *)(void *)((char *)inst + pc->u.ab))
#define RETURN \
	do { \
		pc = slot_ref(fp[-1]); \
		fp[-1].u64 = acc; \
		fp -= pc[-1].v.s.c; \
		GO; \
	} while (0)

/* The value of an argument word in frame fp. */
static inline uint64_t
argument(const union slot *fp, uint32_t word)
{
	if (word & 1) {
		uint32_t v = ((word >> 1) ^ 0x40000000) - 0x40000000;
		return (uint64_t)(int64_t)(int32_t)v;
	}
	return fp[word >> 1].u64;
}

/* Last first: an argument that is at home moves up by one slot. */
static inline void
put_arguments(const union slot *fp, union slot *nfp, const uint32_t *words,
	uint32_t n)
{
	while (n-- > 0)
		nfp[n].u64 = argument(fp, words[n]);
}

/* n fields of 8 bytes from argument words. */
static inline void
put_slots(struct object *o, const union slot *fp, const uint32_t *w, uint32_t n)
{
	uint8_t *p = object_at(o, OBJECT_HEAD);
	for (const uint32_t *end = w + n; w < end; w++, p += 8)
		object_put64(p, argument(fp, *w));
}

/* n fields from pairs of argument word and place. */
static inline void
put_fields(
	struct object *o, const union slot *fp, const uint32_t *w, uint32_t n)
{
	for (const uint32_t *end = w + 2 * n; w < end; w += 2) {
		uint8_t *p = object_at(o, w[1] & 0xffffff);
		uint64_t v = argument(fp, w[0]);
		switch (w[1] >> 24) {
		case 1:
			*p = (uint8_t)v;
			break;
		case 2:
			object_put16(p, (uint16_t)v);
			break;
		case 4:
			object_put32(p, (uint32_t)v);
			break;
		case 8:
			object_put64(p, v);
			break;
		default:
			memcpy(p, &fp[w[0] >> 1], 16);
			break;
		}
	}
}

/* A reference is of the structure or array type to, which may have a null. */
static inline bool
cast_id(const struct instance *inst, union slot ref, valtype to)
{
	if (ref_is_null(ref))
		return (to & VT_NULL) != 0;
	return object_is_type(inst->store->engine->types, ref, to & VT_PAYLOAD);
}

/* The same of any type. */
static inline bool
cast_any(const struct instance *inst, union slot ref, valtype to)
{
	return object_is(inst->store->engine->types, ref, to);
}

LOOP_BEGIN

#define DO_PLAIN(id) \
	OP(id) \
	{ \
		BODY_##id NEXT; \
	}
DO_PLAIN(copy)
DO_PLAIN(copy_A)
DO_PLAIN(copy2)
DO_PLAIN(const32)
DO_PLAIN(increment2)
OP(const64)
{
	fp[pc->u.s.a].u64 = constant_i64(pc);
	SKIP(2);
}
OP(br)
{
	JUMP;
}

OP(enter_0)
{
	BODY_ENTER_0(OVERFLOW)
	NEXT;
}
OP(enter_z)
{
	BODY_ENTER_Z(OVERFLOW)
	NEXT;
}
OP(enter_i)
{
	BODY_ENTER_0(OVERFLOW)
	union slot *p = fp + pc->u.s.a, *end = p + pc->u.s.b;
	for (; p < end; p++)
		p->u64 = 0;
	*p = slot_of_ref(inst);
	NEXT;
}
OP(call_0)
{
	struct func *f = OWN;
	union slot *nfp = fp + pc->v.s.c;
	ENTER(f, nfp, pc + 1);
}
#define CALL(cells) \
	struct func *f = OWN; \
	const struct cell *site = pc + 1 + (cells); \
	const uint32_t *w = cell_words(pc); \
	union slot *nfp = fp + site[-1].v.s.c;
#define END_call_1 \
	CALL(cell_count(1 + 1)) \
	nfp[0].u64 = argument(fp, w[0]); \
	ENTER(f, nfp, site);
#define END_call_2 \
	CALL(cell_count(2 + 1)) \
	nfp[1].u64 = argument(fp, w[1]); \
	nfp[0].u64 = argument(fp, w[0]); \
	ENTER(f, nfp, site);
#define END_call_3 \
	CALL(cell_count(3 + 1)) \
	nfp[2].u64 = argument(fp, w[2]); \
	nfp[1].u64 = argument(fp, w[1]); \
	nfp[0].u64 = argument(fp, w[0]); \
	ENTER(f, nfp, site);
#define DO_END(id) \
	OP(id) \
	{ \
		END_##id \
	}
DO_END(call_1)
DO_END(call_2)
DO_END(call_3)
OP(call_n)
{
	uint32_t n = pc->v.s.c;
	CALL(pc->v.s.d)
	put_arguments(fp, nfp, w, n);
	ENTER(f, nfp, site);
}
#define END_ret_0 \
	pc = slot_ref(fp[-1]); \
	fp -= pc[-1].v.s.c; \
	GO;
#define END_ret_S \
	acc = fp[pc->u.s.a].u64; \
	RETURN;
#define END_ret_A RETURN;
#define END_ret_I \
	acc = (uint64_t)(int64_t)pc->v.imm; \
	RETURN;
DO_END(ret_0)
DO_END(ret_S)
DO_END(ret_A)
DO_END(ret_I)
OP(ret_n)
{
	const struct cell *site = slot_ref(fp[-1]);
	const union slot *from = fp + pc->u.s.a;
	for (int32_t i = 0; i < pc->v.imm; i++)
		fp[i - 1] = from[i];
	pc = site;
	fp -= pc[-1].v.s.c;
	GO;
}

/* The callee at this index of table t, checked. */
#define CALLEE(index, wanted) \
	struct table *t = inst->tables[pc->u.s.b]; \
	uint64_t i = index; \
	if (i >= t->size) \
		TRAP(TRAP_undefined_element); \
	struct func *f = slot_ref(t->elems[i]); \
	if (f == NULL) { \
		acc = i; \
		GO_COLD(uninitialized); \
	} \
	if (f->type != (wanted) && \
		!typespace_sub(inst->store->engine->types, f->type, (wanted))) \
		TRAP(TRAP_indirect_call_mismatch);

/* inst and its memory become the callee's, if it has one. */
#define SWITCH_INSTANCE \
	if (f->instance != inst && f->instance != NULL) { \
		inst = f->instance; \
		RELOAD_MEMORY; \
	}

/* Calls f with the words at w; a callee of our own skips one reload. */
#define CALL_ANY \
	const uint32_t *w = cell_words(pc); \
	const struct cell *site = pc + 1 + (w[0] >> 16); \
	union slot *nfp = fp + site[-1].v.s.c; \
	put_arguments(fp, nfp, w + 1, w[0] & 0xffff); \
	if (f->instance == inst) \
		site++; \
	SWITCH_INSTANCE \
	ENTER(f, nfp, site);
#define END_call_indirect_S \
	CALLEE(GET_i32_S(pc->u.s.a), (uint32_t)pc->v.imm) \
	CALL_ANY
#define END_call_indirect_A \
	CALLEE((uint32_t)acc, (uint32_t)pc->v.imm) \
	CALL_ANY
#define END_call_indirect64 \
	CALLEE(fp[pc->u.s.a].u64, (uint32_t)pc->v.imm) \
	CALL_ANY
DO_END(call_indirect_S)
DO_END(call_indirect_A)
DO_END(call_indirect64)
OP(call_ref)
{
	struct func *f = slot_ref(fp[pc->u.s.a]);
	if (f == NULL)
		TRAP(TRAP_null_function_reference);
	CALL_ANY
}

/* The frame becomes f's: its arguments move down, the link stays. */
#define TAIL_CALL(f, first, count) \
	memmove(fp, fp + (first), (count) * sizeof *fp); \
	acc = (uintptr_t)(f); \
	pc = (f)->cells; \
	GO;
OP(return_call)
{
	struct func *f = OWN;
	TAIL_CALL(f, pc->v.s.c, pc->v.s.d)
}
OP(return_call_import)
{
	struct func *f = inst->imported[pc->u.ab];
	SWITCH_INSTANCE
	TAIL_CALL(f, pc->v.s.c, pc->v.s.d)
}
OP(return_call_indirect)
{
	const uint32_t *w = cell_words(pc);
	CALLEE(t->is64 ? fp[pc->u.s.a].u64 : GET_i32_S(pc->u.s.a), w[1])
	SWITCH_INSTANCE
	TAIL_CALL(f, w[2], w[3])
}
OP(return_call_ref)
{
	struct func *f = slot_ref(fp[pc->u.s.a]);
	if (f == NULL)
		TRAP(TRAP_null_function_reference);
	SWITCH_INSTANCE
	TAIL_CALL(f, pc->v.s.c, pc->v.s.d)
}
OP(call_import)
{
	struct func *f = inst->imported[pc->u.ab];
	uint32_t n = pc->v.s.c;
	const struct cell *site = pc + 1 + pc->v.s.d;
	union slot *nfp = fp + site[-1].v.s.c;
	if (UNLIKELY(f->instance != NULL)) {
		put_arguments(fp, nfp, cell_words(pc), n);
		inst = f->instance;
		RELOAD_MEMORY;
		ENTER(f, nfp, site);
	}
	/* No link is needed: arguments and results are at home. */
	put_arguments(fp, nfp - 1, cell_words(pc), n);
	if (!enter_host(f, inst, nfp - 1, fp, site))
		return STATUS_raise;
	acc = nfp[-1].u64;
	RELOAD_MEMORY;
	pc = site + 1;
	GO;
}
OP(reload)
{
	inst = slot_ref(fp[pc->u.s.a]);
	RELOAD_MEMORY;
	NEXT;
}
/* Both leave a site of their own, as a call does. */
OP(throw)
{
	EXIT(pc + 2);
	exception_throw(inst->store, inst->tags[pc->v.imm], fp + pc->u.s.a);
	return STATUS_raise;
}
OP(throw_ref)
{
	if (fp[pc->u.s.a].u64 == 0)
		TRAP(TRAP_null_exception_reference);
	EXIT(pc + 2);
	raise_exception(CTX, slot_ref(fp[pc->u.s.a]));
	return STATUS_raise;
}
OP(catch)
{
	inst = slot_ref(fp[pc->u.s.a]);
	RELOAD_MEMORY;
	JUMP;
}
DO_PLAIN(global_get)
DO_PLAIN(global_set_S)
DO_PLAIN(global_set_A)
DO_PLAIN(select_S)
DO_PLAIN(select_A)
DO_PLAIN(select_SIS)
DO_PLAIN(select_SSI)
DO_PLAIN(select_SII)
DO_PLAIN(select_AIS)
DO_PLAIN(select_ASI)
DO_PLAIN(select_AII)
#define BR_BITS(x, op) \
	if (((x)&RIGHT16_I(i32))op 0) \
		JUMP; \
	NEXT;
#define END_br_zero_S BR_BITS(GET_i32_S(pc->u.s.a), ==)
#define END_br_zero_A BR_BITS((uint32_t)acc, ==)
#define END_br_bits_S BR_BITS(GET_i32_S(pc->u.s.a), !=)
#define END_br_bits_A BR_BITS((uint32_t)acc, !=)
DO_END(br_zero_S)
DO_END(br_zero_A)
DO_END(br_bits_S)
DO_END(br_bits_A)

/* the families */
#define BIN(id, type, commutes) EACH_F2(DO_BIN, id, type)
#define DIV(id, type) EACH_F2(DO_DIV, id, type)
#define BRANCHES(name, id, type, not ) \
	DO_BR(name, id, type, S, S, not ) \
	DO_BR(name, id, type, S, I, not ) \
	DO_BR(name, id, type, A, S, not ) \
	DO_BR(name, id, type, A, I, not ) \
	DO_BR(name, id, type, S, A, not )
#define CMP(id, type, mirror, inverse) \
	EACH_F2(DO_CMP, id, type) BRANCHES(br, id, type, )
#define FBIN(id, type, commutes) EACH_F2(DO_BIN, id, type)
#define FCMP(id, type, mirror) \
	EACH_F2(DO_CMP, id, type) \
	BRANCHES(br, id, type, ) BRANCHES(brn, id, type, !)
#define UNARY(id, from, to) \
	DO_UNARY(id, from, to, S) \
	DO_UNARY(id, from, to, A)
#define CONVERT(id, from, to) \
	DO_CONVERT(id, from, to, S) \
	DO_CONVERT(id, from, to, A)
#define LOAD(id, type, bytes, value) \
	DO_LOAD_M(id, type, bytes, value) \
	EACH_LOAD(DO_LOAD, id, type, bytes, value)
#define CHAIN(id, type, inner, r1, outer, r2) \
	DO_CHAIN(id, type, inner, r1, outer, r2, S) \
	DO_CHAIN(id, type, inner, r1, outer, r2, A)
#define RCHAIN(id, type, inner, r1, outer) \
	DO_RCHAIN(id, type, inner, r1, outer, S) \
	DO_RCHAIN(id, type, inner, r1, outer, A)
#define INCREMENT_BR(id, mirror) \
	DO_INCREMENT_BR(id, S) \
	DO_INCREMENT_BR(id, I)
#define STORE(id, type, bytes) \
	DO_STORE_M(id, type, bytes) \
	EACH_STORE(DO_STORE, id, type, bytes)
#define FSTORE(id, type, bytes) \
	DO_STORE_M(id, type, bytes) \
	EACH_FSTORE(DO_STORE, id, type, bytes)
#include "interp/bc.def"

#define BR_TABLE(index) \
	uint32_t i = (uint32_t)(index), n = (uint32_t)pc->v.imm; \
	int32_t target = (int32_t)cell_words(pc)[i < n ? i : n]; \
	pc = (const struct cell *)(const void *)((const char *)pc + target); \
	GO;
#define END_br_table_S BR_TABLE(fp[pc->u.s.a].u64)
#define END_br_table_A BR_TABLE(acc)
DO_END(br_table_S)
DO_END(br_table_A)

/* Pairs: a step, then another or the end of a handler. */
#define RUN(x) \
	{ \
		struct accumulators accs = { acc, fs, fd, vec }; \
		int t = step_##x(inst, pc, fp, mem, memsz, &accs); \
		acc = accs.i; \
		fs = accs.s; \
		fd = accs.d; \
		vec = accs.v; \
		if (t == TRAP_memory_out_of_bounds) \
			GO_COLD(out_of_bounds); \
		if (t == TRAP_stack_overflow) \
			GO_COLD(overflow); \
		if (t >= 0) \
			TRAP((uint64_t)t); \
		pc += after_##x; \
	}
#define PAIR(x, y) \
	OP(x##_then_##y) \
	{ \
		RUN(x) \
		RUN(y) \
		GO; \
	}
#define PAIR_BR(x, id, type, l, r) \
	OP(x##_then_br_##id##_##l##r) \
	{ \
		RUN(x) \
		END_BR(id, type, l, r, ) \
	}
#define PAIR_BRN(x, id, type, l, r) \
	OP(x##_then_brn_##id##_##l##r) \
	{ \
		RUN(x) \
		END_BR(id, type, l, r, !) \
	}
#define PAIR_INCREMENT_BR(x, id, r) \
	OP(x##_then_increment_br_##id##_##r) \
	{ \
		RUN(x) \
		END_INCREMENT_BR(id, r) \
	}
#define PAIR_END(x, y) \
	OP(x##_then_##y) \
	{ \
		RUN(x) \
		END_##y \
	}
#define BR_PAIR(id, type, l, r, y) \
	OP(br_##id##_##l##r##_then_##y) \
	{ \
		type left = GET_##type##_##l(pc->u.s.a), \
		     right = RIGHT16_##r(type); \
		if (num_##id(left, right)) \
			JUMP; \
		pc++; \
		RUN(y) \
		GO; \
	}
#define END_br JUMP;
#include PAIR_ROWS

/* An address, index or size operand in slot i, of a memory's or table's type.
 */
#define WIDE(x, i) ((x)->is64 ? fp[i].u64 : GET_i32_S(i))
#define OPERAND(i) GET_i32_S(pc->u.s.a + (i))
#define OPERAND_OF(x, i) WIDE(x, pc->u.s.a + (i))
/* What growing answers; -1 of the right width. */
#define GROWN(x, old) \
	do { \
		if ((old) == UINT64_MAX && \
			inst->store->limits.trap_on_grow_failure) \
			TRAP(TRAP_allocation_too_large); \
		acc = (x)->is64 ? (old) : (uint32_t)(old); \
		fp[pc->u.s.a].u64 = acc; \
	} while (0)
OP(memory_size)
{
	SET_i64(pc->u.s.a, memory_pages(inst->memories[pc->v.imm]));
	NEXT;
}
OP(memory_grow)
{
	struct memory *m = inst->memories[pc->v.imm];
	EXIT(pc + 1);
	uint64_t old = memory_grow(m, WIDE(m, pc->u.s.b));
	GROWN(m, old);
	RELOAD_MEMORY;
	NEXT;
}

/* A bulk operation of spec/: three operands from a on, which may trap. */
#define BULK(call) \
	do { \
		EXIT(pc + 1); \
		if ((call) != STATUS_done) \
			return STATUS_raise; \
		NEXT; \
	} while (0)
OP(memory_copy)
{
	const struct memory *d = inst->memories[pc->u.s.b];
	const struct memory *s = inst->memories[pc->v.s.c];
	BULK(memory_copy(inst, pc->u.s.b, pc->v.s.c, OPERAND_OF(d, 0),
		OPERAND_OF(s, 1), d->is64 ? OPERAND_OF(s, 2) : OPERAND(2)));
}
OP(memory_fill)
{
	const struct memory *m = inst->memories[pc->u.s.b];
	BULK(memory_fill(inst, pc->u.s.b, OPERAND_OF(m, 0), OPERAND(1),
		OPERAND_OF(m, 2)));
}
OP(memory_init)
{
	const struct memory *m = inst->memories[pc->u.s.b];
	BULK(memory_init(inst, pc->u.s.b, (uint32_t)pc->v.imm, OPERAND_OF(m, 0),
		OPERAND(1), OPERAND(2)));
}
OP(data_drop)
{
	data_drop(inst, (uint32_t)pc->v.imm);
	NEXT;
}
OP(table_get)
{
	struct table *t = inst->tables[pc->v.imm];
	uint64_t i = WIDE(t, pc->u.s.b);
	if (i >= t->size)
		TRAP(TRAP_table_out_of_bounds);
	SET_i64(pc->u.s.a, t->elems[i].u64);
	NEXT;
}
OP(table_set)
{
	struct table *t = inst->tables[pc->v.imm];
	uint64_t i = WIDE(t, pc->u.s.a);
	if (i >= t->size)
		TRAP(TRAP_table_out_of_bounds);
	t->elems[i] = fp[pc->u.s.b];
	NEXT;
}
OP(table_size)
{
	SET_i64(pc->u.s.a, inst->tables[pc->v.imm]->size);
	NEXT;
}
OP(table_grow)
{
	struct table *t = inst->tables[pc->v.imm];
	EXIT(pc + 1);
	uint64_t old = table_grow(t, WIDE(t, pc->u.s.b + 1), fp[pc->u.s.b]);
	GROWN(t, old);
	NEXT;
}
OP(table_fill)
{
	const struct table *t = inst->tables[pc->u.s.b];
	BULK(table_fill(inst, pc->u.s.b, OPERAND_OF(t, 0), fp[pc->u.s.a + 1],
		OPERAND_OF(t, 2)));
}
OP(table_copy)
{
	const struct table *d = inst->tables[pc->u.s.b];
	const struct table *s = inst->tables[pc->v.s.c];
	BULK(table_copy(inst, pc->u.s.b, pc->v.s.c, OPERAND_OF(d, 0),
		OPERAND_OF(s, 1), d->is64 ? OPERAND_OF(s, 2) : OPERAND(2)));
}
OP(table_init)
{
	const struct table *t = inst->tables[pc->u.s.b];
	BULK(table_init(inst, pc->u.s.b, (uint32_t)pc->v.imm, OPERAND_OF(t, 0),
		OPERAND(1), OPERAND(2)));
}
OP(elem_drop)
{
	elem_drop(inst, (uint32_t)pc->v.imm);
	NEXT;
}
OP(ref_func)
{
	struct func *f = instance_func(inst, (uint32_t)pc->v.imm);
	SET_i64(pc->u.s.a, (uintptr_t)f);
	NEXT;
}
OP(ref_as_non_null)
{
	if (fp[pc->u.s.a].u64 == 0)
		TRAP(TRAP_null_reference);
	NEXT;
}
#define DO_WIDE_ADD(id, num) \
	OP(id) \
	{ \
		const union slot *x = fp + pc->u.s.b; \
		uint64_t high; \
		uint64_t low = \
			num(x[0].u64, x[1].u64, x[2].u64, x[3].u64, &high); \
		fp[pc->u.s.a].u64 = low; \
		fp[pc->u.s.a + 1].u64 = high; \
		NEXT; \
	}
DO_WIDE_ADD(i64_add128, num_i64_add128)
DO_WIDE_ADD(i64_sub128, num_i64_sub128)
#define DO_WIDE_MUL(id, num) \
	OP(id) \
	{ \
		const union slot *x = fp + pc->u.s.b; \
		uint64_t high, low = num(x[0].u64, x[1].u64, &high); \
		fp[pc->u.s.a].u64 = low; \
		fp[pc->u.s.a + 1].u64 = high; \
		NEXT; \
	}
DO_WIDE_MUL(i64_mul_wide_s, num_i64_mul_wide_s)
DO_WIDE_MUL(i64_mul_wide_u, num_i64_mul_wide_u)

#include "interp/loop_atomic.h"
#include "interp/loop_object.h"
#include "interp/loop_vector.h"

OP(unreachable)
{
	TRAP(TRAP_unreachable);
}
OP(canon_f32)
{
	float x = slot_f32(fp[pc->u.s.a]);
	SET_f32(pc->u.s.a, num_canon_f32(x));
	NEXT;
}
OP(canon_f64)
{
	double x = fp[pc->u.s.a].f64;
	SET_f64(pc->u.s.a, num_canon_f64(x));
	NEXT;
}
OP(poll)
{
	if (context_interrupted(CTX))
		TRAP(TRAP_interrupt);
	NEXT;
}
DO_PLAIN(charge)
OP(charge_poll)
{
	BODY_CHARGE_POLL(TRAP)
	NEXT;
}
OP(unwind)
{
	return STATUS_unwound;
}
OP(leave)
{
	return STATUS_done;
}
OP(translate)
{
	struct func *f = (struct func *)(uintptr_t)acc;
	EXIT(pc + 1);
	if (enter_translate(f) != STATUS_done)
		return STATUS_raise;
	pc = f->cells;
	GO;
}
OP(host)
{
	struct func *f = (struct func *)(uintptr_t)acc;
	const struct cell *site = slot_ref(fp[-1]);
	union slot *caller = fp - site[-1].v.s.c;
	if (!enter_linked_host(f, inst, fp, caller, site))
		return STATUS_raise;
	acc = fp[-1].u64;
	RELOAD_MEMORY;
	fp = caller;
	pc = site;
	GO;
}

OP(native)
{
	struct func *f = (struct func *)(uintptr_t)acc;
	const struct cell *site = slot_ref(fp[-1]);
	union slot *callee = fp;
	fp -= site[-1].v.s.c;
	EXIT(site);
	if (site == &CTX->statics[CELL_leave]) {
		CTX->callee = f;
		return STATUS_tail;
	}
	if (inst->store->engine->second->enter(CTX, f, callee) != STATUS_done)
		return STATUS_raise;
	acc = callee[-1].u64;
	RELOAD_MEMORY;
	pc = site;
	GO;
}

/* Another store may have made a shared memory larger: then the cell is tried
 * again.  It has changed nothing yet. */
COLD(out_of_bounds)
{
	if (enter_sync(inst, memsz)) {
		memsz = inst->memory0->bytes;
		GO;
	}
	TRAP(TRAP_memory_out_of_bounds);
}

/* Either cell that makes an object, at a safepoint. */
COLD(new_object)
{
	const uint32_t *w = cell_words(pc);
	uint32_t n = pc->u.s.b;
	bool slots = (w[0] & NEW_SLOTS) != 0;
	const struct cell *site = pc + 1 + cell_count(2 + (slots ? n : 2 * n));
	EXIT(site);
	struct object *o = object_new(inst->store, (uint32_t)pc->v.imm, w[1]);
	if (o == NULL)
		TRAP(TRAP_allocation_too_large);
	if (slots)
		put_slots(o, fp, w + 2, n);
	else
		put_fields(o, fp, w + 2, n);
	SET_i64(pc->u.s.a, (uintptr_t)o);
	pc = site;
	GO;
}

OP(count_entry)
{
	struct func *f = (struct func *)(uintptr_t)acc;
	f->counter -= COUNT_CALL;
	if (UNLIKELY(f->counter < 0))
		inst->store->engine->second->hot(f);
	NEXT;
}
OP(count_loop)
{
	struct func *f = OWN;
	if (UNLIKELY(--f->counter < 0)) {
		const struct cell *site = slot_ref(fp[-1]);
		union slot *frame = fp;
		fp -= site[-1].v.s.c;
		EXIT(site);
		enum status st = inst->store->engine->second->hot_loop(
			CTX, f, (uint32_t)pc->v.imm, frame);
		if (st == STATUS_unwound)
			return STATUS_raise;
		if (st == STATUS_done) {
			acc = frame[-1].u64;
			RELOAD_MEMORY;
			pc = site;
			GO;
		}
		fp = frame;
	}
	NEXT;
}
OP(trace)
{
	EXIT(pc);
	if (enter_trace(inst, pc, fp) != STATUS_done)
		return STATUS_raise;
	NEXT;
}

/* The limit is an interrupt's, or compiled code's: then the cell is tried again
 * with ours.  It has changed nothing yet, the accumulator neither. */
COLD(overflow)
{
	if (context_widen(CTX))
		GO;
	TRAP(context_interrupted(CTX) ? TRAP_interrupt : TRAP_stack_overflow);
}

/* Traps: the row is in the accumulator. */
COLD(trap)
{
	struct context *ctx = CTX;
	ctx->exit_fp = fp;
	ctx->exit_pc = pc + 1;
	raise_trap(ctx, (enum trap)acc);
	return STATUS_raise;
}
COLD(uninitialized)
{
	EXIT(pc + 1);
	raise_trap_number(CTX, TRAP_uninitialized_element, acc);
	return STATUS_raise;
}

LOOP_TABLES

#define WORD_1(id, x) WORD(id##_##x)
#define WORD_2(id, l, r) WORD(id##_##l##r)
#define WORD_BR(id, l, r) WORD(br_##id##_##l##r)
#define WORD_BRN(id, l, r) WORD(brn_##id##_##l##r)
#define WORD_INC(id, r) WORD(increment_br_##id##_##r)
#define WORD_VL(id, x, l) WORD(id##_load_##x##_##l)
#define WORD_SGET(id, o) WORD(struct_get_##id##_##o)
#define WORD_AGET(id, o, i) WORD(array_get_##id##_##o##i)
#define WORD_SSET(id, o, v) WORD(struct_set_##id##_##o##_##v)
#define WORD_ASET(id, o, i, v) WORD(array_set_##id##_##o##i##_##v)
#define WORD_ST(id, address, value) WORD(id##_##address##_##value)
static const union word words[BC_count] = {
#define BIN(id, type, commutes) FORMS2_##type(WORD_2, id)
#define DIV(id, type) FORMS2_##type(WORD_2, id)
#define CMP(id, type, mirror, inverse) \
	FORMS2_##type(WORD_2, id) FORMS2(WORD_BR, id)
#define FBIN(id, type, commutes) FORMS2_##type(WORD_2, id)
#define FCMP(id, type, mirror) \
	FORMS2_##type(WORD_2, id) FORMS2(WORD_BR, id) FORMS2(WORD_BRN, id)
#define UNARY(id, from, to) FORMS1(WORD_1, id)
#define CONVERT(id, from, to) FORMS1(WORD_1, id)
#define LOAD(id, type, bytes, value) FORMS_LOAD(WORD_1, id)
#define STORE(id, type, bytes) FORMS_STORE(WORD_ST, id)
#define FSTORE(id, type, bytes) FORMS_FSTORE(WORD_ST, id)
#define CHAIN(id, type, inner, r1, outer, r2) FORMS1(WORD_1, id)
#define RCHAIN(id, type, inner, r1, outer) FORMS1(WORD_1, id)
#define INCREMENT_BR(id, mirror) FORMS_INCREMENT(WORD_INC, id)
#define PLAIN(id, operands) WORD(id)
#include "interp/bc.def"
#define VBIN(id, nan, commutes) FORMS_VBIN_##commutes(WORD_2, id)
#define VBIN_LOAD(id) FORMS_VBIN_LOAD(WORD_VL, id)
#define VCHAIN_LOAD(id, inner, outer) FORMS_VBIN_LOAD(WORD_VL, id)
#define VUNARY(id, nan) FORMS1(WORD_1, id)
#define VTERNARY(id, nan) WORD(id)
#define VSHIFT(id) FORMS_VSHIFT(WORD_2, id)
#define VTEST(id) WORD(id)
#define VSPLAT(id, type) WORD(id)
#define VEXTRACT(id, type, lanes) WORD(id)
#define VREPLACE(id, type, lanes) WORD(id)
#define VLOAD(id, bytes) FORMS_VLOAD(WORD_1, id)
#define VSTORE(id, bytes) FORMS_VSTORE(WORD_ST, id)
#define VLOAD_LANE(id, bytes) WORD(id)
#define VSTORE_LANE(id, bytes) WORD(id)
#define PLAIN(id, operands) WORD(id)
#include "interp/vector.def"
#define GET(id, type, bytes, value) FORMS_GET(WORD_SGET, WORD_AGET, id)
#define PUT(id, type, bytes) FORMS_PUT(WORD_SSET, WORD_ASET, id)
#define PLAIN(id, operands) WORD(id)
#include "interp/object.def"
#define ATOMIC_LOAD(id, type, bits) WORD(id)
#define ATOMIC_STORE(id, type, bits) WORD(id)
#define ATOMIC_RMW(id, type, bits, op) WORD(id)
#define ATOMIC_CMPXCHG(id, type, bits) WORD(id)
#define ATOMIC_WAIT(id, type, bits) WORD(id)
#define PLAIN(id, operands) WORD(id)
#include "interp/atomic.def"
#define PAIR_BOTH(x, y) WORD(x##_then_##y)
#include PAIR_ROWS
};
static const struct cell cells[CELL_static_count] = {
	[CELL_base] = { .op = WORD(unwind).v.imm = 0 },
	[CELL_leave] = { .op = WORD(leave).v.imm = 0 },
	[CELL_unwind] = { .op = WORD(unwind).v.imm = 0 },
	[CELL_translate] = { .op = WORD(translate).v.imm = 0 },
	[CELL_host] = { .op = WORD(host).v.imm = 0 },
	[CELL_native] = { .op = WORD(native).v.imm = 0 },
};
static const struct loop_tables tables = { words, cells };

LOOP_END
