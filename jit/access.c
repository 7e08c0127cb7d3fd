#include "jit/access.h"

#include <assert.h>

#include "jit/build_call.h"
#include "jit/simplify.h"
#include "spec/store.h"
#include "trap/error.h"
#include "trap/likely.h"

/* Checks */

void
access_trap_if(struct builder *b, uint32_t x, uint32_t number, unsigned trap)
{
	uint64_t k;
	if (value_is_const(b, x, &k) && (uint32_t)k == 0)
		return;
	if (value_checked(b, IR_trap_if, x, 0) != 0)
		return;
	uint32_t n = value_new(b, IR_trap_if, TYPE_none, x, number, 0);
	b->ir->nodes[n].flags = (uint8_t)trap;
	value_check(b, IR_trap_if, x, 0, 1);
}

/* The opposite comparison was made, and did not hold. */
static bool
is_refuted(struct builder *b, uint32_t x)
{
	const struct node *n = value_seen(b, x);
	if (n->op >= OP_count || simplify_rows[n->op].kind != SIMPLIFY_compare)
		return false;
	enum op inverse = (enum op)simplify_rows[n->op].inverse;
	uint32_t y =
		value_find(b, inverse, TYPE_i32, STATE_fixed, n->a, n->b, 0);
	return y != 0 && value_checked(b, IR_trap_if, y, 0) != 0;
}

void
access_trap_unless(struct builder *b, uint32_t x, unsigned trap)
{
	uint64_t k;
	if (value_is_const(b, x, &k) && (uint32_t)k != 0)
		return;
	if (value_checked(b, IR_trap_unless, x, 0) != 0 || is_refuted(b, x))
		return;
	uint32_t n = value_new(b, IR_trap_unless, TYPE_none, x, 0, 0);
	b->ir->nodes[n].flags = (uint8_t)trap;
	value_check(b, IR_trap_unless, x, 0, 1);
}

/* The structure */

uint32_t
access_part(struct builder *b, size_t offset, uint32_t i)
{
	uint32_t array = value_pure(
		b, IR_get_fixed, TYPE_ptr, b->instance, 0, (uint32_t)offset);
	return value_pure(b, IR_get_fixed, TYPE_ptr, array, 0,
		(uint32_t)(i * sizeof(void *)));
}

uint32_t
access_func(struct builder *b, uint32_t func)
{
	uint32_t imported = b->m->nimported_funcs;
	if (func < imported)
		return value_pure(b, IR_get_fixed, TYPE_ptr,
			value_pure(b, IR_get_fixed, TYPE_ptr, b->instance, 0,
				offsetof(struct instance, imported)),
			0, (uint32_t)(func * sizeof(struct func *)));
	return value_pure(b, IR_address, TYPE_ptr, b->instance, 0,
		(uint32_t)(offsetof(struct instance, own) +
			   (func - imported) * sizeof(struct func)));
}

uint32_t
access_wide(struct builder *b, uint32_t x)
{
	return value_type(b, x) == TYPE_i32
		       ? simplify_unary(b, OP_i64_extend_i32_u, x)
		       : x;
}

/* Memories */

static uint32_t
memory(struct builder *b, uint32_t i)
{
	if (i == 0)
		return value_pure(b, IR_get_fixed, TYPE_ptr, b->instance, 0,
			offsetof(struct instance, memory0));
	return access_part(b, offsetof(struct instance, memories), i);
}

/* Guard pages catch what is out of bounds, up to GUARDED_EXTENT: where memory 0
 * has them it does not move. */
static bool
is_guarded(const struct builder *b, uint32_t memory)
{
	if (memory == 0)
		return !b->ir->moves;
	return !b->options->explicit_bounds &&
	       limits_guarded(&b->m->memories[memory]);
}

/* There from the start, whatever happens. */
static bool
is_within(const struct builder *b, uint32_t memory, uint32_t address,
	uint64_t extent)
{
	const struct limits *l = &b->m->memories[memory];
	uint64_t k;
	uint64_t bytes = l->min >> (63 - l->page_shift) != 0
				 ? UINT64_MAX
				 : l->min << l->page_shift;
	return value_is_const(b, address, &k) && k <= bytes &&
	       extent <= bytes - k;
}

uint32_t
access_words(
	struct builder *b, uint64_t low_high, uint32_t memory, uint32_t count)
{
	uint32_t at = value_words(b, count);
	if (b->error->kind != ERROR_none)
		return 0;
	b->ir->aux[at + AUX_low] = (uint32_t)low_high;
	b->ir->aux[at + AUX_high] = (uint32_t)(low_high >> 32);
	b->ir->aux[at + AUX_memory] = memory;
	return at;
}

/* What was checked for a smaller extent must be checked again. */
static void
bound(struct builder *b, uint32_t memory, uint32_t address, uint64_t extent)
{
	uint32_t known = value_checked(b, IR_bound, address, memory);
	if (extent <= known || is_within(b, memory, address, extent))
		return;
	uint32_t n = value_new(b, IR_bound, TYPE_none, address, 0,
		access_words(b, extent, memory, AUX_third));
	b->ir->nodes[n].flags = TRAP_memory_out_of_bounds;
	value_check(b, IR_bound, address, memory,
		extent < UINT32_MAX ? (uint32_t)extent : UINT32_MAX);
}

static NOINLINE bool
check_explicit(struct builder *b, uint32_t memory, uint32_t address,
	uint64_t offset, uint32_t bytes)
{
	if (offset > UINT64_MAX - bytes)
		access_trap_if(
			b, value_i32(b, 1), 0, TRAP_memory_out_of_bounds);
	else
		bound(b, memory, address, offset + bytes);
	return false;
}

/* See access_check. */
static inline bool
check(struct builder *b, uint32_t memory, uint32_t address, uint64_t offset,
	uint32_t bytes)
{
	if (offset > GUARDED_EXTENT - bytes || !is_guarded(b, memory))
		return check_explicit(b, memory, address, offset, bytes);
	return b->ir->nodes[address].op != IR_const ||
	       !is_within(b, memory, address, offset + bytes);
}

bool
access_check(struct builder *b, enum op op, uint32_t address)
{
	const struct insn *i = &b->body.w.insn;
	return check(b, i->memory, address, i->offset, 1u << op_rows[op].lg);
}

/* Of a load or store: the type of what a load gives, the load that gives back
 * what a store has written. */
struct access_row {
	uint16_t load; /* OP_nop: none does */
	char letter;   /* of its type; of a store none */
	uint8_t bytes;
	bool lane;
};

#define LOAD_OF(store) \
	((store) == OP_i32_store	   ? OP_i32_load \
		: (store) == OP_i64_store  ? OP_i64_load \
		: (store) == OP_f32_store  ? OP_f32_load \
		: (store) == OP_f64_store  ? OP_f64_load \
		: (store) == OP_v128_store ? OP_v128_load \
					   : OP_nop)

static const struct access_row access_rows[OP_count] = {
#define OP(id, text, code, imm, sig, lg, feature) \
	[OP_##id] = { LOAD_OF(OP_##id), sig[sizeof sig - 2], 1u << (lg & 7), \
		IMM_##imm == IMM_MEMARG_LANE },
#include "spec/op.def"
};

/*
 * A constant that is added to the address without a carry becomes part of the
 * offset.
 */
static inline uint32_t
bare_address(struct builder *b, uint32_t address, uint64_t *offset)
{
	const struct node *n = value_seen(b, address);
	uint64_t k;
	if (n->op != OP_i32_add || !value_is_const(b, n->b, &k) ||
		simplify_mask(b, n->a) + k > UINT32_MAX ||
		*offset + k > INT32_MAX)
		return address;
	*offset += k;
	return n->a;
}

/* The node of an access at the offset, but for its aux words. */
static uint32_t
access_node(struct builder *b, struct node n, uint64_t offset)
{
	const struct insn *i = &b->body.w.insn;
	bool lane = access_rows[n.op].lane;
	n.c = access_words(b, offset, i->memory, AUX_third + lane);
	if (UNLIKELY(lane && b->error->kind == ERROR_none))
		b->ir->aux[n.c + AUX_third] = i->lane;
	return value_append(b, n);
}

void
access_load(struct builder *b, enum op op)
{
	const struct access_row *row = &access_rows[op];
	uint32_t memory = b->body.w.insn.memory;
	uint64_t offset = b->body.w.insn.offset;
	uint32_t vector = row->lane ? value_pop(b) : 0;
	uint32_t address = bare_address(b, value_pop(b), &offset);
	bool traps = check(b, memory, address, offset, row->bytes);
	struct node n = { .op = (uint16_t)op,
		.type = (uint8_t)ir_letter_type(row->letter),
		.flags = traps ? TRAP_memory_out_of_bounds : 0,
		.a = address,
		.b = vector };
	if (UNLIKELY(row->lane || offset > UINT32_MAX)) {
		value_push(b, access_node(b, n, offset));
		return;
	}
	n.b = (uint32_t)offset;
	n.c = memory;
	value_push(b, value_load(b, n));
}

void
access_store(struct builder *b, enum op op)
{
	const struct access_row *row = &access_rows[op];
	uint32_t memory = b->body.w.insn.memory;
	uint64_t offset = b->body.w.insn.offset;
	uint32_t v = value_pop(b);
	uint32_t address = bare_address(b, value_pop(b), &offset);
	bool traps = check(b, memory, address, offset, row->bytes);
	enum ir_type type = value_type(b, v);
	struct node n = { .op = (uint16_t)op,
		.type = (uint8_t)type,
		.flags = traps ? TRAP_memory_out_of_bounds : 0,
		.a = address,
		.b = v };
	access_node(b, n, offset);
	value_wrote(b, STATE_memory);
	if (row->load != OP_nop && offset <= UINT32_MAX)
		value_know(b, row->load, type, STATE_memory, address,
			(uint32_t)offset, memory, v);
}

void
access_memory_size(struct builder *b, uint32_t i)
{
	const struct limits *l = &b->m->memories[i];
	uint32_t index = value_i32(b, i), v;
	if (l->shared) {
		v = build_call_runtime(b, RUNTIME_memory_size, &index, 1);
	} else {
		v = value_read(b, IR_get, TYPE_i64, STATE_size, memory(b, i), 0,
			offsetof(struct memory, bytes));
		v = simplify_binary(
			b, OP_i64_shr_u, v, value_i64(b, l->page_shift));
	}
	value_push(b, l->is64 ? v : simplify_unary(b, OP_i32_wrap_i64, v));
}

/* Globals */

/* The value of an immutable global that the module itself gives. */
static bool
known_global(const struct builder *b, uint32_t i, uint64_t *bits)
{
	const struct globaldecl *g = &b->m->globals[i];
	struct error error = { 0 };
	struct reader r = { .start = b->m->bytes,
		.at = b->m->bytes + g->init.offset,
		.error = &error };
	struct insn first = { 0 }, last = { 0 };
	if (g->type.mut || g->init.len == 0)
		return false;
	r.end = r.at + g->init.len;
	code_next(&r, &first);
	code_next(&r, &last);
	*bits = first.imm;
	return last.op == OP_end &&
	       (first.op == OP_i32_const || first.op == OP_i64_const ||
		       first.op == OP_f32_const || first.op == OP_f64_const);
}

static enum state
global_state(const struct builder *b, uint32_t i)
{
	return b->m->globals[i].type.mut ? STATE_global : STATE_fixed;
}

void
access_global_get(struct builder *b, uint32_t i)
{
	enum ir_type type = ir_type(b->m, b->m->globals[i].type.type);
	uint64_t bits;
	if (known_global(b, i, &bits)) {
		value_push(b, value_const(b, type, bits));
		return;
	}
	uint32_t global = access_part(b, offsetof(struct instance, globals), i);
	value_push(b, value_read(b, IR_get, type, global_state(b, i), global, 0,
			      offsetof(struct global, value)));
}

void
access_global_set(struct builder *b, uint32_t i)
{
	uint32_t v = value_pop(b), offset = offsetof(struct global, value);
	enum ir_type type = ir_type(b->m, b->m->globals[i].type.type);
	uint32_t global = access_part(b, offsetof(struct instance, globals), i);
	value_new(b, IR_set, type, global, v, offset);
	value_wrote(b, STATE_global);
	value_know(b, IR_get, type, STATE_global, global, 0, offset, v);
}

/* Tables */

/* The table has one size for ever. */
static bool
is_fixed(const struct limits *l)
{
	return l->has_max && l->min == l->max;
}

static uint32_t
table(struct builder *b, uint32_t i)
{
	return access_part(b, offsetof(struct instance, tables), i);
}

static enum ir_type
table_type(const struct builder *b, uint32_t i)
{
	return ir_type(b->m, b->m->tables[i].type.elem);
}

static uint32_t
table_size(struct builder *b, uint32_t i)
{
	const struct limits *l = &b->m->tables[i].type.limits;
	if (is_fixed(l))
		return value_i64(b, l->min);
	return value_read(b, IR_get, TYPE_i64, STATE_table, table(b, i), 0,
		offsetof(struct table, size));
}

static uint32_t
table_elems(struct builder *b, uint32_t i)
{
	const struct limits *l = &b->m->tables[i].type.limits;
	uint32_t offset = offsetof(struct table, elems);
	if (is_fixed(l))
		return value_pure(
			b, IR_get_fixed, TYPE_ptr, table(b, i), 0, offset);
	return value_read(
		b, IR_get, TYPE_ptr, STATE_table, table(b, i), 0, offset);
}

/* Checks index against the size. */
static void
within_table(struct builder *b, uint32_t i, uint32_t index, unsigned trap)
{
	uint32_t size = table_size(b, i);
	uint64_t k;
	if (value_is_const(b, size, &k) && k <= UINT32_MAX &&
		value_type(b, index) == TYPE_i32)
		size = simplify_binary(
			b, OP_i32_lt_u, index, value_i32(b, (uint32_t)k));
	else
		size = simplify_binary(
			b, OP_i64_lt_u, access_wide(b, index), size);
	access_trap_unless(b, size, trap);
}

uint32_t
access_element(struct builder *b, uint32_t i, uint32_t index, unsigned trap)
{
	within_table(b, i, index, trap);
	return value_read(b, IR_get_at, table_type(b, i), STATE_table,
		table_elems(b, i), index, 0);
}

void
access_table_get(struct builder *b, uint32_t i)
{
	uint32_t index = value_pop(b);
	value_push(b, access_element(b, i, index, TRAP_table_out_of_bounds));
}

void
access_table_set(struct builder *b, uint32_t i)
{
	uint32_t v = value_pop(b), index = value_pop(b);
	within_table(b, i, index, TRAP_table_out_of_bounds);
	uint32_t elems = table_elems(b, i);
	uint32_t words = value_words(b, 2);
	if (b->error->kind != ERROR_none)
		return;
	b->ir->aux[words + AUX_value] = v;
	b->ir->aux[words + AUX_offset] = 0;
	enum ir_type type = table_type(b, i);
	value_new(b, IR_set_at, type, elems, index, words);
	value_wrote(b, STATE_table);
	value_know(b, IR_get_at, type, STATE_table, elems, index, 0, v);
}

void
access_table_size(struct builder *b, uint32_t i)
{
	uint32_t size = table_size(b, i);
	bool is64 = b->m->tables[i].type.limits.is64;
	value_push(b, is64 ? size : simplify_unary(b, OP_i32_wrap_i64, size));
}
