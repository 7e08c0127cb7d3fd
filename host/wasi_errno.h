/*
 * WASI's error numbers (host/wasi_errno.def).
 */
#ifndef HOST_WASI_ERRNO_H
#define HOST_WASI_ERRNO_H

enum wasi_errno {
#define ERRNO(name, host) ERRNO_##name,
#include "host/wasi_errno.def"
};

/* The number for the system's errno; ERRNO_io for one that WASI lacks. */
enum wasi_errno
wasi_errno_of(int host);

/* The row's name; "?" beyond the table.  Static. */
const char *
wasi_errno_name(unsigned number);

#endif
