/*
 * The third pass, forward: registers are given out, instructions selected and
 * encoded, in one go.  Here is what is where; the machine's files (x64_*.c) ask
 * for registers and encode.
 *
 * A value is in a register, at its home (a slot of the frame), or both; a
 * constant is made where it is used.  A home is written at most once on every
 * way; no register survives a call, so what lives on is brought home before.
 * Every block has one state at its start: the first edge into it (for a loop,
 * the one from above) decides, the others move things to match.
 *
 * frame: parameters' slots, then homes | link of a callee
 */
#ifndef JIT_ALLOC_H
#define JIT_ALLOC_H

#include <assert.h>

#include "jit/analyse.h"
#include "jit/machine.h"

#define NO_REG 0xff
#define NO_SLOT UINT32_MAX

/* A set of registers: bit r is register r of machine.h. */
typedef uint32_t regset;

/* What is where at the start of a block. */
struct state {
	regset used;		     /* registers that hold something */
	regset homed;		     /* it is at home as well */
	uint32_t held[MACHINE_REGS]; /* by each of these */
};

/* A free slot, or one to be free after a position. */
struct spare {
	uint32_t slot, next;
};

struct move;

struct alloc {
	struct ir *ir;
	struct analysis *an;
	struct machine *machine; /* the encoder's side */
	uint32_t position;	 /* node at hand */
	bool at_end;	/* it ends its block: edges want its operands too */
	uint32_t head;	/* first node of the innermost loop's head */
	uint32_t reach; /* end of the nodes that ways forward lead to */
	struct state now;
	uint8_t *reg;	       /* per value: its register, or NO_REG */
	uint32_t *home;	       /* per value: its slot, or NO_SLOT */
	uint8_t *hint;	       /* per value: register where it will be wanted */
	uint8_t *start;	       /* per phi: its register where its block begins,
				  or NO_REG */
	regset pinned;	       /* not to be given out in this instruction */
	struct state **at;     /* per block */
	struct state *states;  /* room for as many as are not made yet */
	struct view *views;    /* per block */
	uint32_t nslots;       /* of the frame so far */
	uint32_t free[2];      /* spare slots of one and two: lists */
	uint32_t *ending;      /* per position: values whose homes end */
	uint32_t *next_ending; /* per value */
	struct spare *spares;
	uint32_t nspares, spares_room;
	struct move *moves; /* those at hand */
	uint32_t moves_room;
	regset few;	 /* those to give out where any will do */
	uint32_t random; /* state of the choice among them, or 0 */
	bool failed;	 /* out of memory */
};

/* Registers and slots that a value of the type may be in. */
static inline regset
alloc_class(enum ir_type type)
{
	return type >= TYPE_f32 ? MACHINE_FLOATS : MACHINE_INTS;
}

static inline uint32_t
alloc_type(const struct alloc *al, uint32_t v)
{
	return al->ir->nodes[v].type;
}

/* v is made anew wherever it is wanted. */
static inline bool
alloc_is_const(const struct alloc *al, uint32_t v)
{
	uint16_t op = al->ir->nodes[v].op;
	return op == IR_const || op == IR_instance;
}

/* False when out of memory. */
bool
alloc_init(struct alloc *al, struct ir *ir, struct analysis *an,
	struct machine *machine);

/*
 * For tests, to make rare paths common: where any register will do, only so
 * many of each class are given out (0: all), chosen by chance (0: the lowest).
 */
void
alloc_vary(struct alloc *al, unsigned registers, uint32_t seed);

/* Block b begins at its state; false if nothing leads to it. */
bool
alloc_begin(struct alloc *al, uint32_t b);

/* Brings v, which is in none of them, into a register of `among`, pinned. */
int
alloc_bring(struct alloc *al, uint32_t v, regset among);

/* v in a register, of those in `among`, and pinned. */
static inline int
alloc_use_in(struct alloc *al, uint32_t v, regset among)
{
	uint32_t r = al->reg[v];
	if (r == NO_REG || (among >> r & 1) == 0)
		return alloc_bring(al, v, among);
	al->pinned |= (regset)1 << r;
	return (int)r;
}

/* Of any that it may be in. */
static inline int
alloc_use(struct alloc *al, uint32_t v)
{
	uint32_t r = al->reg[v];
	if (r == NO_REG)
		return alloc_bring(al, v, alloc_class(alloc_type(al, v)));
	al->pinned |= (regset)1 << r;
	return (int)r;
}

/* The same as alloc_lives, where v has uses behind what ways forward lead to.
 */
bool
alloc_lives_far(const struct alloc *al, uint32_t v);

/* v is needed after this instruction. */
static inline bool
alloc_lives(const struct alloc *al, uint32_t v)
{
	uint32_t last = al->an->lives[v].last;
	if (last <= al->position)
		return false;
	return v < al->head || last < al->reach || alloc_lives_far(al, v);
}

/* v is in no register but at home: may be an operand in memory. */
bool
alloc_at_home(const struct alloc *al, uint32_t v);

/* v, which is in a register, leaves it if it is dead. */
void
alloc_leave_dead(struct alloc *al, uint32_t v);

/* The node at hand uses its operands no more: dead ones leave. */
static inline void
alloc_done(struct alloc *al, uint32_t v)
{
	if (v != 0 && al->reg[v] != NO_REG && !al->at_end)
		alloc_leave_dead(al, v);
}

/* A register of the set with nothing in it, pinned. */
int
alloc_free_in(struct alloc *al, regset among);

/* Register r with nothing in it, pinned: what is there moves away. */
void
alloc_clear(struct alloc *al, int r);

/* v is now in register r, which is free or holds a dying value. */
void
alloc_define(struct alloc *al, uint32_t v, int r);

/* A register for the result v: its hint or `like`, if that dies here. */
int
alloc_result(struct alloc *al, uint32_t v, uint32_t like);

/* The slot of v's home. */
uint32_t
alloc_home(struct alloc *al, uint32_t v);

/* All that lives on is at home too: before a call. */
void
alloc_empty(struct alloc *al);

/* Nothing is in a register: after a call. */
void
alloc_forget(struct alloc *al);

/* Nothing is in a register until alloc_back gives *kept back: where what was
 * called has thrown. */
void
alloc_leave(struct alloc *al, struct state *kept);
void
alloc_back(struct alloc *al, const struct state *kept);

/* The homes that end here are spare. */
void
alloc_spare(struct alloc *al);

/* The end of the instruction: nothing is pinned, ended homes are spare. */
static inline void
alloc_next(struct alloc *al)
{
	al->pinned = 0;
	if (al->ending[al->position] != 0)
		alloc_spare(al);
}

/* Something to be moved: all sources are read before a target is written. */
enum { MOVE_reg, MOVE_slot, MOVE_const };
struct move {
	uint8_t from;
	uint8_t type;
	bool to_slot;
	bool done;
	uint32_t source;      /* register, slot or value of a constant */
	uint32_t target;      /* register or slot */
	regset reads, writes; /* or MACHINE_SLOTS */
};

static inline void
move_from(struct move *m, uint8_t from, uint32_t source)
{
	m->from = from;
	m->source = source;
	m->reads = from == MOVE_reg    ? (regset)1 << source
		   : from == MOVE_slot ? MACHINE_SLOTS
				       : 0;
}

static inline void
move_to(struct move *m, bool to_slot, uint32_t target)
{
	m->to_slot = to_slot;
	m->target = target;
	m->writes = to_slot ? MACHINE_SLOTS : (regset)1 << target;
}

/* Room for n moves, in al->moves until the next ones; NULL when out of memory.
 */
struct move *
alloc_room(struct alloc *al, uint32_t n);

/* *m moves v to a register or, with to_slot, to a slot; 0 if it is there, else
 * 1: moves so far. */
static inline uint32_t
alloc_move(const struct alloc *al, uint32_t v, bool to_slot, uint32_t target,
	struct move *m)
{
	uint32_t r = al->reg[v];
	m->type = al->ir->nodes[v].type;
	move_to(m, to_slot, target);
	if (r != NO_REG) {
		move_from(m, MOVE_reg, r);
		return to_slot | (r != target);
	}
	if (alloc_is_const(al, v)) {
		move_from(m, MOVE_const, v);
		return 1;
	}
	assert(al->home[v] != NO_SLOT && "v was made before");
	move_from(m, MOVE_slot, al->home[v]);
	return !to_slot | (m->source != target);
}

/* The moves that bring v from a slot to where it is now: 0 to 2 of them. */
uint32_t
alloc_take(
	const struct alloc *al, uint32_t v, uint32_t slot, struct move *moves);

/* Moves all at once, with the machine's scratch registers: things that are not
 * where they go to. */
void
alloc_move_all(struct alloc *al, struct move *moves, uint32_t n);

/* As alloc_edge_moves, without a look at whether there are any. */
uint32_t
alloc_moves_of(struct alloc *al, uint32_t e);

/*
 * Edge e gives its target a state if it has none.  What makes the present state
 * match that of the target: so many moves, in al->moves.
 *
 * An edge to a block that no other leads to moves nothing: its end is as the
 * block wants it.  What it is left with by the block right before it stays
 * where it is until it begins.
 */
static inline uint32_t
alloc_edge_moves(struct alloc *al, uint32_t edge)
{
	const struct edge *e = &al->ir->edges[edge];
	struct state **to = &al->at[e->to];
	if (al->ir->blocks[e->to].nin != 1)
		return alloc_moves_of(al, edge);
	if (*to == NULL && e->to == e->from + 1 && !ir_is_thrown(al->ir, edge))
		*to = &al->now;
	return *to != NULL ? 0 : alloc_moves_of(al, edge);
}

/* Takes edge e: makes its moves.  The present state stays. */
static inline void
alloc_edge(struct alloc *al, uint32_t e)
{
	uint32_t n = alloc_edge_moves(al, e);
	if (n != 0)
		alloc_move_all(al, al->moves, n);
}

/* The n moves in al->moves go to registers alone, to none that edge `other`
 * wants, so that they may come first. */
bool
alloc_edge_spares(struct alloc *al, uint32_t n, uint32_t other);

#endif
