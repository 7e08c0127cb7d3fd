/*
 * Bodies of the largest size made to be slow or to take memory: loading,
 * translating and starting any of them takes about as long as an ordinary body
 * of that size, or it is refused.
 */
#include <assert.h>
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "interp/interp.h"
#include "spec/engine.h"
#include "spec/link.h"
#include "trap/alloc.h"
#include "trap/arena.h"
#include "trap/error.h"

enum { BODY = 7600000, ROOM = 3 * BODY, FUEL = 100000 };

struct out {
	uint8_t *bytes;
	size_t len;
};

static struct out module, code;

static void
put(struct out *o, const char *bytes, size_t n)
{
	assert(o->len + n <= ROOM && "room for the module");
	memcpy(o->bytes + o->len, bytes, n);
	o->len += n;
}

#define PUT(o, text) put(o, text, sizeof(text) - 1)

static void
number(struct out *o, uint32_t v)
{
	for (; v >= 0x80; v >>= 7)
		o->bytes[o->len++] = (uint8_t)(v | 0x80);
	o->bytes[o->len++] = (uint8_t)v;
}

/* n types i32. */
static void
ints(struct out *o, uint32_t n)
{
	number(o, n);
	while (n-- > 0)
		PUT(o, "\x7f");
}

/* A section that holds what is in s. */
static void
section(uint8_t id, const struct out *s)
{
	module.bytes[module.len++] = id;
	number(&module, (uint32_t)s->len);
	put(&module, (const char *)s->bytes, s->len);
}

/* Types 0 [] [], 1 [1000] [1000], 2 [] [1000], 3 [1000] [], 4 [i32] [i32]. */
static void
types(struct out *s)
{
	static const uint32_t arities[][2] = { { 0, 0 }, { 1000, 1000 },
		{ 0, 1000 }, { 1000, 0 }, { 1, 1 } };
	s->len = 0;
	number(s, 5);
	for (int i = 0; i < 5; i++) {
		PUT(s, "\x60");
		ints(s, arities[i][0]);
		ints(s, arities[i][1]);
	}
	section(1, s);
}

/*
 * Functions 0 to 4 of these types that do next to nothing, then `copies` of
 * type 0 with the body in code, the first exported; a table, a memory.
 */
static void
finish(uint32_t copies)
{
	static uint8_t bytes[1 << 16];
	struct out s = { bytes, 0 };
	module.len = 0;
	PUT(&module, "\0asm\1\0\0\0");
	types(&s);
	s.len = 0;
	number(&s, 5 + copies);
	PUT(&s, "\0\1\2\3\4");
	module.bytes[module.len++] = 3;
	number(&module, (uint32_t)s.len + copies);
	put(&module, (const char *)s.bytes, s.len);
	memset(module.bytes + module.len, 0, copies);
	module.len += copies;
	PUT(&module, "\4\4\1\x70\0\x0a\5\3\1\0\1\6\6\1\x7f\1\x41\0\x0b"
		     "\7\5\1\1f\0\5\x0a");
	size_t before = s.len = 0;
	number(&s, 5 + copies);
	PUT(&s, "\2\0\x0b\3\0\0\x0b\3\0\0\x0b\2\0\x0b\4\0\x20\0\x0b");
	uint8_t size[5];
	struct out z = { size, 0 };
	number(&z, (uint32_t)code.len);
	before = s.len + copies * (z.len + code.len);
	number(&module, (uint32_t)before);
	put(&module, (const char *)s.bytes, s.len);
	for (uint32_t i = 0; i < copies; i++) {
		put(&module, (const char *)z.bytes, z.len);
		put(&module, (const char *)code.bytes, code.len);
	}
}

/* The text as often as it goes in a body that has more bytes to come. */
static void
fill(const char *text, size_t n, size_t more)
{
	while (code.len + n + more < BODY)
		put(&code, text, n);
}

#define FILL(text, more) fill(text, sizeof(text) - 1, more)
#define REPEAT(times, text) \
	for (int k_ = 0; k_ < (times); k_++) \
	PUT(&code, text)

static void
begin(const char *locals, size_t n)
{
	code.len = 0;
	put(&code, locals, n);
}

#define BEGIN(locals) begin(locals, sizeof(locals) - 1)

/* CPU seconds to load, instantiate and call; refused if it is. */
static double
timed(bool *refused)
{
	struct engine e;
	struct error error;
	clock_t start = clock();
	ck_assert(engine_init(&e, &alloc_default));
	interp_install(&e);
	e.fuel = true;
	struct store *s = store_new(&e, NULL);
	struct module *m = module_load(&e, module.bytes, module.len, &error);
	*refused = m == NULL;
	ck_assert_msg(m != NULL || error.kind == ERROR_limit, "%s at %u",
		error.text, (unsigned)error.offset);
	struct instance *in =
		m != NULL ? instance_new(s, m, NULL, &error) : NULL;
	ck_assert(in != NULL || *refused);
	s->ctx.fuel = FUEL;
	if (in != NULL)
		func_call(s, instance_func(in, 5), NULL);
	store_free(s);
	if (m != NULL)
		module_release(m);
	engine_free(&e);
	return (double)(clock() - start) / CLOCKS_PER_SEC;
}

static double ordinary;

/* Judges the body in code. */
static void
judge(const char *name, uint32_t copies)
{
	bool refused;
	finish(copies);
	double t = timed(&refused);
	printf("%-40s %.2f s%s\n", name, t, refused ? " refused" : "");
	fflush(stdout);
	ck_assert_msg(t < 8 * ordinary + 0.5, "%s: %.2f s, ordinary %.2f s",
		name, t, ordinary);
}

static void
setup(void)
{
	bool refused;
	module.bytes = alloc_bytes(&alloc_default, ROOM);
	code.bytes = alloc_bytes(&alloc_default, ROOM);
	BEGIN("\1\2\x7f");
	FILL("\x20\0\x20\1\x6a\x21\1\x41\1\x20\0\x6a\x21\0", 1);
	PUT(&code, "\x0b");
	finish(1);
	ordinary = timed(&refused);
	printf("ordinary: %.2f s\n", ordinary);
}

static void
teardown(void)
{
	alloc_free(&alloc_default, module.bytes, ROOM);
	alloc_free(&alloc_default, code.bytes, ROOM);
}

START_TEST(pairs_of_get_and_set)
{
	BEGIN("\1\2\x7f");
	FILL("\x20\0\x21\1", 1);
	PUT(&code, "\x0b");
	judge("get and set", 1);
}
END_TEST

START_TEST(locals_waiting_on_the_stack_are_set)
{
	BEGIN("\1\2\x7f");
	REPEAT(60000, "\x20\0");
	FILL("\x20\1\x21\0\x20\0\x20\1\x21\0\x1a", 60001);
	REPEAT(60000, "\x1a");
	PUT(&code, "\x0b");
	judge("sets under a deep stack of that local", 1);
}
END_TEST

START_TEST(blocks_over_a_deep_stack)
{
	BEGIN("\1\2\x7f");
	REPEAT(60000, "\x20\0");
	FILL("\2\x40\x0b\3\x40\x0b\x20\0\4\x40\x0b", 60001);
	REPEAT(60000, "\x1a");
	PUT(&code, "\x0b");
	judge("blocks over a deep stack", 1);
}
END_TEST

START_TEST(constants_under_blocks_and_branches)
{
	BEGIN("\1\2\x7f");
	REPEAT(60000, "\x41\0");
	FILL("\2\x40\x20\0\x0d\0\x0b\x20\0\x0d\0", 60001);
	REPEAT(60000, "\x1a");
	PUT(&code, "\x0b");
	judge("branches over constants", 1);
}
END_TEST

START_TEST(nested_blocks)
{
	BEGIN("\0");
	REPEAT(99990, "\2\x40");
	FILL("\x41\0\x0d\x8c\x8d\6", 100000);
	REPEAT(99990, "\x0b");
	PUT(&code, "\x0b");
	judge("100 000 nested blocks and branches out", 1);
}
END_TEST

START_TEST(nested_blocks_over_a_deep_stack)
{
	BEGIN("\1\1\x7f");
	REPEAT(30000, "\x20\0\2\x7f");
	PUT(&code, "\x41\0");
	FILL("\x41\0\x0d\0", 30000 * 2 + 2);
	REPEAT(30000, "\x0b\x6a");
	PUT(&code, "\x1a\x0b");
	judge("nested blocks, each over an operand", 1);
}
END_TEST

START_TEST(calls_of_1000_for_1000)
{
	BEGIN("\0");
	PUT(&code, "\x10\2");
	FILL("\x10\1", 3);
	PUT(&code, "\x10\3\x0b");
	judge("calls of type 1000 to 1000", 1);
}
END_TEST

START_TEST(blocks_of_1000_to_1000)
{
	BEGIN("\0");
	PUT(&code, "\x10\2");
	FILL("\2\1\x0b", 3);
	PUT(&code, "\x10\3\x0b");
	judge("blocks of type 1000 to 1000", 1);
}
END_TEST

START_TEST(branches_with_1000_operands)
{
	BEGIN("\0");
	PUT(&code, "\x10\2\2\1");
	FILL("\x41\0\x0d\0", 4);
	PUT(&code, "\x0b\x10\3\x0b");
	judge("branches with 1000 operands at home", 1);
	BEGIN("\0");
	PUT(&code, "\2\2\x41\7\x10\2");
	FILL("\x41\0\x0d\0", 5);
	PUT(&code, "\x0c\0\x0b\x10\3\x0b");
	judge("branches that move 1000 operands", 1);
}
END_TEST

START_TEST(ends_of_1000_in_dead_code)
{
	BEGIN("\0");
	PUT(&code, "\x10\2");
	FILL("\2\1\x0c\0\x0b", 3);
	PUT(&code, "\x10\3\x0b");
	judge("blocks left by a branch with 1000", 1);
}
END_TEST

/* br_table of as many targets as there is room for. */
static void
table_of(uint32_t n, uint32_t labels)
{
	number(&code, n);
	for (uint32_t i = 0; i <= n; i++)
		number(&code, i % labels);
}

START_TEST(large_br_tables)
{
	BEGIN("\0");
	PUT(&code, "\x41\0\x0e");
	table_of(7500000, 1);
	PUT(&code, "\x0b");
	judge("br_table of 7 500 000", 1);
	BEGIN("\0");
	REPEAT(100, "\2\x7f");
	PUT(&code, "\x41\0\x41\0\x0e");
	table_of(7000000, 100);
	REPEAT(100, "\x0b\x1a\x41\0");
	PUT(&code, "\x1a\x0b");
	judge("br_table of 7 000 000 with a value", 1);
	BEGIN("\0");
	REPEAT(100, "\2\2\x41\0");
	code.len -= 2;
	PUT(&code, "\x10\2\x41\0\x0e");
	table_of(7000000, 100);
	REPEAT(99, "\x0b\x10\3\x1a\x10\2");
	PUT(&code, "\x0b\x10\3\x0b");
	judge("br_table of 7 000 000 with 1000 values", 1);
}
END_TEST

START_TEST(many_functions_with_many_locals)
{
	BEGIN("\1\xd0\x86\3\x7f\x0b");
	judge("a million functions of 50 000 locals", 900000);
}
END_TEST

START_TEST(many_small_functions)
{
	BEGIN("\0\x0b");
	judge("a million empty functions", 900000);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hostile");
	TCase *t = tcase_create("hostile");
	tcase_add_unchecked_fixture(t, setup, teardown);
	suite_add_tcase(s, t);
	tcase_add_test(t, pairs_of_get_and_set);
	tcase_add_test(t, locals_waiting_on_the_stack_are_set);
	tcase_add_test(t, blocks_over_a_deep_stack);
	tcase_add_test(t, constants_under_blocks_and_branches);
	tcase_add_test(t, nested_blocks);
	tcase_add_test(t, nested_blocks_over_a_deep_stack);
	tcase_add_test(t, calls_of_1000_for_1000);
	tcase_add_test(t, blocks_of_1000_to_1000);
	tcase_add_test(t, branches_with_1000_operands);
	tcase_add_test(t, ends_of_1000_in_dead_code);
	tcase_add_test(t, large_br_tables);
	tcase_add_test(t, many_functions_with_many_locals);
	tcase_add_test(t, many_small_functions);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
