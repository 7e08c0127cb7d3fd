/*
 * The tests of what traps must hold, host/acceptance.def: helpers over the
 * embedding API.  What a helper expects not to fail fails the test.
 */
#ifndef HOST_ACCEPT_H
#define HOST_ACCEPT_H

#include <check.h>

#include "host/sheave.h"

/* An engine with one store and its linker. */
struct world {
	struct sheave_engine *engine;
	struct sheave_store *store;
	struct sheave_linker *linker;
};

/*
 * Guests are compiled in this run ($SHEAVE_JIT is set).  What an item says of
 * the interpreter alone is not tested then.
 */
bool
world_compiles(void);

/* Both may be NULL. */
struct world
world_new(
	const struct sheave_config *config, const struct sheave_limits *limits);

/* The same, without signals in every run. */
struct world
world_checked(void);
void
world_free(struct world *w);

/* Faults of its guests are traps: they are compiled, $SHEAVE_CHECKS is not set,
 * and the build has signals. */
bool
world_signals(const struct world *w);

/* From now on every allocation collects, and what is freed is overwritten. */
void
world_stress(struct world *w);

struct sheave_module *
world_module(struct world *w, const char *wat);

/* An instance of the text; its exports are defined under name, if not NULL. */
struct sheave_instance *
world_instance(struct world *w, const char *name, const char *wat);

/* The error of an instantiation that comes out as result; free it. */
struct sheave_error *
world_fails(struct world *w, const char *wat, enum sheave_result result);

/* Calls an export of one integer result or none, on slots. */
uint64_t
calls(struct sheave_instance *in, const char *name, ...);

/* The same of a function; arguments are uint64_t, as many as it has. */
uint64_t
calls_func(struct sheave_func *f, const uint64_t *args);

/* Calls an export that is stopped; the error is the caller's. */
struct sheave_error *
stops(struct sheave_instance *in, const char *name, ...);

/* Calls it twice, which traps with code and text both times. */
void
traps_twice(struct sheave_instance *in, const char *name, int code, ...);

/* The trap code is that, and the message its text; frees e. */
void
is_trap(struct sheave_error *e, int code);

/* The error's frames are those functions, "c b a"; "-" is one without name. */
void
has_frames(const struct sheave_error *e, const char *names);

/* Runs the tests that add adds; returns main's answer. */
int
accept_run(const char *name, void (*add)(TCase *t));

#endif
