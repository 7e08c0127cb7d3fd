#include "jit/value.h"

#include <assert.h>
#include <string.h>

#include "spec/engine.h"
#include "trap/arena.h"
#include "trap/error.h"
#include "trap/likely.h"

static void
no_memory(struct builder *b)
{
	error_set(b->error, ERROR_memory, "out of memory");
}

bool
value_grow(struct builder *b, void *array, uint32_t *room, uint32_t want,
	size_t size)
{
	void *old;
	uint32_t n = *room == 0 ? (want < 32 ? 32 : want) : 2 * *room;
	while (n < want && n < UINT32_MAX / 2)
		n *= 2;
	memcpy(&old, array, sizeof old);
	void *p = n >= want ? arena_grow_room(b->a, old, *room * size, n * size)
			    : NULL;
	if (p == NULL) {
		no_memory(b);
		return false;
	}
	memcpy(array, &p, sizeof p);
	*room = n;
	return true;
}

void
value_spend(struct builder *b, uint64_t n)
{
	if (b->budget >= (int64_t)n)
		b->budget -= (int64_t)n;
	else
		error_set(b->error, ERROR_limit,
			"too many values meet in one function");
}

bool
value_reserve(struct builder *b, uint32_t n)
{
	struct ir *ir = b->ir;
	uint32_t room = ir->nodes_room;
	return value_room(b, &ir->origins, &room, n, sizeof *ir->origins) &&
	       value_room(b, &ir->nodes, &ir->nodes_room, n, sizeof *ir->nodes);
}

static inline uint32_t
append(struct builder *b, unsigned op, enum ir_type type, uint32_t x,
	uint32_t y, uint32_t z)
{
	struct ir *ir = b->ir;
	uint32_t i = ir->nnodes;
	if (UNLIKELY(i == ir->nodes_room) && !value_reserve(b, i + 1))
		return 0;
	ir->nodes[i] = (struct node){ .op = (uint16_t)op,
		.type = (uint8_t)type,
		.a = x,
		.b = y,
		.c = z };
	ir->origins[i] = (struct origin){ b->body.w.insn.at, b->body.inlined };
	ir->nnodes = i + 1;
	return i;
}

uint32_t
value_new(struct builder *b, unsigned op, enum ir_type type, uint32_t x,
	uint32_t y, uint32_t z)
{
	return append(b, op, type, x, y, z);
}

uint32_t
value_words(struct builder *b, uint32_t n)
{
	struct ir *ir = b->ir;
	uint32_t at = ir->naux;
	if (n > UINT32_MAX - at) {
		no_memory(b);
		return 0;
	}
	if (!value_room(b, &ir->aux, &ir->aux_room, at + n, sizeof *ir->aux))
		return 0;
	ir->naux = at + n;
	return at;
}

uint32_t
value_aux(struct builder *b, uint32_t n)
{
	uint32_t at = value_words(b, n);
	if (b->error->kind == ERROR_none)
		memset(b->ir->aux + at, 0, n * sizeof *b->ir->aux);
	return at;
}

/* Facts */

static inline uint32_t
hash(unsigned op, uint32_t x, uint32_t y, uint32_t z, uint32_t epoch)
{
	uint64_t h = ((uint64_t)op << 32 | x) * 0x9e3779b97f4a7c15;
	h ^= ((uint64_t)z << 32 | y) * 0xc2b2ae3d27d4eb4f + epoch;
	h *= 0x9e3779b97f4a7c15;
	return (uint32_t)(h >> 32);
}

/* More buckets, all facts again in their order. */
static NOINLINE bool
rehash(struct builder *b)
{
	struct facts *fs = &b->facts;
	uint32_t n = fs->nbuckets == 0 ? 256 : 4 * fs->nbuckets;
	uint32_t *buckets = arena_array(b->a, n, sizeof *buckets);
	if (buckets == NULL) {
		no_memory(b);
		return false;
	}
	fs->buckets = buckets;
	fs->nbuckets = n;
	for (uint32_t i = 0; i < fs->n; i++) {
		struct fact *f = &fs->rows[i];
		f->bucket = hash(f->what & 0xffff, f->a, f->b, f->c, f->epoch) &
			    (n - 1);
		f->next = buckets[f->bucket];
		buckets[f->bucket] = i + 1;
	}
	return true;
}

/* Computed from the instance and constants alone, so that it can be again. */
static bool
everywhere(const struct builder *b, uint32_t x)
{
	uint16_t op = b->ir->nodes[x].op;
	return op == IR_const || op == IR_instance || op == IR_get_fixed ||
	       op == IR_address;
}

/* What a fact is about. */
struct key {
	uint32_t what, a, b, c, epoch;
	uint32_t hash;
};

static inline struct key
key_of(const struct builder *b, unsigned op, enum ir_type type,
	enum state state, uint32_t x, uint32_t y, uint32_t z)
{
	uint32_t epoch = b->epochs.of[state];
	return (struct key){ .what = op | (uint32_t)type << 16 |
				     (uint32_t)state << 24,
		.a = x,
		.b = y,
		.c = z,
		.epoch = epoch,
		.hash = hash(op, x, y, z, epoch) };
}

/* The newest fact about it, + 1; 0 if there is none. */
static inline uint32_t
lookup(const struct builder *b, const struct key *k)
{
	const struct fact *rows = b->facts.rows;
	if (b->facts.nbuckets == 0)
		return 0;
	uint32_t i = b->facts.buckets[k->hash & (b->facts.nbuckets - 1)];
	for (; i != 0; i = rows[i - 1].next) {
		const struct fact *f = &rows[i - 1];
		if (f->a == k->a && f->what == k->what && f->b == k->b &&
			f->c == k->c && f->epoch == k->epoch)
			break;
	}
	return i;
}

/* The value that is known, if it may be used here, or 0. */
static inline uint32_t
find(const struct builder *b, const struct key *k)
{
	uint32_t i = lookup(b, k);
	if (i == 0)
		return 0;
	uint32_t v = b->facts.rows[i - 1].value;
	return i > b->facts.floor || everywhere(b, v) ? v : 0;
}

static inline void
know(struct builder *b, const struct key *k, uint32_t value)
{
	struct facts *fs = &b->facts;
	if (fs->n == fs->room && !value_grow(b, &fs->rows, &fs->room, fs->n + 1,
					 sizeof *fs->rows))
		return;
	if (fs->n >= fs->nbuckets && !rehash(b))
		return;
	uint32_t bucket = k->hash & (fs->nbuckets - 1);
	struct fact *f = &fs->rows[fs->n];
	f->what = k->what;
	f->a = k->a;
	f->b = k->b;
	f->c = k->c;
	f->epoch = k->epoch;
	f->value = value;
	f->bucket = bucket;
	f->next = fs->buckets[bucket];
	fs->buckets[bucket] = ++fs->n;
}

uint32_t
value_find(struct builder *b, unsigned op, enum ir_type type, enum state state,
	uint32_t x, uint32_t y, uint32_t z)
{
	struct key k = key_of(b, op, type, state, x, y, z);
	return find(b, &k);
}

uint32_t
value_checked(struct builder *b, unsigned op, uint32_t x, uint32_t y)
{
	struct key k = key_of(b, op, TYPE_none, STATE_fixed, x, y, 0);
	uint32_t i = lookup(b, &k);
	return i != 0 ? b->facts.rows[i - 1].value : 0;
}

void
value_check(
	struct builder *b, unsigned op, uint32_t x, uint32_t y, uint32_t extent)
{
	value_know(b, op, TYPE_none, STATE_fixed, x, y, 0, extent);
}

/* An instruction that is never a node names the fact. */
valtype
value_ref_type(struct builder *b, uint32_t x)
{
	return value_checked(b, OP_ref_cast, x, 0);
}

void
value_is_ref(struct builder *b, uint32_t x, valtype t)
{
	const struct typespace *ts = b->m->engine->types;
	valtype known = value_ref_type(b, x);
	if (known == t)
		return;
	if (known != VT_BOT) {
		valtype null = known & t & VT_NULL, heap = known & ~VT_NULL;
		t &= ~VT_NULL;
		t = (vt_matches(ts, heap, t) ? heap : t) | null;
	}
	if (known != t)
		value_check(b, OP_ref_cast, x, 0, t);
}

void
value_know(struct builder *b, unsigned op, enum ir_type type, enum state state,
	uint32_t x, uint32_t y, uint32_t z, uint32_t value)
{
	struct key k = key_of(b, op, type, state, x, y, z);
	know(b, &k, value);
}

void
value_cut(struct builder *b, uint32_t n)
{
	struct facts *fs = &b->facts;
	while (fs->n > n) {
		const struct fact *f = &fs->rows[--fs->n];
		fs->buckets[f->bucket] = f->next;
	}
}

static inline uint32_t
known_or_new(struct builder *b, const struct key *k)
{
	uint32_t v = find(b, k);
	if (v == 0) {
		v = append(b, k->what & 0xffff,
			(enum ir_type)(k->what >> 16 & 0xff), k->a, k->b, k->c);
		know(b, k, v);
	}
	return v;
}

uint32_t
value_read(struct builder *b, unsigned op, enum ir_type type, enum state state,
	uint32_t x, uint32_t y, uint32_t z)
{
	struct key k = key_of(b, op, type, state, x, y, z);
	return known_or_new(b, &k);
}

uint32_t
value_pure(struct builder *b, unsigned op, enum ir_type type, uint32_t x,
	uint32_t y, uint32_t z)
{
	struct key k = key_of(b, op, type, STATE_fixed, x, y, z);
	return known_or_new(b, &k);
}

uint32_t
value_const(struct builder *b, enum ir_type type, uint64_t bits)
{
	if (type == TYPE_i32 || type == TYPE_f32)
		bits = (uint32_t)bits;
	return value_pure(
		b, IR_const, type, 0, (uint32_t)bits, (uint32_t)(bits >> 32));
}

void
value_wrote(struct builder *b, enum state state)
{
	assert(state != STATE_fixed && "nothing writes it");
	b->epochs.of[state] = ++b->last_epoch;
}

void
value_wrote_all(struct builder *b)
{
	for (int i = STATE_fixed + 1; i < STATE_count; i++)
		value_wrote(b, (enum state)i);
}

const struct node *
value_seen(const struct builder *b, uint32_t x)
{
	return x >= b->facts.node ? &b->ir->nodes[x] : &b->ir->nodes[0];
}
