/*
 * Nodes that tell the tracer where the code is, for engines with trace: the
 * function is compiled as it is always, but for them.  What is inlined has no
 * entry of its own, so such engines inline nothing.
 */
#ifndef JIT_BUILD_TRACE_H
#define JIT_BUILD_TRACE_H

struct builder;

/* At a function's entry, or a loop's head once its phis are there. */
void
build_trace(struct builder *b);

#endif
