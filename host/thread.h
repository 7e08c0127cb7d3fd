/*
 * Threads of a program (wasi-threads): the module's import "wasi"
 * "thread-spawn" starts one, which runs the export wasi_thread_start in a store
 * and an instance of its own over the same shared memories.  Whoever traps or
 * exits first ends all; so does the end of the main thread.  The limits of the
 * command line, fuel too, are each thread's.  thread_posix.c.
 */
#ifndef HOST_THREAD_H
#define HOST_THREAD_H

#include <stdbool.h>
#include <stdint.h>

struct external;
struct import;
struct run;
struct store;
struct threads;

/*
 * For r, whose module is loaded and whose store is open; at most `most` threads
 * at a time besides the main one.  NULL after a message.
 */
struct threads *
thread_open(const struct run *r, uint64_t most);

/* thread-spawn, or a shared memory, for s; false if the import is neither. */
bool
thread_import(struct threads *t, struct store *s, uint32_t import,
	struct external *out);

/*
 * The guest in s was stopped: says why, unless another thread ended the program
 * before, and ends all others.  The program's exit status.
 */
int
thread_stopped(struct threads *t, struct store *s);

/*
 * The main thread is done, with that status: ends all others, waits for them
 * and frees t.  The program's exit status.
 */
int
thread_close(struct threads *t, int status);

#endif
