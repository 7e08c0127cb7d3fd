/*
 * Instantiation in the order of the standard: refuse what cannot run or does
 * not match before anything is made, then functions, globals, tables, memories
 * and segments; then the active segments are copied and start runs, and what
 * they did stays when one of them traps.
 */
#include "spec/link.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "spec/bulk.h"
#include "spec/collect.h"
#include "spec/constant.h"
#include "spec/engine.h"
#include "spec/extern.h"
#include "spec/tier.h"
#include "trap/error.h"
#include "trap/unwind.h"

#define MISSING 0xff /* kind of an import that was not found */

/* s takes one more instance. */
static bool
has_room(const struct store *s, struct error *error)
{
	if (s->ninstances >= s->limits.instances) {
		error_set(error, ERROR_limit,
			"more than %" PRIu64 " instances in a store",
			s->limits.instances);
		return false;
	}
	return true;
}

/* Writes "module.field" with what does not print as '?'.  Returns out. */
static const char *
import_name(const struct import *i, char out[100])
{
	snprintf(out, 100, "%.48s.%.48s", i->module.bytes, i->field.bytes);
	for (char *p = out; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	return out;
}

/* One error that names all missing imports, as far as they fit. */
static void
report_missing(const struct module *m, const struct external *imports,
	struct error *error)
{
	char text[sizeof error->text - 40], name[100], type[100];
	size_t at = 0;
	uint32_t more = 0;
	for (uint32_t i = 0; i < m->nimports; i++) {
		if (imports[i].kind != MISSING)
			continue;
		int n = snprintf(text + at, sizeof text - at, "%s %s (%s)",
			at == 0 ? "" : ",", import_name(&m->imports[i], name),
			import_format(m, &m->imports[i], type, sizeof type));
		if (more != 0 || (at != 0 && at + (size_t)n >= sizeof text))
			more++;
		else
			at += (size_t)n < sizeof text ? (size_t)n
						      : sizeof text - 1;
		text[at] = '\0';
	}
	if (more != 0)
		error_set(error, ERROR_unlinkable,
			"unknown import%s, and %" PRIu32 " more", text, more);
	else
		error_set(error, ERROR_unlinkable, "unknown import%s", text);
}

static bool
match_imports(const struct store *s, const struct module *m,
	const struct external *imports, struct error *error)
{
	const struct typespace *ts = m->engine->types;
	char name[100], wanted[64], given[64];
	for (uint32_t i = 0; i < m->nimports; i++) {
		if (imports[i].kind == MISSING) {
			report_missing(m, imports, error);
			return false;
		}
	}
	for (uint32_t i = 0; i < m->nimports; i++) {
		const struct import *im = &m->imports[i];
		struct externtype want =
			extern_declared(m, im->kind, im->index);
		struct externtype have = extern_given(&imports[i]);
		if (external_store(&imports[i]) != s) {
			error_set(error, ERROR_unlinkable,
				"import %s belongs to another store",
				import_name(im, name));
			return false;
		}
		if (!extern_matches(ts, &have, &want)) {
			error_set(error, ERROR_unlinkable,
				"incompatible import type %s (%s), given %s",
				import_name(im, name),
				extern_format(ts, &want, wanted, sizeof wanted),
				extern_format(ts, &have, given, sizeof given));
			return false;
		}
	}
	return true;
}

/* What an instance of m takes, parts and segments included; 0: too much. */
static size_t
instance_bytes(const struct module *m)
{
	uint64_t n = 16 * 16 + sizeof(struct instance), elems = 0;
	for (uint32_t i = 0; i < m->nelems; i++)
		if (m->elems[i].mode == SEGMENT_passive)
			elems += 2 + (uint64_t)m->elems[i].count;
	n += (uint64_t)(m->nfuncs - m->nimported_funcs) * sizeof(struct func);
	n += (uint64_t)m->nimported_funcs * sizeof(struct func *);
	n += (uint64_t)m->nmemories * (16 + sizeof(struct memory));
	n += (uint64_t)m->ntables * (16 + sizeof(struct table));
	n += (uint64_t)m->nglobals * (16 + sizeof(struct global));
	n += (uint64_t)m->ntags * (16 + sizeof(struct tag));
	n += (m->nelems + elems) * sizeof(union slot) + m->ndatas;
	return n <= SIZE_MAX / 2 ? (size_t)n : 0;
}

/* The instance with its arrays; NULL: out of memory. */
static struct instance *
allocate(struct store *s, struct module *m)
{
	struct arena a;
	struct instance *in;
	arena_init(&a, &s->engine->alloc);
	a.first = instance_bytes(m);
	size_t own = (m->nfuncs - m->nimported_funcs) * sizeof in->own[0];
	if (a.first == 0 || (in = arena_alloc(&a, sizeof *in + own)) == NULL)
		return NULL;
	in->imported =
		arena_array(&a, m->nimported_funcs, sizeof *in->imported);
	in->memories = arena_array(&a, m->nmemories, sizeof *in->memories);
	in->tables = arena_array(&a, m->ntables, sizeof *in->tables);
	in->globals = arena_array(&a, m->nglobals, sizeof *in->globals);
	in->tags = arena_array(&a, m->ntags, sizeof *in->tags);
	in->elems = arena_array(&a, m->nelems, sizeof *in->elems);
	in->data_dropped = arena_array(&a, m->ndatas, 1);
	if (a.failed) {
		arena_free(&a);
		return NULL;
	}
	in->arena = a;
	in->store = s;
	in->module = m;
	in->memory0 = &s->no_memory;
	return in;
}

/* The functions of the module, none called yet. */
static void
make_funcs(struct instance *in)
{
	const struct module *m = in->module;
	const struct tier *tier = in->store->engine->tier;
	const struct second_tier *second = in->store->engine->second;
	for (uint32_t i = 0; i < m->nfuncs - m->nimported_funcs; i++) {
		struct func *f = &in->own[i];
		const struct deftype *t =
			&m->types[m->funcs[m->nimported_funcs + i].type];
		f->cells = tier != NULL ? tier->translate() : NULL;
		f->code = second != NULL ? second->stub(&t->func, false) : NULL;
		f->counter = second != NULL
				     ? second->patience(in->store->engine)
				     : 0;
		f->call = tier != NULL ? tier->call : NULL;
		f->instance = in;
		f->type = t->canon;
		f->index = m->nimported_funcs + i;
		f->param_slots = t->func.param_slots;
		f->result_slots = t->func.result_slots;
		f->store = in->store;
	}
}

/* Zeroed memory that goes with the instance; NULL and *error. */
static void *
part(struct instance *in, size_t bytes, struct error *error)
{
	void *p = arena_alloc(&in->arena, bytes);
	if (p == NULL)
		error_set(error, ERROR_memory, "out of memory");
	return p;
}

static void
take_imports(struct instance *in, const struct external *imports)
{
	const struct module *m = in->module;
	for (uint32_t i = 0; i < m->nimports; i++) {
		const struct external *x = &imports[i];
		uint32_t at = m->imports[i].index;
		switch (x->kind) {
		case EXTERN_func:
			in->imported[at] = x->u.func;
			break;
		case EXTERN_table:
			in->tables[at] = x->u.table;
			break;
		case EXTERN_memory:
			in->memories[at] = x->u.memory;
			break;
		case EXTERN_global:
			in->globals[at] = x->u.global;
			break;
		default:
			in->tags[at] = x->u.tag;
			break;
		}
	}
}

static bool
make_globals(struct instance *in, struct error *error)
{
	const struct module *m = in->module;
	for (uint32_t i = m->nimported_globals; i < m->nglobals; i++) {
		const struct globaldecl *d = &m->globals[i];
		union slot value[2];
		if (!constant_eval(in, d->init, value, error))
			return false;
		struct global *g = part(in, sizeof *g, error);
		if (g == NULL)
			return false;
		g->type = vt_canon(m->types, d->type.type);
		g->mut = d->type.mut;
		g->store = in->store;
		g->unit = &in->unit;
		memcpy(g->value, value, vt_slots(g->type) * sizeof *value);
		in->globals[i] = g;
	}
	return true;
}

static bool
make_tables(struct instance *in, struct error *error)
{
	const struct module *m = in->module;
	for (uint32_t i = m->nimported_tables; i < m->ntables; i++) {
		const struct tabledecl *d = &m->tables[i];
		struct tabletype type = d->type;
		union slot init[2] = { { 0 }, { 0 } };
		type.elem = vt_canon(m->types, type.elem);
		if (d->init.len != 0 &&
			!constant_eval(in, d->init, init, error))
			return false;
		struct table *t = part(in, sizeof *t, error);
		if (t == NULL)
			return false;
		t->store = in->store;
		t->unit = &in->unit;
		if (!table_open(t, &type, init[0], error))
			return false;
		in->tables[i] = t;
	}
	return true;
}

static bool
make_memories_and_tags(struct instance *in, struct error *error)
{
	const struct module *m = in->module;
	for (uint32_t i = m->nimported_memories; i < m->nmemories; i++) {
		struct memory *mem = part(in, sizeof *mem, error);
		if (mem == NULL)
			return false;
		mem->store = in->store;
		mem->unit = &in->unit;
		if (!memory_open(mem, &m->memories[i], error))
			return false;
		in->memories[i] = mem;
	}
	if (m->nmemories != 0)
		in->memory0 = in->memories[0];
	for (uint32_t i = m->nimported_tags; i < m->ntags; i++) {
		struct tag *t = part(in, sizeof *t, error);
		if (t == NULL)
			return false;
		t->type = m->types[m->tags[i]].canon;
		t->store = in->store;
		t->unit = &in->unit;
		in->tags[i] = t;
	}
	return true;
}

/* Evaluates the elements of a segment into out, d->count of them. */
static bool
fill_elems(struct instance *in, const struct elemdecl *d, union slot *out,
	struct error *error)
{
	for (uint32_t i = 0; i < d->count; i++) {
		union slot value[2];
		if (d->funcs != NULL)
			value[0] = slot_of_ref(instance_func(in, d->funcs[i]));
		else if (!constant_eval(in, d->exprs[i], value, error))
			return false;
		out[i] = value[0];
	}
	return true;
}

/* Passive segments are evaluated here; active ones in place, when copied. */
static bool
make_elems(struct instance *in, struct error *error)
{
	const struct module *m = in->module;
	for (uint32_t i = 0; i < m->nelems; i++) {
		const struct elemdecl *d = &m->elems[i];
		if (d->mode != SEGMENT_passive)
			continue;
		in->elems[i] =
			arena_array(&in->arena, d->count, sizeof **in->elems);
		if (in->elems[i] == NULL) {
			error_set(error, ERROR_memory, "out of memory");
			return false;
		}
		if (!fill_elems(in, d, in->elems[i], error))
			return false;
	}
	return true;
}

/* Where an active segment goes; false: *error. */
static bool
segment_offset(struct instance *in, struct range expr, bool is64,
	uint64_t *offset, struct error *error)
{
	union slot value[2];
	if (!constant_eval(in, expr, value, error))
		return false;
	*offset = is64 ? value[0].u64 : slot_i32(value[0]);
	return true;
}

/* False after an error or a trap. */
static bool
copy_elems(struct instance *in, struct error *error)
{
	const struct module *m = in->module;
	for (uint32_t i = 0; i < m->nelems; i++) {
		const struct elemdecl *d = &m->elems[i];
		if (d->mode != SEGMENT_active)
			continue;
		struct table *t = in->tables[d->table];
		uint64_t at;
		if (!segment_offset(in, d->offset, t->is64, &at, error))
			return false;
		if (!bulk_within(at, d->count, t->size)) {
			raise_trap(&in->store->ctx, TRAP_table_out_of_bounds);
			return false;
		}
		if (d->count != 0 && !fill_elems(in, d, t->elems + at, error))
			return false;
	}
	return true;
}

static bool
copy_datas(struct instance *in, struct error *error)
{
	const struct module *m = in->module;
	for (uint32_t i = 0; i < m->ndatas; i++) {
		const struct datadecl *d = &m->datas[i];
		if (d->mode != SEGMENT_active)
			continue;
		struct memory *mem = in->memories[d->memory];
		uint64_t at;
		if (!segment_offset(in, d->offset, mem->is64, &at, error))
			return false;
		if (!bulk_within(at, d->bytes.len, memory_bytes(mem))) {
			raise_trap(&in->store->ctx, TRAP_memory_out_of_bounds);
			return false;
		}
		if (d->bytes.len != 0)
			memcpy(mem->base + at, m->bytes + d->bytes.offset,
				d->bytes.len);
		data_drop(in, i);
	}
	return true;
}

/*
 * An instance with its parts, none of which the outside has seen; not one of
 * the store's yet after an error.
 */
static struct instance *
make(struct store *s, struct module *m, const struct external *imports,
	struct error *error)
{
	struct instance *in = allocate(s, m);
	if (in == NULL) {
		error_set(error, ERROR_memory, "out of memory");
		return NULL;
	}
	module_retain(m);
	unit_add(s, &in->unit, UNIT_INSTANCE);
	in->next = s->instances;
	s->instances = in;
	s->ninstances++;
	make_funcs(in);
	take_imports(in, imports);
	if (make_globals(in, error) && make_tables(in, error) &&
		make_memories_and_tags(in, error) && make_elems(in, error))
		return in;
	unit_unpin(&in->unit);
	return NULL;
}

/* Constant expressions have references where no collection finds them. */
static bool
copy_segments(struct instance *in, struct error *error)
{
	in->store->heap.hold++;
	bool done = copy_elems(in, error) && copy_datas(in, error);
	in->store->heap.hold--;
	return done;
}

/* make; when that fails for want of room, once more after a collection. */
static struct instance *
make_or_collect(struct store *s, struct module *m,
	const struct external *imports, struct error *error)
{
	for (bool again = false;; again = true) {
		struct instance *in = NULL;
		error_clear(error);
		s->heap.hold++;
		if (has_room(s, error))
			in = make(s, m, imports, error);
		s->heap.hold--;
		bool room = error->kind != ERROR_limit &&
			    error->kind != ERROR_memory;
		if (in != NULL || room || again || !collect_now(s))
			return in;
	}
}

struct instance *
instance_new(struct store *s, struct module *m, const struct external *imports,
	struct error *error)
{
	assert(m->engine == s->engine && "one engine");
	error_clear(error);
	collect_if_due(s);
	if (!match_imports(s, m, imports, error))
		return NULL;
	struct instance *in = make_or_collect(s, m, imports, error);
	if (in == NULL)
		return NULL;
	if (s->engine->second != NULL)
		s->engine->second->instance(in);
	if (!copy_segments(in, error) ||
		(m->start != NO_INDEX &&
			func_call(s, instance_func(in, m->start), NULL) !=
				STATUS_done)) {
		unit_unpin(&in->unit);
		return NULL;
	}
	return in;
}

enum status
func_call(struct store *s, struct func *f, union slot *slots)
{
	assert(f->store == s && "a function of the store");
	if (f->instance != NULL)
		return s->engine->tier->enter(s, f, slots);
	struct host_func *h = func_host(f);
	return h->host(h->env, s, NULL, slots) == STATUS_done
		       ? STATUS_done
		       : raise_of_host(&s->ctx);
}
