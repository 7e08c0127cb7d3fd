/*
 * Takes the steps of the walk and hands each to what makes its nodes: scalars
 * to jit/simplify.h, control to jit/flow.h, memories, globals and tables to
 * jit/access.h, calls to jit/build_call.h.  Most steps are those of
 * jit/build_quick.h; here is all that an instruction may be.
 */
#include "jit/build.h"

#include <assert.h>
#include <string.h>

#include "jit/access.h"
#include "jit/build_atomic.h"
#include "jit/build_call.h"
#include "jit/build_except.h"
#include "jit/build_inline.h"
#include "jit/build_object.h"
#include "jit/build_quick.h"
#include "jit/build_ref.h"
#include "jit/build_trace.h"
#include "jit/flow.h"
#include "jit/locals.h"
#include "jit/simplify.h"
#include "jit/tidy.h"
#include "spec/code.h"
#include "spec/engine.h"
#include "spec/numeric.h"
#include "spec/walk.h"
#include "trap/arena.h"
#include "trap/bytes.h"
#include "trap/error.h"

/* Steps that a function may take beyond what its length allows. */
#define LEAST_BUDGET (1 << 20)
#define BUDGET_PER_BYTE 64

static void
unsupported(struct builder *b, enum op op)
{
	error_at(b->error, ERROR_unsupported, b->body.w.insn.at,
		"%s is not compiled yet", op_rows[op].text);
}

/* Scalars */

/* The result of a float instruction as the engine wants NaNs. */
static uint32_t
canonical(struct builder *b, enum op op, uint32_t x)
{
	enum ir_type type = value_type(b, x);
	if (!b->m->engine->nan_canonical)
		return x;
	switch (op) {
	case OP_f32_neg:
	case OP_f64_neg:
	case OP_f32_abs:
	case OP_f64_abs:
	case OP_f32_copysign:
	case OP_f64_copysign:
	case OP_f32_reinterpret_i32:
	case OP_f64_reinterpret_i64:
		return x;
	default:
		break;
	}
	if (type == TYPE_f32)
		return simplify_select(b, x,
			value_const(b, type, NUM_F32_CANONICAL),
			simplify_binary(b, OP_f32_eq, x, x));
	if (type == TYPE_f64)
		return simplify_select(b, x,
			value_const(b, type, NUM_F64_CANONICAL),
			simplify_binary(b, OP_f64_eq, x, x));
	return x;
}

/* What a division checks first. */
static void
check_division(struct builder *b, enum op op, uint32_t x, uint32_t y)
{
	bool wide = simplify_rows[op].type == TYPE_i64;
	enum ir_type type = wide ? TYPE_i64 : TYPE_i32;
	enum op eq = wide ? OP_i64_eq : OP_i32_eq;
	uint64_t least = wide ? (uint64_t)INT64_MIN : (uint32_t)INT32_MIN;
	uint64_t minus_one = wide ? UINT64_MAX : UINT32_MAX;
	access_trap_if(b, simplify_unary(b, wide ? OP_i64_eqz : OP_i32_eqz, y),
		0, TRAP_divide_by_zero);
	if (op != OP_i32_div_s && op != OP_i64_div_s)
		return;
	uint32_t is_least =
		simplify_binary(b, eq, x, value_const(b, type, least));
	uint32_t is_minus =
		simplify_binary(b, eq, y, value_const(b, type, minus_one));
	access_trap_if(b, simplify_binary(b, OP_i32_and, is_least, is_minus), 0,
		TRAP_integer_overflow);
}

/* The bug that a test wants. */
static uint32_t
planted(struct builder *b, uint32_t x)
{
	enum ir_type type = value_type(b, x);
	if (b->options->plant == 0 || b->options->plant != b->body.w.insn.at)
		return x;
	return simplify_binary(b, type == TYPE_i64 ? OP_i64_xor : OP_i32_xor, x,
		value_const(b, type, 1));
}

static void
scalar(struct builder *b, enum op op)
{
	uint32_t x, y;
	switch ((enum simplify_kind)simplify_rows[op].kind) {
	case SIMPLIFY_unary:
		x = simplify_unary(b, op, value_pop(b));
		value_push(b, canonical(b, op, x));
		return;
	case SIMPLIFY_convert:
		x = simplify_unary(b, op, value_pop(b));
		if (b->ir->nodes[x].op == op)
			b->ir->nodes[x].flags = TRAP_bad_conversion;
		value_push(b, x);
		return;
	default:
		y = value_pop(b);
		x = value_pop(b);
		if (simplify_rows[op].kind == SIMPLIFY_divide)
			check_division(b, op, x, y);
		x = planted(b, simplify_binary(b, op, x, y));
		value_push(b, canonical(b, op, x));
	}
}

/* Wide arithmetic: numbers of a low and a high half. */
static void
wide_sum(struct builder *b, enum op op, enum op half)
{
	uint32_t yh = value_pop(b), yl = value_pop(b);
	uint32_t xh = value_pop(b), xl = value_pop(b);
	uint32_t low = simplify_binary(b, half, xl, yl);
	uint32_t carry = op == OP_i64_add128
				 ? simplify_binary(b, OP_i64_lt_u, low, xl)
				 : simplify_binary(b, OP_i64_lt_u, xl, yl);
	uint32_t high = simplify_binary(b, half, xh, yh);
	value_push(b, low);
	value_push(b, simplify_binary(b, half, high,
			      simplify_unary(b, OP_i64_extend_i32_u, carry)));
}

static void
wide_product(struct builder *b, unsigned high)
{
	uint32_t y = value_pop(b), x = value_pop(b);
	value_push(b, simplify_binary(b, OP_i64_mul, x, y));
	value_push(b, value_pure(b, high, TYPE_i64, x, y, 0));
}

static void
wide(struct builder *b, enum op op)
{
	switch (op) {
	case OP_i64_add128:
		wide_sum(b, op, OP_i64_add);
		return;
	case OP_i64_sub128:
		wide_sum(b, op, OP_i64_sub);
		return;
	default:
		wide_product(
			b, op == OP_i64_mul_wide_s ? IR_high_s : IR_high_u);
	}
}

/* Vectors: instructions stay as they are. */

/* Four words of aux from 16 bytes. */
static uint32_t
vector_words(struct builder *b, const uint8_t *bytes)
{
	uint32_t at = value_aux(b, 4);
	if (b->error->kind != ERROR_none)
		return 0;
	for (unsigned k = 0; k < 4; k++)
		b->ir->aux[at + k] = bytes_get32(bytes + 4 * k);
	return at;
}

/* The lanes of a result in which the standard leaves bits of a NaN open. */
enum { LANES_none, LANES_f32x4, LANES_f64x2 };

static const uint8_t nan_lanes[OP_count] = {
#define VBIN(id, nan, commutes) [OP_##id] = LANES_##nan,
#define VUNARY(id, nan) [OP_##id] = LANES_##nan,
#define VTERNARY(id, nan) [OP_##id] = LANES_##nan,
#include "interp/vector.def"
};

/* Lanes that are no NaN, and the canonical one in the others. */
static uint32_t
canonical_lanes(struct builder *b, enum op op, uint32_t x)
{
	uint8_t bytes[16];
	enum op eq = nan_lanes[op] == LANES_f32x4 ? OP_f32x4_eq : OP_f64x2_eq;
	if (!b->m->engine->nan_canonical || nan_lanes[op] == LANES_none)
		return x;
	for (unsigned k = 0; k < 16; k += 8)
		if (nan_lanes[op] == LANES_f64x2)
			bytes_put64(bytes + k, NUM_F64_CANONICAL);
		else
			bytes_put64(
				bytes + k, (uint64_t)NUM_F32_CANONICAL << 32 |
						   NUM_F32_CANONICAL);
	uint32_t nan =
		value_new(b, IR_const, TYPE_v128, 0, 0, vector_words(b, bytes));
	uint32_t same = value_pure(b, eq, TYPE_v128, x, x, 0);
	return value_pure(b, OP_v128_bitselect, TYPE_v128, x, nan, same);
}

static void
vector(struct builder *b, enum op op)
{
	const struct op_row *row = &op_rows[op];
	uint32_t x[3] = { 0 }, n = (uint32_t)strcspn(row->sig, ":");
	enum ir_type type = ir_letter_type(row->sig[n + 1]);
	b->body.nstack -= n;
	memcpy(x, b->body.stack + b->body.nstack, n * sizeof *x);
	switch ((enum imm)row->imm) {
	case IMM_V128:
		value_push(b, value_new(b, IR_const, TYPE_v128, 0, 0,
				      vector_words(b, b->body.w.insn.list)));
		return;
	case IMM_SHUFFLE:
		value_push(b, value_new(b, op, type, x[0], x[1],
				      vector_words(b, b->body.w.insn.list)));
		return;
	case IMM_LANE:
		x[2] = b->body.w.insn.lane;
		break;
	default:
		assert(row->imm == IMM_NONE && "no other immediate");
	}
	value_push(b, canonical_lanes(b, op,
			      value_pure(b, op, type, x[0], x[1], x[2])));
}

/* The rest, by instruction and by table */

static void
choose(struct builder *b)
{
	uint32_t c = value_pop(b), y = value_pop(b), x = value_pop(b);
	value_push(b, simplify_select(b, x, y, c));
}

static bool
variable(struct builder *b, enum op op)
{
	const struct insn *i = &b->body.w.insn;
	switch (op) {
	case OP_i32_const:
		value_push(b, value_i32(b, (uint32_t)i->imm));
		return true;
	case OP_i64_const:
		value_push(b, value_i64(b, i->imm));
		return true;
	case OP_f32_const:
		value_push(b, value_const(b, TYPE_f32, i->imm));
		return true;
	case OP_f64_const:
		value_push(b, value_const(b, TYPE_f64, i->imm));
		return true;
	case OP_local_set:
		locals_set(b, i->a, value_pop(b));
		return true;
	case OP_local_tee:
		locals_set(b, i->a, b->body.stack[b->body.nstack - 1]);
		return true;
	case OP_global_get:
		access_global_get(b, i->a);
		return true;
	case OP_global_set:
		access_global_set(b, i->a);
		return true;
	case OP_table_get:
		access_table_get(b, i->a);
		return true;
	case OP_table_set:
		access_table_set(b, i->a);
		return true;
	case OP_table_size:
		access_table_size(b, i->a);
		return true;
	case OP_memory_size:
		access_memory_size(b, i->a);
		return true;
	default:
		return false;
	}
}

static bool
control(struct builder *b, enum op op)
{
	const struct insn *i = &b->body.w.insn;
	switch (op) {
	case OP_nop:
		return true;
	case OP_drop:
		b->body.nstack--;
		return true;
	case OP_select:
	case OP_select_t:
		choose(b);
		return true;
	case OP_br:
		flow_br(b, i->a);
		return true;
	case OP_br_if:
		flow_br_if(b, i->a, value_pop(b), false);
		return true;
	case OP_br_table:
		flow_br_table(b, value_pop(b));
		return true;
	case OP_return:
		flow_return(b);
		return true;
	case OP_throw:
	case OP_throw_ref:
		if (!build_call_throw(b, op))
			unsupported(b, op);
		return true;
	case OP_unreachable:
		flow_stop(b, IR_trap, 0, 0, TRAP_unreachable);
		return true;
	case OP_call:
	case OP_call_indirect:
	case OP_call_ref:
	case OP_return_call:
	case OP_return_call_indirect:
	case OP_return_call_ref:
		build_call(b, op);
		return true;
	default:
		return false;
	}
}

static void
other(struct builder *b, enum op op)
{
	switch (op) {
	case OP_memory_grow:
	case OP_memory_init:
	case OP_memory_copy:
	case OP_memory_fill:
	case OP_data_drop:
	case OP_table_grow:
	case OP_table_init:
	case OP_table_copy:
	case OP_table_fill:
	case OP_elem_drop:
		build_call_bulk(b, op);
		return;
	case OP_i64_add128:
	case OP_i64_sub128:
	case OP_i64_mul_wide_s:
	case OP_i64_mul_wide_u:
		wide(b, op);
		return;
	default:
		if (!build_ref(b, op) && !build_object(b, op))
			unsupported(b, op);
	}
}

/* Fuel, as the interpreter charges it. */
static void
charge(struct builder *b, enum op op)
{
	if (!b->m->engine->fuel || !op_costs(op))
		return;
	if (b->charge == 0)
		b->charge = value_new(b, IR_charge, TYPE_none, 0, 0, 0);
	b->ir->nodes[b->charge].c++;
}

/* How an instruction is built, by its row. */
enum how { HOW_other, HOW_load, HOW_store, HOW_atomic, HOW_vector };

static const uint8_t hows[OP_count] = {
#define OP(id, text, code, imm, sig, lg, feature) \
	FEATURE_INDEX_##feature == FEATURE_INDEX_THREADS ? HOW_atomic \
	: IMM_##imm == IMM_MEMARG || IMM_##imm == IMM_MEMARG_LANE \
		? (sig[sizeof sig - 2] == ':' ? HOW_store : HOW_load) \
	: FEATURE_INDEX_##feature == FEATURE_INDEX_SIMD || \
			FEATURE_INDEX_##feature == FEATURE_INDEX_RELAXED_SIMD \
		? HOW_vector \
		: HOW_other,
#include "spec/op.def"
};

/* What there is most of comes first. */
static void
insn(struct builder *b, enum op op)
{
	charge(b, op);
	if (simplify_rows[op].kind != SIMPLIFY_none) {
		scalar(b, op);
		return;
	}
	switch ((enum how)hows[op]) {
	case HOW_load:
		access_load(b, op);
		break;
	case HOW_store:
		access_store(b, op);
		break;
	case HOW_atomic:
		build_atomic(b, op);
		break;
	case HOW_vector:
		vector(b, op);
		break;
	case HOW_other:
		if (!variable(b, op) && !control(b, op))
			other(b, op);
		break;
	}
}

static void
block(struct builder *b, enum op op)
{
	const struct blocktype *t = &b->body.w.insn.block;
	if (t->type == NO_INDEX)
		flow_block(b, op, 0, t->result != VT_BOT);
	else
		flow_block(b, op, b->m->types[t->type].func.nparams,
			b->m->types[t->type].func.nresults);
}

static void
step(struct builder *b)
{
	enum op op = (enum op)b->body.w.insn.op;
	switch (op) {
	case OP_block:
	case OP_loop:
	case OP_if:
		if (!b->dead)
			charge(b, op);
		block(b, op);
		return;
	case OP_try_table:
		block(b, op);
		build_except_try(b);
		return;
	case OP_else:
		flow_else(b);
		return;
	case OP_end:
		if (!build_except_end(b))
			flow_end(b);
		return;
	case OP_local_get: /* half of all */
		if (!b->dead) {
			charge(b, op);
			value_push(b, locals_get(b, b->body.w.insn.a));
		}
		return;
	default:
		if (!b->dead)
			insn(b, op);
	}
}

/* Parameters, the instance, zeros. */
static void
begin(struct builder *b)
{
	const struct functype *type = module_func_type(b->m, b->body.w.func);
	value_new(b, OP_nop, TYPE_none, 0, 0, 0);
	flow_begin(b);
	for (uint32_t i = 0; i < type->nparams; i++)
		b->body.locals.now[i] = value_new(b, IR_param,
			ir_type(b->m, b->body.w.locals[i]), 0, 0, i);
	b->instance = value_pure(b, IR_instance, TYPE_ptr, 0, 0, 0);
	locals_zero(b, type->nparams);
	if (b->m->engine->fuel) {
		b->charge = value_new(b, IR_charge, TYPE_none, 0, 0, 1);
		value_new(b, IR_poll, TYPE_none, 0, 0, POLL_fuel);
	}
	build_trace(b);
}

/* The first n elements of an array. */
static inline void *
room(struct builder *b, uint32_t *room, uint32_t n, size_t size)
{
	*room = n;
	return arena_room(b->a, n * size);
}

/* Arrays that are rarely too small for a body of this length. */
static void
reserve(struct builder *b)
{
	struct ir *ir = b->ir;
	const struct funcdecl *f = &b->m->funcs[b->body.w.func];
	uint32_t len = f->body.len, operands = f->frame_slots - f->local_slots;
	b->body.stack = room(b, &b->body.stack_room, operands + WALK_SLACK,
		sizeof *b->body.stack);
	b->body.labels =
		room(b, &b->body.labels_room, 16, sizeof *b->body.labels);
	ir->nodes =
		room(b, &ir->nodes_room, len / 8 * 3 + 64, sizeof *ir->nodes);
	ir->origins =
		room(b, &ir->nodes_room, ir->nodes_room, sizeof *ir->origins);
	ir->aux = room(b, &ir->aux_room, len / 2 + 32, sizeof *ir->aux);
	ir->blocks =
		room(b, &ir->blocks_room, len / 16 + 16, sizeof *ir->blocks);
	ir->edges = room(b, &ir->edges_room, len / 11 + 16, sizeof *ir->edges);
	b->waiting =
		room(b, &ir->edges_room, ir->edges_room, sizeof *b->waiting);
	ir->loops = room(b, &ir->loops_room, 4, sizeof *ir->loops);
	ir->inlined = room(b, &ir->inlined_room, 4, sizeof *ir->inlined);
	b->carried = room(b, &b->carried_room, 16, sizeof *b->carried);
	b->columns = room(b, &b->columns_room, 64, sizeof *b->columns);
	b->versions = room(b, &b->versions_room, 16, sizeof *b->versions);
	if (b->a->failed) {
		error_set(b->error, ERROR_memory, "out of memory");
		return;
	}
	value_begin(b);
	value_aux(b, 1); /* 0 is none */
	ir->inlined[ir->ninlined++] = (struct inlined){ ir->func, 0, 0 };
}

/* Features of which the types of operands tell more than those of values. */
#define TYPED (FEATURE_FUNC_REFS | FEATURE_GC | FEATURE_EXCEPTIONS)

static void
steps(struct builder *b)
{
	bool typed = (b->m->used & TYPED) != 0, fuel = b->m->engine->fuel;
	bool quick = !typed && !fuel && !b->m->engine->nan_canonical &&
		     b->options->plant == 0;
	while (b->body.nlabels > 0 && b->error->kind == ERROR_none) {
		if (quick && !build_quick(b))
			return;
		if (!typed)
			code_next(&b->body.w.r, &b->body.w.insn);
		else if (!walk_next(&b->body.w))
			return;
		if (fuel)
			flow_meet(b);
		step(b);
		if (typed)
			build_ref_note(b);
	}
}

bool
build(struct ir *ir, const struct module *m, uint32_t func,
	const struct build_options *options, struct arena *a,
	struct error *error)
{
	struct builder b = { .ir = ir,
		.m = m,
		.a = a,
		.error = error,
		.options = options,
		.dead = true };
	*ir = (struct ir){ .m = m,
		.func = func,
		.a = a,
		.error = error,
		.moves = m->nmemories != 0 &&
			 (options->explicit_bounds ||
				 !limits_guarded(&m->memories[0])) };
	b.budget = LEAST_BUDGET +
		   BUDGET_PER_BYTE * (int64_t)m->funcs[func].body.len;
	b.state_budget = LEAST_BUDGET / 4 + 4 * m->funcs[func].body.len;
	b.growth = build_inline_growth(&b, func);
	walk_init(&b.body.w, m, func, a, error);
	b.body.w.insn.at = m->funcs[func].body.offset;
	reserve(&b);
	if (error->kind == ERROR_none)
		locals_init(&b);
	if (error->kind == ERROR_none)
		begin(&b);
	while (error->kind == ERROR_none) {
		steps(&b);
		if (!build_inline_end(&b))
			break;
	}
	if (error->kind == ERROR_none)
		tidy(ir);
	if (error->kind == ERROR_none)
		ir_check(ir);
	return error->kind == ERROR_none;
}
