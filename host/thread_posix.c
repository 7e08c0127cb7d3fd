#include "host/thread.h"

#include <pthread.h>
#include <string.h>

#include "host/cli.h"
#include "host/report.h"
#include "host/run.h"
#include "spec/link.h"
#include "spec/shared.h"
#include "spec/wait.h"
#include "trap/error.h"
#include "trap/unwind.h"

enum {
	MOST_ID = (1 << 29) - 1,
	STACK_BYTES = 1 << 20, /* of the host's: a guest has its own */
	AGAIN = 6,	       /* WASI's errno */
};

/* A thread besides the main one. */
struct guest_thread {
	struct threads *all;
	struct store *store;
	pthread_t self;
	uint32_t id, arg;
	struct guest_thread *next; /* running, or to be joined */
};

struct threads {
	const struct run *run;
	uint64_t most;
	struct shared_memory **memories; /* per import; NULL: not one */

	struct lock lock; /* of what follows */
	struct lock_event left;
	struct guest_thread *running, *gone;
	uint32_t count, last_id;
	bool ended;
	int status;
};

/* Makes the memories that all threads share; false after a message. */
static bool
make_memories(struct threads *t)
{
	const struct module *m = t->run->module;
	const struct allocator *al = &t->run->engine.alloc;
	struct error error;
	char text[400];
	error_clear(&error);
	t->memories = alloc_zeroed(al, m->nimports, sizeof *t->memories);
	if (t->memories == NULL)
		error_set(&error, ERROR_memory, "out of memory");
	for (uint32_t i = 0; i < m->nimports; i++) {
		const struct import *im = &m->imports[i];
		if (error.kind == ERROR_none && im->kind == EXTERN_memory &&
			m->memories[im->index].shared)
			t->memories[i] = shared_new(&t->run->engine,
				&m->memories[im->index], &error);
	}
	if (error.kind == ERROR_none)
		return true;
	cli_error("%s", error_format(&error, text, sizeof text));
	return false;
}

static void
dispose(struct threads *t)
{
	const struct allocator *al = &t->run->engine.alloc;
	uint32_t n = t->run->module->nimports;
	for (uint32_t i = 0; t->memories != NULL && i < n; i++)
		shared_release(t->memories[i]);
	alloc_free(al, t->memories, n * sizeof *t->memories);
	lock_event_close(&t->left);
	lock_close(&t->lock);
	alloc_free(al, t, sizeof *t);
}

struct threads *
thread_open(const struct run *r, uint64_t most)
{
	struct threads *t = alloc_zeroed(&r->engine.alloc, 1, sizeof *t);
	if (t == NULL || !lock_open(&t->lock) || !lock_event_open(&t->left)) {
		alloc_free(&r->engine.alloc, t, sizeof *t);
		cli_error("the system gives no threads");
		return NULL;
	}
	t->run = r;
	t->most = most;
	if (make_memories(t))
		return t;
	dispose(t);
	return NULL;
}

/* Under the lock: the program ends, and whoever runs or waits sees it. */
static void
end_all(struct threads *t, int status)
{
	t->ended = true;
	t->status = status;
	context_interrupt(&t->run->store->ctx);
	for (struct guest_thread *g = t->running; g != NULL; g = g->next)
		context_interrupt(&g->store->ctx);
	for (uint32_t i = 0; i < t->run->module->nimports; i++)
		if (t->memories[i] != NULL)
			wait_stir(t->memories[i]);
}

int
thread_stopped(struct threads *t, struct store *s)
{
	lock_enter(&t->lock);
	if (!t->ended)
		end_all(t, report_unwound(s));
	int status = t->status;
	lock_leave(&t->lock);
	return status;
}

/* An error before the guest ran. */
static void
fail(struct threads *t, const struct error *error)
{
	char text[400];
	lock_enter(&t->lock);
	if (!t->ended)
		end_all(t, cli_error("%s",
				   error_format(error, text, sizeof text)));
	lock_leave(&t->lock);
}

/* The thread's instance; NULL after the end of the program. */
static struct instance *
instantiate(struct guest_thread *g)
{
	const struct run *r = g->all->run;
	const struct allocator *al = &r->engine.alloc;
	uint32_t n = r->module->nimports;
	struct external *imports = alloc_zeroed(al, n, sizeof *imports);
	struct instance *in = NULL;
	struct error error;
	error_clear(&error);
	if (imports != NULL && run_resolve(r, g->store, imports))
		in = instance_new(g->store, r->module, imports, &error);
	else
		error_set(&error, ERROR_memory, "no memory for a thread");
	alloc_free(al, imports, n * sizeof *imports);
	if (in == NULL && error.kind == ERROR_none)
		thread_stopped(g->all, g->store);
	else if (in == NULL)
		fail(g->all, &error);
	return in;
}

static void *
run(void *arg)
{
	struct guest_thread *g = arg;
	struct threads *t = g->all;
	union slot slots[2] = { slot_of_i32(g->id), slot_of_i32(g->arg) };
	struct instance *in = instantiate(g);
	if (in != NULL) {
		const struct export *e =
			module_export(in->module, "wasi_thread_start", 17);
		if (func_call(g->store, instance_func(in, e->index), slots) !=
			STATUS_done)
			thread_stopped(t, g->store);
	}
	lock_enter(&t->lock);
	struct guest_thread **link = &t->running;
	while (*link != g)
		link = &(*link)->next;
	*link = g->next;
	lock_leave(&t->lock);
	store_free(g->store);
	lock_enter(&t->lock);
	g->next = t->gone;
	t->gone = g;
	t->count--;
	lock_event_send(&t->left);
	lock_leave(&t->lock);
	return NULL;
}

/* Joins the threads that are done; under the lock. */
static void
reap(struct threads *t)
{
	while (t->gone != NULL) {
		struct guest_thread *g = t->gone;
		t->gone = g->next;
		lock_leave(&t->lock);
		pthread_join(g->self, NULL);
		alloc_free(&t->run->engine.alloc, g, sizeof *g);
		lock_enter(&t->lock);
	}
}

/* An id that no running thread has; under the lock. */
static uint32_t
new_id(struct threads *t)
{
	for (;;) {
		t->last_id = t->last_id == MOST_ID ? 1 : t->last_id + 1;
		const struct guest_thread *g = t->running;
		while (g != NULL && g->id != t->last_id)
			g = g->next;
		if (g == NULL)
			return t->last_id;
	}
}

/* Starts g, which is among the running ones; under the lock. */
static bool
start(struct guest_thread *g)
{
	pthread_attr_t attributes;
	if (pthread_attr_init(&attributes) != 0)
		return false;
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	bool started = pthread_create(&g->self, &attributes, run, g) == 0;
	pthread_attr_destroy(&attributes);
	return started;
}

/* The id of a new thread, 0 if there cannot be one; under the lock. */
static uint32_t
spawn(struct threads *t, uint32_t arg)
{
	const struct allocator *al = &t->run->engine.alloc;
	if (t->ended || t->count >= t->most)
		return 0;
	struct guest_thread *g = alloc_zeroed(al, 1, sizeof *g);
	if (g == NULL || (g->store = run_store_new(t->run)) == NULL) {
		alloc_free(al, g, sizeof *g);
		return 0;
	}
	uint32_t id = new_id(t);
	g->all = t;
	g->arg = arg;
	g->id = id;
	g->next = t->running;
	t->running = g;
	t->count++;
	if (start(g))
		return id;
	t->running = g->next;
	t->count--;
	store_free(g->store);
	alloc_free(al, g, sizeof *g);
	return 0;
}

/* thread-spawn: (arg) -> id, or less than 0. */
static enum status
thread_spawn(void *env, struct store *store, struct instance *caller,
	union slot *slots)
{
	struct threads *t = env;
	(void)store;
	(void)caller;
	lock_enter(&t->lock);
	reap(t);
	uint32_t id = spawn(t, slot_i32(slots[0]));
	lock_leave(&t->lock);
	slots[0] = slot_of_i32(id != 0 ? id : (uint32_t)-AGAIN);
	return STATUS_done;
}

/* The module exports what a thread runs, with its type. */
static bool
has_start(const struct module *m)
{
	const struct export *e = module_export(m, "wasi_thread_start", 17);
	if (e == NULL || e->kind != EXTERN_func)
		return false;
	const struct functype *f = module_func_type(m, e->index);
	return f->nparams == 2 && f->nresults == 0 && f->params[0] == VT_I32 &&
	       f->params[1] == VT_I32;
}

static bool
is(const struct name *name, const char *text)
{
	return name->len == strlen(text) &&
	       memcmp(name->bytes, text, name->len) == 0;
}

bool
thread_import(struct threads *t, struct store *s, uint32_t import,
	struct external *out)
{
	static const valtype i32 = VT_I32;
	const struct module *m = t->run->module;
	const struct import *im = &m->imports[import];
	struct error error;
	out->kind = im->kind;
	if (t->memories[import] != NULL) {
		error_clear(&error);
		out->u.memory =
			memory_of_shared(s, t->memories[import], &error);
		return out->u.memory != NULL;
	}
	if (im->kind != EXTERN_func || !is(&im->module, "wasi") ||
		!is(&im->field, "thread-spawn") || !has_start(m))
		return false;
	uint32_t type = typespace_func(s->engine->types, &i32, 1, &i32, 1);
	out->u.func = type != UINT32_MAX
			      ? func_new_host(s, type, thread_spawn, t, NULL)
			      : NULL;
	return out->u.func != NULL;
}

int
thread_close(struct threads *t, int status)
{
	const uint64_t second = 1000000000;
	lock_enter(&t->lock);
	if (!t->ended)
		end_all(t, status);
	while (t->count != 0)
		lock_event_wait(&t->left, &t->lock, second);
	reap(t);
	status = t->status;
	lock_leave(&t->lock);
	dispose(t);
	return status;
}
