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
	bool *tried;				     /* per own function */
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
	if (n->tried == NULL) {
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
place(struct jit *jit, const struct module *m, struct native *n, uint32_t func,
	const struct code_image *image)
{
	struct native_code *c = arena_alloc(&n->arena, sizeof *c);
	struct code_point *points =
		arena_array(&n->arena, image->npoints + 1, sizeof *points);
	if (c == NULL || points == NULL)
		return NULL;
	fill_sites(image);
	if (image->npoints != 0)
		memcpy(points, image->points, image->npoints * sizeof *points);
	qsort(points, image->npoints, sizeof *points, by_at);
	*c = (struct native_code){ .func = func,
		.len = image->len,
		.entry = image->entry,
		.sites = image->sites,
		.npoints = image->npoints,
		.points = points };
	c->bytes = codemem_place(
		&jit->memory, &n->memory, image->bytes, image->len);
	if (c->bytes == NULL)
		return NULL;
	c->gdb = naming_add(&jit->naming, m, func, c->bytes, c->len);
	return c;
}

static const struct native_code *
compile_now(struct jit *jit, struct module *m, struct native *n, uint32_t func)
{
	struct build_options options = { .explicit_bounds = true };
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
native_of(struct jit *jit, struct module *m, uint32_t func)
{
	uint32_t own = func - m->nimported_funcs;
	struct native *n = atomic_load(&m->native);
	if (n != NULL) {
		const struct native_code *c = atomic_load_explicit(
			&n->codes[own], memory_order_acquire);
		if (c != NULL)
			return c;
	}
	const struct native_code *c = NULL;
	lock_enter(&jit->lock);
	n = open_native(m);
	if (n != NULL && !n->tried[own]) {
		n->tried[own] = true;
		c = compile_now(jit, m, n, func);
		atomic_store_explicit(&n->codes[own], c, memory_order_release);
	} else if (n != NULL) {
		c = atomic_load(&n->codes[own]);
	}
	lock_leave(&jit->lock);
	return c;
}

/* The code of m that pc is in; NULL: in none. */
static const struct native_code *
find(const struct module *m, const uint8_t *pc)
{
	struct native *n = atomic_load(&m->native);
	uint32_t count = n != NULL ? own_functions(m) : 0;
	for (uint32_t i = 0; i < count; i++) {
		const struct native_code *c = atomic_load_explicit(
			&n->codes[i], memory_order_acquire);
		if (c != NULL && pc >= c->bytes && pc <= c->bytes + c->len)
			return c;
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
native_locate(const struct module *m, const void *pc, uint32_t *func,
	uint32_t *offset)
{
	const struct native_code *c = find(m, pc);
	if (c == NULL)
		return false;
	struct code_point key = { (uint32_t)((const uint8_t *)pc - c->bytes),
		0 };
	const struct code_point *p =
		bsearch(&key, c->points, c->npoints, sizeof key, by_at);
	*func = c->func;
	*offset = p != NULL	       ? p->offset
		  : key.at >= c->sites ? site_of(pc)->offset
				       : m->funcs[c->func].body.offset;
	return true;
}

void
native_free(struct jit *jit, struct module *m)
{
	struct native *n = atomic_load(&m->native);
	if (n == NULL)
		return;
	const struct allocator *al = &m->engine->alloc;
	for (uint32_t i = 0; i < own_functions(m); i++) {
		const struct native_code *c = atomic_load(&n->codes[i]);
		if (c != NULL)
			gdb_remove(al, c->gdb);
	}
	codemem_free(&jit->memory, &n->memory);
	arena_free(&n->arena);
	alloc_free(al, n, native_bytes(m));
	atomic_store(&m->native, NULL);
}
