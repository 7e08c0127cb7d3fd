/*
 * Who compiles: one thread of the engine's own, for which what is hot waits in
 * a queue, or whoever runs it.  One function is compiled at a time: that is the
 * turn.  Beside it there is a lock, held for moments alone, over what threads
 * share of the second tier.
 *
 * A fork waits for the turn and the lock of every engine, so that a child finds
 * nothing half done.  It has no such thread.
 */
#ifndef JIT_WORKER_H
#define JIT_WORKER_H

#include <stdbool.h>
#include <stdint.h>

struct allocator;
struct module;
struct worker;

/* A function's codes. */
enum native_kind {
	NATIVE_called,
	NATIVE_looped, /* is entered at loops too */
	NATIVE_kinds,
};

struct request {
	struct module *module;
	uint32_t func;
	enum native_kind kind;
};

/* Compiles; called by the thread in its turn, without the lock. */
typedef void
worker_fn(void *user, const struct request *r);

/*
 * After codemem_open and codemap_open: a fork takes their locks when it has the
 * turn.  NULL: out of memory, or the system refuses.  The thread begins with
 * the first request; alone: there is to be none.
 */
struct worker *
worker_new(const struct allocator *al, bool alone, worker_fn *work, void *user);
/* Waits for the thread; nothing is asked for any more. */
void
worker_free(struct worker *w);

void
worker_lock(struct worker *w);
void
worker_unlock(struct worker *w);

/* The turn, of a caller that does not hold the lock. */
void
worker_enter(struct worker *w);
void
worker_leave(struct worker *w);

/* The rest is for who holds the lock. */

enum worker_answer {
	WORKER_asked,
	WORKER_busy,  /* too much is asked for; later */
	WORKER_alone, /* there is no thread, nor can one be had */
};

enum worker_answer
worker_ask(struct worker *w, struct request r);

/* What was asked for is still going to be compiled. */
bool
worker_runs(const struct worker *w);

/* Forgets requests for m, or waits for it: the thread is done with m. */
void
worker_drop(struct worker *w, const struct module *m);

#endif
