/*
 * The script runner (sheave wast): runs a .wast file of the official suite's
 * language and judges its assertions.  Needs everything of spec/ and, to
 * execute, a tier that the caller installs.
 */
#ifndef SPEC_SUITE_WAST_H
#define SPEC_SUITE_WAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "spec/op.h"

struct engine;

struct wast_options {
	bool strict;	  /* every message must begin with the expected one */
	bool gc_stress;	  /* see struct engine */
	features without; /* switched off, whatever a script is written for */
	FILE *out;	  /* failures are printed here, one line each */
	/* Configures a script's engine and installs its tier. */
	void (*setup)(struct engine *e);
	/* The same for another engine, which every command runs in too and is
	 * compared; NULL: none. */
	void (*second)(struct engine *e);
};

/* Assertions, and other commands that failed. */
struct wast_totals {
	uint64_t passed, failed;
};

/* Runs one script, len bytes of source, and adds to *totals. */
void
wast_run(const struct wast_options *options, const char *path, const char *src,
	size_t len, struct wast_totals *totals);

#endif
