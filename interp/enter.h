/*
 * Entering the interpreter: the tier's entry from C.
 */
#ifndef INTERP_ENTER_H
#define INTERP_ENTER_H

#include "trap/context.h"

struct func;

/*
 * Runs f in an activation of its own; arguments stand from fp on, the link goes
 * to fp[-1], results stand from fp on afterwards.  STATUS_done or
 * STATUS_unwound.
 */
enum status
enter_func(struct context *ctx, struct func *f, union slot *fp);

/*
 * Gives a function that was never called its cells.  STATUS_unwound when out of
 * memory.
 */
enum status
enter_translate(struct func *f);

#endif
