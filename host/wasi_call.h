/*
 * What the files host/wasi_*.c share: the state behind struct wasi, one call in
 * progress, and the guest's memory as that call may touch it.
 *
 * Every pointer of the guest is checked here.  A bad one is remembered in
 * call.error, harmless memory is given in its place, and the function asks
 *once, before it does anything:
 *
 *	uint8_t *out = wasi_out(c, 1, 8, 8);
 *	if (c->error)
 *		return c->error;
 */
#ifndef HOST_WASI_CALL_H
#define HOST_WASI_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/wasi.h"
#include "host/wasi_errno.h"
#include "trap/arena.h"
#include "trap/bytes.h"
#include "trap/context.h"
#include "trap/lock.h"
#include "trap/slot.h"

struct error;
struct instance;
struct path;
struct store;
struct wasi_call;
struct wasi_config;

enum wasi_index {
#define WASI(name, params, fd, rights) WASI_##name,
#include "host/wasi.def"
	WASI_count,
};

enum wasi_right_bit {
#define RIGHT(name, types) RIGHT_BIT_##name,
#include "host/wasi_right.def"
	RIGHT_BITS,
};

enum wasi_right {
#define RIGHT(name, types) RIGHT_##name = 1 << RIGHT_BIT_##name,
#include "host/wasi_right.def"
	RIGHT_all = (1 << RIGHT_BITS) - 1,
};

enum wasi_filetype {
	FILETYPE_unknown,
	FILETYPE_block_device,
	FILETYPE_character_device,
	FILETYPE_directory,
	FILETYPE_regular_file,
	FILETYPE_socket_dgram,
	FILETYPE_socket_stream,
	FILETYPE_symbolic_link,
};

enum wasi_fdflags {
	FDFLAGS_append = 1,
	FDFLAGS_dsync = 2,
	FDFLAGS_nonblock = 4, /* ours alone: the host's descriptor blocks */
	FDFLAGS_rsync = 8,
	FDFLAGS_sync = 16,
	FDFLAGS_all = 31,
};

/* A descriptor of the guest's. */
struct wasi_fd {
	int host;		   /* owned; -1: the number is free */
	uint64_t born;		   /* no other descriptor has the same */
	uint8_t type;		   /* enum wasi_filetype */
	uint8_t flags;		   /* enum wasi_fdflags */
	uint32_t base, inheriting; /* enum wasi_right */
	const char *preopen;	   /* guest's path of a preopened directory */
	uint8_t *listing; /* fd_readdir's entries, once it was called */
	uint32_t listing_bytes, listing_room;
};

struct wasi_strings {
	const char **items;
	uint32_t count, bytes; /* with their NULs */
};

/* What a store's function of ours gets as its environment. */
struct wasi_env {
	struct wasi *w;
	uint8_t index; /* enum wasi_index */
	bool old;      /* with the layouts of wasi_unstable */
};

struct wasi {
	const struct allocator *al;
	struct lock lock; /* of all below: held by a call but while it waits */
	struct arena arena;
	struct wasi_strings args, env;
	struct wasi_fd *fds;
	uint32_t nfds; /* room in fds */
	uint64_t births;
	struct wasi_env envs[2][WASI_count]; /* [old] */
	wasi_watcher *watcher;		     /* or NULL */
	void *watcher_env;
};

enum { WASI_RESULT_MAX = 64 };

/* One call in progress. */
struct wasi_call {
	struct wasi *w;
	struct context *ctx;
	struct instance *caller;
	struct wasi_fd *f; /* the row's descriptor parameter */
	uint32_t number;   /* its number */
	uint64_t born;	   /* its birth */
	const union slot *args;
	bool old;
	bool unwound;	       /* raise_* was called; the errno means nothing */
	enum wasi_errno error; /* of the first bad pointer */
	uint8_t scratch[WASI_RESULT_MAX];
};

typedef enum wasi_errno
wasi_fn(struct wasi_call *c);

#define WASI(name, params, fd, rights) wasi_fn wasi_##name;
#include "host/wasi.def"

/* Parameter i. */
static inline uint32_t
wasi_i32(const struct wasi_call *c, unsigned i)
{
	return slot_i32(c->args[i]);
}

static inline uint64_t
wasi_i64(const struct wasi_call *c, unsigned i)
{
	return c->args[i].u64;
}

/*
 * The len bytes of the caller's memory at parameter i; valid until the call
 * returns.  Not to be touched when c->error is set.
 */
uint8_t *
wasi_bytes(struct wasi_call *c, unsigned i, uint32_t len);

/* The same for count structs of size bytes whose alignment is align. */
uint8_t *
wasi_array(struct wasi_call *c, unsigned i, uint32_t count, uint32_t size,
	uint32_t align);

/* Room for a result of bytes (<= WASI_RESULT_MAX) at parameter i. */
uint8_t *
wasi_out(struct wasi_call *c, unsigned i, uint32_t bytes, uint32_t align);

/* The len bytes at address ptr; NULL when they are not all in memory. */
uint8_t *
wasi_range(struct wasi_call *c, uint32_t ptr, uint32_t len);

/* Rights that a file of the type can have. */
uint32_t
wasi_rights_of(enum wasi_filetype type);

/*
 * What to answer when f is to be used as rights demand: ERRNO_success,
 * ERRNO_isdir or ERRNO_notdir when its type never has them, ERRNO_notcapable.
 */
enum wasi_errno
wasi_need(const struct wasi_fd *f, uint32_t rights);

/* The host function of every row; env is a struct wasi_env. */
enum status
wasi_enter(
	void *env, struct store *s, struct instance *caller, union slot *slots);

/*
 * The embedder wants the guest to stop: raises the trap and sets c->unwound.
 * Whatever waits asks at least every WASI_SLICE_MS.
 */
bool
wasi_interrupted(struct wasi_call *c);

enum { WASI_SLICE_MS = 50 };

/*
 * Around whatever waits: other threads of the guest may call meanwhile.
 * wasi_resume finds c->f again, ERRNO_badf if one of them closed it; other
 * descriptors are to be looked up again.  errno is kept.
 */
void
wasi_pause(struct wasi_call *c);
enum wasi_errno
wasi_resume(struct wasi_call *c);

/* The descriptor of that number; NULL if it is not open. */
struct wasi_fd *
wasi_fd_at(struct wasi *w, uint32_t number);

/*
 * Gives host the lowest free number, or closes it.  The entry is otherwise
 * zero; it may move at the next call.  NULL when out of memory.
 */
struct wasi_fd *
wasi_fd_new(struct wasi *w, int host, uint32_t *number);

/* Closes the host's descriptor and frees the number. */
void
wasi_fd_drop(struct wasi *w, struct wasi_fd *f);

/* Type of the host's descriptor. */
enum wasi_filetype
wasi_fd_type(int host);

/* Opens what config names: stdio, preopens, sockets.  False: *error. */
bool
wasi_fd_open_all(
	struct wasi *w, const struct wasi_config *config, struct error *error);

/*
 * Waits until host is ready for events (of poll()), for ever.  With nonblock:
 * ERRNO_again instead.  Not ERRNO_success with c->unwound when interrupted.
 */
enum wasi_errno
wasi_wait(struct wasi_call *c, int host, short events, bool nonblock);

/*
 * Resolves the path at parameters i and i+1 beneath f; lookup are the call's
 * lookupflags.  On ERRNO_success close *p with path_close.
 */
enum wasi_errno
wasi_path(struct wasi_call *c, const struct wasi_fd *f, unsigned i,
	uint32_t lookup, struct path *p);

/* A path that ended in '/' has to lead to a directory. */
enum wasi_errno
wasi_path_check(const struct path *p);

/* Now on the guest's clock id, in nanoseconds. */
enum wasi_errno
wasi_clock(uint32_t id, uint64_t *now);

#endif
