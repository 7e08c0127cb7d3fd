#include "host/replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "spec/engine.h"
#include "spec/tier.h"
#include "trap/unwind.h"

bool
replay_open(struct replay *r, struct twin *t, const struct allocator *al,
	bool alone)
{
	*r = (struct replay){ .twin = t };
	arena_init(&r->arena, al);
	return stream_open(&r->stream, al, alone);
}

void
replay_close(struct replay *r)
{
	stream_close(&r->stream);
	arena_free(&r->arena);
}

static const struct functype *
type_of(const struct replay_import *i)
{
	const struct module *m = i->replay->module;
	return module_func_type(m, m->imports[i->index].index);
}

/* The offset of the call in the module; 0 if the host calls. */
static uint32_t
offset_of_call(struct store *s)
{
	struct raw_frame frame;
	struct module *m;
	uint32_t func, offset;
	if (backtrace_collect(&s->ctx, &frame, 1) != 1 ||
		!s->engine->tier->locate(s, &frame, &m, &func, &offset))
		return 0;
	return offset;
}

/* Recording */

static const uint8_t *
bytes_of(const struct replay *r, uint32_t ptr)
{
	return r->caller->memory0->base + ptr;
}

void
replay_watch(void *env, uint32_t ptr, uint32_t len)
{
	struct replay *r = env;
	if (len == 0)
		return;
	if (r->nranges == r->room) {
		uint32_t room = r->room != 0 ? 2 * r->room : 16;
		void *p = arena_grow(&r->arena, r->ranges,
			r->room * sizeof *r->ranges, room * sizeof *r->ranges);
		if (p == NULL)
			return;
		r->ranges = p;
		r->room = room;
	}
	r->ranges[r->nranges++] = (struct replay_range){ .ptr = ptr,
		.len = len,
		.before = XXH64(bytes_of(r, ptr), len, 0) };
}

static bool
write_ranges(struct replay *r)
{
	bool fine = true;
	for (uint32_t i = 0; i < r->nranges && fine; i++) {
		struct replay_range *g = &r->ranges[i];
		const uint8_t *p = bytes_of(r, g->ptr);
		g->written = XXH64(p, g->len, 0) != g->before;
		fine = stream_write(&r->stream, g, sizeof *g) &&
		       (!g->written || stream_write(&r->stream, p, g->len));
	}
	return fine;
}

enum status
replay_abandon(struct replay *r, struct store *s)
{
	r->stopped = true;
	return raise_host(&s->ctx, "goes on", NULL);
}

/* All of a call that is over, whose arguments were args. */
static bool
write_call(const struct replay_import *i, struct store *s,
	const struct replay_call *c, const union slot *args,
	const union slot *results)
{
	struct replay *r = i->replay;
	const struct functype *t = type_of(i);
	struct replay_unit u = { REPLAY_call, i->index };
	const char *text = s->ctx.pending.text;
	return stream_write(&r->stream, &u, sizeof u) &&
	       stream_write(&r->stream, c, sizeof *c) &&
	       stream_write(&r->stream, args, t->param_slots * sizeof *args) &&
	       stream_write(&r->stream, results,
		       t->result_slots * sizeof *results) &&
	       (c->unwound != UNWIND_host ||
		       stream_write(
			       &r->stream, text, sizeof s->ctx.pending.text)) &&
	       write_ranges(r);
}

enum status
replay_record(
	void *env, struct store *s, struct instance *caller, union slot *slots)
{
	struct replay_import *i = env;
	struct replay *r = i->replay;
	const struct pending *p = &s->ctx.pending;
	struct replay_call c = { .offset = offset_of_call(s) };
	union slot *args = arena_copy(
		&r->arena, slots, type_of(i)->param_slots * sizeof *slots);
	r->caller = caller;
	r->nranges = 0;
	if (args == NULL)
		return raise_host(&s->ctx, "out of memory", NULL);
	const struct host_func *real = func_host(i->real);
	enum status st = real->host(real->env, s, caller, slots);
	if (st != STATUS_done)
		st = raise_of_host(&s->ctx);
	c.status = (uint8_t)st;
	c.nranges = r->nranges;
	if (st != STATUS_done) {
		c.unwound = (uint8_t)p->kind;
		c.trap = (uint8_t)p->trap;
		c.exit_code = p->exit_code;
	}
	bool fine = write_call(i, s, &c, args, slots);
	arena_reset(&r->arena);
	r->ranges = NULL;
	r->room = 0;
	stream_flush(&r->stream);
	return fine || st != STATUS_done ? st : replay_abandon(r, s);
}

/* Answering */

enum status
replay_stop(struct replay *r, struct store *s)
{
	stream_stop(&r->stream);
	return raise_host(&s->ctx, "stopped", NULL);
}

void
replay_missing(struct replay *r, const char *what)
{
	struct twin *t = r->twin;
	if (r->exhausted)
		t->ended = true;
	else
		twin_differ(t, "%s %s; %s had ended", what, t->names[1],
			t->names[0]);
}

static void
name_import(const struct replay *r, uint32_t import, char *out, size_t bytes)
{
	const struct import *im = &r->module->imports[import];
	snprintf(out, bytes, "\"%.*s\" \"%.*s\"", (int)im->module.len,
		im->module.bytes, (int)im->field.len, im->field.bytes);
}

enum { WORDS = 400 };

/* "host call 7, "wasi" "fd_write", of func 3 at 0x12" */
static const char *
name_call(const struct replay_import *i, struct store *s, char *out)
{
	char name[120], place[160] = "the host";
	struct raw_frame frame;
	if (backtrace_collect(&s->ctx, &frame, 1) == 1)
		twin_place(s, &frame, place, sizeof place);
	name_import(i->replay, i->index, name, sizeof name);
	snprintf(out, WORDS, "host call %" PRIu64 ", %s, of %s",
		i->replay->calls, name, place);
	return out;
}

/* The next call of the first run, if it is this one. */
static bool
next_call(const struct replay_import *i, struct store *s, struct replay_call *c)
{
	struct replay *r = i->replay;
	struct twin *t = r->twin;
	struct replay_unit u;
	char what[WORDS], name[120];
	if (!stream_read(&r->stream, &u, sizeof u)) {
		replay_missing(r, name_call(i, s, what));
		return false;
	}
	name_call(i, s, what);
	if (u.kind != REPLAY_call) {
		twin_differ(t, "%s %s; the point 0x%" PRIx32 " %s", what,
			t->names[1], u.at, t->names[0]);
		return false;
	}
	if (!stream_read(&r->stream, c, sizeof *c))
		return false;
	if (u.at == i->index && c->offset == offset_of_call(s))
		return true;
	name_import(r, u.at, name, sizeof name);
	twin_differ(t, "%s %s; %s at 0x%" PRIx32 " %s", what, t->names[1], name,
		c->offset, t->names[0]);
	return false;
}

static bool
same_arguments(
	const struct replay_import *i, struct store *s, const union slot *ours)
{
	struct replay *r = i->replay;
	const struct functype *t = type_of(i);
	union slot theirs[32];
	char what[WORDS + 20];
	size_t bytes = t->param_slots * sizeof *ours;
	if (bytes > sizeof theirs || !stream_read(&r->stream, theirs, bytes))
		return false;
	if (memcmp(theirs, ours, bytes) == 0)
		return true;
	name_call(i, s, what);
	strcat(what, ": argument");
	twin_values(r->twin, what, t->params, t->nparams, theirs, ours);
	return !r->twin->differ;
}

/* The same bytes as the first run's had before; then those it has now. */
static bool
take_range(const struct replay_import *i, struct store *s, struct memory *m)
{
	struct replay *r = i->replay;
	struct replay_range g;
	char what[WORDS];
	if (!stream_read(&r->stream, &g, sizeof g))
		return false;
	if (g.ptr > m->bytes || g.len > m->bytes - g.ptr ||
		XXH64(m->base + g.ptr, g.len, 0) != g.before) {
		twin_differ(r->twin,
			"%s: the memory that it is given, %" PRIu32
			" bytes at 0x%" PRIx32,
			name_call(i, s, what), g.len, g.ptr);
		return false;
	}
	return !g.written || stream_read(&r->stream, m->base + g.ptr, g.len);
}

static enum status
raise_again(struct store *s, const struct replay_call *c, const char *text)
{
	if (c->unwound == UNWIND_exit)
		return raise_exit(&s->ctx, c->exit_code);
	if (c->unwound == UNWIND_trap)
		return raise_trap(&s->ctx, (enum trap)c->trap);
	return raise_host(&s->ctx, text, NULL);
}

enum status
replay_answer(
	void *env, struct store *s, struct instance *caller, union slot *slots)
{
	struct replay_import *i = env;
	struct replay *r = i->replay;
	struct replay_call c;
	char text[sizeof s->ctx.pending.text];
	r->calls++;
	bool fine = next_call(i, s, &c) && same_arguments(i, s, slots) &&
		    stream_read(&r->stream, slots,
			    type_of(i)->result_slots * sizeof *slots) &&
		    (c.unwound != UNWIND_host ||
			    stream_read(&r->stream, text, sizeof text));
	for (uint32_t k = 0; fine && k < c.nranges; k++)
		fine = take_range(i, s, caller->memory0);
	if (!fine)
		return replay_stop(r, s);
	return c.status == STATUS_done ? STATUS_done : raise_again(s, &c, text);
}
