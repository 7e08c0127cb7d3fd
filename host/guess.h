/*
 * Values for what nobody gave: arguments of exported functions, and imports
 * that do something harmless.  The same ones in every run.
 */
#ifndef HOST_GUESS_H
#define HOST_GUESS_H

#include <stdbool.h>
#include <stdint.h>

#include "spec/type.h"
#include "trap/slot.h"

struct error;
struct external;
struct import;
struct module;
struct store;

/* Sets of arguments that there are. */
enum { GUESS_SETS = 3 };

/* Arguments of a function of a canonical type; false: for one none is known. */
bool
guess_arguments(const struct functype *t, int set, union slot *slots);

/*
 * What fits the import, made for s: zeros and nulls, functions that return
 * them.  False: a value is not known, or *error.
 */
bool
guess_import(struct store *s, const struct module *m, const struct import *i,
	struct external *x, struct error *error);

#endif
