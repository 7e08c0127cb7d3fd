/*
 * perf learns of the file as a process maps a page of it that may be executed.
 * A record is one write, so that it is whole.
 */
#include "jit/jitdump.h"

#include <assert.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "jit/machine.h"

#define MAGIC UINT32_C(0x4a695444)

enum { VERSION = 1, LOAD = 0 };

struct header {
	uint32_t magic, version, bytes, machine, zero, pid;
	uint64_t time, flags;
};

struct load {
	uint32_t id, bytes;
	uint64_t time;
	uint32_t pid, tid;
	uint64_t address, run, code_bytes, number;
};

static_assert(sizeof(struct header) == 40 && sizeof(struct load) == 56,
	"the format has no padding");

/* Nanoseconds, by the clock of "perf record -k mono". */
static uint64_t
now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static size_t
page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

void
jitdump_open(struct jitdump *d)
{
	*d = (struct jitdump){ .fd = -1 };
}

void
jitdump_close(struct jitdump *d)
{
	if (d->mark != NULL)
		munmap(d->mark, page_bytes());
	if (d->fd >= 0)
		close(d->fd);
	jitdump_open(d);
}

/* False: no more is written. */
static bool
append(struct jitdump *d, struct iovec *part, int n)
{
	if (writev(d->fd, part, n) >= 0)
		return true;
	close(d->fd);
	d->fd = -1;
	return false;
}

/* This process's file; the name in a folder for all is no link. */
static void
open_file(struct jitdump *d)
{
	struct header h = { .magic = MAGIC,
		.version = VERSION,
		.bytes = sizeof h,
		.machine = MACHINE_ELF,
		.time = now() };
	struct iovec part = { &h, sizeof h };
	char path[64];
	jitdump_close(d);
	d->pid = (int)getpid();
	h.pid = (uint32_t)d->pid;
	snprintf(path, sizeof path, "/tmp/jit-%d.dump", d->pid);
	d->fd = open(path,
		O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
		0600);
	if (d->fd < 0 || !append(d, &part, 1))
		return;
	void *p = mmap(NULL, page_bytes(), PROT_READ | PROT_EXEC, MAP_PRIVATE,
		d->fd, 0);
	d->mark = p != MAP_FAILED ? p : NULL;
}

void
jitdump_add(
	struct jitdump *d, const uint8_t *run, size_t bytes, const char *name)
{
	if (d->pid != (int)getpid())
		open_file(d);
	if (d->fd < 0)
		return;
	size_t name_bytes = strlen(name) + 1;
	struct load l = { .id = LOAD,
		.bytes = (uint32_t)(sizeof l + name_bytes + bytes),
		.time = now(),
		.pid = (uint32_t)d->pid,
		.tid = (uint32_t)d->pid,
		.address = (uintptr_t)run,
		.run = (uintptr_t)run,
		.code_bytes = bytes,
		.number = d->next++ };
	struct iovec parts[] = { { &l, sizeof l }, { (char *)name, name_bytes },
		{ (uint8_t *)run, bytes } };
	append(d, parts, 3);
}
