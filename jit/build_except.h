/*
 * try_table: a call in one ends its block, with an edge for each clause that
 * may catch what it throws.  The edges of a clause wait for the end of its
 * try_table, where a block takes them, with the locals as they were at the
 * calls, and goes on at the clause's label.
 */
#ifndef JIT_BUILD_EXCEPT_H
#define JIT_BUILD_EXCEPT_H

#include "jit/flow.h"

struct clause {
	struct label label; /* what waits for its block */
	uint8_t kind;	    /* enum catch_kind */
	uint32_t tag;
	uint32_t depth; /* of its target, from outside of the try_table */
};

/* A try_table with clauses. */
struct open_try {
	uint32_t label;	   /* of its frame: index in builder.labels */
	uint32_t first, n; /* its clauses that may catch */
	uint32_t words;	   /* aux of a try: these, then those around */
	uint32_t count;	   /* in all */
};

/* try_table: after flow_block. */
void
build_except_try(struct builder *b);

/* The call just built, with its results, may throw. */
void
build_except_call(struct builder *b);

/* end: false if it is not that of a try_table that catches something. */
bool
build_except_end(struct builder *b);

#endif
