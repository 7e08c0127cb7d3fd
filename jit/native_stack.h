/*
 * How far compiled code may go down the native stack.
 */
#ifndef JIT_NATIVE_STACK_H
#define JIT_NATIVE_STACK_H

#include <stdint.h>

/*
 * Bytes for C code beyond the limit, and how often its frames take what they
 * would: sanitizers make that of the interpreter's loop 43 KB.
 */
#ifdef NATIVE_SANITIZED
enum { NATIVE_RESERVE = 512 << 10, NATIVE_SCALE = 6 };
#else
enum { NATIVE_RESERVE = 128 << 10, NATIVE_SCALE = 1 };
#endif

/*
 * Of the thread, no other's in this process: a multiple of 1 << 40, or 0 if it
 * was never asked for a limit (or there have been too many threads).
 */
extern _Thread_local uint64_t native_stack_thread
	__attribute__((tls_model("initial-exec")));

/*
 * The lowest stack pointer of compiled code that is entered at sp: budget bytes
 * lower, but the reserve above the end of the thread's stack where that is
 * known.  It may be above sp.
 */
uintptr_t
native_stack_limit(uintptr_t sp, uintptr_t budget);

#endif
