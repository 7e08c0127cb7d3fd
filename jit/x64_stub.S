/*
 * Stubs for x86-64, System V.  Every operand is in a fixed register.  Unwinding
 * drops frames of compiled code alone, as every C frame returns first.
 *
 *   struct handler   sp 0   fp 8   pc 16            (jit/cross.c asserts)
 *   registers        ints 0   floats 48   callee 176   instance 184
 *                    memory 192   code 200   bytes 208
 *   struct context   handler 8   exit_fp 32   exit_pc 40   guest_sp 48
 *                    guest_limit 56   entry_sp 88   entry_limit 96
 *                    entry_thread 104   activation 120   statics 168
 *                    limit_sp 176   pending.kind 184
 *   struct func      code 8   call 16   instance 24   result_slots 48   store 56
 *   struct host_func direct 88   direct_env 96
 *   struct store     engine 1984
 *   struct engine    stopped 56
 */
#include <cet.h>

#define STATUS_unwound 1
#define STATUS_tail 3
#define INSTANCE_STORE 96
#define INSTANCE_MEMORY0 112
#define MEMORY_BASE 32
#define CONTEXT_HANDLER 8
#define CONTEXT_EXIT_FP 32
#define CONTEXT_EXIT_PC 40
#define CONTEXT_GUEST_SP 48
#define CONTEXT_GUEST_LIMIT 56
#define CONTEXT_ENTRY_SP 88
#define CONTEXT_ENTRY_LIMIT 96
#define CONTEXT_ENTRY_THREAD 104
#define CONTEXT_ACTIVATION 120
#define CONTEXT_STATICS 168
#define CONTEXT_LIMIT_SP 176
#define CONTEXT_PENDING_KIND 184
#define UNWIND_exception 4
#define ENTRY_NEAR 4096
#define ENTRY_BYTES 64
#define CELL_LEAVE 16		/* bytes from the statics */
#define FUNC_CODE 8
#define FUNC_CALL 16
#define FUNC_INSTANCE 24
#define FUNC_RESULT_SLOTS 48
#define FUNC_STORE 56
#define FUNC_DIRECT 88
#define FUNC_DIRECT_ENV 96
#define STORE_ENGINE 1984
#define ENGINE_STOPPED 56
#define DISTANCE -4	/* from a site: of the cell before it */
#define HOST_SLOTS 8
#define INT_ARGUMENTS 6

.macro function name
	.text
	.balign	16
	.globl	\name
	.hidden	\name
	.type	\name, @function
\name:
	.cfi_startproc
	_CET_ENDBR
.endm

.macro end name
	.cfi_endproc
	.size	\name, . - \name
.endm

/* The registers that C wants to have again. */
.macro push_saved
	.irp	r, rbp, rbx, r12, r13, r14, r15
	pushq	%\r
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %\r, 0
	.endr
.endm

.macro pop_saved
	.irp	r, r15, r14, r13, r12, rbx, rbp
	popq	%\r
	.cfi_adjust_cfa_offset -8
	.cfi_restore %\r
	.endr
.endm

.macro load_memory
	movq	INSTANCE_MEMORY0(%r14), %r13
	movq	MEMORY_BASE(%r13), %r13
.endm

/* rdi handler, rsi code, rdx fp, rcx instance, r8 memory */
function stub_enter
	push_saved
	subq	$8, %rsp
	.cfi_adjust_cfa_offset 8
	leaq	.Lpad(%rip), %rax
	movq	%rsp, (%rdi)
	movq	%rdx, 8(%rdi)
	movq	%rax, 16(%rdi)
	movq	%rdx, %r15
	movq	%rdx, %r11
	movq	%rcx, %r14
	movq	%r8, %r13
	call	*%rsi
	xorl	%eax, %eax
.Lleave:
	addq	$8, %rsp
	.cfi_remember_state
	.cfi_adjust_cfa_offset -8
	pop_saved
	ret
	.cfi_restore_state
.Lpad:
	_CET_ENDBR
	movl	$STATUS_unwound, %eax
	jmp	.Lleave
end stub_enter

/*
 * rdi func, rsi slots, rdx arg.  The handler is as cross_func left it, its sp
 * and fp those of every such entry.  There stand 0, which is all of an
 * activation that means anything where there is none before it; and arg.  The
 * exit pair is not set: whoever looks at it in here has left the guest.
 */
.macro func_begin
	movq	native_stack_thread@gottpoff(%rip), %rax
	movq	FUNC_STORE(%rdi), %r8
	movq	%fs:(%rax), %rax
	cmpq	%rsp, CONTEXT_ENTRY_SP(%r8)
	jne	func_first
	cmpq	%rax, CONTEXT_ENTRY_THREAD(%r8)
	jne	func_first
	movq	CONTEXT_ENTRY_LIMIT(%r8), %rax
	cmpq	%rax, CONTEXT_GUEST_LIMIT(%r8)
	jne	func_first
	push_saved
	pushq	%rdx
	.cfi_adjust_cfa_offset 8
	pushq	$0
	.cfi_adjust_cfa_offset 8
	movq	%rsp, CONTEXT_ACTIVATION(%r8)
	movq	CONTEXT_HANDLER + 8(%r8), %r15
	movq	CONTEXT_STATICS(%r8), %rax
	addq	$CELL_LEAVE, %rax
	movq	%rax, -8(%r15)
.endm

.macro func_run
	movq	FUNC_INSTANCE(%rdi), %r14
	load_memory
	movq	%rsi, %r11
	movq	FUNC_CODE(%rdi), %rax
	movslq	-4(%rax), %rdx
	addq	%rdx, %rax
	call	*%rax
	movq	INSTANCE_STORE(%r14), %rcx
	xorl	%eax, %eax
	movq	%rax, CONTEXT_ACTIVATION(%rcx)
.endm

.macro func_end
	addq	$16, %rsp
	.cfi_adjust_cfa_offset -16
	pop_saved
	ret
.endm

/* Where what is remembered is of nearby, it is made to be of here. */
	.text
	.type	func_first, @function
func_first:
	.cfi_startproc
	movq	CONTEXT_ENTRY_SP(%r8), %rax
	testq	%rax, %rax
	je	0f
	cmpq	%rsp, %rax
	je	0f
	cmpq	$0, CONTEXT_ACTIVATION(%r8)
	jne	0f
	movq	CONTEXT_LIMIT_SP(%r8), %rax
	subq	%rsp, %rax
	cmpq	$ENTRY_NEAR, %rax
	ja	0f
	leaq	-ENTRY_BYTES(%rsp), %rax
	movq	%rsp, CONTEXT_ENTRY_SP(%r8)
	movq	%rax, CONTEXT_HANDLER(%r8)
	jmp	*FUNC_CALL(%rdi)
0:
	movq	%rsp, %rcx
	jmp	cross_func@PLT
	.cfi_endproc
	.size	func_first, . - func_first

function stub_func0
	func_begin
	func_run
	func_end
end stub_func0

function stub_func1
	func_begin
	pushq	%rsi
	.cfi_adjust_cfa_offset 8
	func_run
	popq	%rsi
	.cfi_adjust_cfa_offset -8
	movq	-8(%r15), %rdx
	movq	%rdx, (%rsi)
	func_end
end stub_func1

function stub_func
	func_begin
	pushq	%rsi
	.cfi_adjust_cfa_offset 8
	pushq	%rdi
	.cfi_adjust_cfa_offset 8
	func_run
	popq	%rdi
	.cfi_adjust_cfa_offset -8
	popq	%rsi
	.cfi_adjust_cfa_offset -8
0:
	movq	-8(%r15, %rax, 8), %rdx
	movq	%rdx, (%rsi, %rax, 8)
	addl	$1, %eax
	cmpl	%eax, FUNC_RESULT_SLOTS(%rdi)
	jne	0b
	xorl	%eax, %eax
	func_end
end stub_func

	.text
	.globl	stub_func_pad
	.hidden	stub_func_pad
	.type	stub_func_pad, @object
stub_func_pad:
	.cfi_startproc
	.cfi_def_cfa_offset 72
	.cfi_offset %rbp, -16
	.cfi_offset %rbx, -24
	.cfi_offset %r12, -32
	.cfi_offset %r13, -40
	.cfi_offset %r14, -48
	.cfi_offset %r15, -56
	_CET_ENDBR
	movq	INSTANCE_STORE(%r14), %rdi
	movq	8(%rsp), %rsi
	movq	$0, CONTEXT_ACTIVATION(%rdi)
	movq	STORE_ENGINE(%rdi), %rax
	addq	$16, %rsp
	.cfi_adjust_cfa_offset -16
	pop_saved
	jmp	*ENGINE_STOPPED(%rax)
	.cfi_endproc
	.size	stub_func_pad, . - stub_func_pad

/*
 * Resumes where raise_target says, in short for what no code can catch: room
 * for a handler at rsp, which is aligned.  No frame of this one is left to
 * unwind to.
 */
	.text
	.type	resume, @function
resume:
	.cfi_startproc
	.cfi_undefined %rip
	movq	INSTANCE_STORE(%r14), %rax
	cmpl	$UNWIND_exception, CONTEXT_PENDING_KIND(%rax)
	je	0f
	movq	CONTEXT_HANDLER(%rax), %rsp
	movq	CONTEXT_HANDLER + 8(%rax), %r15
	jmp	*CONTEXT_HANDLER + 16(%rax)
0:
	movq	%r14, %rdi
	movq	%rsp, %rsi
	call	cross_target@PLT
	movq	8(%rsp), %r15
	movq	16(%rsp), %rax
	movq	(%rsp), %rsp
	jmp	*%rax
end resume

/*
 * Compiled code calls these; its stack may be aligned or not.  rbp is its to
 * lose.
 */
.macro align_stack bytes=0
	movq	%rsp, %rbp
	.cfi_def_cfa %rbp, 8
	andq	$-16, %rsp
	.if	\bytes
	subq	$\bytes, %rsp
	.endif
.endm

function stub_cross
	align_stack 208
	movq	%rax, 0(%rsp)
	movq	%rcx, 8(%rsp)
	movq	%rdx, 16(%rsp)
	movq	%rbx, 24(%rsp)
	movq	%rsi, 32(%rsp)
	movq	%rdi, 40(%rsp)
	movaps	%xmm0, 48(%rsp)
	movaps	%xmm1, 64(%rsp)
	movaps	%xmm2, 80(%rsp)
	movaps	%xmm3, 96(%rsp)
	movaps	%xmm4, 112(%rsp)
	movaps	%xmm5, 128(%rsp)
	movaps	%xmm6, 144(%rsp)
	movaps	%xmm7, 160(%rsp)
	movq	%r8, %rdi
	movq	%r15, %rsi
	movq	%rsp, %rdx
	movq	%r14, %rcx
	call	cross_call@PLT
	cmpl	$STATUS_tail, %eax
	je	.Ltail
	testl	%eax, %eax
	jne	resume
	load_memory
	movq	0(%rsp), %rax
	movaps	48(%rsp), %xmm0
	movq	%rbp, %rsp
	.cfi_remember_state
	.cfi_def_cfa %rsp, 8
	ret
	.cfi_restore_state
.Ltail:
	movq	0(%rsp), %rax
	movq	8(%rsp), %rcx
	movq	16(%rsp), %rdx
	movq	24(%rsp), %rbx
	movq	32(%rsp), %rsi
	movq	40(%rsp), %rdi
	movaps	48(%rsp), %xmm0
	movaps	64(%rsp), %xmm1
	movaps	80(%rsp), %xmm2
	movaps	96(%rsp), %xmm3
	movaps	112(%rsp), %xmm4
	movaps	128(%rsp), %xmm5
	movaps	144(%rsp), %xmm6
	movaps	160(%rsp), %xmm7
	movq	176(%rsp), %r8
	movq	184(%rsp), %r14
	movq	192(%rsp), %r13
	movq	200(%rsp), %r10
	movq	%rbp, %rsp
	.cfi_def_cfa %rsp, 8
	jmp	*%r10
end stub_cross

/*
 * Arguments of the host function r8 go to slots from the link on, which nobody
 * reads: r9 is the site.  So do the results.
 */
.macro host move:vararg
	align_stack
	movq	INSTANCE_STORE(%r14), %rcx
	movzwl	DISTANCE(%r9), %eax
	negq	%rax
	leaq	(%r15, %rax, 8), %rax
	leaq	8 * HOST_SLOTS - 8(%r15), %rdx
	movq	%rax, CONTEXT_EXIT_FP(%rcx)
	movq	%r9, CONTEXT_EXIT_PC(%rcx)
	movq	%rdx, CONTEXT_GUEST_SP(%rcx)
	movq	FUNC_DIRECT_ENV(%r8), %rdi
	movq	%r14, %rsi
	leaq	-8(%r15), %rdx
	call	*FUNC_DIRECT(%r8)
	testl	%eax, %eax
	jne	stub_host_failed
	load_memory
	\move
	movq	%rbp, %rsp
	.cfi_remember_state
	.cfi_def_cfa %rsp, 8
	ret
	.cfi_restore_state
.endm

/* The same where the function r8 is interpreted, with a frame. */
.macro frame move:vararg
	align_stack 208
	movq	%r8, %rdi
	movq	%r15, %rsi
	call	enter_frame@PLT
	testl	%eax, %eax
	jne	frame_left
	load_memory
	\move
	movq	%rbp, %rsp
	.cfi_def_cfa %rsp, 8
	ret
.endm

/* One way in for each number of arguments; at: of the second one. */
.macro ints name, at, body, move:vararg
function \name
.L\name\()6:
	movq	%rdi, \at + 32(%r15)
.L\name\()5:
	movq	%rsi, \at + 24(%r15)
.L\name\()4:
	movq	%rbx, \at + 16(%r15)
.L\name\()3:
	movq	%rdx, \at + 8(%r15)
.L\name\()2:
	movq	%rcx, \at(%r15)
.L\name\()1:
	movq	%rax, \at - 8(%r15)
.L\name\()0:
	\body	\move
end \name
.endm

.macro floats name, at, body, move:vararg
function \name
.L\name\()8:
	movq	%xmm7, \at + 48(%r15)
.L\name\()7:
	movq	%xmm6, \at + 40(%r15)
.L\name\()6:
	movq	%xmm5, \at + 32(%r15)
.L\name\()5:
	movq	%xmm4, \at + 24(%r15)
.L\name\()4:
	movq	%xmm3, \at + 16(%r15)
.L\name\()3:
	movq	%xmm2, \at + 8(%r15)
.L\name\()2:
	movq	%xmm1, \at(%r15)
.L\name\()1:
	movq	%xmm0, \at - 8(%r15)
.L\name\()0:
	\body	\move
end \name
.endm

.macro load_result32
	movl	-8(%r15), %eax
.endm

.macro load_result64
	movq	-8(%r15), %rax
	movq	%rax, %xmm0
.endm

	.text
	.globl	stub_host_failed
	.hidden	stub_host_failed
	.type	stub_host_failed, @function
stub_host_failed:
	.cfi_startproc
	.cfi_def_cfa %rbp, 8
	subq	$32, %rsp
	movq	INSTANCE_STORE(%r14), %rdi
	call	raise_of_host@PLT
	jmp	resume
	.cfi_endproc
	.size	stub_host_failed, . - stub_host_failed

/* The loop answered unwound or tail: room for registers at rsp. */
	.type	frame_left, @function
frame_left:
	.cfi_startproc
	.cfi_def_cfa %rbp, 8
	cmpl	$STATUS_tail, %eax
	jne	resume
	movq	%r14, %rdi
	movq	%r15, %rsi
	movq	%rsp, %rdx
	call	cross_tail@PLT
	jmp	.Ltail
	.cfi_endproc
	.size	frame_left, . - frame_left

	ints	host_ints32, 0, host, load_result32
	ints	host_ints64, 0, host, load_result64
	floats	host_floats32, 0, host, load_result32
	floats	host_floats64, 0, host, load_result64
	ints	frame_ints32, 8, frame, load_result32
	ints	frame_ints64, 8, frame, load_result64
	floats	frame_floats32, 8, frame, load_result32
	floats	frame_floats64, 8, frame, load_result64

	.section .data.rel.ro.local, "aw", @progbits
	.balign	8
.macro row name
	.quad	.L\name\()0, .L\name\()1, .L\name\()2, .L\name\()3
	.quad	.L\name\()4, .L\name\()5, .L\name\()6
.endm
.macro ways_in name
	.globl	stub_\name
	.hidden	stub_\name
	.type	stub_\name, @object
stub_\name:
	row	\name\()_ints32
	.quad	0, 0
	row	\name\()_ints64
	.quad	0, 0
	row	\name\()_floats32
	.quad	.L\name\()_floats327, .L\name\()_floats328
	row	\name\()_floats64
	.quad	.L\name\()_floats647, .L\name\()_floats648
	.size	stub_\name, . - stub_\name
.endm
	ways_in	host
	ways_in	frame

function stub_runtime
	align_stack 32
	movq	%r15, %rcx
	movq	%rax, %r8
	call	cross_runtime@PLT
	testl	%eax, %eax
	jne	resume
	movq	%rbp, %rsp
	.cfi_def_cfa %rsp, 8
	ret
end stub_runtime

function stub_new
	pushq	%rbp
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbp, 0
	movq	%rsp, %rbp
	.cfi_def_cfa_register %rbp
	subq	$304, %rsp
	andq	$-16, %rsp
	movq	%rax, 0(%rsp)
	movq	%rcx, 8(%rsp)
	movq	%rdx, 16(%rsp)
	movq	%rsi, 24(%rsp)
	movq	%rdi, 32(%rsp)
	movq	%r8, 40(%rsp)
	movq	%r9, 48(%rsp)
	movq	%r10, 56(%rsp)
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
	movaps	%xmm\n, 64 + 16 * \n(%rsp)
	.endr
	movq	%r14, %rdi
	movq	%r15, %rsi
	movq	%xmm15, %rdx
	call	cross_new@PLT
	movq	%rax, %r11
	testq	%rax, %rax
	je	resume
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
	movaps	64 + 16 * \n(%rsp), %xmm\n
	.endr
	movq	0(%rsp), %rax
	movq	8(%rsp), %rcx
	movq	16(%rsp), %rdx
	movq	24(%rsp), %rsi
	movq	32(%rsp), %rdi
	movq	40(%rsp), %r8
	movq	48(%rsp), %r9
	movq	56(%rsp), %r10
	leave
	.cfi_def_cfa %rsp, 8
	.cfi_restore %rbp
	ret
end stub_new

function stub_trap
	align_stack 32
	movl	%ecx, %r9d
	movq	%rdx, %r8
	movl	%eax, %ecx
	movq	(%rbp), %rdx
	movq	%r15, %rsi
	movq	%r14, %rdi
	call	cross_trap@PLT
	jmp	resume
end stub_trap

function stub_shadow_stack
	xorl	%eax, %eax
	rdsspq	%rax
	ret
end stub_shadow_stack

/* A request to valgrind; to processors nothing. */
function stub_discard
	subq	$56, %rsp
	.cfi_adjust_cfa_offset 56
	movq	$0x1002, 0(%rsp)
	movq	%rdi, 8(%rsp)
	movq	%rsi, 16(%rsp)
	movq	%rsp, %rax
	xorl	%edx, %edx
	rolq	$3, %rdi
	rolq	$13, %rdi
	rolq	$61, %rdi
	rolq	$51, %rdi
	xchgq	%rbx, %rbx
	addq	$56, %rsp
	.cfi_adjust_cfa_offset -56
	ret
end stub_discard

	.section .note.GNU-stack, "", @progbits
