/*
 * Instructions of WebAssembly for jit/ir_run.h, by the rows of both tiers.
 */
#include <assert.h>
#include <stdlib.h>

#include "jit/ir_run.h"
#include "jit/simplify.h"
#include "spec/atomic.h"
#include "spec/numeric.h"
#include "spec/store.h"
#include "spec/vector.h"
#include "spec/wait.h"
#include "trap/bytes.h"
#include "trap/unwind.h"

static bool
trap(const struct ir_run_frame *f, enum trap t)
{
	raise_trap(&f->in->store->ctx, t);
	return false;
}

static uint64_t
bits(const struct ir_run_frame *f, uint32_t v)
{
	uint64_t x = ir_run_value(f, v)->u64;
	uint8_t type = f->ir->nodes[v].type;
	return type == TYPE_i32 || type == TYPE_f32 ? (uint32_t)x : x;
}

/* Memory */

struct place {
	struct memory *memory;
	uint64_t at;
	uint8_t *p; /* NULL: out of bounds */
};

/* Only an access with a flag may be out of bounds: others have been checked. */
static struct place
place(const struct ir_run_frame *f, const struct node *n)
{
	const uint32_t *aux = f->ir->aux + n->c;
	struct place p = { .memory = f->in->memories[aux[AUX_memory]] };
	uint64_t bytes = (uint64_t)1 << op_rows[n->op].lg;
	uint64_t offset = (uint64_t)aux[AUX_high] << 32 | aux[AUX_low];
	p.at = bits(f, n->a) + offset;
	memory_bytes(p.memory);
	if (p.at >= offset && p.memory->bytes >= bytes &&
		p.at <= p.memory->bytes - bytes)
		p.p = p.memory->base + p.at;
	if (p.p == NULL && n->flags == 0)
		abort();
	return p;
}

/* The third word, where there is one. */
static uint32_t
lane_of(const struct ir_run_frame *f, const struct node *n)
{
	return op_rows[n->op].imm == IMM_MEMARG_LANE
		       ? f->ir->aux[n->c + AUX_third]
		       : 0;
}

static bool
load(const struct ir_run_frame *f, const struct node *n, uint8_t *p,
	union slot *out)
{
	uint32_t lane = lane_of(f, n);
	switch (n->op) {
#define LOAD(id, type, bytes, value) \
	case OP_##id: \
		out->u64 = value; \
		return true;
#include "interp/bc.def"
#define VLOAD(id, bytes) \
	case OP_##id: \
		vec_store(out, vec_##id(p)); \
		return true;
#define VLOAD_LANE(id, bytes) \
	case OP_##id: \
		vec_store(out, \
			vec_##id(p, vec_load(ir_run_value(f, n->b)), lane)); \
		return true;
#include "interp/vector.def"
	default:
		return false;
	}
}

static bool
store(const struct ir_run_frame *f, const struct node *n, uint8_t *p)
{
	const union slot *v = ir_run_value(f, n->b);
	switch (n->op) {
#define STORE(id, type, bytes) \
	case OP_##id: \
		for (int k = 0; k < (bytes); k++) \
			p[k] = (uint8_t)(v->u64 >> 8 * k); \
		return true;
#define FSTORE(id, type, bytes) STORE(id, type, bytes)
#include "interp/bc.def"
	case OP_v128_store:
		vec_v128_store(p, vec_load(v));
		return true;
#define VSTORE_LANE(id, bytes) \
	case OP_##id: \
		vec_##id(p, vec_load(v), lane_of(f, n)); \
		return true;
#include "interp/vector.def"
	default:
		return false;
	}
}

typedef uint32_t i32;
typedef uint64_t i64;

static bool
atomic(const struct ir_run_frame *f, const struct node *n, uint8_t *p,
	union slot *out)
{
	const union slot *v = n->b != 0 ? ir_run_value(f, n->b) : NULL;
	switch (n->op) {
#define ATOMIC_LOAD(id, type, bits) \
	case OP_##id: \
		out->u64 = atomic_load##bits(p); \
		return true;
#define ATOMIC_STORE(id, type, bits) \
	case OP_##id: \
		atomic_store##bits(p, (uint##bits##_t)v->u64); \
		return true;
#define ATOMIC_RMW(id, type, bits, op) \
	case OP_##id: \
		out->u64 = atomic_##op##bits(p, (uint##bits##_t)v->u64); \
		return true;
#define ATOMIC_CMPXCHG(id, type, bits) \
	case OP_##id: { \
		uint32_t third = f->ir->aux[n->c + AUX_third]; \
		out->u64 = atomic_cmpxchg##bits(p, (uint##bits##_t)v->u64, \
			(uint##bits##_t)ir_run_value(f, third)->u64); \
		return true; \
	}
#define ATOMIC_WAIT(id, type, bits)
#define PLAIN(id, operands)
#include "interp/atomic.def"
	default:
		return false;
	}
}

static bool
memory(const struct ir_run_frame *f, const struct node *n, union slot *out)
{
	struct place p = place(f, n);
	if (p.p == NULL)
		return trap(f, TRAP_memory_out_of_bounds);
	bool known = load(f, n, p.p, out) || store(f, n, p.p) ||
		     atomic(f, n, p.p, out);
	assert(known && "an access");
	(void)known;
	return true;
}

/* Vectors */

typedef float f32;
typedef double f64;
#define GET_i32(v) slot_i32(v)
#define GET_i64(v) (v).u64
#define GET_f32(v) slot_f32(v)
#define GET_f64(v) (v).f64

/* Lanes go to and from bytes: shuffles. */
static void
shuffle(const struct ir_run_frame *f, const struct node *n, union slot *out)
{
	uint8_t lanes[16];
	for (int k = 0; k < 4; k++)
		bytes_put32(lanes + 4 * k, f->ir->aux[n->c + (uint32_t)k]);
	vec_store(out, vec_i8x16_shuffle(vec_load(ir_run_value(f, n->a)),
			       vec_load(ir_run_value(f, n->b)), lanes));
}

static void
vector(const struct ir_run_frame *f, const struct node *n, union slot *out)
{
	union slot *a = ir_run_value(f, n->a), *b = NULL, *c = NULL;
	bool lane = op_rows[n->op].imm == IMM_LANE;
	if (n->op != OP_i8x16_shuffle && n->b != 0)
		b = ir_run_value(f, n->b);
	if (n->op != OP_i8x16_shuffle && n->c != 0 && !lane)
		c = ir_run_value(f, n->c);
	switch (n->op) {
	case OP_i8x16_shuffle:
		shuffle(f, n, out);
		return;
#define VBIN(id, nan, commutes) \
	case OP_##id: \
		vec_store(out, vec_##id(vec_load(a), vec_load(b))); \
		return;
#define VUNARY(id, nan) \
	case OP_##id: \
		vec_store(out, vec_##id(vec_load(a))); \
		return;
#define VTERNARY(id, nan) \
	case OP_##id: \
		vec_store( \
			out, vec_##id(vec_load(a), vec_load(b), vec_load(c))); \
		return;
#define VSHIFT(id) \
	case OP_##id: \
		vec_store(out, vec_##id(vec_load(a), slot_i32(*b))); \
		return;
#define VTEST(id) \
	case OP_##id: \
		*out = slot_of_i32(vec_##id(vec_load(a))); \
		return;
#define VSPLAT(id, type) \
	case OP_##id: \
		vec_store(out, vec_##id(GET_##type(*a))); \
		return;
#define VEXTRACT(id, type, lanes) \
	case OP_##id: { \
		type x = vec_##id(vec_load(a), n->c); \
		out->u64 = 0; \
		memcpy(out, &x, sizeof x); \
		return; \
	}
#define VREPLACE(id, type, lanes) \
	case OP_##id: \
		vec_store(out, vec_##id(vec_load(a), GET_##type(*b), n->c)); \
		return;
#include "interp/vector.def"
	default:
		assert(false && "a node of this instruction");
	}
}

/* Scalars */

static bool
is_nan(enum op op, uint64_t x)
{
	if (simplify_rows[op].type == TYPE_f32)
		return isnan(num_f32_of_bits((uint32_t)x));
	return isnan(num_f64_of_bits(x));
}

static bool
scalar(const struct ir_run_frame *f, const struct node *n, union slot *out)
{
	enum op op = (enum op)n->op;
	uint64_t x = bits(f, n->a);
	switch ((enum simplify_kind)simplify_rows[op].kind) {
	case SIMPLIFY_unary:
		return simplify_compute_unary(op, x, &out->u64);
	case SIMPLIFY_convert:
		if (simplify_compute_unary(op, x, &out->u64))
			return true;
		if (n->flags == 0)
			abort();
		return trap(f, is_nan(op, x) ? TRAP_bad_conversion
					     : TRAP_integer_overflow);
	default:
		/* Divisions have been checked. */
		if (!simplify_compute_binary(op, x, bits(f, n->b), &out->u64))
			abort();
		return true;
	}
}

bool
ir_run_wasm(const struct ir_run_frame *f, uint32_t i)
{
	const struct node *n = &f->ir->nodes[i];
	union slot *out = ir_run_value(f, i);
	if (simplify_rows[n->op].kind != SIMPLIFY_none)
		return scalar(f, n, out);
	if (op_rows[n->op].imm == IMM_MEMARG ||
		op_rows[n->op].imm == IMM_MEMARG_LANE)
		return memory(f, n, out);
	if (n->op == OP_atomic_fence)
		return true;
	if (n->op == OP_ref_is_null)
		*out = slot_of_i32(ir_run_value(f, n->a)->u64 == 0);
	else if (n->op == OP_ref_eq)
		*out = slot_of_i32(ir_run_value(f, n->a)->u64 ==
				   ir_run_value(f, n->b)->u64);
	else
		vector(f, n, out);
	return true;
}
