/*
 * The compiled functions of a module: shared by its instances and threads, and
 * never changed once published.
 */
#ifndef JIT_NATIVE_H
#define JIT_NATIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "jit/compile.h"

struct jit;
struct module;

/* A function's code, where it runs. */
struct native_code {
	struct code_range range; /* first; of the process's map */
	uint32_t func;
	uint32_t entry, sites; /* offsets; these are at the end */
	struct gdb_entry *gdb; /* or NULL */
	uint32_t frame_slots;
	uint32_t nloops;
	const struct code_point *loops; /* ways in, by compile.h */
	const uint32_t *roots;
	struct module *module;
};

/* The code of function index func of m, if it was compiled; else NULL. */
const struct native_code *
native_find(const struct module *m, uint32_t func);

/*
 * The code of function index func of m; compiled now if it was not yet.  NULL:
 * it stays interpreted.
 */
const struct native_code *
native_of(struct jit *jit, struct module *m, uint32_t func);

/*
 * The same for code that may be entered at the loop at offset in the module.
 * NULL: not at this one.
 */
const void *
native_loop(struct jit *jit, struct module *m, uint32_t func, uint32_t offset,
	uint32_t *frame_slots);

/*
 * What module's function, and which offset in it, the link or the trapping
 * instruction's return address pc stands for; false if it is not in compiled
 * code.
 */
bool
native_locate(
	const void *pc, struct module **m, uint32_t *func, uint32_t *offset);

/* The slots that hold references in a frame with this link; false if that is of
 * no compiled code. */
bool
native_roots(const void *link, const uint32_t **slots, uint32_t *nslots);

void
native_free(struct jit *jit, struct module *m);

#endif
