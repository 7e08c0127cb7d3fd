/*
 * The custom section "name" (standard, appendix: custom sections): the names of
 * the module and of its functions.
 */
#ifndef SPEC_NAMES_H
#define SPEC_NAMES_H

#include <stdbool.h>

struct module;

/*
 * Fills m->name and m->func_names from the custom sections of m.  A malformed
 * name section counts as absent from the malformed place on.  False only when
 * out of memory.
 */
bool
names_decode(struct module *m);

#endif
