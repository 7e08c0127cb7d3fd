/*
 * After the build: leaves out what is not used.
 */
#ifndef JIT_TIDY_H
#define JIT_TIDY_H

#include "jit/ir.h"

/*
 * Needs the builder's nodes.  Gives the same function without copies, phis of
 * one value, unused nodes, loops that never go back and jumps to a block that
 * has no other way in; with `uses`, `phis`, `cold` and the lists of edges in
 * order of the code.  Nodes stay where they are: few are left out.
 */
void
tidy(struct ir *ir);

#endif
