#include "host/fuzz_mutate.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "host/fuzz_random.h"
#include "spec/code.h"
#include "spec/reader.h"
#include "trap/error.h"

enum { HEADER = 8, SECTION_code = 10, MAX_PARTS = 64, MAX_LEB = 10 };

/* Something with its size before it: a section, a body. */
struct part {
	uint8_t id;
	size_t size_at; /* of the size; a section's id stands before it */
	size_t at, end; /* of what the size counts */
};

static size_t
leb_write(uint8_t *out, uint64_t v)
{
	size_t n = 0;
	for (; v >= 0x80; v >>= 7)
		out[n++] = (uint8_t)(v | 0x80);
	out[n++] = (uint8_t)v;
	return n;
}

/* Reads at *at; moves it on.  At the end: 0. */
static uint32_t
leb_read(const struct mutant *m, size_t *at)
{
	uint32_t v = 0;
	for (unsigned shift = 0; shift < 35 && *at < m->len; shift += 7) {
		uint8_t byte = m->bytes[(*at)++];
		v |= shift < 32 ? (uint32_t)(byte & 0x7f) << shift : 0;
		if (byte < 0x80)
			break;
	}
	return v;
}

/* Puts n bytes in the place of `gone` bytes; false when there is no room. */
static bool
replace(struct mutant *m, size_t at, size_t gone, const uint8_t *in, size_t n)
{
	assert(at <= m->len && gone <= m->len - at && "within the module");
	if (m->len - gone + n > m->room)
		return false;
	memmove(m->bytes + at + n, m->bytes + at + gone, m->len - at - gone);
	if (n != 0)
		memcpy(m->bytes + at, in, n);
	m->len = m->len - gone + n;
	return true;
}

/* The same within nested parts, outermost first, whose sizes follow. */
static void
replace_in(struct mutant *m, const struct part *parts, int nparts, size_t at,
	size_t gone, const uint8_t *in, size_t n)
{
	size_t before = m->len;
	if (!replace(m, at, gone, in, n))
		return;
	for (int i = nparts - 1; i >= 0; i--) {
		uint8_t leb[MAX_LEB];
		const struct part *p = &parts[i];
		size_t size = p->end + m->len - before - p->at;
		replace(m, p->size_at, p->at - p->size_at, leb,
			leb_write(leb, size));
	}
}

/* The sections as far as they make sense. */
static size_t
sections(const struct mutant *m, struct part parts[MAX_PARTS])
{
	size_t n = 0, at = HEADER;
	while (n < MAX_PARTS && at < m->len) {
		struct part p = { .id = m->bytes[at], .size_at = at + 1 };
		at++;
		uint32_t size = leb_read(m, &at);
		p.at = at;
		if (size > m->len - at)
			break;
		p.end = at += size;
		parts[n++] = p;
	}
	return n;
}

/* Bytes. */

static uint8_t
any_byte(struct random *r)
{
	static const uint8_t telling[] = { 0, 1, 2, 0x7f, 0x80, 0xff, 0x40,
		0x0b, 0x70, 0x6f, 0x7e, 0x7d, 0x7c, 0x41, 0x20, 0x10 };
	uint64_t x = random_next(r);
	return x & 0x100 ? telling[x & 15] : (uint8_t)x;
}

static void
flip_bit(struct random *r, struct mutant *m)
{
	size_t bit = random_below(r, 8 * m->len);
	if (m->len != 0)
		m->bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
}

static void
set_byte(struct random *r, struct mutant *m)
{
	size_t at = random_below(r, m->len);
	if (m->len != 0)
		m->bytes[at] = any_byte(r);
}

static void
cut(struct random *r, struct mutant *m)
{
	m->len = random_below(r, m->len + 1);
}

/* A number in the place of a number, of any length. */
static void
change_leb(struct random *r, struct mutant *m)
{
	uint8_t leb[MAX_LEB];
	size_t at = random_below(r, m->len), end = at;
	uint64_t v = leb_read(m, &end);
	switch (random_below(r, 5)) {
	case 0:
		v++;
		break;
	case 1:
		v--;
		break;
	case 2:
		v = UINT64_MAX >> random_below(r, 64);
		break;
	case 3:
		v = (uint64_t)1 << random_below(r, 36);
		break;
	default:
		v = random_below(r, 300);
	}
	replace(m, at, end - at, leb, leb_write(leb, v));
}

static void
copy_block(struct random *r, struct mutant *m, const struct mutant *from)
{
	uint8_t block[256];
	size_t at = random_below(r, from->len);
	size_t n = random_below(r, sizeof block);
	if (n > from->len - at)
		n = from->len - at;
	memcpy(block, from->bytes + at, n);
	size_t to = random_below(r, m->len);
	size_t gone = random_below(r, 2) ? n : 0;
	replace(m, to, gone < m->len - to ? gone : m->len - to, block, n);
}

static void
delete_block(struct random *r, struct mutant *m)
{
	size_t at = random_below(r, m->len);
	size_t n = random_below(r, 64);
	replace(m, at, n < m->len - at ? n : m->len - at, NULL, 0);
}

static void
splice(struct random *r, struct mutant *m, const struct mutant *other)
{
	size_t at = random_below(r, m->len), from = random_below(r, other->len);
	replace(m, at, m->len - at, other->bytes + from, other->len - from);
}

/* Sections. */

static void
reverse(uint8_t *at, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		uint8_t x = at[i];
		at[i] = at[n - 1 - i];
		at[n - 1 - i] = x;
	}
}

static void
swap_sections(struct random *r, struct mutant *m)
{
	struct part p[MAX_PARTS];
	size_t n = sections(m, p);
	if (n < 2)
		return;
	size_t i = random_below(r, n - 1);
	uint8_t *at = m->bytes + p[i].size_at - 1;
	size_t first = p[i].end - p[i].size_at + 1;
	size_t both = p[i + 1].end - p[i].size_at + 1;
	reverse(at, first);
	reverse(at + first, both - first);
	reverse(at, both);
}

static void
repeat_or_drop_section(struct random *r, struct mutant *m)
{
	struct part p[MAX_PARTS];
	size_t n = sections(m, p);
	if (n == 0)
		return;
	struct part x = p[random_below(r, n)];
	size_t at = x.size_at - 1, len = x.end - at;
	if (random_below(r, 2) == 0) {
		replace(m, at, len, NULL, 0);
	} else if (m->len + len <= m->room) {
		memmove(m->bytes + x.end + len, m->bytes + x.end,
			m->len - x.end);
		memcpy(m->bytes + x.end, m->bytes + at, len);
		m->len += len;
	}
}

/* A section of other in the place of the one with its id. */
static void
take_section(struct random *r, struct mutant *m, const struct mutant *other)
{
	struct part mine[MAX_PARTS], theirs[MAX_PARTS];
	size_t n = sections(m, mine), k = sections(other, theirs);
	if (n == 0 || k == 0)
		return;
	struct part x = theirs[random_below(r, k)];
	for (size_t i = 0; i < n; i++) {
		if (mine[i].id != x.id)
			continue;
		replace(m, mine[i].size_at - 1,
			mine[i].end - mine[i].size_at + 1,
			other->bytes + x.size_at - 1, x.end - x.size_at + 1);
		return;
	}
}

/* Changes bytes of a section other than code; its size follows. */
static void
change_section(struct random *r, struct mutant *m)
{
	struct part p[MAX_PARTS];
	size_t n = sections(m, p);
	if (n == 0)
		return;
	struct part x = p[random_below(r, n)];
	if (x.id == SECTION_code || x.end == x.at)
		return;
	uint8_t block[4];
	size_t at = x.at + random_below(r, x.end - x.at);
	size_t gone = random_below(r, 4), in = random_below(r, 4);
	for (size_t i = 0; i < sizeof block; i++)
		block[i] = any_byte(r);
	if (random_below(r, 2) == 0)
		in = gone = 1;
	replace_in(
		m, &x, 1, at, gone < x.end - at ? gone : x.end - at, block, in);
}

/* Instructions. */

/* An instruction of a body, and the body. */
struct place {
	struct part parts[2]; /* section, body */
	struct insn insn;
	size_t at, end;
};

/* The code section and one of its bodies; false if there is none. */
static bool
find_body(struct random *r, const struct mutant *m, struct place *p)
{
	struct part s[MAX_PARTS];
	size_t n = sections(m, s), k = 0;
	while (k < n && s[k].id != SECTION_code)
		k++;
	if (k == n)
		return false;
	p->parts[0] = s[k];
	size_t at = s[k].at;
	uint32_t count = leb_read(m, &at);
	size_t pick = random_below(r, count < 100000 ? count : 100000);
	for (size_t i = 0; i <= pick; i++) {
		struct part *b = &p->parts[1];
		b->size_at = at;
		uint32_t size = leb_read(m, &at);
		b->at = at;
		if (at > s[k].end || size > s[k].end - at)
			return false;
		b->end = at += size;
	}
	return count != 0;
}

/* Chooses an instruction of m.  False if there is none that decodes. */
static bool
find_insn(struct random *r, const struct mutant *m, struct place *p)
{
	if (!find_body(r, m, p))
		return false;
	size_t at = p->parts[1].at;
	for (uint32_t groups = leb_read(m, &at); groups > 0; groups--) {
		leb_read(m, &at);
		leb_read(m, &at);
		if (at >= p->parts[1].end)
			return false;
	}
	struct error error;
	struct reader rd = { .at = m->bytes + at,
		.end = m->bytes + p->parts[1].end,
		.start = m->bytes,
		.error = &error };
	error_clear(&error);
	uint32_t seen = 0;
	while (rd.at < rd.end) {
		struct insn i = { 0 };
		const uint8_t *from = rd.at;
		code_next(&rd, &i);
		if (error.kind != ERROR_none)
			break;
		if (random_below(r, ++seen) == 0) {
			p->insn = i;
			p->at = (size_t)(from - m->bytes);
			p->end = (size_t)(rd.at - m->bytes);
		}
	}
	return seen != 0;
}

static void
edit(struct mutant *m, const struct place *p, size_t at, size_t gone,
	const uint8_t *in, size_t n)
{
	replace_in(m, p->parts, 2, at, gone, in, n);
}

static size_t
write_op(uint8_t *out, enum op op)
{
	uint32_t code = op_rows[op].code;
	if (code < 0x100) {
		out[0] = (uint8_t)code;
		return 1;
	}
	out[0] = (uint8_t)(code >> 16);
	return 1 + leb_write(out + 1, code & 0xffff);
}

static size_t
op_bytes(enum op op)
{
	uint8_t out[MAX_LEB];
	return write_op(out, op);
}

/* Another instruction of this signature and immediate. */
static enum op
same_shape(struct random *r, const char *sig, uint8_t imm)
{
	enum op pick = OP_count;
	uint32_t seen = 0;
	for (unsigned op = 0; op < OP_count; op++)
		if (strcmp(op_rows[op].sig, sig) == 0 &&
			op_rows[op].imm == imm && random_below(r, ++seen) == 0)
			pick = (enum op)op;
	return pick;
}

static void
change_op(struct random *r, struct mutant *m)
{
	struct place p;
	uint8_t out[MAX_LEB];
	if (!find_insn(r, m, &p) || op_rows[p.insn.op].sig[0] == '*')
		return;
	enum op op = p.insn.op;
	enum op other = same_shape(r, op_rows[op].sig, op_rows[op].imm);
	edit(m, &p, p.at, op_bytes(op), out, write_op(out, other));
}

/* Writes a constant of the type (i I f F) with some telling value. */
static size_t
write_const(struct random *r, uint8_t *out, char type)
{
	static const uint8_t telling[][8] = { { 0 }, { 0x7f }, { 1 }, { 0x1f },
		{ 0xff, 0xff, 0xff, 0xff, 0x07 }, { 0x80, 0x80, 0x02 },
		{ 0x80, 0x80, 0x80, 0x80, 0x78 } };
	static const uint8_t float_ends[] = { 0, 0x3f, 0x7f, 0xff, 0xbf, 0x80 };
	if (type == 'i' || type == 'I') {
		const uint8_t *v = telling[random_below(r, sizeof telling / 8)];
		size_t n = 0;
		out[0] = type == 'i' ? 0x41 : 0x42;
		do
			out[n + 1] = v[n];
		while (v[n++] >= 0x80);
		return n + 1;
	}
	size_t n = type == 'f' ? 5 : 9;
	out[0] = type == 'f' ? 0x43 : 0x44;
	memset(out + 1, 0, n - 1);
	out[n - 1] = float_ends[random_below(r, sizeof float_ends)];
	out[n - 2] = random_below(r, 2) ? 0xf0 : (uint8_t)random_next(r);
	return n;
}

/*
 * After something that leaves one number of a known type: another operation
 * on it that gives the same type, so that the body stays valid.
 */
static void
add_op(struct random *r, struct mutant *m)
{
	struct place p;
	uint8_t out[4 * MAX_LEB];
	if (!find_insn(r, m, &p))
		return;
	const char *sig = op_rows[p.insn.op].sig;
	char type = sig[strlen(sig) - 1];
	if (strchr("iIfF", type) == NULL)
		return;
	char one[] = { type, ':', type, 0 },
	     two[] = { type, type, ':', type, 0 };
	size_t n = 0;
	for (size_t k = random_below(r, 2); k < 2; k++) {
		bool both = random_below(r, 3) != 0;
		if (both)
			n += write_const(r, out + n, type);
		enum op op = same_shape(r, both ? two : one, IMM_NONE);
		n += write_op(out + n, op);
	}
	edit(m, &p, p.end, 0, out, n);
}

/* Something that leaves the stack as it is. */
static void
add_neutral(struct random *r, struct mutant *m)
{
	static const struct {
		uint8_t len, bytes[7];
	} some[] = {
		{ 1, { 0x01 } },		   /* nop */
		{ 3, { 0x41, 0x05, 0x1a } },	   /* i32.const 5, drop */
		{ 4, { 0x20, 0x00, 0x21, 0x00 } }, /* x = x */
		{ 4, { 0x20, 0x01, 0x21, 0x01 } },
		{ 4, { 0x20, 0x00, 0x21, 0x01 } },		     /* y = x */
		{ 7, { 0x20, 0x00, 0x41, 0x03, 0x6a, 0x21, 0x00 } }, /* += 3 */
		{ 7, { 0x20, 0x01, 0x41, 0x7f, 0x6a, 0x21, 0x01 } },
		{ 3, { 0x02, 0x40, 0x0b } }, /* block end */
		{ 3, { 0x03, 0x40, 0x0b } }, /* loop end */
		{ 5, { 0x02, 0x40, 0x0c, 0x00, 0x0b } },
		{ 6, { 0x20, 0x00, 0x04, 0x40, 0x0b, 0x01 } },
		{ 7, { 0x02, 0x40, 0x20, 0x00, 0x0d, 0x00, 0x0b } },
		{ 2, { 0x20, 0x00 } },
		{ 2, { 0x22, 0x00 } },
		{ 1, { 0x0f } }, /* return */
		{ 1, { 0x00 } },
	};
	struct place p;
	size_t k = random_below(r, sizeof some / sizeof *some);
	if (find_insn(r, m, &p))
		edit(m, &p, p.at, 0, some[k].bytes, some[k].len);
}

/* The immediate: one of a few others. */
static void
change_imm(struct random *r, struct mutant *m)
{
	struct place p;
	uint8_t out[MAX_LEB];
	if (!find_insn(r, m, &p))
		return;
	size_t at = p.at + op_bytes(p.insn.op);
	if (at >= p.end)
		return;
	size_t n = leb_write(out,
		random_below(r, 2) ? random_below(r, 6) : random_next(r) >> 29);
	if (p.insn.op == OP_i32_const || p.insn.op == OP_i64_const ||
		p.insn.op == OP_f32_const || p.insn.op == OP_f64_const) {
		static const char types[] = "iIfF";
		n = write_const(r, out, types[p.insn.op - OP_i32_const]);
		edit(m, &p, p.at, p.end - p.at, out, n);
	} else if (op_rows[p.insn.op].imm == IMM_MEMARG) {
		out[0] = (uint8_t)random_below(r, op_rows[p.insn.op].lg + 1u);
		uint64_t offset = (uint32_t)random_next(r);
		n = 1 + leb_write(out + 1, offset >> random_below(r, 32));
		edit(m, &p, at, p.end - at, out, n);
	} else {
		edit(m, &p, at, p.end - at, out, n);
	}
}

static void
drop_or_repeat_insn(struct random *r, struct mutant *m)
{
	struct place p;
	uint8_t hold[64];
	if (!find_insn(r, m, &p))
		return;
	size_t n = p.end - p.at;
	if (random_below(r, 2) == 0 || n > sizeof hold) {
		edit(m, &p, p.at, n, NULL, 0);
	} else {
		memcpy(hold, m->bytes + p.at, n);
		edit(m, &p, p.at, 0, hold, n);
	}
}

/* A few bytes of code, from an instruction of other on. */
static void
take_code(struct random *r, struct mutant *m, const struct mutant *other)
{
	struct place to, from;
	if (!find_insn(r, m, &to) || !find_insn(r, other, &from))
		return;
	uint8_t hold[32];
	size_t most = from.parts[1].end - from.at;
	size_t n = random_below(r, sizeof hold);
	n = n < most ? n : most;
	memcpy(hold, other->bytes + from.at, n);
	edit(m, &to, to.at, random_below(r, 2) ? to.end - to.at : 0, hold, n);
}

/* Changes that mind no structure, then sections. */
static void
mutate_bytes(struct random *r, struct mutant *m, const struct mutant *other)
{
	switch (random_below(r, 12)) {
	case 0:
		flip_bit(r, m);
		break;
	case 1:
		set_byte(r, m);
		break;
	case 2:
		cut(r, m);
		break;
	case 3:
		change_leb(r, m);
		break;
	case 4:
		copy_block(r, m, random_below(r, 2) ? m : other);
		break;
	case 5:
		delete_block(r, m);
		break;
	case 6:
		splice(r, m, other);
		break;
	case 7:
		swap_sections(r, m);
		break;
	case 8:
		repeat_or_drop_section(r, m);
		break;
	case 9:
		take_section(r, m, other);
		break;
	default:
		change_section(r, m);
	}
}

void
mutate(struct random *r, struct mutant *m, const struct mutant *other)
{
	switch (random_below(r, 24)) {
	case 0:
	case 1:
	case 2:
		change_op(r, m);
		break;
	case 3:
	case 4:
	case 5:
		add_op(r, m);
		break;
	case 6:
	case 7:
		add_neutral(r, m);
		break;
	case 8:
	case 9:
		change_imm(r, m);
		break;
	case 10:
		drop_or_repeat_insn(r, m);
		break;
	case 11:
		take_code(r, m, other);
		break;
	default:
		mutate_bytes(r, m, other);
	}
}
