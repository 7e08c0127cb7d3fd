#include "jit/native.h"

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "interp/loop.h"
#include "jit/jit.h"
#include "spec/engine.h"
#include "spec/module.h"
#include "trap/arena.h"
#include "trap/error.h"

/* What a module holds. */
struct native {
	struct arena arena;
	struct codemem_list memory;
	bool *tried, *tried_loops;	  /* per own function */
	const struct native_code **loops; /* the same: entered at loops */
	_Atomic(const struct native_code *) codes[]; /* the same */
};

static uint32_t
own_functions(const struct module *m)
{
	return m->nfuncs - m->nimported_funcs;
}

static size_t
native_bytes(const struct module *m)
{
	return sizeof(struct native) +
	       own_functions(m) * sizeof(_Atomic(const struct native_code *));
}

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
	n->tried = arena_array(&n->arena, own_functions(m), sizeof *n->tried);
	n->tried_loops =
		arena_array(&n->arena, own_functions(m), sizeof *n->tried);
	n->loops = arena_array(&n->arena, own_functions(m), sizeof *n->loops);
	if (n->arena.failed) {
		arena_free(&n->arena);
		alloc_free(al, n, native_bytes(m));
		return NULL;
	}
	atomic_store(&m->native, n);
	return n;
}

/* The words of the sites, which only this process knows. */
static void
fill_sites(const struct code_image *image)
{
	const struct cell *leave = &loop_tables()->cells[CELL_leave];
	for (uint32_t i = 0; i < image->nsites; i++) {
		struct code_site s;
		uint8_t *p = image->bytes + image->sites + i * sizeof s;
		memcpy(&s, p, sizeof s);
		s.before.op = leave->op;
		s.leave.op = leave->op;
		memcpy(p, &s, sizeof s);
	}
}

static int
by_at(const void *a, const void *b)
{
	const struct code_point *x = a, *y = b;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* Puts a compiled function where it can run; NULL: out of memory. */
static const struct native_code *
place(struct jit *jit, struct module *m, struct native *n, uint32_t func,
	const struct code_image *image)
{
	struct native_code *c = arena_alloc(&n->arena, sizeof *c);
	struct code_point *points =
		arena_array(&n->arena, image->npoints + 1, sizeof *points);
	struct code_point *loops =
		arena_array(&n->arena, image->nloops + 1, sizeof *loops);
	uint32_t *roots = arena_copy(
		&n->arena, image->roots, image->nroots * sizeof *roots);
	if (c == NULL || points == NULL || loops == NULL || roots == NULL)
		return NULL;
	if (image->nloops != 0)
		memcpy(loops, image->loops, image->nloops * sizeof *loops);
	fill_sites(image);
	if (image->npoints != 0)
		memcpy(points, image->points, image->npoints * sizeof *points);
	qsort(points, image->npoints, sizeof *points, by_at);
	*c = (struct native_code){ .func = func,
		.entry = image->entry,
		.sites = image->sites,
		.frame_slots = image->frame_slots,
		.nloops = image->nloops,
		.loops = loops,
		.roots = roots,
		.module = m };
	const uint8_t *bytes = codemem_place(
		&jit->memory, &n->memory, image->bytes, image->len);
	if (bytes == NULL)
		return NULL;
	c->range.start = bytes;
	c->range.end = bytes + image->len;
	c->range.points = points;
	c->range.npoints = image->npoints;
	codemap_add(&c->range);
	c->gdb = naming_add(&jit->naming, m, func, bytes, image->len);
	return c;
}

static const struct native_code *
compile_now(struct jit *jit, struct module *m, struct native *n, uint32_t func,
	bool osr)
{
	struct build_options options = { .explicit_bounds = true,
		.osr = osr,
		.registers = jit->vary.registers,
		.seed = jit->vary.seed };
	struct code_image image;
	struct error error;
	const struct native_code *c = NULL;
	error_clear(&error);
	if (compile(m, func, &options, &jit->phase, &image, &error))
		c = place(jit, m, n, func, &image);
	arena_reset(&jit->phase);
	return c;
}

const struct native_code *
native_find(const struct module *m, uint32_t func)
{
	struct native *n = atomic_load(&m->native);
	return n == NULL ? NULL
			 : atomic_load_explicit(
				   &n->codes[func - m->nimported_funcs],
				   memory_order_acquire);
}

const struct native_code *
native_of(struct jit *jit, struct module *m, uint32_t func)
{
	uint32_t own = func - m->nimported_funcs;
	const struct native_code *c = native_find(m, func);
	if (c != NULL)
		return c;
	lock_enter(&jit->lock);
	struct native *n = open_native(m);
	if (n != NULL && !n->tried[own]) {
		n->tried[own] = true;
		c = compile_now(jit, m, n, func, false);
		atomic_store_explicit(&n->codes[own], c, memory_order_release);
	} else if (n != NULL) {
		c = atomic_load(&n->codes[own]);
	}
	lock_leave(&jit->lock);
	return c;
}

const void *
native_loop(struct jit *jit, struct module *m, uint32_t func, uint32_t offset,
	uint32_t *frame_slots)
{
	uint32_t own = func - m->nimported_funcs;
	const struct native_code *c = NULL;
	lock_enter(&jit->lock);
	struct native *n = open_native(m);
	if (n != NULL && !n->tried_loops[own]) {
		n->tried_loops[own] = true;
		n->loops[own] = compile_now(jit, m, n, func, true);
	}
	if (n != NULL)
		c = n->loops[own];
	lock_leave(&jit->lock);
	for (uint32_t i = 0; c != NULL && i < c->nloops; i++) {
		if (c->loops[i].offset == offset) {
			*frame_slots = c->frame_slots;
			return c->range.start + c->loops[i].at;
		}
	}
	return NULL;
}

/* The record that the link of a compiled frame's callee points into. */
static const struct code_site *
site_of(const void *link)
{
	return (const struct code_site *)(const void
			*)((const char *)link -
			   offsetof(struct code_site, leave));
}

bool
native_locate(
	const void *pc, struct module **m, uint32_t *func, uint32_t *offset)
{
	const struct code_range *r = codemap_find(pc);
	if (r == NULL)
		return false;
	const struct native_code *c = (const struct native_code *)r;
	const struct code_point *at = codemap_point(r, pc);
	*m = c->module;
	*func = c->func;
	*offset = at != NULL ? at->offset
		  : (const uint8_t *)pc >= r->start + c->sites
			  ? site_of(pc)->offset
			  : c->module->funcs[c->func].body.offset;
	return true;
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
	const uint32_t *roots = c->roots + site_of(link)->roots;
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
	lock_enter(&jit->lock);
	for (uint32_t i = 0; i < own_functions(m); i++) {
		forget(al, atomic_load(&n->codes[i]));
		forget(al, n->loops[i]);
	}
	lock_leave(&jit->lock);
	codemem_free(&jit->memory, &n->memory);
	arena_free(&n->arena);
	alloc_free(al, n, native_bytes(m));
	atomic_store(&m->native, NULL);
}
