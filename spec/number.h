/*
 * Number literals of the text format (standard, 6.3): what is one, its value,
 * and floats printed exactly.  Independent of locale and of the host's floating
 * point; floats of any length are rounded once, to nearest even.
 */
#ifndef SPEC_NUMBER_H
#define SPEC_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

enum number_kind {
	NUMBER_none, /* not a number */
	NUMBER_nat,  /* no sign */
	NUMBER_int,  /* with a sign */
	NUMBER_float,
};

/* What the len bytes at s are as a whole. */
enum number_kind
number_kind(const char *s, uint32_t len);

/* The value of a NUMBER_nat; false if it is above max. */
bool
number_nat(const char *s, uint32_t len, uint64_t max, uint64_t *out);

/* The value of hexadecimal digits without 0x; false if s is not just that. */
bool
number_hex(const char *s, uint32_t len, uint64_t max, uint64_t *out);

/*
 * The value of a NUMBER_nat or NUMBER_int modulo 2^bits; false if it is neither
 * a signed nor an unsigned integer of that many bits, or if s is a float.
 */
bool
number_int(const char *s, uint32_t len, unsigned bits, uint64_t *out);

/*
 * The f32 or f64 bit pattern of any kind of number; false if it rounds to
 * infinity or its NaN payload does not fit.
 */
bool
number_f32(const char *s, uint32_t len, uint32_t *out);
bool
number_f64(const char *s, uint32_t len, uint64_t *out);

/*
 * Prints a bit pattern as a literal that reads back to it ("-0x1.8p+1",
 * "nan:0x400000", "inf"); out holds at least 32 bytes.  Returns out.
 */
const char *
number_format_f32(uint32_t bits, char out[32]);
const char *
number_format_f64(uint64_t bits, char out[32]);

#endif
