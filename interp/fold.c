#include "interp/fold.h"

#include <assert.h>
#include <string.h>

#include "spec/engine.h"
#include "spec/module.h"
#include "trap/error.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define VT_i32 VT_I32
#define VT_i64 VT_I64
#define VT_f32 VT_F32
#define VT_f64 VT_F64
const struct family fold_families[OP_count] = {
#define BIN(id, t, c) \
	[OP_##id] = { .kind = FAMILY_binary, \
		.type = VT_##t, \
		.result = VT_##t, \
		.commutes = c, \
		.first = BC_##id##_SS },
#define DIV(id, t) BIN(id, t, false)
#define CMP(id, t, m, inv) \
	[OP_##id] = { .kind = FAMILY_binary, \
		.type = VT_##t, \
		.result = VT_I32, \
		.compares = true, \
		.first = BC_##id##_SS, \
		.branch = BC_br_##id##_SS, \
		.mirror = OP_##m, \
		.inverse = OP_##inv },
#define FBIN(id, t, c) \
	[OP_##id] = { .kind = FAMILY_binary, \
		.type = VT_##t, \
		.result = VT_##t, \
		.commutes = c, \
		.rounds = true, \
		.first = BC_##id##_SS },
#define FCMP(id, t, m) \
	[OP_##id] = { .kind = FAMILY_binary, \
		.type = VT_##t, \
		.result = VT_I32, \
		.compares = true, \
		.first = BC_##id##_SS, \
		.branch = BC_br_##id##_SS, \
		.branch_not = BC_brn_##id##_SS, \
		.mirror = OP_##m },
#define UNARY(id, from, to) \
	[OP_##id] = { .kind = FAMILY_unary, \
		.type = VT_##from, \
		.result = VT_##to, \
		.rounds = true, \
		.first = BC_##id##_S },
#define CONVERT(id, from, to) UNARY(id, from, to)
#define LOAD(id, t, bytes, value) \
	[OP_##id] = { .kind = FAMILY_load, \
		.type = VT_##t, \
		.result = VT_##t, \
		.first = BC_##id##_S },
#define STORE(id, t, bytes) \
	[OP_##id] = { \
		.kind = FAMILY_store, .type = VT_##t, .first = BC_##id##_S_S \
	},
#define FSTORE(id, t, bytes) STORE(id, t, bytes)
#include "interp/bc.def"
};

/* Two instructions that one cell does: CHAIN and RCHAIN of bc.def. */
struct chain {
	uint16_t inner, outer; /* enum op */
	bool imm1, imm2;       /* c, d are immediates */
	bool right;	       /* inner's result is outer's right operand */
	uint16_t first;	       /* enum bc */
};

#define IS_S false
#define IS_I true
static const struct chain chains[] = {
#define CHAIN(id, type, in, r1, out, r2) \
	{ OP_##in, OP_##out, IS_##r1, IS_##r2, false, BC_##id##_S },
#define RCHAIN(id, type, in, r1, out) \
	{ OP_##in, OP_##out, IS_##r1, false, true, BC_##id##_S },
#include "interp/bc.def"
};

/* i32 comparisons that follow an increment; 0: none. */
const uint16_t fold_increments[OP_count] = {
#define INCREMENT_BR(id, mirror) [OP_##id] = BC_increment_br_##id##_S,
#include "interp/bc.def"
};

/* Float results that may be a NaN of any bits. */
static void
canonical(struct translator *t, const struct family *f, enum op op)
{
	if (!t->m->engine->nan_canonical || !f->rounds)
		return;
	if (f->result != VT_F32 && f->result != VT_F64)
		return;
	if (op == OP_f32_neg || op == OP_f64_neg || op == OP_f32_abs ||
		op == OP_f64_abs || op == OP_f32_copysign ||
		op == OP_f64_copysign || op == OP_f32_reinterpret_i32 ||
		op == OP_f64_reinterpret_i64)
		return;
	uint32_t slot = t->stack[t->nstack - 1].slot;
	emit_cell(t, f->result == VT_F32 ? BC_canon_f32 : BC_canon_f64)->u.s.a =
		(uint16_t)slot;
}

/* Families. */

bool
fold_immediate(const struct operand *o, int32_t *imm)
{
	if (o->kind != OPERAND_const)
		return false;
	*imm = (int32_t)(uint32_t)o->bits;
	if (o->type == VT_I64)
		return (uint64_t)(int64_t)*imm == o->bits;
	if (o->type == VT_F64) {
		double d;
		memcpy(&d, &o->bits, sizeof d);
		float f = (float)d;
		memcpy(imm, &f, sizeof f);
		return d == (double)f && (d != 0 || o->bits == 0);
	}
	return true;
}

static void
swap(struct operand *x, struct operand *y)
{
	/* homes stay: each names the place of the operand that has it */
	struct operand z = *x;
	*x = *y;
	*y = z;
}

/*
 * The popped l and r, one of which the newest cell made, and op as one cell.
 * False if bc.def has none.
 */
static bool
chain(struct translator *t, enum op op, struct operand *l, struct operand *r)
{
	bool right = emit_is_last(t, r);
	if ((!right && !emit_is_last(t, l)) || t->last.form > FORM_AI)
		return false;
	const struct operand *z = right ? l : r;
	bool imm1 = t->last.form == FORM_SI || t->last.form == FORM_AI;
	bool imm2 = z->kind == OPERAND_const;
	int32_t i1 = t->cells[t->last.cell].v.imm, i2 = 0;
	if ((imm1 && i1 != (int16_t)i1) ||
		(imm2 && (!fold_immediate(z, &i2) || i2 != (int16_t)i2)))
		return false;
	const struct chain *k = chains, *end = chains + COUNT(chains);
	while (k < end &&
		(k->inner != t->last.op || k->outer != op || k->imm1 != imm1 ||
			k->imm2 != imm2 ||
			(k->right != right && !fold_families[op].commutes)))
		k++;
	if (k == end)
		return false;
	bool acc = t->last.form == FORM_AS || t->last.form == FORM_AI;
	struct cell in = emit_take_back(t);
	struct made made = { .cell = t->ncells,
		.op = OP_nop,
		.bc = k->first,
		.form = acc,
		.before = t->mirrors };
	t->older = t->last;
	struct cell *c = emit_cell(t, k->first + acc);
	c->u.s.a = (uint16_t)emit_next_home(t);
	c->u.s.b = in.u.s.b;
	c->v.s.c = imm1 ? (uint16_t)in.v.imm : in.v.s.c;
	c->v.s.d = imm2 ? (uint16_t)i2 : (uint16_t)z->slot;
	emit_push_result(t, fold_families[op].result, made);
	return true;
}

/* The form for l and r, which are in slots or, r, a constant. */
static enum form
binary_form(struct translator *t, const struct operand *l,
	const struct operand *r, bool imm)
{
	bool la = emit_in_acc(t, l);
	if (r->kind == OPERAND_const)
		return imm ? (la ? FORM_AI : FORM_SI)
			   : (la ? FORM_AK : FORM_SK);
	return la ? FORM_AS : emit_in_acc(t, r) ? FORM_SA : FORM_SS;
}

/* One cell of a two-operand family for the popped l and r. */
static void
emit_binary(
	struct translator *t, enum op op, struct operand *l, struct operand *r)
{
	const struct family *f = &fold_families[op];
	int32_t imm = 0;
	if (!t->m->engine->nan_canonical && chain(t, op, l, r))
		return;
	if (l->kind == OPERAND_const)
		emit_slot_of(t, l);
	bool fits = fold_immediate(r, &imm);
	if (!fits && f->type != VT_I64 && f->type != VT_F64)
		emit_slot_of(t, r);
	enum form form = binary_form(t, l, r, fits);
	if (form == FORM_SA && f->commutes) {
		swap(l, r);
		form = FORM_AS;
	}
	struct made made = { .cell = t->ncells,
		.op = (uint16_t)op,
		.bc = f->first,
		.form = (uint8_t)form,
		.before = t->mirrors };
	t->older = t->last;
	if (form == FORM_SS || form == FORM_SI || form == FORM_SK)
		t->older.cell = NONE;
	struct cell *c = emit_cell(t, f->first + form);
	c->u.s.a = (uint16_t)emit_next_home(t);
	c->u.s.b = (uint16_t)l->slot;
	if (r->kind != OPERAND_const)
		c->v.s.c = (uint16_t)r->slot;
	else if (fits)
		c->v.imm = imm;
	else
		memcpy(&emit_cell(t, BC_unreachable)->u, &r->bits, 8);
	emit_push_result(t, f->result, made);
	canonical(t, f, op);
}

/* One cell for a constant l that fits an immediate and the popped r. */
static bool
constant_left(struct translator *t, enum op op, const struct operand *l,
	const struct operand *r)
{
	const struct family *f = &fold_families[op];
	int32_t imm;
	if (f->commutes || f->compares || r->kind == OPERAND_const ||
		!fold_immediate(l, &imm))
		return false;
	bool acc = emit_in_acc(t, r);
	struct made made = { .cell = t->ncells,
		.op = OP_nop,
		.bc = f->first,
		.form = acc ? FORM_IA : FORM_IB,
		.before = t->mirrors };
	t->older.cell = NONE;
	struct cell *c = emit_cell(t, f->first + made.form);
	c->u.s.a = (uint16_t)l->home;
	c->u.s.b = (uint16_t)r->slot;
	c->v.imm = imm;
	emit_push_result(t, f->result, made);
	canonical(t, f, op);
	return true;
}

void
fold_binary(struct translator *t, enum op op)
{
	const struct family *f = &fold_families[op];
	struct operand r = emit_pop(t), l = emit_pop(t);
	if (l.kind == OPERAND_const && r.kind != OPERAND_const &&
		(f->commutes || f->compares)) {
		swap(&l, &r);
		if (f->compares)
			op = f->mirror;
	}
	if (!constant_left(t, op, &l, &r))
		emit_binary(t, op, &l, &r);
}

void
fold_unary(struct translator *t, enum op op)
{
	const struct family *f = &fold_families[op];
	struct operand x = emit_pop(t);
	emit_slot_of(t, &x);
	bool acc = emit_in_acc(t, &x);
	struct made made = { .cell = t->ncells,
		.op = (uint16_t)op,
		.bc = f->first,
		.form = acc,
		.before = t->mirrors };
	t->older.cell = NONE;
	struct cell *c = emit_cell(t, f->first + (acc ? FORM_A : FORM_S));
	c->u.s.a = (uint16_t)emit_next_home(t);
	c->u.s.b = (uint16_t)x.slot;
	emit_push_result(t, f->result, made);
	canonical(t, f, op);
}

void
fold_eqz(struct translator *t, valtype type)
{
	struct operand x = emit_pop(t);
	if (emit_is_last(t, &x) && fold_families[t->last.op].inverse != 0) {
		struct made made = t->last;
		made.op = fold_families[made.op].inverse;
		made.bc = fold_families[made.op].first;
		emit_handler(t, made.cell, made.bc + (uint32_t)made.form);
		emit_push_result(t, VT_I32, made);
		return;
	}
	struct operand zero = {
		.kind = OPERAND_const, .type = type, .home = x.home + 1
	};
	emit_binary(t, type == VT_I32 ? OP_i32_eq : OP_i64_eq, &x, &zero);
}

/* The newest cell shifts left by lg: an index that a scaled load takes. */
static bool
last_scales(const struct translator *t, uint8_t lg)
{
	return t->last.cell != NONE && t->last.op == OP_i32_shl &&
	       (t->last.form == FORM_SI || t->last.form == FORM_AI) &&
	       t->cells[t->last.cell].v.imm == lg;
}

/* The newest cell scales an index: its operands become those of the load c. */
static int
address_scaled(
	struct translator *t, uint64_t offset, uint8_t lg, struct cell *c)
{
	uint8_t form = t->last.form;
	if (last_scales(t, lg)) {
		c->u.s.b = emit_take_back(t).u.s.b;
		c->v.imm = (int32_t)(uint32_t)offset;
		return form == FORM_SI ? LOAD_HS : LOAD_HA;
	}
	if (t->last.bc != BC_i32_shl_add_S || offset > UINT16_MAX ||
		t->cells[t->last.cell].v.s.c != lg)
		return -1;
	struct cell in = emit_take_back(t);
	c->u.s.b = in.u.s.b;
	c->v.s.c = in.v.s.d;
	c->v.s.d = (uint16_t)offset;
	return form == FORM_S ? LOAD_HSS : LOAD_HAS;
}

/*
 * An address made by the newest cell: its operands become those of the load or
 * store c.  Returns the form, or -1 if that cell has to stay.  lg is log2 of
 * the width for loads, which have scaled forms, else 0.
 */
static int
address_last(struct translator *t, uint64_t offset, uint8_t lg, struct cell *c)
{
	uint8_t form = t->last.form;
	int scaled = lg != 0 ? address_scaled(t, offset, lg, c) : -1;
	if (scaled >= 0 || t->last.op != OP_i32_add || form > FORM_AI)
		return scaled;
	bool imm = form == FORM_SI || form == FORM_AI;
	if (imm ? offset != 0 : offset > UINT16_MAX)
		return -1;
	struct cell add = emit_take_back(t);
	c->u.s.b = add.u.s.b;
	c->v = add.v;
	if (!imm) {
		c->v.s.d = (uint16_t)offset;
		return form == FORM_SS ? LOAD_SS : LOAD_AS;
	}
	if (lg != 0 && form == FORM_AI && last_scales(t, lg)) {
		form = t->last.form;
		c->u.s.b = emit_take_back(t).u.s.b;
		return form == FORM_SI ? LOAD_HSI : LOAD_HAI;
	}
	return form == FORM_SI ? LOAD_SI : LOAD_AI;
}

/*
 * The address x plus offset as the operands of a cell: b, c, d or imm.  Returns
 * the form of a LOAD.
 */
static enum form_load
address(struct translator *t, struct operand *x, uint64_t offset, uint8_t lg,
	struct cell *c)
{
	if (x->kind == OPERAND_const &&
		(uint32_t)x->bits + offset <= UINT32_MAX) {
		c->v.imm = (int32_t)((uint32_t)x->bits + (uint32_t)offset);
		return LOAD_I;
	}
	int form = emit_is_last(t, x) ? address_last(t, offset, lg, c) : -1;
	if (form >= 0)
		return (enum form_load)form;
	emit_slot_of(t, x);
	c->u.s.b = (uint16_t)x->slot;
	c->v.imm = (int32_t)(uint32_t)offset;
	return emit_in_acc(t, x) ? LOAD_A : LOAD_S;
}

/* Another memory than the first, or one with 64-bit addresses. */
static bool
any_memory(const struct translator *t)
{
	uint32_t memory = t->w.insn.memory;
	return memory != 0 || t->m->memories[memory].is64;
}

/* The slow form of a load or store at the popped address x. */
static struct cell *
emit_any_memory(struct translator *t, uint32_t bc, uint32_t slot,
	const struct operand *x)
{
	uint64_t offset = t->w.insn.offset;
	struct cell *c = emit_cell(t, bc);
	c->u.s.a = (uint16_t)slot;
	c->u.s.b = (uint16_t)x->slot;
	c->v.imm = (int32_t)t->w.insn.memory;
	memcpy(&emit_cell(t, BC_unreachable)->u, &offset, 8);
	return c;
}

void
fold_load(struct translator *t, enum op op)
{
	const struct family *f = &fold_families[op];
	struct operand x = emit_pop(t);
	struct cell operands = { .u.ab = 0 };
	if (any_memory(t)) {
		emit_slot_of(t, &x);
		emit_any_memory(t, f->first + LOAD_M, emit_next_home(t), &x);
		t->older.cell = NONE;
		emit_push_result(t, f->result,
			(struct made){ .cell = t->ncells - 2,
				.op = OP_nop,
				.before = t->mirrors });
		return;
	}
	enum form_load form =
		address(t, &x, t->w.insn.offset, op_rows[op].lg, &operands);
	struct made made = { .cell = t->ncells,
		.op = (uint16_t)op,
		.bc = f->first,
		.form = (uint8_t)form,
		.before = t->mirrors };
	t->older.cell = NONE;
	struct cell *c = emit_cell(t, f->first + form);
	c->u.s.b = operands.u.s.b;
	c->v = operands.v;
	c->u.s.a = (uint16_t)emit_next_home(t);
	emit_push_result(t, f->result, made);
}

/* The form of a store of integers by its address's and value's. */
static int
store_form(enum form_load adr, char value)
{
	switch (adr) {
	case LOAD_S:
		return value == 'A'   ? STORE_S_A
		       : value == 'I' ? STORE_S_I
				      : STORE_S_S;
	case LOAD_A:
		return value == 'I' ? STORE_A_I : STORE_A_S;
	case LOAD_SS:
		return value == 'A'   ? STORE_SS_A
		       : value == 'I' ? STORE_SS_I
				      : STORE_SS_S;
	case LOAD_AS:
		return STORE_AS_S;
	default:
		return value == 'A' ? STORE_I_A : STORE_I_S;
	}
}

/* The same of floats, whose accumulator is not the address's. */
static int
fstore_form(enum form_load adr, char value)
{
	int a = value == 'A';
	switch (adr) {
	case LOAD_S:
		return FSTORE_S_S + a;
	case LOAD_A:
		return FSTORE_A_S + a;
	case LOAD_SS:
		return FSTORE_SS_S + a;
	case LOAD_AS:
		return FSTORE_AS_S + a;
	default:
		return FSTORE_I_S + a;
	}
}

void
fold_store(struct translator *t, enum op op)
{
	const struct family *f = &fold_families[op];
	bool is_float = f->type == VT_F32 || f->type == VT_F64;
	struct operand v = emit_pop(t), x = emit_pop(t);
	struct cell operands = { .u.ab = 0 };
	if (any_memory(t)) {
		emit_slot_of(t, &v);
		emit_slot_of(t, &x);
		emit_any_memory(t,
			f->first + (uint32_t)(is_float ? (int)FSTORE_M_S
						       : (int)STORE_M_S),
			v.slot, &x);
		t->last.cell = NONE;
		return;
	}
	int32_t imm = 0;
	bool small = !is_float && fold_immediate(&v, &imm) &&
		     imm == (int16_t)imm && x.kind != OPERAND_const;
	if (!small)
		emit_slot_of(t, &v);
	/* an addition with an immediate has no form here: keep its cell */
	bool keep = emit_is_last(t, &x) && t->last.op == OP_i32_add &&
		    (t->last.form == FORM_SI || t->last.form == FORM_AI);
	if (emit_is_last(t, &x) && t->last.op == OP_i32_add && small &&
		t->last.form == FORM_AS)
		keep = true;
	if (keep)
		t->last.cell = NONE;
	enum form_load adr = address(t, &x, t->w.insn.offset, 0, &operands);
	char value = small ? 'I' : emit_in_acc(t, &v) ? 'A' : 'S';
	if (!is_float && value == 'A' && (adr == LOAD_A || adr == LOAD_AS))
		value = 'S';
	struct cell *c = emit_cell(
		t, f->first + (uint32_t)(is_float ? fstore_form(adr, value)
						  : store_form(adr, value)));
	c->u.s.b = operands.u.s.b;
	c->v = operands.v;
	c->u.s.a = small ? (uint16_t)imm : (uint16_t)v.slot;
	t->last.cell = NONE;
}

/* Locals and globals. */

/* Operands that still are this local get its value before it changes. */
static void
settle_local(struct translator *t, uint32_t local)
{
	while (t->pending[local] != 0)
		emit_bring_home(t, t->pending[local] - 1);
}

void
fold_assign(struct translator *t, uint32_t slot, struct operand *o)
{
	if (!emit_is_last(t, o)) {
		emit_copy(t, slot, o);
		return;
	}
	t->cells[t->last.cell].u.s.a = (uint16_t)slot;
	bool held = emit_in_acc(t, o);
	emit_wrote(t, o->slot);
	emit_wrote(t, slot);
	if (o->type == VT_V128) {
		emit_wrote(t, o->slot + 1);
		emit_wrote(t, slot + 1);
	}
	if (held)
		*emit_mirror(t, o->type) = slot;
	t->last.cell = NONE;
}

/* The newest cell, made as `made`, adds a small constant to a local. */
static void
note_increment(struct translator *t, const struct made *made)
{
	if (made->cell == NONE || made->cell != t->ncells - 1 ||
		made->form != FORM_SI ||
		(made->op != OP_i32_add && made->op != OP_i32_sub))
		return;
	struct cell *c = &t->cells[made->cell], *before = c - 1;
	uint32_t bits = (uint32_t)c->v.imm;
	int32_t imm = (int32_t)(made->op == OP_i32_add ? bits : 0 - bits);
	if (c->u.s.a != c->u.s.b || imm != (int16_t)imm)
		return;
	emit_handler(t, made->cell, BC_i32_add_SI);
	c->v.imm = imm;
	if (t->increment != made->cell - 1) {
		t->increment = made->cell;
		return;
	}
	emit_handler(t, made->cell - 1, BC_increment2);
	before->v.s.c = (uint16_t)before->v.imm;
	before->u.s.b = c->u.s.a;
	before->v.s.d = (uint16_t)imm;
	t->ncells--;
	t->increment = NONE;
}

void
fold_local_set(struct translator *t, uint32_t local, bool tee)
{
	struct operand o = emit_pop(t);
	struct made made = t->last;
	if (!emit_is_last(t, &o))
		made.cell = NONE;
	if (o.kind != OPERAND_local || o.bits != local) {
		if (t->pending[local] != 0) {
			settle_local(t, local);
			made.cell = NONE;
		}
		fold_assign(t, t->w.local_slots[local], &o);
		note_increment(t, &made);
	}
	if (tee)
		emit_push_local(t, local);
}

void
fold_global_set(struct translator *t, uint32_t global)
{
	struct operand o = emit_pop(t);
	emit_slot_of(t, &o);
	bool acc = t->mirrors.i == o.slot;
	struct cell *c = emit_cell(t, o.type == VT_V128 ? BC_v128_global_set
				      : acc		? BC_global_set_A
							: BC_global_set_S);
	c->u.s.a = acc ? 0 : (uint16_t)o.slot;
	c->v.imm = (int32_t)global;
}

/* A constant that select takes as 16 bits. */
static bool
small_immediate(const struct operand *o, uint16_t *imm)
{
	uint64_t bits = o->type == VT_I32
				? (uint64_t)(int64_t)(int32_t)(uint32_t)o->bits
				: o->bits;
	*imm = (uint16_t)bits;
	return o->kind == OPERAND_const &&
	       (uint64_t)(int64_t)(int16_t)*imm == bits;
}

void
fold_select(struct translator *t)
{
	static const uint16_t forms[2][2][2] = {
		/* condition in acc, left, right an immediate */
		{ { BC_select_S, BC_select_SSI },
			{ BC_select_SIS, BC_select_SII } },
		{ { BC_select_A, BC_select_ASI },
			{ BC_select_AIS, BC_select_AII } },
	};
	struct operand cond = emit_pop(t), y = emit_pop(t), x = emit_pop(t);
	valtype type = x.type;
	uint16_t b, c, home = (uint16_t)emit_next_home(t);
	if (type == VT_V128) {
		emit_slot_of(t, &cond);
		struct cell *v = emit_cell(t, BC_v128_select);
		v->u.s.a = home;
		v->u.s.b = (uint16_t)x.slot;
		v->v.s.c = (uint16_t)y.slot;
		v->v.s.d = (uint16_t)cond.slot;
		emit_push_result_bits(t, type);
		return;
	}
	bool xi = small_immediate(&x, &b), yi = small_immediate(&y, &c);
	if (!xi)
		b = (uint16_t)emit_slot_of(t, &x);
	if (!yi)
		c = (uint16_t)emit_slot_of(t, &y);
	emit_slot_of(t, &cond);
	struct cell *cell = emit_cell(t, forms[emit_in_acc(t, &cond)][xi][yi]);
	cell->u.s.a = home;
	cell->u.s.b = b;
	cell->v.s.c = c;
	cell->v.s.d = (uint16_t)cond.slot;
	emit_push_result_bits(t, type);
}
