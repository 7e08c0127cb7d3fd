#include "spec/object.h"

#include <assert.h>

#include "spec/engine.h"
#include "spec/layout.h"
#include "spec/store.h"

/* A larger object is refused, whatever the host has. */
#define MAX_BYTES ((uint64_t)1 << 30)

void
object_put(uint8_t *p, valtype storage, const union slot *value)
{
	switch (storage) {
	case VT_I8:
		*p = (uint8_t)value->u64;
		break;
	case VT_I16:
		object_put16(p, (uint16_t)value->u64);
		break;
	case VT_I32:
	case VT_F32:
		object_put32(p, (uint32_t)value->u64);
		break;
	case VT_V128:
		memcpy(p, value, 2 * sizeof *value);
		break;
	default:
		object_put64(p, value->u64);
		break;
	}
}

/* What a reference to an object is an instance of; no exception comes here. */
static enum comp
comp_of(const struct typespace *ts, union slot ref)
{
	const struct object *o = slot_ref(ref);
	return (enum comp)typespace_get(ts, o->type)->comp;
}

bool
object_is(const struct typespace *ts, union slot ref, valtype to)
{
	uint32_t heap = to & VT_PAYLOAD;
	if (ref_is_null(ref))
		return (to & VT_NULL) != 0;
	if ((to & VT_INDEX) != 0) {
		if (typespace_get(ts, heap)->comp != COMP_func)
			return object_is_type(ts, ref, heap);
		const struct func *f = slot_ref(ref);
		return typespace_sub(ts, f->type, heap);
	}
	switch (heap) {
	case HT_EQ:
		return !ref_is_host(ref);
	case HT_I31:
		return ref_is_i31(ref);
	case HT_STRUCT:
		return ref_is_pointer(ref) && comp_of(ts, ref) == COMP_struct;
	case HT_ARRAY:
		return ref_is_pointer(ref) && comp_of(ts, ref) == COMP_array;
	case HT_NONE:
	case HT_NOFUNC:
	case HT_NOEXTERN:
	case HT_NOEXN:
		return false;
	default:
		assert((heap == HT_ANY || heap == HT_FUNC ||
			       heap == HT_EXTERN || heap == HT_EXN) &&
			"the top of a hierarchy");
		return true;
	}
}

struct object *
object_new(struct store *s, uint32_t type, uint32_t length)
{
	const struct deftype *d = typespace_get(s->engine->types, type);
	uint64_t bytes = d->layout->size;
	assert(d->comp != COMP_func && "validated");
	if (d->comp == COMP_array)
		bytes = OBJECT_HEAD + length * bytes;
	if (bytes > MAX_BYTES)
		return NULL;
	return heap_new(s, type, length, (size_t)bytes);
}
