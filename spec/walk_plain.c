/*
 * The quick walk of the validator.  Code is validated once, so a branch on the
 * kind of instruction is mispredicted as a rule: one straight piece of code
 * takes all plain instructions, as their rows say.  Everything else, and
 * whatever is not plainly right, is left to walk_next.
 */
#include <string.h>

#include "spec/walk.h"

/* Bytes of the longest plain instruction. */
#define LONGEST 10

/* Above what a LEB128 of two bytes holds. */
#define TWO_BYTES (1 << 14)

/* 0 for what is not a number.  A plain memory has addresses of 32 bits. */
static uint8_t
number_type(char letter)
{
	uint8_t t = op_letter_types[(unsigned char)letter];
	return letter == 'm' ? VT_I32 : t == VT_V128 ? 0 : t;
}

/* Fills in what op.def says of the immediate. */
static void
immediate(struct plain *p, const struct op_row *row)
{
	p->leb_at = 1;
	p->align = UINT8_MAX;
	switch ((enum imm)row->imm) {
	case IMM_NONE:
		p->bytes = 1;
		break;
	case IMM_F32:
		p->bytes = 5;
		break;
	case IMM_F64:
		p->bytes = 9;
		break;
	case IMM_LOCAL:
		p->needs |= PLAIN_LOCALS;
		p->local = UINT32_MAX;
		p->bytes = 2;
		p->leb = 3;
		break;
	case IMM_I32:
	case IMM_I64:
		p->bytes = 2;
		p->leb = 3;
		break;
	case IMM_MEMARG:
		p->needs |= PLAIN_MEMORY;
		p->bytes = 3;
		p->leb_at = 2;
		p->leb = 3;
		p->align = row->lg;
		break;
	default:
		p->needs |= PLAIN_NEVER;
	}
}

/* Fills in the operands and the result: "", "x" or "xx", then "" or "y". */
static void
signature(struct plain *p, const char *sig)
{
	const char *colon = strchr(sig, ':');
	if (colon == NULL || colon - sig > 2 || strlen(colon) > 2) {
		p->needs |= PLAIN_NEVER;
		return;
	}
	for (; sig != colon; sig++) {
		p->mask[p->pops] = UINT32_MAX;
		p->type[p->pops++] = number_type(*sig);
		if (number_type(*sig) == 0)
			p->needs |= PLAIN_NEVER;
	}
	p->pushes = colon[1] != '\0';
	p->result = number_type(colon[1]);
	if (p->pushes > 0 && p->result == 0)
		p->needs |= PLAIN_NEVER;
}

/* A local's type takes no part of its own: the walk fills it in. */
static const char *
local_signature(enum op op)
{
	return op == OP_local_get ? ":i" : op == OP_local_set ? "i:" : "i:i";
}

void
plain_table(struct plain *rows)
{
	for (int i = 0; i < 256; i++)
		rows[i] = (struct plain){ .needs = PLAIN_NEVER };
	/* prefixed ones come after those of a byte */
	for (int op = 0; op_rows[op].code <= 0xff; op++) {
		const struct op_row *row = &op_rows[op];
		struct plain *p = &rows[row->code];
		p->needs = row->feature == FEATURE_INDEX_MVP ? PLAIN_MVP
			   : row->feature == FEATURE_INDEX_SIGN_EXT
				   ? PLAIN_SIGN
				   : PLAIN_NEVER;
		immediate(p, row);
		signature(p, p->local != 0 ? local_signature((enum op)op)
					   : row->sig);
		if (p->local != 0)
			p->type[0] = p->result = 0;
	}
}

/* What this function lacks for some plain instructions. */
static uint8_t
lacks(const struct walk *w)
{
	bool memory = w->m->nmemories > 0 && !w->m->memories[0].is64;
	bool locals = w->nlocals > 0 && w->inits == NULL &&
		      w->local_slot_count == w->nlocals;
	return PLAIN_NEVER | (memory ? 0 : PLAIN_MEMORY) |
	       (locals ? 0 : PLAIN_LOCALS) |
	       ((w->used & FEATURE_MVP) != 0 ? 0 : PLAIN_MVP) |
	       ((w->used & FEATURE_SIGN_EXT) != 0 ? 0 : PLAIN_SIGN);
}

/* The four bytes from p on, the first the lowest. */
static inline uint32_t
four_bytes(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

void
walk_plain(struct walk *w)
{
	static const valtype none[] = { 0 };
	const struct plain *rows = w->m->engine->plain;
	const valtype *locals = w->nlocals > 0 ? w->locals : none;
	uint32_t nlocals = w->nlocals < TWO_BYTES ? w->nlocals : TWO_BYTES;
	const valtype *floor = w->vals + w->floor;
	const valtype *room = w->vals + w->vals_room - 2;
	const uint8_t *at = w->r.at, *end = w->r.end - LONGEST;
	valtype *start = w->vals + w->nvals, *top = start, *high = start;
	uint8_t lack = lacks(w);
	nlocals += nlocals == 0;
	while (at <= end && top < room) {
		const struct plain *p = &rows[*at];
		/* The LEB128's last byte is the one with a zero on top: k
		 * bytes come before it. */
		uint32_t leb = four_bytes(at + p->leb_at);
		uint32_t last = ~leb & 0x80808080;
		last &= -last;
		uint32_t k = (last >> 7) * 0x00010203u >> 24;
		/* Seven bits and seven; with more bytes it is too large. */
		leb &= last - 1;
		uint32_t local = (leb & 0x7f) | (leb >> 1 & ~0x7fu);
		local &= p->local;
		valtype *base = top - p->pops;
		if ((p->needs & lack) != 0 || at[1] > p->align || last == 0 ||
			local >= nlocals || base < floor)
			break;
		valtype t = locals[local] & p->local;
		if ((((base[0] ^ (p->type[0] | t)) & p->mask[0]) |
			    ((base[1] ^ p->type[1]) & p->mask[1])) != 0)
			break;
		*base = p->result | t;
		top = base + p->pushes;
		high = top > high ? top : high;
		at += p->bytes + (k & p->leb);
	}
	uint32_t slots = w->slots + (uint32_t)(high - start);
	w->max_slots = slots > w->max_slots ? slots : w->max_slots;
	w->slots += (uint32_t)(top - start);
	w->nvals = (uint32_t)(top - w->vals);
	w->r.at = at;
	w->insn.at = (uint32_t)reader_offset(&w->r);
}
