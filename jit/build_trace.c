#include "jit/build_trace.h"

#include "jit/build_call.h"
#include "jit/locals.h"
#include "spec/engine.h"

enum { HEAD = 3 }; /* arguments before the values: see jit/runtime.def */

/* The part that is being made. */
struct part {
	uint32_t args[RUNTIME_SLOTS];
	uint32_t first, nargs, slots;
};

static void
flush(struct builder *b, struct part *p)
{
	p->args[0] = value_i32(b, b->body.w.insn.at);
	p->args[1] = value_i32(b, p->first);
	p->args[2] = value_i32(b, p->slots);
	build_call_runtime(b, RUNTIME_trace, p->args, p->nargs);
	p->first += p->slots;
	p->nargs = HEAD;
	p->slots = 0;
}

static void
add(struct builder *b, struct part *p, uint32_t value)
{
	uint32_t slots = value_type(b, value) == TYPE_v128 ? 2 : 1;
	if (HEAD + p->slots + slots > RUNTIME_SLOTS)
		flush(b, p);
	p->args[p->nargs++] = value;
	p->slots += slots;
}

void
build_trace(struct builder *b)
{
	struct part p = { .nargs = HEAD };
	if (!b->m->engine->trace)
		return;
	value_spend(b, b->body.w.nlocals + b->body.nstack);
	for (uint32_t i = 0; i < b->body.w.nlocals; i++)
		add(b, &p, locals_get(b, i));
	for (uint32_t i = 0; i < b->body.nstack; i++)
		add(b, &p, value_of(b, b->body.stack[i]));
	if (p.slots != 0 || p.first == 0)
		flush(b, &p);
}
