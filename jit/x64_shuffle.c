/*
 * Bytes by their numbers on x86-64: i8x16.shuffle, for whose frequent patterns
 * the machine has instructions, and i8x16.swizzle.
 */
#include "jit/x64_vector.h"

#define OUTSIDE 0x80 /* vpshufb makes it 0 */

struct shuffle {
	int r, a, b; /* xmm */
	uint8_t lanes[16];
};

static uint64_t
half(const uint8_t *bytes)
{
	uint64_t x = 0;
	for (unsigned k = 0; k < 8; k++)
		x |= (uint64_t)bytes[k] << 8 * k;
	return x;
}

/* r = the bytes of v; those of the other vector 0 */
static void
pick(struct machine *x, int r, int v, const uint8_t *lanes)
{
	vector_constant(x, X64_vpshufb, r, v, half(lanes), half(lanes + 8));
}

/* 32 bits at a time: two bits for each in imm, more than 15 in `from` as one
 * bit for each; false if it is not so. */
static bool
words(const uint8_t *lanes, int *imm, unsigned *from)
{
	*imm = 0;
	*from = 0;
	for (unsigned k = 0; k < 16; k++) {
		if (lanes[k] != (lanes[k & ~3u] | (k & 3)))
			return false;
		if (k % 4 == 0) {
			*imm |= (lanes[k] / 4 & 3) << k / 2;
			*from |= (unsigned)lanes[k] / 16 << k / 4;
		}
	}
	return true;
}

/* Bytes that follow each other in both. */
static bool
is_run(const uint8_t *lanes)
{
	for (unsigned k = 1; k < 16; k++)
		if (lanes[k] != ((lanes[0] + k) & 31))
			return false;
	return true;
}

/* Lower or upper halves of both, `size` bytes of one, then of the other. */
static bool
is_unpack(const uint8_t *lanes, unsigned size, unsigned start)
{
	for (unsigned k = 0; k < 16; k++)
		if (lanes[k] != ((start + k / size / 2 * size + k % size) ^
					(k / size % 2 * 16)))
			return false;
	return true;
}

static bool
unpack(struct machine *x, const struct shuffle *s)
{
	static const enum x64_op ops[4][2] = {
		{ X64_vpunpcklbw, X64_vpunpckhbw },
		{ X64_vpunpcklwd, X64_vpunpckhwd },
		{ X64_vpunpckldq, X64_vpunpckhdq },
		{ X64_vpunpcklqdq, X64_vpunpckhqdq },
	};
	for (unsigned lg = 0; lg < 4; lg++) {
		for (unsigned k = 0; k < 4; k++) {
			bool upper = k & 1, swap = k & 2;
			if (!is_unpack(s->lanes, 1u << lg, 8 * k))
				continue;
			x64_rvr(x->x, ops[lg][upper], s->r, swap ? s->b : s->a,
				swap ? s->a : s->b);
			return true;
		}
	}
	return false;
}

/* Every 16 bits stay where they are, in one or the other. */
static bool
blend(struct machine *x, const struct shuffle *s)
{
	int imm = 0;
	for (unsigned k = 0; k < 16; k++) {
		if (s->lanes[k] % 16 != k ||
			s->lanes[k] / 16 != s->lanes[k & ~1u] / 16)
			return false;
		imm |= s->lanes[k] / 16 << k / 2;
	}
	x64_rvri(x->x, X64_vpblendw, s->r, s->a, s->b, imm);
	return true;
}

static void
shuffle_one(struct machine *x, const struct shuffle *s, int v)
{
	uint8_t lanes[16];
	unsigned from;
	int imm;
	for (unsigned k = 0; k < 16; k++)
		lanes[k] = s->lanes[k] % 16;
	if (words(lanes, &imm, &from))
		x64_rri(x->x, X64_vpshufd, s->r, v, imm);
	else
		pick(x, s->r, v, lanes);
}

static void
shuffle_two(struct machine *x, const struct shuffle *s)
{
	uint8_t first[16], second[16];
	unsigned from;
	int imm;
	bool swap = s->lanes[0] > 15;
	if (unpack(x, s) || blend(x, s))
		return;
	if (is_run(s->lanes)) {
		x64_rvri(x->x, X64_vpalignr, s->r, swap ? s->a : s->b,
			swap ? s->b : s->a, s->lanes[0] % 16);
		return;
	}
	if (words(s->lanes, &imm, &from) && (from == 12 || from == 3)) {
		x64_rvri(x->x, X64_vshufps, s->r, swap ? s->b : s->a,
			swap ? s->a : s->b, imm);
		return;
	}
	for (unsigned k = 0; k < 16; k++) {
		bool of_b = s->lanes[k] > 15;
		first[k] = of_b ? OUTSIDE : s->lanes[k];
		second[k] = of_b ? s->lanes[k] % 16 : OUTSIDE;
	}
	pick(x, XT, s->a, first);
	pick(x, s->r, s->b, second);
	x64_rvr(x->x, X64_vpor, s->r, s->r, XT);
}

void
vector_shuffle(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	struct shuffle s;
	bool of_a = false, of_b = false;
	for (unsigned k = 0; k < 16; k++) {
		s.lanes[k] = (uint8_t)(x->ir->aux[n->c + k / 4] >> 8 * (k % 4));
		of_a |= s.lanes[k] < 16;
		of_b |= s.lanes[k] > 15;
	}
	if (of_a && of_b && n->a != n->b) {
		s.a = vector_use(x, n->a);
		s.b = vector_use(x, n->b);
		s.r = vector_result(x, i, n->b);
		shuffle_two(x, &s);
	} else {
		uint32_t v = of_a ? n->a : n->b;
		int r = vector_use(x, v);
		s.r = vector_result(x, i, v);
		shuffle_one(x, &s, r);
	}
	vector_done(x, i);
}

/* Numbers beyond 15 get the bit that makes the byte 0. */
void
vector_swizzle(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	const uint64_t more = UINT64_C(0x7070707070707070);
	int a = vector_use(x, n->a), b = vector_use(x, n->b);
	vector_constant(x, X64_vpaddusb, XT, b, more, more);
	x64_rvr(x->x, X64_vpshufb, vector_result(x, i, n->a), a, XT);
	vector_done(x, i);
}
