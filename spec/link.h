/*
 * Instantiation (standard, 4.5.4): matching imports, allocating, evaluating
 * initialisers, copying active segments, running start.
 */
#ifndef SPEC_LINK_H
#define SPEC_LINK_H

#include "spec/store.h"

/*
 * Makes an instance of m in s.  imports holds m->nimports externals in the
 * order of m->imports; a kind of 0xff stands for a missing one.  NULL on
 * failure: either *error is set (unlinkable, unsupported, limit, memory; all
 * missing imports in one text), or it is clear and s->ctx.pending holds the
 * trap of an active segment or of start.  The instance is pinned once
 * (spec/unit.h).
 */
struct instance *
instance_new(struct store *s, struct module *m, const struct external *imports,
	struct error *error);

/*
 * Calls f with f->param_slots argument slots; results go to slots[0..].  slots
 * has room for both.  Not STATUS_done: s->ctx.pending says why.
 */
enum status
func_call(struct store *s, struct func *f, union slot *slots);

/* The import's type for messages: "func [i32] -> []". */
const char *
import_format(const struct module *m, const struct import *i, char *out,
	size_t bytes);

#endif
