#include "jit/native.h"

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "interp/loop.h"
#include "jit/fault.h"
#include "jit/jit.h"
#include "spec/engine.h"
#include "spec/module.h"
#include "spec/tier.h"
#include "trap/arena.h"
#include "trap/error.h"

/* Of each kind of a function's code. */
enum { STATE_none, STATE_asked, STATE_tried };

/* What a module holds; each array is per own function, for each kind. */
struct native {
	struct arena arena; /* whose turn it is; this too: */
	const char *why;    /* the first function that was refused was */
	uint32_t refused;
	struct codemem_list memory;
	uint8_t *states; /* under the lock */
	_Atomic(const struct native_code *) codes[];
};

static uint32_t
own_functions(const struct module *m)
{
	return m->nfuncs - m->nimported_funcs;
}

/* Where a function's code of that kind stands in the arrays. */
static size_t
place_of(const struct module *m, uint32_t func, enum native_kind kind)
{
	return (size_t)NATIVE_kinds * (func - m->nimported_funcs) + kind;
}

static size_t
native_bytes(const struct module *m)
{
	return sizeof(struct native) +
	       (size_t)NATIVE_kinds * own_functions(m) *
		       sizeof(_Atomic(const struct native_code *));
}

/* Under the lock. */
static struct native *
open_native(struct module *m)
{
	struct native *n = atomic_load(&m->native);
	if (n != NULL)
		return n;
	const struct allocator *al = &m->engine->alloc;
	n = alloc_zeroed(al, 1, native_bytes(m));
	if (n == NULL)
		return NULL;
	arena_init(&n->arena, al);
	n->states = arena_array(&n->arena, own_functions(m), NATIVE_kinds);
	if (n->states == NULL) {
		arena_free(&n->arena);
		alloc_free(al, n, native_bytes(m));
		return NULL;
	}
	atomic_store(&m->native, n);
	return n;
}

/* Puts a compiled function where it can run; NULL: out of memory. */
static const struct native_code *
place(struct jit *jit, struct module *m, struct native *n, uint32_t func,
	const struct code_image *image)
{
	struct native_code *c = arena_alloc(&n->arena, sizeof *c);
	struct code_point *points =
		arena_room(&n->arena, image->npoints * sizeof *points);
	struct code_point *loops =
		arena_room(&n->arena, image->nloops * sizeof *loops);
	uint32_t *roots = arena_copy(
		&n->arena, image->roots, image->nroots * sizeof *roots);
	struct inlined *inlined = arena_copy(
		&n->arena, image->inlined, image->ninlined * sizeof *inlined);
	if (c == NULL || points == NULL || loops == NULL || roots == NULL ||
		inlined == NULL)
		return NULL;
	if (image->nloops != 0)
		memcpy(loops, image->loops, image->nloops * sizeof *loops);
	if (image->npoints != 0)
		memcpy(points, image->points, image->npoints * sizeof *points);
	*c = (struct native_code){ .func = func,
		.entry = image->entry,
		.sites = image->sites,
		.frame_slots = image->frame_slots,
		.nloops = image->nloops,
		.loops = loops,
		.roots = roots,
		.inlined = inlined,
		.module = m };
	const uint8_t *bytes = codemem_place(
		&jit->memory, &n->memory, image->bytes, image->len);
	if (bytes == NULL)
		return NULL;
	c->range.start = bytes;
	c->range.end = bytes + image->len;
	c->range.points = points;
	c->range.npoints = image->npoints;
	c->range.fault = fault_raise;
	codemap_add(&c->range);
	c->gdb = naming_add(&jit->naming, m, func, bytes, image);
	return c;
}

/* Compiles into the module's arena, in this thread's turn. */
static const struct native_code *
compile_now(struct jit *jit, struct module *m, struct native *n, uint32_t func,
	enum native_kind kind)
{
	struct build_options options = { .explicit_bounds =
						 jit->engine->guards == NULL,
		.osr = kind == NATIVE_looped,
		.registers = jit->vary.registers,
		.seed = jit->vary.seed,
		.plant = jit->vary.plant };
	struct code_image image;
	struct error error;
	const struct native_code *c = NULL;
	error_clear(&error);
	if (compile(m, func, &options, &jit->phase, &image, &error))
		c = place(jit, m, n, func, &image);
	else if (n->why == NULL) {
		n->why = arena_copy(
			&n->arena, error.text, strlen(error.text) + 1);
		n->refused = func;
	}
	arena_reset(&jit->phase);
	return c;
}

const struct native_code *
native_find(const struct module *m, uint32_t func, enum native_kind kind)
{
	struct native *n = atomic_load(&m->native);
	return n == NULL ? NULL
			 : atomic_load_explicit(
				   &n->codes[place_of(m, func, kind)],
				   memory_order_acquire);
}

/* The module's part, if that function is still to be compiled; else NULL. */
static struct native *
untried(struct jit *jit, struct module *m, size_t at)
{
	worker_lock(jit->worker);
	struct native *n = open_native(m);
	if (n != NULL && n->states[at] == STATE_tried)
		n = NULL;
	worker_unlock(jit->worker);
	return n;
}

/* c may be NULL: there is no code. */
static void
publish(struct jit *jit, struct native *n, size_t at,
	const struct native_code *c)
{
	worker_lock(jit->worker);
	n->states[at] = STATE_tried;
	atomic_store_explicit(&n->codes[at], c, memory_order_release);
	worker_unlock(jit->worker);
}

void
native_serve(void *jit, const struct request *r)
{
	size_t at = place_of(r->module, r->func, r->kind);
	struct native *n = untried(jit, r->module, at);
	if (n != NULL)
		publish(jit, n, at,
			compile_now(jit, r->module, n, r->func, r->kind));
}

const struct native_code *
native_of(
	struct jit *jit, struct module *m, uint32_t func, enum native_kind kind)
{
	const struct request r = { m, func, kind };
	const struct native_code *c = native_find(m, func, kind);
	if (c != NULL)
		return c;
	worker_enter(jit->worker);
	native_serve(jit, &r);
	worker_leave(jit->worker);
	return native_find(m, func, kind);
}

/* Asks the worker, once. */
static enum worker_answer
ask(struct jit *jit, struct module *m, uint32_t func, enum native_kind kind)
{
	struct request r = { m, func, kind };
	enum worker_answer answer = WORKER_alone;
	size_t at = place_of(m, func, kind);
	worker_lock(jit->worker);
	struct native *n = open_native(m);
	if (n != NULL && n->states[at] == STATE_asked)
		answer = worker_runs(jit->worker) ? WORKER_asked : WORKER_alone;
	else if (n != NULL && n->states[at] == STATE_none)
		answer = worker_ask(jit->worker, r);
	if (answer == WORKER_asked)
		n->states[at] = STATE_asked;
	worker_unlock(jit->worker);
	return answer;
}

const struct native_code *
native_soon(struct jit *jit, struct module *m, uint32_t func,
	enum native_kind kind, bool *later)
{
	const struct native_code *c = native_find(m, func, kind);
	*later = c == NULL && ask(jit, m, func, kind) != WORKER_alone;
	return c != NULL || *later ? c : native_of(jit, m, func, kind);
}

void
native_counts(struct module *m, struct second_counts *out)
{
	struct jit *jit = m->engine->jit;
	*out = (struct second_counts){ 0 };
	worker_enter(jit->worker);
	struct native *n = atomic_load(&m->native);
	for (uint32_t i = m->nimported_funcs; n != NULL && i < m->nfuncs; i++) {
		bool tried = false, compiled = false;
		for (int k = 0; k < NATIVE_kinds; k++) {
			size_t at = place_of(m, i, (enum native_kind)k);
			compiled |= atomic_load(&n->codes[at]) != NULL;
			tried |= n->states[at] == STATE_tried;
		}
		out->compiled += compiled;
		out->refused += tried && !compiled;
	}
	if (n != NULL) {
		out->why = n->why;
		out->func = n->refused;
	}
	worker_leave(jit->worker);
}

const void *
native_way_in(const struct native_code *c, uint32_t offset)
{
	for (uint32_t i = 0; i < c->nloops; i++)
		if (c->loops[i].offset == offset)
			return c->range.start + c->loops[i].at;
	return NULL;
}

/* Where pc is in c, which has it. */
static struct origin
origin_of(const struct native_code *c, const void *pc)
{
	const struct code_point *at = codemap_point(&c->range, pc);
	if (at != NULL)
		return (struct origin){ at->offset, at->inlined };
	if ((const uint8_t *)pc < c->range.start + c->sites)
		return (struct origin){ c->module->funcs[c->func].body.offset,
			0 };
	const struct code_site *s = compile_site_of(pc);
	return (struct origin){ s->offset, s->inlined };
}

bool
native_locate(const void *pc, uint32_t level, struct module **m, uint32_t *func,
	uint32_t *offset)
{
	const struct code_range *r = codemap_find(pc);
	if (r == NULL)
		return false;
	const struct native_code *c = (const struct native_code *)r;
	struct origin o = origin_of(c, pc);
	for (; level > 0; level--) {
		const struct inlined *i = &c->inlined[o.inlined];
		o = (struct origin){ i->offset, i->caller };
	}
	*m = c->module;
	*func = c->inlined[o.inlined].func;
	*offset = o.offset;
	return true;
}

uint32_t
native_levels(const struct cell *pc)
{
	const struct code_range *r = codemap_find(pc);
	if (r == NULL)
		return 1;
	const struct native_code *c = (const struct native_code *)r;
	uint32_t n = 1;
	for (uint32_t i = origin_of(c, pc).inlined; i != 0; n++)
		i = c->inlined[i].caller;
	return n;
}

bool
native_roots(const void *link, const uint32_t **slots, uint32_t *nslots)
{
	const struct code_range *r = codemap_find(link);
	if (r == NULL)
		return false;
	const struct native_code *c = (const struct native_code *)r;
	assert((const uint8_t *)link >= r->start + c->sites &&
		"a frame that has called something");
	const uint32_t *roots = c->roots + compile_site_of(link)->roots;
	*nslots = roots[0];
	*slots = roots + 1;
	return true;
}

static void
forget(const struct allocator *al, const struct native_code *c)
{
	if (c == NULL)
		return;
	gdb_remove(al, c->gdb);
	codemap_remove(&c->range);
}

void
native_free(struct jit *jit, struct module *m)
{
	struct native *n = atomic_load(&m->native);
	if (n == NULL)
		return;
	const struct allocator *al = &m->engine->alloc;
	worker_lock(jit->worker);
	worker_drop(jit->worker, m);
	worker_unlock(jit->worker);
	for (size_t i = 0; i < (size_t)NATIVE_kinds * own_functions(m); i++)
		forget(al, atomic_load(&n->codes[i]));
	codemem_free(&jit->memory, &n->memory);
	arena_free(&n->arena);
	alloc_free(al, n, native_bytes(m));
	atomic_store(&m->native, NULL);
}
