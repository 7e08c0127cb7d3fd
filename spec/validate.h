/*
 * The walker: validation of code (standard, 3.4 and appendix 7.3) one
 * instruction at a time.  It keeps the control stack and the operand types;
 * the validator runs it to the end, the translators take a step, then look at
 * its stacks: independent sinks of one walk.
 */
#ifndef SPEC_VALIDATE_H
#define SPEC_VALIDATE_H

#include "spec/code.h"
#include "spec/reader.h"
#include "spec/type.h"

struct arena;
struct error;
struct module;

/* A frame of the control stack (appendix 7.3). */
struct ctrl {
	uint8_t op; /* OP_block, OP_loop, OP_if, OP_else, OP_try_table; the body
		       itself is an OP_block */
	bool unreachable;
	uint32_t height;      /* of the operand stack at its start, values */
	uint32_t slot_height; /* the same in slots */
	uint32_t init_height; /* of the stack of locals set so far */
	uint32_t nparams, nresults;
	const valtype *params, *results;
	valtype one; /* room for a single result */
};

struct walk {
	const struct module *m;
	struct arena *arena; /* phase memory for the stacks */
	struct reader r;
	struct insn insn;     /* the instruction just taken */
	uint32_t func;	      /* function index, NO_INDEX for an expression */
	bool was_unreachable; /* insn stands in dead code */
	struct ctrl ended; /* OP_end and OP_else: the frame that insn closed */

	uint32_t nlocals;
	const valtype *locals;	     /* types, parameters first */
	const uint32_t *local_slots; /* first slot of each local */
	uint32_t local_slot_count;

	valtype *vals; /* operand types; VT_BOT is unknown */
	uint32_t nvals, vals_room;
	uint32_t slots, max_slots; /* of the operand stack now, and at most */
	struct ctrl *ctrls;	   /* outermost first */
	uint32_t nctrls, ctrls_room;

	int64_t budget; /* operands that calls, blocks and branches may yet
			   move; the validator limits it */
	uint8_t *inits; /* non-defaultable locals: set yet? or NULL */
	uint32_t *init_stack; /* locals set, in order */
	uint32_t ninit_stack;
	features used;

	/* private */
	const uint8_t *code_end; /* of the body or expression */
	uint32_t floor;		 /* operand height of the innermost frame */
	uint32_t nglobals;	 /* that an expression may name */
};

/*
 * Starts a walk over the body of function func.  Memory comes from a.  Errors
 * go to *error, sticky.
 */
void
walk_init(struct walk *w, const struct module *m, uint32_t func,
	struct arena *a, struct error *error);

/*
 * Takes one instruction: decodes it into w->insn, checks it and applies its
 * effect on the stacks.  False after the last end and on error.  For br,
 * br_table, return and the like the operands are popped and the rest of the
 * block is unreachable afterwards.
 */
bool
walk_next(struct walk *w);

/* The frame that label l (0 = innermost) of the present stacks names. */
static inline struct ctrl *
walk_label(const struct walk *w, uint32_t l)
{
	return &w->ctrls[w->nctrls - 1 - l];
}

/* Types that a branch to the frame carries: parameters of a loop, else results.
 */
static inline const valtype *
walk_label_types(const struct ctrl *c, uint32_t *n)
{
	*n = c->op == OP_loop ? c->nparams : c->nresults;
	return c->op == OP_loop ? c->params : c->results;
}

/*
 * Validates the whole module (standard, 3.5) and fills in funcdecl.frame_slots
 * and module.used.  The first error is left in *error.
 */
void
validate_module(struct module *m, struct error *error);

#endif
