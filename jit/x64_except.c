/*
 * Where what is thrown lands: for each call and each clause around it some code
 * on the side, which finds the frame's values at home, as calls leave them, and
 * brings them to where the clause's block wants them.
 */
#include "jit/x64_gen.h"

#include "spec/code.h"
#include "spec/module.h"

void
x64_keep(struct machine *x)
{
	if (x->instance_slot == NO_SLOT)
		return;
	machine_store(x, TYPE_ptr, x->instance_slot, RINST);
	if (x->catches)
		machine_store(x, TYPE_ptr, x->instance_slot + 1, X64_rsp);
}

/* The clauses of the try i: kind and tag of each, n of them. */
static const uint32_t *
clauses_of(const struct machine *x, uint32_t i, uint32_t *n)
{
	const uint32_t *aux = x->ir->aux + x->ir->nodes[i].c;
	*n = aux[0];
	return aux + 1;
}

uint32_t
x64_try_slots(const struct machine *x, uint32_t i)
{
	const struct module *m = x->ir->m;
	uint32_t n, most = 0;
	const uint32_t *c = clauses_of(x, i, &n);
	for (; n > 0; n--, c += CLAUSE_words) {
		if (c[CLAUSE_kind] >= CATCH_all)
			continue;
		uint32_t type = m->tags[c[CLAUSE_tag]];
		if (m->types[type].func.param_slots > most)
			most = m->types[type].func.param_slots;
	}
	return most + 1;
}

/* The landing of edge e: its label. */
static uint32_t
landing(struct machine *x, uint32_t e)
{
	uint32_t label = label_new(x);
	enum part part = x->part;
	part_begin(x, PART_side);
	label_here(x, label);
	x64_reload(x);
	alloc_edge(&x->al, e);
	jump_to(x, x->ir->edges[e].to);
	part_begin(x, part);
	return label;
}

/* Adds them to the site of the call, which is the last one. */
static void
add_clauses(struct machine *x, uint32_t b)
{
	const struct block *block = &x->ir->blocks[b];
	struct gen_site *site = &x->sites[x->nsites - 1];
	uint32_t n;
	const uint32_t *c = clauses_of(x, block->end - 1, &n);
	site->first = x->nclauses;
	for (uint32_t i = 0; i < n; i++, c += CLAUSE_words) {
		uint32_t label = landing(x, block->edges + 1 + i);
		if (!x64_grow(x, (void **)&x->clauses, &x->clauses_room,
			    x->nclauses + 1, sizeof *x->clauses))
			return;
		x->clauses[x->nclauses++] = (struct gen_clause){ label,
			c[CLAUSE_kind], c[CLAUSE_tag] };
		site->nclauses++;
	}
}

void
x64_try(struct machine *x, uint32_t b)
{
	struct state returned;
	if (x->al.failed)
		return;
	assert(x->sites[x->nsites - 1].node == ir_tried(x->ir, b) &&
		"nothing is called after it");
	alloc_leave(&x->al, &returned);
	add_clauses(x, b);
	alloc_back(&x->al, &returned);
	x64_go(x, x->ir->blocks[b].edges, b);
}
