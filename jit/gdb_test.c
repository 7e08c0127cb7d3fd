/*
 * GDB itself walks the stack from a function of C through two frames of
 * compiled code to main: this program runs under it again, as "run".
 */
#include "jit/gdb.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jit/codemem.h"
#include "jit/compile.h"
#include "jit/stub.h"
#include "jit/x64.h"
#include "trap/alloc.h"

void
innermost(void);

static volatile int reached;

__attribute__((noinline)) void
innermost(void)
{
	reached++;
}

/* Where the inner function aligns its stack. */
static struct code_aligned aligned;

/* The outer function, at 0, calls the inner one, at 64, and that calls C, first
 * on an aligned stack, then on its own. */
static const uint8_t *
assemble(struct codemem *c, struct codemem_list *l)
{
	uint8_t code[128];
	struct x64 x;
	x64_open(&x, code, sizeof code);
	x64_target(&x, x64_call(&x), code + 64);
	x64_ret(&x);
	x64_nops(&x, (uint32_t)(code + 64 - x.at));
	x64_mov_imm(&x, X64_rbp, 1); /* no frame pointer */
	x64_mov_imm(&x, X64_rax, (uintptr_t)innermost);
	x64_rr(&x, X64_mov64, X64_rbp, X64_rsp);
	aligned.from = (uint32_t)(x.at - code) - 64;
	x64_ri(&x, X64_and64, X64_rsp, -64);
	x64_r(&x, X64_call, X64_rax);
	x64_rr(&x, X64_mov64, X64_rsp, X64_rbp);
	aligned.to = (uint32_t)(x.at - code) - 64;
	x64_mov_imm(&x, X64_rbp, 1);
	x64_mov_imm(&x, X64_rax, (uintptr_t)innermost);
	x64_r(&x, X64_call, X64_rax);
	x64_ret(&x);
	return codemem_place(c, l, code, (size_t)(x.at - code));
}

static int
run(void)
{
	struct codemem c;
	struct codemem_list l = { NULL, 0 };
	struct handler h;
	union slot slots[2];
	codemem_open(&c, &alloc_default, CODEMEM_twice);
	const uint8_t *code = assemble(&c, &l);
	if (code == NULL)
		return 1;
	struct code_image plain = { .len = 64 };
	struct code_image aligns = {
		.len = 64, .aligned = &aligned, .naligned = 1
	};
	struct gdb_entry *outer =
		gdb_add(&alloc_default, code, &plain, "outer");
	struct gdb_entry *gone = gdb_add(&alloc_default, code, &plain, "gone");
	struct gdb_entry *inner =
		gdb_add(&alloc_default, code + 64, &aligns, "inner");
	gdb_remove(&alloc_default, gone);
	stub_enter(&h, code, slots + 1, NULL, NULL);
	gdb_remove(&alloc_default, inner);
	gdb_remove(&alloc_default, outer);
	codemem_free(&c, &l);
	codemem_close(&c);
	return reached != 2;
}

static char *self;

START_TEST(a_backtrace_crosses_compiled_code)
{
	static const char *const frames[] = { "#0", " innermost", "#1",
		" inner", "#2", " outer", "#3", " stub_enter", "#4", " run",
		" main", "#0", " innermost", "#1", " inner", "#2", " outer",
		"#3", " stub_enter", "#4", " run", " main" };
	static char out[65536];
	char command[600];
	snprintf(command, sizeof command,
		"gdb -nx -q -batch -ex 'set debuginfod enabled off' "
		"-ex 'break innermost' -ex run -ex bt -ex continue -ex bt "
		"--args %s run 2>&1",
		self);
	FILE *in = popen(command, "r");
	ck_assert_ptr_nonnull(in);
	out[fread(out, 1, sizeof out - 1, in)] = '\0';
	pclose(in);
	const char *at = out;
	for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
		at = strstr(at, frames[i]);
		ck_assert_msg(at != NULL, "no %s in: %s", frames[i], out);
	}
	ck_assert_ptr_null(strstr(out, " gone"));
}
END_TEST

START_TEST(code_runs_without_a_debugger)
{
	ck_assert_int_eq(run(), 0);
}
END_TEST

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "run") == 0)
		exit(run()); /* no tail call: main stays on the stack */
	self = argv[0];
	Suite *s = suite_create("gdb");
	TCase *t = tcase_create("gdb");
	tcase_add_test(t, code_runs_without_a_debugger);
	bool debugs =
		system("gdb -nx -q -batch -ex run --args true 2>/dev/null "
		       "| grep -q 'exited normally'") == 0;
	if (debugs)
		tcase_add_test(t, a_backtrace_crosses_compiled_code);
	else
		printf("NOT RUN: no gdb that runs a program\n");
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
