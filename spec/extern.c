#include "spec/extern.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "spec/engine.h"
#include "spec/link.h"
#include "spec/store.h"

struct externtype
extern_declared(const struct module *m, uint8_t kind, uint32_t i)
{
	struct externtype t = { .kind = kind };
	switch (kind) {
	case EXTERN_func:
		t.type = m->types[m->funcs[i].type].canon;
		break;
	case EXTERN_table:
		t.value = vt_canon(m->types, m->tables[i].type.elem);
		t.limits = m->tables[i].type.limits;
		break;
	case EXTERN_memory:
		t.limits = m->memories[i];
		break;
	case EXTERN_global:
		t.value = vt_canon(m->types, m->globals[i].type.type);
		t.mut = m->globals[i].type.mut;
		break;
	default:
		assert(kind == EXTERN_tag && "kinds of externals");
		t.type = m->types[m->tags[i]].canon;
		break;
	}
	return t;
}

struct externtype
extern_given(const struct external *x)
{
	struct externtype t = { .kind = x->kind };
	struct limits *l = &t.limits;
	switch (x->kind) {
	case EXTERN_func:
		t.type = x->u.func->type;
		break;
	case EXTERN_table:
		t.value = x->u.table->type;
		l->min = x->u.table->size;
		l->max = x->u.table->max;
		l->has_max = x->u.table->has_max;
		l->is64 = x->u.table->is64;
		break;
	case EXTERN_memory:
		l->min = memory_pages(x->u.memory);
		l->max = x->u.memory->max;
		l->has_max = x->u.memory->has_max;
		l->is64 = x->u.memory->is64;
		l->shared = x->u.memory->shared;
		l->page_shift = x->u.memory->page_shift;
		break;
	case EXTERN_global:
		t.value = x->u.global->type;
		t.mut = x->u.global->mut;
		break;
	default:
		assert(x->kind == EXTERN_tag && "kinds of externals");
		t.type = x->u.tag->type;
		break;
	}
	return t;
}

static bool
limits_match(const struct limits *given, const struct limits *wanted)
{
	return given->is64 == wanted->is64 && given->shared == wanted->shared &&
	       given->min >= wanted->min &&
	       (!wanted->has_max ||
		       (given->has_max && given->max <= wanted->max));
}

static bool
values_equal(const struct typespace *ts, valtype a, valtype b)
{
	return vt_matches(ts, a, b) && vt_matches(ts, b, a);
}

bool
extern_matches(const struct typespace *ts, const struct externtype *given,
	const struct externtype *wanted)
{
	if (given->kind != wanted->kind)
		return false;
	switch (given->kind) {
	case EXTERN_func:
		return typespace_sub(ts, given->type, wanted->type);
	case EXTERN_table:
		return values_equal(ts, given->value, wanted->value) &&
		       limits_match(&given->limits, &wanted->limits);
	case EXTERN_memory:
		return given->limits.page_shift == wanted->limits.page_shift &&
		       limits_match(&given->limits, &wanted->limits);
	case EXTERN_global:
		return given->mut == wanted->mut &&
		       (given->mut ? values_equal(
					     ts, given->value, wanted->value)
				   : vt_matches(
					     ts, given->value, wanted->value));
	default:
		return given->type == wanted->type;
	}
}

/* Text that is cut at its end. */
struct text {
	char *at, *end;
};

static void
put(struct text *t, const char *format, ...)
{
	va_list args;
	size_t room = (size_t)(t->end - t->at);
	va_start(args, format);
	int n = vsnprintf(t->at, room, format, args);
	va_end(args);
	if (n > 0)
		t->at += (size_t)n < room ? (size_t)n : room - 1;
}

static void
put_values(struct text *t, const valtype *types, uint32_t n)
{
	char one[32];
	put(t, "[");
	for (uint32_t i = 0; i < n && t->end - t->at > 1; i++)
		put(t, i == 0 ? "%s" : " %s", vt_format(types[i], one));
	put(t, "]");
}

static void
put_limits(struct text *t, const struct limits *l)
{
	put(t, l->is64 ? " i64 %" PRIu64 : " %" PRIu64, l->min);
	if (l->has_max)
		put(t, " %" PRIu64, l->max);
	if (l->shared)
		put(t, " shared");
}

const char *
extern_format(const struct typespace *ts, const struct externtype *x, char *out,
	size_t bytes)
{
	struct text t = { out, out + bytes };
	const struct functype *f;
	char one[32];
	switch (x->kind) {
	case EXTERN_func:
	case EXTERN_tag:
		f = &typespace_get(ts, x->type)->func;
		put(&t, x->kind == EXTERN_tag ? "tag " : "func ");
		put_values(&t, f->params, f->nparams);
		put(&t, " -> ");
		put_values(&t, f->results, f->nresults);
		break;
	case EXTERN_table:
		put(&t, "table");
		put_limits(&t, &x->limits);
		put(&t, " %s", vt_format(x->value, one));
		break;
	case EXTERN_memory:
		put(&t, "memory");
		put_limits(&t, &x->limits);
		if (x->limits.page_shift != 16)
			put(&t, " (pagesize %u)", 1u << x->limits.page_shift);
		break;
	default:
		put(&t, x->mut ? "global mut %s" : "global %s",
			vt_format(x->value, one));
		break;
	}
	return out;
}

const char *
external_format(const struct engine *e, const struct external *x, char *out,
	size_t bytes)
{
	struct externtype t = extern_given(x);
	return extern_format(e->types, &t, out, bytes);
}

const char *
import_format(
	const struct module *m, const struct import *i, char *out, size_t bytes)
{
	struct externtype t = extern_declared(m, i->kind, i->index);
	return extern_format(m->engine->types, &t, out, bytes);
}
