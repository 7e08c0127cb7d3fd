/*
 * Functions that get hot: compiled by the engine's thread while they run on, by
 * the thread that runs where there is none, and in children after a fork.
 */
#include "jit/jit.h"

#include <check.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "interp/interp.h"
#include "interp/loop.h"
#include "jit/native.h"
#include "spec/engine.h"
#include "spec/link.h"
#include "spec/text.h"
#include "trap/error.h"

enum { FUNCTIONS = 40 };

struct world {
	struct engine *engine;
	struct module *module;
	struct store *store;
	struct instance *in;
};

/* 1 until it is called by compiled code. */
static enum status
is_interpreted(
	void *env, struct store *s, struct instance *caller, union slot *slots)
{
	struct module *m;
	uint32_t func, offset;
	(void)env;
	(void)caller;
	slots[0] = slot_of_i32(
		!native_locate(s->ctx.exit_pc, 0, &m, &func, &offset));
	return STATUS_done;
}

/*
 * Function 1 + i: the sum of 1..x, and i; of 1000 outside of the memory.
 * Function 0 is the host's, the last one loops until it is compiled.
 */
static const char *
many_functions(void)
{
	static char text[20000];
	size_t at = 0, room = sizeof text;
	at += (size_t)snprintf(text, room,
		"(module (import \"h\" \"h\" (func $h (result i32)))"
		" (memory 1)");
	for (int i = 0; i < FUNCTIONS; i++)
		at += (size_t)snprintf(text + at, room - at,
			"(func (param i32) (result i32) (local i32)"
			" (if (i32.eq (local.get 0) (i32.const 1000)) (then"
			"  (drop (i32.load (i32.const 65536)))))"
			" (local.set 1 (i32.const %d))"
			" (loop (if (local.get 0) (then"
			"  (local.set 1 (i32.add (local.get 1) (local.get 0)))"
			"  (local.set 0 (i32.sub (local.get 0) (i32.const 1)))"
			"  (br 1))))"
			" (local.get 1))",
			i);
	snprintf(text + at, room - at,
		"(func (param i32) (result i32)"
		" (loop (local.set 0 (i32.add (local.get 0) (i32.const 1)))"
		"  (br_if 0 (call $h)))"
		" (local.get 0)))");
	return text;
}

static void
load(struct world *w)
{
	struct error error;
	struct arena a;
	uint8_t *bytes;
	size_t len;
	const char *text = many_functions();
	error_clear(&error);
	arena_init(&a, &alloc_default);
	ck_assert(text_module(text, strlen(text), &a, &bytes, &len, &error));
	w->module = module_load(w->engine, bytes, len, &error);
	ck_assert_msg(w->module != NULL, "%s", error.text);
	arena_free(&a);
}

static void
instantiate(struct world *w)
{
	struct error error;
	const struct module *m = w->module;
	struct external import = { 0 };
	w->store = store_new(w->engine, NULL);
	import.u.func = func_new_host(w->store,
		m->types[m->funcs[0].type].canon, is_interpreted, NULL, NULL);
	w->in = instance_new(w->store, w->module, &import, &error);
	ck_assert_msg(w->in != NULL, "%s", error.text);
}

static void
open_engine(struct world *w, int32_t patience, bool alone)
{
	static struct engine engine;
	struct jit_config config = {
		.mode = JIT_on, .patience = patience, .alone = alone
	};
	w->engine = &engine;
	ck_assert(engine_init(w->engine, &alloc_default));
	interp_install(w->engine);
	ck_assert(jit_install(w->engine, &config));
}

static void
open_world(struct world *w, int32_t patience, bool alone)
{
	open_engine(w, patience, alone);
	load(w);
	instantiate(w);
}

static void
close_world(struct world *w)
{
	store_free(w->store);
	module_release(w->module);
	engine_free(w->engine);
}

static bool
is_native(struct world *w, uint32_t i)
{
	return instance_func(w->in, 1 + i)->cells ==
	       &loop_tables()->cells[CELL_native];
}

/* Function i does what it should, its trap included. */
static bool
works(struct world *w, uint32_t i)
{
	struct context *ctx = &w->store->ctx;
	struct func *f = instance_func(w->in, 1 + i);
	union slot slots[2] = { slot_of_i32(100) };
	if (func_call(w->store, f, slots) != STATUS_done ||
		slot_i32(slots[0]) != 5050 + i)
		return false;
	slots[0] = slot_of_i32(1000);
	return func_call(w->store, f, slots) == STATUS_unwound &&
	       ctx->pending.kind == UNWIND_trap &&
	       ctx->pending.trap == TRAP_memory_out_of_bounds;
}

/* The same, until it is compiled, and then. */
static bool
gets_hot(struct world *w, uint32_t i)
{
	while (!is_native(w, i))
		if (!works(w, i))
			return false;
	return works(w, i);
}

START_TEST(calls_run_code_when_it_is_there)
{
	struct world w;
	open_world(&w, 500, _i != 0);
	ck_assert(!is_native(&w, 3));
	for (uint32_t i = 0; i < FUNCTIONS; i++)
		ck_assert(gets_hot(&w, i));
	close_world(&w);
}
END_TEST

START_TEST(a_loop_goes_on_in_code)
{
	struct world w;
	union slot slots[1] = { { 0 } };
	open_world(&w, 50, _i != 0);
	ck_assert_int_eq(
		func_call(w.store, instance_func(w.in, 1 + FUNCTIONS), slots),
		STATUS_done);
	ck_assert_uint_gt(slot_i32(slots[0]), 50);
	close_world(&w);
}
END_TEST

START_TEST(alone_nobody_waits_for_code)
{
	struct world w;
	open_world(&w, 1, true);
	ck_assert(works(&w, 0));
	ck_assert(is_native(&w, 0));
	close_world(&w);
}
END_TEST

START_TEST(modules_go_while_they_are_compiled)
{
	struct world w;
	open_engine(&w, 1, false);
	for (int round = 0; round < 30; round++) {
		load(&w);
		instantiate(&w);
		for (uint32_t i = 0; i < FUNCTIONS; i++)
			ck_assert(works(&w, i));
		store_free(w.store);
		module_release(w.module);
	}
	engine_free(w.engine);
}
END_TEST

/* NULL: all is well. */
static void *
heat_all(void *arg)
{
	struct world *w = arg;
	for (uint32_t i = 0; i < FUNCTIONS; i++)
		if (!gets_hot(w, i))
			return arg;
	return NULL;
}

static bool
heats_on_a_thread(struct world *w)
{
	pthread_t thread;
	void *failed = w;
	return pthread_create(&thread, NULL, heat_all, w) == 0 &&
	       pthread_join(thread, &failed) == 0 && failed == NULL;
}

START_TEST(stores_share_code)
{
	struct world w, other;
	pthread_t thread;
	void *failed;
	open_world(&w, 1, _i != 0);
	other = w;
	instantiate(&other);
	pthread_create(&thread, NULL, heat_all, &other);
	ck_assert_ptr_null(heat_all(&w));
	pthread_join(thread, &failed);
	ck_assert_ptr_null(failed);
	for (uint32_t i = 0; i < FUNCTIONS; i++)
		ck_assert_ptr_eq(instance_func(w.in, 1 + i)->code,
			instance_func(other.in, 1 + i)->code);
	store_free(other.store);
	close_world(&w);
}
END_TEST

START_TEST(j105_a_hot_store_moves_to_another_thread)
{
	struct world w;
	open_world(&w, 1, _i != 0);
	for (uint32_t i = 0; i < FUNCTIONS / 2; i++)
		ck_assert(works(&w, i));
	ck_assert(heats_on_a_thread(&w));
	for (uint32_t i = 0; i < FUNCTIONS; i++)
		ck_assert(works(&w, i));
	close_world(&w);
}
END_TEST

/* Each in an order of its own, so that places of code are not the same. */
static int
child(struct world *w, uint32_t n, int go)
{
	char byte;
	bool fine = true;
	for (uint32_t i = 0; i < FUNCTIONS; i++)
		fine = fine && gets_hot(w, (i * 3 + n * 5) % FUNCTIONS);
	fine = fine && read(go, &byte, 1) == 1; /* everybody has done so */
	for (uint32_t i = 0; i < FUNCTIONS; i++)
		fine = fine && works(w, i);
	close_world(w);
	return fine ? 0 : 1;
}

START_TEST(q211_forked_children_tier_up_on_their_own)
{
	enum { CHILDREN = 8 };
	struct world w;
	pid_t children[CHILDREN];
	int go[2], status;
	ck_assert_int_eq(pipe(go), 0);
	open_world(&w, 1, _i != 0);
	for (uint32_t n = 0; n < CHILDREN; n++) {
		/* more of it is asked for, and being compiled, each time */
		for (uint32_t i = 0; i < 2 * n; i++)
			ck_assert(works(&w, i));
		children[n] = fork();
		ck_assert_int_ge(children[n], 0);
		if (children[n] == 0)
			_exit(child(&w, n, go[0]));
	}
	ck_assert_ptr_null(heat_all(&w));
	ck_assert_int_eq(write(go[1], "12345678", CHILDREN), CHILDREN);
	for (int n = 0; n < CHILDREN; n++) {
		ck_assert_int_eq(waitpid(children[n], &status, 0), children[n]);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_ptr_null(heat_all(&w));
	close_world(&w);
}
END_TEST

/* No room for a thread's stack. */
START_TEST(without_a_thread_whoever_runs_compiles)
{
	struct world w;
	unsigned long pages = 0;
	struct rlimit limit = { .rlim_max = RLIM_INFINITY };
	open_world(&w, 1, false);
	ck_assert_ptr_nonnull(native_of(
		w.engine->jit, w.module, 1 + FUNCTIONS, NATIVE_called));
	FILE *in = fopen("/proc/self/statm", "r");
	ck_assert_ptr_nonnull(in);
	ck_assert_int_eq(fscanf(in, "%lu", &pages), 1);
	fclose(in);
	limit.rlim_cur = pages * (rlim_t)sysconf(_SC_PAGESIZE) + (1 << 20);
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
	ck_assert(works(&w, 0));
	ck_assert(is_native(&w, 0));
	close_world(&w);
}
END_TEST

/* mmap and mprotect fail from now on if the pages are to be executed. */
static void
forbid_executing(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof filter / sizeof *filter, filter };
	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

START_TEST(without_memory_to_execute_there_is_no_tier)
{
	struct jit_config config = { .mode = JIT_eager };
	struct engine e;
	ck_assert(engine_init(&e, &alloc_default));
	interp_install(&e);
	forbid_executing();
	ck_assert(!jit_install(&e, &config));
	ck_assert_ptr_null(e.second);
	engine_free(&e);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tier");
	TCase *t = tcase_create("tier");
	tcase_add_loop_test(t, calls_run_code_when_it_is_there, 0, 2);
	tcase_add_loop_test(t, a_loop_goes_on_in_code, 0, 2);
	tcase_add_test(t, alone_nobody_waits_for_code);
	tcase_add_test(t, modules_go_while_they_are_compiled);
	tcase_add_loop_test(t, stores_share_code, 0, 2);
	tcase_add_loop_test(t, j105_a_hot_store_moves_to_another_thread, 0, 2);
	tcase_add_loop_test(t, q211_forked_children_tier_up_on_their_own, 0, 2);
	tcase_add_test(t, without_a_thread_whoever_runs_compiles);
	tcase_add_test(t, without_memory_to_execute_there_is_no_tier);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
