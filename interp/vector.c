#include "interp/vector.h"

#include <assert.h>
#include <string.h>

#include "spec/engine.h"
#include "spec/module.h"
#include "spec/vector.h"
#include "trap/bytes.h"

/* The first form of each instruction's handlers. */
static const uint16_t handlers[OP_count] = {
#define VBIN(id, nan, commutes) [OP_##id] = BC_##id##_SS,
#define VUNARY(id, nan) [OP_##id] = BC_##id##_S,
#define VTERNARY(id, nan) [OP_##id] = BC_##id,
#define VSHIFT(id) [OP_##id] = BC_##id##_SS,
#define VTEST(id) [OP_##id] = BC_##id,
#define VSPLAT(id, type) [OP_##id] = BC_##id,
#define VEXTRACT(id, type, lanes) [OP_##id] = BC_##id,
#define VREPLACE(id, type, lanes) [OP_##id] = BC_##id,
#define VLOAD(id, bytes) [OP_##id] = BC_##id##_S,
#define VSTORE(id, bytes) [OP_##id] = BC_##id##_S_S,
#define VLOAD_LANE(id, bytes) [OP_##id] = BC_##id,
#define VSTORE_LANE(id, bytes) [OP_##id] = BC_##id,
#include "interp/vector.def"
	[OP_v128_const] = BC_v128_const,
};

/* What has several forms. */
enum { SHAPE_none, SHAPE_left, SHAPE_either, SHAPE_unary, SHAPE_shift };
#define SHAPE_0 SHAPE_left
#define SHAPE_1 SHAPE_either /* way round */
static const uint8_t shapes[OP_count] = {
#define VBIN(id, nan, commutes) [OP_##id] = SHAPE_##commutes,
#define VUNARY(id, nan) [OP_##id] = SHAPE_unary,
#define VSHIFT(id) [OP_##id] = SHAPE_shift,
#include "interp/vector.def"
};

/* The first form with a loaded operand, or 0. */
static const uint16_t loads[OP_count] = {
#define VBIN_LOAD(id) [OP_##id] = BC_##id##_load_S_S,
#include "interp/vector.def"
};

/* Two instructions, the first with a loaded operand, that one cell does. */
static const struct {
	uint16_t inner, outer; /* enum op */
	uint16_t first;	       /* enum bc */
} chains[] = {
#define VCHAIN_LOAD(id, inner, outer) \
	{ OP_##inner, OP_##outer, BC_##id##_load_S_S },
#include "interp/vector.def"
};

/* What makes NaN of the result canonical; 0: nothing has to. */
#define CANON_none 0
#define CANON_f32x4 BC_v128_canon_f32x4
#define CANON_f64x2 BC_v128_canon_f64x2
static const uint16_t canons[OP_count] = {
#define VBIN(id, nan, commutes) [OP_##id] = CANON_##nan,
#define VUNARY(id, nan) [OP_##id] = CANON_##nan,
#define VTERNARY(id, nan) [OP_##id] = CANON_##nan,
#include "interp/vector.def"
};

/* A cell with 8 bytes of operands and nothing else. */
static void
emit_bytes(struct translator *t, uint64_t bits)
{
	memcpy(&emit_cell(t, BC_unreachable)->u, &bits, sizeof bits);
}

/* The 16 bytes in two of them. */
static void
read_bytes(const struct cell *c, uint8_t *p)
{
	uint64_t bits[2];
	memcpy(&bits[0], &c[0].u, sizeof bits[0]);
	memcpy(&bits[1], &c[1].u, sizeof bits[1]);
	bytes_put64(p, bits[0]);
	bytes_put64(p + 8, bits[1]);
}

/* NaN in the lanes that the table names gets the canonical bits. */
static void
canonical(struct translator *t, enum op op, uint32_t slot)
{
	if (t->m->engine->nan_canonical && canons[op] != 0)
		emit_cell(t, canons[op])->u.s.a = (uint16_t)slot;
}

/* Another memory than the first, or one with 64-bit addresses. */
static bool
any_memory(const struct translator *t)
{
	uint32_t memory = t->w.insn.memory;
	return memory != 0 || t->m->memories[memory].is64;
}

/* The slow form of an access at the popped address: its cell. */
static uint32_t
emit_any_memory(
	struct translator *t, uint32_t bc, const struct operand *address)
{
	uint32_t at = t->ncells;
	struct cell *c = emit_cell(t, bc);
	c->u.s.b = (uint16_t)address->slot;
	c->v.imm = (int32_t)t->w.insn.memory;
	emit_bytes(t, t->w.insn.offset);
	return at;
}

/* The newest cell made the address by an addition of this form: S or I. */
static bool
address_adds(const struct translator *t, const struct operand *x, char right)
{
	if (!emit_is_last(t, x) || t->last.op != OP_i32_add)
		return false;
	if (right == 'I')
		return t->last.form == FORM_SI || t->last.form == FORM_AI;
	return t->last.form == FORM_SS || t->last.form == FORM_AS;
}

/*
 * The address x plus the offset as the operands of a cell.  Gives the form of a
 * VLOAD; S or SS if `sums` is all there is.
 */
static enum form_vload
address(struct translator *t, struct operand *x, bool sums, struct cell *c)
{
	uint64_t offset = t->w.insn.offset;
	if (address_adds(t, x, 'S') && offset <= UINT16_MAX) {
		*c = emit_take_back(t);
		c->v.s.d = (uint16_t)offset;
		return VLOAD_SS;
	}
	if (!sums && address_adds(t, x, 'I') && offset == 0) {
		*c = emit_take_back(t);
		return VLOAD_SI;
	}
	emit_slot_of(t, x);
	c->u.s.b = (uint16_t)x->slot;
	c->v.imm = (int32_t)(uint32_t)offset;
	return VLOAD_S;
}

static void
load(struct translator *t, enum op op)
{
	struct operand x = emit_pop(t);
	struct cell in = { .u.ab = 0 };
	struct made made = { .op = OP_nop };
	if (any_memory(t)) {
		emit_slot_of(t, &x);
		made.before = t->mirrors;
		made.cell = emit_any_memory(t, handlers[op] + VLOAD_M, &x);
	} else {
		enum form_vload form = address(t, &x, false, &in);
		made = (struct made){ .cell = t->ncells,
			.op = (uint16_t)op,
			.form = (uint8_t)form,
			.before = t->mirrors };
		struct cell *c = emit_cell(t, handlers[op] + form);
		c->u.s.b = in.u.s.b;
		c->v = in.v;
	}
	t->cells[made.cell].u.s.a = (uint16_t)emit_next_home(t);
	t->older.cell = NONE;
	emit_push_result(t, VT_V128, made);
}

static void
store(struct translator *t, enum op op)
{
	struct operand v = emit_pop(t), x = emit_pop(t);
	struct cell in = { .u.ab = 0 };
	uint32_t at;
	if (any_memory(t)) {
		emit_slot_of(t, &x);
		at = emit_any_memory(t, handlers[op] + VSTORE_M_S, &x);
	} else {
		bool sum = address(t, &x, true, &in) == VLOAD_SS;
		bool acc = emit_in_acc(t, &v);
		at = t->ncells;
		struct cell *c = emit_cell(t,
			handlers[op] +
				(uint32_t)(sum ? acc ? VSTORE_SS_A : VSTORE_SS_S
					   : acc ? VSTORE_S_A
						 : VSTORE_S_S));
		c->u.s.b = in.u.s.b;
		c->v = in.v;
	}
	t->cells[at].u.s.a = (uint16_t)v.slot;
	t->last.cell = t->older.cell = NONE;
}

/* Loads and stores of a lane. */
static void
access_lane(struct translator *t, enum op op)
{
	const char *sig = op_rows[op].sig;
	bool stores = sig[strlen(sig) - 1] == ':';
	struct operand v = emit_pop(t), x = emit_pop(t);
	emit_slot_of(t, &x);
	struct mirrors before = t->mirrors;
	uint32_t at = emit_any_memory(t, handlers[op], &x);
	t->cells[at].u.s.a = (uint16_t)(stores ? v.slot : emit_next_home(t));
	struct cell *c = emit_cell(t, BC_unreachable);
	c->u.s.a = (uint16_t)v.slot;
	c->u.s.b = t->w.insn.lane;
	t->last.cell = t->older.cell = NONE;
	if (!stores)
		emit_push_result(t, VT_V128,
			(struct made){
				.cell = at, .op = OP_nop, .before = before });
}

/* A result of type v128 that is made by cells from here on. */
static struct made
made_here(const struct translator *t, enum op op)
{
	return (struct made){
		.cell = t->ncells, .op = (uint16_t)op, .before = t->mirrors
	};
}

/* The cell of a shuffle of the bytes in slots b and c. */
static void
emit_shuffle(struct translator *t, uint32_t b, uint32_t c, uint8_t *lanes)
{
	bool of_b = false, of_c = false;
	for (uint32_t i = 0; i < 16; i++) {
		if (b == c && lanes[i] != 255)
			lanes[i] &= 15;
		of_b |= lanes[i] < 16;
		of_c |= lanes[i] >= 16 && lanes[i] < 32;
	}
	for (uint32_t i = 0; i < 16 && !of_b; i++)
		if (lanes[i] != 255)
			lanes[i] &= 15;
	bool both = of_b && of_c;
	struct made made = made_here(t, OP_i8x16_shuffle);
	struct cell *cell = emit_cell(t, !vec_shuffles() ? BC_i8x16_bytes
					 : both		 ? BC_i8x16_shuffle
							 : BC_i8x16_permute);
	cell->u.s.a = (uint16_t)emit_next_home(t);
	cell->u.s.b = (uint16_t)(of_b ? b : c);
	cell->v.s.c = (uint16_t)(both ? c : cell->u.s.b);
	emit_bytes(t, bytes_get64(lanes));
	emit_bytes(t, bytes_get64(lanes + 8));
	t->older.cell = NONE;
	emit_push_result(t, VT_V128, made);
}

static void
shuffle(struct translator *t)
{
	uint8_t lanes[16];
	struct operand r = emit_pop(t), l = emit_pop(t);
	memcpy(lanes, t->w.insn.list, 16);
	emit_shuffle(t, l.slot, r.slot, lanes);
}

/* The lanes that op makes wider by zeros: the width and the first; 0: not op.
 */
static uint32_t
widens(uint32_t op, uint32_t *first)
{
	switch (op) {
	case OP_i16x8_extend_low_i8x16_u:
	case OP_i16x8_extend_high_i8x16_u:
		*first = op == OP_i16x8_extend_high_i8x16_u ? 8 : 0;
		return 1;
	case OP_i32x4_extend_low_i16x8_u:
	case OP_i32x4_extend_high_i16x8_u:
		*first = op == OP_i32x4_extend_high_i16x8_u ? 8 : 0;
		return 2;
	case OP_i64x2_extend_low_i32x4_u:
	case OP_i64x2_extend_high_i32x4_u:
		*first = op == OP_i64x2_extend_high_i32x4_u ? 8 : 0;
		return 4;
	default:
		return 0;
	}
}

/* What op makes of lanes, which name bytes. */
static void
widen(uint32_t op, uint8_t *lanes)
{
	uint8_t from[16];
	uint32_t at = 0, width = widens(op, &at);
	memcpy(from, lanes, 16);
	for (uint32_t i = 0; i < 16; i++)
		lanes[i] = i % (2 * width) < width ? from[at++] : 255;
}

/*
 * Lanes made wider that a shuffle or another such instruction has just made are
 * bytes of its operands and zeros: one shuffle.
 */
static bool
widen_shuffled(struct translator *t, enum op op)
{
	uint8_t lanes[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
		15 };
	uint32_t first, inner = t->last.op;
	bool shuffled = inner == OP_i8x16_shuffle;
	if (widens(op, &first) == 0 ||
		!emit_is_last(t, &t->stack[t->nstack - 1]) ||
		(!shuffled && widens(inner, &first) == 0))
		return false;
	emit_pop(t);
	struct cell c = emit_take_back(t);
	if (shuffled)
		read_bytes(&t->cells[t->ncells + 1], lanes);
	else
		widen(inner, lanes);
	widen(op, lanes);
	emit_shuffle(t, c.u.s.b, shuffled ? c.v.s.c : c.u.s.b, lanes);
	return true;
}

/* The form of VBIN_LOAD or VCHAIN_LOAD. */
static uint8_t
load_form(bool wraps, bool acc)
{
	if (wraps)
		return acc ? VBIN_LOAD_I_A : VBIN_LOAD_I_S;
	return acc ? VBIN_LOAD_S_A : VBIN_LOAD_S_S;
}

/* A cell in the place of the one just taken back: it is its load that traps. */
static struct cell *
instead(struct translator *t, uint32_t bc)
{
	uint32_t at = t->offsets[t->ncells];
	struct cell *c = emit_cell(t, bc);
	t->offsets[t->ncells - 1] = at;
	return c;
}

/* A v128.load that the newest cell made for the popped r: part of op. */
static bool
loaded_operand(struct translator *t, enum op op, const struct operand *l,
	const struct operand *r)
{
	if (loads[op] == 0 || !emit_is_last(t, r) ||
		t->last.op != OP_v128_load || t->last.form == VLOAD_SS ||
		(uint32_t)t->cells[t->last.cell].v.imm > UINT16_MAX)
		return false;
	bool wraps = t->last.form == VLOAD_SI;
	struct cell in = emit_take_back(t);
	struct made made = made_here(t, op);
	made.form = load_form(wraps, emit_in_acc(t, l));
	struct cell *c = instead(t, loads[op] + made.form);
	c->u.s.a = (uint16_t)emit_next_home(t);
	c->u.s.b = in.u.s.b;
	c->v.s.c = (uint16_t)l->slot;
	c->v.s.d = (uint16_t)in.v.imm;
	t->older.cell = NONE;
	emit_push_result(t, VT_V128, made);
	return true;
}

/* What the newest cell made of a loaded operand is the popped r: part of op. */
static bool
chained_operand(struct translator *t, enum op op, const struct operand *l,
	const struct operand *r)
{
	uint32_t i = 0, n = sizeof chains / sizeof chains[0];
	while (i < n &&
		(chains[i].outer != op || chains[i].inner != t->last.op))
		i++;
	if (i == n || !emit_is_last(t, r))
		return false;
	bool wraps =
		t->last.form == VBIN_LOAD_I_S || t->last.form == VBIN_LOAD_I_A;
	struct cell in = emit_take_back(t);
	struct made made = made_here(t, OP_nop);
	made.form = load_form(wraps, emit_in_acc(t, l));
	struct cell *c = instead(t, chains[i].first + made.form);
	c->u.s.a = (uint16_t)emit_next_home(t);
	c->u.s.b = in.u.s.b;
	c->v.s.c = in.v.s.c;
	c->v.s.d = (uint16_t)l->slot;
	emit_cell(t, BC_unreachable)->u.ab = in.v.s.d;
	t->older.cell = NONE;
	emit_push_result(t, VT_V128, made);
	return true;
}

static void
exchange(struct operand *l, struct operand *r)
{
	struct operand x = *l;
	*l = *r;
	*r = x;
}

/* The form for l and r, which change places if that helps and does not matter.
 */
static enum form_vbin
binary_form(
	struct translator *t, bool either, struct operand *l, struct operand *r)
{
	if (emit_in_acc(t, l))
		return VBIN_AS;
	if (!emit_in_acc(t, r))
		return VBIN_SS;
	if (!either)
		return VBIN_SA;
	exchange(l, r);
	return VBIN_AS;
}

static void
binary(struct translator *t, enum op op)
{
	struct operand r = emit_pop(t), l = emit_pop(t);
	bool either = shapes[op] == SHAPE_either;
	if (either && emit_is_last(t, &l))
		exchange(&l, &r);
	if (!loaded_operand(t, op, &l, &r) && !chained_operand(t, op, &l, &r)) {
		enum form_vbin form = binary_form(t, either, &l, &r);
		struct made made = made_here(t, OP_nop);
		struct cell *c = emit_cell(t, handlers[op] + form);
		c->u.s.a = (uint16_t)emit_next_home(t);
		c->u.s.b = (uint16_t)l.slot;
		c->v.s.c = (uint16_t)r.slot;
		t->older.cell = NONE;
		emit_push_result(t, VT_V128, made);
	}
	canonical(t, op, t->stack[t->nstack - 1].slot);
}

static void
unary(struct translator *t, enum op op)
{
	if (widen_shuffled(t, op))
		return;
	struct operand x = emit_pop(t);
	struct made made = made_here(t, op);
	struct cell *c = emit_cell(
		t, handlers[op] + (emit_in_acc(t, &x) ? FORM_A : FORM_S));
	c->u.s.a = (uint16_t)emit_next_home(t);
	c->u.s.b = (uint16_t)x.slot;
	t->older.cell = NONE;
	emit_push_result(t, VT_V128, made);
	canonical(t, op, t->stack[t->nstack - 1].slot);
}

static void
shift(struct translator *t, enum op op)
{
	struct operand n = emit_pop(t), x = emit_pop(t);
	bool imm = n.kind == OPERAND_const;
	struct made made = made_here(t, OP_nop);
	struct cell *c = emit_cell(
		t, handlers[op] + (uint32_t)(!imm		  ? VSHIFT_SS
					     : emit_in_acc(t, &x) ? VSHIFT_AI
								  : VSHIFT_SI));
	c->u.s.a = (uint16_t)emit_next_home(t);
	c->u.s.b = (uint16_t)x.slot;
	c->v.s.c = (uint16_t)(imm ? n.bits & 63 : n.slot);
	t->older.cell = NONE;
	emit_push_result(t, VT_V128, made);
}

/* The rest: up to three operands in slots, one result. */
static void
compute(struct translator *t, enum op op)
{
	const struct insn *i = &t->w.insn;
	const char *sig = op_rows[op].sig, *colon = strchr(sig, ':');
	uint32_t n = (uint32_t)(colon - sig);
	struct operand o[3] = { { 0 }, { 0 }, { 0 } };
	for (uint32_t k = n; k > 0; k--)
		o[k - 1] = emit_pop(t);
	for (uint32_t k = 0; k < n; k++)
		emit_slot_of(t, &o[k]);
	struct made made = made_here(t, OP_nop);
	uint32_t home = emit_next_home(t);
	struct cell *c = emit_cell(t, handlers[op]);
	c->u.s.a = (uint16_t)home;
	c->u.s.b = (uint16_t)o[0].slot;
	c->v.s.c = (uint16_t)o[1].slot;
	c->v.s.d = (uint16_t)o[2].slot;
	if (op_rows[op].imm == IMM_LANE && n == 1)
		c->v.s.c = i->lane;
	else if (op_rows[op].imm == IMM_LANE)
		c->v.s.d = i->lane;
	if (op_rows[op].imm == IMM_V128) {
		emit_bytes(t, bytes_get64(i->list));
		emit_bytes(t, bytes_get64(i->list + 8));
	}
	t->older.cell = NONE;
	emit_push_result(t, op_letter_types[(unsigned char)colon[1]], made);
	canonical(t, op, home);
}

static void
forms(struct translator *t, enum op op)
{
	switch (shapes[op]) {
	case SHAPE_left:
	case SHAPE_either:
		binary(t, op);
		break;
	case SHAPE_unary:
		unary(t, op);
		break;
	case SHAPE_shift:
		shift(t, op);
		break;
	default:
		compute(t, op);
	}
}

bool
vector_insn(struct translator *t, enum op op)
{
	if (op == OP_i8x16_shuffle)
		shuffle(t);
	else if (handlers[op] == 0)
		return false;
	else if (op_rows[op].imm == IMM_MEMARG_LANE)
		access_lane(t, op);
	else if (op == OP_v128_store)
		store(t, op);
	else if (op_rows[op].imm == IMM_MEMARG)
		load(t, op);
	else
		forms(t, op);
	return true;
}
