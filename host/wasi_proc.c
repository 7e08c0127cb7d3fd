/*
 * Arguments, environment and the guest as a process.  A signal that the guest
 * raises ends the guest, never the host.
 */
#include <string.h>

#include "host/wasi_call.h"
#include "trap/unwind.h"

/* Writes the strings to parameter 1's memory, their addresses to 0's. */
static enum wasi_errno
put_strings(struct wasi_call *c, const struct wasi_strings *s)
{
	uint8_t *pointers = wasi_array(c, 0, s->count, 4, 4);
	uint8_t *text = wasi_bytes(c, 1, s->bytes);
	if (c->error)
		return c->error;
	uint32_t at = 0;
	for (uint32_t i = 0; i < s->count; i++) {
		uint32_t len = (uint32_t)strlen(s->items[i]) + 1;
		bytes_put32(pointers + (size_t)4 * i, wasi_i32(c, 1) + at);
		memcpy(text + at, s->items[i], len);
		at += len;
	}
	return ERRNO_success;
}

static enum wasi_errno
put_sizes(struct wasi_call *c, const struct wasi_strings *s)
{
	uint8_t *count = wasi_out(c, 0, 4, 4);
	uint8_t *bytes = wasi_out(c, 1, 4, 4);
	if (c->error)
		return c->error;
	bytes_put32(count, s->count);
	bytes_put32(bytes, s->bytes);
	return ERRNO_success;
}

enum wasi_errno
wasi_args_get(struct wasi_call *c)
{
	return put_strings(c, &c->w->args);
}

enum wasi_errno
wasi_args_sizes_get(struct wasi_call *c)
{
	return put_sizes(c, &c->w->args);
}

enum wasi_errno
wasi_environ_get(struct wasi_call *c)
{
	return put_strings(c, &c->w->env);
}

enum wasi_errno
wasi_environ_sizes_get(struct wasi_call *c)
{
	return put_sizes(c, &c->w->env);
}

static enum wasi_errno
leave(struct wasi_call *c, int32_t code)
{
	raise_exit(c->ctx, code);
	c->unwound = true;
	return ERRNO_success;
}

enum wasi_errno
wasi_proc_exit(struct wasi_call *c)
{
	return leave(c, (int32_t)wasi_i32(c, 0));
}

/* WASI's numbers: 0 none, 1 hup .. 30 sys. */
enum wasi_errno
wasi_proc_raise(struct wasi_call *c)
{
	enum {
		NONE = 0,
		CHLD = 16,
		CONT = 17,
		STOP = 18,
		TSTP = 19,
		TTIN = 20,
		TTOU = 21,
		URG = 22,
		WINCH = 27,
		LAST = 30
	};
	uint32_t signal = wasi_i32(c, 0);
	switch (signal) {
	case NONE:
	case CHLD:
	case CONT:
	case URG:
	case WINCH:
		return ERRNO_success; /* ignored by default */
	case STOP:
	case TSTP:
	case TTIN:
	case TTOU:
		return ERRNO_notsup; /* nobody could go on with it */
	default:
		if (signal > LAST)
			return ERRNO_inval;
		return leave(c, 128 + (int32_t)signal);
	}
}
