/*
 * Tags for embedders, and exceptions both ways.
 */
#include <inttypes.h>
#include <stdio.h>

#include "host/api.h"
#include "spec/exception.h"
#include "spec/extern.h"

#define FEW 16 /* slots for which no memory is allocated */

struct sheave_tag *
sheave_tag_new(struct sheave_store *store, const char *signature,
	struct sheave_error **error)
{
	struct store *s = store->store;
	uint32_t type = api_signature(s->engine, signature, error);
	if (type == NO_INDEX)
		return NULL;
	if (typespace_get(s->engine->types, type)->func.nresults != 0) {
		api_refuse(&s->engine->alloc, error, SHEAVE_ERROR_MISUSE,
			"\"%s\" has results, which a tag has not", signature);
		return NULL;
	}
	struct tag *t = tag_new(s, type);
	if (t == NULL)
		api_refuse(&s->engine->alloc, error, SHEAVE_ERROR_MEMORY,
			"out of memory");
	return (struct sheave_tag *)t;
}

void
sheave_tag_type(const struct sheave_tag *tag, struct sheave_externtype *out)
{
	const struct tag *t = (const struct tag *)tag;
	struct externtype x = { .kind = EXTERN_tag, .type = t->type };
	api_externtype(t->store->engine->types, &x, out);
}

/* Writes the values to slots; NULL, or in text what is wrong with one. */
static const char *
take_values(const struct store *s, const struct functype *type,
	const struct sheave_value *values, union slot *slots, char text[80])
{
	for (uint32_t i = 0; i < type->nparams; i++) {
		const char *why =
			api_to_slots(s, &values[i], type->params[i], slots);
		if (why != NULL) {
			snprintf(text, 80, "value %" PRIu32 " to throw %s",
				i + 1, why);
			return text;
		}
		slots += vt_slots(type->params[i]);
	}
	return NULL;
}

enum sheave_result
sheave_caller_throw(struct sheave_caller *caller, struct sheave_tag *tag,
	const struct sheave_value *values, size_t nvalues)
{
	struct store *s = api_caller(caller)->store;
	struct tag *t = (struct tag *)tag;
	const struct functype *type = exception_type(t);
	union slot few[FEW], *slots = few;
	size_t bytes = type->param_slots * sizeof *slots;
	char text[80];
	const char *why = t->store != s ? "the tag belongs to another store"
			  : nvalues != type->nparams
				  ? "the tag wants another number of values"
				  : NULL;
	if (why == NULL && bytes > sizeof few &&
		!(slots = alloc_bytes(&s->engine->alloc, bytes)))
		why = "out of memory";
	if (why == NULL)
		why = take_values(s, type, values, slots, text);
	struct api_held held;
	if (why == NULL && !api_hold(&held, s, type, slots))
		why = "out of memory";
	if (why == NULL) {
		exception_throw(s, t, slots);
		api_release(&held, s);
	}
	if (slots != few)
		alloc_free(&s->engine->alloc, slots, bytes);
	return why == NULL ? SHEAVE_STOPPED
			   : sheave_caller_fail(caller, why, NULL);
}

struct sheave_tag *
sheave_error_tag(const struct sheave_error *error)
{
	const struct exception *e = api_error_exception(error);
	return e != NULL ? (struct sheave_tag *)e->tag : NULL;
}

size_t
sheave_error_values(const struct sheave_error *error,
	struct sheave_value *values, size_t nvalues)
{
	const struct exception *e = api_error_exception(error);
	if (e == NULL)
		return 0;
	const struct functype *type = exception_type(e->tag);
	const union slot *s = e->payload;
	for (uint32_t i = 0; i < type->nparams && i < nvalues; i++) {
		api_from_slots(s, type->params[i], &values[i]);
		s += vt_slots(type->params[i]);
	}
	return type->nparams;
}
