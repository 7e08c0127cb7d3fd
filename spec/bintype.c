/*
 * Value, reference, heap and storage types from their bytes (standard, 5.3.1
 * to 5.3.7).  Every abstract one is a single byte:
 *
 *   7f..7b  numbers and v128        78 77   i8 i16
 *   74..69  abstract heap types, as a value type the nullable reference
 *   64 63   (ref ht), (ref null ht), a heap type follows
 *   a heap type that is not a negative s7 is a type index, as s33
 */
#include "spec/bintype.h"

#include "spec/reader.h"

/* The next byte, if it is a whole s7; else the error. */
static uint8_t
code_byte(struct reader *r)
{
	uint8_t byte = reader_byte(r);
	if (byte < 0x80)
		return byte;
	reader_fail(r, "integer representation too long");
	return 0;
}

static valtype
malformed(struct reader *r, const uint8_t *at, const char *message)
{
	if (r->at > at)
		r->at = at;
	reader_fail(r, message);
	return VT_I32;
}

valtype
bintype_heap(struct reader *r)
{
	const uint8_t *at = r->at;
	if (at < r->end && (*at >= 0x80 || *at < 0x40)) {
		int64_t x = reader_s33(r);
		if (x >= VT_PAYLOAD)
			return VT_REF | VT_INDEX | VT_PAYLOAD;
		if (x >= 0)
			return VT_REF | VT_INDEX | (valtype)x;
		r->at = at;
	}
	uint8_t code = code_byte(r);
	if (code < HT_EXN || code > HT_NOEXN)
		return malformed(r, at, "malformed heap type");
	return VT_REF | code;
}

valtype
bintype_ref(struct reader *r)
{
	const uint8_t *at = r->at;
	uint8_t code = code_byte(r);
	if (code >= HT_EXN && code <= HT_NOEXN)
		return VT_REF | VT_NULL | code;
	if (code == 0x64)
		return bintype_heap(r);
	if (code == 0x63)
		return bintype_heap(r) | VT_NULL;
	return malformed(r, at, "malformed reference type");
}

valtype
bintype_val(struct reader *r)
{
	if (r->at < r->end && *r->at >= VT_V128 && *r->at <= VT_I32)
		return *r->at++;
	return bintype_ref(r);
}

/* Byte begins a value type. */
static bool
begins_val(uint8_t byte)
{
	return (byte >= VT_V128 && byte <= VT_I32) ||
	       (byte >= HT_EXN && byte <= HT_NOEXN) || byte == 0x64 ||
	       byte == 0x63;
}

valtype
bintype_storage(struct reader *r)
{
	if (r->at < r->end && (*r->at == VT_I8 || *r->at == VT_I16))
		return *r->at++;
	if (r->at < r->end && *r->at < 0x80 && !begins_val(*r->at))
		return malformed(r, r->at, "malformed storage type");
	return bintype_val(r);
}

features
bintype_features(valtype t)
{
	if (t == VT_V128)
		return FEATURE_SIMD;
	if (!vt_is_ref(t))
		return t == VT_I8 || t == VT_I16 ? FEATURE_GC : FEATURE_MVP;
	switch (t & (VT_INDEX | VT_PAYLOAD)) {
	case HT_FUNC:
	case HT_EXTERN:
		return (t & VT_NULL) != 0 ? FEATURE_REF_TYPES
					  : FEATURE_FUNC_REFS;
	case HT_EXN:
	case HT_NOEXN:
		return FEATURE_EXCEPTIONS;
	default:
		return (t & VT_INDEX) != 0 ? FEATURE_FUNC_REFS : FEATURE_GC;
	}
}
