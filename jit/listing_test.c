/*
 * A listing tells of every byte of the code which node it is for.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "interp/interp.h"
#include "jit/codemem.h"
#include "jit/compile.h"
#include "spec/engine.h"
#include "spec/module.h"
#include "spec/text.h"
#include "trap/arena.h"
#include "trap/error.h"

static const char text[] =
	"(module (import \"m\" \"f\" (func $f (param f64))) (memory 1)"
	" (func (param i32) (result i32)"
	"  (local i64 v128)"
	"  (if (i32.gt_u (local.get 0) (i32.const 99))"
	"   (then (call $f (f64.const 9)) unreachable))"
	"  (loop $l"
	"   (local.set 1 (i64.add (local.get 1) (i64.const 0x123456789abc)))"
	"   (local.set 2 (v128.const i32x4 1 2 3 4))"
	"   (call $f (f64.div (f64.convert_i64_s (local.get 1))"
	"    (f64.const 1.1)))"
	"   (v128.store (local.get 0) (local.get 2))"
	"   (br_if $l (i32.rem_u (local.get 0) (i32.const 7))))"
	"  (block $a (block $b (br_table $a $b (local.get 0))))"
	"  (i32.div_s (local.get 0) (i32.load offset=8 (local.get 0)))))";

static int
by_place(const void *a, const void *b)
{
	const struct code_span *x = a, *y = b;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* The spans follow one another; parts begin at multiples of 16. */
static void
cover(const struct code_image *image, const struct ir *ir)
{
	uint32_t at = 0, last = 0;
	qsort(image->spans, image->nspans, sizeof *image->spans, by_place);
	for (uint32_t i = 0; i < image->nspans; i++) {
		const struct code_span *s = &image->spans[i];
		ck_assert_uint_lt(s->node, ir->nnodes);
		ck_assert_uint_gt(s->len, 0);
		ck_assert(s->at == at || s->at == ((at + 15) & ~15u));
		at = s->at + s->len;
		last = s->node > last ? s->node : last;
	}
	ck_assert_uint_eq((at + 15) & ~15u, image->sites);
	ck_assert_uint_gt(last, ir->nnodes / 2);
}

/* The stack is aligned around both calls, of which the first is seldom made: a
 * debugger reads of them in order. */
static void
aligned(const struct code_image *image)
{
	uint32_t at = 0;
	ck_assert_uint_eq(image->naligned, 2);
	for (uint32_t i = 0; i < image->naligned; i++) {
		const struct code_aligned *a = &image->aligned[i];
		ck_assert_uint_gt(a->from, at);
		ck_assert_uint_gt(a->to, a->from);
		/* mov rbp, rsp; mov rsp, rbp */
		ck_assert_mem_eq(image->bytes + a->from - 3, "\x48\x8b\xec", 3);
		ck_assert_mem_eq(image->bytes + a->to - 3, "\x48\x8b\xe5", 3);
		at = a->to;
	}
}

START_TEST(spans_cover_the_code)
{
	struct error error;
	struct engine e;
	struct arena a;
	struct ir ir;
	struct code_image image;
	uint8_t *binary = NULL;
	size_t len;
	const struct build_options options = { .explicit_bounds = _i == 1,
		.listing = true };
	arena_init(&a, &alloc_default);
	ck_assert(engine_init(&e, &alloc_default));
	interp_install(&e);
	error_clear(&error);
	ck_assert(text_module(text, strlen(text), &a, &binary, &len, &error));
	struct module *m = module_load(&e, binary, len, &error);
	ck_assert_ptr_nonnull(m);
	ck_assert(build(&ir, m, 1, &options, &a, &error));
	ck_assert(compile(m, 1, &options, &a, &image, &error));
	aligned(&image);
	cover(&image, &ir);
	module_release(m);
	arena_free(&a);
	engine_free(&e);
}
END_TEST

/* After n stores a loop of five instructions. */
static void
short_loop(char *out, int n)
{
	strcpy(out, "(module (memory 1) (func (param i32 i32) (loop $o");
	for (; n > 0; n--)
		strcat(out, "(i32.store8 (local.get 1) (local.get 0))");
	strcat(out,
		"(loop $l (i32.store8 offset=9 (local.get 0) (i32.const 0))"
		" (br_if $l (i32.lt_u (local.tee 0"
		"  (i32.add (local.get 0) (local.get 1))) (i32.const 7000))))"
		"(br_if $o (local.get 1)))))");
}

START_TEST(short_loops_are_fetched_at_once)
{
	static char loop[4096];
	const struct build_options options = { .listing = true };
	uint32_t first = UINT32_MAX, end = 0;
	struct error error;
	struct engine e;
	struct arena a;
	struct ir ir;
	struct code_image image;
	uint8_t *binary = NULL;
	size_t len;
	short_loop(loop, _i);
	arena_init(&a, &alloc_default);
	ck_assert(engine_init(&e, &alloc_default));
	interp_install(&e);
	error_clear(&error);
	ck_assert(text_module(loop, strlen(loop), &a, &binary, &len, &error));
	struct module *m = module_load(&e, binary, len, &error);
	ck_assert_ptr_nonnull(m);
	ck_assert(build(&ir, m, 0, &options, &a, &error));
	ck_assert(compile(m, 0, &options, &a, &image, &error));
	ck_assert_uint_eq(ir.nloops, 3);
	const struct block *b = &ir.blocks[ir.loops[2].head];
	for (uint32_t i = 0; i < image.nspans; i++) {
		const struct code_span *s = &image.spans[i];
		if (s->node < b->first + b->nphis || s->node >= b->end)
			continue;
		first = s->at < first ? s->at : first;
		end = s->at + s->len > end ? s->at + s->len : end;
	}
	ck_assert_uint_lt(first, end);
	ck_assert_uint_eq(first / CODEMEM_ALIGN, (end - 1) / CODEMEM_ALIGN);
	module_release(m);
	arena_free(&a);
	engine_free(&e);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("listing");
	TCase *t = tcase_create("listing");
	tcase_add_loop_test(t, spans_cover_the_code, 0, 2);
	tcase_add_loop_test(t, short_loops_are_fetched_at_once, 0, 16);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
