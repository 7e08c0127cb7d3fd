/*
 * Bytes from one thread to another, in order, through a room of a fixed size:
 * who writes waits while it is full, who reads while it is empty.  Or within
 * one thread, which writes all of it first: who writes stops when it is full.
 */
#ifndef HOST_STREAM_H
#define HOST_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trap/lock.h"

struct allocator;

struct stream {
	const struct allocator *al;
	uint8_t *room;
	size_t size; /* of the room */
	bool alone;  /* one thread */
	/* Positions count bytes from the beginning. */
	uint64_t at, until;   /* the writer's own: next, end of what is free */
	uint64_t from, known; /* the reader's own: next, end of what is there */
	struct lock lock;     /* of what follows */
	struct lock_event moved;
	uint64_t written, read; /* what each has told the other */
	bool ended;		/* the writer writes no more */
	bool stopped;		/* the reader reads no more */
};

/* False when out of memory, or the system refuses it. */
bool
stream_open(struct stream *s, const struct allocator *al, bool alone);
void
stream_close(struct stream *s);

/* The writer's.  False once nobody reads. */
bool
stream_write(struct stream *s, const void *p, size_t bytes);
/* What was written can be read now, and not only when there is much. */
void
stream_flush(struct stream *s);
void
stream_end(struct stream *s);

/* The reader's.  False when the writer ended before so much. */
bool
stream_read(struct stream *s, void *p, size_t bytes);
void
stream_stop(struct stream *s);

/* Both threads are done: begins anew; false if something was not read. */
bool
stream_reset(struct stream *s);

#endif
