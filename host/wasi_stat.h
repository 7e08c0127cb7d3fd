/*
 * File types and times between the system's struct stat and WASI.
 */
#ifndef HOST_WASI_STAT_H
#define HOST_WASI_STAT_H

#include <sys/stat.h>

#include "host/wasi_call.h"

/* Of st_mode; a pipe is unknown to WASI, a socket passes for a stream. */
enum wasi_filetype
wasi_stat_type(mode_t mode);

#endif
