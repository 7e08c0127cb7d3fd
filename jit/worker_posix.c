/*
 * The thread that compiles, by POSIX threads; and what forks find at rest.
 */
#include "jit/worker.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>

#include "trap/alloc.h"

enum { ROOM = 256 };

enum thread_state { THREAD_none, THREAD_runs, THREAD_refused };

struct worker {
	struct worker *next; /* of the process's */
	const struct allocator *al;
	worker_fn *work;
	void *user;
	pthread_t thread;

	pthread_mutex_t mutex; /* of what follows */
	pthread_cond_t asked;  /* wakes the thread */
	pthread_cond_t left;   /* wakes who waits for the turn, or a module */
	enum thread_state state;
	bool taken;		    /* the turn */
	bool ending;		    /* the thread ends */
	uint32_t waiting;	    /* threads, for the turn */
	const struct module *using; /* by the thread; NULL: none */
	uint32_t first, count;
	struct request queue[ROOM]; /* a ring, from `first` on */
};

/* All of the process, so that forks find them. */
static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct worker *list;

void
worker_lock(struct worker *w)
{
	int error = pthread_mutex_lock(&w->mutex);
	assert(error == 0 && "a worker");
	(void)error;
}

void
worker_unlock(struct worker *w)
{
	pthread_mutex_unlock(&w->mutex);
}

/* Takes the turn; under the lock. */
static void
take_turn(struct worker *w)
{
	w->waiting++;
	while (w->taken)
		pthread_cond_wait(&w->left, &w->mutex);
	w->waiting--;
	w->taken = true;
}

static void
leave_turn(struct worker *w)
{
	assert(w->taken && "it was taken");
	w->taken = false;
	pthread_cond_broadcast(&w->left);
	pthread_cond_signal(&w->asked);
}

void
worker_enter(struct worker *w)
{
	worker_lock(w);
	take_turn(w);
	worker_unlock(w);
}

void
worker_leave(struct worker *w)
{
	worker_lock(w);
	leave_turn(w);
	worker_unlock(w);
}

static void
before_fork(void)
{
	pthread_mutex_lock(&list_lock);
	for (struct worker *w = list; w != NULL; w = w->next) {
		worker_lock(w);
		take_turn(w);
	}
}

static void
after_fork(void)
{
	for (struct worker *w = list; w != NULL; w = w->next) {
		leave_turn(w);
		worker_unlock(w);
	}
	pthread_mutex_unlock(&list_lock);
}

/* No other thread is there any more, nor waits for a condition. */
static void
after_birth(void)
{
	for (struct worker *w = list; w != NULL; w = w->next) {
		pthread_cond_init(&w->asked, NULL);
		pthread_cond_init(&w->left, NULL);
		w->state = THREAD_refused;
		w->waiting = 0;
		w->count = 0;
	}
	after_fork();
}

static void
watch_forks(void)
{
	pthread_atfork(before_fork, after_fork, after_birth);
}

static void
enlist(struct worker *w)
{
	pthread_once(&once, watch_forks);
	pthread_mutex_lock(&list_lock);
	w->next = list;
	list = w;
	pthread_mutex_unlock(&list_lock);
}

static void
delist(struct worker *w)
{
	struct worker **at = &list;
	pthread_mutex_lock(&list_lock);
	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	pthread_mutex_unlock(&list_lock);
}

struct worker *
worker_new(const struct allocator *al, bool alone, worker_fn *work, void *user)
{
	struct worker *w = alloc_zeroed(al, 1, sizeof *w);
	if (w == NULL)
		return NULL;
	w->al = al;
	w->work = work;
	w->user = user;
	w->state = alone ? THREAD_refused : THREAD_none;
	if (pthread_mutex_init(&w->mutex, NULL) != 0) {
		alloc_free(al, w, sizeof *w);
		return NULL;
	}
	if (pthread_cond_init(&w->asked, NULL) != 0 ||
		pthread_cond_init(&w->left, NULL) != 0) {
		pthread_mutex_destroy(&w->mutex);
		alloc_free(al, w, sizeof *w);
		return NULL;
	}
	enlist(w);
	return w;
}

/* The oldest request is compiled; under the lock, which is left for it. */
static void
serve(struct worker *w)
{
	struct request r = w->queue[w->first];
	w->first = (w->first + 1) % ROOM;
	w->count--;
	w->using = r.module;
	w->taken = true;
	worker_unlock(w);
	w->work(w->user, &r);
	worker_lock(w);
	w->using = NULL;
	leave_turn(w);
}

/* The thread: others' turns go before its own. */
static void *
run(void *arg)
{
	struct worker *w = arg;
	worker_lock(w);
	while (!w->ending) {
		if (w->count != 0 && !w->taken && w->waiting == 0)
			serve(w);
		else
			pthread_cond_wait(&w->asked, &w->mutex);
	}
	worker_unlock(w);
	return NULL;
}

/* The host's signals are for threads of the host. */
static enum thread_state
start(struct worker *w)
{
	sigset_t all, kept;
	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &kept) != 0)
		return THREAD_refused;
	int error = pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &kept, NULL);
	return error == 0 ? THREAD_runs : THREAD_refused;
}

enum worker_answer
worker_ask(struct worker *w, struct request r)
{
	if (w->state == THREAD_none)
		w->state = start(w);
	if (w->state == THREAD_refused)
		return WORKER_alone;
	if (w->count == ROOM)
		return WORKER_busy;
	w->queue[(w->first + w->count++) % ROOM] = r;
	pthread_cond_signal(&w->asked);
	return WORKER_asked;
}

bool
worker_runs(const struct worker *w)
{
	return w->state == THREAD_runs;
}

void
worker_drop(struct worker *w, const struct module *m)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < w->count; i++) {
		struct request r = w->queue[(w->first + i) % ROOM];
		if (r.module != m)
			w->queue[(w->first + kept++) % ROOM] = r;
	}
	w->count = kept;
	while (w->using == m)
		pthread_cond_wait(&w->left, &w->mutex);
}

void
worker_free(struct worker *w)
{
	delist(w);
	worker_lock(w);
	w->ending = true;
	pthread_cond_signal(&w->asked);
	worker_unlock(w);
	if (w->state == THREAD_runs)
		pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->asked);
	pthread_cond_destroy(&w->left);
	pthread_mutex_destroy(&w->mutex);
	alloc_free(w->al, w, sizeof *w);
}
