/*
 * The representation as text: stable, without addresses.
 *
 *   block 1, loop 1: from 0 2
 *     v5 = phi.i32
 *     v6 = i32_add v5 v3
 *     branch v6 -> 1 (v6), 2
 */
#include <inttypes.h>

#include "jit/ir.h"
#include "jit/runtime.h"
#include "spec/code.h"
#include "spec/module.h"
#include "trap/trap.h"

static const char *const type_names[] = {
	[TYPE_none] = "none",
	[TYPE_i32] = "i32",
	[TYPE_i64] = "i64",
	[TYPE_ref] = "ref",
	[TYPE_ptr] = "ptr",
	[TYPE_f32] = "f32",
	[TYPE_f64] = "f64",
	[TYPE_v128] = "v128",
};

static const char *const trap_names[] = {
#define TRAP(id, code, message, exhaustion) [TRAP_##id] = #id,
#include "trap/trap.def"
};

static void
print_operand(void *env, uint32_t *value)
{
	fprintf(env, " v%" PRIu32, *value);
}

/* Words, the last one first, as one number. */
static void
print_words(FILE *out, const uint32_t *words, int n)
{
	fprintf(out, " 0x");
	while (n-- > 1)
		fprintf(out, "%08" PRIx32, words[n]);
	fprintf(out, "%08" PRIx32, words[0]);
}

static void
print_const(FILE *out, const struct ir *ir, const struct node *n)
{
	uint64_t bits = (uint64_t)n->c << 32 | n->b;
	switch ((enum ir_type)n->type) {
	case TYPE_i32:
		fprintf(out, " %" PRId32, (int32_t)n->b);
		break;
	case TYPE_i64:
		fprintf(out, " %" PRId64, (int64_t)bits);
		break;
	case TYPE_v128:
		print_words(out, ir->aux + n->c, 4);
		break;
	default:
		fprintf(out, " 0x%" PRIx64, bits);
		break;
	}
}

/* What is no value, of WebAssembly's instructions. */
static void
print_immediate(FILE *out, const struct ir *ir, const struct node *n)
{
	const uint32_t *aux = ir->aux + n->c;
	switch ((enum imm)op_rows[n->op].imm) {
	case IMM_MEMARG:
	case IMM_MEMARG_LANE:
		if ((aux[AUX_low] | aux[AUX_high]) != 0)
			fprintf(out, " +%" PRIu64,
				(uint64_t)aux[AUX_high] << 32 | aux[AUX_low]);
		if (aux[AUX_memory] != 0)
			fprintf(out, " memory %" PRIu32, aux[AUX_memory]);
		if (op_rows[n->op].imm == IMM_MEMARG_LANE)
			fprintf(out, " lane %" PRIu32, aux[AUX_third]);
		break;
	case IMM_LANE:
		fprintf(out, " lane %" PRIu32, n->c);
		break;
	case IMM_SHUFFLE:
		print_words(out, aux, 4);
		break;
	default:
		break;
	}
}

static void
print_clauses(FILE *out, const struct ir *ir, const struct node *n)
{
	static const char *const kinds[] = { [CATCH_tag] = "catch",
		[CATCH_tag_ref] = "catch_ref",
		[CATCH_all] = "catch_all",
		[CATCH_all_ref] = "catch_all_ref" };
	const uint32_t *aux = ir->aux + n->c, *c = aux + 1;
	for (uint32_t i = 0; i < aux[0]; i++, c += CLAUSE_words) {
		fprintf(out, " %s", kinds[c[CLAUSE_kind]]);
		if (c[CLAUSE_kind] < CATCH_all)
			fprintf(out, " %" PRIu32, c[CLAUSE_tag]);
	}
}

/* The same of those of ir.def. */
static void
print_more(FILE *out, const struct ir *ir, const struct node *n)
{
	const uint32_t *aux = ir->aux + n->c;
	char text[32];
	for (const char *o = ir_format(n->op); *o != '\0'; o++)
		switch (*o) {
		case 'i':
			fprintf(out, " %" PRIu32, n->c);
			break;
		case 'h':
			fprintf(out, " %s%s%s", vt_format(n->c, text),
				(n->b & MAY_BE_NULL) != 0 ? " null?" : "",
				(n->b & MAY_BE_TAGGED) != 0 ? " tagged?" : "");
			break;
		case 'n':
			fprintf(out, " type %" PRIu32 " length %" PRIu32, n->c,
				n->b);
			break;
		case 'k':
			print_const(out, ir, n);
			break;
		case 'm':
			fprintf(out, " %" PRIu64 " memory %" PRIu32,
				(uint64_t)aux[AUX_high] << 32 | aux[AUX_low],
				aux[AUX_memory]);
			break;
		case 'e':
			print_clauses(out, ir, n);
			break;
		case 's':
			fprintf(out, " %" PRIu32, aux[AUX_offset]);
			break;
		case 'T':
			fprintf(out, " %s", trap_names[n->flags]);
			break;
		case 'x':
			if (n->op == IR_runtime)
				fprintf(out, " %s",
					runtime_rows[aux[AUX_target]].name);
			else
				fprintf(out, " %s %" PRIu32,
					n->op == IR_call ||
							n->op == IR_tail_call
						? "func"
						: "type",
					aux[AUX_target]);
			break;
		default:
			break;
		}
}

static void
print_edges(FILE *out, const struct ir *ir, const struct block *b)
{
	for (uint32_t i = 0; i < b->nedges; i++) {
		const struct edge *e = &ir->edges[b->edges + i];
		uint32_t n = ir->blocks[e->to].nphis;
		fprintf(out, "%s %" PRIu32, i == 0 ? " ->" : ",", e->to);
		for (uint32_t k = 0; k < n; k++)
			fprintf(out, "%sv%" PRIu32, k == 0 ? " (" : " ",
				ir->aux[e->args + k]);
		if (n > 0)
			fprintf(out, ")");
	}
}

static void
print_node(FILE *out, const struct ir *ir, const struct block *b, uint32_t i)
{
	const struct node *n = &ir->nodes[i];
	bool ours = n->op >= OP_count;
	fprintf(out, "    ");
	if ((ir_shape(n->op) & SHAPE_value) != 0)
		fprintf(out, "v%" PRIu32 " = ", i);
	fprintf(out, "%s", ir_name(n->op));
	if (ours && n->type != TYPE_none)
		fprintf(out, ".%s", type_names[n->type]);
	ir_operands(ir, i, print_operand, out);
	if (ours)
		print_more(out, ir, n);
	else
		print_immediate(out, ir, n);
	if (i == b->end - 1)
		print_edges(out, ir, b);
	fprintf(out, "\n");
}

static void
print_block(FILE *out, const struct ir *ir, uint32_t i)
{
	const struct block *b = &ir->blocks[i];
	fprintf(out, "  block %" PRIu32, i);
	if (b->loop != 0)
		fprintf(out, ", loop %" PRIu32, b->loop);
	if (b->cold)
		fprintf(out, ", cold");
	if (b->nin > 0)
		fprintf(out, ": from");
	for (uint32_t e = b->in; e != NO_BLOCK; e = ir->edges[e].next)
		fprintf(out, " %" PRIu32, ir->edges[e].from);
	fprintf(out, "\n");
	for (uint32_t k = b->first; k < b->end; k++)
		if (ir_stays(ir, k))
			print_node(out, ir, b, k);
}

void
ir_dump_node(FILE *out, const struct ir *ir, uint32_t block, uint32_t node)
{
	print_node(out, ir, &ir->blocks[block], node);
}

void
ir_dump(FILE *out, const struct ir *ir)
{
	for (uint32_t i = 0; i < ir->nblocks; i++)
		print_block(out, ir, i);
}
