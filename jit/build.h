/*
 * The first pass: SSA from wasm, forward, in one walk.
 */
#ifndef JIT_BUILD_H
#define JIT_BUILD_H

#include "jit/ir.h"

/* What configuration of the engine the code is for. */
struct build_options {
	bool explicit_bounds; /* no guard pages: check every access */
	bool osr; /* code may be entered at loop heads, from slots alone: loops
		     have a state */
	bool plain;   /* calls stay calls */
	bool listing; /* the image tells which code is whose */
	/* For tests: see alloc_vary. */
	uint8_t registers;
	uint32_t seed;
	uint32_t plant; /* see struct jit_vary */
};

/*
 * Builds function index func of m, which is validated and not imported, in
 * arena a.  False and *error: out of memory, or ERROR_unsupported naming an
 * instruction that is not compiled yet.
 */
bool
build(struct ir *ir, const struct module *m, uint32_t func,
	const struct build_options *options, struct arena *a,
	struct error *error);

#endif
