/*
 * Bytes, LEB128 integers and floats of the binary format (standard, 5.2), with
 * the reference decoder's messages and its order of checks.
 */
#include "spec/reader.h"

#include <stdbool.h>
#include <stddef.h>

#include "trap/error.h"

void
reader_fail(struct reader *r, const char *message)
{
	error_at(r->error, ERROR_malformed, reader_offset(r), "%s", message);
	r->at = r->end;
}

uint8_t
reader_byte(struct reader *r)
{
	if (r->at < r->end)
		return *r->at++;
	reader_fail(r, "unexpected end of section or function");
	return 0;
}

/*
 * The bits of the last byte that do not fit into the integer: zeros, or copies
 * of the sign.  n is the number of bits that do fit, 1 to 6.
 */
static bool
fits(uint8_t byte, unsigned n, bool sign)
{
	unsigned bits = byte & 0x7fu;
	if (!sign)
		return bits < 1u << n;
	unsigned mask = 0x7fu & ~((1u << (n - 1)) - 1);
	return (bits & mask) == 0 || (bits & mask) == mask;
}

static uint64_t
leb(struct reader *r, unsigned width, bool sign)
{
	const uint8_t *at = r->at;
	uint64_t v = 0;
	unsigned shift = 0;
	uint8_t byte;
	if (r->end - at >= 2 && at[0] >= 0x80 && at[1] < 0x80 && width > 14) {
		r->at = at + 2;
		v = (uint64_t)at[1] << 7 | (at[0] & 0x7f);
		return sign ? (v ^ 0x2000) - 0x2000 : v;
	}
	do {
		if (shift >= width) {
			reader_fail(r, "integer representation too long");
			return 0;
		}
		byte = reader_byte(r);
		if (width - shift < 7 && !fits(byte, width - shift, sign)) {
			r->at--;
			reader_fail(r, "integer too large");
			return 0;
		}
		v |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	if (sign && shift < 64 && (byte & 0x40))
		v |= ~(uint64_t)0 << shift;
	return v;
}

uint32_t
reader_u32_slow(struct reader *r)
{
	return (uint32_t)leb(r, 32, false);
}

uint64_t
reader_u64(struct reader *r)
{
	if (r->at < r->end && *r->at < 0x80)
		return *r->at++;
	return leb(r, 64, false);
}

int32_t
reader_s32(struct reader *r)
{
	if (r->at < r->end && *r->at < 0x80)
		return (int32_t)((*r->at++ ^ 0x40u) - 0x40u);
	return (int32_t)(int64_t)leb(r, 32, true);
}

int64_t
reader_s33(struct reader *r)
{
	return (int64_t)leb(r, 33, true);
}

int64_t
reader_s64(struct reader *r)
{
	return (int64_t)leb(r, 64, true);
}

uint32_t
reader_count(struct reader *r)
{
	const uint8_t *at = r->at;
	uint32_t n = reader_u32(r);
	if (n <= (uint64_t)(r->end - at))
		return n;
	r->at = at;
	reader_fail(r, "length out of bounds");
	return 0;
}

const uint8_t *
reader_bytes(struct reader *r, uint64_t n)
{
	if (n > (uint64_t)(r->end - r->at)) {
		reader_fail(r, "unexpected end of section or function");
		return NULL;
	}
	const uint8_t *p = r->at;
	r->at += n;
	return p;
}

static uint64_t
little_endian(struct reader *r, unsigned bytes)
{
	const uint8_t *p = reader_bytes(r, bytes);
	uint64_t v = 0;
	for (unsigned i = 0; p != NULL && i < bytes; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

uint32_t
reader_f32(struct reader *r)
{
	return (uint32_t)little_endian(r, 4);
}

uint64_t
reader_f64(struct reader *r)
{
	return little_endian(r, 8);
}
