/*
 * Threads, signals and the process, as far as POSIX has them.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/accept.h"

/* Calls an export on a thread with a stack of that size. */
struct errand {
	struct sheave_instance *in;
	const char *name;
	int trap;
};

static void *
run_errand(void *arg)
{
	struct errand *r = arg;
	struct sheave_error *e = NULL;
	uint64_t slots[2] = { 0, 0 };
	sheave_func_call_slots(sheave_instance_func(r->in, r->name), slots, &e);
	r->trap = e != NULL ? sheave_error_trap(e) : -1;
	sheave_error_free(e);
	return NULL;
}

static int
trap_on_thread(struct sheave_instance *in, const char *name, size_t stack_bytes)
{
	struct errand r = { in, name, -1 };
	pthread_attr_t attr;
	pthread_t thread;
	pthread_attr_init(&attr);
	ck_assert_int_eq(pthread_attr_setstacksize(&attr, stack_bytes), 0);
	ck_assert_int_eq(pthread_create(&thread, &attr, run_errand, &r), 0);
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attr);
	return r.trap;
}

static const char *const recursion =
	"(module (func $f (export \"f\") (call $f))"
	" (func (export \"g\") (unreachable)))";

/* The guest has a stack of its own, whatever the thread's. */
START_TEST(f69_a_guest_stack_larger_than_the_threads)
{
	struct sheave_limits limits = { .stack_bytes = 64 << 20 };
	struct world w = world_new(NULL, &limits);
	struct sheave_instance *in = world_instance(&w, NULL, recursion);
	traps_twice(in, "f", SHEAVE_TRAP_STACK_OVERFLOW);
	ck_assert_int_eq(
		trap_on_thread(in, "f", 256 << 10), SHEAVE_TRAP_STACK_OVERFLOW);
	world_free(&w);
}
END_TEST

START_TEST(f70_overflow_on_a_small_thread)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *in = world_instance(&w, NULL, recursion);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(trap_on_thread(in, "f", 128 << 10),
			SHEAVE_TRAP_STACK_OVERFLOW);
	/* the host is always left 128 KiB: nothing for compiled frames */
	ck_assert_int_eq(trap_on_thread(in, "g", 128 << 10),
		world_compiles() ? SHEAVE_TRAP_STACK_OVERFLOW
				 : SHEAVE_TRAP_UNREACHABLE);
	world_free(&w);
}
END_TEST

static void *
interrupt_soon(void *arg)
{
	struct timespec t = { 0, 30000000 };
	nanosleep(&t, NULL);
	sheave_store_interrupt(arg);
	return NULL;
}

START_TEST(i96_another_thread_interrupts)
{
	static const char *const names[] = { "loop", "tree" };
	struct sheave_config config = { .interruptible = true };
	struct world w = world_new(&config, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (func (export \"loop\") (loop (br 0)))"
		" (func (export \"tree\") (call $t (i32.const 60)))"
		" (func $t (param i32) (if (local.get 0) (then"
		"  (call $t (i32.sub (local.get 0) (i32.const 1)))"
		"  (call $t (i32.sub (local.get 0) (i32.const 1))))))"
		" (func (export \"f\") (result i32) (i32.const 2)))");
	for (int i = 0; i < 2; i++) {
		pthread_t thread;
		pthread_create(&thread, NULL, interrupt_soon, w.store);
		is_trap(stops(in, names[i]), SHEAVE_TRAP_INTERRUPT);
		pthread_join(thread, NULL);
		sheave_store_resume(w.store);
		ck_assert_uint_eq(calls(in, "f"), 2);
	}
	world_free(&w);
}
END_TEST

static enum sheave_result
faulting(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	volatile uintptr_t nowhere = 16;
	(void)env;
	(void)caller;
	(void)slots;
	*(volatile char *)nowhere = 1;
	return SHEAVE_OK;
}

enum { FAULT_first, FAULT_later, FAULT_inside, FAULT_count };

/* In a child, whose standard error goes to the pipe. */
static void
fault_in_host(int out, int when)
{
	dup2(out, 2);
	signal(SIGSEGV, SIG_DFL);
	if (when == FAULT_first)
		faulting(NULL, NULL, NULL);
	struct world w = world_new(NULL, NULL);
	sheave_linker_func_slots(
		w.linker, "host", "fault", ":", faulting, NULL, NULL, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (import \"host\" \"fault\" (func $h)) (memory 1)"
		" (func (export \"f\") (call $h))"
		" (func (export \"m\") (i32.store (i32.const -1) "
		"(i32.const 0))))");
	traps_twice(in, "m", SHEAVE_TRAP_MEMORY_OUT_OF_BOUNDS);
	if (when == FAULT_later)
		faulting(NULL, NULL, NULL);
	calls(in, "f");
	_exit(0);
}

START_TEST(j98_a_fault_in_the_host_kills)
{
	for (int when = 0; when < FAULT_count; when++) {
		int ends[2], status;
		char text[1];
		ck_assert_int_eq(pipe(ends), 0);
		pid_t child = fork();
		ck_assert_int_ge(child, 0);
		if (child == 0)
			fault_in_host(ends[1], when);
		close(ends[1]);
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert(WIFSIGNALED(status));
		ck_assert_int_eq(WTERMSIG(status), SIGSEGV);
		ck_assert_int_eq(read(ends[0], text, 1), 0);
		close(ends[0]);
	}
}
END_TEST

/* A page that the handler below makes usable when it is touched. */
static char *volatile page;
static volatile sig_atomic_t repaired;

static void
repair(int signal, siginfo_t *info, void *context)
{
	(void)context;
	if (signal == SIGSEGV && (char *)info->si_addr == page)
		repaired++;
	mprotect(page, 4096, PROT_READ | PROT_WRITE);
}

static enum sheave_result
touching(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	(void)env;
	(void)caller;
	(void)slots;
	mprotect(page, 4096, PROT_NONE);
	*(volatile char *)page = 1;
	return SHEAVE_OK;
}

START_TEST(j100_earlier_handlers_get_the_hosts_faults)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO };
	action.sa_sigaction = repair;
	sigaction(SIGSEGV, &action, NULL);
	page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct world w = world_new(NULL, NULL);
	sheave_linker_func_slots(
		w.linker, "host", "touch", ":", touching, NULL, NULL, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (import \"host\" \"touch\" (func $h)) (memory 1)"
		" (func (export \"f\") (call $h))"
		" (func (export \"m\") (i32.store (i32.const -1) "
		"(i32.const 0))))");
	traps_twice(in, "m", SHEAVE_TRAP_MEMORY_OUT_OF_BOUNDS);
	ck_assert_int_eq(repaired, 0);
	touching(NULL, NULL, NULL);
	calls(in, "f");
	ck_assert_int_eq(repaired, 2);
	traps_twice(in, "m", SHEAVE_TRAP_MEMORY_OUT_OF_BOUNDS);
	world_free(&w);
	touching(NULL, NULL, NULL);
	ck_assert_int_eq(repaired, 3);
	munmap(page, 4096);
}
END_TEST

static void
earlier_handler(int signal)
{
	(void)signal;
}

START_TEST(j102_no_signal_handler_is_installed)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE,
		SIGTRAP };
	struct sigaction action = { .sa_handler = earlier_handler }, now;
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		sigaction(signals[i], &action, NULL);
	struct world w = world_checked();
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (memory 1) (func $f (export \"f\") (call $f))"
		" (func (export \"u\") (unreachable))"
		" (func (export \"m\") (param i32)"
		"  (drop (i32.load (local.get 0))))"
		" (func (export \"d\") (param i32) (result i32)"
		"  (i32.div_s (i32.const 1) (local.get 0))))");
	traps_twice(in, "f", SHEAVE_TRAP_STACK_OVERFLOW);
	traps_twice(in, "u", SHEAVE_TRAP_UNREACHABLE);
	traps_twice(in, "m", SHEAVE_TRAP_MEMORY_OUT_OF_BOUNDS, UINT32_MAX);
	traps_twice(in, "d", SHEAVE_TRAP_DIVIDE_BY_ZERO, 0u);
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
		sigaction(signals[i], NULL, &now);
		ck_assert(now.sa_handler == earlier_handler);
	}
	world_free(&w);
}
END_TEST

START_TEST(j105_a_store_moves_to_another_thread)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (memory 1) (func $f (export \"f\") (call $f))"
		" (func (export \"m\") (i32.store (i32.const -1) "
		"(i32.const 0))))");
	for (int i = 0; i < 3; i++) {
		traps_twice(in, "m", SHEAVE_TRAP_MEMORY_OUT_OF_BOUNDS);
		ck_assert_int_eq(trap_on_thread(in, "m", 1 << 20),
			SHEAVE_TRAP_MEMORY_OUT_OF_BOUNDS);
		traps_twice(in, "f", SHEAVE_TRAP_STACK_OVERFLOW);
	}
	world_free(&w);
}
END_TEST

static void
add(TCase *t)
{
	/* a test with two numbers is run once for each */
#define ELSEWHERE(number, where)
#define LATER(number, feature)
#define NEVER(number, reason)
#define TESTED(number, file, test) TESTED_##file(test)
#define TESTED_trap(test)
#define TESTED_except(test)
#define TESTED_frame(test)
#define TESTED_host(test)
#define TESTED_stop(test)
#define TESTED_process(test) tcase_add_test(t, test);
#define TESTED_thread(test)
#include "host/acceptance.def"
}

int
main(void)
{
	return accept_run("process", add);
}
