#include "host/cli.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec/feature.h"
#include "trap/alloc.h"

enum {
	ON_run = 1,
	ON_wast = 2,
	ON_validate = 4,
	ON_wat = 8,
	ON_inspect = 16,
	ON_diff = 32,
	ON_all = 63,
};

enum how { FLAG, TEXT, COUNT, SIZE, SECONDS, LIST, WORD, SWITCH };

static const struct option {
	uint32_t commands;
	const char *name, *argument;
	enum how how;
	size_t field;
	const char *help;
} options[] = {
#define OPTION(commands, name, argument, how, field, help) \
	{ commands, name, argument, how, offsetof(struct cli, field), help },
#include "host/option.def"
};

static const struct cli_command commands[] = {
	{ "run", "[run] [option..] FILE [argument..]",
		"Runs a WebAssembly program, .wasm or .wat; - is standard "
		"input.",
		ON_run, true, cli_run },
	{ "wast", "wast [option..] FILE|DIRECTORY..",
		"Runs scripts of the official test suite.", ON_wast, false,
		cli_wast },
	{ "validate", "validate [option..] FILE..",
		"Checks that modules, .wasm or .wat, are valid.", ON_validate,
		false, cli_validate },
	{ "wat2wasm", "wat2wasm FILE [-o OUT]",
		"Translates the text format to the binary one.", ON_wat, false,
		cli_wat2wasm },
	{ "inspect", "inspect [option..] FILE",
		"Prints the imports, exports and custom sections of a module.",
		ON_inspect, false, cli_inspect },
	{ "diff", "diff [option..] FILE [argument..]",
		"Runs a program interpreted and compiled; stops at the first "
		"difference.",
		ON_diff, true, cli_diff },
};

enum { NCOMMANDS = sizeof commands / sizeof *commands };

/* The names that a SWITCH takes, a few to a line. */
static void
print_features(void)
{
	size_t column = printf("%25s%s", "", "all");
	for (int i = FEATURE_INDEX_MVP + 1; i < FEATURE_count; i++) {
		const char *name = feature_name((enum feature_index)i);
		if (column + 1 + strlen(name) > 78)
			column = printf("\n%24s", "") - 1;
		column += printf(" %s", name);
	}
	printf("\n");
}

static void
print_options(const struct cli_command *command)
{
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		const struct option *o = &options[i];
		char left[40];
		if ((o->commands & command->on) == 0)
			continue;
		snprintf(left, sizeof left, "%s%s%s", o->name,
			o->how == WORD ? "="
			: *o->argument ? " "
				       : "",
			o->argument);
		printf("  %-22s %s\n", left, o->help);
		if (o->how == SWITCH)
			print_features();
	}
}

static int
print_help(const struct cli_command *command)
{
	printf("usage: sheave %s\n%s\n\n", command->usage, command->help);
	print_options(command);
	return EXIT_ok;
}

static int
print_all_help(void)
{
	printf("sheave " SHEAVE_VERSION ", a WebAssembly runtime\n\n");
	for (int i = 0; i < NCOMMANDS; i++)
		printf("sheave %s\n    %s\n", commands[i].usage,
			commands[i].help);
	printf("\nsheave COMMAND --help lists a command's options.\n");
	return EXIT_ok;
}

static int
print_version(void)
{
	printf("sheave " SHEAVE_VERSION "\n");
	return EXIT_ok;
}

static int
usage(const char *what, const char *about)
{
	fprintf(stderr, "sheave: %s%s (sheave --help lists what there is)\n",
		what, about);
	return EXIT_usage;
}

/* An unsigned number, with K, M or G after it if it is a size. */
static bool
parse_count(const char *text, bool size, uint64_t *out)
{
	static const char units[] = "KMG";
	char *end;
	errno = 0;
	unsigned long long n = strtoull(text, &end, 10);
	if (end == text || errno != 0 || text[0] < '0' || text[0] > '9')
		return false;
	const char *unit = size && *end ? strchr(units, *end) : NULL;
	int shift = unit == NULL ? 0 : 10 * (int)(unit - units + 1);
	end += unit != NULL;
	*out = n << shift;
	return *end == '\0' && *out >> shift == n && n != 0;
}

static bool
parse_seconds(const char *text, double *out)
{
	char *end;
	*out = strtod(text, &end);
	return end != text && *end == '\0' && *out > 0 && *out < 1e9;
}

/* "NAME=y" or "NAME=n". */
static bool
parse_switch(const char *text, features *set)
{
	size_t len = strcspn(text, "=");
	bool on = strcmp(text + len, "=y") == 0;
	return (on || strcmp(text + len, "=n") == 0) &&
	       feature_switch(set, text, len, on);
}

/* Sets the option's field; false if the value is not right for it. */
static bool
set(struct cli *c, const struct option *o, const char *value)
{
	void *field = (char *)c + o->field;
	struct cli_list *list = field;
	switch (o->how) {
	case FLAG:
		*(bool *)field = true;
		return true;
	case TEXT:
		*(const char **)field = value;
		return true;
	case COUNT:
	case SIZE:
		return parse_count(value, o->how == SIZE, field);
	case SECONDS:
		return parse_seconds(value, field);
	case LIST:
		list->items[list->count++] = value;
		return true;
	case WORD:
		*(bool *)field = true;
		return strcmp(value, o->argument) == 0;
	case SWITCH:
		return parse_switch(value, field);
	}
	return false;
}

/* The command's option that arg names, up to its end or its "=". */
static const struct option *
find_option(const struct cli *c, const char *arg, size_t len)
{
	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		if ((options[i].commands & c->command->on) != 0 &&
			strlen(options[i].name) == len &&
			memcmp(options[i].name, arg, len) == 0)
			return &options[i];
	return NULL;
}

/* Takes the option at argv[*i]; the exit status if it is wrong, else 0. */
static int
parse_option(struct cli *c, int argc, char **argv, int *i)
{
	char *arg = argv[*i];
	size_t len = strcspn(arg, "=");
	const struct option *o = find_option(c, arg, len);
	const char *value = arg[len] == '=' ? arg + len + 1 : NULL;
	if (o == NULL)
		return usage("unknown option ", arg);
	if (o->how == FLAG && value != NULL)
		return usage("no value belongs to ", o->name);
	if (o->how != FLAG && value == NULL)
		value = ++*i < argc ? argv[*i] : NULL;
	if (o->how != FLAG && value == NULL)
		return usage("a value is missing after ", o->name);
	if (set(c, o, value))
		return 0;
	if (o->how == SWITCH)
		return usage("-W takes FEATURE=y or FEATURE=n, not ", value);
	return usage("bad value for ", o->name);
}

static int
parse(struct cli *c, int argc, char **argv, int i)
{
	bool ours = true;
	for (; i < argc; i++) {
		const char *arg = argv[i];
		if (ours && strcmp(arg, "--") == 0) {
			ours = false;
		} else if (ours && arg[0] == '-' && arg[1] != '\0') {
			int status = parse_option(c, argc, argv, &i);
			if (status != 0)
				return status;
		} else {
			c->operands.items[c->operands.count++] = arg;
			if (c->command->guest)
				ours = false;
		}
	}
	return 0;
}

/* Picks the command; run is what it is without one. */
static int
pick(struct cli *c, const char *word)
{
	for (int i = 0; i < NCOMMANDS; i++)
		if (strcmp(commands[i].name, word) == 0) {
			c->command = &commands[i];
			return 2;
		}
	c->command = &commands[0];
	return 1;
}

static int
run_command(struct cli *c, int argc, char **argv)
{
	int first = pick(c, argv[1]);
	int status = parse(c, argc, argv, first);
	if (status != 0)
		return status;
	if (c->help)
		return first == 1 ? print_all_help() : print_help(c->command);
	if (c->version)
		return print_version();
	if (c->operands.count == 0)
		return usage("a file is missing after ", c->command->name);
	return c->command->main(c);
}

int
cli_main(int argc, char **argv)
{
	struct cli c = { .features = features_known() };
	struct cli_list *lists[] = { &c.dirs, &c.envs, &c.operands };
	if (argc < 2)
		return usage("no command", "");
	arena_init(&c.arena, &alloc_default);
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		lists[i]->items = arena_array(
			&c.arena, (size_t)argc, sizeof(const char *));
	int status = c.arena.failed ? cli_error("out of memory")
				    : run_command(&c, argc, argv);
	arena_free(&c.arena);
	return status;
}
