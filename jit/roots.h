/*
 * References that live while a function calls something: the roots that a
 * collection then finds in its frame.
 *
 * A home is written on the ways on which its value lives, and on these alone,
 * so that only what lives may be looked at: precisely, by block, not by the
 * ranges of positions that registers are given out by.
 */
#ifndef JIT_ROOTS_H
#define JIT_ROOTS_H

#include "jit/analyse.h"

struct roots {
	uint32_t *at;	 /* per node: of a call, its list; NULL: no roots */
	uint32_t *lists; /* count, values; list 0 is empty */
	uint32_t n, room;
};

/*
 * Finds the roots of all calls, in the ir's arena.  False when out of memory,
 * or with ERROR_unsupported in the ir: too many.
 */
bool
roots_find(struct ir *ir, const struct analysis *an, struct roots *out);

/* The values that live during call i and after it, n of them; those of what
 * collects (ir_collects) too. */
const uint32_t *
roots_of(const struct roots *r, uint32_t i, uint32_t *n);

/* v is a reference that stands somewhere: a root while it lives. */
bool
roots_may_be(const struct ir *ir, uint32_t v);

#endif
