/*
 * Stubs in assembly (x64_stub.S), as compiled code jumps to them; and the
 * registers that it keeps fixed.
 *
 *   r15  guest fp      r14  struct instance *      r13  base of memory 0
 *   r11  scratch; at a call through func.code the struct func *
 *   xmm15 scratch
 */
#ifndef JIT_STUB_H
#define JIT_STUB_H

/*
 * Called by cold code with eax = enum trap and rdx = the number of its message
 * (has one: ecx != 0): raises at the return address, does not return.
 */
void
stub_trap(void);

/*
 * Calls the C function rax(rdi = instance, rsi = slots) of runtime.def with the
 * exit pair set to r15 and the site in rdx; guest_sp is rsi + 16 slots.  When
 * it answers unwound, raises.  All registers but r13..r15 are lost.
 */
void
stub_runtime(void);

#endif
