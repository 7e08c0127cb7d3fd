/*
 * The translator's state: the symbolic operand stack, what the accumulators
 * mirror, the cells so far.  Everything that emits a cell goes through here.
 *
 * An operand is a local, a constant or a temporary at its home slot, and
 * becomes a cell's operand where it is used.  A result goes to its home; the
 * cell that made it (`last`) may still be changed by the next instruction.
 */
#ifndef INTERP_EMIT_H
#define INTERP_EMIT_H

#include "interp/bc.h"
#include "interp/cell.h"
#include "spec/op.h"
#include "spec/validate.h"

#define NO_SLOT UINT32_MAX
#define NONE UINT32_MAX

enum operand_kind { OPERAND_local, OPERAND_const, OPERAND_temp };

struct operand {
	uint8_t kind;
	valtype type;
	uint32_t home; /* its slot as a temporary */
	uint32_t slot; /* where it is now: local or temp */
	uint32_t link; /* local: next deeper operand of the same local + 1 */
	uint32_t cell; /* temp: the cell that made it */
	uint64_t bits; /* const */
};

/* Slots whose value the accumulators hold too. */
struct mirrors {
	uint32_t i, s, d, v; /* integers and references, f32, f64, v128 */
};

/* Something waiting for a label: a target in cells, relative to base. */
struct patch {
	uint32_t base;	/* cell that the target counts from; NONE: */
	uint32_t where; /* byte offset of the 32 bits to fill; the clause */
	uint32_t next;	/* of the same label, or NONE */
};

/* Beside the walk's frame of the same depth, which has the types. */
struct label {
	uint8_t op;		/* OP_block, OP_loop, OP_if, OP_else */
	bool dead;		/* the block itself cannot be reached */
	uint32_t height;	/* operands below its parameters */
	uint32_t start;		/* loop: its cell */
	uint32_t patches;	/* to the end */
	uint32_t within;	/* the try_table around it, or NONE */
	uint32_t otherwise;	/* if: patch of the false edge, or NONE */
	struct mirrors mirrors; /* if: at the false edge */
};

/* The cell that made the newest temporary, as far as it may be changed. */
struct made {
	uint32_t cell; /* NONE: not to be changed */
	uint16_t op;   /* enum op, or OP_nop */
	uint16_t bc;   /* first form of its family */
	uint8_t form;
	struct mirrors before;
};

/* A catch clause. */
struct clause {
	uint8_t kind; /* enum catch_kind */
	uint32_t tag;
	uint32_t home;	 /* slot of the first operand that its label takes */
	uint32_t target; /* cell of the label */
};

/* A try_table with clauses. */
struct handlers {
	uint32_t first, count; /* its clauses */
	uint32_t outer;	       /* the try_table around it, or NONE */
	uint32_t cell;	       /* of its table, at last */
};

struct translator {
	struct walk w;
	struct module *m;
	struct arena *a;
	struct error *error;
	const union word *words;

	struct cell *cells;
	uint16_t *handlers; /* per cell: enum bc, for interp/pair.h */
	uint32_t *offsets;
	uint32_t ncells, cells_room;

	struct operand *stack;
	uint32_t nstack, stack_room;
	uint32_t clean;	   /* operands below are no locals */
	uint32_t *pending; /* per local: topmost operand that is it + 1 */

	struct label *labels;
	uint32_t nlabels, labels_room;
	struct patch *patches;
	uint32_t npatches, patches_room;

	uint32_t temps; /* slot of the first temporary */
	struct mirrors mirrors;
	struct made last;
	struct made older;  /* the one whose result it took from acc */
	uint32_t increment; /* newest cell: x += imm; else NONE */
	uint32_t copied;    /* newest cell: a copy; else NONE */
	uint32_t charge; /* cell that charges this run of instructions, or NONE
			  */
	bool dead;	 /* here nothing arrives */
	bool leaves;	 /* a call may leave the instance */

	struct handlers *tries;
	uint32_t ntries, tries_room;
	struct clause *clauses;
	uint32_t nclauses, clauses_room;
	uint32_t *ways; /* cells that are to have the way to a table */
	uint32_t nways, ways_room;
	uint32_t within; /* the innermost try_table with clauses, or NONE */

	bool maps_wanted;
	uint32_t *maps; /* as struct translation has them */
	uint32_t nmaps, maps_room;
};

/* The accumulators hold nothing of use. */
struct mirrors
emit_no_mirrors(void);

/* Room for one more; false when out of memory. */
bool
emit_grow(struct translator *t, void **array, uint32_t *room, uint32_t want,
	size_t size);

/* A label: what runs here may come from elsewhere. */
void
emit_forget(struct translator *t);

/* Where it is kept which slot the accumulator of type holds too. */
uint32_t *
emit_mirror(struct translator *t, valtype type);

/* slot was written, past the accumulators. */
void
emit_wrote(struct translator *t, uint32_t slot);

/* The cell gets another handler. */
void
emit_handler(struct translator *t, uint32_t cell, uint32_t bc);

/* The first n cells run in pairs where the loop has a handler. */
void
emit_pairs(struct translator *t, uint32_t n);

/* A new cell; on failure one that is overwritten by the next. */
struct cell *
emit_cell(struct translator *t, uint32_t bc);

/* n words after the newest cell, in so many cells. */
void
emit_words(struct translator *t, const uint32_t *words, uint32_t n,
	uint32_t cells);

/* Cells that n words fill when a site is to follow them. */
uint32_t
emit_site_cells(const struct translator *t, uint32_t n);

/*
 * The n words of a call, or of what else may throw, and what belongs before
 * its site; the next cell is the site.
 */
void
emit_site(struct translator *t, const uint32_t *words, uint32_t n,
	uint32_t distance);

/* The slot of the temporary that would be pushed now. */
uint32_t
emit_next_home(const struct translator *t);

/* A new operand at its home; valid until the next push. */
struct operand *
emit_push(struct translator *t, uint8_t kind, valtype type);

/* bits as the standard has them, i32 and f32 in the low half. */
void
emit_push_const(struct translator *t, valtype type, uint64_t bits);

/* The value that the local has now. */
void
emit_push_local(struct translator *t, uint32_t local);

/* The top operand, taken from the stack. */
struct operand
emit_pop(struct translator *t);

/* Drops operands until height of them are left. */
void
emit_drop_to(struct translator *t, uint32_t height);

/* The newest cell made operand o and may still be changed. */
bool
emit_is_last(const struct translator *t, const struct operand *o);

/* dst = operand, by a cell of its own. */
void
emit_copy(struct translator *t, uint32_t dst, const struct operand *o);

/* A slot that holds o, which was popped: its home if it is a constant. */
uint32_t
emit_slot_of(struct translator *t, struct operand *o);

/* o is in the accumulator of its type. */
bool
emit_in_acc(struct translator *t, const struct operand *o);

/* Stack entry i to its home. */
void
emit_bring_home(struct translator *t, uint32_t i);

/* The n topmost entries to their homes, locals last pushed first. */
void
emit_bring_home_top(struct translator *t, uint32_t n);

/* No operand is a local any more: a block begins, which may set it. */
void
emit_settle_locals(struct translator *t);

/* made.cell, the newest, made a temporary of this type at its home. */
void
emit_push_result(struct translator *t, valtype type, struct made made);

/* The same for cells that leave the bits of any type in acc. */
void
emit_push_result_bits(struct translator *t, valtype type);

/* The newest cell is taken back; its operands are used by another. */
struct cell
emit_take_back(struct translator *t);

/* Charges units to the present run of instructions. */
void
emit_charge(struct translator *t, uint32_t units);

/*
 * The next cell is a site at which the store may collect: records the slots
 * that hold references then, if maps are wanted.  To be called when the cells
 * of a call, an allocation or a throw are complete and before anything else is
 * emitted: with the arguments popped for a call (they are the callee's), with
 * all operands still on the stack for what allocates, before results are
 * pushed.  The exit pair names this next cell.
 */
void
emit_safepoint(struct translator *t);

/* Counts for the second tier, if it wants that: entries, iterations. */
void
emit_count(struct translator *t);
void
emit_count_loop(struct translator *t);

/* A place that all long runs pass: function entry and loop heads. */
void
emit_poll(struct translator *t, bool entry);

/* The same for the tracer; no operand is a local. */
void
emit_trace(struct translator *t);

#endif
