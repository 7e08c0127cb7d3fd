/*
 * How validated code is read where that must be quick: nothing is checked, and
 * VALID_WINDOW bytes must be there to read from the opcode on.
 */
#ifndef SPEC_VALID_H
#define SPEC_VALID_H

#include "spec/builtin.h"
#include "spec/op.h"
#include "trap/bytes.h"

/* An opcode, a MEMARG's alignment, eight bytes of a LEB128. */
#define VALID_WINDOW 10

/* A LEB128 of up to eight bytes. */
struct valid_leb {
	uint64_t bits;	/* seven of each byte */
	uint32_t bytes; /* 0: it has more */
};

static inline struct valid_leb
valid_leb(const uint8_t *at)
{
	if (*at < 0x80) /* most */
		return (struct valid_leb){ *at, 1 };
	uint64_t x = bytes_get64(at), last = ~x & 0x8080808080808080;
	if (last == 0)
		return (struct valid_leb){ 0, 0 };
	x &= (last ^ (last - 1)) & 0x7f7f7f7f7f7f7f7f;
	x = (x & 0x007f007f007f007f) | (x & 0x7f007f007f007f00) >> 1;
	x = (x & 0x00003fff00003fff) | (x & 0x3fff00003fff0000) >> 2;
	x = (x & 0x000000000fffffff) | (x & 0x0fffffff00000000) >> 4;
	return (struct valid_leb){ x, builtin_ctz64(last) / 8 + 1 };
}

/* A signed one, whose bytes are not 0. */
static inline int64_t
valid_signed(struct valid_leb l)
{
	unsigned above = 64 - 7 * l.bytes;
	return (int64_t)(l.bits << above) >> above;
}

/* An index, which *at goes past. */
static inline uint32_t
valid_index(const uint8_t **at)
{
	const uint8_t *p = *at;
	uint32_t x = *p & 0x7f;
	for (unsigned shift = 7; *p++ >= 0x80; shift += 7)
		x |= (uint32_t)(*p & 0x7f) << shift;
	*at = p;
	return x;
}

/* The first byte of a block type is all of it: a result, or 0x40 for none. */
static inline bool
valid_is_short_type(uint8_t byte)
{
	return byte >= 0x40 && byte < 0x80 && byte != 0x63 && byte != 0x64;
}

/*
 * Bytes of the instruction at `at`, if its immediate is none, an index, a
 * number or a MEMARG without a memory; 0: code_next has to tell.
 */
static inline uint32_t
valid_length(const uint8_t *at)
{
	uint32_t bytes = op_codes[*at].bytes;
	/* the last bytes of LEB128s, the first one in the lowest */
	uint64_t last = ~bytes_get64(at) & 0x8080808080808000;
	if (bytes - 2 > 1)
		return bytes;
	if (bytes == 3)
		last &= at[1] < 0x40 ? last - 1 : 0;
	return last != 0 ? builtin_ctz64(last) / 8 + 1 : 0;
}

#endif
