/*
 * poll_oneoff: waits for clocks and descriptors at once, in slices, so that an
 * interrupt ends it soon.
 *
 *	subscription: userdata u64, tag u8 at 8, then
 *	  a clock: id u32 at 16, timeout u64 at 24, precision u64, flags u16
 *	  (wasi_unstable has an identifier, u64, before all that)
 *	  a descriptor: its number u32 at 16
 *	event: userdata u64, error u16 at 8, type u8 at 10, nbytes u64 at 16,
 *	  flags u16 at 24
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/wasi_call.h"
#include "trap/alloc.h"

enum {
	MOST = 1 << 16, /* subscriptions of one call */
	EVENT = 32,
	HANGUP = 1, /* event's flags */
	ABSTIME = 1,
};

enum tag { TAG_clock, TAG_read, TAG_write, TAG_count };

/* A subscription. */
struct watch {
	uint64_t userdata;
	uint64_t deadline;   /* TAG_clock: on clock */
	struct pollfd *poll; /* else; NULL with an error */
	uint64_t born;	     /* the descriptor's */
	uint32_t number;
	uint32_t clock;
	uint8_t tag;
	bool due;
	enum wasi_errno error; /* to be reported at once */
};

struct waiter {
	struct watch *watches;
	struct pollfd *polls;
	uint32_t count, npolls;
};

static void
watch_clock(struct watch *w, const uint8_t *p)
{
	uint64_t now = 0, timeout = bytes_get64(p + 8);
	w->clock = bytes_get32(p);
	w->deadline = timeout;
	w->error = wasi_clock(w->clock, &now);
	if ((bytes_get16(p + 24) & ABSTIME) == 0)
		w->deadline =
			timeout < UINT64_MAX - now ? now + timeout : UINT64_MAX;
}

static void
watch_fd(struct wasi_call *c, struct waiter *all, struct watch *w,
	uint32_t number)
{
	bool read = w->tag == TAG_read;
	const struct wasi_fd *f = wasi_fd_at(c->w, number);
	w->error = f == NULL ? ERRNO_badf
			     : wasi_need(f, RIGHT_poll_fd_readwrite |
						    (read ? RIGHT_fd_read
							  : RIGHT_fd_write));
	if (w->error != ERRNO_success)
		return;
	w->number = number;
	w->born = f->born;
	w->poll = &all->polls[all->npolls++];
	w->poll->fd = f->host;
	w->poll->events = read ? POLLIN : POLLOUT;
}

static enum wasi_errno
read_subscriptions(struct wasi_call *c, struct waiter *all, const uint8_t *p)
{
	for (uint32_t i = 0; i < all->count; i++, p += c->old ? 56 : 48) {
		struct watch *w = &all->watches[i];
		w->userdata = bytes_get64(p);
		w->tag = p[8];
		if (w->tag >= TAG_count)
			return ERRNO_inval;
		if (w->tag == TAG_clock)
			watch_clock(w, p + (c->old ? 24 : 16));
		else
			watch_fd(c, all, w, bytes_get32(p + 16));
	}
	return ERRNO_success;
}

/* Nanoseconds until the first clock or error is due; marks those that are. */
static uint64_t
time_left(struct waiter *all)
{
	uint64_t least = UINT64_MAX;
	for (uint32_t i = 0; i < all->count; i++) {
		struct watch *w = &all->watches[i];
		uint64_t now = 0, left = 0;
		if (w->error == ERRNO_success && w->tag != TAG_clock)
			continue;
		if (w->error == ERRNO_success)
			w->error = wasi_clock(w->clock, &now);
		if (w->error == ERRNO_success && w->deadline > now)
			left = w->deadline - now;
		w->due = left == 0;
		if (left < least)
			least = left;
	}
	return least;
}

/* Sleeps for left nanoseconds or a slice; what poll() answers. */
static int
nap(struct waiter *all, uint64_t left)
{
	if (left > (uint64_t)WASI_SLICE_MS * 1000000)
		left = (uint64_t)WASI_SLICE_MS * 1000000;
	if (all->npolls > 0)
		return poll(all->polls, all->npolls,
			(int)((left + 999999) / 1000000));
	struct timespec t = { 0, (long)left };
	return left == 0 ? 0 : nanosleep(&t, NULL);
}

static enum wasi_errno
wait_for_any(struct wasi_call *c, struct waiter *all)
{
	for (;;) {
		if (wasi_interrupted(c))
			return ERRNO_intr;
		uint64_t left = time_left(all);
		wasi_pause(c);
		int n = nap(all, left);
		wasi_resume(c);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return wasi_errno_of(errno);
		if (n > 0 || (n == 0 && left == 0))
			return ERRNO_success;
	}
}

/* Bytes that can be read without waiting. */
static uint64_t
readable(const struct wasi_fd *f)
{
	struct stat st;
	int n = 0;
	if (f->type == FILETYPE_regular_file) {
		off_t at = lseek(f->host, 0, SEEK_CUR);
		bool more =
			at >= 0 && fstat(f->host, &st) == 0 && st.st_size > at;
		return more ? (uint64_t)(st.st_size - at) : 0;
	}
	return ioctl(f->host, FIONREAD, &n) == 0 && n > 0 ? (uint64_t)n : 0;
}

static void
put_event(const struct wasi_call *c, uint8_t *out, const struct watch *w)
{
	enum wasi_errno error = w->error;
	int happened = w->poll != NULL ? w->poll->revents : 0;
	const struct wasi_fd *f =
		w->poll != NULL ? wasi_fd_at(c->w, w->number) : NULL;
	bool closed = w->poll != NULL && (f == NULL || f->born != w->born);
	if ((happened & POLLNVAL) != 0 || closed)
		error = ERRNO_badf;
	memset(out, 0, EVENT);
	bytes_put64(out, w->userdata);
	bytes_put16(out + 8, (uint16_t)error);
	out[10] = w->tag;
	if (w->tag == TAG_read && error == ERRNO_success)
		bytes_put64(out + 16, readable(f));
	if ((happened & (POLLHUP | POLLERR)) != 0)
		bytes_put16(out + 24, HANGUP);
}

static uint32_t
put_events(const struct wasi_call *c, uint8_t *out, const struct waiter *all)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < all->count; i++) {
		const struct watch *w = &all->watches[i];
		if (w->due || (w->poll != NULL && w->poll->revents != 0))
			put_event(c, out + (size_t)EVENT * n++, w);
	}
	return n;
}

enum wasi_errno
wasi_poll_oneoff(struct wasi_call *c)
{
	const struct allocator *al = c->w->al;
	uint32_t n = wasi_i32(c, 2);
	const uint8_t *in = wasi_array(c, 0, n, c->old ? 56 : 48, 8);
	uint8_t *events = wasi_array(c, 1, n, EVENT, 8);
	uint8_t *out = wasi_out(c, 3, 4, 4);
	if (c->error)
		return c->error;
	if (n == 0)
		return ERRNO_inval;
	if (n > MOST)
		return ERRNO_nomem;
	struct waiter all = { .count = n };
	all.watches = alloc_zeroed(al, n, sizeof *all.watches);
	all.polls = alloc_zeroed(al, n, sizeof *all.polls);
	enum wasi_errno error = all.watches != NULL && all.polls != NULL
					? read_subscriptions(c, &all, in)
					: ERRNO_nomem;
	if (error == ERRNO_success)
		error = wait_for_any(c, &all);
	if (error == ERRNO_success)
		bytes_put32(out, put_events(c, events, &all));
	alloc_free(al, all.watches, n * sizeof *all.watches);
	alloc_free(al, all.polls, n * sizeof *all.polls);
	return error;
}
