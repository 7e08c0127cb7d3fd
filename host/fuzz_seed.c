#include "host/fuzz_seed.h"

#include <stdio.h>
#include <string.h>

#include "host/dir.h"
#include "spec/script.h"
#include "spec/text.h"
#include "trap/arena.h"
#include "trap/error.h"

static bool
add(struct seeds *s, const void *bytes, size_t len, size_t most,
	struct arena *a)
{
	if (len > most || len == 0)
		return true;
	if (s->count == s->room) {
		uint32_t room = s->room ? 2 * s->room : 1024;
		struct mutant *p = arena_grow(
			a, s->rows, s->room * sizeof *p, room * sizeof *p);
		if (p == NULL)
			return false;
		s->rows = p;
		s->room = room;
	}
	uint8_t *copy = arena_copy(a, bytes, len);
	if (copy == NULL)
		return false;
	s->rows[s->count++] = (struct mutant){ copy, len, 0 };
	if (len > s->longest)
		s->longest = len;
	return true;
}

static bool
add_module(struct seeds *s, const struct script_module *m, size_t most,
	struct arena *a, struct arena *phase)
{
	struct error error;
	uint8_t *bytes;
	size_t len;
	if (m->form == MODULE_binary)
		return add(s, m->bytes, m->len, most, a);
	error_clear(&error);
	if (!text_module(m->bytes, m->len, phase, &bytes, &len, &error))
		return error.kind != ERROR_memory;
	return add(s, bytes, len, most, a);
}

static bool
add_script(struct seeds *s, const char *text, size_t len, size_t most,
	struct arena *a)
{
	struct arena phase;
	struct error error;
	struct script_command c = { .kind = SCRIPT_end };
	arena_init(&phase, a->al);
	error_clear(&error);
	struct script *script = script_open(text, len, 1, 1, &phase, &error);
	bool fine = script != NULL;
	while (fine && script_next(script, &c) && c.kind != SCRIPT_end)
		if (c.module.present)
			fine = add_module(s, &c.module, most, a, &phase);
	arena_free(&phase);
	return fine;
}

/* All of a file; NULL when it cannot be read or held. */
static char *
read_file(const char *path, struct arena *a, size_t *len)
{
	size_t room = 1 << 16;
	char *text = arena_alloc(a, room);
	FILE *f = fopen(path, "rb");
	*len = 0;
	while (f != NULL && text != NULL) {
		*len += fread(text + *len, 1, room - *len, f);
		if (*len < room)
			break;
		text = arena_grow(a, text, room, 2 * room);
		room *= 2;
	}
	if (f == NULL || ferror(f))
		text = NULL;
	if (f != NULL)
		fclose(f);
	return text;
}

static bool
ends_in(const char *path, const char *suffix)
{
	size_t n = strlen(path), k = strlen(suffix);
	return n >= k && strcmp(path + n - k, suffix) == 0;
}

bool
seeds_add(struct seeds *s, const char *path, size_t most, struct arena *a)
{
	if (dir_is(path)) {
		uint32_t n;
		const char **files = dir_files(path, "", a, &n);
		bool fine = files != NULL;
		for (uint32_t i = 0; fine && i < n; i++)
			if (strrchr(files[i], '/')[1] != '.')
				fine = seeds_add(s, files[i], most, a);
		return fine;
	}
	bool script = ends_in(path, ".wast");
	if (!script && !ends_in(path, ".wasm"))
		return true;
	struct arena phase;
	size_t len;
	arena_init(&phase, a->al);
	char *text = read_file(path, &phase, &len);
	bool fine = text != NULL;
	if (fine && script)
		fine = add_script(s, text, len, most, a);
	else if (fine)
		fine = add(s, text, len, most, a);
	arena_free(&phase);
	return fine;
}
