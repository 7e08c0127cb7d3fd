/*
 * Stops a guest after a time, also when it is blocked in a system call: its
 * context is interrupted, and a signal without SA_RESTART sent to its thread
 * until the timer is stopped.  timer_posix.c.
 */
#ifndef HOST_TIMER_H
#define HOST_TIMER_H

struct context;
struct timer;

/*
 * Interrupts ctx, which the calling thread runs, after seconds.  NULL when the
 * system refuses a thread or a pipe.
 */
struct timer *
timer_start(struct context *ctx, double seconds);

/* Ends the timer, whether it has fired or not; t may be NULL. */
void
timer_stop(struct timer *t);

#endif
