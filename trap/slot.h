/*
 * A slot: one 8-byte cell of the guest stack, a global, a table element or an
 * argument.  i32 and f32 are the low 32 bits of the number, whatever the byte
 * order; their upper half means nothing.  v128 takes two slots, low lanes
 * first.  References are pointers or tagged words (spec/ref.h), 0 is null.
 */
#ifndef TRAP_SLOT_H
#define TRAP_SLOT_H

#include <stdint.h>
#include <string.h>

union slot {
	uint64_t u64;
	double f64;
};

static inline uint32_t
slot_i32(union slot s)
{
	return (uint32_t)s.u64;
}

static inline float
slot_f32(union slot s)
{
	uint32_t bits = (uint32_t)s.u64;
	float f;
	memcpy(&f, &bits, sizeof f);
	return f;
}

static inline union slot
slot_of_i32(uint32_t v)
{
	return (union slot){ .u64 = v };
}

static inline union slot
slot_of_f32(float f)
{
	uint32_t bits;
	memcpy(&bits, &f, sizeof bits);
	return (union slot){ .u64 = bits };
}

static inline union slot
slot_of_i64(uint64_t v)
{
	return (union slot){ .u64 = v };
}

static inline union slot
slot_of_f64(double f)
{
	return (union slot){ .f64 = f };
}

static inline void *
slot_ref(union slot s)
{
	return (void *)(uintptr_t)s.u64;
}

static inline union slot
slot_of_ref(const void *p)
{
	return (union slot){ .u64 = (uintptr_t)p };
}

#endif
