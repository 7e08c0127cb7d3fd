/*
 * Random numbers that are the same everywhere: splitmix64 (Steele, Lea, Flood).
 */
#ifndef HOST_FUZZ_RANDOM_H
#define HOST_FUZZ_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random {
	uint64_t state;
};

static inline uint64_t
random_next(struct random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* A number below n; 0 when n is 0. */
static inline size_t
random_below(struct random *r, size_t n)
{
	return n != 0 ? (size_t)(random_next(r) % n) : 0;
}

#endif
