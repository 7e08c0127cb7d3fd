#include "host/accept.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "host/api.h"

static void
fine(struct sheave_error *e)
{
	if (e != NULL)
		ck_abort_msg("%s", sheave_error_message(e));
}

bool
world_compiles(void)
{
	return getenv("SHEAVE_JIT") != NULL;
}

static struct world
open_world(
	const struct sheave_config *config, const struct sheave_limits *limits)
{
	struct world w;
	struct sheave_error *e = NULL;
	w.engine = sheave_engine_new(config, &e);
	fine(e);
	w.store = sheave_store_new(w.engine, limits, &e);
	fine(e);
	w.linker = sheave_linker_new(w.store, &e);
	fine(e);
	return w;
}

struct world
world_new(
	const struct sheave_config *config, const struct sheave_limits *limits)
{
	struct sheave_config c = { .jit = SHEAVE_JIT_OFF };
	if (config != NULL)
		c = *config;
	/* every test holds for both tiers, and however bounds are checked */
	c.jit = world_compiles() ? SHEAVE_JIT_EAGER : SHEAVE_JIT_OFF;
	c.signals = getenv("SHEAVE_CHECKS") == NULL;
	return open_world(&c, limits);
}

struct world
world_checked(void)
{
	struct sheave_config c = { .jit = world_compiles() ? SHEAVE_JIT_EAGER
							   : SHEAVE_JIT_OFF };
	return open_world(&c, NULL);
}

void
world_free(struct world *w)
{
	sheave_linker_free(w->linker);
	sheave_store_free(w->store);
	sheave_engine_free(w->engine);
}

bool
world_signals(const struct world *w)
{
	return w->engine->engine.guards != NULL;
}

void
world_stress(struct world *w)
{
	w->store->store->heap.stress = w->store->store->heap.poison = true;
}

struct sheave_module *
world_module(struct world *w, const char *wat)
{
	struct sheave_error *e = NULL;
	struct sheave_module *m =
		sheave_module_load(w->engine, wat, strlen(wat), &e);
	fine(e);
	return m;
}

struct sheave_instance *
world_instance(struct world *w, const char *name, const char *wat)
{
	struct sheave_error *e = NULL;
	struct sheave_instance *in = NULL;
	struct sheave_module *m = world_module(w, wat);
	sheave_linker_instantiate(w->linker, m, &in, &e);
	fine(e);
	sheave_module_free(m);
	if (name != NULL)
		ck_assert(sheave_linker_instance(w->linker, name, in, NULL));
	return in;
}

struct sheave_error *
world_fails(struct world *w, const char *wat, enum sheave_result result)
{
	struct sheave_error *e = NULL;
	struct sheave_instance *in = NULL;
	struct sheave_module *m = world_module(w, wat);
	ck_assert_int_eq(
		sheave_linker_instantiate(w->linker, m, &in, &e), result);
	ck_assert_ptr_null(in);
	ck_assert_ptr_nonnull(e);
	sheave_module_free(m);
	return e;
}

static struct sheave_func *
func_of(struct sheave_instance *in, const char *name)
{
	struct sheave_func *f = sheave_instance_func(in, name);
	ck_assert_msg(f != NULL, "no function %s", name);
	return f;
}

/* The arguments as the function's parameter types want them. */
static void
take_args(const struct sheave_func *f, uint64_t slots[32], va_list args)
{
	struct sheave_externtype t;
	sheave_func_type(f, &t);
	ck_assert(sheave_func_slots(f) <= 32);
	for (uint32_t i = 0; i < t.nparams; i++) {
		if (t.params[i] == SHEAVE_I32)
			slots[i] = va_arg(args, uint32_t);
		else if (t.params[i] == SHEAVE_F64)
			slots[i] = sheave_slot_f64(va_arg(args, double));
		else if (t.params[i] == SHEAVE_F32)
			slots[i] = sheave_slot_f32((float)va_arg(args, double));
		else
			slots[i] = va_arg(args, uint64_t);
	}
}

/* The first result, an i32 without its undefined half. */
static uint64_t
first_result(const struct sheave_func *f, const uint64_t *slots)
{
	struct sheave_externtype t;
	sheave_func_type(f, &t);
	if (t.nresults == 0)
		return 0;
	return t.results[0] == SHEAVE_I32 || t.results[0] == SHEAVE_F32
		       ? (uint32_t)slots[0]
		       : slots[0];
}

uint64_t
calls(struct sheave_instance *in, const char *name, ...)
{
	struct sheave_func *f = func_of(in, name);
	struct sheave_error *e = NULL;
	uint64_t slots[32] = { 0 };
	va_list args;
	va_start(args, name);
	take_args(f, slots, args);
	va_end(args);
	enum sheave_result r = sheave_func_call_slots(f, slots, &e);
	fine(e);
	ck_assert_int_eq(r, SHEAVE_OK);
	return first_result(f, slots);
}

uint64_t
calls_func(struct sheave_func *f, const uint64_t *args)
{
	struct sheave_error *e = NULL;
	struct sheave_externtype t;
	uint64_t slots[32] = { 0 };
	sheave_func_type(f, &t);
	for (uint32_t i = 0; i < t.nparams; i++)
		slots[i] = args[i];
	sheave_func_call_slots(f, slots, &e);
	fine(e);
	return first_result(f, slots);
}

static struct sheave_error *
stop(struct sheave_func *f, va_list args)
{
	struct sheave_error *e = NULL;
	uint64_t slots[32] = { 0 };
	take_args(f, slots, args);
	ck_assert_int_eq(sheave_func_call_slots(f, slots, &e), SHEAVE_STOPPED);
	ck_assert_ptr_nonnull(e);
	return e;
}

struct sheave_error *
stops(struct sheave_instance *in, const char *name, ...)
{
	va_list args;
	va_start(args, name);
	struct sheave_error *e = stop(func_of(in, name), args);
	va_end(args);
	return e;
}

void
is_trap(struct sheave_error *e, int code)
{
	ck_assert_int_eq(sheave_error_kind(e), SHEAVE_ERROR_TRAP);
	ck_assert_msg(sheave_error_trap(e) == code, "%s, not trap %d",
		sheave_error_message(e), code);
	sheave_error_free(e);
}

void
traps_twice(struct sheave_instance *in, const char *name, int code, ...)
{
	for (int i = 0; i < 2; i++) {
		va_list args;
		va_start(args, code);
		is_trap(stop(func_of(in, name), args), code);
		va_end(args);
	}
}

void
has_frames(const struct sheave_error *e, const char *names)
{
	char all[1024] = "";
	size_t at = 0;
	struct sheave_frame f;
	for (uint32_t i = 0; sheave_error_frame(e, i, &f); i++)
		at += (size_t)snprintf(all + at, sizeof all - at, "%s%s",
			i == 0 ? "" : " ", f.func_name ? f.func_name : "-");
	ck_assert_str_eq(all, names);
}

int
accept_run(const char *name, void (*add)(TCase *t))
{
	Suite *s = suite_create(name);
	TCase *t = tcase_create(name);
	tcase_set_timeout(t, 60);
	add(t);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
