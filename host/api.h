/*
 * What the files of the embedding API (host/sheave.h) share: the handles, and
 * how errors and values are made.  A handle counts its holders, so that handles
 * can be freed in any order; parts of a store are the structs of spec/store.h
 * under another name.
 */
#ifndef HOST_API_H
#define HOST_API_H

#include <stdatomic.h>

#include "host/sheave.h"
#include "spec/engine.h"
#include "spec/store.h"

struct sheave_engine {
	struct engine engine;
	atomic_uint refs;
};

struct sheave_module {
	struct module *module;
	struct sheave_engine *engine;
};

/* The environment of a host function of the embedder's. */
struct api_closure {
	sheave_host_fn *fn; /* one of the two */
	sheave_host_slots_fn *slots_fn;
	void *env;
	sheave_finalizer *finalizer;
	const struct functype *type;
	const struct allocator *al;
	bool holds; /* arguments may be objects of the heap */
};

struct sheave_store {
	struct store *store;
	struct sheave_engine *engine;
	uint32_t refs;
	void *data;
	struct instance *outside; /* of no module: the caller of a host
				     function that the embedder calls */
};

void
api_engine_release(struct sheave_engine *e);
void
api_store_release(struct sheave_store *s);

/* The handle of a store that the API made. */
struct sheave_store *
api_store(const struct store *s);

/* A caller is an instance under another name. */
static inline struct instance *
api_caller(struct sheave_caller *caller)
{
	return (struct instance *)caller;
}

/* Makes *error, unless error is NULL; text as printf. */
void
api_refuse(const struct allocator *al, struct sheave_error **error,
	enum sheave_error_kind kind, const char *format, ...);

/* Makes *error of a phase's error. */
void
api_error(const struct allocator *al, struct sheave_error **error,
	const struct error *from);

/* Makes *error of what s->ctx.pending says. */
void
api_stopped(struct store *s, struct sheave_error **error);

/* Canonical id of the signature's function type; NO_INDEX after *error. */
uint32_t
api_signature(
	struct engine *e, const char *signature, struct sheave_error **error);

/* What e keeps when it is an exception; else NULL. */
struct exception;
const struct exception *
api_error_exception(const struct sheave_error *e);

/* Raises e again in ctx; its frames stay when they are of the same store. */
void
api_raise_again(struct store *s, const struct sheave_error *e);

/* The frame with names borrowed from its module; false: unknown. */
bool
api_frame(
	struct store *s, const struct raw_frame *raw, struct sheave_frame *out);

/*
 * v as a value of type, in out[0], a v128 also in out[1].  NULL, or what is
 * wrong with it: "is of another type".
 */
const char *
api_to_slots(const struct store *s, const struct sheave_value *v, valtype type,
	union slot *out);
void
api_from_slots(const union slot *slots, valtype type, struct sheave_value *out);

/* References that live while a host function runs. */
struct api_held {
	struct heap_root few[4], *roots;
	uint32_t n;
	size_t bytes;
};

/*
 * Keeps the arguments of type t in slots; false when out of memory.  Each
 * api_hold has its api_release.
 */
bool
api_hold(struct api_held *h, struct store *s, const struct functype *t,
	const union slot *slots);
void
api_release(struct api_held *h, struct store *s);

/* Types for embedders; pointers live as long as the engine. */
struct externtype;
void
api_externtype(const struct typespace *ts, const struct externtype *t,
	struct sheave_externtype *out);

/* Between the two names of a part of a store. */
struct external
api_external(const struct sheave_extern *x);
struct sheave_extern
api_extern(const struct external *x);

#endif
