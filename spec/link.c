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
#include "spec/constant.h"
#include "spec/engine.h"
#include "spec/extern.h"
#include "spec/tier.h"
#include "trap/error.h"
#include "trap/unwind.h"

#define MISSING 0xff /* kind of an import that was not found */

/* All features that m needs run here, and s takes one more instance. */
static bool
may_run(const struct store *s, const struct module *m, struct error *error)
{
	features missing = m->used & ~features_running();
	for (uint32_t i = 0; i < FEATURE_count; i++) {
		if ((missing >> i & 1) != 0) {
			error_set(error, ERROR_unsupported,
				"module needs %s, which cannot run yet",
				feature_name((enum feature_index)i));
			return false;
		}
	}
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

/* The instance with its arrays, its functions ready; NULL: out of memory. */
static struct instance *
allocate(struct store *s, struct module *m)
{
	struct arena *a = &s->arena;
	size_t nown = m->nfuncs - m->nimported_funcs;
	if (nown > (SIZE_MAX - sizeof(struct instance)) / sizeof(struct func))
		return NULL;
	struct instance *in =
		arena_alloc(a, sizeof *in + nown * sizeof in->own[0]);
	if (in == NULL ||
		!(in->imported = arena_array(
			  a, m->nimported_funcs, sizeof *in->imported)) ||
		!(in->memories = arena_array(
			  a, m->nmemories, sizeof *in->memories)) ||
		!(in->tables = arena_array(
			  a, m->ntables, sizeof *in->tables)) ||
		!(in->globals = arena_array(
			  a, m->nglobals, sizeof *in->globals)) ||
		!(in->tags = arena_array(a, m->ntags, sizeof *in->tags)) ||
		!(in->elems = arena_array(a, m->nelems, sizeof *in->elems)) ||
		!(in->data_dropped = arena_array(a, m->ndatas, 1)))
		return NULL;
	const struct tier *tier = s->engine->tier;
	for (uint32_t i = 0; i < nown; i++) {
		struct func *f = &in->own[i];
		const struct deftype *t =
			&m->types[m->funcs[m->nimported_funcs + i].type];
		f->cells = tier != NULL ? tier->translate() : NULL;
		f->instance = in;
		f->type = t->canon;
		f->index = m->nimported_funcs + i;
		f->param_slots = t->func.param_slots;
		f->result_slots = t->func.result_slots;
		f->store = s;
	}
	in->store = s;
	in->module = m;
	return in;
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
		in->globals[i] = global_new(in->store,
			vt_canon(m->types, d->type.type), d->type.mut, value);
		if (in->globals[i] == NULL) {
			error_set(error, ERROR_memory, "out of memory");
			return false;
		}
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
		in->tables[i] = table_new(in->store, &type, init[0], error);
		if (in->tables[i] == NULL)
			return false;
	}
	return true;
}

static bool
make_memories_and_tags(struct instance *in, struct error *error)
{
	const struct module *m = in->module;
	for (uint32_t i = m->nimported_memories; i < m->nmemories; i++) {
		in->memories[i] = memory_new(in->store, &m->memories[i], error);
		if (in->memories[i] == NULL)
			return false;
	}
	in->memory0 =
		m->nmemories != 0 ? in->memories[0] : &in->store->no_memory;
	for (uint32_t i = m->nimported_tags; i < m->ntags; i++) {
		in->tags[i] = tag_new(in->store, m->types[m->tags[i]].canon);
		if (in->tags[i] == NULL) {
			error_set(error, ERROR_memory, "out of memory");
			return false;
		}
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
		in->elems[i] = arena_array(
			&in->store->arena, d->count, sizeof **in->elems);
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
		const struct memory *mem = in->memories[d->memory];
		uint64_t at;
		if (!segment_offset(in, d->offset, mem->is64, &at, error))
			return false;
		if (!bulk_within(at, d->bytes.len, mem->bytes)) {
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

struct instance *
instance_new(struct store *s, struct module *m, const struct external *imports,
	struct error *error)
{
	assert(m->engine == s->engine && "one engine");
	error_clear(error);
	if (!may_run(s, m, error) || !match_imports(s, m, imports, error))
		return NULL;
	struct instance *in = allocate(s, m);
	if (in == NULL) {
		error_set(error, ERROR_memory, "out of memory");
		return NULL;
	}
	module_retain(m);
	in->next = s->instances;
	s->instances = in;
	s->ninstances++;
	take_imports(in, imports);
	if (!make_globals(in, error) || !make_tables(in, error) ||
		!make_memories_and_tags(in, error) || !make_elems(in, error) ||
		!copy_elems(in, error) || !copy_datas(in, error))
		return NULL;
	if (m->start != NO_INDEX &&
		func_call(s, instance_func(in, m->start), NULL) != STATUS_done)
		return NULL;
	return in;
}

enum status
func_call(struct store *s, struct func *f, union slot *slots)
{
	assert(f->store == s && "a function of the store");
	if (f->host != NULL)
		return f->host(f->env, s, NULL, slots);
	return s->engine->tier->enter(s, f, slots);
}
