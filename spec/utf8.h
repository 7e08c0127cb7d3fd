/*
 * UTF-8 as the standard demands it of names (5.2.4): no overlong forms, no
 * surrogates, nothing above U+10FFFF.
 */
#ifndef SPEC_UTF8_H
#define SPEC_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The first of the len bytes at p that begins no sequence; NULL if none. */
const void *
utf8_find_bad(const void *p, size_t len);

/* The len bytes at p are well-formed UTF-8. */
bool
utf8_valid(const void *p, size_t len);

#endif
