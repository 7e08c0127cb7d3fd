/*
 * Two runs compared at every function entry and loop head: the first one's
 * tracer writes all values there to the replay's stream, the second one's
 * compares its own with them.  After REPLAY_point the slots of parameters and
 * locals stand there, then those of the operands.
 */
#ifndef HOST_LOCKSTEP_H
#define HOST_LOCKSTEP_H

#include "spec/trace.h"
#include "trap/arena.h"

struct point;
struct replay;

struct lockstep {
	struct tracer tracer; /* first */
	struct replay *replay;
	bool answers; /* compares, else writes */
	struct arena arena;
	struct point *points;	 /* types at the points that were asked for */
	const struct point *at;	 /* the one that is compared */
	uint32_t offset;	 /* of the point that is compared */
	uint32_t before;	 /* of the point before it; 0: none */
	union slot theirs[1024]; /* a piece of the first run's */
};

void
lockstep_init(struct lockstep *l, struct replay *r, bool answers,
	const struct allocator *al);
void
lockstep_free(struct lockstep *l);

#endif
