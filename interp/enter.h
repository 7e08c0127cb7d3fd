/*
 * Entering the interpreter: the tier's entry from C.
 */
#ifndef INTERP_ENTER_H
#define INTERP_ENTER_H

#include "trap/context.h"

struct func;
struct instance;
struct store;

/*
 * Runs f in an activation of its own: arguments and results in slots, as
 * func_call has them.  STATUS_done or STATUS_unwound.
 */
enum status
enter_func(struct store *s, struct func *f, union slot *slots);

/*
 * Gives a function that was never called its cells.  STATUS_unwound when out of
 * memory.
 */
enum status
enter_translate(struct func *f);

/*
 * Takes over what other stores did to the shared memories of in; true if one
 * has grown, or the first is larger than bytes.
 */
bool
enter_sync(struct instance *in, uint64_t bytes);

#endif
