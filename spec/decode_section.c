/*
 * The contents of each section (standard, 5.5.4 to 5.5.17).  Constant
 * expressions and bodies are only delimited; functions that are named outside
 * of bodies are marked as declared on the way.
 */
#include "spec/decode_section.h"

#include <stdio.h>

#include "spec/bintype.h"
#include "spec/code.h"
#include "spec/engine.h"

/* Implementation limits; most of them are those of the JavaScript embedding. */
enum {
	MAX_TYPES = 1000000,
	MAX_ENTRIES = 1000000, /* functions, imports, exports, globals .. */
	MAX_TABLES = 65536,    /* and memories: operands of cells are 16 bits */
	MAX_PARAMS = 1000,
	MAX_FIELDS = 10000,
	MAX_DATAS = 100000,
	MAX_ELEMS = 10000000,
	MAX_LOCALS = 50000,
	MAX_BODY = 7654321, /* bytes */
};

enum { LIMITS_MAX = 1, LIMITS_SHARED = 2, LIMITS_64 = 4, LIMITS_PAGE = 8 };

enum {
	TYPE_FUNC = 0x60,
	TYPE_STRUCT = 0x5f,
	TYPE_ARRAY = 0x5e,
	TYPE_SUB = 0x50,
	TYPE_SUB_FINAL = 0x4f,
	TYPE_REC = 0x4e,
};

static bool
failed(const struct decoder *d)
{
	return d->error->kind != ERROR_none;
}

/* Malformed at the byte just read. */
static void
fail_last(struct decoder *d, const char *message)
{
	if (!failed(d))
		d->r.at--;
	reader_fail(&d->r, message);
}

/* Without the feature the byte just read is malformed. */
static void
need_last(struct decoder *d, enum feature_index i, const char *message)
{
	features f = (features)1 << i;
	char text[100];
	d->m->used |= f;
	if ((d->m->engine->features & f) != 0)
		return;
	snprintf(text, sizeof text, "%s (%s is not enabled)", message,
		feature_name(i));
	fail_last(d, text);
}

static void
limit(struct decoder *d, const char *message)
{
	error_at(d->error, ERROR_limit, reader_offset(&d->r), "%s", message);
	d->r.at = d->r.end;
}

static uint8_t
peek(const struct decoder *d)
{
	return d->r.at < d->r.end ? *d->r.at : 0;
}

/* Types */

static valtype
value_type(struct decoder *d)
{
	valtype t = bintype_val(&d->r);
	decode_need(d, bintype_features(t));
	return t;
}

static bool
mutability(struct decoder *d)
{
	uint8_t mut = reader_byte(&d->r);
	if (mut > 1)
		fail_last(d, "malformed mutability");
	return mut == 1;
}

/* A vector of value types and the slots that they take. */
static const valtype *
result_type(struct decoder *d, uint32_t *n, uint32_t *slots, const char *what)
{
	*n = decode_count(d, MAX_PARAMS, what);
	valtype *t = decode_array(d, *n, 1, sizeof *t);
	*slots = 0;
	for (uint32_t i = 0; i < *n && !failed(d); i++) {
		t[i] = value_type(d);
		*slots += vt_slots(t[i]);
	}
	return t;
}

static void
func_type(struct decoder *d, struct functype *f)
{
	f->params = result_type(d, &f->nparams, &f->param_slots, "parameters");
	f->results = result_type(d, &f->nresults, &f->result_slots, "results");
	if (f->nresults > 1)
		decode_need(d, FEATURE_MULTI_VALUE);
}

static void
fields(struct decoder *d, struct deftype *t, uint32_t n)
{
	struct fieldtype *f = decode_array(d, n, 2, sizeof *f);
	for (uint32_t i = 0; i < n && !failed(d); i++) {
		f[i].type = bintype_storage(&d->r);
		decode_need(d, bintype_features(f[i].type));
		f[i].mut = mutability(d);
	}
	t->nfields = n;
	t->fields = f;
	decode_need(d, FEATURE_GC);
}

static void
comp_type(struct decoder *d, struct deftype *t)
{
	switch (reader_byte(&d->r)) {
	case TYPE_FUNC:
		t->comp = COMP_func;
		func_type(d, &t->func);
		return;
	case TYPE_STRUCT:
		t->comp = COMP_struct;
		fields(d, t, decode_count(d, MAX_FIELDS, "fields"));
		return;
	case TYPE_ARRAY:
		t->comp = COMP_array;
		fields(d, t, 1);
		return;
	default:
		if (!failed(d) && d->r.at[-1] >= 0x80)
			reader_fail(&d->r, "integer representation too long");
		fail_last(d, "malformed definition type");
	}
}

static void
sub_type(struct decoder *d, struct deftype *t)
{
	uint8_t code = peek(d);
	t->final = code != TYPE_SUB;
	t->super = NO_INDEX;
	if (code == TYPE_SUB || code == TYPE_SUB_FINAL) {
		decode_need(d, FEATURE_GC);
		reader_byte(&d->r);
		uint32_t n = reader_count(&d->r);
		if (n > 1)
			error_at(d->error, ERROR_invalid, reader_offset(&d->r),
				"sub type has more than one super type");
		if (n > 0)
			t->super = reader_u32(&d->r);
	}
	comp_type(d, t);
}

static void
rec_type(struct decoder *d)
{
	struct module *m = d->m;
	uint32_t n = 1, first = m->ntypes;
	if (peek(d) == TYPE_REC) {
		decode_need(d, FEATURE_GC);
		reader_byte(&d->r);
		n = decode_count(d, MAX_TYPES, "types");
	}
	for (uint32_t i = 0; i < n && !failed(d); i++) {
		if (m->ntypes == MAX_TYPES) {
			limit(d, "too many types");
			return;
		}
		m->types = decode_room(d, m->types, m->ntypes, &d->types_room,
			sizeof *m->types);
		if (m->types == NULL)
			return;
		struct deftype *t = &m->types[m->ntypes++];
		t->rec_first = first;
		t->rec_count = n;
		sub_type(d, t);
	}
}

void
decode_section_type(struct decoder *d)
{
	uint32_t n = decode_count(d, MAX_TYPES, "types");
	for (uint32_t i = 0; i < n && !failed(d); i++)
		rec_type(d);
}

static struct limits
limits(struct decoder *d, unsigned flags, unsigned allowed)
{
	struct limits l = { 0 };
	const char *message = "malformed limits flags";
	if ((flags & ~allowed) != 0)
		fail_last(d, message);
	if ((flags & LIMITS_64) != 0)
		need_last(d, FEATURE_INDEX_MEMORY64, message);
	if ((flags & LIMITS_SHARED) != 0)
		need_last(d, FEATURE_INDEX_THREADS, message);
	if ((flags & LIMITS_PAGE) != 0)
		need_last(d, FEATURE_INDEX_CUSTOM_PAGE_SIZES, message);
	l.has_max = (flags & LIMITS_MAX) != 0;
	l.is64 = (flags & LIMITS_64) != 0;
	l.shared = (flags & LIMITS_SHARED) != 0;
	l.page_shift = 16;
	l.min = reader_u64(&d->r);
	if (l.has_max)
		l.max = reader_u64(&d->r);
	return l;
}

static struct limits
memory_type(struct decoder *d)
{
	unsigned flags = reader_byte(&d->r);
	struct limits l = limits(
		d, flags, LIMITS_MAX | LIMITS_64 | LIMITS_SHARED | LIMITS_PAGE);
	if ((flags & LIMITS_PAGE) != 0) {
		uint32_t shift = reader_u32(&d->r);
		if (shift >= 64)
			reader_fail(&d->r, "invalid custom page size");
		l.page_shift = (uint8_t)shift;
	}
	return l;
}

static struct tabletype
table_type(struct decoder *d)
{
	struct tabletype t;
	t.elem = bintype_ref(&d->r);
	if (t.elem != VT_FUNCREF)
		decode_need(d, bintype_features(t.elem));
	unsigned flags = reader_byte(&d->r);
	t.limits = limits(d, flags, LIMITS_MAX | LIMITS_64);
	return t;
}

static struct globaltype
global_type(struct decoder *d)
{
	struct globaltype g;
	g.type = value_type(d);
	g.mut = mutability(d);
	return g;
}

static uint32_t
tag_type(struct decoder *d)
{
	if (reader_byte(&d->r) != 0)
		fail_last(d, "zero byte expected");
	return reader_u32(&d->r);
}

/* Index spaces: each of these appends an entry and gives its index. */

static uint32_t
add_func(struct decoder *d, uint32_t type)
{
	struct module *m = d->m;
	m->funcs = decode_room(
		d, m->funcs, m->nfuncs, &d->funcs_room, sizeof *m->funcs);
	if (m->funcs != NULL)
		m->funcs[m->nfuncs].type = type;
	return m->nfuncs++;
}

static uint32_t
add_table(struct decoder *d, struct tabletype type, struct range init)
{
	struct module *m = d->m;
	if (m->ntables == MAX_TABLES)
		limit(d, "too many tables");
	m->tables = decode_room(
		d, m->tables, m->ntables, &d->tables_room, sizeof *m->tables);
	if (m->tables != NULL) {
		m->tables[m->ntables].type = type;
		m->tables[m->ntables].init = init;
	}
	return m->ntables++;
}

static uint32_t
add_memory(struct decoder *d, struct limits type)
{
	struct module *m = d->m;
	if (m->nmemories == MAX_TABLES)
		limit(d, "too many memories");
	m->memories = decode_room(d, m->memories, m->nmemories,
		&d->memories_room, sizeof *m->memories);
	if (m->memories != NULL)
		m->memories[m->nmemories] = type;
	return m->nmemories++;
}

static uint32_t
add_global(struct decoder *d, struct globaltype type, struct range init)
{
	struct module *m = d->m;
	m->globals = decode_room(d, m->globals, m->nglobals, &d->globals_room,
		sizeof *m->globals);
	if (m->globals != NULL) {
		m->globals[m->nglobals].type = type;
		m->globals[m->nglobals].init = init;
	}
	return m->nglobals++;
}

static uint32_t
add_tag(struct decoder *d, uint32_t type)
{
	struct module *m = d->m;
	m->tags = decode_room(
		d, m->tags, m->ntags, &d->tags_room, sizeof *m->tags);
	if (m->tags != NULL)
		m->tags[m->ntags] = type;
	return m->ntags++;
}

/* Imports */

/* An external type without its kind. */
struct externtype {
	uint8_t kind;
	uint32_t type; /* function, tag */
	struct tabletype table;
	struct limits memory;
	struct globaltype global;
};

static void
extern_type(struct decoder *d, struct externtype *x)
{
	x->kind = reader_byte(&d->r);
	switch (x->kind) {
	case EXTERN_func:
		x->type = reader_u32(&d->r);
		return;
	case EXTERN_table:
		x->table = table_type(d);
		return;
	case EXTERN_memory:
		x->memory = memory_type(d);
		return;
	case EXTERN_global:
		x->global = global_type(d);
		return;
	case EXTERN_tag:
		need_last(d, FEATURE_INDEX_EXCEPTIONS, "malformed import kind");
		x->type = tag_type(d);
		return;
	default:
		fail_last(d, "malformed import kind");
		return;
	}
}

/* Appends the imported thing to its index space. */
static uint32_t
import_entry(struct decoder *d, const struct externtype *x)
{
	struct module *m = d->m;
	struct range none = { 0, 0 };
	switch ((enum extern_kind)x->kind) {
	case EXTERN_func:
		m->nimported_funcs++;
		return add_func(d, x->type);
	case EXTERN_table:
		m->nimported_tables++;
		return add_table(d, x->table, none);
	case EXTERN_memory:
		m->nimported_memories++;
		return add_memory(d, x->memory);
	case EXTERN_global:
		m->nimported_globals++;
		return add_global(d, x->global, none);
	case EXTERN_tag:
		break;
	}
	m->nimported_tags++;
	return add_tag(d, x->type);
}

static void
add_import(struct decoder *d, uint64_t offset, struct name module,
	struct name field, const struct externtype *x)
{
	struct module *m = d->m;
	if (failed(d))
		return;
	if (m->nimports == MAX_ENTRIES) {
		limit(d, "too many imports");
		return;
	}
	m->imports = decode_room(d, m->imports, m->nimports, &d->imports_room,
		sizeof *m->imports);
	if (m->imports == NULL)
		return;
	struct import *i = &m->imports[m->nimports++];
	i->module = module;
	i->field = field;
	i->kind = x->kind;
	i->offset = (uint32_t)offset;
	i->index = import_entry(d, x);
}

/*
 * A group of the compact import section proposal, after an empty field name:
 *
 *   7f  vector of (field name, external type)
 *   7e  external type, vector of field names
 */
static void
import_group(struct decoder *d, uint64_t offset, struct name module)
{
	struct externtype x = { 0 };
	bool one_type = reader_byte(&d->r) == 0x7e;
	need_last(d, FEATURE_INDEX_COMPACT_IMPORTS, "malformed import kind");
	if (one_type)
		extern_type(d, &x);
	uint32_t n = decode_count(d, MAX_ENTRIES, "imports");
	for (uint32_t i = 0; i < n && !failed(d); i++) {
		struct name field = decode_name(d);
		if (!one_type)
			extern_type(d, &x);
		add_import(d, offset, module, field, &x);
	}
}

void
decode_section_import(struct decoder *d)
{
	uint32_t n = decode_count(d, MAX_ENTRIES, "imports");
	for (uint32_t i = 0; i < n && !failed(d); i++) {
		struct externtype x = { 0 };
		uint64_t offset = reader_offset(&d->r);
		struct name module = decode_name(d);
		struct name field = decode_name(d);
		if (field.len == 0 && (peek(d) == 0x7f || peek(d) == 0x7e)) {
			import_group(d, offset, module);
			continue;
		}
		extern_type(d, &x);
		add_import(d, offset, module, field, &x);
	}
}

/* Constant expressions */

static void
declare(struct decoder *d, uint32_t func)
{
	if (func < d->m->nfuncs && !failed(d))
		d->m->funcs[func].declared = true;
}

/* Reads to the end that belongs to the expression. */
static struct range
const_expr(struct decoder *d)
{
	struct range range;
	struct insn i;
	uint32_t depth = 0;
	range.offset = (uint32_t)reader_offset(&d->r);
	do {
		if (depth == 0 && peek(d) == 0x05)
			reader_fail(&d->r, "END opcode expected");
		code_next(&d->r, &i);
		if (i.op == OP_block || i.op == OP_loop || i.op == OP_if ||
			i.op == OP_try_table)
			depth++;
		else if (i.op == OP_ref_func)
			declare(d, i.a);
	} while (!failed(d) && (i.op != OP_end || depth-- > 0));
	range.len = (uint32_t)reader_offset(&d->r) - range.offset;
	return range;
}

void
decode_section_func(struct decoder *d)
{
	uint32_t n = decode_count(d, MAX_ENTRIES, "functions");
	for (uint32_t i = 0; i < n && !failed(d); i++)
		add_func(d, reader_u32(&d->r));
}

void
decode_section_table(struct decoder *d)
{
	uint32_t n = decode_count(d, MAX_ENTRIES, "tables");
	for (uint32_t i = 0; i < n && !failed(d); i++) {
		struct range init = { 0, 0 };
		bool with_init = peek(d) == 0x40;
		if (with_init) {
			decode_need(d, FEATURE_FUNC_REFS);
			reader_byte(&d->r);
			if (reader_byte(&d->r) != 0)
				fail_last(d, "zero byte expected");
		}
		struct tabletype t = table_type(d);
		if (with_init)
			init = const_expr(d);
		add_table(d, t, init);
	}
}

void
decode_section_memory(struct decoder *d)
{
	uint32_t n = decode_count(d, MAX_ENTRIES, "memories");
	for (uint32_t i = 0; i < n && !failed(d); i++)
		add_memory(d, memory_type(d));
}

void
decode_section_tag(struct decoder *d)
{
	uint32_t n = decode_count(d, MAX_ENTRIES, "tags");
	for (uint32_t i = 0; i < n && !failed(d); i++)
		add_tag(d, tag_type(d));
}

void
decode_section_global(struct decoder *d)
{
	uint32_t n = decode_count(d, MAX_ENTRIES, "globals");
	for (uint32_t i = 0; i < n && !failed(d); i++) {
		struct globaltype g = global_type(d);
		add_global(d, g, const_expr(d));
	}
}

void
decode_section_export(struct decoder *d)
{
	struct module *m = d->m;
	uint32_t n = decode_count(d, MAX_ENTRIES, "exports");
	m->exports = decode_array(d, n, 3, sizeof *m->exports);
	for (uint32_t i = 0; i < n && !failed(d); i++) {
		struct export *e = &m->exports[m->nexports++];
		e->name = decode_name(d);
		e->kind = reader_byte(&d->r);
		if (e->kind > EXTERN_tag)
			fail_last(d, "malformed export kind");
		e->index = reader_u32(&d->r);
		if (e->kind == EXTERN_func)
			declare(d, e->index);
	}
}

void
decode_section_start(struct decoder *d)
{
	d->m->start = reader_u32(&d->r);
}

/* Segments */

static void
elem_kind(struct decoder *d, struct elemdecl *e)
{
	if (reader_byte(&d->r) != 0)
		fail_last(d, "malformed element kind");
	e->type = VT_REF | HT_FUNC;
}

static void
elem_funcs(struct decoder *d, struct elemdecl *e)
{
	e->count = reader_count(&d->r);
	uint32_t *funcs = decode_array(d, e->count, 1, sizeof *funcs);
	for (uint32_t i = 0; i < e->count && !failed(d); i++) {
		funcs[i] = reader_u32(&d->r);
		declare(d, funcs[i]);
	}
	e->funcs = funcs;
}

static void
elem_exprs(struct decoder *d, struct elemdecl *e)
{
	e->count = reader_count(&d->r);
	struct range *exprs = decode_array(d, e->count, 2, sizeof *exprs);
	for (uint32_t i = 0; i < e->count && !failed(d); i++)
		exprs[i] = const_expr(d);
	e->exprs = exprs;
}

/*
 * The flags of an element segment: bit 0 not active, bit 1 a table index (or
 * declarative), bit 2 expressions.  Without bits 0 and 1 no type is given.
 */
static void
elem_segment(struct decoder *d, struct elemdecl *e)
{
	uint32_t flags = reader_u32(&d->r);
	const char *message = "malformed elements segment kind";
	if (flags > 7) {
		fail_last(d, message);
		return;
	}
	if (flags != 0)
		need_last(d, FEATURE_INDEX_BULK, message);
	e->mode = (flags & 1) == 0   ? SEGMENT_active
		  : (flags & 2) != 0 ? SEGMENT_declarative
				     : SEGMENT_passive;
	if (e->mode == SEGMENT_active) {
		e->table = (flags & 2) != 0 ? reader_u32(&d->r) : 0;
		e->offset = const_expr(d);
	}
	e->type = (flags & 4) != 0 ? VT_FUNCREF : VT_REF | HT_FUNC;
	if ((flags & 3) != 0 && (flags & 4) != 0) {
		e->type = bintype_ref(&d->r);
		decode_need(d, bintype_features(e->type));
	} else if ((flags & 3) != 0) {
		elem_kind(d, e);
	}
	if ((flags & 4) != 0)
		elem_exprs(d, e);
	else
		elem_funcs(d, e);
}

void
decode_section_elem(struct decoder *d)
{
	struct module *m = d->m;
	uint32_t n = decode_count(d, MAX_ELEMS, "element segments");
	m->elems = decode_array(d, n, 3, sizeof *m->elems);
	for (uint32_t i = 0; i < n && !failed(d); i++)
		elem_segment(d, &m->elems[m->nelems++]);
}

void
decode_section_data_count(struct decoder *d)
{
	d->m->data_count = reader_u32(&d->r);
}

/* Flags: 0 active in memory 0, 1 passive, 2 active with a memory index. */
static void
data_segment(struct decoder *d, struct datadecl *s)
{
	uint32_t flags = reader_u32(&d->r);
	if (flags > 2) {
		fail_last(d, "malformed data segment kind");
		return;
	}
	if (flags != 0)
		need_last(d, FEATURE_INDEX_BULK, "malformed data segment kind");
	s->mode = flags == 1 ? SEGMENT_passive : SEGMENT_active;
	if (flags != 1) {
		s->memory = flags == 2 ? reader_u32(&d->r) : 0;
		s->offset = const_expr(d);
	}
	s->bytes.len = reader_count(&d->r);
	s->bytes.offset = (uint32_t)reader_offset(&d->r);
	reader_bytes(&d->r, s->bytes.len);
}

void
decode_section_data(struct decoder *d)
{
	struct module *m = d->m;
	uint32_t n = decode_count(d, MAX_DATAS, "data segments");
	m->datas = decode_array(d, n, 2, sizeof *m->datas);
	for (uint32_t i = 0; i < n && !failed(d); i++)
		data_segment(d, &m->datas[m->ndatas++]);
}

/* Bodies */

/* Counts the locals of f, whose body begins here. */
static void
locals(struct decoder *d, struct funcdecl *f)
{
	struct module *m = d->m;
	uint64_t at = reader_offset(&d->r), nlocals = 0, slots = 0;
	uint32_t groups = reader_count(&d->r);
	for (uint32_t i = 0; i < groups && !failed(d); i++) {
		uint64_t n = reader_u32(&d->r);
		valtype t = value_type(d);
		nlocals += n;
		slots += n * vt_slots(t);
	}
	if (nlocals > UINT32_MAX || nlocals > MAX_LOCALS)
		error_at(d->error,
			nlocals > UINT32_MAX ? ERROR_malformed : ERROR_limit,
			at, "too many locals");
	if (failed(d))
		return;
	if (f->type < m->ntypes && m->types[f->type].comp == COMP_func) {
		nlocals += m->types[f->type].func.nparams;
		slots += m->types[f->type].func.param_slots;
	}
	f->nlocals = (uint32_t)nlocals;
	f->local_slots = (uint32_t)slots;
}

static void
body(struct decoder *d, struct funcdecl *f)
{
	struct reader *r = &d->r;
	uint32_t size = reader_count(r);
	const uint8_t *start = r->at;
	if (size > MAX_BODY)
		limit(d, "function body too large");
	f->body.offset = (uint32_t)reader_offset(r);
	f->body.len = size;
	locals(d, f);
	if (failed(d))
		return;
	if ((uint64_t)(r->at - start) > size) {
		r->at = start;
		reader_fail(r, "section size mismatch");
	} else if (size > (uint64_t)(r->end - start)) {
		r->at = r->end;
		reader_fail(r, "unexpected end of section or function");
	} else {
		r->at = start + size;
	}
}

void
decode_section_code(struct decoder *d)
{
	struct module *m = d->m;
	struct funcdecl extra;
	uint32_t n = decode_count(d, MAX_ENTRIES, "functions");
	for (uint32_t i = 0; i < n && !failed(d); i++) {
		bool known = i < m->nfuncs - m->nimported_funcs;
		extra.type = NO_INDEX;
		body(d, known ? &m->funcs[m->nimported_funcs + i] : &extra);
	}
	d->nbodies = n;
}
