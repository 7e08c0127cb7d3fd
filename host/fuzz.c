/*
 * fuzz [-n MUTANTS] [-s SEED] [-b BYTES] [-o DIR] [-i INDEX] PATH..
 * fuzz -r [-j] PATH..
 * fuzz -d .. as either of these
 *
 * Changes modules found under the paths and runs what still loads: every mutant
 * must end in an error, a trap or results, twice the same, with nothing left
 * allocated.  A child does the work; when it dies or hangs the parent writes
 * the mutant to DIR and starts another one behind it.  Mutant number INDEX
 * depends on it, SEED, BYTES and the paths alone; -i runs just that one, here.
 * The digest depends on neither compiler nor machine.  -r runs the modules as
 * they are, and prints the digest of each; -j compiles them.  With -d every
 * module that ends alike also runs in both tiers at once, in lockstep, which
 * must be the same (host/diff.h).
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/fuzz_diff.h"
#include "host/fuzz_mutate.h"
#include "host/fuzz_random.h"
#include "host/fuzz_run.h"
#include "host/fuzz_seed.h"
#include "trap/alloc.h"
#include "trap/arena.h"

enum {
	SLACK = 1 << 16,
	SECONDS = 30,
	FUEL = 20000,
	PROGRAM = 2048,
	TYPICAL = 1 << 16
};

/* What the child leaves for the parent. */
struct progress {
	uint64_t at; /* mutant that runs */
	uint64_t digest, failed, reached[REACH_count];
	double slowest;
	uint64_t slowest_at;
};

struct fuzz {
	uint64_t seed, count, only;
	bool as_is, compiled, tiers;
	size_t most;
	const char *dir;
	struct seeds seeds;
	uint32_t good; /* the first so many seeds can be instantiated */
	struct mutant mutant;
	struct progress *progress;
};

static size_t in_use;

static void *
counted(void *user, void *old, size_t old_bytes, size_t new_bytes)
{
	(void)user;
	void *p = alloc_default.resize(
		alloc_default.user, old, old_bytes, new_bytes);
	if (p != NULL || new_bytes == 0)
		in_use += new_bytes - old_bytes;
	return p;
}

static const struct allocator counting = { counted, NULL };

/*
 * Programs as often as the small modules of suites, of which there are more;
 * but the larger the rarer.  Rarely those that cannot run as they are.
 */
static const struct mutant *
choose(const struct fuzz *z, struct random *r)
{
	bool any = z->good == 0 || random_below(r, 8) == 0;
	size_t n = any ? z->seeds.count : z->good;
	bool program = z->seeds.longest >= PROGRAM && random_below(r, 2) == 0;
	for (;;) {
		const struct mutant *s = &z->seeds.rows[random_below(r, n)];
		if ((!program || s->len >= PROGRAM) &&
			random_below(r, s->len + TYPICAL) < TYPICAL)
			return s;
		program = program && random_below(r, 1000) != 0;
	}
}

/* Makes mutant i; returns the configuration it runs with. */
static struct fuzz_config
make(struct fuzz *z, uint64_t i)
{
	struct random r = { z->seed * 0x2545f4914f6cdd1d + i };
	struct fuzz_config c = {
		.alloc = &counting, .fuel = FUEL, .unshared = true
	};
	const struct mutant *s = choose(z, &r);
	memcpy(z->mutant.bytes, s->bytes, s->len);
	z->mutant.len = s->len;
	size_t more = random_below(&r, 8);
	for (size_t n = more < 4 ? 1 : more; n > 0; n--)
		if (z->mutant.len != 0)
			mutate(&r, &z->mutant, choose(z, &r));
	c.nan_canonical = random_below(&r, 2);
	c.interruptible = random_below(&r, 2);
	return c;
}

static void
report(struct fuzz *z, uint64_t i, const char *why)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/fuzz-%" PRIu64 "-%" PRIu64 ".wasm",
		z->dir, z->seed, i);
	FILE *f = fopen(path, "wb");
	bool written = f != NULL && fwrite(z->mutant.bytes, 1, z->mutant.len,
					    f) == z->mutant.len;
	if (f != NULL)
		fclose(f);
	printf("FAILED: %s: %s%s\n", path, why,
		written ? "" : " (not written)");
	fflush(stdout);
	z->progress->failed++;
}

/*
 * What is wrong with the mutant, or NULL.  What ends by itself runs once more
 * without fuel, what has no floats with another mode of them: other cells.  And
 * it collects garbage all the time, which nobody may notice.
 */
static const char *
judge(const struct mutant *m, struct fuzz_config c, struct fuzz_result *out)
{
	struct fuzz_result other;
	bool same = fuzz_run(&c, m->bytes, m->len, out);
	if (in_use != 0)
		return "leak";
	if (!same)
		return "two runs differ";
	if (out->reach < REACH_instance || out->memory || out->crowded)
		return NULL;
	if (!out->starved)
		c.fuel = 0;
	if (!out->floats)
		c.nan_canonical = !c.nan_canonical;
	c.interruptible = !c.interruptible;
	c.gc_stress = !c.gc_stress;
	same = fuzz_run(&c, m->bytes, m->len, &other);
	return same && other.digest == out->digest ? NULL
						   : "configurations differ";
}

/* The same in both tiers, if that is wanted. */
static const char *
judge_tiers(const struct fuzz *z, const struct mutant *m, struct fuzz_config c,
	struct fuzz_result *out)
{
	const char *why = judge(m, c, out);
	if (!z->tiers || why != NULL || out->reach < REACH_instance ||
		out->memory || out->crowded)
		return why;
	return fuzz_diff(m->bytes, m->len, FUEL);
}

static void
run(struct fuzz *z, uint64_t i)
{
	struct progress *p = z->progress;
	struct fuzz_result result;
	p->at = i;
	struct fuzz_config c = make(z, i);
	clock_t start = clock();
	const char *why = judge_tiers(z, &z->mutant, c, &result);
	double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
	if (why != NULL)
		report(z, i, why);
	if (seconds > p->slowest) {
		p->slowest = seconds;
		p->slowest_at = i;
	}
	p->reached[result.reach]++;
	if (!result.floats || c.nan_canonical)
		p->digest = p->digest * 31 + result.digest + result.fuel;
	in_use = 0;
}

/* The process ends after so many seconds of work, or ten times as many of
 * waiting: machines have more to do.  0: it does not. */
static void
watch(unsigned seconds)
{
	struct itimerval work = { .it_value.tv_sec = seconds };
	setitimer(ITIMER_PROF, &work, NULL);
	alarm(10 * seconds);
}

static bool
is_hang(int status)
{
	return WIFSIGNALED(status) &&
	       (WTERMSIG(status) == SIGPROF || WTERMSIG(status) == SIGALRM);
}

static void
child(struct fuzz *z, uint64_t from)
{
	for (uint64_t i = from; i < z->count; i++) {
		watch(SECONDS);
		run(z, i);
		if ((i + 1) % 10000 == 0) {
			printf("%" PRIu64 "\n", i + 1);
			fflush(stdout);
		}
	}
	watch(0);
	z->progress->at = z->count;
	exit(0); /* runs the leak checker of the sanitizers */
}

/* Runs all mutants, in as many children as it takes. */
static void
parent(struct fuzz *z)
{
	uint64_t from = 0;
	bool done = false;
	while (!done) {
		int status;
		fflush(stdout);
		pid_t pid = fork();
		if (pid == 0)
			child(z, from);
		if (pid < 0 || waitpid(pid, &status, 0) != pid) {
			perror("fuzz");
			exit(1);
		}
		done = z->progress->at >= z->count;
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			continue;
		from = z->progress->at + 1;
		if (!done)
			make(z, z->progress->at);
		report(z, z->progress->at, is_hang(status) ? "hang" : "crash");
	}
}

/* Every module as it is, one line each. */
static void
run_as_is(struct fuzz *z)
{
	struct fuzz_config c = { .alloc = &counting,
		.fuel = FUEL,
		.nan_canonical = true,
		.compiled = z->compiled,
		.unshared = true };
	for (uint32_t i = 0; i < z->seeds.count; i++) {
		const struct mutant *m = &z->seeds.rows[i];
		struct fuzz_result result;
		const char *why = judge_tiers(z, m, c, &result);
		printf("%" PRIu32 ": %zu bytes, %s, digest %016" PRIx64
		       ", fuel %" PRIu64 "\n",
			i, m->len,
			why != NULL			 ? why
			: result.reach == REACH_instance ? "ran"
			: result.reach == REACH_loaded	 ? "loaded"
							 : "refused",
			result.digest, result.fuel);
		z->progress->failed += why != NULL;
		z->progress->reached[result.reach]++;
		in_use = 0;
	}
	z->count = z->seeds.count;
}

static bool
options(struct fuzz *z, int argc, char **argv)
{
	int option;
	while ((option = getopt(argc, argv, "n:s:b:o:i:rjd")) != -1) {
		uint64_t number = optarg ? strtoull(optarg, NULL, 0) : 0;
		if (option == 'n')
			z->count = number;
		else if (option == 's')
			z->seed = number;
		else if (option == 'b')
			z->most = (size_t)number;
		else if (option == 'o')
			z->dir = optarg;
		else if (option == 'i')
			z->only = number;
		else if (option == 'r')
			z->as_is = true;
		else if (option == 'j')
			z->compiled = true;
		else if (option == 'd')
			z->tiers = true;
		else
			return false;
	}
	return optind < argc;
}

/* Those that can be instantiated to the front. */
static void
sort_seeds(struct fuzz *z)
{
	struct fuzz_config c = {
		.alloc = &counting, .fuel = FUEL, .unshared = true
	};
	for (uint32_t i = 0; i < z->seeds.count; i++) {
		struct mutant *rows = z->seeds.rows, here = rows[i];
		struct fuzz_result result;
		fuzz_run(&c, here.bytes, here.len, &result);
		if (result.reach != REACH_instance)
			continue;
		rows[i] = rows[z->good];
		rows[z->good++] = here;
	}
}

static bool
open_fuzz(struct fuzz *z, char **paths, struct arena *a)
{
	for (; *paths != NULL; paths++)
		if (!seeds_add(&z->seeds, *paths, z->most, a))
			printf("NOT RUN: no %s\n", *paths);
	sort_seeds(z);
	z->mutant.room = 2 * z->seeds.longest + SLACK;
	z->mutant.bytes = arena_alloc(a, z->mutant.room);
	z->progress = mmap(NULL, sizeof *z->progress, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return z->mutant.bytes != NULL && z->progress != MAP_FAILED;
}

int
main(int argc, char **argv)
{
	struct fuzz z = { .seed = 1,
		.count = 10000,
		.only = UINT64_MAX,
		.most = 1 << 20,
		.dir = "." };
	struct arena a;
	if (!options(&z, argc, argv)) {
		fprintf(stderr, "usage: fuzz [-n MUTANTS] [-s SEED] "
				"[-b BYTES] [-o DIR] [-i INDEX] PATH..\n"
				"       fuzz -r [-j] PATH..\n"
				"       fuzz -d .. as either of these\n");
		return 2;
	}
	arena_init(&a, &alloc_default);
	if (!open_fuzz(&z, argv + optind, &a) || z.seeds.count == 0) {
		printf("NOT RUN: no modules to change "
		       "(./configure --testsuite=DIR)\n0 passed, 0 failed\n");
		arena_free(&a);
		return 0;
	}
	if (z.as_is)
		run_as_is(&z);
	else if (z.only != UINT64_MAX)
		run(&z, z.only);
	else
		parent(&z);
	const struct progress *p = z.progress;
	printf("%" PRIu32 " modules, %" PRIu32
	       " of them run; of the mutants %" PRIu64 " loaded, %" PRIu64
	       " ran; digest %016" PRIx64 "; slowest %" PRIu64 ": %.2f s\n",
		z.seeds.count, z.good, p->reached[REACH_loaded],
		p->reached[REACH_instance], p->digest, p->slowest_at,
		p->slowest);
	uint64_t n = z.only != UINT64_MAX && !z.as_is ? 1 : z.count;
	uint64_t failed = p->failed;
	printf("%" PRIu64 " passed, %" PRIu64 " failed\n",
		n > failed ? n - failed : 0, failed);
	arena_free(&a);
	return failed != 0;
}
