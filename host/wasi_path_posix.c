/*
 * Calls that take a path: each resolves it beneath its descriptor
 * (host/path.h) and then names one entry of one directory to the system, which
 * follows no link there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/path.h"
#include "host/wasi_call.h"

static enum wasi_errno
answer(int result)
{
	return result == 0 ? ERRNO_success : wasi_errno_of(errno);
}

enum wasi_errno
wasi_path(struct wasi_call *c, const struct wasi_fd *f, unsigned i,
	uint32_t lookup, struct path *p)
{
	uint32_t len = wasi_i32(c, i + 1);
	const char *text = (const char *)wasi_bytes(c, i, len);
	if (c->error)
		return c->error;
	if (lookup > 1)
		return ERRNO_inval;
	return path_resolve(f->host, text, len, lookup == 1, p);
}

/* The same for a call that makes, moves or removes the entry. */
static enum wasi_errno
entry(struct wasi_call *c, const struct wasi_fd *f, unsigned i, struct path *p)
{
	uint32_t len = wasi_i32(c, i + 1);
	const char *text = (const char *)wasi_bytes(c, i, len);
	if (c->error)
		return c->error;
	return path_resolve_entry(f->host, text, len, p);
}

enum wasi_errno
wasi_path_check(const struct path *p)
{
	struct stat st;
	if (!p->slash)
		return ERRNO_success;
	if (fstatat(p->dir, p->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return wasi_errno_of(errno);
	return S_ISDIR(st.st_mode) ? ERRNO_success : ERRNO_notdir;
}

/* The other descriptor of a call that takes two paths. */
static enum wasi_errno
second(struct wasi_call *c, unsigned i, uint32_t rights, struct wasi_fd **f)
{
	*f = wasi_fd_at(c->w, wasi_i32(c, i));
	return *f == NULL ? ERRNO_badf : wasi_need(*f, rights);
}

enum wasi_errno
wasi_path_create_directory(struct wasi_call *c)
{
	struct path p;
	enum wasi_errno error = entry(c, c->f, 1, &p);
	if (error != ERRNO_success)
		return error;
	error = answer(mkdirat(p.dir, p.name, 0777));
	path_close(&p);
	return error;
}

enum wasi_errno
wasi_path_remove_directory(struct wasi_call *c)
{
	struct path p;
	enum wasi_errno error = entry(c, c->f, 1, &p);
	if (error != ERRNO_success)
		return error;
	error = answer(unlinkat(p.dir, p.name, AT_REMOVEDIR));
	path_close(&p);
	return error;
}

enum wasi_errno
wasi_path_unlink_file(struct wasi_call *c)
{
	struct path p;
	enum wasi_errno error = entry(c, c->f, 1, &p);
	if (error != ERRNO_success)
		return error;
	error = wasi_path_check(&p);
	if (error == ERRNO_success)
		error = p.slash ? ERRNO_isdir
				: answer(unlinkat(p.dir, p.name, 0));
	path_close(&p);
	return error;
}

/* What is not a directory can be made only where no '/' follows. */
static enum wasi_errno
check_new(const struct path *p)
{
	enum wasi_errno error = wasi_path_check(p);
	return error == ERRNO_success && p->slash ? ERRNO_exist : error;
}

enum wasi_errno
wasi_path_symlink(struct wasi_call *c)
{
	struct path p;
	char target[PATH_BYTES];
	uint32_t len = wasi_i32(c, 1);
	const uint8_t *text = wasi_bytes(c, 0, len);
	if (c->error)
		return c->error;
	if (len >= sizeof target)
		return ERRNO_nametoolong;
	memcpy(target, text, len);
	target[len] = 0;
	if (strlen(target) < len)
		return ERRNO_ilseq;
	if (target[0] == '/') /* other programs would follow it */
		return ERRNO_notcapable;
	enum wasi_errno error = entry(c, c->f, 3, &p);
	if (error != ERRNO_success)
		return error;
	error = check_new(&p);
	if (error == ERRNO_success)
		error = answer(symlinkat(target, p.dir, p.name));
	path_close(&p);
	return error;
}

enum wasi_errno
wasi_path_readlink(struct wasi_call *c)
{
	struct path p;
	char target[PATH_BYTES];
	uint32_t room = wasi_i32(c, 4);
	uint8_t *out = wasi_bytes(c, 3, room), *used = wasi_out(c, 5, 4, 4);
	enum wasi_errno error = wasi_path(c, c->f, 1, 0, &p);
	if (error != ERRNO_success)
		return error;
	ssize_t n = readlinkat(p.dir, p.name, target, sizeof target);
	if (n < 0) {
		error = wasi_errno_of(errno);
	} else {
		uint32_t len = (uint32_t)n < room ? (uint32_t)n : room;
		memcpy(out, target, len);
		bytes_put32(used, len);
	}
	path_close(&p);
	return error;
}

enum wasi_errno
wasi_path_link(struct wasi_call *c)
{
	struct path old, new;
	struct wasi_fd *to;
	enum wasi_errno error = second(c, 4, RIGHT_path_link_target, &to);
	if (error == ERRNO_success)
		error = wasi_path(c, c->f, 2, wasi_i32(c, 1), &old);
	if (error != ERRNO_success)
		return error;
	error = entry(c, to, 5, &new);
	if (error == ERRNO_success) {
		error = wasi_path_check(&old);
		if (error == ERRNO_success)
			error = check_new(&new);
		if (error == ERRNO_success)
			error = answer(linkat(
				old.dir, old.name, new.dir, new.name, 0));
		path_close(&new);
	}
	path_close(&old);
	return error;
}

enum wasi_errno
wasi_path_rename(struct wasi_call *c)
{
	struct path old, new;
	struct wasi_fd *to;
	enum wasi_errno error = second(c, 3, RIGHT_path_rename_target, &to);
	if (error == ERRNO_success)
		error = entry(c, c->f, 1, &old);
	if (error != ERRNO_success)
		return error;
	error = entry(c, to, 4, &new);
	if (error == ERRNO_success) {
		old.slash |= new.slash;
		error = wasi_path_check(&old);
		if (error == ERRNO_success)
			error = answer(
				renameat(old.dir, old.name, new.dir, new.name));
		path_close(&new);
	}
	path_close(&old);
	return error;
}

enum {
	OFLAGS_creat = 1,
	OFLAGS_directory = 2,
	OFLAGS_excl = 4,
	OFLAGS_trunc = 8
};

/* Whether the directory lets a file be opened in it like that. */
static enum wasi_errno
check_open(const struct wasi_call *c, uint32_t oflags, uint32_t base,
	uint32_t fdflags)
{
	uint32_t need = 0;
	if (oflags > 15 || (fdflags & ~(uint32_t)FDFLAGS_all) != 0)
		return ERRNO_inval;
	if ((oflags & OFLAGS_directory) != 0 &&
		(oflags & (OFLAGS_creat | OFLAGS_trunc)) != 0)
		return ERRNO_inval;
	if ((oflags & OFLAGS_creat) != 0)
		need |= RIGHT_path_create_file;
	if ((oflags & OFLAGS_trunc) != 0)
		need |= RIGHT_path_filestat_set_size;
	if ((base & ~c->f->inheriting) != 0)
		return ERRNO_notcapable;
	return wasi_need(c->f, need);
}

/* The system's flags.  A device or pipe must not hold up open itself. */
static int
open_flags(uint32_t oflags, uint32_t base, uint32_t fdflags)
{
	enum {
		READS = RIGHT_fd_read | RIGHT_fd_readdir,
		WRITES = RIGHT_fd_write | RIGHT_fd_datasync |
			 RIGHT_fd_allocate | RIGHT_fd_filestat_set_size
	};
	bool write = (base & WRITES) != 0 || (oflags & OFLAGS_trunc) != 0;
	int flags = !write ? O_RDONLY : base & READS ? O_RDWR : O_WRONLY;
	flags |= O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	flags |= oflags & OFLAGS_creat ? O_CREAT : 0;
	flags |= oflags & OFLAGS_directory ? O_DIRECTORY : 0;
	flags |= oflags & OFLAGS_trunc ? O_TRUNC : 0;
	if ((oflags & OFLAGS_creat) != 0 && (oflags & OFLAGS_excl) != 0)
		flags |= O_EXCL;
	flags |= fdflags & FDFLAGS_append ? O_APPEND : 0;
	flags |= fdflags & FDFLAGS_dsync ? O_DSYNC : 0;
	flags |= fdflags & FDFLAGS_rsync ? O_RSYNC : 0;
	flags |= fdflags & FDFLAGS_sync ? O_SYNC : 0;
	return flags;
}

static enum wasi_errno
open_path(const struct path *p, int flags, int *host)
{
	if (p->slash && (flags & O_CREAT) != 0)
		return ERRNO_isdir;
	if (p->slash)
		flags |= O_DIRECTORY;
	*host = openat(p->dir, p->name, flags, 0666);
	if (*host < 0)
		return wasi_errno_of(errno);
	fcntl(*host, F_SETFL, flags & ~O_NONBLOCK);
	return ERRNO_success;
}

enum wasi_errno
wasi_path_open(struct wasi_call *c)
{
	struct path p;
	uint32_t oflags = wasi_i32(c, 4), fdflags = wasi_i32(c, 7), number;
	uint32_t base = (uint32_t)wasi_i64(c, 5) & RIGHT_all;
	uint32_t inheriting = (uint32_t)wasi_i64(c, 6) & c->f->inheriting;
	uint8_t *out = wasi_out(c, 8, 4, 4);
	enum wasi_errno error = check_open(c, oflags, base, fdflags);
	if (error != ERRNO_success)
		return error;
	bool follow =
		(oflags & OFLAGS_creat) == 0 || (oflags & OFLAGS_excl) == 0;
	error = wasi_path(c, c->f, 2, wasi_i32(c, 1) & ~(follow ? 0u : 1u), &p);
	if (error != ERRNO_success)
		return error;
	int host = -1;
	error = open_path(&p, open_flags(oflags, base, fdflags), &host);
	path_close(&p);
	if (error != ERRNO_success)
		return error;
	struct wasi_fd *f = wasi_fd_new(c->w, host, &number);
	if (f == NULL)
		return ERRNO_mfile;
	f->type = (uint8_t)wasi_fd_type(host);
	f->flags = (uint8_t)fdflags;
	f->base = base & wasi_rights_of(f->type);
	f->inheriting = f->type == FILETYPE_directory ? inheriting : 0;
	bytes_put32(out, number);
	return ERRNO_success;
}
