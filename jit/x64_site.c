/*
 * Sites: what a frame's link says while its function calls something: the slots
 * that then hold references, and what catches.
 */
#include "jit/x64_gen.h"

#include <string.h>

#include "interp/loop.h"
#include "jit/runtime.h"

/* Words of roots while they are collected. */
struct words {
	uint32_t *at, n, room;
};

static void
add(struct machine *x, uint32_t label, place call, uint32_t node)
{
	if (x64_grow(x, (void **)&x->sites, &x->sites_room, x->nsites + 1,
		    sizeof *x->sites))
		x->sites[x->nsites++] =
			(struct gen_site){ label, call, node, 0, 0 };
}

uint32_t
site_label(struct machine *x, uint32_t node)
{
	uint32_t label = label_new(x);
	add(x, label, NO_PLACE, node);
	return label;
}

void
site_copied(struct machine *x, place call, uint32_t node)
{
	add(x, 0, call, node);
}

static void
put(struct machine *x, struct words *w, uint32_t word)
{
	if (x64_grow(x, (void **)&w->at, &w->room, w->n + 1, sizeof *w->at))
		w->at[w->n++] = word;
}

/* Arguments of C stand in slots above the frame; others are the callee's. */
static void
put_arguments(struct machine *x, struct words *w, uint32_t i, uint32_t distance)
{
	const struct node *n = node_of(x, i);
	const uint32_t *aux = x->ir->aux + n->c;
	if (n->op != IR_runtime)
		return;
	for (uint32_t k = 0, slot = distance; k < aux[AUX_count]; k++) {
		uint32_t v = aux[AUX_args + k];
		if (roots_may_be(x->ir, v))
			put(x, w, slot);
		slot += node_of(x, v)->type == TYPE_v128 ? 2 : 1;
	}
}

/* The roots of call i; those of the last site if they are the same. */
static uint32_t
put_roots(struct machine *x, struct words *w, uint32_t i, uint32_t last,
	uint32_t distance)
{
	uint32_t n, at = w->n;
	const uint32_t *v = roots_of(&x->roots, i, &n);
	if (n == 0 && node_of(x, i)->op != IR_runtime)
		return 0; /* the first list */
	put(x, w, 0);
	for (uint32_t k = 0; k < n; k++) {
		assert(x->al.home[v[k]] != NO_SLOT && "homed before the call");
		put(x, w, x->al.home[v[k]]);
	}
	put_arguments(x, w, i, distance);
	if (x->al.failed)
		return 0;
	n = w->n - at;
	w->at[at] = n - 1;
	if (n != w->at[last] + 1 ||
		memcmp(w->at + last, w->at + at, n * sizeof *w->at) != 0)
		return at;
	w->n = at;
	return last;
}

/* What catches at a site, at offset `at`. */
static void
put_catches(const struct machine *x, const struct gen_layout *l, uint32_t at,
	const struct gen_site *site)
{
	struct code_catches head = { x->instance_slot, site->nclauses };
	memcpy(l->bytes + at, &head, sizeof head);
	at += (uint32_t)sizeof head;
	for (uint32_t i = 0; i < site->nclauses; i++) {
		const struct gen_clause *c = &x->clauses[site->first + i];
		struct code_clause clause = { c->kind, c->tag,
			at - x64_label_at(x, l, c->label) };
		memcpy(l->bytes + at, &clause, sizeof clause);
		at += (uint32_t)sizeof clause;
	}
}

static uint32_t
catches_bytes(uint32_t nclauses)
{
	return (uint32_t)(sizeof(struct code_catches) +
			  nclauses * sizeof(struct code_clause));
}

uint32_t
x64_site_at(const struct gen_layout *l, uint32_t site)
{
	return l->sites + site * (uint32_t)sizeof(struct code_site) +
	       (uint32_t)offsetof(struct code_site, leave);
}

uint32_t
x64_sites_bytes(const struct machine *x)
{
	uint32_t n = x->nsites * (uint32_t)sizeof(struct code_site);
	for (uint32_t i = 0; i < x->nsites; i++)
		if (x->sites[i].nclauses != 0)
			n += catches_bytes(x->sites[i].nclauses);
	return n;
}

bool
x64_sites_put(struct machine *x, const struct gen_layout *l, uint32_t distance,
	struct code_image *out)
{
	const union word leave = loop_tables()->cells[CELL_leave].op;
	struct words w = { NULL, 0, 0 };
	uint32_t last = 0, at = l->sites;
	uint32_t end = at + x->nsites * (uint32_t)sizeof(struct code_site);
	put(x, &w, 0);
	for (uint32_t i = 0; i < x->nsites && !x->al.failed; i++) {
		const struct gen_site *site = &x->sites[i];
		last = put_roots(x, &w, site->node, last, distance);
		struct origin o = x->ir->origins[site->node];
		struct code_site s = { .offset = o.offset,
			.roots = last,
			.inlined = o.inlined,
			.distance = (uint16_t)distance,
			.leave.op = leave };
		if (node_of(x, site->node)->op == IR_new) {
			s.leave.u.ab = node_of(x, site->node)->c;
			s.leave.v.imm = (int32_t)node_of(x, site->node)->b;
		}
		if (site->nclauses != 0) {
			s.leave.u.ab = end - at;
			put_catches(x, l, end, site);
			end += catches_bytes(site->nclauses);
		}
		memcpy(l->bytes + at, &s, sizeof s);
		at += (uint32_t)sizeof s;
	}
	out->roots = w.at;
	out->nroots = w.n;
	return !x->al.failed;
}
