/*
 * What leaves a function on x86-64: calls, runtime calls, polls.
 */
#include "jit/x64_gen.h"

#include <assert.h>
#include <stddef.h>

#include "jit/runtime.h"
#include "jit/stub.h"
#include "spec/module.h"
#include "spec/store.h"
#include "trap/bytes.h"
#include "trap/trap.h"

/* At calls through func.code, beside the arguments: as jit/stub.h says. */
enum { RFUNC = X64_r8, RSITE = X64_r9 };

/* Where arguments go. */
enum place_of {
	TO_CALLEE, /* registers, then slots of a frame above ours */
	TO_SLOTS,  /* these slots alone */
	IN_PLACE,  /* registers, then slots of our frame, which is the callee's
		    */
};

/*
 * Everything that lives on goes home, the arguments to registers and slots of
 * the callee.  f: the struct func to be called, or 0; ends in RFUNC.
 */
static bool
arguments(struct machine *x, uint32_t i, enum place_of where, uint32_t f)
{
	const uint32_t *aux = x->ir->aux + node_of(x, i)->c;
	uint32_t count = aux[AUX_count], n = 0;
	uint32_t slot = where == IN_PLACE ? 0 : OUT_SLOT;
	struct x64_arguments a = { 0, 0 };
	struct move *moves = alloc_room(&x->al, count + 2);
	if (moves == NULL)
		return false;
	if (where != IN_PLACE)
		alloc_empty(&x->al);
	for (uint32_t k = 0; k < count; k++) {
		uint32_t v = aux[AUX_args + k];
		uint8_t type = node_of(x, v)->type;
		int r = where == TO_SLOTS ? NO_REG
					  : x64_next_argument(&a, type);
		n += alloc_move(&x->al, v, r == NO_REG,
			r == NO_REG ? slot : (uint32_t)r, moves + n);
		slot += type == TYPE_v128 ? 2 : 1;
	}
	/* r8 and r9 are no arguments: func and site */
	if (f != 0)
		n += alloc_move(&x->al, f, false, RFUNC, moves + n);
	alloc_move_all(&x->al, moves, n);
	return true;
}

static void
link_frame(struct machine *x, uint32_t site)
{
	label_fix(x, x64_lea_rip(x->x, RSITE), site);
	x64_ri(x->x, X64_add64, RFP, DISTANCE);
	frame_fix(x);
	x64_mr(x->x, X64_mov64, at(RFP, -8), RSITE);
}

static void
unlink_frame(struct machine *x)
{
	x64_ri(x->x, X64_sub64, RFP, DISTANCE);
	frame_fix(x);
}

void
x64_reload_memory(struct machine *x)
{
	x64_rm(x->x, X64_mov64, RMEM,
		at(RINST, offsetof(struct instance, memory0)));
	x64_rm(x->x, X64_mov64, RMEM, at(RMEM, offsetof(struct memory, base)));
}

/* Ours again, from where the prologue put it. */
static void
reload_instance(struct machine *x)
{
	x64_rm(x->x, X64_mov64, RINST, slot_mem(x->instance_slot));
}

void
x64_reload(struct machine *x)
{
	reload_instance(x);
	x64_reload_memory(x);
}

bool
x64_may_leave(const struct machine *x)
{
	return (x->ir->m->used & FEATURE_TAIL_CALL) != 0;
}

/* Where the instance has the function that the aux words name, in bytes. */
static int32_t
own_func(const struct machine *x, const uint32_t *aux)
{
	size_t own = aux[AUX_target] - x->ir->m->nimported_funcs;
	return (int32_t)(offsetof(struct instance, own) +
			 own * sizeof(struct func));
}

/*
 * Most calls are of functions of our instance, and differ in 32 bits four
 * times: the first in a function is encoded, the others are copies.
 *
 *    0  lea r9, [rip + site]   7  add r15, distance  14  mov [r15 - 8], r9
 *   18  lea r8, [r14 + func]  25  call [r8 + code]   29  sub r15, distance
 */
enum {
	OWN_site = 3,
	OWN_out = 10,
	OWN_func = 21,
	OWN_back = 32,
	OWN_bytes = 36,
};
static_assert(offsetof(struct instance, own) > INT8_MAX &&
		      offsetof(struct func, code) <= INT8_MAX,
	"the distances have 32 and 8 bits");

static void
encode_own_call(struct machine *x, uint32_t site)
{
	const uint8_t *start = x->x->at;
	link_frame(x, site);
	x64_rm(x->x, X64_lea64, RFUNC, at(RINST, DISTANCE));
	x64_m(x->x, X64_call, at(RFUNC, offsetof(struct func, code)));
	unlink_frame(x);
	if (x->x->full)
		return;
	assert(x->x->at - start == OWN_bytes && "as drawn");
	assert(bytes_get32(start + OWN_out) == DISTANCE &&
		bytes_get32(start + OWN_func) == DISTANCE &&
		bytes_get32(start + OWN_back) == DISTANCE && "as drawn");
	x->own_call = start;
}

static void
own_call(struct machine *x, uint32_t i, int32_t func)
{
	place call = place_here(x);
	uint8_t *p = x->x->at;
	if (x->own_call != NULL) {
		site_copied(x, call, i);
		p = x64_copy(x->x, x->own_call, OWN_bytes);
	} else {
		encode_own_call(x, site_label(x, i));
	}
	if (!x->x->full)
		bytes_put32(p + OWN_func, (uint32_t)func);
}

void
x64_calls_patch(
	const struct machine *x, const struct gen_layout *l, uint32_t distance)
{
	uint32_t bytes = distance * (uint32_t)sizeof(union slot);
	for (uint32_t i = 0; i < x->nsites; i++) {
		if (x->sites[i].call == NO_PLACE)
			continue;
		uint32_t call = x64_place_at(l, x->sites[i].call);
		uint8_t *p = l->bytes + call;
		bytes_put32(p + OWN_site,
			x64_site_at(l, i) - (call + OWN_site + 4));
		bytes_put32(p + OWN_out, bytes);
		bytes_put32(p + OWN_back, bytes);
	}
}

/*
 * Functions of our instance keep it, and the base of its memory, as they are
 * now: unless they end in a call of others.
 */
static void
call_own(struct machine *x, uint32_t i)
{
	const uint32_t *aux = x->ir->aux + node_of(x, i)->c;
	if (!arguments(x, i, TO_CALLEE, 0))
		return;
	if (aux[AUX_target] == x->ir->func && !x->osr) {
		link_frame(x, site_label(x, i));
		label_fix(x, x64_call(x->x), x->entry);
		unlink_frame(x);
	} else {
		own_call(x, i, own_func(x, aux));
	}
	if (x64_may_leave(x))
		x64_reload(x);
	alloc_forget(&x->al);
}

/* The instance becomes that of the func in r8; a host function has none, ours
 * stays. */
static void
switch_instance(struct machine *x)
{
	uint32_t ours = label_new(x);
	x64_rm(x->x, X64_mov64, RTMP,
		at(RFUNC, offsetof(struct func, instance)));
	x64_rr(x->x, X64_test64, RTMP, RTMP);
	branch_to(x, X64_e, ours);
	x64_rr(x->x, X64_cmp64, RTMP, RINST);
	branch_to(x, X64_e, ours);
	x64_rr(x->x, X64_mov64, RINST, RTMP);
	x64_reload_memory(x);
	label_here(x, ours);
}

/* Calls the func in r8 and comes back to our frame and instance. */
static void
call_other(struct machine *x)
{
	switch_instance(x);
	x64_m(x->x, X64_call, at(RFUNC, offsetof(struct func, code)));
	unlink_frame(x);
	x64_reload(x);
}

/* Calls the func in r8, which is of our instance or the host's if it says so,
 * as most are; others at the side. */
static void
call_likely(struct machine *x, bool imported)
{
	struct x64_mem instance = at(RFUNC, offsetof(struct func, instance));
	uint32_t other = label_new(x), back = label_new(x);
	if (imported)
		x64_mi(x->x, X64_cmp64, instance, 0);
	else
		x64_rm(x->x, X64_cmp64, RINST, instance);
	branch_to(x, X64_ne, other);
	x64_m(x->x, X64_call, at(RFUNC, offsetof(struct func, code)));
	unlink_frame(x);
	label_here(x, back);
	enum part part = x->part;
	part_begin(x, PART_side);
	label_here(x, other);
	call_other(x);
	jump_to(x, back);
	part_begin(x, part);
}

/* The same of what is imported: most often the host's, called in place. */
static void
call_import(struct machine *x, const struct functype *t, uint32_t site)
{
	uint32_t other = label_new(x), back = label_new(x);
	x64_mi(x->x, X64_cmp64, at(RFUNC, offsetof(struct func, instance)), 0);
	branch_to(x, X64_ne, other);
	x64_host_call(x, t, site);
	label_here(x, back);
	enum part part = x->part;
	part_begin(x, PART_side);
	label_here(x, other);
	link_frame(x, site);
	call_other(x);
	jump_to(x, back);
	part_begin(x, part);
}

static void
call_func(struct machine *x, uint32_t i)
{
	uint32_t f = node_of(x, i)->a;
	bool imported = node_of(x, f)->op == IR_get_fixed;
	uint32_t type = x->ir->aux[node_of(x, i)->c + AUX_type];
	const struct functype *t = &x->ir->m->types[type].func;
	if (!arguments(x, i, TO_CALLEE, f))
		return;
	uint32_t site = site_label(x, i);
	alloc_forget(&x->al);
	if (imported && x64_host_fits(t)) {
		call_import(x, t, site);
		return;
	}
	link_frame(x, site);
	if (x64_may_leave(x))
		call_other(x);
	else
		call_likely(x, imported);
}

/* Our native frame goes, our guest frame and link become the callee's. */
static void
tail_call(struct machine *x, uint32_t i, bool own)
{
	const uint32_t *aux = x->ir->aux + node_of(x, i)->c;
	if (!arguments(x, i, IN_PLACE, own ? 0 : node_of(x, i)->a))
		return;
	if (own) {
		x64_rm(x->x, X64_lea64, RFUNC, at(RINST, own_func(x, aux)));
	} else {
		switch_instance(x);
		x64_rm(x->x, X64_mov64, RSITE, at(RFP, -8));
	}
	x64_m(x->x, X64_jmp, at(RFUNC, offsetof(struct func, code)));
}

static void
runtime(struct machine *x, uint32_t i)
{
	const uint32_t *aux = x->ir->aux + node_of(x, i)->c;
	if (!arguments(x, i, TO_SLOTS, 0))
		return;
	x64_rr(x->x, X64_mov64, X64_rdi, RINST);
	x64_rm(x->x, X64_lea64, X64_rsi, at(RFP, DISTANCE));
	frame_fix(x);
	label_fix(x, x64_lea_rip(x->x, X64_rdx), site_label(x, i));
	x64_mov_imm(x->x, X64_rax,
		(uintptr_t)runtime_rows[aux[AUX_target]].function);
	x64_mov_imm(x->x, RTMP, (uintptr_t)stub_runtime);
	x64_r(x->x, X64_call, RTMP);
	x64_reload_memory(x);
	alloc_forget(&x->al);
}

/* Result c of the call a: the first of a function is in a register. */
static void
result(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i), *call = node_of(x, n->a);
	bool runtime = call->op == IR_runtime;
	uint32_t slot = OUT_SLOT - (runtime ? 0 : 1);
	if (n->c == 0 && !runtime) {
		alloc_define(&x->al, i, n->type >= TYPE_f32 ? 16 : X64_rax);
		return;
	}
	if (!runtime) {
		uint32_t type = x->ir->aux[call->c + AUX_type];
		const struct functype *t = &x->ir->m->types[type].func;
		for (uint32_t k = 0; k < n->c; k++)
			slot += vt_slots(t->results[k]);
	}
	int r = alloc_result(&x->al, i, 0);
	machine_load(x, n->type, r, slot);
}

/* Where the callee's frame was. */
static void
payload(struct machine *x, uint32_t i)
{
	const struct node *n = node_of(x, i);
	int r = alloc_result(&x->al, i, 0);
	machine_load(x, n->type, r, OUT_SLOT + n->c);
}

static void
context_of(struct machine *x, int r)
{
	x64_rm(x->x, X64_mov64, r, at(RINST, offsetof(struct instance, store)));
}

static void
poll(struct machine *x, uint32_t i)
{
	uint32_t what = node_of(x, i)->c;
	context_of(x, RTMP);
	if ((what & POLL_interrupt) != 0) {
		x64_mi(x->x, X64_cmp32,
			at(RTMP, offsetof(struct context, interrupt)), 0);
		branch_to(x, X64_ne, trap_label(x, i, TRAP_interrupt, 0));
	}
	if ((what & POLL_fuel) != 0) {
		x64_mi(x->x, X64_cmp64,
			at(RTMP, offsetof(struct context, fuel)), 0);
		branch_to(x, X64_le, trap_label(x, i, TRAP_out_of_fuel, 0));
	}
}

static void
charge(struct machine *x, uint32_t i)
{
	context_of(x, RTMP);
	x64_mi(x->x, X64_sub64, at(RTMP, offsetof(struct context, fuel)),
		(int32_t)node_of(x, i)->c);
}

void
x64_hints(struct machine *x)
{
	for (uint32_t left = x->an.nleaves; left-- > 0;) {
		const struct node *n = node_of(x, x->an.leaves[left]);
		if (n->op != IR_call && n->op != IR_call_func)
			continue;
		const uint32_t *aux = x->ir->aux + n->c;
		struct x64_arguments a = { 0, 0 };
		for (uint32_t k = 0; k < aux[AUX_count]; k++) {
			uint32_t v = aux[AUX_args + k];
			int r = x64_next_argument(&a, node_of(x, v)->type);
			if (r != NO_REG && x->al.hint[v] == NO_REG)
				x->al.hint[v] = (uint8_t)r;
		}
		if (n->op == IR_call_func && x->al.hint[n->a] == NO_REG)
			x->al.hint[n->a] = RFUNC;
	}
}

X64_SELECT(call, call_own(x, i))
X64_SELECT(call_func, call_func(x, i))
X64_SELECT(tail_call, tail_call(x, i, true))
X64_SELECT(tail_func, tail_call(x, i, false))
X64_SELECT(runtime, runtime(x, i))
X64_SELECT(result, result(x, i))
X64_SELECT(payload, payload(x, i))
X64_SELECT(poll, poll(x, i))
X64_SELECT(charge, charge(x, i))
