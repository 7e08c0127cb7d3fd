#include "spec/layout.h"

#include <assert.h>

#include "trap/arena.h"

uint32_t
layout_bytes(valtype storage)
{
	switch (storage) {
	case VT_I8:
		return 1;
	case VT_I16:
		return 2;
	case VT_I32:
	case VT_F32:
		return 4;
	case VT_V128:
		return 16;
	default:
		return 8;
	}
}

bool
layout_holds_object(const struct typespace *ts, valtype t)
{
	if (!vt_is_ref(t))
		return false;
	if ((t & VT_INDEX) != 0)
		return typespace_get(ts, t & VT_PAYLOAD)->comp != COMP_func;
	switch (t & VT_PAYLOAD) {
	case HT_FUNC:
	case HT_NOFUNC:
	case HT_NOEXTERN:
	case HT_NOEXN:
	case HT_NONE:
	case HT_I31:
		return false;
	default:
		return true;
	}
}

bool
layout_holds_func(const struct typespace *ts, valtype t)
{
	if (!vt_is_ref(t))
		return false;
	if ((t & VT_INDEX) != 0)
		return typespace_get(ts, t & VT_PAYLOAD)->comp == COMP_func;
	return (t & VT_PAYLOAD) == HT_FUNC;
}

const struct layout *
layout_new(const struct typespace *ts, const struct deftype *d, struct arena *a)
{
	assert(d->comp != COMP_func && "a structure or array");
	struct layout *l = arena_alloc(a, sizeof *l);
	uint32_t *offsets = arena_array(a, d->nfields, sizeof *offsets);
	uint32_t *refs, *funcs, at = OBJECT_HEAD, nrefs = 0, nfuncs = 0;
	for (uint32_t i = 0; i < d->nfields; i++) {
		nrefs += layout_holds_object(ts, d->fields[i].type);
		nfuncs += layout_holds_func(ts, d->fields[i].type);
	}
	refs = arena_array(a, (size_t)nrefs + nfuncs, sizeof *refs);
	if (l == NULL || offsets == NULL || refs == NULL)
		return NULL;
	funcs = refs + nrefs;
	for (uint32_t i = 0; i < d->nfields; i++) {
		uint32_t bytes = layout_bytes(d->fields[i].type);
		uint32_t align = bytes < 8 ? bytes : 8;
		at = (at + align - 1) & ~(align - 1);
		offsets[i] = at;
		if (layout_holds_object(ts, d->fields[i].type))
			refs[l->nrefs++] = at;
		else if (layout_holds_func(ts, d->fields[i].type))
			funcs[l->nfuncs++] = at;
		at += bytes;
	}
	l->size = d->comp == COMP_array ? at - OBJECT_HEAD : (at + 7) & ~7u;
	l->offsets = offsets;
	l->refs = refs;
	l->funcs = funcs;
	return l;
}
