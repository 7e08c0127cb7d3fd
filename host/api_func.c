/*
 * Calls between embedder and guest, both ways.
 */
#include <inttypes.h>
#include <stdio.h>

#include "host/api.h"
#include "spec/extern.h"
#include "spec/layout.h"
#include "spec/link.h"
#include "trap/unwind.h"

#define FEW 16 /* values for which no memory is allocated */

static const struct functype *
type_of(const struct func *f)
{
	return &typespace_get(f->store->engine->types, f->type)->func;
}

static uint32_t
slots_of(const struct func *f)
{
	return f->param_slots > f->result_slots ? f->param_slots
						: f->result_slots;
}

size_t
sheave_func_slots(const struct sheave_func *func)
{
	return slots_of((const struct func *)func);
}

void
sheave_func_type(const struct sheave_func *func, struct sheave_externtype *out)
{
	const struct func *f = (const struct func *)func;
	struct externtype t = { .kind = EXTERN_func, .type = f->type };
	api_externtype(f->store->engine->types, &t, out);
}

/* Writes the arguments to slots; false and *error when they do not fit. */
static bool
take_args(const struct func *f, const struct sheave_value *args,
	union slot *slots, struct sheave_error **error)
{
	const struct functype *t = type_of(f);
	for (uint32_t i = 0; i < t->nparams; i++) {
		const char *why =
			api_to_slots(f->store, &args[i], t->params[i], slots);
		if (why != NULL) {
			api_refuse(&f->store->engine->alloc, error,
				SHEAVE_ERROR_MISUSE, "argument %" PRIu32 " %s",
				i + 1, why);
			return false;
		}
		slots += vt_slots(t->params[i]);
	}
	return true;
}

static void
give_results(const struct functype *t, const union slot *slots,
	struct sheave_value *results)
{
	for (uint32_t i = 0; i < t->nresults; i++) {
		api_from_slots(slots, t->results[i], &results[i]);
		slots += vt_slots(t->results[i]);
	}
}

enum sheave_result
sheave_func_call(struct sheave_func *func, const struct sheave_value *args,
	size_t nargs, struct sheave_value *results, size_t nresults,
	struct sheave_error **error)
{
	struct func *f = (struct func *)func;
	const struct functype *t = type_of(f);
	const struct allocator *al = &f->store->engine->alloc;
	union slot few[FEW], *slots = few;
	size_t bytes = slots_of(f) * sizeof *slots;
	if (nargs != t->nparams || nresults != t->nresults) {
		api_refuse(al, error, SHEAVE_ERROR_MISUSE,
			"%zu arguments and %zu results given to a function of "
			"%" PRIu32 " and %" PRIu32,
			nargs, nresults, t->nparams, t->nresults);
		return SHEAVE_REFUSED;
	}
	if (bytes > sizeof few && (slots = alloc_bytes(al, bytes)) == NULL) {
		api_refuse(al, error, SHEAVE_ERROR_MEMORY, "out of memory");
		return SHEAVE_REFUSED;
	}
	enum sheave_result result = SHEAVE_REFUSED;
	if (take_args(f, args, slots, error))
		result = sheave_func_call_slots(
			func, (uint64_t *)(void *)slots, error);
	if (result == SHEAVE_OK)
		give_results(t, slots, results);
	if (slots != few)
		alloc_free(al, slots, bytes);
	return result;
}

enum sheave_result
sheave_func_call_slots(
	struct sheave_func *func, uint64_t *slots, struct sheave_error **error)
{
	struct func *f = (struct func *)func;
	return (enum sheave_result)f->call(
		f, (union slot *)(void *)slots, error);
}

struct sheave_store *
sheave_caller_store(struct sheave_caller *caller)
{
	return api_store(api_caller(caller)->store);
}

struct sheave_instance *
sheave_caller_instance(struct sheave_caller *caller)
{
	struct instance *in = api_caller(caller);
	return in->module != NULL ? (struct sheave_instance *)in : NULL;
}

enum sheave_result
sheave_caller_fail(
	struct sheave_caller *caller, const char *message, void *payload)
{
	raise_host(&api_caller(caller)->store->ctx, message, payload);
	return SHEAVE_STOPPED;
}

enum sheave_result
sheave_caller_trap(struct sheave_caller *caller, enum sheave_trap code)
{
	for (int t = 0; t < TRAP_count; t++) {
		if (trap_code((enum trap)t) == (int)code) {
			raise_trap(
				&api_caller(caller)->store->ctx, (enum trap)t);
			return SHEAVE_STOPPED;
		}
	}
	return sheave_caller_fail(caller, "no such trap code", NULL);
}

enum sheave_result
sheave_caller_exit(struct sheave_caller *caller, int code)
{
	raise_exit(&api_caller(caller)->store->ctx, code);
	return SHEAVE_STOPPED;
}

enum sheave_result
sheave_caller_pass(struct sheave_caller *caller, struct sheave_error *error)
{
	api_raise_again(api_caller(caller)->store, error);
	sheave_error_free(error);
	return SHEAVE_STOPPED;
}

static enum status
out_of_memory(struct store *s)
{
	return raise_host(&s->ctx, "out of memory for arguments", NULL);
}

static_assert(SHEAVE_OK == (int)STATUS_done, "an answer is a status");

/* Ends in the callback: guests call this one in a hurry. */
static enum status
call_slots(void *env, struct store *store, struct instance *instance,
	union slot *slots)
{
	const struct api_closure *c = env;
	if (UNLIKELY(instance == NULL))
		instance = api_store(store)->outside;
	return (enum status)c->slots_fn(c->env,
		(struct sheave_caller *)instance, (uint64_t *)(void *)slots);
}

/* The same with arguments that may be objects of the heap. */
static enum status
call_slots_holding(void *env, struct store *store, struct instance *instance,
	union slot *slots)
{
	const struct api_closure *c = env;
	struct api_held held;
	if (!api_hold(&held, store, c->type, slots))
		return out_of_memory(store);
	enum status st = call_slots(env, store, instance, slots);
	api_release(&held, store);
	return st;
}

/* Checks the callback's results and writes them to slots. */
static enum status
take_results(struct store *store, const struct functype *t,
	const struct sheave_value *results, union slot *slots)
{
	char text[80];
	for (uint32_t i = 0; i < t->nresults; i++) {
		const char *why =
			api_to_slots(store, &results[i], t->results[i], slots);
		if (why != NULL) {
			snprintf(text, sizeof text,
				"result %" PRIu32 " of a host function %s",
				i + 1, why);
			return raise_host(&store->ctx, text, NULL);
		}
		slots += vt_slots(t->results[i]);
	}
	return STATUS_done;
}

/* The callback with its arguments and results at values. */
static enum status
call_with(const struct api_closure *c, struct store *store,
	struct instance *instance, union slot *slots,
	struct sheave_value *values)
{
	const struct functype *t = c->type;
	struct sheave_value *results = values + t->nparams;
	const union slot *at = slots;
	for (uint32_t i = 0; i < t->nparams; i++) {
		api_from_slots(at, t->params[i], &values[i]);
		at += vt_slots(t->params[i]);
	}
	for (uint32_t i = 0; i < t->nresults; i++) {
		memset(&results[i], 0, sizeof results[i]);
		results[i].type = t->results[i];
	}
	if (instance == NULL)
		instance = api_store(store)->outside;
	enum status st = (enum status)c->fn(
		c->env, (struct sheave_caller *)instance, values, results);
	if (st == STATUS_done)
		st = take_results(store, t, results, slots);
	return st;
}

static enum status
call_values(void *env, struct store *store, struct instance *instance,
	union slot *slots)
{
	const struct api_closure *c = env;
	const struct allocator *al = &store->engine->alloc;
	struct sheave_value few[FEW], *values = few;
	struct api_held held;
	size_t bytes =
		((size_t)c->type->nparams + c->type->nresults) * sizeof *values;
	if (bytes > sizeof few && !(values = alloc_bytes(al, bytes)))
		return out_of_memory(store);
	enum status st = STATUS_unwound;
	if (c->holds && !api_hold(&held, store, c->type, slots)) {
		out_of_memory(store);
	} else {
		st = call_with(c, store, instance, slots, values);
		if (c->holds)
			api_release(&held, store);
	}
	if (values != few)
		alloc_free(al, values, bytes);
	return st;
}

/* The type that a letter of a signature stands for; VT_BOT for none. */
static valtype
letter_type(char letter)
{
	switch (letter) {
	case 'i':
		return VT_I32;
	case 'I':
		return VT_I64;
	case 'f':
		return VT_F32;
	case 'F':
		return VT_F64;
	case 'v':
		return VT_V128;
	case 'r':
		return VT_FUNCREF;
	case 'x':
		return VT_EXTERNREF;
	case 'a':
		return SHEAVE_ANYREF;
	default:
		return VT_BOT;
	}
}

uint32_t
api_signature(
	struct engine *e, const char *signature, struct sheave_error **error)
{
	size_t len = strlen(signature);
	const char *colon = strchr(signature, ':');
	valtype few[64], *types = few;
	uint32_t n = 0, id = NO_INDEX, nparams;
	bool fine = colon != NULL && len <= UINT32_MAX;
	if (len * sizeof *types > sizeof few &&
		!(types = alloc_bytes(&e->alloc, len * sizeof *types))) {
		api_refuse(
			&e->alloc, error, SHEAVE_ERROR_MEMORY, "out of memory");
		return NO_INDEX;
	}
	for (const char *p = signature; fine && *p != '\0'; p++) {
		if (p == colon)
			continue;
		types[n] = letter_type(*p);
		fine = types[n++] != VT_BOT;
	}
	nparams = colon != NULL ? (uint32_t)(colon - signature) : 0;
	if (fine)
		id = typespace_func(
			e->types, types, nparams, types + nparams, n - nparams);
	if (id == NO_INDEX)
		api_refuse(&e->alloc, error,
			fine ? SHEAVE_ERROR_MEMORY : SHEAVE_ERROR_MISUSE,
			fine ? "out of memory" : "\"%s\" is no signature",
			signature);
	if (types != few)
		alloc_free(&e->alloc, types, len * sizeof *types);
	return id;
}

static void
closure_free(void *env)
{
	struct api_closure *c = env;
	const struct allocator *al = c->al;
	if (c->finalizer != NULL)
		c->finalizer(c->env);
	alloc_free(al, c, sizeof *c);
}

/* A host function that calls what c says; c is copied. */
static struct sheave_func *
func_new(struct sheave_store *store, const char *signature,
	const struct api_closure *c, struct sheave_error **error)
{
	struct store *s = store->store;
	const struct allocator *al = &s->engine->alloc;
	uint32_t type = api_signature(s->engine, signature, error);
	if (type == NO_INDEX)
		return NULL;
	const struct functype *t = &typespace_get(s->engine->types, type)->func;
	struct api_closure *copy = alloc_zeroed(al, 1, sizeof *copy);
	struct func *f = NULL;
	bool holds = false;
	for (uint32_t i = 0; i < t->nparams; i++)
		holds |= layout_holds_object(s->engine->types, t->params[i]);
	if (copy != NULL)
		f = func_new_host(s, type,
			c->fn != NULL ? call_values
			: holds	      ? call_slots_holding
				      : call_slots,
			copy, closure_free);
	if (f == NULL) {
		alloc_free(al, copy, sizeof *copy);
		api_refuse(al, error, SHEAVE_ERROR_MEMORY, "out of memory");
		return NULL;
	}
	*copy = *c;
	copy->al = al;
	copy->type = t;
	if (c->slots_fn != NULL && !holds)
		func_set_direct(f, (void (*)(void))c->slots_fn, c->env);
	copy->holds = holds;
	return (struct sheave_func *)f;
}

struct sheave_func *
sheave_func_new(struct sheave_store *store, const char *signature,
	sheave_host_fn *fn, void *env, sheave_finalizer *finalizer,
	struct sheave_error **error)
{
	struct api_closure c = { .fn = fn, .env = env, .finalizer = finalizer };
	return func_new(store, signature, &c, error);
}

struct sheave_func *
sheave_func_new_slots(struct sheave_store *store, const char *signature,
	sheave_host_slots_fn *fn, void *env, sheave_finalizer *finalizer,
	struct sheave_error **error)
{
	struct api_closure c = {
		.slots_fn = fn, .env = env, .finalizer = finalizer
	};
	return func_new(store, signature, &c, error);
}
