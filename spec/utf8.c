/*
 * The ranges of the second byte carry all of the rules:
 *
 *   c2..df  80..bf              e0  a0..bf, e1..ec ee ef  80..bf, ed  80..9f
 *   f0  90..bf, f1..f3  80..bf, f4  80..8f;  further bytes 80..bf
 */
#include "spec/utf8.h"

#include <stdint.h>
#include <string.h>

/* Bytes of the sequence that starts at s, 0 if it is malformed. */
static size_t
sequence(const uint8_t *s, size_t len)
{
	uint8_t low = 0x80, high = 0xbf;
	size_t n;
	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (len < n || s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* Bytes of ASCII at the start of s, eight at a time. */
static size_t
skip_ascii(const uint8_t *s, size_t len)
{
	uint64_t eight;
	size_t n = 0;
	for (; len - n >= 8; n += 8) {
		memcpy(&eight, s + n, 8);
		if ((eight & UINT64_C(0x8080808080808080)) != 0)
			break;
	}
	return n;
}

const void *
utf8_find_bad(const void *p, size_t len)
{
	const uint8_t *s = p;
	while (len > 0) {
		size_t n = skip_ascii(s, len);
		s += n;
		len -= n;
		if (len == 0)
			break;
		n = sequence(s, len);
		if (n == 0)
			return s;
		s += n;
		len -= n;
	}
	return NULL;
}

bool
utf8_valid(const void *p, size_t len)
{
	return utf8_find_bad(p, len) == NULL;
}
