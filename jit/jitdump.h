/*
 * Compiled functions for Linux's perf with their code, so that it can annotate
 * instructions: /tmp/jit-PID.dump, in perf's jitdump format.
 *
 *   perf record -k mono ..; perf inject --jit ..; perf report
 *
 *   file     header | record | record ..
 *   record   load: prefix, place, name, NUL, code
 */
#ifndef JIT_JITDUMP_H
#define JIT_JITDUMP_H

#include <stddef.h>
#include <stdint.h>

/* Used by one thread at a time. */
struct jitdump {
	int fd;	       /* -1: no file */
	int pid;       /* that the file is of */
	void *mark;    /* a page of the file: how perf learns of it */
	uint64_t next; /* number of the next function */
};

void
jitdump_open(struct jitdump *d);
void
jitdump_close(struct jitdump *d);

/*
 * Adds a record.  The first one replaces a file that is there.  A child after a
 * fork writes its own.  Nothing is written where the file cannot be made.
 */
void
jitdump_add(
	struct jitdump *d, const uint8_t *run, size_t bytes, const char *name);

#endif
