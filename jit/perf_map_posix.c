/*
 * A line is one write, so that it is whole whoever else writes.
 */
#include "jit/perf_map.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void
perf_map_open(struct perf_map *p)
{
	*p = (struct perf_map){ -1, 0 };
}

void
perf_map_close(struct perf_map *p)
{
	if (p->fd >= 0)
		close(p->fd);
	perf_map_open(p);
}

/* This process's file; the name in a folder for all is no link. */
static void
open_file(struct perf_map *p)
{
	char path[64];
	perf_map_close(p);
	p->pid = (int)getpid();
	snprintf(path, sizeof path, "/tmp/perf-%d.map", p->pid);
	p->fd = open(path,
		O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC |
			O_NOFOLLOW,
		0600);
}

void
perf_map_add(
	struct perf_map *p, const uint8_t *run, size_t bytes, const char *name)
{
	char line[256];
	if (p->pid != (int)getpid())
		open_file(p);
	int n = snprintf(line, sizeof line, "%" PRIxPTR " %zx %.*s",
		(uintptr_t)run, bytes, (int)strcspn(name, "\n"), name);
	if (n < 0)
		return;
	size_t length = (size_t)n < sizeof line ? (size_t)n : sizeof line - 1;
	line[length] = '\n';
	if (p->fd >= 0 && write(p->fd, line, length + 1) < 0) {
		close(p->fd);
		p->fd = -1;
	}
}
