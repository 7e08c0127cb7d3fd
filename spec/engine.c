/*
 * Engines: configuration and the canonical types.
 */
#include "spec/engine.h"

#include <string.h>

#include "spec/tier.h"
#include "spec/type.h"

static int
stopped(struct store *s, void *arg)
{
	(void)s;
	(void)arg;
	return STATUS_unwound;
}

bool
engine_init(struct engine *e, const struct allocator *al)
{
	memset(e, 0, sizeof *e);
	e->alloc = *al;
	e->features = features_known();
	plain_table(e->plain);
	e->stopped = stopped;
	e->types = typespace_new(&e->alloc);
	return e->types != NULL;
}

void
engine_free(struct engine *e)
{
	if (e->second != NULL)
		e->second->remove(e);
	typespace_free(e->types);
	e->types = NULL;
}
