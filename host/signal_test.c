/*
 * Guard pages and faults as an embedder has them: whichever memory it is,
 * whoever made it, however much address space there is.  Only bounds differ
 * where the build has no signals, not what guests see of them.
 */
#define _GNU_SOURCE /* RLIMIT_AS, sigaltstack */

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/accept.h"
#include "host/api.h"
#include "jit/native_stack.h"

enum { OUT_OF_BOUNDS = SHEAVE_TRAP_MEMORY_OUT_OF_BOUNDS };

/* Sanitizers keep most of the address space for themselves. */
static bool
is_spacious(void)
{
	return NATIVE_RESERVE <= 128 << 10;
}

static struct world
open_world_of(bool signals)
{
	struct sheave_config config = { .jit = SHEAVE_JIT_EAGER,
		.signals = signals };
	struct world w = { 0 };
	struct sheave_error *e = NULL;
	w.engine = sheave_engine_new(&config, &e);
	ck_assert_ptr_nonnull(w.engine);
	w.store = sheave_store_new(w.engine, NULL, &e);
	w.linker = sheave_linker_new(w.store, &e);
	return w;
}

static struct world
open_world(void)
{
	return open_world_of(true);
}

static const char *const importer =
	"(module (import \"host\" \"m\" (memory 1))"
	" (func (export \"l\") (param i32) (result i32)"
	"  (i32.load (local.get 0)))"
	" (func (export \"s\") (param i32)"
	"  (i32.store offset=4 (local.get 0) (i32.const 7))))";

static void
define_memory(struct world *w, struct sheave_memory *m)
{
	struct sheave_extern x = { .kind = SHEAVE_MEMORY, .of.memory = m };
	ck_assert(sheave_linker_define(w->linker, "host", "m", &x, NULL));
}

START_TEST(memories_of_the_host_have_guards)
{
	struct world w = open_world();
	struct sheave_memory *m = sheave_memory_new(w.store, 1, 3, true, NULL);
	define_memory(&w, m);
	struct sheave_instance *in = world_instance(&w, NULL, importer);
	for (uint32_t size = 65536; size <= 3 * 65536; size += 65536) {
		calls(in, "s", size - 8);
		ck_assert_uint_eq(calls(in, "l", size - 4), 7);
		traps_twice(in, "l", OUT_OF_BOUNDS, size - 3);
		traps_twice(in, "s", OUT_OF_BOUNDS, size - 7);
		traps_twice(in, "s", OUT_OF_BOUNDS, UINT32_MAX);
		if (size < 3 * 65536)
			ck_assert(sheave_memory_grow(m, 1, NULL, NULL));
	}
	world_free(&w);
}
END_TEST

START_TEST(every_kind_of_memory_has_its_bounds)
{
	struct world w = open_world();
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (memory $a 1) (memory $b 2) (memory $c i64 1)"
		" (memory $d 1000 2000 (pagesize 1)) (memory $e 1 2 shared)"
		" (func (export \"a\") (param i32) (result i32)"
		"  (i32.load $a (local.get 0)))"
		" (func (export \"b\") (param i32) (result i32)"
		"  (i32.load $b (local.get 0)))"
		" (func (export \"c\") (param i64) (result i32)"
		"  (i32.load $c (local.get 0)))"
		" (func (export \"d\") (param i32) (result i32)"
		"  (i32.load $d (local.get 0)))"
		" (func (export \"e\") (param i32) (result i32)"
		"  (i32.atomic.rmw.add $e (local.get 0) (i32.const 0))))");
	static const struct {
		const char *name;
		uint32_t last;
	} rows[] = { { "a", 65532 }, { "b", 131068 }, { "d", 996 },
		{ "e", 65532 } };
	for (int i = 0; i < 4; i++) {
		uint32_t step = i == 3 ? 4 : 1; /* atomics are aligned */
		calls(in, rows[i].name, rows[i].last);
		traps_twice(
			in, rows[i].name, OUT_OF_BOUNDS, rows[i].last + step);
		traps_twice(in, rows[i].name, OUT_OF_BOUNDS, UINT32_MAX & ~3u);
	}
	calls(in, "c", (uint64_t)65532);
	traps_twice(in, "c", OUT_OF_BOUNDS, (uint64_t)65533);
	traps_twice(in, "c", OUT_OF_BOUNDS, (uint64_t)1 << 33);
	traps_twice(in, "c", OUT_OF_BOUNDS, UINT64_MAX);
	world_free(&w);
}
END_TEST

static enum sheave_result
growing(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	(void)caller;
	(void)slots;
	ck_assert(sheave_memory_grow(env, 1, NULL, NULL));
	return SHEAVE_OK;
}

/* Between two accesses of one function. */
START_TEST(another_activation_grows_the_memory)
{
	struct world w = open_world();
	struct sheave_memory *m = sheave_memory_new(w.store, 1, 0, false, NULL);
	uint8_t *base = sheave_memory_data(m);
	define_memory(&w, m);
	sheave_linker_func_slots(
		w.linker, "host", "grow", ":", growing, m, NULL, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (import \"host\" \"m\" (memory 1))"
		" (import \"host\" \"grow\" (func $grow))"
		" (func (export \"f\") (param i32) (result i32)"
		"  (i32.store (i32.const 0) (i32.const 5))"
		"  (call $grow)"
		"  (i32.store (local.get 0) (i32.load (i32.const 0)))"
		"  (i32.load (local.get 0))))");
	for (uint32_t size = 65536; size < 20 * 65536; size += 65536)
		ck_assert_uint_eq(calls(in, "f", size), 5);
	ck_assert(!is_spacious() || sheave_memory_data(m) == base);
	traps_twice(in, "f", OUT_OF_BOUNDS, 40u * 65536);
	world_free(&w);
}
END_TEST

static struct sheave_instance *
sharer(struct sheave_engine *engine, struct sheave_store *store,
	struct sheave_shared_memory *shared)
{
	struct world w = { engine, store, sheave_linker_new(store, NULL) };
	define_memory(&w, sheave_memory_of_shared(store, shared, NULL));
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (import \"host\" \"m\" (memory 1 9 shared))"
		" (func (export \"f\") (param i32) (result i32)"
		"  (i32.load (local.get 0)))"
		" (func (export \"grow\") (result i32)"
		"  (memory.grow (i32.const 1))))");
	sheave_linker_free(w.linker);
	return in;
}

/* Who does not grow a shared memory sees it grow, with and without signals. */
START_TEST(another_store_grows_the_memory)
{
	for (int signals = 0; signals < 2; signals++) {
		struct world w = open_world_of(signals != 0);
		struct sheave_shared_memory *m =
			sheave_shared_memory_new(w.engine, 1, 9, NULL);
		struct sheave_store *other =
			sheave_store_new(w.engine, NULL, NULL);
		struct sheave_instance *a = sharer(w.engine, w.store, m),
				       *b = sharer(w.engine, other, m);
		traps_twice(b, "f", OUT_OF_BOUNDS, 65533u);
		calls(a, "grow");
		calls(b, "f", 131068u);
		traps_twice(b, "f", OUT_OF_BOUNDS, 131069u);
		sheave_store_free(other);
		sheave_shared_memory_free(m);
		world_free(&w);
	}
}
END_TEST

/* As many as there is room for, which is more than 20 000; then one is refused,
 * and when they are gone there is room again. */
START_TEST(twenty_thousand_memories)
{
	enum { MOST = 24000 }; /* of 6 GiB: what 47 bits hold is less */
	struct world w = open_world();
	struct sheave_memory **all = calloc(MOST, sizeof *all);
	struct sheave_error *e = NULL;
	uint32_t n = 0;
	while (n < MOST &&
		(all[n] = sheave_memory_new(w.store, 0, 0, false, &e)) != NULL)
		n++;
	if (is_spacious())
		ck_assert_uint_ge(n, 20000);
	if (n < MOST)
		ck_assert_int_eq(sheave_error_kind(e), SHEAVE_ERROR_MEMORY);
	sheave_error_free(e);
	while (n > 0)
		sheave_memory_free(all[--n]);
	free(all);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (memory 1) (func (export \"f\") (param i32)"
		" (i32.store (local.get 0) (i32.const 0))))");
	traps_twice(in, "f", OUT_OF_BOUNDS, 65533u);
	world_free(&w);
}
END_TEST

static bool
handles_faults(void)
{
	struct sigaction now;
	sigaction(SIGSEGV, NULL, &now);
	return (now.sa_flags & SA_SIGINFO) != 0;
}

/* In a child: an engine, when not even one reservation can be had. */
static void
run_cramped(void)
{
	const struct rlimit little = { (rlim_t)3 << 30, (rlim_t)3 << 30 };
	signal(SIGSEGV, SIG_DFL);
	setrlimit(RLIMIT_AS, &little);
	struct world w = open_world();
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (memory 1) (func (export \"f\") (param i32)"
		" (i32.store (local.get 0) (i32.const 0)))"
		" (func (export \"g\") (result i32)"
		"  (memory.grow (i32.const 1))))");
	calls(in, "f", 65532u);
	traps_twice(in, "f", OUT_OF_BOUNDS, 65533u);
	ck_assert_uint_eq(calls(in, "g"), 1);
	calls(in, "f", 65533u);
	traps_twice(in, "f", OUT_OF_BOUNDS, 131069u);
	ck_assert(!handles_faults());
	world_free(&w);
	_exit(0);
}

START_TEST(without_address_space_checks_are_explicit)
{
	int status;
	if (!is_spacious())
		return;
	pid_t child = fork();
	if (child == 0)
		run_cramped();
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* A thread whose alternate stack has so many bytes, 0 for none. */
struct visit {
	struct sheave_instance *in;
	size_t bytes;
	bool kept;
};

static void *
visit(void *arg)
{
	struct visit *v = arg;
	stack_t now, stack = { .ss_flags = SS_DISABLE };
	void *own = v->bytes != 0 ? malloc(v->bytes) : NULL;
	if (own != NULL)
		stack = (stack_t){ .ss_sp = own, .ss_size = v->bytes };
	ck_assert_int_eq(sigaltstack(&stack, NULL), 0);
	traps_twice(v->in, "f", OUT_OF_BOUNDS, 65533u);
	sigaltstack(NULL, &now);
	v->kept = own != NULL && now.ss_sp == own;
	ck_assert(!handles_faults() || now.ss_size >= 32 << 10);
	stack = (stack_t){ .ss_flags = SS_DISABLE };
	sigaltstack(&stack, NULL);
	free(own);
	return NULL;
}

START_TEST(threads_have_an_alternate_stack)
{
	static const size_t bytes[] = { 0, 8192, 256 << 10 };
	struct world w = open_world();
	struct visit v = {
		world_instance(&w, NULL,
			"(module (memory 1)"
			" (func (export \"f\") (param i32)"
			" (i32.store (local.get 0) (i32.const 0))))"),
		0, false
	};
	for (int i = 0; i < 3; i++) {
		pthread_t thread;
		v.bytes = bytes[i];
		pthread_create(&thread, NULL, visit, &v);
		pthread_join(thread, NULL);
		ck_assert(!handles_faults() || v.kept == (i == 2));
	}
	world_free(&w);
}
END_TEST

/* In a child: a guest that reaches what is no memory of its instance. */
static void
escape(int out)
{
	struct world w = open_world();
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (memory 1) (func (export \"f\") (param i32)"
		" (i32.store (local.get 0) (i32.const 0))))");
	dup2(out, 2);
	w.store->store->instances->memories[0]->pages.reserved = 0;
	stops(in, "f", UINT32_MAX);
	_exit(0);
}

START_TEST(a_fault_outside_of_all_memories_aborts)
{
	int ends[2], status;
	char text[400] = "";
	struct world w = open_world();
	bool signals = world_signals(&w);
	world_free(&w);
	if (!signals)
		return;
	ck_assert_int_eq(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0)
		escape(ends[1]);
	close(ends[1]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	ck_assert_int_gt(read(ends[0], text, sizeof text - 1), 0);
	ck_assert_ptr_nonnull(strstr(text, "beyond its memory"));
	close(ends[0]);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, memories_of_the_host_have_guards);
	tcase_add_test(t, every_kind_of_memory_has_its_bounds);
	tcase_add_test(t, another_activation_grows_the_memory);
	tcase_add_test(t, another_store_grows_the_memory);
	tcase_add_test(t, twenty_thousand_memories);
	tcase_add_test(t, without_address_space_checks_are_explicit);
	tcase_add_test(t, threads_have_an_alternate_stack);
	tcase_add_test(t, a_fault_outside_of_all_memories_aborts);
}

int
main(void)
{
	return accept_run("signal", add);
}
