#include "host/bench_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "trap/arena.h"

void
bench_die(const char *path, const char *why)
{
	fprintf(stderr, "bench: %s: %s\n", path, why);
	exit(1);
}

double
bench_now(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

const uint8_t *
bench_read(struct arena *a, const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	if (f == NULL || fseek(f, 0, SEEK_END) != 0)
		bench_die(path, "cannot be read");
	long bytes = ftell(f);
	uint8_t *out = bytes < 0 ? NULL : arena_alloc(a, (size_t)bytes);
	rewind(f);
	if (out == NULL || fread(out, 1, (size_t)bytes, f) != (size_t)bytes)
		bench_die(path, "cannot be read");
	fclose(f);
	*len = (size_t)bytes;
	return out;
}
