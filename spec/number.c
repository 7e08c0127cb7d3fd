/*
 * Number literals.  A float becomes the integer m of 64 bits with its top bit
 * set, times a power of two, and a flag for anything lost below; round_to turns
 * that into bits once.  Hex floats give m directly; decimal ones through exact
 * big integers:
 *
 *   D * 10^e = D * 5^e * 2^e             for e >= 0
 *            = (D << s) / 5^-e * 2^(e-s) otherwise, with at least 64 bits
 */
#include "spec/number.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/*
 * Halfway points between doubles have at most 767 digits, so that what follows
 * 800 digits matters only as "more than nothing".
 */
#define MAX_DIGITS 800
/* 5^(400 + MAX_DIGITS) has 2787 bits; 3 limbs more for the quotient, 1 spare */
#define LIMBS 96

struct format {
	int precision; /* significant bits with the hidden one */
	int emax;      /* largest exponent of a finite number; bias too */
};

static const struct format f32_format = { 24, 127 };
static const struct format f64_format = { 53, 1023 };

static int
digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

/* Skips digits with single '_' between them; NULL if there is no digit. */
static const char *
skip_digits(const char *p, const char *end, int base)
{
	if (p == end || digit_value(*p) >= base)
		return NULL;
	for (p++; p < end; p++) {
		if (*p == '_' && end - p > 1)
			p++;
		if (digit_value(*p) >= base)
			return p[-1] == '_' ? p - 1 : p;
	}
	return p;
}

static bool
is_hex(const char *p, const char *end)
{
	return end - p > 2 && p[0] == '0' && p[1] == 'x';
}

static const char *
skip_sign(const char *p, const char *end)
{
	return p < end && (*p == '+' || *p == '-') ? p + 1 : p;
}

/* inf, nan, nan:0xN */
static bool
is_special(const char *p, const char *end)
{
	if (end - p == 3)
		return memcmp(p, "inf", 3) == 0 || memcmp(p, "nan", 3) == 0;
	return end - p > 6 && memcmp(p, "nan:0x", 6) == 0 &&
	       skip_digits(p + 6, end, 16) == end;
}

enum number_kind
number_kind(const char *s, uint32_t len)
{
	const char *end = s + len, *p = skip_sign(s, end);
	enum number_kind integer = p == s ? NUMBER_nat : NUMBER_int;
	if (is_special(p, end))
		return NUMBER_float;
	bool hex = is_hex(p, end);
	int base = hex ? 16 : 10;
	p = skip_digits(hex ? p + 2 : p, end, base);
	if (p == NULL)
		return NUMBER_none;
	if (p == end)
		return integer;
	if (*p == '.') {
		const char *frac = skip_digits(p + 1, end, base);
		p = frac != NULL ? frac : p + 1;
	}
	if (p < end && (*p | 0x20) == (hex ? 'p' : 'e'))
		p = skip_digits(skip_sign(p + 1, end), end, 10);
	return p == end ? NUMBER_float : NUMBER_none;
}

/* The value of digits with '_' between them; false if it is above max. */
static bool
read_digits(const char *s, const char *end, unsigned base, uint64_t max,
	uint64_t *out)
{
	uint64_t v = 0;
	for (; s < end; s++) {
		if (*s == '_')
			continue;
		unsigned d = (unsigned)digit_value(*s);
		if (d >= base || d > max || v > (max - d) / base)
			return false;
		v = v * base + d;
	}
	*out = v;
	return true;
}

bool
number_nat(const char *s, uint32_t len, uint64_t max, uint64_t *out)
{
	const char *end = s + len;
	return is_hex(s, end) ? read_digits(s + 2, end, 16, max, out)
			      : read_digits(s, end, 10, max, out);
}

bool
number_hex(const char *s, uint32_t len, uint64_t max, uint64_t *out)
{
	const char *end = s + len;
	return skip_digits(s, end, 16) == end &&
	       read_digits(s, end, 16, max, out);
}

bool
number_int(const char *s, uint32_t len, unsigned bits, uint64_t *out)
{
	assert(bits >= 8 && bits <= 64 && "integer width");
	const char *p = skip_sign(s, s + len);
	uint64_t mask = UINT64_MAX >> (64 - bits);
	bool minus = *s == '-';
	uint64_t max = minus ? (uint64_t)1 << (bits - 1) : mask;
	if (!number_nat(p, len - (uint32_t)(p - s), max, out))
		return false;
	if (minus)
		*out = (0 - *out) & mask;
	return true;
}

/*
 * Bits of m * 2^e (and a little more if lost), m != 0.  UINT64_MAX if that is
 * too large for f.
 */
static uint64_t
round_to(const struct format *f, uint64_t m, bool lost, int64_t e)
{
	while (m >> 63 == 0) {
		m <<= 1;
		e--;
	}
	int64_t exponent = e + 63, emin = 1 - f->emax, keep = f->precision;
	if (exponent > f->emax)
		return UINT64_MAX;
	if (exponent < emin)
		keep -= emin - exponent;
	if (keep < 0)
		return 0;
	int drop = (int)(64 - keep);
	uint64_t q = drop == 64 ? 0 : m >> drop;
	uint64_t rest = drop == 64 ? m : m & (((uint64_t)1 << drop) - 1);
	uint64_t half = (uint64_t)1 << (drop - 1);
	if (rest > half || (rest == half && (lost || (q & 1) != 0)))
		q++;
	uint64_t biased =
		0; /* a carry out of q raises the exponent by itself */
	if (exponent >= emin)
		biased = (uint64_t)(exponent + f->emax - 1)
			 << (f->precision - 1);
	q += biased;
	uint64_t infinity = (uint64_t)(2 * f->emax + 1) << (f->precision - 1);
	return q >= infinity ? UINT64_MAX : q;
}

/* Magnitudes of any size up to LIMBS, least significant limb first. */
struct big {
	int n; /* limbs in use, the top one is not 0 */
	uint32_t limb[LIMBS];
};

static void
big_mul_add(struct big *b, uint32_t factor, uint32_t term)
{
	uint64_t carry = term;
	for (int i = 0; i < b->n; i++) {
		carry += (uint64_t)b->limb[i] * factor;
		b->limb[i] = (uint32_t)carry;
		carry >>= 32;
	}
	if (carry != 0) {
		assert(b->n < LIMBS && "literal beyond the clipped range");
		b->limb[b->n++] = (uint32_t)carry;
	}
}

static void
big_mul_pow5(struct big *b, int64_t power)
{
	for (; power >= 13; power -= 13)
		big_mul_add(b, 1220703125, 0);
	for (; power > 0; power--)
		big_mul_add(b, 5, 0);
}

static void
big_shift_left(struct big *b, int limbs, int bits)
{
	uint32_t top = 0;
	if (bits != 0) {
		for (int i = b->n; i-- > 0;) {
			uint32_t low = b->limb[i] << bits;
			top = b->limb[i] >> (32 - bits);
			b->limb[i] = low;
			if (i + 1 < b->n)
				b->limb[i + 1] |= top;
			else if (top != 0)
				b->limb[i + 1] = top;
			if (i + 1 == b->n && top != 0)
				b->n++;
		}
	}
	memmove(b->limb + limbs, b->limb, (size_t)b->n * 4);
	memset(b->limb, 0, (size_t)limbs * 4);
	b->n += limbs;
}

/* Its top 64 bits; the rest goes to *lost and *e. */
static uint64_t
big_top(const struct big *b, bool *lost, int64_t *e)
{
	uint64_t m = 0;
	int i = b->n;
	while (i > 0 && m >> 32 == 0)
		m = m << 32 | b->limb[--i];
	if (i > 0) { /* the top limbs have leading zeros: fill up */
		int room = 0;
		while (m >> (63 - room) == 0)
			room++;
		uint32_t next = b->limb[--i];
		if (room != 0) {
			m = m << room | next >> (32 - room);
			next <<= room;
		}
		*lost |= next != 0;
		*e += 32 - room + 32 * (int64_t)i;
	}
	while (i > 0)
		*lost |= b->limb[--i] != 0;
	return m;
}

/* u[0..n] -= v[0..n) * q; true if that borrows. */
static bool
sub_mul(uint32_t *u, const struct big *v, uint32_t q)
{
	uint64_t carry = 0;
	int64_t borrow = 0;
	for (int i = 0; i <= v->n; i++) {
		if (i < v->n)
			carry += (uint64_t)v->limb[i] * q;
		borrow += (int64_t)u[i] - (int64_t)(uint32_t)carry;
		u[i] = (uint32_t)borrow;
		borrow >>= 63; /* all ones or zero */
		carry >>= 32;
	}
	return borrow != 0;
}

static void
add_back(uint32_t *u, const struct big *v)
{
	uint64_t carry = 0;
	for (int i = 0; i <= v->n; i++) {
		carry += (uint64_t)u[i] + (i < v->n ? v->limb[i] : 0);
		u[i] = (uint32_t)carry;
		carry >>= 32;
	}
}

/*
 * Quotient of u / v, v with its top bit set and u at least as long (Knuth,
 * algorithm D); u keeps the remainder.
 */
static void
big_divide(struct big *u, const struct big *v, struct big *q)
{
	assert(u->n < LIMBS && v->n <= u->n && "operands of a division");
	int n = v->n, digits = u->n - n + 1;
	u->limb[u->n] = 0;
	memset(q, 0, sizeof *q);
	for (int j = digits; j-- > 0;) {
		uint64_t top =
			(uint64_t)u->limb[j + n] << 32 | u->limb[j + n - 1];
		uint64_t guess = top / v->limb[n - 1];
		if (guess > UINT32_MAX)
			guess = UINT32_MAX;
		/* at most 2 too large, since the top bit of v is set */
		if (sub_mul(u->limb + j, v, (uint32_t)guess)) {
			do {
				guess--;
				add_back(u->limb + j, v);
			} while (u->limb[j + n] != 0);
		}
		q->limb[j] = (uint32_t)guess;
	}
	q->n = digits;
	while (q->n > 0 && q->limb[q->n - 1] == 0)
		q->n--;
}

/* D * 10^e of the digits read so far into the form of round_to. */
static uint64_t
scale_decimal(struct big *d, int64_t e10, bool *lost, int64_t *e2)
{
	*e2 = e10;
	if (e10 >= 0) {
		big_mul_pow5(d, e10);
		return big_top(d, lost, e2);
	}
	struct big den = { 1, { 1 } }, q;
	big_mul_pow5(&den, -e10);
	int bits = 0;
	while (den.limb[den.n - 1] << bits >> 31 == 0)
		bits++;
	big_shift_left(&den, 0, bits);
	int limbs = den.n + 3 > d->n ? den.n + 3 - d->n : 0;
	big_shift_left(d, limbs, bits);
	*e2 -= 32 * (int64_t)limbs;
	big_divide(d, &den, &q);
	for (int i = 0; i <= den.n && i < LIMBS; i++)
		*lost |= d->limb[i] != 0;
	return big_top(&q, lost, e2);
}

/* The exponent after e or p, far out of range at most. */
static int64_t
read_exponent(const char *p, const char *end)
{
	const char *digits = skip_sign(p, end);
	bool minus = digits != p && *p == '-';
	int64_t v = 0;
	for (p = digits; p < end; p++)
		if (*p != '_' && v < (int64_t)1 << 40)
			v = v * 10 + (*p - '0');
	return minus ? -v : v;
}

static uint64_t
read_decimal(const struct format *f, const char *p, const char *end)
{
	struct big d = { 0, { 0 } };
	int64_t e10 = 0, e2;
	int n = 0;
	bool point = false, lost = false;
	for (; p < end && (*p | 0x20) != 'e'; p++) {
		if (*p == '_')
			continue;
		if (*p == '.') {
			point = true;
			continue;
		}
		uint32_t v = (uint32_t)(*p - '0');
		bool keep = n < MAX_DIGITS;
		if (keep && (n > 0 || v != 0)) {
			big_mul_add(&d, 10, v);
			n++;
		}
		lost |= !keep && v != 0;
		e10 += (keep ? 0 : 1) - (point ? 1 : 0);
	}
	if (p < end)
		e10 += read_exponent(p + 1, end);
	if (n == 0 || n + e10 < -400)
		return 0;
	if (n + e10 > 400)
		return UINT64_MAX;
	uint64_t m = scale_decimal(&d, e10, &lost, &e2);
	return round_to(f, m, lost, e2);
}

static uint64_t
read_hex(const struct format *f, const char *p, const char *end)
{
	uint64_t m = 0;
	int64_t e = 0;
	bool point = false, lost = false;
	for (; p < end && (*p | 0x20) != 'p'; p++) {
		if (*p == '_')
			continue;
		if (*p == '.') {
			point = true;
			continue;
		}
		unsigned v = (unsigned)digit_value(*p);
		bool keep = m >> 60 == 0;
		if (keep)
			m = m << 4 | v;
		lost |= !keep && v != 0;
		e += (keep ? 0 : 4) - (point ? 4 : 0);
	}
	if (m == 0)
		return 0;
	if (p < end)
		e += read_exponent(p + 1, end);
	return round_to(f, m, lost, e);
}

/* The bits without a sign; UINT64_MAX if out of range. */
static uint64_t
read_magnitude(const struct format *f, const char *p, const char *end)
{
	uint64_t quiet = (uint64_t)1 << (f->precision - 2);
	uint64_t infinity = (uint64_t)(2 * f->emax + 1) << (f->precision - 1);
	uint64_t payload;
	if (*p == 'i')
		return infinity;
	if (*p == 'n' && end - p == 3)
		return infinity | quiet;
	if (*p == 'n') {
		if (!number_nat(p + 4, (uint32_t)(end - p - 4), 2 * quiet - 1,
			    &payload) ||
			payload == 0)
			return UINT64_MAX;
		return infinity | payload;
	}
	if (is_hex(p, end))
		return read_hex(f, p + 2, end);
	return read_decimal(f, p, end);
}

static bool
read_float(const struct format *f, const char *s, uint32_t len, int sign_bit,
	uint64_t *out)
{
	const char *end = s + len;
	uint64_t v = read_magnitude(f, skip_sign(s, end), end);
	if (v == UINT64_MAX)
		return false;
	*out = v | (uint64_t)(*s == '-') << sign_bit;
	return true;
}

bool
number_f32(const char *s, uint32_t len, uint32_t *out)
{
	uint64_t bits = 0;
	bool ok = read_float(&f32_format, s, len, 31, &bits);
	*out = (uint32_t)bits;
	return ok;
}

bool
number_f64(const char *s, uint32_t len, uint64_t *out)
{
	return read_float(&f64_format, s, len, 63, out);
}

/* fraction: precision - 1 bits, printed as digits of 4 bits. */
static const char *
format_float(const struct format *f, uint64_t fraction, int biased, bool minus,
	char out[32])
{
	const char *sign = minus ? "-" : "";
	int bits = f->precision - 1, digits = (bits + 3) / 4;
	if (biased == 2 * f->emax + 1 && fraction == 0)
		snprintf(out, 32, "%sinf", sign);
	else if (biased == 2 * f->emax + 1 && fraction == (uint64_t)1
								  << (bits - 1))
		snprintf(out, 32, "%snan", sign);
	else if (biased == 2 * f->emax + 1)
		snprintf(out, 32, "%snan:0x%" PRIx64, sign, fraction);
	else if (biased == 0 && fraction == 0)
		snprintf(out, 32, "%s0", sign);
	else {
		int exponent = (biased == 0 ? 1 : biased) - f->emax;
		fraction <<= 4 * digits - bits;
		while (digits > 1 && (fraction & 15) == 0) {
			fraction >>= 4;
			digits--;
		}
		snprintf(out, 32, "%s0x%d.%0*" PRIx64 "p%+d", sign, biased != 0,
			digits, fraction, exponent);
	}
	return out;
}

const char *
number_format_f32(uint32_t bits, char out[32])
{
	return format_float(&f32_format, bits & 0x7fffff,
		(int)(bits >> 23 & 0xff), bits >> 31 != 0, out);
}

const char *
number_format_f64(uint64_t bits, char out[32])
{
	return format_float(&f64_format, bits & (UINT64_MAX >> 12),
		(int)(bits >> 52 & 0x7ff), bits >> 63 != 0, out);
}
