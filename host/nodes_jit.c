#include "host/nodes.h"

#include "host/disasm.h"
#include "host/mnemonic.h"
#include "jit/compile.h"
#include "spec/code.h"
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

struct listing {
	FILE *out;
	const struct module *m;
	struct ir ir;
	struct code_image image;
};

static void
list_span(const struct listing *l, const struct code_span *s)
{
	const struct code_image *image = &l->image;
	uint32_t word = image->entry - 4, end = s->at + s->len;
	if (s->data) {
		mnemonic_data(l->out, image->bytes, s->at, s->len);
	} else if (s->at <= word && image->entry <= end) {
		/* the distance to the other entry stands before this one */
		mnemonic_print(l->out, image->bytes, s->at, word - s->at);
		mnemonic_data(l->out, image->bytes, word, 4);
		mnemonic_print(
			l->out, image->bytes, image->entry, end - image->entry);
	} else {
		mnemonic_print(l->out, image->bytes, s->at, s->len);
	}
}

/* The code of a node, or of the entry. */
static void
list_code(const struct listing *l, uint32_t node)
{
	for (uint32_t i = 0; i < l->image.nspans; i++)
		if (l->image.spans[i].node == node)
			list_span(l, &l->image.spans[i]);
}

/* The offset of a node's instruction in the function, of the call that it was
 * built for if that is another's. */
static uint32_t
offset_of(const struct ir *ir, uint32_t node)
{
	uint32_t offset = ir->origins[node].offset;
	uint32_t i = ir->origins[node].inlined;
	for (; i != 0; i = ir->inlined[i].caller)
		offset = ir->inlined[i].offset;
	return offset;
}

/* The nodes of the instruction at offset. */
static void
list_nodes(const struct listing *l, uint32_t offset)
{
	for (uint32_t b = 0; b < l->ir.nblocks; b++) {
		const struct block *block = &l->ir.blocks[b];
		for (uint32_t i = block->first; i < block->end; i++) {
			if (offset_of(&l->ir, i) != offset)
				continue;
			if (ir_stays(&l->ir, i)) {
				fprintf(l->out, "\t    ");
				ir_dump_node(l->out, &l->ir, b, i);
			}
			list_code(l, i);
		}
	}
}

static void
list_insn(void *env, const struct insn *i, int level)
{
	const struct listing *l = env;
	disasm_insn(l->out, l->m, i, level);
	list_nodes(l, i->at);
}

void
nodes_list(FILE *out, struct module *m, uint32_t func, bool explicit_bounds)
{
	const struct build_options options = {
		.explicit_bounds = explicit_bounds, .listing = true
	};
	struct error error = { 0 };
	struct listing l = { .out = out, .m = m };
	struct arena a;
	arena_init(&a, &m->engine->alloc);
	disasm_head(out, m, func);
	if (compile(m, func, &options, &a, &l.image, &error) &&
		build(&l.ir, m, func, &options, &a, &error)) {
		list_code(&l, 0);
		list_nodes(&l, m->funcs[func].body.offset);
		disasm_visit(m, func, list_insn, &l);
	} else {
		disasm_func(out, m, func);
		fprintf(out, "  not compiled: %s\n", error.text);
	}
	arena_free(&a);
}
