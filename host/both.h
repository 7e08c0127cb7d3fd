/*
 * Two runs at once, each on a thread of its own whose stack is large enough
 * that a guest's stack is what ends.  both_posix.c.
 */
#ifndef HOST_BOTH_H
#define HOST_BOTH_H

#include <stdbool.h>

enum { BOTH_STACK = 32 << 20 }; /* bytes of a thread's */

/* Runs run(a) and run(b) and waits for both; false: there are no
 * threads, and nothing ran. */
bool
both_run(void (*run)(void *arg), void *a, void *b);

/* The same for one run. */
bool
both_run_one(void (*run)(void *arg), void *arg);

#endif
