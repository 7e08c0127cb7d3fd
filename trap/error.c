#include "trap/error.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
error_clear(struct error *e)
{
	memset(e, 0, sizeof *e);
}

/* True if e was free; then it holds kind and text. */
static bool
record(struct error *e, enum error_kind kind, const char *format, va_list args)
{
	if (e->kind != ERROR_none)
		return false;
	e->kind = kind;
	vsnprintf(e->text, sizeof e->text, format, args);
	return true;
}

void
error_set(struct error *e, enum error_kind kind, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	record(e, kind, format, args);
	va_end(args);
}

void
error_at(struct error *e, enum error_kind kind, uint64_t offset,
	const char *format, ...)
{
	va_list args;
	va_start(args, format);
	if (record(e, kind, format, args)) {
		e->has_offset = true;
		e->offset = offset;
	}
	va_end(args);
}

void
error_line(struct error *e, enum error_kind kind, uint32_t line,
	uint32_t column, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	if (record(e, kind, format, args)) {
		e->line = line;
		e->column = column;
	}
	va_end(args);
}

const char *
error_format(const struct error *e, char *out, uint32_t bytes)
{
	if (e->line != 0)
		snprintf(out, bytes, "%" PRIu32 ":%" PRIu32 ": %s", e->line,
			e->column, e->text);
	else if (e->has_offset)
		snprintf(out, bytes, "%s (at offset 0x%" PRIx64 ")", e->text,
			e->offset);
	else
		snprintf(out, bytes, "%s", e->text);
	return out;
}
