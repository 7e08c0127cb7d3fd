/*
 * Code memory by mmap.  A region that is mapped twice is shared with a child
 * after a fork, so the child writes into regions of its own, and neither side
 * gives back or uses again what both may run: forks are counted.
 */
#include "jit/codemem.h"

#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jit/stub.h"
#include "trap/alloc.h"

enum { REGION_BYTES = 256 << 20, CHUNK_MOST = 1 << 20 };

struct codemem_region {
	struct codemem_region *next;
	uint8_t *run, *write; /* write is NULL if not mapped twice */
	size_t npages;
	size_t free;  /* no page below is free */
	size_t taken; /* pages in use */
	uint32_t births;
	uint8_t used[]; /* per page */
};

struct codemem_chunk {
	struct codemem_chunk *next;
	struct codemem_region *region;
	size_t first, npages;
	size_t bytes; /* in use */
	uint32_t forks;
};

/*
 * All code memory of the process is behind one lock, which a fork takes, so
 * that it is free in the child.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint32_t forks;	/* of this process and its parents */
static uint32_t births; /* parents that this process has */

static void
before_fork(void)
{
	pthread_mutex_lock(&lock);
	forks++;
}

static void
after_fork(void)
{
	pthread_mutex_unlock(&lock);
}

static void
after_birth(void)
{
	births++;
	pthread_mutex_unlock(&lock);
}

static void
watch_forks(void)
{
	pthread_atfork(before_fork, after_fork, after_birth);
}

static size_t
page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

void
codemem_open(
	struct codemem *c, const struct allocator *al, enum codemem_kind kind)
{
	*c = (struct codemem){ .al = al, .kind = kind };
	pthread_once(&once, watch_forks);
}

static void
region_free(struct codemem *c, struct codemem_region *r)
{
	size_t bytes = r->npages * page_bytes();
	if (r->run != NULL)
		munmap(r->run, bytes);
	if (r->write != NULL && r->births == births)
		munmap(r->write, bytes);
	alloc_free(c->al, r, sizeof *r + r->npages);
}

void
codemem_close(struct codemem *c)
{
	pthread_mutex_lock(&lock);
	for (struct codemem_region *r = c->regions, *next; r; r = next) {
		next = r->next;
		region_free(c, r);
	}
	c->regions = NULL;
	pthread_mutex_unlock(&lock);
}

/* A file in memory of that size, or -1; a file's size may be limited. */
static int
memory_file(size_t bytes)
{
	const unsigned long close_on_exec = 1, may_be_run = 16;
	struct rlimit limit;
	if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur < bytes)
		return -1;
	int fd = (int)syscall(
		SYS_memfd_create, "sheave", close_on_exec | may_be_run);
	if (fd < 0) /* an older system knows no such flag */
		fd = (int)syscall(SYS_memfd_create, "sheave", close_on_exec);
	if (fd >= 0 && ftruncate(fd, (off_t)bytes) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The child of a fork does not inherit what is written through. */
static bool
map_twice(struct codemem_region *r, size_t bytes)
{
	int fd = memory_file(bytes);
	if (fd < 0)
		return false;
	void *run = mmap(NULL, bytes, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	void *write =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (run != MAP_FAILED && write != MAP_FAILED &&
		madvise(write, bytes, MADV_DONTFORK) == 0) {
		r->run = run;
		r->write = write;
		return true;
	}
	if (run != MAP_FAILED)
		munmap(run, bytes);
	if (write != MAP_FAILED)
		munmap(write, bytes);
	return false;
}

static bool
map_once(struct codemem_region *r, size_t bytes)
{
	void *run = mmap(NULL, bytes, PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (run == MAP_FAILED)
		return false;
	r->run = run;
	return true;
}

/* A region with room for bytes, the first of c. */
static bool
region_new(struct codemem *c, size_t bytes)
{
	size_t page = page_bytes(), least = (bytes + page - 1) / page;
	size_t n = least < REGION_BYTES / page ? REGION_BYTES / page : least;
	for (; n >= least; n /= 2) {
		struct codemem_region *r =
			alloc_zeroed(c->al, 1, sizeof *r + n);
		if (r == NULL)
			return false;
		r->npages = n;
		r->births = births;
		if ((c->kind == CODEMEM_twice && map_twice(r, n * page)) ||
			map_once(r, n * page)) {
			r->next = c->regions;
			c->regions = r;
			return true;
		}
		region_free(c, r);
	}
	return false;
}

/* npages free ones in a row, now used; false if there are none. */
static bool
region_take(struct codemem_region *r, size_t npages, size_t *first)
{
	if (r->npages - r->taken < npages)
		return false;
	while (r->free < r->npages && r->used[r->free])
		r->free++;
	size_t n = 0, i = r->free;
	for (; i < r->npages && n < npages; i++)
		n = r->used[i] ? 0 : n + 1;
	if (n < npages)
		return false;
	*first = i - npages;
	memset(r->used + *first, 1, npages);
	r->taken += npages;
	return true;
}

/* This process may write into r: its own, or a copy of its parent's. */
static bool
is_ours(const struct codemem_region *r)
{
	return r->write == NULL || r->births == births;
}

/* Pages for a new chunk of l: where they need no seal, more as it grows. */
static size_t
chunk_pages(const struct codemem_region *r, const struct codemem_list *l,
	size_t bytes)
{
	size_t page = page_bytes();
	size_t more = l->bytes < CHUNK_MOST ? l->bytes : CHUNK_MOST;
	if (r->write != NULL && bytes < more)
		bytes = more;
	return (bytes + page - 1) / page;
}

/* Takes pages of r for a new chunk of l; NULL if r has none. */
static struct codemem_chunk *
chunk_in(struct codemem *c, struct codemem_region *r, struct codemem_list *l,
	size_t bytes)
{
	size_t first, n = chunk_pages(r, l, bytes);
	struct codemem_chunk *k = alloc_zeroed(c->al, 1, sizeof *k);
	if (k == NULL)
		return NULL;
	if (!region_take(r, n, &first)) {
		alloc_free(c->al, k, sizeof *k);
		return NULL;
	}
	*k = (struct codemem_chunk){ l->chunks, r, first, n, 0, forks };
	l->chunks = k;
	l->bytes += n * page_bytes();
	return k;
}

/* Room for bytes, for l: in the regions that are there, or in one more. */
static struct codemem_chunk *
chunk_new(struct codemem *c, struct codemem_list *l, size_t bytes)
{
	struct codemem_chunk *k = NULL;
	for (struct codemem_region *r = c->regions; r && !k; r = r->next)
		if (is_ours(r))
			k = chunk_in(c, r, l, bytes);
	if (k == NULL && region_new(c, bytes))
		k = chunk_in(c, c->regions, l, bytes);
	return k;
}

/* Gives k back, unless a process that was forked may run it. */
static void
chunk_free(struct codemem *c, struct codemem_chunk *k)
{
	struct codemem_region *r = k->region;
	size_t page = page_bytes(), at = k->first * page,
	       bytes = k->npages * page;
	bool given = r->write == NULL
			     ? mmap(r->run + at, bytes, PROT_NONE,
				       MAP_PRIVATE | MAP_ANONYMOUS |
					       MAP_NORESERVE | MAP_FIXED,
				       -1, 0) != MAP_FAILED
			     : k->forks == forks;
	if (given && r->write != NULL)
		madvise(r->write + at, bytes, MADV_REMOVE);
	stub_discard(r->run + at, bytes);
	if (given) {
		memset(r->used + k->first, 0, k->npages);
		r->taken -= k->npages;
		if (r->free > k->first)
			r->free = k->first;
	}
	alloc_free(c->al, k, sizeof *k);
}

/* Code into pages that nothing runs yet. */
static bool
seal(uint8_t *run, size_t length, const uint8_t *code, size_t bytes)
{
	if (mprotect(run, length, PROT_READ | PROT_WRITE) != 0)
		return false;
	memcpy(run, code, bytes);
	return mprotect(run, length, PROT_READ | PROT_EXEC) == 0;
}

static const uint8_t *
place(struct codemem *c, struct codemem_list *l, const uint8_t *code,
	size_t bytes)
{
	struct codemem_chunk *k = l->chunks;
	size_t page = page_bytes();
	if (k == NULL || !is_ours(k->region) ||
		k->npages * page - k->bytes < bytes)
		k = chunk_new(c, l, bytes);
	if (k == NULL)
		return NULL;
	struct codemem_region *r = k->region;
	size_t at = k->first * page + k->bytes, length = k->npages * page;
	if (r->write != NULL) {
		memcpy(r->write + at, code, bytes);
		k->bytes += (bytes + CODEMEM_ALIGN - 1) &
			    ~(size_t)(CODEMEM_ALIGN - 1);
	} else if (seal(r->run + at, length, code, bytes)) {
		k->bytes = length;
	} else {
		l->chunks = k->next;
		l->bytes -= length;
		chunk_free(c, k);
		return NULL;
	}
	return r->run + at;
}

const uint8_t *
codemem_place(struct codemem *c, struct codemem_list *l, const uint8_t *code,
	size_t bytes)
{
	assert(bytes != 0 && "some code");
	if (bytes > SIZE_MAX / 2)
		return NULL;
	pthread_mutex_lock(&lock);
	const uint8_t *run = place(c, l, code, bytes);
	pthread_mutex_unlock(&lock);
	if (run != NULL)
		__builtin___clear_cache((char *)run, (char *)run + bytes);
	return run;
}

void
codemem_free(struct codemem *c, struct codemem_list *l)
{
	pthread_mutex_lock(&lock);
	for (struct codemem_chunk *k = l->chunks, *next; k != NULL; k = next) {
		next = k->next;
		chunk_free(c, k);
	}
	pthread_mutex_unlock(&lock);
	*l = (struct codemem_list){ NULL, 0 };
}
