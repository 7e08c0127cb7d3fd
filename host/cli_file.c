/*
 * Files of the command line: reading them whole, telling text from binary, and
 * loading modules with one clear line for what is wrong.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/cli.h"
#include "spec/module.h"
#include "spec/text.h"
#include "trap/error.h"

int
cli_error(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fprintf(stderr, "Error: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
	return EXIT_error;
}

/* All of f; NULL when it cannot be read (errno) or held (errno 0). */
static uint8_t *
read_all(struct arena *a, FILE *f, size_t *len)
{
	size_t room = 1 << 16;
	uint8_t *bytes = arena_alloc(a, room);
	*len = 0;
	errno = 0;
	while (bytes != NULL) {
		*len += fread(bytes + *len, 1, room - *len, f);
		if (ferror(f))
			return NULL;
		if (feof(f))
			break;
		if (*len == room) {
			bytes = arena_grow(a, bytes, room, room * 2);
			room *= 2;
		}
	}
	return bytes;
}

const uint8_t *
cli_read(struct arena *a, const char *path, size_t *len)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *f = standard ? stdin : fopen(path, "rb");
	if (f == NULL) {
		cli_error("%s: %s", path, strerror(errno));
		return NULL;
	}
	uint8_t *bytes = read_all(a, f, len);
	if (bytes == NULL)
		cli_error("%s: %s", path,
			errno != 0 ? strerror(errno) : "out of memory");
	if (!standard)
		fclose(f);
	return bytes;
}

/* A module in text begins with a parenthesis, a comment or white space. */
static bool
looks_like_text(const char *path, const uint8_t *bytes, size_t len)
{
	size_t n = strlen(path);
	if (n > 4 && strcmp(path + n - 4, ".wat") == 0)
		return true;
	return len > 0 && strchr("(; \t\r\n", bytes[0]) != NULL &&
	       bytes[0] != '\0';
}

static bool
begins(const uint8_t *bytes, size_t len, const char *magic)
{
	return len >= 8 && memcmp(bytes, magic, 8) == 0;
}

const uint8_t *
cli_read_module(struct cli *c, const char *path, size_t *len)
{
	struct error error;
	char text[400];
	size_t n;
	const uint8_t *bytes = cli_read(&c->arena, path, &n);
	uint8_t *binary = NULL;
	error_clear(&error);
	*len = n;
	if (bytes == NULL)
		return NULL;
	if (begins(bytes, n, "\0asm\x0d\0\1")) {
		cli_error("%s: is a component, not a module", path);
		return NULL;
	}
	if (n >= 4 && memcmp(bytes, "\0asm", 4) == 0)
		return bytes;
	if (!looks_like_text(path, bytes, n)) {
		cli_error("%s: is not WebAssembly (magic header not detected)",
			path);
		return NULL;
	}
	if (!text_module(
		    (const char *)bytes, n, &c->arena, &binary, len, &error))
		cli_error(
			"%s:%s", path, error_format(&error, text, sizeof text));
	return binary;
}

struct module *
cli_load(struct cli *c, const char *path, struct engine *e)
{
	struct error error;
	char text[400];
	size_t len;
	const uint8_t *bytes = cli_read_module(c, path, &len);
	if (bytes == NULL)
		return NULL;
	error_clear(&error);
	struct module *m = module_load(e, bytes, len, &error);
	if (m == NULL)
		cli_error("%s: %s", path,
			error_format(&error, text, sizeof text));
	return m;
}
