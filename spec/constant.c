#include "spec/constant.h"

#include <assert.h>

#include "spec/code.h"
#include "spec/numeric.h"
#include "spec/reader.h"
#include "spec/ref.h"
#include "spec/store.h"
#include "trap/bytes.h"
#include "trap/error.h"

/* The operands, in slots, on the free part of the guest stack. */
struct operands {
	union slot *sp, *end;
};

static union slot
pop(struct operands *o)
{
	return *--o->sp;
}

/* An instruction of two operands and one result. */
static union slot
binary(const struct insn *i, union slot a, union slot b)
{
	switch (i->op) {
	case OP_i32_add:
		return slot_of_i32(num_i32_add(slot_i32(a), slot_i32(b)));
	case OP_i32_sub:
		return slot_of_i32(num_i32_sub(slot_i32(a), slot_i32(b)));
	case OP_i32_mul:
		return slot_of_i32(num_i32_mul(slot_i32(a), slot_i32(b)));
	case OP_i64_add:
		return slot_of_i64(num_i64_add(a.u64, b.u64));
	case OP_i64_sub:
		return slot_of_i64(num_i64_sub(a.u64, b.u64));
	default:
		assert(i->op == OP_i64_mul && "a constant instruction");
		return slot_of_i64(num_i64_mul(a.u64, b.u64));
	}
}

static void
push_global(struct operands *o, const struct global *g)
{
	*o->sp++ = g->value[0];
	if (vt_slots(g->type) == 2)
		*o->sp++ = g->value[1];
}

/* Executes i, which is not the end; false if it cannot run. */
static bool
step(struct instance *in, const struct insn *i, struct operands *o)
{
	union slot b;
	switch (i->op) {
	case OP_i32_const:
		*o->sp++ = slot_of_i32((uint32_t)i->imm);
		return true;
	case OP_i64_const:
	case OP_f32_const:
	case OP_f64_const:
		*o->sp++ = slot_of_i64(i->imm);
		return true;
	case OP_v128_const:
		*o->sp++ = slot_of_i64(bytes_get64(i->list));
		*o->sp++ = slot_of_i64(bytes_get64(i->list + 8));
		return true;
	case OP_global_get:
		push_global(o, in->globals[i->a]);
		return true;
	case OP_ref_null:
		*o->sp++ = slot_of_ref(NULL);
		return true;
	case OP_ref_func:
		*o->sp++ = slot_of_ref(instance_func(in, i->a));
		return true;
	case OP_i32_add:
	case OP_i32_sub:
	case OP_i32_mul:
	case OP_i64_add:
	case OP_i64_sub:
	case OP_i64_mul:
		b = pop(o);
		o->sp[-1] = binary(i, o->sp[-1], b);
		return true;
	default:
		return false;
	}
}

bool
constant_eval(struct instance *in, struct range expr, union slot out[2],
	struct error *error)
{
	const struct module *m = in->module;
	struct context *ctx = &in->store->ctx;
	struct operands o = { ctx->guest_sp, ctx->stack_end };
	struct reader r = { m->bytes + expr.offset,
		m->bytes + expr.offset + expr.len, m->bytes, error };
	struct insn i;
	for (code_next(&r, &i); i.op != OP_end; code_next(&r, &i)) {
		if (error->kind != ERROR_none)
			return false;
		if (o.end - o.sp < 2) {
			error_at(error, ERROR_limit, i.at,
				"constant expression too deep");
			return false;
		}
		if (!step(in, &i, &o)) {
			error_at(error, ERROR_unsupported, i.at,
				"constant %s cannot run yet",
				op_rows[i.op].text);
			return false;
		}
	}
	const union slot *value = ctx->guest_sp;
	assert(o.sp > value && o.sp - value <= 2 && "validated: one value");
	out[0] = value[0];
	if (o.sp - value == 2)
		out[1] = value[1];
	return true;
}
