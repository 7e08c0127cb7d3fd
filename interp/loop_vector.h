/*
 * Handlers of vectors, a part of interp/loop.c.
 */
#ifndef INTERP_LOOP_VECTOR_H
#define INTERP_LOOP_VECTOR_H

#define DO_VBIN(id, L, R) \
	OP(id##_##L##R) \
	{ \
		BODY_VBIN(id, L, R) \
		NEXT; \
	}
#define DO_VBIN_LOAD(id, X, L) \
	OP(id##_load_##X##_##L) \
	{ \
		BODY_VBIN_LOAD(id, X, L, RECHECK) \
		NEXT; \
	}
#define DO_VCHAIN_LOAD(id, inner, outer, X, L) \
	OP(id##_load_##X##_##L) \
	{ \
		BODY_VCHAIN_LOAD(inner, outer, X, L, RECHECK) \
		SKIP(2); \
	}
#define DO_VUNARY(id, X) \
	OP(id##_##X) \
	{ \
		BODY_VUNARY(id, X) \
		NEXT; \
	}
#define DO_VSHIFT(id, L, R) \
	OP(id##_##L##R) \
	{ \
		BODY_VSHIFT(id, L, R) \
		NEXT; \
	}
#define DO_VLOAD(id, n, X) \
	OP(id##_##X) \
	{ \
		BODY_VLOAD(id, n, X, RECHECK) \
		NEXT; \
	}
#define DO_VSTORE(id, n, X, V) \
	OP(id##_##X##_##V) \
	{ \
		BODY_VSTORE(id, n, X, V, RECHECK) \
		NEXT; \
	}
#define VBIN(id, nan, commutes) FORMS_VBIN_##commutes(DO_VBIN, id)
#define VBIN_LOAD(id) FORMS_VBIN_LOAD(DO_VBIN_LOAD, id)
#define VCHAIN_LOAD(id, inner, outer) \
	EACH_VCHAIN_LOAD(DO_VCHAIN_LOAD, id, inner, outer)
#define VUNARY(id, nan) FORMS1(DO_VUNARY, id)
#define VSHIFT(id) FORMS_VSHIFT(DO_VSHIFT, id)
#define VTERNARY(id, nan) \
	OP(id) \
	{ \
		v128 x = GET_v128_S(pc->u.s.b), y = GET_v128_S(pc->v.s.c), \
		     z = GET_v128_S(pc->v.s.d); \
		SET_v128(pc->u.s.a, vec_##id(x, y, z)); \
		NEXT; \
	}
#define VTEST(id) \
	OP(id) \
	{ \
		SET_i32(pc->u.s.a, vec_##id(GET_v128_S(pc->u.s.b))); \
		NEXT; \
	}
#define VSPLAT(id, type) \
	OP(id) \
	{ \
		SET_v128(pc->u.s.a, vec_##id(GET_##type##_S(pc->u.s.b))); \
		NEXT; \
	}
#define VEXTRACT(id, type, lanes) \
	OP(id) \
	{ \
		v128 x = GET_v128_S(pc->u.s.b); \
		SET_##type(pc->u.s.a, vec_##id(x, pc->v.s.c)); \
		NEXT; \
	}
#define VREPLACE(id, type, lanes) \
	OP(id) \
	{ \
		v128 x = GET_v128_S(pc->u.s.b); \
		type y = GET_##type##_S(pc->v.s.c); \
		SET_v128(pc->u.s.a, vec_##id(x, y, pc->v.s.d)); \
		NEXT; \
	}
#define VLOAD(id, n) \
	DO_VLOAD(id, n, S) \
	DO_VLOAD(id, n, SS) \
	DO_VLOAD(id, n, SI) \
	OP(id##_M) \
	{ \
		ANY_MEMORY(n) \
		SET_v128(pc->u.s.a, vec_##id(m->base + (size_t)at)); \
		SKIP(2); \
	}
#define VSTORE(id, n) \
	DO_VSTORE(id, n, S, S) \
	DO_VSTORE(id, n, S, A) \
	DO_VSTORE(id, n, SS, S) \
	DO_VSTORE(id, n, SS, A) \
	OP(id##_M_S) \
	{ \
		ANY_MEMORY(n) \
		vec_##id(m->base + (size_t)at, GET_v128_S(pc->u.s.a)); \
		SKIP(2); \
	}
#define VLOAD_LANE(id, n) \
	OP(id) \
	{ \
		ANY_MEMORY(n) \
		v128 x = GET_v128_S(pc[2].u.s.a); \
		SET_v128(pc->u.s.a, \
			vec_##id(m->base + (size_t)at, x, pc[2].u.s.b)); \
		SKIP(3); \
	}
#define VSTORE_LANE(id, n) \
	OP(id) \
	{ \
		ANY_MEMORY(n) \
		v128 x = GET_v128_S(pc->u.s.a); \
		vec_##id(m->base + (size_t)at, x, pc[2].u.s.b); \
		SKIP(3); \
	}
#include "interp/vector.def"
DO_PLAIN(v128_copy)
#define DO_PLAIN_3(id) \
	OP(id) \
	{ \
		BODY_##id SKIP(3); \
	}
DO_PLAIN_3(v128_const)
DO_PLAIN_3(i8x16_bytes)
DO_PLAIN_3(i8x16_shuffle)
DO_PLAIN_3(i8x16_permute)
OP(v128_select)
{
	v128 x = GET_v128_S(pc->u.s.b), y = GET_v128_S(pc->v.s.c);
	SET_v128(pc->u.s.a, GET_i32_S(pc->v.s.d) != 0 ? x : y);
	NEXT;
}
OP(v128_global_get)
{
	const union slot *value = inst->globals[pc->v.imm]->value;
	SET_v128(pc->u.s.a, vec_load(value));
	NEXT;
}
OP(v128_global_set)
{
	vec_store(inst->globals[pc->v.imm]->value, GET_v128_S(pc->u.s.a));
	NEXT;
}
OP(v128_canon_f32x4)
{
	v128 x = GET_v128_S(pc->u.s.a);
	for (uint32_t i = 0; i < 4; i++)
		x = vec_f32x4_replace_lane(
			x, num_canon_f32(vec_f32x4_extract_lane(x, i)), i);
	SET_v128(pc->u.s.a, x);
	NEXT;
}
OP(v128_canon_f64x2)
{
	v128 x = GET_v128_S(pc->u.s.a);
	for (uint32_t i = 0; i < 2; i++)
		x = vec_f64x2_replace_lane(
			x, num_canon_f64(vec_f64x2_extract_lane(x, i)), i);
	SET_v128(pc->u.s.a, x);
	NEXT;
}

#endif
