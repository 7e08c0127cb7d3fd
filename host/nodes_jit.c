#include "host/nodes.h"

#include "jit/build.h"
#include "spec/engine.h"
#include "spec/module.h"
#include "trap/arena.h"
#include "trap/error.h"

const bool nodes_built = true;

void
nodes_dump(FILE *out, struct module *m, uint32_t func)
{
	static const struct build_options options = { .osr = true };
	struct error error = { 0 };
	struct arena a;
	struct ir ir;
	arena_init(&a, &m->engine->alloc);
	if (build(&ir, m, func, &options, &a, &error))
		ir_dump(out, &ir);
	else
		fprintf(out, "  not compiled: %s\n", error.text);
	arena_free(&a);
}
