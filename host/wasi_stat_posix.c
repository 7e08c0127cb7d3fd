#include "host/wasi_stat.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "host/path.h"

enum wasi_filetype
wasi_stat_type(mode_t mode)
{
	return S_ISREG(mode)	? FILETYPE_regular_file
	       : S_ISDIR(mode)	? FILETYPE_directory
	       : S_ISLNK(mode)	? FILETYPE_symbolic_link
	       : S_ISCHR(mode)	? FILETYPE_character_device
	       : S_ISBLK(mode)	? FILETYPE_block_device
	       : S_ISSOCK(mode) ? FILETYPE_socket_stream
				: FILETYPE_unknown;
}

static uint64_t
nanoseconds(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * 1000000000 + (uint64_t)t->tv_nsec;
}

/*
 * filestat: dev u64, ino u64, filetype u8, padding; then nlink, size, atim,
 * mtim, ctim, u64 each from 24 on.  In wasi_unstable nlink is a u32 at 20, and
 * the rest begins at 24.
 */
static uint32_t
filestat_bytes(const struct wasi_call *c)
{
	return c->old ? 56 : 64;
}

static void
put_filestat(const struct wasi_call *c, uint8_t *out, const struct stat *st,
	enum wasi_filetype type)
{
	memset(out, 0, filestat_bytes(c));
	bytes_put64(out, (uint64_t)st->st_dev);
	bytes_put64(out + 8, (uint64_t)st->st_ino);
	out[16] = (uint8_t)type;
	if (c->old) {
		bytes_put32(out + 20, (uint32_t)st->st_nlink);
		out += 24;
	} else {
		bytes_put64(out + 24, (uint64_t)st->st_nlink);
		out += 32;
	}
	bytes_put64(out, (uint64_t)st->st_size);
	bytes_put64(out + 8, nanoseconds(&st->st_atim));
	bytes_put64(out + 16, nanoseconds(&st->st_mtim));
	bytes_put64(out + 24, nanoseconds(&st->st_ctim));
}

enum wasi_errno
wasi_fd_filestat_get(struct wasi_call *c)
{
	struct stat st;
	uint8_t *out = wasi_out(c, 1, filestat_bytes(c), 8);
	if (c->error)
		return c->error;
	if (fstat(c->f->host, &st) != 0)
		return wasi_errno_of(errno);
	put_filestat(c, out, &st, c->f->type);
	return ERRNO_success;
}

enum wasi_errno
wasi_fd_filestat_set_size(struct wasi_call *c)
{
	if (wasi_i64(c, 1) > INT64_MAX)
		return ERRNO_inval;
	if (ftruncate(c->f->host, (off_t)wasi_i64(c, 1)) != 0)
		return wasi_errno_of(errno);
	return ERRNO_success;
}

enum { SET = 1, NOW = 2 }; /* fstflags of one time; mtim's are << 2 */

static struct timespec
time_of(uint64_t t, uint32_t flags)
{
	struct timespec ts = { 0, UTIME_OMIT };
	if ((flags & NOW) != 0) {
		ts.tv_nsec = UTIME_NOW;
	} else if ((flags & SET) != 0) {
		ts.tv_sec = (time_t)(t / 1000000000);
		ts.tv_nsec = (long)(t % 1000000000);
	}
	return ts;
}

/* Parameters atim, mtim, fstflags from i on, as utimensat wants them. */
static enum wasi_errno
get_times(const struct wasi_call *c, unsigned i, struct timespec times[2])
{
	uint32_t flags = wasi_i32(c, i + 2);
	if (flags > 15 || (flags & 3) == 3 || (flags >> 2) == 3)
		return ERRNO_inval;
	times[0] = time_of(wasi_i64(c, i), flags & 3);
	times[1] = time_of(wasi_i64(c, i + 1), flags >> 2);
	return ERRNO_success;
}

enum wasi_errno
wasi_fd_filestat_set_times(struct wasi_call *c)
{
	struct timespec times[2];
	enum wasi_errno error = get_times(c, 1, times);
	if (error == ERRNO_success && futimens(c->f->host, times) != 0)
		error = wasi_errno_of(errno);
	return error;
}

enum wasi_errno
wasi_path_filestat_get(struct wasi_call *c)
{
	struct path p;
	struct stat st;
	uint8_t *out = wasi_out(c, 4, filestat_bytes(c), 8);
	enum wasi_errno error = wasi_path(c, c->f, 2, wasi_i32(c, 1), &p);
	if (error != ERRNO_success)
		return error;
	if (fstatat(p.dir, p.name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		error = wasi_errno_of(errno);
	else if (p.slash && !S_ISDIR(st.st_mode))
		error = ERRNO_notdir;
	else
		put_filestat(c, out, &st, wasi_stat_type(st.st_mode));
	path_close(&p);
	return error;
}

enum wasi_errno
wasi_path_filestat_set_times(struct wasi_call *c)
{
	struct path p;
	struct timespec times[2];
	enum wasi_errno error = get_times(c, 4, times);
	if (error == ERRNO_success)
		error = wasi_path(c, c->f, 2, wasi_i32(c, 1), &p);
	if (error != ERRNO_success)
		return error;
	error = wasi_path_check(&p);
	if (error == ERRNO_success &&
		utimensat(p.dir, p.name, times, AT_SYMLINK_NOFOLLOW) != 0)
		error = wasi_errno_of(errno);
	path_close(&p);
	return error;
}
