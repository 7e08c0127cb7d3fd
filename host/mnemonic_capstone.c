#include "host/mnemonic.h"

#include <capstone/capstone.h>
#include <inttypes.h>

enum { WIDE = 10 }; /* bytes that have a place in a line */

const bool mnemonic_named = true;

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
	if (cs_open(CS_ARCH_X86, CS_MODE_64, &handle) != CS_ERR_OK) {
		mnemonic_data(out, code, from, len);
		return;
	}
	cs_insn *i = cs_malloc(handle);
	while (i != NULL && cs_disasm_iter(handle, &at, &left, &address, i))
		print_line(out, i->bytes, (uint32_t)i->address, i->size,
			i->mnemonic, i->op_str);
	if (left != 0)
		mnemonic_data(
			out, code, from + len - (uint32_t)left, (uint32_t)left);
	if (i != NULL)
		cs_free(i, 1);
	cs_close(&handle);
}
