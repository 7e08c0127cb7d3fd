/*
 * Runs the programs of a benchmark corpus through sheave and its peers, in
 * turn, checks what they print, and shows medians and ratios.  A corpus is a
 * folder with an index.json: [{"name", "wasm", "args", "kind", "expect": file
 * with the output | "contains": text, "metric_re": text before a score}].
 * Kinds: compute is measured in CPU time, startup by the clock over many runs,
 * load by validating in sheave alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/json.h"
#include "trap/alloc.h"
#include "trap/arena.h"

enum {
	MAX_ENGINES = 16,
	MAX_WORDS = 64,
	MAX_ROUNDS = 99,
	STARTUP_RUNS = 20,
	TIMEOUT = 120, /* seconds for one run */
};

struct engine {
	const char *name;
	char *words[MAX_WORDS]; /* {wasm} and {args} not yet replaced */
	unsigned n;
	double log_sum; /* of sheave's time over this engine's */
	unsigned both;	/* programs in log_sum */
	double worst;	/* highest ratio, and whose */
	const char *worst_name;
};

struct program {
	const char *name, *kind, *wasm;
	const struct json *args;
	const char *contains, *score; /* may be NULL */
	const char *output;	      /* NULL if not known */
	size_t output_len;
};

/* Seconds of one program in one engine by round; n = 0: it failed. */
struct times {
	double seconds[MAX_ROUNDS];
	unsigned n;
	bool failed;
	char why[160];
};

struct bench {
	struct arena arena;
	const char *corpus, *only, *peers;
	unsigned rounds;
	struct engine engines[MAX_ENGINES]; /* sheave first */
	unsigned n;
	bool failed; /* sheave itself has failed a program */
};

static void
die(const char *what, const char *which)
{
	fprintf(stderr, "bench: %s %s\n", what, which);
	exit(2);
}

static char *
join(struct bench *b, const char *dir, const char *name)
{
	size_t bytes = strlen(dir) + strlen(name) + 2;
	char *path = arena_alloc(&b->arena, bytes);
	if (!path)
		die("no memory for", name);
	snprintf(path, bytes, "%s/%s", dir, name);
	return path;
}

/* The rest of an open file, then a NUL; *len bytes. */
static char *
read_all(struct arena *a, int fd, size_t *len)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return NULL;
	char *text = arena_alloc(a, (size_t)st.st_size + 1);
	ssize_t n = text ? pread(fd, text, (size_t)st.st_size, 0) : -1;
	*len = n < 0 ? 0 : (size_t)n;
	return n < 0 ? NULL : text;
}

static char *
read_file(struct arena *a, const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY);
	if (fd < 0)
		return NULL;
	char *text = read_all(a, fd, len);
	close(fd);
	return text;
}

/* ---- engines */

static bool
on_path(const char *name)
{
	const char *path = getenv("PATH");
	char full[4096];
	while (path && *path) {
		size_t n = strcspn(path, ":");
		snprintf(full, sizeof full, "%.*s/%s", (int)n, path, name);
		if (access(full, X_OK) == 0)
			return true;
		path += n + (path[n] == ':');
	}
	return false;
}

/* name in a list of names with commas between; a NULL list has every name. */
static bool
listed(const char *list, const char *name)
{
	size_t len = strlen(name);
	for (const char *at = list; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, name, len) == 0 &&
			(at[len] == ',' || at[len] == '\0'))
			return true;
	}
	return !list;
}

static void
add_engine(struct bench *b, const char *name, const char *command)
{
	if (b->n == MAX_ENGINES)
		die("too many engines at", name);
	struct engine *e = &b->engines[b->n++];
	e->name = name;
	char *text = arena_copy(&b->arena, command, strlen(command));
	if (!text)
		die("no memory for", name);
	for (char *w = strtok(text, " "); w; w = strtok(NULL, " ")) {
		if (e->n == MAX_WORDS)
			die("command too long:", name);
		e->words[e->n++] = w;
	}
}

/* "name=command" of --peer */
static void
add_peer(struct bench *b, const char *option)
{
	size_t len = strcspn(option, "=");
	if (option[len] == '\0')
		die("--peer wants name=command, not", option);
	add_engine(b, arena_copy(&b->arena, option, len), option + len + 1);
}

static void
add_found_peers(struct bench *b)
{
	static const char *const known[][2] = {
		{ "wasm3", "wasm3 --stack-size 8388608 {wasm} {args}" },
		{ "iwasm", "iwasm --stack-size=8388608 {wasm} {args}" },
		{ "wasmi", "wasmi {wasm} {args}" },
		{ "wasmtime", "wasmtime run {wasm} {args}" },
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (listed(b->peers, known[i][0]) && on_path(known[i][0]))
			add_engine(b, known[i][0], known[i][1]);
}

/* ---- one run */

/* The command with its placeholders replaced; in the arena. */
static char **
command_line(struct arena *a, const struct engine *e, const struct program *p)
{
	char **argv = arena_array(
		a, e->n + (p->args ? p->args->count : 0) + 1, sizeof *argv);
	unsigned n = 0;
	if (!argv)
		die("no memory for", p->name);
	for (unsigned i = 0; i < e->n; i++) {
		if (strcmp(e->words[i], "{wasm}") == 0)
			argv[n++] = (char *)p->wasm;
		else if (strcmp(e->words[i], "{args}") != 0)
			argv[n++] = e->words[i];
		else
			for (uint32_t k = 0; p->args && k < p->args->count; k++)
				argv[n++] = (char *)json_at(p->args, k)->text;
	}
	return argv;
}

static double
seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double
clock_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* In the child: becomes the engine, output to out, complaints to err. */
static void
become(char **argv, int out, int err)
{
	int null = open("/dev/null", O_RDONLY);
	if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 ||
		dup2(err, 2) < 0)
		_exit(126);
	alarm(TIMEOUT);
	execvp(argv[0], argv);
	dprintf(2, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* Runs argv once; its CPU seconds, or the clock's; *status as of wait. */
static double
run_once(char **argv, bool by_clock, int out, int err, int *status)
{
	struct rusage use;
	double start = clock_seconds();
	pid_t pid = fork();
	if (pid == 0)
		become(argv, out, err);
	if (pid < 0 || wait4(pid, status, 0, &use) != pid)
		die("cannot run", argv[0]);
	return by_clock ? clock_seconds() - start
			: seconds(use.ru_utime) + seconds(use.ru_stime);
}

/* Why a finished run does not count, or NULL.  *score from its output. */
static const char *
judge(const struct program *p, int status, const char *out, size_t len,
	double *score)
{
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGALRM ? "timeout" : "killed";
	if (WEXITSTATUS(status) != 0)
		return "exit status";
	if (p->output &&
		(len != p->output_len || memcmp(out, p->output, len) != 0))
		return "wrong output";
	if (p->contains && !strstr(out, p->contains))
		return "output lacks the expected text";
	const char *at = p->score ? strstr(out, p->score) : NULL;
	if (p->score && !at)
		return "no score";
	*score = at ? strtod(at + strlen(p->score), NULL) : 0;
	return NULL;
}

/* Runs p in e once more and adds to t. */
static void
measure(struct bench *b, struct engine *e, const struct program *p,
	struct times *t)
{
	bool startup = strcmp(p->kind, "startup") == 0;
	FILE *out = tmpfile(), *err = tmpfile();
	int status = 0;
	double time = 0, score;
	struct arena a;

	if (!out || !err)
		die("cannot make", "a temporary file");
	arena_init(&a, b->arena.al);
	char **argv = command_line(&a, e, p);
	int runs = startup ? STARTUP_RUNS : 1;
	for (int i = 0; i < runs && status == 0; i++) {
		if (ftruncate(fileno(out), 0) != 0 ||
			lseek(fileno(out), 0, SEEK_SET) != 0)
			die("cannot write", "a temporary file");
		time += run_once(
			argv, startup, fileno(out), fileno(err), &status);
	}
	size_t len = 0, err_len = 0;
	const char *text = read_all(&a, fileno(out), &len);
	const char *why = judge(p, status, text ? text : "", len, &score);
	if (why) {
		const char *said = read_all(&a, fileno(err), &err_len);
		snprintf(t->why, sizeof t->why, "%s: %.*s", why,
			said ? (int)strcspn(said, "\n") : 0, said ? said : "");
		t->failed = true;
	} else {
		t->seconds[t->n++] = p->score ? 1000 / score : time / runs;
	}
	arena_free(&a);
	fclose(out);
	fclose(err);
}

/* ---- the corpus */

static void
read_program(struct bench *b, const struct json *j, struct program *p)
{
	memset(p, 0, sizeof *p);
	p->name = json_get_text(j, "name", "?");
	p->kind = json_get_text(j, "kind", "compute");
	p->wasm = join(b, b->corpus, json_get_text(j, "wasm", ""));
	p->args = json_get(j, "args");
	p->contains = json_get_text(j, "contains", NULL);
	const char *metric = json_get_text(j, "metric_re", NULL);
	if (metric)
		p->score = arena_copy(&b->arena, metric, strcspn(metric, "("));
	const char *expect = json_get_text(j, "expect", NULL);
	if (!expect)
		return;
	p->output = read_file(
		&b->arena, join(b, b->corpus, expect), &p->output_len);
	if (!p->output)
		die("cannot read the output of", p->name);
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double
median(struct times *t)
{
	qsort(t->seconds, t->n, sizeof *t->seconds, compare_doubles);
	return t->n % 2 ? t->seconds[t->n / 2]
			: (t->seconds[t->n / 2 - 1] + t->seconds[t->n / 2]) / 2;
}

/* One row: the medians, and sheave's time over each peer's. */
static void
print_row(struct bench *b, const struct program *p, struct times *t)
{
	double ours = t[0].n ? median(&t[0]) : 0;
	bool compute = strcmp(p->kind, "compute") == 0;

	printf("%-14s", p->name);
	for (unsigned i = 0; i < b->n; i++) {
		struct engine *e = &b->engines[i];
		if (t[i].n == 0) {
			printf(i ? " %10s %6s" : " %10s", "failed", "");
			continue;
		}
		double theirs = median(&t[i]), ratio = ours / theirs;
		printf(" %10.4f", theirs);
		if (i > 0 && t[0].n == 0)
			printf(" %6s", "");
		if (i == 0 || t[0].n == 0)
			continue;
		printf(" %6.3f", ratio);
		if (!compute)
			continue;
		e->log_sum += log(ratio);
		e->both++;
		if (ratio > e->worst) {
			e->worst = ratio;
			e->worst_name = p->name;
		}
	}
	printf("\n");
	for (unsigned i = 0; i < b->n; i++)
		if (t[i].failed)
			printf("    %s: %s\n", b->engines[i].name, t[i].why);
	fflush(stdout);
	b->failed |= t[0].failed;
}

/* Engines in turn, another one first in each round; out after a failure. */
static void
run_program(struct bench *b, const struct program *p)
{
	static struct times t[MAX_ENGINES];
	memset(t, 0, sizeof t);
	for (unsigned round = 0; round < b->rounds; round++)
		for (unsigned k = 0; k < b->n; k++) {
			unsigned i = (round + k) % b->n;
			if (!t[i].failed)
				measure(b, &b->engines[i], p, &t[i]);
		}
	print_row(b, p, t);
}

/* Decoding and validating, by sheave alone. */
static void
run_load(struct bench *b, const struct program *p)
{
	struct engine validate = { .name = "sheave", .n = 3 };
	validate.words[0] = b->engines[0].words[0];
	validate.words[1] = (char *)"validate";
	validate.words[2] = (char *)"{wasm}";
	struct times t = { .n = 0 };
	struct stat st;

	for (unsigned round = 0; round < b->rounds && !t.failed; round++)
		measure(b, &validate, p, &t);
	if (t.failed || stat(p->wasm, &st) != 0) {
		printf("%-14s %10s\n    %s\n", p->name, "failed", t.why);
		b->failed = true;
		return;
	}
	double s = median(&t);
	printf("%-14s %10.4f   load, %.1f MB at %.0f MB/s\n", p->name, s,
		(double)st.st_size / 1e6, (double)st.st_size / 1e6 / s);
}

static void
print_means(const struct bench *b)
{
	printf("\nsheave's time over the peer's, geometric mean over programs "
	       "of "
	       "kind compute\n");
	for (unsigned i = 1; i < b->n; i++) {
		const struct engine *e = &b->engines[i];
		if (e->both == 0)
			continue;
		printf("%-14s %6.3f over %u programs, at most %.3f (%s)\n",
			e->name, exp(e->log_sum / e->both), e->both, e->worst,
			e->worst_name);
	}
}

static void
run_corpus(struct bench *b)
{
	size_t len, stop;
	char *path = join(b, b->corpus, "index.json");
	char *text = read_file(&b->arena, path, &len);
	if (!text)
		die("cannot read", path);
	const struct json *index = json_parse(&b->arena, text, len, &stop);
	if (!index || index->kind != JSON_array)
		die("no list of programs in", path);
	printf("%u rounds, median seconds%-*s", b->rounds, 0, "\n");
	printf("%-14s", "");
	for (unsigned i = 0; i < b->n; i++)
		printf(i ? " %10s  ratio" : " %10s", b->engines[i].name);
	printf("\n");
	for (uint32_t i = 0; i < index->count; i++) {
		struct program p;
		read_program(b, json_at(index, i), &p);
		if (!listed(b->only, p.name))
			continue;
		if (strcmp(p.kind, "load") == 0)
			run_load(b, &p);
		else
			run_program(b, &p);
	}
	print_means(b);
}

static void
usage(void)
{
	fputs("usage: bench [option..] SHEAVE\n"
	      "  --corpus DIR     default ../shared/bench/open\n"
	      "  --rounds N       default 5\n"
	      "  --only NAME,..   these programs\n"
	      "  --peers NAME,..  of wasm3 iwasm wasmi wasmtime found on PATH\n"
	      "  --peer 'NAME=command {wasm} {args}'\n",
		stderr);
	exit(2);
}

int
main(int argc, char **argv)
{
	static struct bench b = { .rounds = 5,
		.corpus = "../shared/bench/open" };
	const char *sheave = NULL;
	const char *added[MAX_ENGINES];
	unsigned n = 0;

	arena_init(&b.arena, &alloc_default);
	for (int i = 1; i < argc; i++) {
		const char *o = argv[i];
		if (o[0] != '-') {
			sheave = o;
			continue;
		}
		if (++i == argc)
			usage();
		if (strcmp(o, "--corpus") == 0)
			b.corpus = argv[i];
		else if (strcmp(o, "--only") == 0)
			b.only = argv[i];
		else if (strcmp(o, "--peers") == 0)
			b.peers = argv[i];
		else if (strcmp(o, "--rounds") == 0)
			b.rounds = (unsigned)strtoul(argv[i], NULL, 10);
		else if (strcmp(o, "--peer") == 0 && n < MAX_ENGINES)
			added[n++] = argv[i];
		else
			usage();
	}
	if (!sheave || b.rounds == 0 || b.rounds > MAX_ROUNDS)
		usage();
	add_engine(&b, "sheave", "SHEAVE run {wasm} {args}");
	b.engines[0].words[0] = (char *)sheave;
	add_found_peers(&b);
	for (unsigned i = 0; i < n; i++)
		add_peer(&b, added[i]);
	run_corpus(&b);
	arena_free(&b.arena);
	return b.failed;
}
