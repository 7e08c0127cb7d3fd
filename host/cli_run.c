/*
 * sheave run: one program in one store, with WASI as its outside.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "host/cli.h"
#include "host/cli_tier.h"
#include "host/invoke.h"
#include "host/report.h"
#include "host/run.h"
#include "host/thread.h"
#include "host/timer.h"
#include "host/wasi.h"
#include "interp/code.h"
#include "spec/engine.h"
#include "spec/link.h"
#include "spec/tier.h"
#include "trap/error.h"

enum { DEFAULT_THREADS = 1000 };

static double
now(void)
{
	struct timespec t;
	timespec_get(&t, TIME_UTC);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint64_t
nanoseconds(void)
{
	struct timespec t;
	timespec_get(&t, TIME_UTC);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int
fail(const struct error *error)
{
	char text[400];
	return cli_error("%s", error_format(error, text, sizeof text));
}

struct store *
run_store_new(const struct run *r)
{
	const struct cli *c = r->cli;
	struct store_limits limits = { .memory_bytes = c->max_memory,
		.heap_bytes = c->max_heap,
		.stack_bytes = c->stack_size,
		.trap_on_grow_failure = c->trap_on_grow };
	struct store *s = store_new(r->module->engine, &limits);
	if (s != NULL && c->fuel != 0)
		s->ctx.fuel = (int64_t)c->fuel;
	return s;
}

static int
open_store(struct run *r)
{
	struct cli *c = r->cli;
	r->store = run_store_new(r);
	if (r->store == NULL)
		return cli_error("no memory for the guest's stack");
	if (c->stats)
		r->store->heap.clock = nanoseconds;
	if (c->timeout != 0) {
		r->timer = timer_start(&r->store->ctx, c->timeout);
		if (r->timer == NULL)
			return cli_error("the system gives no timer");
	}
	if (c->threads)
		r->threads = thread_open(r,
			c->max_threads != 0 ? c->max_threads : DEFAULT_THREADS);
	return c->threads && r->threads == NULL ? EXIT_error : EXIT_ok;
}

/* What import i is given in s; false if nothing provides it. */
static bool
provide(const struct run *r, struct store *s, uint32_t i, struct external *out)
{
	const struct import *im = &r->module->imports[i];
	out->kind = EXTERN_func;
	out->u.func = im->kind == EXTERN_func
			      ? wasi_func(r->wasi, s, &im->module, &im->field)
			      : NULL;
	return out->u.func != NULL ||
	       (r->threads != NULL && thread_import(r->threads, s, i, out));
}

bool
run_resolve(const struct run *r, struct store *s, struct external *imports)
{
	const struct module *m = r->module;
	char type[400];
	bool ok = true;
	for (uint32_t i = 0; i < m->nimports; i++) {
		const struct import *im = &m->imports[i];
		if (provide(r, s, i, &imports[i]))
			continue;
		ok = false;
		cli_error("unknown import \"%s\" \"%s\": %s", im->module.bytes,
			im->field.bytes,
			import_format(m, im, type, sizeof type));
	}
	return ok;
}

/* The guest of the main thread was stopped; the exit status. */
static int
stopped(struct run *r)
{
	return r->threads != NULL ? thread_stopped(r->threads, r->store)
				  : report_unwound(r->store);
}

/* Links the module and runs its start function; the exit status. */
static int
instantiate(struct run *r)
{
	struct error error;
	struct external *imports = arena_array(
		&r->cli->arena, r->module->nimports + 1, sizeof *imports);
	error_clear(&error);
	if (imports == NULL)
		return cli_error("out of memory");
	if (!run_resolve(r, r->store, imports))
		return EXIT_error;
	r->instance = instance_new(r->store, r->module, imports, &error);
	if (r->instance != NULL)
		return EXIT_ok;
	if (error.kind == ERROR_none)
		return stopped(r);
	return fail(&error);
}

static struct func *
find_func(struct run *r, const char *name)
{
	const struct export *e =
		module_export(r->module, name, (uint32_t)strlen(name));
	return e != NULL && e->kind == EXTERN_func
		       ? instance_func(r->instance, e->index)
		       : NULL;
}

/* Calls f with words as arguments and prints what it returns. */
static int
call(struct run *r, struct func *f, const struct cli_list *words)
{
	const struct functype *type =
		&typespace_get(r->engine.types, f->type)->func;
	size_t room = (size_t)type->param_slots + type->result_slots + 1;
	union slot *slots = arena_array(&r->cli->arena, room, sizeof *slots);
	if (slots == NULL)
		return cli_error("out of memory");
	if (!invoke_parse(type, words, slots))
		return EXIT_error;
	if (func_call(r->store, f, slots) != STATUS_done)
		return stopped(r);
	invoke_print(type, slots);
	return EXIT_ok;
}

/*
 * Calls _start or what --invoke names; the latter may belong to a library that
 * is to be initialised first.  A module with neither may still have done its
 * work in its start function.
 */
static int
call_export(struct run *r)
{
	struct cli_list none = { 0 };
	struct cli_list words = r->cli->operands;
	const char *name = r->cli->invoke ? r->cli->invoke : "_start";
	struct func *f = find_func(r, name);
	struct func *init = find_func(r, "_initialize");
	if (f == NULL && r->cli->invoke == NULL && r->module->start != NO_INDEX)
		return EXIT_ok;
	if (f == NULL)
		return cli_error(
			"%s: exports no function %s", words.items[0], name);
	if (r->cli->invoke == NULL)
		return call(r, f, &none);
	int status = init != NULL && init != f ? call(r, init, &none) : EXIT_ok;
	words.items++;
	words.count--;
	return status != EXIT_ok ? status : call(r, f, &words);
}

/* Translates every function now, so that the time of it can be told. */
static void
translate(struct run *r)
{
	for (uint32_t f = r->module->nimported_funcs; f < r->module->nfuncs;
		f++)
		code_of(r->module, f);
	r->translated = now();
}

static void
print_heap(const struct heap *h)
{
	const struct heap_stats *s = &h->stats;
	fprintf(stderr,
		"heap       %10" PRIu64 " bytes at most, %" PRIu64
		" allocated\n"
		"collect    %10.3f ms, %" PRIu64 " times, %" PRIu64
		" objects marked\n",
		s->peak, s->allocated, (double)s->time * 1e-6, s->collections,
		s->visited);
}

/* What ran where. */
static void
print_tier(const struct run *r)
{
	struct second_counts n;
	if (r->engine.second == NULL)
		return;
	r->engine.second->counts(r->module, &n);
	fprintf(stderr,
		"compiled   %10" PRIu32 " functions, %" PRIu32 " refused\n",
		n.compiled, n.refused);
	if (n.why != NULL)
		fprintf(stderr, "refused    function %" PRIu32 ": %s\n", n.func,
			n.why);
}

static void
print_stats(const struct run *r)
{
	const struct interp_code *code = atomic_load(&r->module->interp);
	fprintf(stderr,
		"load       %10.3f ms\n"
		"translate  %10.3f ms\n"
		"run        %10.3f ms\n"
		"module     %10" PRIu32 " bytes, decoded %zu\n"
		"cells      %10zu bytes\n"
		"memory     %10" PRIu64 " bytes\n",
		(r->loaded - r->started) * 1e3,
		(r->translated - r->loaded) * 1e3,
		(r->done - r->translated) * 1e3, r->module->len,
		r->module->arena.bytes, code != NULL ? code->arena.bytes : 0,
		r->store->memory_bytes);
	print_tier(r);
	print_heap(&r->store->heap);
}

static int
execute(struct run *r)
{
	const struct cli *c = r->cli;
	int status = EXIT_ok;
	cli_setup *setup = cli_tier(c, &status);
	if (setup == NULL)
		return status;
	setup(&r->engine);
	r->engine.nan_canonical = c->nan_canonical;
	r->engine.fuel = c->fuel != 0;
	r->engine.gc_stress = c->gc_stress;
	r->engine.interruptible = c->timeout != 0 || c->threads;
	r->started = now();
	r->module = cli_load(r->cli, c->operands.items[0], &r->engine);
	r->loaded = r->translated = now();
	status = r->module == NULL
			 ? EXIT_error
			 : cli_wasi(r->cli, &r->engine.alloc, &r->wasi);
	if (status == EXIT_ok)
		status = open_store(r);
	if (status == EXIT_ok && c->stats)
		translate(r);
	if (status == EXIT_ok)
		status = instantiate(r);
	if (status == EXIT_ok && r->instance != NULL)
		status = call_export(r);
	if (r->threads != NULL)
		status = thread_close(r->threads, status);
	r->done = now();
	if (c->stats && r->store != NULL)
		print_stats(r);
	return status;
}

int
cli_run(struct cli *c)
{
	struct run r = { .cli = c };
	if (!engine_init(&r.engine, &alloc_default))
		return cli_error("out of memory");
	r.engine.features = c->features;
	int status = execute(&r);
	timer_stop(r.timer);
	if (r.store != NULL)
		store_free(r.store);
	if (r.wasi != NULL)
		wasi_free(r.wasi);
	if (r.module != NULL)
		module_release(r.module);
	engine_free(&r.engine);
	return status;
}
