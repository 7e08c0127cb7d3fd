/*
 * Watching a guest run, to compare two runs: with engine.trace, code of either
 * tier tells the store's tracer of every function entry and every arrival at a
 * loop's head, with all values that there are: parameters and locals, then
 * operands, by slots.
 */
#ifndef SPEC_TRACE_H
#define SPEC_TRACE_H

#include <stdint.h>

#include "trap/context.h"

struct instance;

/*
 * Some of the slots of a point: count from the first-th on.  Points come whole,
 * their parts in order; every part of a point without slots has count 0.
 */
struct trace_part {
	struct instance *in;
	uint32_t offset; /* in the module: of the body, or of the loop */
	uint32_t first, count;
	const union slot *slots; /* of i32 and f32 the upper half is anything */
};

struct tracer {
	/* Not STATUS_done, after raise_*: the guest is to stop. */
	enum status (*part)(struct tracer *t, const struct trace_part *p);
};

#endif
