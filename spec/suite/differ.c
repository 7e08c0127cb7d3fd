#include "spec/suite/differ.h"

#include <inttypes.h>
#include <string.h>

static const char *const names[] = { "interpreted", "compiled" };

bool
differ_open(struct differ *d, struct runner *first)
{
	memset(d, 0, sizeof *d);
	d->first = first;
	if (!engine_init(&d->engine, &alloc_default))
		return false;
	d->engine.features = first->engine->features;
	d->engine.gc_stress = first->engine->gc_stress;
	d->engine.nan_canonical = true;
	first->options->second(&d->engine);
	d->runner = (struct runner){ .options = first->options,
		.totals = &d->totals,
		.path = first->path,
		.src = first->src,
		.engine = &d->engine };
	bool open = runner_open(&d->runner);
	d->scope = (struct scope){ .arena = &d->runner.arena,
		.spectest = &d->runner.spectest,
		.store = d->runner.store };
	return open;
}

void
differ_close(struct differ *d)
{
	if (d->runner.engine != NULL)
		runner_close(&d->runner);
	d->first->totals->failed += d->totals.failed;
	if (d->engine.types != NULL)
		engine_free(&d->engine);
}

/* What both have as an outcome. */
static void
compare(struct differ *d, const struct outcome *a, const struct outcome *b)
{
	struct twin *t = &d->twin;
	const enum status st[2] = { a->kind == OUTCOME_unwound ? STATUS_unwound
							       : STATUS_done,
		b->kind == OUTCOME_unwound ? STATUS_unwound : STATUS_done };
	if ((a->kind == OUTCOME_error || a->kind == OUTCOME_mistake) &&
		a->kind == b->kind) {
		if (strcmp(a->error.text, b->error.text) != 0)
			twin_differ(t, "%s %s, %s %s", a->error.text, names[0],
				b->error.text, names[1]);
		return;
	}
	if (a->kind != b->kind && st[0] == st[1])
		twin_differ(t, "an error in one alone: %s%s", a->error.text,
			b->error.text);
	else
		twin_status(t, "the action", st);
	if (!t->differ && a->kind == OUTCOME_done && b->kind == OUTCOME_done)
		twin_values(
			t, "result", a->types, a->count, a->slots, b->slots);
}

void
differ_command(struct differ *d, const struct script_command *c,
	const struct outcome *o)
{
	struct runner *r = d->first;
	struct outcome mine = runner_command(&d->runner, &d->scope, c);
	d->twin = (struct twin){ .of = { r->store, d->runner.store },
		.names = names };
	compare(d, o, &mine);
	if (!d->twin.differ && !d->twin.ended)
		twin_state(&d->twin);
	if (d->twin.differ) {
		fprintf(r->options->out, "%s:%" PRIu32 ": difference: %s\n",
			r->path, c->line, d->twin.text);
		r->totals->failed++;
	}
	arena_reset(&d->runner.phase);
}
