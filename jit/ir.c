#include "jit/ir.h"

#include <assert.h>
#include <string.h>

#include "spec/type.h"

enum { IR_first = IR_before + 1, NIR = IR_count - IR_first };

static const struct {
	const char *name, *operands;
	uint8_t kind;
} rows[NIR] = {
#define IR(id, operands, kind) \
	[IR_##id - IR_first] = { #id, operands, KIND_##kind },
#include "jit/ir.def"
};

static const char *const wasm_names[OP_count] = {
#define OP(id, text, code, imm, sig, lg, feature) [OP_##id] = #id,
#include "spec/op.def"
};

static bool
accesses_memory(unsigned op)
{
	return op_rows[op].imm == IMM_MEMARG ||
	       op_rows[op].imm == IMM_MEMARG_LANE;
}

/* Of WebAssembly's: stores and atomic accesses are effects. */
static enum ir_kind
wasm_kind(unsigned op)
{
	const char *sig = op_rows[op].sig;
	size_t n = strlen(sig);
	if (op_rows[op].feature == FEATURE_INDEX_THREADS)
		return KIND_EFFECT;
	if (!accesses_memory(op))
		return KIND_PURE;
	return sig[n - 1] == ':' ? KIND_EFFECT : KIND_READ;
}

enum ir_kind
ir_kind(unsigned op)
{
	if (op < OP_count)
		return wasm_kind(op);
	return (enum ir_kind)rows[op - IR_first].kind;
}

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

enum ir_type
ir_type(uint32_t valtype)
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
		return TYPE_ref;
	}
}

static void
wasm_operands(const struct ir *ir, struct node *n, ir_visit *visit, void *env)
{
	uint32_t *const at[] = { &n->a, &n->b, &n->c };
	const char *sig = op_rows[n->op].sig;
	uint32_t room = accesses_memory(n->op) ? 2 : 3, i = 0;
	assert((sig[0] != '*' || n->op == OP_ref_is_null ||
		       n->op == OP_ref_eq) &&
		"an instruction that is a node");
	if (sig[0] == '*') {
		visit(env, &n->a);
		if (n->op == OP_ref_eq)
			visit(env, &n->b);
		return;
	}
	for (; sig[i] != ':' && i < room; i++)
		visit(env, at[i]);
	if (sig[i] != ':')
		visit(env, &ir->aux[n->c + AUX_third]);
}

void
ir_operands(const struct ir *ir, uint32_t i, ir_visit *visit, void *env)
{
	struct node *n = &ir->nodes[i];
	uint32_t *aux = ir->aux + n->c;
	if (n->op < OP_count) {
		wasm_operands(ir, n, visit, env);
		return;
	}
	for (const char *o = ir_format(n->op); *o != '\0'; o++)
		switch (*o) {
		case 'a':
			visit(env, &n->a);
			break;
		case 'b':
			if (n->b != 0)
				visit(env, &n->b);
			break;
		case 'c':
			visit(env, &n->c);
			break;
		case 'r':
			for (uint32_t k = 1; k <= aux[0]; k++)
				visit(env, &aux[k]);
			break;
		case 's':
			visit(env, &aux[AUX_value]);
			break;
		case 'x':
			for (uint32_t k = 0; k < aux[AUX_count]; k++)
				visit(env, &aux[AUX_args + k]);
			break;
		default:
			break;
		}
}
