/*
 * Several threads: atomic instructions, shared memories, one engine in common.
 * Run under a race detector by "ninja check-all"; guests here have no races.
 */
#define _POSIX_C_SOURCE 200809L

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "host/accept.h"

#define OUT_OF_BOUNDS SHEAVE_TRAP_MEMORY_OUT_OF_BOUNDS
#define UNALIGNED SHEAVE_TRAP_UNALIGNED_ATOMIC
#define NOT_SHARED SHEAVE_TRAP_WAIT_NOT_SHARED

static double
seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Every atomic access: its text, the types of its operands, its bytes. */
static const struct access {
	const char *name, *operands;
	unsigned bytes;
} accesses[] = {
	{ "i32.atomic.load", "", 4 },
	{ "i64.atomic.load", "", 8 },
	{ "i32.atomic.load8_u", "", 1 },
	{ "i64.atomic.load16_u", "", 2 },
	{ "i64.atomic.load32_u", "", 4 },
	{ "i32.atomic.rmw.add", "i", 4 },
	{ "i64.atomic.rmw.sub", "I", 8 },
	{ "i32.atomic.rmw8.and_u", "i", 1 },
	{ "i64.atomic.rmw16.or_u", "I", 2 },
	{ "i64.atomic.rmw32.xor_u", "I", 4 },
	{ "i64.atomic.rmw.xchg", "I", 8 },
	{ "i32.atomic.rmw16.cmpxchg_u", "ii", 2 },
	{ "i64.atomic.rmw.cmpxchg", "II", 8 },
	{ "memory.atomic.notify", "i", 4 },
	{ "memory.atomic.wait32", "iI", 4 },
	{ "memory.atomic.wait64", "II", 8 },
	{ "i32.atomic.store", "i", 4 },
	{ "i64.atomic.store", "I", 8 },
	{ "i64.atomic.store8", "I", 1 },
	{ "i32.atomic.store16", "i", 2 },
};
enum { ACCESSES = sizeof accesses / sizeof *accesses, STORES = 16 };

/*
 * A module of functions f0.. that make each access at their parameter plus
 * offset.  Waits expect what is not there: 1.
 */
static struct sheave_instance *
all_accesses(struct world *w, const char *memory, const char *type,
	const char *offset)
{
	char text[8192];
	size_t at = 0, room = sizeof text;
	at += (size_t)snprintf(text, room, "(module (memory %s)", memory);
	for (int i = 0; i < ACCESSES; i++) {
		const struct access *a = &accesses[i];
		at += (size_t)snprintf(text + at, room - at,
			"(func (export \"f%d\") (param %s) %s (%s %s"
			" (local.get 0)",
			i, type, i < STORES ? "(drop" : "", a->name, offset);
		for (const char *o = a->operands; *o != 0; o++)
			at += (size_t)snprintf(text + at, room - at,
				" (i%d.const 1)", *o == 'i' ? 32 : 64);
		at += (size_t)snprintf(
			text + at, room - at, "))%s", i < STORES ? ")" : "");
	}
	snprintf(text + at, room - at, ")");
	return world_instance(w, NULL, text);
}

/* The trap of access i at that address; -1 for none. */
static int
trap_of(struct sheave_instance *in, int i, uint64_t address)
{
	char name[8];
	struct sheave_error *e = NULL;
	uint64_t slots[1] = { address };
	snprintf(name, sizeof name, "f%d", i);
	sheave_func_call_slots(sheave_instance_func(in, name), slots, &e);
	int trap = e != NULL ? sheave_error_trap(e) : -1;
	sheave_error_free(e);
	return trap;
}

static const struct {
	const char *memory, *type, *offset;
	uint64_t end; /* of the memory, less the offset */
} memories[] = {
	{ "1 1 shared", "i32", "", 65536 },
	{ "1 1", "i32", "offset=64", 65536 - 64 },
	{ "i64 1 1 shared", "i64", "", 65536 },
	{ "i64 1", "i64", "offset=4096", 65536 - 4096 },
};
enum { MEMORIES = sizeof memories / sizeof *memories };

static bool
waits(int i)
{
	return i == 14 || i == 15;
}

START_TEST(a17_atomics_at_the_end_of_memory)
{
	for (int m = 0; m < MEMORIES; m++) {
		struct world w = world_new(NULL, NULL);
		struct sheave_instance *in =
			all_accesses(&w, memories[m].memory, memories[m].type,
				memories[m].offset);
		bool shared = strstr(memories[m].memory, "shared") != NULL;
		for (int i = 0; i < ACCESSES; i++) {
			unsigned n = accesses[i].bytes;
			uint64_t end = memories[m].end;
			int fine = waits(i) && !shared ? NOT_SHARED : -1;
			ck_assert_int_eq(trap_of(in, i, end - n), fine);
			ck_assert_int_eq(trap_of(in, i, end), OUT_OF_BOUNDS);
			ck_assert_int_eq(
				trap_of(in, i, 0xfffffff8), OUT_OF_BOUNDS);
		}
		world_free(&w);
	}
}
END_TEST

/* Where comes after how. */
START_TEST(a17_misaligned_atomics)
{
	for (int m = 0; m < MEMORIES; m++) {
		struct world w = world_new(NULL, NULL);
		struct sheave_instance *in =
			all_accesses(&w, memories[m].memory, memories[m].type,
				memories[m].offset);
		for (int i = 0; i < ACCESSES; i++) {
			unsigned n = accesses[i].bytes;
			for (uint64_t at = 1; at < n; at++) {
				ck_assert_int_eq(
					trap_of(in, i, 8 + at), UNALIGNED);
				ck_assert_int_eq(
					trap_of(in, i, 0xfffffff0 + at),
					UNALIGNED);
			}
		}
		world_free(&w);
	}
}
END_TEST

START_TEST(a17_wait_on_unshared_memory)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (memory 1) (func (export \"f\")"
		"  (drop (memory.atomic.wait32"
		"   (i32.const 0) (i32.const 0) (i64.const -1))))"
		" (func (export \"g\") (result i32)"
		"  (memory.atomic.notify (i32.const 0) (i32.const 1))))");
	traps_twice(in, "f", NOT_SHARED);
	ck_assert_uint_eq(calls(in, "g"), 0);
	world_free(&w);
}
END_TEST

/* A thread with a store of its own over the engine of the test. */
struct side {
	struct sheave_engine *engine;
	struct sheave_shared_memory *memory; /* imported as env.memory */
	struct sheave_module *module;
	const char *name; /* the export that is called */
	uint64_t arg, result;
	int trap;
	_Atomic(struct sheave_store *) store;
	atomic_bool hold; /* the store is not to be freed yet */
	pthread_t thread;
};

/* Everything from store to call, with checks in the thread that joins. */
static void *
run_side(void *arg)
{
	struct side *s = arg;
	struct sheave_error *e = NULL;
	struct sheave_store *store = sheave_store_new(s->engine, NULL, &e);
	struct sheave_linker *linker = sheave_linker_new(store, &e);
	struct sheave_instance *in = NULL;
	struct sheave_extern x = { .kind = SHEAVE_MEMORY };
	uint64_t slots[4] = { s->arg };
	if (s->memory != NULL) {
		x.of.memory = sheave_memory_of_shared(store, s->memory, &e);
		sheave_linker_define(linker, "env", "memory", &x, &e);
	}
	atomic_store(&s->store, store);
	if (sheave_linker_instantiate(linker, s->module, &in, &e) == SHEAVE_OK)
		sheave_func_call_slots(
			sheave_instance_func(in, s->name), slots, &e);
	s->result = (uint32_t)slots[0];
	s->trap = e != NULL ? sheave_error_trap(e) : -2;
	sheave_error_free(e);
	while (atomic_load(&s->hold))
		;
	sheave_linker_free(linker);
	sheave_store_free(store);
	return NULL;
}

static void
side_start(struct side *s, const char *name, uint64_t arg)
{
	s->name = name;
	s->arg = arg;
	ck_assert_int_eq(pthread_create(&s->thread, NULL, run_side, s), 0);
}

/* Its result; nothing failed. */
static uint64_t
side_join(struct side *s)
{
	pthread_join(s->thread, NULL);
	ck_assert_int_eq(s->trap, -2);
	return s->result;
}

/* An engine, a module and a shared memory for two sides. */
struct pair {
	struct sheave_engine *engine;
	struct sheave_shared_memory *memory;
	struct sheave_module *module;
	struct side sides[2];
};

static void
pair_open(struct pair *p, const char *wat)
{
	p->engine = sheave_engine_new(NULL, NULL);
	p->memory = sheave_shared_memory_new(p->engine, 1, 4, NULL);
	p->module = sheave_module_load(p->engine, wat, strlen(wat), NULL);
	ck_assert(p->memory != NULL && p->module != NULL);
	for (int i = 0; i < 2; i++)
		p->sides[i] = (struct side){ .engine = p->engine,
			.memory = p->memory,
			.module = p->module };
}

static void
pair_close(struct pair *p)
{
	sheave_module_free(p->module);
	sheave_shared_memory_free(p->memory);
	sheave_engine_free(p->engine);
}

/* Runs both exports; the results. */
static void
pair_run(struct pair *p, const char *one, const char *two, uint64_t arg,
	uint64_t results[2])
{
	side_start(&p->sides[0], one, arg);
	side_start(&p->sides[1], two, arg);
	for (int i = 0; i < 2; i++)
		results[i] = side_join(&p->sides[i]);
}

#define MODULE "(module (import \"env\" \"memory\" (memory 1 4 shared))"

/*
 * Plain stores before an atomic one are seen after an atomic load: the reader
 * adds up what each of n messages carries.
 */
START_TEST(messages_pass)
{
	struct pair p;
	uint64_t r[2];
	pair_open(&p, MODULE
		" (func (export \"write\") (param $n i32) (result i32)"
		"  (local $i i32)"
		"  (loop $l"
		"   (local.set $i (i32.add (local.get $i) (i32.const 1)))"
		"   (i32.store (i32.const 8) (local.get $i))"
		"   (i32.atomic.store (i32.const 0) (i32.const 1))"
		"   (loop $w (br_if $w (i32.ne (i32.const 1)"
		"    (memory.atomic.wait32 (i32.const 0) (i32.const 1)"
		"     (i64.const 100000)))))"
		"   (br_if $l (i32.lt_u (local.get $i) (local.get $n))))"
		"  (local.get $i))"
		" (func (export \"read\") (param $n i32) (result i32)"
		"  (local $sum i32)"
		"  (loop $l"
		"   (loop $w (br_if $w (i32.ne (i32.const 1)"
		"    (memory.atomic.wait32 (i32.const 0) (i32.const 0)"
		"     (i64.const 100000)))))"
		"   (drop (i32.atomic.load (i32.const 0)))"
		"   (local.set $sum"
		"    (i32.add (local.get $sum) (i32.load (i32.const 8))))"
		"   (i32.atomic.store (i32.const 0) (i32.const 0))"
		"   (br_if $l (local.tee $n"
		"    (i32.sub (local.get $n) (i32.const 1)))))"
		"  (local.get $sum)))");
	pair_run(&p, "write", "read", 300, r);
	ck_assert_uint_eq(r[0], 300);
	ck_assert_uint_eq(r[1], 300 * 301 / 2);
	pair_close(&p);
}
END_TEST

/*
 * Each side stores to its place and loads the other's: at least one of them
 * sees the store.  They meet before each round, at a counter.
 */
START_TEST(stores_are_not_buffered)
{
	struct pair p;
	uint64_t r[2];
	pair_open(&p, MODULE
		" (func $meet (param $at i32) (local $n i32)"
		"  (local $seen i32)"
		"  (local.set $n (i32.and (i32.const 0x7ffffffe)"
		"   (i32.atomic.rmw.add (local.get $at) (i32.const 1))))"
		"  (loop $w"
		"   (local.set $seen (i32.atomic.load (local.get $at)))"
		"   (if (i32.lt_u (local.get $seen)"
		"    (i32.add (local.get $n) (i32.const 2)))"
		"    (then (drop (memory.atomic.wait32 (local.get $at)"
		"      (local.get $seen) (i64.const 20000))) (br $w)))))"
		" (func $side (param $n i32) (param $mine i32)"
		"  (param $other i32) (result i32) (local $zeros i32)"
		"  (loop $l"
		"   (i32.atomic.store (local.get $mine) (i32.const 0))"
		"   (call $meet (i32.const 0))"
		"   (i32.atomic.store (local.get $mine) (i32.const 1))"
		"   (i32.atomic.store offset=4 (local.get $mine)"
		"    (i32.atomic.load (local.get $other)))"
		"   (call $meet (i32.const 0))"
		"   (local.set $zeros (i32.add (local.get $zeros)"
		"    (i32.eqz (i32.or"
		"     (i32.atomic.load offset=4 (local.get $mine))"
		"     (i32.atomic.load offset=4 (local.get $other))))))"
		"   (call $meet (i32.const 0))"
		"   (br_if $l (local.tee $n"
		"    (i32.sub (local.get $n) (i32.const 1)))))"
		"  (local.get $zeros))"
		" (func (export \"one\") (param i32) (result i32)"
		"  (call $side (local.get 0) (i32.const 64) (i32.const 128)))"
		" (func (export \"two\") (param i32) (result i32)"
		"  (call $side (local.get 0) (i32.const 128)"
		"   (i32.const 64))))");
	pair_run(&p, "one", "two", 500, r);
	ck_assert_uint_eq(r[0], 0);
	ck_assert_uint_eq(r[1], 0);
	pair_close(&p);
}
END_TEST

/* One counter, whose parity says whose turn it is; n turns each. */
START_TEST(a_hundred_thousand_turns_by_wait_and_notify)
{
	struct pair p;
	uint64_t r[2];
	pair_open(&p, MODULE
		" (func $turns (param $n i32) (param $mine i32) (result i32)"
		"  (local $now i32)"
		"  (loop $l"
		"   (local.set $now (i32.atomic.load (i32.const 0)))"
		"   (if (i32.eq (i32.and (local.get $now) (i32.const 1))"
		"     (local.get $mine))"
		"    (then (drop (i32.atomic.rmw.add (i32.const 0)"
		"      (i32.const 1)))"
		"     (drop (memory.atomic.notify (i32.const 0)"
		"      (i32.const 1)))"
		"     (local.set $n (i32.sub (local.get $n) (i32.const 1))))"
		"    (else (drop (memory.atomic.wait32 (i32.const 0)"
		"     (local.get $now) (i64.const -1)))))"
		"   (br_if $l (local.get $n)))"
		"  (i32.atomic.load (i32.const 0)))"
		" (func (export \"even\") (param i32) (result i32)"
		"  (call $turns (local.get 0) (i32.const 0)))"
		" (func (export \"odd\") (param i32) (result i32)"
		"  (call $turns (local.get 0) (i32.const 1))))");
	pair_run(&p, "even", "odd", 50000, r);
	ck_assert_uint_eq(r[1], 100000);
	ck_assert(r[0] == 99999 || r[0] == 100000);
	pair_close(&p);
}
END_TEST

/* Threads add to one counter in every width; nothing is lost. */
START_TEST(sums_lose_nothing)
{
	struct pair p;
	uint64_t r[2];
	pair_open(&p, MODULE
		" (func (export \"f\") (param $n i32) (result i32)"
		"  (loop $l"
		"   (drop (i32.atomic.rmw8.add_u (i32.const 3)"
		"    (i32.const 1)))"
		"   (drop (i32.atomic.rmw16.sub_u (i32.const 18)"
		"    (i32.const 1)))"
		"   (drop (i32.atomic.rmw.add (i32.const 32)"
		"    (i32.const 0x00010001)))"
		"   (drop (i64.atomic.rmw.sub (i32.const 48)"
		"    (i64.const 0x100000001)))"
		"   (br_if $l (local.tee $n"
		"    (i32.sub (local.get $n) (i32.const 1)))))"
		"  (i32.const 0))"
		" (func (export \"g\") (param i32) (result i32)"
		"  (i32.and (i32.and"
		"   (i32.eq (i32.load (i32.const 0)) (i32.const 0xe8000000))"
		"   (i32.eq (i32.load (i32.const 16)) (i32.const 0xfc180000)))"
		"   (i32.and"
		"   (i32.eq (i32.load (i32.const 32)) (i32.const 0x03e803e8))"
		"   (i64.eq (i64.load (i32.const 48))"
		"    (i64.sub (i64.const 0) (i64.const 0x3e8000003e8)))))))");
	pair_run(&p, "f", "f", 500, r);
	side_start(&p.sides[0], "g", 0);
	ck_assert_uint_eq(side_join(&p.sides[0]), 1);
	pair_close(&p);
}
END_TEST

/*
 * What one store grows the other uses: by size, load, store and atomics, bulk
 * operations, without having called anything in between.
 */
START_TEST(growth_is_seen_by_the_other_store)
{
	struct pair p;
	uint64_t r[2];
	pair_open(&p, MODULE
		" (func (export \"grow\") (param i32) (result i32)"
		"  (drop (memory.grow (i32.const 1)))"
		"  (i32.store (i32.const 65536) (i32.const 7))"
		"  (i32.atomic.store (i32.const 0) (i32.const 1))"
		"  (memory.grow (i32.const 3)))"
		" (func (export \"use\") (param $x i32) (result i32)"
		"  (loop $w"
		"   (br_if $w (i32.eqz (i32.atomic.load (i32.const 0)))))"
		"  (local.set $x (i32.load offset=65532"
		"   (local.get $x)))"
		"  (i32.store8 (i32.const 131071) (i32.const 1))"
		"  (memory.fill (i32.const 65540) (i32.const 1)"
		"   (i32.const 65532))"
		"  (i32.add (local.get $x) (i32.mul (i32.const 10)"
		"   (memory.size)))))");
	pair_run(&p, "grow", "use", 4, r);
	ck_assert_uint_eq(r[0], UINT32_MAX);
	ck_assert_uint_eq(r[1], 27);
	pair_close(&p);
}
END_TEST

/* Beyond what it has grown to it still traps. */
START_TEST(beyond_the_new_size_is_out_of_bounds)
{
	struct pair p;
	pair_open(&p, MODULE " (func (export \"f\") (param i32) (result i32)"
			     "  (drop (memory.grow (i32.const 1)))"
			     "  (i32.load (i32.const 131069))))");
	side_start(&p.sides[0], "f", 0);
	pthread_join(p.sides[0].thread, NULL);
	ck_assert_int_eq(p.sides[0].trap, OUT_OF_BOUNDS);
	pair_close(&p);
}
END_TEST

/* The oldest waiters are woken, as many as asked for and no more. */
START_TEST(notify_counts_and_keeps_the_order)
{
	enum { N = 6 };
	struct pair p;
	struct side s[N];
	pair_open(&p, MODULE
		" (func (export \"wait\") (param $i i32) (result i32)"
		"  (local $r i32)"
		"  (drop (i32.atomic.rmw.add (i32.const 8) (i32.const 1)))"
		"  (local.set $r (memory.atomic.wait32 (i32.const 0)"
		"   (i32.const 0) (i64.const -1)))"
		"  (i32.or (local.get $r) (i32.shl (i32.const 16)"
		"   (i32.atomic.rmw.add (i32.const 12) (i32.const 1)))))"
		" (func (export \"arrived\") (param i32) (result i32)"
		"  (i32.atomic.load (i32.const 8)))"
		" (func (export \"left\") (param i32) (result i32)"
		"  (i32.atomic.load (i32.const 12)))"
		" (func (export \"notify\") (param i32) (result i32)"
		"  (memory.atomic.notify (i32.const 0) (local.get 0)))"
		" (func (export \"elsewhere\") (param i32) (result i32)"
		"  (memory.atomic.notify (i32.const 4) (local.get 0))))");
	struct timespec pause = { 0, 40000000 };
	for (uint64_t i = 0; i < N; i++) {
		s[i] = p.sides[0];
		side_start(&s[i], "wait", i);
		do {
			side_start(&p.sides[1], "arrived", 0);
		} while (side_join(&p.sides[1]) <= i);
		nanosleep(&pause, NULL);
	}
	side_start(&p.sides[1], "elsewhere", 9);
	ck_assert_uint_eq(side_join(&p.sides[1]), 0);
	for (uint64_t i = 0; i < N / 2; i++) {
		side_start(&p.sides[1], "notify", 1);
		ck_assert_uint_eq(side_join(&p.sides[1]), 1);
		ck_assert_uint_eq(side_join(&s[i]), UINT64_C(16) << i);
	}
	nanosleep(&pause, NULL);
	side_start(&p.sides[1], "left", 0);
	ck_assert_uint_eq(side_join(&p.sides[1]), N / 2);
	side_start(&p.sides[1], "notify", UINT32_MAX);
	ck_assert_uint_eq(side_join(&p.sides[1]), N - N / 2);
	for (uint64_t i = N / 2; i < N; i++)
		ck_assert_uint_eq(side_join(&s[i]) & 15, 0);
	pair_close(&p);
}
END_TEST

START_TEST(waits_time_out)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (memory 1 1 shared)"
		" (func (export \"f\") (param i64) (result i32)"
		"  (memory.atomic.wait64 (i32.const 8) (i64.const 0)"
		"   (local.get 0)))"
		" (func (export \"g\") (result i32)"
		"  (memory.atomic.wait64 (i32.const 8) (i64.const 1)"
		"   (i64.const -1))))");
	double start = seconds();
	ck_assert_uint_eq(calls(in, "g"), 1);
	ck_assert_uint_eq(calls(in, "f", UINT64_C(0)), 2);
	ck_assert_uint_eq(calls(in, "f", UINT64_C(1)), 2);
	ck_assert_uint_eq(calls(in, "f", UINT64_C(120000000)), 2);
	ck_assert(seconds() - start >= 0.12);
	world_free(&w);
}
END_TEST

/* The best of some runs, as the machine may have more to do. */
START_TEST(q210_a_wait_ends_soon)
{
	struct pair p;
	struct timespec pause = { 0, 30000000 };
	double best = 9;
	pair_open(&p,
		MODULE " (func (export \"f\") (param i32) (result i32)"
		       "  (memory.atomic.wait32 (i32.const 0) (i32.const 0)"
		       "   (i64.const -1))))");
	for (int i = 0; i < 10 && best >= 0.2; i++) {
		struct sheave_store *store;
		atomic_store(&p.sides[0].store, NULL);
		atomic_store(&p.sides[0].hold, true);
		side_start(&p.sides[0], "f", 0);
		while ((store = atomic_load(&p.sides[0].store)) == NULL)
			nanosleep(&pause, NULL);
		nanosleep(&pause, NULL);
		double start = seconds();
		sheave_store_interrupt(store);
		atomic_store(&p.sides[0].hold, false);
		pthread_join(p.sides[0].thread, NULL);
		ck_assert_int_eq(p.sides[0].trap, SHEAVE_TRAP_INTERRUPT);
		if (seconds() - start < best)
			best = seconds() - start;
	}
	ck_assert_msg(best < 0.2, "%g s", best);
	pair_close(&p);
}
END_TEST

/* Functions that nobody has called yet, of many types. */
static char *
many_functions(int n)
{
	size_t room = (size_t)n * 300 + 200, at = 0;
	char *text = malloc(room);
	at += (size_t)snprintf(text, room, "(module");
	for (int i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, room - at,
			"(func $f%d (param i32) (result i32) (i32.add"
			" (i32.const %d) (if (result i32) (local.get 0)"
			" (then (local.get 0)) (else (i32.const 0)))))",
			i, i);
	at += (size_t)snprintf(text + at, room - at,
		"(func (export \"all\") (param i32) (result i32)");
	for (int i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, room - at,
			"(local.set 0 (call $f%d (local.get 0)))", i);
	snprintf(text + at, room - at, "(local.get 0)))");
	return text;
}

/* Loads modules of its own into the engine while the other does too. */
static void *
load_types(void *arg)
{
	struct sheave_engine *e = arg;
	intptr_t failed = 0;
	for (int i = 0; i < 100; i++) {
		char text[400];
		size_t at = (size_t)snprintf(text, sizeof text,
			"(module (func (export \"f\") (result i32");
		for (int k = 0; k < i % 20; k++)
			at += (size_t)snprintf(text + at, sizeof text - at,
				" i%d", k % 3 ? 32 : 64);
		snprintf(text + at, sizeof text - at,
			") unreachable) (type (func (param f%d))))",
			i % 2 ? 32 : 64);
		struct sheave_module *m =
			sheave_module_load(e, text, strlen(text), NULL);
		struct sheave_export x;
		failed += m == NULL || !sheave_module_export(m, 0, &x);
		sheave_module_free(m);
	}
	return (void *)failed;
}

START_TEST(stores_of_one_engine_run_at_once)
{
	enum { N = 200 };
	struct pair p;
	char *text = many_functions(N);
	void *failed;
	pair_open(&p, text);
	p.sides[0].memory = p.sides[1].memory = NULL;
	for (int round = 0; round < 3; round++) {
		uint64_t r[2];
		pthread_t loader;
		pthread_create(&loader, NULL, load_types, p.engine);
		pair_run(&p, "all", "all", 5, r);
		pthread_join(loader, &failed);
		ck_assert_ptr_null(failed);
		for (int i = 0; i < 2; i++)
			ck_assert_uint_eq(r[i], 5 + N * (N - 1) / 2);
	}
	free(text);
	pair_close(&p);
}
END_TEST

START_TEST(shared_memories_through_the_api)
{
	struct world w = world_new(NULL, NULL), other = world_new(NULL, NULL);
	struct sheave_error *e = NULL;
	struct sheave_shared_memory *m =
		sheave_shared_memory_new(w.engine, 1, 3, NULL);
	ck_assert_ptr_null(sheave_shared_memory_new(w.engine, 2, 1, &e));
	ck_assert_int_eq(sheave_error_kind(e), SHEAVE_ERROR_MISUSE);
	sheave_error_free(e);
	ck_assert_ptr_null(sheave_memory_of_shared(other.store, m, &e));
	ck_assert_int_eq(sheave_error_kind(e), SHEAVE_ERROR_MISUSE);
	sheave_error_free(e);
	struct sheave_memory *mine = sheave_memory_of_shared(w.store, m, NULL);
	struct sheave_shared_memory *again = sheave_memory_shared(mine, NULL);
	sheave_shared_memory_free(m);
	struct sheave_store *second = sheave_store_new(w.engine, NULL, NULL);
	struct sheave_memory *theirs =
		sheave_memory_of_shared(second, again, NULL);
	ck_assert_ptr_eq(sheave_memory_data(mine), sheave_memory_data(theirs));
	uint64_t old;
	ck_assert(sheave_memory_grow(mine, 2, &old, NULL));
	ck_assert_uint_eq(old, 1);
	ck_assert_uint_eq(sheave_memory_bytes(theirs), 3 * 65536);
	ck_assert(!sheave_memory_grow(theirs, 1, NULL, NULL));
	struct sheave_memory *alone =
		sheave_memory_new(w.store, 1, 1, true, NULL);
	ck_assert_ptr_null(sheave_memory_shared(alone, &e));
	ck_assert_int_eq(sheave_error_kind(e), SHEAVE_ERROR_MISUSE);
	sheave_error_free(e);
	sheave_store_free(second);
	sheave_shared_memory_free(again);
	world_free(&w);
	world_free(&other);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, messages_pass);
	tcase_add_test(t, stores_are_not_buffered);
	tcase_add_test(t, a_hundred_thousand_turns_by_wait_and_notify);
	tcase_add_test(t, sums_lose_nothing);
	tcase_add_test(t, growth_is_seen_by_the_other_store);
	tcase_add_test(t, beyond_the_new_size_is_out_of_bounds);
	tcase_add_test(t, notify_counts_and_keeps_the_order);
	tcase_add_test(t, waits_time_out);
	tcase_add_test(t, stores_of_one_engine_run_at_once);
	tcase_add_test(t, shared_memories_through_the_api);
#define ELSEWHERE(number, where)
#define LATER(number, feature)
#define NEVER(number, reason)
#define TESTED(number, file, test) TESTED_##file(test)
#define TESTED_trap(test)
#define TESTED_frame(test)
#define TESTED_host(test)
#define TESTED_stop(test)
#define TESTED_process(test)
#define TESTED_except(test)
#define TESTED_thread(test) tcase_add_test(t, test);
#include "host/acceptance.def"
}

int
main(void)
{
	return accept_run("thread", add);
}
