/*
 * Instructions that compiled code leaves to C: the rows of runtime.def.
 */
#ifndef JIT_RUNTIME_H
#define JIT_RUNTIME_H

#include "trap/context.h"

struct instance;

/*
 * Arguments are in slots, one after the other; results go there.  Not
 * STATUS_done: the trap is recorded.
 */
typedef enum status
runtime_fn(struct instance *in, union slot *slots);

/* What a function of these may use from slots on. */
enum { RUNTIME_SLOTS = 32 };

enum runtime {
#define RUNTIME(id, results, args) RUNTIME_##id,
#include "jit/runtime.def"
	RUNTIME_count,
};

struct runtime_row {
	const char *name, *results, *args;
	runtime_fn *function;
};

extern const struct runtime_row runtime_rows[RUNTIME_count];

#endif
