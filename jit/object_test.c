/*
 * Both tiers give the same for instructions on references, structures and
 * arrays: each kind of value against each type, each storage type, indices
 * within and beyond.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "interp/interp.h"
#include "interp/loop.h"
#include "jit/jit.h"
#include "spec/engine.h"
#include "spec/link.h"
#include "spec/module.h"
#include "spec/ref.h"
#include "spec/store.h"
#include "spec/text.h"
#include "trap/alloc.h"
#include "trap/arena.h"
#include "trap/error.h"

enum { TEXT = 1 << 20, SLOTS = 8, FUEL = 1000000 };

static char text[TEXT];
static size_t len;

#define add(...) (len += (size_t)snprintf(text + len, TEXT - len, __VA_ARGS__))

struct world {
	struct engine engine;
	struct arena arena;
	struct store *store;
	struct instance *in;
};

static bool fuel;

static void
open_world(struct world *w, enum jit_mode mode)
{
	const struct jit_config config = { .mode = mode };
	struct error error;
	uint8_t *bytes;
	size_t n;
	error_clear(&error);
	ck_assert(engine_init(&w->engine, &alloc_default));
	w->engine.fuel = fuel;
	w->engine.gc_stress = true;
	interp_install(&w->engine);
	ck_assert(mode == JIT_off || jit_install(&w->engine, &config));
	arena_init(&w->arena, &alloc_default);
	ck_assert_msg(text_module(text, len, &w->arena, &bytes, &n, &error),
		"%s", error.text);
	struct module *m = module_load(&w->engine, bytes, n, &error);
	ck_assert_msg(m != NULL, "%s", error.text);
	w->store = store_new(&w->engine, NULL);
	ck_assert_ptr_nonnull(w->store);
	w->in = instance_new(w->store, m, NULL, &error);
	ck_assert_msg(w->in != NULL, "%s", error.text);
	module_release(m);
}

static void
close_world(struct world *w)
{
	store_free(w->store);
	arena_free(&w->arena);
	engine_free(&w->engine);
}

/* A world of either tier. */
static struct world worlds[2];
static uint64_t ncalls, ncompiled;

static void
open_worlds(void)
{
	ncalls = ncompiled = 0;
	open_world(&worlds[0], JIT_off);
	open_world(&worlds[1], JIT_eager);
}

/* All that was called was compiled. */
static void
close_worlds(void)
{
	ck_assert_uint_eq(ncalls, ncompiled);
	close_world(&worlds[1]);
	close_world(&worlds[0]);
}

/* What a function ended with: its result, or its trap. */
static uint64_t
outcome(struct world *w, uint32_t f, const uint64_t *args)
{
	union slot slots[SLOTS];
	const struct functype *t = module_func_type(w->in->module, f);
	for (int i = 0; i < SLOTS; i++)
		slots[i].u64 = args[i];
	w->store->ctx.fuel = FUEL;
	if (func_call(w->store, instance_func(w->in, f), slots) != STATUS_done)
		return (uint64_t)w->store->ctx.pending.trap << 32;
	return t->nresults == 0 ? 0 : slot_i32(slots[0]);
}

/* Calls function f of both, which must agree. */
static void
agree(uint32_t f, uint64_t a, uint64_t b, uint64_t c)
{
	const uint64_t args[SLOTS] = { a, b, c };
	struct func *second = instance_func(worlds[1].in, f);
	uint64_t one = outcome(&worlds[0], f, args);
	uint64_t two = outcome(&worlds[1], f, args);
	ncompiled += second->cells == &loop_tables()->cells[CELL_native];
	ncalls++;
	ck_assert_msg(one == two,
		"function %u of %llx %llx %llx: %llx, compiled %llx", f,
		(long long)a, (long long)b, (long long)c, (long long)one,
		(long long)two);
}

/* Casts */

static const char *const heap_types[] = { "any", "eq", "i31", "struct", "array",
	"none", "$s", "$t", "$u", "$end", "$other", "$bytes", "$refs" };

static const char *const sources[] = { "any", "eq", "struct", "$s", "array" };

/* Element i of the table, as the source type. */
static void
add_value(const char *source)
{
	if (strcmp(source, "any") != 0)
		add("(ref.cast (ref null %s) ", source);
	add("(table.get (local.get 0))");
	if (strcmp(source, "any") != 0)
		add(")");
}

static bool
below(const char *source, const char *type)
{
	bool structure = type[0] == '$' && strcmp(type, "$bytes") != 0 &&
			 strcmp(type, "$refs") != 0;
	if (strcmp(source, "any") == 0 || strcmp(source, type) == 0)
		return true;
	if (strcmp(source, "eq") == 0)
		return strcmp(type, "any") != 0;
	if (strcmp(source, "struct") == 0)
		return structure;
	if (strcmp(source, "array") == 0)
		return strcmp(type, "$bytes") == 0 ||
		       strcmp(type, "$refs") == 0;
	return structure && strcmp(type, "$other") != 0;
}

static void
add_casts(const char *source, const char *type, const char *null)
{
	add("(func (param i32) (result i32) (ref.test (ref %s %s) ", null,
		type);
	add_value(source);
	add("))\n(func (param i32) (result i32) (ref.is_null "
	    "(ref.cast (ref %s %s) ",
		null, type);
	add_value(source);
	add(")))\n(func (param i32) (result i32) (if (result i32)"
	    " (ref.test (ref %s %s) ",
		null, type);
	add_value(source);
	add(") (then (i32.const 5)) (else (i32.const 6))))\n");
	if (!below(source, type))
		return;
	for (int fail = 0; fail < 2; fail++) {
		add("(func (param i32) (result i32) (block $l (result"
		    " (ref null %s)) (br_on_cast%s $l (ref null %s)"
		    " (ref %s %s) ",
			source, fail ? "_fail" : "", source, null, type);
		add_value(source);
		add(") (return (i32.add (ref.is_null) (i32.const 2)))) "
		    "(ref.is_null))\n");
	}
}

START_TEST(casts_agree)
{
	len = 0;
	add("(module\n"
	    "(type $s (sub (struct (field i32))))\n"
	    "(type $t (sub $s (struct (field i32) (field i64))))\n"
	    "(type $u (sub $t (struct (field i32) (field i64))))\n"
	    "(type $end (sub final $u (struct (field i32) (field i64))))\n"
	    "(type $other (sub (struct (field (mut f32)))))\n"
	    "(type $bytes (array (mut i8)))\n"
	    "(type $refs (sub (array anyref)))\n"
	    "(table 12 anyref)\n"
	    "(func (param externref)\n"
	    "(table.set (i32.const 10)"
	    " (any.convert_extern (local.get 0)))\n"
	    "(table.set (i32.const 1) (ref.i31 (i32.const 0)))\n"
	    "(table.set (i32.const 2) (ref.i31 (i32.const -2)))\n"
	    "(table.set (i32.const 3) (struct.new_default $s))\n"
	    "(table.set (i32.const 4) (struct.new_default $t))\n"
	    "(table.set (i32.const 5) (struct.new_default $u))\n"
	    "(table.set (i32.const 6) (struct.new_default $end))\n"
	    "(table.set (i32.const 7) (struct.new_default $other))\n"
	    "(table.set (i32.const 8) (array.new_default $bytes (i32.const "
	    "3)))\n"
	    "(table.set (i32.const 9) (array.new_default $refs (i32.const "
	    "0)))\n"
	    ")\n");
	for (size_t s = 0; s < sizeof sources / sizeof *sources; s++)
		for (size_t i = 0; i < sizeof heap_types / sizeof *heap_types;
			i++) {
			add_casts(sources[s], heap_types[i], "");
			add_casts(sources[s], heap_types[i], "null");
		}
	add(")");
	open_worlds();
	agree(0, ref_of_host(77).u64, 0, 0);
	for (uint32_t f = 1; f < worlds[0].in->module->nfuncs; f++)
		for (unsigned i = 0; i < 12; i++)
			agree(f, i, 0, 0);
	close_worlds();
}
END_TEST

/* Fields and elements */

static const char *const storage_types[] = { "i8", "i16", "i32", "i64", "f32",
	"f64", "v128", "anyref" };

/* What makes a value of the storage type from the i64 $v. */
static const char *const makes[] = { "(i32.wrap_i64 (local.get $v))",
	"(i32.wrap_i64 (local.get $v))", "(i32.wrap_i64 (local.get $v))",
	"(local.get $v)", "(f32.reinterpret_i32 (i32.wrap_i64 (local.get $v)))",
	"(f64.reinterpret_i64 (local.get $v))", "(i64x2.splat (local.get $v))",
	"(ref.i31 (i32.wrap_i64 (local.get $v)))" };

/* What makes an i32 of such a value, around it. */
static const char *const takes[] = { "(", "(", "(", "(i32.wrap_i64 (",
	"(i32.reinterpret_f32 (", "(i32.wrap_i64 (i64.reinterpret_f64 (",
	"(i32x4.extract_lane 2 (", "(i31.get_s (ref.cast i31ref (" };
static const char *const ends[] = { ")", ")", ")", "))", "))", ")))", "))",
	")))" };

enum { NTYPES = sizeof storage_types / sizeof *storage_types };

static void
add_fields(int k, int first)
{
	for (int sign = 0; sign < 3; sign++) {
		static const char *const signs[] = { "", "_s", "_u" };
		if ((k < 2) != (sign != 0))
			continue;
		int field = first + k;
		/* written, then read from elsewhere; read at once */
		add("(func (param $n i32) (param $v i64) (result i32)"
		    " (struct.set $all %d (table.get $structs (local.get $n))"
		    " %s) %sstruct.get%s $all %d (table.get $structs"
		    " (local.get $n))%s)\n",
			field, makes[k], takes[k], signs[sign], field, ends[k]);
		add("(func (param $n i32) (param $v i64) (result i32)"
		    " (local $s (ref null $all))"
		    " (local.set $s (table.get $structs (local.get $n)))"
		    " (struct.set $all %d (local.get $s) %s)"
		    " %sstruct.get%s $all %d (local.get $s)%s)\n",
			field, makes[k], takes[k], signs[sign], field, ends[k]);
		add("(func (param $n i32) (param $v i64) (result i32)"
		    "%sstruct.get%s $all %d (table.get $structs"
		    " (local.get $n))%s)\n",
			takes[k], signs[sign], field, ends[k]);
		/* by a variable, and by a constant */
		for (int constant = 0; constant < 2; constant++) {
			const char *at =
				constant ? "(i32.const 2)" : "(local.get $i)";
			add("(func (param $n i32) (param $v i64) (param $i i32)"
			    " (result i32) (array.set $a%d (table.get $arrays%d"
			    " (local.get $n)) %s %s)"
			    " %sarray.get%s $a%d (table.get $arrays%d"
			    " (local.get $n)) %s%s)\n",
				k, k, at, makes[k], takes[k], signs[sign], k, k,
				at, ends[k]);
		}
	}
}

/* Of constants the low bits are stored, in memories too. */
static void
add_constants(void)
{
	for (int k = 0; k < 3; k++)
		add("(func (param $n i32) (param $v i64) (result i32)"
		    " (struct.set $all %d (table.get $structs (i32.const 1))"
		    " (i32.const 0x12348d%d)) (i32.const 0))\n",
			k, k);
	add("(memory 1) (func (param $n i32) (param $v i64) (result i32)"
	    " (i32.store (i32.const 0) (i32.const 0x89abcdef))"
	    " (i32.store16 (i32.const 1) (i32.const 0x12345678))"
	    " (i32.store8 (i32.const 2) (i32.const 0x12345678))"
	    " (i32.load (i32.const 0)))\n");
}

START_TEST(parts_agree)
{
	static const uint64_t values[] = { 0, 1, 0x7f, 0x80, 0xffff8000,
		0x3fffffff, 0x40000000, UINT64_MAX, 0x8081828384858687 };
	len = 0;
	add("(module (type $all (struct");
	for (int twice = 0; twice < 2; twice++)
		for (int k = 0; k < NTYPES; k++)
			add(" (field (mut %s))", storage_types[k]);
	add("))\n(table $structs 2 (ref null $all))\n");
	for (int k = 0; k < NTYPES; k++)
		add("(type $a%d (array (mut %s))) (table $arrays%d 2"
		    " (ref null $a%d))\n",
			k, storage_types[k], k, k);
	add("(func (table.set $structs (i32.const 1)"
	    " (struct.new_default $all))\n");
	for (int k = 0; k < NTYPES; k++)
		add("(table.set $arrays%d (i32.const 1)"
		    " (array.new_default $a%d (i32.const %d)))\n",
			k, k, 3 + k);
	add(")\n");
	for (int twice = 0; twice < 2; twice++)
		for (int k = 0; k < NTYPES; k++)
			add_fields(k, twice * NTYPES);
	add_constants();
	add(")");
	open_worlds();
	agree(0, 0, 0, 0);
	for (int round = 0; round < 2; round++)
		for (uint32_t f = 1; f < worlds[0].in->module->nfuncs; f++)
			for (size_t v = 0; v < sizeof values / sizeof *values;
				v++)
				for (unsigned i = 0; i < 12; i += 1 + i % 3)
					agree(f, i != 3, values[v],
						i < 11 ? i : UINT32_MAX);
	close_worlds();
}
END_TEST

/* New arrays and what moves many elements */

static void
add_bulk(int k)
{
	/* the sum of an array's elements, by their bits */
	add("(func $sum%d (param $a (ref null $a%d)) (result i32)"
	    " (local $i i32) (local $h i32) (loop $l"
	    " (if (i32.lt_u (local.get $i) (array.len (local.get $a)))"
	    " (then (local.set $h (i32.add (i32.mul (local.get $h)"
	    " (i32.const 31)) %sarray.get%s $a%d (local.get $a)"
	    " (local.get $i)%s))"
	    " (local.set $i (i32.add (local.get $i) (i32.const 1)))"
	    " (br $l)))) (i32.add (local.get $h) (local.get $i)))\n",
		k, k, takes[k], k < 2 ? "_s" : "", k, ends[k]);
	add("(func (param $n i32) (param $v i64) (param $i i32) (result i32)"
	    " (call $sum%d (array.new $a%d %s (local.get $n))))\n",
		k, k, makes[k]);
	add("(func (param $n i32) (param $v i64) (param $i i32) (result i32)"
	    " (call $sum%d (array.new $a%d %s (i32.const 4))))\n",
		k, k, makes[k]);
	if (k != NTYPES - 1)
		add("(func (param $n i32) (param $v i64) (param $i i32)"
		    " (result i32) (call $sum%d (array.new_data $a%d $d"
		    " (local.get $i) (local.get $n))))\n",
			k, k);
	add("(func (param $n i32) (param $v i64) (param $i i32) (result i32)"
	    " (global.set $g%d (array.new_fixed $a%d 3 %s %s %s))"
	    " (array.fill $a%d (global.get $g%d) (local.get $i) %s"
	    " (local.get $n)) (call $sum%d (global.get $g%d)))\n",
		k, k, makes[k], makes[k], makes[k], k, k, makes[k], k, k);
	add("(func (param $n i32) (param $v i64) (param $i i32) (result i32)"
	    " (array.copy $a%d $a%d (global.get $g%d) (local.get $i)"
	    " (global.get $g%d) (local.get $n) (i32.const 1))"
	    " (call $sum%d (global.get $g%d)))\n",
		k, k, k, k, k, k);
}

START_TEST(arrays_agree)
{
	len = 0;
	add("(module (data $d \"0123456789abcdefghijklmnopqrstuv0123456789\")"
	    " (elem $e anyref (ref.i31 (i32.const 7)) (ref.null any))\n");
	for (int k = 0; k < NTYPES; k++)
		add("(type $a%d (array (mut %s)))"
		    " (global $g%d (mut (ref null $a%d)) (ref.null $a%d))\n",
			k, storage_types[k], k, k, k);
	for (int k = 0; k < NTYPES - 1; k++)
		add_bulk(k);
	add("(func (param $n i32) (param $v i64) (param $i i32) (result i32)"
	    " (global.set $g%d (array.new_elem $a%d $e (local.get $i)"
	    " (local.get $n))) (array.len (global.get $g%d)))\n",
		NTYPES - 1, NTYPES - 1, NTYPES - 1);
	add("(func (param $n i32) (param $v i64) (param $i i32) (result i32)"
	    " (array.init_elem $a%d $e (global.get $g%d) (local.get $i)"
	    " (i32.const 0) (local.get $n))"
	    " (array.init_data $a3 $d (global.get $g3) (local.get $i)"
	    " (i32.const 1) (local.get $n)) (i32.const 1))\n",
		NTYPES - 1, NTYPES - 1);
	add(")");
	open_worlds();
	for (uint32_t f = 0; f < worlds[0].in->module->nfuncs; f++) {
		if (module_func_type(worlds[0].in->module, f)->nparams != 3)
			continue;
		for (unsigned n = 0; n < 6; n++)
			for (unsigned i = 0; i < 5; i++)
				agree(f, n, 0x8081828384858687, i);
		agree(f, UINT32_MAX, 1, 0);
	}
	close_worlds();
}
END_TEST

/* What is in registers while objects are made stays there, and references are
 * found. */
START_TEST(values_live_over_allocation)
{
	len = 0;
	add("(module (type $s (sub (struct (field i32) (field anyref))))"
	    " (type $a (array i32))"
	    " (func $sum (param $x anyref) (result i32)"
	    " (if (result i32) (ref.test (ref $a) (local.get $x)) (then"
	    " (array.get $a (ref.cast (ref $a) (local.get $x))"
	    " (i32.const 1))) (else (i32.add (struct.get $s 0 (ref.cast"
	    " (ref $s) (local.get $x))) (struct.get $s 0 (ref.cast (ref $s)"
	    " (struct.get $s 1 (ref.cast (ref $s) (local.get $x)))))))))"
	    " (func (param $n i32) (param $f f64) (param $l i64)"
	    " (result i32) (local $v v128) (local $g f32)");
	for (int i = 0; i < 16; i++)
		add(" (local $r%d anyref) (local $i%d i32)", i, i);
	add(" (local.set $v (i64x2.splat (local.get $l)))"
	    " (local.set $g (f32.demote_f64 (local.get $f)))");
	for (int i = 0; i < 16; i++)
		add(" (local.set $r%d (struct.new $s (i32.const %d)"
		    " (struct.new $s (local.get $n) (ref.null any))))"
		    " (local.set $i%d (i32.mul (local.get $n)"
		    " (i32.const %d)))",
			i, i, i, i + 3);
	add(" (loop $loop (local.set $r3 (array.new_fixed $a 2"
	    " (local.get $i4) (local.get $n)))");
	for (int i = 0; i < 16; i++)
		add(" (local.set $i%d (i32.add (local.get $i%d)"
		    " (local.get $i%d)))",
			i, i, (i + 5) % 16);
	add(" (local.set $f (f64.add (local.get $f) (f64.const 1)))"
	    " (local.set $v (i32x4.add (local.get $v) (local.get $v)))"
	    " (local.set $r7 (struct.new $s (local.get $n)"
	    " (local.get $r8)))"
	    " (br_if $loop (local.tee $n (i32.sub (local.get $n)"
	    " (i32.const 1)))))");
	for (int i = 0; i < 16; i++)
		add(" (local.set $n (i32.add (i32.mul (local.get $n)"
		    " (i32.const 7)) (i32.add (local.get $i%d)"
		    " (call $sum (local.get $r%d)))))",
			i, i);
	add(" (i32.add (local.get $n) (i32.add (i32x4.extract_lane 1"
	    " (local.get $v)) (i32.add (i32.trunc_sat_f64_s (local.get $f))"
	    " (i32.reinterpret_f32 (local.get $g)))))))");
	open_worlds();
	for (unsigned n = 1; n < 20; n++)
		agree(1, n, 0x4040404040404040 + n, 0x123456789abcdef0);
	close_worlds();
}
END_TEST

/* Parts of objects are operands in memory. */
START_TEST(merged_parts_agree)
{
	static const char *const bodies[] = {
		"(i32.add (local.get $i) (struct.get $s 0 (global.get $s)))",
		"(i32.sub (local.get $i) (struct.get $s 0 (global.get $s)))",
		"(i32.mul (array.get $a (global.get $a) (local.get $i))"
		" (local.get $i))",
		"(i32.lt_s (array.get $a (global.get $a) (local.get $i))"
		" (i32.const 70))",
		"(i32.gt_u (local.get $i) (struct.get $s 0 (global.get $s)))",
		"(if (result i32) (ref.is_null (struct.get $s 2"
		" (global.get $s))) (then (i32.const 1)) (else (i32.const "
		"2)))",
		"(ref.eq (struct.get $s 3 (global.get $s)) (global.get $s))",
		"(ref.eq (struct.get $s 2 (global.get $s))"
		" (ref.i31 (i32.const 5)))",
		"(i32.wrap_i64 (i64.xor (struct.get $s 1 (global.get $s))"
		" (i64.extend_i32_u (local.get $i))))",
		"(i32.trunc_sat_f64_s (f64.mul (f64.convert_i32_s"
		" (local.get $i)) (struct.get $s 4 (global.get $s))))",
		"(f32.lt (f32.convert_i32_s (local.get $i))"
		" (struct.get $s 5 (global.get $s)))",
		/* a test beside a load that others use */
		"(local.set $i (i32.trunc_sat_f64_s (f64.load (i32.const 0))))"
		" (if (result i32) (ref.test (ref $s) (global.get $any))"
		" (then (local.get $i)) (else (i32.const 9)))",
	};
	len = 0;
	add("(module (memory 1) (data (i32.const 6) \"\\14\\40\")"
	    " (type $s (struct (field (mut i32)) (field (mut i64))"
	    " (field (mut eqref)) (field (mut eqref)) (field (mut f64))"
	    " (field (mut f32)))) (type $a (array (mut i32)))"
	    " (global $any (mut anyref) (ref.null any))"
	    " (global $s (mut (ref $s)) (struct.new $s (i32.const 77)"
	    " (i64.const -1) (ref.null eq) (ref.i31 (i32.const 5))"
	    " (f64.const 2.5) (f32.const 3)))"
	    " (global $a (mut (ref $a)) (array.new_fixed $a 3 (i32.const 3)"
	    " (i32.const 70) (i32.const -1)))\n");
	for (size_t k = 0; k < sizeof bodies / sizeof *bodies; k++)
		add("(func (param $i i32) (result i32) %s)\n", bodies[k]);
	add("(func (result i32) (local $i i32) %s))",
		bodies[sizeof bodies / sizeof *bodies - 1]);
	open_worlds();
	for (uint32_t f = 0; f < worlds[0].in->module->nfuncs; f++)
		for (unsigned i = 0; i < 5; i++)
			agree(f, i, 0, 0);
	close_worlds();
}
END_TEST

/* Results change places: each is at home in the slot of the next. */
START_TEST(results_agree)
{
	len = 0;
	add("(module (type $s (struct (field i32)))"
	    " (func $make (result anyref anyref anyref anyref)"
	    " (struct.new $s (i32.const 1)) (struct.new $s (i32.const 2))"
	    " (struct.new $s (i32.const 3)) (ref.null any))"
	    " (func $get (param anyref) (result i32) (block $null"
	    " (return (struct.get $s 0 (ref.cast (ref $s)"
	    " (br_on_null $null (local.get 0)))))) (i32.const 9))"
	    " (func (result i32) (local i32) (call $make)"
	    " (local.set 0 (call $get))");
	for (int i = 0; i < 3; i++)
		add(" (call $get) (local.set 0 (i32.add (i32.mul (local.get 0)"
		    " (i32.const 10))))");
	add(" (local.get 0)))");
	open_worlds();
	agree(2, 0, 0, 0);
	close_worlds();
}
END_TEST

/* Fuel */

START_TEST(fuel_agrees)
{
	/* a trap before a label to which a branch leads that is known never to
	 * be taken, or always */
#define TRAP_IF_0 "(drop (i32.div_u (i32.const 1) (local.get $i)))"
	static const char *const bodies[] = {
		"(if (ref.eq (ref.null none) (struct.new_default $s))"
		" (then (nop)) (else " TRAP_IF_0 ")) (nop) (nop)",
		"(if (ref.is_null (struct.new_default $s))"
		" (then (nop) (nop))) " TRAP_IF_0 "(nop)",
		"(if (ref.test i31ref (ref.i31 (local.get $i)))"
		" (then " TRAP_IF_0 ") (else (nop) (br 1))) (nop)",
		"(if (i32.const 1) (then " TRAP_IF_0 ") (else (unreachable)))"
		" (nop)",
		"(block (block (drop (br_on_null 0 (ref.i31 (i32.const 1))))"
		" " TRAP_IF_0 ") (nop) (br_if 0 (i32.const 0)) " TRAP_IF_0
		") (nop)",
		"(block " TRAP_IF_0 "(br_table 0 0 (i32.const 1))) (nop)",
		"(block (if (i32.const 0) (then (br 1))) " TRAP_IF_0 ") (nop)",
		"(block (if (i32.const 0) (then (block (return)) (br 1)))"
		" " TRAP_IF_0 ") (nop)",
		/* what is done to many elements */
		"(drop (array.new $a (i32.const 3) (local.get $i)))",
		"(drop (array.new $a (i32.const 3) (i32.const 3)))",
		"(drop (array.new_default $a (local.get $i)))",
		"(drop (array.new_data $a $d (local.get $i) (i32.const 3)))",
		"(array.fill $a (array.new_default $a (i32.const 9))"
		" (i32.const 0) (i32.const 1) (local.get $i))",
		"(array.copy $a $a (array.new_default $a (i32.const 9))"
		" (i32.const 0) (array.new_default $a (i32.const 8))"
		" (i32.const 0) (local.get $i))",
	};
	fuel = true;
	len = 0;
	add("(module (type $s (struct)) (type $a (array (mut i8)))"
	    " (data $d \"0123456789\")\n");
#undef TRAP_IF_0
	for (size_t k = 0; k < sizeof bodies / sizeof *bodies; k++)
		add("(func (param $i i32) %s)\n", bodies[k]);
	add(")");
	open_worlds();
	for (uint32_t f = 0; f < worlds[0].in->module->nfuncs; f++)
		for (unsigned i = 0; i < 12; i++) {
			agree(f, i, 0, 0);
			ck_assert_msg(worlds[0].store->ctx.fuel ==
					      worlds[1].store->ctx.fuel,
				"function %u of %u", f, i);
		}
	close_worlds();
	fuel = false;
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("object");
	TCase *t = tcase_create("object");
	tcase_set_timeout(t, 60);
	tcase_add_test(t, casts_agree);
	tcase_add_test(t, parts_agree);
	tcase_add_test(t, arrays_agree);
	tcase_add_test(t, values_live_over_allocation);
	tcase_add_test(t, merged_parts_agree);
	tcase_add_test(t, results_agree);
	tcase_add_test(t, fuel_agrees);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
