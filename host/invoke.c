#include "host/invoke.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "host/cli.h"
#include "spec/type.h"

/* A decimal, octal or hexadecimal integer of bits bits, signed or not. */
static bool
parse_int(const char *text, unsigned bits, uint64_t *out)
{
	char *end;
	bool negative = text[0] == '-';
	errno = 0;
	if (negative)
		*out = (uint64_t)strtoll(text, &end, 0);
	else
		*out = strtoull(text, &end, 0);
	if (end == text || *end != '\0' || errno != 0)
		return false;
	if (bits == 64)
		return true;
	return negative ? (int64_t)*out >= INT32_MIN : *out <= UINT32_MAX;
}

static bool
parse_value(const char *text, valtype t, union slot *out)
{
	uint64_t n = 0;
	char *end = NULL;
	bool ok = true;
	switch (t) {
	case VT_I32:
	case VT_I64:
		ok = parse_int(text, t == VT_I32 ? 32 : 64, &n);
		*out = slot_of_i64(n);
		return ok;
	case VT_F32:
		*out = slot_of_f32(strtof(text, &end));
		break;
	case VT_F64:
		*out = slot_of_f64(strtod(text, &end));
		break;
	default:
		return false;
	}
	return end != text && *end == '\0';
}

bool
invoke_parse(const struct functype *type, const struct cli_list *words,
	union slot *slots)
{
	char name[32];
	if (words->count != type->nparams) {
		cli_error("the function takes %" PRIu32
			  " arguments, not %" PRIu32,
			type->nparams, words->count);
		return false;
	}
	for (uint32_t i = 0; i < type->nparams; i++) {
		if (!parse_value(words->items[i], type->params[i], slots)) {
			cli_error("\"%s\" is not an argument of type %s",
				words->items[i],
				vt_format(type->params[i], name));
			return false;
		}
		slots += vt_slots(type->params[i]);
	}
	return true;
}

/* The shortest decimal that reads back as f. */
static void
print_float(double f, bool single)
{
	char text[40];
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, f);
		if (single ? strtof(text, NULL) == (float)f
			   : strtod(text, NULL) == f)
			break;
	}
	printf("%s\n", text);
}

void
invoke_print(const struct functype *type, const union slot *slots)
{
	char name[32];
	for (uint32_t i = 0; i < type->nresults; i++) {
		valtype t = type->results[i];
		if (t == VT_I32)
			printf("%" PRId32 "\n", (int32_t)slot_i32(*slots));
		else if (t == VT_I64)
			printf("%" PRId64 "\n", (int64_t)slots->u64);
		else if (t == VT_F32)
			print_float((double)slot_f32(*slots), true);
		else if (t == VT_F64)
			print_float(slots->f64, false);
		else if (t == VT_V128)
			printf("0x%016" PRIx64 "%016" PRIx64 "\n", slots[1].u64,
				slots[0].u64);
		else
			printf("%s %s\n", slots->u64 == 0 ? "null" : "ref",
				vt_format(t, name));
		slots += vt_slots(t);
	}
}
