/*
 * Where compiled code catches what was thrown.
 */
#ifndef JIT_CATCH_H
#define JIT_CATCH_H

#include <stdbool.h>

#include "trap/context.h"

struct exception;

/* struct second_tier's catches. */
bool
catch_find(const struct cell *site, union slot *fp, struct exception *e,
	struct handler *out);

#endif
