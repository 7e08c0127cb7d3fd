#include "jit/value.h"

#include <assert.h>
#include <string.h>

#include "spec/builtin.h"
#include "spec/engine.h"
#include "trap/arena.h"
#include "trap/error.h"

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
value_overspent(struct builder *b)
{
	error_set(
		b->error, ERROR_limit, "too many values meet in one function");
}

bool
value_reserve(struct builder *b, uint32_t n)
{
	struct ir *ir = b->ir;
	uint32_t room = ir->nodes_room;
	return value_room(b, &ir->origins, &room, n, sizeof *ir->origins) &&
	       value_room(b, &ir->nodes, &ir->nodes_room, n, sizeof *ir->nodes);
}

uint32_t
value_append_after_growth(struct builder *b, struct node n)
{
	return value_reserve(b, b->ir->nnodes + 1) ? value_append(b, n) : 0;
}

bool
value_more_words(struct builder *b, uint32_t n)
{
	struct ir *ir = b->ir;
	if (n <= UINT32_MAX - ir->naux)
		return value_room(b, &ir->aux, &ir->aux_room, ir->naux + n,
			sizeof *ir->aux);
	no_memory(b);
	return false;
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

/* A node in two words. */
struct words {
	uint64_t w[2];
};

static inline struct words
words_of(const struct node *n)
{
	struct words words;
	static_assert(sizeof words == sizeof *n, "all of it");
	memcpy(&words, n, sizeof words);
	return words;
}

static inline bool
is_same(const struct node *n, const struct node *o)
{
	struct words v = words_of(n), w = words_of(o);
	return v.w[0] == w.w[0] && v.w[1] == w.w[1];
}

static inline uint32_t
bucket_of(const struct facts *fs, struct node n, uint32_t epoch)
{
	struct words v = words_of(&n);
	uint64_t h = (v.w[0] + epoch) * 0x9e3779b97f4a7c15 ^
		     v.w[1] * 0xc2b2ae3d27d4eb4f;
	return (uint32_t)(h >> fs->shift);
}

/* Four times the room, with all facts again in their order. */
static NOINLINE bool
more_facts(struct builder *b)
{
	struct facts *fs = &b->facts;
	uint32_t room = fs->room, n = room == 0 ? 256 : 4 * room;
	uint32_t *buckets = arena_array(b->a, n, sizeof *buckets);
	if (buckets == NULL) {
		no_memory(b);
		return false;
	}
	if (!value_grow(b, &fs->rows, &room, n, sizeof *fs->rows))
		return false;
	fs->room = n;
	fs->shift = (uint8_t)builtin_clz64(n) + 1;
	fs->buckets = buckets;
	for (uint32_t i = 0; i < fs->n; i++) {
		struct fact *f = &fs->rows[i];
		f->bucket = bucket_of(fs, f->node, f->epoch);
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

/* The newest fact about it, + 1, in its bucket; 0 if there is none. */
static inline uint32_t
lookup(const struct builder *b, uint32_t bucket, struct node n, uint32_t epoch)
{
	const struct fact *rows = b->facts.rows;
	uint32_t i = b->facts.buckets[bucket];
	for (; i != 0; i = rows[i - 1].next) {
		const struct fact *f = &rows[i - 1];
		if (is_same(&f->node, &n) && f->epoch == epoch)
			break;
	}
	return i;
}

/* The value that is known, if it may be used here, or 0. */
static inline uint32_t
find(const struct builder *b, uint32_t bucket, struct node n, uint32_t epoch)
{
	uint32_t i = lookup(b, bucket, n, epoch);
	if (i == 0)
		return 0;
	uint32_t v = b->facts.rows[i - 1].value;
	return i > b->facts.floor || everywhere(b, v) ? v : 0;
}

/* There is room for it. */
static inline void
append_fact(struct facts *fs, uint32_t bucket, struct node n, uint32_t epoch,
	uint32_t value)
{
	uint32_t *head = &fs->buckets[bucket], i = fs->n;
	fs->rows[i] = (struct fact){ .node = n,
		.epoch = epoch,
		.value = value,
		.next = *head,
		.bucket = bucket };
	*head = fs->n = i + 1;
}

static NOINLINE void
know_after_growth(
	struct builder *b, struct node n, uint32_t epoch, uint32_t value)
{
	if (more_facts(b))
		append_fact(&b->facts, bucket_of(&b->facts, n, epoch), n, epoch,
			value);
}

static inline void
know(struct builder *b, struct node n, uint32_t epoch, uint32_t value)
{
	struct facts *fs = &b->facts;
	if (UNLIKELY(fs->n == fs->room))
		know_after_growth(b, n, epoch, value);
	else
		append_fact(fs, bucket_of(fs, n, epoch), n, epoch, value);
}

uint32_t
value_find(struct builder *b, unsigned op, enum ir_type type, enum state state,
	uint32_t x, uint32_t y, uint32_t z)
{
	struct node n = value_node(op, type, x, y, z);
	uint32_t epoch = b->epochs.of[state];
	return find(b, bucket_of(&b->facts, n, epoch), n, epoch);
}

uint32_t
value_checked(struct builder *b, unsigned op, uint32_t x, uint32_t y)
{
	struct node n = value_node(op, TYPE_none, x, y, 0);
	uint32_t i = lookup(b, bucket_of(&b->facts, n, 0), n, 0);
	return i != 0 ? b->facts.rows[i - 1].value : 0;
}

void
value_check(
	struct builder *b, unsigned op, uint32_t x, uint32_t y, uint32_t extent)
{
	know(b, value_node(op, TYPE_none, x, y, 0), 0, extent);
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
	know(b, value_node(op, type, x, y, z), b->epochs.of[state], value);
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

static NOINLINE uint32_t
known_or_new_after_growth(struct builder *b, struct node n, uint32_t epoch)
{
	uint32_t i = value_append_after_growth(b, n);
	know(b, n, epoch, i);
	return i;
}

/* Most are new: code repeats less than one thinks. */
static uint32_t
known_or_new(struct builder *b, struct node n, uint32_t epoch)
{
	struct facts *fs = &b->facts;
	uint32_t bucket = bucket_of(fs, n, epoch);
	uint32_t v = find(b, bucket, n, epoch), i = b->ir->nnodes;
	if (v != 0)
		return v;
	if (UNLIKELY(i == b->ir->nodes_room || fs->n == fs->room))
		return known_or_new_after_growth(b, n, epoch);
	append_fact(fs, bucket, n, epoch, i);
	value_append_at(b, i, n);
	return i;
}

uint32_t
value_read(struct builder *b, unsigned op, enum ir_type type, enum state state,
	uint32_t x, uint32_t y, uint32_t z)
{
	return known_or_new(
		b, value_node(op, type, x, y, z), b->epochs.of[state]);
}

uint32_t
value_pure(struct builder *b, unsigned op, enum ir_type type, uint32_t x,
	uint32_t y, uint32_t z)
{
	return known_or_new(b, value_node(op, type, x, y, z), 0);
}

static NOINLINE uint32_t
load_after_growth(struct builder *b, struct node n)
{
	struct ir *ir = b->ir;
	if ((AUX_third > ir->aux_room - ir->naux &&
		    !value_more_words(b, AUX_third)) ||
		(ir->nnodes == ir->nodes_room &&
			!value_reserve(b, ir->nnodes + 1)) ||
		(b->facts.n == b->facts.room && !more_facts(b)))
		return 0;
	return value_load(b, n);
}

uint32_t
value_load(struct builder *b, struct node n)
{
	struct ir *ir = b->ir;
	struct facts *fs = &b->facts;
	struct node key = n;
	key.flags = 0;
	uint32_t epoch = b->epochs.of[STATE_memory];
	uint32_t bucket = bucket_of(fs, key, epoch);
	uint32_t v = find(b, bucket, key, epoch), i = ir->nnodes;
	uint32_t words = ir->naux;
	if (v != 0)
		return v;
	if (UNLIKELY(AUX_third > ir->aux_room - words || i == ir->nodes_room ||
		     fs->n == fs->room))
		return load_after_growth(b, n);
	ir->aux[words + AUX_low] = n.b;
	ir->aux[words + AUX_high] = 0;
	ir->aux[words + AUX_memory] = n.c;
	ir->naux = words + AUX_third;
	append_fact(fs, bucket, key, epoch, i);
	n.b = 0;
	n.c = words;
	value_append_at(b, i, n);
	return i;
}

uint32_t
value_const(struct builder *b, enum ir_type type, uint64_t bits)
{
	if (type == TYPE_i32 || type == TYPE_f32)
		bits = (uint32_t)bits;
	return known_or_new(b,
		value_node(IR_const, type, 0, (uint32_t)bits,
			(uint32_t)(bits >> 32)),
		0);
}

void
value_wrote_all(struct builder *b)
{
	++b->last_epoch;
	for (int i = STATE_fixed + 1; i < STATE_count; i++)
		b->epochs.of[i] = b->last_epoch;
	b->saved.now = NO_ROW;
}

uint32_t
value_save(struct builder *b)
{
	struct saved *s = &b->saved;
	if (s->now == NO_ROW &&
		value_room(b, &s->rows, &s->room, s->n + 1, sizeof *s->rows)) {
		s->rows[s->n] = b->epochs;
		s->now = s->n++;
	}
	return s->now;
}

void
value_restore(struct builder *b, uint32_t row)
{
	if (row == b->saved.now || b->error->kind != ERROR_none)
		return;
	b->epochs = b->saved.rows[row];
	b->saved.now = row;
}

void
value_meet(struct builder *b, uint32_t row)
{
	const struct epochs *other = &b->saved.rows[row];
	struct epochs now = b->epochs;
	uint32_t epoch = ++b->last_epoch;
	for (int i = 0; i < STATE_count; i++) {
		uint32_t keep = now.of[i] == other->of[i] ? UINT32_MAX : 0;
		now.of[i] = (now.of[i] & keep) | (epoch & ~keep);
	}
	b->epochs = now;
	b->saved.now = NO_ROW;
}

void
value_begin(struct builder *b)
{
	more_facts(b);
	b->saved.now = NO_ROW;
}
