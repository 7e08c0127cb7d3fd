#include "host/dir.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "trap/arena.h"

bool
dir_is(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool
ends_in(const char *name, const char *suffix)
{
	size_t n = strlen(name), k = strlen(suffix);
	return n >= k && strcmp(name + n - k, suffix) == 0;
}

static char *
join(struct arena *a, const char *path, const char *name)
{
	size_t n = strlen(path), slash = n > 0 && path[n - 1] != '/';
	size_t bytes = n + slash + strlen(name) + 1;
	char *out = arena_alloc(a, bytes);
	if (out != NULL)
		snprintf(out, bytes, "%s%s%s", path, slash ? "/" : "", name);
	return out;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char **
dir_files(
	const char *path, const char *suffix, struct arena *a, uint32_t *count)
{
	uint32_t room = 1024;
	const char **files = arena_array(a, room, sizeof *files);
	DIR *d = opendir(path);
	struct dirent *e;
	*count = 0;
	while (d != NULL && files != NULL && (e = readdir(d)) != NULL) {
		if (!ends_in(e->d_name, suffix))
			continue;
		if (*count == room) {
			size_t bytes = room * sizeof *files;
			files = arena_grow(a, files, bytes, 2 * bytes);
			room *= 2;
		}
		if (files != NULL)
			files[(*count)++] = join(a, path, e->d_name);
	}
	if (d == NULL || a->failed)
		files = NULL;
	else
		qsort(files, *count, sizeof *files, by_name);
	if (d != NULL)
		closedir(d);
	return files;
}
