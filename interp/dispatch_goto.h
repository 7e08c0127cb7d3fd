/*
 * Dispatch by computed goto (GNU C): one function, a label per handler.
 */
#ifndef INTERP_DISPATCH_H
#define INTERP_DISPATCH_H

#include <stdatomic.h>

enum status
loop_run(struct instance *inst, const struct cell *pc, union slot *fp,
	uint64_t acc);

#define OP(id) op_##id:
#define COLD(id) cold_##id:
#define GO goto * pc->op.label
#define GO_COLD(id) goto cold_##id
#define WORD(id) { .label = &&op_##id },

/* Which pairs have handlers: none, as one function of thousands
   takes compilers minutes and gigabytes. */
#define PAIR_ROWS "interp/pair_none.def"
#define STEP_INLINE inline __attribute__((always_inline))
#define UNPREDICTABLE(x) (x)

/* Without a frame it hands out its tables: labels are known inside alone. */
#define LOOP_BEGIN \
	static enum status run(struct instance *inst, const struct cell *pc, \
		union slot *fp, uint64_t acc, const struct loop_tables **out) \
	{ \
		if (out != NULL) \
			goto give_tables; \
		uint8_t *mem = inst->memory0->base; \
		uint64_t memsz = inst->memory0->bytes; \
		float fs = 0; \
		double fd = 0; \
		v128 vec = vec_i64x2_splat(0); \
		GO;
#define LOOP_TABLES \
	give_tables:;
/* The tables are kept: signal handlers ask for them, on small stacks. */
#define LOOP_END \
	*out = &tables; \
	return STATUS_done; \
	} \
	const struct loop_tables *loop_tables(void) \
	{ \
		static _Atomic(const struct loop_tables *) known; \
		const struct loop_tables *t = \
			atomic_load_explicit(&known, memory_order_acquire); \
		if (t == NULL) { \
			run(NULL, NULL, NULL, 0, &t); \
			atomic_store_explicit( \
				&known, t, memory_order_release); \
		} \
		return t; \
	} \
	enum status loop_run(struct instance *inst, const struct cell *pc, \
		union slot *fp, uint64_t acc) \
	{ \
		return run(inst, pc, fp, acc, NULL); \
	}

#endif
