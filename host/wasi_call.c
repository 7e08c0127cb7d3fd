#include "host/wasi_call.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "spec/store.h"
#include "trap/unwind.h"

static_assert(RIGHT_BIT_sock_accept == 29, "WASI numbers its rights");

bool
wasi_interrupted(struct wasi_call *c)
{
	if (!context_interrupted(c->ctx))
		return false;
	raise_trap(c->ctx, TRAP_interrupt);
	c->unwound = true;
	return true;
}

void
wasi_pause(struct wasi_call *c)
{
	lock_leave(&c->w->lock);
}

enum wasi_errno
wasi_resume(struct wasi_call *c)
{
	int error = errno;
	uint64_t born = c->born;
	lock_enter(&c->w->lock);
	errno = error;
	if (c->f == NULL)
		return ERRNO_success;
	c->f = wasi_fd_at(c->w, c->number);
	return c->f != NULL && c->f->born == born ? ERRNO_success : ERRNO_badf;
}

/* The guest broke WASI's rules so that it cannot go on. */
static void
give_up(struct wasi_call *c, const char *text)
{
	if (!c->unwound)
		raise_host(c->ctx, text, NULL);
	c->unwound = true;
	c->error = ERRNO_fault;
}

uint8_t *
wasi_range(struct wasi_call *c, uint32_t ptr, uint32_t len)
{
	struct memory *mem = c->caller->memory0;
	uint64_t bytes = memory_bytes(mem);
	if (ptr > bytes || len > bytes - ptr)
		return NULL;
	if (c->w->watcher != NULL)
		c->w->watcher(c->w->watcher_env, ptr, len);
	return mem->base != NULL ? mem->base + ptr : c->scratch;
}

uint8_t *
wasi_array(struct wasi_call *c, unsigned i, uint32_t count, uint32_t size,
	uint32_t align)
{
	uint32_t ptr = wasi_i32(c, i);
	if (c->caller == NULL || c->caller->module->nmemories == 0) {
		give_up(c, "missing required memory export");
		return c->scratch;
	}
	if (ptr % align != 0) {
		char text[64];
		snprintf(text, sizeof text,
			"Pointer not aligned to %" PRIu32 ": 0x%" PRIx32, align,
			ptr);
		give_up(c, text);
		return c->scratch;
	}
	uint64_t len = (uint64_t)count * size;
	uint8_t *p =
		len <= UINT32_MAX ? wasi_range(c, ptr, (uint32_t)len) : NULL;
	if (p != NULL)
		return p;
	if (c->error == ERRNO_success)
		c->error = ERRNO_fault;
	return c->scratch;
}

uint8_t *
wasi_bytes(struct wasi_call *c, unsigned i, uint32_t len)
{
	return wasi_array(c, i, len, 1, 1);
}

uint8_t *
wasi_out(struct wasi_call *c, unsigned i, uint32_t bytes, uint32_t align)
{
	assert(bytes <= sizeof c->scratch && "a result fits the scratch");
	return wasi_array(c, i, 1, bytes, align);
}

/* The letter of host/wasi_right.def. */
static char
type_letter(enum wasi_filetype type)
{
	switch (type) {
	case FILETYPE_regular_file:
		return 'F';
	case FILETYPE_directory:
		return 'D';
	case FILETYPE_socket_dgram:
	case FILETYPE_socket_stream:
		return 'N';
	default:
		return 'S';
	}
}

uint32_t
wasi_rights_of(enum wasi_filetype type)
{
	static const char *const types[] = {
#define RIGHT(name, types) types,
#include "host/wasi_right.def"
	};
	uint32_t rights = 0;
	for (int i = 0; i < RIGHT_BITS; i++)
		if (strchr(types[i], type_letter(type)) != NULL)
			rights |= UINT32_C(1) << i;
	return rights;
}

enum wasi_errno
wasi_need(const struct wasi_fd *f, uint32_t rights)
{
	if ((rights & ~f->base) == 0)
		return ERRNO_success;
	bool dir = f->type == FILETYPE_directory;
	uint32_t of_dirs = wasi_rights_of(FILETYPE_directory);
	uint32_t of_files = wasi_rights_of(FILETYPE_regular_file);
	if (dir && (rights & ~of_dirs) != 0)
		return ERRNO_isdir;
	if (!dir && (rights & of_dirs & ~of_files) != 0)
		return ERRNO_notdir;
	return ERRNO_notcapable;
}

struct row {
	wasi_fn *fn;
	uint8_t fd;
	uint32_t rights;
};

enum { NO_FD = 0xff };

static const struct row rows[] = {
#define WASI(name, params, fd, rights) { wasi_##name, fd, rights },
#include "host/wasi.def"
};

/* Finds the row's descriptor, and whether it may be used so. */
static enum wasi_errno
find_fd(struct wasi_call *c, const struct row *row)
{
	if (row->fd == NO_FD)
		return ERRNO_success;
	c->number = wasi_i32(c, row->fd);
	c->f = wasi_fd_at(c->w, c->number);
	if (c->f == NULL)
		return ERRNO_badf;
	c->born = c->f->born;
	return wasi_need(c->f, row->rights);
}

enum status
wasi_enter(
	void *env, struct store *s, struct instance *caller, union slot *slots)
{
	const struct wasi_env *e = env;
	const struct row *row = &rows[e->index];
	struct wasi_call c;
	c.w = e->w;
	c.ctx = &s->ctx;
	c.caller = caller;
	c.f = NULL;
	c.args = slots;
	c.old = e->old;
	c.unwound = false;
	c.error = ERRNO_success;
	lock_enter(&c.w->lock);
	enum wasi_errno error = find_fd(&c, row);
	if (error == ERRNO_success)
		error = row->fn(&c);
	lock_leave(&c.w->lock);
	if (c.unwound)
		return STATUS_unwound;
	slots[0] = slot_of_i32((uint32_t)error);
	return STATUS_done;
}
