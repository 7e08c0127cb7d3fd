/*
 * What the interpreter keeps with a module: the cells of its functions.  All
 * instances and threads share them; they never change once published.
 */
#ifndef INTERP_CODE_H
#define INTERP_CODE_H

#include <stdatomic.h>
#include <stdint.h>

#include "trap/arena.h"

struct cell;
struct func;
struct module;

struct interp_code {
	struct arena arena;
	/* per own function; NULL: not translated.  Written under the module's
	 * lock, after what they stand for (release), and read with acquire. */
	_Atomic(const struct cell *) *cells;
	uint32_t *counts; /* their numbers of cells */
	uint64_t total;	  /* cells in all */
};

/*
 * The cells of a wasm function, translating it when nobody has yet; they stay
 * with the module.  NULL when out of memory.
 */
const struct cell *
code_of(struct module *m, uint32_t func);

/* Frees all cells of a module. */
void
code_free(struct module *m);

/* The function whose cell stands before site; false if it is none of m's. */
bool
code_find(struct module *m, const struct cell *site, uint32_t *func);

/*
 * Where the cell before site is: function index and offset in the module.
 * False if it is not a cell of m.
 */
bool
code_locate(struct module *m, const struct cell *site, uint32_t *func,
	uint32_t *offset);

#endif
