#include "host/path.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/*
 * A walk: dir is open on the directory `done`, a path of real directories
 * beneath base; `rest` is what remains.  `..` shortens done and leaves dir to
 * be opened again from base, so that a directory that was moved away meanwhile
 * is not climbed out of.
 */
struct walk {
	int base, dir; /* dir: base, or owned, or CLOSED */
	bool follow, entry;
	unsigned links, steps;
	size_t done_len, at, len;
	char done[PATH_BYTES], rest[PATH_BYTES];
};

struct component {
	const char *name; /* in rest, ends at a '/' or at its end */
	size_t len;
	bool slash; /* a '/' comes after it */
	bool last;
};

enum { CLOSED = -1 };

static void
leave(struct walk *w)
{
	if (w->dir != w->base && w->dir != CLOSED)
		close(w->dir);
	w->dir = CLOSED;
}

/* Opens the directory name in w->dir and goes there; errno as openat's. */
static bool
enter(struct walk *w, const char *name)
{
	if (++w->steps > PATH_STEPS) {
		errno = ELOOP;
		return false;
	}
	int fd = openat(
		w->dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return false;
	leave(w);
	w->dir = fd;
	return true;
}

/* Opens w->dir if `..` left it closed: down from base along done. */
static enum wasi_errno
reach(struct walk *w)
{
	if (w->dir != CLOSED)
		return ERRNO_success;
	w->dir = w->base;
	char name[sizeof((struct path *)0)->name];
	for (size_t at = 0; at < w->done_len;) {
		size_t n = strcspn(w->done + at, "/");
		assert(n < sizeof name && "it was entered before");
		memcpy(name, w->done + at, n);
		name[n] = 0;
		if (!enter(w, name))
			return wasi_errno_of(errno);
		at += n + 1;
	}
	return ERRNO_success;
}

static bool
next(struct walk *w, struct component *c)
{
	while (w->at < w->len && w->rest[w->at] == '/')
		w->at++;
	c->name = w->rest + w->at;
	while (w->at < w->len && w->rest[w->at] != '/')
		w->at++;
	c->len = (size_t)(w->rest + w->at - c->name);
	size_t after = w->at;
	while (after < w->len && w->rest[after] == '/')
		after++;
	c->slash = after > w->at;
	c->last = after == w->len;
	return c->len > 0;
}

/* The path leads to w->dir, or to name in it. */
static enum wasi_errno
arrive(struct walk *w, const char *name, bool slash, struct path *p)
{
	enum wasi_errno error = reach(w);
	if (error != ERRNO_success)
		return error;
	p->dir = w->dir;
	p->owned = w->dir != w->base;
	p->slash = slash;
	strcpy(p->name, name);
	w->dir = CLOSED;
	return ERRNO_success;
}

/* Puts the target of a link, bytes long, before what remains. */
static enum wasi_errno
expand(struct walk *w, const char *target, size_t bytes)
{
	if (++w->links > PATH_LINKS)
		return ERRNO_loop;
	if (bytes > 0 && target[0] == '/')
		return ERRNO_notcapable;
	size_t left = w->len - w->at;
	if (bytes == 0)
		return ERRNO_noent;
	if (bytes + left >= sizeof w->rest)
		return ERRNO_nametoolong;
	memmove(w->rest + bytes, w->rest + w->at, left);
	memcpy(w->rest, target, bytes);
	w->at = 0;
	w->len = bytes + left;
	return ERRNO_success;
}

/* One step up; it ends at the base. */
static enum wasi_errno
climb(struct walk *w)
{
	if (w->done_len == 0)
		return ERRNO_notcapable;
	size_t n = w->done_len - 1;
	while (n > 0 && w->done[n - 1] != '/')
		n--;
	w->done_len = n;
	w->done[n] = 0;
	leave(w);
	return ERRNO_success;
}

/* Down into the directory name, or along the link of that name. */
static enum wasi_errno
descend(struct walk *w, const char *name)
{
	size_t n = strlen(name);
	if (w->done_len + n + 2 > sizeof w->done)
		return ERRNO_nametoolong;
	int dir = w->dir;
	if (enter(w, name)) {
		memcpy(w->done + w->done_len, name, n);
		w->done_len += n;
		w->done[w->done_len++] = '/';
		w->done[w->done_len] = 0;
		return ERRNO_success;
	}
	/* Systems differ in what a link gives here: ENOTDIR or ELOOP. */
	int error = errno;
	char target[PATH_BYTES];
	ssize_t bytes = readlinkat(dir, name, target, sizeof target);
	if (bytes < 0)
		return wasi_errno_of(error);
	return expand(w, target, (size_t)bytes);
}

/* The last component.  Sets *more if it was a link and the walk goes on. */
static enum wasi_errno
finish(struct walk *w, const char *name, bool slash, bool *more, struct path *p)
{
	if (!w->entry && (w->follow || slash)) {
		char target[PATH_BYTES];
		ssize_t bytes = readlinkat(w->dir, name, target, sizeof target);
		if (bytes >= 0) {
			*more = true;
			return expand(w, target, (size_t)bytes);
		}
		if (errno != EINVAL && errno != ENOENT)
			return wasi_errno_of(errno);
	}
	return arrive(w, name, slash, p);
}

static enum wasi_errno
step(struct walk *w, const struct component *c, bool *more, struct path *p)
{
	*more = !c->last;
	if (c->len == 1 && c->name[0] == '.')
		return *more ? ERRNO_success : arrive(w, ".", true, p);
	if (c->len == 2 && memcmp(c->name, "..", 2) == 0) {
		enum wasi_errno error = climb(w);
		return error != ERRNO_success || *more
			       ? error
			       : arrive(w, ".", true, p);
	}
	char name[sizeof p->name];
	if (c->len >= sizeof name)
		return ERRNO_nametoolong;
	memcpy(name, c->name, c->len);
	name[c->len] = 0;
	enum wasi_errno error = reach(w);
	if (error != ERRNO_success)
		return error;
	return c->last ? finish(w, name, c->slash, more, p) : descend(w, name);
}

static enum wasi_errno
resolve(struct walk *w, const char *bytes, size_t len, struct path *p)
{
	if (len == 0)
		return ERRNO_noent;
	if (len >= sizeof w->rest)
		return ERRNO_nametoolong;
	/* another thread of the guest may write to the bytes */
	memcpy(w->rest, bytes, len);
	if (memchr(w->rest, 0, len) != NULL)
		return ERRNO_ilseq;
	if (w->rest[0] == '/')
		return ERRNO_notcapable;
	w->len = len;
	w->dir = w->base;
	struct component c;
	enum wasi_errno error = ERRNO_success;
	for (bool more = true; more && error == ERRNO_success;) {
		bool any = next(w, &c);
		assert(any && "a path has a component");
		(void)any;
		error = step(w, &c, &more, p);
	}
	leave(w);
	return error;
}

enum wasi_errno
path_resolve(
	int base, const char *bytes, size_t len, bool follow, struct path *p)
{
	struct walk w = { .base = base, .follow = follow };
	return resolve(&w, bytes, len, p);
}

enum wasi_errno
path_resolve_entry(int base, const char *bytes, size_t len, struct path *p)
{
	struct walk w = { .base = base, .entry = true };
	return resolve(&w, bytes, len, p);
}

void
path_close(struct path *p)
{
	if (p->owned)
		close(p->dir);
	p->owned = false;
}
