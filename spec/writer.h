/*
 * A growing run of bytes in an arena, with the integers of the binary format
 * (standard, 5.2): the counterpart of spec/reader.h.  When memory runs out the
 * arena's failed is set and bytes are dropped; whoever owns the arena checks.
 */
#ifndef SPEC_WRITER_H
#define SPEC_WRITER_H

#include <stddef.h>
#include <stdint.h>

struct arena;

struct writer {
	struct arena *arena;
	uint8_t *bytes;
	size_t len, room;
};

/* An empty writer; w is all that needs to be kept. */
static inline struct writer
writer_make(struct arena *a)
{
	return (struct writer){ a, NULL, 0, 0 };
}

void
writer_byte(struct writer *w, uint8_t b);
void
writer_bytes(struct writer *w, const void *p, size_t len);

/* LEB128; a signed s33 goes through writer_s64. */
void
writer_u64(struct writer *w, uint64_t v);
void
writer_s64(struct writer *w, int64_t v);

/* The low n bytes of v, least significant first. */
void
writer_little(struct writer *w, uint64_t v, int n);

/* The length of the other, then its bytes. */
void
writer_sized(struct writer *w, const struct writer *other);

/* A name: length and bytes. */
void
writer_name(struct writer *w, const char *bytes, size_t len);

#endif
