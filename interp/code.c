#include "interp/code.h"

#include <string.h>

#include "interp/cell.h"
#include "interp/translate.h"
#include "spec/engine.h"
#include "spec/module.h"
#include "trap/error.h"

/* The cells of own function i, NULL if nobody has translated it. */
static const struct cell *
published(struct interp_code *c, uint32_t i)
{
	return atomic_load_explicit(&c->cells[i], memory_order_acquire);
}

/* The module's code, made when first asked for, under the module's lock. */
static struct interp_code *
code_open(struct module *m)
{
	const struct allocator *al = &m->engine->alloc;
	struct interp_code *c = atomic_load(&m->interp);
	if (c != NULL)
		return c;
	c = alloc_zeroed(al, 1, sizeof *c);
	if (c == NULL)
		return NULL;
	uint32_t n = m->nfuncs - m->nimported_funcs;
	arena_init(&c->arena, al);
	c->cells = arena_array(&c->arena, n, sizeof *c->cells);
	c->counts = arena_array(&c->arena, n, sizeof *c->counts);
	if (c->cells == NULL || c->counts == NULL) {
		arena_free(&c->arena);
		alloc_free(al, c, sizeof *c);
		return NULL;
	}
	for (uint32_t i = 0; i < n; i++)
		atomic_init(&c->cells[i], NULL);
	atomic_store(&m->interp, c);
	return c;
}

/* Translates own function i and publishes its cells, under the lock. */
static void
publish(struct module *m, struct interp_code *c, uint32_t i)
{
	struct arena phase;
	struct translation t;
	struct error error;
	arena_init(&phase, &m->engine->alloc);
	error_clear(&error);
	if (translate_function(m, i + m->nimported_funcs, &phase, &t, &error)) {
		struct cell *cells =
			arena_array(&c->arena, t.ncells, sizeof *cells);
		if (cells != NULL) {
			memcpy(cells, t.cells, t.ncells * sizeof *cells);
			c->counts[i] = t.ncells;
			c->total += t.ncells;
			atomic_store_explicit(
				&c->cells[i], cells, memory_order_release);
		}
	}
	arena_free(&phase);
}

const struct cell *
code_of(struct module *m, uint32_t func)
{
	struct interp_code *c = atomic_load(&m->interp);
	uint32_t own = func - m->nimported_funcs;
	const struct cell *cells = c != NULL ? published(c, own) : NULL;
	if (cells != NULL)
		return cells;
	lock_enter(&m->lock);
	c = code_open(m);
	if (c != NULL && published(c, own) == NULL)
		publish(m, c, own);
	cells = c != NULL ? published(c, own) : NULL;
	lock_leave(&m->lock);
	return cells;
}

void
code_free(struct module *m)
{
	struct interp_code *c = atomic_load(&m->interp);
	if (c == NULL)
		return;
	atomic_store(&m->interp, NULL);
	arena_free(&c->arena);
	alloc_free(&m->engine->alloc, c, sizeof *c);
}

bool
code_find(struct module *m, const struct cell *site, uint32_t *func)
{
	struct interp_code *c = atomic_load(&m->interp);
	uint32_t n = c ? m->nfuncs - m->nimported_funcs : 0;
	for (uint32_t i = 0; i < n; i++) {
		const struct cell *cells = published(c, i);
		if (cells != NULL && site > cells &&
			site <= cells + c->counts[i]) {
			*func = i + m->nimported_funcs;
			return true;
		}
	}
	return false;
}

bool
code_locate(struct module *m, const struct cell *site, uint32_t *func,
	uint32_t *offset)
{
	if (!code_find(m, site, func))
		return false;
	struct arena phase;
	struct translation t;
	struct error error;
	arena_init(&phase, &m->engine->alloc);
	error_clear(&error);
	*offset = m->funcs[*func].body.offset;
	if (translate_function(m, *func, &phase, &t, &error))
		*offset = t.offsets[site - code_of(m, *func) - 1];
	arena_free(&phase);
	return true;
}
