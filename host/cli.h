/*
 * The command line: options and commands as tables, and what the commands
 * share.  Needs the whole library.
 */
#ifndef HOST_CLI_H
#define HOST_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/op.h"
#include "trap/arena.h"

struct allocator;
struct engine;
struct module;
struct wasi;

#define SHEAVE_VERSION "0.1.0"

/* Exit statuses besides the guest's own. */
enum {
	EXIT_ok = 0,
	EXIT_error = 1,
	EXIT_usage = 2,
	EXIT_trap = 134, /* 128 + SIGABRT */
};

struct cli_list {
	uint32_t count;
	const char **items;
};

/* The parsed command line; strings belong to argv. */
struct cli {
	struct arena arena;
	const struct cli_command *command;
	struct cli_list dirs, envs;
	const char *invoke, *output, *dump, *assembly, *jit, *profile;
	uint64_t max_threads, fuel, max_memory, max_heap,
		stack_size; /* 0: not given */
	double timeout;	    /* seconds, 0: none */
	features features;
	bool threads, trap_on_grow, nan_canonical, stats, gc_stress, jit_alone,
		no_signals, strict, lockstep, diff, verbose, help, version;
	struct cli_list operands; /* the file and what follows it */
};

struct cli_command {
	const char *name, *usage, *help;
	uint32_t on; /* its bit in option.def */
	bool guest;  /* what follows the first operand is not ours */
	int (*main)(struct cli *c);
};

/* Parses and runs; returns the exit status. */
int
cli_main(int argc, char **argv);

/* Prints "Error: " and the printf-like text on stderr; returns EXIT_error. */
int
cli_error(const char *format, ...);

/*
 * The contents of a file or, for "-", of standard input, in a.  NULL
 * after a message.
 */
const uint8_t *
cli_read(struct arena *a, const char *path, size_t *len);

/*
 * The file as a binary module, text being translated.  NULL after a message.
 */
const uint8_t *
cli_read_module(struct cli *c, const char *path, size_t *len);

/* The same, decoded and validated; release it.  NULL after a message. */
struct module *
cli_load(struct cli *c, const char *path, struct engine *e);

/*
 * The guest's outside as the command line has it; free it after the store.  The
 * exit status, after a message if it is not EXIT_ok.
 */
int
cli_wasi(struct cli *c, const struct allocator *al, struct wasi **out);

/* The commands. */
int
cli_run(struct cli *c);
int
cli_wast(struct cli *c);
int
cli_validate(struct cli *c);
int
cli_wat2wasm(struct cli *c);
int
cli_inspect(struct cli *c);
int
cli_diff(struct cli *c);

#endif
