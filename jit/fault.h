/*
 * Accesses to memories with guard pages: what a fault of one comes to.
 */
#ifndef JIT_FAULT_H
#define JIT_FAULT_H

#include "trap/signal.h"

struct handler;

/*
 * Raises "out of bounds memory access" in the frame of the faulting code and
 * gives its landing pad; NULL if the address is in no memory that the instance
 * has.  In a signal handler (trap/codemap.h).
 */
const struct handler *
fault_raise(const struct fault *f);

#endif
