#include "jit/alloc.h"

#include <assert.h>
#include <string.h>

#include "spec/module.h"
#include "trap/arena.h"
#include "trap/likely.h"

#define BIT(r) ((regset)1 << (r))

static int
lowest(regset s)
{
	return __builtin_ctz(s);
}

static bool
is_wide(const struct alloc *al, uint32_t v)
{
	return alloc_type(al, v) == TYPE_v128;
}

bool
alloc_init(struct alloc *al, struct ir *ir, struct analysis *an,
	struct machine *machine)
{
	struct arena *a = ir->a;
	size_t n = ir->nnodes;
	memset(al, 0, sizeof *al);
	al->ir = ir;
	al->an = an;
	al->machine = machine;
	al->views = an->views;
	/* one array for all that begins as no register and no slot */
	size_t bytes = n * (sizeof *al->home + 3 * sizeof *al->reg);
	al->home = arena_room(a, bytes);
	al->at = arena_array(a, ir->nblocks, sizeof *al->at);
	al->states = arena_room(a, ir->nblocks * sizeof *al->states);
	al->ending = arena_array(a, n, sizeof *al->ending);
	al->next_ending = arena_room(a, n * sizeof *al->next_ending);
	al->few = MACHINE_INTS | MACHINE_FLOATS;
	al->spares_room = 64;
	al->nspares = 1;
	al->spares = arena_room(a, al->spares_room * sizeof *al->spares);
	if (a->failed)
		return false;
	al->reach = al->views[0].reach;
	static_assert(NO_REG == 0xff && NO_SLOT == UINT32_MAX, "all bits set");
	memset(al->home, 0xff, bytes);
	al->reg = (uint8_t *)(al->home + n);
	al->hint = al->reg + n;
	al->start = al->hint + n;
	al->nslots = module_func_type(ir->m, ir->func)->param_slots;
	return true;
}

/* The n lowest of a set. */
static regset
first(regset s, unsigned n)
{
	regset out = 0;
	for (; s != 0 && n != 0; n--, s &= s - 1)
		out |= s & -s;
	return out;
}

void
alloc_vary(struct alloc *al, unsigned registers, uint32_t seed)
{
	if (registers != 0)
		al->few = first(MACHINE_INTS, registers) |
			  first(MACHINE_FLOATS, registers);
	al->random = seed;
}

/* Homes. */

static void
spare(struct alloc *al, uint32_t slot, bool wide)
{
	if (al->nspares == al->spares_room) {
		struct spare *p = arena_grow_room(al->ir->a, al->spares,
			al->spares_room * sizeof *p,
			2 * al->spares_room * sizeof *p);
		if (p == NULL) {
			al->failed = true;
			return;
		}
		al->spares = p;
		al->spares_room *= 2;
	}
	al->spares[al->nspares] = (struct spare){ slot, al->free[wide] };
	al->free[wide] = al->nspares++;
}

uint32_t
alloc_home(struct alloc *al, uint32_t v)
{
	if (al->home[v] != NO_SLOT)
		return al->home[v];
	bool wide = is_wide(al, v);
	uint32_t *head = &al->free[wide], last = al->an->lives[v].last;
	if (*head != 0) {
		al->home[v] = al->spares[*head].slot;
		*head = al->spares[*head].next;
	} else {
		al->home[v] = al->nslots;
		al->nslots += wide ? 2 : 1;
	}
	al->next_ending[v] = al->ending[last];
	al->ending[last] = v;
	return al->home[v];
}

void
alloc_spare(struct alloc *al)
{
	for (uint32_t v = al->ending[al->position]; v != 0;
		v = al->next_ending[v])
		spare(al, al->home[v], is_wide(al, v));
}

/* Registers. */

/* The first use of v here or behind; those before are forgotten. */
static inline uint32_t
first_use(const struct alloc *al, uint32_t v)
{
	uint32_t *first = &al->an->lives[v].first, u = *first;
	const struct use *uses = al->an->uses;
	if (u == 0 || uses[u].position >= al->position)
		return u;
	while (u != 0 && uses[u].position < al->position)
		u = uses[u].next;
	*first = u;
	return u;
}

/* The use of v at this position or the first behind it, or 0. */
static uint32_t
use_from(const struct alloc *al, uint32_t v, uint32_t position)
{
	uint32_t u = first_use(al, v);
	const struct use *uses = al->an->uses;
	while (u != 0 && uses[u].position < position)
		u = uses[u].next;
	return u;
}

/* The next position that needs v after the present one. */
static uint32_t
next_use(const struct alloc *al, uint32_t v)
{
	uint32_t u = use_from(al, v, al->position + 1);
	return u != 0 ? al->an->uses[u].position : al->an->lives[v].last;
}

/*
 * v is needed at the position or behind it, as seen from the present block.
 * What is made in the innermost loop is needed where ways forward lead only:
 * the next round makes it anew.  What comes from outside of the loop is needed
 * throughout its range.
 */
static bool
lives_from(const struct alloc *al, uint32_t v, uint32_t position)
{
	uint32_t last = al->an->lives[v].last;
	if (last < position)
		return false;
	if (v < al->head || last < al->reach)
		return true;
	uint32_t u = use_from(al, v, position);
	return u != 0 && al->an->uses[u].position < al->reach;
}

bool
alloc_lives_far(const struct alloc *al, uint32_t v)
{
	return lives_from(al, v, al->position + 1);
}

bool
alloc_at_home(const struct alloc *al, uint32_t v)
{
	return al->reg[v] == NO_REG && !alloc_is_const(al, v);
}

static void
drop(struct alloc *al, int r)
{
	if ((al->now.used & BIT(r)) != 0)
		al->reg[al->now.held[r]] = NO_REG;
	al->now.used &= ~BIT(r);
	al->now.homed &= ~BIT(r);
}

/* v comes into r, where nothing is. */
static void
hold(struct state *s, int r, uint32_t v)
{
	s->held[r] = v;
	s->used |= BIT(r);
}

static void
drop_all(struct alloc *al)
{
	for (regset left = al->now.used; left != 0; left &= left - 1)
		al->reg[al->now.held[lowest(left)]] = NO_REG;
	al->now.used = al->now.homed = 0;
}

/* The value in r is at home too, if it can be needed there. */
static void
bring_home(struct alloc *al, int r)
{
	uint32_t v = al->now.held[r];
	if ((al->now.homed & BIT(r)) != 0 || alloc_is_const(al, v))
		return;
	machine_store(
		al->machine, (uint8_t)alloc_type(al, v), alloc_home(al, v), r);
	al->now.homed |= BIT(r);
}

/* One of the set: xorshift32, if it is by chance. */
static int
pick(struct alloc *al, regset s)
{
	if (al->random == 0)
		return lowest(s);
	al->random ^= al->random << 13;
	al->random ^= al->random >> 17;
	al->random ^= al->random << 5;
	for (uint32_t n = al->random % (uint32_t)__builtin_popcount(s); n != 0;
		n--)
		s &= s - 1;
	return lowest(s);
}

/* Those of the set that may be given out now. */
static regset
offered(const struct alloc *al, regset among)
{
	regset few = among & al->few & ~al->pinned;
	return few != 0 ? few : among & ~al->pinned;
}

/* Empties the register of the set whose value is needed last. */
static int
evict(struct alloc *al, regset among)
{
	int best = -1;
	uint32_t furthest = 0;
	assert(among != 0 && "a register that is not pinned");
	if (al->random != 0)
		among = BIT(pick(al, among));
	for (regset s = among; s != 0; s &= s - 1) {
		int r = lowest(s);
		uint32_t v = al->now.held[r];
		uint32_t next = next_use(al, v);
		/* what costs no store goes a little earlier */
		if ((al->now.homed & BIT(r)) != 0 || alloc_is_const(al, v))
			next += 8;
		if (best < 0 || next > furthest) {
			best = r;
			furthest = next;
		}
	}
	bring_home(al, best);
	drop(al, best);
	return best;
}

/* r holds nothing that is needed still. */
static inline bool
is_empty(const struct alloc *al, int r)
{
	return (al->now.used & BIT(r)) == 0 ||
	       !lives_from(al, al->now.held[r], al->position);
}

/* The registers of the set of which that is so. */
static regset
empty(const struct alloc *al, regset among)
{
	regset s = among & ~al->now.used;
	for (regset left = among & al->now.used; left != 0; left &= left - 1) {
		if (is_empty(al, lowest(left)))
			s |= left & -left;
	}
	return s;
}

/* One of the set where each holds something, or any by chance. */
static NOINLINE int
make_free(struct alloc *al, regset among)
{
	regset s = among & ~al->now.used;
	if (s == 0 || al->random != 0)
		s = empty(al, among);
	int r = s != 0 ? pick(al, s) : evict(al, among);
	drop(al, r);
	al->pinned |= BIT(r);
	return r;
}

int
alloc_free_in(struct alloc *al, regset among)
{
	among = offered(al, among);
	regset free = among & ~al->now.used;
	if (UNLIKELY(free == 0 || al->random != 0))
		return make_free(al, among);
	assert((al->now.homed & ~al->now.used) == 0 && "of what is held");
	al->pinned |= free & -free;
	return lowest(free);
}

void
alloc_define(struct alloc *al, uint32_t v, int r)
{
	drop(al, r);
	hold(&al->now, r, v);
	al->reg[v] = (uint8_t)r;
	al->pinned |= BIT(r);
}

/* A register of `among` for v: its hint, if that is one. */
static int
free_for(struct alloc *al, uint32_t v, regset among)
{
	int hint = al->hint[v];
	if (hint != NO_REG && (among & ~al->pinned & BIT(hint)) != 0 &&
		is_empty(al, hint))
		return hint;
	return alloc_free_in(al, among);
}

/* v moves from one register to another. */
static NOINLINE int
bring_over(struct alloc *al, uint32_t v, regset among)
{
	int old = al->reg[v];
	bool homed = (al->now.homed & BIT(old)) != 0;
	al->pinned |= BIT(old);
	int r = free_for(al, v, among);
	machine_move(al->machine, (uint8_t)alloc_type(al, v), r, old);
	al->pinned &= ~BIT(old);
	drop(al, old);
	alloc_define(al, v, r);
	if (homed)
		al->now.homed |= BIT(r);
	return r;
}

int
alloc_bring(struct alloc *al, uint32_t v, regset among)
{
	uint8_t type = (uint8_t)alloc_type(al, v);
	if (UNLIKELY(al->reg[v] != NO_REG))
		return bring_over(al, v, among);
	int r = free_for(al, v, among);
	if (alloc_is_const(al, v)) {
		machine_const(al->machine, type, r, v);
		alloc_define(al, v, r);
	} else {
		machine_load(al->machine, type, r, alloc_home(al, v));
		alloc_define(al, v, r);
		al->now.homed |= BIT(r);
	}
	return r;
}

void
alloc_leave_dead(struct alloc *al, uint32_t v)
{
	if (alloc_lives(al, v))
		return;
	int r = al->reg[v];
	drop(al, r);
	al->pinned &= ~BIT(r);
}

void
alloc_clear(struct alloc *al, int r)
{
	uint32_t v = al->now.held[r];
	al->pinned |= BIT(r);
	if ((al->now.used & BIT(r)) == 0)
		return;
	if (alloc_is_const(al, v)) {
		drop(al, r);
		return;
	}
	regset s = empty(al, offered(al, alloc_class(alloc_type(al, v))));
	if (s == 0 || next_use(al, v) == al->an->lives[v].last) {
		bring_home(al, r);
		drop(al, r);
		return;
	}
	int to = pick(al, s);
	bool homed = (al->now.homed & BIT(r)) != 0;
	drop(al, to);
	machine_move(al->machine, (uint8_t)alloc_type(al, v), to, r);
	drop(al, r);
	hold(&al->now, to, v);
	al->reg[v] = (uint8_t)to;
	if (homed)
		al->now.homed |= BIT(to);
}

/* A register for the result v; near: NO_REG where that takes a look at uses. */
static ALWAYS_INLINE int
choose(struct alloc *al, uint32_t v, uint32_t like, bool near)
{
	regset class = alloc_class(alloc_type(al, v));
	uint32_t hint = al->hint[v], old = al->reg[like];
	if (hint != NO_REG && (class & ~al->pinned & BIT(hint)) != 0) {
		if ((al->now.used & BIT(hint)) == 0)
			return (int)hint;
		if (near)
			return NO_REG;
		if (is_empty(al, (int)hint))
			return (int)hint;
	}
	if (old != NO_REG && (class & BIT(old)) != 0) {
		uint32_t last = al->an->lives[like].last;
		if (last <= al->position)
			return (int)old;
		if (like >= al->head && last >= al->reach) {
			if (near)
				return NO_REG;
			if (!alloc_lives_far(al, like))
				return (int)old;
		}
	}
	regset free = class & al->few & ~al->pinned & ~al->now.used;
	if (free != 0 && al->random == 0)
		return lowest(free);
	return near ? NO_REG : alloc_free_in(al, class);
}

static NOINLINE int
result_far(struct alloc *al, uint32_t v, uint32_t like)
{
	int r = choose(al, v, like, false);
	alloc_define(al, v, r);
	return r;
}

int
alloc_result(struct alloc *al, uint32_t v, uint32_t like)
{
	int r = choose(al, v, like, true);
	if (UNLIKELY(r == NO_REG))
		return result_far(al, v, like);
	alloc_define(al, v, r);
	return r;
}

void
alloc_empty(struct alloc *al)
{
	regset left = al->now.used & ~al->now.homed;
	for (; left != 0; left &= left - 1) {
		int r = lowest(left);
		if (alloc_lives(al, al->now.held[r]))
			bring_home(al, r);
	}
}

void
alloc_forget(struct alloc *al)
{
	drop_all(al);
}

void
alloc_leave(struct alloc *al, struct state *kept)
{
	*kept = al->now;
	alloc_forget(al);
}

void
alloc_back(struct alloc *al, const struct state *kept)
{
	al->now = *kept;
	for (regset left = kept->used; left != 0; left &= left - 1)
		al->reg[kept->held[lowest(left)]] = (uint8_t)lowest(left);
}

/* Moves. */

uint32_t
alloc_take(
	const struct alloc *al, uint32_t v, uint32_t slot, struct move *moves)
{
	struct move m = { .type = al->ir->nodes[v].type };
	uint32_t n = 0, r = al->reg[v];
	move_from(&m, MOVE_slot, slot);
	if (r != NO_REG) {
		move_to(&m, false, r);
		moves[n++] = m;
	}
	if (al->home[v] != NO_SLOT && al->home[v] != slot &&
		(r == NO_REG || (al->now.homed & BIT(r)) != 0)) {
		move_to(&m, true, al->home[v]);
		moves[n++] = m;
	}
	return n;
}

/* The reader reads what the writer writes; of slots, some of it. */
static bool
overlaps(const struct move *reader, const struct move *writer)
{
	if ((reader->reads & writer->writes) == 0)
		return false;
	uint32_t rn = reader->type == TYPE_v128 ? 2 : 1;
	uint32_t wn = writer->type == TYPE_v128 ? 2 : 1;
	return !writer->to_slot ||
	       (reader->source < writer->target + wn &&
		       writer->target < reader->source + rn);
}

static inline void
load(struct alloc *al, const struct move *m, int r)
{
	if (m->from == MOVE_reg)
		machine_move(al->machine, m->type, r, (int)m->source);
	else if (m->from == MOVE_slot)
		machine_load(al->machine, m->type, r, m->source);
	else
		machine_const(al->machine, m->type, r, m->source);
}

static NOINLINE void
move_to_slot(struct alloc *al, const struct move *m)
{
	int r = (int)m->source;
	if (m->from == MOVE_const &&
		machine_store_const(al->machine, m->type, m->target, m->source))
		return;
	if (m->from != MOVE_reg) {
		r = machine_scratch(m->type);
		load(al, m, r);
	}
	machine_store(al->machine, m->type, m->target, r);
}

static inline void
move_one(struct alloc *al, const struct move *m)
{
	if (!m->to_slot)
		load(al, m, (int)m->target);
	else if (m->from == MOVE_reg)
		machine_store(al->machine, m->type, m->target, (int)m->source);
	else
		move_to_slot(al, m);
}

/* Moves on their way. */
struct moving {
	struct move *moves;
	uint32_t n;
	uint32_t readers[MACHINE_REGS]; /* of each register: moves to be made */
	uint32_t slot_readers;
	regset scratch; /* holds something */
};

/* m, which is to be made, reads what it says, or (-1) does no more. */
static void
count_reader(struct moving *g, const struct move *m, uint32_t by)
{
	if (m->from == MOVE_reg)
		g->readers[m->source] += by;
	else if (m->from == MOVE_slot)
		g->slot_readers += by;
}

/* Some other move still reads what m writes. */
static bool
is_blocked(const struct moving *g, const struct move *m)
{
	if (!m->to_slot)
		return g->readers[m->target] >
		       (m->from == MOVE_reg && m->source == m->target);
	for (uint32_t i = 0; g->slot_readers != 0 && i < g->n; i++)
		if (!g->moves[i].done && &g->moves[i] != m &&
			overlaps(&g->moves[i], m))
			return true;
	return false;
}

/* A move that is left goes through the scratch register on its way. */
static bool
needs_scratch(const struct moving *g, bool floats)
{
	for (uint32_t i = 0; i < g->n; i++)
		if (!g->moves[i].done && g->moves[i].to_slot &&
			g->moves[i].from != MOVE_reg &&
			(g->moves[i].type >= TYPE_f32) == floats)
			return true;
	return false;
}

/* Puts what m reads elsewhere: the scratch register, or a slot. */
static void
step_aside(struct alloc *al, struct moving *g, struct move *m)
{
	int r = machine_scratch(m->type);
	count_reader(g, m, -1u);
	if ((g->scratch & BIT(r)) == 0 &&
		!needs_scratch(g, m->type >= TYPE_f32)) {
		load(al, m, r);
		g->scratch |= BIT(r);
		move_from(m, MOVE_reg, (uint32_t)r);
		count_reader(g, m, 1);
		return;
	}
	if (m->from == MOVE_reg)
		r = (int)m->source;
	else
		load(al, m, r);
	machine_store(al->machine, m->type, al->nslots, r);
	move_from(m, MOVE_slot, al->nslots);
	al->nslots += 2;
	count_reader(g, m, 1);
}

/* All moves that can be made; returns one that cannot, or NULL. */
static NOINLINE struct move *
move_unblocked(struct alloc *al, struct moving *g)
{
	struct move *stuck = NULL;
	bool progress = true;
	while (progress) {
		progress = false;
		stuck = NULL;
		for (uint32_t i = 0; i < g->n; i++) {
			struct move *m = &g->moves[i];
			if (m->done)
				continue;
			if (is_blocked(g, m)) {
				stuck = m;
				continue;
			}
			move_one(al, m);
			m->done = true;
			progress = true;
			count_reader(g, m, -1u);
			if (m->from == MOVE_reg)
				g->scratch &= ~BIT(m->source);
		}
	}
	return stuck;
}

/* Moves that are in each other's way. */
static NOINLINE void
move_in_order(struct alloc *al, struct move *moves, uint32_t n)
{
	struct moving g = { .moves = moves, .n = n };
	const struct move *stuck;
	for (uint32_t i = 0; i < n; i++) {
		moves[i].done = false;
		count_reader(&g, &moves[i], 1);
	}
	while ((stuck = move_unblocked(al, &g)) != NULL) {
		uint32_t i = 0;
		while (moves[i].done || &moves[i] == stuck ||
			!overlaps(&moves[i], stuck))
			i++;
		step_aside(al, &g, &moves[i]);
	}
}

/* Where no other writes what one of them reads, they are made as they come. */
void
alloc_move_all(struct alloc *al, struct move *moves, uint32_t n)
{
	regset read = 0, written = 0;
	for (uint32_t i = 0; n > 1 && i < n; i++) {
		read |= moves[i].reads;
		written |= moves[i].writes;
	}
	if (UNLIKELY((read & written) != 0)) {
		move_in_order(al, moves, n);
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		move_one(al, &moves[i]);
}

/* Edges. */

/* The same as is_wanted, where v has uses behind what ways forward lead to.
 * After that many uses on the way it is taken to be. */
static NOINLINE bool
is_wanted_far(const struct alloc *al, uint32_t v, const struct view *to)
{
	uint32_t steps = 32;
	const struct use *uses = al->an->uses;
	uint32_t u = first_use(al, v);
	while (u != 0 && uses[u].position < to->first && --steps != 0)
		u = uses[u].next;
	return u != 0 && uses[u].position < to->reach;
}

/* v, made before the block, is wanted there: as lives_from. */
static inline bool
is_wanted(const struct alloc *al, uint32_t v, const struct view *to)
{
	uint32_t last = al->an->lives[v].last;
	bool maybe = (v < to->first) & (last >= to->first);
	if (UNLIKELY(maybe & (v >= to->loop) & (last >= to->reach)))
		return is_wanted_far(al, v, to);
	return maybe;
}

/* A loop's head keeps what the loop uses before anything empties registers. */
static bool
stays(struct alloc *al, uint32_t v, uint32_t head)
{
	const struct loop_facts *l = &al->an->loops[al->ir->blocks[head].loop];
	uint32_t next =
		al->an->lives[v].first != 0 ? next_use(al, v) : UINT32_MAX;
	return next <= l->last && next <= l->call;
}

/* The register where phi i of the block should be, of those still empty. */
static int
place_phi(struct alloc *al, const struct state *to, uint32_t arg, uint32_t phi)
{
	regset free = alloc_class(alloc_type(al, phi)) & al->few & ~to->used;
	if (free == 0)
		return NO_REG;
	int r = al->reg[arg];
	if (r != NO_REG && (free & BIT(r)) != 0)
		return r;
	r = al->hint[phi];
	if (r != NO_REG && (free & BIT(r)) != 0)
		return r;
	regset quiet = free & ~al->now.used;
	return lowest(quiet != 0 ? quiet : free);
}

/* The register of state s that holds v. */
static int
find(const struct state *s, uint32_t v)
{
	for (regset left = s->used; left != 0; left &= left - 1)
		if (s->held[lowest(left)] == v)
			return lowest(left);
	return NO_REG;
}

/* What a loop uses and is only at home comes into registers that are left. */
static void
preload(struct alloc *al, uint32_t b, struct state *to)
{
	uint32_t l = al->ir->blocks[b].loop;
	if (al->an->loops[l].call != UINT32_MAX)
		return;
	uint32_t spare_int = 3, spare_float = 3;
	for (uint32_t i = al->an->loops[l].outer; i != 0;
		i = al->an->outers[i].next) {
		uint32_t v = al->an->outers[i].value;
		if (al->reg[v] != NO_REG || alloc_is_const(al, v) ||
			al->home[v] == NO_SLOT)
			continue;
		regset class = alloc_class(alloc_type(al, v));
		regset free = class & ~to->used;
		if (find(to, v) != NO_REG ||
			(uint32_t)__builtin_popcount(free) <=
				(class == MACHINE_INTS ? spare_int
						       : spare_float))
			continue;
		hold(to, lowest(free), v);
		to->homed |= free & -free;
	}
}

/* What other edges bring to phi k of b had best be made in register r. */
static void
want(struct alloc *al, const struct block *b, uint32_t k, int r)
{
	uint32_t last = 0;
	for (uint32_t e = b->in; e != NO_BLOCK; e = al->ir->edges[e].next) {
		uint32_t args = al->ir->edges[e].args;
		if (args == last)
			continue;
		last = args;
		uint32_t arg = al->ir->aux[args + k];
		if (arg > al->position && al->hint[arg] == NO_REG)
			al->hint[arg] = (uint8_t)r;
	}
}

/* Those registers of the set whose values are wanted, where some live on beyond
 * what ways forward lead to. */
static NOINLINE regset
wanted_far(const struct alloc *al, const struct view *view, regset set)
{
	for (regset left = set; left != 0; left &= left - 1) {
		uint32_t v = al->now.held[lowest(left)];
		if (v >= view->loop && al->an->lives[v].last >= view->reach &&
			!is_wanted_far(al, v, view))
			set &= ~(left & -left);
	}
	return set;
}

/* The registers of now whose values are wanted in block b, which comes after
 * the present one. */
static regset
wanted(const struct alloc *al, uint32_t b)
{
	const struct view *view = &al->views[b];
	const struct life *lives = al->an->lives;
	uint32_t first = view->first, most = 0;
	regset kept = 0;
	for (regset left = al->now.used; left != 0; left &= left - 1) {
		int r = lowest(left);
		uint32_t v = al->now.held[r], last = lives[v].last;
		assert(v < first && "made before");
		kept |= (regset)(last >= first) << r;
		most = last > most ? last : most;
	}
	return UNLIKELY(most >= view->reach) ? wanted_far(al, view, kept)
					     : kept;
}

static void
decide_values(struct alloc *al, uint32_t b, struct state *to)
{
	regset kept = wanted(al, b);
	if (al->views[b].head)
		for (regset left = kept; left != 0; left &= left - 1)
			if (!stays(al, al->now.held[lowest(left)], b))
				kept &= ~(left & -left);
	memcpy(to->held, al->now.held, sizeof to->held);
	to->used = kept;
	to->homed = al->now.homed & kept;
}

/* Arguments that die here leave their registers to the phis. */
static void
decide_phis(struct alloc *al, const struct edge *e, struct state *to)
{
	const struct block *b = &al->ir->blocks[e->to];
	bool head = al->views[e->to].head;
	for (int pass = 0; pass < 2; pass++) {
		for (uint32_t k = 0; k < b->nphis; k++) {
			uint32_t phi = ir_phi(al->ir, b, k);
			uint32_t arg = al->ir->aux[e->args + k];
			int own = al->reg[arg];
			bool dies = own != NO_REG && (to->used & BIT(own)) == 0;
			if ((pass == 0 && !dies) || al->start[phi] != NO_REG ||
				al->home[phi] != NO_SLOT)
				continue;
			int r = place_phi(al, to, arg, phi);
			if (r == NO_REG || (head && !stays(al, phi, e->to))) {
				alloc_home(al, phi);
			} else {
				hold(to, r, phi);
				al->start[phi] = (uint8_t)r;
			}
			want(al, b, k, r);
		}
	}
}

/* A loop with calls: home once, before it. */
static void
decide_homes(const struct alloc *al, uint32_t b, struct state *to)
{
	const struct block *block = &al->ir->blocks[b];
	if (al->an->loops[block->loop].call == UINT32_MAX)
		return;
	for (regset left = to->used; left != 0; left &= left - 1) {
		uint32_t v = to->held[lowest(left)];
		if (v < block->first && !alloc_is_const(al, v))
			to->homed |= left & -left;
	}
}

/* The state that a block gets from the edge that comes first. */
static struct state *
decide(struct alloc *al, const struct edge *e)
{
	struct state *to = al->states++;
	decide_values(al, e->to, to);
	if (al->ir->blocks[e->to].nphis != 0)
		decide_phis(al, e, to);
	if (al->views[e->to].head) {
		preload(al, e->to, to);
		decide_homes(al, e->to, to);
	}
	return to;
}

struct move *
alloc_room(struct alloc *al, uint32_t n)
{
	if (n > al->moves_room) {
		al->moves = arena_room(
			al->ir->a, 2 * (size_t)n * sizeof *al->moves);
		al->moves_room = al->moves != NULL ? 2 * n : 0;
		al->failed |= al->moves == NULL;
	}
	return al->moves;
}

/* The moves to the phis. */
static uint32_t
phi_moves(struct alloc *al, const struct edge *e, struct move *moves)
{
	const struct block *b = &al->ir->blocks[e->to];
	const uint32_t *args = al->ir->aux + e->args;
	uint32_t n = 0;
	for (uint32_t k = 0; k < b->nphis; k++) {
		uint32_t phi = ir_phi(al->ir, b, k);
		int r = al->start[phi];
		n += alloc_move(al, args[k], r == NO_REG,
			r == NO_REG ? alloc_home(al, phi) : (uint32_t)r,
			moves + n);
	}
	return n;
}

/* Registers that hold the same in both. */
static regset
same(const struct state *a, const struct state *b)
{
	regset s = 0;
	for (regset left = a->used & b->used; left != 0; left &= left - 1) {
		int r = lowest(left);
		s |= (regset)(a->held[r] == b->held[r]) << r;
	}
	return s;
}

/* Others, of the set, to the registers where the block wants them. */
static uint32_t
register_moves(const struct alloc *al, uint32_t first, const struct state *to,
	regset set, struct move *moves)
{
	uint32_t n = 0;
	for (; set != 0; set &= set - 1) {
		uint32_t r = (uint32_t)lowest(set), v = to->held[r];
		if (v >= first ||
			(al->reg[v] == NO_REG && al->home[v] == NO_SLOT &&
				!alloc_is_const(al, v)))
			continue;
		n += alloc_move(al, v, false, r, moves + n);
	}
	return n;
}

/* What the block wants at home of what is held by registers of the set, those
 * among them that it wants it in too. */
static uint32_t
home_moves(struct alloc *al, const struct edge *e, const struct state *to,
	regset set, regset stays, struct move *moves)
{
	const struct view *view = &al->views[e->to];
	uint32_t n = 0;
	for (; set != 0; set &= set - 1) {
		int r = lowest(set);
		uint32_t v = al->now.held[r];
		if (!is_wanted(al, v, view) || alloc_is_const(al, v))
			continue;
		int there = (stays & BIT(r)) != 0 ? r : find(to, v);
		if (there == NO_REG || (to->homed & BIT(there)) != 0)
			n += alloc_move(
				al, v, true, alloc_home(al, v), moves + n);
	}
	return n;
}

uint32_t
alloc_moves_of(struct alloc *al, uint32_t edge)
{
	const struct edge *e = &al->ir->edges[edge];
	const struct block *b = &al->ir->blocks[e->to];
	bool first = al->at[e->to] == NULL;
	assert((b->nin > 1 || b->nphis == 0) && "phis of several values");
	if (first)
		al->at[e->to] = decide(al, e);
	const struct state *to = al->at[e->to];
	struct move *moves = alloc_room(al, b->nphis + 2 * MACHINE_REGS);
	if (b->nin == 1 || moves == NULL)
		return 0;
	uint32_t n = phi_moves(al, e, moves);
	if (first && !al->views[e->to].head) /* it was decided by what is */
		return n;
	regset stay = same(&al->now, to);
	regset away = al->now.used & ~al->now.homed & ~(stay & ~to->homed);
	n += register_moves(al, b->first, to, to->used & ~stay, moves + n);
	if (away != 0)
		n += home_moves(al, e, to, away, stay, moves + n);
	return n;
}

static bool
is_argument(const struct alloc *al, const struct edge *e, uint32_t v)
{
	const struct block *b = &al->ir->blocks[e->to];
	for (uint32_t k = 0; k < b->nphis; k++)
		if (al->ir->aux[e->args + k] == v)
			return true;
	return false;
}

bool
alloc_edge_spares(struct alloc *al, uint32_t n, uint32_t other)
{
	const struct edge *second = &al->ir->edges[other];
	const struct view view = al->views[second->to];
	for (uint32_t i = 0; i < n; i++) {
		const struct move *m = &al->moves[i];
		if (m->to_slot)
			return false;
		uint32_t r = m->target, v = al->now.held[r];
		if ((al->now.used & BIT(r)) != 0 &&
			(is_wanted(al, v, &view) || is_argument(al, second, v)))
			return false;
	}
	return true;
}

/* Nothing stays held but by these registers. */
static void
keep(struct alloc *al, regset kept)
{
	for (regset left = al->now.used & ~kept; left != 0; left &= left - 1)
		al->reg[al->now.held[lowest(left)]] = NO_REG;
	al->now.used = kept;
	al->now.homed &= kept;
}

/* What is held becomes what s says. */
static void
become(struct alloc *al, const struct state *s)
{
	for (regset left = al->now.used; left != 0; left &= left - 1)
		al->reg[al->now.held[lowest(left)]] = NO_REG;
	for (regset left = s->used; left != 0; left &= left - 1) {
		int r = lowest(left);
		al->reg[s->held[r]] = (uint8_t)r;
	}
	memcpy(al->now.held, s->held, sizeof s->held);
	al->now.used = s->used;
	al->now.homed = s->homed;
}

bool
alloc_begin(struct alloc *al, uint32_t b)
{
	const struct state *s = al->at[b];
	al->head = al->views[b].loop;
	al->reach = al->views[b].reach;
	al->pinned = 0;
	if (s == NULL)
		drop_all(al);
	else if (s == &al->now)
		keep(al, wanted(al, b));
	else
		become(al, s);
	return s != NULL;
}
