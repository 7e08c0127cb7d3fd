#include "host/wasi.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "host/wasi_call.h"
#include "spec/engine.h"
#include "spec/store.h"
#include "trap/alloc.h"
#include "trap/error.h"

/* Copies strings into the arena. */
static void
copy_strings(struct wasi *w, struct wasi_strings *to, const char *const *from,
	uint32_t count)
{
	to->items = arena_array(&w->arena, count, sizeof *to->items);
	if (to->items == NULL)
		return;
	for (uint32_t i = 0; i < count; i++) {
		size_t len = strlen(from[i]);
		to->items[i] = arena_copy(&w->arena, from[i], len);
		if (to->items[i] == NULL || len >= UINT32_MAX - to->bytes)
			return;
		to->bytes += (uint32_t)len + 1;
		to->count++;
	}
}

static void
bind(struct wasi *w)
{
	for (int old = 0; old < 2; old++)
		for (int i = 0; i < WASI_count; i++)
			w->envs[old][i] =
				(struct wasi_env){ w, (uint8_t)i, old != 0 };
}

struct wasi *
wasi_new(const struct allocator *al, const struct wasi_config *config,
	struct error *error)
{
	struct wasi *w = alloc_zeroed(al, 1, sizeof *w);
	if (w == NULL) {
		error_set(error, ERROR_memory, "out of memory");
		return NULL;
	}
	if (!lock_open(&w->lock)) {
		alloc_free(al, w, sizeof *w);
		error_set(error, ERROR_memory, "out of memory");
		return NULL;
	}
	w->al = al;
	arena_init(&w->arena, al);
	bind(w);
	copy_strings(w, &w->args, config->args, config->nargs);
	copy_strings(w, &w->env, config->env, config->nenv);
	if (wasi_fd_open_all(w, config, error) && !w->arena.failed)
		return w;
	if (w->arena.failed)
		error_set(error, ERROR_memory, "out of memory");
	wasi_free(w);
	return NULL;
}

void
wasi_free(struct wasi *w)
{
	if (w == NULL)
		return;
	for (uint32_t i = 0; i < w->nfds; i++)
		if (w->fds[i].host >= 0)
			wasi_fd_drop(w, &w->fds[i]);
	arena_free(&w->arena);
	lock_close(&w->lock);
	alloc_free(w->al, w, sizeof *w);
}

void
wasi_watch(struct wasi *w, wasi_watcher *seen, void *env)
{
	w->watcher = seen;
	w->watcher_env = env;
}

static const struct {
	const char *name, *params;
} rows[] = {
#define WASI(name, params, fd, rights) { #name, params },
#include "host/wasi.def"
};

static bool
is(const struct name *name, const char *text)
{
	size_t len = strlen(text);
	return name->len == len && memcmp(name->bytes, text, len) == 0;
}

/* The canonical id of the row's type. */
static uint32_t
row_type(struct store *s, enum wasi_index i)
{
	static const valtype i32 = VT_I32;
	valtype params[16];
	uint32_t n = 0;
	for (const char *p = rows[i].params; *p != 0; p++, n++) {
		assert(n < sizeof params / sizeof *params && "a short row");
		params[n] = *p == 'i' ? VT_I32 : VT_I64;
	}
	return typespace_func(
		s->engine->types, params, n, &i32, i == WASI_proc_exit ? 0 : 1);
}

struct func *
wasi_func(struct wasi *w, struct store *s, const struct name *module,
	const struct name *field)
{
	bool old = is(module, "wasi_unstable");
	if (!old && !is(module, "wasi_snapshot_preview1"))
		return NULL;
	for (int i = 0; i < WASI_count; i++) {
		if (!is(field, rows[i].name))
			continue;
		uint32_t type = row_type(s, (enum wasi_index)i);
		return type == UINT32_MAX ? NULL
					  : func_new_host(s, type, wasi_enter,
						    &w->envs[old][i], NULL);
	}
	return NULL;
}
