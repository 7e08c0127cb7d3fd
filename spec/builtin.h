/*
 * The few bit operations for which compilers have a name and C has none, with
 * plain twins: the only place that looks at the compiler.
 */
#ifndef SPEC_BUILTIN_H
#define SPEC_BUILTIN_H

#include <stdint.h>

#ifdef __GNUC__

/* Zero bits above the highest one; x is not 0. */
static inline uint32_t
builtin_clz32(uint32_t x)
{
	return (uint32_t)__builtin_clz(x);
}

static inline uint32_t
builtin_clz64(uint64_t x)
{
	return (uint32_t)__builtin_clzll(x);
}

/* Zero bits below the lowest one; x is not 0. */
static inline uint32_t
builtin_ctz32(uint32_t x)
{
	return (uint32_t)__builtin_ctz(x);
}

static inline uint32_t
builtin_ctz64(uint64_t x)
{
	return (uint32_t)__builtin_ctzll(x);
}

#else

static inline uint32_t
builtin_clz64(uint64_t x)
{
	uint32_t n = 0;
	for (uint32_t step = 32; step != 0; step /= 2) {
		if (x >> (64 - step) == 0) {
			n += step;
			x <<= step;
		}
	}
	return n;
}

static inline uint32_t
builtin_clz32(uint32_t x)
{
	return builtin_clz64(x) - 32;
}

static inline uint32_t
builtin_ctz64(uint64_t x)
{
	return 63 - builtin_clz64(x & (0 - x));
}

static inline uint32_t
builtin_ctz32(uint32_t x)
{
	return builtin_ctz64(x);
}

#endif

#endif
