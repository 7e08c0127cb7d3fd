/*
 * Names by capstone, which is loaded where a listing is asked for: its tables
 * take longer to relocate than a small program to run.
 */
#include "host/mnemonic.h"

#include <capstone/capstone.h>
#include <dlfcn.h>
#include <inttypes.h>

enum { WIDE = 10 }; /* bytes that have a place in a line */

const bool mnemonic_named = true;

#define NAME_OF(major) NAME_OF_NUMBER(major)
#define NAME_OF_NUMBER(major) "libcapstone.so." #major

/* The library's functions by their names. */
static struct {
	cs_err (*open)(cs_arch arch, cs_mode mode, csh *handle);
	cs_insn *(*malloc)(csh handle);
	bool (*disasm_iter)(csh handle, const uint8_t **code, size_t *size,
		uint64_t *address, cs_insn *insn);
	void (*free)(cs_insn *insn, size_t count);
	cs_err (*close)(csh *handle);
} cs;

static bool
load(void)
{
	if (cs.close != NULL)
		return true;
	void *lib = dlopen(NAME_OF(CS_API_MAJOR), RTLD_NOW);
	if (lib == NULL)
		return false;
	*(void **)&cs.open = dlsym(lib, "cs_open");
	*(void **)&cs.malloc = dlsym(lib, "cs_malloc");
	*(void **)&cs.disasm_iter = dlsym(lib, "cs_disasm_iter");
	*(void **)&cs.free = dlsym(lib, "cs_free");
	*(void **)&cs.close = dlsym(lib, "cs_close");
	return cs.open != NULL && cs.malloc != NULL && cs.disasm_iter != NULL &&
	       cs.free != NULL && cs.close != NULL;
}

static void
print_line(FILE *out, const uint8_t *bytes, uint32_t at, uint32_t len,
	const char *name, const char *operands)
{
	fprintf(out, "\t\t\t%04" PRIx32 " ", at);
	for (uint32_t i = 0; i < len; i++)
		fprintf(out, " %02x", bytes[i]);
	fprintf(out, "%*s  %s%s%s\n", len < WIDE ? 3 * (int)(WIDE - len) : 0,
		"", name, *operands != '\0' ? " " : "", operands);
}

void
mnemonic_data(FILE *out, const uint8_t *code, uint32_t from, uint32_t len)
{
	for (uint32_t i = 0; i < len; i += 8)
		print_line(out, code + from + i, from + i,
			len - i < 8 ? len - i : 8, "data", "");
}

void
mnemonic_print(FILE *out, const uint8_t *code, uint32_t from, uint32_t len)
{
	csh handle;
	const uint8_t *at = code + from;
	size_t left = len;
	uint64_t address = from;
	if (!load() || cs.open(CS_ARCH_X86, CS_MODE_64, &handle) != CS_ERR_OK) {
		mnemonic_data(out, code, from, len);
		return;
	}
	cs_insn *i = cs.malloc(handle);
	while (i != NULL && cs.disasm_iter(handle, &at, &left, &address, i))
		print_line(out, i->bytes, (uint32_t)i->address, i->size,
			i->mnemonic, i->op_str);
	if (left != 0)
		mnemonic_data(
			out, code, from + len - (uint32_t)left, (uint32_t)left);
	if (i != NULL)
		cs.free(i, 1);
	cs.close(&handle);
}
