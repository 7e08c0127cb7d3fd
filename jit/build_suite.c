/*
 * Runs scripts of the official suite on the representation as it stands
 * (jit/ir_run.h):
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
#include "spec/suite/wast.h"

static bool interruptible, canonical;

static void
setup(struct engine *e)
{
	e->interruptible = interruptible;
	e->nan_canonical = canonical;
	ir_run_install(e);
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
		if (strcmp(argv[i], "-b") == 0) {
			ir_run_options.explicit_bounds = true;
			continue;
		}
		if (strcmp(argv[i], "-c") == 0) {
			ir_run_options.osr = true;
			continue;
		}
		if (strcmp(argv[i], "-i") == 0) {
			interruptible = true;
			continue;
		}
		if (strcmp(argv[i], "-n") == 0) {
			canonical = true;
			continue;
		}
		char *text = read_file(argv[i], &len);
		if (text == NULL) {
			fprintf(stderr, "cannot read %s\n", argv[i]);
			status = EXIT_FAILURE;
			continue;
		}
		wast_run(&options, argv[i], text, len, &totals);
		free(text);
	}
	printf("%" PRIu64 " functions built, %" PRIu64
	       " left to the interpreter\n",
		ir_run_counts.built, ir_run_counts.refused);
	printf("%" PRIu64 " passed, %" PRIu64 " failed\n", totals.passed,
		totals.failed + ir_run_counts.wrong);
	return totals.failed + ir_run_counts.wrong != 0 ? EXIT_FAILURE : status;
}
