#include "host/lockstep.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/replay.h"
#include "spec/engine.h"
#include "spec/hash.h"
#include "spec/ref.h"
#include "spec/store.h"
#include "spec/validate.h"
#include "trap/error.h"
#include "trap/unwind.h"

/* What is in the slots of a point. */
struct point {
	uint32_t offset;
	UT_hash_handle hh;
	uint32_t nlocals, n; /* values: locals, all */
	const valtype *types;
	const uint64_t *masks; /* per slot: bits that mean something; 0 for
				  references */
	bool has_refs;
};

/* The function whose body the offset is in. */
static uint32_t
func_at(const struct module *m, uint32_t offset)
{
	uint32_t low = m->nimported_funcs, high = m->nfuncs;
	while (high - low > 1) {
		uint32_t mid = low + (high - low) / 2;
		if (m->funcs[mid].body.offset <= offset)
			low = mid;
		else
			high = mid;
	}
	return low;
}

static bool
take_types(struct lockstep *l, struct point *p, const struct walk *w)
{
	const struct deftype *module = w->m->types;
	uint64_t *mask = arena_array(&l->arena, 2 * p->n, sizeof *mask);
	valtype *types = arena_array(&l->arena, p->n, sizeof *types);
	p->masks = mask;
	p->types = types;
	if (l->arena.failed)
		return false;
	for (uint32_t i = 0; i < p->n; i++) {
		valtype t =
			i < p->nlocals ? w->locals[i] : w->vals[i - p->nlocals];
		types[i] = vt_canon(module, t);
		p->has_refs |= vt_is_ref(t);
		*mask++ = vt_is_ref(t)		       ? 0
			  : t == VT_I32 || t == VT_F32 ? UINT32_MAX
						       : UINT64_MAX;
		if (t == VT_V128)
			*mask++ = UINT64_MAX;
	}
	return true;
}

/* Walks the function up to the point; false when out of memory. */
static bool
find_types(struct lockstep *l, const struct module *m, struct point *p)
{
	struct error error;
	struct arena a;
	struct walk w;
	uint32_t func = func_at(m, p->offset);
	bool entry = m->funcs[func].body.offset == p->offset;
	error_clear(&error);
	arena_init(&a, &m->engine->alloc);
	walk_init(&w, m, func, &a, &error);
	while (error.kind == ERROR_none && !entry && walk_next(&w) &&
		w.insn.at != p->offset)
		;
	p->nlocals = w.nlocals;
	p->n = w.nlocals + (entry ? 0 : w.nvals);
	bool fine = error.kind == ERROR_none && take_types(l, p, &w);
	arena_free(&a);
	return fine;
}

static const struct point *
find_point(struct lockstep *l, const struct module *m, uint32_t offset)
{
	uint64_t hash_seed = 0;
	struct arena *hash_arena = &l->arena;
	struct point *p;
	HASH_FIND(hh, l->points, &offset, sizeof offset, p);
	if (p != NULL)
		return p;
	p = arena_alloc(&l->arena, sizeof *p);
	if (p == NULL)
		return NULL;
	p->offset = offset;
	if (!find_types(l, m, p))
		return NULL;
	HASH_ADD(hh, l->points, offset, sizeof p->offset, p);
	return p;
}

/* "the entry of func 3 "f" at 0x12", or "the loop in .." */
static const char *
name_point(const struct module *m, uint32_t offset, char *out, size_t bytes)
{
	uint32_t func = func_at(m, offset);
	struct name name = module_func_name(m, func);
	bool entry = m->funcs[func].body.offset == offset;
	snprintf(out, bytes, "the %s func %" PRIu32 "%s%.*s%s at 0x%" PRIx32,
		entry ? "entry of" : "loop in", func,
		name.len != 0 ? " \"" : "", name.len < 60 ? (int)name.len : 60,
		name.len != 0 ? name.bytes : "", name.len != 0 ? "\"" : "",
		offset);
	return out;
}

static void
add_before(struct lockstep *l, const struct module *m)
{
	struct store *s = l->replay->twin->of[1];
	struct raw_frame frames[2];
	char text[160];
	if (backtrace_collect(&s->ctx, frames, 2) == 2)
		twin_add(l->replay->twin, "; called by %s",
			twin_place(s, &frames[1], text, sizeof text));
	if (l->before != 0)
		twin_add(l->replay->twin, "; all was the same at %s",
			name_point(m, l->before, text, sizeof text));
}

/* The first run's next point is this one. */
static bool
begin(struct lockstep *l, const struct trace_part *part)
{
	struct replay *r = l->replay;
	struct twin *t = r->twin;
	const struct module *m = part->in->module;
	struct replay_unit u;
	char ours[160], theirs[160];
	l->before = l->offset;
	l->offset = part->offset;
	if (!stream_read(&r->stream, &u, sizeof u)) {
		name_point(m, part->offset, ours, sizeof ours);
		replay_missing(r, ours);
		return false;
	}
	r->points++;
	if (u.kind == REPLAY_point && u.at == part->offset) {
		l->at = find_point(l, m, u.at);
		return l->at != NULL;
	}
	name_point(m, part->offset, ours, sizeof ours);
	if (u.kind == REPLAY_point)
		name_point(m, u.at, theirs, sizeof theirs);
	else
		snprintf(theirs, sizeof theirs,
			"a host call of import %" PRIu32, u.at);
	twin_differ(t, "%s %s, %s %s", theirs, t->names[0], ours, t->names[1]);
	add_before(l, m);
	return false;
}

static bool
same_refs(union slot a, union slot b)
{
	return ref_is_pointer(a) ? ref_is_pointer(b) : a.u64 == b.u64;
}

/* Slots [first, first + count) value by value. */
static void
find_value(struct lockstep *l, const struct module *m, uint32_t first,
	uint32_t count, const union slot *ours)
{
	struct twin *t = l->replay->twin;
	char what[200], where[160];
	uint32_t at = 0;
	for (uint32_t i = 0; i < l->at->n && !t->differ; i++) {
		valtype type = l->at->types[i];
		uint32_t k = at - first;
		bool operand = i >= l->at->nlocals;
		at += vt_slots(type);
		if (k >= count || k + vt_slots(type) > count ||
			(vt_is_ref(type) && same_refs(l->theirs[k], ours[k])))
			continue;
		snprintf(what, sizeof what, "%s, %s %" PRIu32,
			name_point(m, l->offset, where, sizeof where),
			operand ? "operand" : "local",
			operand ? i - l->at->nlocals : i);
		twin_value(t, what, type, &l->theirs[k], &ours[k]);
	}
	if (t->differ)
		add_before(l, m);
}

/* The same of all of them at once. */
static bool
same_slots(struct lockstep *l, const struct trace_part *part, uint32_t done,
	uint32_t count)
{
	uint32_t first = part->first + done;
	const uint64_t *masks = l->at->masks + first;
	const union slot *ours = part->slots + done;
	uint64_t bits = 0;
	for (uint32_t i = 0; i < count; i++)
		bits |= (ours[i].u64 ^ l->theirs[i].u64) & masks[i];
	if (bits != 0 || l->at->has_refs)
		find_value(l, part->in->module, first, count, ours);
	return !l->replay->twin->differ;
}

static enum status
answer(struct tracer *tracer, const struct trace_part *part)
{
	struct lockstep *l = (struct lockstep *)tracer;
	struct replay *r = l->replay;
	bool fine = part->first != 0 || begin(l, part);
	for (uint32_t done = 0; fine && done < part->count;) {
		uint32_t n = sizeof l->theirs / sizeof *l->theirs;
		if (n > part->count - done)
			n = part->count - done;
		fine = stream_read(
			       &r->stream, l->theirs, n * sizeof *l->theirs) &&
		       same_slots(l, part, done, n);
		done += n;
	}
	return fine ? STATUS_done : replay_stop(r, part->in->store);
}

static enum status
record(struct tracer *tracer, const struct trace_part *part)
{
	struct lockstep *l = (struct lockstep *)tracer;
	struct stream *s = &l->replay->stream;
	struct replay_unit u = { REPLAY_point, part->offset };
	if ((part->first != 0 || stream_write(s, &u, sizeof u)) &&
		stream_write(s, part->slots, part->count * sizeof *part->slots))
		return STATUS_done;
	return replay_abandon(l->replay, part->in->store);
}

void
lockstep_init(struct lockstep *l, struct replay *r, bool answers,
	const struct allocator *al)
{
	memset(l, 0, sizeof *l);
	l->tracer.part = answers ? answer : record;
	l->replay = r;
	l->answers = answers;
	arena_init(&l->arena, al);
}

void
lockstep_free(struct lockstep *l)
{
	arena_free(&l->arena);
}
