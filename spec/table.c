/*
 * Tables (standard, 4.2.7) and their bulk operations.
 */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "spec/bulk.h"
#include "spec/collect.h"
#include "spec/engine.h"
#include "spec/store.h"
#include "trap/error.h"
#include "trap/unwind.h"

/* size elements are within the store's limit and the host's pointers. */
static bool
fits(const struct table *t, uint64_t size)
{
	const struct store *s = t->store;
	uint64_t more = size - t->size;
	return size <= SIZE_MAX / 2 / sizeof *t->elems &&
	       more <= s->limits.table_elements &&
	       s->table_elements <= s->limits.table_elements - more;
}

/* Makes room for size elements, uninitialised. */
static bool
make_room(struct table *t, uint64_t size)
{
	if (size <= t->room)
		return true;
	const struct allocator *al = &t->store->engine->alloc;
	uint64_t room = 2 * t->room;
	if (room > t->max)
		room = t->max;
	if (room < size)
		room = size;
	size_t unit = sizeof *t->elems;
	union slot *p = al->resize(al->user, t->elems, (size_t)t->room * unit,
		(size_t)room * unit);
	if (p == NULL && room != size) {
		room = size;
		p = al->resize(al->user, t->elems, (size_t)t->room * unit,
			(size_t)room * unit);
	}
	if (p == NULL)
		return false;
	t->elems = p;
	t->room = room;
	return true;
}

/* Appends n elements; false when refused. */
static bool
extend(struct table *t, uint64_t n, union slot init)
{
	if (!fits(t, t->size + n) || !make_room(t, t->size + n))
		return false;
	for (uint64_t i = 0; i < n; i++)
		t->elems[t->size + i] = init;
	t->size += n;
	t->store->table_elements += n;
	return true;
}

bool
table_open(struct table *t, const struct tabletype *type, union slot init,
	struct error *error)
{
	const struct limits *l = &type->limits;
	t->type = type->elem;
	t->is64 = l->is64;
	t->has_max = l->has_max;
	t->max = l->has_max ? l->max : l->is64 ? UINT64_MAX : UINT32_MAX;
	if (l->min > t->max || !fits(t, l->min)) {
		error_set(error, ERROR_limit,
			"a table of %" PRIu64 " elements exceeds the limit",
			l->min);
		return false;
	}
	if (!extend(t, l->min, init)) {
		error_set(error, ERROR_memory,
			"out of memory for a table of %" PRIu64 " elements",
			l->min);
		return false;
	}
	return true;
}

void
table_close(struct table *t)
{
	t->store->table_elements -= t->size;
	alloc_free(&t->store->engine->alloc, t->elems,
		(size_t)t->room * sizeof *t->elems);
}

struct table *
table_new(struct store *s, const struct tabletype *type, union slot init,
	struct error *error)
{
	struct unit *u = unit_new(s, EXTERN_table, sizeof(struct table));
	if (u == NULL) {
		error_set(error, ERROR_memory, "out of memory");
		return NULL;
	}
	struct table *t = (struct table *)(u + 1);
	t->store = s;
	t->unit = u;
	struct heap_root root = { .type = type->elem, .value = init };
	heap_root(&s->heap, &root);
	bool done = table_open(t, type, init, error);
	if (!done && s->ctx.activation == NULL && collect_now(s)) {
		error_clear(error);
		done = table_open(t, type, init, error);
	}
	heap_unroot(&root);
	if (done)
		return t;
	unit_unpin(u);
	return NULL;
}

uint64_t
table_grow(struct table *t, uint64_t delta, union slot init)
{
	uint64_t old = t->size;
	if (delta > t->max - old || !extend(t, delta, init))
		return UINT64_MAX;
	return old;
}

static enum status
out_of_bounds(struct instance *in)
{
	return raise_trap(&in->store->ctx, TRAP_table_out_of_bounds);
}

enum status
table_init(struct instance *in, uint32_t table, uint32_t elem, uint64_t dst,
	uint32_t src, uint32_t n)
{
	struct table *t = in->tables[table];
	uint32_t len = in->elems[elem] ? in->module->elems[elem].count : 0;
	if (!bulk_within(src, n, len) || !bulk_within(dst, n, t->size))
		return out_of_bounds(in);
	if (n == 0)
		return STATUS_done;
	return bulk_move(in->store, t->elems + dst, in->elems[elem] + src, n,
		sizeof *t->elems);
}

enum status
table_copy(struct instance *in, uint32_t dst_table, uint32_t src_table,
	uint64_t dst, uint64_t src, uint64_t n)
{
	struct table *to = in->tables[dst_table];
	const struct table *from = in->tables[src_table];
	if (!bulk_within(dst, n, to->size) || !bulk_within(src, n, from->size))
		return out_of_bounds(in);
	if (n == 0)
		return STATUS_done;
	return bulk_move(in->store, to->elems + dst, from->elems + src, n,
		sizeof *to->elems);
}

enum status
table_fill(struct instance *in, uint32_t table, uint64_t dst, union slot value,
	uint64_t n)
{
	struct table *t = in->tables[table];
	if (!bulk_within(dst, n, t->size))
		return out_of_bounds(in);
	while (n != 0) {
		uint64_t piece = BULK_PIECE / sizeof *t->elems;
		if (piece > n)
			piece = n;
		if (bulk_poll(in->store, piece) != STATUS_done)
			return STATUS_unwound;
		for (uint64_t i = 0; i < piece; i++)
			t->elems[dst + i] = value;
		dst += piece;
		n -= piece;
	}
	return STATUS_done;
}

void
elem_drop(struct instance *in, uint32_t elem)
{
	assert(elem < in->module->nelems && "validated");
	in->elems[elem] = NULL;
}
