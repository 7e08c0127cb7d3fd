#include "host/cli_tier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/cli.h"
#include "interp/interp.h"
#include "jit/jit.h"
#include "spec/engine.h"

/*
 * For tests: $SHEAVE_JIT_PATIENCE, as everything is to be hot at once;
 * SHEAVE_JIT_REGISTERS, _SEED and _SEALED make rare paths common (struct
 * jit_vary).
 */
static int32_t
number(const char *variable)
{
	const char *n = getenv(variable);
	return n != NULL ? atoi(n) : 0;
}

/* What the command line says, for every engine. */
static struct jit_config chosen;
static enum naming_kind profiler;

/* Both tiers, and who is to know of the code. */
static void
install(struct engine *e)
{
	interp_install(e);
	jit_install(e, &chosen);
	jit_set_vary(e, (struct jit_vary){ .registers = (uint8_t)number(
						   "SHEAVE_JIT_REGISTERS"),
				.seed = (uint32_t)number("SHEAVE_JIT_SEED"),
				.sealed = number("SHEAVE_JIT_SEALED") != 0 });
	jit_name_code(e, profiler);
}

/* A second tier can be had. */
static bool
is_there(void)
{
	struct engine e;
	struct jit_config config = { .mode = JIT_on };
	if (!engine_init(&e, &alloc_default))
		return false;
	interp_install(&e);
	bool there = jit_install(&e, &config);
	engine_free(&e);
	return there;
}

/* Threads that run a guest are to compile. */
static bool
is_alone(const struct cli *c)
{
	const char *n = getenv("SHEAVE_JIT_THREADS");
	return c->jit_alone || (n != NULL && strcmp(n, "0") == 0);
}

/* Who is to know of the code. */
static bool
choose_profiler(const struct cli *c)
{
	static const struct {
		const char *name;
		enum naming_kind kind;
	} tools[] = { { "", NAMING_none }, { "perf", NAMING_perf },
		{ "jitdump", NAMING_jitdump }, { "gdb", NAMING_gdb } };
	const char *name =
		c->profile != NULL ? c->profile : getenv("SHEAVE_PROFILE");
	for (size_t i = 0; name != NULL && i < sizeof tools / sizeof *tools;
		i++) {
		profiler = tools[i].kind;
		if (strcmp(name, tools[i].name) == 0)
			return true;
	}
	return name == NULL;
}

/* Chooses what mode says; the exit status after a message. */
static int
choose(const struct cli *c, const char *mode)
{
	bool eager = strcmp(mode, "eager") == 0;
	if (!eager && strcmp(mode, "on") != 0) {
		cli_error("--jit is off, on or eager, not \"%s\"", mode);
		return EXIT_usage;
	}
	if (!choose_profiler(c)) {
		cli_error("--profile is perf, jitdump or gdb");
		return EXIT_usage;
	}
	chosen = (struct jit_config){ eager ? JIT_eager : JIT_on,
		number("SHEAVE_JIT_PATIENCE"), is_alone(c), !c->no_signals };
	return EXIT_ok;
}

static const char *
mode_of(const struct cli *c)
{
	const char *mode = c->jit != NULL ? c->jit : getenv("SHEAVE_JIT");
	return mode == NULL || *mode == '\0' ? "off" : mode;
}

cli_setup *
cli_tier(const struct cli *c, int *status)
{
	const char *mode = mode_of(c);
	if (strcmp(mode, "off") == 0)
		return interp_install;
	*status = choose(c, mode);
	if (*status != EXIT_ok)
		return NULL;
	if (is_there())
		return install;
	if (chosen.mode == JIT_eager) {
		*status = cli_error("there is no JIT here for --jit=eager");
		return NULL;
	}
	fprintf(stderr, "Warning: there is no JIT here; interpreting\n");
	return interp_install;
}

cli_setup *
cli_tier_second(const struct cli *c, int *status)
{
	const char *mode = mode_of(c);
	*status = choose(c, strcmp(mode, "off") == 0 ? "eager" : mode);
	if (*status == EXIT_ok && !is_there())
		*status = cli_error("there is no JIT here to compare with");
	return *status == EXIT_ok ? install : NULL;
}
