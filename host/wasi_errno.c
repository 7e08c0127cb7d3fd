#include "host/wasi_errno.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>

static const struct {
	const char *name;
	int host;
} rows[] = {
#define ERRNO(name, host) { #name, host },
#include "host/wasi_errno.def"
};

enum { ROWS = sizeof rows / sizeof *rows };
static_assert(ERRNO_notcapable == 76 && ROWS == 77, "WASI numbers its errors");

enum wasi_errno
wasi_errno_of(int host)
{
	for (int i = 0; i < ROWS; i++)
		if (rows[i].host == host)
			return (enum wasi_errno)i;
	return ERRNO_io;
}

const char *
wasi_errno_name(unsigned number)
{
	return number < ROWS ? rows[number].name : "?";
}
