/*
 * sheave wast: scripts of the official suite, from files and directories.
 */
#include <inttypes.h>
#include <stdio.h>

#include "host/cli.h"
#include "host/cli_tier.h"
#include "host/dir.h"
#include "interp/interp.h"
#include "spec/suite/wast.h"
#include "trap/alloc.h"

struct session {
	struct cli *cli;
	struct wast_options options;
	struct wast_totals totals;
	uint32_t files;
	bool unreadable;
};

static void
run_file(struct session *s, const char *path)
{
	struct arena a;
	struct wast_totals before = s->totals, *t = &s->totals;
	size_t len;
	arena_init(&a, &alloc_default);
	const uint8_t *src = cli_read(&a, path, &len);
	if (src == NULL) {
		s->unreadable = true;
	} else {
		wast_run(&s->options, path, (const char *)src, len, t);
		s->files++;
	}
	if (src != NULL && s->cli->verbose)
		printf("%s: %" PRIu64 " passed, %" PRIu64 " failed\n", path,
			t->passed - before.passed, t->failed - before.failed);
	arena_free(&a);
}

static void
run_path(struct session *s, const char *path)
{
	uint32_t count = 0;
	if (!dir_is(path)) {
		run_file(s, path);
		return;
	}
	const char **files = dir_files(path, ".wast", &s->cli->arena, &count);
	for (uint32_t i = 0; i < count && files != NULL; i++)
		run_file(s, files[i]);
	if (files == NULL || count == 0) {
		cli_error("%s: no .wast files", path);
		s->unreadable = true;
	}
}

int
cli_wast(struct cli *c)
{
	struct session s = { .cli = c,
		.options = { .strict = c->strict,
			.gc_stress = c->gc_stress,
			.without = features_known() & ~c->features,
			.out = stdout } };
	int status = EXIT_ok;
	if (c->diff) {
		s.options.setup = interp_install;
		s.options.second = cli_tier_second(c, &status);
	} else {
		s.options.setup = cli_tier(c, &status);
	}
	if (s.options.setup == NULL || status != EXIT_ok)
		return status;
	for (uint32_t i = 0; i < c->operands.count; i++)
		run_path(&s, c->operands.items[i]);
	if (s.files == 0)
		return EXIT_error;
	printf("%" PRIu64 " assertions in %" PRIu32 " files\n",
		s.totals.passed + s.totals.failed, s.files);
	printf("%" PRIu64 " passed, %" PRIu64 " failed\n", s.totals.passed,
		s.totals.failed);
	return s.totals.failed != 0 || s.unreadable ? EXIT_error : EXIT_ok;
}
