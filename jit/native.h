/*
 * The compiled functions of a module: shared by its instances and threads, and
 * never changed once published.  Whoever runs one takes its code with an
 * acquire, or asks for it.
 */
#ifndef JIT_NATIVE_H
#define JIT_NATIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "jit/compile.h"
#include "jit/worker.h"

struct jit;
struct module;
struct second_counts;

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
	const struct inlined *inlined; /* as code_image's */
	struct module *module;
};

/* The code of function index func of m, if it is there; else NULL. */
const struct native_code *
native_find(const struct module *m, uint32_t func, enum native_kind kind);

/*
 * The code of function index func of m; compiled now, by this thread, if it was
 * not yet.  NULL: it stays interpreted.
 */
const struct native_code *
native_of(struct jit *jit, struct module *m, uint32_t func,
	enum native_kind kind);

/*
 * The same without waiting where there is a worker.  NULL and *later: ask again
 * later, it is going to be compiled.
 */
const struct native_code *
native_soon(struct jit *jit, struct module *m, uint32_t func,
	enum native_kind kind, bool *later);

/* A worker_fn, of a struct jit. */
void
native_serve(void *jit, const struct request *r);

/* Where c is entered at the loop at offset in the module; NULL: it is not. */
const void *
native_way_in(const struct native_code *c, uint32_t offset);

/*
 * What module's function, and which offset in it, the link or the trapping
 * instruction's return address pc stands for, at this level; false if it is not
 * in compiled code.
 */
bool
native_locate(const void *pc, uint32_t level, struct module **m, uint32_t *func,
	uint32_t *offset);

/* As struct site_walker's. */
uint32_t
native_levels(const struct cell *pc);

/* The slots that hold references in a frame with this link; false if that is of
 * no compiled code. */
bool
native_roots(const void *link, const uint32_t **slots, uint32_t *nslots);

/* struct second_tier's counts. */
void
native_counts(struct module *m, struct second_counts *out);

void
native_free(struct jit *jit, struct module *m);

#endif
