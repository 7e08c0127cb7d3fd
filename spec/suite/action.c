/*
 * What commands do: load a module, instantiate it, call an export or read a
 * global.
 */
#include "spec/suite/runner.h"

#include "spec/link.h"
#include "spec/suite/compare.h"
#include "spec/text.h"

/* Fills in the kind: done if there is no error. */
static struct outcome
outcome_of(struct outcome o)
{
	o.kind = o.error.kind == ERROR_none ? OUTCOME_done : OUTCOME_error;
	return o;
}

struct outcome
runner_define(
	struct runner *r, const struct script_module *sm, struct module **m)
{
	struct outcome o = { 0 };
	const uint8_t *bytes = (const uint8_t *)sm->bytes;
	size_t len = sm->len;
	if (sm->form != MODULE_binary) {
		uint8_t *binary = NULL;
		text_module(
			sm->bytes, sm->len, &r->phase, &binary, &len, &o.error);
		bytes = binary;
	}
	if (o.error.kind != ERROR_none)
		return outcome_of(o);
	*m = module_load(r->engine, bytes, len, &o.error);
	if (*m == NULL)
		return outcome_of(o);
	struct scope keep = { .arena = &r->arena };
	if (!scope_bind(&keep, &r->loaded, sm->name, *m)) {
		module_release(*m);
		return runner_mistake("out of memory");
	}
	return outcome_of(o);
}

struct outcome
runner_instantiate(struct runner *r, struct scope *s, struct module *m,
	struct instance **in)
{
	struct outcome o = { 0 };
	struct external *imports =
		arena_array(&r->phase, m->nimports + 1, sizeof *imports);
	if (imports == NULL)
		return runner_mistake("out of memory");
	for (uint32_t i = 0; i < m->nimports; i++)
		imports[i] = scope_import(s, &m->imports[i]);
	*in = instance_new(r->store, m, imports, &o.error);
	o = outcome_of(o);
	if (*in == NULL && o.kind == OUTCOME_done)
		o.kind = OUTCOME_unwound;
	return o;
}

static struct outcome
read_global(const struct global *g)
{
	return (struct outcome){ .kind = OUTCOME_done,
		.count = 1,
		.types = &g->type,
		.slots = g->value };
}

/* Writes the arguments; false if they are not of the function's types. */
static bool
pass_arguments(const struct runner *r, const struct functype *type,
	const struct script_command *c, union slot *slots)
{
	if (c->nargs != type->nparams)
		return false;
	for (uint32_t i = 0; i < c->nargs; i++) {
		const struct typespace *ts = r->engine->types;
		valtype t = compare_type(ts, &c->args[i]);
		if (t == VT_BOT || !vt_matches(ts, t, type->params[i]))
			return false;
		compare_slots(&c->args[i], slots);
		slots += vt_slots(t);
	}
	return true;
}

static struct outcome
invoke(struct runner *r, struct func *f, const struct script_command *c)
{
	const struct functype *type =
		&typespace_get(r->engine->types, f->type)->func;
	size_t room = (size_t)type->param_slots + type->result_slots;
	union slot *slots = arena_array(&r->phase, room + 1, sizeof *slots);
	struct outcome o = { .kind = OUTCOME_done,
		.count = type->nresults,
		.types = type->results,
		.slots = slots };
	if (slots == NULL)
		return runner_mistake("out of memory");
	if (!pass_arguments(r, type, c, slots))
		return runner_mistake("arguments are not of the right types");
	if (func_call(r->store, f, slots) != STATUS_done)
		o.kind = OUTCOME_unwound;
	return o;
}

struct outcome
runner_action(
	struct runner *r, const struct scope *s, const struct script_command *c)
{
	const struct binding *b = scope_find(s->instances, c->name);
	if (b == NULL)
		return runner_mistake("unknown instance");
	struct instance *in = b->what;
	if (in->store != r->store)
		return runner_mistake("an instance of another thread");
	const struct export *e =
		module_export(in->module, c->string.bytes, c->string.len);
	if (e == NULL || e->kind != (c->is_get ? EXTERN_global : EXTERN_func))
		return runner_mistake("unknown export");
	struct external x = instance_export(in, e);
	return c->is_get ? read_global(x.u.global) : invoke(r, x.u.func, c);
}
