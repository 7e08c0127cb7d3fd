/*
 * Scripts: one command after the other, from tokens of the whole source.  The
 * grammar is that of the reference interpreter, with threads.
 */
#include "spec/script.h"

#include <string.h>

#include "spec/text_parse.h"
#include "trap/arena.h"

struct script {
	struct lex l;
	struct error lexical; /* bad characters behind the last good token */
	struct arena *arena;
	struct place place; /* of the last command */
	bool fields;	    /* the source is one module without (module */
	bool done;
};

/* ---- names and strings ---- */

static struct script_name
no_name(void)
{
	return (struct script_name){ NULL, 0 };
}

/* $id at the cursor, without the $; absent if there is none. */
static struct script_name
optional_id(struct script *s)
{
	if (s->l.t->kind != TOKEN_id)
		return no_name();
	struct span id = lex_bytes(&s->l, lex_next(&s->l));
	return (struct script_name){ id.bytes, id.len };
}

static struct script_name
expect_string(struct script *s)
{
	const struct token *t = lex_expect(&s->l, TOKEN_string);
	struct span bytes = { "", 0 };
	if (t->kind == TOKEN_string)
		bytes = lex_bytes(&s->l, t);
	return (struct script_name){ bytes.bytes, bytes.len };
}

static void
close_form(struct script *s)
{
	lex_expect(&s->l, TOKEN_close);
}

/* ---- values ---- */

static void
read_numbers(struct script *s, enum op op, struct script_value *v)
{
	struct lex *l = &s->l;
	bool is_float = op == OP_f32_const || op == OP_f64_const;
	unsigned bits = op == OP_i32_const || op == OP_f32_const ? 32 : 64;
	v->kind = op == OP_i32_const   ? VALUE_i32
		  : op == OP_i64_const ? VALUE_i64
		  : op == OP_f32_const ? VALUE_f32
				       : VALUE_f64;
	if (is_float && lex_take_word(l, WORD_nan_canonical))
		v->nan = NAN_canonical;
	else if (is_float && lex_take_word(l, WORD_nan_arithmetic))
		v->nan = NAN_arithmetic;
	else
		v->bits = is_float ? text_float(l, bits) : text_int(l, bits);
}

static void
read_vector(struct script *s, struct script_value *v)
{
	struct text_vector vector;
	text_vector(&s->l, true, &vector);
	v->kind = VALUE_v128;
	v->lanes = vector.lanes;
	v->lane_float = vector.is_float;
	memcpy(v->v128, vector.bytes, sizeof v->v128);
	memcpy(v->lane_nan, vector.nan, sizeof v->lane_nan);
}

/* (ref.null heaptype?) */
static void
read_null(struct script *s, struct script_value *v)
{
	const struct token *t = s->l.t;
	v->kind = VALUE_ref_null;
	if (t->kind == TOKEN_close)
		return;
	if (t->kind != TOKEN_keyword || word_rows[t->word].kind != WORD_HEAP) {
		lex_unexpected(&s->l);
		return;
	}
	v->heap = word_rows[t->word].code;
	lex_next(&s->l);
}

/* (ref.extern n?) and (ref.host n) */
static void
read_host(struct script *s, enum script_value_kind kind, struct script_value *v)
{
	v->kind = (uint8_t)kind;
	v->heap = word_rows[WORD_extern].code;
	v->has_number = kind == VALUE_ref_host || s->l.t->kind != TOKEN_close;
	if (v->has_number)
		v->bits = lex_nat32(&s->l);
}

/* (ref) and (ref.kind), patterns only */
static void
read_ref_kind(struct script *s, struct script_value *v)
{
	static const struct {
		uint8_t word, heap;
	} kinds[] = { { WORD_ref, WORD_unknown }, { WORD_ref_eq, WORD_eq },
		{ WORD_ref_i31, WORD_i31 }, { WORD_ref_struct, WORD_struct },
		{ WORD_ref_array, WORD_array }, { WORD_ref_func, WORD_func },
		{ WORD_ref_exn, WORD_exn } };
	v->kind = VALUE_ref_kind;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (lex_take_word(&s->l, (enum word)kinds[i].word)) {
			v->heap = word_rows[kinds[i].heap].code;
			return;
		}
	lex_unexpected(&s->l);
}

/* Behind "("; either lists are read by the caller. */
static void
read_value(struct script *s, struct script_value *v)
{
	const struct token *t = s->l.t;
	enum op op = t->kind == TOKEN_keyword ? t->op : OP_count;
	if (op == OP_i32_const || op == OP_i64_const || op == OP_f32_const ||
		op == OP_f64_const) {
		lex_next(&s->l);
		read_numbers(s, op, v);
	} else if (op == OP_v128_const) {
		lex_next(&s->l);
		read_vector(s, v);
	} else if (lex_take_word(&s->l, WORD_ref_null)) {
		read_null(s, v);
	} else if (lex_take_word(&s->l, WORD_ref_extern)) {
		read_host(s, VALUE_ref_extern, v);
	} else if (lex_take_word(&s->l, WORD_ref_host)) {
		read_host(s, VALUE_ref_host, v);
	} else {
		read_ref_kind(s, v);
	}
}

/* How many forms follow up to the ")" of this one; the cursor stays. */
static uint32_t
count_forms(struct script *s)
{
	const struct token *t = s->l.t;
	uint32_t n = 0, depth = 0;
	for (; t->kind != TOKEN_end; t++) {
		if (t->kind == TOKEN_open && depth++ == 0)
			n++;
		if (t->kind == TOKEN_close && depth-- == 0)
			break;
	}
	return n;
}

/* Forms up to a ")" as values; either, if it may stand, is for the caller. */
static struct script_value *
read_list(struct script *s, bool either, uint32_t *count)
{
	uint32_t n = count_forms(s), i = 0;
	struct script_value *list = arena_array(s->arena, n, sizeof *list);
	*count = 0;
	if (list == NULL) {
		lex_fail_memory(&s->l);
		return NULL;
	}
	for (; i < n && lex_take(&s->l, TOKEN_open); i++) {
		if (either && lex_at_word(&s->l, WORD_either)) {
			list[i].kind = VALUE_either;
			lex_skip_form(&s->l);
			continue;
		}
		read_value(s, &list[i]);
		close_form(s);
	}
	*count = i;
	return list;
}

/* The same with (either value+), which does not nest. */
static struct script_value *
read_results(struct script *s, uint32_t *count)
{
	const struct token *start = s->l.t;
	struct script_value *list = read_list(s, true, count);
	const struct token *end = s->l.t;
	s->l.t = start;
	for (uint32_t i = 0; i < *count && end->kind != TOKEN_end; i++) {
		lex_next(&s->l);
		if (list[i].kind == VALUE_either &&
			lex_take_word(&s->l, WORD_either)) {
			list[i].list = read_list(s, false, &list[i].count);
			close_form(s);
		} else {
			lex_skip_form(&s->l);
		}
	}
	if (s->l.error->kind == ERROR_none)
		s->l.t = end;
	else
		lex_stop(&s->l);
	return list;
}

/* ---- modules and actions ---- */

/* Strings up to the ")" */
static void
read_strings(struct script *s, struct script_module *m)
{
	struct writer w = writer_make(s->arena);
	while (s->l.t->kind == TOKEN_string)
		lex_string(lex_next(&s->l), &w);
	if (s->arena->failed)
		lex_fail_memory(&s->l);
	m->bytes = w.len != 0 ? (const char *)w.bytes : "";
	m->len = w.len;
	close_form(s);
}

static struct place
place_of(struct script *s, const struct token *t)
{
	lex_advance_place(&s->place, t->at);
	return s->place;
}

/* Behind "(module" with its "(" at open; true if it is a definition only. */
static bool
read_module(struct script *s, const struct token *open, struct script_module *m)
{
	bool definition = lex_take_word(&s->l, WORD_definition);
	m->present = true;
	m->name = optional_id(s);
	if (lex_take_word(&s->l, WORD_binary)) {
		m->form = MODULE_binary;
		read_strings(s, m);
	} else if (lex_take_word(&s->l, WORD_quote)) {
		m->form = MODULE_quote;
		read_strings(s, m);
	} else {
		struct place at = place_of(s, open);
		m->form = MODULE_text;
		m->line = at.line;
		m->column = at.column;
		m->bytes = open->at;
		lex_skip_form(&s->l);
		m->len = (size_t)(s->l.t[-1].at + 1 - open->at);
	}
	return definition;
}

/* (module instance $name? $of?), behind "instance" */
static void
read_instance(struct script *s, struct script_command *c)
{
	c->of = optional_id(s);
	if (s->l.t->kind == TOKEN_id) {
		c->name = c->of;
		c->of = optional_id(s);
	}
	close_form(s);
}

/* (invoke $i? "name" args*) or (get $i? "name"), behind "(" */
static void
read_action(struct script *s, struct script_command *c)
{
	c->is_get = lex_take_word(&s->l, WORD_get);
	if (!c->is_get && !lex_take_word(&s->l, WORD_invoke))
		lex_unexpected(&s->l);
	c->name = optional_id(s);
	struct span name;
	if (s->l.t->kind != TOKEN_string)
		lex_unexpected(&s->l);
	name = lex_name(&s->l);
	c->string = (struct script_name){ name.bytes, name.len };
	if (!c->is_get)
		c->args = read_list(s, false, &c->nargs);
	close_form(s);
}

/* ---- commands ---- */

/* (assert_.. module|instance|action "message"?) */
static void
read_assertion(struct script *s, struct script_command *c)
{
	bool may_act = c->kind == SCRIPT_assert_return ||
		       c->kind == SCRIPT_assert_trap ||
		       c->kind == SCRIPT_assert_exhaustion ||
		       c->kind == SCRIPT_assert_exception;
	const struct token *open = lex_expect(&s->l, TOKEN_open);
	if (lex_take_word(&s->l, WORD_module)) {
		c->on_instance = lex_take_word(&s->l, WORD_instance);
		if (c->on_instance)
			read_instance(s, c);
		else
			read_module(s, open, &c->module);
	} else if (may_act) {
		read_action(s, c);
	} else {
		lex_unexpected(&s->l);
	}
	if (c->kind == SCRIPT_assert_return)
		c->results = read_results(s, &c->nresults);
	else if (c->kind != SCRIPT_assert_exception)
		c->message = expect_string(s);
	close_form(s);
}

/* (thread $t? (shared (module $m))* cmd*), behind the keyword */
static void
read_thread(struct script *s, struct script_command *c)
{
	uint32_t room = count_forms(s);
	c->name = optional_id(s);
	c->shared = arena_array(s->arena, room, sizeof *c->shared);
	if (c->shared == NULL) {
		lex_fail_memory(&s->l);
		return;
	}
	while (lex_take_form(&s->l, WORD_shared)) {
		lex_expect_form(&s->l, WORD_module);
		if (s->l.t->kind != TOKEN_id)
			lex_unexpected(&s->l);
		else
			c->shared[c->nshared++] = optional_id(s);
		close_form(s);
		close_form(s);
	}
	c->commands = s->l.t->at;
	lex_skip_form(&s->l);
	c->commands_len = (size_t)(s->l.t[-1].at - c->commands);
}

/* Words that begin a command, and what they are. */
static const struct {
	uint8_t word, kind;
} commands[] = {
	{ WORD_module, SCRIPT_module },
	{ WORD_register, SCRIPT_register },
	{ WORD_invoke, SCRIPT_action },
	{ WORD_get, SCRIPT_action },
	{ WORD_assert_return, SCRIPT_assert_return },
	{ WORD_assert_trap, SCRIPT_assert_trap },
	{ WORD_assert_exhaustion, SCRIPT_assert_exhaustion },
	{ WORD_assert_exception, SCRIPT_assert_exception },
	{ WORD_assert_malformed, SCRIPT_assert_malformed },
	{ WORD_assert_invalid, SCRIPT_assert_invalid },
	{ WORD_assert_unlinkable, SCRIPT_assert_unlinkable },
	{ WORD_assert_malformed_custom, SCRIPT_assert_malformed_custom },
	{ WORD_assert_invalid_custom, SCRIPT_assert_invalid_custom },
	{ WORD_thread, SCRIPT_thread },
	{ WORD_wait, SCRIPT_wait },
};

/* SCRIPT_end if the token begins no command. */
static uint8_t
command_kind(const struct token *t)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (t->kind == TOKEN_keyword && commands[i].word == t->word)
			return commands[i].kind;
	return SCRIPT_end;
}

/* Behind "(" and the keyword, but at the keyword of an action. */
static void
read_command(
	struct script *s, const struct token *open, struct script_command *c)
{
	switch (c->kind) {
	case SCRIPT_module:
		if (lex_take_word(&s->l, WORD_instance)) {
			c->kind = SCRIPT_instance;
			read_instance(s, c);
		} else if (read_module(s, open, &c->module)) {
			c->kind = SCRIPT_definition;
		}
		break;
	case SCRIPT_register:
		c->string = expect_string(s);
		c->name = optional_id(s);
		close_form(s);
		break;
	case SCRIPT_action:
		read_action(s, c);
		break;
	case SCRIPT_thread:
		read_thread(s, c);
		break;
	case SCRIPT_wait:
		c->name = optional_id(s);
		close_form(s);
		break;
	default:
		read_assertion(s, c);
	}
}

/* The whole source as one module. */
static void
read_fields(struct script *s, struct script_command *c)
{
	const char *src = s->l.start.at;
	c->kind = SCRIPT_module;
	c->module.present = true;
	c->module.form = MODULE_fields;
	c->module.bytes = src;
	c->module.len = (size_t)(s->l.end - src);
	c->module.line = s->l.start.line;
	c->module.column = s->l.start.column;
	lex_stop(&s->l);
}

/* The source begins with a module field. */
static bool
begins_with_field(const struct lex *l)
{
	static const uint8_t fields[] = { WORD_type, WORD_rec, WORD_import,
		WORD_func, WORD_table, WORD_memory, WORD_global, WORD_tag,
		WORD_export, WORD_start, WORD_elem, WORD_data };
	for (size_t i = 0; i < sizeof fields; i++)
		if (lex_at_form(l, (enum word)fields[i]))
			return true;
	return false;
}

struct script *
script_open(const char *src, size_t len, uint32_t line, uint32_t column,
	struct arena *a, struct error *error)
{
	struct script *s = arena_alloc(a, sizeof *s);
	if (s == NULL)
		return NULL;
	lex_open(&s->l, src, len, line, column, a, &s->lexical);
	s->l.error = error;
	s->arena = a;
	s->place = s->l.start;
	s->fields = begins_with_field(&s->l);
	return s;
}

/* A bad character counts once the commands before it are read. */
static void
report_lexical(struct script *s, bool at_end)
{
	struct error *e = s->l.error;
	const struct error *lexical = &s->lexical;
	if (lexical->kind == ERROR_none)
		return;
	if (at_end || e->line > lexical->line ||
		(e->line == lexical->line && e->column >= lexical->column))
		*e = *lexical;
}

bool
script_next(struct script *s, struct script_command *c)
{
	memset(c, 0, sizeof *c);
	c->kind = SCRIPT_end;
	if (s->l.error->kind != ERROR_none)
		return false;
	if (s->fields && s->lexical.kind == ERROR_none &&
		s->l.t->kind != TOKEN_end) {
		read_fields(s, c);
		return true;
	}
	const struct token *open = s->l.t;
	struct place at = place_of(s, open);
	c->line = at.line;
	c->column = at.column;
	if (open->kind != TOKEN_end) {
		lex_expect(&s->l, TOKEN_open);
		c->kind = command_kind(s->l.t);
		if (c->kind == SCRIPT_end)
			lex_unexpected(&s->l);
		else if (c->kind != SCRIPT_action)
			lex_next(&s->l);
		if (c->kind != SCRIPT_end)
			read_command(s, open, c);
	}
	report_lexical(s, open->kind == TOKEN_end);
	return s->l.error->kind == ERROR_none;
}
