/*
 * Guarded pages that were closed, kept for those that are opened next: the
 * system takes longer to find and free address space than to empty pages.  Of
 * an engine, used by any thread.
 */
#ifndef TRAP_POOL_H
#define TRAP_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct allocator;
struct pages;
struct pool;

/*
 * For pages of `most` bytes of address space, of which it has one at once.
 * NULL: that cannot be had, or out of memory.
 */
struct pool *
pool_new(const struct allocator *al, uint64_t most);
/* All pages of it are closed. */
void
pool_free(struct pool *pool);

/* As pages_open_guarded and pages_close. */
bool
pool_open(struct pool *pool, struct pages *p, size_t bytes);
void
pool_close(struct pool *pool, struct pages *p);

#endif
