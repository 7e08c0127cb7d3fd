/*
 * Nodes while a function is built: appended to the open block, constants and
 * equal values found again.
 *
 * What is known stands in one stack of facts, newest last, found by hash.  A
 * fact holds for what the block that made it dominates: where paths join, facts
 * younger than the common part are cut off.  A fact about memory, globals or
 * tables holds for one epoch of these; each possible write begins another.
 *
 * Private to jit/build*.c and the files that they include.
 */
#ifndef JIT_VALUE_H
#define JIT_VALUE_H

#include "jit/build.h"
#include "spec/module.h"
#include "spec/validate.h"
#include "trap/likely.h"

#define NO_EDGE NO_BLOCK

/* What a read depends on; nothing writes what is `fixed`. */
enum state {
	STATE_fixed,
	STATE_memory,
	STATE_size, /* of memories */
	STATE_global,
	STATE_table,
	STATE_element, /* of arrays */
	STATE_field,   /* of structures, by their place; as many as make the
			  epochs whole vectors of four: */
	STATE_last_field = STATE_field + 5,
	STATE_count,
};

/* Numbers of the writes that a path has met last. */
struct epochs {
	uint32_t of[STATE_count];
};

/* Epochs as they were where paths left, which most do with the same. */
struct saved {
	struct epochs *rows;
	uint32_t n, room;
	uint32_t now; /* row like those of now, or NO_ROW */
};

#define NO_ROW UINT32_MAX

/* A value is known for a node like this one; of a load, which has aux, with the
 * offset in b and the memory in c. */
struct fact {
	struct node node;
	uint32_t epoch; /* of the state that it reads */
	uint32_t value;
	uint32_t next; /* fact of the same bucket + 1, or 0 */
	uint32_t bucket;
};

struct facts {
	struct fact *rows;
	uint32_t n, room;  /* as many rows as buckets, a power of two */
	uint32_t *buckets; /* fact + 1, or 0 */
	uint8_t shift;	   /* of a hash of 64 bits to a bucket */
	uint32_t floor;	   /* older facts give constants only: */
	uint32_t node;	   /* first node that may be looked into.  Code entered
			      in the middle has nothing else in slots. */
};

/* Locals (jit/locals.h). */
struct locals {
	uint32_t *now; /* values by local */
	struct version *rows;
	uint32_t n, room;
	uint32_t at;		/* version of `now` */
	uint32_t *changed;	/* in a join, column by column */
	struct column *columns; /* per local */
	uint32_t epoch;		/* number of the join */
	uint32_t *sets;		/* locals set in a loop, loop by loop */
	uint32_t nsets, sets_room;
	struct range *lists; /* per loop in the order of the code: of sets */
	uint32_t nlists, lists_room; /* loops scanned */
	struct scan *scan;
	uint32_t *trail; /* versions to go through */
	uint32_t trail_room;
};

/* What a builder has of the body at hand, one that is inlined or the
 * function's own. */
struct body {
	struct walk w;
	uint32_t *stack; /* operands, as w.vals */
	uint32_t nstack, stack_room;
	struct label *labels; /* as w.ctrls */
	uint32_t nlabels, labels_room;
	uint32_t nth_loop; /* loops of its code so far */
	uint32_t inlined;  /* which it is, in ir.inlined */
	struct locals locals;
	struct body *outer; /* the one that calls it; NULL: none */
};

struct builder {
	struct ir *ir;
	const struct module *m;
	struct arena *a;
	struct error *error;
	const struct build_options *options;
	struct body body;

	bool dead;	 /* nothing comes here */
	bool unreached;	 /* the same without what is known of conditions */
	uint32_t block;	 /* the open one */
	uint32_t loop;	 /* around it */
	uint32_t charge; /* node that charges this run, or 0 */
	int64_t budget;	 /* steps that may not grow with the code's square */
	uint32_t state_budget; /* words of loops' states */

	uint32_t growth; /* bytes of bodies that may yet be inlined */

	uint32_t instance; /* node */
	struct facts facts;
	struct epochs epochs;
	struct saved saved;
	uint32_t last_epoch;

	struct open_try *tries; /* jit/build_except.h; innermost last; all of
				   the function's own body */
	uint32_t ntries, tries_room;
	struct clause *clauses; /* theirs */
	uint32_t nclauses, clauses_room;

	struct waiting *waiting; /* per edge (jit/flow.h) */
	uint32_t *carried;	 /* operands that branches carry */
	uint32_t ncarried, carried_room;
	uint32_t *versions; /* of locals, in a join */
	uint32_t versions_room;
	uint32_t *columns; /* values of a join, one of each edge together */
	uint32_t columns_room;
};

/* Room for `want` elements in *array; false and the error if there is none. */
bool
value_grow(struct builder *b, void *array, uint32_t *room, uint32_t want,
	size_t size);
static inline bool
value_room(struct builder *b, void *array, uint32_t *room, uint32_t want,
	size_t size)
{
	return want <= *room || value_grow(b, array, room, want, size);
}

/* Room for facts, and the epochs of the start. */
void
value_begin(struct builder *b);

/* Takes n from the budget. */
void
value_overspent(struct builder *b);
static inline void
value_spend(struct builder *b, uint64_t n)
{
	if (b->budget >= (int64_t)n)
		b->budget -= (int64_t)n;
	else
		value_overspent(b);
}

/* Room for n nodes. */
bool
value_reserve(struct builder *b, uint32_t n);

/* Node i, for which there is room, is the last of the open block. */
static inline void
value_append_at(struct builder *b, uint32_t i, struct node n)
{
	struct ir *ir = b->ir;
	ir->nodes[i] = n;
	ir->origins[i] = (struct origin){ b->body.w.insn.at, b->body.inlined };
	ir->nnodes = i + 1;
}

/* A new node in the open block; here and below what seldom happens is the last
 * call of a function, which saves no registers for it. */
uint32_t
value_append_after_growth(struct builder *b, struct node n);
static inline uint32_t
value_append(struct builder *b, struct node n)
{
	uint32_t i = b->ir->nnodes;
	if (UNLIKELY(i == b->ir->nodes_room))
		return value_append_after_growth(b, n);
	value_append_at(b, i, n);
	return i;
}

static inline struct node
value_node(unsigned op, enum ir_type type, uint32_t x, uint32_t y, uint32_t z)
{
	return (struct node){ .op = (uint16_t)op,
		.type = (uint8_t)type,
		.a = x,
		.b = y,
		.c = z };
}

static inline uint32_t
value_new(struct builder *b, unsigned op, enum ir_type type, uint32_t x,
	uint32_t y, uint32_t z)
{
	return value_append(b, value_node(op, type, x, y, z));
}

/* The value that is known for op, or 0. */
uint32_t
value_find(struct builder *b, unsigned op, enum ir_type type, enum state state,
	uint32_t x, uint32_t y, uint32_t z);

/* Makes value known for op. */
void
value_know(struct builder *b, unsigned op, enum ir_type type, enum state state,
	uint32_t x, uint32_t y, uint32_t z, uint32_t value);

/* The node of a PURE op, of a READ op of the runtime structure: known or new.
 */
uint32_t
value_pure(struct builder *b, unsigned op, enum ir_type type, uint32_t x,
	uint32_t y, uint32_t z);
uint32_t
value_read(struct builder *b, unsigned op, enum ir_type type, enum state state,
	uint32_t x, uint32_t y, uint32_t z);

/* The node of a load, known or new; n has its offset in b, its memory in c. */
uint32_t
value_load(struct builder *b, struct node n);

/* How far the check op of x and y was passed: 0 not at all. */
uint32_t
value_checked(struct builder *b, unsigned op, uint32_t x, uint32_t y);
void
value_check(struct builder *b, unsigned op, uint32_t x, uint32_t y,
	uint32_t extent);

/*
 * The canonical type that reference x is known to have here; VT_BOT: nothing
 * is known.  value_is_ref makes known that x is of the type t, too.
 */
valtype
value_ref_type(struct builder *b, uint32_t x);
void
value_is_ref(struct builder *b, uint32_t x, valtype t);

/* Something may have been written. */
static inline void
value_wrote(struct builder *b, enum state state)
{
	assert(state != STATE_fixed && "nothing writes it");
	b->epochs.of[state] = ++b->last_epoch;
	b->saved.now = NO_ROW;
}
void
value_wrote_all(struct builder *b);

/* The row of the present epochs; these become those of a row. */
uint32_t
value_save(struct builder *b);
void
value_restore(struct builder *b, uint32_t row);

/* What the present epochs and a row disagree on may have been written. */
void
value_meet(struct builder *b, uint32_t row);

/* The facts from the n-th on are forgotten. */
void
value_cut(struct builder *b, uint32_t n);

/* bits: of an i32 and f32 in the low half. */
uint32_t
value_const(struct builder *b, enum ir_type type, uint64_t bits);
static inline uint32_t
value_i32(struct builder *b, uint32_t x)
{
	return value_const(b, TYPE_i32, x);
}
static inline uint32_t
value_i64(struct builder *b, uint64_t x)
{
	return value_const(b, TYPE_i64, x);
}

/* x is a constant: its bits. */
static inline bool
value_is_const(const struct builder *b, uint32_t x, uint64_t *bits)
{
	const struct node *n = &b->ir->nodes[x];
	*bits = (uint64_t)n->c << 32 | n->b;
	return n->op == IR_const && n->type != TYPE_v128;
}

static inline enum ir_type
value_type(const struct builder *b, uint32_t x)
{
	return (enum ir_type)b->ir->nodes[x].type;
}

/* The node of x if its operands may be used here, else one of no op. */
static inline const struct node *
value_seen(const struct builder *b, uint32_t x)
{
	return x >= b->facts.node ? &b->ir->nodes[x] : &b->ir->nodes[0];
}

/* x, or what its loop's end has found it to be. */
static inline uint32_t
value_of(const struct builder *b, uint32_t x)
{
	while (b->ir->nodes[x].op == IR_copy)
		x = b->ir->nodes[x].a;
	return x;
}

/* n words of aux, all 0; 0 when out of memory. */
uint32_t
value_aux(struct builder *b, uint32_t n);

/* The same without zeroing them. */
bool
value_more_words(struct builder *b, uint32_t n);
static inline uint32_t
value_words(struct builder *b, uint32_t n)
{
	uint32_t at = b->ir->naux;
	if (n > b->ir->aux_room - at && !value_more_words(b, n))
		return 0;
	b->ir->naux = at + n;
	return at;
}

static inline void
value_push(struct builder *b, uint32_t x)
{
	b->body.stack[b->body.nstack++] = x;
}

static inline uint32_t
value_top(const struct builder *b)
{
	return b->body.stack[b->body.nstack - 1];
}

static inline uint32_t
value_pop(struct builder *b)
{
	return b->body.stack[--b->body.nstack];
}

#endif
