/*
 * Handlers of shared memories, a part of interp/loop.c.
 */
#ifndef INTERP_LOOP_ATOMIC_H
#define INTERP_LOOP_ATOMIC_H

/* The address of an access of n bytes; where it may be comes after how. */
#define ATOMIC_ACCESS(n) \
	MEMORY_OPERANDS \
	if ((at + off) % (n) != 0) \
		TRAP(TRAP_unaligned_atomic); \
	MEMORY_CHECK(n) \
	uint8_t *p = m->base + (size_t)at; \
	(void)p;
#define ATOMIC_LOAD(id, type, bits) \
	OP(id) \
	{ \
		ATOMIC_ACCESS(bits / 8) \
		SET_##type(pc->u.s.a, atomic_load##bits(p)); \
		SKIP(2); \
	}
#define ATOMIC_STORE(id, type, bits) \
	OP(id) \
	{ \
		ATOMIC_ACCESS(bits / 8) \
		atomic_store##bits( \
			p, (uint##bits##_t)GET_##type##_S(pc->u.s.a)); \
		SKIP(2); \
	}
#define ATOMIC_RMW(id, type, bits, op) \
	OP(id) \
	{ \
		ATOMIC_ACCESS(bits / 8) \
		type v = GET_##type##_S(pc[2].u.s.a); \
		SET_##type( \
			pc->u.s.a, atomic_##op##bits(p, (uint##bits##_t)v)); \
		SKIP(3); \
	}
#define ATOMIC_CMPXCHG(id, type, bits) \
	OP(id) \
	{ \
		ATOMIC_ACCESS(bits / 8) \
		type want = GET_##type##_S(pc[2].u.s.a), \
		     v = GET_##type##_S(pc[2].u.s.b); \
		v = atomic_cmpxchg##bits( \
			p, (uint##bits##_t)want, (uint##bits##_t)v); \
		SET_##type(pc->u.s.a, v); \
		SKIP(3); \
	}
#define ATOMIC_WAIT(id, type, bits) \
	OP(id) \
	{ \
		uint32_t answer; \
		ATOMIC_ACCESS(bits / 8) \
		EXIT(pc + 1); \
		if (wait_at(m, at, bits / 8, GET_##type##_S(pc[2].u.s.a), \
			    (int64_t)fp[pc[2].u.s.b].u64, \
			    &answer) != STATUS_done) \
			return STATUS_raise; \
		SET_i32(pc->u.s.a, answer); \
		SKIP(3); \
	}
#define PLAIN(id, operands)
#include "interp/atomic.def"
OP(memory_atomic_notify)
{
	ATOMIC_ACCESS(4)
	SET_i32(pc->u.s.a, wait_notify(m, at, GET_i32_S(pc[2].u.s.a)));
	SKIP(3);
}
OP(atomic_fence)
{
	atomic_thread_fence(memory_order_seq_cst);
	NEXT;
}

#endif
