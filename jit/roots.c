#include "jit/roots.h"

#include "trap/arena.h"
#include "trap/error.h"

/* Blocks in which values live, and values at calls: more of them is too much.
 */
enum { MOST_STEPS = 1 << 22 };

/* A value that lives where a block begins. */
struct live {
	uint32_t value, next;
};

struct finder {
	struct ir *ir;
	const struct analysis *an;
	struct roots *out;
	uint32_t first; /* node */
	struct live *rows;
	uint32_t nrows, rows_room;
	uint32_t *in;	   /* per block: list of rows, or 0 */
	uint32_t *visited; /* per block: the last value that lives there */
	uint32_t *stack;   /* blocks */
	uint32_t *cursor;  /* per value: its first use from here on */
	uint32_t *lives;   /* per value: 1 + the last block found to let it
			      live on */
	uint32_t *now;	   /* values that live in the block at hand */
	uint32_t nnow;
	uint32_t steps;
};

bool
roots_may_be(const struct ir *ir, uint32_t v)
{
	const struct node *n = &ir->nodes[v];
	return n->type == TYPE_ref && n->op != IR_const && ir_stays(ir, v) &&
	       (ir_shape(n->op) & SHAPE_value) != 0;
}

/* The first reference and the last call; false if no call follows one. */
static bool
survey(struct finder *f)
{
	const struct ir *ir = f->ir;
	uint32_t i = 1, last = ir->nnodes - 1;
	if (!f->an->refs)
		return false;
	while (i < ir->nnodes && !roots_may_be(ir, i))
		i++;
	while (last > i && !ir_collects(ir->nodes[last].op))
		last--;
	f->first = i;
	return i < last;
}

static bool
allocate(struct finder *f)
{
	struct arena *a = f->ir->a;
	uint32_t n = f->ir->nnodes, nblocks = f->ir->nblocks;
	f->rows_room = f->out->room = 256;
	f->rows = arena_array(a, f->rows_room, sizeof *f->rows);
	f->in = arena_array(a, nblocks, sizeof *f->in);
	f->visited = arena_array(a, nblocks, sizeof *f->visited);
	f->stack = arena_array(a, nblocks, sizeof *f->stack);
	f->cursor = arena_array(a, n, sizeof *f->cursor);
	f->lives = arena_array(a, n, sizeof *f->lives);
	f->now = arena_array(a, n, sizeof *f->now);
	f->out->lists = arena_array(a, f->out->room, sizeof *f->out->lists);
	f->out->at = arena_array(a, n, sizeof *f->out->at);
	f->nrows = f->out->n = 1;
	return !a->failed;
}

/* Room for one more element; false when out of memory. */
static bool
room(struct finder *f, void **array, uint32_t *room, uint32_t n, size_t size)
{
	if (n < *room)
		return true;
	void *p = arena_grow_room(
		f->ir->a, *array, *room * size, 2 * (size_t)*room * size);
	if (p == NULL)
		return false;
	*array = p;
	*room *= 2;
	return true;
}

/* Where values live */

/* v lives where block b begins. */
static void
lives_in(struct finder *f, uint32_t v, uint32_t b, uint32_t *n)
{
	if (f->visited[b] == v || !room(f, (void **)&f->rows, &f->rows_room,
					  f->nrows, sizeof *f->rows))
		return;
	f->visited[b] = v;
	f->rows[f->nrows] = (struct live){ v, f->in[b] };
	f->in[b] = f->nrows++;
	f->stack[(*n)++] = b;
	f->steps++;
}

/* From the uses of v back to where it is made. */
static void
trace(struct finder *f, uint32_t v)
{
	const struct ir *ir = f->ir;
	const struct analysis *an = f->an;
	uint32_t n = 0, home = ir_block_of(ir, v);
	for (uint32_t u = an->lives[v].first; u != 0; u = an->uses[u].next) {
		uint32_t b = ir_block_of(ir, an->uses[u].position);
		if (b != home)
			lives_in(f, v, b, &n);
	}
	while (n > 0 && f->steps < MOST_STEPS) {
		const struct block *b = &ir->blocks[f->stack[--n]];
		for (uint32_t e = b->in; e != NO_BLOCK; e = ir->edges[e].next)
			if (ir->edges[e].from != home)
				lives_in(f, v, ir->edges[e].from, &n);
	}
}

/* Lists */

/* v is used after position i of block b, or leaves it. */
static bool
lives_on(struct finder *f, uint32_t v, uint32_t i, uint32_t b)
{
	const struct use *uses = f->an->uses;
	uint32_t *u = &f->cursor[v];
	while (*u != 0 && uses[*u].position <= i)
		*u = uses[*u].next;
	return f->lives[v] == b + 1 ||
	       (*u != 0 && uses[*u].position < f->ir->blocks[b].end);
}

/* Call i of block b: what dies is forgotten, the rest is its list. */
static void
list(struct finder *f, uint32_t i, uint32_t b)
{
	struct roots *out = f->out;
	uint32_t n = 0;
	for (uint32_t k = 0; k < f->nnow; k++)
		if (lives_on(f, f->now[k], i, b))
			f->now[n++] = f->now[k];
	f->nnow = n;
	f->steps += n;
	if (n == 0)
		return;
	out->at[i] = out->n;
	for (uint32_t k = 0; k <= n; k++) {
		if (!room(f, (void **)&out->lists, &out->room, out->n,
			    sizeof *out->lists))
			return;
		out->lists[out->n++] = k == 0 ? n : f->now[k - 1];
	}
}

static void
list_block(struct finder *f, uint32_t b)
{
	const struct ir *ir = f->ir;
	const struct block *block = &ir->blocks[b];
	f->nnow = 0;
	for (uint32_t r = f->in[b]; r != 0; r = f->rows[r].next)
		f->now[f->nnow++] = f->rows[r].value;
	for (uint32_t e = 0; e < block->nedges; e++) {
		uint32_t r = f->in[ir->edges[block->edges + e].to];
		for (; r != 0; r = f->rows[r].next, f->steps++)
			f->lives[f->rows[r].value] = b + 1;
	}
	for (uint32_t i = block->first; i < block->end; i++) {
		if (ir_collects(ir->nodes[i].op))
			list(f, i, b);
		if (roots_may_be(ir, i))
			f->now[f->nnow++] = i;
	}
}

bool
roots_find(struct ir *ir, const struct analysis *an, struct roots *out)
{
	struct finder f = { .ir = ir, .an = an, .out = out };
	*out = (struct roots){ .at = NULL };
	if (!survey(&f))
		return true;
	if (!allocate(&f))
		return false;
	for (uint32_t v = f.first; v < ir->nnodes; v++) {
		f.cursor[v] = an->lives[v].first;
		if (roots_may_be(ir, v))
			trace(&f, v);
	}
	for (uint32_t b = ir_block_of(ir, f.first); b < ir->nblocks; b++)
		list_block(&f, b);
	if (f.steps >= MOST_STEPS)
		error_set(ir->error, ERROR_unsupported,
			"too many references live where something is called");
	return f.steps < MOST_STEPS && !ir->a->failed;
}

const uint32_t *
roots_of(const struct roots *r, uint32_t i, uint32_t *n)
{
	uint32_t at = r->at != NULL ? r->at[i] : 0;
	*n = at != 0 ? r->lists[at] : 0;
	return at != 0 ? r->lists + at + 1 : NULL;
}
