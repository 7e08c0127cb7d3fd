#include "spec/wait.h"

#include <assert.h>

#include "spec/atomic.h"
#include "spec/shared.h"
#include "spec/store.h"
#include "trap/unwind.h"

/* Between two looks at the interrupt flag, which a signal handler may set. */
#define SLICE ((uint64_t)50 * 1000000)

static uint64_t
value_at(const struct memory *mem, uint64_t at, uint32_t bytes)
{
	const uint8_t *p = mem->base + (size_t)at;
	return bytes == 4 ? atomic_load32(p) : atomic_load64(p);
}

static void
join(struct shared_memory *sh, struct waiter *w)
{
	*sh->last = w;
	sh->last = &w->next;
}

/* Takes *link out of the list. */
static void
leave(struct shared_memory *sh, struct waiter **link)
{
	struct waiter *w = *link;
	*link = w->next;
	if (sh->last == &w->next)
		sh->last = link;
}

/* In the list, until notified (WAIT_ok), the time is over or interrupted. */
static uint32_t
sleep_until(struct shared_memory *sh, const struct context *ctx,
	struct waiter *w, bool for_ever, uint64_t deadline)
{
	uint64_t now = 0;
	join(sh, w);
	while (!w->notified && !context_interrupted(ctx)) {
		uint64_t left = SLICE;
		if (!for_ever)
			now = lock_clock();
		if (!for_ever && now >= deadline)
			break;
		if (!for_ever && deadline - now < left)
			left = deadline - now;
		lock_event_wait(&w->event, &sh->lock, left);
	}
	if (w->notified)
		return WAIT_ok;
	struct waiter **link = &sh->waiters;
	while (*link != w)
		link = &(*link)->next;
	leave(sh, link);
	return WAIT_timed_out;
}

enum status
wait_at(struct memory *mem, uint64_t at, uint32_t bytes, uint64_t expected,
	int64_t timeout, uint32_t *answer)
{
	struct context *ctx = &mem->store->ctx;
	struct shared_memory *sh = mem->sharing;
	struct waiter w = { .at = at };
	uint64_t now = timeout > 0 ? lock_clock() : 0;
	uint64_t deadline = now + (uint64_t)timeout;
	if (sh == NULL)
		return raise_trap(ctx, TRAP_wait_not_shared);
	if (!lock_event_open(&w.event))
		return raise_host(ctx, "the system lets no thread wait", NULL);
	lock_enter(&sh->lock);
	*answer = value_at(mem, at, bytes) != expected
			  ? (uint32_t)WAIT_not_equal
			  : sleep_until(sh, ctx, &w, timeout < 0, deadline);
	lock_leave(&sh->lock);
	lock_event_close(&w.event);
	if (*answer == WAIT_timed_out && context_interrupted(ctx))
		return raise_trap(ctx, TRAP_interrupt);
	return STATUS_done;
}

uint32_t
wait_notify(struct memory *mem, uint64_t at, uint32_t most)
{
	struct shared_memory *sh = mem->sharing;
	uint32_t n = 0;
	if (sh == NULL)
		return 0;
	lock_enter(&sh->lock);
	for (struct waiter **link = &sh->waiters; *link != NULL && n < most;) {
		struct waiter *w = *link;
		if (w->at != at) {
			link = &w->next;
			continue;
		}
		leave(sh, link);
		w->notified = true;
		lock_event_send(&w->event);
		n++;
	}
	lock_leave(&sh->lock);
	return n;
}

void
wait_stir(struct shared_memory *sh)
{
	lock_enter(&sh->lock);
	for (struct waiter *w = sh->waiters; w != NULL; w = w->next)
		lock_event_send(&w->event);
	lock_leave(&sh->lock);
}
