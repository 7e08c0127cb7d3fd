/*
 * Collections: marking from the roots (frames, instances, pending exception,
 * the host's references), then sweeping the heap.  While no guest runs the
 * store's units are collected too.
 */
#ifndef SPEC_COLLECT_H
#define SPEC_COLLECT_H

#include <stdbool.h>

struct store;

/* Of a new store. */
void
collect_init(struct store *s);

/*
 * Frees what nothing reaches.  False if nothing could be: heap.hold is set, or
 * there was no memory to find the references in frames.
 */
bool
collect_now(struct store *s);

/* The same if no guest runs and there are many new units since. */
void
collect_if_due(struct store *s);

#endif
