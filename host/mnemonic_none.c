#include "host/mnemonic.h"

#include <inttypes.h>

enum { ROW = 12 }; /* bytes of a line */

const bool mnemonic_named = false;

void
mnemonic_data(FILE *out, const uint8_t *code, uint32_t from, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++) {
		if (i % ROW == 0)
			fprintf(out, "%s\t\t\t%04" PRIx32 " ",
				i == 0 ? "" : "\n", from + i);
		fprintf(out, " %02x", code[from + i]);
	}
	fprintf(out, "\n");
}

void
mnemonic_print(FILE *out, const uint8_t *code, uint32_t from, uint32_t len)
{
	mnemonic_data(out, code, from, len);
}
