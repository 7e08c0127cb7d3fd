/*
 * The embedder's way into the interpreter, with its entry in line.
 */
#include "interp/enter.h"
#include "interp/entry.h"

int
enter_call(struct func *f, union slot *slots, void *arg)
{
	if (!UNLIKELY(entry_func(f, slots) != STATUS_done))
		return 0;
	struct store *s = (struct store *)f->store;
	return s->engine->stopped(s, arg);
}
