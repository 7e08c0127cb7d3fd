/*
 * Needs a validated body.  Gives cells, one pass, no iteration.
 *
 * The operand stack is symbolic: an operand is a local, a constant or a
 * temporary at its home slot, and becomes a cell's operand where it is used.
 * A result goes to its home; the cell that made it (`last`) may still be
 * changed by the next instruction: stored elsewhere by local.set, turned into
 * a branch, an address, an inverse.  At a label nothing is assumed: operands
 * that a branch carries are at home, accumulators and `last` are forgotten.
 *
 * Frame: parameters and locals | instance | temporaries by height | link of a
 * callee
 */
#include "interp/translate.h"

#include <assert.h>
#include <string.h>

#include "interp/loop.h"
#include "spec/engine.h"
#include "spec/module.h"
#include "spec/op.h"
#include "spec/store.h"
#include "spec/validate.h"
#include "trap/arena.h"
#include "trap/error.h"

#define NO_SLOT UINT32_MAX
#define NONE UINT32_MAX
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum operand_kind { OPERAND_local, OPERAND_const, OPERAND_temp };

struct operand {
	uint8_t kind;
	valtype type;
	uint32_t home; /* its slot as a temporary */
	uint32_t slot; /* where it is now: local or temp */
	uint32_t link; /* local: next deeper operand of the same local + 1 */
	uint32_t cell; /* temp: the cell that made it */
	uint64_t bits; /* const */
};

/* Slots whose value the accumulators hold too. */
struct mirrors {
	uint32_t i, s, d; /* integers and references, f32, f64 */
};

/* Something waiting for a label: a target in cells, relative to base. */
struct patch {
	uint32_t base;	/* cell that the target counts from */
	uint32_t where; /* byte offset of the 32 bits to fill */
	uint32_t next;	/* of the same label, or NONE */
};

/* Beside the walk's frame of the same depth, which has the types. */
struct label {
	uint8_t op;		/* OP_block, OP_loop, OP_if, OP_else */
	bool dead;		/* the block itself cannot be reached */
	uint32_t height;	/* operands below its parameters */
	uint32_t start;		/* loop: its cell */
	uint32_t patches;	/* to the end */
	uint32_t otherwise;	/* if: patch of the false edge, or NONE */
	struct mirrors mirrors; /* if: at the false edge */
};

/* How an instruction becomes cells: a row of bc.def. */
enum family_kind {
	FAMILY_none,
	FAMILY_binary,
	FAMILY_unary,
	FAMILY_load,
	FAMILY_store,
};

struct family {
	uint8_t kind;
	uint8_t type;	/* VT_* of the operands, of a load's or store's value */
	uint8_t result; /* VT_* */
	bool commutes;
	bool compares;
	bool rounds;	/* float arithmetic: a NaN result is nondeterministic */
	uint16_t first; /* enum bc of the first form */
	uint16_t branch, branch_not; /* comparisons: first form, 0 if none */
	uint16_t mirror;  /* comparison with the operands exchanged: enum op */
	uint16_t inverse; /* integer comparison: enum op */
};

#define VT_i32 VT_I32
#define VT_i64 VT_I64
#define VT_f32 VT_F32
#define VT_f64 VT_F64
static const struct family families[OP_count] = {
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
static const uint16_t increments[OP_count] = {
#define INCREMENT_BR(id, mirror) [OP_##id] = BC_increment_br_##id##_S,
#include "interp/bc.def"
};

/* The cell that made the newest temporary, as far as it may be changed. */
struct made {
	uint32_t cell; /* NONE: not to be changed */
	uint16_t op;   /* enum op, or OP_nop */
	uint16_t bc;   /* first form of its family */
	uint8_t form;
	struct mirrors before;
};

struct translator {
	struct walk w;
	struct module *m;
	struct arena *a;
	struct error *error;
	const union word *words;

	struct cell *cells;
	uint32_t *offsets;
	uint32_t ncells, cells_room;

	struct operand *stack;
	uint32_t nstack, stack_room;
	uint32_t clean;	   /* operands below are no locals */
	uint32_t *pending; /* per local: topmost operand that is it + 1 */

	struct label *labels;
	uint32_t nlabels, labels_room;
	struct patch *patches;
	uint32_t npatches, patches_room;

	uint32_t temps; /* slot of the first temporary */
	struct mirrors mirrors;
	struct made last;
	struct made older;  /* the one whose result it took from acc */
	uint32_t increment; /* newest cell: x += imm; else NONE */
	uint32_t copied;    /* newest cell: a copy; else NONE */
	uint32_t charge; /* cell that charges this run of instructions, or NONE
			  */
	bool dead;	 /* here nothing arrives */
	bool leaves;	 /* a call may leave the instance */
};

/* Room for one more; false when out of memory. */
static bool
grow(struct translator *t, void **array, uint32_t *room, uint32_t want,
	size_t size)
{
	if (want <= *room)
		return true;
	uint32_t n = *room ? 2 * *room : 64;
	while (n < want)
		n *= 2;
	void *p = arena_grow(t->a, *array, *room * size, n * size);
	if (p == NULL) {
		error_set(t->error, ERROR_memory, "out of memory");
		return false;
	}
	*array = p;
	*room = n;
	return true;
}

static struct mirrors
no_mirrors(void)
{
	return (struct mirrors){ NO_SLOT, NO_SLOT, NO_SLOT };
}

/* A label: what runs here may come from elsewhere. */
static void
forget(struct translator *t)
{
	t->mirrors = no_mirrors();
	t->last.cell = t->older.cell = NONE;
	t->increment = t->copied = NONE;
	t->charge = NONE;
}

static uint32_t *
mirror_of(struct translator *t, valtype type)
{
	return type == VT_F32	? &t->mirrors.s
	       : type == VT_F64 ? &t->mirrors.d
				: &t->mirrors.i;
}

/* slot was written, past the accumulators. */
static void
wrote(struct translator *t, uint32_t slot)
{
	if (t->mirrors.i == slot)
		t->mirrors.i = NO_SLOT;
	if (t->mirrors.s == slot)
		t->mirrors.s = NO_SLOT;
	if (t->mirrors.d == slot)
		t->mirrors.d = NO_SLOT;
}

/* A new cell; on failure one that is overwritten by the next. */
static struct cell *
emit(struct translator *t, uint32_t bc)
{
	uint32_t room = t->cells_room, n = t->ncells + 1;
	if (!grow(t, (void **)&t->offsets, &room, n, sizeof *t->offsets) ||
		!grow(t, (void **)&t->cells, &t->cells_room, n,
			sizeof *t->cells))
		return &t->cells[t->ncells - 1];
	struct cell *c = &t->cells[t->ncells];
	memset(c, 0, sizeof *c);
	c->op = t->words[bc];
	t->offsets[t->ncells++] = t->w.insn.at;
	t->last.cell = NONE;
	return c;
}

/* n words after the newest cell; the last of the cells' words is `end`. */
static void
emit_words(
	struct translator *t, const uint32_t *words, uint32_t n, uint32_t end)
{
	uint32_t count = cell_count(n + 1), done = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t part[CELL_WORDS] = { 0 };
		for (uint32_t k = 0; k < CELL_WORDS && done < n; k++)
			part[k] = words[done++];
		if (i + 1 == count)
			part[CELL_WORDS - 1] = end;
		memcpy(emit(t, BC_unreachable), part, sizeof(struct cell));
	}
}

/* The operand stack. */

static uint32_t
next_home(const struct translator *t)
{
	if (t->nstack == 0)
		return t->temps;
	const struct operand *o = &t->stack[t->nstack - 1];
	return o->home + vt_slots(o->type);
}

static struct operand *
push(struct translator *t, uint8_t kind, valtype type)
{
	if (!grow(t, (void **)&t->stack, &t->stack_room, t->nstack + 1,
		    sizeof *t->stack))
		t->nstack = 0;
	uint32_t home = next_home(t);
	struct operand *o = &t->stack[t->nstack++];
	*o = (struct operand){ .kind = kind,
		.type = type,
		.home = home,
		.slot = home,
		.cell = NONE };
	return o;
}

static void
push_const(struct translator *t, valtype type, uint64_t bits)
{
	push(t, OPERAND_const, type)->bits = bits;
}

static void
push_local(struct translator *t, uint32_t local)
{
	struct operand *o = push(t, OPERAND_local, t->w.locals[local]);
	o->slot = t->w.local_slots[local];
	o->bits = local;
	o->link = t->pending[local];
	t->pending[local] = t->nstack;
}

/* Operand i is no longer its local; i is the topmost of them. */
static void
unlink_local(struct translator *t, uint32_t i)
{
	struct operand *o = &t->stack[i];
	assert(t->pending[o->bits] == i + 1 && "locals leave from the top");
	t->pending[o->bits] = o->link;
}

static struct operand
pop(struct translator *t)
{
	if (t->nstack == 0) {
		assert(t->error->kind != ERROR_none && "operands are there");
		return (struct operand){ .kind = OPERAND_const };
	}
	struct operand o = t->stack[t->nstack - 1];
	if (o.kind == OPERAND_local)
		unlink_local(t, t->nstack - 1);
	t->nstack--;
	if (t->clean > t->nstack)
		t->clean = t->nstack;
	return o;
}

static void
drop_to(struct translator *t, uint32_t height)
{
	while (t->nstack > height)
		pop(t);
}

/* The newest cell made operand o and may still be changed. */
static bool
is_last(const struct translator *t, const struct operand *o)
{
	return o->kind == OPERAND_temp && t->last.cell != NONE &&
	       o->cell == t->last.cell;
}

/* dst = operand, by a cell of its own. */
static void
copy(struct translator *t, uint32_t dst, const struct operand *o)
{
	bool acc = t->mirrors.i == o->slot;
	struct cell *c;
	if (o->kind == OPERAND_const) {
		bool fits = o->type == VT_I32 || o->type == VT_F32 ||
			    (uint64_t)(int64_t)(int32_t)o->bits == o->bits;
		c = emit(t, fits ? BC_const32 : BC_const64);
		c->u.s.a = (uint16_t)dst;
		if (fits)
			c->v.imm = (int32_t)(uint32_t)o->bits;
		else
			memcpy(&emit(t, BC_unreachable)->u, &o->bits, 8);
	} else if (o->slot == dst) {
		return;
	} else if (!acc && t->copied == t->ncells - 1) {
		c = &t->cells[t->copied];
		c->op = t->words[BC_copy2];
		c->v.s.c = (uint16_t)dst;
		c->v.s.d = (uint16_t)o->slot;
		t->copied = NONE;
	} else {
		c = emit(t, acc ? BC_copy_A : BC_copy);
		c->u.s.a = (uint16_t)dst;
		c->u.s.b = acc ? 0 : (uint16_t)o->slot;
		t->copied = acc ? NONE : t->ncells - 1;
	}
	wrote(t, dst);
	t->last.cell = NONE;
}

/* A slot that holds o, which was popped: its home if it is a constant. */
static uint32_t
slot_of(struct translator *t, struct operand *o)
{
	if (o->kind == OPERAND_const) {
		copy(t, o->home, o);
		o->kind = OPERAND_temp;
		o->slot = o->home;
	}
	return o->slot;
}

/* o is in the accumulator of its type. */
static bool
in_acc(struct translator *t, const struct operand *o)
{
	return o->kind != OPERAND_const && *mirror_of(t, o->type) == o->slot;
}

/* Stack entry i to its home. */
static void
bring_home(struct translator *t, uint32_t i)
{
	struct operand *o = &t->stack[i];
	if (o->kind == OPERAND_temp && o->slot == o->home)
		return;
	if (o->kind == OPERAND_local)
		unlink_local(t, i);
	copy(t, o->home, o);
	o->kind = OPERAND_temp;
	o->slot = o->home;
	o->cell = NONE;
}

/* The n topmost entries to their homes, locals last pushed first. */
static void
bring_home_top(struct translator *t, uint32_t n)
{
	for (uint32_t i = t->nstack; i > t->nstack - n; i--)
		bring_home(t, i - 1);
}

/* No operand is a local any more: a block begins, which may set it. */
static void
settle_locals(struct translator *t)
{
	for (uint32_t i = t->nstack; i > t->clean; i--)
		if (t->stack[i - 1].kind == OPERAND_local)
			bring_home(t, i - 1);
	t->clean = t->nstack;
}

/* made.cell, the newest, made a temporary of this type at its home. */
static void
push_result(struct translator *t, valtype type, struct made made)
{
	struct operand *o = push(t, OPERAND_temp, type);
	wrote(t, o->slot);
	*mirror_of(t, type) = o->slot;
	o->cell = made.cell;
	t->last = made;
}

/* The same for cells that leave the bits of any type in acc. */
static void
push_result_bits(struct translator *t, valtype type)
{
	t->older.cell = NONE;
	push_result(t, type,
		(struct made){ .cell = t->ncells - 1,
			.op = OP_nop,
			.before = t->mirrors });
	if (type == VT_F32 || type == VT_F64) {
		*mirror_of(t, type) = NO_SLOT;
		t->mirrors.i = NO_SLOT;
	}
}

/* The newest cell is taken back; its operands are used by another. */
static struct cell
unemit(struct translator *t)
{
	assert(t->last.cell < t->ncells && "a cell to take back");
	t->ncells = t->last.cell;
	t->mirrors = t->last.before;
	t->last = t->older;
	t->older.cell = NONE;
	return t->cells[t->ncells];
}

/* Fuel: what an instruction costs, charged for a whole run of them. */

static bool
costs(enum op op)
{
	return op != OP_nop && op != OP_drop && op != OP_block &&
	       op != OP_loop && op != OP_unreachable && op != OP_return &&
	       op != OP_else && op != OP_end;
}

static void
charge(struct translator *t, uint32_t units)
{
	if (t->charge == NONE) {
		emit(t, BC_charge);
		t->charge = t->ncells - 1;
	}
	t->cells[t->charge].v.imm += (int32_t)units;
}

/* A place that all long runs pass: function entry and loop heads. */
static void
poll(struct translator *t, bool entry)
{
	if (t->m->engine->fuel) {
		emit(t, BC_charge_poll)->v.imm = entry;
		t->charge = t->ncells - 1;
	}
	if (t->m->engine->interruptible && !entry)
		emit(t, BC_poll);
}

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
	emit(t, f->result == VT_F32 ? BC_canon_f32 : BC_canon_f64)->u.s.a =
		(uint16_t)slot;
}

/* Families. */

/* The constant as a 32-bit immediate of its type. */
static bool
immediate(const struct operand *o, int32_t *imm)
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
	bool right = is_last(t, r);
	if ((!right && !is_last(t, l)) || t->last.form > FORM_AI)
		return false;
	const struct operand *z = right ? l : r;
	bool imm1 = t->last.form == FORM_SI || t->last.form == FORM_AI;
	bool imm2 = z->kind == OPERAND_const;
	int32_t i1 = t->cells[t->last.cell].v.imm, i2 = 0;
	if ((imm1 && i1 != (int16_t)i1) ||
		(imm2 && (!immediate(z, &i2) || i2 != (int16_t)i2)))
		return false;
	const struct chain *k = chains, *end = chains + COUNT(chains);
	while (k < end &&
		(k->inner != t->last.op || k->outer != op || k->imm1 != imm1 ||
			k->imm2 != imm2 ||
			(k->right != right && !families[op].commutes)))
		k++;
	if (k == end)
		return false;
	bool acc = t->last.form == FORM_AS || t->last.form == FORM_AI;
	struct cell in = unemit(t);
	struct made made = { .cell = t->ncells,
		.op = OP_nop,
		.bc = k->first,
		.form = acc,
		.before = t->mirrors };
	t->older = t->last;
	struct cell *c = emit(t, k->first + acc);
	c->u.s.a = (uint16_t)next_home(t);
	c->u.s.b = in.u.s.b;
	c->v.s.c = imm1 ? (uint16_t)in.v.imm : in.v.s.c;
	c->v.s.d = imm2 ? (uint16_t)i2 : (uint16_t)z->slot;
	push_result(t, families[op].result, made);
	return true;
}

/* The form for l and r, which are in slots or, r, a constant. */
static enum form
binary_form(struct translator *t, const struct operand *l,
	const struct operand *r, bool imm)
{
	bool la = in_acc(t, l);
	if (r->kind == OPERAND_const)
		return imm ? (la ? FORM_AI : FORM_SI)
			   : (la ? FORM_AK : FORM_SK);
	return la ? FORM_AS : in_acc(t, r) ? FORM_SA : FORM_SS;
}

/* One cell of a two-operand family for the popped l and r. */
static void
emit_binary(
	struct translator *t, enum op op, struct operand *l, struct operand *r)
{
	const struct family *f = &families[op];
	int32_t imm = 0;
	if (!t->m->engine->nan_canonical && chain(t, op, l, r))
		return;
	if (l->kind == OPERAND_const)
		slot_of(t, l);
	bool fits = immediate(r, &imm);
	if (!fits && f->type != VT_I64 && f->type != VT_F64)
		slot_of(t, r);
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
	struct cell *c = emit(t, f->first + form);
	c->u.s.a = (uint16_t)next_home(t);
	c->u.s.b = (uint16_t)l->slot;
	if (r->kind != OPERAND_const)
		c->v.s.c = (uint16_t)r->slot;
	else if (fits)
		c->v.imm = imm;
	else
		memcpy(&emit(t, BC_unreachable)->u, &r->bits, 8);
	push_result(t, f->result, made);
	canonical(t, f, op);
}

static void
binary(struct translator *t, enum op op)
{
	const struct family *f = &families[op];
	struct operand r = pop(t), l = pop(t);
	if (l.kind == OPERAND_const && r.kind != OPERAND_const &&
		(f->commutes || f->compares)) {
		swap(&l, &r);
		if (f->compares)
			op = f->mirror;
	}
	emit_binary(t, op, &l, &r);
}

static void
unary(struct translator *t, enum op op)
{
	const struct family *f = &families[op];
	struct operand x = pop(t);
	slot_of(t, &x);
	bool acc = in_acc(t, &x);
	struct made made = { .cell = t->ncells,
		.op = (uint16_t)op,
		.bc = f->first,
		.form = acc,
		.before = t->mirrors };
	t->older.cell = NONE;
	struct cell *c = emit(t, f->first + (acc ? FORM_A : FORM_S));
	c->u.s.a = (uint16_t)next_home(t);
	c->u.s.b = (uint16_t)x.slot;
	push_result(t, f->result, made);
	canonical(t, f, op);
}

/* x == 0: the inverse of the comparison that made x, or a comparison with 0. */
static void
eqz(struct translator *t, valtype type)
{
	struct operand x = pop(t);
	if (is_last(t, &x) && families[t->last.op].inverse != 0) {
		struct made made = t->last;
		made.op = families[made.op].inverse;
		made.bc = families[made.op].first;
		t->cells[made.cell].op = t->words[made.bc + made.form];
		push_result(t, VT_I32, made);
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
		c->u.s.b = unemit(t).u.s.b;
		c->v.imm = (int32_t)(uint32_t)offset;
		return form == FORM_SI ? LOAD_HS : LOAD_HA;
	}
	if (t->last.bc != BC_i32_shl_add_S || offset > UINT16_MAX ||
		t->cells[t->last.cell].v.s.c != lg)
		return -1;
	struct cell in = unemit(t);
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
	struct cell add = unemit(t);
	c->u.s.b = add.u.s.b;
	c->v = add.v;
	if (!imm) {
		c->v.s.d = (uint16_t)offset;
		return form == FORM_SS ? LOAD_SS : LOAD_AS;
	}
	if (lg != 0 && form == FORM_AI && last_scales(t, lg)) {
		form = t->last.form;
		c->u.s.b = unemit(t).u.s.b;
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
	int form = is_last(t, x) ? address_last(t, offset, lg, c) : -1;
	if (form >= 0)
		return (enum form_load)form;
	slot_of(t, x);
	c->u.s.b = (uint16_t)x->slot;
	c->v.imm = (int32_t)(uint32_t)offset;
	return in_acc(t, x) ? LOAD_A : LOAD_S;
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
	struct cell *c = emit(t, bc);
	c->u.s.a = (uint16_t)slot;
	c->u.s.b = (uint16_t)x->slot;
	c->v.imm = (int32_t)t->w.insn.memory;
	memcpy(&emit(t, BC_unreachable)->u, &offset, 8);
	return c;
}

static void
load(struct translator *t, enum op op)
{
	const struct family *f = &families[op];
	struct operand x = pop(t);
	struct cell operands = { .u.ab = 0 };
	if (any_memory(t)) {
		slot_of(t, &x);
		emit_any_memory(t, f->first + LOAD_M, next_home(t), &x);
		t->older.cell = NONE;
		push_result(t, f->result,
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
	struct cell *c = emit(t, f->first + form);
	c->u.s.b = operands.u.s.b;
	c->v = operands.v;
	c->u.s.a = (uint16_t)next_home(t);
	push_result(t, f->result, made);
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

static void
store(struct translator *t, enum op op)
{
	const struct family *f = &families[op];
	bool is_float = f->type == VT_F32 || f->type == VT_F64;
	struct operand v = pop(t), x = pop(t);
	struct cell operands = { .u.ab = 0 };
	if (any_memory(t)) {
		slot_of(t, &v);
		slot_of(t, &x);
		emit_any_memory(t,
			f->first + (uint32_t)(is_float ? (int)FSTORE_M_S
						       : (int)STORE_M_S),
			v.slot, &x);
		t->last.cell = NONE;
		return;
	}
	int32_t imm = 0;
	bool small = !is_float && immediate(&v, &imm) && imm == (int16_t)imm &&
		     x.kind != OPERAND_const;
	if (!small)
		slot_of(t, &v);
	/* an addition with an immediate has no form here: keep its cell */
	bool keep = is_last(t, &x) && t->last.op == OP_i32_add &&
		    (t->last.form == FORM_SI || t->last.form == FORM_AI);
	if (is_last(t, &x) && t->last.op == OP_i32_add && small &&
		t->last.form == FORM_AS)
		keep = true;
	if (keep)
		t->last.cell = NONE;
	enum form_load adr = address(t, &x, t->w.insn.offset, 0, &operands);
	char value = small ? 'I' : in_acc(t, &v) ? 'A' : 'S';
	if (!is_float && value == 'A' && (adr == LOAD_A || adr == LOAD_AS))
		value = 'S';
	struct cell *c = emit(
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
		bring_home(t, t->pending[local] - 1);
}

/* slot = the popped o: the cell that made it writes there, or a copy. */
static void
assign(struct translator *t, uint32_t slot, struct operand *o)
{
	if (!is_last(t, o)) {
		copy(t, slot, o);
		return;
	}
	t->cells[t->last.cell].u.s.a = (uint16_t)slot;
	bool held = in_acc(t, o);
	wrote(t, o->slot);
	wrote(t, slot);
	if (held)
		*mirror_of(t, o->type) = slot;
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
	c->op = t->words[BC_i32_add_SI];
	c->v.imm = imm;
	if (t->increment != made->cell - 1) {
		t->increment = made->cell;
		return;
	}
	before->op = t->words[BC_increment2];
	before->v.s.c = (uint16_t)before->v.imm;
	before->u.s.b = c->u.s.a;
	before->v.s.d = (uint16_t)imm;
	t->ncells--;
	t->increment = NONE;
}

static void
local_set(struct translator *t, uint32_t local, bool tee)
{
	struct operand o = pop(t);
	struct made made = t->last;
	if (!is_last(t, &o))
		made.cell = NONE;
	if (o.kind != OPERAND_local || o.bits != local) {
		if (t->pending[local] != 0) {
			settle_local(t, local);
			made.cell = NONE;
		}
		assign(t, t->w.local_slots[local], &o);
		note_increment(t, &made);
	}
	if (tee)
		push_local(t, local);
}

static void
global_set(struct translator *t, uint32_t global)
{
	struct operand o = pop(t);
	slot_of(t, &o);
	bool acc = t->mirrors.i == o.slot;
	struct cell *c = emit(t, acc ? BC_global_set_A : BC_global_set_S);
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

static void
select_(struct translator *t)
{
	static const uint16_t forms[2][2][2] = {
		/* condition in acc, left, right an immediate */
		{ { BC_select_S, BC_select_SSI },
			{ BC_select_SIS, BC_select_SII } },
		{ { BC_select_A, BC_select_ASI },
			{ BC_select_AIS, BC_select_AII } },
	};
	struct operand cond = pop(t), y = pop(t), x = pop(t);
	valtype type = x.type;
	uint16_t b, c, home = (uint16_t)next_home(t);
	bool xi = small_immediate(&x, &b), yi = small_immediate(&y, &c);
	if (!xi)
		b = (uint16_t)slot_of(t, &x);
	if (!yi)
		c = (uint16_t)slot_of(t, &y);
	slot_of(t, &cond);
	struct cell *cell = emit(t, forms[in_acc(t, &cond)][xi][yi]);
	cell->u.s.a = home;
	cell->u.s.b = b;
	cell->v.s.c = c;
	cell->v.s.d = (uint16_t)cond.slot;
	push_result_bits(t, type);
}

/* Control. */

static struct label *
label_at(struct translator *t, uint32_t depth)
{
	assert(t->nlabels == t->w.nctrls && "labels go with the walk's frames");
	return &t->labels[t->nlabels - 1 - depth];
}

static uint32_t
home_at(const struct translator *t, uint32_t height)
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
	if (!grow(t, (void **)&t->patches, &t->patches_room, t->npatches + 1,
		    sizeof *t->patches))
		return;
	t->patches[t->npatches] = (struct patch){ base, where, *head };
	*head = t->npatches++;
}

static void
target_set(struct translator *t, uint32_t base, uint32_t where, uint32_t to)
{
	int32_t bytes =
		((int32_t)to - (int32_t)base) * (int32_t)sizeof(struct cell);
	memcpy((char *)t->cells + where, &bytes, sizeof bytes);
}

/* All patches of the list go to the next cell. */
static void
patch_here(struct translator *t, uint32_t head)
{
	for (uint32_t i = head; i != NONE; i = t->patches[i].next)
		target_set(
			t, t->patches[i].base, t->patches[i].where, t->ncells);
}

/* The target at `where` of the cell base becomes label l. */
static void
target_label(
	struct translator *t, struct label *l, uint32_t base, uint32_t where)
{
	if (l->op == OP_loop)
		target_set(t, base, where, l->start);
	else
		patch_add(t, &l->patches, base, where);
}

static uint32_t
imm_of(uint32_t cell)
{
	return (uint32_t)(cell * sizeof(struct cell) +
			  offsetof(struct cell, v));
}

/*
 * The operands that a branch to l carries go to where l expects them.  They
 * stay on the symbolic stack.  `leaving`: nothing else will use them, so that
 * the cell that made the last one may write there at once.
 */
static void
carry(struct translator *t, const struct label *l, const struct ctrl *c,
	bool leaving)
{
	uint32_t n;
	const valtype *types = walk_label_types(c, &n);
	uint32_t from = t->nstack - n, home = home_at(t, l->height);
	for (uint32_t i = 0; i < n; i++) {
		struct operand *o = &t->stack[from + i];
		if (leaving && n == 1 && is_last(t, o))
			assign(t, home, o);
		else
			copy(t, home, o);
		home += vt_slots(types[i]);
	}
}

/* carry would emit something. */
static bool
carries(const struct translator *t, const struct label *l, const struct ctrl *c)
{
	uint32_t n;
	const valtype *types = walk_label_types(c, &n);
	uint32_t from = t->nstack - n, home = home_at(t, l->height);
	for (uint32_t i = 0; i < n; i++) {
		const struct operand *o = &t->stack[from + i];
		if (o->kind == OPERAND_const || o->slot != home)
			return true;
		home += vt_slots(types[i]);
	}
	return false;
}

static void
unreachable_from_here(struct translator *t)
{
	t->dead = true;
	drop_to(t, t->labels[t->nlabels - 1].height);
	forget(t);
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
	struct cell in = unemit(t);
	bool acc = form == FORM_AI;
	struct cell *c = emit(t, sense ? (acc ? BC_br_bits_A : BC_br_bits_S)
				       : (acc ? BC_br_zero_A : BC_br_zero_S));
	c->u.s.a = in.u.s.b;
	c->u.s.b = (uint16_t)imm;
	return true;
}

/*
 * The taken-back comparison c of the local that the newest cell increments, as
 * one cell with a branch to the loop l.  False if they are not that.
 */
static bool
branch_increment(struct translator *t, enum op op, uint8_t form,
	const struct cell *c, const struct label *l)
{
	if (l == NULL || l->op != OP_loop || increments[op] == 0 ||
		t->ncells == 0 || t->increment != t->ncells - 1)
		return false;
	int32_t distance = (int32_t)l->start - (int32_t)t->increment;
	struct cell *inc = &t->cells[t->increment];
	if (distance != (int16_t)distance || t->mirrors.i != inc->u.s.a ||
		form == FORM_SS || form == FORM_SI)
		return false;
	uint16_t right = c->v.s.c;
	if (form == FORM_SA) {
		op = families[op].mirror;
		right = c->u.s.b;
	} else if (form == FORM_AI) {
		right = (uint16_t)c->v.imm;
	}
	inc->op = t->words[increments[op] + (form == FORM_AI)];
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
	const struct family *f = &families[op];
	uint32_t first = f->branch;
	uint16_t right = c->v.s.c;
	if (form == FORM_SI || form == FORM_AI)
		branch_immediate(f, c->v.imm, &right);
	if (!sense)
		first = f->branch_not != 0 ? f->branch_not
					   : families[f->inverse].branch;
	struct cell *b = emit(t, first + form);
	b->u.s.a = c->u.s.b;
	b->u.s.b = right;
}

/* The comparison that made x can be part of a branch. */
static bool
branches(const struct translator *t, const struct operand *x)
{
	const struct family *f = &families[t->last.op];
	uint16_t bits;
	if (!is_last(t, x) || f->branch == 0 || t->last.form > FORM_SA)
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
	struct cell c = unemit(t);
	bool zero = form == FORM_AI && c.v.imm == 0 &&
		    (op == OP_i32_eq || op == OP_i32_ne);
	enum op taken = sense ? op : families[op].inverse;
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
	if (branches(t, x)) {
		done = branch_fused(t, sense, l);
	} else if (!is_last(t, x) || !branch_bits(t, sense)) {
		slot_of(t, x);
		uint32_t first = families[sense ? OP_i32_ne : OP_i32_eq].branch;
		bool acc = in_acc(t, x);
		struct cell *b = emit(t, first + (acc ? FORM_AI : FORM_SI));
		b->u.s.a = (uint16_t)x->slot;
	}
	t->last.cell = t->older.cell = NONE;
	t->charge = NONE;
	return done ? NONE : t->ncells - 1;
}

static void
jump(struct translator *t, struct label *l)
{
	emit(t, BC_br);
	target_label(t, l, t->ncells - 1, imm_of(t->ncells - 1));
}

static void
return_(struct translator *t)
{
	uint32_t n = module_func_type(t->m, t->w.func)->nresults;
	if (n == 0) {
		emit(t, BC_ret_0);
	} else if (n == 1) {
		struct operand o = pop(t);
		int32_t imm;
		if (o.type != VT_F64 && immediate(&o, &imm)) {
			emit(t, BC_ret_I)->v.imm = imm;
			return;
		}
		slot_of(t, &o);
		if (t->mirrors.i == o.slot)
			emit(t, BC_ret_A);
		else
			emit(t, BC_ret_S)->u.s.a = (uint16_t)o.slot;
	} else {
		bring_home_top(t, n);
		uint32_t first = home_at(t, t->nstack - n);
		struct cell *c = emit(t, BC_ret_n);
		c->u.s.a = (uint16_t)first;
		c->v.imm = (int32_t)(next_home(t) - first);
	}
}

static void
br(struct translator *t, uint32_t depth)
{
	struct label *l = label_at(t, depth);
	if (l == t->labels) {
		return_(t);
	} else {
		carry(t, l, walk_label(&t->w, depth), true);
		jump(t, l);
	}
	unreachable_from_here(t);
}

static void
br_if(struct translator *t, uint32_t depth)
{
	struct label *l = label_at(t, depth);
	const struct ctrl *c = walk_label(&t->w, depth);
	struct operand x = pop(t);
	if (!carries(t, l, c)) {
		uint32_t cell = branch_if(t, &x, true, l);
		if (cell != NONE)
			target_label(t, l, cell, imm_of(cell));
		return;
	}
	uint32_t skip = branch_if(t, &x, false, NULL);
	struct mirrors mirrors = t->mirrors;
	carry(t, l, c, false);
	jump(t, l);
	target_set(t, skip, imm_of(skip), t->ncells);
	forget(t);
	t->mirrors = mirrors;
}

/* Labels that carry operands are reached over cells that move them. */
static void
br_table(struct translator *t)
{
	struct operand x = pop(t);
	uint32_t n = t->w.insn.a + 1;
	struct reader r = t->w.r;
	slot_of(t, &x);
	bool acc = in_acc(t, &x);
	struct cell *c = emit(t, acc ? BC_br_table_A : BC_br_table_S);
	c->u.s.a = acc ? 0 : (uint16_t)x.slot;
	c->v.imm = (int32_t)(n - 1);
	uint32_t base = t->ncells - 1;
	for (uint32_t i = 0; i < cell_count(n); i++)
		emit(t, BC_unreachable);
	r.at = t->w.insn.list;
	r.end = t->w.insn.list_end;
	uint32_t where = (uint32_t)((base + 1) * sizeof(struct cell));
	for (uint32_t i = 0; i < n; i++, where += 4) {
		uint32_t depth = reader_u32(&r);
		struct label *l = label_at(t, depth);
		const struct ctrl *to = walk_label(&t->w, depth);
		if (!carries(t, l, to)) {
			target_label(t, l, base, where);
			continue;
		}
		target_set(t, base, where, t->ncells);
		forget(t);
		carry(t, l, to, false);
		jump(t, l);
	}
	unreachable_from_here(t);
}

/* A block begins: the walk's newest frame. */
static void
block(struct translator *t, enum op op)
{
	const struct ctrl *c = &t->w.ctrls[t->w.nctrls - 1];
	if (!grow(t, (void **)&t->labels, &t->labels_room, t->nlabels + 1,
		    sizeof *t->labels))
		return;
	struct label *l = &t->labels[t->nlabels++];
	*l = (struct label){ .op = (uint8_t)op,
		.dead = t->dead,
		.height = t->nstack,
		.patches = NONE,
		.otherwise = NONE };
	if (t->dead)
		return;
	struct operand x = { 0 };
	if (op == OP_if)
		x = pop(t);
	settle_locals(t);
	l->height = t->nstack - c->nparams;
	bring_home_top(t, c->nparams);
	if (op == OP_if) {
		uint32_t cell = branch_if(t, &x, false, NULL);
		patch_add(t, &l->otherwise, cell, imm_of(cell));
		l->mirrors = t->mirrors;
	} else if (op == OP_loop) {
		forget(t);
		l->start = t->ncells;
		poll(t, false);
	}
}

/* Operands of these types at their homes above the label's height. */
static void
push_homes(struct translator *t, const struct label *l, const valtype *types,
	uint32_t n)
{
	drop_to(t, l->height);
	for (uint32_t i = 0; i < n; i++)
		push(t, OPERAND_temp, types[i]);
	t->clean = t->nstack;
}

static void
else_(struct translator *t)
{
	struct label *l = &t->labels[t->nlabels - 1];
	const struct ctrl *c = &t->w.ended;
	l->op = OP_else;
	if (l->dead)
		return;
	if (!t->dead) {
		carry(t, l, c, true);
		jump(t, l);
	}
	patch_here(t, l->otherwise);
	l->otherwise = NONE;
	forget(t);
	t->mirrors = l->mirrors;
	t->dead = false;
	push_homes(t, l, c->params, c->nparams);
}

/* The end of a block; of the body: its return. */
static void
end(struct translator *t)
{
	struct label *l = &t->labels[t->nlabels - 1];
	const struct ctrl *c = &t->w.ended;
	bool body = t->nlabels == 1;
	bool joined = l->patches != NONE || l->otherwise != NONE;
	if (!l->dead && joined) {
		if (!t->dead)
			carry(t, l, c, true);
		patch_here(t, l->patches);
		patch_here(t, l->otherwise);
		forget(t);
		t->dead = false;
		push_homes(t, l, c->results, c->nresults);
	}
	if (body && !t->dead)
		return_(t);
	if (t->dead)
		drop_to(t, l->height);
	t->nlabels--;
}

/* Calls. */

/* The argument word of the popped o, at its home if it fits no word. */
static uint32_t
argument_word(struct translator *t, struct operand *o)
{
	int32_t imm;
	if (o->type != VT_F64 && immediate(o, &imm) && imm >= -0x40000000 &&
		imm < 0x40000000)
		return (uint32_t)imm << 1 | 1;
	return slot_of(t, o) << 1;
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
		drop_to(t, t->nstack - type->nparams);
		return 0;
	}
	for (uint32_t i = type->nparams; i > 0; i--) {
		struct operand o = pop(t);
		(*words)[--at] = argument_word(t, &o);
	}
	return n;
}

static void
call_results(struct translator *t, const struct functype *type)
{
	t->last.cell = NONE;
	t->mirrors = no_mirrors();
	t->charge = NONE;
	for (uint32_t i = 0; i < type->nresults; i++) {
		valtype r = type->results[i];
		struct operand *o = push(t, OPERAND_temp, r);
		if (type->nresults == 1 && r != VT_F32 && r != VT_F64)
			t->mirrors.i = o->slot;
	}
}

/* After a call that may have left the instance. */
static void
reload(struct translator *t, uint32_t distance)
{
	struct cell *c = emit(t, BC_reload);
	c->u.s.a = (uint16_t)t->w.local_slot_count;
	c->v.imm = (int32_t)distance;
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
	uint32_t distance = next_home(t) + 1;
	bool import = func < t->m->nimported_funcs;
	uint32_t own = func - t->m->nimported_funcs;
	struct cell *c = emit(t, import	 ? BC_call_import
				 : n < 4 ? BC_call_0 + n
					 : BC_call_n);
	c->u.ab = import ? func : own_offset(own);
	c->v.imm = (int32_t)n;
	if (n == 0 && !import)
		c->v.imm = (int32_t)distance;
	else
		emit_words(t, words, n, distance);
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
	slot_of(t, x);
	uint32_t *words, n = arguments(t, &type->func, &words);
	uint32_t distance = next_home(t) + 1;
	bool acc = bc_acc != bc && in_acc(t, x);
	struct cell *c = emit(t, acc ? bc_acc : bc);
	c->u.s.a = acc ? 0 : (uint16_t)x->slot;
	c->u.s.b = (uint16_t)table;
	c->v.imm = (int32_t)type->canon;
	if (words != NULL) {
		memmove(words + 1, words, n * sizeof *words);
		words[0] = n;
		emit_words(t, words, n + 1, distance);
	}
	reload(t, distance);
	if (tail_calls(t))
		reload(t, distance);
	call_results(t, &type->func);
}

static void
call_indirect(struct translator *t, uint32_t type, uint32_t table)
{
	struct operand x = pop(t);
	bool is64 = t->m->tables[table].type.limits.is64;
	call_any(t, is64 ? BC_call_indirect64 : BC_call_indirect_S,
		is64 ? BC_call_indirect64 : BC_call_indirect_A, &x, table,
		&t->m->types[type]);
}

/* The arguments of a tail call, at home: the first one's slot. */
static uint32_t
tail_arguments(struct translator *t, const struct functype *type)
{
	bring_home_top(t, type->nparams);
	drop_to(t, t->nstack - type->nparams);
	return next_home(t);
}

static void
return_call(struct translator *t, uint32_t func)
{
	const struct functype *type = module_func_type(t->m, func);
	uint32_t first = tail_arguments(t, type);
	bool import = func < t->m->nimported_funcs;
	uint32_t own = func - t->m->nimported_funcs;
	struct cell *c =
		emit(t, import ? BC_return_call_import : BC_return_call);
	c->u.ab = import ? func : own_offset(own);
	c->v.s.c = (uint16_t)first;
	c->v.s.d = (uint16_t)type->param_slots;
}

static void
return_call_indirect(struct translator *t, uint32_t type_index, uint32_t table)
{
	const struct deftype *type = &t->m->types[type_index];
	struct operand x = pop(t);
	slot_of(t, &x);
	uint32_t words[4] = { 3, type->canon, tail_arguments(t, &type->func),
		type->func.param_slots };
	struct cell *c = emit(t, BC_return_call_indirect);
	c->u.s.a = (uint16_t)x.slot;
	c->u.s.b = (uint16_t)table;
	emit_words(t, words, 4, 0);
}

static void
return_call_ref(struct translator *t, const struct deftype *type)
{
	struct operand x = pop(t);
	slot_of(t, &x);
	uint32_t first = tail_arguments(t, &type->func);
	struct cell *c = emit(t, BC_return_call_ref);
	c->u.s.a = (uint16_t)x.slot;
	c->v.s.c = (uint16_t)first;
	c->v.s.d = (uint16_t)type->func.param_slots;
}

/* The rest: one cell, operands in slots. */

/* A cell whose result is at a, of type, from nothing but imm. */
static void
nullary(struct translator *t, enum bc bc, uint32_t imm, valtype type)
{
	struct cell *c = emit(t, bc);
	c->u.s.a = (uint16_t)next_home(t);
	c->v.imm = (int32_t)imm;
	push_result_bits(t, type);
}

/* The same from one operand at b. */
static void
one_operand(struct translator *t, enum bc bc, uint32_t imm, valtype type)
{
	struct operand x = pop(t);
	slot_of(t, &x);
	struct cell *c = emit(t, bc);
	c->u.s.a = (uint16_t)next_home(t);
	c->u.s.b = (uint16_t)x.slot;
	c->v.imm = (int32_t)imm;
	push_result_bits(t, type);
}

/* Pops n operands, all at their homes; a cell with the first one at a. */
static struct cell *
operands_at_home(struct translator *t, enum bc bc, uint32_t n)
{
	bring_home_top(t, n);
	drop_to(t, t->nstack - n);
	struct cell *c = emit(t, bc);
	c->u.s.a = (uint16_t)next_home(t);
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
	t->mirrors = no_mirrors();
	t->last.cell = NONE;
}

static void
table_grow_(struct translator *t, uint32_t table)
{
	struct cell *c = operands_at_home(t, BC_table_grow, 2);
	c->u.s.b = c->u.s.a;
	c->v.imm = (int32_t)table;
	push_result_bits(t, table_index(t, table));
}

static void
table_set_(struct translator *t, uint32_t table)
{
	struct operand v = pop(t), x = pop(t);
	slot_of(t, &v);
	slot_of(t, &x);
	struct cell *c = emit(t, BC_table_set);
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
		push_local(t, (uint32_t)x->bits);
	else
		push(t, OPERAND_temp, x->type);
}

static void
ref_as_non_null(struct translator *t)
{
	struct operand x = pop(t);
	slot_of(t, &x);
	emit(t, BC_ref_as_non_null)->u.s.a = (uint16_t)x.slot;
	push_back(t, &x);
}

/* A branch to l if the reference in slot is null, or is not. */
static void
branch_null(struct translator *t, uint32_t depth, uint32_t slot, bool null)
{
	struct label *l = label_at(t, depth);
	const struct ctrl *c = walk_label(&t->w, depth);
	bool direct = !carries(t, l, c);
	enum op op = null == direct ? OP_i64_eq : OP_i64_ne;
	emit(t, families[op].branch + FORM_SI)->u.s.a = (uint16_t)slot;
	uint32_t cell = t->ncells - 1;
	if (direct) {
		target_label(t, l, cell, imm_of(cell));
		t->charge = NONE;
		return;
	}
	struct mirrors mirrors = t->mirrors;
	carry(t, l, c, false);
	jump(t, l);
	target_set(t, cell, imm_of(cell), t->ncells);
	forget(t);
	t->mirrors = mirrors;
}

static void
br_on_null(struct translator *t, uint32_t depth)
{
	struct operand x = pop(t);
	uint32_t slot = slot_of(t, &x);
	branch_null(t, depth, slot, true);
	push_back(t, &x);
}

/* The reference is what the label gets last, and is gone otherwise. */
static void
br_on_non_null(struct translator *t, uint32_t depth)
{
	struct operand x = pop(t);
	uint32_t slot = slot_of(t, &x);
	push_back(t, &x);
	branch_null(t, depth, slot, false);
	pop(t);
}

/* Wide arithmetic: operands at home, two results. */
static void
wide(struct translator *t, enum bc bc, uint32_t n)
{
	struct cell *c = operands_at_home(t, bc, n);
	c->u.s.b = c->u.s.a;
	wrote(t, c->u.s.a);
	wrote(t, c->u.s.a + 1u);
	push(t, OPERAND_temp, VT_I64);
	push(t, OPERAND_temp, VT_I64);
}

/* Constants, variables, tables, memories. */
static bool
data_insn(struct translator *t, enum op op)
{
	const struct insn *i = &t->w.insn;
	switch (op) {
	case OP_i32_const:
		push_const(t, VT_I32, (uint32_t)i->imm);
		return true;
	case OP_i64_const:
		push_const(t, VT_I64, i->imm);
		return true;
	case OP_f32_const:
		push_const(t, VT_F32, (uint32_t)i->imm);
		return true;
	case OP_f64_const:
		push_const(t, VT_F64, i->imm);
		return true;
	case OP_ref_null:
		push_const(t, i->heap, 0);
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
		one_operand(t, BC_ref_is_null, 0, VT_I32);
		return true;
	case OP_local_get:
		push_local(t, i->a);
		return true;
	case OP_local_set:
	case OP_local_tee:
		local_set(t, i->a, op == OP_local_tee);
		return true;
	case OP_global_get:
		nullary(t, BC_global_get, i->a, t->m->globals[i->a].type.type);
		return true;
	case OP_global_set:
		global_set(t, i->a);
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
		emit(t, BC_data_drop)->v.imm = (int32_t)i->a;
		return true;
	case OP_elem_drop:
		emit(t, BC_elem_drop)->v.imm = (int32_t)i->a;
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
		pop(t);
		return;
	case OP_select:
	case OP_select_t:
		select_(t);
		return;
	case OP_br:
		br(t, i->a);
		return;
	case OP_br_if:
		br_if(t, i->a);
		return;
	case OP_br_table:
		br_table(t);
		return;
	case OP_return:
		return_(t);
		unreachable_from_here(t);
		return;
	case OP_call:
		call(t, i->a);
		return;
	case OP_call_indirect:
		call_indirect(t, i->a, i->b);
		return;
	case OP_call_ref:
		x = pop(t);
		call_any(
			t, BC_call_ref, BC_call_ref, &x, 0, &t->m->types[i->a]);
		return;
	case OP_return_call:
		return_call(t, i->a);
		unreachable_from_here(t);
		return;
	case OP_return_call_indirect:
		return_call_indirect(t, i->a, i->b);
		unreachable_from_here(t);
		return;
	case OP_return_call_ref:
		return_call_ref(t, &t->m->types[i->a]);
		unreachable_from_here(t);
		return;
	case OP_br_on_null:
		br_on_null(t, i->a);
		return;
	case OP_br_on_non_null:
		br_on_non_null(t, i->a);
		return;
	case OP_i32_eqz:
		eqz(t, VT_I32);
		return;
	case OP_i64_eqz:
		eqz(t, VT_I64);
		return;
	default:
		assert(op == OP_unreachable && "an instruction that runs here");
		emit(t, BC_unreachable);
		unreachable_from_here(t);
		return;
	}
}

static void
insn(struct translator *t, enum op op)
{
	if (t->m->engine->fuel && costs(op))
		charge(t, 1);
	switch (families[op].kind) {
	case FAMILY_binary:
		binary(t, op);
		return;
	case FAMILY_unary:
		unary(t, op);
		return;
	case FAMILY_load:
		load(t, op);
		return;
	case FAMILY_store:
		store(t, op);
		return;
	default:
		if (!data_insn(t, op))
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
		if (!t->dead && t->m->engine->fuel && op == OP_if)
			charge(t, 1);
		block(t, op);
		return;
	case OP_else:
		else_(t);
		return;
	case OP_end:
		end(t);
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
	c->op = t->words[t->leaves ? BC_enter_i
			 : zeroed  ? BC_enter_z
				   : BC_enter_0];
	c->u.s.a = (uint16_t)type->param_slots;
	c->u.s.b = (uint16_t)zeroed;
	c->v.imm = (int32_t)(t->temps + t->w.max_slots + 1);
}

bool
translate_function(struct module *m, uint32_t func, struct arena *a,
	struct translation *out, struct error *error)
{
	struct translator t = {
		.m = m, .a = a, .error = error, .words = loop_tables()->words
	};
	walk_init(&t.w, m, func, a, error);
	t.temps = t.w.local_slot_count + 1;
	t.pending = arena_array(a, t.w.nlocals, sizeof *t.pending);
	t.cells = arena_array(a, 64, sizeof *t.cells);
	t.offsets = arena_array(a, 64, sizeof *t.offsets);
	t.labels = arena_array(a, 16, sizeof *t.labels);
	t.stack = arena_array(a, 64, sizeof *t.stack);
	if (a->failed) {
		error_set(error, ERROR_memory, "out of memory");
		return false;
	}
	t.cells_room = t.stack_room = 64;
	t.labels_room = 16;
	t.w.insn.at = m->funcs[func].body.offset;
	forget(&t);
	emit(&t, BC_enter_0);
	t.labels[t.nlabels++] = (struct label){
		.op = OP_block, .patches = NONE, .otherwise = NONE
	};
	poll(&t, true);
	while (error->kind == ERROR_none && walk_next(&t.w))
		step(&t);
	if (error->kind != ERROR_none || a->failed)
		return false;
	enter(&t);
	*out = (struct translation){ t.cells, t.offsets, t.ncells };
	return true;
}
