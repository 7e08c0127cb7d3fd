#include "host/timer.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "trap/alloc.h"
#include "trap/unwind.h"

struct timer {
	struct context *ctx;
	double seconds; /* left */
	pthread_t guest, self;
	int stop[2]; /* a pipe; closing its writing end stops the timer */
	struct sigaction before;
};

static void
wake(int signal)
{
	(void)signal;
}

/* Waits at most seconds; true when the timer was stopped meanwhile. */
static int
stopped(struct timer *t, double seconds)
{
	struct pollfd p = { .fd = t->stop[0], .events = POLLIN };
	return poll(&p, 1, (int)(seconds * 1000 + 0.999)) > 0;
}

/* Polls in parts, because their milliseconds are an int. */
static void *
run(void *arg)
{
	struct timer *t = arg;
	const double part = 1000;
	for (; t->seconds > part; t->seconds -= part)
		if (stopped(t, part))
			return NULL;
	if (stopped(t, t->seconds))
		return NULL;
	do {
		context_interrupt(t->ctx);
		pthread_kill(t->guest, SIGALRM);
	} while (!stopped(t, 0.01));
	return NULL;
}

struct timer *
timer_start(struct context *ctx, double seconds)
{
	struct sigaction action = { .sa_handler = wake };
	struct timer *t = alloc_zeroed(&alloc_default, 1, sizeof *t);
	if (t != NULL && pipe(t->stop) != 0) {
		alloc_free(&alloc_default, t, sizeof *t);
		t = NULL;
	}
	if (t == NULL)
		return NULL;
	t->ctx = ctx;
	t->seconds = seconds;
	t->guest = pthread_self();
	sigemptyset(&action.sa_mask);
	sigaction(SIGALRM, &action, &t->before);
	if (pthread_create(&t->self, NULL, run, t) == 0)
		return t;
	sigaction(SIGALRM, &t->before, NULL);
	close(t->stop[0]);
	close(t->stop[1]);
	alloc_free(&alloc_default, t, sizeof *t);
	return NULL;
}

void
timer_stop(struct timer *t)
{
	if (t == NULL)
		return;
	close(t->stop[1]);
	pthread_join(t->self, NULL);
	close(t->stop[0]);
	sigaction(SIGALRM, &t->before, NULL);
	alloc_free(&alloc_default, t, sizeof *t);
}
