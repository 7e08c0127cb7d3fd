/*
 * Errors for embedders: one block each, that needs nothing of what it tells
 * about, with names copied, but for exceptions, which keep their store.  The
 * raw frames are kept too, so that an error can be raised again.  Most traps
 * need no text of their own, so that an error costs little more than its block.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "host/api.h"
#include "spec/exception.h"
#include "spec/tier.h"
#include "trap/error.h"
#include "trap/unwind.h"

#define NAME_MOST 256 /* bytes that are kept of a name */
#define MESSAGE_MOST 320

/*
 * block: this struct | nframes frames | nframes raw frames | names | message
 */
struct sheave_error {
	struct allocator al;
	size_t bytes; /* of the block */
	enum sheave_error_kind kind;
	enum unwind_kind unwind; /* none: nothing ran */
	enum trap trap;
	int exit_code;
	bool has_address; /* a fault told: */
	uint64_t address, memory_bytes;
	void *payload;
	const struct store *store;   /* for comparison only; but: */
	struct sheave_store *holder; /* retained for the exception; or NULL */
	struct heap_root exception;
	const char *message; /* static or in the block */
	uint64_t frees;	     /* of the store: raw is good for no other */
	uint32_t nframes;
	struct sheave_frame *frames;
	struct raw_frame *raw;
};

/* When there is no memory for an error. */
static const struct sheave_error no_memory = {
	.kind = SHEAVE_ERROR_MEMORY,
	.message = "out of memory",
};

static const enum sheave_error_kind kinds[] = {
	[ERROR_none] = SHEAVE_ERROR_MISUSE,
	[ERROR_malformed] = SHEAVE_ERROR_MALFORMED,
	[ERROR_invalid] = SHEAVE_ERROR_INVALID,
	[ERROR_unlinkable] = SHEAVE_ERROR_LINK,
	[ERROR_unsupported] = SHEAVE_ERROR_UNSUPPORTED,
	[ERROR_limit] = SHEAVE_ERROR_LIMIT,
	[ERROR_memory] = SHEAVE_ERROR_MEMORY,
	[ERROR_host] = SHEAVE_ERROR_HOST,
};

static const enum sheave_error_kind unwind_kinds[] = {
	[UNWIND_none] = SHEAVE_ERROR_HOST,
	[UNWIND_trap] = SHEAVE_ERROR_TRAP,
	[UNWIND_exit] = SHEAVE_ERROR_EXIT,
	[UNWIND_host] = SHEAVE_ERROR_HOST,
	[UNWIND_exception] = SHEAVE_ERROR_EXCEPTION,
};

/* A block with room for nframes frames and chars bytes of names and message. */
static struct sheave_error *
error_new(const struct allocator *al, uint32_t nframes, size_t chars)
{
	struct sheave_error *e;
	size_t bytes = sizeof *e +
		       nframes * (sizeof *e->frames + sizeof *e->raw) + chars;
	e = alloc_bytes(al, bytes);
	if (e == NULL)
		return NULL;
	*e = (struct sheave_error){ .al = *al, .bytes = bytes };
	e->nframes = nframes;
	e->frames = (struct sheave_frame *)(e + 1);
	e->raw = (struct raw_frame *)(e->frames + nframes);
	return e;
}

/* Where the characters of e begin. */
static char *
chars_of(struct sheave_error *e)
{
	return (char *)(e->raw + e->nframes);
}

void
api_refuse(const struct allocator *al, struct sheave_error **error,
	enum sheave_error_kind kind, const char *format, ...)
{
	if (error == NULL)
		return;
	struct sheave_error *e = error_new(al, 0, MESSAGE_MOST);
	*error = e != NULL ? e : (struct sheave_error *)&no_memory;
	if (e == NULL)
		return;
	va_list args;
	va_start(args, format);
	vsnprintf(chars_of(e), MESSAGE_MOST, format, args);
	va_end(args);
	e->message = chars_of(e);
	e->kind = kind;
}

void
api_error(const struct allocator *al, struct sheave_error **error,
	const struct error *from)
{
	char text[MESSAGE_MOST];
	api_refuse(al, error, kinds[from->kind], "%s",
		error_format(from, text, sizeof text));
}

bool
api_frame(
	struct store *s, const struct raw_frame *raw, struct sheave_frame *out)
{
	struct module *m;
	uint32_t func, offset;
	if (!s->engine->tier->locate(s, raw, &m, &func, &offset))
		return false;
	struct name name = module_func_name(m, func);
	*out = (struct sheave_frame){
		.func_index = func,
		.func_offset = offset - m->funcs[func].body.offset,
		.module_offset = offset,
		.func_name = name.len != 0 ? name.bytes : NULL,
		.module_name = m->name.len != 0 ? m->name.bytes : NULL,
	};
	return true;
}

static size_t
name_bytes(const char *name)
{
	size_t len = name != NULL ? strlen(name) : 0;
	return name == NULL ? 0 : (len < NAME_MOST ? len : NAME_MOST) + 1;
}

static const char *
copy_name(const char *name, char **at)
{
	size_t bytes = name_bytes(name);
	if (bytes == 0)
		return NULL;
	char *copy = *at;
	memcpy(copy, name, bytes - 1);
	copy[bytes - 1] = '\0';
	*at += bytes;
	return copy;
}

/*
 * The error with the frames of s->ctx.pending and that message; NULL when out
 * of memory.  copy: the message goes into the block.
 */
static struct sheave_error *
with_frames(struct store *s, const char *message, bool copy)
{
	const struct pending *p = &s->ctx.pending;
	struct sheave_frame frames[BACKTRACE_MAX];
	uint32_t n = 0;
	size_t len = copy ? strlen(message) + 1 : 0, names = 0;
	for (uint32_t i = 0; i < p->nframes; i++) {
		if (!api_frame(s, &p->frames[i], &frames[n]))
			continue;
		names += name_bytes(frames[n].func_name) +
			 name_bytes(frames[n].module_name);
		n++;
	}
	struct sheave_error *e = error_new(&s->engine->alloc, n, names + len);
	if (e == NULL)
		return NULL;
	char *at = chars_of(e);
	for (uint32_t i = 0; i < n; i++) {
		e->frames[i] = frames[i];
		e->frames[i].func_name = copy_name(frames[i].func_name, &at);
		e->frames[i].module_name =
			copy_name(frames[i].module_name, &at);
		e->raw[i] = p->frames[i];
	}
	e->message = copy ? memcpy(at, message, len) : message;
	return e;
}

/* The pending exception becomes the error's. */
static void
keep_exception(struct store *s, struct sheave_error *e)
{
	e->trap = TRAP_uncaught_exception;
	e->exception.type = VT_REF | HT_EXN;
	e->exception.value = slot_of_ref(s->ctx.pending.payload);
	heap_root(&s->heap, &e->exception);
	e->holder = api_store(s);
	e->holder->refs++;
}

const struct exception *
api_error_exception(const struct sheave_error *e)
{
	return e->holder != NULL ? slot_ref(e->exception.value) : NULL;
}

static void
stopped(struct store *s, struct sheave_error **error)
{
	const struct pending *p = &s->ctx.pending;
	char own[MESSAGE_MOST], text[MESSAGE_MOST - 20];
	const char *message = own;
	switch (p->kind) {
	case UNWIND_trap:
		message = trap_line(p->trap);
		if (!p->has_number)
			break;
		snprintf(own, sizeof own, "%s %" PRIu64, message, p->number);
		message = own;
		break;
	case UNWIND_exit:
		snprintf(own, sizeof own, "exit with code %" PRId32,
			p->exit_code);
		break;
	case UNWIND_exception:
		snprintf(own, sizeof own, "wasm trap: %s",
			exception_format(p->payload, text, sizeof text));
		break;
	default:
		snprintf(own, sizeof own, "%s", p->text);
		break;
	}
	struct sheave_error *e = with_frames(s, message, message == own);
	*error = e != NULL ? e : (struct sheave_error *)&no_memory;
	if (e == NULL)
		return;
	e->kind = unwind_kinds[p->kind];
	e->unwind = p->kind;
	e->store = s;
	e->frees = s->frees;
	e->trap = p->trap;
	if (p->kind == UNWIND_exception)
		keep_exception(s, e);
	e->exit_code = p->kind == UNWIND_exit ? p->exit_code : 0;
	e->payload = p->kind == UNWIND_host ? p->payload : NULL;
	e->has_address = p->kind == UNWIND_trap && p->has_address;
	e->address = p->address;
	e->memory_bytes = p->bytes;
}

void
api_stopped(struct store *s, struct sheave_error **error)
{
	struct pending *p = &s->ctx.pending;
	if (error != NULL)
		stopped(s, error);
	p->kind = UNWIND_none;
}

void
api_raise_again(struct store *s, const struct sheave_error *e)
{
	struct pending *p = &s->ctx.pending;
	switch (e->unwind) {
	case UNWIND_trap:
		if (e->has_address)
			raise_fault(&s->ctx, e->address, e->memory_bytes);
		else
			raise_trap(&s->ctx, e->trap);
		break;
	case UNWIND_exit:
		raise_exit(&s->ctx, e->exit_code);
		break;
	case UNWIND_host:
		raise_host(&s->ctx, e->message, e->payload);
		break;
	case UNWIND_exception:
		if (e->store == s)
			raise_exception(&s->ctx, slot_ref(e->exception.value));
		else
			raise_host(&s->ctx, e->message, NULL);
		break;
	default:
		raise_host(&s->ctx, e->message, NULL);
		break;
	}
	if (e->store != s || e->frees != s->frees || e->nframes == 0)
		return;
	p->nframes = e->nframes;
	memcpy(p->frames, e->raw, e->nframes * sizeof *e->raw);
}

void
sheave_error_free(struct sheave_error *error)
{
	if (error == NULL || error == &no_memory)
		return;
	struct allocator al = error->al;
	struct sheave_store *holder = error->holder;
	if (holder != NULL)
		heap_unroot(&error->exception);
	alloc_free(&al, error, error->bytes);
	if (holder != NULL)
		api_store_release(holder);
}

enum sheave_error_kind
sheave_error_kind(const struct sheave_error *error)
{
	return error->kind;
}

const char *
sheave_error_message(const struct sheave_error *error)
{
	return error->message;
}

int
sheave_error_trap(const struct sheave_error *error)
{
	return error->kind == SHEAVE_ERROR_TRAP ||
			       error->kind == SHEAVE_ERROR_EXCEPTION
		       ? trap_code(error->trap)
		       : -1;
}

int
sheave_error_exit_code(const struct sheave_error *error)
{
	return error->exit_code;
}

void *
sheave_error_payload(const struct sheave_error *error)
{
	return error->payload;
}

bool
sheave_error_fault(const struct sheave_error *error, uint64_t *address,
	uint64_t *memory_bytes)
{
	*address = error->address;
	*memory_bytes = error->memory_bytes;
	return error->has_address;
}

uint32_t
sheave_error_frame_count(const struct sheave_error *error)
{
	return error->nframes;
}

bool
sheave_error_frame(const struct sheave_error *error, uint32_t i,
	struct sheave_frame *frame)
{
	if (i >= error->nframes)
		return false;
	*frame = error->frames[i];
	return true;
}

/* Appends to out, of which *at bytes are used; counts what does not fit. */
static void
append(char *out, size_t bytes, size_t *at, const char *format, ...)
{
	size_t room = *at < bytes ? bytes - *at : 0;
	va_list args;
	va_start(args, format);
	int n = vsnprintf(room ? out + *at : NULL, room, format, args);
	va_end(args);
	*at += n > 0 ? (size_t)n : 0;
}

size_t
sheave_error_format(const struct sheave_error *error, char *out, size_t bytes)
{
	size_t at = 0;
	append(out, bytes, &at, "%s\n", error->message);
	if (error->has_address)
		append(out, bytes, &at, FAULT_FORMAT "\n", error->address,
			error->memory_bytes);
	if (error->nframes != 0)
		append(out, bytes, &at,
			"error while executing at wasm backtrace:\n");
	for (uint32_t i = 0; i < error->nframes; i++) {
		const struct sheave_frame *f = &error->frames[i];
		append(out, bytes, &at, "  %" PRIu32 ": 0x%" PRIx32 " - %s!", i,
			f->module_offset,
			f->module_name ? f->module_name : "<unknown>");
		if (f->func_name != NULL)
			append(out, bytes, &at, "%s\n", f->func_name);
		else
			append(out, bytes, &at, "<wasm function %" PRIu32 ">\n",
				f->func_index);
	}
	return at;
}

const char *
sheave_trap_message(int code)
{
	for (int t = 0; t < TRAP_count; t++)
		if (trap_code((enum trap)t) == code)
			return trap_message((enum trap)t);
	return NULL;
}
