#include "interp/object.h"

#include <assert.h>

#include "interp/control.h"
#include "interp/fold.h"
#include "spec/engine.h"
#include "spec/heap.h"
#include "spec/layout.h"
#include "spec/module.h"
#include "trap/arena.h"
#include "trap/error.h"

/* The cell made a result of this type at its home. */
static void
push_made(struct translator *t, uint32_t cell, struct mirrors before,
	valtype type)
{
	t->older.cell = NONE;
	emit_push_result(t, type,
		(struct made){ .cell = cell, .op = OP_nop, .before = before });
}

/* The canonical row of the module's type x. */
static const struct deftype *
canonical(const struct translator *t, uint32_t x)
{
	return typespace_get(t->m->engine->types, t->m->types[x].canon);
}

static valtype
ref_to(uint32_t x)
{
	return VT_REF | VT_INDEX | x;
}

/* The first form of the handlers that read the storage type. */
static uint32_t
get_family(valtype storage, bool is_signed)
{
	switch (storage) {
	case VT_I8:
		return is_signed ? BC_struct_get_i8_s_S : BC_struct_get_i8_u_S;
	case VT_I16:
		return is_signed ? BC_struct_get_i16_s_S
				 : BC_struct_get_i16_u_S;
	case VT_I32:
		return BC_struct_get_i32_S;
	case VT_F32:
		return BC_struct_get_f32_S;
	case VT_F64:
		return BC_struct_get_f64_S;
	default:
		return BC_struct_get_i64_S;
	}
}

/* The same of those that write it. */
static uint32_t
put_family(valtype storage)
{
	switch (layout_bytes(storage)) {
	case 1:
		return BC_struct_set_i8_S_S;
	case 2:
		return BC_struct_set_i16_S_S;
	case 4:
		return BC_struct_set_i32_S_S;
	default:
		return BC_struct_set_i64_S_S;
	}
}

/* The type of a field's value on the stack. */
static valtype
unpacked(valtype storage)
{
	return storage == VT_I8 || storage == VT_I16 ? VT_I32 : storage;
}

static void
struct_get(struct translator *t, enum op op)
{
	const struct insn *i = &t->w.insn;
	valtype storage = t->m->types[i->a].fields[i->b].type;
	struct operand x = emit_pop(t);
	emit_slot_of(t, &x);
	uint32_t bc = BC_struct_get_v128;
	if (storage != VT_V128)
		bc = get_family(storage, op == OP_struct_get_s) +
		     (emit_in_acc(t, &x) ? GET_A : GET_S);
	struct mirrors before = t->mirrors;
	struct cell *c = emit_cell(t, bc);
	c->u.s.a = (uint16_t)emit_next_home(t);
	c->u.s.b = (uint16_t)x.slot;
	c->v.imm = (int32_t)canonical(t, i->a)->layout->offsets[i->b];
	push_made(t, t->ncells - 1, before, unpacked(storage));
}

/* The popped v as a value to be stored: 'S', 'A', or 'I' with *imm. */
static char
value_class(struct translator *t, struct operand *v, int32_t *imm)
{
	if (v->type != VT_F32 && v->type != VT_F64 && fold_immediate(v, imm) &&
		*imm == (int16_t)*imm)
		return 'I';
	*imm = (int32_t)emit_slot_of(t, v);
	return t->mirrors.i == v->slot ? 'A' : 'S';
}

static void
struct_set(struct translator *t)
{
	const struct insn *i = &t->w.insn;
	valtype storage = t->m->types[i->a].fields[i->b].type;
	struct operand v = emit_pop(t), x = emit_pop(t);
	int32_t a;
	char value = value_class(t, &v, &a);
	emit_slot_of(t, &x);
	enum form_put form = value == 'I' ? PUT_S_I : PUT_S_S;
	if (emit_in_acc(t, &x))
		form = value == 'I' ? PUT_A_I : PUT_A_S;
	else if (value == 'A')
		form = PUT_S_A;
	uint32_t bc = storage == VT_V128 ? BC_struct_set_v128
					 : put_family(storage) + form;
	struct cell *c = emit_cell(t, bc);
	c->u.s.a = (uint16_t)a;
	c->u.s.b = (uint16_t)x.slot;
	c->v.imm = (int32_t)canonical(t, i->a)->layout->offsets[i->b];
}

/* The form for the popped array and index. */
static enum form_get
array_form(struct translator *t, struct operand *x, struct operand *index)
{
	int32_t imm;
	if (index->kind == OPERAND_const && fold_immediate(index, &imm) &&
		imm >= 0 && imm <= INT16_MAX)
		return GET_SI;
	emit_slot_of(t, index);
	return emit_in_acc(t, index) ? GET_SA
	       : emit_in_acc(t, x)   ? GET_AS
				     : GET_SS;
}

static void
array_get(struct translator *t, enum op op)
{
	valtype storage = t->m->types[t->w.insn.a].fields[0].type;
	struct operand index = emit_pop(t), x = emit_pop(t);
	uint32_t bc = BC_array_get_v128;
	enum form_get form = GET_SS;
	emit_slot_of(t, &x);
	if (storage == VT_V128) {
		emit_slot_of(t, &index);
	} else {
		form = array_form(t, &x, &index);
		bc = get_family(storage, op == OP_array_get_s) + form;
	}
	struct mirrors before = t->mirrors;
	struct cell *c = emit_cell(t, bc);
	c->u.s.a = (uint16_t)emit_next_home(t);
	c->u.s.b = (uint16_t)x.slot;
	c->v.s.c = (uint16_t)(form == GET_SI ? index.bits : index.slot);
	push_made(t, t->ncells - 1, before, unpacked(storage));
}

static void
array_set(struct translator *t)
{
	valtype storage = t->m->types[t->w.insn.a].fields[0].type;
	struct operand v = emit_pop(t), index = emit_pop(t), x = emit_pop(t);
	int32_t a;
	char value = value_class(t, &v, &a);
	emit_slot_of(t, &index);
	emit_slot_of(t, &x);
	enum form_put form = value == 'I' ? PUT_SS_I : PUT_SS_S;
	if (emit_in_acc(t, &index))
		form = value == 'I' ? PUT_SA_I : PUT_SA_S;
	else if (value == 'A')
		form = PUT_SS_A;
	uint32_t bc = storage == VT_V128 ? BC_array_set_v128
					 : put_family(storage) + form;
	struct cell *c = emit_cell(t, bc);
	c->u.s.a = (uint16_t)a;
	c->u.s.b = (uint16_t)x.slot;
	c->v.s.c = (uint16_t)index.slot;
}

/* A cell with its result at home and the popped x at b. */
static void
one_operand(struct translator *t, uint32_t bc, uint32_t imm, valtype type)
{
	struct operand x = emit_pop(t);
	emit_slot_of(t, &x);
	struct mirrors before = t->mirrors;
	struct cell *c = emit_cell(t, bc);
	c->u.s.a = (uint16_t)emit_next_home(t);
	c->u.s.b = (uint16_t)x.slot;
	c->v.imm = (int32_t)imm;
	push_made(t, t->ncells - 1, before, type);
}

static void
array_len(struct translator *t)
{
	const struct operand *x = &t->stack[t->nstack - 1];
	one_operand(t, emit_in_acc(t, x) ? BC_array_len_A : BC_array_len_S, 0,
		VT_I32);
}

/* Making objects.  Operands stay on the stack until the safepoint. */

/* Stack entry i as an argument word (interp/cell.h). */
static uint32_t
argument_word(struct translator *t, uint32_t i)
{
	const struct operand *o = &t->stack[i];
	int32_t imm;
	if (o->type != VT_F64 && fold_immediate(o, &imm) &&
		imm >= -0x40000000 && imm < 0x40000000)
		return (uint32_t)imm << 1 | 1;
	if (o->kind == OPERAND_const)
		emit_bring_home(t, i);
	return t->stack[i].slot << 1;
}

/* What allocates is complete: its n operands go, its result comes. */
static void
push_object(struct translator *t, uint32_t cell, struct mirrors before,
	uint32_t n, uint32_t type)
{
	emit_safepoint(t);
	emit_drop_to(t, t->nstack - n);
	t->cells[cell].u.s.a = (uint16_t)emit_next_home(t);
	push_made(t, cell, before, ref_to(type));
}

/* Where field i of n of type d is, an element if it is an array. */
static uint32_t
field_offset(const struct deftype *d, uint32_t i)
{
	if (d->comp == COMP_array)
		return OBJECT_HEAD + i * d->layout->size;
	return d->layout->offsets[i];
}

static valtype
field_type(const struct deftype *d, uint32_t i)
{
	return d->fields[d->comp == COMP_array ? 0 : i].type;
}

/* All of n fields are 8 bytes. */
static bool
all_slots(const struct deftype *d, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (layout_bytes(field_type(d, i)) != 8)
			return false;
	return true;
}

/* The first word of a new object of bytes. */
static uint32_t
new_word(uint32_t bytes, bool slots)
{
	uint32_t word = slots ? NEW_SLOTS : 0;
	if (bytes > HEAP_SMALL)
		return word;
	uint32_t class = heap_class(bytes);
	return word | class << 16 | heap_class_bytes(class);
}

/* An object of type x with the n topmost operands in its fields. */
static void
new_object(struct translator *t, uint32_t x, uint32_t n)
{
	const struct deftype *d = canonical(t, x);
	bool slots = all_slots(d, n), array = d->comp == COMP_array;
	uint32_t first = t->nstack - n, k = 0;
	uint32_t *words = arena_array(t->a, 2 + 2 * (size_t)n, sizeof *words);
	if (words == NULL) {
		error_set(t->error, ERROR_memory, "out of memory");
		return;
	}
	words[k++] = new_word(
		array ? OBJECT_HEAD + n * d->layout->size : d->layout->size,
		slots);
	words[k++] = array ? n : 0;
	for (uint32_t i = 0; i < n; i++) {
		words[k++] = argument_word(t, first + i);
		if (!slots)
			words[k++] = layout_bytes(field_type(d, i)) << 24 |
				     field_offset(d, i);
	}
	struct mirrors before = t->mirrors;
	uint32_t cell = t->ncells;
	bool small = NEW_BYTES(words[0]) != 0;
	struct cell *c = emit_cell(t, !small  ? BC_object_new_large
				      : slots ? BC_object_new_slots
					      : BC_object_new);
	c->u.s.b = (uint16_t)n;
	c->v.imm = (int32_t)d->canon;
	emit_words(t, words, k, cell_count(k));
	push_object(t, cell, before, n, x);
}

/* The type in the cell after the newest one. */
static void
emit_type(struct translator *t, uint32_t type)
{
	emit_cell(t, BC_unreachable)->u.ab = type;
}

static void
array_new(struct translator *t, uint32_t x)
{
	uint32_t value = t->nstack - 2, length = t->nstack - 1;
	for (uint32_t i = value; i <= length; i++)
		if (t->stack[i].kind == OPERAND_const)
			emit_bring_home(t, i);
	struct mirrors before = t->mirrors;
	uint32_t cell = t->ncells;
	struct cell *c = emit_cell(t, BC_array_new);
	c->u.s.b = (uint16_t)t->stack[value].slot;
	c->v.s.c = (uint16_t)t->stack[length].slot;
	emit_type(t, canonical(t, x)->canon);
	push_object(t, cell, before, 2, x);
}

static void
array_new_default(struct translator *t, uint32_t x)
{
	uint32_t length = t->nstack - 1;
	if (t->stack[length].kind == OPERAND_const)
		emit_bring_home(t, length);
	struct mirrors before = t->mirrors;
	uint32_t cell = t->ncells;
	struct cell *c = emit_cell(t, BC_array_new_default);
	c->u.s.b = (uint16_t)t->stack[length].slot;
	c->v.imm = (int32_t)canonical(t, x)->canon;
	push_object(t, cell, before, 1, x);
}

/* From n elements of a segment. */
static void
array_new_segment(struct translator *t, uint32_t bc)
{
	const struct insn *i = &t->w.insn;
	emit_bring_home_top(t, 2);
	struct mirrors before = t->mirrors;
	uint32_t cell = t->ncells;
	struct cell *c = emit_cell(t, bc);
	c->u.s.b = (uint16_t)t->stack[t->nstack - 2].slot;
	c->v.imm = (int32_t)i->b;
	emit_type(t, canonical(t, i->a)->canon);
	push_object(t, cell, before, 2, i->a);
}

/* Pops n operands, all at home; a cell with the first one at a. */
static struct cell *
operands_at_home(struct translator *t, uint32_t bc, uint32_t n)
{
	emit_bring_home_top(t, n);
	emit_drop_to(t, t->nstack - n);
	struct cell *c = emit_cell(t, bc);
	c->u.s.a = (uint16_t)emit_next_home(t);
	return c;
}

static void
array_fill(struct translator *t)
{
	valtype storage = t->m->types[t->w.insn.a].fields[0].type;
	operands_at_home(t, BC_array_fill, 4)->u.s.b =
		(uint16_t)vt_slots(storage);
}

/* Casts. */

/* The type is of a structure or an array: those have handlers of their own. */
static bool
is_object_type(const struct translator *t, valtype to)
{
	return (to & VT_INDEX) != 0 &&
	       t->m->types[to & VT_PAYLOAD].comp != COMP_func;
}

static void
ref_test(struct translator *t)
{
	valtype to = t->w.insn.heap;
	uint32_t bc = is_object_type(t, to) ? BC_ref_test_id : BC_ref_test;
	one_operand(t, bc, vt_canon(t->m->types, to), VT_I32);
	t->last.bc = (uint16_t)bc;
}

static void
ref_cast(struct translator *t)
{
	valtype to = t->w.insn.heap;
	one_operand(t, is_object_type(t, to) ? BC_ref_cast_id : BC_ref_cast,
		vt_canon(t->m->types, to), to);
}

/* The branch for casts to that type, in all. */
static uint32_t
branch_cell(struct translator *t, bool fail, bool id, uint32_t slot, valtype to)
{
	static const uint16_t forms[2][2] = {
		{ BC_br_cast, BC_br_cast_id },
		{ BC_br_cast_fail, BC_br_cast_fail_id },
	};
	uint32_t cell = t->ncells;
	emit_cell(t, forms[fail][id])->u.s.a = (uint16_t)slot;
	emit_type(t, to);
	t->charge = NONE;
	return cell;
}

bool
object_tests(const struct translator *t)
{
	return t->last.cell != NONE &&
	       (t->last.bc == BC_ref_test || t->last.bc == BC_ref_test_id);
}

uint32_t
object_branch(struct translator *t, bool sense)
{
	bool id = t->last.bc == BC_ref_test_id;
	struct cell c = emit_take_back(t);
	return branch_cell(t, !sense, id, c.u.s.b, (valtype)c.v.imm);
}

static void
br_on_cast(struct translator *t, bool on_fail)
{
	uint32_t depth = t->w.insn.a;
	valtype to = t->w.insn.heap2;
	struct operand x = emit_pop(t);
	emit_slot_of(t, &x);
	if (x.kind == OPERAND_local)
		emit_push_local(t, (uint32_t)x.bits);
	else
		emit_push(t, OPERAND_temp, x.type);
	struct label *l = control_label(t, depth);
	bool direct = !control_carries(t, l, walk_label(&t->w, depth));
	uint32_t cell = branch_cell(t, on_fail == direct, is_object_type(t, to),
		x.slot, vt_canon(t->m->types, to));
	if (direct)
		control_target(t, l, cell, control_imm(cell));
	else
		control_carry_over(t, depth, cell);
}

static bool
array_insn(struct translator *t, enum op op)
{
	const struct insn *i = &t->w.insn;
	switch (op) {
	case OP_array_new:
		array_new(t, i->a);
		return true;
	case OP_array_new_default:
		array_new_default(t, i->a);
		return true;
	case OP_array_new_fixed:
		new_object(t, i->a, i->b);
		return true;
	case OP_array_new_data:
		array_new_segment(t, BC_array_new_data);
		return true;
	case OP_array_new_elem:
		array_new_segment(t, BC_array_new_elem);
		return true;
	case OP_array_get:
	case OP_array_get_s:
	case OP_array_get_u:
		array_get(t, op);
		return true;
	case OP_array_set:
		array_set(t);
		return true;
	case OP_array_len:
		array_len(t);
		return true;
	case OP_array_fill:
		array_fill(t);
		return true;
	case OP_array_copy:
		operands_at_home(t, BC_array_copy, 5);
		return true;
	case OP_array_init_data:
		operands_at_home(t, BC_array_init_data, 4)->v.imm =
			(int32_t)i->b;
		return true;
	case OP_array_init_elem:
		operands_at_home(t, BC_array_init_elem, 4)->v.imm =
			(int32_t)i->b;
		return true;
	default:
		return false;
	}
}

bool
object_insn(struct translator *t, enum op op)
{
	const struct insn *i = &t->w.insn;
	if (op_rows[op].feature != FEATURE_INDEX_GC)
		return false;
	switch (op) {
	case OP_struct_new:
		new_object(t, i->a, t->m->types[i->a].nfields);
		return true;
	case OP_struct_new_default:
		new_object(t, i->a, 0);
		return true;
	case OP_struct_get:
	case OP_struct_get_s:
	case OP_struct_get_u:
		struct_get(t, op);
		return true;
	case OP_struct_set:
		struct_set(t);
		return true;
	case OP_ref_eq:
		fold_binary(t, OP_i64_eq);
		return true;
	case OP_ref_test:
	case OP_ref_test_null:
		ref_test(t);
		return true;
	case OP_ref_cast:
	case OP_ref_cast_null:
		ref_cast(t);
		return true;
	case OP_br_on_cast:
	case OP_br_on_cast_fail:
		br_on_cast(t, op == OP_br_on_cast_fail);
		return true;
	case OP_any_convert_extern:
	case OP_extern_convert_any:
		return true;
	case OP_ref_i31:
		one_operand(t, BC_ref_i31, 0, VT_REF | HT_I31);
		return true;
	case OP_i31_get_s:
		one_operand(t, BC_i31_get_s, 0, VT_I32);
		return true;
	case OP_i31_get_u:
		one_operand(t, BC_i31_get_u, 0, VT_I32);
		return true;
	default:
		return array_insn(t, op);
	}
}
