#include "spec/exception.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "spec/engine.h"
#include "trap/unwind.h"

const struct functype *
exception_type(const struct tag *tag)
{
	return &typespace_get(tag->store->engine->types, tag->type)->func;
}

enum status
exception_throw(struct store *s, struct tag *tag, const union slot *payload)
{
	uint32_t n = exception_type(tag)->param_slots;
	size_t bytes = n * sizeof *payload;
	struct exception *e = (struct exception *)heap_new(
		s, OBJECT_EXCEPTION, n, sizeof *e + bytes);
	if (e == NULL)
		return raise_trap(&s->ctx, TRAP_allocation_too_large);
	e->tag = tag;
	if (n != 0)
		memcpy(e->payload, payload, bytes);
	return raise_exception(&s->ctx, e);
}

void
exception_give(struct exception *e, enum catch_kind kind, union slot *to)
{
	uint32_t n = 0;
	if (kind == CATCH_tag || kind == CATCH_tag_ref) {
		n = e->head.length;
		memcpy(to, e->payload, n * sizeof *to);
	}
	if (kind == CATCH_tag_ref || kind == CATCH_all_ref)
		to[n] = slot_of_ref(e);
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

/* A name of the guest's, without what a terminal would obey. */
static void
put_name(struct text *t, struct name name)
{
	for (uint32_t i = 0; i < name.len && i < 64; i++) {
		unsigned char b = (unsigned char)name.bytes[i];
		put(t, "%c", b < 0x20 || b == 0x7f ? '?' : b);
	}
}

/* The name by which m exports or imports its tag i; false if it does not. */
static bool
tag_name(const struct module *m, uint32_t i, struct name *out)
{
	for (uint32_t k = 0; k < m->nexports; k++) {
		*out = m->exports[k].name;
		if (m->exports[k].kind == EXTERN_tag &&
			m->exports[k].index == i)
			return true;
	}
	for (uint32_t k = 0; k < m->nimports; k++) {
		*out = m->imports[k].field;
		if (m->imports[k].kind == EXTERN_tag &&
			m->imports[k].index == i)
			return true;
	}
	return false;
}

/* " name", by whichever instance of the store has one for the tag. */
static void
put_tag(struct text *t, const struct tag *tag)
{
	struct name name;
	for (struct instance *in = tag->store->instances; in; in = in->next) {
		for (uint32_t i = 0; i < in->module->ntags; i++) {
			if (in->tags[i] == tag &&
				tag_name(in->module, i, &name)) {
				put(t, " ");
				put_name(t, name);
				return;
			}
		}
	}
}

static void
put_value(struct text *t, valtype type, const union slot *s)
{
	char name[32];
	put(t, " (%s ", vt_format(type, name));
	switch (type) {
	case VT_I32:
		put(t, "%" PRId32 ")", (int32_t)slot_i32(*s));
		break;
	case VT_I64:
		put(t, "%" PRId64 ")", (int64_t)s->u64);
		break;
	case VT_F32:
		put(t, "%.9g)", (double)slot_f32(*s));
		break;
	case VT_F64:
		put(t, "%.17g)", s->f64);
		break;
	case VT_V128:
		put(t, "0x%016" PRIx64 "%016" PRIx64 ")", s[1].u64, s[0].u64);
		break;
	default:
		put(t, s->u64 == 0 ? "null)" : "..)");
		break;
	}
}

const char *
exception_format(const struct exception *e, char *out, size_t bytes)
{
	const struct functype *type = exception_type(e->tag);
	const union slot *s = e->payload;
	struct text t = { out, out + bytes };
	put(&t, "uncaught exception");
	put_tag(&t, e->tag);
	for (uint32_t i = 0; i < type->nparams && t.end - t.at > 1; i++) {
		put_value(&t, type->params[i], s);
		s += vt_slots(type->params[i]);
	}
	return out;
}
