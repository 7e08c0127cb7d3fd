/*
 * The engine: what all its modules and stores share.  Configuration that
 * changes code is here and fixed before the first module is loaded.
 */
#ifndef SPEC_ENGINE_H
#define SPEC_ENGINE_H

#include <stdbool.h>

#include "spec/op.h"
#include "spec/plain.h"
#include "trap/alloc.h"

struct typespace;
struct jit;
struct pool;
struct second_tier;
struct store;
struct tier;

struct engine {
	struct allocator alloc;
	features features;	 /* accepted by decoder and validator */
	struct typespace *types; /* canonical types */
	const struct tier *tier; /* first tier (spec/tier.h); set by whoever
				    links one */
	const struct second_tier *second; /* NULL: everything is interpreted */
	struct jit *jit;		  /* its own */
	/* What a func.call of s ends in that was stopped, ctx.pending says why:
	 * arg as it was given; not 0. */
	int (*stopped)(struct store *s, void *arg);
	bool counts;	    /* cells count for it what is hot */
	bool nan_canonical; /* float results that are NaN are canonical */
	bool interruptible; /* loop heads poll the interrupt flag */
	bool gc_stress;	    /* stores collect at every allocation, and poison */
	bool fuel;	    /* instructions are charged and compared */
	struct pool *guards; /* memories have guard pages where their type can
				(limits_guarded), code may rely on it: kept for
				the next memory; NULL: none */
	struct plain plain[256]; /* by opcode, for the validator */
	bool trace;		 /* code tells the store's tracer where it is */
};

/* Sets up e with all known features; false when out of memory. */
bool
engine_init(struct engine *e, const struct allocator *al);
void
engine_free(struct engine *e);

#endif
