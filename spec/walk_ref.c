/*
 * Typing rules of references, structures, arrays and i31 (standard, 3.4.6 and
 * 3.4.12 ff.).  References to the type of an immediate are popped nullable and
 * pushed non-null.
 */
#include "spec/walk.h"

#include "spec/bintype.h"

#define REF_I31 (VT_REF | HT_I31)
#define REF_NULL_I31 (REF_I31 | VT_NULL)
#define REF_NULL_ARRAY (VT_REF | VT_NULL | HT_ARRAY)
#define REF_NULL_EQ (VT_REF | VT_NULL | HT_EQ)

static valtype
ref_to(uint32_t type)
{
	return VT_REF | VT_INDEX | type;
}

static valtype
ref_null_to(uint32_t type)
{
	return VT_REF | VT_NULL | VT_INDEX | type;
}

static bool
is_packed(valtype t)
{
	return t == VT_I8 || t == VT_I16;
}

static valtype
unpacked(valtype t)
{
	return is_packed(t) ? VT_I32 : t;
}

void
walk_ref_null(struct walk *w)
{
	walk_need_type(w, w->insn.heap);
	walk_push(w, w->insn.heap);
}

void
walk_ref_is_null(struct walk *w)
{
	walk_pop_ref(w);
	walk_push(w, VT_I32);
}

void
walk_ref_as_non_null(struct walk *w)
{
	walk_push(w, walk_pop_ref(w) & ~VT_NULL);
}

void
walk_ref_func(struct walk *w)
{
	uint32_t x = w->insn.a;
	if (x >= w->m->nfuncs) {
		walk_fail(w, "unknown function %u", (unsigned)x);
		return;
	}
	if (!w->m->funcs[x].declared)
		walk_fail(w, "undeclared function reference %u", (unsigned)x);
	walk_push(w, ref_to(w->m->funcs[x].type));
}

void
walk_ref_eq(struct walk *w)
{
	walk_pop(w, REF_NULL_EQ);
	walk_pop(w, REF_NULL_EQ);
	walk_push(w, VT_I32);
}

/* The greatest type above a heap type. */
static valtype
top_type(const struct walk *w, valtype t)
{
	uint32_t heap = t & VT_PAYLOAD;
	if ((t & VT_INDEX) != 0)
		heap = w->m->types[heap].comp == COMP_func ? HT_FUNC : HT_ANY;
	else if (heap == HT_NOFUNC)
		heap = HT_FUNC;
	else if (heap == HT_NOEXTERN)
		heap = HT_EXTERN;
	else if (heap == HT_NOEXN)
		heap = HT_EXN;
	else if (heap != HT_FUNC && heap != HT_EXTERN && heap != HT_EXN)
		heap = HT_ANY;
	return VT_REF | VT_NULL | heap;
}

static void
cast(struct walk *w, valtype result)
{
	walk_need_type(w, w->insn.heap);
	if (w->r.error->kind != ERROR_none)
		return;
	walk_pop(w, top_type(w, w->insn.heap));
	walk_push(w, result);
}

void
walk_ref_test(struct walk *w)
{
	cast(w, VT_I32);
}

void
walk_ref_cast(struct walk *w)
{
	cast(w, w->insn.heap);
}

/* Changes the hierarchy, keeps the nullability. */
static void
convert(struct walk *w, valtype from, valtype to)
{
	valtype t = walk_pop_ref(w);
	char wants[32], has[32];
	if (!walk_matches(w, t, from | VT_NULL))
		walk_fail(w,
			"type mismatch: instruction requires [%s] "
			"but stack has [%s]",
			vt_format(from | VT_NULL, wants), vt_format(t, has));
	walk_push(w, to | (t & VT_NULL));
}

void
walk_ref_any_convert_extern(struct walk *w)
{
	convert(w, VT_REF | HT_EXTERN, VT_REF | HT_ANY);
}

void
walk_ref_extern_convert_any(struct walk *w)
{
	convert(w, VT_REF | HT_ANY, VT_REF | HT_EXTERN);
}

void
walk_ref_i31(struct walk *w)
{
	walk_pop(w, VT_I32);
	walk_push(w, REF_I31);
}

void
walk_ref_i31_get(struct walk *w)
{
	walk_pop(w, REF_NULL_I31);
	walk_push(w, VT_I32);
}

/* Type x as a structure or array; NULL and the error if it is not. */
static const struct deftype *
comp_type(struct walk *w, uint32_t x, enum comp comp)
{
	if (x >= w->m->ntypes)
		walk_fail(w, "unknown type %u", (unsigned)x);
	else if (w->m->types[x].comp == comp)
		return &w->m->types[x];
	else if (comp == COMP_struct)
		walk_fail(w, "non-structure type %u", (unsigned)x);
	else
		walk_fail(w, "non-array type %u", (unsigned)x);
	return NULL;
}

/* Structures */

void
walk_ref_struct_new(struct walk *w)
{
	const struct deftype *d = comp_type(w, w->insn.a, COMP_struct);
	if (d == NULL)
		return;
	for (uint32_t i = d->nfields; i-- > 0;)
		walk_pop(w, unpacked(d->fields[i].type));
	walk_push(w, ref_to(w->insn.a));
}

void
walk_ref_struct_new_default(struct walk *w)
{
	const struct deftype *d = comp_type(w, w->insn.a, COMP_struct);
	if (d == NULL)
		return;
	for (uint32_t i = 0; i < d->nfields; i++)
		if (!vt_defaultable(d->fields[i].type))
			walk_fail(w, "field type is not defaultable");
	walk_push(w, ref_to(w->insn.a));
}

/* Field b of structure a; NULL and the error if there is none. */
static const struct fieldtype *
field(struct walk *w)
{
	const struct deftype *d = comp_type(w, w->insn.a, COMP_struct);
	if (d == NULL)
		return NULL;
	if (w->insn.b < d->nfields)
		return &d->fields[w->insn.b];
	walk_fail(w, "unknown field %u", (unsigned)w->insn.b);
	return NULL;
}

void
walk_ref_struct_get(struct walk *w)
{
	const struct fieldtype *f = field(w);
	if (f == NULL)
		return;
	if (is_packed(f->type) == (w->insn.op == OP_struct_get))
		walk_fail(w, "field is %s",
			is_packed(f->type) ? "packed" : "unpacked");
	walk_pop(w, ref_null_to(w->insn.a));
	walk_push(w, unpacked(f->type));
}

void
walk_ref_struct_set(struct walk *w)
{
	const struct fieldtype *f = field(w);
	if (f == NULL)
		return;
	if (!f->mut)
		walk_fail(w, "immutable field");
	walk_pop(w, unpacked(f->type));
	walk_pop(w, ref_null_to(w->insn.a));
}

/* Arrays */

/* The field of array type x; NULL and the error if it is none. */
static const struct fieldtype *
array_field(struct walk *w, uint32_t x)
{
	const struct deftype *d = comp_type(w, x, COMP_array);
	return d != NULL ? d->fields : NULL;
}

/* The same; an error too if it cannot be written. */
static const struct fieldtype *
mutable_array(struct walk *w)
{
	const struct fieldtype *f = array_field(w, w->insn.a);
	if (f != NULL && !f->mut)
		walk_fail(w, "immutable array");
	return f;
}

static void
numeric_field(struct walk *w, const struct fieldtype *f)
{
	if (vt_is_ref(f->type))
		walk_fail(w, "array type is not numeric or vector");
}

/* The elements of segment b fit into the array. */
static void
segment_field(struct walk *w, const struct fieldtype *f)
{
	char a[32], b[32];
	const struct elemdecl *e = walk_elem(w, w->insn.b);
	if (e != NULL && !walk_matches(w, e->type, unpacked(f->type)))
		walk_fail(w,
			"type mismatch: element segment's type %s does "
			"not match array's field type %s",
			vt_format(e->type, a), vt_format(f->type, b));
}

void
walk_ref_array_new(struct walk *w)
{
	const struct fieldtype *f = array_field(w, w->insn.a);
	if (f == NULL)
		return;
	walk_pop(w, VT_I32);
	walk_pop(w, unpacked(f->type));
	walk_push(w, ref_to(w->insn.a));
}

void
walk_ref_array_new_default(struct walk *w)
{
	const struct fieldtype *f = array_field(w, w->insn.a);
	if (f == NULL)
		return;
	if (!vt_defaultable(f->type))
		walk_fail(w, "array type is not defaultable");
	walk_pop(w, VT_I32);
	walk_push(w, ref_to(w->insn.a));
}

void
walk_ref_array_new_fixed(struct walk *w)
{
	const struct fieldtype *f = array_field(w, w->insn.a);
	if (f == NULL)
		return;
	/* In dead code the count may be anything; an error ends the loop. */
	for (uint32_t i = 0; i < w->insn.b; i++) {
		if (w->nvals == w->floor && walk_top(w)->unreachable)
			break;
		walk_pop(w, unpacked(f->type));
		if (w->r.error->kind != ERROR_none)
			return;
	}
	walk_push(w, ref_to(w->insn.a));
}

void
walk_ref_array_new_data(struct walk *w)
{
	const struct fieldtype *f = array_field(w, w->insn.a);
	if (f == NULL)
		return;
	walk_data(w, w->insn.b);
	numeric_field(w, f);
	walk_pop(w, VT_I32);
	walk_pop(w, VT_I32);
	walk_push(w, ref_to(w->insn.a));
}

void
walk_ref_array_new_elem(struct walk *w)
{
	const struct fieldtype *f = array_field(w, w->insn.a);
	if (f == NULL)
		return;
	segment_field(w, f);
	walk_pop(w, VT_I32);
	walk_pop(w, VT_I32);
	walk_push(w, ref_to(w->insn.a));
}

void
walk_ref_array_get(struct walk *w)
{
	const struct fieldtype *f = array_field(w, w->insn.a);
	if (f == NULL)
		return;
	if (is_packed(f->type) == (w->insn.op == OP_array_get))
		walk_fail(w, "array is %s",
			is_packed(f->type) ? "packed" : "unpacked");
	walk_pop(w, VT_I32);
	walk_pop(w, ref_null_to(w->insn.a));
	walk_push(w, unpacked(f->type));
}

void
walk_ref_array_set(struct walk *w)
{
	const struct fieldtype *f = mutable_array(w);
	if (f == NULL)
		return;
	walk_pop(w, unpacked(f->type));
	walk_pop(w, VT_I32);
	walk_pop(w, ref_null_to(w->insn.a));
}

void
walk_ref_array_len(struct walk *w)
{
	walk_pop(w, REF_NULL_ARRAY);
	walk_push(w, VT_I32);
}

void
walk_ref_array_fill(struct walk *w)
{
	const struct fieldtype *f = mutable_array(w);
	if (f == NULL)
		return;
	walk_pop(w, VT_I32);
	walk_pop(w, unpacked(f->type));
	walk_pop(w, VT_I32);
	walk_pop(w, ref_null_to(w->insn.a));
}

void
walk_ref_array_copy(struct walk *w)
{
	const struct fieldtype *dst = mutable_array(w);
	const struct fieldtype *src = array_field(w, w->insn.b);
	if (dst == NULL || src == NULL)
		return;
	if (!walk_matches(w, src->type, dst->type))
		walk_fail(w, "array types do not match");
	walk_pop(w, VT_I32);
	walk_pop(w, VT_I32);
	walk_pop(w, ref_null_to(w->insn.b));
	walk_pop(w, VT_I32);
	walk_pop(w, ref_null_to(w->insn.a));
}

/* Pops length, offset in the segment, offset in the array, array. */
static void
pop_init(struct walk *w)
{
	walk_pop(w, VT_I32);
	walk_pop(w, VT_I32);
	walk_pop(w, VT_I32);
	walk_pop(w, ref_null_to(w->insn.a));
}

void
walk_ref_array_init_data(struct walk *w)
{
	const struct fieldtype *f = mutable_array(w);
	if (f == NULL)
		return;
	walk_data(w, w->insn.b);
	numeric_field(w, f);
	pop_init(w);
}

void
walk_ref_array_init_elem(struct walk *w)
{
	const struct fieldtype *f = mutable_array(w);
	if (f == NULL)
		return;
	segment_field(w, f);
	pop_init(w);
}
