#include "jit/fault.h"

#include <stddef.h>

#include "spec/shared.h"
#include "spec/store.h"
#include "trap/unwind.h"

/* The address is in what the memory has reserved. */
static bool
reaches(const struct memory *mem, uintptr_t address)
{
	const struct pages *p =
		mem->sharing != NULL ? &mem->sharing->pages : &mem->pages;
	return address - (uintptr_t)p->base < p->reserved;
}

const struct handler *
fault_raise(const struct fault *f)
{
	struct instance *in = (struct instance *)f->instance;
	struct context *ctx = &in->store->ctx;
	uint32_t i = 0, n = in->module->nmemories;
	while (i < n && !reaches(in->memories[i], f->address))
		i++;
	if (i == n)
		return NULL;
	ctx->exit_fp = (union slot *)f->fp;
	ctx->exit_pc = f->pc;
	raise_trap(ctx, TRAP_memory_out_of_bounds);
	return &ctx->handler;
}
