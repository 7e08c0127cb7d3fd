#include "interp/map.h"

#include <assert.h>

#include "interp/code.h"
#include "interp/loop.h"
#include "interp/translate.h"
#include "spec/engine.h"
#include "spec/hash.h"
#include "spec/store.h"
#include "spec/tier.h"
#include "trap/error.h"

struct site {
	UT_hash_handle hh;
	const struct cell *cell; /* the key */
	struct frame_map map;
};

struct interp_maps {
	struct arena arena;
	struct site *sites;
};

static const struct site *
lookup(const struct interp_maps *maps, const struct cell *cell)
{
	const uint64_t hash_seed = 0; /* keys are ours */
	struct site *s;
	HASH_FIND(hh, maps->sites, &cell, sizeof cell, s);
	return s;
}

static bool
add(struct interp_maps *maps, const struct cell *cell, struct frame_map map)
{
	struct arena *hash_arena = &maps->arena;
	const uint64_t hash_seed = 0;
	struct site *s = arena_alloc(hash_arena, sizeof *s);
	if (s == NULL)
		return false;
	s->cell = cell;
	s->map = map;
	HASH_ADD(hh, maps->sites, cell, sizeof s->cell, s);
	return s->hh.tbl != NULL;
}

/* Adds all sites of the function; false when out of memory. */
static bool
add_func(struct interp_maps *maps, struct module *m, uint32_t func)
{
	struct arena phase;
	struct translation t;
	struct error error;
	arena_init(&phase, &m->engine->alloc);
	error_clear(&error);
	bool done = translate_maps(m, func, &phase, &t, &error);
	uint32_t *words = NULL;
	if (done)
		words = arena_copy(
			&maps->arena, t.maps, t.nmaps * sizeof *words);
	done = words != NULL;
	const struct cell *cells = code_of(m, func);
	for (uint32_t i = 0; done && i < t.nmaps; i += 2 + words[i + 1]) {
		struct frame_map map = { words + i + 2, words[i + 1] };
		if (lookup(maps, cells + words[i]) == NULL)
			done = add(maps, cells + words[i], map);
	}
	arena_free(&phase);
	return done;
}

/* A cell of no function: where an entry ends. */
static bool
is_static(const struct cell *site)
{
	const struct cell *first = loop_tables()->cells;
	return (uintptr_t)site - (uintptr_t)first <
	       CELL_static_count * sizeof *first;
}

static struct interp_maps *
open_maps(struct store *s)
{
	if (s->maps == NULL) {
		s->maps = alloc_zeroed(&s->engine->alloc, 1, sizeof *s->maps);
		if (s->maps != NULL)
			arena_init(&s->maps->arena, &s->engine->alloc);
	}
	return s->maps;
}

bool
map_find(struct store *s, const struct cell *site, struct frame_map *out)
{
	const struct module *last = NULL;
	uint32_t func;
	*out = (struct frame_map){ NULL, 0 };
	if (is_static(site))
		return true;
	const struct second_tier *second = s->engine->second;
	if (second != NULL && second->frame_map(s, site, out))
		return true;
	struct interp_maps *maps = open_maps(s);
	if (maps == NULL)
		return false;
	const struct site *known = lookup(maps, site);
	for (struct instance *in = s->instances; known == NULL && in != NULL;
		in = in->next) {
		if (in->module == last)
			continue;
		last = in->module;
		if (!code_find(in->module, site, &func))
			continue;
		if (!add_func(maps, in->module, func))
			return false;
		known = lookup(maps, site);
		assert(known != NULL && "emit_safepoint was called for it");
		break;
	}
	if (known == NULL)
		return false;
	*out = known->map;
	return true;
}

void
map_free(struct store *s)
{
	if (s->maps == NULL)
		return;
	arena_free(&s->maps->arena);
	alloc_free(&s->engine->alloc, s->maps, sizeof *s->maps);
	s->maps = NULL;
}
