/*
 * References, structures and arrays for jit/ir_run.h, by the functions of
 * spec/object.h.
 */
#include <assert.h>

#include "jit/ir_run.h"
#include "spec/engine.h"
#include "spec/layout.h"
#include "spec/object.h"
#include "spec/store.h"

#define VALUE(v) (*ir_run_value(f, v))

/* The storage type that a node reads or writes. */
static valtype
storage_of(const struct node *n)
{
	static const valtype of_type[] = {
		[TYPE_none] = VT_I32,
		[TYPE_i32] = VT_I32,
		[TYPE_i64] = VT_I64,
		[TYPE_ref] = VT_FUNCREF,
		[TYPE_ptr] = VT_I64,
		[TYPE_f32] = VT_F32,
		[TYPE_f64] = VT_F64,
		[TYPE_v128] = VT_V128,
	};
	switch (n->op) {
	case IR_field8_s:
	case IR_field8_u:
	case IR_set_field8:
	case IR_element8_s:
	case IR_element8_u:
	case IR_set_element8:
		return VT_I8;
	case IR_field16_s:
	case IR_field16_u:
	case IR_set_field16:
	case IR_element16_s:
	case IR_element16_u:
	case IR_set_element16:
		return VT_I16;
	default:
		return of_type[n->type];
	}
}

static bool
is_signed(unsigned op)
{
	return op == IR_field8_s || op == IR_field16_s || op == IR_element8_s ||
	       op == IR_element16_s;
}

static void
get(union slot *out, const uint8_t *p, valtype storage, bool extend)
{
	switch (layout_bytes(storage)) {
	case 1:
		*out = slot_of_i32(extend ? (uint32_t)(int8_t)*p : *p);
		return;
	case 2:
		*out = slot_of_i32(extend ? (uint32_t)(int16_t)object_get16(p)
					  : object_get16(p));
		return;
	case 4:
		*out = slot_of_i32(object_get32(p));
		return;
	case 16:
		memcpy(out, p, 16);
		return;
	default:
		out->u64 = object_get64(p);
		return;
	}
}

bool
ir_run_object(const struct ir_run_frame *f, uint32_t i)
{
	const struct node *n = &f->ir->nodes[i];
	valtype storage = storage_of(n);
	union slot *out = ir_run_value(f, i);
	struct object *o = slot_ref(VALUE(n->a));
	if (n->op == IR_new) {
		*out = slot_of_ref(object_new(f->in->store, n->c, n->b));
	} else if (n->op == IR_bits || n->op == IR_ref) {
		*out = VALUE(n->a);
	} else if (n->op == IR_is) {
		*out = slot_of_i32(object_is(
			f->in->store->engine->types, VALUE(n->a), n->c));
	} else if (n->op >= IR_field && n->op < IR_element) {
		get(out, object_at(o, n->c), storage, is_signed(n->op));
	} else if (n->op >= IR_element && n->op < IR_set_field) {
		size_t at = (size_t)slot_i32(VALUE(n->b));
		at = OBJECT_HEAD + at * layout_bytes(storage);
		get(out, object_at(o, at), storage, is_signed(n->op));
	} else if (n->op >= IR_set_field && n->op < IR_set_element) {
		object_put(object_at(o, n->c), storage, &VALUE(n->b));
	} else if (n->op >= IR_set_element && n->op <= IR_set_element16) {
		size_t at = (size_t)slot_i32(VALUE(n->b));
		at = OBJECT_HEAD + at * layout_bytes(storage);
		object_put(object_at(o, at), storage, &VALUE(n->c));
	} else {
		return false;
	}
	return true;
}
