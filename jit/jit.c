/*
 * The second tier's side of spec/tier.h: what is compiled, and when.
 */
#include "jit/jit.h"

#include <assert.h>

#include "interp/loop.h"
#include "jit/catch.h"
#include "jit/cross.h"
#include "jit/native.h"
#include "jit/x64.h"
#include "spec/engine.h"
#include "spec/store.h"
#include "spec/tier.h"
#include "trap/pool.h"
#include "trap/signal.h"

/* What is hot by default, and when to look again whether its code is there. */
enum { PATIENCE = 30000, AGAIN = 1000 };

/* Memory of a compilation that is taken at first and kept for the next, as log2
 * of bytes: what functions of some 100 KB take.  The system gives no pages for
 * what is not used of it, and would give new ones for each that is larger. */
enum { KEPT = 23 };

/* f has the code c from now on; false: there is none. */
static bool
take(struct func *f, const struct native_code *c)
{
	if (c == NULL)
		return false;
	cross_take(f, c->range.start + c->entry);
	return true;
}

static void
instance(struct instance *in)
{
	const struct module *m = in->module;
	if (m->engine->jit->mode != JIT_eager)
		return;
	for (uint32_t i = 0; i < m->nfuncs - m->nimported_funcs; i++)
		take(&in->own[i],
			native_of(m->engine->jit, in->module,
				m->nimported_funcs + i, NATIVE_called));
}

/* Another instance of the module may have made it hot. */
static bool
first(struct func *f)
{
	return take(
		f, native_find(f->instance->module, f->index, NATIVE_called));
}

static void
module_free(struct module *m)
{
	native_free(m->engine->jit, m);
}

static int32_t
patience(const struct engine *e)
{
	return e->jit->patience;
}

/*
 * f's code of that kind, if it is there by now.  f counts on: until its code
 * may be there, or to where a loop that is still interpreted wants a way in.
 */
static const struct native_code *
code_of(struct func *f, enum native_kind kind)
{
	struct jit *jit = f->store->engine->jit;
	bool later;
	const struct native_code *c =
		native_soon(jit, f->instance->module, f->index, kind, &later);
	f->counter = c == NULL && !later     ? INT32_MAX
		     : jit->patience < AGAIN ? jit->patience
					     : AGAIN;
	return c;
}

static void
hot(struct func *f)
{
	take(f, code_of(f, NATIVE_called));
}

/*
 * What calls run next is compiled first: most functions return soon, and only
 * those that are still in their loop after that need a way into it.
 */
static enum status
hot_loop(struct context *ctx, struct func *f, uint32_t offset, union slot *fp)
{
	if (f->cells != &loop_tables()->cells[CELL_native]) {
		hot(f);
		return STATUS_raise;
	}
	const struct native_code *c = code_of(f, NATIVE_looped);
	const void *way = c != NULL ? native_way_in(c, offset) : NULL;
	if (way == NULL)
		return STATUS_raise;
	f->counter = 0; /* its other loops, and this one when it is left */
	return cross_loop(ctx, f, fp, way, c->frame_slots);
}

static bool
locate(struct store *s, const struct raw_frame *frame, struct module **m,
	uint32_t *func, uint32_t *offset)
{
	(void)s;
	return native_locate(frame->pc, frame->level, m, func, offset);
}

static bool
frame_map(struct store *s, const struct cell *site, struct frame_map *map)
{
	(void)s;
	return native_roots(site, &map->slots, &map->nslots);
}

static void
remove_(struct engine *e)
{
	struct jit *jit = e->jit;
	e->second = NULL;
	e->jit = NULL;
	worker_free(jit->worker);
	arena_free(&jit->phase);
	codemem_close(&jit->memory);
	naming_close(&jit->naming);
	pool_free(e->guards);
	e->guards = NULL;
	alloc_free(&e->alloc, jit, sizeof *jit);
}

static const struct second_tier tier = {
	.stub = cross_stub,
	.instance = instance,
	.patience = patience,
	.first = first,
	.hot = hot,
	.hot_loop = hot_loop,
	.enter = cross_enter,
	.run = cross_run,
	.module_free = module_free,
	.locate = locate,
	.levels = native_levels,
	.frame_map = frame_map,
	.catches = catch_find,
	.counts = native_counts,
	.remove = remove_,
};

/* The system lets code run that a process has written. */
static bool
may_run(struct codemem *c)
{
	static const uint8_t code[1];
	struct codemem_list l = { NULL, 0 };
	bool may = codemem_place(c, &l, code, sizeof code) != NULL;
	codemem_free(c, &l);
	return may;
}

bool
jit_install(struct engine *e, const struct jit_config *config)
{
	struct jit *jit;
	assert(config->mode != JIT_off && "something to install");
	/* what unwinds would leave return addresses on a shadow stack */
	if (!x64_supported() || stub_shadow_stack() != 0 ||
		(jit = alloc_zeroed(&e->alloc, 1, sizeof *jit)) == NULL)
		return false;
	codemem_open(&jit->memory, &e->alloc, CODEMEM_twice);
	codemap_open();
	jit->worker = !may_run(&jit->memory)
			      ? NULL
			      : worker_new(&e->alloc, config->alone,
					native_serve, jit);
	if (jit->worker == NULL) {
		codemem_close(&jit->memory);
		alloc_free(&e->alloc, jit, sizeof *jit);
		return false;
	}
	arena_init(&jit->phase, &e->alloc);
	jit->phase.keep = KEPT;
	jit->phase.first = (size_t)1 << KEPT;
	naming_open(&jit->naming, NAMING_none);
	jit->engine = e;
	jit->mode = config->mode;
	jit->patience = config->patience != 0 ? config->patience : PATIENCE;
	e->counts = config->mode == JIT_on;
	if (config->signals)
		e->guards = pool_new(&e->alloc, GUARDED_BYTES);
	if (e->guards != NULL && !signal_start()) {
		pool_free(e->guards);
		e->guards = NULL;
	}
	e->jit = jit;
	e->second = &tier;
	return true;
}

void
jit_name_code(struct engine *e, enum naming_kind kind)
{
	if (e->jit != NULL)
		e->jit->naming.kind = kind;
}

void
jit_set_vary(struct engine *e, struct jit_vary vary)
{
	if (e->jit == NULL)
		return;
	e->jit->vary = vary;
	if (vary.sealed)
		e->jit->memory.kind = CODEMEM_sealed;
}
