/*
 * Where tiers and C meet: the C half of the stubs.  Every crossing is an
 * activation; a base frame's link is the leave cell, whoever called it.
 *
 *   host -> compiled     stub_func -> code, or
 *                        stub_func -> cross_func -> stub_enter -> code
 *   interp -> compiled   cell native -> cross_enter -> stub_enter -> code
 *   compiled -> interp   code -> stub_cross -> cross_call -> enter_frame
 *                        code -> stub_frame -> enter_frame
 *   compiled -> host     code -> stub_cross -> cross_call -> enter_host
 *                        code -> the function itself, where it is imported
 *                        code -> stub_host -> the function itself
 *   compiled -> C        code -> stub_runtime -> cross_runtime
 */
#ifndef JIT_CROSS_H
#define JIT_CROSS_H

#include "jit/runtime.h"
#include "jit/stub.h"
#include "spec/store.h"

/* Slots that the limit of frames may be lower than the native stack allows,
 * where tiers have crossed. */
enum { CROSS_NEAR = 1024 };

/*
 * Runs the compiled code of f, whose frame is fp with its arguments; results
 * are from fp[-1] on.  The exit pair is the caller's.  STATUS_done or
 * STATUS_unwound.
 */
enum status
cross_enter(struct context *ctx, struct func *f, union slot *fp);

/*
 * The same for a function that is being interpreted in frame fp, from a loop
 * on: code is the way in for that, its frame takes so many slots.  STATUS_raise
 * if it does not fit.
 */
enum status
cross_loop(struct context *ctx, struct func *f, union slot *fp,
	const void *code, uint32_t slots);

/* f runs the code from now on, whoever calls it. */
void
cross_take(struct func *f, const void *entry);

/* As struct second_tier's run. */
enum status
cross_run(struct func *f, union slot *slots);

/* Of code_image: what takes arguments in slots, from the other entry. */
const void *
cross_slot_entry(const void *entry);

/* As struct second_tier's stub. */
const void *
cross_stub(const struct functype *t, bool host);

/* The rest is called by the stubs alone. */

/* Arguments or the first result, as they are in registers; in the order in
 * which they are given out. */
struct cross_registers {
	uint64_t ints[INT_ARGUMENTS];
	union slot floats[FLOAT_ARGUMENTS][2]; /* a v128 takes two */
	/* Of a tail call: */
	const struct func *callee;
	const struct instance *instance;
	const uint8_t *memory;
	const void *code;
};

/*
 * stub_func where something is to be done first; sp is what its entries from
 * here are known by.
 */
int
cross_func(struct func *f, union slot *slots, void *arg, uintptr_t sp);

/* STATUS_tail: regs are for the compiled function that takes f's place. */
enum status
cross_call(struct func *f, union slot *fp, struct cross_registers *regs,
	struct instance *caller);

/* After STATUS_tail of an interpreted function with frame fp. */
void
cross_tail(struct instance *in, union slot *fp, struct cross_registers *regs);

/* Records the trap t at `at` in the code of frame fp. */
void
cross_trap(struct instance *in, union slot *fp, const void *at, enum trap t,
	uint64_t number, bool has_number);

enum status
cross_runtime(struct instance *in, union slot *slots, const struct cell *site,
	union slot *fp, runtime_fn *function);

/* The object that the site says; NULL after a trap. */
struct object *
cross_new(struct instance *in, union slot *fp, const struct cell *site);

/* Where the present unwinding goes on. */
void
cross_target(struct instance *in, struct handler *out);

#endif
