/*
 * Calls of host functions on x86-64, from where they are imported: what stubs
 * do for others is done in place.  The guest frame stays ours, the native stack
 * is aligned meanwhile: its pointer is in rbp.
 */
#include "jit/x64_gen.h"

#include <assert.h>
#include <stddef.h>

#include "jit/stub.h"
#include "spec/module.h"
#include "spec/store.h"

bool
x64_host_fits(const struct functype *t)
{
	uint32_t ints = 0, floats = 0;
	for (uint32_t i = 0; i < t->nparams; i++) {
		valtype p = t->params[i];
		bool is_float = p == VT_F32 || p == VT_F64 || p == VT_V128;
		*(is_float ? &floats : &ints) += 1;
	}
	return ints <= INT_ARGUMENTS && floats <= FLOAT_ARGUMENTS &&
	       t->param_slots <= HOST_SLOTS && t->result_slots <= HOST_SLOTS;
}

/* Arguments from registers to slots from the link's on, which stays unset. */
static void
put_arguments(struct machine *x, const struct functype *t)
{
	struct x64_arguments a = { 0, 0 };
	uint32_t slot = OUT_SLOT - 1;
	for (uint32_t i = 0; i < t->nparams; i++) {
		uint8_t type = (uint8_t)ir_type(x->ir->m, t->params[i]);
		machine_store(x, type, slot, x64_next_argument(&a, type));
		slot += vt_slots(t->params[i]);
	}
}

static void
slot_address(struct machine *x, int r, uint32_t slot)
{
	x64_rm(x->x, X64_lea64, r, slot_mem(slot));
	frame_fix(x);
}

/* What whoever walks the stack or enters the guest again wants to know. */
static void
put_exit(struct machine *x, uint32_t site)
{
	x64_rm(x->x, X64_mov64, X64_rcx,
		at(RINST, offsetof(struct instance, store)));
	label_fix(x, x64_lea_rip(x->x, X64_rdx), site);
	slot_address(x, X64_rax, OUT_SLOT + HOST_SLOTS - 1);
	x64_mr(x->x, X64_mov64, at(X64_rcx, offsetof(struct context, exit_fp)),
		RFP);
	x64_mr(x->x, X64_mov64, at(X64_rcx, offsetof(struct context, exit_pc)),
		X64_rdx);
	x64_mr(x->x, X64_mov64, at(X64_rcx, offsetof(struct context, guest_sp)),
		X64_rax);
}

static uint32_t
failed_label(struct machine *x)
{
	if (x->host_failed != 0)
		return x->host_failed;
	enum part part = x->part;
	x->host_failed = label_new(x);
	part_begin(x, PART_side);
	label_here(x, x->host_failed);
	x64_mov_imm(x->x, RTMP, (uintptr_t)stub_host_failed);
	x64_r(x->x, X64_jmp, RTMP);
	part_begin(x, part);
	return x->host_failed;
}

static void
call_aligned(struct machine *x)
{
	x64_rr(x->x, X64_mov64, X64_rbp, X64_rsp);
	place from = place_here(x);
	x64_ri(x->x, X64_and64, X64_rsp, -16);
	x64_m(x->x, X64_call, at(X64_r8, offsetof(struct host_func, direct)));
	x64_rr(x->x, X64_test32, X64_rax, X64_rax);
	branch_to(x, X64_ne, failed_label(x));
	x64_rr(x->x, X64_mov64, X64_rsp, X64_rbp);
	if (x64_grow(x, (void **)&x->aligned, &x->aligned_room, x->naligned + 1,
		    sizeof *x->aligned))
		x->aligned[x->naligned++] =
			(struct code_aligned){ from, place_here(x) };
}

void
x64_host_call(struct machine *x, const struct functype *t, uint32_t site)
{
	put_arguments(x, t);
	put_exit(x, site);
	x64_rm(x->x, X64_mov64, X64_rdi,
		at(X64_r8, offsetof(struct host_func, direct_env)));
	x64_rr(x->x, X64_mov64, X64_rsi, RINST);
	slot_address(x, X64_rdx, OUT_SLOT - 1);
	call_aligned(x);
	x64_reload_memory(x);
	if (t->nresults == 0)
		return;
	uint8_t type = (uint8_t)ir_type(x->ir->m, t->results[0]);
	machine_load(x, type, type >= TYPE_f32 ? 16 : X64_rax, OUT_SLOT - 1);
}
