#include "spec/twin.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "spec/engine.h"
#include "spec/hash.h"
#include "spec/layout.h"
#include "spec/object.h"
#include "spec/store.h"
#include "spec/tier.h"
#include "trap/arena.h"

enum { PAGE = 65536 };

static void
add_text(struct twin *t, const char *format, va_list args)
{
	size_t n = strlen(t->text);
	vsnprintf(t->text + n, sizeof t->text - n, format, args);
}

void
twin_add(struct twin *t, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	add_text(t, format, args);
	va_end(args);
}

void
twin_differ(struct twin *t, const char *format, ...)
{
	va_list args;
	if (t->differ)
		return;
	t->differ = true;
	t->text[0] = '\0';
	va_start(args, format);
	add_text(t, format, args);
	va_end(args);
}

/* Text */

const char *
twin_place(struct store *s, const struct raw_frame *f, char *out, size_t bytes)
{
	struct module *m;
	uint32_t func, offset;
	if (!s->engine->tier->locate(s, f, &m, &func, &offset)) {
		snprintf(out, bytes, "an unknown place");
		return out;
	}
	struct name name = module_func_name(m, func);
	int n = snprintf(out, bytes, "func %" PRIu32, func);
	if (name.len != 0)
		n += snprintf(out + n, bytes - (size_t)n, " \"%.*s\"",
			name.len < 60 ? (int)name.len : 60, name.bytes);
	snprintf(out + n, bytes - (size_t)n, " at 0x%" PRIx32, offset);
	return out;
}

/* Of the text of a value, at most. */
enum { VALUE_BYTES = 64 };

static const char *
format_ref(union slot v, char *out)
{
	if (ref_is_null(v))
		snprintf(out, VALUE_BYTES, "null");
	else if (ref_is_i31(v))
		snprintf(out, VALUE_BYTES, "i31 %" PRIu32, ref_i31_u(v));
	else if (ref_is_host(v))
		snprintf(out, VALUE_BYTES, "host's %" PRIu64, ref_host(v));
	else
		snprintf(out, VALUE_BYTES, "a reference");
	return out;
}

/* "i32 5 (0x5)"; out holds VALUE_BYTES. */
static const char *
format(valtype type, const union slot *v, char *out)
{
	if (type == VT_I32)
		snprintf(out, VALUE_BYTES, "i32 %" PRId32 " (0x%" PRIx32 ")",
			(int32_t)slot_i32(*v), slot_i32(*v));
	else if (type == VT_I64)
		snprintf(out, VALUE_BYTES, "i64 %" PRId64 " (0x%" PRIx64 ")",
			(int64_t)v->u64, v->u64);
	else if (type == VT_F32)
		snprintf(out, VALUE_BYTES, "f32 %.9g (0x%" PRIx32 ")",
			(double)slot_f32(*v), slot_i32(*v));
	else if (type == VT_F64)
		snprintf(out, VALUE_BYTES, "f64 %.17g (0x%" PRIx64 ")", v->f64,
			v->u64);
	else if (type == VT_V128)
		snprintf(out, VALUE_BYTES, "v128 0x%016" PRIx64 "%016" PRIx64,
			v[1].u64, v[0].u64);
	else
		return format_ref(*v, out);
	return out;
}

/* Objects: pairs of them, each compared once. */

struct pair {
	const struct object *a, *b;
	UT_hash_handle hh; /* by a */
	struct pair *next; /* to be looked into */
};

struct pairs {
	struct twin *twin;
	char what[500];
	struct arena arena;
	struct pair *known, *waiting;
};

static void
differ_values(
	struct pairs *p, valtype type, const union slot *a, const union slot *b)
{
	char x[VALUE_BYTES], y[VALUE_BYTES];
	twin_differ(p->twin, "%s: %s %s, %s %s", p->what, format(type, a, x),
		p->twin->names[0], format(type, b, y), p->twin->names[1]);
}

static void
pair_objects(struct pairs *p, const struct object *a, const struct object *b)
{
	uint64_t hash_seed = 0;
	struct arena *hash_arena = &p->arena;
	struct pair *known;
	HASH_FIND_PTR(p->known, &a, known);
	if (known != NULL && known->b != b)
		twin_differ(p->twin,
			"%s: objects are not shared in the same "
			"way",
			p->what);
	if (known != NULL)
		return;
	known = arena_alloc(&p->arena, sizeof *known);
	if (known == NULL)
		return;
	known->a = a;
	known->b = b;
	known->next = p->waiting;
	p->waiting = known;
	HASH_ADD_PTR(p->known, a, known);
}

static bool
same_func(const struct func *a, const struct func *b)
{
	return a->index == b->index &&
	       (a->instance == NULL) == (b->instance == NULL);
}

static void
pair_refs(
	struct pairs *p, valtype type, const union slot *a, const union slot *b)
{
	const struct typespace *ts = p->twin->of[0]->engine->types;
	if (ref_is_pointer(*a) != ref_is_pointer(*b) ||
		(!ref_is_pointer(*a) && a->u64 != b->u64))
		differ_values(p, type, a, b);
	else if (!ref_is_pointer(*a))
		return;
	else if (vt_top(ts, type) != HT_FUNC)
		pair_objects(p, slot_ref(*a), slot_ref(*b));
	else if (!same_func(slot_ref(*a), slot_ref(*b)))
		twin_differ(p->twin,
			"%s: func %" PRIu32 " %s, func %" PRIu32 " %s", p->what,
			((const struct func *)slot_ref(*a))->index,
			p->twin->names[0],
			((const struct func *)slot_ref(*b))->index,
			p->twin->names[1]);
}

/* A value at any address, of a storage type. */
static void
pair_field(struct pairs *p, valtype type, const char *a, const char *b)
{
	union slot x[2] = { { 0 } }, y[2] = { { 0 } };
	uint32_t bytes = layout_bytes(type);
	if (!vt_is_ref(type)) {
		if (memcmp(a, b, bytes) != 0)
			twin_differ(
				p->twin, "%s: a field of an object", p->what);
		return;
	}
	memcpy(x, a, sizeof *x);
	memcpy(y, b, sizeof *y);
	pair_refs(p, type, x, y);
}

static void
pair_value(
	struct pairs *p, valtype type, const union slot *a, const union slot *b)
{
	bool half = type == VT_I32 || type == VT_F32;
	if (vt_is_ref(type))
		pair_refs(p, type, a, b);
	else if (half ? slot_i32(*a) != slot_i32(*b)
		      : memcmp(a, b, vt_slots(type) * sizeof *a) != 0)
		differ_values(p, type, a, b);
}

static void
pair_exceptions(
	struct pairs *p, const struct exception *a, const struct exception *b)
{
	const struct typespace *ts = p->twin->of[0]->engine->types;
	const struct functype *f = &typespace_get(ts, a->tag->type)->func;
	uint32_t at = 0;
	for (uint32_t i = 0; i < f->nparams && at < b->head.length; i++) {
		pair_value(p, f->params[i], &a->payload[at], &b->payload[at]);
		at += vt_slots(f->params[i]);
	}
}

/* Both engines have seen the same types in the same order. */
static void
look(struct pairs *p, const struct object *a, const struct object *b)
{
	if (a->type != b->type || a->length != b->length) {
		twin_differ(p->twin, "%s: objects of another type or length",
			p->what);
		return;
	}
	if (a->type == OBJECT_EXCEPTION) {
		pair_exceptions(p, (const struct exception *)a,
			(const struct exception *)b);
		return;
	}
	const struct deftype *d =
		typespace_get(p->twin->of[0]->engine->types, a->type);
	const struct layout *l = d->layout;
	const char *x = (const char *)a, *y = (const char *)b;
	if (d->comp == COMP_struct) {
		for (uint32_t i = 0; i < d->nfields; i++)
			pair_field(p, d->fields[i].type, x + l->offsets[i],
				y + l->offsets[i]);
		return;
	}
	for (uint32_t i = 0; i < a->length; i++)
		pair_field(p, d->fields[0].type,
			x + l->offsets[0] + (size_t)i * l->size,
			y + l->offsets[0] + (size_t)i * l->size);
}

static void
pairs_open(struct pairs *p, struct twin *t, const char *what)
{
	p->twin = t;
	p->known = p->waiting = NULL;
	snprintf(p->what, sizeof p->what, "%s", what);
	arena_init(&p->arena, &t->of[0]->engine->alloc);
}

static void
pairs_drain(struct pairs *p)
{
	while (p->waiting != NULL && !p->twin->differ) {
		struct pair *o = p->waiting;
		p->waiting = o->next;
		look(p, o->a, o->b);
	}
}

static void
pairs_close(struct pairs *p)
{
	arena_free(&p->arena);
}

void
twin_value(struct twin *t, const char *what, valtype type, const union slot *a,
	const union slot *b)
{
	struct pairs p;
	pairs_open(&p, t, what);
	pair_value(&p, type, a, b);
	pairs_drain(&p);
	pairs_close(&p);
}

void
twin_values(struct twin *t, const char *what, const valtype *types, uint32_t n,
	const union slot *a, const union slot *b)
{
	char text[500];
	for (uint32_t i = 0; i < n && !t->differ; i++) {
		snprintf(text, sizeof text, "%s %" PRIu32, what, i);
		twin_value(t, text, types[i], a, b);
		a += vt_slots(types[i]);
		b += vt_slots(types[i]);
	}
}

/* How calls end */

static const char *
why(const struct pending *p)
{
	return p->kind == UNWIND_trap	     ? trap_message(p->trap)
	       : p->kind == UNWIND_exit	     ? "exit"
	       : p->kind == UNWIND_exception ? "uncaught exception"
					     : p->text;
}

static const char *
ending(struct store *s, enum status st, char *out, size_t bytes)
{
	const struct pending *p = &s->ctx.pending;
	char place[160] = "";
	if (st == STATUS_done) {
		snprintf(out, bytes, "returns");
		return out;
	}
	if (p->nframes != 0)
		twin_place(s, &p->frames[0], place, sizeof place);
	snprintf(out, bytes, "%s%s%s", why(p), *place ? " in " : "", place);
	return out;
}

static bool
ends_in(const struct store *s, enum status st, enum trap trap)
{
	const struct pending *p = &s->ctx.pending;
	return st != STATUS_done && p->kind == UNWIND_trap && p->trap == trap;
}

static bool
same_reason(struct twin *t)
{
	const struct pending *a = &t->of[0]->ctx.pending;
	const struct pending *b = &t->of[1]->ctx.pending;
	if (a->kind != b->kind)
		return false;
	if (a->kind == UNWIND_exit)
		return a->exit_code == b->exit_code;
	if (a->kind == UNWIND_host)
		return strcmp(a->text, b->text) == 0;
	if (a->kind != UNWIND_trap)
		return true;
	return a->trap == b->trap && a->has_number == b->has_number &&
	       (!a->has_number || a->number == b->number);
}

static void
same_exception(struct twin *t)
{
	const struct exception *a = t->of[0]->ctx.pending.payload;
	const struct exception *b = t->of[1]->ctx.pending.payload;
	struct pairs p;
	pairs_open(&p, t, "the uncaught exception");
	pair_objects(&p, &a->head, &b->head);
	pairs_drain(&p);
	pairs_close(&p);
}

static void
same_frames(struct twin *t, const char *what)
{
	const struct pending *a = &t->of[0]->ctx.pending;
	const struct pending *b = &t->of[1]->ctx.pending;
	char x[160], y[160];
	if (a->nframes != b->nframes)
		twin_differ(t, "%s: %" PRIu32 " frames %s, %" PRIu32 " %s",
			what, a->nframes, t->names[0], b->nframes, t->names[1]);
	for (uint32_t i = 0; i < a->nframes && !t->differ; i++) {
		twin_place(t->of[0], &a->frames[i], x, sizeof x);
		twin_place(t->of[1], &b->frames[i], y, sizeof y);
		if (strcmp(x, y) != 0)
			twin_differ(t, "%s: frame %" PRIu32 ": %s %s, %s %s",
				what, i, x, t->names[0], y, t->names[1]);
	}
}

void
twin_status(struct twin *t, const char *what, const enum status st[2])
{
	char x[300], y[300];
	bool over[2], spent[2];
	for (int k = 0; k < 2; k++) {
		over[k] = ends_in(t->of[k], st[k], TRAP_stack_overflow);
		spent[k] = ends_in(t->of[k], st[k], TRAP_out_of_fuel);
	}
	t->ended |= over[0] || over[1];
	/* how large frames are tells which limit a recursion meets first */
	if ((over[0] && (over[1] || spent[1])) || (over[1] && spent[0]))
		return;
	if (st[0] != st[1] || (st[0] != STATUS_done && !same_reason(t))) {
		ending(t->of[0], st[0], x, sizeof x);
		ending(t->of[1], st[1], y, sizeof y);
		twin_differ(t, "%s: %s %s, %s %s", what, x, t->names[0], y,
			t->names[1]);
	}
	if (t->differ || st[0] == STATUS_done)
		return;
	same_frames(t, what);
	if (t->of[0]->ctx.pending.kind == UNWIND_exception && !t->differ)
		same_exception(t);
}

/* State */

static void
same_memory(struct twin *t, uint32_t i, const struct memory *a,
	const struct memory *b)
{
	uint64_t at = 0, bytes = a->bytes;
	if (a->bytes != b->bytes) {
		twin_differ(t,
			"memory %" PRIu32 ": %" PRIu64 " bytes %s, %" PRIu64
			" %s",
			i, a->bytes, t->names[0], b->bytes, t->names[1]);
		return;
	}
	while (bytes - at > PAGE &&
		memcmp(a->base + at, b->base + at, PAGE) == 0)
		at += PAGE;
	while (at < bytes && a->base[at] == b->base[at])
		at++;
	if (at < bytes)
		twin_differ(t,
			"memory %" PRIu32 ", page %" PRIu64 ", byte 0x%" PRIx64
			": 0x%02x %s, 0x%02x %s",
			i, at / PAGE, at, a->base[at], t->names[0], b->base[at],
			t->names[1]);
}

static void
same_table(struct pairs *p, uint32_t i, const struct table *a,
	const struct table *b)
{
	if (a->size != b->size)
		twin_differ(p->twin,
			"table %" PRIu32 ": %" PRIu64 " elements %s, %" PRIu64
			" %s",
			i, a->size, p->twin->names[0], b->size,
			p->twin->names[1]);
	for (uint64_t k = 0; k < a->size && !p->twin->differ; k++) {
		snprintf(p->what, sizeof p->what,
			"table %" PRIu32 ", element %" PRIu64, i, k);
		pair_refs(p, a->type, &a->elems[k], &b->elems[k]);
		pairs_drain(p);
	}
}

static void
same_instance(
	struct pairs *p, const struct instance *a, const struct instance *b)
{
	const struct module *m = a->module;
	for (uint32_t i = 0; i < m->nglobals && !p->twin->differ; i++) {
		snprintf(p->what, sizeof p->what, "global %" PRIu32, i);
		pair_value(p, a->globals[i]->type, a->globals[i]->value,
			b->globals[i]->value);
		pairs_drain(p);
	}
	for (uint32_t i = 0; i < m->ntables && !p->twin->differ; i++)
		same_table(p, i, a->tables[i], b->tables[i]);
	for (uint32_t i = 0; i < m->nmemories && !p->twin->differ; i++)
		same_memory(p->twin, i, a->memories[i], b->memories[i]);
}

void
twin_state(struct twin *t)
{
	const struct instance *a = t->of[0]->instances;
	const struct instance *b = t->of[1]->instances;
	struct pairs p;
	pairs_open(&p, t, "");
	for (; a != NULL && b != NULL && !t->differ; a = a->next, b = b->next)
		same_instance(&p, a, b);
	if ((a == NULL) != (b == NULL) && !t->differ)
		twin_differ(t, "one store has more instances");
	pairs_close(&p);
}
