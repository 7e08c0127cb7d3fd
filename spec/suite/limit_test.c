/*
 * Modules at the limits of the standard's implementations, as scripts that are
 * written here because they are long: each must run, and none may crash.
 */
#include "spec/suite/wast.h"

#include <check.h>
#include <stdlib.h>

#include "interp/interp.h"

static char *script;
static size_t script_len;

static FILE *
begin(void)
{
	FILE *f = open_memstream(&script, &script_len);
	ck_assert_ptr_nonnull(f);
	return f;
}

static void
repeat(FILE *f, unsigned n, const char *text)
{
	while (n-- > 0)
		fputs(text, f);
}

/* Runs the script; all of its assertions pass, and there are that many. */
static void
end(FILE *f, unsigned assertions)
{
	struct wast_options options = {
		.strict = true, .out = stderr, .setup = interp_install
	};
	struct wast_totals totals = { 0 };
	fclose(f);
	wast_run(&options, "script", script, script_len, &totals);
	free(script);
	ck_assert_uint_eq(totals.failed, 0);
	ck_assert_uint_eq(totals.passed, assertions);
}

START_TEST(blocks_nest_deeply)
{
	enum { DEPTH = 100000 };
	FILE *f = begin();
	fprintf(f, "(module (func (export \"f\") (param i32) (result i32)\n");
	repeat(f, DEPTH, "block ");
	fprintf(f, "local.get 0 br_if %u ", DEPTH - 1);
	fprintf(f, "local.get 0 i32.eqz br_if %u ", DEPTH / 2);
	repeat(f, DEPTH, "end ");
	fprintf(f, "i32.const 7))\n");
	fprintf(f,
		"(assert_return (invoke \"f\" (i32.const 0)) (i32.const 7))"
		"(assert_return (invoke \"f\" (i32.const 1)) (i32.const 7))");
	end(f, 2);
}
END_TEST

START_TEST(try_tables_nest_deeply)
{
	enum { DEPTH = 99990 };
	FILE *f = begin();
	fprintf(f, "(module (tag $t (param i32)) (tag $u (param i32))"
		   "(func $throw (param i32) local.get 0 throw $t)\n"
		   "(func (export \"f\") (result i32)"
		   " block $h (result i32) try_table (catch $t $h)"
		   " block $not (result i32)\n");
	repeat(f, DEPTH, "try_table (catch $u $not) ");
	fprintf(f, "i32.const 5 call $throw ");
	repeat(f, DEPTH, "end ");
	fprintf(f, "unreachable end drop end unreachable end)\n");
	/* each throws again what the one in it threw, plus one */
	fprintf(f, "(func (export \"g\") (result i32) ");
	repeat(f, DEPTH / 2, "block (result i32) try_table (catch $t 0) ");
	fprintf(f, "i32.const 0 call $throw ");
	repeat(f, DEPTH / 2 - 1,
		"end unreachable end i32.const 1 i32.add throw $t ");
	fprintf(f,
		"end unreachable end))\n"
		"(assert_return (invoke \"f\") (i32.const 5))"
		"(assert_return (invoke \"g\") (i32.const %d))",
		DEPTH / 2 - 1);
	end(f, 2);
}
END_TEST

START_TEST(loops_and_ifs_nest_deeply)
{
	enum { DEPTH = 20000 };
	FILE *f = begin();
	fprintf(f, "(module (func (export \"f\") (param i32) (result i32)\n");
	repeat(f, DEPTH, "loop (result i32) local.get 0 if (result i32) ");
	fprintf(f, "i32.const 5 ");
	repeat(f, DEPTH, "else i32.const 6 end end ");
	fprintf(f, "))\n");
	fprintf(f,
		"(assert_return (invoke \"f\" (i32.const 0)) (i32.const 6))"
		"(assert_return (invoke \"f\" (i32.const 1)) (i32.const 5))");
	end(f, 2);
}
END_TEST

START_TEST(folded_text_nests_deeply)
{
	enum { DEPTH = 20000 };
	FILE *f = begin();
	fprintf(f, "(module (func (export \"f\") (result i32)\n");
	repeat(f, DEPTH, "(i32.add (i32.const 1) ");
	fprintf(f, "(i32.const 0)");
	repeat(f, DEPTH, ")");
	fprintf(f, "))\n");
	fprintf(f, "(assert_return (invoke \"f\") (i32.const %u))", DEPTH);
	end(f, 1);
}
END_TEST

START_TEST(a_br_table_is_huge)
{
	enum { LABELS = 65520 };
	FILE *f = begin();
	fprintf(f, "(module (func (export \"f\") (param i32) (result i32)\n"
		   "(block (block (local.get 0) (br_table ");
	repeat(f, LABELS - 1, "1 ");
	fprintf(f, "0 1)) (return (i32.const 8))) (i32.const 9)))\n");
	fprintf(f,
		"(assert_return (invoke \"f\" (i32.const 0)) (i32.const 9))"
		"(assert_return (invoke \"f\" (i32.const -1)) (i32.const 9))"
		"(assert_return (invoke \"f\" (i32.const %u)) (i32.const 9))"
		"(assert_return (invoke \"f\" (i32.const %u)) (i32.const 8))",
		LABELS, LABELS - 1);
	end(f, 4);
}
END_TEST

START_TEST(a_function_has_50000_locals)
{
	enum { LOCALS = 50000 };
	FILE *f = begin();
	fprintf(f, "(module (func $f (export \"f\") (param i64) (result i64)\n"
		   "(local ");
	repeat(f, LOCALS - 1, "i64 ");
	fprintf(f, ")\n(local.set %u (i64.add (local.get %u) (local.get 0)))",
		LOCALS - 1, LOCALS - 2);
	fprintf(f, "(if (i64.ne (local.get 0) (i64.const 0)) (then"
		   " (local.set 1 (call $f (i64.sub (local.get 0)"
		   " (i64.const 1))))))");
	fprintf(f, "(i64.add (local.get 1) (local.get %u))))\n", LOCALS - 1);
	fprintf(f,
		"(assert_return (invoke \"f\" (i64.const 4)) (i64.const 10))"
		"(assert_exhaustion (invoke \"f\" (i64.const -1)) "
		"\"call stack exhausted\")"
		"(assert_return (invoke \"f\" (i64.const 4)) (i64.const 10))");
	end(f, 3);
}
END_TEST

START_TEST(a_frame_has_64000_slots)
{
	enum { LOCALS = 49999, OPERANDS = 14000 };
	FILE *f = begin();
	fprintf(f, "(module (memory 1)"
		   "(func $pair (param i32 i32) (result i32 i32)"
		   "  (local.get 1) (local.get 0))"
		   "(func $f (export \"f\") (param i32) (result i32)\n(local ");
	repeat(f, LOCALS, "i32 ");
	fprintf(f, ")\n(local.set %u (local.get 0))", LOCALS);
	repeat(f, OPERANDS,
		"(i32.load (i32.const 0)) (i32.store (i32.const 0)"
		" (i32.add (i32.load (i32.const 0)) (i32.const 1)))\n");
	fprintf(f,
		"(call $pair (local.get %u) (i32.const 3)) i32.sub "
		"(i32.lt_s (local.get 0) (local.get %u)) select\n",
		LOCALS, LOCALS - 1);
	repeat(f, OPERANDS - 1, "i32.add ");
	fprintf(f,
		"))\n(assert_return (invoke \"f\" (i32.const 1)) "
		"(i32.const %d))",
		(OPERANDS - 1) * (OPERANDS - 2) / 2 + 2);
	end(f, 1);
}
END_TEST

START_TEST(a_function_has_1000_parameters_and_results)
{
	enum { N = 1000 };
	FILE *f = begin();
	fprintf(f, "(module (func $f (param ");
	repeat(f, N, "i32 ");
	fprintf(f, ") (result ");
	repeat(f, N, "i32 ");
	fprintf(f, ")");
	for (int i = N - 1; i >= 0; i--)
		fprintf(f, "(local.get %d)", i);
	fprintf(f, ")\n(func (export \"f\") (result i32)");
	for (int i = 0; i < N; i++)
		fprintf(f, "(i32.const %d)", i);
	fprintf(f, "call $f ");
	repeat(f, N - 1, "drop ");
	fprintf(f, "))\n(assert_return (invoke \"f\") (i32.const %d))", N - 1);
	end(f, 1);
}
END_TEST

START_TEST(branches_reach_across_long_code)
{
	enum { N = 100000 };
	FILE *f = begin();
	fprintf(f, "(module (func (export \"f\") (param i32) (result i32)"
		   "(local i32) (block (loop"
		   "(br_if 1 (i32.eqz (local.get 0)))"
		   "(local.set 0 (i32.sub (local.get 0) (i32.const 1)))\n");
	repeat(f, N, "(local.set 1 (i32.add (local.get 1) (i32.const 1)))\n");
	fprintf(f,
		"(br 0))) (local.get 1)))\n"
		"(assert_return (invoke \"f\" (i32.const 3)) (i32.const %u))",
		3 * N);
	end(f, 1);
}
END_TEST

START_TEST(a_memory_has_4_gib)
{
	FILE *f = begin();
	const char *last = "(i32.const 0xffffffff)";
	if (sizeof(size_t) < 8) {
		fprintf(f, "(module definition (memory 65536))");
		end(f, 0);
		return;
	}
	fprintf(f,
		"(module (memory 65536)"
		"(func (export \"size\") (result i32) memory.size)"
		"(func (export \"grow\") (result i32)"
		"  (memory.grow (i32.const 1)))"
		"(func (export \"last\") (result i32)"
		"  (i32.store8 %s (i32.const 77)) (i32.load8_u %s))"
		"(func (export \"over\") (result i32) (i32.load16_u %s))"
		"(func (export \"far\") (result i32)"
		"  (i32.load8_u offset=0xffffffff (i32.const 1)))"
		"(func (export \"fill\")"
		"  (memory.fill %s (i32.const 0) (i32.const 2))))\n",
		last, last, last, last);
	fprintf(f, "(assert_return (invoke \"size\") (i32.const 65536))"
		   "(assert_return (invoke \"grow\") (i32.const -1))"
		   "(assert_return (invoke \"last\") (i32.const 77))"
		   "(assert_trap (invoke \"over\") \"out of bounds memory\")"
		   "(assert_trap (invoke \"far\") \"out of bounds memory\")"
		   "(assert_trap (invoke \"fill\") \"out of bounds memory\")");
	end(f, 6);
}
END_TEST

START_TEST(a_module_has_many_functions_and_segments)
{
	enum { N = 20000 };
	FILE *f = begin();
	fprintf(f, "(module (memory 1) (table %u funcref)\n", N);
	for (int i = 0; i < N; i++)
		fprintf(f,
			"(func $f%d (result i32) (i32.const %d))"
			"(elem (i32.const %d) $f%d)"
			"(data (i32.const %d) \"x\")\n",
			i, i, i, i, i);
	fprintf(f,
		"(func (export \"f\") (param i32) (result i32)"
		"  (i32.add (call_indirect (result i32) (local.get 0))"
		"    (i32.load8_u (local.get 0)))))\n"
		"(assert_return (invoke \"f\" (i32.const %d)) (i32.const %d))",
		N - 1, N - 1 + 'x');
	end(f, 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("limit");
	TCase *t = tcase_create("limit");
	tcase_set_timeout(t, 60);
	tcase_add_test(t, blocks_nest_deeply);
	tcase_add_test(t, try_tables_nest_deeply);
	tcase_add_test(t, loops_and_ifs_nest_deeply);
	tcase_add_test(t, folded_text_nests_deeply);
	tcase_add_test(t, a_br_table_is_huge);
	tcase_add_test(t, a_function_has_50000_locals);
	tcase_add_test(t, a_frame_has_64000_slots);
	tcase_add_test(t, a_function_has_1000_parameters_and_results);
	tcase_add_test(t, branches_reach_across_long_code);
	tcase_add_test(t, a_memory_has_4_gib);
	tcase_add_test(t, a_module_has_many_functions_and_segments);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
