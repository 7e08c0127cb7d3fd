#include "jit/build.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "interp/interp.h"
#include "jit/check.h"
#include "jit/ir_run.h"
#include "spec/engine.h"
#include "spec/link.h"
#include "spec/module.h"
#include "spec/text.h"
#include "trap/error.h"

static struct engine engine;
static struct arena text_arena, arena;
static struct error error;
static struct module *module;
static struct ir ir;

/* A source in the making. */
static char *source;
static size_t len, room;

static void
setup(void)
{
	ck_assert(engine_init(&engine, &alloc_default));
	interp_install(&engine);
	arena_init(&text_arena, &alloc_default);
	arena_init(&arena, &alloc_default);
	room = 8 << 20;
	len = 0;
	source = malloc(room);
	ck_assert(source != NULL);
	module = NULL;
}

static void
teardown(void)
{
	if (module != NULL)
		module_release(module);
	free(source);
	arena_free(&arena);
	arena_free(&text_arena);
	engine_free(&engine);
}

static void
add(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	len += (size_t)vsnprintf(source + len, room - len, format, args);
	va_end(args);
	ck_assert(len < room);
}

static void
load(void)
{
	uint8_t *bytes;
	size_t n;
	error_clear(&error);
	ck_assert_msg(text_module(source, len, &text_arena, &bytes, &n, &error),
		"%s", error.text);
	module = module_load(&engine, bytes, n, &error);
	ck_assert_msg(module != NULL, "%s", error.text);
}

/* Builds the last function of the source. */
static bool
built(void)
{
	static const struct build_options options = { .osr = true };
	char text[200];
	load();
	if (!build(&ir, module, module->nfuncs - 1, &options, &arena, &error))
		return false;
	ck_assert_msg(check(&ir, text, sizeof text) == NULL, "%s", text);
	return true;
}

static void
add_locals(int n)
{
	add("(func (param $c i32) ");
	for (int i = 0; i < n; i++)
		add("(local i32)");
}

/* What follows would take memory or time that grows with a square, if each
 * branch or loop looked at all locals. */

START_TEST(branches_carry_only_what_changed)
{
	add_locals(50000);
	add("(block $out");
	for (int i = 0; i < 10000; i++)
		add("(local.set 7 (i32.const %d))(br_if $out (local.get $c))",
			i);
	add(") (local.set 0 (local.get 7)))");
	ck_assert(built());
	ck_assert_uint_lt(ir.naux, 200000);
}
END_TEST

START_TEST(nested_blocks_join_only_what_changed)
{
	add_locals(50000);
	for (int i = 0; i < 5000; i++)
		add("(block ");
	for (int i = 0; i < 5000; i++)
		add("(local.set %d (local.get $c))", i);
	for (int i = 0; i < 5000; i++)
		add("(br_if %d (local.get $c))", i);
	for (int i = 0; i < 5000; i++)
		add(") (local.set 8 (local.get 7))");
	add(")");
	ck_assert(built());
	ck_assert_uint_lt(ir.naux, 200000);
}
END_TEST

START_TEST(deep_loops_list_what_they_set_once)
{
	add_locals(1000);
	for (int i = 0; i < 5000; i++)
		add("(loop ");
	add("(local.set 7 (i32.add (local.get 7) (i32.const 1)))");
	for (int i = 0; i < 5000; i++)
		add("(br_if 0 (local.get 7)))");
	add(")");
	ck_assert_msg(built(), "%s", error.text);
	ck_assert_uint_lt(ir.nnodes, 40000);
}
END_TEST

START_TEST(loops_that_all_set_everything_are_refused)
{
	add_locals(10000);
	for (int i = 0; i < 10000; i++)
		add("(loop (local.set %d (local.get $c))", i + 1);
	for (int i = 0; i < 10000; i++)
		add("(br_if 0 (local.get $c)))");
	add(")");
	ck_assert(!built());
	ck_assert_int_eq(error.kind, ERROR_limit);
}
END_TEST

START_TEST(joins_of_everything_are_refused)
{
	add_locals(10000);
	add("(block $out");
	for (int i = 0; i < 10000; i++)
		add("(local.set %d (i32.const %d))(br_if $out (local.get $c))",
			i + 1, i);
	add("))");
	ck_assert(!built());
	ck_assert_int_eq(error.kind, ERROR_limit);
}
END_TEST

START_TEST(tables_of_one_target_carry_once)
{
	add_locals(2000);
	add("(loop $l ");
	for (int i = 1; i < 2000; i++)
		add("(local.set %d (i32.add (local.get %d) (i32.const 1)))", i,
			i);
	add("(br_table ");
	for (int i = 0; i < 20000; i++)
		add("%d ", i & 1);
	add("(local.get 7))))");
	ck_assert_msg(built(), "%s", error.text);
	ck_assert_uint_lt(ir.naux, 100000);
}
END_TEST

/* Division by constants */

static const uint64_t numbers[] = { 0, 1, 2, 3, 5, 6, 7, 9, 10, 11, 12, 13, 25,
	28, 60, 64, 100, 125, 127, 128, 255, 625, 641, 1000, 1461, 3600, 10000,
	65535, 65537, 1000000, 6700417, 86400000, 0x2aaaaaaa, 0x3fffffff,
	0x40000000, 0x55555556, 0x7ffffffe, 0x7fffffff, 0x80000000, 0x80000001,
	0xaaaaaaab, 0xfffffffe, 0xffffffff, 0x100000000, 0x100000001,
	0x123456789ab, 0x7ffffffffffffffe, 0x7fffffffffffffff,
	0x8000000000000000, 0x8000000000000001, 0xaaaaaaaaaaaaaaab,
	0xcccccccccccccccd, 0xfffffffffffffff6, 0xfffffffffffffff9,
	0xfffffffffffffffd, 0xfffffffffffffffe, 0xffffffffffffffff };
enum { NNUMBERS = sizeof numbers / sizeof *numbers };

/* Functions of the eight divisions by d, of both tiers the results. */
static void
divisions(void (*install)(struct engine *e), uint64_t d, uint64_t *results)
{
	static const char *const ops[] = { "div_s", "div_u", "rem_s", "rem_u" };
	struct engine e;
	uint8_t *bytes;
	size_t n;
	len = 0;
	add("(module ");
	for (int i = 0; i < 8; i++)
		add("(func (param i%d) (result i%d) (i%d.%s (local.get 0)"
		    " (i%d.const 0x%llx)))",
			i < 4 ? 32 : 64, i < 4 ? 32 : 64, i < 4 ? 32 : 64,
			ops[i % 4], i < 4 ? 32 : 64,
			i < 4 ? d & UINT32_MAX : (unsigned long long)d);
	add(")");
	ck_assert(engine_init(&e, &alloc_default));
	install(&e);
	ck_assert(text_module(source, len, &text_arena, &bytes, &n, &error));
	struct module *m = module_load(&e, bytes, n, &error);
	struct store *s = store_new(&e, NULL);
	struct instance *in = instance_new(s, m, NULL, &error);
	ck_assert(in != NULL);
	for (uint32_t i = 0; i < 8; i++)
		for (uint32_t k = 0; k < NNUMBERS; k++) {
			union slot x = { numbers[k] };
			if (func_call(s, instance_func(in, i), &x) !=
				STATUS_done)
				x.u64 = s->ctx.pending.trap;
			*results++ = i < 4 ? (uint32_t)x.u64 : x.u64;
		}
	store_free(s);
	module_release(m);
	engine_free(&e);
}

START_TEST(divisions_by_constants_are_exact)
{
	uint64_t a[8 * NNUMBERS], b[8 * NNUMBERS];
	divisions(interp_install, numbers[_i], a);
	divisions(ir_run_install, numbers[_i], b);
	for (int i = 0; i < 8 * NNUMBERS; i++)
		ck_assert_msg(a[i] == b[i],
			"operation %d of %#llx by %#llx: %#llx, not %#llx",
			i / NNUMBERS, (unsigned long long)numbers[i % NNUMBERS],
			(unsigned long long)numbers[_i],
			(unsigned long long)b[i], (unsigned long long)a[i]);
}
END_TEST

/* Memory */

/* Refuses the request number `refused`. */
static size_t requests, refused;

static void *
miser(void *user, void *old, size_t old_bytes, size_t new_bytes)
{
	if (new_bytes > old_bytes && ++requests == refused)
		return NULL;
	return alloc_default.resize(user, old, old_bytes, new_bytes);
}

static const struct allocator misers = { miser, NULL };

START_TEST(no_memory_is_an_error)
{
	static const struct build_options options = { .explicit_bounds = true,
		.osr = true };
	bool done = false;
	add_locals(300);
	for (int i = 0; i < 300; i++) {
		add("(loop (if (local.get %d) (then (local.set %d"
		    " (i32.mul (local.get $c) (i32.const %d)))))",
			i, i + 1, 3 + i);
		add("(br_if 0 (local.get %d)))", i);
	}
	add(")");
	load();
	for (refused = 1; !done; refused++) {
		struct arena a;
		arena_init(&a, &misers);
		requests = 0;
		error_clear(&error);
		done = build(&ir, module, 0, &options, &a, &error);
		if (!done)
			ck_assert_int_eq(error.kind, ERROR_memory);
		arena_free(&a);
	}
	ck_assert_uint_gt(refused, 3);
}
END_TEST

/* Fuel: both tiers charge the same. */

static const char spends[] =
	"(module (func $g (param i32) (result i32)"
	"  (if (result i32) (i32.and (local.get 0) (i32.const 1))"
	"    (then (i32.add (local.get 0) (i32.const 3)))"
	"    (else (i32.shr_u (local.get 0) (i32.const 1)))))"
	" (func (export \"f\") (param $n i32) (result i32) (local $s i32)"
	"  (local $i i32)"
	"  (loop $l"
	"    (block $c (block $b (block $a"
	"      (br_table $a $b $c (i32.rem_u (local.get $i) (i32.const 5))))"
	"      (local.set $s (i32.add (local.get $s) (i32.const 1)))"
	"      (br_if $c (i32.const 0)))"
	"     (drop (br_if $c (i32.const 1) (i32.const 1)))"
	"     (local.set $s (call $g (local.get $s))))"
	"    (local.set $s (i32.xor (local.get $s) (call $g (local.get $i))))"
	"    (if (i32.const 0) (then (local.set $s (i32.const 9)) (nop)))"
	"    (br_if $l (i32.lt_u"
	"      (local.tee $i (i32.add (local.get $i) (i32.const 1)))"
	"      (local.get $n))))"
	"  (local.get $s)))";

/* What is left of the fuel after f(n); the result too. */
static int64_t
left(void (*install)(struct engine *e), uint32_t n, int64_t fuel,
	uint32_t *result)
{
	struct engine e;
	struct error why = { 0 };
	uint8_t *bytes;
	size_t count;
	union slot slots[1] = { { n } };
	ck_assert(engine_init(&e, &alloc_default));
	e.fuel = e.interruptible = true;
	install(&e);
	ck_assert_msg(text_module(spends, strlen(spends), &text_arena, &bytes,
			      &count, &why),
		"%s", why.text);
	struct module *m = module_load(&e, bytes, count, &why);
	ck_assert_msg(m != NULL, "%s", why.text);
	struct store *s = store_new(&e, NULL);
	struct instance *in = instance_new(s, m, NULL, &why);
	ck_assert_msg(in != NULL, "%s", why.text);
	s->ctx.fuel = fuel;
	*result = func_call(s, instance_func(in, 1), slots) == STATUS_done
			  ? slot_i32(slots[0])
			  : UINT32_MAX;
	fuel = s->ctx.fuel;
	store_free(s);
	module_release(m);
	engine_free(&e);
	return fuel;
}

START_TEST(fuel_is_charged_as_the_interpreter_does)
{
	uint32_t a, b;
	for (uint32_t n = 0; n < 12; n++) {
		ck_assert_int_eq(left(interp_install, n, 100000, &a),
			left(ir_run_install, n, 100000, &b));
		ck_assert_uint_eq(a, b);
		ck_assert_uint_ne(a, UINT32_MAX);
	}
	for (int64_t fuel = 0; fuel < 200; fuel++) {
		ck_assert_int_eq(left(interp_install, 5, fuel, &a),
			left(ir_run_install, 5, fuel, &b));
		ck_assert_uint_eq(a, b);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("build");
	TCase *c = tcase_create("build");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, branches_carry_only_what_changed);
	tcase_add_test(c, nested_blocks_join_only_what_changed);
	tcase_add_test(c, deep_loops_list_what_they_set_once);
	tcase_add_test(c, loops_that_all_set_everything_are_refused);
	tcase_add_test(c, joins_of_everything_are_refused);
	tcase_add_test(c, tables_of_one_target_carry_once);
	tcase_add_loop_test(c, divisions_by_constants_are_exact, 0, NNUMBERS);
	tcase_add_test(c, no_memory_is_an_error);
	tcase_add_test(c, fuel_is_charged_as_the_interpreter_does);
	suite_add_tcase(s, c);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	printf("%d passed, %d failed\n", srunner_ntests_run(r) - failed,
		failed);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
