#include "jit/build_ref.h"

#include "jit/access.h"
#include "jit/flow.h"
#include "jit/simplify.h"
#include "spec/engine.h"
#include "spec/walk.h"
#include "trap/trap.h"

void
build_ref_note(struct builder *b)
{
	if (b->dead || b->body.nstack == 0 || b->body.w.nvals == 0 ||
		b->error->kind != ERROR_none)
		return;
	valtype t = b->body.w.vals[b->body.w.nvals - 1];
	if (vt_is_ref(t) && t != VT_REF_BOT)
		value_is_ref(b, b->body.stack[b->body.nstack - 1],
			vt_canon(b->m->types, t));
}

/* Null */

static bool
is_non_null(struct builder *b, uint32_t x)
{
	const struct node *n = &b->ir->nodes[x];
	uint64_t k;
	if (value_is_const(b, x, &k))
		return k != 0;
	valtype t = value_ref_type(b, x);
	if (n->op == IR_address || n->op == IR_ref ||
		(t != VT_BOT && (t & VT_NULL) == 0))
		return true;
	uint32_t null =
		value_find(b, OP_ref_is_null, TYPE_i32, STATE_fixed, x, 0, 0);
	return null != 0 && value_checked(b, IR_trap_if, null, 0) != 0;
}

uint32_t
build_ref_is_null(struct builder *b, uint32_t x)
{
	uint64_t k;
	if (value_is_const(b, x, &k))
		return value_i32(b, k == 0);
	if (is_non_null(b, x))
		return value_i32(b, 0);
	return value_pure(b, OP_ref_is_null, TYPE_i32, x, 0, 0);
}

static uint32_t
is_not_null(struct builder *b, uint32_t x)
{
	return simplify_unary(b, OP_i32_eqz, build_ref_is_null(b, x));
}

void
build_ref_not_null(
	struct builder *b, uint32_t x, uint32_t number, unsigned trap)
{
	valtype t = value_ref_type(b, x);
	access_trap_if(b, build_ref_is_null(b, x), number, trap);
	if (t != VT_BOT)
		value_is_ref(b, x, t & ~VT_NULL);
}

static void
br_on_null(struct builder *b, uint32_t depth)
{
	uint32_t x = value_pop(b);
	flow_br_if(b, depth, build_ref_is_null(b, x), false);
	if (!b->dead)
		value_push(b, x);
}

/* The reference is what the label gets last, and is gone otherwise. */
static void
br_on_non_null(struct builder *b, uint32_t depth)
{
	uint32_t x = b->body.stack[b->body.nstack - 1];
	flow_br_if(b, depth, build_ref_is_null(b, x), true);
	if (!b->dead)
		value_pop(b);
}

/* i31: the number in the upper 31 bits of 32, then a 1. */

static void
ref_i31(struct builder *b)
{
	uint64_t k;
	uint32_t x = simplify_binary(b, OP_i32_or,
		simplify_binary(b, OP_i32_shl, value_pop(b), value_i32(b, 1)),
		value_i32(b, 1));
	if (value_is_const(b, x, &k))
		value_push(b, value_const(b, TYPE_ref, (uint32_t)k));
	else
		value_push(b, value_pure(b, IR_ref, TYPE_ref,
				      simplify_unary(b, OP_i64_extend_i32_u, x),
				      0, 0));
}

/* The word that a reference is, an i64. */
static uint32_t
bits(struct builder *b, uint32_t x)
{
	const struct node *n = value_seen(b, x);
	uint64_t k;
	if (value_is_const(b, x, &k))
		return value_i64(b, k);
	return n->op == IR_ref ? n->a
			       : value_pure(b, IR_bits, TYPE_i64, x, 0, 0);
}

static uint32_t
low_bits(struct builder *b, uint32_t x)
{
	return simplify_unary(b, OP_i32_wrap_i64, bits(b, x));
}

static void
i31_get(struct builder *b, enum op shift)
{
	uint32_t x = value_pop(b);
	build_ref_not_null(b, x, 0, TRAP_null_i31_reference);
	value_push(
		b, simplify_binary(b, shift, low_bits(b, x), value_i32(b, 1)));
}

/* Casts */

/* What a test has to ask of x, which is of the type `from` but for null. */
static uint32_t
is_object(struct builder *b, uint32_t x, valtype from, valtype to)
{
	const struct typespace *ts = b->m->engine->types;
	uint32_t may = 0;
	if (is_non_null(b, x))
		to &= ~VT_NULL;
	else
		may = MAY_BE_NULL;
	if (vt_top(ts, to) == HT_ANY &&
		(from == VT_BOT ||
			(!vt_matches(ts, from, VT_REF | HT_STRUCT) &&
				!vt_matches(ts, from, VT_REF | HT_ARRAY))))
		may |= MAY_BE_TAGGED;
	return value_pure(b, IR_is, TYPE_i32, x, may, to);
}

/* Of values that are not null all are (1), none is (0), or some are. */
enum { NONE, ALL, SOME };

static int
of_others(const struct builder *b, valtype from, valtype to)
{
	const struct typespace *ts = b->m->engine->types;
	uint32_t heap = to & VT_PAYLOAD;
	to &= ~VT_NULL;
	if ((to & VT_INDEX) == 0 &&
		(heap == HT_ANY || heap == HT_FUNC || heap == HT_EXTERN ||
			heap == HT_EXN))
		return ALL;
	if ((to & VT_INDEX) == 0 &&
		(heap == HT_NONE || heap == HT_NOFUNC || heap == HT_NOEXTERN ||
			heap == HT_NOEXN))
		return NONE;
	if (from == VT_BOT)
		return SOME;
	if (vt_matches(ts, from, to))
		return ALL;
	return vt_matches(ts, to, from) ? SOME : NONE;
}

uint32_t
build_ref_is(struct builder *b, uint32_t x, valtype to)
{
	const struct typespace *ts = b->m->engine->types;
	to = vt_canon(b->m->types, to);
	bool null = (to & VT_NULL) != 0;
	valtype from = value_ref_type(b, x) & ~VT_NULL;
	if (from != VT_BOT && vt_top(ts, from) != vt_top(ts, to))
		from = VT_BOT; /* converted since */
	switch (of_others(b, from, to)) {
	case ALL:
		return null ? value_i32(b, 1) : is_not_null(b, x);
	case NONE:
		return null ? build_ref_is_null(b, x) : value_i32(b, 0);
	default:
		break;
	}
	if ((to & VT_INDEX) != 0)
		return is_object(b, x, from, to);
	switch (to & VT_PAYLOAD) {
	case HT_I31: {
		uint32_t is = simplify_binary(
			b, OP_i32_and, low_bits(b, x), value_i32(b, 1));
		return null ? simplify_binary(
				      b, OP_i32_or, is, build_ref_is_null(b, x))
			    : is;
	}
	case HT_EQ: {
		uint32_t tag = simplify_binary(
			b, OP_i32_and, low_bits(b, x), value_i32(b, 3));
		uint32_t is =
			simplify_binary(b, OP_i32_ne, tag, value_i32(b, 2));
		return null ? is
			    : simplify_binary(
				      b, OP_i32_and, is, is_not_null(b, x));
	}
	default:
		return is_object(b, x, from, to);
	}
}

static void
ref_cast(struct builder *b, valtype to)
{
	uint32_t x = b->body.stack[b->body.nstack - 1];
	access_trap_unless(b, build_ref_is(b, x, to), TRAP_cast_failure);
}

/* The operand stays on both ways. */
static void
br_on_cast(struct builder *b, bool on_fail)
{
	const struct insn *i = &b->body.w.insn;
	uint32_t x = b->body.stack[b->body.nstack - 1];
	flow_br_if(b, i->a, build_ref_is(b, x, i->heap2), on_fail);
}

static bool
branch(struct builder *b, enum op op)
{
	switch (op) {
	case OP_br_on_null:
		br_on_null(b, b->body.w.insn.a);
		return true;
	case OP_br_on_non_null:
		br_on_non_null(b, b->body.w.insn.a);
		return true;
	case OP_br_on_cast:
	case OP_br_on_cast_fail:
		br_on_cast(b, op == OP_br_on_cast_fail);
		return true;
	default:
		return false;
	}
}

static void
ref_eq(struct builder *b)
{
	uint32_t y = value_pop(b), x = value_pop(b);
	uint64_t k;
	if (value_is_const(b, x, &k)) {
		uint32_t t = x;
		x = y;
		y = t;
	}
	if (x == y)
		value_push(b, value_i32(b, 1));
	else if (value_is_const(b, y, &k) && k == 0)
		value_push(b, build_ref_is_null(b, x));
	else
		value_push(b, value_pure(b, OP_ref_eq, TYPE_i32, x, y, 0));
}

bool
build_ref(struct builder *b, enum op op)
{
	const struct insn *i = &b->body.w.insn;
	switch (op) {
	case OP_ref_null:
		value_push(b, value_const(b, ir_type(b->m, i->heap), 0));
		return true;
	case OP_ref_func:
		value_push(b, access_func(b, i->a));
		return true;
	case OP_ref_is_null:
		value_push(b, build_ref_is_null(b, value_pop(b)));
		return true;
	case OP_ref_as_non_null:
		build_ref_not_null(b, b->body.stack[b->body.nstack - 1], 0,
			TRAP_null_reference);
		return true;
	case OP_ref_eq:
		ref_eq(b);
		return true;
	case OP_ref_i31:
		ref_i31(b);
		return true;
	case OP_i31_get_s:
		i31_get(b, OP_i32_shr_s);
		return true;
	case OP_i31_get_u:
		i31_get(b, OP_i32_shr_u);
		return true;
	case OP_ref_test:
	case OP_ref_test_null:
		value_push(b, build_ref_is(b, value_pop(b), i->heap));
		return true;
	case OP_ref_cast:
	case OP_ref_cast_null:
		ref_cast(b, i->heap);
		return true;
	case OP_any_convert_extern:
	case OP_extern_convert_any: /* the same word */
		return true;
	default:
		return branch(b, op);
	}
}
