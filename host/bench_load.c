/*
 * What loading costs: bench_load FILE|DIRECTORY.., modules (.wasm), one line
 * each and one for all.  Decoding with validation and translating are timed in
 * processor time, each the best of several rounds; MB/s are bytes of the module
 * and bytes of function bodies.  Memory is what the allocator was asked for and
 * still holds, so that it includes tables and room that is not used:
 *
 *   module/wasm  the decoded module, its copy of the bytes included
 *   cells/body   cells alone
 *   kept/body    all that translating every function left behind
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bench_file.h"
#include "host/dir.h"
#include "interp/cell.h"
#include "interp/code.h"
#include "interp/interp.h"
#include "spec/engine.h"
#include "spec/module.h"
#include "trap/error.h"

enum { LEAST_ROUNDS = 3 };
#define LEAST_TIME 0.1 /* seconds of rounds for a module */

/* Of one module or of all. */
struct costs {
	uint64_t wasm, bodies;	      /* bytes */
	uint64_t cells, kept, module; /* bytes in memory */
	double load, translate;	      /* seconds */
};

static void *
counted_resize(void *user, void *old, size_t old_bytes, size_t new_bytes)
{
	uint64_t *held = user;
	void *p = alloc_default.resize(NULL, old, old_bytes, new_bytes);
	if (p != NULL || new_bytes == 0)
		*held += new_bytes - (uint64_t)old_bytes;
	return p;
}

/* Loads and translates the module once, with an engine of its own. */
static struct costs
round_of(const char *path, const uint8_t *bytes, size_t len)
{
	uint64_t held = 0;
	struct allocator al = { counted_resize, &held };
	struct engine e;
	struct error error;
	struct costs c = { .wasm = len };
	error_clear(&error);
	if (!engine_init(&e, &al))
		bench_die(path, "out of memory");
	interp_install(&e);
	uint64_t before = held;
	double start = bench_now();
	struct module *m = module_load(&e, bytes, len, &error);
	c.load = bench_now() - start;
	if (m == NULL)
		bench_die(path, error.text);
	c.module = held - before;
	before = held;
	start = bench_now();
	for (uint32_t f = m->nimported_funcs; f < m->nfuncs; f++) {
		c.bodies += m->funcs[f].body.len;
		if (code_of(m, f) == NULL)
			bench_die(path, "out of memory");
	}
	c.translate = bench_now() - start;
	c.kept = held - before;
	const struct interp_code *code = atomic_load(&m->interp);
	c.cells = code != NULL ? code->total * sizeof(struct cell) : 0;
	module_release(m);
	engine_free(&e);
	return c;
}

static double
per(double part, double whole)
{
	return whole > 0 ? part / whole : 0;
}

static void
print(const char *name, const struct costs *c)
{
	printf("%-20.20s %9" PRIu64 " %9.2f %7.1f %9.2f %7.1f %11.2f %10.2f"
	       " %9.2f\n",
		name, c->wasm, c->load * 1e3,
		per((double)c->wasm, c->load) / 1e6, c->translate * 1e3,
		per((double)c->bodies, c->translate) / 1e6,
		per((double)c->module, (double)c->wasm),
		per((double)c->cells, (double)c->bodies),
		per((double)c->kept, (double)c->bodies));
}

static void
measure(const char *path, struct costs *sum)
{
	struct arena a;
	size_t len;
	arena_init(&a, &alloc_default);
	const uint8_t *bytes = bench_read(&a, path, &len);
	struct costs best = round_of(path, bytes, len);
	double end = bench_now() + LEAST_TIME;
	for (int i = 1; i < LEAST_ROUNDS || bench_now() < end; i++) {
		struct costs c = round_of(path, bytes, len);
		best.load = c.load < best.load ? c.load : best.load;
		best.translate = c.translate < best.translate ? c.translate
							      : best.translate;
	}
	arena_free(&a);
	const char *slash = strrchr(path, '/');
	print(slash != NULL ? slash + 1 : path, &best);
	sum->wasm += best.wasm;
	sum->bodies += best.bodies;
	sum->cells += best.cells;
	sum->kept += best.kept;
	sum->module += best.module;
	sum->load += best.load;
	sum->translate += best.translate;
}

int
main(int argc, char **argv)
{
	struct arena a;
	struct costs sum = { 0 };
	arena_init(&a, &alloc_default);
	printf("%-20s %9s %9s %7s %9s %7s %11s %10s %9s\n", "module", "bytes",
		"load ms", "MB/s", "transl ms", "MB/s", "module/wasm",
		"cells/body", "kept/body");
	for (int i = 1; i < argc; i++) {
		uint32_t n = 0;
		const char **files = NULL;
		if (!dir_is(argv[i])) {
			measure(argv[i], &sum);
			continue;
		}
		files = dir_files(argv[i], ".wasm", &a, &n);
		if (files == NULL || n == 0)
			bench_die(argv[i], "no .wasm files");
		for (uint32_t k = 0; k < n; k++)
			measure(files[k], &sum);
	}
	print("all", &sum);
	arena_free(&a);
	return 0;
}
