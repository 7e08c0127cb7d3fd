/*
 * Dispatch by switch: strict C11.
 */
#ifndef INTERP_DISPATCH_H
#define INTERP_DISPATCH_H

enum status
loop_run(struct instance *inst, const struct cell *pc, union slot *fp,
	uint64_t acc);

#define OP(id) case BC_##id:
#define COLD(id) cold_##id:
#define GO goto dispatch
#define GO_COLD(id) goto cold_##id
#define WORD(id) { .number = BC_##id },

/* Which pairs have handlers: none, as one function of thousands
   takes compilers minutes and gigabytes. */
#define PAIR_ROWS "interp/pair_none.def"
#define STEP_INLINE inline
#define UNPREDICTABLE(x) (x)

#define LOOP_BEGIN \
	enum status loop_run(struct instance *inst, const struct cell *pc, \
		union slot *fp, uint64_t acc) \
	{ \
		uint8_t *mem = inst->memory0->base; \
		uint64_t memsz = inst->memory0->bytes; \
		float fs = 0; \
		double fd = 0; \
		v128 vec = vec_i64x2_splat(0); \
	dispatch: \
		switch (pc->op.number) {
#define LOOP_TABLES \
	} \
	assert(0 && "a cell names a handler"); \
	return STATUS_raise; \
	}
#define LOOP_END \
	const struct loop_tables *loop_tables(void) \
	{ \
		return &tables; \
	}

#endif
