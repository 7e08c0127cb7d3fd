/*
 * Stubs in assembly (x64_stub.S), as compiled code jumps to them and C calls
 * them; and the registers that compiled code keeps fixed.
 *
 *   r15  guest fp      r14  struct instance *      r13  base of memory 0
 *   r11  scratch
 *   r8, r9  at a call through func.code the struct func * and the site
 *   xmm15 scratch
 *
 * trap/signal_x64.c reads r15 and r14.
 */
#ifndef JIT_STUB_H
#define JIT_STUB_H

#include <stddef.h>
#include <stdint.h>

#include "spec/store.h"
#include "trap/context.h"

struct instance;

/*
 * Arguments that are in registers, in order of type: integers and references,
 * floats and vectors; the others are in the callee's slots.  Which ones they
 * are the stubs and x64_gen.c say.
 */
enum { INT_ARGUMENTS = 6, FLOAT_ARGUMENTS = 8 };

/*
 * Called by cold code with eax = enum trap and rdx = the number of its message
 * (has one: ecx != 0): raises at the return address, does not return.
 */
void
stub_trap(void);

/*
 * Calls the C function rax(rdi = instance, rsi = slots) of runtime.def with the
 * exit pair set to r15 and the site in rdx; guest_sp is rsi + RUNTIME_SLOTS.
 * When it answers unwound, raises.  All registers but r13..r15 are lost.
 */
void
stub_runtime(void);

/*
 * Makes the object that the site in xmm15 says, with the exit pair set to r15
 * and that site: in r11, and no other register is changed.  When there is no
 * room for it, raises.  The stack may be aligned or not.
 */
void
stub_new(void);

/*
 * Compiled code that called a host function itself jumps here when that has
 * failed: rbp is its native stack pointer, rsp is aligned.  Raises.
 */
void
stub_host_failed(void);

/*
 * What func.code of a function that is not compiled points to: takes arguments
 * as compiled functions do, runs the interpreter or the host function r8, and
 * returns as they do.  When that unwinds, raises; when it tail-calls compiled
 * code, jumps there.
 */
void
stub_cross(void);

/*
 * The same of host functions with at most HOST_SLOTS parameters and slots of
 * results, for quick calls: by whether the parameters are integers and
 * references, or f32 and f64; whether the first result, if there is one, is an
 * i32, or something else of one slot; and their number.  NULL: not so many.
 */
enum { HOST_SLOTS = 8 };
extern const void *const stub_host[2][2][HOST_SLOTS + 1];

/* The same of interpreted functions. */
extern const void *const stub_frame[2][2][HOST_SLOTS + 1];

/*
 * As func.call of compiled functions that have no parameters but in registers;
 * of those without results, and with one slot of them.  By themselves they do
 * what the host asks for again from the same depth of its stack; the rest is
 * cross_func's.
 */
call_fn stub_func, stub_func0, stub_func1;

/* Their landing pad. */
extern const char stub_func_pad[];

/*
 * Calls compiled code, whose arguments are in slots from fp on, in an
 * activation that is open; h is its handler, written here.  STATUS_done or
 * STATUS_unwound.
 */
enum status
stub_enter(struct handler *h, const void *code, union slot *fp,
	struct instance *in, uint8_t *memory);

/* The native stack pointer; not by a call, which takes a tenth of a crossing.
 */
static inline uintptr_t
stub_sp(void)
{
	uintptr_t sp;
	__asm__ volatile("movq %%rsp, %0" : "=r"(sp));
	return sp;
}

/* The shadow stack's pointer; 0 if there is none. */
uintptr_t
stub_shadow_stack(void);

/* Tells valgrind that the code there has changed. */
void
stub_discard(const void *code, size_t bytes);

#endif
