/*
 * Calls of small functions, whose body is built in place of the call: its
 * parameters are the operands, its locals values of their own, and where it
 * returns follows the call.
 *
 *   caller  .. operands  call f  .. -------------------> the results ..
 *                         \                              /
 *   f                      locals: operands, 0 ..  body  end
 *
 * Nothing that a guest or its host can see is another: a node's origin tells
 * which body it is of and which call that was built for, and backtraces give a
 * frame for each.  What is not compared with the limit is a few slots more in
 * the frame of a function that is.
 */
#ifndef JIT_BUILD_INLINE_H
#define JIT_BUILD_INLINE_H

#include "jit/value.h"

/* Bytes of bodies that may become part of function index func. */
uint32_t
build_inline_growth(const struct builder *b, uint32_t func);

/*
 * The walk's call of function index func, defined in the module: true if its
 * body comes next, and the walk and all that belongs to a body are its own
 * until build_inline_end.
 */
bool
build_inline(struct builder *b, uint32_t func);

/* The walk has ended: false if that was the function's own. */
bool
build_inline_end(struct builder *b);

#endif
