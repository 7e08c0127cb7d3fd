/*
 * Two stores that ran the same guest, each in its own engine: whether what can
 * be seen of them is the same.  The first difference stays, as text.
 */
#ifndef SPEC_TWIN_H
#define SPEC_TWIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/type.h"
#include "trap/context.h"

struct func;
struct store;

struct twin {
	struct store *of[2];	  /* the first tier's, then the other's */
	const char *const *names; /* of the two, for texts */
	bool differ;		  /* text says how */
	bool ended; /* a call stack was exhausted: frames differ in size, so
		       what follows from it may too */
	char text[1000];
};

/* Notes a difference, printf-like, if it is the first. */
void
twin_differ(struct twin *t, const char *format, ...);

/* Appends printf-like text to the difference. */
void
twin_add(struct twin *t, const char *format, ...);

/*
 * What calls of both came to: the statuses and, if they were stopped, why, and
 * the frames of their backtraces.  Of stack exhaustion only that.
 */
void
twin_status(struct twin *t, const char *what, const enum status st[2]);

/* A value of a canonical type; an object with all that it reaches. */
void
twin_value(struct twin *t, const char *what, valtype type, const union slot *a,
	const union slot *b);

/* The same of n values; the text says which. */
void
twin_values(struct twin *t, const char *what, const valtype *types, uint32_t n,
	const union slot *a, const union slot *b);

/* Instances: globals, tables, memories. */
void
twin_state(struct twin *t);

/* "func 3 "name" at 0x12", of a frame of store s; out holds bytes. */
const char *
twin_place(struct store *s, const struct raw_frame *f, char *out, size_t bytes);

#endif
