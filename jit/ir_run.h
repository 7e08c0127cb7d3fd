/*
 * Runs the representation as it stands, for tests: a tier whose functions are
 * built and then interpreted node by node, so that the suite finds what the
 * builder does wrong before code comes from it.  What the builder refuses runs
 * in the first tier.  Calls recurse in C, and are counted.
 */
#ifndef JIT_IR_RUN_H
#define JIT_IR_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "jit/build.h"
#include "trap/slot.h"

struct engine;
struct instance;
struct module;

/* Set before the first module is loaded. */
extern struct build_options ir_run_options;

/* Functions so far; of `wrong` ones the checker said something. */
extern struct ir_run_counts {
	uint64_t built, refused, wrong;
	uint64_t nodes, bytes; /* of what was built, bytes of WebAssembly */
} ir_run_counts;

/* Makes it the engine's first tier. */
void
ir_run_install(struct engine *e);

/* Builds all functions of m; a call of one does so too. */
void
ir_run_build(struct module *m);

/* A function that runs: two slots for each node. */
struct ir_run_frame {
	const struct ir *ir;
	struct instance *in;
	union slot *values;
	union slot *payload; /* of what was caught last */
};

static inline union slot *
ir_run_value(const struct ir_run_frame *f, uint32_t v)
{
	return f->values + 2 * (size_t)v;
}

/* Runs node i, an instruction of WebAssembly.  False: a trap was raised. */
bool
ir_run_wasm(const struct ir_run_frame *f, uint32_t i);

/* Runs node i, if it is one of references or objects; else false. */
bool
ir_run_object(const struct ir_run_frame *f, uint32_t i);

#endif
