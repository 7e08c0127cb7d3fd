#include "spec/collect.h"

#include <assert.h>
#include <string.h>

#include "spec/block.h"
#include "spec/engine.h"
#include "spec/layout.h"
#include "spec/ref.h"
#include "spec/store.h"
#include "spec/tier.h"
#include "trap/unwind.h"

#define FEW 256 /* objects that wait without memory from the allocator */
#define LEAST_UNITS 64
#define LEAST_MEMORY ((uint64_t)64 << 20)

/*
 * Marking.  An object is marked when it is found and pushed if there is
 * something to look into; where the stack cannot grow, the heap remembers that
 * it was not looked into.
 */
struct marker {
	struct store *s;
	const struct typespace *types;
	bool units_too; /* no guest runs: units are not all alive */
	struct object **stack, *few[FEW];
	size_t n, room;
	bool postponed;
	struct unit *grey;
	uint32_t type; /* the last type looked up */
	const struct deftype *def;
};

/* The definition of an object's type; most have that of the one before. */
static const struct deftype *
type_of(struct marker *m, const struct object *o)
{
	if (o->type != m->type) {
		m->type = o->type;
		m->def = typespace_get(m->types, o->type);
	}
	return m->def;
}

/* Bytes as it was allocated; *look: something in it may have to be marked. */
static size_t
examine(struct marker *m, const struct object *o, bool *look)
{
	*look = true;
	if (o->type == OBJECT_EXCEPTION)
		return sizeof(struct exception) +
		       (size_t)o->length * sizeof(union slot);
	const struct deftype *d = type_of(m, o);
	const struct layout *l = d->layout;
	*look = l->nrefs != 0 || (m->units_too && l->nfuncs != 0);
	if (d->comp == COMP_struct)
		return l->size;
	return OBJECT_HEAD + (size_t)o->length * l->size;
}

static bool
grow(struct marker *m)
{
	const struct allocator *al = &m->s->engine->alloc;
	bool own = m->stack != m->few;
	size_t unit = sizeof *m->stack;
	struct object **p = al->resize(al->user, own ? m->stack : NULL,
		own ? m->room * unit : 0, 2 * m->room * unit);
	if (p == NULL)
		return false;
	if (!own)
		memcpy(p, m->few, sizeof m->few);
	m->stack = p;
	m->room *= 2;
	return true;
}

static void
mark_object(struct marker *m, struct object *o)
{
	bool look;
	size_t bytes = examine(m, o, &look);
	if (!block_mark(o, bytes))
		return;
	m->s->heap.stats.visited++;
	if (!look)
		return;
	if (m->n == m->room && !grow(m)) {
		heap_postpone(o, bytes);
		m->postponed = true;
		return;
	}
	m->stack[m->n++] = o;
}

/* A slot that holds no function. */
static inline void
mark_ref(struct marker *m, union slot v)
{
	if (v.u64 != 0 && (v.u64 & 3) == 0)
		mark_object(m, slot_ref(v));
}

static void
mark_unit(struct marker *m, struct unit *u)
{
	if (u->marked)
		return;
	u->marked = true;
	u->grey = m->grey;
	m->grey = u;
}

static void
mark_func(struct marker *m, union slot v)
{
	if (v.u64 != 0)
		mark_unit(m, unit_of_func(slot_ref(v)));
}

/* n values of a type of reference (canonical), or of numbers. */
static void
mark_values(struct marker *m, valtype type, const union slot *v, uint64_t n)
{
	if (layout_holds_object(m->types, type)) {
		for (uint64_t i = 0; i < n; i++)
			mark_ref(m, v[i]);
	} else if (m->units_too && layout_holds_func(m->types, type)) {
		for (uint64_t i = 0; i < n; i++)
			mark_func(m, v[i]);
	}
}

/* What objects refer to. */

static inline union slot
slot_at(const char *p)
{
	return *(const union slot *)(const void *)p;
}

static void
look_fields(struct marker *m, const struct layout *l, const char *p)
{
	for (uint32_t i = 0; i < l->nrefs; i++)
		mark_ref(m, slot_at(p + l->refs[i]));
	for (uint32_t i = 0; m->units_too && i < l->nfuncs; i++)
		mark_func(m, slot_at(p + l->funcs[i]));
}

static void
look_exception(struct marker *m, const struct exception *e)
{
	const struct functype *t = &typespace_get(m->types, e->tag->type)->func;
	const union slot *v = e->payload;
	if (m->units_too)
		mark_unit(m, e->tag->unit);
	for (uint32_t i = 0; i < t->nparams; i++) {
		mark_values(m, t->params[i], v, 1);
		v += vt_slots(t->params[i]);
	}
}

static void
look(void *arg, struct object *o)
{
	struct marker *m = arg;
	if (o->type == OBJECT_EXCEPTION) {
		look_exception(m, (const struct exception *)o);
		return;
	}
	const struct deftype *d = type_of(m, o);
	const struct layout *l = d->layout;
	const char *p = (const char *)o;
	if (d->comp == COMP_struct) {
		look_fields(m, l, p);
		return;
	}
	for (uint32_t i = 0; i < o->length; i++)
		look_fields(m, l, p + (size_t)i * l->size);
}

/* What units refer to. */

static void
look_table(struct marker *m, const struct table *t)
{
	mark_values(m, t->type, t->elems, t->size);
}

/* Parts that are imported are looked into as part of their own units. */
static void
look_imports(struct marker *m, const struct instance *in)
{
	const struct module *mod = in->module;
	for (uint32_t i = 0; i < mod->nimported_funcs; i++)
		mark_unit(m, unit_of_func(in->imported[i]));
	for (uint32_t i = 0; i < mod->nimported_memories; i++)
		mark_unit(m, in->memories[i]->unit);
	for (uint32_t i = 0; i < mod->nimported_tables; i++)
		mark_unit(m, in->tables[i]->unit);
	for (uint32_t i = 0; i < mod->nimported_globals; i++)
		mark_unit(m, in->globals[i]->unit);
	for (uint32_t i = 0; i < mod->nimported_tags; i++)
		mark_unit(m, in->tags[i]->unit);
}

/* The parts of its own that are there: it may be half made. */
static void
look_instance(struct marker *m, const struct instance *in)
{
	const struct module *mod = in->module;
	if (m->units_too)
		look_imports(m, in);
	for (uint32_t i = mod->nimported_tables; i < mod->ntables; i++)
		if (in->tables[i] != NULL)
			look_table(m, in->tables[i]);
	for (uint32_t i = mod->nimported_globals; i < mod->nglobals; i++) {
		const struct global *g = in->globals[i];
		if (g != NULL)
			mark_values(m, g->type, g->value, 1);
	}
	for (uint32_t i = 0; i < mod->nelems; i++)
		if (in->elems[i] != NULL)
			mark_values(m, vt_canon(mod->types, mod->elems[i].type),
				in->elems[i], mod->elems[i].count);
}

static void
look_unit(struct marker *m, struct unit *u)
{
	const void *part = u + 1;
	const struct global *g = part;
	switch (u->kind) {
	case UNIT_INSTANCE:
		look_instance(m, (const struct instance *)u);
		break;
	case EXTERN_table:
		look_table(m, part);
		break;
	case EXTERN_global:
		mark_values(m, g->type, g->value, 1);
		break;
	default:
		break;
	}
}

/* Until nothing is left to look into. */
static void
drain(struct marker *m)
{
	for (;;) {
		if (m->n != 0) {
			look(m, m->stack[--m->n]);
		} else if (m->grey != NULL) {
			struct unit *u = m->grey;
			m->grey = u->grey;
			look_unit(m, u);
		} else if (m->postponed) {
			m->postponed = false;
			heap_rescan(&m->s->heap, look, m);
		} else {
			return;
		}
	}
}

/* Roots. */

/* False when there is no memory for the map of a frame. */
static bool
mark_frames(struct marker *m)
{
	const struct context *ctx = &m->s->ctx;
	const struct tier *tier = m->s->engine->tier;
	struct frame_walk w = frame_first(ctx);
	struct raw_frame f;
	while (frame_next(ctx, &w, &f)) {
		struct frame_map map;
		if (!tier->frame_map(m->s, f.pc, &map))
			return false;
		for (uint32_t i = 0; i < map.nslots; i++)
			mark_ref(m, f.fp[map.slots[i]]);
		drain(m);
	}
	return true;
}

static void
mark_roots(struct marker *m)
{
	struct store *s = m->s;
	const struct heap_root *ring = &s->heap.roots;
	for (const struct heap_root *r = ring->next; r != ring; r = r->next)
		mark_values(m, r->type, &r->value, 1);
	const struct pending *p = &s->ctx.pending;
	if (p->kind == UNWIND_exception && p->payload != NULL)
		mark_object(m, p->payload);
	for (struct unit *u = s->units; u != NULL; u = u->next)
		if (!m->units_too || u->pins != 0)
			mark_unit(m, u);
	drain(m);
}

/* Sweeping. */

/* The units that were not marked, no longer the store's. */
static struct unit *
take_dead(struct store *s)
{
	struct unit *dead = NULL, **link = &s->units;
	struct instance **list = &s->instances;
	while (*list != NULL) {
		if ((*list)->unit.marked)
			list = &(*list)->next;
		else
			*list = (*list)->next;
	}
	while (*link != NULL) {
		struct unit *u = *link;
		if (u->marked) {
			u->marked = false;
			link = &u->next;
			continue;
		}
		*link = u->next;
		u->next = dead;
		dead = u;
		s->nunits--;
	}
	return dead;
}

/* Calls finalizers, which may make new units. */
static void
free_units(struct store *s, struct unit *dead)
{
	if (dead != NULL) {
		s->frees++;
		if (s->engine->tier != NULL)
			s->engine->tier->forget_maps(s);
	}
	while (dead != NULL) {
		struct unit *u = dead;
		dead = u->next;
		unit_free(u);
	}
}

static void
set_due(struct store *s)
{
	s->units_due = 2 * s->nunits + LEAST_UNITS;
	s->memory_due = 2 * s->memory_bytes + LEAST_MEMORY;
}

void
collect_init(struct store *s)
{
	set_due(s);
}

bool
collect_now(struct store *s)
{
	struct heap *h = &s->heap;
	if (h->hold != 0 || s->collecting)
		return false;
	uint64_t start = h->clock != NULL ? h->clock() : 0;
	struct marker m = { .s = s,
		.types = s->engine->types,
		.units_too = s->ctx.activation == NULL,
		.room = FEW,
		.type = OBJECT_EXCEPTION };
	m.stack = m.few;
	s->collecting = true;
	heap_unmark(h);
	bool done = mark_frames(&m);
	mark_roots(&m);
	if (done)
		heap_sweep(h);
	else
		heap_keep(h);
	struct unit *dead = take_dead(s);
	if (m.stack != m.few)
		alloc_free(
			&s->engine->alloc, m.stack, m.room * sizeof *m.stack);
	s->collecting = false;
	h->stats.collections += done;
	if (h->clock != NULL)
		h->stats.time += h->clock() - start;
	free_units(s, dead);
	if (m.units_too)
		set_due(s);
	return done;
}

void
collect_if_due(struct store *s)
{
	if (s->ctx.activation == NULL &&
		(s->nunits >= s->units_due || s->memory_bytes >= s->memory_due))
		collect_now(s);
}
