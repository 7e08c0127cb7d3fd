/*
 * Canonical types: recursion groups hash-consed in a table, so that equal types
 * of all modules have equal ids (standard, 3.0: 3.1.4 and 4.2 on rolling).
 * A group is equal to another if their keys are: a row of words for each type
 *
 *   comp | final << 8, super, number of params or fields, number of results,
 *   params and results or pairs of field type and mutability
 *
 * in which a type outside the group is its canonical id and one inside it is
 * IN_GROUP | its place.  Needs references that have been checked.
 *
 * Threads add under the lock.  They read without it: an id comes with what its
 * row says, a row never changes, and the array of rows is replaced, not moved.
 */
#include "spec/type.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

#include "spec/hash.h"
#include "spec/layout.h"
#include "trap/alloc.h"
#include "trap/lock.h"
#include "trap/seed.h"

#define IN_GROUP ((uint32_t)1 << 28)

struct group {
	UT_hash_handle hh;
	uint32_t *key;
	uint32_t first; /* id of the group's first type */
};

struct typespace {
	struct typespace_head head; /* first */
	const struct allocator *al;
	struct arena arena;
	struct group *groups;
	uint64_t seed; /* of groups */
	uint32_t room;
	struct lock lock;     /* of additions */
	struct arena scratch; /* of one addition */
};

/* The key being written; types NULL: indices are canonical ids already. */
struct keyer {
	const struct deftype *types;
	uint32_t first, count;
	uint32_t *at;
};

struct typespace *
typespace_new(const struct allocator *al)
{
	struct typespace *ts = alloc_zeroed(al, 1, sizeof *ts);
	if (ts == NULL)
		return NULL;
	if (!lock_open(&ts->lock)) {
		alloc_free(al, ts, sizeof *ts);
		return NULL;
	}
	ts->al = al;
	ts->seed = seed_draw();
	atomic_init(&ts->head.rows, NULL);
	atomic_init(&ts->head.nrows, 0);
	arena_init(&ts->arena, al);
	arena_init(&ts->scratch, al);
	return ts;
}

void
typespace_free(struct typespace *ts)
{
	if (ts == NULL)
		return;
	arena_free(&ts->arena);
	arena_free(&ts->scratch);
	lock_close(&ts->lock);
	alloc_free(ts->al, ts, sizeof *ts);
}

/* A type index as a word of the key. */
static uint32_t
key_index(const struct keyer *k, uint32_t x)
{
	if (k->types == NULL || x == NO_INDEX)
		return x;
	if (x - k->first < k->count)
		return IN_GROUP | (x - k->first);
	return k->types[x].canon;
}

static void
key_vals(struct keyer *k, const valtype *t, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		valtype v = t[i];
		if ((v & VT_INDEX) != 0)
			v = (v & ~VT_PAYLOAD) | key_index(k, v & VT_PAYLOAD);
		*k->at++ = v;
	}
}

static void
key_type(struct keyer *k, const struct deftype *d)
{
	bool func = d->comp == COMP_func;
	*k->at++ = d->comp | (uint32_t)d->final << 8;
	*k->at++ = key_index(k, d->super);
	*k->at++ = func ? d->func.nparams : d->nfields;
	*k->at++ = func ? d->func.nresults : 0;
	key_vals(k, d->func.params, func ? d->func.nparams : 0);
	key_vals(k, d->func.results, func ? d->func.nresults : 0);
	for (uint32_t i = 0; !func && i < d->nfields; i++) {
		key_vals(k, &d->fields[i].type, 1);
		*k->at++ = d->fields[i].mut;
	}
}

/* Words of the key of count types. */
static size_t
key_words(const struct deftype *d, uint32_t count)
{
	size_t n = 0;
	for (uint32_t i = 0; i < count; i++)
		if (d[i].comp == COMP_func)
			n += 4 + (size_t)d[i].func.nparams + d[i].func.nresults;
		else
			n += 4 + 2 * (size_t)d[i].nfields;
	return n;
}

/* A word of a key with the group's ids in the place of IN_GROUP. */
static uint32_t
resolve(uint32_t x, uint32_t first)
{
	if (x == NO_INDEX || (x & IN_GROUP) == 0)
		return x;
	return (x & ~IN_GROUP) + first;
}

/* Turns n value types of a key into canonical ones; the next word. */
static const valtype *
resolve_vals(uint32_t **at, uint32_t n, uint32_t first)
{
	uint32_t *v = *at;
	for (uint32_t i = 0; i < n; i++)
		if ((v[i] & VT_INDEX) != 0 && (v[i] & IN_GROUP) != 0)
			v[i] = (v[i] & ~IN_GROUP) + first;
	*at += n;
	return v;
}

/*
 * The definition that stands at *at in a key copied for it; its value types
 * stay there.  False when out of memory.
 */
static bool
define(struct typespace *ts, struct deftype *d, uint32_t **at, uint32_t first)
{
	uint32_t *w = *at;
	d->comp = w[0] & 0xff;
	d->final = w[0] >> 8;
	d->super = resolve(w[1], first);
	uint32_t n = w[2], nresults = w[3];
	*at = w + 4;
	if (d->comp == COMP_func) {
		d->func.nparams = n;
		d->func.nresults = nresults;
		d->func.params = resolve_vals(at, n, first);
		d->func.results = resolve_vals(at, nresults, first);
		for (uint32_t i = 0; i < n; i++)
			d->func.param_slots += vt_slots(d->func.params[i]);
		for (uint32_t i = 0; i < nresults; i++)
			d->func.result_slots += vt_slots(d->func.results[i]);
		return true;
	}
	struct fieldtype *f = arena_array(&ts->arena, n, sizeof *f);
	if (f == NULL)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		f[i].type = *resolve_vals(at, 1, first);
		f[i].mut = *(*at)++ != 0;
	}
	d->nfields = n;
	d->fields = f;
	return true;
}

static bool
rows_reserve(struct typespace *ts, uint32_t count)
{
	if (count > IN_GROUP - ts->head.nrows)
		return false;
	uint32_t room = ts->room ? ts->room : 64;
	while (room < ts->head.nrows + count)
		room *= 2;
	if (room == ts->room)
		return true;
	struct deftype **p = arena_grow(&ts->arena, ts->head.rows,
		ts->room * sizeof *p, room * sizeof *p);
	if (p == NULL)
		return false;
	atomic_store_explicit(&ts->head.rows, p, memory_order_release);
	ts->room = room;
	return true;
}

/* The supertypes of row d, and their number; false when out of memory. */
static bool
display(struct typespace *ts, struct deftype *d)
{
	if (d->super == NO_INDEX)
		return true;
	struct deftype *above = ts->head.rows[d->super];
	uint32_t n = above->depth + 1;
	assert(n <= MAX_SUPERTYPES && "validation bounds the depth");
	if (above->line == NULL) {
		uint32_t *line = arena_array(&ts->arena, n, sizeof *line);
		if (line == NULL)
			return false;
		if (n > 1)
			memcpy(line, above->supers, (n - 1) * sizeof *line);
		line[n - 1] = d->super;
		above->line = line;
	}
	d->depth = n;
	d->supers = above->line;
	return true;
}

/* Makes count defined types the next rows; false when out of memory. */
static bool
enter_rows(struct typespace *ts, struct deftype *d, uint32_t count)
{
	bool ok = true;
	for (uint32_t i = 0; i < count; i++)
		ts->head.rows[ts->head.nrows++] = &d[i];
	for (uint32_t i = 0; ok && i < count; i++) {
		if (d[i].comp != COMP_func)
			d[i].layout = layout_new(ts, &d[i], &ts->arena);
		ok = display(ts, &d[i]) &&
		     (d[i].comp == COMP_func || d[i].layout != NULL);
	}
	return ok;
}

/* Enters a new group under key; NULL when out of memory. */
static struct group *
group_new(
	struct typespace *ts, const uint32_t *key, size_t words, uint32_t count)
{
	struct arena *hash_arena = &ts->arena;
	uint64_t hash_seed = ts->seed;
	size_t bytes = words * sizeof *key;
	struct group *g = arena_alloc(&ts->arena, sizeof *g);
	uint32_t *own = arena_copy(&ts->arena, key, bytes);
	uint32_t *at = arena_copy(&ts->arena, key, bytes);
	struct deftype *d = arena_array(&ts->arena, count, sizeof *d);
	if (g == NULL || own == NULL || at == NULL || d == NULL ||
		!rows_reserve(ts, count))
		return NULL;
	g->key = own;
	g->first = ts->head.nrows;
	for (uint32_t i = 0; i < count; i++) {
		if (!define(ts, &d[i], &at, g->first))
			return NULL;
		d[i].rec_first = g->first;
		d[i].rec_count = count;
		d[i].canon = g->first + i;
	}
	if (enter_rows(ts, d, count)) {
		HASH_ADD_KEYPTR(hh, ts->groups, own, bytes, g);
		if (g->hh.tbl != NULL)
			return g;
	}
	ts->head.nrows = g->first;
	return NULL;
}

/* group_of, under the lock. */
static const struct group *
find_or_enter(struct typespace *ts, const struct deftype *d, uint32_t count,
	struct keyer k)
{
	uint64_t hash_seed = ts->seed;
	size_t words = key_words(d, count);
	uint32_t *key = arena_array(&ts->scratch, words, sizeof *key);
	if (key == NULL)
		return NULL;
	k.at = key;
	for (uint32_t i = 0; i < count; i++)
		key_type(&k, &d[i]);
	assert(k.at == key + words && "key_words and key_type agree");
	struct group *g;
	HASH_FIND(hh, ts->groups, key, words * sizeof *key, g);
	if (g == NULL)
		g = group_new(ts, key, words, count);
	arena_reset(&ts->scratch);
	return g;
}

/* The group of d[0..count), entered if it is new; NULL when out of memory. */
static const struct group *
group_of(struct typespace *ts, const struct deftype *d, uint32_t count,
	struct keyer k)
{
	lock_enter(&ts->lock);
	const struct group *g = find_or_enter(ts, d, count, k);
	lock_leave(&ts->lock);
	return g;
}

bool
typespace_add(struct typespace *ts, struct deftype *types, uint32_t first,
	uint32_t count)
{
	if (count == 0)
		return true;
	struct keyer k = { types, first, count, NULL };
	const struct group *g = group_of(ts, types + first, count, k);
	for (uint32_t i = 0; g != NULL && i < count; i++)
		types[first + i].canon = g->first + i;
	return g != NULL;
}

uint32_t
typespace_func(struct typespace *ts, const valtype *params, uint32_t nparams,
	const valtype *results, uint32_t nresults)
{
	struct deftype d = { .comp = COMP_func,
		.final = true,
		.super = NO_INDEX,
		.func = { .nparams = nparams,
			.nresults = nresults,
			.params = params,
			.results = results } };
	struct keyer k = { NULL, 0, 0, NULL };
	const struct group *g = group_of(ts, &d, 1, k);
	return g != NULL ? g->first : UINT32_MAX;
}
