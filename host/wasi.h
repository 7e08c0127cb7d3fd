/*
 * WASI preview 1 for one store: what a guest may see of the outside.  The
 * functions are the rows of host/wasi.def; paths are resolved beneath the
 * preopened directories (host/path.h).  Where the platform is none there is
 * none of this.  A guest that writes to a pipe without readers gets EPIPE if
 * the process ignores SIGPIPE, else the signal has its usual effect.
 */
#ifndef HOST_WASI_H
#define HOST_WASI_H

#include <stdint.h>

struct allocator;
struct error;
struct func;
struct name;
struct store;
struct wasi;

struct wasi_preopen {
	const char *host;  /* path of a directory */
	const char *guest; /* what the guest calls it */
};

/* Borrowed by wasi_new for the call only. */
struct wasi_config {
	uint32_t nargs, nenv, npreopens, nsockets;
	const char *const *args; /* the program's name first */
	const char *const *env;	 /* "NAME=value" */
	const struct wasi_preopen *preopens;
	const int *sockets; /* descriptors of sockets, numbered after the
			       preopens */
	int stdio[3]; /* descriptors for 0, 1, 2; -1 stands for /dev/null */
};

/*
 * A guest's outside; descriptors are duplicated, never closed.  NULL on
 * failure, then *error says why (host, memory).  Free it after the store.
 */
struct wasi *
wasi_new(const struct allocator *al, const struct wasi_config *config,
	struct error *error);
void
wasi_free(struct wasi *w);

/*
 * The function behind an import from "wasi_snapshot_preview1" or its
 * predecessor "wasi_unstable", as a function of s; whether its type is the
 * import's is for instance_new to see.  NULL if there is none of that name or
 * no memory.
 */
struct func *
wasi_func(struct wasi *w, struct store *s, const struct name *module,
	const struct name *field);

/*
 * From now on seen is told of each piece of the guest's memory that a call is
 * about to read or write, within the call, before that.
 */
typedef void
wasi_watcher(void *env, uint32_t ptr, uint32_t len);
void
wasi_watch(struct wasi *w, wasi_watcher *seen, void *env);

#endif
