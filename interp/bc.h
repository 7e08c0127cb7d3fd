/*
 * The bytecode as an enum.  The forms of a family follow one another in the
 * order of enum form, so that family + form is the handler.
 */
#ifndef INTERP_BC_H
#define INTERP_BC_H

/* Forms of BIN, DIV, CMP, FBIN, FCMP (IB IA: the left operand is imm, the right
   one in slot b; K: 64-bit types), and of the branches of
   CMP and FCMP (up to SA). */
enum form {
	FORM_SS,
	FORM_SI,
	FORM_AS,
	FORM_AI,
	FORM_SA,
	FORM_IB,
	FORM_IA,
	FORM_SK,
	FORM_AK,
};

/* Forms of UNARY, CONVERT and CHAIN. */
enum form1 { FORM_S, FORM_A };

/* Forms of LOAD. */
enum form_load {
	LOAD_S,
	LOAD_A,
	LOAD_SS,
	LOAD_AS,
	LOAD_SI,
	LOAD_AI,
	LOAD_I,
	LOAD_HS,
	LOAD_HA,
	LOAD_HSI,
	LOAD_HAI,
	LOAD_HSS,
	LOAD_HAS,
	LOAD_M,
};

/* Forms of STORE: address, then value. */
enum form_store {
	STORE_S_S,
	STORE_S_A,
	STORE_S_I,
	STORE_A_S,
	STORE_A_I,
	STORE_SS_S,
	STORE_SS_A,
	STORE_SS_I,
	STORE_AS_S,
	STORE_I_S,
	STORE_I_A,
	STORE_M_S,
};

/* Forms of FSTORE; the accumulators of address and value differ. */
enum form_fstore {
	FSTORE_S_S,
	FSTORE_S_A,
	FSTORE_A_S,
	FSTORE_A_A,
	FSTORE_SS_S,
	FSTORE_SS_A,
	FSTORE_AS_S,
	FSTORE_AS_A,
	FSTORE_I_S,
	FSTORE_I_A,
	FSTORE_M_S,
};

/* Forms of VBIN, whose operands stand either way round if it commutes. */
enum form_vbin { VBIN_SS, VBIN_AS, VBIN_SA };

/* Forms of VBIN_LOAD and VCHAIN_LOAD: address, then left operand. */
enum form_vbin_load {
	VBIN_LOAD_S_S,
	VBIN_LOAD_S_A,
	VBIN_LOAD_I_S,
	VBIN_LOAD_I_A,
};

/* Forms of VSHIFT. */
enum form_vshift { VSHIFT_SS, VSHIFT_SI, VSHIFT_AI };

/* Forms of VLOAD. */
enum form_vload { VLOAD_S, VLOAD_SS, VLOAD_SI, VLOAD_M };

/* Forms of VSTORE: address, then value. */
enum form_vstore {
	VSTORE_S_S,
	VSTORE_S_A,
	VSTORE_SS_S,
	VSTORE_SS_A,
	VSTORE_M_S,
};

/* Forms of GET: struct_get, then array_get. */
enum form_get {
	GET_S,
	GET_A,
	GET_SS,
	GET_SA,
	GET_SI,
	GET_AS,
};

/* Forms of PUT: struct_set, then array_set. */
enum form_put {
	PUT_S_S,
	PUT_S_A,
	PUT_S_I,
	PUT_A_S,
	PUT_A_I,
	PUT_SS_S,
	PUT_SS_A,
	PUT_SS_I,
	PUT_SA_S,
	PUT_SA_I,
};

/* X(id, form letters..) for each form of a family, in the order above. */
/* clang-format off */
#define FORMS2(X, id) \
	X(id, S, S) X(id, S, I) X(id, A, S) X(id, A, I) X(id, S, A)
#define FORMS2_i32(X, id) FORMS2(X, id) X(id, I, B) X(id, I, A)
#define FORMS2_f32(X, id) FORMS2_i32(X, id)
#define FORMS2_i64(X, id) FORMS2_i32(X, id) X(id, S, K) X(id, A, K)
#define FORMS2_f64(X, id) FORMS2_i64(X, id)
#define FORMS1(X, id) X(id, S) X(id, A)
#define FORMS_INCREMENT(X, id) X(id, S) X(id, I)
#define FORMS_LOAD(X, id) \
	X(id, S) X(id, A) X(id, SS) X(id, AS) X(id, SI) X(id, AI) X(id, I) \
	X(id, HS) X(id, HA) X(id, HSI) X(id, HAI) X(id, HSS) X(id, HAS) \
	X(id, M)
#define FORMS_STORE(X, id) \
	X(id, S, S) X(id, S, A) X(id, S, I) X(id, A, S) X(id, A, I) \
	X(id, SS, S) X(id, SS, A) X(id, SS, I) X(id, AS, S) X(id, I, S) \
	X(id, I, A) X(id, M, S)
#define FORMS_FSTORE(X, id) \
	X(id, S, S) X(id, S, A) X(id, A, S) X(id, A, A) X(id, SS, S) \
	X(id, SS, A) X(id, AS, S) X(id, AS, A) X(id, I, S) X(id, I, A) \
	X(id, M, S)
#define FORMS_VBIN_0(X, id) X(id, S, S) X(id, A, S) X(id, S, A)
#define FORMS_VBIN_1(X, id) X(id, S, S) X(id, A, S)
#define FORMS_VBIN_LOAD(X, id) \
	X(id, S, S) X(id, S, A) X(id, I, S) X(id, I, A)
#define FORMS_VSHIFT(X, id) X(id, S, S) X(id, S, I) X(id, A, I)
#define FORMS_VLOAD(X, id) X(id, S) X(id, SS) X(id, SI) X(id, M)
#define FORMS_VSTORE(X, id) \
	X(id, S, S) X(id, S, A) X(id, SS, S) X(id, SS, A) X(id, M, S)
#define FORMS_GET(X, Y, id) \
	X(id, S) X(id, A) Y(id, S, S) Y(id, S, A) Y(id, S, I) Y(id, A, S)
#define FORMS_PUT(X, Y, id) \
	X(id, S, S) X(id, S, A) X(id, S, I) X(id, A, S) X(id, A, I) \
	Y(id, S, S, S) Y(id, S, S, A) Y(id, S, S, I) Y(id, S, A, S) \
	Y(id, S, A, I)
/* clang-format on */

#define BC_2(id, l, r) BC_##id##_##l##r,
#define BC_BR(id, l, r) BC_br_##id##_##l##r,
#define BC_BRN(id, l, r) BC_brn_##id##_##l##r,
#define BC_INC(id, r) BC_increment_br_##id##_##r,
#define BC_1(id, x) BC_##id##_##x,
#define BC_ST(id, adr, val) BC_##id##_##adr##_##val,
#define BC_VL(id, adr, left) BC_##id##_load_##adr##_##left,
#define BC_SGET(id, o) BC_struct_get_##id##_##o,
#define BC_AGET(id, o, i) BC_array_get_##id##_##o##i,
#define BC_SSET(id, o, v) BC_struct_set_##id##_##o##_##v,
#define BC_ASET(id, o, i, v) BC_array_set_##id##_##o##i##_##v,

enum bc {
#define BIN(id, type, commutes) FORMS2_##type(BC_2, id)
#define DIV(id, type) FORMS2_##type(BC_2, id)
#define CMP(id, type, mirror, inverse) FORMS2_##type(BC_2, id) FORMS2(BC_BR, id)
#define FBIN(id, type, commutes) FORMS2_##type(BC_2, id)
#define FCMP(id, type, mirror) \
	FORMS2_##type(BC_2, id) FORMS2(BC_BR, id) FORMS2(BC_BRN, id)
#define UNARY(id, from, to) FORMS1(BC_1, id)
#define CONVERT(id, from, to) FORMS1(BC_1, id)
#define LOAD(id, type, bytes, value) FORMS_LOAD(BC_1, id)
#define STORE(id, type, bytes) FORMS_STORE(BC_ST, id)
#define FSTORE(id, type, bytes) FORMS_FSTORE(BC_ST, id)
#define CHAIN(id, type, inner, r1, outer, r2) FORMS1(BC_1, id)
#define RCHAIN(id, type, inner, r1, outer) FORMS1(BC_1, id)
#define INCREMENT_BR(id, mirror) FORMS_INCREMENT(BC_INC, id)
#define PLAIN(id, operands) BC_##id,
#include "interp/bc.def"
#define VBIN(id, nan, commutes) FORMS_VBIN_##commutes(BC_2, id)
#define VBIN_LOAD(id) FORMS_VBIN_LOAD(BC_VL, id)
#define VCHAIN_LOAD(id, inner, outer) FORMS_VBIN_LOAD(BC_VL, id)
#define VUNARY(id, nan) FORMS1(BC_1, id)
#define VTERNARY(id, nan) BC_##id,
#define VSHIFT(id) FORMS_VSHIFT(BC_2, id)
#define VTEST(id) BC_##id,
#define VSPLAT(id, type) BC_##id,
#define VEXTRACT(id, type, lanes) BC_##id,
#define VREPLACE(id, type, lanes) BC_##id,
#define VLOAD(id, bytes) FORMS_VLOAD(BC_1, id)
#define VSTORE(id, bytes) FORMS_VSTORE(BC_ST, id)
#define VLOAD_LANE(id, bytes) BC_##id,
#define VSTORE_LANE(id, bytes) BC_##id,
#define PLAIN(id, operands) BC_##id,
#include "interp/vector.def"
#define GET(id, type, bytes, value) FORMS_GET(BC_SGET, BC_AGET, id)
#define PUT(id, type, bytes) FORMS_PUT(BC_SSET, BC_ASET, id)
#define PLAIN(id, operands) BC_##id,
#include "interp/object.def"
#define ATOMIC_LOAD(id, type, bits) BC_##id,
#define ATOMIC_STORE(id, type, bits) BC_##id,
#define ATOMIC_RMW(id, type, bits, op) BC_##id,
#define ATOMIC_CMPXCHG(id, type, bits) BC_##id,
#define ATOMIC_WAIT(id, type, bits) BC_##id,
#define PLAIN(id, operands) BC_##id,
#include "interp/atomic.def"
#define PAIR_BOTH(x, y) BC_##x##_then_##y,
#include "interp/pair.def"
	BC_count,
};

#endif
