/*
 * Blocks, edges and labels.  An edge to a label that is still to come waits in
 * the label's list with what was true where it left; at the label all of them
 * are known, and only what differs becomes a phi.  A loop's head has a phi for
 * each parameter and for each local that the loop sets, and takes edges at
 * once.
 */
#ifndef JIT_FLOW_H
#define JIT_FLOW_H

#include "jit/value.h"

struct label {
	uint8_t op;  /* of the frame; OP_else for its arm */
	bool dead;   /* the whole frame is unreachable */
	bool negate; /* `condition` was 0 where the if's arm was taken */
	bool met, unreached; /* as the code has it (flow_meet): a branch leads
				here; it begins after one */
	uint32_t height;     /* of the operands below its own */
	uint32_t nparams, nresults;
	uint32_t arity;		 /* operands that a branch to it carries */
	uint32_t first, last, n; /* edges that wait, by edge.next */
	uint32_t otherwise;	 /* an if's to its else, or NO_EDGE */
	uint32_t condition;	 /* an if's, that chose; 0: none */
	uint32_t mark;		 /* facts when it began */
	uint32_t joined; /* facts that were there on all edges, and still are */
	uint32_t cut;	 /* fewest facts that there were since it began */
	uint32_t loop;	 /* loops: index in ir */
	uint32_t nth;	 /* loops: in the order of the code */
};

/* An edge that waits: what was true where it left. */
struct waiting {
	uint32_t version; /* of the locals */
	uint32_t carried; /* its operands, in builder.carried */
	uint32_t epochs;  /* row of builder.saved */
	uint32_t row;	  /* blocks before its own that wait for the label */
};

/* The function's first block and the body's frame. */
void
flow_begin(struct builder *b);

/* block, loop, if, try_table. */
void
flow_block(struct builder *b, enum op op, uint32_t nparams, uint32_t nresults);
void
flow_else(struct builder *b);
/* end of a frame; what follows is live again if edges wait for it. */
void
flow_end(struct builder *b);

/*
 * With fuel, before each step.  Where the code has a label to which a branch
 * leads a run of instructions begins, although the branch may be known never to
 * be taken.
 */
void
flow_meet(struct builder *b);

void
flow_br(struct builder *b, uint32_t depth);
/* Goes to the label if the i32 c is not 0, or, with `negate`, if it is. */
void
flow_br_if(struct builder *b, uint32_t depth, uint32_t c, bool negate);
void
flow_br_table(struct builder *b, uint32_t index);
/* The operands on top are the results. */
void
flow_return(struct builder *b);

/*
 * For jit/build_inline.h: the labels are those of a body that begins in the
 * open block, and where it returns follows its end.  Then the labels are again
 * those around it; l was its frame's.
 */
void
flow_enter(struct builder *b);
void
flow_left(struct builder *b, const struct label *l);

/* For jit/build_except.h: */

/* A label that is no frame's, over so many operands. */
struct label
flow_label(struct builder *b, uint32_t height);
/* What is open ends with a branch to l, with the top n operands. */
void
flow_wait(struct builder *b, struct label *l, uint32_t n);
/* The innermost frame is none any more, and nothing is known that was not
 * before it.  What waits for its label still does. */
struct label
flow_close(struct builder *b);
/* The edges that wait for l, some at least, arrive: n results on the stack. */
void
flow_arrive(struct builder *b, struct label *l, uint32_t n);
/* The open block ends in a try, right after a call; aux words of the clauses.
 * Then come its edges, then what follows the call, by the edge returned. */
uint32_t
flow_try_begin(struct builder *b, uint32_t words);
void
flow_try_edge(struct builder *b, struct label *l);
void
flow_try_end(struct builder *b, uint32_t past);

/* Ends the open block with an instruction that has no edges. */
void
flow_stop(
	struct builder *b, unsigned op, uint32_t x, uint32_t z, unsigned trap);

#endif
