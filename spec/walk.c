/*
 * One step of the walk: decode, look the typing rule up, apply it to the stacks
 * (standard, appendix on the validation algorithm).  Most instructions are
 * typed by the signature in op.def; the others have a rule in walk_*.c.
 */
#include "spec/walk.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "spec/bintype.h"
#include "trap/likely.h"

static walk_rule *const rules[OP_count] = {
	[OP_unreachable] = walk_control_unreachable,
	[OP_block] = walk_control_block,
	[OP_loop] = walk_control_block,
	[OP_if] = walk_control_if,
	[OP_else] = walk_control_else,
	[OP_throw] = walk_control_throw,
	[OP_throw_ref] = walk_control_throw_ref,
	[OP_end] = walk_control_end,
	[OP_br] = walk_control_br,
	[OP_br_if] = walk_control_br_if,
	[OP_br_table] = walk_control_br_table,
	[OP_return] = walk_control_return,
	[OP_call] = walk_control_call,
	[OP_call_indirect] = walk_control_call_indirect,
	[OP_return_call] = walk_control_return_call,
	[OP_return_call_indirect] = walk_control_return_call_indirect,
	[OP_call_ref] = walk_control_call_ref,
	[OP_return_call_ref] = walk_control_return_call_ref,
	[OP_drop] = walk_var_drop,
	[OP_select] = walk_var_select,
	[OP_select_t] = walk_var_select_t,
	[OP_try_table] = walk_control_try_table,
	[OP_local_get] = walk_var_local_get,
	[OP_local_set] = walk_var_local_set,
	[OP_local_tee] = walk_var_local_tee,
	[OP_global_get] = walk_var_global_get,
	[OP_global_set] = walk_var_global_set,
	[OP_table_get] = walk_var_table_get,
	[OP_table_set] = walk_var_table_set,
	[OP_ref_null] = walk_ref_null,
	[OP_ref_is_null] = walk_ref_is_null,
	[OP_ref_func] = walk_ref_func,
	[OP_ref_eq] = walk_ref_eq,
	[OP_ref_as_non_null] = walk_ref_as_non_null,
	[OP_br_on_null] = walk_control_br_on_null,
	[OP_br_on_non_null] = walk_control_br_on_non_null,
	[OP_struct_new] = walk_ref_struct_new,
	[OP_struct_new_default] = walk_ref_struct_new_default,
	[OP_struct_get] = walk_ref_struct_get,
	[OP_struct_get_s] = walk_ref_struct_get,
	[OP_struct_get_u] = walk_ref_struct_get,
	[OP_struct_set] = walk_ref_struct_set,
	[OP_array_new] = walk_ref_array_new,
	[OP_array_new_default] = walk_ref_array_new_default,
	[OP_array_new_fixed] = walk_ref_array_new_fixed,
	[OP_array_new_data] = walk_ref_array_new_data,
	[OP_array_new_elem] = walk_ref_array_new_elem,
	[OP_array_get] = walk_ref_array_get,
	[OP_array_get_s] = walk_ref_array_get,
	[OP_array_get_u] = walk_ref_array_get,
	[OP_array_set] = walk_ref_array_set,
	[OP_array_len] = walk_ref_array_len,
	[OP_array_fill] = walk_ref_array_fill,
	[OP_array_copy] = walk_ref_array_copy,
	[OP_array_init_data] = walk_ref_array_init_data,
	[OP_array_init_elem] = walk_ref_array_init_elem,
	[OP_ref_test] = walk_ref_test,
	[OP_ref_test_null] = walk_ref_test,
	[OP_ref_cast] = walk_ref_cast,
	[OP_ref_cast_null] = walk_ref_cast,
	[OP_br_on_cast] = walk_control_br_on_cast,
	[OP_br_on_cast_fail] = walk_control_br_on_cast_fail,
	[OP_any_convert_extern] = walk_ref_any_convert_extern,
	[OP_extern_convert_any] = walk_ref_extern_convert_any,
	[OP_ref_i31] = walk_ref_i31,
	[OP_i31_get_s] = walk_ref_i31_get,
	[OP_i31_get_u] = walk_ref_i31_get,
	[OP_memory_copy] = walk_var_memory_copy,
	[OP_table_init] = walk_var_table_init,
	[OP_table_copy] = walk_var_table_copy,
	[OP_table_grow] = walk_var_table_grow,
	[OP_table_size] = walk_var_table_size,
	[OP_table_fill] = walk_var_table_fill,
};

/* Errors */

static void
fail(struct walk *w, enum error_kind kind, const char *format, va_list args)
{
	char text[sizeof w->r.error->text];
	vsnprintf(text, sizeof text, format, args);
	error_at(w->r.error, kind, w->insn.at, "%s", text);
	w->r.at = w->r.end;
}

void
walk_fail(struct walk *w, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fail(w, ERROR_invalid, format, args);
	va_end(args);
}

static void
fail_kind(struct walk *w, enum error_kind kind, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fail(w, kind, format, args);
	va_end(args);
}

/* The first feature of f that the engine has not; FEATURE_count if none. */
static int
missing(const struct walk *w, features f)
{
	int i = 0;
	f &= ~w->m->engine->features;
	while (i < FEATURE_count && (f >> i & 1) == 0)
		i++;
	return i;
}

void
walk_need(struct walk *w, features f)
{
	int i = missing(w, f);
	w->used |= f;
	if (i != FEATURE_count)
		walk_fail(w, "%s is not enabled",
			feature_name((enum feature_index)i));
}

void
walk_need_type(struct walk *w, valtype t)
{
	if ((w->used & bintype_features(t)) == 0)
		walk_need(w, bintype_features(t));
	if ((t & VT_INDEX) != 0 && (t & VT_PAYLOAD) >= w->m->ntypes)
		walk_fail(w, "unknown type %u", (unsigned)(t & VT_PAYLOAD));
}

/* Operands */

NOINLINE bool
walk_reserve(struct walk *w, uint32_t n)
{
	uint32_t room = w->vals_room;
	if (n <= room - w->nvals)
		return true;
	if (n > WALK_FRAME_SLOTS || w->nvals > WALK_FRAME_SLOTS) {
		fail_kind(w, ERROR_limit, "function frame too large");
		return false;
	}
	while (room - w->nvals < n)
		room *= 2;
	valtype *vals = arena_grow(w->arena, w->vals,
		w->vals_room * sizeof *vals, room * sizeof *vals);
	if (vals == NULL) {
		fail_kind(w, ERROR_memory, "out of memory");
		return false;
	}
	w->vals = vals;
	w->vals_room = room;
	return true;
}

bool
walk_matches(const struct walk *w, valtype a, valtype b)
{
	if (a == b || a == VT_BOT)
		return true;
	if (!vt_is_ref(a) || !vt_is_ref(b))
		return false;
	return vt_matches(w->m->engine->types, vt_canon(w->m->types, a),
		vt_canon(w->m->types, b));
}

valtype
walk_pop_any(struct walk *w)
{
	if (w->nvals > w->floor) {
		valtype t = w->vals[--w->nvals];
		w->slots -= vt_slots(t);
		return t;
	}
	if (!walk_top(w)->unreachable)
		walk_fail(w, "type mismatch: instruction requires an operand "
			     "but stack has []");
	return VT_BOT;
}

valtype
walk_pop_ref(struct walk *w)
{
	char has[32];
	valtype t = walk_pop_any(w);
	if (t == VT_BOT)
		return VT_REF_BOT;
	if (vt_is_ref(t))
		return t;
	walk_fail(w,
		"type mismatch: instruction requires reference type "
		"but stack has %s",
		vt_format(t, has));
	return VT_REF_BOT;
}

void
walk_pop_slow(struct walk *w, valtype t)
{
	char wants[32], has[32];
	if (w->nvals == w->floor && !walk_top(w)->unreachable) {
		walk_fail(w,
			"type mismatch: instruction requires [%s] "
			"but stack has []",
			vt_format(t, wants));
		return;
	}
	valtype top = walk_pop_any(w);
	if (!walk_matches(w, top, t))
		walk_fail(w,
			"type mismatch: instruction requires [%s] "
			"but stack has [%s]",
			vt_format(t, wants), vt_format(top, has));
}

void
walk_spend(struct walk *w, uint64_t n)
{
	if (w->budget >= (int64_t)n)
		w->budget -= (int64_t)n;
	else
		fail_kind(w, ERROR_limit, "code moves too many operands");
}

void
walk_pops(struct walk *w, const valtype *t, uint32_t n)
{
	walk_spend(w, n);
	while (n-- > 0)
		walk_pop(w, t[n]);
}

void
walk_pushes(struct walk *w, const valtype *t, uint32_t n)
{
	walk_spend(w, n);
	if (!walk_reserve(w, n))
		return;
	for (uint32_t i = 0; i < n; i++)
		walk_push(w, t[i]);
}

void
walk_unreachable(struct walk *w)
{
	struct ctrl *c = walk_top(w);
	c->unreachable = true;
	w->nvals = c->height;
	w->slots = c->slot_height;
}

/* Lookups */

const struct functype *
walk_func_type(struct walk *w, uint32_t type)
{
	if (type >= w->m->ntypes)
		walk_fail(w, "unknown type %u", (unsigned)type);
	else if (w->m->types[type].comp != COMP_func)
		walk_fail(w, "non-function type %u", (unsigned)type);
	else
		return &w->m->types[type].func;
	return NULL;
}

const struct tabledecl *
walk_table(struct walk *w, uint32_t table)
{
	if (table < w->m->ntables) {
		if (table != 0)
			walk_need(w, FEATURE_REF_TYPES);
		return &w->m->tables[table];
	}
	walk_fail(w, "unknown table %u", (unsigned)table);
	return NULL;
}

const struct limits *
walk_memory(struct walk *w, uint32_t memory)
{
	if (memory < w->m->nmemories) {
		if (memory != 0)
			walk_need(w, FEATURE_MULTI_MEMORY);
		return &w->m->memories[memory];
	}
	walk_fail(w, "unknown memory %u", (unsigned)memory);
	return NULL;
}

const struct elemdecl *
walk_elem(struct walk *w, uint32_t elem)
{
	if (elem < w->m->nelems)
		return &w->m->elems[elem];
	walk_fail(w, "unknown elem segment %u", (unsigned)elem);
	return NULL;
}

void
walk_data(struct walk *w, uint32_t data)
{
	if (w->m->data_count == NO_INDEX)
		fail_kind(w, ERROR_malformed, "data count section required");
	else if (data >= w->m->ndatas)
		walk_fail(w, "unknown data segment %u", (unsigned)data);
}

/* Instructions with a signature */

static valtype
memarg(struct walk *w, const struct op_row *row)
{
	const struct insn *i = &w->insn;
	const struct limits *l = walk_memory(w, i->memory);
	if (l == NULL)
		return VT_I32;
	if (i->align > row->lg)
		walk_fail(w, "alignment must not be larger than natural");
	else if (i->align != row->lg && row->feature == FEATURE_INDEX_THREADS)
		walk_fail(w, "atomic alignment must be natural");
	if (!l->is64 && i->offset > UINT32_MAX)
		walk_fail(w, "offset out of range");
	return walk_address(l);
}

/* Checks the immediate; the type that m stands for. */
static valtype
immediate(struct walk *w, const struct op_row *row)
{
	const struct insn *i = &w->insn;
	const struct limits *l;
	valtype address;
	switch ((enum imm)row->imm) {
	case IMM_MEMARG:
		return memarg(w, row);
	case IMM_MEMARG_LANE:
		address = memarg(w, row);
		if (i->lane >= 16 >> row->lg)
			walk_fail(w, "invalid lane index");
		return address;
	case IMM_DATA_MEMORY:
	case IMM_MEMORY:
		l = walk_memory(w, i->memory);
		if (row->imm == IMM_DATA_MEMORY)
			walk_data(w, i->a);
		return l != NULL ? walk_address(l) : VT_I32;
	case IMM_DATA:
		walk_data(w, i->a);
		return VT_I32;
	case IMM_ELEM:
		walk_elem(w, i->a);
		return VT_I32;
	case IMM_LANE:
		if (i->lane >= row->lg)
			walk_fail(w, "invalid lane index");
		return VT_I32;
	case IMM_SHUFFLE:
		for (int n = 0; n < 16; n++)
			if (i->list[n] >= 32)
				walk_fail(w, "invalid lane index");
		return VT_I32;
	default:
		return VT_I32;
	}
}

static inline valtype
letter_type(char letter, valtype address)
{
	uint8_t t = op_letter_types[(unsigned char)letter];
	return t != 0 ? t : address;
}

static void
by_signature(struct walk *w)
{
	const struct op_row *row = &op_rows[w->insn.op];
	const char *sig = row->sig;
	uint32_t n = 0;
	valtype address = row->imm == IMM_NONE ? VT_I32 : immediate(w, row);
	while (sig[n] != ':')
		n++;
	for (uint32_t i = n; i-- > 0;)
		walk_pop(w, letter_type(sig[i], address));
	for (sig += n + 1; *sig != '\0'; sig++)
		walk_push(w, letter_type(*sig, address));
}

/* The two commonest forms, "x:y" and "xx:y" without immediate. */
static void
unary(struct walk *w)
{
	const char *sig = op_rows[w->insn.op].sig;
	walk_pop(w, letter_type(sig[0], VT_I32));
	walk_push(w, letter_type(sig[2], VT_I32));
}

static void
binary(struct walk *w)
{
	const char *sig = op_rows[w->insn.op].sig;
	walk_pop(w, letter_type(sig[1], VT_I32));
	walk_pop(w, letter_type(sig[0], VT_I32));
	walk_push(w, letter_type(sig[3], VT_I32));
}

/* Loads and stores: "a:y" and "ax:" with a memory's address. */
static void
load(struct walk *w)
{
	const struct op_row *row = &op_rows[w->insn.op];
	walk_pop(w, memarg(w, row));
	walk_push(w, letter_type(row->sig[2], VT_I32));
}

static void
store(struct walk *w)
{
	const struct op_row *row = &op_rows[w->insn.op];
	valtype address = memarg(w, row);
	walk_pop(w, letter_type(row->sig[1], VT_I32));
	walk_pop(w, address);
}

enum form { FORM_any, FORM_unary, FORM_binary, FORM_load, FORM_store };

static walk_rule *const form_rules[] = {
	[FORM_any] = by_signature,
	[FORM_unary] = unary,
	[FORM_binary] = binary,
	[FORM_load] = load,
	[FORM_store] = store,
};

static const uint8_t forms[OP_count] = {
#define OP(id, text, code, imm, sig, lg, feature) \
	IMM_##imm == IMM_MEMARG && sizeof sig == sizeof "m:i" \
		? (sig[1] == ':' ? FORM_load : FORM_store) \
	: IMM_##imm != IMM_NONE	      ? FORM_any \
	: sizeof sig == sizeof "x:y"  ? FORM_unary \
	: sizeof sig == sizeof "xx:y" ? FORM_binary \
				      : FORM_any,
#include "spec/op.def"
};

/* Constant expressions (standard, 3.3.10) */

static NOINLINE bool
is_const(struct walk *w)
{
	const struct module *m = w->m;
	uint32_t a = w->insn.a;
	switch (w->insn.op) {
	case OP_i32_add:
	case OP_i32_sub:
	case OP_i32_mul:
	case OP_i64_add:
	case OP_i64_sub:
	case OP_i64_mul:
		walk_need(w, FEATURE_EXTENDED_CONST);
		return true;
	case OP_global_get:
		if (a < w->nglobals && a >= m->nimported_globals)
			walk_need(w, FEATURE_EXTENDED_CONST);
		return a >= w->nglobals || !m->globals[a].type.mut;
	case OP_i32_const:
	case OP_i64_const:
	case OP_f32_const:
	case OP_f64_const:
	case OP_v128_const:
	case OP_ref_null:
	case OP_ref_func:
	case OP_ref_i31:
	case OP_struct_new:
	case OP_struct_new_default:
	case OP_array_new:
	case OP_array_new_default:
	case OP_array_new_fixed:
	case OP_any_convert_extern:
	case OP_extern_convert_any:
	case OP_end:
		return true;
	default:
		return false;
	}
}

/* The walk */

/* Notes the instruction's feature; it is no opcode if the engine has it not. */
static NOINLINE void
use(struct walk *w, const struct op_row *row)
{
	features f = (features)1 << row->feature;
	w->used |= f;
	if (missing(w, f) == FEATURE_count || w->r.error->kind != ERROR_none)
		return;
	if (row->code > 0xff)
		fail_kind(w, ERROR_malformed,
			"illegal opcode %02x %02x (%s is not enabled)",
			(unsigned)(row->code >> 16),
			(unsigned)(row->code & 0xffff),
			feature_name((enum feature_index)row->feature));
	else
		fail_kind(w, ERROR_malformed,
			"illegal opcode %02x (%s is not enabled)",
			(unsigned)row->code,
			feature_name((enum feature_index)row->feature));
}

bool
walk_next(struct walk *w)
{
	if (w->nctrls == 0 || w->r.error->kind != ERROR_none)
		return false;
	if (UNLIKELY(w->vals_room - w->nvals < WALK_SLACK) &&
		!walk_reserve(w, WALK_SLACK))
		return false;
	code_next(&w->r, &w->insn);
	const struct op_row *row = &op_rows[w->insn.op];
	if ((w->used >> row->feature & 1) == 0)
		use(w, row);
	w->was_unreachable = walk_top(w)->unreachable;
	if (w->func == NO_INDEX && !is_const(w))
		walk_fail(w, "constant expression required");
	walk_rule *rule = rules[w->insn.op];
	if (rule == NULL)
		rule = form_rules[forms[w->insn.op]];
	rule(w);
	return w->r.error->kind == ERROR_none;
}

/* Sets up the stacks with the frame of the body. */
static struct ctrl *
start(struct walk *w, const struct module *m, uint32_t func, struct range range,
	struct arena *a, struct error *error)
{
	memset(w, 0, sizeof *w);
	w->m = m;
	w->arena = a;
	w->func = func;
	w->insn.at = range.offset;
	w->r.start = m->bytes;
	w->r.at = m->bytes + range.offset;
	w->r.end = m->bytes + m->len;
	w->r.error = error;
	w->code_end = w->r.at + range.len;
	w->budget = INT64_MAX;
	w->vals_room = 64;
	w->ctrls_room = 16;
	w->vals = arena_room(a, w->vals_room * sizeof *w->vals);
	w->ctrls = arena_room(a, w->ctrls_room * sizeof *w->ctrls);
	if (w->vals == NULL || w->ctrls == NULL) {
		fail_kind(w, ERROR_memory, "out of memory");
		return NULL;
	}
	w->nctrls = 1;
	w->ctrls[0] = (struct ctrl){ .op = OP_block };
	return &w->ctrls[0];
}

/* Declares n locals of type t from index first on. */
static void
add_locals(
	struct walk *w, valtype *types, uint32_t *slots, uint32_t n, valtype t)
{
	for (uint32_t i = 0; i < n; i++) {
		types[w->nlocals] = t;
		slots[w->nlocals++] = w->local_slot_count;
		w->local_slot_count += vt_slots(t);
	}
}

/* The locals that must be set before they are read. */
static void
track_inits(struct walk *w, uint32_t nparams)
{
	uint32_t unset = 0;
	for (uint32_t i = nparams; i < w->nlocals; i++)
		unset += !vt_defaultable(w->locals[i]);
	if (unset == 0)
		return;
	w->inits = arena_alloc(w->arena, w->nlocals);
	w->init_stack = arena_array(w->arena, unset, sizeof *w->init_stack);
	if (w->inits == NULL || w->init_stack == NULL) {
		w->inits = NULL;
		fail_kind(w, ERROR_memory, "out of memory");
		return;
	}
	for (uint32_t i = 0; i < w->nlocals; i++)
		w->inits[i] = i < nparams || vt_defaultable(w->locals[i]);
}

/* Reads the local declarations, which the decoder has found well-formed. */
static void
read_locals(
	struct walk *w, const struct funcdecl *f, const struct functype *type)
{
	valtype *types = arena_array(w->arena, f->nlocals, sizeof *types);
	uint32_t *slots = arena_array(w->arena, f->nlocals, sizeof *slots);
	if (types == NULL || slots == NULL) {
		fail_kind(w, ERROR_memory, "out of memory");
		return;
	}
	w->locals = types;
	w->local_slots = slots;
	for (uint32_t i = 0; i < type->nparams; i++)
		add_locals(w, types, slots, 1, type->params[i]);
	uint32_t groups = reader_u32(&w->r);
	for (uint32_t i = 0; i < groups; i++) {
		uint32_t n = reader_u32(&w->r);
		valtype t = bintype_val(&w->r);
		walk_need_type(w, t);
		add_locals(w, types, slots, n, t);
	}
	assert((w->nlocals == f->nlocals || w->r.error->kind != ERROR_none) &&
		"as the decoder counted");
	if (w->local_slot_count > WALK_FRAME_SLOTS)
		fail_kind(w, ERROR_limit, "function frame too large");
	track_inits(w, type->nparams);
}

void
walk_init(struct walk *w, const struct module *m, uint32_t func,
	struct arena *a, struct error *error)
{
	const struct funcdecl *f = &m->funcs[func];
	struct ctrl *c = start(w, m, func, f->body, a, error);
	if (c == NULL)
		return;
	const struct functype *type = &m->types[f->type].func;
	c->nresults = type->nresults;
	c->results = type->results;
	w->nglobals = m->nglobals;
	read_locals(w, f, type);
}

void
walk_init_const(struct walk *w, const struct module *m, struct range range,
	valtype type, uint32_t nglobals, struct arena *a, struct error *error)
{
	struct ctrl *c = start(w, m, NO_INDEX, range, a, error);
	if (c == NULL)
		return;
	c->one = type;
	c->nresults = 1;
	c->results = &c->one;
	w->nglobals = nglobals;
}
