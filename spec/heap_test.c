#include "spec/heap.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "spec/collect.h"
#include "spec/engine.h"
#include "spec/layout.h"
#include "spec/ref.h"
#include "spec/store.h"
#include "spec/text.h"
#include "trap/error.h"

/* An allocator that refuses on demand, and counts. */
static struct {
	size_t most; /* refuse what is larger; 0: nothing */
	size_t live;
} memory;

static void *
resize(void *user, void *old, size_t old_bytes, size_t new_bytes)
{
	(void)user;
	if (memory.most != 0 && new_bytes > memory.most)
		return NULL;
	memory.live += new_bytes - old_bytes;
	if (new_bytes == 0) {
		free(old);
		return NULL;
	}
	return realloc(old, new_bytes);
}

static struct engine engine;
static struct module *module;
static struct store *store;
static struct heap *heap;

/* Types by their place in the module. */
enum { PAIR, LEAF, REFS, BYTES, VECTORS, TYPES };
static uint32_t types[TYPES];

static void
setup(void)
{
	static const struct allocator al = { resize, NULL };
	const char *text = "(module (rec"
			   " (type (struct (field (mut anyref) (mut anyref))))"
			   " (type (struct (field i64)))"
			   " (type (array (mut anyref)))"
			   " (type (array (mut i8)))"
			   " (type (array (mut v128)))))";
	struct arena a;
	struct error e;
	uint8_t *bytes;
	size_t len;
	memory.most = memory.live = 0;
	ck_assert(engine_init(&engine, &al));
	arena_init(&a, &alloc_default);
	error_clear(&e);
	ck_assert(text_module(text, strlen(text), &a, &bytes, &len, &e));
	module = module_load(&engine, bytes, len, &e);
	arena_free(&a);
	ck_assert_ptr_nonnull(module);
	for (uint32_t i = 0; i < TYPES; i++)
		types[i] = module->types[i].canon;
	struct store_limits limits = { .heap_bytes = 8 << 20 };
	store = store_new(&engine, &limits);
	ck_assert_ptr_nonnull(store);
	heap = &store->heap;
	heap->poison = true;
}

static void
teardown(void)
{
	store_free(store);
	module_release(module);
	engine_free(&engine);
	ck_assert_uint_eq(memory.live, 0);
}

static struct object *
array(uint32_t type, uint32_t n)
{
	const struct layout *l =
		typespace_get(engine.types, types[type])->layout;
	return heap_new(
		store, types[type], n, OBJECT_HEAD + (size_t)n * l->size);
}

static struct object *
structure(uint32_t type)
{
	const struct layout *l =
		typespace_get(engine.types, types[type])->layout;
	return heap_new(store, types[type], 0, l->size);
}

/* Reference i of a PAIR or REFS. */
static union slot *
ref(struct object *o, uint32_t i)
{
	return (union slot *)(void *)((char *)o + OBJECT_HEAD) + i;
}

static struct heap_root
rooted(void)
{
	struct heap_root r = { .type = VT_REF | VT_NULL | HT_ANY };
	return r;
}

/* Objects that a collection finds. */
static uint64_t
live(void)
{
	uint64_t before = heap->stats.visited;
	ck_assert(collect_now(store));
	return heap->stats.visited - before;
}

START_TEST(classes_cover_all_small_sizes)
{
	for (size_t bytes = 8; bytes <= HEAP_SMALL; bytes += 8) {
		uint32_t class = heap_class(bytes);
		ck_assert_uint_ge(heap_class_bytes(class), bytes);
		ck_assert_uint_le(
			heap_class_bytes(class), bytes + bytes / 8 + 8);
		ck_assert(class == 0 || heap_class_bytes(class - 1) < bytes);
		ck_assert_uint_eq(heap->classes[bytes / 8], class);
		ck_assert_uint_eq(heap->cells[class], heap_class_bytes(class));
	}
	ck_assert_uint_eq(heap_class_bytes(HEAP_CLASSES - 1), HEAP_SMALL);
}
END_TEST

START_TEST(objects_are_zeroed_whatever_was_there)
{
	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t n = 0; n < 5000; n += 7) {
			struct object *o = array(BYTES, n);
			ck_assert_ptr_nonnull(o);
			ck_assert_uint_eq((uintptr_t)o % 8, 0);
			ck_assert_uint_eq(o->length, n);
			char *p = (char *)o + OBJECT_HEAD;
			for (uint32_t i = 0; i < n; i++)
				ck_assert_int_eq(p[i], 0);
			memset(p, 0x55, n);
		}
		ck_assert_uint_eq(live(), 0);
		ck_assert_uint_eq(heap->used, 0);
	}
}
END_TEST

START_TEST(cycles_die_when_nothing_holds_them)
{
	struct heap_root r = rooted();
	struct object *a = structure(PAIR), *b = structure(PAIR);
	*ref(a, 0) = slot_of_ref(b);
	*ref(b, 1) = slot_of_ref(a);
	*ref(b, 0) = slot_of_ref(structure(LEAF));
	*ref(a, 1) = (union slot){ .u64 = 7 }; /* an i31 */
	r.value = slot_of_ref(a);
	heap_root(heap, &r);
	ck_assert_uint_eq(live(), 3);
	ck_assert_ptr_eq(slot_ref(*ref(a, 0)), b);
	ck_assert_ptr_eq(slot_ref(*ref(b, 1)), a);
	r.value.u64 = 0;
	ck_assert_uint_eq(live(), 0);
	heap_unroot(&r);
	ck_assert_uint_eq(heap->used, 0);
}
END_TEST

START_TEST(what_lives_is_left_alone)
{
	struct heap_root r = rooted();
	struct object *all = array(REFS, 1000);
	r.value = slot_of_ref(all);
	heap_root(heap, &r);
	for (uint32_t i = 0; i < 1000; i++) {
		struct object *o = array(BYTES, i * 3);
		memset((char *)o + OBJECT_HEAD, (int)i, i * 3);
		*ref(all, i) = slot_of_ref(o);
		array(BYTES, 40);
	}
	for (uint32_t round = 0; round < 20; round++) {
		ck_assert_uint_eq(live(), 1001);
		for (uint32_t i = 0; i < 5000; i++)
			memset((char *)array(BYTES, i % 300) + OBJECT_HEAD, 1,
				i % 300);
	}
	for (uint32_t i = 0; i < 1000; i++) {
		const uint8_t *p = slot_ref(*ref(all, i));
		for (uint32_t k = 0; k < i * 3; k++)
			ck_assert_uint_eq(p[OBJECT_HEAD + k], (uint8_t)i);
	}
	heap_unroot(&r);
}
END_TEST

START_TEST(what_dies_is_poisoned)
{
	struct object *o = structure(PAIR);
	uint64_t bits;
	collect_now(store);
	memcpy(&bits, ref(o, 1), sizeof bits);
	ck_assert(bits == 0xdbdbdbdbdbdbdbdb);
}
END_TEST

START_TEST(garbage_without_end_stays_below_the_limit)
{
	for (uint32_t i = 0; i < 2000000; i++) {
		struct object *a = structure(PAIR), *b = structure(PAIR);
		ck_assert(a != NULL && b != NULL);
		*ref(a, 0) = slot_of_ref(b);
		*ref(b, 0) = slot_of_ref(a);
	}
	ck_assert_uint_le(heap->stats.peak, 8 << 20);
	ck_assert_uint_eq(heap->stats.visited, 0);
	ck_assert_uint_gt(heap->stats.collections, 5);
}
END_TEST

START_TEST(the_limit_refuses_and_recovers)
{
	struct heap_root r = rooted();
	heap_root(heap, &r);
	uint64_t n = 0;
	for (;;) {
		struct object *o = structure(PAIR);
		if (o == NULL)
			break;
		*ref(o, 0) = r.value;
		r.value = slot_of_ref(o);
		n++;
	}
	ck_assert_uint_gt(n, 7 * (8 << 20) / 8 / 24);
	ck_assert_uint_le(heap->used, 8 << 20);
	ck_assert_ptr_null(array(BYTES, 1 << 20));
	ck_assert_ptr_null(array(VECTORS, UINT32_MAX / 16));
	r.value.u64 = 0;
	ck_assert_ptr_nonnull(array(BYTES, 1 << 20));
	ck_assert_ptr_null(array(BYTES, 8 << 20));
	heap_unroot(&r);
}
END_TEST

/* A tree of all kinds of objects, of n levels; counts its objects. */
static struct object *
tree(uint32_t n, uint64_t *count)
{
	struct object *o = n % 2 != 0 ? array(REFS, 300) : structure(PAIR);
	++*count;
	for (uint32_t i = 0; n > 0 && i < 2; i++)
		*ref(o, i) = slot_of_ref(tree(n - 1, count));
	return o;
}

START_TEST(marking_needs_no_memory)
{
	struct heap_root r = rooted();
	uint64_t count = 0;
	heap->hold = 1;
	struct object *all = array(REFS, 3000);
	for (uint32_t i = 0; i < 3000; i++)
		*ref(all, i) = slot_of_ref(tree(i % 100 == 0 ? 6 : 0, &count));
	heap->hold = 0;
	r.value = slot_of_ref(all);
	heap_root(heap, &r);
	ck_assert_uint_eq(live(), count + 1);
	memory.most = 1;
	ck_assert_uint_eq(live(), count + 1);
	ck_assert_uint_eq(live(), count + 1);
	memory.most = 0;
	ck_assert_uint_eq(live(), count + 1);
	heap_unroot(&r);
}
END_TEST

START_TEST(a_long_list_is_marked_without_recursion)
{
	struct heap_root r = rooted();
	heap_root(heap, &r);
	for (uint32_t i = 0; i < 200000; i++) {
		struct object *o = structure(PAIR);
		*ref(o, i % 2) = r.value;
		r.value = slot_of_ref(o);
	}
	ck_assert_uint_eq(live(), 200000);
	heap_unroot(&r);
}
END_TEST

START_TEST(memory_goes_back_when_objects_die)
{
	struct heap_root r = rooted();
	heap->limit = 256 << 20;
	size_t before = memory.live;
	struct object *all = array(REFS, 10000);
	r.value = slot_of_ref(all);
	heap_root(heap, &r);
	for (uint32_t i = 0; i < 10000; i++)
		*ref(all, i) = slot_of_ref(array(BYTES, 2000));
	ck_assert_uint_gt(memory.live - before, 20000000);
	heap_unroot(&r);
	collect_now(store);
	ck_assert_uint_lt(memory.live - before, 10 << 20);
}
END_TEST

START_TEST(allocation_fails_where_memory_does)
{
	struct object *o = structure(PAIR);
	ck_assert_ptr_nonnull(o);
	memory.most = 1;
	uint32_t n = 0;
	heap->hold = 1;
	while (structure(PAIR) != NULL)
		n++;
	heap->hold = 0;
	ck_assert_uint_gt(n, 1000);
	ck_assert_ptr_null(array(BYTES, 5000));
	ck_assert_ptr_nonnull(structure(PAIR));
}
END_TEST

START_TEST(stress_collects_at_every_allocation)
{
	struct heap_root r = rooted();
	heap->stress = true;
	heap_root(heap, &r);
	r.value = slot_of_ref(structure(PAIR));
	uint64_t before = heap->stats.collections;
	for (uint32_t i = 0; i < 100; i++) {
		struct object *o = structure(PAIR);
		*ref(o, 0) = r.value;
		r.value = slot_of_ref(o);
	}
	ck_assert_uint_eq(heap->stats.collections - before, 100);
	ck_assert_uint_eq(live(), 101);
	heap_unroot(&r);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("heap");
	TCase *t = tcase_create("heap");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, classes_cover_all_small_sizes);
	tcase_add_test(t, objects_are_zeroed_whatever_was_there);
	tcase_add_test(t, cycles_die_when_nothing_holds_them);
	tcase_add_test(t, what_lives_is_left_alone);
	tcase_add_test(t, what_dies_is_poisoned);
	tcase_add_test(t, garbage_without_end_stays_below_the_limit);
	tcase_add_test(t, the_limit_refuses_and_recovers);
	tcase_add_test(t, marking_needs_no_memory);
	tcase_add_test(t, a_long_list_is_marked_without_recursion);
	tcase_add_test(t, memory_goes_back_when_objects_die);
	tcase_add_test(t, allocation_fails_where_memory_does);
	tcase_add_test(t, stress_collects_at_every_allocation);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
