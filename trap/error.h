/*
 * The sticky error of a phase, and what an embedder is told.  A phase records
 * its first error and goes on with harmless zeros; later ones are dropped.
 * Messages are the official suite's words; where they happened stands beside.
 */
#ifndef TRAP_ERROR_H
#define TRAP_ERROR_H

#include <stdbool.h>
#include <stdint.h>

enum error_kind {
	ERROR_none,
	ERROR_malformed,   /* does not decode or parse */
	ERROR_invalid,	   /* decodes, does not validate */
	ERROR_unlinkable,  /* an import is missing or of another type */
	ERROR_unsupported, /* valid, but needs a feature that cannot run here */
	ERROR_limit,	   /* beyond an implementation limit */
	ERROR_memory,	   /* out of memory */
	ERROR_host,	   /* input/output, options, the embedder's own */
};

struct error {
	enum error_kind kind;
	bool has_offset; /* offset is meant: bytes from the module's start */
	uint64_t offset;
	uint32_t line, column; /* of text, from 1; 0 when not from text */
	char text[256];	       /* one line, no newline; cut when longer */
};

/* No error. */
void
error_clear(struct error *e);

/* Records kind and the printf-like text if e holds no error yet. */
void
error_set(struct error *e, enum error_kind kind, const char *format, ...);

/* The same with the byte offset in the module. */
void
error_at(struct error *e, enum error_kind kind, uint64_t offset,
	const char *format, ...);

/* The same with a place in text. */
void
error_line(struct error *e, enum error_kind kind, uint32_t line,
	uint32_t column, const char *format, ...);

/*
 * Writes "text (at offset 0x..)" or "line:column: text" into out, at most
 * bytes long with its NUL.  Returns out.
 */
const char *
error_format(const struct error *e, char *out, uint32_t bytes);

#endif
