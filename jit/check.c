#include "jit/check.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "jit/analyse.h"
#include "jit/check_state.h"
#include "jit/ir.h"
#include "jit/runtime.h"
#include "spec/module.h"
#include "trap/arena.h"

#define NO_EDGE NO_BLOCK

struct checker {
	const struct ir *ir;
	char *out;
	size_t bytes;
	bool bad;
	uint32_t node;	   /* being looked at, or 0 */
	uint32_t *blocks;  /* per node: its block */
	uint32_t *idoms;   /* per block: immediate dominator */
	uint32_t *first;   /* per block: number in the tree of dominators, */
	uint32_t *count;   /* and of blocks that it dominates */
	uint32_t user, at; /* block and node that use an operand */
};

static void
wrong(struct checker *c, const char *format, ...)
{
	va_list args;
	if (c->bad)
		return;
	c->bad = true;
	va_start(args, format);
	int n = snprintf(c->out, c->bytes,
		"function %" PRIu32 ", v%" PRIu32 ": ", c->ir->func, c->node);
	if (n >= 0 && (size_t)n < c->bytes)
		vsnprintf(c->out + n, c->bytes - (size_t)n, format, args);
	va_end(args);
}

/* Blocks and edges */

static uint32_t
edges_of(uint16_t op, uint32_t has)
{
	return op == IR_jump	 ? 1
	       : op == IR_branch ? 2
	       : op == IR_switch ? has
	       : op == IR_try	 ? has
				 : 0;
}

static void
check_block(struct checker *c, uint32_t i)
{
	const struct ir *ir = c->ir;
	const struct block *b = &ir->blocks[i];
	if (b->first != (i == 0 ? 1 : b[-1].end) || b->end <= b->first ||
		b->end > ir->nnodes || b->first + b->nphis >= b->end) {
		wrong(c, "block %" PRIu32 " has no range", i);
		return;
	}
	uint32_t nphis = 0;
	for (uint32_t n = b->first; n < b->end; n++) {
		uint16_t op = ir->nodes[n].op;
		c->node = n;
		c->blocks[n] = i;
		if (!ir_stays(ir, n))
			continue;
		bool listed = nphis < b->nphis && ir_phi(ir, b, nphis) == n;
		nphis += listed;
		if ((op == IR_phi) != listed)
			wrong(c, "phis stand first, and are listed");
		if ((ir_kind(op) == KIND_END) != (n == b->end - 1))
			wrong(c, "a block has its end last");
		if (op == IR_copy)
			wrong(c, "a copy was left");
	}
	if (nphis != b->nphis)
		wrong(c, "a phi is listed that is none");
	if (b->nedges != edges_of(ir->nodes[b->end - 1].op, b->nedges) ||
		b->edges + b->nedges > ir->nedges)
		wrong(c, "number of edges");
}

/* A call, its results, the try: an edge for each clause and one more. */
static void
check_try(struct checker *c, uint32_t i)
{
	const struct ir *ir = c->ir;
	const struct block *b = &ir->blocks[i];
	c->node = b->end - 1;
	if (b->end - b->first < 2 || !ir_calls(ir->nodes[ir_tried(ir, i)].op))
		wrong(c, "no call before it");
	else if (b->nedges != 1 + ir->aux[ir->nodes[c->node].c])
		wrong(c, "number of clauses");
	else if (ir->blocks[ir->edges[b->edges].to].nin != 1)
		wrong(c, "others lead to where its call returns");
}

/* Payloads stand first, where nothing but what is thrown arrives. */
static void
check_payload(struct checker *c, uint32_t i)
{
	const struct ir *ir = c->ir;
	const struct block *b = &ir->blocks[i];
	uint32_t n = b->first, e;
	bool thrown = b->in != NO_EDGE && ir_is_thrown(ir, b->in);
	for (e = b->in; e != NO_EDGE; e = ir->edges[e].next)
		if (ir_is_thrown(ir, e) != thrown)
			wrong(c, "block %" PRIu32 " is not only thrown to", i);
	while (n < b->end && (ir->nodes[n].op == IR_phi || !ir_stays(ir, n)))
		n++;
	while (thrown && n < b->end &&
		(ir->nodes[n].op == IR_payload || !ir_stays(ir, n)))
		n++;
	for (; n < b->end; n++)
		if (ir->nodes[n].op == IR_payload && ir_stays(ir, n))
			wrong(c, "a payload in the middle of block %" PRIu32,
				i);
}

/* Back only to the head of a loop around. */
static void
check_edge(struct checker *c, uint32_t from, uint32_t e)
{
	const struct ir *ir = c->ir;
	const struct edge *edge = &ir->edges[e];
	if (edge->from != from || edge->to >= ir->nblocks) {
		wrong(c, "edge %" PRIu32 " goes nowhere", e);
		return;
	}
	if (edge->to > from)
		return;
	uint32_t l = ir->blocks[edge->to].loop;
	if (l == 0 || ir->loops[l].head != edge->to || from >= ir->loops[l].end)
		wrong(c, "an edge goes back to what is no loop's head");
}

static void
check_in(struct checker *c, uint32_t i)
{
	const struct ir *ir = c->ir;
	const struct block *b = &ir->blocks[i];
	uint32_t n = 0;
	for (uint32_t e = b->in; e != NO_EDGE && n <= ir->nedges;
		e = ir->edges[e].next, n++)
		if (e >= ir->nedges || ir->edges[e].to != i) {
			wrong(c, "block %" PRIu32 ": list of edges", i);
			return;
		}
	if (n != b->nin || (n == 0) != (i == 0))
		wrong(c, "block %" PRIu32 ": number of edges in", i);
}

/* Each block says the innermost loop. */
static void
check_loops(struct checker *c)
{
	const struct ir *ir = c->ir;
	uint32_t next = 1, l = 0;
	for (uint32_t i = 1; i < ir->nloops; i++) {
		const struct loop *a = &ir->loops[i];
		const struct loop *p = &ir->loops[a->parent];
		if (a->parent >= i || a->head < p->head || a->end > p->end ||
			a->head >= a->end || a->depth != p->depth + 1 ||
			a->head < a[-1].head) {
			wrong(c, "loop %" PRIu32 " does not nest", i);
			return;
		}
	}
	for (uint32_t i = 0; i < ir->nblocks; i++) {
		while (l != 0 && ir->loops[l].end <= i)
			l = ir->loops[l].parent;
		while (next < ir->nloops && ir->loops[next].head == i)
			l = next++;
		if (ir->blocks[i].loop != l)
			wrong(c, "block %" PRIu32 " is in loop %" PRIu32, i, l);
	}
}

static void
check_graph(struct checker *c)
{
	const struct ir *ir = c->ir;
	for (uint32_t i = 0; i < ir->nblocks && !c->bad; i++)
		check_block(c, i);
	if (!c->bad && ir->blocks[ir->nblocks - 1].end != ir->nnodes)
		wrong(c, "nodes after the last block");
	for (uint32_t i = 0; i < ir->nblocks && !c->bad; i++)
		for (uint32_t k = 0; k < ir->blocks[i].nedges; k++)
			check_edge(c, i, ir->blocks[i].edges + k);
	for (uint32_t i = 0; i < ir->nblocks && !c->bad; i++)
		check_in(c, i);
	for (uint32_t i = 0; i < ir->nblocks && !c->bad; i++) {
		if (ir->nodes[ir->blocks[i].end - 1].op == IR_try)
			check_try(c, i);
		check_payload(c, i);
	}
	if (!c->bad)
		check_loops(c);
}

/* Dominators: blocks stand in an order in which only loops go back. */

static uint32_t
common_dominator(const struct checker *c, uint32_t a, uint32_t b)
{
	while (a != b)
		if (a > b)
			a = c->idoms[a];
		else
			b = c->idoms[b];
	return a;
}

static void
find_dominators(struct checker *c)
{
	const struct ir *ir = c->ir;
	for (uint32_t i = 1; i < ir->nblocks; i++) {
		uint32_t d = NO_BLOCK;
		for (uint32_t e = ir->blocks[i].in; e != NO_EDGE;
			e = ir->edges[e].next) {
			uint32_t from = ir->edges[e].from;
			if (from < i)
				d = d == NO_BLOCK
					    ? from
					    : common_dominator(c, d, from);
		}
		if (d == NO_BLOCK) {
			wrong(c, "block %" PRIu32 " is not reached", i);
			return;
		}
		c->idoms[i] = d;
	}
	for (uint32_t i = ir->nblocks; i-- > 0;) {
		c->count[i]++;
		if (i > 0)
			c->count[c->idoms[i]] += c->count[i];
	}
	/* Until a block gets its number, its place holds that of its next
	 * child. */
	c->first[0] = 1;
	for (uint32_t i = 1; i < ir->nblocks; i++) {
		uint32_t at = c->first[c->idoms[i]];
		c->first[c->idoms[i]] += c->count[i];
		c->first[i] = at + 1;
	}
	for (uint32_t i = 0; i < ir->nblocks; i++)
		c->first[i] -= c->count[i];
}

static bool
dominates(const struct checker *c, uint32_t a, uint32_t b)
{
	return c->first[b] - c->first[a] < c->count[a];
}

/* Operands: defined before */

static bool
is_value(const struct checker *c, uint32_t v)
{
	return v > 0 && v < c->ir->nnodes && ir_stays(c->ir, v) &&
	       c->ir->nodes[v].type != TYPE_none &&
	       (ir_shape(c->ir->nodes[v].op) & SHAPE_value) != 0;
}

/* Outside of its own block v is defined in those that this one dominates. */
static uint32_t
defined_from(const struct checker *c, uint32_t v)
{
	const struct ir *ir = c->ir;
	const struct node *n = &ir->nodes[v];
	uint32_t b = c->blocks[v];
	const struct block *block = &ir->blocks[b];
	if (n->op != IR_result || ir->nodes[block->end - 1].op != IR_try ||
		n->a != ir_tried(ir, b))
		return b;
	return ir->edges[block->edges].to; /* where its call returns */
}

static void
check_use(struct checker *c, uint32_t v)
{
	if (!is_value(c, v)) {
		wrong(c, "v%" PRIu32 " is no value", v);
		return;
	}
	uint32_t from = c->blocks[v];
	if (from == c->user ? v >= c->at
			    : !dominates(c, defined_from(c, v), c->user))
		wrong(c, "v%" PRIu32 " is not defined here", v);
}

static void
check_operand(void *env, uint32_t *value)
{
	check_use(env, *value);
}

static void
check_args(struct checker *c, const struct edge *e)
{
	const struct ir *ir = c->ir;
	const struct block *to = &ir->blocks[e->to];
	c->user = e->from;
	c->at = ir_is_thrown(ir, (uint32_t)(e - ir->edges))
			? ir_tried(ir, e->from)
			: ir->blocks[e->from].end;
	for (uint32_t i = 0; i < to->nphis && !c->bad; i++) {
		uint32_t v = ir->aux[e->args + i];
		c->node = ir_phi(ir, to, i);
		check_use(c, v);
		if (!c->bad && ir->nodes[v].type != ir->nodes[c->node].type)
			wrong(c, "v%" PRIu32 " is of another type", v);
	}
}

/* Types */

static void
want(struct checker *c, uint32_t v, enum ir_type type)
{
	if (!c->bad && (!is_value(c, v) || c->ir->nodes[v].type != type))
		wrong(c, "v%" PRIu32 " has the wrong type", v);
}

static void
want_either(struct checker *c, uint32_t v, enum ir_type a, enum ir_type b)
{
	if (!c->bad && c->ir->nodes[v].type != b)
		want(c, v, a);
}

static void
want_pointer(struct checker *c, uint32_t v)
{
	want_either(c, v, TYPE_ptr, TYPE_ref);
}

/* By a letter of op.def or runtime.def; references are of both types. */
static void
want_letter(struct checker *c, uint32_t v, char letter)
{
	if (letter == 'x')
		want_pointer(c, v);
	else
		want(c, v, ir_letter_type(letter));
}

static void
want_result(struct checker *c, const struct node *n, enum ir_type type)
{
	if (n->type != type)
		wrong(c, "the wrong type");
}

/* By the signature in op.def. */
static void
check_wasm(struct checker *c, const struct node *n)
{
	const struct op_row *row = &op_rows[n->op];
	const struct ir *ir = c->ir;
	const uint32_t *aux = ir->aux + n->c;
	uint32_t v[4] = { n->a, n->b, n->c };
	enum ir_type address = TYPE_i32;
	const char *sig = n->op == OP_ref_is_null ? "x:i"
			  : n->op == OP_ref_eq	  ? "xx:i"
						  : row->sig;
	uint32_t i = 0;
	if (row->imm == IMM_MEMARG || row->imm == IMM_MEMARG_LANE) {
		v[2] = aux[AUX_third];
		if (aux[AUX_memory] >= ir->m->nmemories)
			wrong(c, "no such memory");
		else if (ir->m->memories[aux[AUX_memory]].is64)
			address = TYPE_i64;
	}
	for (; sig[i] != ':'; i++)
		if (sig[i] == 'm')
			want(c, v[i], address);
		else
			want_letter(c, v[i], sig[i]);
	if (sig[i + 1] != '\0' && sig[0] != '*')
		want_result(c, n, ir_letter_type(sig[i + 1]));
}

/* Values in aux: their count, then they. */
static void
check_list(struct checker *c, const uint32_t *aux, const valtype *types,
	uint32_t n)
{
	if (aux[0] != n) {
		wrong(c, "%" PRIu32 " values", aux[0]);
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		want(c, aux[1 + i], ir_type(c->ir->m, types[i]));
}

static void
check_call(struct checker *c, const struct node *n)
{
	const struct ir *ir = c->ir;
	const uint32_t *aux = ir->aux + n->c;
	if (n->op == IR_runtime) {
		const char *args = runtime_rows[aux[AUX_target]].args;
		if (strchr(args, '*') == NULL && aux[AUX_count] != strlen(args))
			wrong(c, "number of arguments");
		for (uint32_t i = 0;
			args[i] != '\0' && args[i] != '*' && !c->bad; i++)
			want_letter(c, aux[AUX_args + i], args[i]);
		return;
	}
	const struct functype *f = &ir->m->types[aux[AUX_type]].func;
	check_list(c, aux + AUX_count, f->params, f->nparams);
	if (n->op == IR_call_func || n->op == IR_tail_func)
		want(c, n->a, TYPE_ptr);
	else if (aux[AUX_target] < ir->m->nimported_funcs ||
		 aux[AUX_target] >= ir->m->nfuncs)
		wrong(c, "no such function");
}

/* A result stands after its call and results of it. */
static void
check_result(struct checker *c, const struct node *n)
{
	const struct ir *ir = c->ir;
	const struct node *call = &ir->nodes[n->a];
	uint32_t i = c->node - 1;
	while (i > n->a && ir->nodes[i].op == IR_result &&
		ir->nodes[i].a == n->a)
		i--;
	if (i != n->a) {
		wrong(c, "not after its call");
	} else if (call->op == IR_runtime) {
		const char *results =
			runtime_rows[ir->aux[call->c + AUX_target]].results;
		want_result(c, n, ir_letter_type(results[n->c]));
	} else {
		const struct functype *f =
			&ir->m->types[ir->aux[call->c + AUX_type]].func;
		if (n->c >= f->nresults)
			wrong(c, "no such result");
		else
			want_result(c, n, ir_type(ir->m, f->results[n->c]));
	}
}

/* References, structures and arrays. */
static void
check_object(struct checker *c, const struct node *n)
{
	bool sets = n->op >= IR_set_field;
	bool indexed = n->op >= (sets ? IR_set_element : IR_element);
	switch (n->op) {
	case IR_bits:
		want_result(c, n, TYPE_i64);
		break;
	case IR_ref:
		want(c, n->a, TYPE_i64);
		want_result(c, n, TYPE_ref);
		return;
	case IR_new:
		want_result(c, n, TYPE_ref);
		return;
	case IR_is:
		want_pointer(c, n->a);
		want_result(c, n, TYPE_i32);
		return;
	default:
		if (n->op < IR_field || n->op > IR_set_element16)
			return;
		if (n->op != IR_field && n->op != IR_element &&
			n->op != IR_set_field && n->op != IR_set_element)
			want_result(c, n, TYPE_i32);
		if (indexed)
			want(c, n->b, TYPE_i32);
		if (sets)
			want(c, indexed ? n->c : n->b, (enum ir_type)n->type);
		break;
	}
	want(c, n->a, TYPE_ref);
}

static void
check_ours(struct checker *c, const struct node *n)
{
	const struct ir *ir = c->ir;
	const uint32_t *aux = ir->aux + n->c;
	const struct functype *f = module_func_type(ir->m, ir->func);
	switch (n->op) {
	case IR_param:
		if (n->c >= f->nparams || c->blocks[c->node] != 0)
			wrong(c, "no such parameter");
		else
			want_result(c, n, ir_type(ir->m, f->params[n->c]));
		return;
	case IR_result:
		check_result(c, n);
		return;
	case IR_select:
		want(c, n->a, (enum ir_type)n->type);
		want(c, n->b, (enum ir_type)n->type);
		want(c, n->c, TYPE_i32);
		return;
	case IR_high_s:
	case IR_high_u:
		want(c, n->a, TYPE_i64);
		want(c, n->b, TYPE_i64);
		want_result(c, n, TYPE_i64);
		return;
	case IR_address:
	case IR_get_fixed:
	case IR_get32:
	case IR_get:
		want_pointer(c, n->a);
		return;
	case IR_set:
		want_pointer(c, n->a);
		want(c, n->b, (enum ir_type)n->type);
		return;
	case IR_get_at:
		want_pointer(c, n->a);
		want_either(c, n->b, TYPE_i32, TYPE_i64);
		return;
	case IR_set_at:
		want_pointer(c, n->a);
		want_either(c, n->b, TYPE_i32, TYPE_i64);
		want(c, aux[AUX_value], (enum ir_type)n->type);
		return;
	case IR_bound:
		want_either(c, n->a, TYPE_i32, TYPE_i64);
		return;
	case IR_trap_if:
	case IR_trap_unless:
	case IR_branch:
	case IR_switch:
		want(c, n->a, TYPE_i32);
		return;
	case IR_call:
	case IR_call_func:
	case IR_runtime:
	case IR_tail_call:
	case IR_tail_func:
		check_call(c, n);
		return;
	case IR_return:
		check_list(c, aux, f->results, f->nresults);
		return;
	default:
		check_object(c, n);
		return;
	}
}

static void
check_node(struct checker *c, uint32_t i)
{
	const struct node *n = &c->ir->nodes[i];
	c->node = i;
	c->user = c->blocks[i];
	c->at = i;
	if (n->op != IR_result)
		ir_operands(c->ir, i, check_operand, c);
	if (c->bad)
		return;
	if (n->op < OP_count)
		check_wasm(c, n);
	else
		check_ours(c, n);
}

const char *
check(const struct ir *ir, char *out, size_t bytes)
{
	struct checker c = { .ir = ir, .out = out, .bytes = bytes };
	c.blocks = arena_array(ir->a, ir->nnodes, sizeof *c.blocks);
	c.idoms = arena_array(ir->a, ir->nblocks, sizeof *c.idoms);
	c.first = arena_array(ir->a, ir->nblocks, sizeof *c.first);
	c.count = arena_array(ir->a, ir->nblocks, sizeof *c.count);
	if (ir->a->failed)
		return NULL;
	check_graph(&c);
	if (!c.bad)
		find_dominators(&c);
	for (uint32_t i = 1; i < ir->nnodes && !c.bad; i++)
		if (ir_stays(ir, i))
			check_node(&c, i);
	for (uint32_t i = 0; i < ir->nedges && !c.bad; i++)
		check_args(&c, &ir->edges[i]);
	uint32_t value, loop;
	if (!c.bad && !check_state(ir, &value, &loop)) {
		c.node = value;
		wrong(&c, "not in the state of loop %" PRIu32, loop);
	}
	return c.bad ? out : NULL;
}

void
ir_check(const struct ir *ir)
{
	char text[200];
	assert(check(ir, text, sizeof text) == NULL && "see text");
	(void)ir;
	(void)text;
}
