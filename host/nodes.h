/*
 * The second tier's nodes and machine code as text, for sheave inspect.
 * nodes_none.c where that tier is not built.
 */
#ifndef HOST_NODES_H
#define HOST_NODES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct module;

/* There is something to dump. */
extern const bool nodes_built;

/* Prints what the body of function index func becomes, or why it does not. */
void
nodes_dump(FILE *out, struct module *m, uint32_t func);

/*
 * The function's instructions, each with its nodes and these with their machine
 * code, which checks bounds itself if explicit_bounds.
 */
void
nodes_list(FILE *out, struct module *m, uint32_t func, bool explicit_bounds);

#endif
