#include "jit/build_inline.h"

#include <assert.h>
#include <string.h>

#include "jit/build_ref.h"
#include "jit/flow.h"
#include "jit/locals.h"
#include "spec/bintype.h"
#include "spec/code.h"
#include "spec/engine.h"
#include "spec/walk.h"
#include "trap/arena.h"
#include "trap/error.h"

/* Bytes of a body at most: of one that costs about what its call does, of one
 * that is called in a loop, of one that calls itself. */
enum { TINY = 20, SMALL = 48, RECURSIVE = 80 };

/* What else a body costs, as bytes of it, and all bodies in a function at most:
 * each keeps a few kilobytes until the function is compiled. */
enum { BODY_COST = 8, MOST_GROWTH = 1 << 15 };

/* Bodies in bodies, and those of one function among them. */
enum { MOST_LEVELS = 4, MOST_OF_ONE = 3 };

/* Of a body. */
enum { MOST_LOCALS = 16 };

uint32_t
build_inline_growth(const struct builder *b, uint32_t func)
{
	const struct module *m = b->m;
	uint32_t len = m->funcs[func].body.len;
	/* each is seen alone where costs or steps are counted */
	if (b->options->plain || m->engine->fuel || m->engine->trace)
		return 0;
	uint32_t growth = 4 * RECURSIVE + len / 4;
	return growth < MOST_GROWTH ? growth : MOST_GROWTH;
}

/* What is in a body. */
struct contents {
	bool loops, other; /* other: what is not inlined */
};

static void
note(struct contents *c, uint32_t op)
{
	switch (op) {
	case OP_loop:
		c->loops = true;
		break;
	case OP_try_table:
	case OP_return_call:
	case OP_return_call_indirect:
	case OP_return_call_ref:
		c->other = true;
		break;
	default:
		break;
	}
}

/* Past the declarations of locals. */
static void
skip_locals(struct reader *r)
{
	for (uint32_t n = reader_u32(r); n > 0; n--) {
		reader_u32(r);
		bintype_val(r);
	}
}

static struct contents
contents_of(const struct builder *b, uint32_t func)
{
	const struct range *body = &b->m->funcs[func].body;
	struct contents c = { false, false };
	struct error error = { 0 };
	struct reader r = b->body.w.r;
	struct insn i;
	r.error = &error;
	r.at = b->m->bytes + body->offset;
	r.end = r.at + body->len;
	skip_locals(&r);
	while (r.at < r.end && !c.other) {
		code_next(&r, &i);
		note(&c, i.op);
	}
	return c;
}

/* How often func is among the bodies that are open. */
static uint32_t
times_open(const struct builder *b, uint32_t func, uint32_t *levels)
{
	uint32_t n = b->body.w.func == func;
	*levels = 0;
	for (const struct body *o = b->body.outer; o != NULL; o = o->outer) {
		n += o->w.func == func;
		++*levels;
	}
	return n;
}

static bool
is_wanted(const struct builder *b, uint32_t func)
{
	uint32_t levels, len = b->m->funcs[func].body.len;
	if (len > RECURSIVE || b->m->funcs[func].nlocals > MOST_LOCALS)
		return false;
	uint32_t times = times_open(b, func, &levels);
	uint32_t most = times > 0 ? RECURSIVE : b->loop != 0 ? SMALL : TINY;
	if (len > most || levels >= MOST_LEVELS || times >= MOST_OF_ONE)
		return false;
	struct contents c = contents_of(b, func);
	return !c.other && (!c.loops || times > 0);
}

/* The body of func begins, in that which calls it. */
static void
begin(struct builder *b, uint32_t func, struct body *outer)
{
	const struct funcdecl *f = &b->m->funcs[func];
	b->body = (struct body){ .inlined = b->ir->ninlined++, .outer = outer };
	walk_init(&b->body.w, b->m, func, b->a, b->error);
	b->body.w.insn.at = f->body.offset;
	value_room(b, &b->body.stack, &b->body.stack_room,
		f->frame_slots - f->local_slots + WALK_SLACK,
		sizeof *b->body.stack);
	if (b->error->kind == ERROR_none)
		locals_init(b);
}

bool
build_inline(struct builder *b, uint32_t func)
{
	struct ir *ir = b->ir;
	const struct functype *type = module_func_type(b->m, func);
	uint32_t len = b->m->funcs[func].body.len;
	if (len + BODY_COST > b->growth || !is_wanted(b, func))
		return false;
	if (!value_room(b, &ir->inlined, &ir->inlined_room, ir->ninlined + 1,
		    sizeof *ir->inlined))
		return true;
	b->growth -= len + BODY_COST;
	b->body.nstack -= type->nparams;
	const uint32_t *args = b->body.stack + b->body.nstack;
	struct body *outer = arena_copy(b->a, &b->body, sizeof b->body);
	if (outer == NULL) {
		error_set(b->error, ERROR_memory, "out of memory");
		return true;
	}
	ir->inlined[ir->ninlined] =
		(struct inlined){ func, b->body.w.insn.at, b->body.inlined };
	begin(b, func, outer);
	if (b->error->kind != ERROR_none)
		return true;
	memcpy(b->body.locals.now, args, type->nparams * sizeof *args);
	locals_zero(b, type->nparams);
	flow_enter(b);
	return true;
}

bool
build_inline_end(struct builder *b)
{
	const struct body *outer = b->body.outer;
	if (outer == NULL || b->error->kind != ERROR_none)
		return false;
	const struct label l = b->body.labels[0];
	uint32_t n = module_func_type(b->m, b->body.w.func)->nresults;
	const uint32_t *results = b->body.stack;
	assert((b->dead || b->body.nstack == n) && "what it returns is left");
	b->body = *outer;
	flow_left(b, &l);
	if (b->dead)
		return true;
	memcpy(b->body.stack + b->body.nstack, results, n * sizeof *results);
	b->body.nstack += n;
	build_ref_note(b);
	return true;
}
