/*
 * The second tier's side of spec/tier.h: what is compiled, and when.
 */
#include "jit/jit.h"

#include <assert.h>

#include "interp/loop.h"
#include "jit/cross.h"
#include "jit/native.h"
#include "jit/x64.h"
#include "spec/engine.h"
#include "spec/store.h"
#include "spec/tier.h"

/* What is hot by default. */
enum { PATIENCE = 30000 };

/* f has the code c from now on; false: there is none. */
static bool
take(struct func *f, const struct native_code *c)
{
	if (c == NULL)
		return false;
	f->code = c->range.start + c->entry;
	f->cells = &loop_tables()->cells[CELL_native];
	return true;
}

/* f has code from now on, if it can be compiled. */
static bool
compile_func(struct func *f)
{
	return take(f, native_of(f->store->engine->jit, f->instance->module,
			       f->index));
}

static const void *
stub(void)
{
	return (const void *)(uintptr_t)stub_cross;
}

static void
instance(struct instance *in)
{
	const struct module *m = in->module;
	if (m->engine->jit->mode != JIT_eager)
		return;
	for (uint32_t i = 0; i < m->nfuncs - m->nimported_funcs; i++)
		compile_func(&in->own[i]);
}

/* Another instance of the module may have made it hot. */
static bool
first(struct func *f)
{
	return take(f, native_find(f->instance->module, f->index));
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

static void
hot(struct func *f)
{
	f->counter = INT32_MAX;
	compile_func(f);
}

static enum status
hot_loop(struct context *ctx, struct func *f, uint32_t offset, union slot *fp)
{
	struct jit *jit = f->store->engine->jit;
	uint32_t slots;
	f->counter = INT32_MAX;
	compile_func(f);
	const void *code =
		native_loop(jit, f->instance->module, f->index, offset, &slots);
	if (code == NULL)
		return STATUS_raise;
	f->counter = 0; /* its other loops, and this one when it is left */
	return cross_loop(ctx, f, fp, code, slots);
}

static bool
locate(struct store *s, const struct raw_frame *frame, struct module **m,
	uint32_t *func, uint32_t *offset)
{
	(void)s;
	return native_locate(frame->pc, m, func, offset);
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
	arena_free(&jit->phase);
	codemem_close(&jit->memory);
	naming_close(&jit->naming);
	lock_close(&jit->lock);
	alloc_free(&e->alloc, jit, sizeof *jit);
}

static const struct second_tier tier = {
	.stub = stub,
	.instance = instance,
	.patience = patience,
	.first = first,
	.hot = hot,
	.hot_loop = hot_loop,
	.enter = cross_enter,
	.module_free = module_free,
	.locate = locate,
	.frame_map = frame_map,
	.remove = remove_,
};

bool
jit_install(struct engine *e, enum jit_mode mode, int32_t patience)
{
	struct jit *jit;
	assert(mode != JIT_off && "something to install");
	/* what unwinds would leave return addresses on a shadow stack */
	if (!x64_supported() || stub_shadow_stack() != 0 ||
		(jit = alloc_zeroed(&e->alloc, 1, sizeof *jit)) == NULL)
		return false;
	if (!lock_open(&jit->lock)) {
		alloc_free(&e->alloc, jit, sizeof *jit);
		return false;
	}
	arena_init(&jit->phase, &e->alloc);
	jit->engine = e;
	jit->mode = mode;
	jit->patience = patience != 0 ? patience : PATIENCE;
	e->counts = mode == JIT_on;
	codemem_open(&jit->memory, &e->alloc, CODEMEM_twice);
	naming_open(&jit->naming, NAMING_none);
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
