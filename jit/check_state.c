#include "jit/check_state.h"

#include "jit/ir.h"
#include "trap/arena.h"

#define NO_EDGE NO_BLOCK

enum { MOST_STEPS = 1 << 26 };

struct state_check {
	const struct ir *ir;
	uint32_t *blocks;  /* per node */
	uint32_t *starts;  /* per value: of its uses; ends where the next starts
			    */
	uint32_t *uses;	   /* blocks; NULL while they are counted */
	uint32_t *heads;   /* per block: loop that it is the head of, or 0 */
	uint32_t *visited; /* per block: the last value that lives there */
	uint32_t *stack;
	uint32_t user; /* block of the uses being collected */
	uint32_t steps;
};

static void
collect(void *env, uint32_t *value)
{
	struct state_check *c = env;
	if (c->uses == NULL)
		c->starts[*value + 1]++;
	else
		c->uses[c->starts[*value]++] = c->user;
}

/* A phi uses its values where the edges leave. */
static void
collect_all(struct state_check *c)
{
	const struct ir *ir = c->ir;
	for (uint32_t i = 1; i < ir->nnodes; i++) {
		c->user = c->blocks[i];
		if (ir_stays(ir, i))
			ir_operands(ir, i, collect, c);
	}
	for (uint32_t e = 0; e < ir->nedges; e++) {
		const struct edge *edge = &ir->edges[e];
		c->user = edge->from;
		for (uint32_t i = 0; i < ir->blocks[edge->to].nphis; i++)
			collect(c, &ir->aux[edge->args + i]);
	}
}

/* Counts, then collects; afterwards value v has the uses from starts[v - 1]. */
static bool
find_uses(struct state_check *c)
{
	const struct ir *ir = c->ir;
	collect_all(c);
	for (uint32_t i = 1; i < ir->nnodes; i++)
		c->starts[i + 1] += c->starts[i];
	c->uses = arena_array(
		ir->a, (size_t)c->starts[ir->nnodes] + 1, sizeof *c->uses);
	if (c->uses == NULL)
		return false;
	collect_all(c);
	return true;
}

static bool
is_in_state(const struct ir *ir, uint32_t loop, uint32_t v)
{
	const uint32_t *state = ir->aux + ir->loops[loop].state;
	uint16_t op = ir->nodes[v].op;
	if (op == IR_const || op == IR_instance || op == IR_get_fixed ||
		op == IR_address)
		return true;
	for (uint32_t i = 1; i <= state[0]; i++)
		if (state[i] == v)
			return true;
	return false;
}

/* v lives where block b begins; false if that is a head without it. */
static bool
live_in(struct state_check *c, uint32_t v, uint32_t b, uint32_t *n)
{
	uint32_t loop = c->heads[b];
	if (c->visited[b] == v)
		return true;
	c->visited[b] = v;
	c->stack[(*n)++] = b;
	return loop == 0 || c->ir->loops[loop].state == 0 ||
	       is_in_state(c->ir, loop, v);
}

/* Goes from the uses of v back to its definition. */
static bool
check_value(struct state_check *c, uint32_t v, uint32_t *bad)
{
	const struct ir *ir = c->ir;
	uint32_t n = 0, home = c->blocks[v];
	for (uint32_t u = c->starts[v - 1]; u < c->starts[v]; u++) {
		*bad = c->uses[u];
		if (*bad != home && !live_in(c, v, *bad, &n))
			return false;
	}
	while (n > 0) {
		const struct block *b = &ir->blocks[c->stack[--n]];
		for (uint32_t e = b->in; e != NO_EDGE; e = ir->edges[e].next) {
			*bad = ir->edges[e].from;
			c->steps++;
			if (*bad != home && !live_in(c, v, *bad, &n))
				return false;
		}
	}
	return true;
}

bool
check_state(const struct ir *ir, uint32_t *value, uint32_t *loop)
{
	struct state_check c = { .ir = ir };
	if (ir->nloops == 1)
		return true;
	c.blocks = arena_array(ir->a, ir->nnodes, sizeof *c.blocks);
	c.starts = arena_array(ir->a, (size_t)ir->nnodes + 2, sizeof *c.starts);
	c.heads = arena_array(ir->a, ir->nblocks, sizeof *c.heads);
	c.visited = arena_array(ir->a, ir->nblocks, sizeof *c.visited);
	c.stack = arena_array(ir->a, ir->nblocks, sizeof *c.stack);
	if (ir->a->failed)
		return true;
	for (uint32_t b = 0; b < ir->nblocks; b++)
		for (uint32_t i = ir->blocks[b].first; i < ir->blocks[b].end;
			i++)
			c.blocks[i] = b;
	for (uint32_t l = 1; l < ir->nloops; l++)
		c.heads[ir->loops[l].head] = l;
	if (!find_uses(&c))
		return true;
	for (*value = 1; *value < ir->nnodes && c.steps < MOST_STEPS;
		++*value) {
		uint32_t bad;
		if (check_value(&c, *value, &bad))
			continue;
		*loop = c.heads[bad];
		return false;
	}
	return true;
}
