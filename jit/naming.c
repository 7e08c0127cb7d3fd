#include "jit/naming.h"

#include <inttypes.h>
#include <stdio.h>

#include "jit/compile.h"
#include "spec/engine.h"
#include "spec/module.h"

void
naming_open(struct naming *n, enum naming_kind kind)
{
	n->kind = kind;
	perf_map_open(&n->perf);
	jitdump_open(&n->dump);
}

void
naming_close(struct naming *n)
{
	perf_map_close(&n->perf);
	jitdump_close(&n->dump);
}

/* Cut to the room. */
static void
format(char *out, size_t room, const struct module *m, uint32_t func)
{
	struct name name = module_func_name(m, func);
	const char *of = m->name.len > 0 ? m->name.bytes : "wasm";
	if (name.len > 0)
		snprintf(out, room, "%s!%s", of, name.bytes);
	else
		snprintf(out, room, "%s![%" PRIu32 "]", of, func);
}

struct gdb_entry *
naming_add(struct naming *n, const struct module *m, uint32_t func,
	const uint8_t *run, const struct code_image *image)
{
	char text[200];
	if (n->kind == NAMING_none)
		return NULL;
	format(text, sizeof text, m, func);
	if (n->kind == NAMING_gdb)
		return gdb_add(&m->engine->alloc, run, image, text);
	if (n->kind == NAMING_jitdump)
		jitdump_add(&n->dump, run, image->len, text);
	else
		perf_map_add(&n->perf, run, image->len, text);
	return NULL;
}
