/*
 * Linear memories that several stores share, each on its own thread (threads
 * proposal).  A store refers to one by a struct memory of its own, which knows
 * the size that the store saw last; sizes only grow.
 */
#ifndef SPEC_SHARED_H
#define SPEC_SHARED_H

#include <stdatomic.h>

#include "spec/type.h"
#include "trap/alloc.h"
#include "trap/lock.h"
#include "trap/pages.h"

struct engine;
struct error;
struct waiter;

struct shared_memory {
	struct allocator al;
	struct limits type; /* min: pages at first */
	atomic_uint refs;
	atomic_size_t bytes; /* usable; written under the lock */
	struct lock lock;    /* of what follows */
	struct pages pages;  /* do not move while two refer to them */
	uint32_t users;	     /* memories of stores that refer to it */
	struct waiter *waiters, **last; /* (spec/wait.h) oldest first */
};

/*
 * A shared memory of that type for stores of e, with address space for its
 * maximum as far as there is any.  The caller owns one reference.  NULL:
 * *error.
 */
struct shared_memory *
shared_new(
	const struct engine *e, const struct limits *type, struct error *error);

/* From any thread.  The last one frees it. */
void
shared_retain(struct shared_memory *sh);
void
shared_release(struct shared_memory *sh);

/* The size now. */
static inline size_t
shared_bytes(const struct shared_memory *sh)
{
	return atomic_load(&sh->bytes);
}

#endif
