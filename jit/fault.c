#include "jit/fault.h"

#include <stddef.h>

#include "spec/shared.h"
#include "spec/store.h"
#include "trap/unwind.h"

/* The memory that has reserved the address, or NULL. */
static struct memory *
memory_at(const struct instance *in, uintptr_t address)
{
	for (uint32_t i = 0; i < in->module->nmemories; i++) {
		struct memory *mem = in->memories[i];
		const struct pages *p = mem->sharing != NULL
						? &mem->sharing->pages
						: &mem->pages;
		if (address - (uintptr_t)p->base < p->reserved)
			return mem;
	}
	return NULL;
}

const struct handler *
fault_raise(const struct fault *f)
{
	struct instance *in = (struct instance *)f->instance;
	struct context *ctx = &in->store->ctx;
	struct memory *mem = memory_at(in, f->address);
	if (mem == NULL)
		return NULL;
	ctx->exit_fp = (union slot *)f->fp;
	ctx->exit_pc = f->pc;
	raise_fault(ctx, f->address - (uintptr_t)mem->base, memory_bytes(mem));
	return &ctx->handler;
}
