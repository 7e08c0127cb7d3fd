#include "jit/build_call.h"

#include <assert.h>
#include <string.h>

#include "jit/access.h"
#include "jit/build_except.h"
#include "jit/build_inline.h"
#include "jit/build_ref.h"
#include "jit/flow.h"
#include "jit/simplify.h"
#include "spec/store.h"
#include "trap/error.h"

/* Aux of a call with the operands on top as arguments, which are popped. */
static uint32_t
call_words(struct builder *b, uint32_t target, uint32_t type)
{
	uint32_t n = b->m->types[type].func.nparams;
	uint32_t words = value_words(b, AUX_args + n);
	value_spend(b, n);
	if (b->error->kind != ERROR_none)
		return 0;
	uint32_t *aux = b->ir->aux + words;
	b->body.nstack -= n;
	aux[AUX_target] = target;
	aux[AUX_type] = type;
	aux[AUX_count] = n;
	memcpy(aux + AUX_args, b->body.stack + b->body.nstack, n * sizeof *aux);
	return words;
}

/* After a call of type: anything may have been written. */
static void
results(struct builder *b, uint32_t call, uint32_t type)
{
	const struct functype *f = &b->m->types[type].func;
	value_wrote_all(b);
	b->charge = 0;
	b->ir->calls = true;
	value_spend(b, f->nresults);
	for (uint32_t i = 0; i < f->nresults; i++)
		value_push(
			b, value_new(b, IR_result, ir_type(b->m, f->results[i]),
				   call, 0, i));
	build_except_call(b);
}

/* Calls the struct func f of the type. */
static void
call_func(struct builder *b, uint32_t f, uint32_t type, bool tail)
{
	uint32_t words = call_words(b, type, type);
	if (b->error->kind != ERROR_none)
		return;
	if (tail)
		flow_stop(b, IR_tail_func, f, words, 0);
	else
		results(b, value_new(b, IR_call_func, TYPE_none, f, 0, words),
			type);
}

static void
call_index(struct builder *b, uint32_t func, bool tail)
{
	uint32_t type = b->m->funcs[func].type;
	if (func < b->m->nimported_funcs) {
		call_func(b, access_func(b, func), type, tail);
		return;
	}
	if (!tail && build_inline(b, func))
		return;
	uint32_t words = call_words(b, func, type);
	if (b->error->kind != ERROR_none)
		return;
	if (tail)
		flow_stop(b, IR_tail_call, 0, words, 0);
	else
		results(b, value_new(b, IR_call, TYPE_none, 0, 0, words), type);
}

/* Traps if the struct func f is not of the type. */
static void
check_type(struct builder *b, uint32_t f, uint32_t type)
{
	access_trap_unless(b, build_ref_is(b, f, VT_REF | VT_INDEX | type),
		TRAP_indirect_call_mismatch);
}

static void
call_indirect(struct builder *b, uint32_t type, uint32_t table, bool tail)
{
	uint32_t index = value_pop(b);
	uint32_t f = access_element(b, table, index, TRAP_undefined_element);
	value_is_ref(
		b, f, vt_canon(b->m->types, b->m->tables[table].type.elem));
	build_ref_not_null(b, f, index, TRAP_uninitialized_element);
	check_type(b, f, type);
	call_func(b, f, type, tail);
}

static void
call_ref(struct builder *b, uint32_t type, bool tail)
{
	uint32_t f = value_pop(b);
	build_ref_not_null(b, f, 0, TRAP_null_function_reference);
	call_func(b, f, type, tail);
}

void
build_call(struct builder *b, enum op op)
{
	const struct insn *i = &b->body.w.insn;
	switch (op) {
	case OP_call:
	case OP_return_call:
		call_index(b, i->a, op == OP_return_call);
		return;
	case OP_call_indirect:
	case OP_return_call_indirect:
		call_indirect(b, i->a, i->b, op == OP_return_call_indirect);
		return;
	default:
		assert((op == OP_call_ref || op == OP_return_call_ref) &&
			"a call");
		call_ref(b, i->a, op == OP_return_call_ref);
		return;
	}
}

/* Runtime */

uint32_t
build_call_runtime(
	struct builder *b, enum runtime row, const uint32_t *args, uint32_t n)
{
	uint32_t words = value_words(b, AUX_args + n);
	if (b->error->kind != ERROR_none)
		return 0;
	assert((n == strlen(runtime_rows[row].args) ||
		       strchr(runtime_rows[row].args, '*') != NULL) &&
		"as runtime.def says");
	uint32_t *aux = b->ir->aux + words;
	aux[AUX_target] = row;
	aux[AUX_type] = 0;
	aux[AUX_count] = n;
	memcpy(aux + AUX_args, args, n * sizeof *aux);
	b->ir->calls = true;
	uint32_t call = value_new(b, IR_runtime, TYPE_none, 0, 0, words);
	if (runtime_rows[row].results[0] == '\0')
		return 0;
	char result = runtime_rows[row].results[0];
	return value_new(b, IR_result,
		result == 'I'	? TYPE_i64
		: result == 'x' ? TYPE_ref
				: TYPE_i32,
		call, 0, 0);
}

bool
build_call_throw(struct builder *b, enum op op)
{
	uint32_t args[RUNTIME_SLOTS], n = 1;
	if (op == OP_throw_ref) {
		args[0] = value_pop(b);
		build_call_runtime(b, RUNTIME_throw_ref, args, 1);
	} else {
		const struct functype *f =
			&b->m->types[b->m->tags[b->body.w.insn.a]].func;
		if (f->param_slots >= RUNTIME_SLOTS)
			return false;
		args[0] = value_i32(b, b->body.w.insn.a);
		b->body.nstack -= f->nparams;
		for (; n <= f->nparams; n++)
			args[n] = b->body.stack[b->body.nstack + n - 1];
		build_call_runtime(b, RUNTIME_throw, args, n);
	}
	build_except_call(b);
	/* not reached */
	flow_stop(b, IR_trap, 0, 0, TRAP_unreachable);
	return true;
}

/*
 * What a bulk instruction hands over: constants from its immediates, then n
 * operands, integers made i64 but those of the letter i.
 */
static uint32_t
bulk(struct builder *b, enum runtime row, const uint32_t *indices,
	uint32_t nindices, const char *operands)
{
	uint32_t args[8], n = 0, count = (uint32_t)strlen(operands);
	for (; n < nindices; n++)
		args[n] = value_i32(b, indices[n]);
	b->body.nstack -= count;
	for (uint32_t k = 0; k < count; k++) {
		uint32_t x = b->body.stack[b->body.nstack + k];
		args[n++] = operands[k] == 'I' ? access_wide(b, x) : x;
	}
	return build_call_runtime(b, row, args, n);
}

static void
push_index(struct builder *b, uint32_t x, bool is64)
{
	value_push(b, is64 ? x : simplify_unary(b, OP_i32_wrap_i64, x));
}

void
build_call_bulk(struct builder *b, enum op op)
{
	const struct insn *i = &b->body.w.insn;
	uint32_t one[] = { i->a }, two[] = { i->a, i->b };
	uint32_t turned[] = { i->b, i->a }, x;
	switch (op) {
	case OP_memory_grow:
		x = bulk(b, RUNTIME_memory_grow, one, 1, "I");
		push_index(b, x, b->m->memories[i->a].is64);
		value_wrote(b, STATE_size);
		return;
	case OP_memory_init:
		bulk(b, RUNTIME_memory_init, turned, 2, "III");
		value_wrote(b, STATE_memory);
		return;
	case OP_memory_copy:
		bulk(b, RUNTIME_memory_copy, two, 2, "III");
		value_wrote(b, STATE_memory);
		return;
	case OP_memory_fill:
		bulk(b, RUNTIME_memory_fill, one, 1, "IiI");
		value_wrote(b, STATE_memory);
		return;
	case OP_data_drop:
		bulk(b, RUNTIME_data_drop, one, 1, "");
		return;
	case OP_table_grow:
		x = bulk(b, RUNTIME_table_grow, one, 1, "xI");
		push_index(b, x, b->m->tables[i->a].type.limits.is64);
		break;
	case OP_table_init:
		bulk(b, RUNTIME_table_init, turned, 2, "III");
		break;
	case OP_table_copy:
		bulk(b, RUNTIME_table_copy, two, 2, "III");
		break;
	case OP_table_fill:
		bulk(b, RUNTIME_table_fill, one, 1, "IxI");
		break;
	default:
		assert(op == OP_elem_drop && "a bulk instruction");
		bulk(b, RUNTIME_elem_drop, one, 1, "");
		return;
	}
	value_wrote(b, STATE_table);
}
