/*
 * Runs a module that nobody vouches for, as far as it goes: imports are given
 * what fits them (functions that return zeros), then start and the exported
 * functions run with a few arguments, within small limits and with fuel.
 */
#ifndef HOST_FUZZ_RUN_H
#define HOST_FUZZ_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct allocator;

/* How far a module came. */
enum reach { REACH_none, REACH_loaded, REACH_instance, REACH_count };

struct fuzz_config {
	const struct allocator *alloc;
	bool nan_canonical, interruptible;
	bool unshared;	/* no memory is shared, so that nothing waits */
	bool gc_stress; /* each allocation collects */
	bool compiled;	/* by the second tier, all at instantiation */
	uint32_t fuel;	/* for each call; 0: none is charged */
};

struct fuzz_result {
	enum reach reach;
	bool floats;	 /* uses them, or vectors */
	bool memory;	 /* something ran out of memory */
	bool starved;	 /* something ran out of fuel */
	bool crowded;	 /* the heap was full: with other holes it is not */
	uint64_t digest; /* of results, traps, memories, tables, globals */
	uint64_t fuel;	 /* left by all calls together */
};

/* Two runs in two stores; false if they differ. */
bool
fuzz_run(const struct fuzz_config *c, const uint8_t *bytes, size_t len,
	struct fuzz_result *out);

#endif
