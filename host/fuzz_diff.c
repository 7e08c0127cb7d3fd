#include "host/fuzz_diff.h"

#include <stdio.h>
#include <string.h>

#include "host/both.h"
#include "host/diff.h"
#include "interp/interp.h"
#include "jit/jit.h"

/* Modules without a second tier differ in nothing. */
static void
eager(struct engine *e)
{
	const struct jit_config config = {
		.mode = JIT_eager, .alone = true, .signals = true
	};
	interp_install(e);
	jit_install(e, &config);
}

static void
hot(struct engine *e)
{
	const struct jit_config config = {
		.mode = JIT_on, .patience = 1, .alone = true
	};
	interp_install(e);
	jit_install(e, &config);
}

/* A run and what came out. */
struct job {
	struct diff_config config;
	const uint8_t *bytes;
	size_t len;
	bool differ;
	char text[1100];
};

static void
run(void *arg)
{
	struct job *j = arg;
	struct diff *d = alloc_zeroed(&alloc_default, 1, sizeof *d);
	struct error error;
	error_clear(&error);
	if (d == NULL)
		return;
	if (diff_open(d, &j->config, j->bytes, j->len, &error) &&
		diff_instantiate(d))
		diff_call_exports(d);
	j->differ = d->twin.differ;
	snprintf(j->text, sizeof j->text, "%s%s: %s",
		j->config.setup == hot ? "hot" : "eager",
		j->config.lockstep ? ", in lockstep" : "", d->twin.text);
	diff_close(d);
	alloc_free(&alloc_default, d, sizeof *d);
}

/* All of them on one thread, with the stack that they want. */
static void
run_all(void *arg)
{
	struct job *j = arg;
	run(j);
	j->config.lockstep = true;
	if (!j->differ)
		run(j);
	j->config.setup = hot;
	if (!j->differ)
		run(j);
}

const char *
fuzz_diff(const uint8_t *bytes, size_t len, uint32_t fuel)
{
	static struct job j;
	j = (struct job){ .bytes = bytes,
		.len = len,
		.config = { .features = features_known(),
			.limits = { .memory_bytes = 4 << 20,
				.table_elements = 20000,
				.stack_bytes = 256 << 10,
				.heap_bytes = 1 << 20,
				.host_depth = 10 },
			.fuel = fuel,
			.setup = eager,
			.alone = true,
			.unshared = true } };
	return both_run_one(run_all, &j) && j.differ ? j.text : NULL;
}
