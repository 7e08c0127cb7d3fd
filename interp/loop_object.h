/*
 * Handlers of structures, arrays, i31 and casts, a part of interp/loop.c.
 */
#ifndef INTERP_LOOP_OBJECT_H
#define INTERP_LOOP_OBJECT_H

/* structures and arrays; a is written last, as it may be an operand's slot */
#define OBJECT(X) ((struct object *)(uintptr_t)GET_i64_##X(pc->u.s.b))
#define STRUCT(X, offset) \
	struct object *o = OBJECT(X); \
	if (o == NULL) \
		TRAP(TRAP_null_structure_reference); \
	uint8_t *p = object_at(o, (size_t)(offset));
#define ARRAY(X, index, size) \
	struct object *o = OBJECT(X); \
	uint32_t i = (index); \
	if (o == NULL) \
		TRAP(TRAP_null_array_reference); \
	if (i >= o->length) \
		TRAP(TRAP_array_out_of_bounds); \
	uint8_t *p = object_at(o, OBJECT_HEAD + (size_t)i * (size));
#define INDEX_S GET_i32_S(pc->v.s.c)
#define INDEX_A ((uint32_t)acc)
#define INDEX_I ((uint32_t)pc->v.s.c)
#define DO_STRUCT_GET(id, type, value, X) \
	OP(struct_get_##id##_##X) \
	{ \
		STRUCT(X, pc->v.imm) \
		SET_##type(pc->u.s.a, BITS_##type(value)); \
		NEXT; \
	}
#define DO_ARRAY_GET(id, type, n, value, X, I) \
	OP(array_get_##id##_##X##I) \
	{ \
		ARRAY(X, INDEX_##I, n) \
		SET_##type(pc->u.s.a, BITS_##type(value)); \
		NEXT; \
	}
#define GET(id, type, n, value) \
	DO_STRUCT_GET(id, type, value, S) \
	DO_STRUCT_GET(id, type, value, A) \
	DO_ARRAY_GET(id, type, n, value, S, S) \
	DO_ARRAY_GET(id, type, n, value, S, A) \
	DO_ARRAY_GET(id, type, n, value, S, I) \
	DO_ARRAY_GET(id, type, n, value, A, S)
#define PUT_FIELD_1(p, v) (*(p) = (uint8_t)(v))
#define PUT_FIELD_2(p, v) object_put16(p, (uint16_t)(v))
#define PUT_FIELD_4(p, v) object_put32(p, (uint32_t)(v))
#define PUT_FIELD_8(p, v) object_put64(p, v)
#define DO_STRUCT_SET(id, type, n, X, V) \
	OP(struct_set_##id##_##X##_##V) \
	{ \
		STRUCT(X, pc->v.imm) \
		PUT_FIELD_##n(p, VALUE_##type##_##V); \
		NEXT; \
	}
#define DO_ARRAY_SET(id, type, n, X, I, V) \
	OP(array_set_##id##_##X##I##_##V) \
	{ \
		ARRAY(X, INDEX_##I, n) \
		PUT_FIELD_##n(p, VALUE_##type##_##V); \
		NEXT; \
	}
#define PUT(id, type, n) \
	DO_STRUCT_SET(id, type, n, S, S) \
	DO_STRUCT_SET(id, type, n, S, A) \
	DO_STRUCT_SET(id, type, n, S, I) \
	DO_STRUCT_SET(id, type, n, A, S) \
	DO_STRUCT_SET(id, type, n, A, I) \
	DO_ARRAY_SET(id, type, n, S, S, S) \
	DO_ARRAY_SET(id, type, n, S, S, A) \
	DO_ARRAY_SET(id, type, n, S, S, I) \
	DO_ARRAY_SET(id, type, n, S, A, S) \
	DO_ARRAY_SET(id, type, n, S, A, I)
#include "interp/object.def"
OP(struct_get_v128)
{
	STRUCT(S, pc->v.imm)
	memcpy(&fp[pc->u.s.a], p, 16);
	vec = GET_v128_S(pc->u.s.a);
	NEXT;
}
OP(struct_set_v128)
{
	STRUCT(S, pc->v.imm)
	memcpy(p, &fp[pc->u.s.a], 16);
	NEXT;
}
OP(array_get_v128)
{
	ARRAY(S, INDEX_S, 16)
	memcpy(&fp[pc->u.s.a], p, 16);
	vec = GET_v128_S(pc->u.s.a);
	NEXT;
}
OP(array_set_v128)
{
	ARRAY(S, INDEX_S, 16)
	memcpy(p, &fp[pc->u.s.a], 16);
	NEXT;
}
#define DO_ARRAY_LEN(X) \
	OP(array_len_##X) \
	{ \
		const struct object *o = OBJECT(X); \
		if (o == NULL) \
			TRAP(TRAP_null_array_reference); \
		SET_i32(pc->u.s.a, o->length); \
		NEXT; \
	}
DO_ARRAY_LEN(S)
DO_ARRAY_LEN(A)

/* A new object; if its class has no run, the cold path makes it. */
#define DO_OBJECT_NEW(id, put, words) \
	OP(id) \
	{ \
		const uint32_t *w = cell_words(pc); \
		uint32_t n = pc->u.s.b; \
		struct object *o = \
			heap_take(&inst->store->heap, NEW_CLASS(w[0]), \
				NEW_BYTES(w[0]), (uint32_t)pc->v.imm, w[1]); \
		if (o == NULL) \
			GO_COLD(new_object); \
		put(o, fp, w + 2, n); \
		SET_i64(pc->u.s.a, (uintptr_t)o); \
		SKIP(1 + cell_count(2 + (words))); \
	}
DO_OBJECT_NEW(object_new_slots, put_slots, n)
DO_OBJECT_NEW(object_new, put_fields, 2 * n)
OP(object_new_large)
{
	GO_COLD(new_object);
}

/* What makes an array in the two cells from pc on. */
#define NEW_ARRAY(cells, call) \
	do { \
		EXIT(pc + (cells)); \
		if ((call) != STATUS_done) \
			return STATUS_raise; \
		acc = fp[pc->u.s.a].u64; \
		SKIP(cells); \
	} while (0)
OP(array_new)
{
	NEW_ARRAY(2, array_new(inst->store, pc[1].u.ab, &fp[pc->u.s.b],
			     GET_i32_S(pc->v.s.c), &fp[pc->u.s.a]));
}
OP(array_new_default)
{
	NEW_ARRAY(1, array_new_default(inst->store, (uint32_t)pc->v.imm,
			     GET_i32_S(pc->u.s.b), &fp[pc->u.s.a]));
}
OP(array_new_data)
{
	NEW_ARRAY(2, array_new_data(inst, pc[1].u.ab, (uint32_t)pc->v.imm,
			     GET_i32_S(pc->u.s.b), GET_i32_S(pc->u.s.b + 1),
			     &fp[pc->u.s.a]));
}
OP(array_new_elem)
{
	NEW_ARRAY(2, array_new_elem(inst, pc[1].u.ab, (uint32_t)pc->v.imm,
			     GET_i32_S(pc->u.s.b), GET_i32_S(pc->u.s.b + 1),
			     &fp[pc->u.s.a]));
}
OP(array_fill)
{
	BULK(array_fill(inst->store, fp[pc->u.s.a], OPERAND(1),
		&fp[pc->u.s.a + 2], OPERAND(2 + pc->u.s.b)));
}
OP(array_copy)
{
	BULK(array_copy(inst->store, fp[pc->u.s.a], OPERAND(1),
		fp[pc->u.s.a + 2], OPERAND(3), OPERAND(4)));
}
OP(array_init_data)
{
	BULK(array_init_data(inst, fp[pc->u.s.a], OPERAND(1),
		(uint32_t)pc->v.imm, OPERAND(2), OPERAND(3)));
}
OP(array_init_elem)
{
	BULK(array_init_elem(inst, fp[pc->u.s.a], OPERAND(1),
		(uint32_t)pc->v.imm, OPERAND(2), OPERAND(3)));
}
OP(ref_i31)
{
	SET_i64(pc->u.s.a, ref_of_i31(GET_i32_S(pc->u.s.b)).u64);
	NEXT;
}
#define DO_I31_GET(x) \
	OP(i31_get_##x) \
	{ \
		union slot ref = fp[pc->u.s.b]; \
		if (ref_is_null(ref)) \
			TRAP(TRAP_null_i31_reference); \
		SET_i32(pc->u.s.a, ref_i31_##x(ref)); \
		NEXT; \
	}
DO_I31_GET(s)
DO_I31_GET(u)
#define DO_CASTS(id, is) \
	OP(ref_test##id) \
	{ \
		bool yes = is(inst, fp[pc->u.s.b], (valtype)pc->v.imm); \
		SET_i32(pc->u.s.a, yes); \
		NEXT; \
	} \
	OP(ref_cast##id) \
	{ \
		union slot ref = fp[pc->u.s.b]; \
		if (!is(inst, ref, (valtype)pc->v.imm)) \
			TRAP(TRAP_cast_failure); \
		SET_i64(pc->u.s.a, ref.u64); \
		NEXT; \
	} \
	OP(br_cast##id) \
	{ \
		if (is(inst, fp[pc->u.s.a], pc[1].u.ab)) \
			JUMP; \
		SKIP(2); \
	} \
	OP(br_cast_fail##id) \
	{ \
		if (!is(inst, fp[pc->u.s.a], pc[1].u.ab)) \
			JUMP; \
		SKIP(2); \
	}
DO_CASTS(, cast_any)
DO_CASTS(_id, cast_id)

#endif
