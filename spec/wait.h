/*
 * Waiting at an address of a shared memory (threads proposal: wait and notify).
 * Threads wait in the order in which they came.
 */
#ifndef SPEC_WAIT_H
#define SPEC_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "trap/context.h"
#include "trap/lock.h"

struct memory;
struct shared_memory;

/* A thread that waits, on its own C stack. */
struct waiter {
	uint64_t at;   /* address */
	bool notified; /* and out of the list */
	struct lock_event event;
	struct waiter *next; /* younger */
};

enum { WAIT_ok, WAIT_not_equal, WAIT_timed_out };

/*
 * Waits until notified, if `expected` is what stands in the `bytes` (4 or 8) at
 * address at, which is checked and aligned.  timeout: nanoseconds, < 0 for
 * ever.  *answer is one of WAIT_*.  STATUS_unwound after a trap: the memory is
 * not shared, or the store was interrupted meanwhile.
 */
enum status
wait_at(struct memory *mem, uint64_t at, uint32_t bytes, uint64_t expected,
	int64_t timeout, uint32_t *answer);

/* Wakes the `most` oldest who wait at address at; how many there were. */
uint32_t
wait_notify(struct memory *mem, uint64_t at, uint32_t most);

/* Lets all who wait look whether their store was interrupted. */
void
wait_stir(struct shared_memory *sh);

#endif
