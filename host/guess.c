#include "host/guess.h"

#include <string.h>

#include "spec/engine.h"
#include "spec/link.h"
#include "spec/ref.h"
#include "spec/store.h"
#include "trap/error.h"

/* Zero, null or, where that may not be, another value; false: none is known. */
static bool
find_value(valtype t, union slot *v)
{
	v[0].u64 = 0;
	if (t == VT_V128)
		v[1].u64 = 0;
	if (vt_defaultable(t))
		return true;
	switch (t & (VT_INDEX | VT_PAYLOAD)) {
	case HT_ANY:
	case HT_EXTERN:
		v[0] = ref_of_host(1);
		return true;
	case HT_EQ:
	case HT_I31:
		v[0] = ref_of_i31(1);
		return true;
	default:
		return false;
	}
}

/* The same of n values one after the other; slots may be NULL. */
static bool
find_values(const valtype *t, uint32_t n, union slot *slots)
{
	for (uint32_t i = 0; i < n; i++) {
		union slot v[2];
		if (!find_value(t[i], v))
			return false;
		if (slots == NULL)
			continue;
		memcpy(slots, v, vt_slots(t[i]) * sizeof *v);
		slots += vt_slots(t[i]);
	}
	return true;
}

static enum status
stub(void *env, struct store *store, struct instance *caller, union slot *slots)
{
	const struct func *f = env;
	const struct functype *t =
		&typespace_get(store->engine->types, f->type)->func;
	(void)caller;
	find_values(t->results, t->nresults, slots);
	return STATUS_done;
}

/* The import has no value that is known. */
static bool
wants_more(const struct module *m, const struct import *i)
{
	const struct functype *f;
	union slot v[2];
	switch (i->kind) {
	case EXTERN_func:
		f = module_func_type(m, i->index);
		return !find_values(f->results, f->nresults, NULL);
	case EXTERN_table:
		return !find_value(m->tables[i->index].type.elem, v);
	case EXTERN_global:
		return !find_value(m->globals[i->index].type.type, v);
	default:
		return false;
	}
}

bool
guess_import(struct store *s, const struct module *m, const struct import *i,
	struct external *x, struct error *error)
{
	union slot v[2];
	if (wants_more(m, i))
		return false;
	x->kind = i->kind;
	if (i->kind == EXTERN_func) {
		const struct deftype *t = &m->types[m->funcs[i->index].type];
		x->u.func = func_new_host(s, t->canon, stub, NULL, NULL);
		if (x->u.func != NULL)
			func_host(x->u.func)->env = x->u.func;
		else
			error->kind = ERROR_memory;
	} else if (i->kind == EXTERN_table) {
		struct tabletype t = m->tables[i->index].type;
		t.elem = vt_canon(m->types, t.elem);
		find_value(t.elem, v);
		x->u.table = table_new(s, &t, v[0], error);
	} else if (i->kind == EXTERN_memory) {
		x->u.memory = memory_new(s, &m->memories[i->index], error);
	} else if (i->kind == EXTERN_global) {
		struct globaltype t = m->globals[i->index].type;
		find_value(t.type, v);
		x->u.global =
			global_new(s, vt_canon(m->types, t.type), t.mut, v);
		if (x->u.global == NULL)
			error->kind = ERROR_memory;
	} else {
		x->u.tag = tag_new(s, m->types[m->tags[i->index]].canon);
		if (x->u.tag == NULL)
			error->kind = ERROR_memory;
	}
	return error->kind == ERROR_none;
}

bool
guess_arguments(const struct functype *t, int set, union slot *slots)
{
	static const uint64_t numbers[GUESS_SETS][4] = {
		{ 0, 0, 0, 0 },
		{ 1, 2, 0x3ff0000000000000, 100 },
		{ 0x8000000080000000, UINT64_MAX, 0x7ff0000000000001, 65536 },
	};
	uint32_t at = 0;
	if (!find_values(t->params, t->nparams, slots))
		return false;
	for (uint32_t i = 0; i < t->nparams; i++) {
		valtype v = t->params[i];
		if (v == VT_I32 || v == VT_F32)
			slots[at] = slot_of_i32((uint32_t)numbers[set][i % 4]);
		else if (!vt_is_ref(v))
			slots[at].u64 = numbers[set][i % 4];
		at += vt_slots(v);
	}
	return true;
}
