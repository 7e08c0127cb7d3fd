#include "host/fuzz_diff.h"

#include <stdio.h>
#include <string.h>

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

static char text[1100];

static bool
same(const struct diff_config *c, const uint8_t *bytes, size_t len)
{
	struct diff *d = alloc_zeroed(&alloc_default, 1, sizeof *d);
	struct error error;
	error_clear(&error);
	if (d == NULL)
		return true;
	if (diff_open(d, c, bytes, len, &error) && diff_instantiate(d))
		diff_call_exports(d);
	bool differ = d->twin.differ;
	if (differ)
		snprintf(text, sizeof text, "%s%s: %s",
			c->setup == hot ? "hot" : "eager",
			c->lockstep ? ", in lockstep" : "", d->twin.text);
	diff_close(d);
	alloc_free(&alloc_default, d, sizeof *d);
	return !differ;
}

const char *
fuzz_diff(const uint8_t *bytes, size_t len, uint32_t fuel)
{
	struct diff_config c = { .features = features_known(),
		.limits = { .memory_bytes = 4 << 20,
			.table_elements = 20000,
			.stack_bytes = 256 << 10,
			.heap_bytes = 1 << 20,
			.host_depth = 10 },
		.fuel = fuel,
		.setup = eager,
		.alone = true,
		.unshared = true };
	if (!same(&c, bytes, len))
		return text;
	c.lockstep = true;
	if (!same(&c, bytes, len))
		return text;
	c.setup = hot;
	return same(&c, bytes, len) ? NULL : text;
}
