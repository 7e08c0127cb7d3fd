/*
 * Bodies read for their form alone: instructions up to the end that closes the
 * body, which must be where its size says.
 */
#include "spec/decode_body.h"

#include <stdbool.h>

#include "spec/bintype.h"
#include "spec/code.h"
#include "spec/module.h"
#include "spec/reader.h"
#include "trap/error.h"

static bool
opens_block(const struct insn *i)
{
	return i->op == OP_block || i->op == OP_loop || i->op == OP_if ||
	       i->op == OP_try_table;
}

static bool
names_data(const struct insn *i)
{
	enum imm imm = (enum imm)op_rows[i->op].imm;
	return imm == IMM_DATA || imm == IMM_DATA_MEMORY ||
	       imm == IMM_TYPE_DATA;
}

/* Reads one body; *data is set if it names a data segment. */
static void
read_body(struct reader *r, uint32_t len, bool *data)
{
	const uint8_t *end = r->at + len;
	struct insn i;
	uint32_t depth = 1;
	for (uint32_t groups = reader_count(r); groups > 0; groups--) {
		reader_u32(r);
		bintype_val(r);
	}
	while (depth > 0 && r->error->kind == ERROR_none) {
		const uint8_t *at = r->at;
		code_next(r, &i);
		*data |= names_data(&i);
		if (opens_block(&i))
			depth++;
		else if (i.op == OP_end)
			depth--;
		if (i.op == OP_else && depth == 1) {
			r->at = at;
			reader_fail(r, "END opcode expected");
		}
	}
	if (r->error->kind == ERROR_none && r->at != end)
		reader_fail(r, "section size mismatch");
}

void
decode_body_errors(const struct module *m, struct error *error)
{
	struct error found;
	struct reader r = { .start = m->bytes, .error = &found };
	bool data = false;
	error_clear(&found);
	r.end = m->bytes + m->len;
	for (uint32_t x = m->nimported_funcs; x < m->nfuncs; x++) {
		const struct range *body = &m->funcs[x].body;
		if (body->len == 0 || found.kind != ERROR_none)
			continue;
		r.at = m->bytes + body->offset;
		read_body(&r, body->len, &data);
	}
	if (error->kind == ERROR_invalid && data && m->data_count == NO_INDEX)
		error_set(
			&found, ERROR_malformed, "data count section required");
	if (found.kind != ERROR_none)
		*error = found;
}
