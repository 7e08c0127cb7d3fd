/*
 * A decoded module (standard, 2.5): immutable once published, shared by its
 * instances and threads.  Index spaces hold the imports first.  All arrays live
 * in the module's arena; bytes are a copy of the binary.
 */
#ifndef SPEC_MODULE_H
#define SPEC_MODULE_H

#include <stdatomic.h>

#include "spec/op.h"
#include "spec/type.h"
#include "trap/arena.h"
#include "trap/lock.h"

struct engine;
struct error;

struct name {
	const char *bytes; /* UTF-8, len bytes, then a NUL */
	uint32_t len;
};

/* A range of the module's bytes; offset counts from their start. */
struct range {
	uint32_t offset, len;
};

enum extern_kind {
	EXTERN_func,
	EXTERN_table,
	EXTERN_memory,
	EXTERN_global,
	EXTERN_tag,
};

struct import {
	struct name module, field;
	uint8_t kind;	 /* enum extern_kind */
	uint32_t index;	 /* in the index space of its kind */
	uint32_t offset; /* in the module, for messages */
};

struct export
{
	struct name name;
	uint8_t kind;
	uint32_t index;
};

struct funcdecl {
	uint32_t type;	   /* type index */
	struct range body; /* locals and code up to and with the last end; len 0
			      for an import */
	uint32_t nlocals;  /* with the parameters */
	uint32_t local_slots; /* slots of parameters and locals */
	uint32_t frame_slots; /* local_slots + the largest operand stack; set by
				 validation */
	bool declared;	      /* may be named by ref.func */
};

/* init: range of a constant expression with its end; len 0 if none. */
struct tabledecl {
	struct tabletype type;
	struct range init;
};

struct globaldecl {
	struct globaltype type;
	struct range init;
};

enum segment_mode { SEGMENT_passive, SEGMENT_active, SEGMENT_declarative };

struct elemdecl {
	uint8_t mode; /* enum segment_mode */
	valtype type;
	uint32_t table;	     /* active */
	struct range offset; /* active: constant expression */
	uint32_t count;
	const uint32_t *funcs;	   /* count function indices, or NULL: */
	const struct range *exprs; /* count constant expressions */
};

struct datadecl {
	uint8_t mode;
	uint32_t memory;
	struct range offset;
	struct range bytes;
};

struct custom {
	struct name name;
	struct range bytes; /* without the name */
	uint8_t after;	    /* id of the section before it, 0 at the start */
};

/* Names of one index space, sorted by index (custom section "name"). */
struct namerow {
	uint32_t index;
	struct name name;
};

struct namemap {
	uint32_t count;
	const struct namerow *rows;
};

struct interp_code; /* the interpreter's cells (interp/code.h) */
struct native;	    /* compiled code (jit/native.h) */

struct module {
	struct engine *engine;
	struct arena arena;
	atomic_uint refs; /* holders: embedder, instances, traps */
	const uint8_t *bytes;
	uint32_t len;
	features used; /* features that the module needs */

	uint32_t ntypes, nimports, nexports, nelems, ndatas, ncustoms;
	struct deftype *types;
	struct import *imports;
	struct export *exports;
	struct elemdecl *elems;
	struct datadecl *datas;
	struct custom *customs;

	/* index spaces; the first n_imported_* of each are imports */
	uint32_t nfuncs, ntables, nmemories, nglobals, ntags;
	uint32_t nimported_funcs, nimported_tables, nimported_memories,
		nimported_globals, nimported_tags;
	struct funcdecl *funcs;
	struct tabledecl *tables;
	struct limits *memories;
	struct globaldecl *globals;
	uint32_t *tags; /* type indices */

	uint32_t start;	     /* function index or NO_INDEX */
	uint32_t data_count; /* of the data count section, or NO_INDEX */

	struct name name; /* of the module, len 0 if none */
	struct namemap func_names;

	struct lock lock; /* of the tiers' work on the module */
	_Atomic(struct interp_code *) interp; /* made at the first translation
					       */
	_Atomic(struct native *) native; /* made at the first compilation */
};

/*
 * Decodes and validates a binary module: the whole pipeline.  bytes are copied.
 * NULL on failure, then *error says why (malformed, invalid, limit, memory).
 * The caller owns one reference.
 */
struct module *
module_load(struct engine *engine, const uint8_t *bytes, size_t len,
	struct error *error);

/* One more, one less reference; the last one frees the module. */
void
module_retain(struct module *m);
void
module_release(struct module *m);

/* Name of function index from the name section; len 0 if it has none. */
struct name
module_func_name(const struct module *m, uint32_t index);

/* The function type of function index. */
static inline const struct functype *
module_func_type(const struct module *m, uint32_t index)
{
	return &m->types[m->funcs[index].type].func;
}

/* The export of that name, NULL if none. */
const struct export *
module_export(const struct module *m, const char *name, uint32_t len);

#endif
