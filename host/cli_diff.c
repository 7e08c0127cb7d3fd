/*
 * sheave diff: one program in both tiers, compared.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/cli.h"
#include "host/cli_tier.h"
#include "host/diff.h"
#include "host/invoke.h"
#include "host/wasi.h"
#include "trap/alloc.h"

struct session {
	struct cli *cli;
	struct wasi *wasi;
	struct diff diff;
};

static int
fail(const struct error *error)
{
	char text[400];
	return cli_error("%s", error_format(error, text, sizeof text));
}

/* What WASI has stays WASI's; the rest is guessed. */
static bool
provide(struct session *s, struct error *error)
{
	struct diff *d = &s->diff;
	const struct module *m = d->sides[0].module;
	for (uint32_t i = 0; i < m->nimports; i++) {
		const struct import *im = &m->imports[i];
		struct func *f = im->kind == EXTERN_func
					 ? wasi_func(s->wasi, d->sides[0].store,
						   &im->module, &im->field)
					 : NULL;
		if (f != NULL && !diff_import(d, i, f, error))
			return false;
	}
	wasi_watch(s->wasi, replay_watch, &d->replay);
	return true;
}

/* Calls the export in both; an exit status for what was wrong before that. */
static int
call(struct session *s, const char *name, const struct cli_list *words)
{
	struct diff *d = &s->diff;
	const struct module *m = d->sides[0].module;
	const struct export *e = module_export(m, name, (uint32_t)strlen(name));
	char what[200];
	if (e == NULL || e->kind != EXTERN_func)
		return cli_error("exports no function %s", name);
	const struct functype *t = &typespace_get(d->sides[0].engine.types,
		instance_func(d->sides[0].instance, e->index)->type)
					    ->func;
	union slot *slots = arena_array(&s->cli->arena,
		(size_t)t->param_slots + t->result_slots + 1, sizeof *slots);
	if (slots == NULL)
		return cli_error("out of memory");
	if (!invoke_parse(t, words, slots))
		return EXIT_error;
	snprintf(what, sizeof what, "%s", name);
	if (diff_call(d, e->index, what, slots) &&
		d->sides[0].status == STATUS_done)
		invoke_print(t, slots);
	return EXIT_ok;
}

/* _start, or what --invoke names, or all exports. */
static int
call_exports(struct session *s)
{
	static const char init[] = "_initialize";
	const struct module *m = s->diff.sides[0].module;
	struct cli_list words = s->cli->operands, none = { 0 };
	const char *name = s->cli->invoke;
	bool command = module_export(m, "_start", 6) != NULL;
	int status = EXIT_ok;
	words.items++;
	words.count--;
	if (name == NULL && command)
		return call(s, "_start", &none);
	if (module_export(m, init, sizeof init - 1) != NULL)
		status = call(s, init, &none);
	if (status != EXIT_ok || s->diff.twin.differ)
		return status;
	if (name != NULL)
		return call(s, name, &words);
	diff_call_exports(&s->diff);
	return EXIT_ok;
}

static int
report(const struct session *s)
{
	const struct diff *d = &s->diff;
	fflush(stdout);
	if (d->twin.differ) {
		fprintf(stderr, "difference: %s\n", d->twin.text);
		return EXIT_error;
	}
	fprintf(stderr, "%s%" PRIu64 " calls, %" PRIu64 " host calls",
		d->twin.ended ? "ends at an exhausted call stack; until then "
				"the same: "
			      : "the same: ",
		d->calls, d->replay.calls);
	if (d->config->lockstep)
		fprintf(stderr, ", %" PRIu64 " function entries and loop heads",
			d->replay.points);
	fprintf(stderr, "\n");
	return EXIT_ok;
}

static int
execute(struct session *s, const struct diff_config *config)
{
	struct diff *d = &s->diff;
	struct error error;
	size_t len;
	const uint8_t *bytes =
		cli_read_module(s->cli, s->cli->operands.items[0], &len);
	if (bytes == NULL)
		return EXIT_error;
	error_clear(&error);
	if (!diff_open(d, config, bytes, len, &error) || !provide(s, &error))
		return fail(&error);
	int status = EXIT_ok;
	if (diff_instantiate(d))
		status = call_exports(s);
	else if (d->sides[0].error.kind != ERROR_none)
		return fail(&d->sides[0].error);
	return status != EXIT_ok ? status : report(s);
}

int
cli_diff(struct cli *c)
{
	int status = EXIT_ok;
	cli_setup *setup = cli_tier_second(c, &status);
	struct diff_config config = { .features = c->features,
		.limits = { .memory_bytes = c->max_memory,
			.heap_bytes = c->max_heap,
			.stack_bytes = c->stack_size,
			.trap_on_grow_failure = c->trap_on_grow },
		.fuel = c->fuel,
		.setup = setup,
		.lockstep = c->lockstep,
		.gc_stress = c->gc_stress };
	if (setup == NULL)
		return status;
	struct session *s = alloc_zeroed(&alloc_default, 1, sizeof *s);
	if (s == NULL)
		return cli_error("out of memory");
	s->cli = c;
	status = cli_wasi(c, &alloc_default, &s->wasi);
	if (status == EXIT_ok)
		status = execute(s, &config);
	diff_close(&s->diff);
	if (s->wasi != NULL)
		wasi_free(s->wasi);
	alloc_free(&alloc_default, s, sizeof *s);
	return status;
}
