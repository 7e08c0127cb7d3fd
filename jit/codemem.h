/*
 * Memory for machine code, never writable and executable at once: where the
 * system allows it every page is mapped twice, once to write and once to run;
 * else each piece of code has its own pages, which are sealed when it is
 * written.
 *
 *   region  | chunk | chunk  | free | chunk |   256 MiB of address space
 *   chunk   | code | code | - |                 whole pages of one list
 *
 * A list is what a module holds.  Used by any thread.
 */
#ifndef JIT_CODEMEM_H
#define JIT_CODEMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct allocator;
struct codemem_chunk;
struct codemem_region;

enum codemem_kind {
	CODEMEM_twice, /* mapped twice if the system allows it */
	CODEMEM_sealed,
};

struct codemem {
	const struct allocator *al;
	struct codemem_region *regions;
	enum codemem_kind kind;
};

struct codemem_list {
	struct codemem_chunk *chunks; /* newest first */
	size_t bytes;		      /* of their pages */
};

/* Reserves nothing yet. */
void
codemem_open(
	struct codemem *c, const struct allocator *al, enum codemem_kind kind);
/* Every list is empty by now. */
void
codemem_close(struct codemem *c);

/* Bytes that processors fetch at once from the code that they have decoded. */
enum { CODEMEM_ALIGN = 64 };

/*
 * Copies code to where it can run, at a multiple of that, for l.  It must not
 * depend on where that is.  NULL when out of memory, or where nothing that was
 * written may be run.
 */
const uint8_t *
codemem_place(struct codemem *c, struct codemem_list *l, const uint8_t *code,
	size_t bytes);

/* Gives all memory of l back; nothing in it runs any more. */
void
codemem_free(struct codemem *c, struct codemem_list *l);

#endif
