#include "spec/suite/compare.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "spec/object.h"
#include "spec/script.h"

/* A float format: its width, exponent bits and the top bit of the payload. */
struct ieee {
	uint64_t sign, exponent, quiet;
};

static const struct ieee ieee32 = { 0x80000000, 0x7f800000, 0x00400000 };
static const struct ieee ieee64 = { (uint64_t)1 << 63, (uint64_t)0x7ff << 52,
	(uint64_t)1 << 51 };

void
text_add(struct text *t, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	size_t room = sizeof t->bytes - t->len;
	int n = vsnprintf(t->bytes + t->len, room, format, args);
	va_end(args);
	if (n > 0)
		t->len += (size_t)n < room ? (size_t)n : room - 1;
}

valtype
compare_type(const struct typespace *ts, const struct script_value *v)
{
	switch (v->kind) {
	case VALUE_i32:
		return VT_I32;
	case VALUE_i64:
		return VT_I64;
	case VALUE_f32:
		return VT_F32;
	case VALUE_f64:
		return VT_F64;
	case VALUE_v128:
		return VT_V128;
	case VALUE_ref_null:
		return v->heap == 0 ? VT_BOT
				    : VT_REF | VT_NULL |
					      vt_bottom(ts, VT_REF | v->heap);
	case VALUE_ref_extern:
		return v->has_number ? VT_REF | HT_EXTERN : VT_BOT;
	case VALUE_ref_host:
		return VT_REF | HT_ANY;
	}
	return VT_BOT;
}

static uint64_t
v128_half(const uint8_t *bytes)
{
	uint64_t half = 0;
	for (int i = 7; i >= 0; i--)
		half = half << 8 | bytes[i];
	return half;
}

void
compare_slots(const struct script_value *v, union slot *out)
{
	switch (v->kind) {
	case VALUE_v128:
		out[0] = slot_of_i64(v128_half(v->v128));
		out[1] = slot_of_i64(v128_half(v->v128 + 8));
		break;
	case VALUE_ref_null:
		out[0] = slot_of_i64(0);
		break;
	case VALUE_ref_extern:
	case VALUE_ref_host:
		out[0] = ref_of_host(v->bits);
		break;
	default:
		out[0] = slot_of_i64(v->bits);
	}
}

static bool
compare_float(uint64_t got, uint64_t want, uint8_t nan, const struct ieee *f)
{
	uint64_t quiet = f->exponent | f->quiet;
	switch (nan) {
	case NAN_canonical:
		return (got & ~f->sign) == quiet;
	case NAN_arithmetic:
		return (got & quiet) == quiet;
	}
	return got == want;
}

/* Lane i of n lanes. */
static uint64_t
v128_lane(const uint8_t *bytes, unsigned i, unsigned n)
{
	unsigned width = 16 / n;
	uint64_t lane = 0;
	for (unsigned k = width; k-- > 0;)
		lane = lane << 8 | bytes[i * width + k];
	return lane;
}

static bool
compare_v128(const struct script_value *v, const union slot *s)
{
	uint8_t got[16];
	for (unsigned i = 0; i < 16; i++)
		got[i] = (uint8_t)(s[i / 8].u64 >> 8 * (i % 8));
	if (!v->lane_float)
		return memcmp(got, v->v128, 16) == 0;
	const struct ieee *f = v->lanes == 4 ? &ieee32 : &ieee64;
	for (unsigned i = 0; i < v->lanes; i++)
		if (!compare_float(v128_lane(got, i, v->lanes),
			    v128_lane(v->v128, i, v->lanes), v->lane_nan[i], f))
			return false;
	return true;
}

/* (ref), (ref.func), (ref.struct) ..: not null, of that heap type. */
static bool
compare_ref_kind(const struct typespace *ts, uint32_t heap, valtype t,
	const union slot *s)
{
	if (heap == 0)
		return !ref_is_null(*s);
	return vt_top(ts, t) == vt_top(ts, VT_REF | heap) &&
	       object_is(ts, *s, VT_REF | heap);
}

/* (ref.null) fits every null, (ref.null any) those of its hierarchy. */
static bool
compare_null(const struct typespace *ts, uint32_t heap, valtype t,
	const union slot *s)
{
	return ref_is_null(*s) &&
	       (heap == 0 || vt_top(ts, t) == vt_top(ts, VT_REF | heap));
}

/* A host's value, as what kind it was written. */
static bool
compare_host(const struct typespace *ts, const struct script_value *v,
	valtype t, const union slot *s)
{
	uint32_t top = v->kind == VALUE_ref_host ? HT_ANY : HT_EXTERN;
	return vt_top(ts, t) == top && s->u64 == ref_of_host(v->bits).u64;
}

static bool
compare_either(const struct typespace *ts, const struct script_value *v,
	valtype t, const union slot *s)
{
	for (uint32_t i = 0; i < v->count; i++)
		if (v->list[i].kind != VALUE_either &&
			compare_value(ts, &v->list[i], t, s))
			return true;
	return false;
}

bool
compare_value(const struct typespace *ts, const struct script_value *v,
	valtype t, const union slot *s)
{
	switch (v->kind) {
	case VALUE_i32:
		return t == VT_I32 && slot_i32(*s) == (uint32_t)v->bits;
	case VALUE_i64:
		return t == VT_I64 && s->u64 == v->bits;
	case VALUE_f32:
		return t == VT_F32 &&
		       compare_float(slot_i32(*s), v->bits, v->nan, &ieee32);
	case VALUE_f64:
		return t == VT_F64 &&
		       compare_float(s->u64, v->bits, v->nan, &ieee64);
	case VALUE_v128:
		return t == VT_V128 && compare_v128(v, s);
	case VALUE_ref_null:
		return vt_is_ref(t) && compare_null(ts, v->heap, t, s);
	case VALUE_ref_extern:
		if (!v->has_number)
			return vt_is_ref(t) &&
			       compare_ref_kind(ts, HT_EXTERN, t, s);
		return vt_is_ref(t) && compare_host(ts, v, t, s);
	case VALUE_ref_host:
		return vt_is_ref(t) && compare_host(ts, v, t, s);
	case VALUE_ref_kind:
		return vt_is_ref(t) && compare_ref_kind(ts, v->heap, t, s);
	case VALUE_either:
		return compare_either(ts, v, t, s);
	}
	return false;
}

static void
add_f32(struct text *text, uint32_t bits, uint8_t nan)
{
	static const char *const patterns[] = { "", "nan:canonical",
		"nan:arithmetic" };
	if (nan != NAN_none)
		text_add(text, "%s", patterns[nan]);
	else
		text_add(text, "%.9g (0x%08" PRIx32 ")",
			(double)slot_f32(slot_of_i32(bits)), bits);
}

static void
add_f64(struct text *text, uint64_t bits, uint8_t nan)
{
	if (nan != NAN_none)
		add_f32(text, 0, nan);
	else
		text_add(text, "%.17g (0x%016" PRIx64 ")",
			slot_of_i64(bits).f64, bits);
}

static void
add_v128(struct text *text, const struct script_value *v)
{
	text_add(text, "v128 %cx%u", v->lane_float ? 'f' : 'i', v->lanes);
	for (unsigned i = 0; i < v->lanes; i++) {
		uint64_t lane = v128_lane(v->v128, i, v->lanes);
		text_add(text, " ");
		if (!v->lane_float)
			text_add(text, "0x%" PRIx64, lane);
		else if (v->lanes == 4)
			add_f32(text, (uint32_t)lane, v->lane_nan[i]);
		else
			add_f64(text, lane, v->lane_nan[i]);
	}
}

static void
add_either(struct text *text, const struct script_value *v)
{
	text_add(text, "either(");
	for (uint32_t i = 0; i < v->count; i++) {
		text_add(text, i == 0 ? "" : " | ");
		if (v->list[i].kind != VALUE_either)
			compare_add_pattern(text, &v->list[i]);
	}
	text_add(text, ")");
}

static const char *
heap_name(uint32_t heap)
{
	switch (heap) {
	case HT_FUNC:
		return "func";
	case HT_EXTERN:
		return "extern";
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
	case HT_NONE:
		return "none";
	case HT_NOFUNC:
		return "nofunc";
	case HT_NOEXTERN:
		return "noextern";
	case HT_NOEXN:
		return "noexn";
	}
	return "any";
}

void
compare_add_pattern(struct text *text, const struct script_value *v)
{
	union slot s = slot_of_i64(v->bits);
	switch (v->kind) {
	case VALUE_i32:
		compare_add_value(text, VT_I32, &s);
		break;
	case VALUE_i64:
		compare_add_value(text, VT_I64, &s);
		break;
	case VALUE_f32:
		text_add(text, "f32 ");
		add_f32(text, (uint32_t)v->bits, v->nan);
		break;
	case VALUE_f64:
		text_add(text, "f64 ");
		add_f64(text, v->bits, v->nan);
		break;
	case VALUE_v128:
		add_v128(text, v);
		break;
	case VALUE_ref_null:
		text_add(text, "ref.null");
		if (v->heap != 0)
			text_add(text, " %s", heap_name(v->heap));
		break;
	case VALUE_ref_extern:
		text_add(text, "ref.extern");
		if (v->has_number)
			text_add(text, " %" PRIu64, v->bits);
		break;
	case VALUE_ref_host:
		text_add(text, "ref.host %" PRIu64, v->bits);
		break;
	case VALUE_ref_kind:
		text_add(text, "ref");
		if (v->heap != 0)
			text_add(text, ".%s", heap_name(v->heap));
		break;
	case VALUE_either:
		add_either(text, v);
		break;
	}
}

void
compare_add_value(struct text *text, valtype t, const union slot *s)
{
	char name[32];
	text_add(text, "%s ", vt_format(t, name));
	switch (t) {
	case VT_I32:
		text_add(text, "%" PRId32 " (0x%" PRIx32 ")",
			(int32_t)slot_i32(*s), slot_i32(*s));
		break;
	case VT_I64:
		text_add(text, "%" PRId64 " (0x%" PRIx64 ")", (int64_t)s->u64,
			s->u64);
		break;
	case VT_F32:
		add_f32(text, slot_i32(*s), NAN_none);
		break;
	case VT_F64:
		add_f64(text, s->u64, NAN_none);
		break;
	case VT_V128:
		text_add(text, "0x%016" PRIx64 "%016" PRIx64, s[1].u64,
			s[0].u64);
		break;
	default:
		if (ref_is_null(*s))
			text_add(text, "null");
		else if (ref_is_i31(*s))
			text_add(text, "i31 %" PRIu32, ref_i31_u(*s));
		else if (ref_is_host(*s))
			text_add(text, "%" PRIu64, ref_host(*s));
		else
			text_add(text, "not null");
	}
}
