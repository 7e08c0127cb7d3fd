/*
 * Instructions of the text format (standard, 6.5), flat and folded, to binary.
 * Nothing recurses: what is open at the cursor is a stack of frames.
 *
 * A folded instruction is encoded to `held` when it is met, and moves from
 * there to the output at its ")", after its operands.
 */
#include <string.h>

#include "spec/text_parse.h"
#include "trap/arena.h"

#define EMPTY_BLOCK 0x40

enum frame_kind {
	FRAME_top,	  /* the expression itself */
	FRAME_flat,	  /* block .. end */
	FRAME_plain,	  /* (op operands */
	FRAME_block,	  /* (block instructions */
	FRAME_condition,  /* (if operands */
	FRAME_then,	  /* (if operands (then instructions */
	FRAME_after_then, /* (if operands (then instructions) */
	FRAME_else,	  /* .. (else instructions */
	FRAME_after_else, /* .. (else instructions) */
};

struct frame {
	uint8_t kind;  /* enum frame_kind */
	int8_t hint;   /* branch hint for the held instruction, -1 for none */
	uint16_t op;   /* FRAME_flat: OP_if while an else may follow */
	uint32_t held; /* where its bytes begin */
	const struct token *id; /* label, or NULL */
	struct label_scope scope;
};

struct code {
	struct text *p;
	struct lex *l;
	struct writer *out;
	struct labels labels;
};

static struct frame *
top_frame(const struct code *c)
{
	return &c->p->frames[c->p->nframes - 1];
}

/* A new innermost frame; NULL when out of memory. */
static struct frame *
push_frame(struct code *c, enum frame_kind kind)
{
	struct text *p = c->p;
	if (p->nframes == p->frames_room) {
		uint32_t room = 2 * p->frames_room + 64;
		struct frame *grown = arena_grow(p->scratch, p->frames,
			p->frames_room * sizeof *grown, room * sizeof *grown);
		if (grown == NULL) {
			lex_fail_memory(c->l);
			return NULL;
		}
		p->frames = grown;
		p->frames_room = room;
	}
	struct frame *f = &p->frames[p->nframes++];
	memset(f, 0, sizeof *f);
	f->kind = (uint8_t)kind;
	f->hint = -1;
	f->held = (uint32_t)p->held.len;
	return f;
}

static void
pop_frame(struct code *c)
{
	c->p->nframes--;
}

/* The instruction that comes next has that hint: offset, size 1, value. */
static void
write_hint(struct code *c, int hint)
{
	struct text *p = c->p;
	if (hint < 0)
		return;
	writer_u64(&p->func_hints, c->out->len);
	writer_byte(&p->func_hints, 1);
	writer_byte(&p->func_hints, (uint8_t)hint);
	p->nfunc_hints++;
}

/* Moves what f holds to the output. */
static void
release(struct code *c, struct frame *f)
{
	struct writer *held = &c->p->held;
	write_hint(c, f->hint);
	if (held->len > f->held)
		writer_bytes(
			c->out, held->bytes + f->held, held->len - f->held);
	held->len = f->held;
}

/* ---- blocks ---- */

static void
block_type(struct code *c, struct writer *w)
{
	struct text *p = c->p;
	struct typeuse u = text_read_typeuse(p, TYPEUSE_plain);
	if (u.named || u.nparams != 0 || u.nresults > 1)
		writer_s64(w, text_resolve_typeuse(p, &u));
	else if (u.nresults == 0)
		writer_byte(w, EMPTY_BLOCK);
	else
		writer_bytes(w, p->results.bytes, p->results.len);
}

/* (catch tag label)* and the like; labels count from outside of the block */
static void
catch_clauses(struct code *c)
{
	struct writer clauses = writer_make(c->p->per_func);
	uint32_t n = 0;
	for (;; n++) {
		enum word w = c->l->t->kind == TOKEN_open ? c->l->t[1].word : 0;
		uint8_t all = w == WORD_catch_all || w == WORD_catch_all_ref;
		uint8_t ref = w == WORD_catch_ref || w == WORD_catch_all_ref;
		if (!all && !ref && w != WORD_catch)
			break;
		c->l->t += 2;
		writer_byte(&clauses, (uint8_t)(2 * all + ref));
		if (!all)
			writer_u64(&clauses,
				text_index(c->p, &c->p->spaces[SPACE_tag]));
		writer_u64(&clauses, text_label(c->p, &c->labels));
		lex_expect(c->l, TOKEN_close);
	}
	writer_u64(c->out, n);
	writer_bytes(c->out, clauses.bytes, clauses.len);
}

/* Behind the keyword of a block that is not a folded if. */
static void
begin_block(struct code *c, enum op op, bool folded, int hint)
{
	struct frame *f = push_frame(c, folded ? FRAME_block : FRAME_flat);
	if (f == NULL)
		return;
	f->op = (uint16_t)op;
	if (c->l->t->kind == TOKEN_id)
		f->id = lex_next(c->l);
	write_hint(c, hint);
	text_opcode(c->out, op);
	block_type(c, c->out);
	if (op == OP_try_table)
		catch_clauses(c);
	f->scope = text_push_label(c->p, &c->labels, f->id);
}

/* Behind "(if": its opcode waits for the condition. */
static void
begin_folded_if(struct code *c, int hint)
{
	struct frame *f = push_frame(c, FRAME_condition);
	if (f == NULL)
		return;
	f->hint = (int8_t)hint;
	if (c->l->t->kind == TOKEN_id)
		f->id = lex_next(c->l);
	text_opcode(&c->p->held, OP_if);
	block_type(c, &c->p->held);
}

static void
end_block(struct code *c, struct frame *f)
{
	text_opcode(c->out, OP_end);
	text_pop_label(&c->labels, f->scope);
	pop_frame(c);
}

/* The id after else and end must be that of the block. */
static void
repeated_label(struct code *c, const struct frame *f)
{
	if (c->l->t->kind != TOKEN_id)
		return;
	const struct token *t = lex_next(c->l);
	struct span is = lex_bytes(c->l, t);
	struct span was = f->id != NULL ? lex_bytes(c->l, f->id) : is;
	if (f->id == NULL || is.len != was.len ||
		memcmp(is.bytes, was.bytes, is.len) != 0)
		lex_fail(c->l, t->at, "mismatching label");
}

/* ---- steps ---- */

/* At ")" */
static void
close_form(struct code *c, struct frame *f)
{
	switch (f->kind) {
	case FRAME_plain:
		release(c, f);
		pop_frame(c);
		break;
	case FRAME_then:
		f->kind = FRAME_after_then;
		break;
	case FRAME_else:
		f->kind = FRAME_after_else;
		break;
	case FRAME_block:
	case FRAME_after_then:
	case FRAME_after_else:
		end_block(c, f);
		break;
	default:
		lex_unexpected(c->l);
		return;
	}
	lex_next(c->l);
}

static bool
is_block(enum op op)
{
	return op == OP_block || op == OP_loop || op == OP_try_table;
}

/* At "(" of a folded instruction. */
static void
open_folded(struct code *c)
{
	enum op op =
		c->l->t[1].kind == TOKEN_keyword ? c->l->t[1].op : OP_count;
	int hint = text_take_hint(c->p, op);
	lex_next(c->l);
	if (op == OP_count || op == OP_end || op == OP_else) {
		lex_unexpected(c->l);
		return;
	}
	if (hint < 0)
		hint = text_take_hint(c->p, op);
	lex_next(c->l);
	if (is_block(op)) {
		begin_block(c, op, true, hint);
	} else if (op == OP_if) {
		begin_folded_if(c, hint);
	} else {
		struct frame *f = push_frame(c, FRAME_plain);
		if (f == NULL)
			return;
		f->hint = (int8_t)hint;
		text_op(c->p, &c->labels, op, &c->p->held);
	}
}

/* At "(" */
static void
open_form(struct code *c, struct frame *f)
{
	if (f->kind == FRAME_condition && lex_take_form(c->l, WORD_then)) {
		f->kind = FRAME_then;
		release(c, f);
		f->scope = text_push_label(c->p, &c->labels, f->id);
	} else if (f->kind == FRAME_after_then &&
		   lex_take_form(c->l, WORD_else)) {
		f->kind = FRAME_else;
		text_opcode(c->out, OP_else);
	} else if (f->kind == FRAME_after_then || f->kind == FRAME_after_else) {
		lex_unexpected(c->l);
	} else {
		open_folded(c);
	}
}

/* At a keyword: a flat instruction. */
static void
flat(struct code *c, struct frame *f)
{
	enum op op = c->l->t->op;
	bool allowed = f->kind == FRAME_top || f->kind == FRAME_flat ||
		       f->kind == FRAME_block || f->kind == FRAME_then ||
		       f->kind == FRAME_else;
	bool ends = (op == OP_end && f->kind == FRAME_flat) ||
		    (op == OP_else && f->kind == FRAME_flat && f->op == OP_if);
	if (!allowed || op == OP_count ||
		((op == OP_end || op == OP_else) && !ends)) {
		lex_unexpected(c->l);
		return;
	}
	int hint = text_take_hint(c->p, op);
	lex_next(c->l);
	if (op == OP_end) {
		repeated_label(c, f);
		end_block(c, f);
	} else if (op == OP_else) {
		repeated_label(c, f);
		f->op = OP_else;
		text_opcode(c->out, OP_else);
	} else if (is_block(op) || op == OP_if) {
		begin_block(c, op, false, hint);
	} else {
		write_hint(c, hint);
		text_op(c->p, &c->labels, op, c->out);
	}
}

/* Takes one step; false if nothing is left but the ")" of the expression. */
static bool
step(struct code *c)
{
	struct frame *f = top_frame(c);
	switch (c->l->t->kind) {
	case TOKEN_close:
		if (f->kind == FRAME_top)
			return false;
		close_form(c, f);
		break;
	case TOKEN_open:
		open_form(c, f);
		break;
	case TOKEN_keyword:
		flat(c, f);
		break;
	default:
		lex_unexpected(c->l);
	}
	return c->l->error->kind == ERROR_none;
}

static void
begin(struct code *c, struct text *p, struct writer *w)
{
	*c = (struct code){ .p = p, .l = &p->l, .out = w };
	p->nframes = 0;
	p->held.len = 0;
	push_frame(c, FRAME_top);
}

void
text_expr(struct text *p, struct writer *w)
{
	struct code c;
	begin(&c, p, w);
	while (p->nframes > 0 && step(&c))
		;
	text_opcode(w, OP_end);
}

void
text_folded_expr(struct text *p, struct writer *w)
{
	struct code c;
	begin(&c, p, w);
	if (p->l.t->kind != TOKEN_open)
		lex_unexpected(&p->l);
	else if (p->nframes > 0)
		do
			step(&c);
		while (p->nframes > 1 && p->l.error->kind == ERROR_none);
	text_opcode(w, OP_end);
}
