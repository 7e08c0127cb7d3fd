/*
 * Structures, arrays and casts on x86-64.
 */
#include "jit/x64_gen.h"

#include <assert.h>
#include <stddef.h>

#include "jit/stub.h"
#include "spec/engine.h"
#include "spec/heap.h"
#include "spec/layout.h"
#include "spec/module.h"
#include "spec/store.h"

/* What reads the part, or, with a register on the right, writes it. */
static enum x64_op
move_of(const struct node *n)
{
	switch (n->op) {
	case IR_field8_s:
	case IR_element8_s:
		return X64_movsx8_32;
	case IR_field8_u:
	case IR_element8_u:
		return X64_movzx8;
	case IR_field16_s:
	case IR_element16_s:
		return X64_movsx16_32;
	case IR_field16_u:
	case IR_element16_u:
		return X64_movzx16;
	case IR_set_field8:
	case IR_set_element8:
		return X64_mov8;
	case IR_set_field16:
	case IR_set_element16:
		return X64_mov16;
	default:
		return x64_load_op(n->type);
	}
}

/* log2 of the bytes of an element. */
static uint8_t
width(const struct node *n)
{
	switch (move_of(n)) {
	case X64_movsx8_32:
	case X64_movzx8:
	case X64_mov8:
		return 0;
	case X64_movsx16_32:
	case X64_movzx16:
	case X64_mov16:
		return 1;
	case X64_mov32:
	case X64_vmovss:
		return 2;
	case X64_vmovups:
		return 4;
	default:
		return 3;
	}
}

static struct x64_mem
field(struct machine *x, const struct node *n)
{
	return at(alloc_use(&x->al, n->a), (int32_t)n->c);
}

static struct x64_mem
element(struct machine *x, const struct node *n)
{
	uint8_t scale = width(n);
	int a = alloc_use(&x->al, n->a), b = alloc_use(&x->al, n->b);
	if (scale > 3) {
		machine_move(x, TYPE_i64, RTMP, b);
		x64_ri(x->x, X64_shl64, RTMP, scale);
		b = RTMP;
		scale = 0;
	}
	return (struct x64_mem){ (uint8_t)a, (uint8_t)b, scale, OBJECT_HEAD };
}

struct x64_mem
x64_part(struct machine *x, const struct node *n)
{
	return n->op == IR_element ? element(x, n) : field(x, n);
}

static void
get(struct machine *x, uint32_t i, struct x64_mem m)
{
	const struct node *n = node_of(x, i);
	int r = alloc_result(&x->al, i, n->a);
	x64_rm(x->x, move_of(n), r >= 16 ? xmm(r) : r, m);
}

static void
set(struct machine *x, const struct node *n, struct x64_mem m, uint32_t v)
{
	int32_t imm;
	if (n->type < TYPE_f32 && is_imm32(x, v, &imm)) {
		x64_mi(x->x, move_of(n), m, x64_low(move_of(n), imm));
		return;
	}
	int r = alloc_use(&x->al, v);
	x64_mr(x->x, move_of(n), m, r >= 16 ? xmm(r) : r);
	alloc_done(&x->al, v);
}

/* New objects */

static uint32_t
bytes_of(const struct machine *x, const struct node *n)
{
	const struct deftype *d = typespace_get(x->ir->m->engine->types, n->c);
	uint32_t size = d->layout->size;
	return d->comp == COMP_array ? OBJECT_HEAD + n->b * size : size;
}

/* Out of line: references that are in registers go home as well, where the
 * collector finds them, and C makes the object. */
static void
new_slow(struct machine *x, uint32_t i, int r, uint32_t back)
{
	uint32_t n;
	const uint32_t *v = roots_of(&x->roots, i, &n);
	for (uint32_t k = 0; k < n; k++)
		if (x->al.reg[v[k]] != NO_REG)
			machine_store(x, TYPE_ref, alloc_home(&x->al, v[k]),
				x->al.reg[v[k]]);
	label_fix(x, x64_lea_rip(x->x, RTMP), site_label(x, i));
	x64_rr(x->x, X64_vmovq_xr, xmm(XTMP), RTMP);
	x64_mov_imm(x->x, RTMP, (uintptr_t)stub_new);
	x64_r(x->x, X64_call, RTMP);
	machine_move(x, TYPE_ref, r, RTMP);
	jump_to(x, back);
}

/* The next cell of the class's run (heap_take). */
static void
new_object(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	uint32_t class = heap_class(bytes_of(x, n));
	size_t run = offsetof(struct store, heap) +
		     offsetof(struct heap, runs) +
		     class * sizeof(struct heap_run);
	struct x64_mem next =
		at(RTMP, (int32_t)(run + offsetof(struct heap_run, at)));
	int r = alloc_result(&x->al, i, 0);
	uint32_t slow = label_new(x), back = label_new(x);
	x64_rm(x->x, X64_mov64, RTMP,
		at(RINST, offsetof(struct instance, store)));
	x64_rm(x->x, X64_mov64, r, next);
	x64_rm(x->x, X64_cmp64, r,
		at(RTMP, (int32_t)(run + offsetof(struct heap_run, end))));
	branch_to(x, X64_e, slow);
	x64_mi(x->x, X64_add64, next, (int32_t)heap_class_bytes(class));
	x64_mi(x->x, X64_mov32, at(r, offsetof(struct object, type)),
		(int32_t)n->c);
	if (n->b != 0)
		x64_mi(x->x, X64_mov32, at(r, offsetof(struct object, length)),
			(int32_t)n->b);
	label_here(x, back);
	enum part part = x->part;
	part_begin(x, PART_side);
	label_here(x, slow);
	new_slow(x, i, r, back);
	part_begin(x, part);
}

/* Casts */

/* The row of the object's type, whose id is in r, in RTMP. */
static void
row_of(struct machine *x, int r)
{
	x64_mov_imm(x->x, RTMP, (uintptr_t)x->ir->m->engine->types);
	x64_rm(x->x, X64_mov64, RTMP,
		at(RTMP, offsetof(struct typespace_head, rows)));
	x64_rm(x->x, X64_mov64, RTMP,
		(struct x64_mem){ RTMP, (uint8_t)r, 3, 0 });
}

/*
 * Equal if the object at a, whose type is at offset, is of type d.  The type
 * itself is compared, then what the display of its supertypes has at d's depth
 * (standard, appendix on the representation of types).
 */
static void
compare_type(struct machine *x, int a, int32_t offset, int t,
	const struct deftype *d, uint32_t done)
{
	if (d->final) {
		x64_mi(x->x, X64_cmp32, at(a, offset), (int32_t)d->canon);
		return;
	}
	x64_rm(x->x, X64_mov32, t, at(a, offset));
	x64_ri(x->x, X64_cmp32, t, (int32_t)d->canon);
	branch_to(x, X64_e, done);
	row_of(x, t);
	x64_mi(x->x, X64_cmp32, at(RTMP, offsetof(struct deftype, depth)),
		(int32_t)d->depth + 1);
	branch_to(x, X64_b, done); /* not equal */
	x64_rm(x->x, X64_mov64, RTMP,
		at(RTMP, offsetof(struct deftype, supers)));
	x64_mi(x->x, X64_cmp32, at(RTMP, (int32_t)(4 * d->depth)),
		(int32_t)d->canon);
}

/* Not equal, out of line. */
static uint32_t
no_label(struct machine *x, uint32_t done)
{
	uint32_t label = label_new(x);
	enum part part = x->part;
	part_begin(x, PART_odd);
	label_here(x, label);
	x64_rr(x->x, X64_test64, X64_rsp, X64_rsp);
	jump_to(x, done);
	part_begin(x, part);
	return label;
}

struct x64_test
x64_object_is(struct machine *x, const struct node *n)
{
	const struct typespace *ts = x->ir->m->engine->types;
	valtype to = n->c;
	uint32_t done = label_new(x);
	int a = alloc_use(&x->al, n->a);
	int t = alloc_free_in(&x->al, MACHINE_INTS);
	if ((n->b & MAY_BE_NULL) != 0) {
		x64_rr(x->x, X64_test64, a, a);
		branch_to(x, X64_e,
			(to & VT_NULL) != 0 ? done : no_label(x, done));
	}
	if ((n->b & MAY_BE_TAGGED) != 0) {
		x64_ri(x->x, X64_test32, a, 3);
		branch_to(x, X64_ne, done);
	}
	if ((to & VT_INDEX) != 0) {
		const struct deftype *d = typespace_get(ts, to & VT_PAYLOAD);
		int32_t offset = d->comp == COMP_func
					 ? offsetof(struct func, type)
					 : offsetof(struct object, type);
		compare_type(x, a, offset, t, d, done);
	} else {
		x64_rm(x->x, X64_mov32, t,
			at(a, offsetof(struct object, type)));
		row_of(x, t);
		x64_mi(x->x, X64_cmp8, at(RTMP, offsetof(struct deftype, comp)),
			(to & VT_PAYLOAD) == HT_ARRAY ? COMP_array
						      : COMP_struct);
	}
	label_here(x, done);
	alloc_done(&x->al, n->a);
	return (struct x64_test){ X64_e, TEST_one };
}

static void
get_field(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	get(x, i, field(x, n));
	alloc_done(&x->al, n->a);
}

static void
get_element(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	get(x, i, element(x, n));
	done2(x, n);
}

static void
set_field(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	set(x, n, field(x, n), n->b);
	alloc_done(&x->al, n->a);
}

static void
set_element(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	set(x, n, element(x, n), n->c);
	done2(x, n);
}

X64_SELECT(new, new_object(x, i))
X64_SELECT(field, get_field(x, i))
X64_SELECT(field8_s, get_field(x, i))
X64_SELECT(field8_u, get_field(x, i))
X64_SELECT(field16_s, get_field(x, i))
X64_SELECT(field16_u, get_field(x, i))
X64_SELECT(element, get_element(x, i))
X64_SELECT(element8_s, get_element(x, i))
X64_SELECT(element8_u, get_element(x, i))
X64_SELECT(element16_s, get_element(x, i))
X64_SELECT(element16_u, get_element(x, i))
X64_SELECT(set_field, set_field(x, i))
X64_SELECT(set_field8, set_field(x, i))
X64_SELECT(set_field16, set_field(x, i))
X64_SELECT(set_element, set_element(x, i))
X64_SELECT(set_element8, set_element(x, i))
X64_SELECT(set_element16, set_element(x, i))
