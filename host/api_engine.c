/*
 * Engines and modules for embedders.
 */
#include <assert.h>
#include <stdio.h>

#include "host/api.h"
#include "interp/interp.h"
#include "jit/jit.h"
#include "spec/extern.h"
#include "spec/feature.h"
#include "spec/text.h"
#include "trap/error.h"
#include "trap/trap.h"

/* Switches off the features in list, words between spaces; false: unknown. */
static bool
switch_off(features *set, const char *list)
{
	bool known = true;
	while (list != NULL && *list != '\0') {
		size_t len = strcspn(list, " ");
		if (len != 0 && !feature_switch(set, list, len, false))
			known = false;
		list += len + strspn(list + len, " ");
	}
	return known;
}

/* False: eager, but there is no second tier. */
static bool
install_jit(struct engine *e, const struct sheave_config *config)
{
	bool eager = config->jit == SHEAVE_JIT_EAGER;
	struct jit_config jit = { .mode = eager ? JIT_eager : JIT_on,
		.alone = config->jit_alone,
		.signals = config->signals };
	return config->jit == SHEAVE_JIT_OFF || jit_install(e, &jit) || !eager;
}

/* As engine.stopped: error is where the reason goes, or NULL. */
static int
call_stopped(struct store *s, void *error)
{
	api_stopped(s, error);
	return SHEAVE_STOPPED;
}

struct sheave_engine *
sheave_engine_new(
	const struct sheave_config *config, struct sheave_error **error)
{
	static const struct sheave_config none;
	struct allocator al = alloc_default;
	features set = features_known();
	if (config == NULL)
		config = &none;
	if (config->resize != NULL)
		al = (struct allocator){ config->resize, config->user };
	if (!switch_off(&set, config->without)) {
		api_refuse(&al, error, SHEAVE_ERROR_MISUSE,
			"unknown feature in \"%s\"", config->without);
		return NULL;
	}
	struct sheave_engine *e = alloc_zeroed(&al, 1, sizeof *e);
	if (e == NULL || !engine_init(&e->engine, &al)) {
		alloc_free(&al, e, sizeof *e);
		api_refuse(&al, error, SHEAVE_ERROR_MEMORY, "out of memory");
		return NULL;
	}
	atomic_init(&e->refs, 1);
	e->engine.stopped = call_stopped;
	e->engine.features = set;
	e->engine.nan_canonical = config->nan_canonical;
	e->engine.interruptible = config->interruptible;
	e->engine.gc_stress = config->gc_stress;
	e->engine.fuel = config->fuel;
	interp_install(&e->engine);
	if (!install_jit(&e->engine, config)) {
		api_refuse(&al, error, SHEAVE_ERROR_UNSUPPORTED,
			"there is no JIT here");
		engine_free(&e->engine);
		alloc_free(&al, e, sizeof *e);
		return NULL;
	}
	return e;
}

void
api_engine_release(struct sheave_engine *e)
{
	unsigned refs = atomic_fetch_sub(&e->refs, 1);
	assert(refs > 0 && "the engine is alive");
	if (refs > 1)
		return;
	struct allocator al = e->engine.alloc;
	engine_free(&e->engine);
	alloc_free(&al, e, sizeof *e);
}

void
sheave_engine_free(struct sheave_engine *engine)
{
	if (engine != NULL)
		api_engine_release(engine);
}

const char *
sheave_feature(uint32_t i)
{
	return i < FEATURE_count ? feature_name((enum feature_index)i) : NULL;
}

/* The text format begins with a space, a comment or a parenthesis. */
static bool
is_text(const uint8_t *bytes, size_t len)
{
	return len != 0 && bytes[0] != 0 && strchr(" \t\r\n(;", bytes[0]);
}

static struct module *
load(struct engine *e, const void *bytes, size_t len,
	struct sheave_error **error)
{
	struct error why;
	struct arena a;
	uint8_t *binary;
	size_t binary_len;
	struct module *m = NULL;
	error_clear(&why);
	if (!is_text(bytes, len)) {
		m = module_load(e, bytes, len, &why);
	} else {
		arena_init(&a, &e->alloc);
		if (text_module(bytes, len, &a, &binary, &binary_len, &why))
			m = module_load(e, binary, binary_len, &why);
		arena_free(&a);
	}
	if (m == NULL)
		api_error(&e->alloc, error, &why);
	return m;
}

struct sheave_module *
sheave_module_load(struct sheave_engine *engine, const void *bytes, size_t len,
	struct sheave_error **error)
{
	const struct allocator *al = &engine->engine.alloc;
	struct module *m = load(&engine->engine, bytes, len, error);
	if (m == NULL)
		return NULL;
	struct sheave_module *handle = alloc_zeroed(al, 1, sizeof *handle);
	if (handle == NULL) {
		module_release(m);
		api_refuse(al, error, SHEAVE_ERROR_MEMORY, "out of memory");
		return NULL;
	}
	handle->module = m;
	handle->engine = engine;
	atomic_fetch_add(&engine->refs, 1);
	return handle;
}

void
sheave_module_free(struct sheave_module *module)
{
	if (module == NULL)
		return;
	struct sheave_engine *e = module->engine;
	module_release(module->module);
	alloc_free(&e->engine.alloc, module, sizeof *module);
	api_engine_release(e);
}

bool
sheave_module_validate(struct sheave_engine *engine, const void *bytes,
	size_t len, struct sheave_error **error)
{
	struct module *m = load(&engine->engine, bytes, len, error);
	module_release(m);
	return m != NULL;
}

static_assert((int)SHEAVE_FUNC == EXTERN_func &&
		      (int)SHEAVE_TABLE == EXTERN_table &&
		      (int)SHEAVE_MEMORY == EXTERN_memory &&
		      (int)SHEAVE_GLOBAL == EXTERN_global &&
		      (int)SHEAVE_TAG == EXTERN_tag,
	"kinds have the same numbers");

void
api_externtype(const struct typespace *ts, const struct externtype *t,
	struct sheave_externtype *out)
{
	*out = (struct sheave_externtype){
		.kind = (enum sheave_extern_kind)t->kind,
		.value = t->value,
		.mut = t->mut,
		.has_max = t->limits.has_max,
		.is64 = t->limits.is64,
		.shared = t->limits.shared,
		.min = t->limits.min,
		.max = t->limits.max,
	};
	if (t->kind == EXTERN_memory)
		out->page_size = (uint32_t)1 << t->limits.page_shift;
	if (t->kind != EXTERN_func && t->kind != EXTERN_tag)
		return;
	const struct functype *f = &typespace_get(ts, t->type)->func;
	out->nparams = f->nparams;
	out->params = f->params;
	out->nresults = f->nresults;
	out->results = f->results;
}

static void
declared(const struct module *m, uint8_t kind, uint32_t index,
	struct sheave_externtype *out)
{
	struct externtype t = extern_declared(m, kind, index);
	api_externtype(m->engine->types, &t, out);
}

bool
sheave_module_import(const struct sheave_module *module, uint32_t i,
	struct sheave_import *out)
{
	const struct module *m = module->module;
	if (i >= m->nimports)
		return false;
	const struct import *im = &m->imports[i];
	out->module = im->module.bytes;
	out->module_len = im->module.len;
	out->name = im->field.bytes;
	out->name_len = im->field.len;
	declared(m, im->kind, im->index, &out->type);
	return true;
}

bool
sheave_module_export(const struct sheave_module *module, uint32_t i,
	struct sheave_export *out)
{
	const struct module *m = module->module;
	if (i >= m->nexports)
		return false;
	const struct export *ex = &m->exports[i];
	out->name = ex->name.bytes;
	out->name_len = ex->name.len;
	declared(m, ex->kind, ex->index, &out->type);
	return true;
}

bool
sheave_module_custom(const struct sheave_module *module, uint32_t i,
	struct sheave_custom *out)
{
	const struct module *m = module->module;
	if (i >= m->ncustoms)
		return false;
	const struct custom *c = &m->customs[i];
	out->name = c->name.bytes;
	out->name_len = c->name.len;
	out->bytes = m->bytes + c->bytes.offset;
	out->len = c->bytes.len;
	return true;
}

const char *
sheave_module_name(const struct sheave_module *module)
{
	struct name name = module->module->name;
	return name.len != 0 ? name.bytes : NULL;
}

const char *
sheave_module_func_name(const struct sheave_module *module, uint32_t func)
{
	struct name name = module_func_name(module->module, func);
	return name.len != 0 ? name.bytes : NULL;
}
