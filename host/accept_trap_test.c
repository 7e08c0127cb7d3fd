#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "host/accept.h"

#define OUT_OF_BOUNDS SHEAVE_TRAP_MEMORY_OUT_OF_BOUNDS

START_TEST(a01_codes_are_public_numbers)
{
	static const int codes[] = { SHEAVE_TRAP_STACK_OVERFLOW,
		SHEAVE_TRAP_MEMORY_OUT_OF_BOUNDS, SHEAVE_TRAP_UNALIGNED_ATOMIC,
		SHEAVE_TRAP_TABLE_OUT_OF_BOUNDS,
		SHEAVE_TRAP_UNINITIALIZED_ELEMENT,
		SHEAVE_TRAP_INDIRECT_CALL_MISMATCH,
		SHEAVE_TRAP_INTEGER_OVERFLOW, SHEAVE_TRAP_DIVIDE_BY_ZERO,
		SHEAVE_TRAP_BAD_CONVERSION, SHEAVE_TRAP_UNREACHABLE,
		SHEAVE_TRAP_INTERRUPT, SHEAVE_TRAP_OUT_OF_FUEL,
		SHEAVE_TRAP_WAIT_NOT_SHARED, SHEAVE_TRAP_NULL_REFERENCE,
		SHEAVE_TRAP_ARRAY_OUT_OF_BOUNDS,
		SHEAVE_TRAP_ALLOCATION_TOO_LARGE, SHEAVE_TRAP_CAST_FAILURE };
	for (int i = 0; i < 17; i++)
		ck_assert_int_eq(codes[i], i);
	ck_assert_int_eq(SHEAVE_TRAP_UNCAUGHT_EXCEPTION, 49);
}
END_TEST

START_TEST(a02_messages_are_the_suites)
{
	static const char *const messages[] = { "call stack exhausted",
		"out of bounds memory access", "unaligned atomic",
		"out of bounds table access", "uninitialized element",
		"indirect call type mismatch", "integer overflow",
		"integer divide by zero", "invalid conversion to integer",
		"unreachable", "interrupt", "all fuel consumed by WebAssembly",
		"atomic wait on non-shared memory", "null reference",
		"out of bounds array access", "allocation size too large",
		"cast failure" };
	for (int i = 0; i < 17; i++)
		ck_assert_str_eq(sheave_trap_message(i), messages[i]);
	ck_assert_str_eq(sheave_trap_message(49), "uncaught exception");
	ck_assert_ptr_null(sheave_trap_message(17));
	ck_assert_ptr_null(sheave_trap_message(-1));
}
END_TEST

START_TEST(a03_load_at_constant_address_in_start)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_frame f;
	struct sheave_error *e = world_fails(&w,
		"(module (memory 0) (start $s)"
		" (func $s (drop (i32.load (i32.const 1000000)))))",
		SHEAVE_STOPPED);
	ck_assert(sheave_error_frame(e, 0, &f));
	ck_assert_uint_eq(f.func_index, 0);
	/* locals, then i32.const with three bytes, then the load */
	ck_assert_uint_eq(f.func_offset, 5);
	is_trap(e, OUT_OF_BOUNDS);
	world_free(&w);
}
END_TEST

START_TEST(a04_load_at_the_size_of_an_empty_memory)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (memory 0) (func (export \"f\")"
		" (drop (i32.load (memory.size)))))");
	traps_twice(in, "f", OUT_OF_BOUNDS);
	world_free(&w);
}
END_TEST

/* Division functions d0.. over two parameters, called through a call. */
static struct sheave_instance *
divisions(struct world *w)
{
	static const char *const ops[] = { "i32.div_s", "i32.div_u",
		"i32.rem_s", "i32.rem_u", "i64.div_s", "i64.div_u", "i64.rem_s",
		"i64.rem_u" };
	char text[4096] = "(module ";
	for (int i = 0; i < 8; i++) {
		size_t at = strlen(text);
		snprintf(text + at, sizeof text - at,
			"(func $f%d (param %.3s %.3s) (result %.3s)"
			" (%s (local.get 0) (local.get 1)))"
			"(func (export \"d%d\") (param %.3s %.3s) (result %.3s)"
			" (call $f%d (local.get 0) (local.get 1)))",
			i, ops[i], ops[i], ops[i], ops[i], i, ops[i], ops[i],
			ops[i], i);
	}
	strcat(text, ")");
	return world_instance(w, NULL, text);
}

START_TEST(a05_division_by_zero_through_a_call)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *in = divisions(&w);
	char name[3] = "d0";
	for (int i = 0; i < 4; i++, name[1]++)
		traps_twice(in, name, SHEAVE_TRAP_DIVIDE_BY_ZERO, 1u, 0u);
	for (int i = 0; i < 4; i++, name[1]++)
		traps_twice(in, name, SHEAVE_TRAP_DIVIDE_BY_ZERO, (uint64_t)1,
			(uint64_t)0);
	world_free(&w);
}
END_TEST

START_TEST(a06_signed_division_overflows)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *in = divisions(&w);
	uint64_t least = (uint64_t)1 << 63;
	traps_twice(in, "d0", SHEAVE_TRAP_INTEGER_OVERFLOW, 0x80000000u,
		UINT32_MAX);
	traps_twice(in, "d4", SHEAVE_TRAP_INTEGER_OVERFLOW, least, UINT64_MAX);
	ck_assert_uint_eq(calls(in, "d2", 0x80000000u, UINT32_MAX), 0);
	ck_assert_uint_eq(calls(in, "d6", least, UINT64_MAX), 0);
	ck_assert_uint_eq(calls(in, "d1", 0x80000000u, UINT32_MAX), 0);
	world_free(&w);
}
END_TEST

START_TEST(a07_divisor_loaded_from_memory)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (memory (export \"m\") 1)"
		" (data (i32.const 0) \"\\00\\00\\00\\00\\ff\\ff\\ff\\ff"
		"\\03\\00\\00\\00\")"
		" (func (export \"f\") (param i32 i32) (result i32)"
		"  (i32.div_s (local.get 0) (i32.load (local.get 1)))))");
	ck_assert_uint_eq(calls(in, "f", 9u, 8u), 3);
	traps_twice(in, "f", SHEAVE_TRAP_DIVIDE_BY_ZERO, 9u, 0u);
	traps_twice(in, "f", SHEAVE_TRAP_INTEGER_OVERFLOW, 0x80000000u, 4u);
	traps_twice(in, "f", OUT_OF_BOUNDS, 9u, 65533u);
	ck_assert_uint_eq(calls(in, "f", 9u, 4u), (uint32_t)-9);
	world_free(&w);
}
END_TEST

START_TEST(a08_indirect_call_of_another_type_in_start)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_error *e = world_fails(&w,
		"(module (table funcref (elem $f)) (type $t (func (param i32)))"
		" (func $f) (start $s)"
		" (func $s (call_indirect (type $t)"
		"  (i32.const 1) (i32.const 0))))",
		SHEAVE_STOPPED);
	ck_assert_str_eq(sheave_error_message(e),
		"wasm trap: indirect call type mismatch");
	is_trap(e, SHEAVE_TRAP_INDIRECT_CALL_MISMATCH);
	world_free(&w);
}
END_TEST

START_TEST(a09_every_trap_twice_in_a_row)
{
	static const char *const pages[] = { "0", "1" };
	struct world w = world_new(NULL, NULL);
	for (int i = 0; i < 2; i++) {
		char text[2048];
		snprintf(text, sizeof text,
			"(module (memory %s) (table 2 funcref)"
			" (func (export \"load\")"
			"  (drop (i64.load offset=65529 (i32.const 0))))"
			" (func (export \"store\")"
			"  (i32.store (i32.const -1) (i32.const 1)))"
			" (func (export \"div\")"
			"  (drop (i32.div_u (i32.const 1) (i32.const 0))))"
			" (func (export \"unreachable\") (unreachable))"
			" (func (export \"null\")"
			"  (call_indirect (i32.const 1)))"
			" (func (export \"undefined\")"
			"  (call_indirect (i32.const 2)))"
			" (func (export \"get\")"
			"  (drop (table.get 0 (i32.const 2)))))",
			pages[i]);
		struct sheave_instance *in = world_instance(&w, NULL, text);
		traps_twice(in, "load", OUT_OF_BOUNDS);
		traps_twice(in, "store", OUT_OF_BOUNDS);
		traps_twice(in, "div", SHEAVE_TRAP_DIVIDE_BY_ZERO);
		traps_twice(in, "unreachable", SHEAVE_TRAP_UNREACHABLE);
		traps_twice(in, "null", SHEAVE_TRAP_UNINITIALIZED_ELEMENT);
		traps_twice(in, "undefined", SHEAVE_TRAP_TABLE_OUT_OF_BOUNDS);
		traps_twice(in, "get", SHEAVE_TRAP_TABLE_OUT_OF_BOUNDS);
	}
	world_free(&w);
}
END_TEST

START_TEST(a10_truncation_of_nan_and_of_what_does_not_fit)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module"
		" (func (export \"a\") (param f32) (result i32)"
		"  (i32.trunc_f32_s (local.get 0)))"
		" (func (export \"b\") (param f64) (result i32)"
		"  (i32.trunc_f64_u (local.get 0)))"
		" (func (export \"c\") (param f64) (result i64)"
		"  (i64.trunc_f64_s (local.get 0))))");
	char name[2] = "a";
	for (int i = 0; i < 3; i++, name[0]++) {
		traps_twice(in, name, SHEAVE_TRAP_BAD_CONVERSION, (double)NAN);
		traps_twice(in, name, SHEAVE_TRAP_INTEGER_OVERFLOW, 1e30);
		traps_twice(in, name, SHEAVE_TRAP_INTEGER_OVERFLOW, -1e30);
		ck_assert_uint_eq(calls(in, name, 7.9), 7);
	}
	world_free(&w);
}
END_TEST

enum { WIDTHS = 5, OFFSETS = 34 };

/* 0, 1, 2, 4 .. 2^31, 2^32 - 1 */
static uint64_t
nth_offset(int o)
{
	if (o == OFFSETS - 1)
		return UINT32_MAX;
	return o == 0 ? 0 : (uint64_t)1 << (o - 1);
}

/* One load and one store for each width and offset. */
static void
bounds_module(char *text, size_t bytes, const char *memory)
{
	static const char *const loads[WIDTHS] = { "i32.load8_u",
		"i32.load16_u", "i32.load", "i64.load", "v128.load" };
	static const char *const stores[WIDTHS] = { "i32.store8", "i32.store16",
		"i32.store", "i64.store", "v128.store" };
	static const char *const zeros[WIDTHS] = { "i32.const 0", "i32.const 0",
		"i32.const 0", "i64.const 0", "v128.const i64x2 0 0" };
	size_t at = (size_t)snprintf(text, bytes,
		"(module (memory %s) (func (export \"grow\")"
		" (drop (memory.grow (i32.const 1))))",
		memory);
	for (int i = 0; i < WIDTHS * OFFSETS; i++) {
		int width = i / OFFSETS, o = i % OFFSETS;
		unsigned long long offset = nth_offset(o);
		at += (size_t)snprintf(text + at, bytes - at,
			"(func (export \"l%d.%d\") (param i32)"
			" (drop (%s offset=%llu (local.get 0))))"
			"(func (export \"s%d.%d\") (param i32)"
			" (%s offset=%llu (local.get 0) (%s)))\n",
			width, o, loads[width], offset, width, o, stores[width],
			offset, zeros[width]);
	}
	snprintf(text + at, bytes - at, ")");
}

/* Calls all of them at one address of a memory of size bytes. */
static void
check_bounds(struct sheave_instance *in, uint32_t address, uint64_t size)
{
	char name[16];
	for (int i = 0; i < 2 * WIDTHS * OFFSETS; i++) {
		int width = i / 2 / OFFSETS, o = i / 2 % OFFSETS;
		uint64_t end = address + nth_offset(o) + (1u << width);
		snprintf(name, sizeof name, "%c%d.%d", "ls"[i % 2], width, o);
		if (end <= size)
			calls(in, name, address);
		else
			traps_twice(in, name, OUT_OF_BOUNDS, address);
	}
}

START_TEST(a11_bounds_of_all_widths_offsets_and_addresses)
{
	static const char *const memories[] = { "0", "1", "1 3", "0 4" };
	static const uint32_t addresses[] = { 0, 65520, 65528, 65535, 65536,
		UINT32_MAX };
	enum { BYTES = 100000 };
	char *text = malloc(BYTES);
	struct world w = world_new(NULL, NULL);
	ck_assert_ptr_nonnull(text);
	for (int m = 0; m < 4; m++) {
		bounds_module(text, BYTES, memories[m]);
		struct sheave_instance *in = world_instance(&w, NULL, text);
		uint64_t size = (uint64_t)(memories[m][0] - '0') << 16;
		for (int grown = 0; grown < 3; grown++, size += 65536) {
			for (int a = 0; a < 6; a++)
				check_bounds(in, addresses[a], size);
			calls(in, "grow");
		}
	}
	free(text);
	world_free(&w);
}
END_TEST

START_TEST(a16_a_fault_tells_where)
{
	static const struct {
		uint32_t argument;
		uint64_t address;
	} cases[] = { { 65536, 0x10000 }, { 0xdeadbeef, 0xdeadbeef },
		{ UINT32_MAX, UINT32_MAX } };
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (memory 1) (func (export \"f\") (param i32)"
		" (i32.store8 (local.get 0) (i32.const 0)))"
		" (func (export \"u\") (unreachable)))");
	uint64_t address, bytes;
	char text[200], *line;
	for (int i = 0; i < 3; i++) {
		struct sheave_error *e = stops(in, "f", cases[i].argument);
		ck_assert(sheave_error_fault(e, &address, &bytes) ==
			  world_signals(&w));
		sheave_error_format(e, text, sizeof text);
		line = strstr(text, "\nmemory fault at wasm address 0x");
		ck_assert((line != NULL) == world_signals(&w));
		if (world_signals(&w)) {
			ck_assert_uint_eq(address, cases[i].address);
			ck_assert_uint_eq(bytes, 0x10000);
			ck_assert_ptr_nonnull(
				strstr(line, " of size 0x10000\n"));
		}
		is_trap(e, OUT_OF_BOUNDS);
		e = stops(in, "u");
		ck_assert(!sheave_error_fault(e, &address, &bytes));
		is_trap(e, SHEAVE_TRAP_UNREACHABLE);
	}
	world_free(&w);
}
END_TEST

START_TEST(a12_rounding_a_load_reads_nothing_beyond)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (memory 1) (func (export \"f\") (param i32) (result "
		"f32)"
		" (f32.ceil (f32.load (local.get 0))))"
		" (func (export \"g\") (param i32) (result i32)"
		" (i32.add (i32.load8_u (local.get 0)) (i32.const 1))))");
	ck_assert_uint_eq(calls(in, "f", 65532u), 0);
	traps_twice(in, "f", OUT_OF_BOUNDS, 65533u);
	ck_assert_uint_eq(calls(in, "g", 65535u), 1);
	traps_twice(in, "g", OUT_OF_BOUNDS, 65536u);
	world_free(&w);
}
END_TEST

START_TEST(a13_fuel_is_kept_when_an_access_traps)
{
	struct sheave_config config = { .fuel = true };
	struct world w = world_new(&config, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (memory 0) (func (export \"f\")"
		" (drop (i32.load (i32.const 1000)))))");
	sheave_store_set_fuel(w.store, 100);
	is_trap(stops(in, "f"), OUT_OF_BOUNDS);
	uint64_t left = sheave_store_fuel(w.store);
	ck_assert_uint_lt(left, 99);
	sheave_store_set_fuel(w.store, 100);
	is_trap(stops(in, "f"), OUT_OF_BOUNDS);
	ck_assert_uint_eq(sheave_store_fuel(w.store), left);
	world_free(&w);
}
END_TEST

START_TEST(a15_bulk_operations_trap_before_they_write)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *in = world_instance(&w, NULL,
		"(module (memory (export \"m\") 1) (data $d \"abcd\")"
		" (table (export \"t\") 4 funcref) (elem $e func $f $f)"
		" (func $f)"
		" (func (export \"fill\") (memory.fill"
		"  (i32.const 65530) (i32.const 7) (i32.const 7)))"
		" (func (export \"copy\") (memory.copy"
		"  (i32.const 65530) (i32.const 0) (i32.const 7)))"
		" (func (export \"init\") (memory.init $d"
		"  (i32.const 65533) (i32.const 0) (i32.const 4)))"
		" (func (export \"long\") (memory.init $d"
		"  (i32.const 0) (i32.const 1) (i32.const 4)))"
		" (func (export \"tinit\") (table.init $e"
		"  (i32.const 3) (i32.const 0) (i32.const 2)))"
		" (func (export \"tfill\") (table.fill"
		"  (i32.const 3) (ref.func $f) (i32.const 2)))"
		" (func (export \"drop\") (data.drop $d) (elem.drop $e))"
		" (data (i32.const 0) \"12345678\"))");
	uint8_t *m = sheave_memory_data(sheave_instance_memory(in, "m"));
	traps_twice(in, "fill", OUT_OF_BOUNDS);
	traps_twice(in, "copy", OUT_OF_BOUNDS);
	traps_twice(in, "init", OUT_OF_BOUNDS);
	traps_twice(in, "long", OUT_OF_BOUNDS);
	for (int i = 65530; i < 65536; i++)
		ck_assert_uint_eq(m[i], 0);
	ck_assert_uint_eq(m[0], '1');
	traps_twice(in, "tinit", SHEAVE_TRAP_TABLE_OUT_OF_BOUNDS);
	traps_twice(in, "tfill", SHEAVE_TRAP_TABLE_OUT_OF_BOUNDS);
	struct sheave_value v;
	ck_assert(
		sheave_table_get(sheave_instance_table(in, "t"), 3, &v, NULL));
	ck_assert_ptr_null(v.of.func);
	calls(in, "drop");
	traps_twice(in, "init", OUT_OF_BOUNDS);
	world_free(&w);
}
END_TEST

START_TEST(a15_segments_before_the_failing_one_stay)
{
	struct world w = world_new(NULL, NULL);
	struct sheave_instance *in = world_instance(&w, "a",
		"(module (memory (export \"m\") 1)"
		" (table (export \"t\") 2 funcref))");
	uint8_t *m = sheave_memory_data(sheave_instance_memory(in, "m"));
	struct sheave_table *t = sheave_instance_table(in, "t");
	struct sheave_value v;
	is_trap(world_fails(&w,
			"(module (memory (import \"a\" \"m\") 1)"
			" (table (import \"a\" \"t\") 2 funcref) (func $f)"
			" (elem (i32.const 1) $f)"
			" (data (i32.const 0) \"x\")"
			" (data (i32.const 65535) \"yz\")"
			" (data (i32.const 1) \"w\"))",
			SHEAVE_STOPPED),
		OUT_OF_BOUNDS);
	ck_assert_uint_eq(m[0], 'x');
	ck_assert_uint_eq(m[65535], 0);
	ck_assert_uint_eq(m[1], 0);
	ck_assert(sheave_table_get(t, 1, &v, NULL));
	ck_assert_ptr_nonnull(v.of.func);
	calls_func(v.of.func, NULL);
	world_free(&w);
}
END_TEST

/* The numbers of the list, as ranges. */
START_TEST(every_number_has_a_row)
{
	static const int ranges[][2] = { { 1, 33 }, { 35, 37 }, { 39, 41 },
		{ 44, 44 }, { 47, 52 }, { 54, 54 }, { 56, 59 }, { 63, 70 },
		{ 72, 84 }, { 86, 98 }, { 100, 100 }, { 102, 102 },
		{ 105, 105 }, { 109, 110 }, { 113, 114 }, { 116, 119 },
		{ 200, 211 } };
	bool found[212] = { false };
#define TESTED(number, file, test) found[number] = true;
#define ELSEWHERE(number, where) found[number] = true;
#define LATER(number, feature) found[number] = true;
#define NEVER(number, reason) found[number] = true;
#include "host/acceptance.def"
	for (size_t r = 0; r < sizeof ranges / sizeof ranges[0]; r++)
		for (int n = ranges[r][0]; n <= ranges[r][1]; n++)
			ck_assert_msg(found[n], "no row for %d", n);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, every_number_has_a_row);
#define ELSEWHERE(number, where)
#define LATER(number, feature)
#define NEVER(number, reason)
#define TESTED(number, file, test) TESTED_##file(test)
#define TESTED_trap(test) tcase_add_test(t, test);
#define TESTED_except(test)
#define TESTED_frame(test)
#define TESTED_host(test)
#define TESTED_stop(test)
#define TESTED_process(test)
#define TESTED_thread(test)
#include "host/acceptance.def"
}

int
main(void)
{
	return accept_run("trap", add);
}
