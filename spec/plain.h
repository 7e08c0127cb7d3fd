/*
 * Plain instructions: those of one byte with a fixed signature of numbers and
 * at most one immediate, and the three of locals.  The engine has a row for
 * each opcode, made of op.def, from which walk_plain validates them all alike.
 */
#ifndef SPEC_PLAIN_H
#define SPEC_PLAIN_H

#include <stdint.h>

/* What a plain instruction needs of its module and function, to be plain. */
enum {
	PLAIN_MEMORY = 1, /* memory 0, of 32 bits */
	PLAIN_LOCALS = 2, /* of one slot each, all of them set */
	PLAIN_MVP = 4,	  /* used before: WebAssembly 1.0 */
	PLAIN_SIGN = 8,	  /* used before: sign extension */
	PLAIN_NEVER = 16, /* all the others */
};

struct plain {
	uint8_t needs;	/* PLAIN_* */
	uint8_t bytes;	/* at least, with the immediate */
	uint8_t leb_at; /* offset of the LEB128, if leb */
	uint8_t leb;	/* 0, or 3: mask of its bytes beyond the first */
	uint8_t align;	/* the second byte, at most */
	uint8_t pops, pushes;
	uint32_t type[2], mask[2]; /* the operands have these bits */
	uint32_t result;
	uint32_t local; /* all ones: first and result are of the local's type */
};

/* Fills in the rows of the 256 first bytes. */
void
plain_table(struct plain *rows);

#endif
