#include "spec/suite/compare.h"

#include <check.h>
#include <string.h>

#include "spec/engine.h"
#include "spec/object.h"
#include "spec/script.h"
#include "spec/store.h"

static struct engine engine;

static void
setup(void)
{
	ck_assert(engine_init(&engine, &alloc_default));
}

static void
teardown(void)
{
	engine_free(&engine);
}

static bool
fits(struct script_value v, valtype t, uint64_t bits)
{
	union slot s = slot_of_i64(bits);
	return compare_value(engine.types, &v, t, &s);
}

START_TEST(floats_compare_by_bits)
{
	struct script_value zero = { .kind = VALUE_f64, .bits = 0 };
	ck_assert(fits(zero, VT_F64, 0));
	ck_assert(!fits(zero, VT_F64, (uint64_t)1 << 63));
	ck_assert(!fits(zero, VT_I64, 0));
}
END_TEST

START_TEST(canonical_nan_has_one_payload_and_any_sign)
{
	struct script_value v = { .kind = VALUE_f32, .nan = NAN_canonical };
	ck_assert(fits(v, VT_F32, 0x7fc00000));
	ck_assert(fits(v, VT_F32, 0xffc00000));
	ck_assert(!fits(v, VT_F32, 0x7fc00001));
	ck_assert(!fits(v, VT_F32, 0x7f800000));
}
END_TEST

START_TEST(arithmetic_nan_has_the_quiet_bit)
{
	struct script_value v = { .kind = VALUE_f64, .nan = NAN_arithmetic };
	ck_assert(fits(v, VT_F64, 0x7ff8000000000000));
	ck_assert(fits(v, VT_F64, 0xfffc000000000001));
	ck_assert(!fits(v, VT_F64, 0x7ff4000000000000));
}
END_TEST

START_TEST(upper_half_of_an_i32_is_not_compared)
{
	struct script_value v = { .kind = VALUE_i32, .bits = 0xffffffff };
	ck_assert(fits(v, VT_I32, UINT64_MAX));
	ck_assert(fits(v, VT_I32, 0x12345678ffffffff));
	ck_assert(!fits(v, VT_I32, 0xfffffffe));
}
END_TEST

START_TEST(lanes_may_be_patterns)
{
	struct script_value v = { .kind = VALUE_v128,
		.lanes = 4,
		.lane_float = true,
		.v128 = { [4] = 1 },
		.lane_nan = {
			NAN_canonical, NAN_none, NAN_arithmetic, NAN_none } };
	union slot s[2] = { slot_of_i64(0x000000017fc00000),
		slot_of_i64(0x000000007fe00000) };
	ck_assert(compare_value(engine.types, &v, VT_V128, s));
	s[0].u64++;
	ck_assert(!compare_value(engine.types, &v, VT_V128, s));
}
END_TEST

START_TEST(host_references_keep_their_number)
{
	struct script_value v = {
		.kind = VALUE_ref_extern, .has_number = true, .bits = 0
	};
	union slot s;
	compare_slots(&v, &s);
	ck_assert(!ref_is_null(s));
	ck_assert(compare_value(engine.types, &v, VT_EXTERNREF, &s));
	v.bits = 1;
	ck_assert(!compare_value(engine.types, &v, VT_EXTERNREF, &s));
}
END_TEST

START_TEST(a_host_reference_is_not_outside_what_it_is_inside)
{
	struct script_value v = { .kind = VALUE_ref_host, .bits = 3 };
	uint64_t bits = ref_of_host(3).u64;
	ck_assert(fits(v, VT_REF | HT_ANY, bits));
	ck_assert(!fits(v, VT_EXTERNREF, bits));
	ck_assert(!fits(v, VT_REF | HT_ANY, ref_of_host(4).u64));
}
END_TEST

START_TEST(null_is_no_function)
{
	struct script_value func = { .kind = VALUE_ref_kind, .heap = HT_FUNC };
	struct script_value null = { .kind = VALUE_ref_null };
	ck_assert(!fits(func, VT_FUNCREF, 0));
	ck_assert(fits(func, VT_FUNCREF, 8));
	ck_assert(!fits(func, VT_EXTERNREF, 8));
	ck_assert(fits(null, VT_FUNCREF, 0));
	ck_assert(!fits(null, VT_I64, 0));
	null.heap = HT_NONE;
	ck_assert(fits(null, VT_REF | VT_NULL | HT_STRUCT, 0));
	ck_assert(!fits(null, VT_FUNCREF, 0));
}
END_TEST

START_TEST(kinds_of_references_are_told_apart)
{
	static const uint32_t heaps[] = { 0, HT_EQ, HT_I31, HT_STRUCT,
		HT_ARRAY };
	static const valtype any = VT_REF | VT_NULL | HT_ANY;
	static const struct fieldtype field = { VT_I32, false };
	struct deftype types[] = {
		{ .comp = COMP_struct, .super = NO_INDEX },
		{ .comp = COMP_array,
			.super = NO_INDEX,
			.nfields = 1,
			.fields = &field },
	};
	ck_assert(typespace_add(engine.types, types, 0, 2));
	struct object s = { types[0].canon, 0 }, a = { types[1].canon, 0 };
	const union slot values[] = { slot_of_i64(0), ref_of_host(1),
		ref_of_i31(1), slot_of_ref(&s), slot_of_ref(&a) };
	static const bool want[5][5] = { { 0, 0, 0, 0, 0 }, { 1, 0, 0, 0, 0 },
		{ 1, 1, 1, 0, 0 }, { 1, 1, 0, 1, 0 }, { 1, 1, 0, 0, 1 } };
	for (int i = 0; i < 5; i++) {
		for (int k = 0; k < 5; k++) {
			struct script_value v = { .kind = VALUE_ref_kind,
				.heap = heaps[k] };
			ck_assert_int_eq(
				fits(v, any, values[i].u64), want[i][k]);
		}
	}
}
END_TEST

START_TEST(either_takes_one_of_several)
{
	struct script_value list[] = { { .kind = VALUE_i32, .bits = 1 },
		{ .kind = VALUE_i32, .bits = 2 } };
	struct script_value v = {
		.kind = VALUE_either, .list = list, .count = 2
	};
	struct text text = { .len = 0 };
	ck_assert(fits(v, VT_I32, 2));
	ck_assert(!fits(v, VT_I32, 3));
	compare_add_pattern(&text, &v);
	ck_assert_str_eq(text.bytes, "either(i32 1 (0x1) | i32 2 (0x2))");
}
END_TEST

START_TEST(long_text_is_cut)
{
	struct text text = { .len = 0 };
	for (int i = 0; i < 1000; i++)
		text_add(&text, "0123456789");
	ck_assert_uint_eq(text.len, sizeof text.bytes - 1);
	ck_assert_uint_eq(strlen(text.bytes), text.len);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("compare");
	TCase *t = tcase_create("compare");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, floats_compare_by_bits);
	tcase_add_test(t, canonical_nan_has_one_payload_and_any_sign);
	tcase_add_test(t, arithmetic_nan_has_the_quiet_bit);
	tcase_add_test(t, upper_half_of_an_i32_is_not_compared);
	tcase_add_test(t, lanes_may_be_patterns);
	tcase_add_test(t, host_references_keep_their_number);
	tcase_add_test(t, a_host_reference_is_not_outside_what_it_is_inside);
	tcase_add_test(t, null_is_no_function);
	tcase_add_test(t, kinds_of_references_are_told_apart);
	tcase_add_test(t, either_takes_one_of_several);
	tcase_add_test(t, long_text_is_cut);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
