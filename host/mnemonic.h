/*
 * Machine code as text, for sheave inspect: mnemonic_capstone.c by that
 * library, mnemonic_none.c as bytes alone.
 */
#ifndef HOST_MNEMONIC_H
#define HOST_MNEMONIC_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Instructions are named, not only their bytes shown. */
extern const bool mnemonic_named;

/*
 * Prints the code [from, from + len) of a function that begins at code, a line
 * for each instruction where that is known: its offset, bytes, and name.
 */
void
mnemonic_print(FILE *out, const uint8_t *code, uint32_t from, uint32_t len);

/* The same of what is no instruction. */
void
mnemonic_data(FILE *out, const uint8_t *code, uint32_t from, uint32_t len);

#endif
