#include "spec/constant.h"

#include <assert.h>

#include "spec/array.h"
#include "spec/code.h"
#include "spec/engine.h"
#include "spec/layout.h"
#include "spec/numeric.h"
#include "spec/reader.h"
#include "spec/ref.h"
#include "spec/store.h"
#include "trap/bytes.h"
#include "trap/error.h"
#include "trap/unwind.h"

/* The operands, in slots, on the free part of the guest stack. */
struct operands {
	union slot *sp, *end;
	bool refused; /* an object could not be made */
	bool trapped; /* as the store's context says */
};

static union slot
pop(struct operands *o)
{
	return *--o->sp;
}

/* An instruction of two operands and one result. */
static union slot
binary(const struct insn *i, union slot a, union slot b)
{
	switch (i->op) {
	case OP_i32_add:
		return slot_of_i32(num_i32_add(slot_i32(a), slot_i32(b)));
	case OP_i32_sub:
		return slot_of_i32(num_i32_sub(slot_i32(a), slot_i32(b)));
	case OP_i32_mul:
		return slot_of_i32(num_i32_mul(slot_i32(a), slot_i32(b)));
	case OP_i64_add:
		return slot_of_i64(num_i64_add(a.u64, b.u64));
	case OP_i64_sub:
		return slot_of_i64(num_i64_sub(a.u64, b.u64));
	default:
		assert(i->op == OP_i64_mul && "a constant instruction");
		return slot_of_i64(num_i64_mul(a.u64, b.u64));
	}
}

static void
push_global(struct operands *o, const struct global *g)
{
	*o->sp++ = g->value[0];
	if (vt_slots(g->type) == 2)
		*o->sp++ = g->value[1];
}

/* The new object, which is NULL if there is no memory. */
static void
push_object(struct operands *o, const struct object *object)
{
	o->refused = object == NULL;
	*o->sp++ = slot_of_ref(object);
}

static void
struct_new(struct instance *in, uint32_t type, struct operands *o)
{
	const struct deftype *d = typespace_get(in->store->engine->types, type);
	struct object *object = object_new(in->store, type, 0);
	for (uint32_t k = d->nfields; k-- > 0;) {
		o->sp -= vt_slots(d->fields[k].type);
		if (object != NULL)
			object_put(object_at(object, d->layout->offsets[k]),
				d->fields[k].type, o->sp);
	}
	push_object(o, object);
}

/* Slots of an operand for an element of the array type. */
static uint32_t
element_slots(const struct instance *in, uint32_t type)
{
	const struct typespace *ts = in->store->engine->types;
	return vt_slots(typespace_get(ts, type)->fields[0].type);
}

/* n elements like one operand. */
static void
array_new_like(
	struct instance *in, uint32_t type, uint32_t n, struct operands *o)
{
	struct store *s = in->store;
	struct object *object = object_new(s, type, n);
	o->sp -= element_slots(in, type);
	if (object != NULL)
		o->trapped = array_fill(s, slot_of_ref(object), 0, o->sp, n) !=
			     STATUS_done;
	push_object(o, object);
}

/* An element from each of n operands. */
static void
array_new_fixed(
	struct instance *in, uint32_t type, uint32_t n, struct operands *o)
{
	const struct deftype *d = typespace_get(in->store->engine->types, type);
	uint32_t slots = element_slots(in, type), at = OBJECT_HEAD;
	struct object *object = object_new(in->store, type, n);
	o->sp -= n * slots;
	for (uint32_t k = 0; object != NULL && k < n; k++) {
		object_put(object_at(object, at), d->fields[0].type,
			o->sp + k * slots);
		at += d->layout->size;
	}
	push_object(o, object);
}

/* References, structures and arrays; false if i is none of their instructions.
 */
static bool
step_object(struct instance *in, const struct insn *i, struct operands *o)
{
	const struct module *m = in->module;
	uint32_t n;
	switch (i->op) {
	case OP_ref_null:
		*o->sp++ = slot_of_ref(NULL);
		return true;
	case OP_ref_func:
		*o->sp++ = slot_of_ref(instance_func(in, i->a));
		return true;
	case OP_ref_i31:
		o->sp[-1] = ref_of_i31(slot_i32(o->sp[-1]));
		return true;
	case OP_any_convert_extern:
	case OP_extern_convert_any:
		return true;
	case OP_struct_new:
		struct_new(in, m->types[i->a].canon, o);
		return true;
	case OP_struct_new_default:
		push_object(o, object_new(in->store, m->types[i->a].canon, 0));
		return true;
	case OP_array_new:
		n = slot_i32(pop(o));
		array_new_like(in, m->types[i->a].canon, n, o);
		return true;
	case OP_array_new_default:
		n = slot_i32(pop(o));
		push_object(o, object_new(in->store, m->types[i->a].canon, n));
		return true;
	case OP_array_new_fixed:
		array_new_fixed(in, m->types[i->a].canon, i->b, o);
		return true;
	default:
		return false;
	}
}

/* Executes i, which is not the end; false if it cannot run. */
static bool
step(struct instance *in, const struct insn *i, struct operands *o)
{
	union slot b;
	switch (i->op) {
	case OP_i32_const:
		*o->sp++ = slot_of_i32((uint32_t)i->imm);
		return true;
	case OP_i64_const:
	case OP_f32_const:
	case OP_f64_const:
		*o->sp++ = slot_of_i64(i->imm);
		return true;
	case OP_v128_const:
		*o->sp++ = slot_of_i64(bytes_get64(i->list));
		*o->sp++ = slot_of_i64(bytes_get64(i->list + 8));
		return true;
	case OP_global_get:
		push_global(o, in->globals[i->a]);
		return true;
	case OP_i32_add:
	case OP_i32_sub:
	case OP_i32_mul:
	case OP_i64_add:
	case OP_i64_sub:
	case OP_i64_mul:
		b = pop(o);
		o->sp[-1] = binary(i, o->sp[-1], b);
		return true;
	default:
		return step_object(in, i, o);
	}
}

bool
constant_eval(struct instance *in, struct range expr, union slot out[2],
	struct error *error)
{
	const struct module *m = in->module;
	struct context *ctx = &in->store->ctx;
	struct operands o = { context_top(ctx), ctx->stack_end, false, false };
	struct reader r = { m->bytes + expr.offset,
		m->bytes + expr.offset + expr.len, m->bytes, error };
	struct insn i;
	for (code_next(&r, &i); i.op != OP_end; code_next(&r, &i)) {
		if (error->kind != ERROR_none)
			return false;
		if (o.end - o.sp < 2) {
			error_at(error, ERROR_limit, i.at,
				"constant expression too deep");
			return false;
		}
		bool known = step(in, &i, &o);
		assert(known && "a constant instruction");
		(void)known;
		if (o.trapped)
			return false;
		if (o.refused) {
			error_at(error, ERROR_limit, i.at,
				"out of memory for an object");
			return false;
		}
	}
	const union slot *value = context_top(ctx);
	assert(o.sp > value && o.sp - value <= 2 && "validated: one value");
	out[0] = value[0];
	if (o.sp - value == 2)
		out[1] = value[1];
	return true;
}
