/*
 * Writers exclude each other by a lock that a fork takes, so that it is free in
 * the child.  A reader finds the list whole at every moment; it counts itself,
 * and who takes a range out waits until nobody counts.
 */
#include "trap/codemap.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

static _Atomic(struct code_range *) first[CODEMAP_LEVELS];
static atomic_uint readers;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
before_fork(void)
{
	pthread_mutex_lock(&lock);
}

static void
after_fork(void)
{
	pthread_mutex_unlock(&lock);
}

/* Readers in other threads are not in the child. */
static void
after_birth(void)
{
	atomic_store(&readers, 0);
	pthread_mutex_unlock(&lock);
}

static void
watch_forks(void)
{
	pthread_atfork(before_fork, after_fork, after_birth);
}

void
codemap_open(void)
{
	pthread_once(&once, watch_forks);
}

/* Levels of a range at this address: one in eight has another. */
static unsigned
levels(const uint8_t *start)
{
	uint64_t h = (uint64_t)(uintptr_t)start * 0x9e3779b97f4a7c15;
	unsigned n = 1;
	for (; n < CODEMAP_LEVELS && h >> 61 == 0; h <<= 3)
		n++;
	return n;
}

/* The range whose links these are. */
static const struct code_range *
range_of(_Atomic(struct code_range *) *links)
{
	return (const struct code_range *)(const void
			*)((const char *)links -
			   offsetof(struct code_range, next));
}

/* The links of the last range below pc, from those at `from` on. */
static _Atomic(struct code_range *) *
advance(_Atomic(struct code_range *) *from, unsigned level, const uint8_t *pc)
{
	struct code_range *r;
	while ((r = atomic_load(&from[level])) != NULL && r->start < pc)
		from = r->next;
	return from;
}

/* The same on each level. */
static void
search(const uint8_t *pc, _Atomic(struct code_range *) *below[CODEMAP_LEVELS])
{
	_Atomic(struct code_range *) *from = first;
	for (unsigned level = CODEMAP_LEVELS; level-- > 0;)
		below[level] = from = advance(from, level, pc);
}

void
codemap_add(struct code_range *r)
{
	_Atomic(struct code_range *) *below[CODEMAP_LEVELS];
	unsigned n = levels(r->start);
	codemap_open();
	pthread_mutex_lock(&lock);
	search(r->start, below);
	for (unsigned i = 0; i < n; i++)
		atomic_init(&r->next[i], atomic_load(&below[i][i]));
	assert((r->next[0] == NULL || r->next[0]->start >= r->end) &&
		"ranges do not overlap");
	for (unsigned i = 0; i < n; i++)
		atomic_store(&below[i][i], r);
	pthread_mutex_unlock(&lock);
}

void
codemap_remove(const struct code_range *r)
{
	_Atomic(struct code_range *) *below[CODEMAP_LEVELS];
	pthread_mutex_lock(&lock);
	search(r->start, below);
	assert(atomic_load(&below[0][0]) == r && "it was added");
	for (unsigned i = levels(r->start); i-- > 0;)
		atomic_store(&below[i][i], atomic_load(&r->next[i]));
	while (atomic_load(&readers) != 0)
		sched_yield();
	pthread_mutex_unlock(&lock);
}

const struct code_range *
codemap_find(const void *pc)
{
	_Atomic(struct code_range *) *from = first;
	const struct code_range *r = NULL;
	atomic_fetch_add(&readers, 1);
	for (unsigned level = CODEMAP_LEVELS; level-- > 0;)
		from = advance(from, level, pc);
	if (from != first)
		r = range_of(from);
	if (r != NULL && (const uint8_t *)pc > r->end)
		r = NULL;
	atomic_fetch_sub(&readers, 1);
	return r;
}

static int
by_at(const void *key, const void *point)
{
	uint32_t at = *(const uint32_t *)key;
	const struct code_point *p = point;
	return at < p->at ? -1 : at > p->at;
}

const struct code_point *
codemap_point(const struct code_range *r, const void *pc)
{
	uint32_t at = (uint32_t)((const uint8_t *)pc - r->start);
	return bsearch(&at, r->points, r->npoints, sizeof *r->points, by_at);
}
