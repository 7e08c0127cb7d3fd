/*
 * How fast the second tier compiles: bench_compile [-x] FILE|DIRECTORY..,
 * modules (.wasm), one line each and one for all.  Every function is compiled
 * and placed as --jit=eager does, with guard pages, in processor time of one
 * thread, the best of several rounds; MB/s are bytes of function bodies.  -x
 * adds a hash of the code, to see whether a change keeps it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bench_file.h"
#include "host/dir.h"
#include "interp/interp.h"
#include "jit/jit.h"
#include "jit/native.h"
#include "spec/engine.h"
#include "spec/hash.h"
#include "spec/module.h"
#include "trap/bytes.h"
#include "trap/error.h"

enum { LEAST_ROUNDS = 3 };
#define LEAST_TIME 0.5 /* seconds of rounds for a module */

/* Of one module or of all. */
struct costs {
	uint32_t functions, interpreted;
	uint64_t bodies, code; /* bytes */
	uint64_t hash;
	double compile; /* seconds */
};

/* The program's text, as linkers name it. */
extern const char __executable_start, etext;

/* The code without its sites and addresses, which are of this run. */
static uint64_t
hash_code(const uint8_t *start, size_t len, struct arena *a)
{
	uint8_t *copy = arena_copy(a, start, len);
	if (copy == NULL)
		return 0;
	for (size_t i = 0; i + 8 <= len; i++) {
		uint64_t word = bytes_get64(copy + i);
		if (word >= (uintptr_t)&__executable_start &&
			word < (uintptr_t)&etext)
			memset(copy + i, 0, 8);
	}
	return XXH64(copy, len, 0);
}

static void
count(const struct native_code *c, bool hashes, struct costs *costs)
{
	if (c == NULL) {
		costs->interpreted++;
		return;
	}
	const uint8_t *start = c->range.start;
	costs->code += (uint64_t)(c->range.end - start);
	if (hashes) {
		struct arena a;
		arena_init(&a, &alloc_default);
		costs->hash = costs->hash * 31 + hash_code(start, c->sites, &a);
		arena_free(&a);
	}
}

/* Compiles the module once, with an engine of its own. */
static struct costs
round_of(const char *path, const uint8_t *bytes, size_t len, bool hashes)
{
	static const struct jit_config config = { .mode = JIT_eager,
		.signals = true };
	struct engine e;
	struct error error;
	struct costs c = { 0 };
	error_clear(&error);
	if (!engine_init(&e, &alloc_default))
		bench_die(path, "out of memory");
	interp_install(&e);
	if (!jit_install(&e, &config))
		bench_die(path, "there is no JIT here");
	struct module *m = module_load(&e, bytes, len, &error);
	if (m == NULL)
		bench_die(path, error.text);
	c.functions = m->nfuncs - m->nimported_funcs;
	double start = bench_now();
	for (uint32_t f = m->nimported_funcs; f < m->nfuncs; f++)
		native_of(e.jit, m, f, NATIVE_called);
	c.compile = bench_now() - start;
	for (uint32_t f = m->nimported_funcs; f < m->nfuncs; f++) {
		c.bodies += m->funcs[f].body.len;
		count(native_find(m, f, NATIVE_called), hashes, &c);
	}
	module_release(m);
	engine_free(&e);
	return c;
}

static void
print(const char *name, const struct costs *c, bool hashes)
{
	double mb = (double)c->bodies / 1e6;
	printf("%-20.20s %9" PRIu32 " %6" PRIu32 " %9" PRIu64
	       " %9.2f %7.1f %9.2f",
		name, c->functions, c->interpreted, c->bodies, c->compile * 1e3,
		c->compile > 0 ? mb / c->compile : 0,
		c->bodies > 0 ? (double)c->code / (double)c->bodies : 0);
	if (hashes)
		printf(" %016" PRIx64, c->hash);
	printf("\n");
	fflush(stdout);
}

static void
measure(const char *path, bool hashes, struct costs *sum)
{
	struct arena a;
	size_t len;
	arena_init(&a, &alloc_default);
	const uint8_t *bytes = bench_read(&a, path, &len);
	struct costs best = round_of(path, bytes, len, hashes);
	double end = bench_now() + LEAST_TIME;
	for (int i = 1; !hashes && (i < LEAST_ROUNDS || bench_now() < end);
		i++) {
		struct costs c = round_of(path, bytes, len, false);
		best.compile =
			c.compile < best.compile ? c.compile : best.compile;
	}
	arena_free(&a);
	const char *slash = strrchr(path, '/');
	print(slash != NULL ? slash + 1 : path, &best, hashes);
	sum->functions += best.functions;
	sum->interpreted += best.interpreted;
	sum->bodies += best.bodies;
	sum->code += best.code;
	sum->hash = sum->hash * 31 + best.hash;
	sum->compile += best.compile;
}

int
main(int argc, char **argv)
{
	struct arena a;
	struct costs sum = { 0 };
	bool hashes = argc > 1 && strcmp(argv[1], "-x") == 0;
	arena_init(&a, &alloc_default);
	printf("%-20s %9s %6s %9s %9s %7s %9s\n", "module", "functions",
		"interp", "body", "ms", "MB/s", "code/body");
	for (int i = 1 + hashes; i < argc; i++) {
		uint32_t n = 0;
		const char **files = NULL;
		if (!dir_is(argv[i])) {
			measure(argv[i], hashes, &sum);
			continue;
		}
		files = dir_files(argv[i], ".wasm", &a, &n);
		if (files == NULL || n == 0)
			bench_die(argv[i], "no .wasm files");
		for (uint32_t k = 0; k < n; k++)
			measure(files[k], hashes, &sum);
	}
	print("all", &sum, hashes);
	arena_free(&a);
	return 0;
}
