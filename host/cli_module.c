/*
 * sheave validate and sheave wat2wasm.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/cli.h"
#include "spec/engine.h"
#include "spec/module.h"

int
cli_validate(struct cli *c)
{
	struct engine e;
	int status = EXIT_ok;
	if (!engine_init(&e, &alloc_default))
		return cli_error("out of memory");
	e.features = c->features;
	for (uint32_t i = 0; i < c->operands.count; i++) {
		struct module *m = cli_load(c, c->operands.items[i], &e);
		if (m == NULL)
			status = EXIT_error;
		else
			module_release(m);
	}
	engine_free(&e);
	return status;
}

/* FILE.wat, or FILE with any other name, to FILE.wasm. */
static const char *
default_output(struct cli *c, const char *path)
{
	size_t n = strlen(path);
	if (strcmp(path, "-") == 0)
		return path;
	if (n > 4 && strcmp(path + n - 4, ".wat") == 0)
		n -= 4;
	char *out = arena_alloc(&c->arena, n + sizeof ".wasm");
	if (out != NULL) {
		memcpy(out, path, n);
		strcpy(out + n, ".wasm");
	}
	return out;
}

int
cli_wat2wasm(struct cli *c)
{
	size_t len;
	const char *path = c->operands.items[0];
	const char *to = c->output ? c->output : default_output(c, path);
	if (c->operands.count != 1)
		return cli_error("one file at a time");
	const uint8_t *bytes = cli_read_module(c, path, &len);
	if (bytes == NULL)
		return EXIT_error;
	if (to == NULL)
		return cli_error("out of memory");
	FILE *f = strcmp(to, "-") == 0 ? stdout : fopen(to, "wb");
	if (f == NULL)
		return cli_error("%s: %s", to, strerror(errno));
	bool ok = fwrite(bytes, 1, len, f) == len && fflush(f) == 0;
	if (f != stdout)
		ok &= fclose(f) == 0;
	return ok ? EXIT_ok : cli_error("%s: %s", to, strerror(errno));
}
