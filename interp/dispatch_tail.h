/*
 * Dispatch by guaranteed tail calls: every handler is a function whose
 * parameters are the interpreter's registers.  DISPATCH_CC (from the build) is
 * the calling convention with the most argument registers, or nothing.
 * Rarely used registers come first: with preserve_none those cost longer
 * encodings.
 */
#ifndef INTERP_DISPATCH_H
#define INTERP_DISPATCH_H

#include "spec/vector.h"

#define PARAMS \
	struct instance *inst, uint64_t memsz, uint8_t *mem, \
		const struct cell *pc, union slot *fp, uint64_t acc, float fs, \
		double fd, v128 vec
#define ARGS inst, memsz, mem, pc, fp, acc, fs, fd, vec

typedef DISPATCH_CC enum status handler(PARAMS);

#define OP(id) static DISPATCH_CC enum status op_##id(PARAMS)
#define COLD(id) \
	static __attribute__((noinline, cold)) \
	DISPATCH_CC enum status cold_##id(PARAMS)
#define GO __attribute__((musttail)) return ((handler *)pc->op.fn)(ARGS)
#define GO_COLD(id) __attribute__((musttail)) return cold_##id(ARGS)
#define WORD(id) { .fn = (void (*)(void))op_##id },

/* Which pairs have handlers. */
#define PAIR_ROWS "interp/pair.def"
#define STEP_INLINE inline __attribute__((always_inline))
#define UNPREDICTABLE(x) __builtin_unpredictable(x)

#define LOOP_BEGIN \
	COLD(new_object); \
	COLD(out_of_bounds); \
	COLD(overflow); \
	COLD(trap); \
	COLD(uninitialized);
#define LOOP_TABLES
#define LOOP_END \
	const struct loop_tables *loop_tables(void) \
	{ \
		return &tables; \
	}

/* In line, so that an entry saves the callee-saved registers once. */
static inline enum status
loop_run(struct instance *inst, const struct cell *pc, union slot *fp,
	uint64_t acc)
{
	const struct memory *m = inst->memory0;
	return ((handler *)pc->op.fn)(
		inst, m->bytes, m->base, pc, fp, acc, 0, 0, vec_i64x2_splat(0));
}

#endif
