#include "jit/flow.h"

#include <assert.h>
#include <string.h>

#include "jit/build_trace.h"
#include "jit/locals.h"
#include "jit/simplify.h"
#include "spec/engine.h"
#include "spec/module.h"
#include "trap/error.h"
#include "trap/likely.h"

/*
 * Out of memory, what is made is block or edge 0, and the error stops the walk
 * before the next step: until then only what writes or reads more than that
 * looks at it.
 */

/* Blocks */

static void
block_open(struct builder *b)
{
	struct ir *ir = b->ir;
	if (UNLIKELY(ir->nblocks == ir->blocks_room) &&
		!value_grow(b, &ir->blocks, &ir->blocks_room, ir->nblocks + 1,
			sizeof *ir->blocks))
		return;
	ir->blocks[ir->nblocks] = (struct block){
		.first = ir->nnodes, .in = NO_EDGE, .loop = b->loop
	};
	b->block = ir->nblocks++;
	b->dead = false;
	b->charge = 0;
}

/* The last instruction of the open block; its edges follow. */
static void
block_close(struct builder *b, unsigned op, uint32_t x)
{
	struct ir *ir = b->ir;
	value_new(b, op, TYPE_none, x, 0, 0);
	ir->blocks[b->block].end = ir->nnodes;
	ir->blocks[b->block].edges = ir->nedges;
	b->dead = true;
}

/* Nothing comes after this. */
static void
unreachable(struct builder *b)
{
	b->dead = true;
	b->body.nstack = b->body.labels[b->body.nlabels - 1].height;
}

void
flow_stop(struct builder *b, unsigned op, uint32_t x, uint32_t z, unsigned trap)
{
	block_close(b, op, x);
	struct node *n = &b->ir->nodes[b->ir->nnodes - 1];
	n->c = z;
	n->flags = (uint8_t)trap;
	unreachable(b);
}

/* Edges */

static struct label *
label_at(const struct builder *b, uint32_t depth)
{
	assert(depth < b->body.nlabels && "validated code");
	return &b->body.labels[b->body.nlabels - 1 - depth];
}

static NOINLINE bool
more_edges(struct builder *b)
{
	struct ir *ir = b->ir;
	uint32_t room = ir->edges_room, n = room + 1;
	return value_grow(b, &b->waiting, &room, n, sizeof *b->waiting) &&
	       value_grow(b, &ir->edges, &ir->edges_room, n, sizeof *ir->edges);
}

/* One more edge out of the block just closed. */
static uint32_t
edge_new(struct builder *b)
{
	struct ir *ir = b->ir;
	uint32_t e = ir->nedges;
	if (UNLIKELY(e == ir->edges_room) && !more_edges(b))
		return 0;
	ir->edges[e] = (struct edge){ b->block, NO_BLOCK, 0, NO_EDGE };
	ir->blocks[b->block].nedges++;
	return ir->nedges++;
}

/* The edge arrives at a block that is there. */
static void
edge_to(struct builder *b, uint32_t edge, uint32_t block, uint32_t args)
{
	struct edge *e = &b->ir->edges[edge];
	struct block *to = &b->ir->blocks[block];
	e->to = block;
	e->args = args;
	e->next = to->in;
	to->in = edge;
	to->nin++;
}

/* The top n operands as they are carried: where they stand. */
static uint32_t
carry(struct builder *b, uint32_t n)
{
	uint32_t at = b->ncarried;
	value_spend(b, n);
	if (n == 0 || !value_room(b, &b->carried, &b->carried_room, at + n,
			      sizeof *b->carried))
		return 0;
	memcpy(b->carried + at, b->body.stack + b->body.nstack - n,
		n * sizeof *b->carried);
	b->ncarried += n;
	return at;
}

static void
remember(struct builder *b, uint32_t edge, uint32_t carried)
{
	struct waiting *w = &b->waiting[edge];
	w->version = b->body.locals.at;
	w->carried = carried;
	w->epochs = value_save(b);
}

/* The edge waits for the end of l. */
static void
edge_wait(struct builder *b, uint32_t edge, struct label *l)
{
	struct edge *edges = b->ir->edges;
	if (l->n++ == 0) {
		l->first = edge;
		b->waiting[edge].row = 0;
	} else {
		struct edge *last = &edges[l->last];
		last->next = edge;
		b->waiting[edge].row = b->waiting[l->last].row +
				       (last->from != edges[edge].from);
	}
	l->last = edge;
	if (b->facts.n < l->joined)
		l->joined = b->facts.n;
}

/* The values of the loop's phis where the branch leaves; 0 if it has none. */
static uint32_t
back_args(struct builder *b, const struct label *l, const uint32_t *operands,
	uint32_t nparams)
{
	uint32_t nlocals;
	const uint32_t *set = locals_set_in(b, l->nth, &nlocals);
	value_spend(b, nparams + nlocals);
	uint32_t args = value_words(b, nparams + nlocals), *at;
	if (b->error->kind != ERROR_none)
		return 0;
	at = b->ir->aux + args;
	for (uint32_t i = 0; i < nparams; i++)
		*at++ = operands[i];
	for (uint32_t i = 0; i < nlocals; i++)
		*at++ = locals_get(b, set[i]);
	return args;
}

/* The edge goes to the head of a loop.  The edges of one block carry the same.
 */
static void
edge_back(struct builder *b, struct label *l, uint32_t edge, uint32_t carried)
{
	const struct edge *edges = b->ir->edges;
	uint32_t args =
		l->last != NO_EDGE && edges[l->last].from == b->block
			? edges[l->last].args
			: back_args(b, l, b->carried + carried, l->arity);
	edge_to(b, edge, b->ir->loops[l->loop].head, args);
	l->last = edge;
}

/* An edge to the label, with the operands that it carries. */
static void
edge_label(struct builder *b, uint32_t depth, uint32_t carried)
{
	struct label *l = label_at(b, depth);
	uint32_t edge = edge_new(b);
	if (l->op == OP_loop) {
		edge_back(b, l, edge, carried);
		return;
	}
	remember(b, edge, carried);
	edge_wait(b, edge, l);
}

/* A block that only the edge reaches comes next. */
static void
follow(struct builder *b, uint32_t edge)
{
	block_open(b);
	edge_to(b, edge, b->block, 0);
}

/* The open block comes after a branch for which c was 0, or was not: a check of
 * that has been passed. */
static void
branched(struct builder *b, uint32_t c, bool zero)
{
	if (!b->dead)
		value_check(b, zero ? IR_trap_if : IR_trap_unless, c, 0, 1);
}

void
flow_wait(struct builder *b, struct label *l, uint32_t n)
{
	if (b->dead)
		return;
	uint32_t carried = carry(b, n);
	block_close(b, IR_jump, 0);
	uint32_t edge = edge_new(b);
	remember(b, edge, carried);
	edge_wait(b, edge, l);
}

uint32_t
flow_try_begin(struct builder *b, uint32_t words)
{
	block_close(b, IR_try, 0);
	b->ir->nodes[b->ir->nnodes - 1].c = words;
	return edge_new(b);
}

void
flow_try_edge(struct builder *b, struct label *l)
{
	uint32_t edge = edge_new(b);
	remember(b, edge, 0);
	/* l is of the body around all others */
	for (const struct body *o = b->body.outer; o != NULL; o = o->outer)
		b->waiting[edge].version = o->locals.at;
	edge_wait(b, edge, l);
}

void
flow_try_end(struct builder *b, uint32_t past)
{
	follow(b, past);
}

/* Labels */

struct label
flow_label(struct builder *b, uint32_t height)
{
	return (struct label){ .op = OP_block,
		.height = height,
		.last = NO_EDGE,
		.otherwise = NO_EDGE,
		.mark = b->facts.n,
		.joined = UINT32_MAX,
		.cut = b->facts.n };
}

static struct label *
label_push(struct builder *b, enum op op, uint32_t nparams, uint32_t nresults)
{
	if (!value_room(b, &b->body.labels, &b->body.labels_room,
		    b->body.nlabels + 1, sizeof *b->body.labels))
		return NULL;
	struct label *l = &b->body.labels[b->body.nlabels++];
	*l = flow_label(b, b->dead ? b->body.nstack : b->body.nstack - nparams);
	l->op = (uint8_t)op;
	l->nparams = nparams;
	l->nresults = nresults;
	l->arity = op == OP_loop ? nparams : nresults;
	l->dead = b->dead;
	l->unreached = b->unreached;
	return l;
}

/* The frame of a body whose code begins. */
static void
label_push_body(struct builder *b)
{
	label_push(b, OP_block, 0,
		module_func_type(b->m, b->body.w.func)->nresults);
}

/* Forgets facts; what waits for the innermost label has no more than these. */
static void
cut(struct builder *b, struct label *l, uint32_t n)
{
	value_cut(b, n);
	if (n < l->cut)
		l->cut = n;
	if (l->n > 0 && n < l->joined)
		l->joined = n;
}

/* The innermost label has seen the cuts of l, which was in it. */
static void
cut_outer(struct builder *b, const struct label *l)
{
	struct label *outer = &b->body.labels[b->body.nlabels - 1];
	if (l->cut < outer->cut)
		outer->cut = l->cut;
	if (outer->n > 0 && l->cut < outer->joined)
		outer->joined = l->cut;
}

static void
label_pop(struct builder *b)
{
	const struct label *l = &b->body.labels[--b->body.nlabels];
	if (b->body.nlabels > 0)
		cut_outer(b, l);
}

struct label
flow_close(struct builder *b)
{
	struct label *l = &b->body.labels[b->body.nlabels - 1];
	uint32_t facts = l->cut < l->mark ? l->cut : l->mark;
	cut(b, l, facts < b->facts.n ? facts : b->facts.n);
	label_pop(b);
	return *l;
}

void
flow_begin(struct builder *b)
{
	struct ir *ir = b->ir;
	ir->loops[0] = (struct loop){ .offset = b->body.w.insn.at };
	ir->nloops = 1;
	block_open(b);
	label_push_body(b);
}

void
flow_enter(struct builder *b)
{
	label_push_body(b);
}

void
flow_left(struct builder *b, const struct label *l)
{
	cut_outer(b, l);
	if (b->dead)
		unreachable(b);
}

/* Loops */

/* What is in the slots at the head, for code that is entered there.  Too many
 * words: it is not. */
static void
loop_state(struct builder *b, struct loop *loop)
{
	uint32_t locals = b->body.w.local_slot_count, n = locals;
	for (uint32_t i = 0; i < b->body.nstack; i++)
		n += value_type(b, b->body.stack[i]) == TYPE_v128 ? 2 : 1;
	if (b->error->kind != ERROR_none || n > b->state_budget)
		return;
	b->state_budget -= n;
	loop->state = value_aux(b, n + 1);
	if (b->error->kind != ERROR_none)
		return;
	uint32_t *at = b->ir->aux + loop->state;
	*at++ = n;
	for (uint32_t i = 0; i < b->body.w.nlocals; i++)
		at[b->body.w.local_slots[i]] = b->body.locals.now[i];
	at += locals;
	for (uint32_t i = 0; i < b->body.nstack; i++) {
		*at = b->body.stack[i];
		at += value_type(b, b->body.stack[i]) == TYPE_v128 ? 2 : 1;
	}
}

/* The parameters and the locals that the loop sets become phis. */
static void
loop_phis(struct builder *b, const struct label *l, uint32_t nparams)
{
	uint32_t n;
	const uint32_t *set = locals_set_in(b, l->nth, &n);
	for (uint32_t i = 0; i < nparams; i++) {
		uint32_t *x = &b->body.stack[l->height + i];
		*x = value_new(b, IR_phi, value_type(b, *x), b->block, 0, 0);
	}
	for (uint32_t i = 0; i < n; i++)
		locals_set(b, set[i],
			value_new(b, IR_phi,
				ir_type(b->m, b->body.w.locals[set[i]]),
				b->block, 0, 0));
	b->ir->blocks[b->block].nphis = nparams + n;
}

static void
loop_begin(struct builder *b, struct label *l, uint32_t nparams)
{
	struct ir *ir = b->ir;
	uint32_t entry = back_args(b, l, b->body.stack + l->height, nparams);
	l->loop = ir->nloops;
	if (!value_room(b, &ir->loops, &ir->loops_room, ir->nloops + 1,
		    sizeof *ir->loops))
		return;
	ir->loops[ir->nloops++] = (struct loop){ .head = ir->nblocks,
		.parent = b->loop,
		.depth = ir->loops[b->loop].depth + 1,
		.offset = b->body.w.insn.at };
	block_close(b, IR_jump, 0);
	uint32_t edge = edge_new(b);
	b->loop = l->loop;
	block_open(b);
	edge_to(b, edge, b->block, entry);
	loop_phis(b, l, nparams);
	value_wrote_all(b);
	if (b->options->osr && b->body.outer == NULL) {
		b->facts.floor = b->facts.n;
		b->facts.node = ir->blocks[b->block].first;
		loop_state(b, &ir->loops[l->loop]);
	}
}

/* A phi that is always one value means that. */
static void
loop_phi_settle(struct builder *b, uint32_t head, uint32_t i)
{
	struct ir *ir = b->ir;
	uint32_t phi = ir->blocks[head].first + i, same = 0, last = 0;
	for (uint32_t e = ir->blocks[head].in; e != NO_EDGE;
		e = ir->edges[e].next) {
		if (ir->edges[e].args == last)
			continue;
		last = ir->edges[e].args;
		uint32_t x = value_of(b, ir->aux[ir->edges[e].args + i]);
		if (x == phi || x == same)
			continue;
		if (same != 0)
			return;
		same = x;
	}
	ir->nodes[phi].op = IR_copy;
	ir->nodes[phi].a = same;
}

/* The edges into a block that do not share their arguments. */
static uint64_t
distinct_args(const struct ir *ir, const struct block *to)
{
	uint32_t last = 0;
	uint64_t n = 0;
	for (uint32_t e = to->in; e != NO_EDGE; e = ir->edges[e].next) {
		n += ir->edges[e].args != last;
		last = ir->edges[e].args;
	}
	return n;
}

static void
loop_end(struct builder *b, struct label *l)
{
	struct ir *ir = b->ir;
	struct loop *loop = &ir->loops[l->loop];
	struct block *head = &ir->blocks[loop->head];
	value_spend(b, head->nphis * distinct_args(ir, head) + head->nin);
	if (b->error->kind != ERROR_none)
		return;
	for (uint32_t i = 0; i < head->nphis; i++)
		loop_phi_settle(b, loop->head, i);
	b->loop = loop->parent;
	if (!b->dead && ir->blocks[b->block].first == ir->nnodes &&
		b->block != loop->head) {
		ir->blocks[b->block].loop = b->loop;
		loop->end = b->block;
		return;
	}
	loop->end = ir->nblocks;
	if (b->dead)
		return;
	uint32_t charge = b->charge;
	block_close(b, IR_jump, 0);
	follow(b, edge_new(b));
	b->charge = charge;
}

/* Joins */

/* The state where the edge left. */
static void
state_of(struct builder *b, uint32_t edge)
{
	locals_go(b, b->waiting[edge].version);
	value_restore(b, b->waiting[edge].epochs);
}

/*
 * A join in the making.  The edges of one block carry the same, so that one row
 * stands for them.  Values are columns in builder.columns, one of each row:
 * operands, then locals; those that become phis are moved to the front.
 */
struct join {
	const struct label *l;
	uint32_t n; /* rows */
	uint32_t nphis;
};

static void
join_epochs(struct builder *b, const struct join *j)
{
	uint32_t e = j->l->first, last = b->waiting[e].epochs;
	value_restore(b, last);
	for (uint32_t i = 1; i < j->l->n; i++) {
		e = b->ir->edges[e].next;
		if (b->waiting[e].epochs != last)
			value_meet(b, b->waiting[e].epochs);
		last = b->waiting[e].epochs;
	}
}

/* The versions of the locals, by row; NULL: no memory. */
static const uint32_t *
join_versions(struct builder *b, const struct join *j)
{
	if (!value_room(b, &b->versions, &b->versions_room, j->n,
		    sizeof *b->versions))
		return NULL;
	uint32_t e = j->l->first;
	for (uint32_t i = 0; i < j->l->n; i++, e = b->ir->edges[e].next)
		b->versions[b->waiting[e].row] = b->waiting[e].version;
	return b->versions;
}

/* The values that the edges carry become the first `count` columns. */
static void
join_operands(struct builder *b, const struct join *j, uint32_t count)
{
	uint32_t e = j->l->first;
	value_spend(b, (uint64_t)j->n * count);
	if (b->error->kind != ERROR_none ||
		!value_room(b, &b->columns, &b->columns_room, j->n * count,
			sizeof *b->columns))
		return;
	for (uint32_t i = 0; i < j->l->n; i++, e = b->ir->edges[e].next) {
		const struct waiting *w = &b->waiting[e];
		for (uint32_t k = 0; k < count; k++)
			b->columns[k * j->n + w->row] =
				b->carried[w->carried + k];
	}
}

/* The value of a column, a phi if it must be. */
static inline uint32_t
join_value(struct builder *b, struct join *j, uint32_t k)
{
	uint32_t *column = b->columns + k * j->n, x = value_of(b, column[0]);
	bool differs = false;
	column[0] = x;
	for (uint32_t i = 1; i < j->n; i++) {
		column[i] = value_of(b, column[i]);
		differs |= column[i] != x;
	}
	if (!differs)
		return x;
	uint32_t *phi = b->columns + j->nphis++ * j->n;
	if (phi != column)
		memcpy(phi, column, j->n * sizeof *column);
	return value_new(b, IR_phi, value_type(b, x), b->block, 0, 0);
}

/* The phis' columns as arguments, row by row. */
static uint32_t
join_args(struct builder *b, const struct join *j)
{
	const uint32_t *columns = b->columns;
	value_spend(b, (uint64_t)j->nphis * j->n);
	uint32_t args = value_words(b, j->nphis * j->n);
	if (b->error->kind != ERROR_none)
		return 0;
	uint32_t *at = b->ir->aux + args;
	for (uint32_t i = 0; i < j->n; i++)
		for (uint32_t k = 0; k < j->nphis; k++)
			*at++ = columns[k * j->n + i];
	return args;
}

/* The edges arrive in the open block. */
static void
join_edges(struct builder *b, const struct join *j)
{
	uint32_t e = j->l->first, nphis = j->nphis;
	uint32_t args = nphis > 0 ? join_args(b, j) : 0;
	b->ir->blocks[b->block].nphis = nphis;
	for (uint32_t i = 0; i < j->l->n; i++) {
		uint32_t next = b->ir->edges[e].next;
		edge_to(b, e, b->block, args + b->waiting[e].row * nphis);
		e = next;
	}
}

/* Several edges wait for l, which has n results. */
static void
join(struct builder *b, const struct label *l, uint32_t n)
{
	struct join j = { .l = l, .n = b->waiting[l->last].row + 1 };
	const uint32_t *versions = join_versions(b, &j);
	uint32_t nchanged = 0;
	if (n > 0)
		join_operands(b, &j, n);
	if (b->error->kind == ERROR_none && l != b->body.labels)
		nchanged = locals_join(b, versions, j.n, n);
	block_open(b);
	if (b->error->kind != ERROR_none)
		return;
	for (uint32_t k = 0; k < n + nchanged; k++) {
		uint32_t x = join_value(b, &j, k);
		if (k < n)
			value_push(b, x);
		else
			locals_set(b, b->body.locals.changed[k - n], x);
	}
	join_epochs(b, &j);
	join_edges(b, &j);
}

void
flow_arrive(struct builder *b, struct label *l, uint32_t n)
{
	uint32_t facts = l->joined < b->facts.n ? l->joined : b->facts.n;
	cut(b, l, facts);
	b->body.nstack = l->height;
	if (l->n > 1) {
		join(b, l, n);
		return;
	}
	uint32_t edge = l->first;
	state_of(b, edge);
	for (uint32_t i = 0; i < n; i++)
		value_push(b, b->carried[b->waiting[edge].carried + i]);
	follow(b, edge);
}

/* Frames */

/* An if that always goes one way. */
static void
if_known(struct builder *b, struct label *l, bool taken)
{
	uint32_t carried = carry(b, b->body.nstack - l->height);
	block_close(b, IR_jump, 0);
	uint32_t edge = edge_new(b);
	if (taken) {
		follow(b, edge);
		return;
	}
	l->otherwise = edge;
	remember(b, edge, carried);
	unreachable(b);
}

static void
if_begin(struct builder *b, struct label *l, uint32_t c)
{
	bool negate = false;
	uint64_t k;
	uint32_t edge[2], nparams = b->body.nstack - l->height;
	c = simplify_condition(b, c, &negate);
	l->mark = b->facts.n;
	if (value_is_const(b, c, &k)) {
		if_known(b, l, ((uint32_t)k != 0) != negate);
		return;
	}
	uint32_t carried = carry(b, nparams);
	block_close(b, IR_branch, c);
	edge[0] = edge_new(b);
	edge[1] = edge_new(b);
	l->otherwise = edge[negate ? 0 : 1];
	remember(b, l->otherwise, carried);
	l->condition = c;
	l->negate = negate;
	follow(b, edge[negate ? 1 : 0]);
	branched(b, c, negate);
}

static void
poll(struct builder *b)
{
	uint32_t bits = (b->m->engine->interruptible ? POLL_interrupt : 0) |
			(b->m->engine->fuel ? POLL_fuel : 0);
	if (b->m->engine->fuel)
		b->charge = value_new(b, IR_charge, TYPE_none, 0, 0, 0);
	if (bits != 0)
		value_new(b, IR_poll, TYPE_none, 0, 0, bits);
}

static void
loop_frame(struct builder *b, uint32_t nparams, uint32_t nresults)
{
	uint32_t nth = b->body.nth_loop++;
	if (nth == b->body.locals.nlists)
		locals_scan(b);
	if (b->error->kind != ERROR_none)
		return;
	struct label *l = label_push(b, OP_loop, nparams, nresults);
	if (l == NULL || b->dead)
		return;
	l->nth = nth;
	loop_begin(b, l, nparams);
	poll(b);
	build_trace(b);
}

static void
if_frame(struct builder *b, uint32_t nparams, uint32_t nresults)
{
	uint32_t c = b->dead ? 0 : value_pop(b);
	struct label *l = label_push(b, OP_if, nparams, nresults);
	if (l != NULL && !b->dead)
		if_begin(b, l, c);
}

void
flow_block(struct builder *b, enum op op, uint32_t nparams, uint32_t nresults)
{
	if (op == OP_loop)
		loop_frame(b, nparams, nresults);
	else if (op == OP_if)
		if_frame(b, nparams, nresults);
	else
		label_push(b, op, nparams, nresults);
}

void
flow_else(struct builder *b)
{
	struct label *l = &b->body.labels[b->body.nlabels - 1];
	uint32_t edge = l->otherwise, nparams = l->nparams;
	l->op = OP_else;
	if (l->dead)
		return;
	flow_wait(b, l, l->nresults);
	b->body.nstack = l->height;
	b->dead = true;
	if (edge == NO_EDGE)
		return;
	l->otherwise = NO_EDGE;
	cut(b, l, l->mark);
	state_of(b, edge);
	for (uint32_t i = 0; i < nparams; i++)
		value_push(b, b->carried[b->waiting[edge].carried + i]);
	follow(b, edge);
	if (l->condition != 0)
		branched(b, l->condition, !l->negate);
}

void
flow_end(struct builder *b)
{
	struct label *l = &b->body.labels[b->body.nlabels - 1];
	uint32_t nresults = l->nresults;
	if (!l->dead && l->op == OP_loop)
		loop_end(b, l);
	if (!l->dead && l->otherwise != NO_EDGE) {
		uint32_t facts = b->facts.n;
		if (l->mark < facts)
			facts = l->mark;
		edge_wait(b, l->otherwise, l);
		if (facts < l->joined)
			l->joined = facts;
	}
	if (l->n > 0) {
		flow_wait(b, l, nresults);
		flow_arrive(b, l, nresults);
	}
	if (l->n == 1 && l->first == l->otherwise && l->condition != 0)
		branched(b, l->condition, !l->negate);
	if (b->body.nlabels == 1 && !b->dead && b->body.outer == NULL)
		flow_return(b);
	if (b->dead)
		b->body.nstack = l->height;
	label_pop(b);
}

/* Branches */

static void
meet(struct builder *b, uint32_t depth)
{
	struct label *l = &b->body.labels[b->body.nlabels - 1 - depth];
	l->met |= !b->unreached;
}

static void
meet_all(struct builder *b)
{
	struct reader r = b->body.w.r;
	r.at = b->body.w.insn.list;
	r.end = b->body.w.insn.list_end;
	for (uint32_t k = 0; k <= b->body.w.insn.a; k++)
		meet(b, reader_u32(&r));
}

/* Those of a try_table's clauses. */
static void
meet_caught(struct builder *b)
{
	struct reader r = b->body.w.r;
	r.at = b->body.w.insn.list;
	r.end = b->body.w.insn.list_end;
	for (uint32_t k = 0; k < b->body.w.insn.a; k++) {
		uint8_t kind = reader_byte(&r);
		if (kind == CATCH_tag || kind == CATCH_tag_ref)
			reader_u32(&r);
		meet(b, reader_u32(&r));
	}
}

/* What comes after the instruction in its block is dead code. */
static bool
stops(uint32_t op)
{
	switch (op) {
	case OP_unreachable:
	case OP_br:
	case OP_br_table:
	case OP_return:
	case OP_return_call:
	case OP_return_call_indirect:
	case OP_return_call_ref:
	case OP_throw:
	case OP_throw_ref:
		return true;
	default:
		return false;
	}
}

void
flow_meet(struct builder *b)
{
	struct label *l = &b->body.labels[b->body.nlabels - 1];
	switch (b->body.w.insn.op) {
	case OP_br:
	case OP_br_if:
	case OP_br_on_null:
	case OP_br_on_non_null:
	case OP_br_on_cast:
	case OP_br_on_cast_fail:
		meet(b, b->body.w.insn.a);
		break;
	case OP_br_table:
		meet_all(b);
		break;
	case OP_try_table:
		meet_caught(b);
		break;
	case OP_else:
		meet(b, 0);
		b->unreached = l->unreached;
		break;
	case OP_end:
		if (!l->unreached && (l->op == OP_if || l->met) &&
			l->op != OP_loop) {
			b->unreached = false;
			b->charge = 0;
		}
		break;
	default:
		break;
	}
	b->unreached |= stops(b->body.w.insn.op);
}

void
flow_return(struct builder *b)
{
	uint32_t n = module_func_type(b->m, b->body.w.func)->nresults;
	if (b->body.outer != NULL) {
		flow_wait(b, &b->body.labels[0], n);
		unreachable(b);
		return;
	}
	uint32_t list = value_words(b, n + 1);
	if (b->error->kind != ERROR_none)
		return;
	b->ir->aux[list] = n;
	for (uint32_t i = 0; i < n; i++)
		b->ir->aux[list + 1 + i] =
			b->body.stack[b->body.nstack - n + i];
	flow_stop(b, IR_return, 0, list, 0);
}

void
flow_br(struct builder *b, uint32_t depth)
{
	if (depth + 1 == b->body.nlabels) {
		flow_return(b);
		return;
	}
	uint32_t carried = carry(b, label_at(b, depth)->arity);
	block_close(b, IR_jump, 0);
	edge_label(b, depth, carried);
	unreachable(b);
}

void
flow_br_if(struct builder *b, uint32_t depth, uint32_t c, bool negate)
{
	uint64_t k;
	c = simplify_condition(b, c, &negate);
	if (value_is_const(b, c, &k)) {
		b->charge = 0;
		if (((uint32_t)k != 0) != negate)
			flow_br(b, depth);
		return;
	}
	uint32_t carried = carry(b, label_at(b, depth)->arity), past;
	block_close(b, IR_branch, c);
	if (negate) {
		past = edge_new(b);
		edge_label(b, depth, carried);
	} else {
		edge_label(b, depth, carried);
		past = edge_new(b);
	}
	follow(b, past);
	branched(b, c, !negate);
}

void
flow_br_table(struct builder *b, uint32_t index)
{
	struct reader r = b->body.w.r;
	r.at = b->body.w.insn.list;
	r.end = b->body.w.insn.list_end;
	uint32_t n = b->body.w.insn.a + 1, depth = reader_u32(&r);
	uint64_t k = 0;
	if (value_is_const(b, index, &k) || n == 1) {
		for (uint32_t i = 1; i < n && i <= (uint32_t)k; i++)
			depth = reader_u32(&r);
		flow_br(b, depth);
		return;
	}
	uint32_t carried = carry(b, label_at(b, depth)->arity);
	block_close(b, IR_switch, index);
	for (uint32_t i = 0; i < n && b->error->kind == ERROR_none; i++) {
		edge_label(b, depth, carried);
		if (i + 1 < n)
			depth = reader_u32(&r);
	}
	unreachable(b);
}
