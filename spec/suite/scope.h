/*
 * The name spaces of a script or of one of its threads: modules, instances and
 * the registry that imports are looked up in.  A later binding hides an older
 * one.
 */
#ifndef SPEC_SUITE_SCOPE_H
#define SPEC_SUITE_SCOPE_H

#include <stdbool.h>

#include "spec/script.h"
#include "spec/store.h"

struct spectest;

struct binding {
	struct script_name name; /* bytes NULL: unnamed */
	void *what;
	struct binding *next; /* older */
};

struct scope {
	struct arena *arena;
	struct store *store;
	const struct spectest *spectest;
	struct binding *modules;   /* what: struct module * */
	struct binding *instances; /* what: struct instance * */
	struct binding *registry;  /* what: struct instance * */
	struct binding *threads;   /* what: struct thread * */
};

/*
 * Puts a binding in front of *list; the name's bytes are not copied.  False
 * when out of memory.
 */
bool
scope_bind(struct scope *s, struct binding **list, struct script_name name,
	void *what);

/* The newest binding of that name, of any if name is absent; or NULL. */
const struct binding *
scope_find(const struct binding *list, struct script_name name);

/*
 * What the registry gives for an import, kind 0xff if nothing.  An instance of
 * another thread's store gives its shared memories only.
 */
struct external
scope_import(const struct scope *s, const struct import *i);

#endif
