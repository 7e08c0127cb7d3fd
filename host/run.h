/*
 * What the files of "sheave run" share: one program, with WASI as its outside.
 */
#ifndef HOST_RUN_H
#define HOST_RUN_H

#include "spec/engine.h"
#include "spec/store.h"

struct cli;
struct threads;
struct timer;
struct wasi;

struct run {
	struct cli *cli;
	struct engine engine;
	struct module *module;
	struct wasi *wasi;
	struct store *store;	 /* of the main thread */
	struct threads *threads; /* NULL without --threads */
	struct timer *timer;
	struct instance *instance;
	double started, loaded, translated, done; /* seconds */
};

/* A store with the limits of the command line; NULL when out of memory. */
struct store *
run_store_new(const struct run *r);

/*
 * What module r->module imports, made for s: nimports of them.  False after
 * messages about every one that nothing provides.
 */
bool
run_resolve(const struct run *r, struct store *s, struct external *imports);

#endif
