#include "host/diff.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/both.h"
#include "host/guess.h"
#include "interp/interp.h"
#include "spec/link.h"
#include "spec/ref.h"
#include "spec/trace.h"

/* C's stack for compiled code: the guest's own is what ends. */
enum { NATIVE_BYTES = BOTH_STACK / 2 };

static const char *const names[] = { "interpreted", "compiled" };

static bool
fail(struct error *error, const char *text)
{
	if (error->kind == ERROR_none)
		error_set(error, ERROR_memory, text);
	return false;
}

static bool
open_engine(struct diff_side *side, struct error *error)
{
	const struct diff_config *c = side->diff->config;
	struct engine *e = &side->engine;
	if (!engine_init(e, &alloc_default))
		return fail(error, "out of memory");
	if (side->second)
		c->setup(e);
	else
		interp_install(e);
	e->features = c->features;
	e->nan_canonical = true;
	e->fuel = c->fuel != 0;
	e->gc_stress = c->gc_stress;
	e->trace = c->lockstep;
	return true;
}

static bool
open_side(struct diff_side *side, const uint8_t *bytes, size_t len,
	struct error *error)
{
	struct diff *d = side->diff;
	struct store_limits limits = d->config->limits;
	limits.native_bytes = NATIVE_BYTES;
	if (!open_engine(side, error))
		return false;
	side->module = module_load(&side->engine, bytes, len, error);
	if (side->module == NULL)
		return false;
	for (uint32_t i = 0; d->config->unshared && i < side->module->nmemories;
		i++)
		side->module->memories[i].shared = false;
	side->store = store_new(&side->engine, &limits);
	uint32_t n = side->module->nimports;
	side->imports = arena_array(&d->arena, n, sizeof *side->imports);
	side->envs = arena_array(&d->arena, n, sizeof *side->envs);
	if (side->store == NULL || d->arena.failed)
		return fail(error, "out of memory");
	for (uint32_t i = 0; i < n; i++)
		side->imports[i].kind = 0xff;
	lockstep_init(
		&side->lockstep, &d->replay, side->second, &alloc_default);
	if (d->config->lockstep)
		side->store->tracer = &side->lockstep.tracer;
	return true;
}

bool
diff_open(struct diff *d, const struct diff_config *c, const uint8_t *bytes,
	size_t len, struct error *error)
{
	memset(d, 0, sizeof *d);
	d->config = c;
	arena_init(&d->arena, &alloc_default);
	arena_init(&d->phase, &alloc_default);
	if (!replay_open(&d->replay, &d->twin, &alloc_default, c->alone))
		return fail(error, "out of memory");
	for (int i = 0; i < 2; i++) {
		d->sides[i].diff = d;
		d->sides[i].second = i != 0;
		if (!open_side(&d->sides[i], bytes, len, error))
			return false;
		d->twin.of[i] = d->sides[i].store;
	}
	d->twin.names = names;
	d->replay.module = d->sides[0].module;
	return true;
}

void
diff_close(struct diff *d)
{
	for (int i = 0; i < 2; i++) {
		struct diff_side *side = &d->sides[i];
		if (side->store != NULL) {
			lockstep_free(&side->lockstep);
			store_free(side->store);
		}
		if (side->module != NULL)
			module_release(side->module);
		if (side->engine.types != NULL)
			engine_free(&side->engine);
	}
	replay_close(&d->replay);
	arena_free(&d->arena);
	arena_free(&d->phase);
}

bool
diff_import(struct diff *d, uint32_t i, struct func *real, struct error *error)
{
	for (int k = 0; k < 2; k++) {
		struct diff_side *side = &d->sides[k];
		const struct module *m = side->module;
		uint32_t type = real->type;
		if (k != 0)
			type = m->types[m->funcs[m->imports[i].index].type]
				       .canon;
		side->envs[i] = (struct replay_import){ &d->replay, i, real };
		side->imports[i].kind = EXTERN_func;
		side->imports[i].u.func = func_new_host(side->store, type,
			k == 0 ? replay_record : replay_answer, &side->envs[i],
			NULL);
		if (side->imports[i].u.func == NULL)
			return fail(error, "out of memory");
	}
	return true;
}

static bool
overflowed(const struct diff_side *side)
{
	const struct pending *p = &side->store->ctx.pending;
	return side->status != STATUS_done && side->error.kind == ERROR_none &&
	       p->kind == UNWIND_trap && p->trap == TRAP_stack_overflow;
}

/* What a side does on its thread. */
static void
run(void *arg)
{
	struct diff_side *side = arg;
	struct diff *d = side->diff;
	side->store->ctx.fuel = (int64_t)d->config->fuel;
	if (side->func != NULL) {
		side->status = func_call(side->store, side->func, side->slots);
	} else {
		side->instance = instance_new(
			side->store, side->module, side->imports, &side->error);
		side->status =
			side->instance != NULL ? STATUS_done : STATUS_unwound;
	}
	if (side->second) {
		stream_stop(&d->replay.stream);
		return;
	}
	d->replay.exhausted =
		overflowed(side) || (d->config->alone && d->replay.stopped);
	stream_end(&d->replay.stream);
}

static void
compare_results(struct diff *d, const char *what)
{
	const struct diff_side *a = &d->sides[0], *b = &d->sides[1];
	const struct functype *t =
		&typespace_get(a->engine.types, a->func->type)->func;
	char text[200];
	snprintf(text, sizeof text, "%s: result", what);
	twin_values(
		&d->twin, text, t->results, t->nresults, a->slots, b->slots);
}

/* The second run may be over its stack while the first is only stopped. */
static void
compare(struct diff *d, const char *what)
{
	enum status st[2] = { d->sides[0].status, d->sides[1].status };
	struct twin *t = &d->twin;
	int64_t fuel[2] = { d->sides[0].store->ctx.fuel,
		d->sides[1].store->ctx.fuel };
	t->ended |= d->replay.stopped &&
		    (overflowed(&d->sides[1]) || d->config->alone);
	if (t->differ || t->ended)
		return;
	twin_status(t, what, st);
	if (t->differ || t->ended)
		return;
	if (st[0] == STATUS_done && d->sides[0].func != NULL)
		compare_results(d, what);
	if (!t->differ) {
		twin_state(t);
		if (t->differ)
			twin_add(t, "; after %s", what);
	}
	if (d->config->fuel != 0 && fuel[0] != fuel[1])
		twin_differ(t, "%s: %" PRId64 " fuel left %s, %" PRId64 " %s",
			what, fuel[0], t->names[0], fuel[1], t->names[1]);
}

/* Both sides do what they are set to do.  False if nothing more may run. */
static bool
run_both(struct diff *d, const char *what)
{
	struct twin *t = &d->twin;
	if (t->differ || t->ended)
		return false;
	if (d->config->alone) {
		run(&d->sides[0]);
		run(&d->sides[1]);
	} else if (!both_run(run, &d->sides[0], &d->sides[1])) {
		twin_differ(t, "there are no threads");
		return false;
	}
	if (d->sides[0].error.kind == ERROR_none)
		compare(d, what);
	if (!stream_reset(&d->replay.stream) && !t->ended)
		twin_differ(t, "%s: more host calls or loops %s", what,
			t->names[0]);
	return !t->differ && !t->ended;
}

/* What nobody has given. */
static bool
guess_imports(struct diff_side *side)
{
	const struct module *m = side->module;
	for (uint32_t i = 0; i < m->nimports; i++)
		if (side->imports[i].kind == 0xff &&
			!guess_import(side->store, m, &m->imports[i],
				&side->imports[i], &side->error))
			return fail(
				&side->error, "nothing is known for an import");
	return true;
}

bool
diff_instantiate(struct diff *d)
{
	for (int i = 0; i < 2; i++)
		if (!guess_imports(&d->sides[i]))
			return false;
	bool same = run_both(d, "the instantiation");
	return same && d->sides[0].instance != NULL;
}

bool
diff_call(struct diff *d, uint32_t func, const char *what, union slot *slots)
{
	const struct func *f = instance_func(d->sides[0].instance, func);
	uint32_t n = f->param_slots > f->result_slots ? f->param_slots
						      : f->result_slots;
	union slot *theirs = arena_copy(&d->phase, slots, n * sizeof *slots);
	if (theirs == NULL) {
		twin_differ(&d->twin, "out of memory");
		return false;
	}
	for (int i = 0; i < 2; i++) {
		struct diff_side *side = &d->sides[i];
		side->func = instance_func(side->instance, func);
		side->slots = i == 0 ? slots : theirs;
	}
	d->calls++;
	return run_both(d, what);
}

void
diff_call_exports(struct diff *d)
{
	const struct module *m = d->sides[0].module;
	char what[200];
	for (uint32_t i = 0; i < m->nexports; i++) {
		const struct export *e = &m->exports[i];
		if (e->kind != EXTERN_func)
			continue;
		const struct func *f =
			instance_func(d->sides[0].instance, e->index);
		const struct functype *t =
			&typespace_get(d->sides[0].engine.types, f->type)->func;
		for (int k = 0; k < (t->nparams == 0 ? 1 : GUESS_SETS); k++) {
			union slot *slots = arena_array(&d->phase,
				(size_t)t->param_slots + t->result_slots,
				sizeof *slots);
			snprintf(what, sizeof what, "\"%.*s\" (%d)",
				e->name.len < 150 ? (int)e->name.len : 150,
				e->name.bytes, k);
			if (slots == NULL ||
				(guess_arguments(t, k, slots) &&
					!diff_call(d, e->index, what, slots)))
				return;
			arena_reset(&d->phase);
		}
	}
}
