#include "interp/atomic.h"

#include <string.h>

#include "spec/module.h"

static const uint16_t handlers[OP_count] = {
#define ATOMIC_LOAD(id, type, bits) [OP_##id] = BC_##id,
#define ATOMIC_STORE(id, type, bits) [OP_##id] = BC_##id,
#define ATOMIC_RMW(id, type, bits, op) [OP_##id] = BC_##id,
#define ATOMIC_CMPXCHG(id, type, bits) [OP_##id] = BC_##id,
#define ATOMIC_WAIT(id, type, bits) [OP_##id] = BC_##id,
#define PLAIN(id, operands) [OP_##id] = BC_##id,
#include "interp/atomic.def"
};

/* The access whose n operands are o, the address first; the result at a. */
static void
emit_access(struct translator *t, enum op op, const struct operand *o,
	uint32_t n, bool result)
{
	const struct insn *i = &t->w.insn;
	struct cell *c = emit_cell(t, handlers[op]);
	c->u.s.a = (uint16_t)(result ? emit_next_home(t) : o[1].slot);
	c->u.s.b = (uint16_t)o[0].slot;
	c->v.imm = (int32_t)i->memory;
	memcpy(&emit_cell(t, BC_unreachable)->u, &i->offset, sizeof i->offset);
	if (!result || n == 1)
		return;
	c = emit_cell(t, BC_unreachable);
	c->u.s.a = (uint16_t)o[1].slot;
	c->u.s.b = (uint16_t)o[2].slot;
}

bool
atomic_insn(struct translator *t, enum op op)
{
	const char *sig = op_rows[op].sig, *colon = strchr(sig, ':');
	uint32_t n = (uint32_t)(colon - sig);
	struct operand o[3] = { { 0 }, { 0 }, { 0 } };
	if (handlers[op] == 0)
		return false;
	for (uint32_t k = n; k > 0; k--)
		o[k - 1] = emit_pop(t);
	for (uint32_t k = 0; k < n; k++)
		emit_slot_of(t, &o[k]);
	struct made made = {
		.cell = t->ncells, .op = OP_nop, .before = t->mirrors
	};
	if (n == 0)
		emit_cell(t, handlers[op]);
	else
		emit_access(t, op, o, n, colon[1] != '\0');
	t->last.cell = t->older.cell = NONE;
	if (colon[1] != '\0')
		emit_push_result(t, colon[1] == 'i' ? VT_I32 : VT_I64, made);
	return true;
}
