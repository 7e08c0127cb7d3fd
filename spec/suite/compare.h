/*
 * Values of scripts: arguments to slots, results against patterns, and both as
 * text.  Floats are compared by their bits but for the two patterns of NaN.
 */
#ifndef SPEC_SUITE_COMPARE_H
#define SPEC_SUITE_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/type.h"
#include "trap/slot.h"

struct script_value;

/* Text that is collected in a fixed room and cut when longer. */
struct text {
	char bytes[600];
	size_t len;
};

/* Appends printf-like text. */
void
text_add(struct text *t, const char *format, ...);

/* The value type of an argument; VT_BOT if it is only a pattern. */
valtype
compare_type(const struct typespace *ts, const struct script_value *v);

/* Writes the slots of an argument: two for a v128, else one. */
void
compare_slots(const struct script_value *v, union slot *out);

/* The result at s, of canonical type t, fits the value or pattern v. */
bool
compare_value(const struct typespace *ts, const struct script_value *v,
	valtype t, const union slot *s);

/* "i32 5 (0x5)", "f32 nan:canonical", "either(..)". */
void
compare_add_pattern(struct text *text, const struct script_value *v);
void
compare_add_value(struct text *text, valtype t, const union slot *s);

#endif
