/*
 * Sockets: those that the embedder opened, and what they accept.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/wasi_call.h"
#include "host/wasi_io.h"

static enum wasi_errno
need_socket(const struct wasi_fd *f, uint32_t rights)
{
	if (f->type != FILETYPE_socket_stream &&
		f->type != FILETYPE_socket_dgram)
		return ERRNO_notsock;
	return wasi_need(f, rights);
}

static bool
nonblock(const struct wasi_fd *f)
{
	return (f->flags & FDFLAGS_nonblock) != 0;
}

/* Tries again when it would block after all, unless the guest wants to know. */
static bool
again(struct wasi_call *c, enum wasi_errno *error)
{
	bool later =
		(errno == EAGAIN || errno == EWOULDBLOCK) && !nonblock(c->f);
	return (later && !wasi_interrupted(c)) || wasi_io_again(c, error);
}

enum wasi_errno
wasi_sock_accept(struct wasi_call *c)
{
	uint32_t flags = wasi_i32(c, 1), number;
	uint8_t *out = wasi_out(c, 2, 4, 4);
	if (c->error)
		return c->error;
	enum wasi_errno error = need_socket(c->f, RIGHT_sock_accept);
	if (error == ERRNO_success && (flags & ~(uint32_t)FDFLAGS_nonblock))
		error = ERRNO_inval;
	int host = -1;
	while (error == ERRNO_success && host < 0) {
		error = wasi_wait(c, c->f->host, POLLIN, nonblock(c->f));
		if (error != ERRNO_success)
			break;
		host = accept(c->f->host, NULL, NULL);
		if (host < 0 && !again(c, &error))
			break;
	}
	if (error != ERRNO_success)
		return error;
	fcntl(host, F_SETFD, FD_CLOEXEC);
	uint32_t rights = c->f->inheriting;
	struct wasi_fd *f = wasi_fd_new(c->w, host, &number);
	if (f == NULL)
		return ERRNO_mfile;
	f->type = (uint8_t)wasi_fd_type(host);
	f->flags = (uint8_t)flags;
	f->base = rights & wasi_rights_of(f->type);
	f->inheriting = rights;
	bytes_put32(out, number);
	return ERRNO_success;
}

/* One message, or with MSG_WAITALL as much as there is room for. */
enum wasi_errno
wasi_sock_receive(
	struct wasi_call *c, struct wasi_buffers *b, int flags, int *got_flags)
{
	enum wasi_errno error;
	bool all = (flags & MSG_WAITALL) != 0;
	flags = (flags & ~MSG_WAITALL) | MSG_DONTWAIT;
	*got_flags = 0;
	while (wasi_buffers_next(c, b, IO_MOST)) {
		error = wasi_wait(c, c->f->host, POLLIN, nonblock(c->f));
		if (error != ERRNO_success)
			return error;
		struct msghdr m;
		memset(&m, 0, sizeof m);
		m.msg_iov = b->batch;
		m.msg_iovlen = (size_t)b->nbatch;
		ssize_t n = recvmsg(c->f->host, &m, flags);
		if (n < 0 && again(c, &error))
			continue;
		if (n < 0)
			return error;
		wasi_buffers_advance(b, (size_t)n);
		*got_flags = m.msg_flags;
		if (!all || n == 0 || (flags & MSG_PEEK) != 0)
			break;
	}
	return ERRNO_success;
}

/* A datagram goes in one piece; a stream takes what there is room for. */
enum wasi_errno
wasi_sock_transmit(struct wasi_call *c, struct wasi_buffers *b)
{
	enum wasi_errno error;
	bool datagram = c->f->type == FILETYPE_socket_dgram;
	while (wasi_buffers_next(c, b, IO_MOST)) {
		error = wasi_wait(c, c->f->host, POLLOUT, nonblock(c->f));
		if (error != ERRNO_success)
			return error;
		struct msghdr m;
		memset(&m, 0, sizeof m);
		m.msg_iov = b->batch;
		m.msg_iovlen = (size_t)b->nbatch;
		ssize_t n =
			sendmsg(c->f->host, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && again(c, &error))
			continue;
		if (n < 0)
			return error;
		wasi_buffers_advance(b, (size_t)n);
		if (datagram)
			break;
	}
	return ERRNO_success;
}

enum { RECV_PEEK = 1, RECV_WAITALL = 2, RECV_DATA_TRUNCATED = 1 };

enum wasi_errno
wasi_sock_recv(struct wasi_call *c)
{
	uint32_t ri_flags = wasi_i32(c, 3);
	struct wasi_buffers b;
	int got = 0, flags = 0;
	enum wasi_errno error = need_socket(c->f, RIGHT_fd_read);
	if (error != ERRNO_success)
		return error;
	uint8_t *size = wasi_out(c, 4, 4, 4), *ro_flags = wasi_out(c, 5, 2, 2);
	wasi_buffers_init(c, 1, &b);
	if (c->error)
		return c->error;
	if ((ri_flags & ~(uint32_t)(RECV_PEEK | RECV_WAITALL)) != 0)
		return ERRNO_inval;
	flags |= ri_flags & RECV_PEEK ? MSG_PEEK : 0;
	flags |= ri_flags & RECV_WAITALL ? MSG_WAITALL : 0;
	error = wasi_sock_receive(c, &b, flags, &got);
	error = wasi_io_result(c, &b, error, size);
	if (error == ERRNO_success)
		bytes_put16(
			ro_flags, got & MSG_TRUNC ? RECV_DATA_TRUNCATED : 0);
	return error;
}

enum wasi_errno
wasi_sock_send(struct wasi_call *c)
{
	struct wasi_buffers b;
	enum wasi_errno error = need_socket(c->f, RIGHT_fd_write);
	if (error != ERRNO_success)
		return error;
	uint8_t *size = wasi_out(c, 4, 4, 4);
	wasi_buffers_init(c, 1, &b);
	if (c->error)
		return c->error;
	if (wasi_i32(c, 3) != 0)
		return ERRNO_inval;
	error = wasi_sock_transmit(c, &b);
	return wasi_io_result(c, &b, error, size);
}

enum wasi_errno
wasi_sock_shutdown(struct wasi_call *c)
{
	static const int hows[] = { -1, SHUT_RD, SHUT_WR, SHUT_RDWR };
	uint32_t how = wasi_i32(c, 1);
	enum wasi_errno error = need_socket(c->f, RIGHT_sock_shutdown);
	if (error != ERRNO_success)
		return error;
	if (how == 0 || how > 3)
		return ERRNO_inval;
	if (shutdown(c->f->host, hows[how]) != 0)
		return wasi_errno_of(errno);
	return ERRNO_success;
}
