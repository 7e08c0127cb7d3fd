/*
 * Runs the programs of WebAssembly/wasi-testsuite through a command:
 *
 *	wasi_suite DIRECTORY COMMAND..
 *
 * DIRECTORY holds wasi-testsuite/; if empty, $SHEAVE_TESTSUITE, else ../shared.
 * COMMAND is put before "run", options, the program and its arguments.  A
 * program's .json says what it wants; each gets a fresh copy of its files as
 * "/".  Prints each failure with its reason, then "N passed, M failed".
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/dir.h"
#include "host/json.h"
#include "trap/alloc.h"
#include "trap/arena.h"

enum { ARGS_MAX = 128, PATH_ROOM = 1024, TEXT_ROOM = 8192 };

struct suite {
	struct arena arena;
	char **command;
	bool threads; /* the programs may start some */
	unsigned passed, failed;
};

/* The command line of one run, as it grows. */
struct line {
	const char *args[ARGS_MAX];
	int n;
};

static void
add(struct line *l, const char *arg)
{
	if (l->n < ARGS_MAX - 1)
		l->args[l->n++] = arg;
}

/*
 * Runs l with output and errors to files; its wait status, -1 on failure.  Its
 * input is empty, or with `waits` never ends.
 */
static int
run(const struct line *l, bool waits, FILE *out, FILE *err)
{
	int status = -1, input[2] = { -1, -1 };
	if (waits && pipe(input) != 0)
		return -1;
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(waits ? input[0] : open("/dev/null", O_RDONLY), 0);
		close(input[1]);
		dup2(fileno(out), 1);
		dup2(fileno(err), 2);
		execvp(l->args[0], (char *const *)l->args);
		perror(l->args[0]);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		status = -1;
	if (waits) {
		close(input[0]);
		close(input[1]);
	}
	return status;
}

/* Reads at most TEXT_ROOM-1 bytes of what was written to f; NUL-terminated. */
static const char *
contents(struct suite *s, FILE *f)
{
	char *text = arena_alloc(&s->arena, TEXT_ROOM);
	if (text != NULL) {
		rewind(f);
		text[fread(text, 1, TEXT_ROOM - 1, f)] = 0;
	}
	return text != NULL ? text : "";
}

/* Parses the file; NULL if there is none, which means all defaults. */
static const struct json *
read_json(struct suite *s, const char *path, bool *bad)
{
	FILE *f = fopen(path, "r");
	if (f == NULL)
		return NULL;
	const char *text = contents(s, f);
	fclose(f);
	const struct json *v = json_parse(&s->arena, text, strlen(text), NULL);
	*bad = v == NULL;
	return v;
}

/* A fresh directory with a copy of root's files, if there is a root. */
static bool
copy_root(struct suite *s, const char *root, char *dir)
{
	char from[PATH_ROOM + 2];
	struct line l = { { "cp", "-R", from, dir }, 4 };
	if (mkdtemp(dir) == NULL)
		return false;
	snprintf(from, sizeof from, "%s/.", root);
	(void)s;
	return root[0] == 0 || run(&l, false, stderr, stderr) == 0;
}

static void
remove_tree(const char *dir)
{
	struct line l = { { "rm", "-rf", dir }, 3 };
	run(&l, false, stderr, stderr);
}

static void
fill_line(struct suite *s, struct line *l, const char *wasm, const char *mount,
	const struct json *spec)
{
	for (char **p = s->command; *p != NULL; p++)
		add(l, *p);
	add(l, "run");
	add(l, "--timeout");
	add(l, "60");
	if (s->threads)
		add(l, "--threads");
	if (json_get_text(spec, "root", NULL) != NULL) {
		add(l, "--dir");
		add(l, mount);
	}
	const struct json *env = json_get(spec, "env");
	for (uint32_t i = 0; env != NULL && i < env->count; i++) {
		size_t room =
			strlen(json_key(env, i)) + json_at(env, i)->len + 2;
		char *text = arena_alloc(&s->arena, room);
		if (text != NULL)
			snprintf(text, room, "%s=%s", json_key(env, i),
				json_at(env, i)->text);
		add(l, "--env");
		add(l, text);
	}
	add(l, wasm);
	const struct json *args = json_get(spec, "args");
	for (uint32_t i = 0; args != NULL && i < args->count; i++)
		add(l, json_at(args, i)->text);
	add(l, NULL);
}

/* True if the run was as spec wants it; else prints why not. */
static bool
judge(struct suite *s, const struct json *spec, const char *wasm, int status,
	FILE *out, FILE *err)
{
	const char *text = contents(s, out);
	const char *expected = json_get_text(spec, "stdout", NULL);
	int code = (int)json_get_number(spec, "exit_code", 0);
	bool right_exit = WIFEXITED(status) && WEXITSTATUS(status) == code;
	bool right_text = expected == NULL || strcmp(text, expected) == 0;
	if (right_exit && right_text)
		return true;
	printf("FAILED: %s\n", wasm);
	if (!WIFEXITED(status))
		printf("  killed by signal %d\n", WTERMSIG(status));
	else if (!right_exit)
		printf("  exit status %d, expected %d\n", WEXITSTATUS(status),
			code);
	if (!right_text)
		printf("  printed \"%s\", expected \"%s\"\n", text, expected);
	printf("%s", contents(s, err));
	return false;
}

static bool
run_program(struct suite *s, const char *wasm, const struct json *spec)
{
	char dir[] = "/tmp/sheave-wasi-XXXXXX", mount[64], root[PATH_ROOM] = "";
	const char *name = json_get_text(spec, "root", NULL);
	if (name != NULL)
		snprintf(root, sizeof root, "%.*s%s",
			(int)(strrchr(wasm, '/') + 1 - wasm), wasm, name);
	bool passed = false;
	struct line l = { .n = 0 };
	FILE *out = tmpfile(), *err = tmpfile();
	if (out == NULL || err == NULL || !copy_root(s, root, dir)) {
		printf("FAILED: %s: cannot copy its files\n", wasm);
	} else {
		snprintf(mount, sizeof mount, "%s::/", dir);
		fill_line(s, &l, wasm, mount, spec);
		int status = run(&l, s->threads, out, err);
		passed = judge(s, spec, wasm, status, out, err);
		remove_tree(dir);
	}
	if (out != NULL)
		fclose(out);
	if (err != NULL)
		fclose(err);
	return passed;
}

static void
run_file(struct suite *s, const char *wasm)
{
	char path[PATH_ROOM];
	bool bad = false;
	snprintf(path, sizeof path, "%.*s.json", (int)strlen(wasm) - 5, wasm);
	const struct json *spec = read_json(s, path, &bad);
	if (bad)
		printf("FAILED: %s: not JSON\n", path);
	if (!bad && run_program(s, wasm, spec))
		s->passed++;
	else
		s->failed++;
}

/* All programs of a folder of the suite's tests. */
static void
run_folder(struct suite *s, const char *base, const char *folder)
{
	char path[PATH_ROOM];
	uint32_t n;
	snprintf(path, sizeof path, "%s/wasi-testsuite/tests/%s", base, folder);
	struct arena names;
	arena_init(&names, &alloc_default);
	const char **files = dir_files(path, ".wasm", &names, &n);
	if (files == NULL)
		printf("NOT RUN: no %s (./configure --testsuite=DIR)\n", path);
	for (uint32_t i = 0; files != NULL && i < n; i++) {
		run_file(s, files[i]);
		arena_reset(&s->arena);
	}
	arena_free(&names);
}

int
main(int argc, char **argv)
{
	static const char *const folders[] = {
		"assemblyscript/testsuite/wasm32-wasip1",
		"c/testsuite/wasm32-wasip1",
		"rust/testsuite/wasm32-wasip1",
	};
	struct suite s = { .command = argv + 2 };
	if (argc < 3) {
		fprintf(stderr, "usage: wasi_suite DIRECTORY COMMAND..\n");
		return 2;
	}
	const char *base = argv[1], *set = getenv("SHEAVE_TESTSUITE");
	if (base[0] == 0)
		base = set != NULL ? set : "../shared";
	arena_init(&s.arena, &alloc_default);
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		run_folder(&s, base, folders[i]);
	s.threads = true;
	run_folder(&s, base, "proposals/wasi-threads");
	printf("%u passed, %u failed\n", s.passed, s.failed);
	arena_free(&s.arena);
	return s.failed != 0;
}
