/*
 * Locks where one thread is all there is.
 */
#include "trap/lock.h"

#include <assert.h>
#include <time.h>

bool
lock_open(struct lock *l)
{
	l->taken = false;
	return true;
}

void
lock_close(struct lock *l)
{
	assert(!l->taken && "nobody holds it");
	(void)l;
}

void
lock_enter(struct lock *l)
{
	assert(!l->taken && "entered once");
	l->taken = true;
}

void
lock_leave(struct lock *l)
{
	assert(l->taken && "entered before");
	l->taken = false;
}

bool
lock_event_open(struct lock_event *e)
{
	e->unused = false;
	return true;
}

void
lock_event_close(struct lock_event *e)
{
	(void)e;
}

void
lock_event_wait(struct lock_event *e, struct lock *l, uint64_t nanoseconds)
{
	(void)e;
	(void)l;
	(void)nanoseconds;
}

void
lock_event_send(struct lock_event *e)
{
	(void)e;
}

/* Processor time: whoever waits here does so by running. */
uint64_t
lock_clock(void)
{
	return (uint64_t)clock() * (1000000000 / CLOCKS_PER_SEC);
}
