/*
 * Little-endian numbers in byte arrays, on every host.  Compilers turn reads
 * into single loads where the machine allows it; single stores they make of
 * what is written as one.
 */
#ifndef TRAP_BYTES_H
#define TRAP_BYTES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t
bytes_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t
bytes_get32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static inline uint64_t
bytes_get64(const uint8_t *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
	       (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 |
	       (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
	       (uint64_t)p[7] << 56;
}

/* The host has the lowest byte first; compilers know. */
static inline bool
bytes_little(void)
{
	const uint16_t one = 1;
	uint8_t first;
	memcpy(&first, &one, 1);
	return first == 1;
}

static inline void
bytes_put16(uint8_t *p, uint16_t v)
{
	if (bytes_little()) {
		memcpy(p, &v, sizeof v);
		return;
	}
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static inline void
bytes_put32(uint8_t *p, uint32_t v)
{
	if (bytes_little()) {
		memcpy(p, &v, sizeof v);
		return;
	}
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)(v >> 16);
	p[3] = (uint8_t)(v >> 24);
}

static inline void
bytes_put64(uint8_t *p, uint64_t v)
{
	if (bytes_little()) {
		memcpy(p, &v, sizeof v);
		return;
	}
	bytes_put32(p, (uint32_t)v);
	bytes_put32(p + 4, (uint32_t)(v >> 32));
}

#endif
