/*
 * Compiled code as GDB's interface for compilers has it: each piece is an
 * object file in memory, with a symbol and the shape of its frames, in a list
 * that the debugger reads.
 */
#ifndef JIT_GDB_H
#define JIT_GDB_H

#include <stddef.h>
#include <stdint.h>

struct allocator;
struct code_image;
struct gdb_entry;

/*
 * Makes known the image at run, as a function called name (copied), and how to
 * unwind from its calls: of the image len and aligned are read.  Used by any
 * thread.  NULL when out of memory.
 */
struct gdb_entry *
gdb_add(const struct allocator *al, const uint8_t *run,
	const struct code_image *image, const char *name);

/* The code is going; e may be NULL. */
void
gdb_remove(const struct allocator *al, struct gdb_entry *e);

/* The object file of e. */
const uint8_t *
gdb_image(const struct gdb_entry *e, size_t *len);

#endif
