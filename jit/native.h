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
	uint32_t func;
	const uint8_t *bytes;
	uint32_t len;
	uint32_t entry, sites; /* offsets; these are at the end */
	struct gdb_entry *gdb; /* or NULL */
	uint32_t npoints;
	const struct code_point *points; /* by `at` */
};

/*
 * The code of function index func of m; compiled now if it was not yet.  NULL:
 * it stays interpreted.
 */
const struct native_code *
native_of(struct jit *jit, struct module *m, uint32_t func);

/*
 * What function of m, and which offset in the module, the link or the trapping
 * instruction's return address pc stands for; false if it is not in code of m.
 */
bool
native_locate(const struct module *m, const void *pc, uint32_t *func,
	uint32_t *offset);

void
native_free(struct jit *jit, struct module *m);

#endif
