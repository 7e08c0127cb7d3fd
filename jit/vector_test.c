/*
 * Both tiers give the same for every instruction on vectors but those on
 * memory, bit for bit, and leave its operands as they are: with operands in
 * registers, at home, constant and the same one more than once.
 */
#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "interp/interp.h"
#include "interp/loop.h"
#include "jit/jit.h"
#include "spec/engine.h"
#include "spec/link.h"
#include "spec/module.h"
#include "spec/op.h"
#include "spec/store.h"
#include "spec/text.h"
#include "spec/type.h"
#include "trap/alloc.h"
#include "trap/arena.h"
#include "trap/error.h"

enum { TEXT = 4 << 20, SLOTS = 64, ROUNDS = 60, SHUFFLES = 400 };

static char text[TEXT];
static size_t len;
static unsigned nfuncs;

#define add(...) (len += (size_t)snprintf(text + len, TEXT - len, __VA_ARGS__))

static uint64_t seed;

static uint64_t
next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* Halves of vectors at whose lanes instructions do something special. */
static const uint64_t odd[] = { 0, UINT64_MAX, 0x8000000080000000,
	0x8000000000000000, 0x7fffffff80000000, 0x7fc000007f800001,
	0xffc00000ff800000, 0x7f8000003f800000, 0x4f0000004f7fffff,
	0x4f800000cf000000, 0xcf000001bf000000, 0x3f000000c0200000,
	0x7ff8000000000000, 0x7ff0000000000001, 0xfff0000000000000,
	0x41e0000000000000, 0x41dfffffffffffff, 0x41efffffffffffff,
	0xc1e0000000200000, 0xbfe0000000000000, 0x4330000000000001,
	0x80007fff0001ffff, 0x807f01ff1081fe0f, 0x00ff00ff7fff8001,
	0x8000800080008000, 0x8080808080808080, 0x0706050403020100,
	0x1f0e1d0c1b0a1910 };

static uint64_t
value(void)
{
	uint64_t n = next();
	return n % 4 == 0 ? next() : odd[(n >> 8) % (sizeof odd / sizeof *odd)];
}

static const char *
type_text(char letter)
{
	return letter == 'i'   ? "i32"
	       : letter == 'I' ? "i64"
	       : letter == 'f' ? "f32"
	       : letter == 'F' ? "f64"
			       : "v128";
}

enum how { HOW_register, HOW_home, HOW_same, HOW_constant, HOW_count };

/* Operand k: a local, or a constant. */
static void
add_operand(enum how how, const char *sig, unsigned n, unsigned k)
{
	if (how == HOW_constant && k + 1 == n && sig[k] == 'v')
		add("(v128.const i64x2 %lld %lld)", (long long)value(),
			(long long)value());
	else if (how == HOW_constant && k + 1 == n && sig[k] == 'i')
		add("(i32.const %d)", (int)(next() & 0xff) - 128);
	else if (how == HOW_same && sig[k] == 'v')
		add("(local.get $0)");
	else
		add("(local.get $%u)", k);
}

/* The instruction's result, then its operands. */
static void
add_func(enum how how, const char *insn, const char *sig)
{
	unsigned n = (unsigned)strcspn(sig, ":");
	add("(func (export \"%u %s\")", nfuncs++, insn);
	for (unsigned k = 0; how == HOW_home && k < 8; k++)
		add("(param v128)");
	for (unsigned k = 0; k < n; k++)
		add("(param $%u %s)", k, type_text(sig[k]));
	add("(result %s", type_text(sig[n + 1]));
	for (unsigned k = 0; k < n; k++)
		add(" %s", type_text(sig[k]));
	add(")(%s", insn);
	for (unsigned k = 0; k < n; k++)
		add_operand(how, sig, n, k);
	add(")");
	for (unsigned k = 0; k < n; k++)
		add("(local.get $%u)", k);
	add(")\n");
}

static void
add_funcs(const char *insn, const char *sig)
{
	for (int how = 0; how < HOW_count; how++)
		add_func((enum how)how, insn, sig);
}

struct world {
	struct engine engine;
	struct arena arena;
	struct store *store;
	struct instance *in;
};

static bool
open_world(struct world *w, enum jit_mode mode)
{
	struct error error;
	struct jit_config config = { .mode = mode };
	struct store_limits limits = { .native_bytes = 6 << 20 };
	uint8_t *bytes;
	size_t n;
	error_clear(&error);
	ck_assert(engine_init(&w->engine, &alloc_default));
	w->engine.nan_canonical = true; /* of two NaNs C takes either */
	interp_install(&w->engine);
	bool there = mode == JIT_off || jit_install(&w->engine, &config);
	arena_init(&w->arena, &alloc_default);
	ck_assert_msg(text_module(text, len, &w->arena, &bytes, &n, &error),
		"%s", error.text);
	struct module *m = module_load(&w->engine, bytes, n, &error);
	ck_assert_msg(m != NULL, "%s", error.text);
	w->store = store_new(&w->engine, &limits);
	ck_assert_ptr_nonnull(w->store);
	w->in = instance_new(w->store, m, NULL, &error);
	ck_assert_msg(w->in != NULL, "%s", error.text);
	module_release(m);
	return there;
}

static void
close_world(struct world *w)
{
	store_free(w->store);
	arena_free(&w->arena);
	engine_free(&w->engine);
}

/* Results without what no one looks at: upper halves of 32 bits. */
static void
call(struct world *w, uint32_t func, union slot *slots)
{
	const struct functype *t = module_func_type(w->in->module, func);
	ck_assert_int_eq(func_call(w->store, instance_func(w->in, func), slots),
		STATUS_done);
	for (uint32_t i = 0, k = 0; i < t->nresults; i++) {
		if (t->results[i] == VT_I32 || t->results[i] == VT_F32)
			slots[k].u64 &= UINT32_MAX;
		k += vt_slots(t->results[i]);
	}
}

/* Every function of the text, with many operands, in both tiers. */
static void
compare(void)
{
	static struct world one, two;
	open_world(&one, JIT_off);
	ck_assert(open_world(&two, JIT_eager));
	for (uint32_t f = 0; f < one.in->module->nfuncs; f++) {
		const struct functype *t = module_func_type(one.in->module, f);
		ck_assert_ptr_eq(instance_func(two.in, f)->cells,
			&loop_tables()->cells[CELL_native]);
		for (int round = 0; round < ROUNDS; round++) {
			union slot a[SLOTS], b[SLOTS], in[SLOTS];
			for (int k = 0; k < SLOTS; k++)
				in[k].u64 = value();
			memcpy(a, in, sizeof a);
			memcpy(b, in, sizeof b);
			call(&one, f, a);
			call(&two, f, b);
			ck_assert_msg(memcmp(a, b, t->result_slots * 8) == 0,
				"function %u (%.*s) of %016llx %016llx, "
				"%016llx %016llx, %016llx %016llx: "
				"%016llx %016llx, compiled %016llx %016llx",
				f, (int)one.in->module->exports[f].name.len,
				one.in->module->exports[f].name.bytes,
				(long long)in[0].u64, (long long)in[1].u64,
				(long long)in[2].u64, (long long)in[3].u64,
				(long long)in[4].u64, (long long)in[5].u64,
				(long long)a[0].u64, (long long)a[1].u64,
				(long long)b[0].u64, (long long)b[1].u64);
		}
	}
	close_world(&two);
	close_world(&one);
}

START_TEST(instructions_agree)
{
	seed = 88172645463325252;
	len = 0;
	add("(module\n");
	for (int op = 0; op < OP_count; op++) {
		const struct op_row *row = &op_rows[op];
		char insn[64];
		if (strchr(row->sig, 'v') == NULL || row->sig[0] == ':')
			continue;
		if (row->imm == IMM_NONE)
			add_funcs(row->text, row->sig);
		for (unsigned k = 0; row->imm == IMM_LANE && k < row->lg; k++) {
			snprintf(insn, sizeof insn, "%s %u", row->text, k);
			add_funcs(insn, row->sig);
		}
	}
	add(")");
	compare();
}
END_TEST

/* Patterns that have instructions of their own, and any. */
static unsigned
lane(unsigned pattern, uint64_t random, unsigned k)
{
	unsigned size = 1u << (random & 3), start = random >> 2 & 24;
	switch (pattern % 6) {
	case 0: /* unpack */
		return (start + k / size / 2 * size + k % size) ^
		       (k / size % 2 * 16);
	case 1: /* run */
		return (unsigned)(random + k) & 31;
	case 2: /* words */
		return ((unsigned)(random >> k / 4 * 8) & 28) | (k & 3);
	case 3: /* words, two of each */
		return ((unsigned)(random >> k / 4 * 8) & 12) | (k & 3) |
		       ((k / 8 ^ (unsigned)(random >> 40)) & 1) << 4;
	case 4: /* blend */
		return k | ((unsigned)(random >> k / 2) & 1) << 4;
	default:
		return (unsigned)(random >> k * 3) & 31;
	}
}

START_TEST(shuffles_agree)
{
	seed = 2463534242;
	len = 0;
	add("(module\n");
	for (unsigned n = 0; n < SHUFFLES; n++) {
		char insn[80];
		int at = snprintf(insn, sizeof insn, "i8x16.shuffle");
		uint64_t random = next();
		for (unsigned k = 0; k < 16; k++)
			at += snprintf(insn + at, sizeof insn - (size_t)at,
				" %u", lane(n, random, k));
		add_funcs(insn, "vv:v");
	}
	add(")");
	compare();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("vector");
	TCase *t = tcase_create("vector");
	tcase_set_timeout(t, 60);
	tcase_add_test(t, instructions_agree);
	tcase_add_test(t, shuffles_agree);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
