#include "jit/catch.h"

#include "jit/compile.h"
#include "spec/exception.h"

bool
catch_find(const struct cell *site, union slot *fp, struct exception *e,
	struct handler *out)
{
	const struct code_site *s = compile_site_of(site);
	if (s->leave.u.ab == 0)
		return false;
	const struct code_catches *all =
		(const void *)((const char *)s + s->leave.u.ab);
	const struct code_clause *c = all->clauses, *end = c + all->count;
	const struct instance *in = slot_ref(fp[all->instance_slot]);
	while (c < end && c->kind < CATCH_all && in->tags[c->tag] != e->tag)
		c++;
	if (c == end)
		return false;
	exception_give(e, (enum catch_kind)c->kind, fp + s->distance);
	*out = (struct handler){ (uintptr_t)fp[all->instance_slot + 1].u64,
		(uintptr_t)fp, (uintptr_t)c - c->landing };
	return true;
}
