/*
 * Exceptions (standard, 4.2.13): objects of the store's heap, thrown by guest
 * and host.
 */
#ifndef SPEC_EXCEPTION_H
#define SPEC_EXCEPTION_H

#include "spec/code.h"
#include "spec/heap.h"
#include "spec/store.h"

/*
 * Throws a new exception of the tag with its payload, as the parameters of the
 * tag's type take slots.  Traps when there is no memory for it.  Returns
 * STATUS_unwound.
 */
enum status
exception_throw(struct store *s, struct tag *tag, const union slot *payload);

/*
 * What a clause of the kind gives its label when it catches e, from to on: the
 * payload, then the exception itself.
 */
void
exception_give(struct exception *e, enum catch_kind kind, union slot *to);

/* What the payload consists of: the parameters. */
const struct functype *
exception_type(const struct tag *tag);

/*
 * Writes "uncaught exception: tag m.oops (i32 7)" to out, cut to bytes with a
 * NUL.  Returns out.
 */
const char *
exception_format(const struct exception *e, char *out, size_t bytes);

#endif
