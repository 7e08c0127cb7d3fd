/*
 * The checker of loops' states: code that is entered at a loop's head finds
 * there, in slots, all that lives.
 */
#ifndef JIT_CHECK_STATE_H
#define JIT_CHECK_STATE_H

#include <stdbool.h>
#include <stdint.h>

struct ir;

/*
 * Each value that lives at the head of a loop with a state stands in the state,
 * or comes from the instance or constants alone.  Needs a function that is
 * otherwise right.  False and *value, *loop for one that does not; true also
 * without memory, and after 2^26 steps.
 */
bool
check_state(const struct ir *ir, uint32_t *value, uint32_t *loop);

#endif
