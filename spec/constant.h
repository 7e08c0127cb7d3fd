/*
 * Constant expressions (standard, 3.4.12): initial values of globals and
 * tables, offsets and elements of segments.
 */
#ifndef SPEC_CONSTANT_H
#define SPEC_CONSTANT_H

#include <stdbool.h>

#include "spec/module.h"
#include "trap/slot.h"

struct error;
struct instance;

/*
 * Evaluates the validated expression of in's module; its value goes to out[0],
 * a v128 also to out[1].  Uses the guest stack above what is in use.  False:
 * either *error is set (limit, memory), or it is clear and the store's context
 * has the trap (interrupt, fuel).
 */
bool
constant_eval(struct instance *in, struct range expr, union slot out[2],
	struct error *error);

#endif
