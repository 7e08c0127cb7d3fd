#include "spec/suite/spectest.h"

#include <assert.h>
#include <string.h>

#include "spec/engine.h"
#include "trap/error.h"

static const struct {
	const char *name;
	uint32_t nparams;
	valtype params[2];
} prints[] = {
	{ "print", 0, { 0 } },
	{ "print_i32", 1, { VT_I32 } },
	{ "print_i64", 1, { VT_I64 } },
	{ "print_f32", 1, { VT_F32 } },
	{ "print_f64", 1, { VT_F64 } },
	{ "print_i32_f32", 2, { VT_I32, VT_F32 } },
	{ "print_f64_f64", 2, { VT_F64, VT_F64 } },
};

/* 666 and 666.6 */
static const struct {
	const char *name;
	valtype type;
	uint64_t bits;
} globals[] = {
	{ "global_i32", VT_I32, 666 },
	{ "global_i64", VT_I64, 666 },
	{ "global_f32", VT_F32, 0x4426a666 },
	{ "global_f64", VT_F64, 0x4084d4cccccccccd },
};

static const struct {
	const char *name;
	struct limits limits;
} tables[] = {
	{ "table", { .min = 10, .max = 20, .has_max = true } },
	{ "table64", { .min = 10, .max = 20, .has_max = true, .is64 = true } },
}, memories[] = {
	{ "memory", { .min = 1, .max = 2, .has_max = true, .page_shift = 16 } },
	{ "shared_memory", { .min = 1, .max = 2, .has_max = true, .shared = true,
			.page_shift = 16 } },
};

static enum status
print_nothing(void *env, struct store *store, struct instance *caller,
	union slot *slots)
{
	(void)env, (void)store, (void)caller, (void)slots;
	return STATUS_done;
}

static void
add(struct spectest *t, const char *name, struct external what)
{
	assert(t->count < SPECTEST_MAX && "room for every export");
	t->exports[t->count].name = name;
	t->exports[t->count++].what = what;
}

static bool
add_funcs(struct spectest *t, struct store *s)
{
	for (size_t i = 0; i < sizeof prints / sizeof *prints; i++) {
		struct external x = { .kind = EXTERN_func };
		uint32_t type = typespace_func(s->engine->types,
			prints[i].params, prints[i].nparams, NULL, 0);
		x.u.func = func_new_host(s, type, print_nothing, NULL, NULL);
		if (type == UINT32_MAX || x.u.func == NULL)
			return false;
		add(t, prints[i].name, x);
	}
	return true;
}

static bool
add_globals(struct spectest *t, struct store *s)
{
	for (size_t i = 0; i < sizeof globals / sizeof *globals; i++) {
		struct external x = { .kind = EXTERN_global };
		union slot value = slot_of_i64(globals[i].bits);
		x.u.global = global_new(s, globals[i].type, false, &value);
		if (x.u.global == NULL)
			return false;
		add(t, globals[i].name, x);
	}
	return true;
}

static bool
add_tables(struct spectest *t, struct store *s, struct error *error)
{
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		struct tabletype type = { VT_FUNCREF, tables[i].limits };
		struct external x = { .kind = EXTERN_table };
		if ((x.u.table = table_new(
			     s, &type, slot_of_ref(NULL), error)) == NULL)
			return false;
		add(t, tables[i].name, x);
	}
	return true;
}

static bool
add_memories(struct spectest *t, struct store *s, struct error *error)
{
	for (size_t i = 0; i < sizeof memories / sizeof *memories; i++) {
		struct external x = { .kind = EXTERN_memory };
		if ((x.u.memory = memory_new(s, &memories[i].limits, error)) ==
			NULL)
			return false;
		add(t, memories[i].name, x);
	}
	return true;
}

bool
spectest_open(struct spectest *t, struct store *s)
{
	struct error error;
	error_clear(&error);
	t->count = 0;
	return add_funcs(t, s) && add_globals(t, s) &&
	       add_tables(t, s, &error) && add_memories(t, s, &error);
}

const struct external *
spectest_find(const struct spectest *t, const struct name *name)
{
	for (unsigned i = 0; i < t->count; i++) {
		const char *have = t->exports[i].name;
		if (strlen(have) == name->len &&
			memcmp(have, name->bytes, name->len) == 0)
			return &t->exports[i].what;
	}
	return NULL;
}
