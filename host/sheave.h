/*
 * Embedding sheave, a WebAssembly runtime.
 *
 *   engine    configuration, shared by everything below
 *   module    a program, decoded and validated
 *   store     the state of running instances, with limits, fuel, interrupts
 *   linker    what the imports of a module are resolved with
 *   instance, func, memory, global, table, tag    parts of a store
 *   error     why something was refused or a guest was stopped
 *
 * Handles that a function named sheave_*_new or sheave_*_load returned, and
 * errors, are the caller's and freed by sheave_*_free, in any order: what is
 * still needed stays alive inside.
 *
 * Parts of a store live in it, and go with it at the latest.  An instance is
 * the caller's until sheave_instance_free, a memory, global, table, tag or
 * function that the caller made until its own sheave_*_free; afterwards it
 * lives as long as a linker or a live instance holds it.  What is freed so
 * before the store is collected by it, when no guest runs.  An instance's
 * exports live as long as it does.
 *
 * An engine, its modules and its shared memories may be used by several threads
 * at the same time: loading, instantiating and running in stores of their own.
 * A store, all its parts and its linkers are used by one thread at a time, it
 * may be another one each time; only sheave_store_interrupt is free of that
 * rule.  An error or another handle is freed by one thread while no other uses
 * that handle.  Nothing is kept outside these handles: engines know nothing of
 * each other.
 *
 * Functions that can fail take a last argument `error`: NULL, or a place for
 * the error, written on failure only.
 */
#ifndef SHEAVE_H
#define SHEAVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sheave_engine;
struct sheave_store;
struct sheave_module;
struct sheave_linker;
struct sheave_error;
struct sheave_caller;
struct sheave_instance;
struct sheave_func;
struct sheave_memory;
struct sheave_shared_memory;
struct sheave_global;
struct sheave_table;
struct sheave_tag;
struct sheave_object;
struct sheave_ref;

/* How a call into the guest, or what may call it, came out. */
enum sheave_result {
	SHEAVE_OK,
	SHEAVE_STOPPED, /* the guest ran and was stopped: trap, exit, failure of
			   a host function */
	SHEAVE_REFUSED, /* nothing ran: wrong arguments, limits, no memory */
};

/* ---- Errors ---- */

enum sheave_error_kind {
	SHEAVE_ERROR_MISUSE,	  /* a wrong argument to a function below */
	SHEAVE_ERROR_MALFORMED,	  /* the module does not decode or parse */
	SHEAVE_ERROR_INVALID,	  /* it does not validate */
	SHEAVE_ERROR_LINK,	  /* an import is missing or of another type */
	SHEAVE_ERROR_UNSUPPORTED, /* it needs what cannot run here */
	SHEAVE_ERROR_LIMIT,	  /* beyond a limit */
	SHEAVE_ERROR_MEMORY,	  /* out of memory */
	SHEAVE_ERROR_TRAP,	  /* the guest trapped: sheave_error_trap */
	SHEAVE_ERROR_EXIT,	  /* it asked to exit: sheave_error_exit_code */
	SHEAVE_ERROR_HOST,	  /* a host function failed */
	SHEAVE_ERROR_EXCEPTION,	  /* it threw, and nothing caught: see
				     sheave_error_tag */
};

/* Codes of traps; they never change. */
enum sheave_trap {
	SHEAVE_TRAP_STACK_OVERFLOW = 0,
	SHEAVE_TRAP_MEMORY_OUT_OF_BOUNDS = 1,
	SHEAVE_TRAP_UNALIGNED_ATOMIC = 2,
	SHEAVE_TRAP_TABLE_OUT_OF_BOUNDS = 3,
	SHEAVE_TRAP_UNINITIALIZED_ELEMENT = 4,
	SHEAVE_TRAP_INDIRECT_CALL_MISMATCH = 5,
	SHEAVE_TRAP_INTEGER_OVERFLOW = 6,
	SHEAVE_TRAP_DIVIDE_BY_ZERO = 7,
	SHEAVE_TRAP_BAD_CONVERSION = 8,
	SHEAVE_TRAP_UNREACHABLE = 9,
	SHEAVE_TRAP_INTERRUPT = 10,
	SHEAVE_TRAP_OUT_OF_FUEL = 11,
	SHEAVE_TRAP_WAIT_NOT_SHARED = 12,
	SHEAVE_TRAP_NULL_REFERENCE = 13,
	SHEAVE_TRAP_ARRAY_OUT_OF_BOUNDS = 14,
	SHEAVE_TRAP_ALLOCATION_TOO_LARGE = 15,
	SHEAVE_TRAP_CAST_FAILURE = 16,
	SHEAVE_TRAP_UNCAUGHT_EXCEPTION = 49,
};

/* A frame of a backtrace.  Names are UTF-8, NULL where there is none. */
struct sheave_frame {
	uint32_t func_index;	/* in its module */
	uint32_t func_offset;	/* bytes of the instruction from the start of
				   the function's body, locals included */
	uint32_t module_offset; /* the same from the start of the module */
	const char *func_name;
	const char *module_name;
};

void
sheave_error_free(struct sheave_error *error);

enum sheave_error_kind
sheave_error_kind(const struct sheave_error *error);

/* One line: "wasm trap: unreachable", "unknown import env.f (func [] -> [])".
 */
const char *
sheave_error_message(const struct sheave_error *error);

/* The code of a trap or an exception; -1 for other errors. */
int
sheave_error_trap(const struct sheave_error *error);

/* The exit code of the guest, when that is the kind; else 0. */
int
sheave_error_exit_code(const struct sheave_error *error);

/*
 * Where a guest reached beyond a memory, and the memory's size in bytes: known
 * if a fault told of it (signals in sheave_config), which may give the start of
 * the host's page instead of the very address.  False for other errors.
 */
bool
sheave_error_fault(const struct sheave_error *error, uint64_t *address,
	uint64_t *memory_bytes);

/* What a host function handed to sheave_caller_fail; else NULL. */
void *
sheave_error_payload(const struct sheave_error *error);

/* Innermost frame first.  False when there is no frame i. */
uint32_t
sheave_error_frame_count(const struct sheave_error *error);
bool
sheave_error_frame(const struct sheave_error *error, uint32_t i,
	struct sheave_frame *frame);

/*
 * Writes the message and the backtrace, a line for each frame, cut to bytes
 * with a NUL.  Returns how many bytes the whole text has without it.
 */
size_t
sheave_error_format(const struct sheave_error *error, char *out, size_t bytes);

/* The message of a trap code, static; NULL if there is no such code. */
const char *
sheave_trap_message(int code);

/* ---- Values ---- */

/* A value type.  More reference types exist; these have names. */
typedef uint32_t sheave_valtype;

#define SHEAVE_I32 ((sheave_valtype)0x7f)
#define SHEAVE_I64 ((sheave_valtype)0x7e)
#define SHEAVE_F32 ((sheave_valtype)0x7d)
#define SHEAVE_F64 ((sheave_valtype)0x7c)
#define SHEAVE_V128 ((sheave_valtype)0x7b)
#define SHEAVE_FUNCREF ((sheave_valtype)0xc0000070)
#define SHEAVE_EXTERNREF ((sheave_valtype)0xc000006f)
#define SHEAVE_ANYREF ((sheave_valtype)0xc000006e)
#define SHEAVE_EXNREF ((sheave_valtype)0xc0000069)
#define SHEAVE_I31 ((sheave_valtype)0x8000006c) /* never null */

/*
 * The type tells how to read a reference: SHEAVE_EXTERNREF the host's pointer,
 * SHEAVE_I31 a number in i32, the type of a function in func; any other an
 * object of the guest.  So what a store gives may have another type than was
 * declared, and what it is given is taken if it fits.  A null reference is NULL
 * whatever its type.
 *
 * A pointer to an object is good until its store next runs a guest or collects:
 * sheave_ref_new keeps the object for longer.  The arguments of a host function
 * are good until it returns.
 */
struct sheave_value {
	sheave_valtype type;
	union {
		int32_t i32;
		int64_t i64;
		float f32;
		double f64;
		uint8_t v128[16];	  /* little-endian lanes */
		struct sheave_func *func; /* NULL: null reference */
		void *external;		  /* the host's pointer, of at most 62
					     bits; NULL: null reference */
		struct sheave_object *object; /* NULL: null reference */
	} of;
};

/* "i32", "(ref null func)" ..; out holds at least 32 bytes.  Returns out. */
const char *
sheave_valtype_format(sheave_valtype type, char *out);

/* ---- Engines ---- */

/* What runs guests: the interpreter alone, or with a compiler beside it. */
enum sheave_jit {
	SHEAVE_JIT_OFF,
	SHEAVE_JIT_ON,	  /* compiles what is hot; where there is no compiler
			     everything is interpreted */
	SHEAVE_JIT_EAGER, /* compiles all at instantiation; an error where there
			     is no compiler */
};

struct sheave_config {
	enum sheave_jit jit;
	/* What is hot is compiled by the thread that runs it, not by one of the
	 * engine's own. */
	bool jit_alone;
	/*
	 * Features (sheave_feature) that are switched off, with all that builds
	 * on them: "simd threads"; "all" leaves mvp.  NULL for none.
	 */
	const char *without;
	bool nan_canonical; /* results that are NaN have the canonical bits */
	bool interruptible; /* loops and calls look at the interrupt flag */
	bool fuel;	/* instructions are charged: sheave_store_set_fuel */
	bool gc_stress; /* every allocation collects: to find bugs */
	/*
	 * Compiled code checks no bounds of memories with 64 KiB pages and
	 * 32-bit addresses; guard pages and a handler of SIGSEGV do, which the
	 * process keeps once it is there.  A fault that is not the code's goes
	 * to the handler that was there before; one that is installed later
	 * must hand on what it does not know, with SA_ONSTACK.  Each memory
	 * takes 6 GiB of address space.  Where that cannot be had, and without
	 * jit, nothing is installed.
	 */
	bool signals;
	/*
	 * Resizes old, of old_bytes (NULL when 0), to new_bytes; frees it when
	 * new_bytes is 0.  Called by every thread that uses the engine, and by
	 * its own.  NULL: the C library's.
	 */
	void *(*resize)(
		void *user, void *old, size_t old_bytes, size_t new_bytes);
	void *user;
};

/* config may be NULL: all fields zero.  NULL on failure. */
struct sheave_engine *
sheave_engine_new(
	const struct sheave_config *config, struct sheave_error **error);
void
sheave_engine_free(struct sheave_engine *engine);

/* Name of feature i from 0 on, NULL after the last. */
const char *
sheave_feature(uint32_t i);

/* ---- Modules ---- */

/*
 * Decodes and validates len bytes of a binary module, or of the text format
 * when they do not begin as a binary does.  The bytes are copied.
 */
struct sheave_module *
sheave_module_load(struct sheave_engine *engine, const void *bytes, size_t len,
	struct sheave_error **error);
void
sheave_module_free(struct sheave_module *module);

/* The same without a module. */
bool
sheave_module_validate(struct sheave_engine *engine, const void *bytes,
	size_t len, struct sheave_error **error);

enum sheave_extern_kind {
	SHEAVE_FUNC,
	SHEAVE_TABLE,
	SHEAVE_MEMORY,
	SHEAVE_GLOBAL,
	SHEAVE_TAG,
};

/* The type of an import or export; pointers live as long as the module. */
struct sheave_externtype {
	enum sheave_extern_kind kind;
	uint32_t nparams, nresults; /* functions, tags */
	const sheave_valtype *params, *results;
	sheave_valtype value; /* of a global, of a table's elements */
	bool mut;	      /* global */
	bool has_max, is64, shared;
	uint64_t min, max;  /* table: elements, memory: pages */
	uint32_t page_size; /* memory: bytes */
};

/* Names are UTF-8 with a NUL after them, which they may also contain. */
struct sheave_import {
	const char *module, *name;
	size_t module_len, name_len;
	struct sheave_externtype type;
};

struct sheave_export {
	const char *name;
	size_t name_len;
	struct sheave_externtype type;
};

struct sheave_custom {
	const char *name;
	size_t name_len;
	const void *bytes;
	size_t len;
};

/* Import, export and custom section i, in the module's order; false: no more.
 */
bool
sheave_module_import(const struct sheave_module *module, uint32_t i,
	struct sheave_import *out);
bool
sheave_module_export(const struct sheave_module *module, uint32_t i,
	struct sheave_export *out);
bool
sheave_module_custom(const struct sheave_module *module, uint32_t i,
	struct sheave_custom *out);

/* Names of the name section, borrowed from the module; NULL if it has none. */
const char *
sheave_module_name(const struct sheave_module *module);
const char *
sheave_module_func_name(const struct sheave_module *module, uint32_t func);

/* ---- Stores ---- */

/* 0 stands for the default. */
struct sheave_limits {
	uint64_t memory_bytes;	   /* all memories together; unlimited */
	uint64_t table_elements;   /* all tables together; 10 000 000 */
	uint64_t instances;	   /* 10 000 */
	uint64_t heap_bytes;	   /* structures, arrays, exceptions; 4 GiB */
	uint64_t stack_bytes;	   /* of the guest's stack; 8 MiB */
	uint32_t host_depth;	   /* calls from the host in calls to it; 100 */
	bool trap_on_grow_failure; /* memory.grow and table.grow trap instead of
				      giving -1 */
};

/* limits may be NULL: all defaults. */
struct sheave_store *
sheave_store_new(struct sheave_engine *engine,
	const struct sheave_limits *limits, struct sheave_error **error);

/* Not from a host function that the store's guest called. */
void
sheave_store_free(struct sheave_store *store);

/*
 * Frees what the guest cannot reach any more: objects, and unless one runs in
 * the store, instances and other parts that nobody holds.  The store does so by
 * itself, when it has grown.  False when there was no memory for it.
 */
bool
sheave_store_collect(struct sheave_store *store);

/* What a store holds now, and what its collections did. */
struct sheave_usage {
	uint64_t memory_bytes, table_elements, instances; /* as in the limits */
	uint64_t heap_bytes;	  /* taken by objects, dead ones included */
	uint64_t heap_live_bytes; /* of objects, at the last collection */
	uint64_t heap_allocated_bytes; /* ever */
	uint64_t collections;
	uint64_t objects_marked; /* objects found live, by all collections */
};
void
sheave_store_usage(const struct sheave_store *store, struct sheave_usage *out);

/* A pointer of the embedder's, NULL at first. */
void
sheave_store_set_data(struct sheave_store *store, void *data);
void *
sheave_store_data(const struct sheave_store *store);

/*
 * Stops what runs in the store with SHEAVE_TRAP_INTERRUPT, and whatever is
 * called until sheave_store_resume: for any thread and for signal handlers,
 * before, during and after a call, as long as the store is not freed.  The
 * engine must be interruptible for loops without calls to notice.
 */
void
sheave_store_interrupt(struct sheave_store *store);
void
sheave_store_resume(struct sheave_store *store);

/*
 * Fuel that is left, one unit for about an instruction; at first 0.  Both may
 * be used within host functions.  False when the engine charges none.
 */
bool
sheave_store_set_fuel(struct sheave_store *store, uint64_t fuel);
uint64_t
sheave_store_fuel(const struct sheave_store *store);

/* Frames that errors keep at most, 32 at first, 0 for none, never above 64. */
void
sheave_store_set_max_frames(struct sheave_store *store, uint32_t frames);

/*
 * The frames of the guest that called the host function in which this is
 * called, innermost first, at most max; none elsewhere.  Names are borrowed
 * from the modules.  With force also when max_frames is 0.
 */
uint32_t
sheave_store_backtrace(struct sheave_store *store, struct sheave_frame *frames,
	uint32_t max, bool force);

/* ---- Functions ---- */

/*
 * Calls func.  args must be as many and of the types that it takes, nresults as
 * many as it gives; else nothing is called.  results are written only when the
 * result is SHEAVE_OK.
 */
enum sheave_result
sheave_func_call(struct sheave_func *func, const struct sheave_value *args,
	size_t nargs, struct sheave_value *results, size_t nresults,
	struct sheave_error **error);

/*
 * The same unchecked, for callers in a hurry: slots holds the arguments, one
 * for each or two for a v128, and has room for as many results; see
 * sheave_slot_*.  After a failure slots holds anything.
 */
enum sheave_result
sheave_func_call_slots(
	struct sheave_func *func, uint64_t *slots, struct sheave_error **error);

/* Slots that sheave_func_call_slots wants. */
size_t
sheave_func_slots(const struct sheave_func *func);

/* Pointers live as long as the engine. */
void
sheave_func_type(const struct sheave_func *func, struct sheave_externtype *out);

/*
 * A host function.  args and results are as its signature says, results are
 * zero (null) beforehand, their types set.  It returns SHEAVE_OK, or what one
 * of sheave_caller_fail, _trap, _exit, _throw and _pass returned: then the
 * guest is stopped, all its frames are dropped, and the call from the host that
 * it is in comes out as SHEAVE_STOPPED; unless it was thrown and the guest
 * catches it.
 */
typedef enum sheave_result
sheave_host_fn(void *env, struct sheave_caller *caller,
	const struct sheave_value *args, struct sheave_value *results);

/* The same on slots: arguments stand in slots[0..], results go there. */
typedef enum sheave_result
sheave_host_slots_fn(void *env, struct sheave_caller *caller, uint64_t *slots);

/* Called with env when nothing can call the function any more: when it is
 * collected, or when the store is gone. */
typedef void
sheave_finalizer(void *env);

/*
 * A host function of the store.  signature: parameters ':' results, a letter
 * each: i i32, I i64, f f32, F f64, v v128, r funcref, x externref, a anyref;
 * "iI:i".
 * finalizer may be NULL; on failure it is not called.
 */
struct sheave_func *
sheave_func_new(struct sheave_store *store, const char *signature,
	sheave_host_fn *fn, void *env, sheave_finalizer *finalizer,
	struct sheave_error **error);
struct sheave_func *
sheave_func_new_slots(struct sheave_store *store, const char *signature,
	sheave_host_slots_fn *fn, void *env, sheave_finalizer *finalizer,
	struct sheave_error **error);

/* Gives back a function that was made so. */
void
sheave_func_free(struct sheave_func *func);

/* Of the host function that is called now. */
struct sheave_store *
sheave_caller_store(struct sheave_caller *caller);

/* The instance whose code calls; NULL when the host does. */
struct sheave_instance *
sheave_caller_instance(struct sheave_caller *caller);

/* Fails with a message (copied) and a pointer for whoever gets the error. */
enum sheave_result
sheave_caller_fail(
	struct sheave_caller *caller, const char *message, void *payload);

/* Traps, as if the guest had. */
enum sheave_result
sheave_caller_trap(struct sheave_caller *caller, enum sheave_trap code);

/* Ends the guest with an exit code. */
enum sheave_result
sheave_caller_exit(struct sheave_caller *caller, int code);

/* Goes on with the error of a nested call, whose backtrace stays; frees it. */
enum sheave_result
sheave_caller_pass(struct sheave_caller *caller, struct sheave_error *error);

/* A number of at most 32 bits stands in the low half of its slot. */
static inline uint64_t
sheave_slot_i32(int32_t v)
{
	return (uint32_t)v;
}

static inline uint64_t
sheave_slot_f32(float v)
{
	uint32_t bits;
	memcpy(&bits, &v, sizeof bits);
	return bits;
}

static inline uint64_t
sheave_slot_f64(double v)
{
	uint64_t bits;
	memcpy(&bits, &v, sizeof bits);
	return bits;
}

static inline int32_t
sheave_i32(uint64_t slot)
{
	uint32_t low = (uint32_t)slot;
	int32_t v;
	memcpy(&v, &low, sizeof v);
	return v;
}

static inline float
sheave_f32(uint64_t slot)
{
	uint32_t low = (uint32_t)slot;
	float v;
	memcpy(&v, &low, sizeof v);
	return v;
}

static inline double
sheave_f64(uint64_t slot)
{
	double v;
	memcpy(&v, &slot, sizeof v);
	return v;
}

/* ---- Memories, globals, tables ---- */

struct sheave_memory *
sheave_memory_new(struct sheave_store *store, uint64_t min, uint64_t max,
	bool has_max, struct sheave_error **error);

/* Gives back what sheave_memory_new made; it is collected when unused. */
void
sheave_memory_free(struct sheave_memory *memory);

/* The bytes; until the memory grows.  May be NULL when there are none. */
uint8_t *
sheave_memory_data(struct sheave_memory *memory);
uint64_t
sheave_memory_bytes(const struct sheave_memory *memory);

/* Pages: before in *old (which may be NULL). */
bool
sheave_memory_grow(struct sheave_memory *memory, uint64_t delta, uint64_t *old,
	struct sheave_error **error);

/*
 * A shared memory that stores of any thread may have, of min to at most max
 * pages of 64 KiB.  It grows where it is, as long as two stores have it.
 */
struct sheave_shared_memory *
sheave_shared_memory_new(struct sheave_engine *engine, uint64_t min,
	uint64_t max, struct sheave_error **error);
void
sheave_shared_memory_free(struct sheave_shared_memory *memory);

/* The same as a part of a store, to be imported there; one for each call. */
struct sheave_memory *
sheave_memory_of_shared(struct sheave_store *store,
	struct sheave_shared_memory *memory, struct sheave_error **error);

/* A handle of the memory behind a part of a store; refused if not shared. */
struct sheave_shared_memory *
sheave_memory_shared(struct sheave_memory *memory, struct sheave_error **error);

struct sheave_global *
sheave_global_new(struct sheave_store *store, const struct sheave_value *value,
	bool mut, struct sheave_error **error);
void
sheave_global_free(struct sheave_global *global);
void
sheave_global_get(
	const struct sheave_global *global, struct sheave_value *value);

/* Refused: immutable, another type, a reference from another store. */
bool
sheave_global_set(struct sheave_global *global,
	const struct sheave_value *value, struct sheave_error **error);

struct sheave_table *
sheave_table_new(struct sheave_store *store, const struct sheave_value *init,
	uint64_t min, uint64_t max, bool has_max, struct sheave_error **error);
void
sheave_table_free(struct sheave_table *table);
uint64_t
sheave_table_size(const struct sheave_table *table);
bool
sheave_table_get(const struct sheave_table *table, uint64_t i,
	struct sheave_value *value, struct sheave_error **error);
bool
sheave_table_set(struct sheave_table *table, uint64_t i,
	const struct sheave_value *value, struct sheave_error **error);
bool
sheave_table_grow(struct sheave_table *table, uint64_t delta,
	const struct sheave_value *init, uint64_t *old,
	struct sheave_error **error);

/* ---- Exceptions ---- */

/*
 * A tag of the store: exceptions with it carry what the parameters of the
 * signature say, which has no results: "iF:".  Tags are equal if their pointers
 * are.
 */
struct sheave_tag *
sheave_tag_new(struct sheave_store *store, const char *signature,
	struct sheave_error **error);

/* Gives it back; it is collected when unused, also by exceptions. */
void
sheave_tag_free(struct sheave_tag *tag);

/* Pointers live as long as the engine. */
void
sheave_tag_type(const struct sheave_tag *tag, struct sheave_externtype *out);

/*
 * Throws, for a host function: the guest that called it may catch that.  values
 * must be as many and of the types that the tag wants, else the function fails.
 */
enum sheave_result
sheave_caller_throw(struct sheave_caller *caller, struct sheave_tag *tag,
	const struct sheave_value *values, size_t nvalues);

/*
 * The tag of the exception that a guest, or a host function of it, threw; NULL
 * for other errors.  An error of an exception keeps it, and the store alive.  A
 * host function that catches one so may throw it again: sheave_caller_pass.
 */
struct sheave_tag *
sheave_error_tag(const struct sheave_error *error);

/*
 * Writes what the exception carries to values, at most that many.  Returns how
 * many there are, 0 for other errors.
 */
size_t
sheave_error_values(const struct sheave_error *error,
	struct sheave_value *values, size_t nvalues);

/* ---- References ---- */

/*
 * A handle that keeps what a reference refers to, and the store: to be freed
 * like all handles.  The value is any reference, also null.
 */
struct sheave_ref *
sheave_ref_new(struct sheave_store *store, const struct sheave_value *value,
	struct sheave_error **error);
void
sheave_ref_free(struct sheave_ref *ref);
void
sheave_ref_value(const struct sheave_ref *ref, struct sheave_value *value);

/* ---- Linking ---- */

/* A part of a store that is imported or exported. */
struct sheave_extern {
	enum sheave_extern_kind kind;
	union {
		struct sheave_func *func;
		struct sheave_table *table;
		struct sheave_memory *memory;
		struct sheave_global *global;
		struct sheave_tag *tag;
	} of;
};

struct sheave_linker *
sheave_linker_new(struct sheave_store *store, struct sheave_error **error);
void
sheave_linker_free(struct sheave_linker *linker);

/* What happens to functions that nothing defines. */
enum sheave_unknown {
	SHEAVE_UNKNOWN_REFUSE, /* no instance: SHEAVE_ERROR_LINK */
	SHEAVE_UNKNOWN_TRAP,   /* calling them fails */
	SHEAVE_UNKNOWN_ZERO,   /* calling them gives zeros and nulls */
};
void
sheave_linker_unknown(struct sheave_linker *linker, enum sheave_unknown what);

/* Defines module.name, in place of an older definition.  Names are copied. */
bool
sheave_linker_define(struct sheave_linker *linker, const char *module,
	const char *name, const struct sheave_extern *what,
	struct sheave_error **error);

/* sheave_func_new or sheave_func_new_slots, and define it. */
bool
sheave_linker_func(struct sheave_linker *linker, const char *module,
	const char *name, const char *signature, sheave_host_fn *fn, void *env,
	sheave_finalizer *finalizer, struct sheave_error **error);
bool
sheave_linker_func_slots(struct sheave_linker *linker, const char *module,
	const char *name, const char *signature, sheave_host_slots_fn *fn,
	void *env, sheave_finalizer *finalizer, struct sheave_error **error);

/* Defines all exports of the instance under module. */
bool
sheave_linker_instance(struct sheave_linker *linker, const char *module,
	struct sheave_instance *instance, struct sheave_error **error);

/*
 * Makes an instance and runs its start function.  *instance is written when
 * SHEAVE_OK.  What segments and start did before they failed stays done.
 */
enum sheave_result
sheave_linker_instantiate(struct sheave_linker *linker,
	struct sheave_module *module, struct sheave_instance **instance,
	struct sheave_error **error);

/* Gives an instance back; it is collected when nothing uses it any more. */
void
sheave_instance_free(struct sheave_instance *instance);

/* The export of that name; false if there is none. */
bool
sheave_instance_export(struct sheave_instance *instance, const char *name,
	struct sheave_extern *out);

/* The same of one kind; NULL if there is none. */
struct sheave_func *
sheave_instance_func(struct sheave_instance *instance, const char *name);
struct sheave_memory *
sheave_instance_memory(struct sheave_instance *instance, const char *name);
struct sheave_global *
sheave_instance_global(struct sheave_instance *instance, const char *name);
struct sheave_table *
sheave_instance_table(struct sheave_instance *instance, const char *name);
struct sheave_tag *
sheave_instance_tag(struct sheave_instance *instance, const char *name);

#ifdef __cplusplus
}
#endif

#endif
