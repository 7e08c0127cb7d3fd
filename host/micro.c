/*
 * What one crossing costs, in nanoseconds of processor time: calls between host
 * and guest, traps to the host, an overflow.  Run it beside a peer's program of
 * the same loops; alone the numbers mean little.  With the argument "jit" the
 * guest is compiled; a function that throws too much for the compiler
 * stays interpreted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/micro_fault.h"
#include "host/sheave.h"

static const char source[] =
	"(module"
	" (import \"env\" \"nop\" (func $nop))"
	" (import \"env\" \"add\" (func $add (param i32 i32) (result i32)))"
	" (memory 1 1)"
	" (global $depth (mut i32) (i32.const 0))"
	" (table funcref (elem $sum $sum2))"
	" (type $two (func (param i32 i32) (result i32)))"
	" (func (export \"nop\"))"
	" (func $sum (export \"sum\") (type $two)"
	"  (i32.add (local.get 0) (local.get 1)))"
	" (func $sum2 (type $two)"
	"  (i32.add (i32.add (local.get 0) (local.get 1)) (i32.const 1)))"
	" (func (export \"unreachable\") unreachable)"
	" (func (export \"divide\") (param i32) (result i32)"
	"  (i32.div_s (i32.const 1) (local.get 0)))"
	" (func (export \"load\") (param i32) (result i32)"
	"  (i32.load (local.get 0)))"
	" (func $deep (export \"deep\") (param i32) (result i32)"
	"  (if (result i32) (i32.eqz (local.get 0)) (then unreachable)"
	"   (else (i32.add (i32.const 1)"
	"    (call $deep (i32.sub (local.get 0) (i32.const 1)))))))"
	" (func (export \"loop\") (param i32) (result i32) (local i32)"
	"  (loop $l"
	"   (local.set 1 (i32.add (local.get 1) (local.get 0)))"
	"   (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))"
	"  (local.get 1))"
	" (func (export \"loop nop\") (param i32)"
	"  (loop $l (call $nop)"
	"   (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))"
	" (func (export \"loop add\") (param i32) (result i32) (local i32)"
	"  (loop $l"
	"   (local.set 1 (call $add (local.get 1) (local.get 0)))"
	"   (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))"
	"  (local.get 1))"
	" (func (export \"loop sum\") (param i32) (result i32) (local i32)"
	"  (loop $l"
	"   (local.set 1 (call $sum (local.get 1) (local.get 0)))"
	"   (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))"
	"  (local.get 1))"
	" (func (export \"loop indirect\") (param i32) (result i32) (local i32)"
	"  (loop $l"
	"   (local.set 1 (call_indirect (type $two) (local.get 1) (local.get 0)"
	"    (i32.and (local.get 0) (i32.const 1))))"
	"   (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))"
	"  (local.get 1))"
	" (tag $much (param v128 v128 v128 v128 v128 v128 v128 v128 v128"
	"  v128 v128 v128 v128 v128 v128 v128 v128))"
	" (func $many (result v128 v128 v128 v128 v128 v128 v128 v128 v128"
	"  v128 v128 v128 v128 v128 v128 v128 v128)"
	"  (loop) unreachable)"
	" (func $interpreted (type $two)"
	"  (if (i32.eq (local.get 0) (i32.const -9))"
	"   (then (call $many) (throw $much)))"
	"  (i32.add (local.get 0) (local.get 1)))"
	" (func (export \"loop interpreted\") (param i32) (result i32)"
	"  (local i32)"
	"  (loop $l"
	"   (local.set 1 (call $interpreted (local.get 1) (local.get 0)))"
	"   (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))"
	"  (local.get 1))"
	" (func (export \"interpreted loop\") (param i32) (result i32)"
	"  (local i32)"
	"  (if (i32.eq (local.get 0) (i32.const -9))"
	"   (then (call $many) (throw $much)))"
	"  (loop $l"
	"   (local.set 1 (call $sum (local.get 1) (local.get 0)))"
	"   (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))"
	"  (local.get 1))"
	" (func $recurse (export \"recurse\") (param i32) (result i32)"
	"  (global.set $depth (i32.add (global.get $depth) (i32.const 1)))"
	"  (i32.add (i32.const 1)"
	"   (call $recurse (i32.add (local.get 0) (i32.const 1)))))"
	" (tag $t (param i32))"
	" (func $throw (param i32) (result i32)"
	"  (if (result i32) (local.get 0)"
	"   (then (i32.add (i32.const 1)"
	"    (call $throw (i32.sub (local.get 0) (i32.const 1)))))"
	"   (else (throw $t (i32.const 1)))))"
	" (func $loop-throw (param i32 i32) (result i32) (local i32)"
	"  (loop $l"
	"   (block $h (result i32)"
	"    (try_table (result i32) (catch $t $h) (call $throw (local.get "
	"1))))"
	"   (local.set 2 (i32.add (local.get 2)))"
	"   (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))"
	"  (local.get 2))"
	" (func (export \"loop throw\") (param i32) (result i32)"
	"  (call $loop-throw (local.get 0) (i32.const 0)))"
	" (func (export \"loop throw 10 up\") (param i32) (result i32)"
	"  (call $loop-throw (local.get 0) (i32.const 9)))"
	" (func (export \"loop return 10 up\") (param i32) (result i32)"
	"  (local i32)"
	"  (loop $l (local.set 1 (call $back (i32.const 9)))"
	"   (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))"
	"  (local.get 1))"
	" (func $back (param i32) (result i32)"
	"  (if (result i32) (local.get 0)"
	"   (then (i32.add (i32.const 1)"
	"    (call $back (i32.sub (local.get 0) (i32.const 1)))))"
	"   (else (i32.const 1))))"
	" (func (export \"depth\") (result i32)"
	"  (global.get $depth) (global.set $depth (i32.const 0))))";

/* What happens below many frames. */
static const char deep_source[] =
	"(module (import \"env\" \"stamp\" (func $stamp))"
	" (func $trap (export \"trap\") (param i32) (result i32)"
	"  (if (result i32) (local.get 0)"
	"   (then (i32.add (i32.const 1)"
	"    (call $trap (i32.sub (local.get 0) (i32.const 1)))))"
	"   (else (call $stamp) unreachable)))"
	" (tag $t (param i32))"
	" (func $throw (param i32) (result i32)"
	"  (if (local.get 0) (then (throw $t (i32.const 1)))) (i32.const 0))"
	" (func $loop (param i32) (result i32) (local i32)"
	"  (loop $l"
	"   (block $h (result i32)"
	"    (try_table (result i32) (catch $t $h)"
	"     (call $throw (local.get 0))))"
	"   (local.set 1 (i32.add (local.get 1)))"
	"   (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))"
	"  (local.get 1))"
	" (func $throws (export \"throws\") (param i32 i32) (result i32)"
	"  (if (result i32) (local.get 0)"
	"   (then (call $throws (i32.sub (local.get 0) (i32.const 1))"
	"    (local.get 1)))"
	"   (else (call $loop (local.get 1))))))";

static enum sheave_result
host_nop(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	(void)env;
	(void)caller;
	(void)slots;
	return SHEAVE_OK;
}

static enum sheave_result
host_add(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	(void)env;
	(void)caller;
	slots[0] = (uint32_t)(slots[0] + slots[1]);
	return SHEAVE_OK;
}

static double
now(void)
{
	return (double)clock() * (1e9 / CLOCKS_PER_SEC);
}

static double
wall(void)
{
	struct timespec t;
	timespec_get(&t, TIME_UTC);
	return 1e9 * (double)(t.tv_sec % 1000000) + (double)t.tv_nsec;
}

/* Notes when it was called. */
static enum sheave_result
host_stamp(void *env, struct sheave_caller *caller, uint64_t *slots)
{
	double *at = env;
	(void)caller;
	(void)slots;
	*at = wall();
	return SHEAVE_OK;
}

static void
check(struct sheave_error *error)
{
	char text[256];
	if (error == NULL)
		return;
	sheave_error_format(error, text, sizeof text);
	fprintf(stderr, "micro: %s\n", text);
	exit(1);
}

/* Calls the export n times with the argument; a trap is what should happen. */
static void
calls(struct sheave_instance *in, const char *export, uint32_t argument,
	uint32_t n, const char *label)
{
	struct sheave_func *f = sheave_instance_func(in, export);
	uint64_t slots[2] = { 0 };
	double start = now();
	for (uint32_t i = 0; i < n; i++) {
		slots[0] = argument;
		slots[1] = i;
		sheave_func_call_slots(f, slots, NULL);
	}
	printf("%-24s %10.2f\n", label, (now() - start) / n);
}

/* What "trap load" is compared with where it comes by a fault. */
static void
faults(uint32_t n)
{
	double start = now();
	if (micro_fault(n))
		printf("%-24s %10.2f\n", "fault, empty handler",
			(now() - start) / n);
}

/* The same with an error each time, which is dropped. */
static void
errors(struct sheave_instance *in, const char *export, uint32_t n,
	const char *label)
{
	struct sheave_func *f = sheave_instance_func(in, export);
	uint64_t slots[2] = { 0 };
	struct sheave_error *error = NULL;
	double start = now();
	for (uint32_t i = 0; i < n; i++) {
		sheave_func_call_slots(f, slots, &error);
		sheave_error_free(error);
	}
	printf("%-24s %10.2f\n", label, (now() - start) / n);
}

/* One call of a loop of n rounds. */
static void
loop(struct sheave_instance *in, const char *export, uint32_t n)
{
	struct sheave_func *f = sheave_instance_func(in, export);
	uint64_t slots[1] = { n };
	double start = now();
	sheave_func_call_slots(f, slots, NULL);
	printf("%-24s %10.2f\n", export, (now() - start) / n);
}

/* From a trap below so many frames to the host, the least of n; in it is what
 * looking at the clock costs. */
static void
unwinds(struct sheave_instance *in, const double *at, uint32_t depth,
	uint32_t n)
{
	struct sheave_func *f = sheave_instance_func(in, "trap");
	double best = 1e9;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t slots[1] = { depth };
		sheave_func_call_slots(f, slots, NULL);
		double took = wall() - *at;
		best = took < best ? took : best;
	}
	printf("trap under %-13u %10.2f\n", depth, best);
}

/* Throws that are caught at once, below so many frames. */
static void
throws(struct sheave_instance *in, uint32_t depth, uint32_t n)
{
	struct sheave_func *f = sheave_instance_func(in, "throws");
	uint64_t slots[2] = { depth, n };
	double start = now();
	sheave_func_call_slots(f, slots, NULL);
	printf("throw under %-12u %10.2f\n", depth, (now() - start) / n);
}

static void
measure(struct sheave_instance *in)
{
	calls(in, "nop", 0, 10000000, "host -> guest");
	calls(in, "sum", 1, 10000000, "host -> guest, add");
	loop(in, "loop", 10000000);
	loop(in, "loop nop", 10000000);
	loop(in, "loop add", 10000000);
	loop(in, "loop sum", 10000000);
	loop(in, "loop indirect", 10000000);
	loop(in, "loop interpreted", 10000000);
	loop(in, "interpreted loop", 10000000);
	loop(in, "loop throw", 1000000);
	loop(in, "loop throw 10 up", 1000000);
	loop(in, "loop return 10 up", 1000000);
	calls(in, "unreachable", 0, 1000000, "trap unreachable");
	calls(in, "divide", 0, 1000000, "trap divide");
	calls(in, "load", 1 << 20, 1000000, "trap load");
	errors(in, "unreachable", 1000000, "trap and its error");
	calls(in, "deep", 100, 100000, "trap 100 deep");
	calls(in, "recurse", 0, 100, "overflow");
	calls(in, "depth", 0, 1, "(reading the depth)");
}

static void
measure_deep(struct sheave_instance *in, const double *at)
{
	unwinds(in, at, 10, 10000);
	unwinds(in, at, 20000, 100);
	throws(in, 10, 1000000);
	throws(in, 20000, 1000000);
}

static struct sheave_instance *
instance(struct sheave_engine *engine, struct sheave_linker *linker,
	const char *text, size_t len)
{
	struct sheave_error *error = NULL;
	struct sheave_instance *in = NULL;
	struct sheave_module *m = sheave_module_load(engine, text, len, &error);
	check(error);
	sheave_linker_instantiate(linker, m, &in, &error);
	check(error);
	sheave_module_free(m);
	return in;
}

int
main(int argc, char **argv)
{
	struct sheave_error *error = NULL;
	struct sheave_config config = { .signals = true };
	if (argc > 1 && strcmp(argv[1], "jit") == 0) {
		config.jit = SHEAVE_JIT_EAGER;
		faults(1000000);
	}
	struct sheave_engine *engine = sheave_engine_new(&config, &error);
	check(error);
	/* a recursion of 30 000: the frame takes 5 slots of 8 bytes */
	struct sheave_limits limits = { .stack_bytes = 30000 * 5 * 8 };
	struct sheave_store *store = sheave_store_new(engine, &limits, &error);
	check(error);
	sheave_store_set_max_frames(store, 0);
	struct sheave_linker *linker = sheave_linker_new(store, &error);
	check(error);
	sheave_linker_func_slots(
		linker, "env", "nop", ":", host_nop, NULL, NULL, &error);
	sheave_linker_func_slots(
		linker, "env", "add", "ii:i", host_add, NULL, NULL, &error);
	check(error);
	double at = 0;
	sheave_linker_func_slots(
		linker, "env", "stamp", ":", host_stamp, &at, NULL, &error);
	check(error);
	measure(instance(engine, linker, source, sizeof source - 1));
	measure_deep(
		instance(engine, linker, deep_source, sizeof deep_source - 1),
		&at);
	sheave_linker_free(linker);
	sheave_store_free(store);
	sheave_engine_free(engine);
	return 0;
}
