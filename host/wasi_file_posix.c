/*
 * Calls on an open file's position, contents on disk and expected use.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "host/wasi_call.h"

static enum wasi_errno
seek(struct wasi_call *c, int64_t offset, int whence, uint8_t *out)
{
	off_t at = lseek(c->f->host, (off_t)offset, whence);
	if (at < 0)
		return wasi_errno_of(errno);
	bytes_put64(out, (uint64_t)at);
	return ERRNO_success;
}

/* Asking where one is takes the right to tell only. */
enum wasi_errno
wasi_fd_seek(struct wasi_call *c)
{
	static const int whences[2][3] = { { SEEK_SET, SEEK_CUR, SEEK_END },
		{ SEEK_CUR, SEEK_END, SEEK_SET } }; /* [old] */
	int64_t offset = (int64_t)wasi_i64(c, 1);
	uint32_t i = wasi_i32(c, 2);
	uint8_t *out = wasi_out(c, 3, 8, 8);
	if (c->error)
		return c->error;
	if (i > 2)
		return ERRNO_inval;
	int whence = whences[c->old][i];
	bool tell = whence == SEEK_CUR && offset == 0 &&
		    (c->f->base & RIGHT_fd_tell) != 0;
	enum wasi_errno error = wasi_need(c->f, tell ? 0 : RIGHT_fd_seek);
	return error == ERRNO_success ? seek(c, offset, whence, out) : error;
}

enum wasi_errno
wasi_fd_tell(struct wasi_call *c)
{
	uint8_t *out = wasi_out(c, 1, 8, 8);
	return c->error ? c->error : seek(c, 0, SEEK_CUR, out);
}

static enum wasi_errno
answer(int result)
{
	return result == 0 ? ERRNO_success : wasi_errno_of(errno);
}

enum wasi_errno
wasi_fd_sync(struct wasi_call *c)
{
	return answer(fsync(c->f->host));
}

enum wasi_errno
wasi_fd_datasync(struct wasi_call *c)
{
	return answer(fdatasync(c->f->host));
}

enum wasi_errno
wasi_fd_advise(struct wasi_call *c)
{
	static const int advices[] = { POSIX_FADV_NORMAL, POSIX_FADV_SEQUENTIAL,
		POSIX_FADV_RANDOM, POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,
		POSIX_FADV_NOREUSE };
	uint64_t offset = wasi_i64(c, 1), len = wasi_i64(c, 2);
	uint32_t advice = wasi_i32(c, 3);
	if (advice >= sizeof advices / sizeof *advices || offset > INT64_MAX ||
		len > INT64_MAX)
		return ERRNO_inval;
	return wasi_errno_of(posix_fadvise(
		c->f->host, (off_t)offset, (off_t)len, advices[advice]));
}

enum wasi_errno
wasi_fd_allocate(struct wasi_call *c)
{
	uint64_t offset = wasi_i64(c, 1), len = wasi_i64(c, 2);
	if (len == 0)
		return ERRNO_inval;
	if (offset > INT64_MAX || len > INT64_MAX - offset)
		return ERRNO_fbig;
	int error;
	do
		error = posix_fallocate(c->f->host, (off_t)offset, (off_t)len);
	while (error == EINTR && !wasi_interrupted(c));
	return wasi_errno_of(error);
}
