/*
 * The guest's descriptors: numbers, rights, flags, and what is open from the
 * start.  The host's descriptors behind them are duplicates or our own.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/wasi.h"
#include "host/wasi_call.h"
#include "host/wasi_stat.h"
#include "trap/alloc.h"
#include "trap/error.h"

enum { FIRST_ROOM = 16, MOST_FDS = 1 << 20 };

struct wasi_fd *
wasi_fd_at(struct wasi *w, uint32_t number)
{
	if (number >= w->nfds || w->fds[number].host < 0)
		return NULL;
	return &w->fds[number];
}

/* Makes room for more numbers. */
static bool
grow(struct wasi *w)
{
	uint32_t room = w->nfds ? 2 * w->nfds : FIRST_ROOM;
	if (room > MOST_FDS)
		return false;
	struct wasi_fd *fds = arena_grow(
		&w->arena, w->fds, w->nfds * sizeof *fds, room * sizeof *fds);
	if (fds == NULL)
		return false;
	for (uint32_t i = w->nfds; i < room; i++)
		fds[i].host = -1;
	w->fds = fds;
	w->nfds = room;
	return true;
}

struct wasi_fd *
wasi_fd_new(struct wasi *w, int host, uint32_t *number)
{
	static const struct wasi_fd zero;
	assert(host >= 0 && "an open descriptor");
	uint32_t i = 0;
	while (i < w->nfds && w->fds[i].host >= 0)
		i++;
	if (i == w->nfds && !grow(w)) {
		close(host);
		return NULL;
	}
	w->fds[i] = zero;
	w->fds[i].host = host;
	w->fds[i].born = ++w->births;
	*number = i;
	return &w->fds[i];
}

void
wasi_fd_drop(struct wasi *w, struct wasi_fd *f)
{
	close(f->host);
	alloc_free(w->al, f->listing, f->listing_room);
	f->host = -1;
}

enum wasi_filetype
wasi_fd_type(int host)
{
	struct stat st;
	if (fstat(host, &st) != 0)
		return FILETYPE_unknown;
	if (!S_ISSOCK(st.st_mode))
		return wasi_stat_type(st.st_mode);
	int type = 0;
	socklen_t len = sizeof type;
	getsockopt(host, SOL_SOCKET, SO_TYPE, &type, &len);
	return type == SOCK_DGRAM ? FILETYPE_socket_dgram
				  : FILETYPE_socket_stream;
}

/* A duplicate that no other program inherits; /dev/null for a closed one. */
static int
duplicate(int host)
{
	int fd = host < 0 ? -1 : fcntl(host, F_DUPFD_CLOEXEC, 3);
	if (fd < 0 && (host < 0 || errno == EBADF))
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	return fd;
}

static bool
refuse(struct error *error, const char *what, const char *name)
{
	error_set(error, ERROR_host, "%s%s: %s", what, name, strerror(errno));
	return false;
}

/* Standard input cannot be written, output not read; a terminal not sought. */
static bool
open_stdio(
	struct wasi *w, const struct wasi_config *config, struct error *error)
{
	for (uint32_t i = 0; i < 3; i++) {
		uint32_t number;
		int host = duplicate(config->stdio[i]);
		if (host < 0)
			return refuse(
				error, "cannot use standard input/output", "");
		struct wasi_fd *f = wasi_fd_new(w, host, &number);
		if (f == NULL)
			return false;
		assert(number == i && "the first three numbers");
		f->type = (uint8_t)wasi_fd_type(host);
		f->base = wasi_rights_of(f->type);
		f->base &= i == 0 ? ~(uint32_t)RIGHT_fd_write
				  : ~(uint32_t)RIGHT_fd_read;
		if (isatty(host))
			f->base &= ~(uint32_t)(RIGHT_fd_seek | RIGHT_fd_tell);
		int flags = fcntl(host, F_GETFL);
		if (flags >= 0 && (flags & O_APPEND) != 0)
			f->flags |= FDFLAGS_append;
	}
	return true;
}

static bool
open_preopens(
	struct wasi *w, const struct wasi_config *config, struct error *error)
{
	for (uint32_t i = 0; i < config->npreopens; i++) {
		const struct wasi_preopen *p = &config->preopens[i];
		uint32_t number;
		int host = open(p->host, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (host < 0)
			return refuse(error, "cannot open directory ", p->host);
		struct wasi_fd *f = wasi_fd_new(w, host, &number);
		if (f == NULL)
			return false;
		f->type = FILETYPE_directory;
		f->base = wasi_rights_of(f->type);
		f->inheriting = RIGHT_all;
		f->preopen = arena_copy(&w->arena, p->guest, strlen(p->guest));
		if (f->preopen == NULL)
			return false;
	}
	return true;
}

static bool
open_sockets(
	struct wasi *w, const struct wasi_config *config, struct error *error)
{
	for (uint32_t i = 0; i < config->nsockets; i++) {
		uint32_t number;
		int host = fcntl(config->sockets[i], F_DUPFD_CLOEXEC, 3);
		if (host < 0)
			return refuse(error, "cannot use a socket", "");
		struct wasi_fd *f = wasi_fd_new(w, host, &number);
		if (f == NULL)
			return false;
		f->type = (uint8_t)wasi_fd_type(host);
		f->base = wasi_rights_of(f->type);
		f->inheriting = RIGHT_all;
	}
	return true;
}

bool
wasi_fd_open_all(
	struct wasi *w, const struct wasi_config *config, struct error *error)
{
	return open_stdio(w, config, error) &&
	       open_preopens(w, config, error) &&
	       open_sockets(w, config, error);
}

enum wasi_errno
wasi_fd_close(struct wasi_call *c)
{
	wasi_fd_drop(c->w, c->f);
	return ERRNO_success;
}

enum wasi_errno
wasi_fd_renumber(struct wasi_call *c)
{
	struct wasi_fd *to = wasi_fd_at(c->w, wasi_i32(c, 1));
	if (to == NULL)
		return ERRNO_badf;
	if (to == c->f)
		return ERRNO_success;
	wasi_fd_drop(c->w, to);
	*to = *c->f;
	c->f->host = -1;
	return ERRNO_success;
}

/* fdstat: type u8 at 0, flags u16 at 2, rights u64 at 8 and 16. */
enum wasi_errno
wasi_fd_fdstat_get(struct wasi_call *c)
{
	uint8_t *out = wasi_out(c, 1, 24, 8);
	if (c->error)
		return c->error;
	memset(out, 0, 24);
	out[0] = c->f->type;
	bytes_put16(out + 2, c->f->flags);
	bytes_put64(out + 8, c->f->base);
	bytes_put64(out + 16, c->f->inheriting);
	return ERRNO_success;
}

enum wasi_errno
wasi_fd_fdstat_set_flags(struct wasi_call *c)
{
	uint32_t flags = wasi_i32(c, 1), changed = flags ^ c->f->flags;
	if ((flags & ~(uint32_t)FDFLAGS_all) != 0)
		return ERRNO_inval;
	if ((changed & (FDFLAGS_sync | FDFLAGS_dsync | FDFLAGS_rsync)) != 0)
		return ERRNO_notsup;
	if ((changed & FDFLAGS_append) != 0) {
		int now = fcntl(c->f->host, F_GETFL);
		if (now < 0 || fcntl(c->f->host, F_SETFL, now ^ O_APPEND) != 0)
			return wasi_errno_of(errno);
	}
	c->f->flags = (uint8_t)flags;
	return ERRNO_success;
}

/* Rights can only be given up. */
enum wasi_errno
wasi_fd_fdstat_set_rights(struct wasi_call *c)
{
	uint64_t base = wasi_i64(c, 1), inheriting = wasi_i64(c, 2);
	if ((base & ~(uint64_t)c->f->base) != 0 ||
		(inheriting & ~(uint64_t)c->f->inheriting) != 0)
		return ERRNO_notcapable;
	c->f->base = (uint32_t)base;
	c->f->inheriting = (uint32_t)inheriting;
	return ERRNO_success;
}

/* prestat: tag u8 at 0 (0: directory), length of the name u32 at 4. */
enum wasi_errno
wasi_fd_prestat_get(struct wasi_call *c)
{
	uint8_t *out = wasi_out(c, 1, 8, 4);
	if (c->error)
		return c->error;
	if (c->f->preopen == NULL)
		return ERRNO_badf;
	bytes_put32(out, 0);
	bytes_put32(out + 4, (uint32_t)strlen(c->f->preopen));
	return ERRNO_success;
}

enum wasi_errno
wasi_fd_prestat_dir_name(struct wasi_call *c)
{
	if (c->f->preopen == NULL)
		return ERRNO_badf;
	uint32_t len = (uint32_t)strlen(c->f->preopen);
	if (wasi_i32(c, 2) < len)
		return ERRNO_nametoolong;
	uint8_t *out = wasi_bytes(c, 1, len);
	if (c->error)
		return c->error;
	memcpy(out, c->f->preopen, len);
	return ERRNO_success;
}
