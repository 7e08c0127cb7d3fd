#include "jit/ir.h"

#include <assert.h>

#include "spec/module.h"
#include "spec/type.h"

enum { IR_first = IR_before + 1, NIR = IR_count - IR_first };

static const struct {
	const char *name, *operands;
} rows[NIR] = {
#define IR(id, operands, kind) [IR_##id - IR_first] = { #id, operands },
#include "jit/ir.def"
};

static const char *const wasm_names[OP_count] = {
#define OP(id, text, code, imm, sig, lg, feature) [OP_##id] = #id,
#include "spec/op.def"
};

/* From the signature: operands before the colon, a result after it.  Strings
 * have zeros behind them, so that each may be asked for. */
#define OPERANDS(sig) \
	(sig[0] == ':' || sig[0] == '*' ? 0 \
		: sig[1] == ':'		? 1 \
		: sig[2] == ':'		? 2 \
					: 3)
#define WASM_KIND(imm, sig, feature) \
	(FEATURE_INDEX_##feature == FEATURE_INDEX_THREADS ? KIND_EFFECT \
		: IMM_##imm != IMM_MEMARG && IMM_##imm != IMM_MEMARG_LANE \
			? KIND_PURE \
		: sig[OPERANDS(sig) + 1] == '\0' ? KIND_EFFECT \
						 : KIND_READ)
/* A memory access has its third operand in aux. */
#define WASM_SHAPE(imm, sig, feature) \
	(WASM_KIND(imm, sig, feature) | \
		(sig[OPERANDS(sig) + 1] != '\0' ? SHAPE_value : 0) | \
		((IMM_##imm == IMM_MEMARG && OPERANDS(sig) == 3) \
				? 2 << SHAPE_count | MORE_third << SHAPE_more \
				: OPERANDS(sig) << SHAPE_count))

/* Of ir.def: letters of values at the start, then where others are. */
#define OURS_COUNT(o) (o[0] != 'a' ? 0 : o[1] != 'b' ? 1 : o[2] != 'c' ? 2 : 3)
#define MORE_OF(letter) \
	((letter) == 'p'	  ? MORE_edges \
		: (letter) == 'x' ? MORE_call \
		: (letter) == 'r' ? MORE_list \
		: (letter) == 's' ? MORE_value \
				  : MORE_none)

#define OUR_SHAPE(o, kind) \
	((kind) | OURS_COUNT(o) << SHAPE_count | \
		MORE_OF(o[OURS_COUNT(o)]) << SHAPE_more | \
		((kind) <= KIND_READ ? SHAPE_value : 0))

/* Two of op.def take any reference, which their signatures do not say. */
#define SHAPE_OF(op, imm, sig, feature) \
	((op) == OP_ref_is_null ? KIND_PURE | 1 << SHAPE_count | SHAPE_value \
		: (op) == OP_ref_eq \
			? KIND_PURE | 2 << SHAPE_count | SHAPE_value \
			: WASM_SHAPE(imm, sig, feature))

const uint8_t ir_shapes[IR_count] = {
#define OP(id, text, code, imm, sig, lg, feature) \
	[OP_##id] = SHAPE_OF(OP_##id, imm, (sig "\0\0"), feature),
#include "spec/op.def"
#define IR(id, operands, kind) \
	[IR_##id] = OUR_SHAPE((operands "\0\0"), KIND_##kind),
#include "jit/ir.def"
};

const char *
ir_name(unsigned op)
{
	return op < OP_count ? wasm_names[op] : rows[op - IR_first].name;
}

const char *
ir_format(unsigned op)
{
	assert(op >= IR_first && op < IR_count && "of the representation's");
	return rows[op - IR_first].operands;
}

uint32_t
ir_block_of(const struct ir *ir, uint32_t i)
{
	uint32_t low = 0, high = ir->nblocks;
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;
		if (ir->blocks[middle].first <= i)
			low = middle;
		else
			high = middle;
	}
	return low;
}

uint32_t
ir_tried(const struct ir *ir, uint32_t b)
{
	uint32_t i = ir->blocks[b].end - 2;
	assert(ir->nodes[i + 1].op == IR_try && "it ends in one");
	while (i > ir->blocks[b].first &&
		(ir->nodes[i].op == IR_result || !ir_stays(ir, i)))
		i--;
	return i;
}

static bool
is_func(const struct module *m, valtype t)
{
	if ((t & VT_INDEX) != 0)
		return m->types[t & VT_PAYLOAD].comp == COMP_func;
	return (t & VT_PAYLOAD) == HT_FUNC || (t & VT_PAYLOAD) == HT_NOFUNC;
}

enum ir_type
ir_type(const struct module *m, uint32_t valtype)
{
	switch (valtype) {
	case VT_I32:
		return TYPE_i32;
	case VT_I64:
		return TYPE_i64;
	case VT_F32:
		return TYPE_f32;
	case VT_F64:
		return TYPE_f64;
	case VT_V128:
		return TYPE_v128;
	default:
		assert(vt_is_ref(valtype) && "a type of values");
		return is_func(m, valtype) ? TYPE_ptr : TYPE_ref;
	}
}

const uint8_t ir_letter_types[128] = {
#define LETTER(letter, vt, name) [letter] = TYPE_##name,
	OP_LETTERS(LETTER)['x'] = TYPE_ref,
};

void
ir_operands(const struct ir *ir, uint32_t i, ir_visit *visit, void *env)
{
	struct node *n = &ir->nodes[i];
	uint32_t *const at[] = { &n->a, &n->b, &n->c };
	uint32_t count = ir_arity(n->op), *list;
	for (uint32_t k = 0; k < count; k++)
		if (*at[k] != 0)
			visit(env, at[k]);
	list = ir_list(ir, n, &count);
	for (uint32_t k = 0; k < count; k++)
		visit(env, &list[k]);
}
