#include "spec/unit.h"

#include <assert.h>

#include "spec/engine.h"
#include "spec/store.h"

void
unit_add(struct store *s, struct unit *u, uint8_t kind)
{
	u->store = s;
	u->kind = kind;
	u->pins = 1;
	u->next = s->units;
	s->units = u;
	s->nunits++;
}

struct unit *
unit_new(struct store *s, uint8_t kind, size_t bytes)
{
	bytes += sizeof(struct unit);
	struct unit *u = alloc_zeroed(&s->engine->alloc, 1, bytes);
	if (u == NULL)
		return NULL;
	unit_add(s, u, kind);
	u->bytes = bytes;
	return u;
}

void
unit_pin(struct unit *u)
{
	assert(u->pins < UINT32_MAX && "not that many holders");
	u->pins++;
}

void
unit_unpin(struct unit *u)
{
	assert(u->pins > 0 && "pinned before");
	u->pins--;
}

struct unit *
unit_of_func(struct func *f)
{
	return f->instance != NULL ? &f->instance->unit
				   : (struct unit *)(void *)f - 1;
}

struct unit *
unit_of(const struct external *x)
{
	switch (x->kind) {
	case EXTERN_func:
		return unit_of_func(x->u.func);
	case EXTERN_table:
		return x->u.table->unit;
	case EXTERN_memory:
		return x->u.memory->unit;
	case EXTERN_global:
		return x->u.global->unit;
	default:
		assert(x->kind == EXTERN_tag && "kinds of externals");
		return x->u.tag->unit;
	}
}

static void
instance_close(struct instance *in)
{
	const struct module *m = in->module;
	for (uint32_t i = m->nimported_memories; i < m->nmemories; i++)
		if (in->memories[i] != NULL)
			memory_close(in->memories[i]);
	for (uint32_t i = m->nimported_tables; i < m->ntables; i++)
		if (in->tables[i] != NULL)
			table_close(in->tables[i]);
	in->store->ninstances--;
	struct arena a = in->arena;
	module_release(in->module);
	arena_free(&a);
}

void
unit_free(struct unit *u)
{
	void *part = u + 1;
	const struct host_func *f = part;
	switch (u->kind) {
	case UNIT_INSTANCE:
		instance_close((struct instance *)u);
		return;
	case EXTERN_memory:
		memory_close(part);
		break;
	case EXTERN_table:
		table_close(part);
		break;
	case EXTERN_func:
		if (f->finalize != NULL)
			f->finalize(f->env);
		break;
	default:
		break;
	}
	alloc_free(&u->store->engine->alloc, u, u->bytes);
}
