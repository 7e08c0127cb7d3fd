/*
 * sheave inspect: what a module asks for and offers, and dumps of what the
 * phases make of its functions.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/cli.h"
#include "host/disasm.h"
#include "host/mnemonic.h"
#include "host/nodes.h"
#include "interp/dump.h"
#include "interp/interp.h"
#include "spec/engine.h"
#include "spec/link.h"
#include "spec/module.h"

/* The letters of -d. */
static const struct phase {
	char letter;
	void (*dump)(FILE *out, struct module *m, uint32_t func);
} phases[] = {
	{ 'w', disasm_func },
	{ 'c', dump_func },
	{ 'i', nodes_dump },
};

/* A name as the text format writes it. */
static void
print_name(struct name n)
{
	printf(" \"");
	for (uint32_t i = 0; i < n.len; i++) {
		unsigned char b = (unsigned char)n.bytes[i];
		if (b < 0x20 || b == 0x7f || b == '"' || b == '\\')
			printf("\\%02x", b);
		else
			putchar(b);
	}
	printf("\"");
}

static void
print_imports(const struct module *m)
{
	char type[500];
	for (uint32_t i = 0; i < m->nimports; i++) {
		const struct import *im = &m->imports[i];
		printf("import");
		print_name(im->module);
		print_name(im->field);
		printf(" %s\n", import_format(m, im, type, sizeof type));
	}
}

static void
print_exports(const struct module *m)
{
	char type[500];
	for (uint32_t i = 0; i < m->nexports; i++) {
		const struct export *e = &m->exports[i];
		struct import like = { .kind = e->kind, .index = e->index };
		printf("export");
		print_name(e->name);
		printf(" %s\n", import_format(m, &like, type, sizeof type));
	}
}

static void
print_customs(const struct module *m)
{
	for (uint32_t i = 0; i < m->ncustoms; i++) {
		printf("custom");
		print_name(m->customs[i].name);
		printf(" %" PRIu32 " bytes\n", m->customs[i].bytes.len);
	}
}

static void
print_summary(const struct module *m)
{
	printf("module");
	if (m->name.len > 0)
		print_name(m->name);
	printf(" %" PRIu32 " bytes, %" PRIu32 " functions\n", m->len,
		m->nfuncs - m->nimported_funcs);
	printf("features");
	for (unsigned f = 0; f < FEATURE_count; f++)
		if (m->used >> f & 1)
			printf(" %s", feature_name(f));
	printf("\n");
	print_imports(m);
	print_exports(m);
	print_customs(m);
}

static const struct phase *
phase_of(char letter)
{
	for (size_t i = 0; i < sizeof phases / sizeof *phases; i++)
		if (phases[i].letter == letter)
			return &phases[i];
	return NULL;
}

static int
dump(struct module *m, const char *letters)
{
	for (const char *l = letters; *l != '\0'; l++)
		if (phase_of(*l) == NULL)
			return cli_error("-d knows no letter %c", *l);
		else if (*l == 'i' && !nodes_built)
			return cli_error("built without the compiler: no -d i");
	for (uint32_t f = m->nimported_funcs; f < m->nfuncs; f++) {
		disasm_head(stdout, m, f);
		for (const char *l = letters; *l != '\0'; l++)
			phase_of(*l)->dump(stdout, m, f);
	}
	return EXIT_ok;
}

/* The function of that index, or name, or exported as that; NO_INDEX. */
static uint32_t
find_func(const struct module *m, const char *text)
{
	char *end;
	size_t len = strlen(text);
	unsigned long n = strtoul(text, &end, 10);
	if (end != text && *end == '\0')
		return n < m->nfuncs ? (uint32_t)n : NO_INDEX;
	for (uint32_t f = 0; f < m->nfuncs; f++) {
		struct name name = module_func_name(m, f);
		if (name.len == len && memcmp(name.bytes, text, len) == 0)
			return f;
	}
	const struct export *e = module_export(m, text, (uint32_t)len);
	return e != NULL && e->kind == EXTERN_func ? e->index : NO_INDEX;
}

static int
list(struct module *m, const struct cli *c)
{
	uint32_t f = find_func(m, c->assembly);
	if (!nodes_built)
		return cli_error("built without the compiler: no --asm");
	if (f == NO_INDEX)
		return cli_error("no function %s", c->assembly);
	if (f < m->nimported_funcs)
		return cli_error("function %s is imported", c->assembly);
	nodes_list(stdout, m, f, c->no_signals);
	if (!mnemonic_named)
		fprintf(stderr, "Built without libcapstone: machine code is "
				"shown as bytes.\n");
	return EXIT_ok;
}

int
cli_inspect(struct cli *c)
{
	struct engine e;
	int status = EXIT_ok;
	if (!engine_init(&e, &alloc_default))
		return cli_error("out of memory");
	e.features = c->features;
	interp_install(&e);
	for (uint32_t i = 0; i < c->operands.count && status == EXIT_ok; i++) {
		struct module *m = cli_load(c, c->operands.items[i], &e);
		if (m == NULL)
			status = EXIT_error;
		else if (c->assembly != NULL)
			status = list(m, c);
		else if (c->dump != NULL)
			status = dump(m, c->dump);
		else
			print_summary(m);
		if (m != NULL)
			module_release(m);
	}
	engine_free(&e);
	return status;
}
