/*
 * Types of what is imported and exported (standard, 2.3.16), from declarations
 * and from live objects: matching and text.
 */
#ifndef SPEC_EXTERN_H
#define SPEC_EXTERN_H

#include "spec/type.h"

struct external;
struct import;
struct module;

struct externtype {
	uint8_t kind;	      /* enum extern_kind */
	bool mut;	      /* global */
	uint32_t type;	      /* func, tag: canonical id of the function type */
	valtype value;	      /* table: element, global: content; canonical */
	struct limits limits; /* table, memory; min is the present size */
};

/* Index i in the index space of that kind, as m declares it. */
struct externtype
extern_declared(const struct module *m, uint8_t kind, uint32_t i);

/* The type of a live object. */
struct externtype
extern_given(const struct external *x);

/* given matches wanted (standard, 3.3.14). */
bool
extern_matches(const struct typespace *ts, const struct externtype *given,
	const struct externtype *wanted);

/* "func [i32] -> []", "memory 1 2", "global mut i64" in out.  Returns out. */
const char *
extern_format(const struct typespace *ts, const struct externtype *t, char *out,
	size_t bytes);

#endif
