/*
 * Resolution of a guest's path beneath a directory: one component at a time,
 * none of them followed by the system, symbolic links expanded here.  Neither
 * `..`, an absolute path, a link nor a rename meanwhile leads out.
 */
#ifndef HOST_PATH_H
#define HOST_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "host/wasi_errno.h"

enum {
	PATH_LINKS = 40,    /* symbolic links that one path may go through */
	PATH_BYTES = 4096,  /* longest path, and with its links expanded */
	PATH_STEPS = 16384, /* directories that one path may open */
};

/*
 * Where a path leads: an entry of an open directory.  Use it only with calls
 * that do not follow a link at name.
 */
struct path {
	int dir;
	bool owned;	/* dir is not the base */
	bool slash;	/* the path ended in '/' or '.': name must be, or
			   become, a directory */
	char name[256]; /* no '/'; "." if the path leads to dir itself */
};

/*
 * Resolves len bytes beneath the directory base.  follow: a link at the end is
 * expanded, as one before a trailing '/' is; else the entry itself is meant.
 * The entry may be missing.  On ERRNO_success close *p with path_close.
 */
enum wasi_errno
path_resolve(
	int base, const char *bytes, size_t len, bool follow, struct path *p);

/* The same for calls that make, move or remove the entry: a trailing '/'
   does not expand a link either. */
enum wasi_errno
path_resolve_entry(int base, const char *bytes, size_t len, struct path *p);

void
path_close(struct path *p);

#endif
