/*
 * Modules: the pipeline from bytes, references, lookup.
 */
#include "spec/module.h"

#include <assert.h>
#include <string.h>

#include "spec/decode.h"
#include "spec/decode_body.h"
#include "spec/engine.h"
#include "spec/tier.h"
#include "spec/validate.h"
#include "trap/error.h"

struct module *
module_load(struct engine *engine, const uint8_t *bytes, size_t len,
	struct error *error)
{
	error_clear(error);
	if (len > UINT32_MAX) {
		error_set(error, ERROR_limit, "module too large");
		return NULL;
	}
	struct module *m = alloc_zeroed(&engine->alloc, 1, sizeof *m);
	if (m == NULL) {
		error_set(error, ERROR_memory, "out of memory");
		return NULL;
	}
	if (!lock_open(&m->lock)) {
		alloc_free(&engine->alloc, m, sizeof *m);
		error_set(error, ERROR_memory, "out of memory");
		return NULL;
	}
	m->engine = engine;
	atomic_init(&m->refs, 1);
	atomic_init(&m->interp, NULL);
	atomic_init(&m->native, NULL);
	m->len = (uint32_t)len;
	arena_init(&m->arena, &engine->alloc);
	m->bytes = arena_copy(&m->arena, bytes, len);
	if (m->bytes == NULL)
		error_set(error, ERROR_memory, "out of memory");
	if (error->kind == ERROR_none)
		decode_module(m, error);
	if (error->kind == ERROR_none)
		validate_module(m, error);
	if (error->kind == ERROR_none)
		return m;
	if (error->kind == ERROR_malformed || error->kind == ERROR_invalid)
		decode_body_errors(m, error);
	module_release(m);
	return NULL;
}

void
module_retain(struct module *m)
{
	unsigned refs =
		atomic_fetch_add_explicit(&m->refs, 1, memory_order_relaxed);
	assert(refs > 0 && "the module is alive");
	(void)refs;
}

void
module_release(struct module *m)
{
	if (m == NULL)
		return;
	unsigned refs = atomic_fetch_sub(&m->refs, 1);
	assert(refs > 0 && "the module is alive");
	if (refs > 1)
		return;
	const struct allocator *al = &m->engine->alloc;
	if (m->engine->second != NULL)
		m->engine->second->module_free(m);
	if (m->engine->tier != NULL)
		m->engine->tier->module_free(m);
	arena_free(&m->arena);
	lock_close(&m->lock);
	alloc_free(al, m, sizeof *m);
}

struct name
module_func_name(const struct module *m, uint32_t index)
{
	uint32_t low = 0, high = m->func_names.count;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		if (m->func_names.rows[mid].index < index)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < m->func_names.count && m->func_names.rows[low].index == index)
		return m->func_names.rows[low].name;
	return (struct name){ "", 0 };
}

const struct export *
module_export(const struct module *m, const char *name, uint32_t len)
{
	for (uint32_t i = 0; i < m->nexports; i++)
		if (m->exports[i].name.len == len &&
			memcmp(m->exports[i].name.bytes, name, len) == 0)
			return &m->exports[i];
	return NULL;
}
