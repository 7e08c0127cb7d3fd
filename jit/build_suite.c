/*
 * Runs scripts of the official suite on the representation as it stands
 * (jit/ir_run.h); of .wasm files builds and checks all functions:
 *   build_suite [-b] [-c] [-i] [-n] FILE..
 * -b checks all bounds explicitly, -c builds code that may be entered at loops,
 * -i polls for interrupts, -n makes NaNs canonical.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jit/ir_run.h"
#include "spec/engine.h"
#include "spec/module.h"
#include "spec/suite/wast.h"
#include "trap/error.h"

static bool interruptible, canonical;

static void
setup(struct engine *e)
{
	e->interruptible = interruptible;
	e->nan_canonical = canonical;
	ir_run_install(e);
}

static void
option(char letter)
{
	ir_run_options.explicit_bounds |= letter == 'b';
	ir_run_options.osr |= letter == 'c';
	interruptible |= letter == 'i';
	canonical |= letter == 'n';
}

static char *
read_file(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	char *text = NULL;
	long size = 0;
	if (file != NULL && fseek(file, 0, SEEK_END) == 0 &&
		(size = ftell(file)) >= 0)
		text = malloc((size_t)size + 1);
	if (text != NULL) {
		rewind(file);
		*len = fread(text, 1, (size_t)size, file);
	}
	if (file != NULL)
		fclose(file);
	return text;
}

/* Builds what the module has; false if it is none. */
static bool
run_module(const char *bytes, size_t len)
{
	struct error error = { 0 };
	struct engine e;
	if (!engine_init(&e, &alloc_default))
		return false;
	setup(&e);
	struct module *m = module_load(&e, (const uint8_t *)bytes, len, &error);
	if (m != NULL) {
		ir_run_build(m);
		module_release(m);
	}
	engine_free(&e);
	return m != NULL;
}

static bool
ends_in(const char *path, const char *suffix)
{
	size_t n = strlen(path), len = strlen(suffix);
	return n > len && strcmp(path + n - len, suffix) == 0;
}

static void
print_totals(const struct wast_totals *t)
{
	const struct ir_run_counts *c = &ir_run_counts;
	printf("%" PRIu64 " functions built, %" PRIu64
	       " left to the interpreter; %.2f nodes per byte\n",
		c->built, c->refused, (double)c->nodes / (double)c->bytes);
	printf("%" PRIu64 " passed, %" PRIu64 " failed\n", t->passed,
		t->failed + c->wrong);
}

int
main(int argc, char **argv)
{
	struct wast_options options = {
		.strict = true, .out = stdout, .setup = setup
	};
	struct wast_totals totals = { 0 };
	int status = EXIT_SUCCESS;
	for (int i = 1; i < argc; i++) {
		size_t len = 0;
		if (argv[i][0] == '-') {
			option(argv[i][1]);
			continue;
		}
		char *text = read_file(argv[i], &len);
		if (text == NULL) {
			fprintf(stderr, "cannot read %s\n", argv[i]);
			status = EXIT_FAILURE;
			continue;
		}
		if (!ends_in(argv[i], ".wasm"))
			wast_run(&options, argv[i], text, len, &totals);
		else if (run_module(text, len))
			totals.passed++;
		else
			totals.failed++;
		free(text);
	}
	print_totals(&totals);
	return totals.failed + ir_run_counts.wrong != 0 ? EXIT_FAILURE : status;
}
