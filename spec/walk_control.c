/*
 * Typing rules of control instructions (standard, 3.4.11 and the appendix on
 * the validation algorithm): the control stack, branches, calls, exceptions.
 */
#include "spec/walk.h"

#include <stdio.h>
#include <string.h>

#include "spec/bintype.h"

/* Deeper nesting than any producer's; bounds the control stack's memory. */
#define MAX_NESTING 100000

/* "i32 i64" in out, cut at its end. */
static const char *
format_types(char *out, size_t bytes, const valtype *t, uint32_t n)
{
	char one[32];
	size_t at = 0;
	out[0] = '\0';
	for (uint32_t i = 0; i < n && at < bytes; i++)
		at += (size_t)snprintf(out + at, bytes - at, "%s%s",
			i == 0 ? "" : " ", vt_format(t[i], one));
	return out;
}

static void
mismatch(struct walk *w, const char *who, const valtype *wants, uint32_t n,
	const char *whose, const valtype *has, uint32_t nhas)
{
	char a[80], b[80];
	walk_fail(w, "type mismatch: %s requires [%s] but %s has [%s]", who,
		format_types(a, sizeof a, wants, n), whose,
		format_types(b, sizeof b, has, nhas));
}

/* Result types: a <= b. */
static bool
results_match(const struct walk *w, const valtype *a, uint32_t na,
	const valtype *b, uint32_t nb)
{
	if (na != nb)
		return false;
	if (na == 0 || memcmp(a, b, na * sizeof *a) == 0)
		return true;
	for (uint32_t i = 0; i < na; i++)
		if (!walk_matches(w, a[i], b[i]))
			return false;
	return true;
}

/* Frames */

/* Copies a frame; a single result moves along. */
static void
ctrl_copy(struct ctrl *to, const struct ctrl *from)
{
	*to = *from;
	if (from->results == &from->one)
		to->results = &to->one;
}

static bool
ctrls_grow(struct walk *w)
{
	uint32_t room = 2 * w->ctrls_room;
	if (room > 2 * MAX_NESTING) {
		error_at(w->r.error, ERROR_limit, w->insn.at,
			"blocks nested too deep");
		w->r.at = w->r.end;
		return false;
	}
	struct ctrl *ctrls = arena_array(w->arena, room, sizeof *ctrls);
	if (ctrls == NULL) {
		error_set(w->r.error, ERROR_memory, "out of memory");
		w->r.at = w->r.end;
		return false;
	}
	for (uint32_t i = 0; i < w->nctrls; i++)
		ctrl_copy(&ctrls[i], &w->ctrls[i]);
	w->ctrls = ctrls;
	w->ctrls_room = room;
	return true;
}

/* Fills in the types that the block type stands for. */
static bool
block_types(struct walk *w, struct ctrl *c)
{
	const struct blocktype *b = &w->insn.block;
	c->nparams = c->nresults = 0;
	c->params = c->results = NULL;
	if (b->type != NO_INDEX) {
		const struct functype *f = walk_func_type(w, b->type);
		if (f == NULL)
			return false;
		if (f->nparams > 0 || f->nresults > 1)
			walk_need(w, FEATURE_MULTI_VALUE);
		c->nparams = f->nparams;
		c->nresults = f->nresults;
		c->params = f->params;
		c->results = f->results;
	} else if (b->result != VT_BOT) {
		if (vt_is_ref(b->result) || b->result == VT_V128)
			walk_need_type(w, b->result);
		c->nresults = 1;
		c->one = b->result;
		c->results = &c->one;
	}
	return true;
}

/* Opens a frame of op over the operands that its parameters have left. */
static void
ctrl_push(struct walk *w, uint8_t op, const struct ctrl *types)
{
	if (w->nctrls == w->ctrls_room && !ctrls_grow(w))
		return;
	struct ctrl *c = &w->ctrls[w->nctrls++];
	ctrl_copy(c, types);
	c->op = op;
	c->unreachable = false;
	c->height = w->floor = w->nvals;
	c->slot_height = w->slots;
	c->init_height = w->ninit_stack;
	walk_pushes(w, c->params, c->nparams);
}

/* Closes the innermost frame into w->ended; its results are popped. */
static void
ctrl_pop(struct walk *w)
{
	struct ctrl *c = walk_top(w);
	const valtype *vals = w->vals + c->height;
	uint32_t nvals = w->nvals - c->height;
	walk_pops(w, c->results, c->nresults);
	if (w->nvals != c->height)
		mismatch(w, "block", c->results, c->nresults, "stack", vals,
			nvals);
	while (w->ninit_stack > c->init_height)
		w->inits[w->init_stack[--w->ninit_stack]] = false;
	w->nvals = c->height;
	w->slots = c->slot_height;
	w->nctrls--;
	w->floor = w->nctrls > 0 ? walk_top(w)->height : 0;
	ctrl_copy(&w->ended, c);
}

/* The frame of label l; NULL and the error if there is none. */
static struct ctrl *
label(struct walk *w, uint32_t l)
{
	if (l < w->nctrls)
		return walk_label(w, l);
	walk_fail(w, "unknown label %u", (unsigned)l);
	return NULL;
}

void
walk_control_unreachable(struct walk *w)
{
	walk_unreachable(w);
}

void
walk_control_block(struct walk *w)
{
	struct ctrl c;
	if (!block_types(w, &c))
		return;
	walk_pops(w, c.params, c.nparams);
	ctrl_push(w, (uint8_t)w->insn.op, &c);
}

void
walk_control_if(struct walk *w)
{
	struct ctrl c;
	if (!block_types(w, &c))
		return;
	walk_pop(w, VT_I32);
	walk_pops(w, c.params, c.nparams);
	ctrl_push(w, OP_if, &c);
}

void
walk_control_else(struct walk *w)
{
	if (walk_top(w)->op != OP_if) {
		error_at(w->r.error, ERROR_malformed, w->insn.at,
			"END opcode expected");
		w->r.at = w->r.end;
		return;
	}
	ctrl_pop(w);
	ctrl_push(w, OP_else, &w->ended);
}

void
walk_control_end(struct walk *w)
{
	ctrl_pop(w);
	const struct ctrl *c = &w->ended;
	if (c->op == OP_if && !results_match(w, c->params, c->nparams,
				      c->results, c->nresults))
		mismatch(w, "block", c->results, c->nresults, "stack",
			c->params, c->nparams);
	if (w->nctrls > 0) {
		walk_pushes(w, c->results, c->nresults);
		return;
	}
	if (w->r.at != w->code_end)
		error_at(w->r.error, ERROR_malformed, w->insn.at,
			"section size mismatch");
	else if (w->max_slots > WALK_FRAME_SLOTS - w->local_slot_count)
		error_at(w->r.error, ERROR_limit, w->insn.at,
			"function frame too large");
}

/* Branches */

void
walk_control_br(struct walk *w)
{
	uint32_t n;
	struct ctrl *c = label(w, w->insn.a);
	if (c == NULL)
		return;
	const valtype *t = walk_label_types(c, &n);
	walk_pops(w, t, n);
	walk_unreachable(w);
}

void
walk_control_br_if(struct walk *w)
{
	uint32_t n;
	struct ctrl *c = label(w, w->insn.a);
	if (c == NULL)
		return;
	const valtype *t = walk_label_types(c, &n);
	walk_pop(w, VT_I32);
	walk_pops(w, t, n);
	walk_pushes(w, t, n);
}

/* The operands on top, unknown ones where dead code has none, are t[0..n). */
static bool
top_matches(const struct walk *w, const valtype *t, uint32_t n)
{
	uint32_t have = w->nvals - w->floor;
	if (have < n && !walk_top(w)->unreachable)
		return false;
	for (uint32_t i = 0; i < n && i < have; i++)
		if (!walk_matches(w, w->vals[w->nvals - 1 - i], t[n - 1 - i]))
			return false;
	return true;
}

void
walk_control_br_table(struct walk *w)
{
	struct reader r = w->r;
	const valtype *last = NULL;
	uint32_t arity = 0;
	if (w->r.error->kind != ERROR_none)
		return;
	walk_pop(w, VT_I32);
	r.at = w->insn.list_end;
	/* The default label has the arity; it is the last in the list. */
	do
		r.at--;
	while (r.at > w->insn.list && (r.at[-1] & 0x80) != 0);
	struct ctrl *c = label(w, reader_u32(&r));
	if (c == NULL)
		return;
	walk_label_types(c, &arity);
	walk_spend(w, ((uint64_t)w->insn.a + 1) * arity);
	r.at = w->insn.list;
	for (uint64_t i = 0; i <= w->insn.a; i++) {
		uint32_t n;
		if ((c = label(w, reader_u32(&r))) == NULL)
			return;
		const valtype *t = walk_label_types(c, &n);
		if (n == arity && (n == 0 || t == last))
			continue;
		if (n != arity || !top_matches(w, t, n)) {
			mismatch(w, "instruction", t, n, "stack",
				w->vals + w->floor, w->nvals - w->floor);
			return;
		}
		last = t;
	}
	walk_unreachable(w);
}

void
walk_control_return(struct walk *w)
{
	walk_pops(w, w->ctrls[0].results, w->ctrls[0].nresults);
	walk_unreachable(w);
}

void
walk_control_br_on_null(struct walk *w)
{
	uint32_t n;
	valtype t = walk_pop_ref(w);
	struct ctrl *c = label(w, w->insn.a);
	if (c == NULL)
		return;
	const valtype *types = walk_label_types(c, &n);
	walk_pops(w, types, n);
	walk_pushes(w, types, n);
	if (walk_reserve(w, 1))
		walk_push(w, t & ~VT_NULL);
}

/* The types of label a without the last, which is a reference: *last. */
static const valtype *
label_before_ref(struct walk *w, uint32_t *n, valtype *last)
{
	char has[32];
	struct ctrl *c = label(w, w->insn.a);
	if (c == NULL)
		return NULL;
	const valtype *t = walk_label_types(c, n);
	*last = *n > 0 ? t[*n - 1] : VT_BOT;
	if (vt_is_ref(*last)) {
		--*n;
		return t;
	}
	walk_fail(w,
		"type mismatch: instruction requires reference type "
		"but label has [%s]",
		*n > 0 ? vt_format(*last, has) : "");
	return NULL;
}

void
walk_control_br_on_non_null(struct walk *w)
{
	uint32_t n;
	valtype last;
	const valtype *t = label_before_ref(w, &n, &last);
	if (t == NULL)
		return;
	walk_pop(w, last | VT_NULL);
	walk_pops(w, t, n);
	walk_pushes(w, t, n);
}

/* br_on_cast and its opposite: branches with taken, goes on with left. */
static void
branch_on_cast(struct walk *w, valtype taken, valtype left)
{
	uint32_t n;
	valtype last;
	valtype from = w->insn.heap, to = w->insn.heap2;
	char a[32], b[32];
	walk_need_type(w, from);
	walk_need_type(w, to);
	if (w->r.error->kind != ERROR_none)
		return;
	if (!walk_matches(w, to, from)) {
		walk_fail(w, "type mismatch on cast: type %s does not match %s",
			vt_format(to, a), vt_format(from, b));
		return;
	}
	const valtype *t = label_before_ref(w, &n, &last);
	if (t == NULL)
		return;
	if (!walk_matches(w, taken, last)) {
		walk_fail(w,
			"type mismatch: instruction requires type %s "
			"but label has %s",
			vt_format(taken, a), vt_format(last, b));
		return;
	}
	walk_pop(w, from);
	walk_pops(w, t, n);
	walk_pushes(w, t, n);
	if (walk_reserve(w, 1))
		walk_push(w, left);
}

/* What is left of from when values of to are taken away. */
static valtype
difference(valtype from, valtype to)
{
	return (to & VT_NULL) != 0 ? from & ~VT_NULL : from;
}

void
walk_control_br_on_cast(struct walk *w)
{
	branch_on_cast(
		w, w->insn.heap2, difference(w->insn.heap, w->insn.heap2));
}

void
walk_control_br_on_cast_fail(struct walk *w)
{
	branch_on_cast(
		w, difference(w->insn.heap, w->insn.heap2), w->insn.heap2);
}

/* Calls */

/* Pops what comes above the arguments, if it is not VT_BOT, and calls. */
static void
call(struct walk *w, const struct functype *f, valtype callee)
{
	if (f == NULL)
		return;
	if (callee != VT_BOT)
		walk_pop(w, callee);
	walk_pops(w, f->params, f->nparams);
	walk_pushes(w, f->results, f->nresults);
}

/* The same for a call that returns from this function. */
static void
return_call(struct walk *w, const struct functype *f, valtype callee)
{
	const struct ctrl *c = &w->ctrls[0];
	if (f == NULL)
		return;
	if (!results_match(
		    w, f->results, f->nresults, c->results, c->nresults)) {
		mismatch(w, "current function", c->results, c->nresults,
			"callee", f->results, f->nresults);
		return;
	}
	if (callee != VT_BOT)
		walk_pop(w, callee);
	walk_pops(w, f->params, f->nparams);
	walk_unreachable(w);
}

static const struct functype *
callee_type(struct walk *w)
{
	if (w->insn.a < w->m->nfuncs)
		return module_func_type(w->m, w->insn.a);
	walk_fail(w, "unknown function %u", (unsigned)w->insn.a);
	return NULL;
}

/* The type that an indirect call names; *address is that of its table. */
static const struct functype *
indirect_type(struct walk *w, valtype *address)
{
	char has[32];
	const struct tabledecl *t = walk_table(w, w->insn.b);
	if (t == NULL)
		return NULL;
	*address = walk_address(&t->type.limits);
	const struct functype *f = walk_func_type(w, w->insn.a);
	if (!walk_matches(w, t->type.elem, VT_FUNCREF))
		walk_fail(w,
			"type mismatch: instruction requires table of "
			"function type but table has element type %s",
			vt_format(t->type.elem, has));
	return f;
}

void
walk_control_call(struct walk *w)
{
	call(w, callee_type(w), VT_BOT);
}

void
walk_control_return_call(struct walk *w)
{
	return_call(w, callee_type(w), VT_BOT);
}

void
walk_control_call_indirect(struct walk *w)
{
	valtype address = VT_I32;
	const struct functype *f = indirect_type(w, &address);
	call(w, f, address);
}

void
walk_control_return_call_indirect(struct walk *w)
{
	valtype address = VT_I32;
	const struct functype *f = indirect_type(w, &address);
	return_call(w, f, address);
}

void
walk_control_call_ref(struct walk *w)
{
	const struct functype *f = walk_func_type(w, w->insn.a);
	call(w, f, VT_REF | VT_NULL | VT_INDEX | w->insn.a);
}

void
walk_control_return_call_ref(struct walk *w)
{
	const struct functype *f = walk_func_type(w, w->insn.a);
	walk_need(w, FEATURE_FUNC_REFS);
	return_call(w, f, VT_REF | VT_NULL | VT_INDEX | w->insn.a);
}

/* Exceptions */

static const struct functype *
tag_type(struct walk *w, uint32_t tag)
{
	if (tag < w->m->ntags)
		return &w->m->types[w->m->tags[tag]].func;
	walk_fail(w, "unknown tag %u", (unsigned)tag);
	return NULL;
}

void
walk_control_throw(struct walk *w)
{
	const struct functype *f = tag_type(w, w->insn.a);
	if (f == NULL)
		return;
	walk_pops(w, f->params, f->nparams);
	walk_unreachable(w);
}

void
walk_control_throw_ref(struct walk *w)
{
	walk_pop(w, VT_REF | VT_NULL | HT_EXN);
	walk_unreachable(w);
}

/* The values of a catch clause fit its label, which counts from outside. */
static void
catch_clause(struct walk *w, struct reader *r)
{
	static const struct functype empty;
	const struct functype *f = &empty;
	uint8_t kind = reader_byte(r);
	uint32_t n;
	if (kind == CATCH_tag || kind == CATCH_tag_ref)
		f = tag_type(w, reader_u32(r));
	struct ctrl *c = label(w, reader_u32(r));
	if (f == NULL || c == NULL)
		return;
	const valtype *t = walk_label_types(c, &n);
	uint32_t slots = c->slot_height;
	for (uint32_t i = 0; i < n; i++)
		slots += vt_slots(t[i]);
	if (slots > w->max_slots)
		w->max_slots = slots;
	walk_spend(w, n);
	bool ref = kind == CATCH_tag_ref || kind == CATCH_all_ref;
	if (n == f->nparams + ref &&
		(!ref || walk_matches(w, VT_REF | HT_EXN, t[n - 1])) &&
		results_match(w, f->params, f->nparams, t, n - ref))
		return;
	mismatch(w, "label", t, n, "catch handler", f->params, f->nparams);
}

void
walk_control_try_table(struct walk *w)
{
	struct ctrl c;
	struct reader r = w->r;
	if (!block_types(w, &c) || w->r.error->kind != ERROR_none)
		return;
	r.at = w->insn.list;
	for (uint32_t i = 0; i < w->insn.a; i++)
		catch_clause(w, &r);
	walk_pops(w, c.params, c.nparams);
	ctrl_push(w, OP_try_table, &c);
}
