/*
 * Linkers and instances for embedders.
 */
#include <stdio.h>

#include "host/api.h"
#include "spec/extern.h"
#include "spec/link.h"
#include "trap/error.h"
#include "trap/unwind.h"

#define MISSING 0xff /* kind of an external that nothing defines */

struct definition {
	struct name module, name;
	struct external what;
	struct definition *next;
};

struct sheave_linker {
	struct sheave_store *store;
	struct arena arena; /* definitions */
	struct definition *definitions;
	enum sheave_unknown unknown;
};

static const struct allocator *
alloc_of(const struct sheave_linker *l)
{
	return &l->store->engine->engine.alloc;
}

static void
refuse_memory(const struct sheave_linker *l, struct sheave_error **error)
{
	api_refuse(alloc_of(l), error, SHEAVE_ERROR_MEMORY, "out of memory");
}

struct sheave_linker *
sheave_linker_new(struct sheave_store *store, struct sheave_error **error)
{
	const struct allocator *al = &store->engine->engine.alloc;
	struct sheave_linker *l = alloc_zeroed(al, 1, sizeof *l);
	if (l == NULL) {
		api_refuse(al, error, SHEAVE_ERROR_MEMORY, "out of memory");
		return NULL;
	}
	arena_init(&l->arena, al);
	l->store = store;
	store->refs++;
	return l;
}

void
sheave_linker_free(struct sheave_linker *linker)
{
	if (linker == NULL)
		return;
	struct sheave_store *s = linker->store;
	for (struct definition *d = linker->definitions; d; d = d->next)
		unit_unpin(unit_of(&d->what));
	arena_free(&linker->arena);
	alloc_free(alloc_of(linker), linker, sizeof *linker);
	api_store_release(s);
}

void
sheave_linker_unknown(struct sheave_linker *linker, enum sheave_unknown what)
{
	linker->unknown = what;
}

static bool
same(struct name a, struct name b)
{
	return a.len == b.len && memcmp(a.bytes, b.bytes, a.len) == 0;
}

static struct definition *
find(const struct sheave_linker *l, struct name module, struct name name)
{
	struct definition *d = l->definitions;
	while (d != NULL && !(same(d->module, module) && same(d->name, name)))
		d = d->next;
	return d;
}

static bool
define(struct sheave_linker *l, struct name module, struct name name,
	const struct external *what, struct sheave_error **error)
{
	struct definition *d = find(l, module, name);
	if (external_store(what) != l->store->store) {
		api_refuse(alloc_of(l), error, SHEAVE_ERROR_MISUSE,
			"%s.%s belongs to another store", module.bytes,
			name.bytes);
		return false;
	}
	if (d == NULL) {
		d = arena_alloc(&l->arena, sizeof *d);
		char *m = arena_copy(&l->arena, module.bytes, module.len);
		char *n = arena_copy(&l->arena, name.bytes, name.len);
		if (d == NULL || m == NULL || n == NULL) {
			refuse_memory(l, error);
			return false;
		}
		d->module = (struct name){ m, module.len };
		d->name = (struct name){ n, name.len };
		d->next = l->definitions;
		l->definitions = d;
	} else {
		unit_unpin(unit_of(&d->what));
	}
	d->what = *what;
	unit_pin(unit_of(what));
	return true;
}

static struct name
name_of(const char *text)
{
	return (struct name){ text, (uint32_t)strlen(text) };
}

struct external
api_external(const struct sheave_extern *x)
{
	struct external out = { .kind = (uint8_t)x->kind };
	switch (x->kind) {
	case SHEAVE_FUNC:
		out.u.func = (struct func *)x->of.func;
		break;
	case SHEAVE_TABLE:
		out.u.table = (struct table *)x->of.table;
		break;
	case SHEAVE_MEMORY:
		out.u.memory = (struct memory *)x->of.memory;
		break;
	case SHEAVE_GLOBAL:
		out.u.global = (struct global *)x->of.global;
		break;
	default:
		out.u.tag = (struct tag *)x->of.tag;
		break;
	}
	return out;
}

struct sheave_extern
api_extern(const struct external *x)
{
	struct sheave_extern out = { .kind = (enum sheave_extern_kind)x->kind };
	switch (x->kind) {
	case EXTERN_func:
		out.of.func = (struct sheave_func *)x->u.func;
		break;
	case EXTERN_table:
		out.of.table = (struct sheave_table *)x->u.table;
		break;
	case EXTERN_memory:
		out.of.memory = (struct sheave_memory *)x->u.memory;
		break;
	case EXTERN_global:
		out.of.global = (struct sheave_global *)x->u.global;
		break;
	default:
		out.of.tag = (struct sheave_tag *)x->u.tag;
		break;
	}
	return out;
}

bool
sheave_linker_define(struct sheave_linker *linker, const char *module,
	const char *name, const struct sheave_extern *what,
	struct sheave_error **error)
{
	struct external x = api_external(what);
	return define(linker, name_of(module), name_of(name), &x, error);
}

/* The linker alone holds f, which was just made. */
static bool
define_func(struct sheave_linker *l, const char *module, const char *name,
	struct sheave_func *f, struct sheave_error **error)
{
	struct external x = { .kind = EXTERN_func };
	x.u.func = (struct func *)f;
	if (f == NULL)
		return false;
	bool done = define(l, name_of(module), name_of(name), &x, error);
	unit_unpin(unit_of(&x));
	return done;
}

bool
sheave_linker_func(struct sheave_linker *linker, const char *module,
	const char *name, const char *signature, sheave_host_fn *fn, void *env,
	sheave_finalizer *finalizer, struct sheave_error **error)
{
	return define_func(linker, module, name,
		sheave_func_new(
			linker->store, signature, fn, env, finalizer, error),
		error);
}

bool
sheave_linker_func_slots(struct sheave_linker *linker, const char *module,
	const char *name, const char *signature, sheave_host_slots_fn *fn,
	void *env, sheave_finalizer *finalizer, struct sheave_error **error)
{
	return define_func(linker, module, name,
		sheave_func_new_slots(
			linker->store, signature, fn, env, finalizer, error),
		error);
}

bool
sheave_linker_instance(struct sheave_linker *linker, const char *module,
	struct sheave_instance *instance, struct sheave_error **error)
{
	struct instance *in = (struct instance *)instance;
	const struct module *m = in->module;
	for (uint32_t i = 0; i < m->nexports; i++) {
		struct external x = instance_export(in, &m->exports[i]);
		if (!define(linker, name_of(module), m->exports[i].name, &x,
			    error))
			return false;
	}
	return true;
}

/* The environment of an unknown function. */
struct unknown {
	struct module *module; /* retained */
	const struct import *import;
};

static enum status
call_unknown(void *env, struct store *store, struct instance *caller,
	union slot *slots)
{
	const struct unknown *u = env;
	char text[160];
	(void)caller;
	(void)slots;
	snprintf(text, sizeof text, "unknown import %.64s.%.64s was called",
		u->import->module.bytes, u->import->field.bytes);
	return raise_host(&store->ctx, text, NULL);
}

static void
unknown_free(void *env)
{
	struct unknown *u = env;
	struct module *m = u->module;
	const struct allocator *al = &m->engine->alloc;
	alloc_free(al, u, sizeof *u);
	module_release(m);
}

static enum status
call_zero(void *env, struct store *store, struct instance *caller,
	union slot *slots)
{
	const struct functype *t = env;
	(void)store;
	(void)caller;
	memset(slots, 0, t->result_slots * sizeof *slots);
	return STATUS_done;
}

static struct func *
unknown_new(struct store *s, uint32_t type, struct module *m,
	const struct import *import)
{
	struct unknown *u = alloc_zeroed(&m->engine->alloc, 1, sizeof *u);
	if (u == NULL)
		return NULL;
	*u = (struct unknown){ m, import };
	struct func *f = func_new_host(s, type, call_unknown, u, unknown_free);
	if (f == NULL)
		alloc_free(&m->engine->alloc, u, sizeof *u);
	else
		module_retain(m);
	return f;
}

/* A new function for an unknown import, pinned; kind MISSING for nothing. */
static struct external
stand_in(struct sheave_linker *l, struct module *m, const struct import *i)
{
	struct external x = { .kind = MISSING };
	struct store *s = l->store->store;
	if (i->kind != EXTERN_func || l->unknown == SHEAVE_UNKNOWN_REFUSE)
		return x;
	struct externtype t = extern_declared(m, i->kind, i->index);
	const struct functype *f =
		&typespace_get(m->engine->types, t.type)->func;
	bool zero = l->unknown == SHEAVE_UNKNOWN_ZERO;
	for (uint32_t r = 0; r < f->nresults; r++)
		zero = zero && vt_defaultable(f->results[r]);
	x.u.func = zero ? func_new_host(s, t.type, call_zero, (void *)f, NULL)
			: unknown_new(s, t.type, m, i);
	if (x.u.func != NULL)
		x.kind = EXTERN_func;
	return x;
}

/* What the imports are resolved with; stand-ins are listed in made. */
static uint32_t
resolve(struct sheave_linker *l, struct module *m, struct external *imports,
	struct external *made)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < m->nimports; i++) {
		const struct import *im = &m->imports[i];
		const struct definition *d = find(l, im->module, im->field);
		imports[i] = d != NULL ? d->what : stand_in(l, m, im);
		if (d == NULL && imports[i].kind != MISSING)
			made[n++] = imports[i];
	}
	return n;
}

enum sheave_result
sheave_linker_instantiate(struct sheave_linker *linker,
	struct sheave_module *module, struct sheave_instance **instance,
	struct sheave_error **error)
{
	struct store *s = linker->store->store;
	struct module *m = module->module;
	const struct allocator *al = alloc_of(linker);
	struct error why;
	if (module->engine != linker->store->engine) {
		api_refuse(al, error, SHEAVE_ERROR_MISUSE,
			"the module belongs to another engine");
		return SHEAVE_REFUSED;
	}
	size_t n = m->nimports;
	struct external *imports = alloc_zeroed(al, n, 2 * sizeof *imports);
	if (imports == NULL) {
		refuse_memory(linker, error);
		return SHEAVE_REFUSED;
	}
	uint32_t made = resolve(linker, m, imports, imports + n);
	struct instance *in = instance_new(s, m, imports, &why);
	while (made > 0)
		unit_unpin(unit_of(&imports[n + --made]));
	alloc_free(al, imports, n * 2 * sizeof *imports);
	if (in != NULL) {
		*instance = (struct sheave_instance *)in;
		return SHEAVE_OK;
	}
	if (why.kind == ERROR_none) {
		api_stopped(s, error);
		return SHEAVE_STOPPED;
	}
	api_error(al, error, &why);
	return SHEAVE_REFUSED;
}

void
sheave_instance_free(struct sheave_instance *instance)
{
	if (instance != NULL)
		unit_unpin(&((struct instance *)instance)->unit);
}

bool
sheave_instance_export(struct sheave_instance *instance, const char *name,
	struct sheave_extern *out)
{
	struct instance *in = (struct instance *)instance;
	const struct export *e =
		module_export(in->module, name, (uint32_t)strlen(name));
	if (e == NULL)
		return false;
	struct external x = instance_export(in, e);
	*out = api_extern(&x);
	return true;
}

struct sheave_func *
sheave_instance_func(struct sheave_instance *instance, const char *name)
{
	struct sheave_extern x;
	return sheave_instance_export(instance, name, &x) &&
			       x.kind == SHEAVE_FUNC
		       ? x.of.func
		       : NULL;
}

struct sheave_memory *
sheave_instance_memory(struct sheave_instance *instance, const char *name)
{
	struct sheave_extern x;
	return sheave_instance_export(instance, name, &x) &&
			       x.kind == SHEAVE_MEMORY
		       ? x.of.memory
		       : NULL;
}

struct sheave_global *
sheave_instance_global(struct sheave_instance *instance, const char *name)
{
	struct sheave_extern x;
	return sheave_instance_export(instance, name, &x) &&
			       x.kind == SHEAVE_GLOBAL
		       ? x.of.global
		       : NULL;
}

struct sheave_table *
sheave_instance_table(struct sheave_instance *instance, const char *name)
{
	struct sheave_extern x;
	return sheave_instance_export(instance, name, &x) &&
			       x.kind == SHEAVE_TABLE
		       ? x.of.table
		       : NULL;
}

struct sheave_tag *
sheave_instance_tag(struct sheave_instance *instance, const char *name)
{
	struct sheave_extern x;
	return sheave_instance_export(instance, name, &x) &&
			       x.kind == SHEAVE_TAG
		       ? x.of.tag
		       : NULL;
}
