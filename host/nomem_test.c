/*
 * The n-th allocation fails, for every n: whatever is loaded, linked and run
 * ends in a clean error, and nothing is left.  Linked with pages_none.c, so
 * that memories and stacks come from the allocator too.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "host/fuzz_run.h"
#include "spec/text.h"
#include "trap/alloc.h"
#include "trap/arena.h"
#include "trap/error.h"

/* Counts requests and refuses one of them, or all from it on. */
struct miser {
	size_t requests, refused, in_use;
	bool stays;
};

static void *
miser_resize(void *user, void *old, size_t old_bytes, size_t new_bytes)
{
	struct miser *m = user;
	if (new_bytes > old_bytes) {
		m->requests++;
		if (m->requests == m->refused ||
			(m->stays && m->requests > m->refused))
			return NULL;
	}
	m->in_use += new_bytes - old_bytes;
	return alloc_default.resize(NULL, old, old_bytes, new_bytes);
}

static const char everything[] =
	"(module"
	"  (import \"m\" \"f\" (func $f (param i32) (result i32)))"
	"  (import \"m\" \"g\" (global i32))"
	"  (import \"m\" \"t\" (table 3 funcref))"
	"  (import \"m\" \"m\" (memory 1))"
	"  (memory $shared 1 3 shared)"
	"  (type $s (func (param i32) (result i32)))"
	"  (table $t 4 10 funcref)"
	"  (global $n (mut i64) (i64.const 7))"
	"  (elem (table $t) (i32.const 0) func $f $sum $none)"
	"  (elem $later func $sum $sum)"
	"  (data (i32.const 16) \"some bytes\")"
	"  (start $none)"
	"  (func $none)"
	"  (func $sum (export \"sum\") (param i32) (result i32) (local i32)"
	"    (loop $l"
	"      (local.set 1 (i32.add (local.get 1) (local.get 0)))"
	"      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))"
	"      (br_if $l (i32.gt_s (local.get 0) (i32.const 0))))"
	"    (local.get 1))"
	"  (func (export \"grow\") (result i32)"
	"    (drop (table.grow $t (ref.null func) (i32.const 5)))"
	"    (table.init $t $later (i32.const 2) (i32.const 0) (i32.const 2))"
	"    (drop (memory.grow $shared (i32.const 2)))"
	"    (drop (memory.atomic.wait32 $shared (i32.const 0) (i32.const 0)"
	"      (i64.const 1000)))"
	"    (i32.add (memory.grow (i32.const 2))"
	"      (call_indirect $t (type $s) (i32.const 5) (i32.const 3))))"
	"  (func (export \"deep\") (param i32) (result i32)"
	"    (if (result i32) (i32.eqz (local.get 0))"
	"      (then (unreachable))"
	"      (else (call 4 (i32.sub (local.get 0) (i32.const 1)))))))";

/* Objects: small and large, in frames, segments, exceptions. */
static const char objects[] =
	"(module"
	"  (type $pair (struct (field (mut anyref) (mut i32))))"
	"  (type $refs (array (mut anyref)))"
	"  (type $bytes (array i8))"
	"  (tag $t (param anyref))"
	"  (table $any 3 anyref (struct.new $pair (ref.null any) (i32.const "
	"5)))"
	"  (global $g anyref (array.new_default $refs (i32.const 9)))"
	"  (elem $e anyref (item (struct.new_default $pair)))"
	"  (func $list (export \"list\") (param i32) (result i32)"
	"    (local $l (ref null $pair)) (local $n i32)"
	"    (loop $more"
	"      (local.set $l (struct.new $pair (local.get $l) (local.get $n)))"
	"      (br_if $more (i32.lt_u (i32.const 300)"
	"        (local.tee $n (i32.add (local.get $n) (i32.const 1))))))"
	"    (drop (array.new $bytes (i32.const 1) (i32.const 5000)))"
	"    (local.set $n (i32.const 0))"
	"    (loop $next (result i32)"
	"      (local.set $n (i32.add (local.get $n)"
	"        (struct.get $pair 1 (local.get $l))))"
	"      (local.set $l (ref.cast (ref null $pair)"
	"        (struct.get $pair 0 (local.get $l))))"
	"      (br_if $next (local.get $n) (i32.eqz (ref.is_null"
	"        (local.get $l))))))"
	"  (func $deep (export \"deep\") (param i32) (result i32)"
	"    (struct.get $pair 1 (struct.new $pair (global.get $g)"
	"      (local.get 0)))"
	"    (if (result i32) (i32.lt_u (local.get 0) (i32.const 50))"
	"      (then (call $deep (i32.add (local.get 0) (i32.const 1))))"
	"      (else (call $list (i32.const 0))))"
	"    (i32.add))"
	"  (func (export \"throw\") (result anyref)"
	"    (block $h (result anyref)"
	"      (try_table (catch $t $h) (throw $t (array.new_elem $refs $e"
	"        (i32.const 0) (i32.const 1))))"
	"      (unreachable))))";

/* More of everything, so that arrays and arenas have to grow. */
static char *
many(struct arena *a)
{
	size_t room = 1 << 18, at = 0;
	char *out = arena_alloc(a, room);
	at += (size_t)snprintf(out, room, "(module $m (memory 1)");
	for (int i = 0; i < 300; i++)
		at += (size_t)snprintf(out + at, room - at,
			"(func $f%d (export \"e%d\") (param i%d f64) (result "
			"f64) (if (f64.eq (local.get 1) (f64.const %d)) (then "
			"(block (br_table 0 1 0 (i32.const %d))))) (local.get "
			"1))",
			i, i, i % 2 ? 32 : 64, i, i);
	at += (size_t)snprintf(out + at, room - at, "(func (export \"big\")");
	for (int i = 0; i < 2000; i++)
		at += (size_t)snprintf(out + at, room - at,
			"(i32.store (i32.const %d) (i32.const %d))", i, i);
	snprintf(out + at, room - at, "))");
	return out;
}

/* Runs it under every refusal; at most `most` of them. */
static void
run_all(const uint8_t *bytes, size_t len, size_t most, bool stays)
{
	size_t step = 1;
	for (size_t n = 1;; n += step) {
		struct miser m = { .refused = n, .stays = stays };
		struct allocator al = { miser_resize, &m };
		struct fuzz_config c = {
			.alloc = &al, .fuel = 100000, .gc_stress = true
		};
		struct fuzz_result r;
		bool same = fuzz_run(&c, bytes, len, &r);
		ck_assert_msg(m.in_use == 0, "%zu bytes left after request %zu",
			m.in_use, n);
		if (m.requests < n) {
			ck_assert(r.reach == REACH_instance);
			ck_assert(same && !r.memory);
			break;
		}
		if (n > most / 2)
			step = m.requests / most + 1;
	}
}

static void
run_text(const char *text, size_t most)
{
	struct arena a;
	struct error e;
	uint8_t *bytes;
	size_t len;
	arena_init(&a, &alloc_default);
	error_clear(&e);
	ck_assert_msg(text_module(text, strlen(text), &a, &bytes, &len, &e),
		"%s", e.text);
	run_all(bytes, len, most, false);
	run_all(bytes, len, most, true);
	arena_free(&a);
}

START_TEST(every_allocation_of_a_module_may_fail)
{
	run_text(everything, 10000);
}
END_TEST

START_TEST(every_allocation_of_objects_may_fail)
{
	run_text(objects, 10000);
}
END_TEST

START_TEST(every_allocation_of_a_larger_module_may_fail)
{
	struct arena a;
	arena_init(&a, &alloc_default);
	run_text(many(&a), 2000);
	arena_free(&a);
}
END_TEST

START_TEST(every_allocation_of_the_text_parser_may_fail)
{
	for (size_t n = 1;; n++) {
		struct miser m = { .refused = n };
		struct allocator al = { miser_resize, &m };
		struct arena a;
		struct error e;
		uint8_t *bytes;
		size_t len;
		arena_init(&a, &al);
		error_clear(&e);
		bool fine = text_module(
			everything, strlen(everything), &a, &bytes, &len, &e);
		arena_free(&a);
		ck_assert_uint_eq(m.in_use, 0);
		ck_assert(fine == (m.requests < n));
		if (fine)
			break;
		ck_assert_int_eq(e.kind, ERROR_memory);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("nomem");
	TCase *t = tcase_create("nomem");
	suite_add_tcase(s, t);
	tcase_add_test(t, every_allocation_of_a_module_may_fail);
	tcase_add_test(t, every_allocation_of_objects_may_fail);
	tcase_add_test(t, every_allocation_of_a_larger_module_may_fail);
	tcase_add_test(t, every_allocation_of_the_text_parser_may_fail);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
