/*
 * The WASI of the command line: arguments, variables, directories.
 */
#include <string.h>

#include "host/cli.h"
#include "host/wasi.h"
#include "trap/error.h"

/* HOST::GUEST, or HOST for both. */
static bool
parse_dir(struct cli *c, const char *text, struct wasi_preopen *out)
{
	const char *colons = strstr(text, "::");
	out->host = out->guest = text;
	if (colons == NULL)
		return true;
	out->guest = colons + 2;
	out->host = arena_copy(&c->arena, text, (size_t)(colons - text));
	return out->host != NULL;
}

int
cli_wasi(struct cli *c, const struct allocator *al, struct wasi **out)
{
	struct error error;
	char text[400];
	struct wasi_preopen *dirs =
		arena_array(&c->arena, c->dirs.count + 1, sizeof *dirs);
	struct wasi_config config = { .nargs = c->operands.count,
		.args = c->operands.items,
		.nenv = c->envs.count,
		.env = c->envs.items,
		.npreopens = c->dirs.count,
		.preopens = dirs,
		.stdio = { 0, 1, 2 } };
	error_clear(&error);
	for (uint32_t i = 0; i < c->dirs.count; i++)
		if (dirs == NULL || !parse_dir(c, c->dirs.items[i], &dirs[i]))
			return cli_error("out of memory");
	for (uint32_t i = 0; i < c->envs.count; i++)
		if (strchr(c->envs.items[i], '=') == NULL)
			return cli_error("--env %s: is not NAME=VALUE",
				c->envs.items[i]);
	*out = wasi_new(al, &config, &error);
	return *out != NULL ? EXIT_ok
			    : cli_error("%s",
				      error_format(&error, text, sizeof text));
}
