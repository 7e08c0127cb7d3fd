/*
 * Names of compiled functions for tools outside: "module!function", as
 * backtraces have them.
 */
#ifndef JIT_NAMING_H
#define JIT_NAMING_H

#include "jit/gdb.h"
#include "jit/jitdump.h"
#include "jit/perf_map.h"

struct allocator;
struct code_image;
struct module;

enum naming_kind {
	NAMING_none,
	NAMING_perf,	/* jit/perf_map.h */
	NAMING_jitdump, /* jit/jitdump.h */
	NAMING_gdb,	/* jit/gdb.h */
};

/* Used by one thread at a time. */
struct naming {
	enum naming_kind kind;
	struct perf_map perf;
	struct jitdump dump;
};

void
naming_open(struct naming *n, enum naming_kind kind);
void
naming_close(struct naming *n);

/*
 * Tells about the image at run, of function index func of m.  What GDB is told
 * is to be removed before the code goes; NULL for others.
 */
struct gdb_entry *
naming_add(struct naming *n, const struct module *m, uint32_t func,
	const uint8_t *run, const struct code_image *image);

#endif
