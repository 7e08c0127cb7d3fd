/*
 * Names of compiled functions for Linux's perf: /tmp/perf-PID.map, a line for
 * each: address and bytes in hexadecimal, name.
 */
#ifndef JIT_PERF_MAP_H
#define JIT_PERF_MAP_H

#include <stddef.h>
#include <stdint.h>

/* Used by one thread at a time. */
struct perf_map {
	int fd;	 /* -1: no file */
	int pid; /* that the file is of */
};

void
perf_map_open(struct perf_map *p);
void
perf_map_close(struct perf_map *p);

/*
 * Adds a line; name ends at the first line break.  The first one replaces a
 * file that is there.  A child after a fork writes its own.  Nothing is written
 * where the file cannot be made.
 */
void
perf_map_add(
	struct perf_map *p, const uint8_t *run, size_t bytes, const char *name);

#endif
