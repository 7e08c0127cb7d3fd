#include "host/wasi_io.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

static_assert(sizeof(off_t) == 8, "build with _FILE_OFFSET_BITS=64");

void
wasi_buffers_init(struct wasi_call *c, unsigned i, struct wasi_buffers *b)
{
	b->count = wasi_i32(c, i + 1);
	b->list = wasi_array(c, i, b->count, 8, 4);
	b->at = b->skip = b->done = 0;
}

bool
wasi_buffers_next(struct wasi_call *c, struct wasi_buffers *b, size_t most)
{
	size_t left = INT32_MAX - b->done;
	uint32_t skip = b->skip;
	if (most < left)
		left = most;
	b->nbatch = 0;
	b->batch_bytes = 0;
	for (uint32_t i = b->at;
		i < b->count && b->nbatch < IO_BATCH && left > 0;
		i++, skip = 0) {
		uint32_t ptr = bytes_get32(b->list + (size_t)8 * i);
		uint32_t len = bytes_get32(b->list + (size_t)8 * i + 4);
		uint8_t *p = wasi_range(c, ptr, len);
		if (p == NULL || skip > len) {
			c->error = ERRNO_fault;
			return false;
		}
		size_t n = len - skip < left ? len - skip : left;
		if (n == 0)
			continue;
		b->batch[b->nbatch].iov_base = p + skip;
		b->batch[b->nbatch++].iov_len = n;
		b->batch_bytes += n;
		left -= n;
	}
	return b->nbatch > 0;
}

void
wasi_buffers_advance(struct wasi_buffers *b, size_t bytes)
{
	assert(bytes <= b->batch_bytes && "no more than was asked for");
	b->done += (uint32_t)bytes;
	while (b->at < b->count) {
		uint32_t len = bytes_get32(b->list + (size_t)8 * b->at + 4);
		if (bytes < len - b->skip) {
			b->skip += (uint32_t)bytes;
			return;
		}
		bytes -= len - b->skip;
		b->skip = 0;
		b->at++;
	}
}

bool
wasi_io_again(struct wasi_call *c, enum wasi_errno *error)
{
	if (wasi_interrupted(c)) {
		*error = ERRNO_intr;
		return false;
	}
	if (errno == EINTR)
		return true;
	*error = wasi_errno_of(errno);
	return false;
}

enum wasi_errno
wasi_io_result(struct wasi_call *c, const struct wasi_buffers *b,
	enum wasi_errno error, uint8_t *out)
{
	if (c->error != ERRNO_success && error == ERRNO_success)
		error = c->error;
	if (b->done == 0 && error != ERRNO_success)
		return error;
	bytes_put32(out, b->done);
	return ERRNO_success;
}

enum wasi_errno
wasi_wait(struct wasi_call *c, int host, short events, bool nonblock)
{
	struct pollfd p = { host, events, 0 };
	for (;;) {
		if (wasi_interrupted(c))
			return ERRNO_intr;
		wasi_pause(c);
		int n = poll(&p, 1, nonblock ? 0 : WASI_SLICE_MS);
		enum wasi_errno error = wasi_resume(c);
		if (error != ERRNO_success)
			return error;
		if (n > 0)
			return ERRNO_success;
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return wasi_errno_of(errno);
		if (n == 0 && nonblock)
			return ERRNO_again;
	}
}

/* One of fd_read, fd_pread, fd_write, fd_pwrite. */
struct transfer {
	struct wasi_buffers b;
	bool write, positioned;
	uint64_t offset;
};

static ssize_t
transfer_batch(const struct transfer *t, int host)
{
	const struct iovec *v = t->b.batch;
	int n = t->b.nbatch;
	if (!t->positioned)
		return t->write ? writev(host, v, n) : readv(host, v, n);
	off_t at = (off_t)(t->offset + t->b.done);
	return t->write ? pwritev(host, v, n, at) : preadv(host, v, n, at);
}

/* It may block: a pipe, a terminal, another device. */
static bool
is_stream(const struct wasi_fd *f)
{
	return f->type == FILETYPE_unknown ||
	       f->type == FILETYPE_character_device;
}

/*
 * A stream is waited for before each system call, which then does not block:
 * there is something to read, or room for PIPE_BUF bytes.
 */
static enum wasi_errno
transfer_all(struct wasi_call *c, struct transfer *t)
{
	bool stream = is_stream(c->f) && !t->positioned;
	bool nonblock = (c->f->flags & FDFLAGS_nonblock) != 0;
	short events = t->write ? POLLOUT : POLLIN;
	size_t most = stream && t->write ? PIPE_BUF : IO_MOST;
	enum wasi_errno error = ERRNO_success;
	while (wasi_buffers_next(c, &t->b, most)) {
		if (stream)
			error = wasi_wait(c, c->f->host, events, nonblock);
		if (error != ERRNO_success)
			return error;
		ssize_t n = transfer_batch(t, c->f->host);
		if (n < 0) {
			bool later = stream && errno == EAGAIN && !nonblock;
			if (later || wasi_io_again(c, &error))
				continue;
			return error;
		}
		size_t asked = t->b.batch_bytes;
		wasi_buffers_advance(&t->b, (size_t)n);
		if ((!t->write && (stream || (size_t)n < asked)) || n == 0 ||
			wasi_interrupted(c))
			break;
	}
	return error;
}

static enum wasi_errno
transfer(struct wasi_call *c, bool write, bool positioned)
{
	struct transfer t;
	t.write = write;
	t.positioned = positioned;
	t.offset = positioned ? wasi_i64(c, 3) : 0;
	uint8_t *out = wasi_out(c, positioned ? 4 : 3, 4, 4);
	wasi_buffers_init(c, 1, &t.b);
	if (c->error)
		return c->error;
	if (t.offset > INT64_MAX - UINT32_MAX)
		return ERRNO_inval;
	enum wasi_errno error;
	int flags;
	bool socket = c->f->type == FILETYPE_socket_stream ||
		      c->f->type == FILETYPE_socket_dgram;
	if (socket && !positioned)
		error = write ? wasi_sock_transmit(c, &t.b)
			      : wasi_sock_receive(c, &t.b, 0, &flags);
	else
		error = transfer_all(c, &t);
	return wasi_io_result(c, &t.b, error, out);
}

enum wasi_errno
wasi_fd_read(struct wasi_call *c)
{
	return transfer(c, false, false);
}

enum wasi_errno
wasi_fd_write(struct wasi_call *c)
{
	return transfer(c, true, false);
}

enum wasi_errno
wasi_fd_pread(struct wasi_call *c)
{
	return transfer(c, false, true);
}

enum wasi_errno
wasi_fd_pwrite(struct wasi_call *c)
{
	return transfer(c, true, true);
}
