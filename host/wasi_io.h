/*
 * The guest's lists of buffers (iovec and ciovec: address u32, length u32) as
 * the system's, a batch at a time, going on where the last transfer ended.
 */
#ifndef HOST_WASI_IO_H
#define HOST_WASI_IO_H

#include <sys/uio.h>

#include "host/wasi_call.h"

enum {
	IO_BATCH = 16,	   /* buffers of one system call: POSIX's least limit */
	IO_MOST = 1 << 20, /* bytes of one, so that an interrupt is seen */
};

struct wasi_buffers {
	const uint8_t *list;
	uint32_t count, at; /* at: the next one */
	uint32_t skip;	    /* bytes of it that are done */
	uint32_t done;	    /* bytes of all */
	struct iovec batch[IO_BATCH];
	int nbatch;
	size_t batch_bytes;
};

/* Takes the list of parameters i (address) and i+1 (count). */
void
wasi_buffers_init(struct wasi_call *c, unsigned i, struct wasi_buffers *b);

/*
 * Fills the batch, at most `most` bytes.  False when nothing is left, or with
 * c->error when a buffer is not in memory.
 */
bool
wasi_buffers_next(struct wasi_call *c, struct wasi_buffers *b, size_t most);

/* bytes of the batch were transferred. */
void
wasi_buffers_advance(struct wasi_buffers *b, size_t bytes);

/*
 * A system call failed with errno: true if it is to be tried again, else
 * *error says why not (ERRNO_intr with c->unwound when interrupted).
 */
bool
wasi_io_again(struct wasi_call *c, enum wasi_errno *error);

/* The end of a transfer: what was done counts more than what then failed. */
enum wasi_errno
wasi_io_result(struct wasi_call *c, const struct wasi_buffers *b,
	enum wasi_errno error, uint8_t *out);

/* fd_read and fd_write on a socket, with the system's flags for the message. */
enum wasi_errno
wasi_sock_receive(
	struct wasi_call *c, struct wasi_buffers *b, int flags, int *got_flags);
enum wasi_errno
wasi_sock_transmit(struct wasi_call *c, struct wasi_buffers *b);

#endif
