/*
 * Mutations of wasm binaries.  Half of them keep sizes and instructions in
 * order, so that many mutants still validate and run.  Needs nothing but the
 * tables of the standard; deterministic.
 */
#ifndef HOST_FUZZ_MUTATE_H
#define HOST_FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>

struct random;

/* A module being changed: len of room bytes. */
struct mutant {
	uint8_t *bytes;
	size_t len, room;
};

/* Changes m once; other is a module to take parts from. */
void
mutate(struct random *r, struct mutant *m, const struct mutant *other);

#endif
