/*
 * The values of locals while a function is built.
 *
 * Each local.set makes a version: a row {local, value, value before} over the
 * version that it changed.  Versions form a tree; the newest values stand in an
 * array, which goes to another version along the tree.  So a branch remembers
 * one number, and what branches to one label carry differs at most in what
 * stands between them and their common version.
 *
 *   0 -- x=3 -- y=7 -- x=4       br of version 2, end of the block at 3:
 *                1      2   3    common is 2, x differs
 */
#ifndef JIT_LOCALS_H
#define JIT_LOCALS_H

#include "jit/value.h"

struct version {
	uint32_t parent; /* an older one */
	uint32_t local, value, before;
	uint32_t mark; /* join that has seen it */
};

/* Where a join has the values of a local. */
struct column {
	uint32_t epoch; /* join that has seen it */
	uint32_t at;	/* its column */
};

/* Sets up versions of the walk's locals, all 0. */
void
locals_init(struct builder *b);

/* Those that are no parameters, in their first version, become 0. */
void
locals_zero(struct builder *b, uint32_t nparams);

/* The walk stands at a loop that is in no other: lists what it and those in it
 * set. */
void
locals_scan(struct builder *b);

/* What the nth loop of the code sets, n of them. */
const uint32_t *
locals_set_in(const struct builder *b, uint32_t nth_loop, uint32_t *n);

void
locals_set(struct builder *b, uint32_t local, uint32_t value);

static inline uint32_t
locals_get(const struct builder *b, uint32_t local)
{
	return value_of(b, b->body.locals.now[local]);
}

/* The values become those of a version. */
void
locals_go(struct builder *b, uint32_t version);

/*
 * The values become those of the last version that leads to all n versions,
 * which stand in the order of the code.  The number of locals that differ in
 * one of them: locals.changed until the next join, with their values in
 * builder.columns from the `first` on.
 */
uint32_t
locals_join(struct builder *b, const uint32_t *versions, uint32_t n,
	uint32_t first);

#endif
