/*
 * Value types: canonical form, matching (standard, 3.3) and text.
 */
#include "spec/type.h"

#include <inttypes.h>
#include <stdio.h>

/* The heap type below every other one, met only in unreachable code. */
#define HT_BOT 0

valtype
vt_canon(const struct deftype *types, valtype t)
{
	if ((t & VT_INDEX) == 0)
		return t;
	return (t & ~VT_PAYLOAD) | types[t & VT_PAYLOAD].canon;
}

/* The abstract heap type just above the composite type. */
static uint32_t
heap_of_comp(const struct deftype *d)
{
	switch ((enum comp)d->comp) {
	case COMP_struct:
		return HT_STRUCT;
	case COMP_array:
		return HT_ARRAY;
	case COMP_func:
		break;
	}
	return HT_FUNC;
}

/* Abstract heap types: a <= b. */
static bool
abstract_matches(uint32_t a, uint32_t b)
{
	if (a == b || a == HT_BOT)
		return true;
	switch (a) {
	case HT_NONE:
		return b == HT_ANY || b == HT_EQ || b == HT_I31 ||
		       b == HT_STRUCT || b == HT_ARRAY;
	case HT_NOFUNC:
		return b == HT_FUNC;
	case HT_NOEXTERN:
		return b == HT_EXTERN;
	case HT_NOEXN:
		return b == HT_EXN;
	case HT_I31:
	case HT_STRUCT:
	case HT_ARRAY:
		return b == HT_EQ || b == HT_ANY;
	case HT_EQ:
		return b == HT_ANY;
	default:
		return false;
	}
}

/* Heap types with VT_INDEX or without: a <= b. */
static bool
heap_matches(const struct typespace *ts, uint32_t a, uint32_t b)
{
	uint32_t ia = a & VT_PAYLOAD, ib = b & VT_PAYLOAD;
	if ((a & VT_INDEX) != 0 && (b & VT_INDEX) != 0)
		return typespace_sub(ts, ia, ib);
	if ((a & VT_INDEX) != 0)
		return abstract_matches(
			heap_of_comp(typespace_get(ts, ia)), ib);
	if ((b & VT_INDEX) != 0) {
		if (typespace_get(ts, ib)->comp == COMP_func)
			return ia == HT_NOFUNC || ia == HT_BOT;
		return ia == HT_NONE || ia == HT_BOT;
	}
	return abstract_matches(ia, ib);
}

bool
vt_matches(const struct typespace *ts, valtype a, valtype b)
{
	if (a == b || a == VT_BOT)
		return true;
	if (!vt_is_ref(a) || !vt_is_ref(b))
		return false;
	if ((a & VT_NULL) != 0 && (b & VT_NULL) == 0)
		return false;
	return heap_matches(
		ts, a & (VT_INDEX | VT_PAYLOAD), b & (VT_INDEX | VT_PAYLOAD));
}

uint32_t
vt_top(const struct typespace *ts, valtype t)
{
	uint32_t payload = t & VT_PAYLOAD;
	if ((t & VT_INDEX) != 0)
		return typespace_get(ts, payload)->comp == COMP_func ? HT_FUNC
								     : HT_ANY;
	switch (payload) {
	case HT_FUNC:
	case HT_NOFUNC:
		return HT_FUNC;
	case HT_EXTERN:
	case HT_NOEXTERN:
		return HT_EXTERN;
	case HT_EXN:
	case HT_NOEXN:
		return HT_EXN;
	default:
		return HT_ANY;
	}
}

uint32_t
vt_bottom(const struct typespace *ts, valtype t)
{
	switch (vt_top(ts, t)) {
	case HT_FUNC:
		return HT_NOFUNC;
	case HT_EXTERN:
		return HT_NOEXTERN;
	case HT_EXN:
		return HT_NOEXN;
	default:
		return HT_NONE;
	}
}

static const char *
code_name(uint32_t code)
{
	switch (code) {
	case VT_I32:
		return "i32";
	case VT_I64:
		return "i64";
	case VT_F32:
		return "f32";
	case VT_F64:
		return "f64";
	case VT_V128:
		return "v128";
	case VT_I8:
		return "i8";
	case VT_I16:
		return "i16";
	case HT_NOEXN:
		return "noexn";
	case HT_NOFUNC:
		return "nofunc";
	case HT_NOEXTERN:
		return "noextern";
	case HT_NONE:
		return "none";
	case HT_FUNC:
		return "func";
	case HT_EXTERN:
		return "extern";
	case HT_ANY:
		return "any";
	case HT_EQ:
		return "eq";
	case HT_I31:
		return "i31";
	case HT_STRUCT:
		return "struct";
	case HT_ARRAY:
		return "array";
	case HT_EXN:
		return "exn";
	default:
		return "bot";
	}
}

const char *
vt_format(valtype t, char out[32])
{
	const char *null = (t & VT_NULL) != 0 ? "null " : "";
	uint32_t payload = t & VT_PAYLOAD;
	if (!vt_is_ref(t))
		snprintf(out, 32, "%s", code_name(t));
	else if ((t & VT_INDEX) != 0)
		snprintf(out, 32, "(ref %s%" PRIu32 ")", null, payload);
	else
		snprintf(out, 32, "(ref %s%s)", null, code_name(payload));
	return out;
}
