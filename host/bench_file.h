/*
 * What the benchmarks that work on modules share.
 */
#ifndef HOST_BENCH_FILE_H
#define HOST_BENCH_FILE_H

#include <stddef.h>
#include <stdint.h>

struct arena;

/* Ends the program with a message about the file. */
void
bench_die(const char *path, const char *why);

/* Processor time of this process in seconds. */
double
bench_now(void);

/* The file's bytes, in a; ends the program if they cannot be read. */
const uint8_t *
bench_read(struct arena *a, const char *path, size_t *len);

#endif
