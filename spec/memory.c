/*
 * Linear memories (standard, 4.2.8) and their bulk operations.  A memory
 * reserves what it may grow to where the platform can, so that growing neither
 * moves nor copies.
 */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "spec/bulk.h"
#include "spec/collect.h"
#include "spec/engine.h"
#include "spec/shared.h"
#include "spec/store.h"
#include "trap/error.h"
#include "trap/pool.h"
#include "trap/unwind.h"

#define RESERVED_UNBOUNDED \
	((uint64_t)1 << 32) /* without a declared maximum \
			     */

/* Pages that the address type and the page size allow. */
static uint64_t
most_pages(const struct memory *mem)
{
	uint32_t bits = mem->is64 ? 64 : 32;
	return mem->page_shift == 0 && mem->is64
		       ? UINT64_MAX
		       : (uint64_t)1 << (bits - mem->page_shift);
}

/* Address space to reserve: what it can grow to, within reason. */
static size_t
reservation(const struct store *s, const struct memory *mem)
{
	uint64_t most = RESERVED_UNBOUNDED;
	if (mem->max < most >> mem->page_shift)
		most = mem->max << mem->page_shift;
	if (most > s->limits.memory_bytes)
		most = s->limits.memory_bytes;
	return most < SIZE_MAX ? (size_t)most : SIZE_MAX;
}

/* bytes more are within the store's limit and the host's pointers. */
static bool
fits(const struct memory *mem, uint64_t pages)
{
	const struct store *s = mem->store;
	if (pages > (uint64_t)(SIZE_MAX / 2) >> mem->page_shift)
		return false;
	uint64_t more = (pages << mem->page_shift) - mem->bytes;
	return more <= s->limits.memory_bytes &&
	       s->memory_bytes <= s->limits.memory_bytes - more;
}

/* Sets all but the bytes; false when the store takes none such: *error. */
static bool
describe(struct memory *mem, const struct limits *type, struct error *error)
{
	mem->has_max = type->has_max;
	mem->is64 = type->is64;
	mem->shared = type->shared;
	mem->page_shift = type->page_shift;
	mem->max = most_pages(mem);
	if (type->has_max && type->max < mem->max)
		mem->max = type->max;
	if (type->min > mem->max || !fits(mem, type->min)) {
		error_set(error, ERROR_limit,
			"a memory of %" PRIu64 " pages exceeds the limit",
			type->min);
		return false;
	}
	return true;
}

/* mem becomes what its store knows of sh. */
static void
attach(struct memory *mem, struct shared_memory *sh)
{
	assert((mem->store->engine->guards == NULL ||
		       !limits_guarded(&sh->type) ||
		       sh->pages.reserved == GUARDED_BYTES) &&
		"it was made for this engine");
	shared_retain(sh);
	lock_enter(&sh->lock);
	sh->users++;
	mem->sharing = sh;
	mem->base = sh->pages.base;
	mem->bytes = shared_bytes(sh);
	lock_leave(&sh->lock);
	mem->store->memory_bytes += mem->bytes;
}

static bool
open_shared(struct memory *mem, const struct limits *type, struct error *error)
{
	struct shared_memory *sh = shared_new(mem->store->engine, type, error);
	if (sh == NULL)
		return false;
	attach(mem, sh);
	shared_release(sh);
	return true;
}

/* It is one that has guard pages, described and not shared. */
static bool
is_guarded(const struct memory *mem)
{
	return mem->store->engine->guards != NULL && !mem->is64 &&
	       mem->page_shift == 16 && mem->sharing == NULL;
}

bool
memory_open(struct memory *mem, const struct limits *type, struct error *error)
{
	struct store *s = mem->store;
	if (!describe(mem, type, error))
		return false;
	if (type->shared)
		return open_shared(mem, type, error);
	uint64_t bytes = type->min << type->page_shift;
	bool opened = is_guarded(mem)
			      ? pool_open(s->engine->guards, &mem->pages,
					(size_t)bytes)
			      : pages_open(&mem->pages, &s->engine->alloc,
					(size_t)bytes, reservation(s, mem));
	if (!opened) {
		error_set(error, ERROR_memory,
			"out of memory for a memory of %" PRIu64 " pages",
			type->min);
		return false;
	}
	mem->bytes = bytes;
	mem->base = mem->pages.base;
	s->memory_bytes += mem->bytes;
	return true;
}

void
memory_close(struct memory *mem)
{
	struct shared_memory *sh = mem->sharing;
	mem->store->memory_bytes -= mem->bytes;
	if (is_guarded(mem))
		pool_close(mem->store->engine->guards, &mem->pages);
	else
		pages_close(&mem->pages, &mem->store->engine->alloc);
	if (sh == NULL)
		return;
	lock_enter(&sh->lock);
	sh->users--;
	lock_leave(&sh->lock);
	shared_release(sh);
}

/* A memory that is nothing yet, a unit of its own; NULL: *error. */
static struct memory *
memory_unit(struct store *s, struct error *error)
{
	struct unit *u = unit_new(s, EXTERN_memory, sizeof(struct memory));
	if (u == NULL) {
		error_set(error, ERROR_memory, "out of memory");
		return NULL;
	}
	struct memory *mem = (struct memory *)(u + 1);
	mem->store = s;
	mem->unit = u;
	return mem;
}

struct memory *
memory_new(struct store *s, const struct limits *type, struct error *error)
{
	struct memory *mem = memory_unit(s, error);
	if (mem == NULL || memory_open(mem, type, error))
		return mem;
	if (s->ctx.activation == NULL && collect_now(s)) {
		error_clear(error);
		if (memory_open(mem, type, error))
			return mem;
	}
	unit_unpin(mem->unit);
	return NULL;
}

struct memory *
memory_of_shared(struct store *s, struct shared_memory *sh, struct error *error)
{
	struct memory *mem = memory_unit(s, error);
	struct limits type = sh->type;
	type.min = shared_bytes(sh) >> type.page_shift;
	if (mem == NULL)
		return NULL;
	if (describe(mem, &type, error)) {
		attach(mem, sh);
		return mem;
	}
	unit_unpin(mem->unit);
	return NULL;
}

bool
memory_sync(struct memory *mem)
{
	uint64_t bytes = shared_bytes(mem->sharing), more = bytes - mem->bytes;
	mem->store->memory_bytes += more;
	mem->bytes = bytes;
	return more != 0;
}

uint64_t
memory_pages(struct memory *mem)
{
	return memory_bytes(mem) >> mem->page_shift;
}

/* The same under the lock, so that each page is given once. */
static uint64_t
grow_shared(struct memory *mem, uint64_t delta)
{
	struct shared_memory *sh = mem->sharing;
	uint64_t old, pages;
	lock_enter(&sh->lock);
	old = memory_pages(mem);
	pages = old + delta;
	if (delta > mem->max - old || !fits(mem, pages)) {
		old = UINT64_MAX;
	} else {
		size_t bytes = (size_t)(pages << mem->page_shift);
		bool moves = bytes > sh->pages.reserved;
		if ((moves && sh->users > 1) ||
			!pages_grow(&sh->pages, &sh->al, bytes))
			old = UINT64_MAX;
		else
			atomic_store(&sh->bytes, bytes);
		mem->base = sh->pages.base;
	}
	lock_leave(&sh->lock);
	memory_sync(mem);
	return old;
}

uint64_t
memory_grow(struct memory *mem, uint64_t delta)
{
	uint64_t old = memory_pages(mem);
	if (delta == 0)
		return old;
	if (mem->sharing != NULL)
		return grow_shared(mem, delta);
	if (delta > mem->max - old || !fits(mem, old + delta))
		return UINT64_MAX;
	uint64_t bytes = (old + delta) << mem->page_shift;
	if (!pages_grow(&mem->pages, &mem->store->engine->alloc, (size_t)bytes))
		return UINT64_MAX;
	mem->store->memory_bytes += bytes - mem->bytes;
	mem->base = mem->pages.base;
	mem->bytes = bytes;
	return old;
}

/* n bytes, and not none, are one piece for which no fuel is charged. */
static inline bool
at_once(const struct instance *in, uint64_t n)
{
	return n - 1 < BULK_PIECE && !in->store->engine->fuel;
}

enum status
memory_init(struct instance *in, uint32_t mem, uint32_t data, uint64_t dst,
	uint32_t src, uint32_t n)
{
	struct memory *m = in->memories[mem];
	struct range bytes = in->module->datas[data].bytes;
	if (in->data_dropped[data])
		bytes.len = 0;
	if (!bulk_within(src, n, bytes.len) ||
		!bulk_within(dst, n, memory_bytes(m)))
		return raise_trap(&in->store->ctx, TRAP_memory_out_of_bounds);
	if (n == 0)
		return STATUS_done;
	return bulk_move(in->store, m->base + dst,
		in->module->bytes + bytes.offset + src, n, 1);
}

enum status
memory_copy(struct instance *in, uint32_t dst_mem, uint32_t src_mem,
	uint64_t dst, uint64_t src, uint64_t n)
{
	struct memory *to = in->memories[dst_mem];
	struct memory *from = in->memories[src_mem];
	if (!bulk_within(dst, n, memory_bytes(to)) ||
		!bulk_within(src, n, memory_bytes(from)))
		return raise_trap(&in->store->ctx, TRAP_memory_out_of_bounds);
	if (at_once(in, n)) {
		memmove(to->base + dst, from->base + src, (size_t)n);
		return STATUS_done;
	}
	if (n == 0)
		return STATUS_done;
	return bulk_move(in->store, to->base + dst, from->base + src, n, 1);
}

enum status
memory_fill(struct instance *in, uint32_t mem, uint64_t dst, uint32_t value,
	uint64_t n)
{
	struct memory *m = in->memories[mem];
	if (!bulk_within(dst, n, memory_bytes(m)))
		return raise_trap(&in->store->ctx, TRAP_memory_out_of_bounds);
	if (at_once(in, n)) {
		memset(m->base + dst, (uint8_t)value, (size_t)n);
		return STATUS_done;
	}
	while (n != 0) {
		uint64_t piece = n < BULK_PIECE ? n : BULK_PIECE;
		if (bulk_poll(in->store, piece) != STATUS_done)
			return STATUS_unwound;
		memset(m->base + dst, (uint8_t)value, (size_t)piece);
		dst += piece;
		n -= piece;
	}
	return STATUS_done;
}

void
data_drop(struct instance *in, uint32_t data)
{
	assert(data < in->module->ndatas && "validated");
	in->data_dropped[data] = 1;
}
