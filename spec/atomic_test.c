/*
 * Atomic accesses against what they are to do to little-endian memory, whatever
 * the host's order of bytes; spec/atomic_plain_test.c runs the same on plain C.
 */
#include "spec/atomic.h"

#include <check.h>

static _Alignas(8) uint8_t memory[24];

static const uint64_t values[] = { 0, 1, 0x80, 0xff, 0x1234, 0x8000, 0x89abcdef,
	0xfedcba9876543210, UINT64_MAX };
enum { VALUES = sizeof values / sizeof *values };

/* name of two values of that width: before, what is there afterwards. */
#define CHANGES(name, bits, result) \
	START_TEST(name##_of_##bits##_bits) \
	{ \
		for (int i = 0; i < VALUES * VALUES; i++) { \
			uint##bits##_t x = (uint##bits##_t)values[i / VALUES]; \
			uint##bits##_t y = (uint##bits##_t)values[i % VALUES]; \
			memset(memory, 0x5a, sizeof memory); \
			put##bits(memory + 8, x); \
			ck_assert(atomic_##name##bits(memory + 8, y) == x); \
			is_now(bits / 8, (uint##bits##_t)(result)); \
		} \
	} \
	END_TEST
#define WIDTH(bits) \
	static void put##bits(uint8_t *p, uint##bits##_t v) \
	{ \
		for (int i = 0; i < bits / 8; i++) \
			p[i] = (uint8_t)((uint64_t)v >> 8 * i); \
	} \
	CHANGES(add, bits, x + y) \
	CHANGES(sub, bits, x - y) \
	CHANGES(and, bits, x &y) \
	CHANGES(or, bits, x | y) \
	CHANGES(xor, bits, x ^ y) \
	CHANGES(xchg, bits, y) \
	START_TEST(loads_and_stores_of_##bits##_bits) \
	{ \
		for (int i = 0; i < VALUES; i++) { \
			uint##bits##_t x = (uint##bits##_t)values[i]; \
			memset(memory, 0x5a, sizeof memory); \
			atomic_store##bits(memory + 8, x); \
			is_now(bits / 8, x); \
			ck_assert(atomic_load##bits(memory + 8) == x); \
		} \
	} \
	END_TEST \
	START_TEST(cmpxchg_of_##bits##_bits) \
	{ \
		for (int i = 0; i < VALUES * VALUES; i++) { \
			uint##bits##_t x = (uint##bits##_t)values[i / VALUES]; \
			uint##bits##_t y = (uint##bits##_t)values[i % VALUES]; \
			uint##bits##_t z = (uint##bits##_t) ~x; \
			memset(memory, 0x5a, sizeof memory); \
			put##bits(memory + 8, x); \
			ck_assert( \
				atomic_cmpxchg##bits(memory + 8, y, z) == x); \
			is_now(bits / 8, x == y ? z : x); \
		} \
	} \
	END_TEST
#define ADD_WIDTH(bits) \
	tcase_add_test(t, add_of_##bits##_bits); \
	tcase_add_test(t, sub_of_##bits##_bits); \
	tcase_add_test(t, and_of_##bits##_bits); \
	tcase_add_test(t, or_of_##bits##_bits); \
	tcase_add_test(t, xor_of_##bits##_bits); \
	tcase_add_test(t, xchg_of_##bits##_bits); \
	tcase_add_test(t, loads_and_stores_of_##bits##_bits); \
	tcase_add_test(t, cmpxchg_of_##bits##_bits);

/* memory holds the n bytes of v at 8, and nothing else was written. */
static void
is_now(int n, uint64_t v)
{
	for (int i = 0; i < (int)sizeof memory; i++) {
		bool in = i >= 8 && i < 8 + n;
		uint8_t want = in ? (uint8_t)(v >> 8 * (i - 8)) : 0x5a;
		ck_assert_uint_eq(memory[i], want);
	}
}

WIDTH(8)
WIDTH(16)
WIDTH(32)
WIDTH(64)

int
main(void)
{
	Suite *s = suite_create("atomic");
	TCase *t = tcase_create("atomic");
	ADD_WIDTH(8)
	ADD_WIDTH(16)
	ADD_WIDTH(32)
	ADD_WIDTH(64)
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
