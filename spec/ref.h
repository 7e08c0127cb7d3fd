/*
 * References in slots (trap/slot.h): 0 is null; low bits 00 a pointer to a heap
 * object or a struct func, 10 a host's value, x1 an i31.
 */
#ifndef SPEC_REF_H
#define SPEC_REF_H

#include <stdbool.h>

#include "trap/slot.h"

#define REF_HOST_BITS 62 /* of a host's value; the upper two are lost */

/* An externref for a value of the host's: a pointer or a number. */
static inline union slot
ref_of_host(uint64_t value)
{
	return (union slot){ .u64 = value << 2 | 2 };
}

static inline bool
ref_is_host(union slot s)
{
	return (s.u64 & 3) == 2;
}

/* The host's value of an externref for which ref_is_host holds. */
static inline uint64_t
ref_host(union slot s)
{
	return s.u64 >> 2;
}

static inline bool
ref_is_null(union slot s)
{
	return s.u64 == 0;
}

/* An object of the heap or a function. */
static inline bool
ref_is_pointer(union slot s)
{
	return (s.u64 & 3) == 0 && s.u64 != 0;
}

/* The low 31 bits of v. */
static inline union slot
ref_of_i31(uint32_t v)
{
	return (union slot){ .u64 = (uint32_t)(v << 1 | 1) };
}

static inline bool
ref_is_i31(union slot s)
{
	return (s.u64 & 1) != 0;
}

/* The value of a reference for which ref_is_i31 holds. */
static inline uint32_t
ref_i31_u(union slot s)
{
	return (uint32_t)s.u64 >> 1;
}

/* The same with its top bit as the sign. */
static inline uint32_t
ref_i31_s(union slot s)
{
	uint32_t v = (uint32_t)s.u64 >> 1;
	return v | (v & 0x40000000) << 1;
}

#endif
