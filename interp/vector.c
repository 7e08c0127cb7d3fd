#include "interp/vector.h"

#include <assert.h>
#include <string.h>

#include "spec/engine.h"
#include "spec/module.h"
#include "trap/bytes.h"

/* The handler of each instruction; form M follows a load's. */
static const uint16_t handlers[OP_count] = {
#define VBIN(id, nan) [OP_##id] = BC_##id,
#define VUNARY(id, nan) [OP_##id] = BC_##id,
#define VTERNARY(id, nan) [OP_##id] = BC_##id,
#define VSHIFT(id) [OP_##id] = BC_##id,
#define VTEST(id) [OP_##id] = BC_##id,
#define VSPLAT(id, type) [OP_##id] = BC_##id,
#define VEXTRACT(id, type, lanes) [OP_##id] = BC_##id,
#define VREPLACE(id, type, lanes) [OP_##id] = BC_##id,
#define VLOAD(id, bytes) [OP_##id] = BC_##id,
#define VLOAD_LANE(id, bytes) [OP_##id] = BC_##id,
#define VSTORE_LANE(id, bytes) [OP_##id] = BC_##id,
#include "interp/vector.def"
	[OP_v128_const] = BC_v128_const,
	[OP_i8x16_shuffle] = BC_i8x16_shuffle,
	[OP_v128_store] = BC_v128_store,
};

/* What makes NaN of the result canonical; 0: nothing has to. */
#define CANON_none 0
#define CANON_f32x4 BC_v128_canon_f32x4
#define CANON_f64x2 BC_v128_canon_f64x2
static const uint16_t canons[OP_count] = {
#define VBIN(id, nan) [OP_##id] = CANON_##nan,
#define VUNARY(id, nan) [OP_##id] = CANON_##nan,
#define VTERNARY(id, nan) [OP_##id] = CANON_##nan,
#include "interp/vector.def"
};

static valtype
type_of(char letter)
{
	switch (letter) {
	case 'i':
		return VT_I32;
	case 'I':
		return VT_I64;
	case 'f':
		return VT_F32;
	case 'F':
		return VT_F64;
	default:
		assert(letter == 'v' && "a letter of a signature");
		return VT_V128;
	}
}

/* A cell with 8 bytes of operands and nothing else. */
static void
emit_bytes(struct translator *t, uint64_t bits)
{
	memcpy(&emit_cell(t, BC_unreachable)->u, &bits, sizeof bits);
}

/* NaN in the lanes that the table names gets the canonical bits. */
static void
canonical(struct translator *t, enum op op, uint32_t slot)
{
	if (t->m->engine->nan_canonical && canons[op] != 0)
		emit_cell(t, canons[op])->u.s.a = (uint16_t)slot;
}

/* The cell for a memory access at the popped address; the first is fast. */
static struct cell *
emit_access(struct translator *t, enum op op, const struct operand *address)
{
	const struct insn *i = &t->w.insn;
	bool lane = op_rows[op].imm == IMM_MEMARG_LANE;
	bool any = i->memory != 0 || t->m->memories[i->memory].is64;
	struct cell *c = emit_cell(t, handlers[op] + (any && !lane));
	uint32_t at = t->ncells - 1;
	c->u.s.b = (uint16_t)address->slot;
	if (!any && !lane) {
		c->v.imm = (int32_t)(uint32_t)i->offset;
		return c;
	}
	c->v.imm = (int32_t)i->memory;
	emit_bytes(t, i->offset);
	return &t->cells[at];
}

/* Loads and stores, of lanes too. */
static void
access(struct translator *t, enum op op)
{
	const struct insn *i = &t->w.insn;
	bool lane = op_rows[op].imm == IMM_MEMARG_LANE;
	const char *sig = op_rows[op].sig;
	bool stores = sig[strlen(sig) - 1] == ':';
	struct operand v = { 0 };
	if (lane || stores)
		v = emit_pop(t);
	struct operand x = emit_pop(t);
	emit_slot_of(t, &x);
	struct mirrors before = t->mirrors;
	struct cell *c = emit_access(t, op, &x);
	uint32_t cell = (uint32_t)(c - t->cells);
	c->u.s.a = (uint16_t)(stores ? v.slot : emit_next_home(t));
	if (lane) {
		c = emit_cell(t, BC_unreachable);
		c->u.s.a = (uint16_t)v.slot;
		c->u.s.b = i->lane;
	}
	t->last.cell = t->older.cell = NONE;
	if (!stores)
		emit_push_result(t, VT_V128,
			(struct made){
				.cell = cell, .op = OP_nop, .before = before });
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
	struct made made = {
		.cell = t->ncells, .op = OP_nop, .before = t->mirrors
	};
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
	if (op_rows[op].imm == IMM_V128 || op_rows[op].imm == IMM_SHUFFLE) {
		emit_bytes(t, bytes_get64(i->list));
		emit_bytes(t, bytes_get64(i->list + 8));
	}
	t->older.cell = NONE;
	emit_push_result(t, type_of(colon[1]), made);
	canonical(t, op, home);
}

bool
vector_insn(struct translator *t, enum op op)
{
	if (handlers[op] == 0)
		return false;
	if (op_rows[op].imm == IMM_MEMARG || op_rows[op].imm == IMM_MEMARG_LANE)
		access(t, op);
	else
		compute(t, op);
	return true;
}
