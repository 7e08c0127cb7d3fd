/*
 * The files of a directory, by name.  dir_posix.c where there are directories.
 */
#ifndef HOST_DIR_H
#define HOST_DIR_H

#include <stdbool.h>
#include <stdint.h>

struct arena;

/* path is a directory. */
bool
dir_is(const char *path);

/*
 * Paths (path/name) of the files in the directory whose names end in suffix,
 * sorted, in a.  NULL when it cannot be read or held.
 */
const char **
dir_files(
	const char *path, const char *suffix, struct arena *a, uint32_t *count);

#endif
