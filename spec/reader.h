/*
 * A reader over the bytes of a module with LEB128 integers (standard, 5.2).
 * Its error is sticky: after the first one every read gives zeros and the
 * reader stands at its end.
 */
#ifndef SPEC_READER_H
#define SPEC_READER_H

#include <stdint.h>

struct error;

struct reader {
	const uint8_t *at, *end;
	const uint8_t *start; /* of the module; offsets count from here */
	struct error *error;
};

static inline uint64_t
reader_offset(const struct reader *r)
{
	return (uint64_t)(r->at - r->start);
}

/* Records the malformed message at the present offset and stops the reader. */
void
reader_fail(struct reader *r, const char *message);

uint8_t
reader_byte(struct reader *r);
uint32_t
reader_u32_slow(struct reader *r);
uint64_t
reader_u64(struct reader *r);
int32_t
reader_s32(struct reader *r);
int64_t
reader_s33(struct reader *r);
int64_t
reader_s64(struct reader *r);

/* The 4 or 8 bytes of a float as they stand, little-endian. */
uint32_t
reader_f32(struct reader *r);
uint64_t
reader_f64(struct reader *r);

/*
 * The length of a vector; "length out of bounds" when even one byte for each
 * element is more than there is.
 */
uint32_t
reader_count(struct reader *r);

/* n bytes in place; NULL and "unexpected end" when there are fewer. */
const uint8_t *
reader_bytes(struct reader *r, uint64_t n);

static inline uint32_t
reader_u32(struct reader *r)
{
	if (r->at < r->end && *r->at < 0x80)
		return *r->at++;
	return reader_u32_slow(r);
}

#endif
