/*
 * Types (standard, 2.3): value types packed in a word, composite types of a
 * module, and the engine's table of canonical types, in which two types are
 * equal if and only if their ids are.
 */
#ifndef SPEC_TYPE_H
#define SPEC_TYPE_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A value type, storage type or "bottom":
 *
 *   31   30    29     28..0
 *   ref  null  index  payload
 *
 * not ref: payload is the binary code (0x7f i32 .. 0x77 i16), 0 is bottom.
 * ref: payload is the binary code of an abstract heap type (0x70 func ..), or,
 * with `index`, a type index of the module; in the runtime a canonical id.
 */
typedef uint32_t valtype;

#define VT_REF ((valtype)1 << 31)
#define VT_NULL ((valtype)1 << 30)
#define VT_INDEX ((valtype)1 << 29)
#define VT_PAYLOAD (VT_INDEX - 1)

enum {
	VT_BOT = 0,
	VT_I32 = 0x7f,
	VT_I64 = 0x7e,
	VT_F32 = 0x7d,
	VT_F64 = 0x7c,
	VT_V128 = 0x7b,
	VT_I8 = 0x78,
	VT_I16 = 0x77,
	HT_NOEXN = 0x74,
	HT_NOFUNC = 0x73,
	HT_NOEXTERN = 0x72,
	HT_NONE = 0x71,
	HT_FUNC = 0x70,
	HT_EXTERN = 0x6f,
	HT_ANY = 0x6e,
	HT_EQ = 0x6d,
	HT_I31 = 0x6c,
	HT_STRUCT = 0x6b,
	HT_ARRAY = 0x6a,
	HT_EXN = 0x69,
};

/* (ref null func), (ref null extern): the two of WebAssembly 2.0. */
#define VT_FUNCREF (VT_REF | VT_NULL | HT_FUNC)
#define VT_EXTERNREF (VT_REF | VT_NULL | HT_EXTERN)

static inline bool
vt_is_ref(valtype t)
{
	return t >= VT_REF;
}

/* Slots that a value takes: 2 for v128, else 1. */
static inline uint32_t
vt_slots(valtype t)
{
	return t == VT_V128 ? 2 : 1;
}

/* A default value exists: numbers, vectors and nullable references. */
static inline bool
vt_defaultable(valtype t)
{
	return !vt_is_ref(t) || (t & VT_NULL) != 0;
}

struct functype {
	uint32_t nparams, nresults;
	uint32_t param_slots, result_slots;
	const valtype *params, *results;
};

struct fieldtype {
	valtype type; /* value type, VT_I8 or VT_I16 */
	bool mut;
};

enum comp { COMP_func, COMP_struct, COMP_array };

#define NO_INDEX UINT32_MAX

/* One entry of a module's type index space. */
struct deftype {
	uint8_t comp; /* enum comp */
	bool final;
	uint32_t super;		       /* type index or NO_INDEX */
	uint32_t rec_first, rec_count; /* its recursion group */
	uint32_t canon;		       /* id in the engine's typespace */
	struct functype func;	       /* COMP_func */
	uint32_t nfields;	       /* COMP_struct; 1 for COMP_array */
	const struct fieldtype *fields;

	/* Of canonical types alone: */
	const struct layout *layout; /* structures and arrays
					(spec/layout.h) */
	uint32_t depth;		     /* of supertypes above it, at most
					MAX_SUPERTYPES */
	const uint32_t *supers;	     /* their ids, depth of them, root first */
	const uint32_t *line; /* supers and itself; NULL without a subtype */
};

enum { MAX_SUPERTYPES = 63 };

struct limits {
	uint64_t min, max; /* pages or elements; max valid if has_max */
	bool has_max;
	bool is64; /* addresses are i64 */
	bool shared;
	uint8_t page_shift; /* memories: log2 of the page size, 16 or 0 */
};

/*
 * Guard pages.  A memory of such a type, in an engine that has them, never
 * moves, and nothing but traps happens in what an access of one instruction
 * reaches: an address of 32 bits plus an offset of 31.
 */
#define GUARDED_BYTES ((uint64_t)6 << 30)
#define GUARDED_EXTENT ((uint64_t)1 << 31) /* offset + bytes of an access */

static inline bool
limits_guarded(const struct limits *memory)
{
	return !memory->is64 && memory->page_shift == 16;
}

struct tabletype {
	valtype elem;
	struct limits limits;
};

struct globaltype {
	valtype type;
	bool mut;
};

/*
 * Canonical types (standard, 3.0: 3.1 and the appendix on rolled recursion
 * groups), shared by all modules of an engine; entries live as long as it.
 */
struct typespace;
struct allocator;

/* What is read without the lock: the start of a typespace, for the inlines. */
struct typespace_head {
	_Atomic(struct deftype **) rows; /* by id */
	atomic_uint nrows;
};

/* NULL when out of memory. */
struct typespace *
typespace_new(const struct allocator *al);
void
typespace_free(struct typespace *ts);

/*
 * Gives types[first..first+count) of one recursion group their canon ids.
 * References to earlier types of the module go by their ids.  False when out of
 * memory.
 */
bool
typespace_add(struct typespace *ts, struct deftype *types, uint32_t first,
	uint32_t count);

/* The definition behind id; its valtypes hold canonical ids.  Never NULL. */
static inline const struct deftype *
typespace_get(const struct typespace *ts, uint32_t id)
{
	const struct typespace_head *h = (const void *)ts;
	assert(id < h->nrows && "a canonical id");
	return atomic_load_explicit(&h->rows, memory_order_acquire)[id];
}

/* id of the plain final function type; UINT32_MAX when out of memory. */
uint32_t
typespace_func(struct typespace *ts, const valtype *params, uint32_t nparams,
	const valtype *results, uint32_t nresults);

/* Type a is b or declared, directly or not, as a subtype of it.  O(1). */
static inline bool
typespace_sub(const struct typespace *ts, uint32_t a, uint32_t b)
{
	if (a == b)
		return true;
	const struct deftype *d = typespace_get(ts, a);
	uint32_t depth = typespace_get(ts, b)->depth;
	return depth < d->depth && d->supers[depth] == b;
}

/* valtype of a module with its index replaced by the canonical id. */
valtype
vt_canon(const struct deftype *types, valtype t);

/* Value type matching (standard, 3.3) of canonical types: a <= b. */
bool
vt_matches(const struct typespace *ts, valtype a, valtype b);

/*
 * The abstract heap type at the top of a canonical reference type's hierarchy:
 * HT_ANY, HT_FUNC, HT_EXTERN or HT_EXN.
 */
uint32_t
vt_top(const struct typespace *ts, valtype t);

/* The one at its bottom: HT_NONE, HT_NOFUNC, HT_NOEXTERN or HT_NOEXN. */
uint32_t
vt_bottom(const struct typespace *ts, valtype t);

/* Text form, as "i32" or "(ref null 3)"; out holds at least 32 bytes. */
const char *
vt_format(valtype t, char out[32]);

#endif
