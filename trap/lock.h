/*
 * Threads excluding one another and waiting for one another: lock_posix.c.
 * Where there are no threads (lock_none.c) nothing is ever locked and a wait
 * only passes time.  Counters and flags that threads share are C11's atomics.
 */
#ifndef TRAP_LOCK_H
#define TRAP_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#ifdef LOCK_PLAIN
struct lock {
	bool taken; /* for assertions */
};
struct lock_event {
	bool unused;
};
#else
#include <pthread.h>
struct lock {
	pthread_mutex_t mutex;
};
struct lock_event {
	pthread_cond_t cond;
};
#endif

/* False when the system refuses it.  A lock does not move. */
bool
lock_open(struct lock *l);
/* Nobody holds it. */
void
lock_close(struct lock *l);

/* One thread at a time is between these two; not twice the same one. */
void
lock_enter(struct lock *l);
void
lock_leave(struct lock *l);

/* What a thread waits for; false when the system refuses it. */
bool
lock_event_open(struct lock_event *e);
void
lock_event_close(struct lock_event *e);

/*
 * Leaves l, which the caller holds, until lock_event_send or for about
 * `nanoseconds` (at most a second), and enters it again.  May return for no
 * reason at all.
 */
void
lock_event_wait(struct lock_event *e, struct lock *l, uint64_t nanoseconds);

/* Wakes who waits for e. */
void
lock_event_send(struct lock_event *e);

/* Nanoseconds of a clock that nobody sets. */
uint64_t
lock_clock(void);

#endif
