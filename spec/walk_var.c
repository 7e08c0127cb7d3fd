/*
 * Typing rules of parametric instructions, variables, tables and memory.copy
 * (standard, 3.4.7 to 3.4.10).
 */
#include "spec/walk.h"

#include "spec/bintype.h"

void
walk_var_drop(struct walk *w)
{
	walk_pop_any(w);
}

void
walk_var_select(struct walk *w)
{
	char has[32];
	walk_pop(w, VT_I32);
	valtype b = walk_pop_any(w);
	valtype a = walk_pop_any(w);
	if (vt_is_ref(a) || vt_is_ref(b))
		walk_fail(w,
			"type mismatch: instruction requires numeric or "
			"vector type but stack has %s",
			vt_format(vt_is_ref(b) ? b : a, has));
	else if (a != b && a != VT_BOT && b != VT_BOT)
		walk_fail(w, "type mismatch: select of different types");
	walk_push(w, a == VT_BOT ? b : a);
}

void
walk_var_select_t(struct walk *w)
{
	struct reader r = w->r;
	if (w->insn.a != 1) {
		walk_fail(w, "invalid result arity other than 1");
		return;
	}
	r.at = w->insn.list;
	valtype t = bintype_val(&r);
	walk_need_type(w, t);
	walk_pop(w, VT_I32);
	walk_pop(w, t);
	walk_pop(w, t);
	walk_push(w, t);
}

/* Locals */

/* The type of local a; VT_BOT and the error if there is none. */
static valtype
local_type(struct walk *w)
{
	if (w->insn.a < w->nlocals)
		return w->locals[w->insn.a];
	walk_fail(w, "unknown local %u", (unsigned)w->insn.a);
	return VT_BOT;
}

static void
local_init(struct walk *w)
{
	if (w->inits == NULL || w->insn.a >= w->nlocals || w->inits[w->insn.a])
		return;
	w->inits[w->insn.a] = true;
	w->init_stack[w->ninit_stack++] = w->insn.a;
}

void
walk_var_local_get(struct walk *w)
{
	valtype t = local_type(w);
	if (w->inits != NULL && t != VT_BOT && !w->inits[w->insn.a])
		walk_fail(w, "uninitialized local %u", (unsigned)w->insn.a);
	walk_push(w, t);
}

void
walk_var_local_set(struct walk *w)
{
	walk_pop(w, local_type(w));
	local_init(w);
}

void
walk_var_local_tee(struct walk *w)
{
	valtype t = local_type(w);
	walk_pop(w, t);
	walk_push(w, t);
	local_init(w);
}

/* Globals */

static const struct globaltype *
global_type(struct walk *w)
{
	if (w->insn.a < w->nglobals)
		return &w->m->globals[w->insn.a].type;
	walk_fail(w, "unknown global %u", (unsigned)w->insn.a);
	return NULL;
}

void
walk_var_global_get(struct walk *w)
{
	const struct globaltype *g = global_type(w);
	if (g != NULL)
		walk_push(w, g->type);
}

void
walk_var_global_set(struct walk *w)
{
	const struct globaltype *g = global_type(w);
	if (g == NULL)
		return;
	if (!g->mut)
		walk_fail(w, "immutable global %u", (unsigned)w->insn.a);
	walk_pop(w, g->type);
}

/* Tables */

void
walk_var_table_get(struct walk *w)
{
	const struct tabledecl *t = walk_table(w, w->insn.a);
	if (t == NULL)
		return;
	walk_pop(w, walk_address(&t->type.limits));
	walk_push(w, t->type.elem);
}

void
walk_var_table_set(struct walk *w)
{
	const struct tabledecl *t = walk_table(w, w->insn.a);
	if (t == NULL)
		return;
	walk_pop(w, t->type.elem);
	walk_pop(w, walk_address(&t->type.limits));
}

void
walk_var_table_size(struct walk *w)
{
	const struct tabledecl *t = walk_table(w, w->insn.a);
	if (t != NULL)
		walk_push(w, walk_address(&t->type.limits));
}

void
walk_var_table_grow(struct walk *w)
{
	const struct tabledecl *t = walk_table(w, w->insn.a);
	if (t == NULL)
		return;
	walk_pop(w, walk_address(&t->type.limits));
	walk_pop(w, t->type.elem);
	walk_push(w, walk_address(&t->type.limits));
}

void
walk_var_table_fill(struct walk *w)
{
	const struct tabledecl *t = walk_table(w, w->insn.a);
	if (t == NULL)
		return;
	walk_pop(w, walk_address(&t->type.limits));
	walk_pop(w, t->type.elem);
	walk_pop(w, walk_address(&t->type.limits));
}

/* The source's elements may stand in the destination. */
static void
elem_matches(struct walk *w, valtype src, valtype dst)
{
	char a[32], b[32];
	if (!walk_matches(w, src, dst))
		walk_fail(w,
			"type mismatch: element type %s does not match "
			"table's element type %s",
			vt_format(src, a), vt_format(dst, b));
}

/* Pops the length, source and destination of a copy. */
static void
pop_copy(struct walk *w, const struct limits *dst, const struct limits *src)
{
	walk_pop(w, dst->is64 && src->is64 ? VT_I64 : VT_I32);
	walk_pop(w, walk_address(src));
	walk_pop(w, walk_address(dst));
}

void
walk_var_table_copy(struct walk *w)
{
	const struct tabledecl *dst = walk_table(w, w->insn.a);
	const struct tabledecl *src = walk_table(w, w->insn.b);
	if (dst == NULL || src == NULL)
		return;
	elem_matches(w, src->type.elem, dst->type.elem);
	pop_copy(w, &dst->type.limits, &src->type.limits);
}

void
walk_var_table_init(struct walk *w)
{
	const struct tabledecl *t = walk_table(w, w->insn.b);
	const struct elemdecl *e = walk_elem(w, w->insn.a);
	if (t == NULL || e == NULL)
		return;
	elem_matches(w, e->type, t->type.elem);
	walk_pop(w, VT_I32);
	walk_pop(w, VT_I32);
	walk_pop(w, walk_address(&t->type.limits));
}

void
walk_var_memory_copy(struct walk *w)
{
	const struct limits *dst = walk_memory(w, w->insn.a);
	const struct limits *src = walk_memory(w, w->insn.b);
	if (dst != NULL && src != NULL)
		pop_copy(w, dst, src);
}
