/*
 * What code mostly consists of, taken straight from its bytes.
 */
#ifndef JIT_BUILD_QUICK_H
#define JIT_BUILD_QUICK_H

#include "jit/value.h"

/*
 * Takes instructions from the walk's place on while they are some of the most
 * frequent ones, or dead and plain.  For engines that neither count nor
 * canonicalise, modules without exceptions and typed references, and builds
 * without a planted bug.  False: the body ends, or an error.
 */
bool
build_quick(struct builder *b);

#endif
