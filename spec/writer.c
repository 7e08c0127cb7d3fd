/*
 * Growing byte runs: they double, and a newest one grows in place.
 */
#include "spec/writer.h"

#include <stdbool.h>
#include <string.h>

#include "trap/arena.h"

#define FIRST_ROOM 64

/* Room for more bytes; false when out of memory. */
static bool
reserve(struct writer *w, size_t more)
{
	if (w->room - w->len >= more)
		return true;
	size_t room = w->room < FIRST_ROOM ? FIRST_ROOM : 2 * w->room;
	if (room - w->len < more)
		room = w->len + more;
	uint8_t *bytes = room > w->room
				 ? arena_grow(w->arena, w->bytes, w->room, room)
				 : NULL;
	if (bytes == NULL) {
		w->arena->failed = true;
		return false;
	}
	w->bytes = bytes;
	w->room = room;
	return true;
}

void
writer_byte(struct writer *w, uint8_t b)
{
	if (w->len < w->room || reserve(w, 1))
		w->bytes[w->len++] = b;
}

void
writer_bytes(struct writer *w, const void *p, size_t len)
{
	if (len == 0 || !reserve(w, len))
		return;
	memcpy(w->bytes + w->len, p, len);
	w->len += len;
}

void
writer_u64(struct writer *w, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		writer_byte(w, (uint8_t)(v | 0x80));
	writer_byte(w, (uint8_t)v);
}

void
writer_s64(struct writer *w, int64_t v)
{
	for (;;) {
		uint8_t low = (uint8_t)((uint64_t)v & 0x7f);
		bool minus = v < 0;
		/* an arithmetic shift, however the host shifts */
		v = minus ? ~(~v >> 7) : v >> 7;
		if (v == (minus ? -1 : 0) && (low >> 6 != 0) == minus) {
			writer_byte(w, low);
			return;
		}
		writer_byte(w, low | 0x80);
	}
}

void
writer_little(struct writer *w, uint64_t v, int n)
{
	for (int i = 0; i < n; i++)
		writer_byte(w, (uint8_t)(v >> 8 * i));
}

void
writer_sized(struct writer *w, const struct writer *other)
{
	writer_u64(w, other->len);
	writer_bytes(w, other->bytes, other->len);
}

void
writer_name(struct writer *w, const char *bytes, size_t len)
{
	writer_u64(w, len);
	writer_bytes(w, bytes, len);
}
