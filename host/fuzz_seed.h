/*
 * Modules to begin with, out of directories: .wasm files, and every module of
 * .wast scripts, those that are asserted to be wrong too.
 */
#ifndef HOST_FUZZ_SEED_H
#define HOST_FUZZ_SEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/fuzz_mutate.h"

struct arena;

struct seeds {
	struct mutant *rows; /* not to be changed in place */
	uint32_t count, room;
	size_t longest;
};

/*
 * Adds what the directory path (and those in it) or that file has, in a, up to
 * most bytes each.  False when it cannot be read or held.
 */
bool
seeds_add(struct seeds *s, const char *path, size_t most, struct arena *a);

#endif
