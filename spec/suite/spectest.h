/*
 * The host module "spectest" that scripts import from: printing functions that
 * say nothing, and one object of each kind.
 */
#ifndef SPEC_SUITE_SPECTEST_H
#define SPEC_SUITE_SPECTEST_H

#include <stdbool.h>

#include "spec/store.h"

enum { SPECTEST_MAX = 24 };

struct spectest {
	unsigned count;
	struct {
		const char *name;
		struct external what;
	} exports[SPECTEST_MAX];
};

/* Makes the module's objects in s; false when out of memory. */
bool
spectest_open(struct spectest *t, struct store *s);

/* The export of that name, NULL if there is none. */
const struct external *
spectest_find(const struct spectest *t, const struct name *name);

#endif
