/*
 * Validation of modules (standard, 3.5), in the order of the reference
 * interpreter: types, imports, declarations, segments, bodies, start, exports.
 */
#include "spec/validate.h"

#include <stdarg.h>
#include <stdio.h>

#include "spec/hash.h"
#include "spec/walk.h"
#include "trap/seed.h"

/* Operands and locals of a module, beyond four for each byte. */
#define LEAST_BUDGET (4 << 20)

struct validator {
	struct module *m;
	struct error *error;
	struct arena arena; /* of one body or expression */
};

static bool
failed(const struct validator *v)
{
	return v->error->kind != ERROR_none;
}

static void
fail(struct validator *v, const char *format, ...)
{
	char text[sizeof v->error->text];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	error_set(v->error, ERROR_invalid, "%s", text);
}

static void
no_memory(struct validator *v)
{
	error_set(v->error, ERROR_memory, "out of memory");
}

/* Records the use of feature f; without it the text is an error. */
static void
need(struct validator *v, features f, enum feature_index i, const char *text)
{
	v->m->used |= f;
	if ((v->m->engine->features & f) == 0)
		fail(v, "%s (%s is not enabled)", text, feature_name(i));
}

/* Types (3.2 and 3.3) */

/* A reference in t goes to a type below end. */
static void
value_type(struct validator *v, valtype t, uint32_t end)
{
	if ((t & VT_INDEX) != 0 && (t & VT_PAYLOAD) >= end)
		fail(v, "unknown type %u", (unsigned)(t & VT_PAYLOAD));
}

static void
type_indices(struct validator *v, uint32_t x, uint32_t end)
{
	const struct deftype *d = &v->m->types[x];
	if (d->super != NO_INDEX && d->super >= end)
		fail(v, "unknown type %u", (unsigned)d->super);
	if (d->super != NO_INDEX && d->super >= x)
		fail(v, "forward use of type %u in sub type definition",
			(unsigned)d->super);
	if (d->comp == COMP_func) {
		for (uint32_t i = 0; i < d->func.nparams; i++)
			value_type(v, d->func.params[i], end);
		for (uint32_t i = 0; i < d->func.nresults; i++)
			value_type(v, d->func.results[i], end);
		return;
	}
	for (uint32_t i = 0; i < d->nfields; i++)
		value_type(v, d->fields[i].type, end);
}

static bool
matches(const struct validator *v, valtype a, valtype b)
{
	const struct deftype *types = v->m->types;
	return vt_matches(
		v->m->engine->types, vt_canon(types, a), vt_canon(types, b));
}

static bool
all_match(const struct validator *v, const valtype *a, uint32_t na,
	const valtype *b, uint32_t nb)
{
	if (na != nb)
		return false;
	for (uint32_t i = 0; i < na; i++)
		if (!matches(v, a[i], b[i]))
			return false;
	return true;
}

/* Composite types: sub <= super. */
static bool
comp_matches(const struct validator *v, const struct deftype *sub,
	const struct deftype *super)
{
	const struct functype *f = &sub->func, *g = &super->func;
	if (sub->comp != super->comp || sub->nfields < super->nfields)
		return false;
	if (sub->comp == COMP_func)
		return all_match(v, g->params, g->nparams, f->params,
			       f->nparams) &&
		       all_match(v, f->results, f->nresults, g->results,
			       g->nresults);
	for (uint32_t i = 0; i < super->nfields; i++) {
		const struct fieldtype *a = &sub->fields[i];
		const struct fieldtype *b = &super->fields[i];
		if (a->mut != b->mut || !matches(v, a->type, b->type) ||
			(a->mut && !matches(v, b->type, a->type)))
			return false;
	}
	return true;
}

static void
subtype(struct validator *v, uint32_t x)
{
	const struct deftype *types = v->m->types, *d = &types[x];
	if (d->super == NO_INDEX)
		return;
	if (types[d->super].final)
		fail(v, "sub type %u has final super type %u", (unsigned)x,
			(unsigned)d->super);
	else if (!comp_matches(v, d, &types[d->super]))
		fail(v, "sub type %u does not match super type %u", (unsigned)x,
			(unsigned)d->super);
}

/* Needs supertypes that come before their subtypes. */
static void
type_depth(struct validator *v, uint32_t x)
{
	const struct deftype *types = v->m->types, *d = &types[x];
	uint32_t depth = 0;
	for (; d->super != NO_INDEX && !failed(v); d = &types[d->super])
		if (++depth > MAX_SUPERTYPES)
			error_set(v->error, ERROR_limit,
				"subtyping hierarchy too deep");
}

static void
types(struct validator *v)
{
	struct module *m = v->m;
	uint32_t count;
	for (uint32_t first = 0; first < m->ntypes && !failed(v);
		first += count) {
		count = m->types[first].rec_count;
		uint32_t end = first + count;
		for (uint32_t x = first; x < end && !failed(v); x++)
			type_indices(v, x, end);
		for (uint32_t x = first; x < end && !failed(v); x++)
			type_depth(v, x);
		if (failed(v))
			return;
		if (!typespace_add(m->engine->types, m->types, first, count))
			no_memory(v);
		for (uint32_t x = first; x < end && !failed(v); x++)
			subtype(v, x);
	}
}

/* The function type x; NULL and the error if it is none. */
static const struct functype *
func_type(struct validator *v, uint32_t x)
{
	if (x >= v->m->ntypes)
		fail(v, "unknown type %u", (unsigned)x);
	else if (v->m->types[x].comp != COMP_func)
		fail(v, "non-function type %u", (unsigned)x);
	else
		return &v->m->types[x].func;
	return NULL;
}

/* Declarations: each checks one entry of an index space. */

static void
limits(struct validator *v, const struct limits *l, uint64_t most,
	const char *text)
{
	if (l->min > most || (l->has_max && l->max > most))
		fail(v, "%s", text);
	else if (l->has_max && l->min > l->max)
		fail(v, "size minimum must not be greater than maximum");
}

static void
memory(struct validator *v, uint32_t x)
{
	const struct limits *l = &v->m->memories[x];
	if (l->page_shift != 16 && l->page_shift != 0)
		fail(v, "invalid custom page size");
	else if (l->is64)
		limits(v, l,
			l->page_shift == 16 ? (uint64_t)1 << 48 : UINT64_MAX,
			"memory size must be at most 2^48 pages (256TiB)");
	else
		limits(v, l, l->page_shift == 16 ? 65536 : UINT32_MAX,
			"memory size must be at most 65536 pages (4GiB)");
	if (l->shared && !l->has_max)
		fail(v, "shared memory must have maximum");
}

static void
table(struct validator *v, uint32_t x)
{
	const struct tabletype *t = &v->m->tables[x].type;
	value_type(v, t->elem, v->m->ntypes);
	if (t->limits.is64)
		limits(v, &t->limits, UINT64_MAX,
			"table size must be at most 2^64-1");
	else
		limits(v, &t->limits, UINT32_MAX,
			"table size must be at most 2^32-1");
}

static void
tag(struct validator *v, uint32_t x)
{
	const struct functype *f = func_type(v, v->m->tags[x]);
	if (f != NULL && f->nresults != 0)
		fail(v, "non-empty tag result type");
}

static void
global(struct validator *v, uint32_t x)
{
	value_type(v, v->m->globals[x].type.type, v->m->ntypes);
}

static void
imports(struct validator *v)
{
	struct module *m = v->m;
	for (uint32_t i = 0; i < m->nimports && !failed(v); i++) {
		uint32_t x = m->imports[i].index;
		switch ((enum extern_kind)m->imports[i].kind) {
		case EXTERN_func:
			func_type(v, m->funcs[x].type);
			break;
		case EXTERN_table:
			table(v, x);
			break;
		case EXTERN_memory:
			memory(v, x);
			break;
		case EXTERN_global:
			global(v, x);
			if (m->globals[x].type.mut)
				need(v, FEATURE_MUTABLE_GLOBAL,
					FEATURE_INDEX_MUTABLE_GLOBAL,
					"mutable globals cannot be imported");
			break;
		case EXTERN_tag:
			tag(v, x);
			break;
		}
		if (failed(v) && !v->error->has_offset) {
			v->error->has_offset = true;
			v->error->offset = m->imports[i].offset;
		}
	}
}

/* Constant expressions */

static void
const_expr(struct validator *v, struct range range, valtype type,
	uint32_t nglobals)
{
	struct walk w;
	if (failed(v))
		return;
	arena_reset(&v->arena);
	walk_init_const(&w, v->m, range, type, nglobals, &v->arena, v->error);
	while (walk_next(&w))
		;
	v->m->used |= w.used;
}

static void
memories(struct validator *v)
{
	struct module *m = v->m;
	for (uint32_t x = m->nimported_memories; x < m->nmemories && !failed(v);
		x++)
		memory(v, x);
	if (m->nmemories > 1)
		need(v, FEATURE_MULTI_MEMORY, FEATURE_INDEX_MULTI_MEMORY,
			"multiple memories");
}

static void
tables(struct validator *v)
{
	struct module *m = v->m;
	char has[32];
	for (uint32_t x = m->nimported_tables; x < m->ntables && !failed(v);
		x++) {
		const struct tabledecl *t = &m->tables[x];
		table(v, x);
		if (t->init.len != 0)
			const_expr(
				v, t->init, t->type.elem, m->nimported_globals);
		else if (!vt_defaultable(t->type.elem))
			fail(v,
				"type mismatch: table of type %s has no "
				"initial value",
				vt_format(t->type.elem, has));
	}
	if (m->ntables > 1)
		need(v, FEATURE_REF_TYPES, FEATURE_INDEX_REF_TYPES,
			"multiple tables");
}

static void
globals(struct validator *v)
{
	struct module *m = v->m;
	for (uint32_t x = m->nimported_globals; x < m->nglobals && !failed(v);
		x++) {
		global(v, x);
		const_expr(v, m->globals[x].init, m->globals[x].type.type, x);
	}
}

/* Segments */

static void
data_segment(struct validator *v, const struct datadecl *d)
{
	struct module *m = v->m;
	if (d->mode == SEGMENT_passive)
		return;
	if (d->memory >= m->nmemories) {
		fail(v, "unknown memory %u", (unsigned)d->memory);
		return;
	}
	const_expr(v, d->offset, walk_address(&m->memories[d->memory]),
		m->nglobals);
}

static void
elem_segment(struct validator *v, const struct elemdecl *e)
{
	struct module *m = v->m;
	char a[32], b[32];
	value_type(v, e->type, m->ntypes);
	for (uint32_t i = 0; i < e->count && !failed(v); i++)
		if (e->funcs == NULL)
			const_expr(v, e->exprs[i], e->type, m->nglobals);
		else if (e->funcs[i] >= m->nfuncs)
			fail(v, "unknown function %u", (unsigned)e->funcs[i]);
	if (e->mode != SEGMENT_active || failed(v))
		return;
	if (e->table >= m->ntables) {
		fail(v, "unknown table %u", (unsigned)e->table);
		return;
	}
	const struct tabletype *t = &m->tables[e->table].type;
	if (!matches(v, e->type, t->elem))
		fail(v,
			"type mismatch: element segment's type %s does not "
			"match table's element type %s",
			vt_format(e->type, a), vt_format(t->elem, b));
	const_expr(v, e->offset, walk_address(&t->limits), m->nglobals);
}

static void
segments(struct validator *v)
{
	for (uint32_t i = 0; i < v->m->ndatas && !failed(v); i++)
		data_segment(v, &v->m->datas[i]);
	for (uint32_t i = 0; i < v->m->nelems && !failed(v); i++)
		elem_segment(v, &v->m->elems[i]);
}

/* Bodies, start, exports */

static void
bodies(struct validator *v)
{
	struct module *m = v->m;
	struct walk w;
	int64_t budget = LEAST_BUDGET + 4 * (int64_t)m->len;
	for (uint32_t x = m->nimported_funcs; x < m->nfuncs && !failed(v);
		x++) {
		arena_reset(&v->arena);
		walk_init(&w, m, x, &v->arena, v->error);
		w.budget = budget;
		walk_spend(&w, w.nlocals);
		do
			if (!failed(v))
				walk_plain(&w);
		while (walk_next(&w));
		budget = w.budget;
		m->funcs[x].frame_slots = w.local_slot_count + w.max_slots;
		m->used |= w.used;
	}
}

static void
start(struct validator *v)
{
	struct module *m = v->m;
	if (m->start == NO_INDEX || failed(v))
		return;
	if (m->start >= m->nfuncs) {
		fail(v, "unknown function %u", (unsigned)m->start);
		return;
	}
	const struct functype *f = module_func_type(m, m->start);
	if (f->nparams != 0 || f->nresults != 0)
		fail(v, "start function must not have parameters or results");
}

static void
export_index(struct validator *v, const struct export *e)
{
	static const char *const kinds[] = {
		[EXTERN_func] = "function",
		[EXTERN_table] = "table",
		[EXTERN_memory] = "memory",
		[EXTERN_global] = "global",
		[EXTERN_tag] = "tag",
	};
	const struct module *m = v->m;
	const uint32_t counts[] = {
		[EXTERN_func] = m->nfuncs,
		[EXTERN_table] = m->ntables,
		[EXTERN_memory] = m->nmemories,
		[EXTERN_global] = m->nglobals,
		[EXTERN_tag] = m->ntags,
	};
	if (e->index >= counts[e->kind])
		fail(v, "unknown %s %u", kinds[e->kind], (unsigned)e->index);
	else if (e->kind == EXTERN_global && m->globals[e->index].type.mut)
		need(v, FEATURE_MUTABLE_GLOBAL, FEATURE_INDEX_MUTABLE_GLOBAL,
			"mutable globals cannot be exported");
}

struct export_name {
	UT_hash_handle hh;
};

static void
exports(struct validator *v)
{
	struct arena *hash_arena = &v->arena;
	uint64_t hash_seed = seed_draw();
	struct export_name *names = NULL, *same;
	uint32_t n = v->m->nexports;
	for (uint32_t i = 0; i < n && !failed(v); i++)
		export_index(v, &v->m->exports[i]);
	arena_reset(&v->arena);
	struct export_name *rows = arena_array(&v->arena, n, sizeof *rows);
	for (uint32_t i = 0; i < n && rows != NULL && !failed(v); i++) {
		const struct name *name = &v->m->exports[i].name;
		HASH_FIND(hh, names, name->bytes, name->len, same);
		if (same != NULL) {
			fail(v, "duplicate export name \"%s\"", name->bytes);
			return;
		}
		HASH_ADD_KEYPTR(hh, names, name->bytes, name->len, &rows[i]);
		if (rows[i].hh.tbl == NULL)
			break;
	}
	if (v->arena.failed)
		no_memory(v);
}

void
validate_module(struct module *m, struct error *error)
{
	struct validator v = { .m = m, .error = error };
	arena_init(&v.arena, &m->engine->alloc);
	types(&v);
	imports(&v);
	for (uint32_t x = m->nimported_tags; x < m->ntags && !failed(&v); x++)
		tag(&v, x);
	for (uint32_t x = m->nimported_funcs; x < m->nfuncs && !failed(&v); x++)
		func_type(&v, m->funcs[x].type);
	memories(&v);
	tables(&v);
	globals(&v);
	segments(&v);
	bodies(&v);
	start(&v);
	exports(&v);
	arena_free(&v.arena);
}
