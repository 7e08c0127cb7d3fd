#include "trap/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *
libc_resize(void *user, void *old, size_t old_bytes, size_t new_bytes)
{
	(void)user;
	(void)old_bytes;
	if (new_bytes == 0) {
		free(old);
		return NULL;
	}
	return realloc(old, new_bytes);
}

const struct allocator alloc_default = { libc_resize, NULL };

void *
alloc_bytes(const struct allocator *al, size_t bytes)
{
	return al->resize(al->user, NULL, 0, bytes);
}

void *
alloc_zeroed(const struct allocator *al, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size)
		return NULL;
	size_t bytes = count * size;
	void *p = alloc_bytes(al, bytes ? bytes : 1);
	return p ? memset(p, 0, bytes ? bytes : 1) : NULL;
}

void
alloc_free(const struct allocator *al, void *p, size_t bytes)
{
	if (p != NULL)
		al->resize(al->user, p, bytes ? bytes : 1, 0);
}
