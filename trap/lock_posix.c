/*
 * Locks by POSIX threads.
 */
#include "trap/lock.h"

#include <assert.h>
#include <time.h>

bool
lock_open(struct lock *l)
{
	return pthread_mutex_init(&l->mutex, NULL) == 0;
}

void
lock_close(struct lock *l)
{
	pthread_mutex_destroy(&l->mutex);
}

void
lock_enter(struct lock *l)
{
	int error = pthread_mutex_lock(&l->mutex);
	assert(error == 0 && "an open lock");
	(void)error;
}

void
lock_leave(struct lock *l)
{
	pthread_mutex_unlock(&l->mutex);
}

bool
lock_event_open(struct lock_event *e)
{
	pthread_condattr_t attributes;
	if (pthread_condattr_init(&attributes) != 0)
		return false;
	bool ok =
		pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
		pthread_cond_init(&e->cond, &attributes) == 0;
	pthread_condattr_destroy(&attributes);
	return ok;
}

void
lock_event_close(struct lock_event *e)
{
	pthread_cond_destroy(&e->cond);
}

void
lock_event_wait(struct lock_event *e, struct lock *l, uint64_t nanoseconds)
{
	const long second = 1000000000;
	struct timespec t;
	assert(nanoseconds <= (uint64_t)second && "a short wait");
	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += (long)nanoseconds;
	if (t.tv_nsec >= second) {
		t.tv_nsec -= second;
		t.tv_sec++;
	}
	pthread_cond_timedwait(&e->cond, &l->mutex, &t);
}

void
lock_event_send(struct lock_event *e)
{
	pthread_cond_signal(&e->cond);
}

uint64_t
lock_clock(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}
