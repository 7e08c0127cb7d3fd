#include "interp/emit.h"

#include <assert.h>
#include <string.h>

#include "interp/pair.h"
#include "spec/engine.h"
#include "spec/layout.h"
#include "spec/module.h"
#include "spec/store.h"
#include "trap/arena.h"
#include "trap/error.h"

bool
emit_grow(struct translator *t, void **array, uint32_t *room, uint32_t want,
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

struct mirrors
emit_no_mirrors(void)
{
	return (struct mirrors){ NO_SLOT, NO_SLOT, NO_SLOT, NO_SLOT };
}

void
emit_forget(struct translator *t)
{
	t->mirrors = emit_no_mirrors();
	t->last.cell = t->older.cell = NONE;
	t->increment = t->copied = NONE;
	t->charge = NONE;
}

uint32_t *
emit_mirror(struct translator *t, valtype type)
{
	return type == VT_F32	 ? &t->mirrors.s
	       : type == VT_F64	 ? &t->mirrors.d
	       : type == VT_V128 ? &t->mirrors.v
				 : &t->mirrors.i;
}

void
emit_wrote(struct translator *t, uint32_t slot)
{
	if (t->mirrors.i == slot)
		t->mirrors.i = NO_SLOT;
	if (t->mirrors.s == slot)
		t->mirrors.s = NO_SLOT;
	if (t->mirrors.d == slot)
		t->mirrors.d = NO_SLOT;
	if (t->mirrors.v == slot || t->mirrors.v + 1 == slot)
		t->mirrors.v = NO_SLOT;
}

void
emit_handler(struct translator *t, uint32_t cell, uint32_t bc)
{
	t->cells[cell].op = t->words[bc];
	t->handlers[cell] = (uint16_t)bc;
}

void
emit_pairs(struct translator *t, uint32_t n)
{
	for (uint32_t i = 0; i + 1 < n; i++) {
		uint16_t bc = pair_of(t->handlers[i], t->handlers[i + 1]);
		if (bc != 0 && t->words[bc].number != 0)
			t->cells[i].op = t->words[bc];
	}
}

struct cell *
emit_cell(struct translator *t, uint32_t bc)
{
	uint32_t rooms[2] = { t->cells_room, t->cells_room };
	uint32_t n = t->ncells + 1;
	if (!emit_grow(t, (void **)&t->offsets, &rooms[0], n,
		    sizeof *t->offsets) ||
		!emit_grow(t, (void **)&t->handlers, &rooms[1], n,
			sizeof *t->handlers) ||
		!emit_grow(t, (void **)&t->cells, &t->cells_room, n,
			sizeof *t->cells))
		return &t->cells[t->ncells - 1];
	struct cell *c = &t->cells[t->ncells];
	memset(c, 0, sizeof *c);
	emit_handler(t, t->ncells, bc);
	t->offsets[t->ncells++] = t->w.insn.at;
	t->last.cell = NONE;
	return c;
}

void
emit_words(
	struct translator *t, const uint32_t *words, uint32_t n, uint32_t cells)
{
	uint32_t done = 0;
	for (uint32_t i = 0; i < cells; i++) {
		uint32_t part[CELL_WORDS] = { 0 };
		for (uint32_t k = 0; k < CELL_WORDS && done < n; k++)
			part[k] = words[done++];
		memcpy(emit_cell(t, BC_unreachable), part, sizeof(struct cell));
	}
}

uint32_t
emit_site_cells(const struct translator *t, uint32_t n)
{
	return cell_count(n + (t->within == NONE ? 1 : 2));
}

void
emit_site(struct translator *t, const uint32_t *words, uint32_t n,
	uint32_t distance)
{
	assert(distance <= UINT16_MAX && "frames are smaller");
	emit_words(t, words, n, emit_site_cells(t, n));
	struct cell *last = &t->cells[t->ncells - 1];
	last->v.s.c = (uint16_t)distance;
	if (t->within == NONE || !emit_grow(t, (void **)&t->ways, &t->ways_room,
					 t->nways + 1, sizeof *t->ways))
		return;
	last->v.s.d = 1;
	last->u.ab = t->within;
	t->ways[t->nways++] = t->ncells - 1;
}

/* The operand stack. */

uint32_t
emit_next_home(const struct translator *t)
{
	if (t->nstack == 0)
		return t->temps;
	const struct operand *o = &t->stack[t->nstack - 1];
	return o->home + vt_slots(o->type);
}

struct operand *
emit_push(struct translator *t, uint8_t kind, valtype type)
{
	if (!emit_grow(t, (void **)&t->stack, &t->stack_room, t->nstack + 1,
		    sizeof *t->stack))
		t->nstack = 0;
	uint32_t home = emit_next_home(t);
	struct operand *o = &t->stack[t->nstack++];
	*o = (struct operand){ .kind = kind,
		.type = type,
		.home = home,
		.slot = home,
		.cell = NONE };
	return o;
}

void
emit_push_const(struct translator *t, valtype type, uint64_t bits)
{
	emit_push(t, OPERAND_const, type)->bits = bits;
}

void
emit_push_local(struct translator *t, uint32_t local)
{
	struct operand *o = emit_push(t, OPERAND_local, t->w.locals[local]);
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

struct operand
emit_pop(struct translator *t)
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

void
emit_drop_to(struct translator *t, uint32_t height)
{
	while (t->nstack > height)
		emit_pop(t);
}

bool
emit_is_last(const struct translator *t, const struct operand *o)
{
	return o->kind == OPERAND_temp && t->last.cell != NONE &&
	       o->cell == t->last.cell;
}

void
emit_copy(struct translator *t, uint32_t dst, const struct operand *o)
{
	bool acc = t->mirrors.i == o->slot;
	struct cell *c;
	if (o->kind == OPERAND_const) {
		bool fits = o->type == VT_I32 || o->type == VT_F32 ||
			    (uint64_t)(int64_t)(int32_t)o->bits == o->bits;
		c = emit_cell(t, fits ? BC_const32 : BC_const64);
		c->u.s.a = (uint16_t)dst;
		if (fits)
			c->v.imm = (int32_t)(uint32_t)o->bits;
		else
			memcpy(&emit_cell(t, BC_unreachable)->u, &o->bits, 8);
	} else if (o->slot == dst) {
		return;
	} else if (o->type == VT_V128) {
		c = emit_cell(t, BC_v128_copy);
		c->u.s.a = (uint16_t)dst;
		c->u.s.b = (uint16_t)o->slot;
	} else if (!acc && t->copied == t->ncells - 1) {
		c = &t->cells[t->copied];
		emit_handler(t, t->copied, BC_copy2);
		c->v.s.c = (uint16_t)dst;
		c->v.s.d = (uint16_t)o->slot;
		t->copied = NONE;
	} else {
		c = emit_cell(t, acc ? BC_copy_A : BC_copy);
		c->u.s.a = (uint16_t)dst;
		c->u.s.b = acc ? 0 : (uint16_t)o->slot;
		t->copied = acc ? NONE : t->ncells - 1;
	}
	emit_wrote(t, dst);
	if (o->type == VT_V128)
		emit_wrote(t, dst + 1);
	t->last.cell = NONE;
}

uint32_t
emit_slot_of(struct translator *t, struct operand *o)
{
	if (o->kind == OPERAND_const) {
		emit_copy(t, o->home, o);
		o->kind = OPERAND_temp;
		o->slot = o->home;
	}
	return o->slot;
}

bool
emit_in_acc(struct translator *t, const struct operand *o)
{
	return o->kind != OPERAND_const && *emit_mirror(t, o->type) == o->slot;
}

void
emit_bring_home(struct translator *t, uint32_t i)
{
	struct operand *o = &t->stack[i];
	if (o->kind == OPERAND_temp && o->slot == o->home)
		return;
	if (o->kind == OPERAND_local)
		unlink_local(t, i);
	emit_copy(t, o->home, o);
	o->kind = OPERAND_temp;
	o->slot = o->home;
	o->cell = NONE;
}

void
emit_bring_home_top(struct translator *t, uint32_t n)
{
	for (uint32_t i = t->nstack; i > t->nstack - n; i--)
		emit_bring_home(t, i - 1);
}

void
emit_settle_locals(struct translator *t)
{
	for (uint32_t i = t->nstack; i > t->clean; i--)
		if (t->stack[i - 1].kind == OPERAND_local)
			emit_bring_home(t, i - 1);
	t->clean = t->nstack;
}

void
emit_push_result(struct translator *t, valtype type, struct made made)
{
	struct operand *o = emit_push(t, OPERAND_temp, type);
	emit_wrote(t, o->slot);
	if (type == VT_V128)
		emit_wrote(t, o->slot + 1);
	*emit_mirror(t, type) = o->slot;
	o->cell = made.cell;
	t->last = made;
}

void
emit_push_result_bits(struct translator *t, valtype type)
{
	t->older.cell = NONE;
	emit_push_result(t, type,
		(struct made){ .cell = t->ncells - 1,
			.op = OP_nop,
			.before = t->mirrors });
	if (type == VT_F32 || type == VT_F64) {
		*emit_mirror(t, type) = NO_SLOT;
		t->mirrors.i = NO_SLOT;
	}
}

struct cell
emit_take_back(struct translator *t)
{
	assert(t->last.cell < t->ncells && "a cell to take back");
	t->ncells = t->last.cell;
	t->mirrors = t->last.before;
	t->last = t->older;
	t->older.cell = NONE;
	return t->cells[t->ncells];
}

/* Safepoints. */

static void
map_word(struct translator *t, uint32_t word)
{
	if (emit_grow(t, (void **)&t->maps, &t->maps_room, t->nmaps + 1,
		    sizeof *t->maps))
		t->maps[t->nmaps++] = word;
}

static bool
may_hold_object(const struct translator *t, valtype type)
{
	return vt_is_ref(type) && layout_holds_object(t->m->engine->types,
					  vt_canon(t->m->types, type));
}

void
emit_safepoint(struct translator *t)
{
	if (!t->maps_wanted)
		return;
	const struct walk *w = &t->w;
	uint32_t count = t->nmaps + 1;
	map_word(t, t->ncells);
	map_word(t, 0);
	for (uint32_t i = 0; i < w->nlocals; i++)
		if (may_hold_object(t, w->locals[i]))
			map_word(t, w->local_slots[i]);
	for (uint32_t i = 0; i < t->nstack; i++)
		if (t->stack[i].kind == OPERAND_temp &&
			may_hold_object(t, t->stack[i].type))
			map_word(t, t->stack[i].slot);
	if (t->error->kind == ERROR_none)
		t->maps[count] = t->nmaps - count - 1;
}

/* Fuel: what an instruction costs, charged for a whole run of them. */

void
emit_charge(struct translator *t, uint32_t units)
{
	if (t->charge == NONE) {
		emit_cell(t, BC_charge);
		t->charge = t->ncells - 1;
	}
	t->cells[t->charge].v.imm += (int32_t)units;
}

void
emit_poll(struct translator *t, bool entry)
{
	if (t->m->engine->fuel) {
		emit_cell(t, BC_charge_poll)->v.imm = entry;
		t->charge = t->ncells - 1;
	}
	if (t->m->engine->interruptible && !entry)
		emit_cell(t, BC_poll);
}

void
emit_count(struct translator *t)
{
	if (t->m->engine->counts)
		emit_cell(t, BC_count_entry);
}

void
emit_count_loop(struct translator *t)
{
	if (!t->m->engine->counts)
		return;
	uint32_t own = t->w.func - t->m->nimported_funcs;
	struct cell *c = emit_cell(t, BC_count_loop);
	c->u.ab = (uint32_t)(offsetof(struct instance, own) +
			     own * sizeof(struct func));
	c->v.imm = (int32_t)t->w.insn.at;
}

void
emit_trace(struct translator *t)
{
	if (!t->m->engine->trace)
		return;
	for (uint32_t i = 0; i < t->nstack; i++) /* constants stay constants */
		emit_copy(t, t->stack[i].home, &t->stack[i]);
	struct cell *c = emit_cell(t, BC_trace);
	c->u.s.a = (uint16_t)t->w.local_slot_count;
	c->u.s.b = (uint16_t)(emit_next_home(t) - t->temps);
	c->v.imm = (int32_t)t->w.insn.at;
}
