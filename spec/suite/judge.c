/*
 * Judging: what an assertion wants against what came, and both in words.  The
 * kind of outcome always counts.  Messages of errors count if strict; those of
 * traps always do, more loosely if not strict.
 */
#include "spec/suite/runner.h"

#include <inttypes.h>
#include <string.h>

#include "spec/suite/compare.h"
#include "spec/suite/expect.h"
#include "trap/trap.h"

/* What each assertion wants, in words and as an outcome. */
static const struct want {
	uint8_t outcome; /* enum outcome_kind */
	uint8_t why;	 /* enum error_kind or enum unwind_kind */
	const char *text;
} wants[] = {
	[SCRIPT_assert_trap] = { OUTCOME_unwound, UNWIND_trap, "trap" },
	[SCRIPT_assert_exhaustion] = { OUTCOME_unwound, UNWIND_trap,
		"exhaustion" },
	[SCRIPT_assert_exception] = { OUTCOME_unwound, UNWIND_exception,
		"exception" },
	[SCRIPT_assert_malformed] = { OUTCOME_error, ERROR_malformed,
		"malformed" },
	[SCRIPT_assert_invalid] = { OUTCOME_error, ERROR_invalid, "invalid" },
	[SCRIPT_assert_unlinkable] = { OUTCOME_error, ERROR_unlinkable,
		"unlinkable" },
	[SCRIPT_assert_malformed_custom] = { OUTCOME_error, ERROR_malformed,
		"malformed" },
	[SCRIPT_assert_invalid_custom] = { OUTCOME_error, ERROR_invalid,
		"invalid" },
};

static const char *const error_words[] = {
	[ERROR_none] = "nothing",
	[ERROR_malformed] = "malformed",
	[ERROR_invalid] = "invalid",
	[ERROR_unlinkable] = "unlinkable",
	[ERROR_unsupported] = "unsupported",
	[ERROR_limit] = "limit",
	[ERROR_memory] = "memory",
	[ERROR_host] = "error",
};

static void
pending_text(struct text *text, const struct pending *p)
{
	switch (p->kind) {
	case UNWIND_none:
		text_add(text, "nothing");
		break;
	case UNWIND_trap:
		text_add(text, "%s", trap_message(p->trap));
		if (p->has_number)
			text_add(text, " %" PRIu64, p->number);
		break;
	case UNWIND_exit:
		text_add(text, "exit %" PRId32, p->exit_code);
		break;
	case UNWIND_host:
		text_add(text, "host error %s", p->text);
		break;
	case UNWIND_exception:
		text_add(text, "exception");
		break;
	}
}

static bool
begins(const char *text, const char *prefix, size_t len)
{
	return strncmp(text, prefix, len) == 0;
}

static bool
mentions(struct script_name message, const char *word)
{
	size_t n = strlen(word);
	for (uint32_t i = 0; i + n <= message.len; i++)
		if (memcmp(message.bytes + i, word, n) == 0)
			return true;
	return false;
}

/* One begins with the other, or both say that something was null. */
static bool
same_trap(const char *got, struct script_name want)
{
	struct script_name have = { got, (uint32_t)strlen(got) };
	size_t len = have.len < want.len ? have.len : want.len;
	if (begins(got, want.bytes, len))
		return true;
	bool null_wanted = mentions(want, "null ") ||
			   mentions(want, "uninitialized element");
	return null_wanted && (mentions(have, "null ") ||
				      mentions(have, "uninitialized element"));
}

static bool
trap_fits(const struct runner *r, uint8_t kind, struct script_name want)
{
	const struct pending *p = &r->store->ctx.pending;
	struct text got = { .len = 0 };
	if (kind == SCRIPT_assert_exhaustion && !trap_is_exhaustion(p->trap))
		return false;
	pending_text(&got, p);
	return r->options->strict ? begins(got.bytes, want.bytes, want.len)
				  : same_trap(got.bytes, want);
}

static bool
want_fits(const struct runner *r, uint8_t kind, struct script_name message,
	const struct outcome *o)
{
	const struct want *w = &wants[kind];
	if (o->kind != w->outcome)
		return false;
	if (o->kind == OUTCOME_error)
		return o->error.kind == w->why &&
		       (!r->options->strict ||
			       begins(o->error.text, message.bytes,
				       message.len));
	if (r->store->ctx.pending.kind != w->why)
		return false;
	return w->why != UNWIND_trap || trap_fits(r, kind, message);
}

static bool
results_fit(const struct runner *r, const struct script_command *c,
	const struct outcome *o)
{
	const union slot *s = o->slots;
	if (o->kind != OUTCOME_done || o->count != c->nresults)
		return false;
	for (uint32_t i = 0; i < o->count; i++) {
		if (!compare_value(
			    r->engine->types, &c->results[i], o->types[i], s))
			return false;
		s += vt_slots(o->types[i]);
	}
	return true;
}

static void
outcome_text(struct text *text, const struct runner *r, const struct outcome *o)
{
	char error[300];
	const union slot *s = o->slots;
	switch (o->kind) {
	case OUTCOME_done:
		if (o->count == 0)
			text_add(text, "no error and no results");
		for (uint32_t i = 0; i < o->count; i++) {
			text_add(text, i == 0 ? "" : ", ");
			compare_add_value(text, o->types[i], s);
			s += vt_slots(o->types[i]);
		}
		break;
	case OUTCOME_unwound:
		text_add(text, "trap \"");
		pending_text(text, &r->store->ctx.pending);
		text_add(text, "\"");
		break;
	default:
		text_add(text, "%s \"%s\"", error_words[o->error.kind],
			error_format(&o->error, error, sizeof error));
	}
}

static void
want_text(struct text *text, uint8_t kind, const struct script_command *c,
	struct script_name message)
{
	if (wants[kind].text != NULL) {
		text_add(text, "%s \"%.*s\"", wants[kind].text,
			(int)message.len, message.bytes);
		return;
	}
	if (c->nresults == 0)
		text_add(text, "no error and no results");
	for (uint32_t i = 0; i < c->nresults; i++) {
		text_add(text, i == 0 ? "" : ", ");
		compare_add_pattern(text, &c->results[i]);
	}
}

static bool
is_assertion(uint8_t kind)
{
	return kind == SCRIPT_assert_return || wants[kind].text != NULL;
}

void
runner_judge(struct runner *r, const struct script_command *c,
	const struct outcome *o)
{
	const struct expect *x = expect_find(r->path, c->line);
	uint8_t kind = x != NULL ? x->kind : c->kind;
	struct script_name message = c->message;
	bool assertion =
		c->kind < sizeof wants / sizeof *wants && is_assertion(c->kind);
	bool ok = o->kind == OUTCOME_done;
	if (x != NULL)
		message = (struct script_name){ x->message,
			(uint32_t)strlen(x->message) };
	if (assertion)
		ok = kind == SCRIPT_assert_return
			     ? results_fit(r, c, o)
			     : want_fits(r, kind, message, o);
	if (ok) {
		r->totals->passed += assertion;
		return;
	}
	struct text want = { .len = 0 }, got = { .len = 0 };
	want_text(&want, assertion ? kind : (uint8_t)SCRIPT_action, c, message);
	outcome_text(&got, r, o);
	fprintf(r->options->out, "%s:%" PRIu32 ": expected %s, got %s\n",
		r->path, c->line, want.bytes, got.bytes);
	r->totals->failed++;
}
