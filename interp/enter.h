/*
 * Entering the interpreter: the tier's entry from C.
 */
#ifndef INTERP_ENTER_H
#define INTERP_ENTER_H

#include "spec/store.h"
#include "trap/likely.h"
#include "trap/unwind.h"

/*
 * Runs f in an activation of its own: arguments and results in slots, as
 * func_call has them.  STATUS_done or STATUS_unwound.
 */
enum status
enter_func(struct store *s, struct func *f, union slot *slots);

/* As func.call of an interpreted function. */
int
enter_call(struct func *f, union slot *slots, void *arg);

/*
 * Runs f, called by compiled code whose site is the link, in an activation of
 * its own; its frame is fp, with the arguments, and the results are from fp[-1]
 * on.  STATUS_done, STATUS_unwound, or STATUS_tail: a compiled
 * function is to be run in this frame instead; the activation is closed.
 */
enum status
enter_frame(struct func *f, union slot *fp);

/*
 * Runs compiled code whose frame is fp, called by what the exit pair says.
 * STATUS_done or STATUS_raise.
 */
enum status
enter_native(struct context *ctx, struct func *f, union slot *fp);

/*
 * Calls a host function with its arguments in slots, where its results go, from
 * caller's frame fp at site.  False: go on where raise_target says.
 */
static inline bool
enter_host(struct func *f, struct instance *caller, union slot *slots,
	union slot *fp, const struct cell *site)
{
	struct context *ctx = &caller->store->ctx;
	uint32_t n = f->result_slots;
	ctx->exit_fp = fp;
	ctx->exit_pc = site;
	ctx->guest_sp = slots + (n > f->param_slots ? n : f->param_slots);
	const struct host_func *h = func_host(f);
	if (UNLIKELY(h->host(h->env, caller->store, caller, slots) !=
		     STATUS_done)) {
		raise_of_host(ctx);
		return false;
	}
	return true;
}

/* The same with a link, at nfp[-1], which the results begin at. */
static inline bool
enter_linked_host(struct func *f, struct instance *caller, union slot *nfp,
	union slot *fp, const struct cell *site)
{
	if (!enter_host(f, caller, nfp, fp, site))
		return false;
	for (uint32_t i = 0; i < f->result_slots; i++)
		(nfp - 1)[i] = nfp[i];
	return true;
}

/*
 * Gives a function that was never called its cells, which are those of compiled
 * code if it has that.  STATUS_unwound when out of
 * memory.
 */
enum status
enter_translate(struct func *f);

/*
 * Takes over what other stores did to the shared memories of in; true if one
 * has grown, or the first is larger than bytes.
 */
bool
enter_sync(struct instance *in, uint64_t bytes);

/* Tells the tracer of the point that the cell pc of frame fp is for. */
enum status
enter_trace(struct instance *in, const struct cell *pc, const union slot *fp);

#endif
