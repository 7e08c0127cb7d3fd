/*
 * Commands of a script, from its first to its last.
 */
#include "spec/suite/wast.h"

#include <stdarg.h>
#include <string.h>

#include "spec/suite/differ.h"
#include "spec/suite/expect.h"
#include "spec/suite/runner.h"
#include "trap/unwind.h"

struct outcome
runner_mistake(const char *format, ...)
{
	struct outcome o = { .kind = OUTCOME_mistake };
	va_list args;
	va_start(args, format);
	vsnprintf(o.error.text, sizeof o.error.text, format, args);
	va_end(args);
	o.error.kind = ERROR_host;
	return o;
}

static struct outcome
out_of_memory(void)
{
	return runner_mistake("out of memory");
}

/* Defines and instantiates, as a (module ..) command does. */
static struct outcome
run_module(struct runner *r, struct scope *s, const struct script_module *sm,
	bool instantiate)
{
	struct module *m = NULL;
	struct instance *in = NULL;
	struct outcome o = runner_define(r, sm, &m);
	if (o.kind != OUTCOME_done)
		return o;
	if (!scope_bind(s, &s->modules, sm->name, m))
		return out_of_memory();
	if (!instantiate)
		return o;
	o = runner_instantiate(r, s, m, &in);
	if (o.kind != OUTCOME_done)
		return o;
	return scope_bind(s, &s->instances, sm->name, in) ? o : out_of_memory();
}

/* (module instance $name $of) */
static struct outcome
run_instance(struct runner *r, struct scope *s, const struct script_command *c,
	bool bind)
{
	const struct binding *b = scope_find(s->modules, c->of);
	struct instance *in = NULL;
	if (b == NULL)
		return runner_mistake("unknown module");
	struct outcome o = runner_instantiate(r, s, b->what, &in);
	if (!bind || o.kind != OUTCOME_done)
		return o;
	return scope_bind(s, &s->instances, c->name, in) ? o : out_of_memory();
}

static struct outcome
run_register(struct scope *s, const struct script_command *c)
{
	const struct binding *b = scope_find(s->instances, c->name);
	struct outcome o = { .kind = OUTCOME_done };
	if (b == NULL)
		return runner_mistake("unknown instance");
	return scope_bind(s, &s->registry, c->string, b->what)
		       ? o
		       : out_of_memory();
}

/* An assertion on a module: how far it must be taken follows from its kind. */
static struct outcome
run_assert_module(
	struct runner *r, struct scope *s, const struct script_command *c)
{
	struct module *m = NULL;
	struct instance *in = NULL;
	bool load_only = c->kind != SCRIPT_assert_unlinkable &&
			 c->kind != SCRIPT_assert_trap;
	struct outcome o = runner_define(r, &c->module, &m);
	if (o.kind == OUTCOME_done && !load_only)
		o = runner_instantiate(r, s, m, &in);
	return o;
}

struct outcome
runner_command(
	struct runner *r, struct scope *s, const struct script_command *c)
{
	switch (c->kind) {
	case SCRIPT_module:
	case SCRIPT_definition:
		return run_module(r, s, &c->module, c->kind == SCRIPT_module);
	case SCRIPT_instance:
		return run_instance(r, s, c, true);
	case SCRIPT_register:
		return run_register(s, c);
	case SCRIPT_thread:
		return thread_start(r, s, c);
	case SCRIPT_wait:
		return thread_wait(r, s, c);
	}
	if (c->on_instance)
		return run_instance(r, s, c, false);
	if (c->module.present)
		return run_assert_module(r, s, c);
	return runner_action(r, s, c);
}

/* The line of p in the script. */
static uint32_t
line_of(const struct runner *r, const char *p)
{
	uint32_t line = 1;
	for (const char *q = r->src; q < p; q++)
		line += *q == '\n';
	return line;
}

static void
syntax_error(struct runner *r, const struct error *error)
{
	char text[400];
	fprintf(r->options->out, "%s:%s\n", r->path,
		error_format(error, text, sizeof text));
	r->totals->failed++;
}

void
runner_no_memory(struct runner *r)
{
	fprintf(r->options->out, "%s: out of memory\n", r->path);
	r->totals->failed++;
}

void
runner_commands(struct runner *r, struct scope *s, const char *src, size_t len)
{
	struct error error;
	struct script_command c;
	error_clear(&error);
	struct script *script =
		script_open(src, len, line_of(r, src), 1, &r->arena, &error);
	if (script == NULL) {
		error_set(&error, ERROR_memory, "out of memory");
		syntax_error(r, &error);
		return;
	}
	for (;;) {
		if (!script_next(script, &c)) {
			syntax_error(r, &error);
			return;
		}
		if (c.kind == SCRIPT_end)
			return;
		struct outcome o = runner_command(r, s, &c);
		if (r->differ != NULL)
			differ_command(r->differ, &c, &o);
		runner_judge(r, &c, &o);
		arena_reset(&r->phase);
	}
}

bool
runner_open(struct runner *r)
{
	arena_init(&r->arena, &alloc_default);
	arena_init(&r->phase, &alloc_default);
	if (r->engine->tier == NULL)
		return true;
	r->store = store_new(r->engine, &(struct store_limits){ 0 });
	return r->store != NULL && spectest_open(&r->spectest, r->store);
}

void
runner_close(struct runner *r)
{
	thread_wait_all(r);
	if (r->store != NULL)
		store_free(r->store);
	for (const struct binding *b = r->loaded; b != NULL; b = b->next)
		module_release(b->what);
	arena_free(&r->phase);
	arena_free(&r->arena);
}

void
wast_run(const struct wast_options *options, const char *path, const char *src,
	size_t len, struct wast_totals *totals)
{
	struct engine engine;
	struct differ differ;
	struct runner r = { .options = options,
		.totals = totals,
		.path = path,
		.src = src,
		.engine = &engine };
	if (!engine_init(&engine, &alloc_default)) {
		runner_no_memory(&r);
		return;
	}
	engine.features = expect_features(path) & ~options->without;
	engine.gc_stress = options->gc_stress;
	engine.nan_canonical = options->second != NULL;
	options->setup(&engine);
	bool open = runner_open(&r);
	if (open && options->second != NULL) {
		r.differ = &differ;
		open = differ_open(&differ, &r);
	}
	struct scope s = {
		.arena = &r.arena, .spectest = &r.spectest, .store = r.store
	};
	if (open)
		runner_commands(&r, &s, src, len);
	else
		runner_no_memory(&r);
	if (r.differ != NULL)
		differ_close(&differ);
	runner_close(&r);
	engine_free(&engine);
}
