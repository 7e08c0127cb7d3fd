/*
 * The stack of a thread, asked for once in each.
 */
#define _GNU_SOURCE /* pthread_getattr_np */
#include "jit/native_stack.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* [low, high); both 0: not asked yet, or not known. */
struct range {
	uintptr_t low, high;
	bool known;
};

static _Thread_local struct range own;
_Thread_local uint64_t native_stack_thread;
static _Atomic uint64_t threads;

static void
ask(void)
{
	pthread_attr_t attributes;
	void *low = NULL;
	size_t bytes = 0;
	own.known = true;
	uint64_t id = atomic_fetch_add(&threads, 1) + 1;
	native_stack_thread = id < 1 << 24 ? id << 40 : 0;
	if (pthread_getattr_np(pthread_self(), &attributes) != 0)
		return;
	if (pthread_attr_getstack(&attributes, &low, &bytes) == 0) {
		own.low = (uintptr_t)low;
		own.high = own.low + bytes;
	}
	pthread_attr_destroy(&attributes);
}

uintptr_t
native_stack_limit(uintptr_t sp, uintptr_t budget)
{
	if (!own.known)
		ask();
	uintptr_t limit =
		sp / NATIVE_SCALE > budget ? sp - budget * NATIVE_SCALE : 0;
	bool within = sp >= own.low && sp < own.high; /* no stack of its own */
	uintptr_t least = own.low + NATIVE_RESERVE;
	return within && limit < least ? least : limit;
}
