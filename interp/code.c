#include "interp/code.h"

#include <string.h>

#include "interp/cell.h"
#include "interp/translate.h"
#include "spec/engine.h"
#include "spec/module.h"
#include "trap/error.h"

/* The module's code, made when first asked for. */
static struct interp_code *
code_open(struct module *m)
{
	const struct allocator *al = &m->engine->alloc;
	if (m->interp != NULL)
		return m->interp;
	struct interp_code *c = alloc_zeroed(al, 1, sizeof *c);
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
	m->interp = c;
	return c;
}

const struct cell *
code_of(struct module *m, uint32_t func)
{
	struct interp_code *c = code_open(m);
	uint32_t own = func - m->nimported_funcs;
	if (c == NULL || c->cells[own] != NULL)
		return c ? c->cells[own] : NULL;
	struct arena phase;
	struct translation t;
	struct error error;
	arena_init(&phase, &m->engine->alloc);
	error_clear(&error);
	if (translate_function(m, func, &phase, &t, &error)) {
		struct cell *cells =
			arena_array(&c->arena, t.ncells, sizeof *cells);
		if (cells != NULL) {
			memcpy(cells, t.cells, t.ncells * sizeof *cells);
			c->cells[own] = cells;
			c->counts[own] = t.ncells;
			c->total += t.ncells;
		}
	}
	arena_free(&phase);
	return c->cells[own];
}

void
code_free(struct module *m)
{
	struct interp_code *c = m->interp;
	if (c == NULL)
		return;
	m->interp = NULL;
	arena_free(&c->arena);
	alloc_free(&m->engine->alloc, c, sizeof *c);
}

bool
code_locate(struct module *m, const struct cell *site, uint32_t *func,
	uint32_t *offset)
{
	struct interp_code *c = m->interp;
	uint32_t n = c ? m->nfuncs - m->nimported_funcs : 0;
	uint32_t i = 0;
	while (i < n && (c->cells[i] == NULL || site <= c->cells[i] ||
				site > c->cells[i] + c->counts[i]))
		i++;
	if (i == n)
		return false;
	struct arena phase;
	struct translation t;
	struct error error;
	arena_init(&phase, &m->engine->alloc);
	error_clear(&error);
	*func = i + m->nimported_funcs;
	*offset = m->funcs[*func].body.offset;
	if (translate_function(m, *func, &phase, &t, &error))
		*offset = t.offsets[site - c->cells[i] - 1];
	arena_free(&phase);
	return true;
}
