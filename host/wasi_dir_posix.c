/*
 * fd_readdir.  At cookie 0 the whole directory is read into the descriptor's
 * listing, in WASI's own form; a cookie is an offset in it.  So a directory
 *that is changed while it is read, even emptied, is seen as it was at the
 *start.
 *
 *	dirent: next cookie u64, ino u64, name's length u32, type u8, 3 unused;
 *	the name follows, without NUL
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/wasi_call.h"
#include "host/wasi_stat.h"
#include "trap/alloc.h"

enum { DIRENT = 24, FIRST_ROOM = 4096 };

static bool
reserve(struct wasi *w, struct wasi_fd *f, uint32_t bytes)
{
	uint32_t room = f->listing_room ? f->listing_room : FIRST_ROOM;
	while (room - f->listing_bytes < bytes && room < UINT32_C(1) << 31)
		room *= 2;
	if (room - f->listing_bytes < bytes)
		return false;
	if (room == f->listing_room)
		return true;
	void *grown =
		w->al->resize(w->al->user, f->listing, f->listing_room, room);
	if (grown == NULL)
		return false;
	f->listing = grown;
	f->listing_room = room;
	return true;
}

static bool
append(struct wasi *w, struct wasi_fd *f, const char *name, uint64_t ino,
	enum wasi_filetype type)
{
	uint32_t len = (uint32_t)strlen(name);
	if (!reserve(w, f, DIRENT + len))
		return false;
	uint8_t *p = f->listing + f->listing_bytes;
	f->listing_bytes += DIRENT + len;
	bytes_put64(p, f->listing_bytes);
	bytes_put64(p + 8, ino);
	bytes_put32(p + 16, len);
	bytes_put32(p + 20, (uint32_t)type);
	memcpy(p + DIRENT, name, len);
	return true;
}

static enum wasi_filetype
entry_type(int dir, const struct dirent *e)
{
	struct stat st;
	switch (e->d_type) {
	case DT_REG:
		return FILETYPE_regular_file;
	case DT_DIR:
		return FILETYPE_directory;
	case DT_LNK:
		return FILETYPE_symbolic_link;
	case DT_CHR:
		return FILETYPE_character_device;
	case DT_BLK:
		return FILETYPE_block_device;
	case DT_SOCK:
		return FILETYPE_socket_stream;
	case DT_UNKNOWN: /* the file system does not say */
		if (fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			return wasi_stat_type(st.st_mode);
		/* fallthrough */
	default:
		return FILETYPE_unknown;
	}
}

/* "." and ".." come first; what ".." is does not concern the guest. */
static enum wasi_errno
append_all(struct wasi *w, struct wasi_fd *f, DIR *d)
{
	struct stat st;
	if (fstat(f->host, &st) != 0)
		return wasi_errno_of(errno);
	f->listing_bytes = 0;
	bool fits = append(w, f, ".", (uint64_t)st.st_ino, f->type) &&
		    append(w, f, "..", 0, f->type);
	rewinddir(d);
	while (fits) {
		errno = 0;
		const struct dirent *e = readdir(d);
		if (e == NULL)
			return errno == 0 || errno == ENOENT
				       ? ERRNO_success
				       : wasi_errno_of(errno);
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			fits = append(w, f, e->d_name, (uint64_t)e->d_ino,
				entry_type(f->host, e));
	}
	return ERRNO_nomem;
}

static enum wasi_errno
list(struct wasi *w, struct wasi_fd *f)
{
	int fd = fcntl(f->host, F_DUPFD_CLOEXEC, 3);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (d == NULL) {
		enum wasi_errno error = wasi_errno_of(errno);
		if (fd >= 0)
			close(fd);
		return error;
	}
	enum wasi_errno error = append_all(w, f, d);
	closedir(d);
	return error;
}

enum wasi_errno
wasi_fd_readdir(struct wasi_call *c)
{
	uint32_t room = wasi_i32(c, 2);
	uint64_t cookie = wasi_i64(c, 3);
	uint8_t *out = wasi_bytes(c, 1, room), *used = wasi_out(c, 4, 4, 4);
	if (c->error)
		return c->error;
	struct wasi_fd *f = c->f;
	if (cookie == 0 || f->listing == NULL) {
		enum wasi_errno error = list(c->w, f);
		if (error != ERRNO_success)
			return error;
	}
	if (cookie > f->listing_bytes)
		return ERRNO_inval;
	uint32_t left = f->listing_bytes - (uint32_t)cookie;
	uint32_t n = left < room ? left : room;
	memcpy(out, f->listing + cookie, n);
	bytes_put32(used, n);
	return ERRNO_success;
}
