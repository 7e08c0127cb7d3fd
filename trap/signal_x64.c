/*
 * The registers in a signal's context, Linux on x86-64: compiled code keeps the
 * guest's fp in r15 and its instance in r14 (jit/stub.h).
 */
#define _GNU_SOURCE /* REG_RIP */
#include <ucontext.h>

#include "trap/context.h"
#include "trap/signal.h"

struct fault
signal_fault(const void *context)
{
	const greg_t *r = ((const ucontext_t *)context)->uc_mcontext.gregs;
	return (struct fault){ .pc = (const void *)(uintptr_t)r[REG_RIP],
		.fp = (uintptr_t)r[REG_R15],
		.instance = (uintptr_t)r[REG_R14] };
}

void
signal_resume(void *context, const struct handler *h)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
	r[REG_RIP] = (greg_t)h->pc;
	r[REG_RSP] = (greg_t)h->sp;
	r[REG_R15] = (greg_t)h->fp;
}
