/*
 * Values between embedder and guest, and references that the embedder keeps.
 */
#include <assert.h>

#include "host/api.h"
#include "spec/layout.h"
#include "spec/object.h"
#include "trap/bytes.h"
#include "trap/error.h"

static_assert(SHEAVE_I32 == VT_I32 && SHEAVE_I64 == VT_I64 &&
		      SHEAVE_F32 == VT_F32 && SHEAVE_F64 == VT_F64 &&
		      SHEAVE_V128 == VT_V128 && SHEAVE_FUNCREF == VT_FUNCREF &&
		      SHEAVE_EXTERNREF == VT_EXTERNREF,
	"types have the same bits");

const char *
sheave_valtype_format(sheave_valtype type, char *out)
{
	return vt_format(type, out);
}

static_assert(SHEAVE_ANYREF == (VT_REF | VT_NULL | HT_ANY) &&
		      SHEAVE_EXNREF == (VT_REF | VT_NULL | HT_EXN) &&
		      SHEAVE_I31 == (VT_REF | HT_I31),
	"references too");

static bool
is_exn(valtype type)
{
	return type == (VT_REF | HT_EXN) || type == (VT_REF | VT_NULL | HT_EXN);
}

static bool
is_func(const struct typespace *ts, valtype type)
{
	return layout_holds_func(ts, type) ||
	       (type & ~VT_NULL) == (VT_REF | HT_NOFUNC);
}

static const char *
func_to_slot(const struct store *s, const struct func *f, valtype type,
	union slot *out)
{
	if (f->store != s)
		return "belongs to another store";
	if (!vt_matches(s->engine->types, VT_REF | VT_INDEX | f->type, type))
		return "is of another type";
	*out = slot_of_ref(f);
	return NULL;
}

/* What an embedder's reference of no function names; *out is not null. */
static const char *
object_to_slot(
	const struct store *s, const struct sheave_value *v, union slot *out)
{
	uint64_t bits = (uintptr_t)v->of.external;
	if (v->type == SHEAVE_I31) {
		*out = ref_of_i31((uint32_t)v->of.i32);
		return NULL;
	}
	if ((v->type & VT_PAYLOAD) != HT_EXTERN || (v->type & VT_INDEX) != 0) {
		*out = slot_of_ref(v->of.object);
		return heap_has(&s->heap, slot_ref(*out))
			       ? NULL
			       : "belongs to another store, or is gone";
	}
	*out = ref_of_host(bits);
	return bits >> REF_HOST_BITS != 0 ? "has more than 62 bits" : NULL;
}

/* The value of ref, which is no function and not null, is one of type. */
static bool
object_fits(const struct store *s, union slot ref, valtype type)
{
	const struct object *o = slot_ref(ref);
	bool exn = ref_is_pointer(ref) && o->type == OBJECT_EXCEPTION;
	if (exn || is_exn(type))
		return exn && is_exn(type);
	if (ref_is_host(ref))
		return vt_matches(s->engine->types, VT_REF | HT_EXTERN, type) ||
		       vt_matches(s->engine->types, VT_REF | HT_ANY, type);
	return object_is(s->engine->types, ref, type);
}

static const char *
ref_to_slot(const struct store *s, const struct sheave_value *v, valtype type,
	union slot *out)
{
	const struct typespace *ts = s->engine->types;
	bool func = is_func(ts, v->type), wanted = is_func(ts, type);
	*out = slot_of_ref(NULL);
	if (v->type != SHEAVE_I31 && v->of.external == NULL) {
		if (func != wanted)
			return "is of another type";
		return (type & VT_NULL) != 0 ? NULL : "is null";
	}
	if (func != wanted)
		return "is of another type";
	if (func)
		return func_to_slot(
			s, (const struct func *)v->of.func, type, out);
	const char *why = object_to_slot(s, v, out);
	if (why == NULL && !object_fits(s, *out, type))
		why = "is of another type";
	return why;
}

const char *
api_to_slots(const struct store *s, const struct sheave_value *v, valtype type,
	union slot *out)
{
	if (vt_is_ref(v->type) && vt_is_ref(type))
		return ref_to_slot(s, v, type, out);
	if (v->type != type)
		return "is of another type";
	switch (type) {
	case VT_I32:
		out[0] = slot_of_i32((uint32_t)v->of.i32);
		break;
	case VT_I64:
		out[0] = slot_of_i64((uint64_t)v->of.i64);
		break;
	case VT_F32:
		out[0] = slot_of_f32(v->of.f32);
		break;
	case VT_F64:
		out[0] = slot_of_f64(v->of.f64);
		break;
	default:
		assert(type == VT_V128 && "a value type");
		out[0] = slot_of_i64(bytes_get64(v->of.v128));
		out[1] = slot_of_i64(bytes_get64(v->of.v128 + 8));
		break;
	}
	return NULL;
}

/* out has the declared type; what is in it may have to be read otherwise. */
static void
ref_from_slot(union slot ref, struct sheave_value *out)
{
	if (ref_is_i31(ref)) {
		out->type = SHEAVE_I31;
		out->of.i32 = (int32_t)ref_i31_s(ref);
	} else if (ref_is_host(ref)) {
		out->type = SHEAVE_EXTERNREF;
		out->of.external = (void *)(uintptr_t)ref_host(ref);
	} else if (!ref_is_null(ref)) {
		if ((out->type & (VT_INDEX | VT_PAYLOAD)) == HT_EXTERN)
			out->type = SHEAVE_ANYREF;
		out->of.object = slot_ref(ref); /* or .func */
	}
}

void
api_from_slots(const union slot *slots, valtype type, struct sheave_value *out)
{
	memset(out, 0, sizeof *out);
	out->type = type;
	switch (type) {
	case VT_I32:
		out->of.i32 = (int32_t)slot_i32(slots[0]);
		break;
	case VT_I64:
		out->of.i64 = (int64_t)slots[0].u64;
		break;
	case VT_F32:
		out->of.f32 = slot_f32(slots[0]);
		break;
	case VT_F64:
		out->of.f64 = slots[0].f64;
		break;
	case VT_V128:
		bytes_put64(out->of.v128, slots[0].u64);
		bytes_put64(out->of.v128 + 8, slots[1].u64);
		break;
	default:
		ref_from_slot(slots[0], out);
		break;
	}
}

struct sheave_ref {
	struct sheave_store *store;
	struct heap_root root;
};

struct sheave_ref *
sheave_ref_new(struct sheave_store *store, const struct sheave_value *value,
	struct sheave_error **error)
{
	const struct allocator *al = &store->engine->engine.alloc;
	struct store *s = store->store;
	union slot slot[2] = { { 0 }, { 0 } };
	const char *why = "is no reference";
	if (vt_is_ref(value->type))
		why = api_to_slots(s, value, value->type, slot);
	if (why != NULL) {
		api_refuse(al, error, SHEAVE_ERROR_MISUSE, "the value %s", why);
		return NULL;
	}
	struct sheave_ref *r = alloc_zeroed(al, 1, sizeof *r);
	if (r == NULL) {
		api_refuse(al, error, SHEAVE_ERROR_MEMORY, "out of memory");
		return NULL;
	}
	r->store = store;
	store->refs++;
	r->root.type = value->type;
	r->root.value = slot[0];
	heap_root(&s->heap, &r->root);
	return r;
}

void
sheave_ref_value(const struct sheave_ref *ref, struct sheave_value *value)
{
	api_from_slots(&ref->root.value, ref->root.type, value);
}

void
sheave_ref_free(struct sheave_ref *ref)
{
	if (ref == NULL)
		return;
	struct sheave_store *s = ref->store;
	heap_unroot(&ref->root);
	alloc_free(&s->engine->engine.alloc, ref, sizeof *ref);
	api_store_release(s);
}

/* What a host function is called with. */

/* Roots those of the arguments in slots that may be objects. */
bool
api_hold(struct api_held *h, struct store *s, const struct functype *t,
	const union slot *slots)
{
	h->n = 0;
	h->roots = h->few;
	h->bytes = t->nparams * sizeof *h->roots;
	if (h->bytes > sizeof h->few &&
		!(h->roots = alloc_bytes(&s->engine->alloc, h->bytes)))
		return false;
	for (uint32_t i = 0; i < t->nparams; i++) {
		struct heap_root *r = &h->roots[h->n];
		if (layout_holds_object(s->engine->types, t->params[i])) {
			r->type = t->params[i];
			r->value = slots[0];
			heap_root(&s->heap, r);
			h->n++;
		}
		slots += vt_slots(t->params[i]);
	}
	return true;
}

void
api_release(struct api_held *h, struct store *s)
{
	for (uint32_t i = 0; i < h->n; i++)
		heap_unroot(&h->roots[i]);
	if (h->roots != h->few)
		alloc_free(&s->engine->alloc, h->roots, h->bytes);
}
