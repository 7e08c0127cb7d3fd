#include "spec/suite/scope.h"

#include <string.h>

#include "spec/suite/spectest.h"
#include "trap/error.h"

bool
scope_bind(struct scope *s, struct binding **list, struct script_name name,
	void *what)
{
	struct binding *b = arena_alloc(s->arena, sizeof *b);
	if (b == NULL)
		return false;
	b->name = name;
	b->what = what;
	b->next = *list;
	*list = b;
	return true;
}

static bool
same(struct script_name a, struct script_name b)
{
	return a.bytes != NULL && a.len == b.len &&
	       memcmp(a.bytes, b.bytes, a.len) == 0;
}

const struct binding *
scope_find(const struct binding *list, struct script_name name)
{
	const struct binding *b = list;
	while (b != NULL && name.bytes != NULL && !same(b->name, name))
		b = b->next;
	return b;
}

static struct external
import_spectest(const struct scope *s, const struct name *field)
{
	const struct external *x = spectest_find(s->spectest, field);
	return x != NULL ? *x : (struct external){ .kind = 0xff };
}

/* x, or the same memory for the store of s. */
static struct external
for_store(const struct scope *s, struct external x)
{
	struct external nothing = { .kind = 0xff };
	struct error error;
	if (external_store(&x) == s->store)
		return x;
	if (x.kind != EXTERN_memory || x.u.memory->sharing == NULL)
		return nothing;
	error_clear(&error);
	x.u.memory = memory_of_shared(s->store, x.u.memory->sharing, &error);
	return x.u.memory != NULL ? x : nothing;
}

struct external
scope_import(const struct scope *s, const struct import *i)
{
	struct script_name module = { i->module.bytes, i->module.len };
	struct script_name spectest = { "spectest", 8 };
	const struct binding *b = scope_find(s->registry, module);
	struct external nothing = { .kind = 0xff };
	if (b == NULL && same(spectest, module))
		return import_spectest(s, &i->field);
	if (b == NULL)
		return nothing;
	struct instance *in = b->what;
	const struct export *e =
		module_export(in->module, i->field.bytes, i->field.len);
	return e == NULL ? nothing : for_store(s, instance_export(in, e));
}
