/*
 * Runtime structure (standard, 4.2): the store and what lives in it.  Objects
 * have stable addresses.  Everything here belongs to one store and is used by
 * one thread at a time.
 */
#ifndef SPEC_STORE_H
#define SPEC_STORE_H

#include <assert.h>

#include "spec/heap.h"
#include "spec/module.h"
#include "spec/unit.h"
#include "trap/arena.h"
#include "trap/context.h"
#include "trap/pages.h"

struct engine;
struct error;
struct store;
struct instance;
struct shared_memory;
struct tracer;

/*
 * A host function.  slots holds the arguments, one after the other; the results
 * are written to slots[0..].  There is room for max(params, results) slots.
 * caller is the instance that called, NULL when the host did.  Returns
 * STATUS_done, or anything else after one of raise_* (trap/unwind.h).
 */
typedef enum status
host_fn(void *env, struct store *store, struct instance *caller,
	union slot *slots);

/*
 * How the embedder's calls run f, with arguments and results in slots as
 * func_call has them: 0, or what engine.stopped answers for arg, which is
 * called last.
 */
typedef int
call_fn(struct func *f, union slot *slots, void *arg);

/*
 * A function of the store, whoever defined it.  cells is what a call jumps to:
 * at first the tier's translate cell, or its host cell.  Host functions stand
 * behind their unit.
 */
struct func {
	const struct cell *cells;
	const void *code; /* compiled, or NULL */
	call_fn *call;
	struct instance *instance; /* NULL for a host function */
	uint32_t type;		   /* canonical id */
	uint32_t index;		   /* in its module */
	int32_t counter;	   /* down to what the second tier calls hot */
	uint32_t param_slots, result_slots;
	const struct store *store;
};

/* A host function as it stands behind its unit. */
struct host_func {
	struct func func;
	host_fn *host;
	void *env;
	void (*finalize)(void *env); /* called when it is freed, or NULL */
	/* What compiled code calls in its place: func_set_direct. */
	void (*direct)(void);
	void *direct_env;
};

/* Of f, which is a host function. */
static inline struct host_func *
func_host(struct func *f)
{
	assert(f->instance == NULL && "a host function");
	return (struct host_func *)f;
}

struct memory {
	struct pages pages;
	struct shared_memory *sharing; /* has the pages; NULL: unshared */
	uint8_t *base;		       /* = pages.base */
	uint64_t bytes; /* size in bytes; a multiple of the page size; of a
			   shared memory what was seen last */
	uint64_t max;	/* declared maximum in pages, or the type's own */
	bool has_max, is64, shared;
	uint8_t page_shift;
	struct store *store;
	struct unit *unit; /* that it is part of */
};

struct table {
	union slot *elems; /* references */
	uint64_t size, room, max;
	bool has_max, is64;
	valtype type; /* canonical */
	struct store *store;
	struct unit *unit;
};

struct global {
	union slot value[2]; /* one slot, two for v128 */
	valtype type;	     /* canonical */
	bool mut;
	const struct store *store;
	struct unit *unit;
};

struct tag {
	uint32_t type; /* canonical id of its function type */
	const struct store *store;
	struct unit *unit;
};

/* What an import is given and an export gives. */
struct external {
	uint8_t kind; /* enum extern_kind */
	union {
		struct func *func;
		struct table *table;
		struct memory *memory;
		struct global *global;
		struct tag *tag;
	} u;
};

/*
 * An instance.  The first memory is what the interpreter keeps in registers.
 * own[] are the functions that the module defines, inline: function index i is
 * own[i - nimported_funcs].
 */
struct instance {
	struct unit unit;   /* first */
	struct arena arena; /* all that is the instance's, this struct too */
	struct store *store;
	struct module *module;
	struct memory *memory0;	  /* memories[0] or a memory of no bytes */
	struct func **imported;	  /* nimported_funcs */
	struct memory **memories; /* index spaces, imports first */
	struct table **tables;
	struct global **globals;
	struct tag **tags;
	union slot **elems;    /* evaluated element segments; NULL: dropped */
	uint8_t *data_dropped; /* per data segment */
	void *user;	       /* the embedder's */
	struct instance *next; /* of the store */
	struct func own[];
};

/* Limits of a store; 0 means the default. */
struct store_limits {
	uint64_t memory_bytes;	 /* all linear memories together */
	uint64_t table_elements; /* all tables together */
	uint64_t instances;
	uint64_t stack_bytes;  /* guest stack, default 8 MiB */
	uint64_t heap_bytes;   /* objects, default 4 GiB */
	uint64_t native_bytes; /* C's stack for compiled code, default 1 MiB */
	uint32_t host_depth;   /* nested entries, default 100 */
	bool trap_on_grow_failure;
};

struct store {
	struct context ctx; /* first: a context is its store */
	struct engine *engine;
	struct store_limits limits;
	uint64_t memory_bytes, table_elements, ninstances; /* in use */
	struct pages stack;
	struct heap heap;	  /* objects of the guest */
	struct interp_maps *maps; /* the interpreter's (interp/map.h) */
	struct unit *units;
	struct instance *instances; /* those of the units that are */
	uint64_t nunits;
	uint64_t units_due;  /* so many of them: look for garbage */
	uint64_t memory_due; /* the same for memory_bytes */
	uint64_t frees;	     /* collections that freed an instance */
	bool collecting;
	struct memory no_memory; /* stands in where a module has none */
	struct tracer *tracer;	 /* of engine.trace (spec/trace.h), or NULL */
	void *user;		 /* the embedder's */
};

/* NULL when out of memory.  The engine must outlive the store. */
struct store *
store_new(struct engine *e, const struct store_limits *limits);
void
store_free(struct store *s);

/*
 * Parts made by the host, units of their own, pinned once.  NULL and *error
 * when refused or out of memory.
 */
struct memory *
memory_new(struct store *s, const struct limits *type, struct error *error);
struct table *
table_new(struct store *s, const struct tabletype *type, union slot init,
	struct error *error);
struct global *
global_new(struct store *s, valtype type, bool mut, const union slot *value);
struct tag *
tag_new(struct store *s, uint32_t type);
/* type: canonical id of a function type.  finalize may be NULL. */
struct func *
func_new_host(struct store *s, uint32_t type, host_fn *fn, void *env,
	void (*finalize)(void *env));

/*
 * The host function f does what a function of another type does: direct is
 * called by code that was compiled, with env, the instance that calls and the
 * slots, all pointers; it answers an int or enum, 0 for STATUS_done.
 */
void
func_set_direct(struct func *f, void (*direct)(void), void *env);

/*
 * Make a zeroed part usable whose store and unit are set; false and *error when
 * refused, then there is nothing to close.
 */
bool
memory_open(struct memory *mem, const struct limits *type, struct error *error);
bool
table_open(struct table *t, const struct tabletype *type, union slot init,
	struct error *error);
void
memory_close(struct memory *mem);
void
table_close(struct table *t);

/* What s knows of sh, as a part made by the host. */
struct memory *
memory_of_shared(
	struct store *s, struct shared_memory *sh, struct error *error);

/*
 * Takes over the size that other stores gave a shared memory; true if it has
 * grown.
 */
bool
memory_sync(struct memory *mem);

/* The size in bytes now. */
static inline uint64_t
memory_bytes(struct memory *mem)
{
	if (mem->sharing != NULL)
		memory_sync(mem);
	return mem->bytes;
}

/*
 * memory.grow: adds delta pages and returns the old size in pages, or
 * UINT64_MAX.  The base may move, of a shared memory only if one store alone
 * has it.
 */
uint64_t
memory_grow(struct memory *mem, uint64_t delta);
uint64_t
memory_pages(struct memory *mem);

/* table.grow likewise. */
uint64_t
table_grow(struct table *t, uint64_t delta, union slot init);

/*
 * Bulk operations (standard, 4.4): bounds are checked before anything is
 * written.  STATUS_unwound after the trap was raised.
 */
enum status
memory_init(struct instance *in, uint32_t mem, uint32_t data, uint64_t dst,
	uint32_t src, uint32_t n);
enum status
memory_copy(struct instance *in, uint32_t dst_mem, uint32_t src_mem,
	uint64_t dst, uint64_t src, uint64_t n);
enum status
memory_fill(struct instance *in, uint32_t mem, uint64_t dst, uint32_t value,
	uint64_t n);
enum status
table_init(struct instance *in, uint32_t table, uint32_t elem, uint64_t dst,
	uint32_t src, uint32_t n);
enum status
table_copy(struct instance *in, uint32_t dst_table, uint32_t src_table,
	uint64_t dst, uint64_t src, uint64_t n);
enum status
table_fill(struct instance *in, uint32_t table, uint64_t dst, union slot value,
	uint64_t n);
void
data_drop(struct instance *in, uint32_t data);
void
elem_drop(struct instance *in, uint32_t elem);

/* Function index i of an instance. */
static inline struct func *
instance_func(struct instance *in, uint32_t i)
{
	uint32_t n = in->module->nimported_funcs;
	return i < n ? in->imported[i] : &in->own[i - n];
}

/* The store in which the object was made. */
const struct store *
external_store(const struct external *x);

/* The object behind an export. */
struct external
instance_export(struct instance *in, const struct export *e);

/* The type that an external has, for messages: "func [i32] -> []". */
const char *
external_format(const struct engine *e, const struct external *x, char *out,
	size_t bytes);

#endif
