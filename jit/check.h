/*
 * The checker of the representation: what jit/ir.h draws.
 */
#ifndef JIT_CHECK_H
#define JIT_CHECK_H

#include <stddef.h>

struct ir;

/*
 * What is wrong, written to out, which holds `bytes`; NULL if nothing is, or if
 * there is no memory to tell.
 */
const char *
check(const struct ir *ir, char *out, size_t bytes);

#endif
