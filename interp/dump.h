/*
 * Cells as text, for `sheave inspect -d c`, goldens and debugging.
 */
#ifndef INTERP_DUMP_H
#define INTERP_DUMP_H

#include <stdint.h>
#include <stdio.h>

struct module;

/* Name of a handler, as "i32_add_SI". */
const char *
dump_bc_name(unsigned bc);

/*
 * Translates function index func of m and writes one line per cell to f:
 *   cell index, offset in the module, handler, operands
 * Slots are s0, s1..; targets are cell indices.  Nothing when out of memory.
 */
void
dump_func(FILE *f, struct module *m, uint32_t func);

#endif
