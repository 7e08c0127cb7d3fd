#include "jit/merge.h"

#include <assert.h>

/* Nodes that a load may be moved behind. */
enum { MOST_BETWEEN = 8 };

static_assert(OP_i64_store32 - OP_i32_load == 22,
	"scalar accesses stand together in op.def");

static_assert(OP_i32_mul - OP_i32_add == 2 && OP_i32_xor - OP_i32_and == 2 &&
		      OP_i64_mul - OP_i64_add == 2 &&
		      OP_i64_xor - OP_i64_and == 2 &&
		      OP_f32_div - OP_f32_add == 3 &&
		      OP_f64_div - OP_f64_add == 3 && OP_i64_add > OP_i32_xor &&
		      OP_f32_add > OP_i64_xor && OP_f64_add > OP_f32_div,
	"arithmetic by type: add sub mul, and or xor; add sub mul div");

#define IS_ACCESS(op) ((op) >= OP_i32_load && (op) <= OP_i64_store32)
#define IS_ARITHMETIC(op) \
	(((op) >= OP_i32_add && (op) <= OP_i32_mul) || \
		((op) >= OP_i32_and && (op) <= OP_i32_xor) || \
		((op) >= OP_i64_add && (op) <= OP_i64_mul) || \
		((op) >= OP_i64_and && (op) <= OP_i64_xor) || \
		((op) >= OP_f32_add && (op) <= OP_f32_div) || \
		((op) >= OP_f64_add && (op) <= OP_f64_div))

static_assert(OP_f64_load - OP_i32_load == 3, "whole loads come first");
#define IS_LOAD(op) ((op) >= OP_i32_load && (op) <= OP_f64_load)

const uint8_t merge_takes[IR_count] = {
#define OP(id, text, code, imm, sig, lg, feature) \
	[OP_##id] = IR_COMPARES(OP_##id)     ? TAKES_compare \
		    : IS_ACCESS(OP_##id)     ? TAKES_access \
		    : IS_ARITHMETIC(OP_##id) ? TAKES_arithmetic \
					     : TAKES_none,
#include "spec/op.def"
	[IR_branch] = TAKES_condition,
	[IR_trap_if] = TAKES_condition,
	[IR_trap_unless] = TAKES_condition,
	[IR_select] = TAKES_condition,
};

const uint8_t merge_pieces[IR_count] = {
#define OP(id, text, code, imm, sig, lg, feature) \
	[OP_##id] = \
		IR_COMPARES(OP_##id)				 ? PIECE_compare \
		: IS_LOAD(OP_##id)				 ? PIECE_load \
		: OP_##id == OP_i32_shl || OP_##id == OP_i64_shl ? PIECE_shift \
		: OP_##id == OP_i32_add || OP_##id == OP_i64_add ? PIECE_sum \
		: OP_##id == OP_i32_and || OP_##id == OP_i64_and ? PIECE_mask \
								 : 0,
#include "spec/op.def"
	[IR_is] = PIECE_compare,
	[IR_get32] = PIECE_load,
	[IR_field] = PIECE_load,
	[IR_element] = PIECE_load,
};

struct merge {
	const struct ir *ir;
	struct analysis *an;
	uint32_t i, first; /* the user and the first node of its block */
};

static const struct node *
node_of(const struct merge *m, uint32_t v)
{
	return &m->ir->nodes[v];
}

/* Node i alone uses v, which stands in its block. */
static bool
is_own(const struct merge *m, uint32_t v)
{
	return (v >= m->first) & ((m->ir->uses[v] & ~IR_NEEDED) == 1) &
	       (node_of(m, v)->op != IR_const);
}

static bool
take(const struct merge *m, uint32_t v)
{
	m->an->folded[v] = true;
	return true;
}

static bool
is_zero(const struct merge *m, uint32_t v)
{
	const struct node *n = node_of(m, v);
	return n->op == IR_const && (n->b | n->c) == 0;
}

static bool
is_wide(const struct merge *m, uint32_t v)
{
	return node_of(m, v)->type != TYPE_i32;
}

/* Loads */

/* Nothing between v and the user writes, or traps before v does. */
static bool
may_move(const struct merge *m, uint32_t v)
{
	if (m->i - v > MOST_BETWEEN)
		return false;
	for (uint32_t k = v + 1; k < m->i; k++) {
		const struct node *n = node_of(m, k);
		enum ir_kind kind = ir_kind(n->op);
		if (ir_stays(m->ir, k) &&
			(n->flags != 0 || kind == KIND_EFFECT ||
				kind == KIND_END))
			return false;
	}
	return true;
}

/* The part of an object is as wide as what the load reads. */
static bool
is_part(const struct node *n, enum op load)
{
	if (n->op == IR_get32)
		return load == OP_i32_load;
	if (n->op != IR_field && n->op != IR_element)
		return false;
	switch ((enum ir_type)n->type) {
	case TYPE_i32:
		return load == OP_i32_load;
	case TYPE_f32:
		return load == OP_f32_load;
	case TYPE_f64:
		return load == OP_f64_load;
	case TYPE_v128:
		return false;
	default:
		return load == OP_i64_load;
	}
}

/* v is a load of memory 0 by this instruction; a displacement holds its
 * offset.  Or it is one like it of an object's part. */
static bool
is_load(const struct merge *m, uint32_t v, enum op op)
{
	const struct node *n = node_of(m, v);
	if (n->op != op)
		return n->op >= OP_count && is_part(n, op) && is_own(m, v) &&
		       may_move(m, v);
	const uint32_t *aux = m->ir->aux + n->c;
	return is_own(m, v) && aux[AUX_memory] == 0 && aux[AUX_high] == 0 &&
	       aux[AUX_low] <= INT32_MAX / 2 && may_move(m, v);
}

uint32_t
merge_scale(const struct ir *ir, const struct node *shift)
{
	return ir->nodes[shift->b].b;
}

static bool
is_scaled(const struct merge *m, uint32_t v)
{
	const struct node *n = node_of(m, v);
	if ((n->op != OP_i32_shl && n->op != OP_i64_shl) || !is_own(m, v))
		return false;
	const struct node *by = node_of(m, n->b);
	return by->op == IR_const && by->c == 0 && by->b >= 1 && by->b <= 3;
}

/* The address of an access of memory 0: shifted without losing a bit. */
static void
address(const struct merge *m, const struct node *n)
{
	if (is_scaled(m, n->a) && node_of(m, n->a)->c != 0 &&
		m->ir->aux[n->c + AUX_memory] == 0)
		take(m, n->a);
}

static void
take_load(const struct merge *m, uint32_t v)
{
	take(m, v);
	if (node_of(m, v)->op < OP_count)
		address(m, node_of(m, v));
}

/* One operand comes from memory if the other does not have to. */
static void
operands(const struct merge *m, const struct node *n, enum op load,
	bool commutes)
{
	uint32_t a = n->a, b = n->b;
	if (node_of(m, a)->op != IR_const && is_load(m, b, load))
		take_load(m, b);
	else if (commutes && node_of(m, b)->op != IR_const &&
		 is_load(m, a, load))
		take_load(m, a);
}

/* Addresses */

static bool
is_imm32(const struct merge *m, uint32_t v)
{
	const struct node *n = node_of(m, v);
	uint64_t bits = (uint64_t)n->c << 32 | n->b;
	return n->op == IR_const &&
	       (n->type == TYPE_i32 ||
		       bits == (uint64_t)(int64_t)(int32_t)bits);
}

/* One of two operands that is shifted. */
static bool
take_scaled(const struct merge *m, const struct node *n)
{
	return (is_scaled(m, n->b) && take(m, n->b)) ||
	       (is_scaled(m, n->a) && take(m, n->a));
}

/* x + (y << k), (x + y) + k, (x << k) + l, (x + (y << k)) + l */
static bool
sum(const struct merge *m, const struct node *n)
{
	if (!is_imm32(m, n->b))
		return node_of(m, n->b)->op != IR_const && take_scaled(m, n);
	if (is_scaled(m, n->a))
		return take(m, n->a);
	if (!is_own(m, n->a) || node_of(m, n->a)->op != n->op ||
		node_of(m, node_of(m, n->a)->b)->op == IR_const)
		return false;
	take(m, n->a);
	take_scaled(m, node_of(m, n->a));
	return true;
}

/* Conditions */

/* The flags of x & y. */
static bool
is_mask(const struct merge *m, uint32_t v)
{
	uint32_t op = node_of(m, v)->op;
	return (op == OP_i32_and || op == OP_i64_and) && is_own(m, v);
}

static void
compare(const struct merge *m, const struct node *n)
{
	bool ref = n->op == OP_ref_is_null || n->op == OP_ref_eq;
	bool zero = n->op == OP_i32_eqz || n->op == OP_i64_eqz ||
		    n->op == OP_ref_is_null ||
		    ((n->op == OP_i32_eq || n->op == OP_i32_ne ||
			     n->op == OP_i64_eq || n->op == OP_i64_ne) &&
			    is_zero(m, n->b));
	if (n->op == IR_is)
		return;
	if (zero && is_mask(m, n->a)) {
		take(m, n->a);
		return;
	}
	if (n->op >= OP_f32_eq && !ref) {
		enum op load = n->op >= OP_f64_eq ? OP_f64_load : OP_f32_load;
		/* less is greater from the other side */
		unsigned which =
			n->op - (n->op >= OP_f64_eq ? OP_f64_eq : OP_f32_eq);
		uint32_t v = which == 2 || which == 4 ? n->a : n->b;
		if (is_load(m, v, load))
			take_load(m, v);
		return;
	}
	enum op load = is_wide(m, n->a) ? OP_i64_load : OP_i32_load;
	if (is_load(m, n->a, load) && (zero || is_imm32(m, n->b)))
		take_load(m, n->a);
	else if (!zero && node_of(m, n->a)->op != IR_const &&
		 is_load(m, n->b, load))
		take_load(m, n->b);
}

static void
condition(const struct merge *m, uint32_t v)
{
	if (ir_compares(node_of(m, v)->op) && is_own(m, v)) {
		take(m, v);
		compare(m, node_of(m, v));
	} else if (is_mask(m, v)) {
		take(m, v);
	}
}

/* x + y, .. */
static void
arithmetic(const struct merge *m, const struct node *n)
{
	uint32_t op = n->op;
	enum op load = op >= OP_f64_add	  ? OP_f64_load
		       : op >= OP_f32_add ? OP_f32_load
		       : op >= OP_i64_add ? OP_i64_load
					  : OP_i32_load;
	bool commutes = op != OP_i32_sub && op != OP_i64_sub &&
			op != OP_f32_sub && op != OP_f64_sub &&
			op != OP_f32_div && op != OP_f64_div;
	if ((op != OP_i32_add && op != OP_i64_add) || !sum(m, n))
		operands(m, n, load, commutes);
}

void
merge_some(const struct ir *ir, struct analysis *an, uint32_t i, uint32_t first)
{
	const struct merge m = { ir, an, i, first };
	const struct node *n = &ir->nodes[i];
	switch ((enum merge_takes)merge_takes[n->op]) {
	case TAKES_condition:
		condition(&m, n->op == IR_select ? n->c : n->a);
		return;
	case TAKES_arithmetic:
		arithmetic(&m, n);
		return;
	case TAKES_compare:
		compare(&m, n);
		return;
	case TAKES_access:
		address(&m, n);
		return;
	case TAKES_none:
		return;
	}
}
