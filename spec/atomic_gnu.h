/*
 * The twin of spec/atomic.h by the compiler's builtins (gcc, clang).  Sums on
 * hosts of the other byte order are loops; everything else swaps bytes at most.
 * A 32-bit machine without an instruction for 64 bits needs libatomic.
 */
#ifndef SPEC_ATOMIC_GNU_H
#define SPEC_ATOMIC_GNU_H

/* Between the host's order of bytes and memory's, either way. */
static inline uint8_t
atomic_swap8(uint8_t v)
{
	return v;
}
#define ATOMIC_SWAP(bits) \
	static inline uint##bits##_t atomic_swap##bits(uint##bits##_t v) \
	{ \
		uint8_t bytes[sizeof v]; \
		memcpy(bytes, &v, sizeof v); \
		return bytes_get##bits(bytes); \
	}
ATOMIC_SWAP(16)
ATOMIC_SWAP(32)
ATOMIC_SWAP(64)

static inline bool
atomic_little(void)
{
	return atomic_swap16(1) == 1;
}

#define ATOMIC_AT(bits, p) ((uint##bits##_t *)(void *)(p))

/* The operation does not mind the order of bytes. */
#define ATOMIC_BITS(name, bits, builtin) \
	static inline uint##bits##_t atomic_##name##bits( \
		uint8_t *p, uint##bits##_t v) \
	{ \
		return atomic_swap##bits(builtin(ATOMIC_AT(bits, p), \
			atomic_swap##bits(v), __ATOMIC_SEQ_CST)); \
	}
#define ATOMIC_SUM(name, bits, op) \
	static inline uint##bits##_t atomic_##name##bits( \
		uint8_t *p, uint##bits##_t v) \
	{ \
		uint##bits##_t *at = ATOMIC_AT(bits, p), old, sum; \
		if (atomic_little()) \
			return __atomic_fetch_##name(at, v, __ATOMIC_SEQ_CST); \
		old = __atomic_load_n(at, __ATOMIC_RELAXED); \
		do \
			sum = (uint##bits##_t)(atomic_swap##bits(old) op v); \
		while (!__atomic_compare_exchange_n(at, &old, \
			atomic_swap##bits(sum), true, __ATOMIC_SEQ_CST, \
			__ATOMIC_RELAXED)); \
		return atomic_swap##bits(old); \
	}
#define ATOMIC_WIDTH(bits) \
	static inline uint##bits##_t atomic_load##bits(const uint8_t *p) \
	{ \
		const uint##bits##_t *at = (const void *)p; \
		return atomic_swap##bits( \
			__atomic_load_n(at, __ATOMIC_SEQ_CST)); \
	} \
	static inline void atomic_store##bits(uint8_t *p, uint##bits##_t v) \
	{ \
		__atomic_store_n(ATOMIC_AT(bits, p), atomic_swap##bits(v), \
			__ATOMIC_SEQ_CST); \
	} \
	static inline uint##bits##_t atomic_cmpxchg##bits( \
		uint8_t *p, uint##bits##_t want, uint##bits##_t v) \
	{ \
		uint##bits##_t old = atomic_swap##bits(want); \
		__atomic_compare_exchange_n(ATOMIC_AT(bits, p), &old, \
			atomic_swap##bits(v), false, __ATOMIC_SEQ_CST, \
			__ATOMIC_SEQ_CST); \
		return atomic_swap##bits(old); \
	} \
	ATOMIC_SUM(add, bits, +) \
	ATOMIC_SUM(sub, bits, -) \
	ATOMIC_BITS(and, bits, __atomic_fetch_and) \
	ATOMIC_BITS(or, bits, __atomic_fetch_or) \
	ATOMIC_BITS(xor, bits, __atomic_fetch_xor) \
	ATOMIC_BITS(xchg, bits, __atomic_exchange_n)

ATOMIC_WIDTH(8)
ATOMIC_WIDTH(16)
ATOMIC_WIDTH(32)
ATOMIC_WIDTH(64)

#endif
