/*
 * Needs a validated body.  Gives cells, one pass, no iteration: takes the
 * walk's steps and hands each to interp/fold.h (values) or interp/control.h;
 * calls and the rest, one cell each, are here.
 *
 * Frame: parameters and locals | instance | temporaries by height | link of a
 * callee
 */
#include "interp/translate.h"

#include <assert.h>
#include <string.h>

#include "interp/atomic.h"
#include "interp/control.h"
#include "interp/except.h"
#include "interp/fold.h"
#include "interp/loop.h"
#include "interp/object.h"
#include "interp/vector.h"
#include "spec/engine.h"
#include "spec/module.h"
#include "spec/store.h"
#include "trap/arena.h"
#include "trap/error.h"

/* Calls. */

/* The argument word of the popped o, at its home if it fits no word. */
static uint32_t
argument_word(struct translator *t, struct operand *o)
{
	int32_t imm;
	if (o->type != VT_F64 && fold_immediate(o, &imm) &&
		imm >= -0x40000000 && imm < 0x40000000)
		return (uint32_t)imm << 1 | 1;
	return emit_slot_of(t, o) << 1;
}

/*
 * Pops the arguments of type into words; returns the number of words.  The
 * words are in phase memory.
 */
static uint32_t
arguments(struct translator *t, const struct functype *type, uint32_t **words)
{
	uint32_t n = type->param_slots, at = n;
	*words = arena_array(t->a, n + 2, sizeof **words);
	if (*words == NULL) {
		error_set(t->error, ERROR_memory, "out of memory");
		emit_drop_to(t, t->nstack - type->nparams);
		return 0;
	}
	for (uint32_t i = type->nparams; i > 0; i--) {
		struct operand o = emit_pop(t);
		if (o.type == VT_V128)
			(*words)[--at] = (o.slot + 1) << 1;
		(*words)[--at] = argument_word(t, &o);
	}
	return n;
}

static void
call_results(struct translator *t, const struct functype *type)
{
	t->last.cell = NONE;
	t->mirrors = emit_no_mirrors();
	t->charge = NONE;
	for (uint32_t i = 0; i < type->nresults; i++) {
		valtype r = type->results[i];
		struct operand *o = emit_push(t, OPERAND_temp, r);
		if (type->nresults == 1 && r != VT_F32 && r != VT_F64 &&
			r != VT_V128)
			t->mirrors.i = o->slot;
	}
}

/* After a call that may have left the instance. */
static void
reload(struct translator *t, uint32_t distance)
{
	struct cell *c = emit_cell(t, BC_reload);
	c->u.s.a = (uint16_t)t->w.local_slot_count;
	c->v.s.c = (uint16_t)distance;
	c->v.s.d = t->within != NONE ? 2 : 0;
	t->leaves = true;
}

/* A callee of our own may end in a function of another instance. */
static bool
tail_calls(const struct translator *t)
{
	return (t->m->used & FEATURE_TAIL_CALL) != 0;
}

/* Where the instance has its own function i, in bytes. */
static uint32_t
own_offset(uint32_t i)
{
	return (uint32_t)(offsetof(struct instance, own) +
			  i * sizeof(struct func));
}

static void
call(struct translator *t, uint32_t func)
{
	const struct functype *type = module_func_type(t->m, func);
	uint32_t *words, n = arguments(t, type, &words);
	uint32_t distance = emit_next_home(t) + 1;
	bool import = func < t->m->nimported_funcs;
	uint32_t own = func - t->m->nimported_funcs;
	uint32_t cells = emit_site_cells(t, n);
	bool bare = n == 0 && t->within == NONE;
	bool few = bare || (n > 0 && n < 4 && cells == cell_count(n + 1));
	struct cell *c = emit_cell(t, import ? BC_call_import
				      : few  ? BC_call_0 + n
					     : BC_call_n);
	c->u.ab = import ? func : own_offset(own);
	if (bare && !import) {
		c->v.s.c = (uint16_t)distance;
	} else {
		c->v.s.c = (uint16_t)n;
		c->v.s.d = (uint16_t)cells;
		emit_site(t, words, n, distance);
	}
	emit_safepoint(t);
	if (import || tail_calls(t))
		reload(t, distance);
	call_results(t, type);
}

/*
 * A call of what the popped x names: words are the number of arguments and the
 * arguments; one reload is skipped by callees of our own instance.
 */
static void
call_any(struct translator *t, enum bc bc, enum bc bc_acc, struct operand *x,
	uint32_t table, const struct deftype *type)
{
	emit_slot_of(t, x);
	uint32_t *words, n = arguments(t, &type->func, &words);
	uint32_t distance = emit_next_home(t) + 1;
	bool acc = bc_acc != bc && emit_in_acc(t, x);
	struct cell *c = emit_cell(t, acc ? bc_acc : bc);
	c->u.s.a = acc ? 0 : (uint16_t)x->slot;
	c->u.s.b = (uint16_t)table;
	c->v.imm = (int32_t)type->canon;
	if (words != NULL) {
		memmove(words + 1, words, n * sizeof *words);
		words[0] = n | emit_site_cells(t, n + 1) << 16;
		emit_site(t, words, n + 1, distance);
	}
	emit_safepoint(t);
	reload(t, distance);
	emit_safepoint(t);
	if (tail_calls(t))
		reload(t, distance);
	call_results(t, &type->func);
}

static void
call_indirect(struct translator *t, uint32_t type, uint32_t table)
{
	struct operand x = emit_pop(t);
	bool is64 = t->m->tables[table].type.limits.is64;
	call_any(t, is64 ? BC_call_indirect64 : BC_call_indirect_S,
		is64 ? BC_call_indirect64 : BC_call_indirect_A, &x, table,
		&t->m->types[type]);
}

/* The arguments of a tail call, at home: the first one's slot. */
static uint32_t
tail_arguments(struct translator *t, const struct functype *type)
{
	emit_bring_home_top(t, type->nparams);
	emit_drop_to(t, t->nstack - type->nparams);
	return emit_next_home(t);
}

static void
return_call(struct translator *t, uint32_t func)
{
	const struct functype *type = module_func_type(t->m, func);
	uint32_t first = tail_arguments(t, type);
	bool import = func < t->m->nimported_funcs;
	uint32_t own = func - t->m->nimported_funcs;
	struct cell *c =
		emit_cell(t, import ? BC_return_call_import : BC_return_call);
	c->u.ab = import ? func : own_offset(own);
	c->v.s.c = (uint16_t)first;
	c->v.s.d = (uint16_t)type->param_slots;
}

static void
return_call_indirect(struct translator *t, uint32_t type_index, uint32_t table)
{
	const struct deftype *type = &t->m->types[type_index];
	struct operand x = emit_pop(t);
	emit_slot_of(t, &x);
	uint32_t cells = cell_count(4);
	uint32_t words[4] = { 3 | cells << 16, type->canon,
		tail_arguments(t, &type->func), type->func.param_slots };
	struct cell *c = emit_cell(t, BC_return_call_indirect);
	c->u.s.a = (uint16_t)x.slot;
	c->u.s.b = (uint16_t)table;
	emit_words(t, words, 4, cells);
}

static void
return_call_ref(struct translator *t, const struct deftype *type)
{
	struct operand x = emit_pop(t);
	emit_slot_of(t, &x);
	uint32_t first = tail_arguments(t, &type->func);
	struct cell *c = emit_cell(t, BC_return_call_ref);
	c->u.s.a = (uint16_t)x.slot;
	c->v.s.c = (uint16_t)first;
	c->v.s.d = (uint16_t)type->func.param_slots;
}

/* The rest: one cell, operands in slots. */

/* A cell whose result is at a, of type, from nothing but imm. */
static void
nullary(struct translator *t, enum bc bc, uint32_t imm, valtype type)
{
	struct cell *c = emit_cell(t, bc);
	c->u.s.a = (uint16_t)emit_next_home(t);
	c->v.imm = (int32_t)imm;
	emit_push_result_bits(t, type);
}

/* The same from one operand at b. */
static void
one_operand(struct translator *t, enum bc bc, uint32_t imm, valtype type)
{
	struct operand x = emit_pop(t);
	emit_slot_of(t, &x);
	struct cell *c = emit_cell(t, bc);
	c->u.s.a = (uint16_t)emit_next_home(t);
	c->u.s.b = (uint16_t)x.slot;
	c->v.imm = (int32_t)imm;
	emit_push_result_bits(t, type);
}

/* Pops n operands, all at their homes; a cell with the first one at a. */
static struct cell *
operands_at_home(struct translator *t, enum bc bc, uint32_t n)
{
	emit_bring_home_top(t, n);
	emit_drop_to(t, t->nstack - n);
	struct cell *c = emit_cell(t, bc);
	c->u.s.a = (uint16_t)emit_next_home(t);
	return c;
}

/* The type of addresses of a memory, of indices of a table. */
static valtype
memory_index(const struct translator *t, uint32_t memory)
{
	return t->m->memories[memory].is64 ? VT_I64 : VT_I32;
}

static valtype
table_index(const struct translator *t, uint32_t table)
{
	return t->m->tables[table].type.limits.is64 ? VT_I64 : VT_I32;
}

static void
memory_grow_(struct translator *t, uint32_t memory)
{
	one_operand(t, BC_memory_grow, memory, memory_index(t, memory));
	t->mirrors = emit_no_mirrors();
	t->last.cell = NONE;
}

static void
table_grow_(struct translator *t, uint32_t table)
{
	struct cell *c = operands_at_home(t, BC_table_grow, 2);
	c->u.s.b = c->u.s.a;
	c->v.imm = (int32_t)table;
	emit_push_result_bits(t, table_index(t, table));
}

static void
table_set_(struct translator *t, uint32_t table)
{
	struct operand v = emit_pop(t), x = emit_pop(t);
	emit_slot_of(t, &v);
	emit_slot_of(t, &x);
	struct cell *c = emit_cell(t, BC_table_set);
	c->u.s.a = (uint16_t)x.slot;
	c->u.s.b = (uint16_t)v.slot;
	c->v.imm = (int32_t)table;
}

static void
bulk(struct translator *t, enum op op)
{
	const struct insn *i = &t->w.insn;
	struct cell *c;
	switch (op) {
	case OP_memory_copy:
		c = operands_at_home(t, BC_memory_copy, 3);
		c->u.s.b = (uint16_t)i->a;
		c->v.s.c = (uint16_t)i->b;
		break;
	case OP_memory_fill:
		operands_at_home(t, BC_memory_fill, 3)->u.s.b = (uint16_t)i->a;
		break;
	case OP_memory_init:
		c = operands_at_home(t, BC_memory_init, 3);
		c->u.s.b = (uint16_t)i->b;
		c->v.imm = (int32_t)i->a;
		break;
	case OP_table_copy:
		c = operands_at_home(t, BC_table_copy, 3);
		c->u.s.b = (uint16_t)i->a;
		c->v.s.c = (uint16_t)i->b;
		break;
	case OP_table_fill:
		operands_at_home(t, BC_table_fill, 3)->u.s.b = (uint16_t)i->a;
		break;
	default:
		assert(op == OP_table_init && "a bulk instruction");
		c = operands_at_home(t, BC_table_init, 3);
		c->u.s.b = (uint16_t)i->b;
		c->v.imm = (int32_t)i->a;
		break;
	}
}

/* The popped x back on the stack. */
static void
push_back(struct translator *t, const struct operand *x)
{
	if (x->kind == OPERAND_local)
		emit_push_local(t, (uint32_t)x->bits);
	else
		emit_push(t, OPERAND_temp, x->type);
}

static void
ref_as_non_null(struct translator *t)
{
	struct operand x = emit_pop(t);
	emit_slot_of(t, &x);
	emit_cell(t, BC_ref_as_non_null)->u.s.a = (uint16_t)x.slot;
	push_back(t, &x);
}

/* A branch to l if the reference in slot is null, or is not. */
static void
branch_null(struct translator *t, uint32_t depth, uint32_t slot, bool null)
{
	struct label *l = control_label(t, depth);
	const struct ctrl *c = walk_label(&t->w, depth);
	bool direct = !control_carries(t, l, c);
	enum op op = null == direct ? OP_i64_eq : OP_i64_ne;
	emit_cell(t, fold_families[op].branch + FORM_SI)->u.s.a =
		(uint16_t)slot;
	uint32_t cell = t->ncells - 1;
	if (direct) {
		control_target(t, l, cell, control_imm(cell));
		t->charge = NONE;
		return;
	}
	control_carry_over(t, depth, cell);
}

static void
br_on_null(struct translator *t, uint32_t depth)
{
	struct operand x = emit_pop(t);
	uint32_t slot = emit_slot_of(t, &x);
	branch_null(t, depth, slot, true);
	push_back(t, &x);
}

/* The reference is what the label gets last, and is gone otherwise. */
static void
br_on_non_null(struct translator *t, uint32_t depth)
{
	struct operand x = emit_pop(t);
	uint32_t slot = emit_slot_of(t, &x);
	push_back(t, &x);
	branch_null(t, depth, slot, false);
	emit_pop(t);
}

/* Wide arithmetic: operands at home, two results. */
static void
wide(struct translator *t, enum bc bc, uint32_t n)
{
	struct cell *c = operands_at_home(t, bc, n);
	c->u.s.b = c->u.s.a;
	emit_wrote(t, c->u.s.a);
	emit_wrote(t, c->u.s.a + 1u);
	emit_push(t, OPERAND_temp, VT_I64);
	emit_push(t, OPERAND_temp, VT_I64);
}

/* Constants, variables, tables, memories. */
static bool
data_insn(struct translator *t, enum op op)
{
	const struct insn *i = &t->w.insn;
	switch (op) {
	case OP_i32_const:
		emit_push_const(t, VT_I32, (uint32_t)i->imm);
		return true;
	case OP_i64_const:
		emit_push_const(t, VT_I64, i->imm);
		return true;
	case OP_f32_const:
		emit_push_const(t, VT_F32, (uint32_t)i->imm);
		return true;
	case OP_f64_const:
		emit_push_const(t, VT_F64, i->imm);
		return true;
	case OP_ref_null:
		emit_push_const(t, i->heap, 0);
		return true;
	case OP_ref_func:
		nullary(t, BC_ref_func, i->a, VT_FUNCREF);
		return true;
	case OP_ref_as_non_null:
		ref_as_non_null(t);
		return true;
	case OP_i64_add128:
		wide(t, BC_i64_add128, 4);
		return true;
	case OP_i64_sub128:
		wide(t, BC_i64_sub128, 4);
		return true;
	case OP_i64_mul_wide_s:
		wide(t, BC_i64_mul_wide_s, 2);
		return true;
	case OP_i64_mul_wide_u:
		wide(t, BC_i64_mul_wide_u, 2);
		return true;
	case OP_ref_is_null:
		fold_eqz(t, VT_I64);
		return true;
	case OP_local_get:
		emit_push_local(t, i->a);
		return true;
	case OP_local_set:
	case OP_local_tee:
		fold_local_set(t, i->a, op == OP_local_tee);
		return true;
	case OP_global_get:
		nullary(t,
			t->m->globals[i->a].type.type == VT_V128
				? BC_v128_global_get
				: BC_global_get,
			i->a, t->m->globals[i->a].type.type);
		return true;
	case OP_global_set:
		fold_global_set(t, i->a);
		return true;
	case OP_table_get:
		one_operand(
			t, BC_table_get, i->a, t->m->tables[i->a].type.elem);
		return true;
	case OP_table_set:
		table_set_(t, i->a);
		return true;
	case OP_table_size:
		nullary(t, BC_table_size, i->a, table_index(t, i->a));
		return true;
	case OP_table_grow:
		table_grow_(t, i->a);
		return true;
	case OP_memory_size:
		nullary(t, BC_memory_size, i->a, memory_index(t, i->a));
		return true;
	case OP_memory_grow:
		memory_grow_(t, i->a);
		return true;
	case OP_data_drop:
		emit_cell(t, BC_data_drop)->v.imm = (int32_t)i->a;
		return true;
	case OP_elem_drop:
		emit_cell(t, BC_elem_drop)->v.imm = (int32_t)i->a;
		return true;
	case OP_memory_copy:
	case OP_memory_fill:
	case OP_memory_init:
	case OP_table_copy:
	case OP_table_fill:
	case OP_table_init:
		bulk(t, op);
		return true;
	default:
		return false;
	}
}

static void
control_insn(struct translator *t, enum op op)
{
	const struct insn *i = &t->w.insn;
	struct operand x;
	switch (op) {
	case OP_nop:
		return;
	case OP_drop:
		emit_pop(t);
		return;
	case OP_select:
	case OP_select_t:
		fold_select(t);
		return;
	case OP_br:
		control_br(t, i->a);
		return;
	case OP_br_if:
		control_br_if(t, i->a);
		return;
	case OP_br_table:
		control_br_table(t);
		return;
	case OP_return:
		control_return(t);
		control_unreachable(t);
		return;
	case OP_call:
		call(t, i->a);
		return;
	case OP_call_indirect:
		call_indirect(t, i->a, i->b);
		return;
	case OP_call_ref:
		x = emit_pop(t);
		call_any(
			t, BC_call_ref, BC_call_ref, &x, 0, &t->m->types[i->a]);
		return;
	case OP_return_call:
		return_call(t, i->a);
		control_unreachable(t);
		return;
	case OP_return_call_indirect:
		return_call_indirect(t, i->a, i->b);
		control_unreachable(t);
		return;
	case OP_return_call_ref:
		return_call_ref(t, &t->m->types[i->a]);
		control_unreachable(t);
		return;
	case OP_br_on_null:
		br_on_null(t, i->a);
		return;
	case OP_br_on_non_null:
		br_on_non_null(t, i->a);
		return;
	case OP_i32_eqz:
		fold_eqz(t, VT_I32);
		return;
	case OP_i64_eqz:
		fold_eqz(t, VT_I64);
		return;
	case OP_throw:
		except_throw(t, i->a);
		return;
	case OP_throw_ref:
		except_throw_ref(t);
		return;
	default:
		assert(op == OP_unreachable && "an instruction that runs here");
		emit_cell(t, BC_unreachable);
		control_unreachable(t);
		return;
	}
}

static void
insn(struct translator *t, enum op op)
{
	if (t->m->engine->fuel && op_costs(op))
		emit_charge(t, 1);
	switch (fold_families[op].kind) {
	case FAMILY_binary:
		fold_binary(t, op);
		return;
	case FAMILY_unary:
		fold_unary(t, op);
		return;
	case FAMILY_load:
		fold_load(t, op);
		return;
	case FAMILY_store:
		fold_store(t, op);
		return;
	default:
		if (!data_insn(t, op) && !vector_insn(t, op) &&
			!object_insn(t, op) && !atomic_insn(t, op))
			control_insn(t, op);
	}
}

/* One step of the walk. */
static void
step(struct translator *t)
{
	enum op op = t->w.insn.op;
	switch (op) {
	case OP_block:
	case OP_loop:
	case OP_if:
	case OP_try_table:
		if (!t->dead && t->m->engine->fuel && op == OP_if)
			emit_charge(t, 1);
		control_block(t, op);
		return;
	case OP_else:
		control_else(t);
		return;
	case OP_end:
		control_end(t);
		return;
	default:
		if (!t->dead)
			insn(t, op);
	}
}

/* The first cell, once the frame is known. */
static void
enter(struct translator *t)
{
	const struct functype *type = module_func_type(t->m, t->w.func);
	uint32_t zeroed = t->w.local_slot_count - type->param_slots;
	struct cell *c = &t->cells[0];
	emit_handler(t, 0,
		t->leaves ? BC_enter_i
		: zeroed  ? BC_enter_z
			  : BC_enter_0);
	c->u.s.a = (uint16_t)type->param_slots;
	c->u.s.b = (uint16_t)zeroed;
	c->v.imm = (int32_t)(t->temps + t->w.max_slots + 1);
}

static bool
translate(struct module *m, uint32_t func, struct arena *a, bool maps,
	struct translation *out, struct error *error)
{
	struct translator t = { .m = m,
		.a = a,
		.error = error,
		.words = loop_tables()->words,
		.within = NONE,
		.maps_wanted = maps };
	walk_init(&t.w, m, func, a, error);
	t.temps = t.w.local_slot_count + 1;
	t.pending = arena_array(a, t.w.nlocals, sizeof *t.pending);
	t.cells = arena_array(a, 64, sizeof *t.cells);
	t.offsets = arena_array(a, 64, sizeof *t.offsets);
	t.handlers = arena_array(a, 64, sizeof *t.handlers);
	t.labels = arena_array(a, 16, sizeof *t.labels);
	t.stack = arena_array(a, 64, sizeof *t.stack);
	if (a->failed) {
		error_set(error, ERROR_memory, "out of memory");
		return false;
	}
	t.cells_room = t.stack_room = 64;
	t.labels_room = 16;
	t.w.insn.at = m->funcs[func].body.offset;
	emit_forget(&t);
	emit_cell(&t, BC_enter_0);
	t.labels[t.nlabels++] = (struct label){ .op = OP_block,
		.within = NONE,
		.patches = NONE,
		.otherwise = NONE };
	emit_count(&t);
	emit_poll(&t, true);
	emit_trace(&t);
	while (error->kind == ERROR_none && walk_next(&t.w))
		step(&t);
	if (error->kind != ERROR_none || a->failed)
		return false;
	uint32_t clauses = t.ncells;
	except_tables(&t);
	if (error->kind != ERROR_none)
		return false;
	enter(&t);
	emit_pairs(&t, clauses);
	*out = (struct translation){ t.cells, t.offsets, t.ncells, clauses,
		t.maps, t.nmaps };
	return true;
}

bool
translate_function(struct module *m, uint32_t func, struct arena *a,
	struct translation *out, struct error *error)
{
	return translate(m, func, a, false, out, error);
}

bool
translate_maps(struct module *m, uint32_t func, struct arena *a,
	struct translation *out, struct error *error)
{
	return translate(m, func, a, true, out, error);
}
