/*
 * Threads of scripts.
 */
#include <pthread.h>

#include "spec/suite/runner.h"

enum { MAX_DEPTH = 50 };

struct thread {
	struct runner runner;
	struct wast_totals totals;
	const char *commands;
	size_t len;
	const struct script_name *shared; /* of the one who started it */
	void **instances;		  /* as bindings have them */
	uint32_t nshared;
	pthread_t self;
	bool joined;
	struct thread *next; /* of the same runner */
};

/* The scope that the thread begins with; false when out of memory. */
static bool
see(struct thread *t, struct scope *s)
{
	bool ok = true;
	for (uint32_t i = 0; i < t->nshared; i++)
		ok = ok && scope_bind(s, &s->instances, t->shared[i],
				   t->instances[i]);
	return ok;
}

static void *
run(void *arg)
{
	struct thread *t = arg;
	struct runner *r = &t->runner;
	bool open = runner_open(r);
	struct scope s = {
		.arena = &r->arena, .spectest = &r->spectest, .store = r->store
	};
	if (open && see(t, &s))
		runner_commands(r, &s, t->commands, t->len);
	else
		runner_no_memory(r);
	runner_close(r);
	return NULL;
}

/* The thread with everything that it sees; NULL when out of memory. */
static struct thread *
prepare(struct runner *r, const struct script_command *c)
{
	struct thread *t = arena_alloc(&r->arena, sizeof *t);
	void **instances =
		arena_array(&r->arena, c->nshared, sizeof *instances);
	if (t == NULL || instances == NULL)
		return NULL;
	t->runner = (struct runner){ .options = r->options,
		.totals = &t->totals,
		.path = r->path,
		.src = r->src,
		.engine = r->engine,
		.depth = r->depth + 1 };
	t->commands = c->commands;
	t->len = c->commands_len;
	t->shared = c->shared;
	t->nshared = c->nshared;
	t->instances = instances;
	return t;
}

struct outcome
thread_start(struct runner *r, struct scope *s, const struct script_command *c)
{
	struct outcome o = { .kind = OUTCOME_done };
	struct thread *t = prepare(r, c);
	if (r->depth == MAX_DEPTH)
		return runner_mistake("threads are nested too deeply");
	if (t == NULL)
		return runner_mistake("out of memory");
	for (uint32_t i = 0; i < c->nshared; i++) {
		const struct binding *b =
			scope_find(s->instances, c->shared[i]);
		if (b == NULL)
			return runner_mistake("unknown shared instance");
		t->instances[i] = b->what;
	}
	if (pthread_create(&t->self, NULL, run, t) != 0)
		return runner_mistake("the system gives no thread");
	t->next = r->threads;
	r->threads = t;
	return scope_bind(s, &s->threads, c->name, t)
		       ? o
		       : runner_mistake("out of memory");
}

static void
join(struct runner *r, struct thread *t)
{
	pthread_join(t->self, NULL);
	t->joined = true;
	r->totals->passed += t->totals.passed;
	r->totals->failed += t->totals.failed;
}

struct outcome
thread_wait(struct runner *r, struct scope *s, const struct script_command *c)
{
	struct outcome o = { .kind = OUTCOME_done };
	const struct binding *b = scope_find(s->threads, c->name);
	if (b == NULL)
		return runner_mistake("unknown thread");
	struct thread *t = b->what;
	if (!t->joined)
		join(r, t);
	return o;
}

void
thread_wait_all(struct runner *r)
{
	for (struct thread *t = r->threads; t != NULL; t = t->next)
		if (!t->joined)
			join(r, t);
}
