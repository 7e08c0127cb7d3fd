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
	struct reader r = b->w.r;
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
	uint32_t n = b->w.func == func;
	*levels = 0;
	for (const struct outer *o = b->outer; o != NULL; o = o->outer) {
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

static struct outer *
keep(struct builder *b)
{
	struct outer *o = arena_alloc(b->a, sizeof *o);
	if (o == NULL) {
		error_set(b->error, ERROR_memory, "out of memory");
		return NULL;
	}
	*o = (struct outer){ .w = b->w,
		.stack = b->stack,
		.nstack = b->nstack,
		.stack_room = b->stack_room,
		.labels = b->labels,
		.nlabels = b->nlabels,
		.labels_room = b->labels_room,
		.nth_loop = b->nth_loop,
		.inlined = b->inlined,
		.locals = b->locals,
		.outer = b->outer };
	return o;
}

static void
give_back(struct builder *b, const struct outer *o)
{
	b->w = o->w;
	b->stack = o->stack;
	b->nstack = o->nstack;
	b->stack_room = o->stack_room;
	b->labels = o->labels;
	b->nlabels = o->nlabels;
	b->labels_room = o->labels_room;
	b->nth_loop = o->nth_loop;
	b->inlined = o->inlined;
	b->locals = o->locals;
	b->outer = o->outer;
}

/* Nothing of a body is there yet. */
static void
renew(struct builder *b, uint32_t func)
{
	const struct funcdecl *f = &b->m->funcs[func];
	b->stack = NULL;
	b->labels = NULL;
	b->nstack = b->stack_room = b->nlabels = b->labels_room = 0;
	b->nth_loop = 0;
	b->locals = (struct locals){ .now = NULL };
	walk_init(&b->w, b->m, func, b->a, b->error);
	b->w.insn.at = f->body.offset;
	value_room(b, &b->stack, &b->stack_room,
		f->frame_slots - f->local_slots + WALK_SLACK, sizeof *b->stack);
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
	b->nstack -= type->nparams;
	const uint32_t *args = b->stack + b->nstack;
	struct outer *o = keep(b);
	if (o == NULL)
		return true;
	ir->inlined[ir->ninlined] =
		(struct inlined){ func, b->w.insn.at, b->inlined };
	b->inlined = ir->ninlined++;
	b->outer = o;
	renew(b, func);
	if (b->error->kind != ERROR_none)
		return true;
	memcpy(b->locals.now, args, type->nparams * sizeof *args);
	locals_zero(b, type->nparams);
	flow_enter(b);
	return true;
}

bool
build_inline_end(struct builder *b)
{
	const struct outer *o = b->outer;
	if (o == NULL || b->error->kind != ERROR_none)
		return false;
	const struct label l = b->labels[0];
	uint32_t n = module_func_type(b->m, b->w.func)->nresults;
	const uint32_t *results = b->stack;
	assert((b->dead || b->nstack == n) && "what it returns is left");
	give_back(b, o);
	flow_left(b, &l);
	if (b->dead)
		return true;
	memcpy(b->stack + b->nstack, results, n * sizeof *results);
	b->nstack += n;
	build_ref_note(b);
	return true;
}
