#include "jit/build_object.h"

#include <assert.h>

#include "jit/access.h"
#include "jit/build_call.h"
#include "jit/build_ref.h"
#include "jit/simplify.h"
#include "spec/engine.h"
#include "spec/heap.h"
#include "spec/layout.h"
#include "trap/trap.h"

#define FEW 8	      /* elements of a new array that are stored one by one */
#define MOST_KNOWN 64 /* parts of a new object that are remembered */

static_assert(IR_field8_u - IR_field8_s == 1 &&
		      IR_field16_u - IR_field16_s == 1 &&
		      IR_element - IR_field == IR_element8_s - IR_field8_s &&
		      IR_element - IR_field == IR_element16_s - IR_field16_s &&
		      IR_set_element - IR_set_field ==
			      IR_set_element8 - IR_set_field8 &&
		      IR_set_element - IR_set_field ==
			      IR_set_element16 - IR_set_field16,
	"elements as fields");

/* The canonical row of the module's type x. */
static const struct deftype *
canonical(const struct builder *b, uint32_t x)
{
	return typespace_get(b->m->engine->types, b->m->types[x].canon);
}

/* The type of a field's value. */
static enum ir_type
type_of(const struct builder *b, valtype storage)
{
	return storage == VT_I8 || storage == VT_I16 ? TYPE_i32
						     : ir_type(b->m, storage);
}

/* A field of a structure, or an element of an array. */
struct part {
	uint32_t object, index; /* values; index 0: it is at `offset` */
	uint32_t offset;
	valtype storage;
	enum state state;
};

static unsigned
get_op(const struct part *p, bool is_signed)
{
	unsigned op = p->index != 0 ? IR_element - IR_field : 0;
	switch (p->storage) {
	case VT_I8:
		return op + (is_signed ? IR_field8_s : IR_field8_u);
	case VT_I16:
		return op + (is_signed ? IR_field16_s : IR_field16_u);
	default:
		return op + IR_field;
	}
}

static unsigned
set_op(const struct part *p)
{
	unsigned op = p->index != 0 ? IR_set_element - IR_set_field : 0;
	return op + (p->storage == VT_I8	   ? IR_set_field8
			    : p->storage == VT_I16 ? IR_set_field16
						   : IR_set_field);
}

static void
get(struct builder *b, const struct part *p, bool is_signed)
{
	value_push(
		b, value_read(b, get_op(p, is_signed), type_of(b, p->storage),
			   p->state, p->object, p->index, p->offset));
}

/* What is read from the part is v now, unless bits of it were lost. */
static void
know(struct builder *b, const struct part *p, uint32_t v)
{
	if (get_op(p, false) == IR_field || get_op(p, false) == IR_element)
		value_know(b, get_op(p, false), type_of(b, p->storage),
			p->state, p->object, p->index, p->offset, v);
}

static void
set(struct builder *b, const struct part *p, uint32_t v)
{
	if (p->index != 0)
		value_new(b, set_op(p), type_of(b, p->storage), p->object,
			p->index, v);
	else
		value_new(b, set_op(p), type_of(b, p->storage), p->object, v,
			p->offset);
}

/* Structures */

/* A part that nothing writes is as good as computed. */
static struct part
field(const struct builder *b, uint32_t type, uint32_t i, uint32_t object)
{
	const struct fieldtype *f = &b->m->types[type].fields[i];
	uint32_t offset = canonical(b, type)->layout->offsets[i];
	unsigned place = offset / 8 % (STATE_last_field - STATE_field + 1);
	return (struct part){ .object = object,
		.offset = offset,
		.storage = f->type,
		.state = f->mut ? (enum state)(STATE_field + place)
				: STATE_fixed };
}

static void
struct_get(struct builder *b, bool is_signed)
{
	const struct insn *i = &b->body.w.insn;
	struct part p = field(b, i->a, i->b, value_pop(b));
	build_ref_not_null(b, p.object, 0, TRAP_null_structure_reference);
	get(b, &p, is_signed);
}

static void
struct_set(struct builder *b)
{
	const struct insn *i = &b->body.w.insn;
	uint32_t v = value_pop(b);
	struct part p = field(b, i->a, i->b, value_pop(b));
	build_ref_not_null(b, p.object, 0, TRAP_null_structure_reference);
	set(b, &p, v);
	value_wrote(b, p.state);
	know(b, &p, v);
}

/* Arrays */

static uint32_t
length_of(struct builder *b, uint32_t array)
{
	return value_pure(b, IR_get32, TYPE_i32, array, 0,
		offsetof(struct object, length));
}

static struct part
element(struct builder *b, uint32_t type, uint32_t array, uint32_t index)
{
	const struct fieldtype *f = &b->m->types[type].fields[0];
	uint32_t size = layout_bytes(f->type);
	uint64_t k;
	struct part p = { .object = array,
		.storage = f->type,
		.state = f->mut ? STATE_element : STATE_fixed };
	if (value_is_const(b, index, &k) &&
		OBJECT_HEAD + (uint64_t)(uint32_t)k * size <= INT32_MAX)
		p.offset = OBJECT_HEAD + (uint32_t)k * size;
	else
		p.index = index;
	return p;
}

/* The element that the operands on top name, which is there. */
static struct part
checked_element(struct builder *b)
{
	uint32_t index = value_pop(b), array = value_pop(b);
	build_ref_not_null(b, array, 0, TRAP_null_array_reference);
	access_trap_unless(b,
		simplify_binary(b, OP_i32_lt_u, index, length_of(b, array)),
		TRAP_array_out_of_bounds);
	return element(b, b->body.w.insn.a, array, index);
}

static void
array_get(struct builder *b, bool is_signed)
{
	struct part p = checked_element(b);
	get(b, &p, is_signed);
}

static void
array_set(struct builder *b)
{
	uint32_t v = value_pop(b);
	struct part p = checked_element(b);
	set(b, &p, v);
	value_wrote(b, STATE_element);
	know(b, &p, v);
}

static void
array_len(struct builder *b)
{
	uint32_t array = value_pop(b);
	build_ref_not_null(b, array, 0, TRAP_null_array_reference);
	value_push(b, length_of(b, array));
}

/* New objects */

/* Zeros of the type are what a new object has. */
static bool
is_zero(const struct builder *b, uint32_t v)
{
	uint64_t k;
	return value_is_const(b, v, &k) && k == 0;
}

/* Part i of a new object gets v; nothing else has looked at it. */
static void
init(struct builder *b, uint32_t type, uint32_t i, uint32_t object, uint32_t v)
{
	struct part p = b->m->types[type].comp == COMP_array
				? element(b, type, object, value_i32(b, i))
				: field(b, type, i, object);
	if (!is_zero(b, v))
		set(b, &p, v);
	if (i < MOST_KNOWN)
		know(b, &p, v);
}

static uint64_t
bytes_of(const struct deftype *d, uint32_t length)
{
	uint64_t size = d->layout->size;
	return d->comp == COMP_array ? OBJECT_HEAD + length * size : size;
}

/* A new object whose parts are all zero; length: a value. */
static uint32_t
make(struct builder *b, const struct deftype *d, uint32_t length)
{
	uint32_t args[] = { value_i32(b, d->canon), length };
	uint32_t object;
	uint64_t k = 0;
	if (value_is_const(b, length, &k) &&
		bytes_of(d, (uint32_t)k) <= HEAP_SMALL) {
		object = value_new(
			b, IR_new, TYPE_ref, 0, (uint32_t)k, d->canon);
		b->ir->nodes[object].flags = TRAP_allocation_too_large;
	} else {
		object = build_call_runtime(b, RUNTIME_object_new, args, 2);
	}
	if (d->comp == COMP_array)
		value_know(b, IR_get32, TYPE_i32, STATE_fixed, object, 0,
			offsetof(struct object, length), length);
	return object;
}

/* With its n parts from the operands on top. */
static void
new_object(struct builder *b, uint32_t type, uint32_t n)
{
	const struct deftype *d = canonical(b, type);
	bool array = d->comp == COMP_array;
	uint32_t object = make(b, d, value_i32(b, array ? n : 0));
	b->body.nstack -= n;
	for (uint32_t i = 0; i < n; i++)
		init(b, type, i, object, b->body.stack[b->body.nstack + i]);
	value_push(b, object);
}

static void
struct_new_default(struct builder *b, uint32_t type)
{
	const struct deftype *d = &b->m->types[type];
	new_object(b, type, 0);
	for (uint32_t i = 0; i < d->nfields && i < MOST_KNOWN; i++)
		if (d->fields[i].type != VT_V128)
			init(b, type, i, b->body.stack[b->body.nstack - 1],
				value_const(
					b, type_of(b, d->fields[i].type), 0));
}

/* Fuel is charged as the interpreter does it: by C, in the same order. */
static void
array_new(struct builder *b, uint32_t type)
{
	const struct deftype *d = canonical(b, type);
	uint32_t n = value_pop(b), v = value_pop(b), object;
	bool fuel = b->m->engine->fuel;
	uint64_t k;
	if (value_is_const(b, n, &k) && (uint32_t)k <= FEW && !fuel) {
		for (uint32_t i = 0; i < (uint32_t)k; i++)
			b->body.stack[b->body.nstack + i] = v;
		b->body.nstack += (uint32_t)k;
		new_object(b, type, (uint32_t)k);
		return;
	}
	object = make(b, d, n);
	if (fuel || !is_zero(b, v)) {
		uint32_t args[] = { object, value_i32(b, 0), n, v };
		build_call_runtime(b, RUNTIME_array_fill, args, 4);
	}
	value_push(b, object);
}

static void
array_new_default(struct builder *b, uint32_t type)
{
	const struct deftype *d = canonical(b, type);
	uint32_t args[] = { value_i32(b, d->canon), value_pop(b) };
	value_push(b, b->m->engine->fuel
			      ? build_call_runtime(
					b, RUNTIME_array_new_default, args, 2)
			      : make(b, d, args[1]));
}

/* Of n elements of a segment: operands its offset, n. */
static void
array_new_segment(struct builder *b, enum runtime row)
{
	const struct insn *i = &b->body.w.insn;
	uint32_t n = value_pop(b), from = value_pop(b);
	uint32_t args[] = { value_i32(b, canonical(b, i->a)->canon),
		value_i32(b, i->b), from, n };
	uint32_t array = build_call_runtime(b, row, args, 4);
	value_know(b, IR_get32, TYPE_i32, STATE_fixed, array, 0,
		offsetof(struct object, length), n);
	value_push(b, array);
}

/* Many elements */

static void
array_fill(struct builder *b)
{
	uint32_t n = value_pop(b), v = value_pop(b);
	uint32_t at = value_pop(b), array = value_pop(b);
	uint32_t args[] = { array, at, n, v };
	build_call_runtime(b, RUNTIME_array_fill, args, 4);
	value_wrote(b, STATE_element);
}

static void
array_copy(struct builder *b)
{
	b->body.nstack -= 5;
	build_call_runtime(
		b, RUNTIME_array_copy, b->body.stack + b->body.nstack, 5);
	value_wrote(b, STATE_element);
}

static void
array_init(struct builder *b, enum runtime row)
{
	b->body.nstack -= 4;
	const uint32_t *x = b->body.stack + b->body.nstack;
	uint32_t args[] = { x[0], x[1], value_i32(b, b->body.w.insn.b), x[2],
		x[3] };
	build_call_runtime(b, row, args, 5);
	value_wrote(b, STATE_element);
}

static bool
bulk(struct builder *b, enum op op)
{
	uint32_t type = b->body.w.insn.a;
	switch (op) {
	case OP_array_new:
		array_new(b, type);
		return true;
	case OP_array_new_default:
		array_new_default(b, type);
		return true;
	case OP_array_new_data:
		array_new_segment(b, RUNTIME_array_new_data);
		return true;
	case OP_array_new_elem:
		array_new_segment(b, RUNTIME_array_new_elem);
		return true;
	case OP_array_fill:
		array_fill(b);
		return true;
	case OP_array_copy:
		array_copy(b);
		return true;
	case OP_array_init_data:
		array_init(b, RUNTIME_array_init_data);
		return true;
	case OP_array_init_elem:
		array_init(b, RUNTIME_array_init_elem);
		return true;
	default:
		return false;
	}
}

bool
build_object(struct builder *b, enum op op)
{
	const struct insn *i = &b->body.w.insn;
	switch (op) {
	case OP_struct_new:
		new_object(b, i->a, b->m->types[i->a].nfields);
		return true;
	case OP_struct_new_default:
		struct_new_default(b, i->a);
		return true;
	case OP_struct_get:
	case OP_struct_get_s:
	case OP_struct_get_u:
		struct_get(b, op == OP_struct_get_s);
		return true;
	case OP_struct_set:
		struct_set(b);
		return true;
	case OP_array_new_fixed:
		new_object(b, i->a, i->b);
		return true;
	case OP_array_get:
	case OP_array_get_s:
	case OP_array_get_u:
		array_get(b, op == OP_array_get_s);
		return true;
	case OP_array_set:
		array_set(b);
		return true;
	case OP_array_len:
		array_len(b);
		return true;
	default:
		return bulk(b, op);
	}
}
