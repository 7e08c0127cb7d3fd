/*
 * Memories, globals and tables for embedders.
 */
#include <inttypes.h>

#include "host/api.h"
#include "trap/error.h"

static const struct allocator *
alloc_of(const struct store *s)
{
	return &s->engine->alloc;
}

/* Refuses a value that does not fit. */
static bool
refuse_value(
	const struct store *s, struct sheave_error **error, const char *why)
{
	if (why != NULL)
		api_refuse(alloc_of(s), error, SHEAVE_ERROR_MISUSE,
			"the value %s", why);
	return why != NULL;
}

struct sheave_memory *
sheave_memory_new(struct sheave_store *store, uint64_t min, uint64_t max,
	bool has_max, struct sheave_error **error)
{
	struct limits type = {
		.min = min, .max = max, .has_max = has_max, .page_shift = 16
	};
	struct error why;
	error_clear(&why);
	struct memory *m = memory_new(store->store, &type, &why);
	if (m == NULL)
		api_error(alloc_of(store->store), error, &why);
	return (struct sheave_memory *)m;
}

uint8_t *
sheave_memory_data(struct sheave_memory *memory)
{
	return ((struct memory *)memory)->base;
}

uint64_t
sheave_memory_bytes(const struct sheave_memory *memory)
{
	return memory_bytes((struct memory *)memory);
}

bool
sheave_memory_grow(struct sheave_memory *memory, uint64_t delta, uint64_t *old,
	struct sheave_error **error)
{
	struct memory *m = (struct memory *)memory;
	uint64_t before = memory_grow(m, delta);
	if (before == UINT64_MAX) {
		api_refuse(alloc_of(m->store), error, SHEAVE_ERROR_LIMIT,
			"the memory cannot grow by %" PRIu64 " pages", delta);
		return false;
	}
	if (old != NULL)
		*old = before;
	return true;
}

struct sheave_global *
sheave_global_new(struct sheave_store *store, const struct sheave_value *value,
	bool mut, struct sheave_error **error)
{
	struct store *s = store->store;
	union slot slots[2];
	if (refuse_value(s, error, api_to_slots(s, value, value->type, slots)))
		return NULL;
	struct global *g = global_new(s, value->type, mut, slots);
	if (g == NULL)
		api_refuse(alloc_of(s), error, SHEAVE_ERROR_MEMORY,
			"out of memory");
	return (struct sheave_global *)g;
}

void
sheave_global_get(
	const struct sheave_global *global, struct sheave_value *value)
{
	const struct global *g = (const struct global *)global;
	api_from_slots(g->value, g->type, value);
}

bool
sheave_global_set(struct sheave_global *global,
	const struct sheave_value *value, struct sheave_error **error)
{
	struct global *g = (struct global *)global;
	union slot slots[2];
	if (!g->mut) {
		api_refuse(alloc_of(g->store), error, SHEAVE_ERROR_MISUSE,
			"the global is immutable");
		return false;
	}
	if (refuse_value(g->store, error,
		    api_to_slots(g->store, value, g->type, slots)))
		return false;
	memcpy(g->value, slots, vt_slots(g->type) * sizeof *slots);
	return true;
}

struct sheave_table *
sheave_table_new(struct sheave_store *store, const struct sheave_value *init,
	uint64_t min, uint64_t max, bool has_max, struct sheave_error **error)
{
	struct store *s = store->store;
	struct tabletype type = { .elem = init->type,
		.limits = { .min = min, .max = max, .has_max = has_max } };
	union slot slots[2];
	struct error why;
	error_clear(&why);
	if (!vt_is_ref(init->type)) {
		refuse_value(s, error, "is not a reference");
		return NULL;
	}
	if (refuse_value(s, error, api_to_slots(s, init, init->type, slots)))
		return NULL;
	struct table *t = table_new(s, &type, slots[0], &why);
	if (t == NULL)
		api_error(alloc_of(s), error, &why);
	return (struct sheave_table *)t;
}

uint64_t
sheave_table_size(const struct sheave_table *table)
{
	return ((const struct table *)table)->size;
}

static bool
refuse_index(const struct table *t, uint64_t i, struct sheave_error **error)
{
	if (i >= t->size)
		api_refuse(alloc_of(t->store), error, SHEAVE_ERROR_MISUSE,
			"element %" PRIu64 " is beyond the table", i);
	return i >= t->size;
}

bool
sheave_table_get(const struct sheave_table *table, uint64_t i,
	struct sheave_value *value, struct sheave_error **error)
{
	const struct table *t = (const struct table *)table;
	if (refuse_index(t, i, error))
		return false;
	api_from_slots(&t->elems[i], t->type, value);
	return true;
}

bool
sheave_table_set(struct sheave_table *table, uint64_t i,
	const struct sheave_value *value, struct sheave_error **error)
{
	struct table *t = (struct table *)table;
	union slot slot[2];
	if (refuse_index(t, i, error) ||
		refuse_value(t->store, error,
			api_to_slots(t->store, value, t->type, slot)))
		return false;
	t->elems[i] = slot[0];
	return true;
}

bool
sheave_table_grow(struct sheave_table *table, uint64_t delta,
	const struct sheave_value *init, uint64_t *old,
	struct sheave_error **error)
{
	struct table *t = (struct table *)table;
	union slot slot[2];
	if (refuse_value(t->store, error,
		    api_to_slots(t->store, init, t->type, slot)))
		return false;
	uint64_t before = table_grow(t, delta, slot[0]);
	if (before == UINT64_MAX) {
		api_refuse(alloc_of(t->store), error, SHEAVE_ERROR_LIMIT,
			"the table cannot grow by %" PRIu64 " elements", delta);
		return false;
	}
	if (old != NULL)
		*old = before;
	return true;
}

/* The embedder needs no longer what it made. */

void
sheave_memory_free(struct sheave_memory *memory)
{
	if (memory != NULL)
		unit_unpin(((struct memory *)memory)->unit);
}

void
sheave_global_free(struct sheave_global *global)
{
	if (global != NULL)
		unit_unpin(((struct global *)global)->unit);
}

void
sheave_table_free(struct sheave_table *table)
{
	if (table != NULL)
		unit_unpin(((struct table *)table)->unit);
}

void
sheave_func_free(struct sheave_func *func)
{
	if (func != NULL)
		unit_unpin(unit_of_func((struct func *)func));
}

void
sheave_tag_free(struct sheave_tag *tag)
{
	if (tag != NULL)
		unit_unpin(((struct tag *)tag)->unit);
}
