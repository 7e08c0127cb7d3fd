/*
 * The text format (standard, 6): the source of one module to its binary form,
 * names in a "name" section, annotations that are known (custom, name,
 * metadata.code.branch_hint) in theirs.
 */
#ifndef SPEC_TEXT_H
#define SPEC_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;

/*
 * Translates src, len bytes: "(module ...)" or bare module fields.  On success
 * *out, *out_len is the binary, in a.  On failure *error holds the message and
 * line:column, and the result is false.
 */
bool
text_module(const char *src, size_t len, struct arena *a, uint8_t **out,
	size_t *out_len, struct error *error);

#endif
