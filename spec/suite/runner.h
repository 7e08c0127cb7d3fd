/*
 * Inside of the script runner: the state of one thread of a script, and what
 * its commands come to.
 */
#ifndef SPEC_SUITE_RUNNER_H
#define SPEC_SUITE_RUNNER_H

#include "spec/engine.h"
#include "spec/script.h"
#include "spec/store.h"
#include "spec/suite/scope.h"
#include "spec/suite/spectest.h"
#include "spec/suite/wast.h"
#include "trap/arena.h"
#include "trap/error.h"

struct differ;
struct thread;

struct runner {
	const struct wast_options *options;
	struct wast_totals *totals;
	const char *path, *src;
	struct engine *engine; /* of the script */
	struct store *store;
	struct spectest spectest;
	struct arena arena;	/* names */
	struct arena phase;	/* one command */
	struct binding *loaded; /* modules that are ours to release */
	struct thread *threads; /* that it started */
	unsigned depth;		/* of threads in threads */
	struct differ *differ;	/* or NULL */
};

enum outcome_kind {
	OUTCOME_done,	 /* values, or a module that came through */
	OUTCOME_unwound, /* store->ctx.pending says why */
	OUTCOME_error,	 /* error says why */
	OUTCOME_mistake, /* the same: the script's own mistake */
};

struct outcome {
	uint8_t kind;
	struct error error;
	uint32_t count; /* results of an action */
	const valtype *types;
	const union slot *slots;
};

/* Loads the module, leaving it in *m and in the script's list. */
struct outcome
runner_define(
	struct runner *r, const struct script_module *sm, struct module **m);

/* Instantiates m with imports from s; *in stays NULL unless it is done. */
struct outcome
runner_instantiate(struct runner *r, struct scope *s, struct module *m,
	struct instance **in);

/* Runs an (invoke ..) or (get ..). */
struct outcome
runner_action(struct runner *r, const struct scope *s,
	const struct script_command *c);

/* Runs a command in s, of whatever kind. */
struct outcome
runner_command(
	struct runner *r, struct scope *s, const struct script_command *c);

/*
 * Judges what came of an assertion or, for other kinds, that the command
 * worked: counts it and prints what is wrong.
 */
void
runner_judge(struct runner *r, const struct script_command *c,
	const struct outcome *o);

/* A mistake with a printf-like text. */
struct outcome
runner_mistake(const char *format, ...);

/*
 * Gives r, whose other fields are set, its store; false when out of memory.
 * Either way close it, before the engine.
 */
bool
runner_open(struct runner *r);
void
runner_close(struct runner *r);

/* Out of memory: a failure. */
void
runner_no_memory(struct runner *r);

/*
 * (thread $name (shared (module $m))* ..) runs on a thread of the system, with
 * a store of its own, and sees the memories of the instances that it shares.
 * (wait $name) adds what was counted there.
 */
struct outcome
thread_start(struct runner *r, struct scope *s, const struct script_command *c);
struct outcome
thread_wait(struct runner *r, struct scope *s, const struct script_command *c);

/* Waits for those that nothing has waited for. */
void
thread_wait_all(struct runner *r);

/* Runs the commands of source in s until the end or a syntax error. */
void
runner_commands(struct runner *r, struct scope *s, const char *src, size_t len);

#endif
