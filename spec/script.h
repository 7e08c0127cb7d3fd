/*
 * Scripts (.wast) as the reference interpreter defines them: a sequence of
 * commands, read one at a time.  Modules stay source text or bytes until the
 * command runs, so that a malformed one is the runner's business.
 */
#ifndef SPEC_SCRIPT_H
#define SPEC_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;

enum script_kind {
	SCRIPT_module,	   /* define and instantiate */
	SCRIPT_definition, /* (module definition ..): define only */
	SCRIPT_instance,   /* (module instance $name $of) */
	SCRIPT_register,
	SCRIPT_action, /* invoke or get */
	SCRIPT_assert_return,
	SCRIPT_assert_trap,
	SCRIPT_assert_exhaustion,
	SCRIPT_assert_exception,
	SCRIPT_assert_malformed,
	SCRIPT_assert_invalid,
	SCRIPT_assert_unlinkable,
	SCRIPT_assert_malformed_custom,
	SCRIPT_assert_invalid_custom,
	SCRIPT_thread,
	SCRIPT_wait,
	SCRIPT_end, /* no more commands */
};

struct script_name { /* an id without its $, or a string; bytes NULL: absent */
	const char *bytes;
	uint32_t len;
};

enum module_form {
	MODULE_text, /* source from its "(" to its ")": bytes/len in the file */
	MODULE_binary, /* decoded strings */
	MODULE_quote,  /* decoded strings, source text */
	MODULE_fields, /* the whole file is the fields of one module */
};

struct script_module {
	bool present;
	uint8_t form; /* enum module_form */
	struct script_name name;
	const char *bytes;
	size_t len;
	uint32_t line, column; /* of bytes[0] for MODULE_text */
};

/* Values and patterns. */
enum script_value_kind {
	VALUE_i32,
	VALUE_i64,
	VALUE_f32,
	VALUE_f64,
	VALUE_v128,
	VALUE_ref_null, /* heap: the type, 0 for the bare (ref.null) pattern */
	VALUE_ref_extern, /* number; pattern without one if !has_number */
	VALUE_ref_host,	  /* number */
	VALUE_ref_kind,	  /* pattern (ref.func), (ref.eq) ..: heap is HT_*; HT 0
			     is (ref) */
	VALUE_either,	  /* pattern: list, count */
};

enum nan_kind { NAN_none, NAN_canonical, NAN_arithmetic };

struct script_value {
	uint8_t kind;
	uint8_t nan;   /* f32, f64: enum nan_kind */
	uint8_t lanes; /* v128: 16 8 4 2 lanes; floats if lane_float */
	bool lane_float;
	bool has_number;
	uint32_t heap;		   /* HT_* of spec/type.h */
	uint64_t bits;		   /* number, float bits, reference number */
	uint8_t v128[16];	   /* little-endian lanes */
	uint8_t lane_nan[4];	   /* per float lane: enum nan_kind */
	struct script_value *list; /* either */
	uint32_t count;
};

struct script_command {
	uint8_t kind;		     /* enum script_kind */
	uint32_t line, column;	     /* of its "(" */
	struct script_module module; /* of modules and assertions on modules */
	struct script_name
		name;	       /* register: instance; instance: new name;
				  invoke/get: instance; thread, wait: thread */
	struct script_name of; /* instance: definition; assert on an instance */
	struct script_name string; /* register: string; action: export name */
	bool is_get;		   /* action is (get ..), not (invoke ..) */
	bool on_instance;	   /* assertion on (module instance ..) */
	uint32_t nargs;
	struct script_value *args;
	uint32_t nresults;
	struct script_value *results;
	struct script_name message; /* of assertions */
	/* thread: the shared instances, and its commands as source */
	uint32_t nshared;
	struct script_name *shared;
	const char *commands;
	size_t commands_len;
};

struct script;

/*
 * Opens len bytes of source; line and column are those of src[0] (1, 1 for a
 * file).  Memory comes from a.  NULL when out of memory.
 */
struct script *
script_open(const char *src, size_t len, uint32_t line, uint32_t column,
	struct arena *a, struct error *error);

/*
 * Reads the next command into *c; its strings live in the arena or in src.
 * False on a syntax error (*error) ; at the end c->kind is SCRIPT_end.
 */
bool
script_next(struct script *s, struct script_command *c);

#endif
