#include "interp/control.h"

#include <assert.h>
#include <string.h>

#include "interp/except.h"
#include "interp/fold.h"
#include "interp/object.h"
#include "spec/engine.h"
#include "spec/module.h"
#include "trap/error.h"

struct label *
control_label(struct translator *t, uint32_t depth)
{
	assert(t->nlabels == t->w.nctrls && "labels go with the walk's frames");
	return &t->labels[t->nlabels - 1 - depth];
}

uint32_t
control_home(const struct translator *t, uint32_t height)
{
	if (height == 0)
		return t->temps;
	const struct operand *o = &t->stack[height - 1];
	return o->home + vt_slots(o->type);
}

/* Adds a patch to the list at *head. */
static void
patch_add(struct translator *t, uint32_t *head, uint32_t base, uint32_t where)
{
	if (!emit_grow(t, (void **)&t->patches, &t->patches_room,
		    t->npatches + 1, sizeof *t->patches))
		return;
	t->patches[t->npatches] = (struct patch){ base, where, *head };
	*head = t->npatches++;
}

void
control_target_set(
	struct translator *t, uint32_t base, uint32_t where, uint32_t to)
{
	int32_t bytes =
		((int32_t)to - (int32_t)base) * (int32_t)sizeof(struct cell);
	if (base == NONE) {
		t->clauses[where].target = to;
		return;
	}
	memcpy((char *)t->cells + where, &bytes, sizeof bytes);
}

/* All patches of the list go to the next cell. */
static void
patch_here(struct translator *t, uint32_t head)
{
	for (uint32_t i = head; i != NONE; i = t->patches[i].next)
		control_target_set(
			t, t->patches[i].base, t->patches[i].where, t->ncells);
}

void
control_target(
	struct translator *t, struct label *l, uint32_t base, uint32_t where)
{
	if (l->op == OP_loop)
		control_target_set(t, base, where, l->start);
	else
		patch_add(t, &l->patches, base, where);
}

uint32_t
control_imm(uint32_t cell)
{
	return (uint32_t)(cell * sizeof(struct cell) +
			  offsetof(struct cell, v));
}

void
control_carry(struct translator *t, const struct label *l, const struct ctrl *c,
	bool leaving)
{
	uint32_t n;
	const valtype *types = walk_label_types(c, &n);
	uint32_t from = t->nstack - n, home = control_home(t, l->height);
	for (uint32_t i = 0; i < n; i++) {
		struct operand *o = &t->stack[from + i];
		if (leaving && n == 1 && emit_is_last(t, o))
			fold_assign(t, home, o);
		else
			emit_copy(t, home, o);
		home += vt_slots(types[i]);
	}
}

bool
control_carries(
	const struct translator *t, const struct label *l, const struct ctrl *c)
{
	uint32_t n;
	const valtype *types = walk_label_types(c, &n);
	uint32_t from = t->nstack - n, home = control_home(t, l->height);
	for (uint32_t i = 0; i < n; i++) {
		const struct operand *o = &t->stack[from + i];
		if (o->kind == OPERAND_const || o->slot != home)
			return true;
		home += vt_slots(types[i]);
	}
	return false;
}

void
control_unreachable(struct translator *t)
{
	t->dead = true;
	emit_drop_to(t, t->labels[t->nlabels - 1].height);
	emit_forget(t);
}

/*
 * A branch if the newest cell's `and` with a small constant gives bits (or,
 * with sense false, none).  False if it is no such cell.
 */
static bool
branch_bits(struct translator *t, bool sense)
{
	uint8_t form = t->last.form;
	if (t->last.cell == NONE || t->last.op != OP_i32_and ||
		(form != FORM_SI && form != FORM_AI))
		return false;
	int32_t imm = t->cells[t->last.cell].v.imm;
	if (imm != (int16_t)imm)
		return false;
	struct cell in = emit_take_back(t);
	bool acc = form == FORM_AI;
	struct cell *c =
		emit_cell(t, sense ? (acc ? BC_br_bits_A : BC_br_bits_S)
				   : (acc ? BC_br_zero_A : BC_br_zero_S));
	c->u.s.a = in.u.s.b;
	c->u.s.b = (uint16_t)imm;
	return true;
}

/*
 * The taken-back comparison c of the local that the newest cell
 * fold_increments, as one cell with a branch to the loop l.  False if they are
 * not that.
 */
static bool
branch_increment(struct translator *t, enum op op, uint8_t form,
	const struct cell *c, const struct label *l)
{
	if (l == NULL || l->op != OP_loop || fold_increments[op] == 0 ||
		t->ncells == 0 || t->increment != t->ncells - 1)
		return false;
	int32_t distance = (int32_t)l->start - (int32_t)t->increment;
	struct cell *inc = &t->cells[t->increment];
	if (distance != (int16_t)distance || t->mirrors.i != inc->u.s.a ||
		form == FORM_SS || form == FORM_SI)
		return false;
	uint16_t right = c->v.s.c;
	if (form == FORM_SA) {
		op = fold_families[op].mirror;
		right = c->u.s.b;
	} else if (form == FORM_AI) {
		right = (uint16_t)c->v.imm;
	}
	emit_handler(t, t->increment,
		fold_increments[op] + (uint32_t)(form == FORM_AI));
	inc->v.s.c = (uint16_t)inc->v.imm;
	inc->u.s.b = right;
	inc->v.s.d = (uint16_t)distance;
	t->increment = NONE;
	return true;
}

/* The immediate of a comparison as 16 bits of its branch. */
static bool
branch_immediate(const struct family *f, int32_t imm, uint16_t *bits)
{
	bool is_float = f->branch_not != 0;
	*bits = (uint16_t)(is_float ? (uint32_t)imm >> 16 : (uint32_t)imm);
	return is_float ? ((uint32_t)imm & 0xffff) == 0 : imm == (int16_t)imm;
}

/* The branch for the taken-back comparison c; fields as in bc.def. */
static void
branch_compare(struct translator *t, enum op op, uint8_t form, bool sense,
	const struct cell *c)
{
	const struct family *f = &fold_families[op];
	uint32_t first = f->branch;
	uint16_t right = c->v.s.c;
	if (form == FORM_SI || form == FORM_AI)
		branch_immediate(f, c->v.imm, &right);
	if (!sense)
		first = f->branch_not != 0 ? f->branch_not
					   : fold_families[f->inverse].branch;
	struct cell *b = emit_cell(t, first + form);
	b->u.s.a = c->u.s.b;
	b->u.s.b = right;
}

/* The comparison that made x can be part of a branch. */
static bool
branches(const struct translator *t, const struct operand *x)
{
	const struct family *f = &fold_families[t->last.op];
	uint16_t bits;
	if (!emit_is_last(t, x) || f->branch == 0 || t->last.form > FORM_SA)
		return false;
	return (t->last.form != FORM_SI && t->last.form != FORM_AI) ||
	       branch_immediate(f, t->cells[t->last.cell].v.imm, &bits);
}

/* branch_if for a comparison that made x. */
static bool
branch_fused(struct translator *t, bool sense, const struct label *l)
{
	enum op op = t->last.op;
	uint8_t form = t->last.form;
	struct cell c = emit_take_back(t);
	bool zero = form == FORM_AI && c.v.imm == 0 &&
		    (op == OP_i32_eq || op == OP_i32_ne);
	enum op taken = sense ? op : fold_families[op].inverse;
	if (branch_increment(t, taken, form, &c, l))
		return true;
	if (!zero || !branch_bits(t, sense == (op == OP_i32_ne)))
		branch_compare(t, op, form, sense, &c);
	return false;
}

/*
 * A branch if the popped x is not 0 (or, with sense false, is 0), fused with
 * what made it.  Returns the cell, whose target is still open; NONE if it
 * already goes to l, which may be NULL.
 */
static uint32_t
branch_if(struct translator *t, struct operand *x, bool sense,
	const struct label *l)
{
	bool done = false;
	if (emit_is_last(t, x) && object_tests(t))
		return object_branch(t, sense);
	if (branches(t, x)) {
		done = branch_fused(t, sense, l);
	} else if (!emit_is_last(t, x) || !branch_bits(t, sense)) {
		emit_slot_of(t, x);
		uint32_t first =
			fold_families[sense ? OP_i32_ne : OP_i32_eq].branch;
		bool acc = emit_in_acc(t, x);
		struct cell *b =
			emit_cell(t, first + (acc ? FORM_AI : FORM_SI));
		b->u.s.a = (uint16_t)x->slot;
	}
	t->last.cell = t->older.cell = NONE;
	t->charge = NONE;
	return done ? NONE : t->ncells - 1;
}

void
control_jump(struct translator *t, struct label *l)
{
	emit_cell(t, BC_br);
	control_target(t, l, t->ncells - 1, control_imm(t->ncells - 1));
}

void
control_return(struct translator *t)
{
	uint32_t n = module_func_type(t->m, t->w.func)->nresults;
	if (n == 0) {
		emit_cell(t, BC_ret_0);
	} else if (n == 1 && t->stack[t->nstack - 1].type != VT_V128) {
		struct operand o = emit_pop(t);
		int32_t imm;
		if (o.type != VT_F64 && fold_immediate(&o, &imm)) {
			emit_cell(t, BC_ret_I)->v.imm = imm;
			return;
		}
		emit_slot_of(t, &o);
		if (t->mirrors.i == o.slot)
			emit_cell(t, BC_ret_A);
		else
			emit_cell(t, BC_ret_S)->u.s.a = (uint16_t)o.slot;
	} else {
		emit_bring_home_top(t, n);
		uint32_t first = control_home(t, t->nstack - n);
		struct cell *c = emit_cell(t, BC_ret_n);
		c->u.s.a = (uint16_t)first;
		c->v.imm = (int32_t)(emit_next_home(t) - first);
	}
}

void
control_carry_over(struct translator *t, uint32_t depth, uint32_t skip)
{
	struct label *l = control_label(t, depth);
	struct mirrors mirrors = t->mirrors;
	control_carry(t, l, walk_label(&t->w, depth), false);
	control_jump(t, l);
	control_target_set(t, skip, control_imm(skip), t->ncells);
	emit_forget(t);
	t->mirrors = mirrors;
}

void
control_br(struct translator *t, uint32_t depth)
{
	struct label *l = control_label(t, depth);
	if (l == t->labels) {
		control_return(t);
	} else {
		control_carry(t, l, walk_label(&t->w, depth), true);
		control_jump(t, l);
	}
	control_unreachable(t);
}

void
control_br_if(struct translator *t, uint32_t depth)
{
	struct label *l = control_label(t, depth);
	const struct ctrl *c = walk_label(&t->w, depth);
	struct operand x = emit_pop(t);
	if (!control_carries(t, l, c)) {
		uint32_t cell = branch_if(t, &x, true, l);
		if (cell != NONE)
			control_target(t, l, cell, control_imm(cell));
		return;
	}
	control_carry_over(t, depth, branch_if(t, &x, false, NULL));
}

void
control_br_table(struct translator *t)
{
	struct operand x = emit_pop(t);
	uint32_t n = t->w.insn.a + 1;
	struct reader r = t->w.r;
	emit_slot_of(t, &x);
	bool acc = emit_in_acc(t, &x);
	struct cell *c = emit_cell(t, acc ? BC_br_table_A : BC_br_table_S);
	c->u.s.a = acc ? 0 : (uint16_t)x.slot;
	c->v.imm = (int32_t)(n - 1);
	uint32_t base = t->ncells - 1;
	for (uint32_t i = 0; i < cell_count(n); i++)
		emit_cell(t, BC_unreachable);
	r.at = t->w.insn.list;
	r.end = t->w.insn.list_end;
	uint32_t where = (uint32_t)((base + 1) * sizeof(struct cell));
	for (uint32_t i = 0; i < n; i++, where += 4) {
		uint32_t depth = reader_u32(&r);
		struct label *l = control_label(t, depth);
		const struct ctrl *to = walk_label(&t->w, depth);
		if (!control_carries(t, l, to)) {
			control_target(t, l, base, where);
			continue;
		}
		control_target_set(t, base, where, t->ncells);
		emit_forget(t);
		control_carry(t, l, to, false);
		control_jump(t, l);
	}
	control_unreachable(t);
}

void
control_block(struct translator *t, enum op op)
{
	const struct ctrl *c = &t->w.ctrls[t->w.nctrls - 1];
	if (!emit_grow(t, (void **)&t->labels, &t->labels_room, t->nlabels + 1,
		    sizeof *t->labels))
		return;
	struct label *l = &t->labels[t->nlabels++];
	*l = (struct label){ .op = (uint8_t)op,
		.dead = t->dead,
		.height = t->nstack,
		.within = t->within,
		.patches = NONE,
		.otherwise = NONE };
	if (t->dead)
		return;
	struct operand x = { 0 };
	if (op == OP_if)
		x = emit_pop(t);
	emit_settle_locals(t);
	l->height = t->nstack - c->nparams;
	emit_bring_home_top(t, c->nparams);
	if (op == OP_if) {
		uint32_t cell = branch_if(t, &x, false, NULL);
		patch_add(t, &l->otherwise, cell, control_imm(cell));
		l->mirrors = t->mirrors;
	} else if (op == OP_loop) {
		emit_forget(t);
		l->start = t->ncells;
		emit_count_loop(t); /* first: code charges and polls itself */
		emit_poll(t, false);
		emit_trace(t);
	} else if (op == OP_try_table) {
		except_try(t);
	}
}

/* Operands of these types at their homes above the label's height. */
static void
push_homes(struct translator *t, const struct label *l, const valtype *types,
	uint32_t n)
{
	emit_drop_to(t, l->height);
	for (uint32_t i = 0; i < n; i++)
		emit_push(t, OPERAND_temp, types[i]);
	t->clean = t->nstack;
}

void
control_else(struct translator *t)
{
	struct label *l = &t->labels[t->nlabels - 1];
	const struct ctrl *c = &t->w.ended;
	l->op = OP_else;
	if (l->dead)
		return;
	if (!t->dead) {
		control_carry(t, l, c, true);
		control_jump(t, l);
	}
	patch_here(t, l->otherwise);
	l->otherwise = NONE;
	emit_forget(t);
	t->mirrors = l->mirrors;
	t->dead = false;
	push_homes(t, l, c->params, c->nparams);
}

void
control_end(struct translator *t)
{
	struct label *l = &t->labels[t->nlabels - 1];
	const struct ctrl *c = &t->w.ended;
	bool body = t->nlabels == 1;
	bool joined = l->patches != NONE || l->otherwise != NONE;
	if (!l->dead && joined) {
		if (!t->dead)
			control_carry(t, l, c, true);
		patch_here(t, l->patches);
		patch_here(t, l->otherwise);
		emit_forget(t);
		t->dead = false;
		push_homes(t, l, c->results, c->nresults);
	}
	if (body && !t->dead)
		control_return(t);
	if (t->dead)
		emit_drop_to(t, l->height);
	t->within = l->within;
	t->nlabels--;
}
