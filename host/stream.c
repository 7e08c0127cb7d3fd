#include "host/stream.h"

#include <string.h>

#include "trap/alloc.h"

enum { ROOM = 1 << 20, ALONE = 16 << 20, BATCH = 1 << 16 };
#define WAIT 100000000 /* nanoseconds; whoever moves wakes the other */

bool
stream_open(struct stream *s, const struct allocator *al, bool alone)
{
	memset(s, 0, sizeof *s);
	s->al = al;
	s->alone = alone;
	s->until = s->size = alone ? ALONE : ROOM;
	s->room = alloc_zeroed(al, 1, s->size);
	if (s->room == NULL)
		return false;
	if (lock_open(&s->lock)) {
		if (lock_event_open(&s->moved))
			return true;
		lock_close(&s->lock);
	}
	alloc_free(al, s->room, s->size);
	s->room = NULL;
	return false;
}

void
stream_close(struct stream *s)
{
	if (s->room == NULL)
		return;
	lock_event_close(&s->moved);
	lock_close(&s->lock);
	alloc_free(s->al, s->room, s->size);
}

/* As much of n bytes as lies in one piece at a position. */
static size_t
piece(const struct stream *s, uint64_t at, uint64_t until, size_t n)
{
	uint64_t most = s->size - at % s->size;
	if (most > until - at)
		most = until - at;
	return n < most ? n : (size_t)most;
}

/* Tells what was written; with `wait`, until there is room.  False: stopped. */
static bool
tell_written(struct stream *s, bool wait)
{
	lock_enter(&s->lock);
	s->written = s->at;
	s->stopped |= wait && s->alone;
	lock_event_send(&s->moved);
	while (wait && !s->stopped && s->at == s->read + s->size)
		lock_event_wait(&s->moved, &s->lock, WAIT);
	s->until = s->read + s->size;
	bool stopped = s->stopped;
	lock_leave(&s->lock);
	return !stopped;
}

bool
stream_write(struct stream *s, const void *p, size_t bytes)
{
	const uint8_t *from = p;
	while (bytes > 0) {
		if (s->at == s->until && !tell_written(s, true))
			return false;
		size_t n = piece(s, s->at, s->until, bytes);
		memcpy(s->room + s->at % s->size, from, n);
		s->at += n;
		from += n;
		bytes -= n;
		if (s->at / BATCH != (s->at - n) / BATCH &&
			!tell_written(s, false))
			return false;
	}
	return true;
}

void
stream_flush(struct stream *s)
{
	tell_written(s, false);
}

void
stream_end(struct stream *s)
{
	lock_enter(&s->lock);
	s->written = s->at;
	s->ended = true;
	lock_event_send(&s->moved);
	lock_leave(&s->lock);
}

/* Tells what was read and waits for more; false at the end. */
static bool
more(struct stream *s)
{
	lock_enter(&s->lock);
	s->read = s->from;
	lock_event_send(&s->moved);
	while (s->written == s->from && !s->ended)
		lock_event_wait(&s->moved, &s->lock, WAIT);
	s->known = s->written;
	lock_leave(&s->lock);
	return s->known != s->from;
}

bool
stream_read(struct stream *s, void *p, size_t bytes)
{
	uint8_t *to = p;
	while (bytes > 0) {
		if (s->from == s->known && !more(s))
			return false;
		size_t n = piece(s, s->from, s->known, bytes);
		memcpy(to, s->room + s->from % s->size, n);
		s->from += n;
		to += n;
		bytes -= n;
	}
	return true;
}

void
stream_stop(struct stream *s)
{
	lock_enter(&s->lock);
	s->stopped = true;
	lock_event_send(&s->moved);
	lock_leave(&s->lock);
}

bool
stream_reset(struct stream *s)
{
	bool all = s->from == s->at;
	s->at = s->from = s->known = s->written = s->read = 0;
	s->until = s->size;
	s->ended = s->stopped = false;
	return all;
}
