/*
 * The translator: one function from wasm to cells in one pass, at its first
 * call.  Operands are symbolic until used; comparisons go into branches,
 * additions into addresses, results into the local they are stored to.
 */
#ifndef INTERP_TRANSLATE_H
#define INTERP_TRANSLATE_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct cell;
struct error;
struct func;
struct module;

/* What the translation of one function gives, in phase memory. */
struct translation {
	struct cell *cells;
	uint32_t *
		offsets; /* per cell: offset of its instruction in the module */
	uint32_t ncells;
	uint32_t clauses; /* the first cell of the clauses (interp/except.h) */
	/* Safepoints in the order of their sites (interp/emit.h): the cell, the
	 * number of slots, the slots that hold references there. */
	uint32_t *maps;
	uint32_t nmaps; /* words */
};

/*
 * Translates function index func of m into arena a.  False when out of memory
 * (*error).  The result is the same each time, so that offsets are found again
 * by translating again.
 */
bool
translate_function(struct module *m, uint32_t func, struct arena *a,
	struct translation *out, struct error *error);

/* The same with the maps, which are left out otherwise. */
bool
translate_maps(struct module *m, uint32_t func, struct arena *a,
	struct translation *out, struct error *error);

#endif
