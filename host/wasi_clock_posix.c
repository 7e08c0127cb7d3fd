/*
 * Clocks, random bytes and the scheduler.
 */
#include <errno.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include "host/wasi_call.h"

/* The system's clock for WASI's; false if there is none. */
static bool
clock_of(uint32_t id, clockid_t *clock)
{
	static const clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC,
		CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID };
	if (id >= sizeof clocks / sizeof *clocks)
		return false;
	*clock = clocks[id];
	return true;
}

static uint64_t
nanoseconds(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * 1000000000 + (uint64_t)t->tv_nsec;
}

enum wasi_errno
wasi_clock(uint32_t id, uint64_t *now)
{
	clockid_t clock;
	struct timespec t;
	if (!clock_of(id, &clock))
		return ERRNO_inval;
	if (clock_gettime(clock, &t) != 0)
		return wasi_errno_of(errno);
	*now = nanoseconds(&t);
	return ERRNO_success;
}

enum wasi_errno
wasi_clock_time_get(struct wasi_call *c)
{
	uint8_t *out = wasi_out(c, 2, 8, 8);
	if (c->error)
		return c->error;
	uint64_t now = 0;
	enum wasi_errno error = wasi_clock(wasi_i32(c, 0), &now);
	if (error == ERRNO_success)
		bytes_put64(out, now);
	return error;
}

enum wasi_errno
wasi_clock_res_get(struct wasi_call *c)
{
	uint8_t *out = wasi_out(c, 1, 8, 8);
	clockid_t clock;
	struct timespec t;
	if (c->error)
		return c->error;
	if (!clock_of(wasi_i32(c, 0), &clock))
		return ERRNO_inval;
	if (clock_getres(clock, &t) != 0)
		return wasi_errno_of(errno);
	bytes_put64(out, nanoseconds(&t));
	return ERRNO_success;
}

enum wasi_errno
wasi_random_get(struct wasi_call *c)
{
	enum { CHUNK = 256 }; /* getentropy's limit */
	uint32_t len = wasi_i32(c, 1);
	uint8_t *out = wasi_bytes(c, 0, len);
	if (c->error)
		return c->error;
	while (len > 0) {
		uint32_t n = len < CHUNK ? len : CHUNK;
		if (getentropy(out, n) != 0)
			return wasi_errno_of(errno);
		out += n;
		len -= n;
		if (len % (1u << 20) < CHUNK && wasi_interrupted(c))
			return ERRNO_intr;
	}
	return ERRNO_success;
}

enum wasi_errno
wasi_sched_yield(struct wasi_call *c)
{
	if (wasi_interrupted(c))
		return ERRNO_intr;
	sched_yield();
	return ERRNO_success;
}
