/*
 * One module run by both tiers, each in an engine of its own, and compared
 * after every call: results, traps and backtraces, exceptions, globals, tables,
 * memories, fuel, and the host calls in between (host/replay.h); in lockstep
 * at every function entry and loop head too (host/lockstep.h).  NaNs are
 * canonical.  After the first difference nothing runs any more.
 */
#ifndef HOST_DIFF_H
#define HOST_DIFF_H

#include "host/lockstep.h"
#include "host/replay.h"
#include "spec/engine.h"
#include "spec/store.h"
#include "spec/twin.h"
#include "trap/error.h"

struct diff_config {
	features features;
	struct store_limits limits;
	uint64_t fuel; /* for each call; 0: none is charged */
	/* Installs both tiers in the second side's engine. */
	void (*setup)(struct engine *e);
	bool lockstep, gc_stress;
	bool alone;    /* on the thread that calls, one run after the other, as
			  far as the record of the first one can be held: for
			  short ones.  See both_run_one. */
	bool unshared; /* no memory is shared, so that nothing waits */
};

/* One of the two runs. */
struct diff_side {
	struct diff *diff;
	bool second;
	struct engine engine;
	struct module *module;
	struct store *store;
	struct instance *instance;
	struct external *imports;
	struct replay_import *envs; /* per import */
	struct lockstep lockstep;
	/* A call in progress: of func, or if that is NULL the instantiation. */
	struct func *func;
	union slot *slots;
	enum status status;
	struct error error;
};

struct diff {
	const struct diff_config *config;
	struct diff_side sides[2]; /* interpreted, compiled */
	struct replay replay;
	struct twin twin; /* differ, ended, text: what came out */
	struct arena arena;
	struct arena phase; /* of a call */
	uint64_t calls;	    /* of exports */
};

/*
 * Loads the module in both engines.  False on failure, then *error says why.
 * Close it either way.
 */
bool
diff_open(struct diff *d, const struct diff_config *c, const uint8_t *bytes,
	size_t len, struct error *error);
void
diff_close(struct diff *d);

/*
 * Import i is real, a function of the first side's store, whose calls are
 * recorded for the second.  Those that are not set are guessed (host/guess.h).
 * False and the error when there is nothing for it, or no memory.
 */
bool
diff_import(struct diff *d, uint32_t i, struct func *real, struct error *error);

/*
 * Makes both instances.  True if they are there, to be called.  If not,
 * d->sides[0].error says why, unless the start function was stopped, or they
 * differ.
 */
bool
diff_instantiate(struct diff *d);

/*
 * Calls function index func in both, with the arguments in slots, where the
 * first side's results are then; `what` is its name in texts.  False after a
 * difference, or once a stack was exhausted.
 */
bool
diff_call(struct diff *d, uint32_t func, const char *what, union slot *slots);

/* Calls every exported function, with guessed arguments. */
void
diff_call_exports(struct diff *d);

#endif
