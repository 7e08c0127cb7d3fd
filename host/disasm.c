#include "host/disasm.h"

#include <inttypes.h>
#include <math.h>

#include "spec/bintype.h"
#include "spec/code.h"
#include "spec/module.h"
#include "spec/reader.h"
#include "trap/error.h"
#include "trap/slot.h"

static void
print_types(FILE *out, const char *word, const valtype *types, uint32_t n)
{
	char text[32];
	fprintf(out, " (%s", word);
	for (uint32_t i = 0; i < n; i++)
		fprintf(out, " %s", vt_format(types[i], text));
	fprintf(out, ")");
}

static void
print_block(FILE *out, const struct blocktype *b)
{
	if (b->type != NO_INDEX)
		fprintf(out, " (type %" PRIu32 ")", b->type);
	else if (b->result != VT_BOT)
		print_types(out, "result", &b->result, 1);
}

static void
print_memarg(FILE *out, const struct insn *i)
{
	if (i->memory != 0)
		fprintf(out, " %" PRIu32, i->memory);
	if (i->offset != 0)
		fprintf(out, " offset=%" PRIu64, i->offset);
	if (i->align != op_rows[i->op].lg)
		fprintf(out, " align=%" PRIu64, (uint64_t)1 << (i->align & 63));
}

static void
print_f64(FILE *out, double f, int digits, uint64_t payload)
{
	if (isnan(f))
		fprintf(out, " %snan:0x%" PRIx64, signbit(f) ? "-" : "",
			payload);
	else
		fprintf(out, " %.*g", digits, f);
}

static void
print_const(FILE *out, const struct insn *i)
{
	switch (op_rows[i->op].imm) {
	case IMM_I32:
	case IMM_I64:
		fprintf(out, " %" PRId64, (int64_t)i->imm);
		break;
	case IMM_F32:
		print_f64(out, (double)slot_f32(slot_of_i64(i->imm)), 9,
			i->imm & 0x7fffff);
		break;
	default:
		print_f64(out, slot_of_i64(i->imm).f64, 17,
			i->imm & (((uint64_t)1 << 52) - 1));
	}
}

/* Labels, value types or catch clauses: read again. */
static void
print_list(FILE *out, const struct module *m, const struct insn *i)
{
	static const char *const catches[] = { "catch", "catch_ref",
		"catch_all", "catch_all_ref" };
	struct error error;
	struct reader r = { .at = i->list,
		.end = i->list_end,
		.start = m->bytes,
		.error = &error };
	enum imm imm = op_rows[i->op].imm;
	error_clear(&error);
	while (r.at < r.end) {
		if (imm == IMM_TYPES) {
			valtype t = bintype_val(&r);
			print_types(out, "result", &t, 1);
		} else if (imm == IMM_LABELS) {
			fprintf(out, " %" PRIu32, reader_u32(&r));
		} else {
			uint8_t kind = reader_byte(&r) & 3;
			fprintf(out, " (%s", catches[kind]);
			if (kind == CATCH_tag || kind == CATCH_tag_ref)
				fprintf(out, " %" PRIu32, reader_u32(&r));
			fprintf(out, " %" PRIu32 ")", reader_u32(&r));
		}
	}
}

static void
print_bytes(FILE *out, const struct insn *i)
{
	for (const uint8_t *p = i->list; p < i->list_end; p++)
		fprintf(out, " %u", *p);
}

static void
print_casts(FILE *out, const struct insn *i)
{
	char text[32];
	fprintf(out, " %s", vt_format(i->heap, text));
	if (op_rows[i->op].imm == IMM_CAST_BR)
		fprintf(out, " %s", vt_format(i->heap2, text));
}

static void
print_immediates(FILE *out, const struct module *m, const struct insn *i)
{
	switch ((enum imm)op_rows[i->op].imm) {
	case IMM_NONE:
	case IMM_FENCE:
		break;
	case IMM_BLOCK:
		print_block(out, &i->block);
		break;
	case IMM_TRY:
		print_block(out, &i->block);
		print_list(out, m, i);
		break;
	case IMM_LABELS:
	case IMM_TYPES:
		print_list(out, m, i);
		break;
	case IMM_MEMARG:
		print_memarg(out, i);
		break;
	case IMM_MEMARG_LANE:
		print_memarg(out, i);
		fprintf(out, " %u", i->lane);
		break;
	case IMM_I32:
	case IMM_I64:
	case IMM_F32:
	case IMM_F64:
		print_const(out, i);
		break;
	case IMM_V128:
	case IMM_SHUFFLE:
		print_bytes(out, i);
		break;
	case IMM_LANE:
		fprintf(out, " %u", i->lane);
		break;
	case IMM_CAST_BR:
		fprintf(out, " %" PRIu32, i->a);
		print_casts(out, i);
		break;
	case IMM_HEAP:
		print_casts(out, i);
		break;
	case IMM_TYPE_TABLE:
	case IMM_TABLE_TABLE:
	case IMM_ELEM_TABLE:
	case IMM_MEMORY_MEMORY:
	case IMM_DATA_MEMORY:
	case IMM_TYPE_FIELD:
	case IMM_TYPE_N:
	case IMM_TYPE_DATA:
	case IMM_TYPE_ELEM:
	case IMM_TYPE_TYPE:
		fprintf(out, " %" PRIu32 " %" PRIu32, i->a, i->b);
		break;
	default:
		fprintf(out, " %" PRIu32, i->a);
	}
}

void
disasm_head(FILE *out, const struct module *m, uint32_t func)
{
	const struct functype *type = module_func_type(m, func);
	struct name name = module_func_name(m, func);
	fprintf(out, "func %" PRIu32, func);
	if (name.len > 0)
		fprintf(out, " $%.*s", (int)name.len, name.bytes);
	if (type->nparams > 0)
		print_types(out, "param", type->params, type->nparams);
	if (type->nresults > 0)
		print_types(out, "result", type->results, type->nresults);
	fprintf(out, "\n");
}

/* Runs of declared locals, as they are encoded. */
static void
print_locals(FILE *out, struct reader *r)
{
	char text[32];
	for (uint32_t n = reader_u32(r); n > 0; n--) {
		uint32_t count = reader_u32(r);
		fprintf(out, "\tlocals %" PRIu32 " %s\n", count,
			vt_format(bintype_val(r), text));
	}
}

/* Levels that the instruction closes before and opens after itself. */
static int
closes(enum op op)
{
	return op == OP_end || op == OP_else;
}

static int
opens(enum op op)
{
	return op == OP_block || op == OP_loop || op == OP_if ||
	       op == OP_else || op == OP_try_table;
}

void
disasm_insn(FILE *out, const struct module *m, const struct insn *i, int level)
{
	fprintf(out, "%06" PRIx32 "\t%*s%s", i->at, 2 * level, "",
		op_rows[i->op].text);
	print_immediates(out, m, i);
	fprintf(out, "\n");
}

/* The code of a function, before its locals. */
static struct reader
open_body(const struct module *m, uint32_t func, struct error *error)
{
	struct range body = m->funcs[func].body;
	error_clear(error);
	return (struct reader){ .at = m->bytes + body.offset,
		.end = m->bytes + body.offset + body.len,
		.start = m->bytes,
		.error = error };
}

void
disasm_visit(struct module *m, uint32_t func, disasm_visitor *visit, void *env)
{
	struct error error;
	struct reader r = open_body(m, func, &error);
	int level = 1;
	for (uint32_t n = reader_u32(&r); n > 0; n--) {
		reader_u32(&r);
		bintype_val(&r);
	}
	while (r.at < r.end) {
		struct insn i;
		code_next(&r, &i);
		level -= closes(i.op);
		visit(env, &i, level);
		level += opens(i.op);
	}
}

struct print {
	FILE *out;
	struct module *m;
};

static void
print_insn(void *env, const struct insn *i, int level)
{
	const struct print *p = env;
	disasm_insn(p->out, p->m, i, level);
}

void
disasm_func(FILE *out, struct module *m, uint32_t func)
{
	struct error error;
	struct reader r = open_body(m, func, &error);
	struct print p = { out, m };
	print_locals(out, &r);
	disasm_visit(m, func, print_insn, &p);
}
