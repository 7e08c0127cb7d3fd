/*
 * The walker's insides: its stacks, as the rules of the instructions use them.
 * Private to spec/walk*.c and spec/validate.c; everyone else has validate.h.
 * After an error everything stays safe to call and means nothing.
 */
#ifndef SPEC_WALK_H
#define SPEC_WALK_H

#include "spec/engine.h"
#include "spec/module.h"
#include "spec/validate.h"
#include "trap/error.h"

/* The reference to an unknown heap type, met in dead code. */
#define VT_REF_BOT VT_REF

/* Operands that a rule may push without walk_reserve. */
#define WALK_SLACK 8

/* A limit of ours: slots of locals and operands together. */
#define WALK_FRAME_SLOTS 65000

/* The typing rule of one instruction, w->insn. */
typedef void
walk_rule(struct walk *w);

/*
 * Starts a walk over a constant expression of the given type that may name the
 * globals below nglobals.
 */
void
walk_init_const(struct walk *w, const struct module *m, struct range range,
	valtype type, uint32_t nglobals, struct arena *a, struct error *error);

/*
 * Takes the plain instructions that come next, as many as are in order; w->insn
 * tells nothing of them.  For whoever wants only the verdict of walk_next, and
 * while there is no error.
 */
void
walk_plain(struct walk *w);

/* Records the invalid text at the instruction and stops the walk. */
void
walk_fail(struct walk *w, const char *format, ...);

/* Records that code uses f; invalid if the engine has it not. */
void
walk_need(struct walk *w, features f);

/* The same for a value type in an immediate; its index is checked too. */
void
walk_need_type(struct walk *w, valtype t);

/*
 * Takes n from the budget: a call or block of a byte or two may move 1000
 * operands, which is work for the validator and cells for the interpreter.
 */
void
walk_spend(struct walk *w, uint64_t n);

/* Room for n more operands; false and the error when there is none. */
bool
walk_reserve(struct walk *w, uint32_t n);

/* Pops the topmost operand; VT_BOT when dead code has none. */
valtype
walk_pop_any(struct walk *w);

/* Pops a reference; VT_REF_BOT when it is unknown. */
valtype
walk_pop_ref(struct walk *w);

/* Pops an operand that is none or not simply equal to t. */
void
walk_pop_slow(struct walk *w, valtype t);

/* Pops n operands of the types t, the last first; pushes them, the first first.
 */
void
walk_pops(struct walk *w, const valtype *t, uint32_t n);
void
walk_pushes(struct walk *w, const valtype *t, uint32_t n);

/* Types of this module: a <= b. */
bool
walk_matches(const struct walk *w, valtype a, valtype b);

/* The rest of the innermost block is dead code. */
void
walk_unreachable(struct walk *w);

/* The innermost frame. */
static inline struct ctrl *
walk_top(const struct walk *w)
{
	return &w->ctrls[w->nctrls - 1];
}

static inline void
walk_push(struct walk *w, valtype t)
{
	w->vals[w->nvals++] = t;
	w->slots += vt_slots(t);
	if (w->slots > w->max_slots)
		w->max_slots = w->slots;
}

static inline void
walk_pop(struct walk *w, valtype t)
{
	if (w->nvals > w->floor && w->vals[w->nvals - 1] == t) {
		w->nvals--;
		w->slots -= vt_slots(t);
	} else {
		walk_pop_slow(w, t);
	}
}

/* Lookups: NULL and the error ("unknown ..") when the index is out of range. */
const struct functype *
walk_func_type(struct walk *w, uint32_t type);
const struct tabledecl *
walk_table(struct walk *w, uint32_t table);
const struct limits *
walk_memory(struct walk *w, uint32_t memory);
const struct elemdecl *
walk_elem(struct walk *w, uint32_t elem);
void
walk_data(struct walk *w, uint32_t data);

static inline valtype
walk_address(const struct limits *l)
{
	return l->is64 ? VT_I64 : VT_I32;
}

/* walk_control.c: blocks, branches, calls, exceptions */
walk_rule walk_control_unreachable, walk_control_block, walk_control_if,
	walk_control_else, walk_control_end, walk_control_br,
	walk_control_br_if, walk_control_br_table, walk_control_return,
	walk_control_call, walk_control_call_indirect, walk_control_call_ref,
	walk_control_return_call, walk_control_return_call_indirect,
	walk_control_return_call_ref, walk_control_throw,
	walk_control_throw_ref, walk_control_try_table, walk_control_br_on_null,
	walk_control_br_on_non_null, walk_control_br_on_cast,
	walk_control_br_on_cast_fail;

/* walk_var.c: parametric instructions, variables, tables, memory.copy */
walk_rule walk_var_drop, walk_var_select, walk_var_select_t, walk_var_local_get,
	walk_var_local_set, walk_var_local_tee, walk_var_global_get,
	walk_var_global_set, walk_var_table_get, walk_var_table_set,
	walk_var_table_init, walk_var_table_copy, walk_var_table_grow,
	walk_var_table_size, walk_var_table_fill, walk_var_memory_copy;

/* walk_ref.c: references, structures, arrays */
walk_rule walk_ref_null, walk_ref_is_null, walk_ref_func, walk_ref_eq,
	walk_ref_as_non_null, walk_ref_struct_new, walk_ref_struct_new_default,
	walk_ref_struct_get, walk_ref_struct_set, walk_ref_array_new,
	walk_ref_array_new_default, walk_ref_array_new_fixed,
	walk_ref_array_new_data, walk_ref_array_new_elem, walk_ref_array_get,
	walk_ref_array_set, walk_ref_array_len, walk_ref_array_fill,
	walk_ref_array_copy, walk_ref_array_init_data, walk_ref_array_init_elem,
	walk_ref_test, walk_ref_cast, walk_ref_any_convert_extern,
	walk_ref_extern_convert_any, walk_ref_i31, walk_ref_i31_get;

#endif
