/*
 * The plain twin of spec/atomic.h.
 */
#ifndef SPEC_ATOMIC_PLAIN_H
#define SPEC_ATOMIC_PLAIN_H

static inline uint8_t
bytes_get8(const uint8_t *p)
{
	return *p;
}

static inline void
bytes_put8(uint8_t *p, uint8_t v)
{
	*p = v;
}

#define ATOMIC_CHANGE(name, bits, value) \
	static inline uint##bits##_t atomic_##name##bits( \
		uint8_t *p, uint##bits##_t v) \
	{ \
		uint##bits##_t old = bytes_get##bits(p); \
		bytes_put##bits(p, (uint##bits##_t)(value)); \
		return old; \
	}
#define ATOMIC_WIDTH(bits) \
	static inline uint##bits##_t atomic_load##bits(const uint8_t *p) \
	{ \
		return bytes_get##bits(p); \
	} \
	static inline void atomic_store##bits(uint8_t *p, uint##bits##_t v) \
	{ \
		bytes_put##bits(p, v); \
	} \
	static inline uint##bits##_t atomic_cmpxchg##bits( \
		uint8_t *p, uint##bits##_t want, uint##bits##_t v) \
	{ \
		uint##bits##_t old = bytes_get##bits(p); \
		if (old == want) \
			bytes_put##bits(p, v); \
		return old; \
	} \
	ATOMIC_CHANGE(add, bits, old + v) \
	ATOMIC_CHANGE(sub, bits, old - v) \
	ATOMIC_CHANGE(and, bits, old &v) \
	ATOMIC_CHANGE(or, bits, old | v) \
	ATOMIC_CHANGE(xor, bits, old ^ v) \
	ATOMIC_CHANGE(xchg, bits, v)

ATOMIC_WIDTH(8)
ATOMIC_WIDTH(16)
ATOMIC_WIDTH(32)
ATOMIC_WIDTH(64)

#endif
