/*
 * One loop that decodes and builds: of validated code, so that nothing is
 * checked, and without a struct insn where nothing else asks for it.  An
 * instruction that is not taken stays for code_next.
 */
#include "jit/build_quick.h"

#include "jit/access.h"
#include "jit/flow.h"
#include "jit/locals.h"
#include "jit/simplify.h"
#include "spec/valid.h"
#include "trap/bytes.h"
#include "trap/error.h"
#include "trap/likely.h"

enum quick {
	QUICK_not,
	QUICK_get,
	QUICK_set,
	QUICK_tee,
	QUICK_i32,
	QUICK_i64,
	QUICK_f32,
	QUICK_f64,
	QUICK_unary,
	QUICK_binary,
	QUICK_load,
	QUICK_store,
	QUICK_br_if,
	QUICK_end,
};

/* By op_code.next, of opcodes of one byte. */
static const uint8_t quicks[OP_count + 1] = {
#define UNARY(id, from, to) [OP_##id + 1] = QUICK_unary,
#define BINARY(id, type, commutes) [OP_##id + 1] = QUICK_binary,
#define COMPARE(id, type, mirror, inverse) [OP_##id + 1] = QUICK_binary,
#include "jit/value.def"
	[OP_i32_load + 1] = QUICK_load,
	[OP_i64_load + 1] = QUICK_load,
	[OP_f32_load + 1] = QUICK_load,
	[OP_f64_load + 1] = QUICK_load,
	[OP_i32_load8_s + 1] = QUICK_load,
	[OP_i32_load8_u + 1] = QUICK_load,
	[OP_i32_load16_s + 1] = QUICK_load,
	[OP_i32_load16_u + 1] = QUICK_load,
	[OP_i64_load8_s + 1] = QUICK_load,
	[OP_i64_load8_u + 1] = QUICK_load,
	[OP_i64_load16_s + 1] = QUICK_load,
	[OP_i64_load16_u + 1] = QUICK_load,
	[OP_i64_load32_s + 1] = QUICK_load,
	[OP_i64_load32_u + 1] = QUICK_load,
	[OP_i32_store + 1] = QUICK_store,
	[OP_i64_store + 1] = QUICK_store,
	[OP_f32_store + 1] = QUICK_store,
	[OP_f64_store + 1] = QUICK_store,
	[OP_i32_store8 + 1] = QUICK_store,
	[OP_i32_store16 + 1] = QUICK_store,
	[OP_i64_store8 + 1] = QUICK_store,
	[OP_i64_store16 + 1] = QUICK_store,
	[OP_i64_store32 + 1] = QUICK_store,
	[OP_local_get + 1] = QUICK_get,
	[OP_local_set + 1] = QUICK_set,
	[OP_local_tee + 1] = QUICK_tee,
	[OP_i32_const + 1] = QUICK_i32,
	[OP_i64_const + 1] = QUICK_i64,
	[OP_f32_const + 1] = QUICK_f32,
	[OP_f64_const + 1] = QUICK_f64,
	[OP_br_if + 1] = QUICK_br_if,
	[OP_end + 1] = QUICK_end,
};

/* A load or store at `at`; how long it is, 0: it is not taken. */
static inline uint32_t
memarg(struct builder *b, const uint8_t *at)
{
	struct valid_leb offset = valid_leb(at + 2);
	if (UNLIKELY(at[1] >= 0x40 || offset.bytes == 0))
		return 0;
	b->body.w.insn.memory = 0;
	b->body.w.insn.offset = offset.bits;
	return 2 + offset.bytes;
}

/* A constant. */
static inline uint32_t
constant(struct builder *b, enum ir_type type, const uint8_t *at)
{
	struct valid_leb k = valid_leb(at + 1);
	if (k.bytes != 0)
		value_push(b, value_const(b, type, (uint64_t)valid_signed(k)));
	return k.bytes != 0 ? 1 + k.bytes : 0;
}

static inline uint32_t
load(struct builder *b, enum op op, const uint8_t *at)
{
	uint32_t len = memarg(b, at);
	if (len != 0)
		access_load(b, op);
	return len;
}

static inline uint32_t
store(struct builder *b, enum op op, const uint8_t *at)
{
	uint32_t len = memarg(b, at);
	if (len != 0)
		access_store(b, op);
	return len;
}

static inline uint32_t
end(struct builder *b)
{
	if (b->ntries != 0)
		return 0;
	flow_end(b);
	return 1;
}

static inline void
binary(struct builder *b, enum op op)
{
	uint32_t *top = b->body.stack + --b->body.nstack;
	top[-1] = simplify_binary(b, op, top[-1], top[0]);
}

static inline void
unary(struct builder *b, enum op op)
{
	uint32_t *top = b->body.stack + b->body.nstack;
	top[-1] = simplify_unary(b, op, top[-1]);
}

/* Takes one at *at, past which that goes, or false. */
static inline bool
take(struct builder *b, const uint8_t **at)
{
	const uint8_t *p = *at;
	unsigned next = op_codes[*p].next;
	enum op op = (enum op)(next - 1);
	uint32_t len = 1;
	switch ((enum quick)quicks[next]) {
	case QUICK_get:
		++*at;
		value_push(b, locals_get(b, valid_index(at)));
		return true;
	case QUICK_set:
		++*at;
		locals_set(b, valid_index(at), value_pop(b));
		return true;
	case QUICK_tee:
		++*at;
		locals_set(b, valid_index(at), value_top(b));
		return true;
	case QUICK_br_if:
		++*at;
		flow_br_if(b, valid_index(at), value_pop(b), false);
		return true;
	case QUICK_i32:
		len = constant(b, TYPE_i32, p);
		break;
	case QUICK_i64:
		len = constant(b, TYPE_i64, p);
		break;
	case QUICK_f32:
		value_push(b, value_const(b, TYPE_f32, bytes_get32(p + 1)));
		len = 5;
		break;
	case QUICK_f64:
		value_push(b, value_const(b, TYPE_f64, bytes_get64(p + 1)));
		len = 9;
		break;
	case QUICK_unary:
		unary(b, op);
		break;
	case QUICK_binary:
		binary(b, op);
		break;
	case QUICK_load:
		len = load(b, op, p);
		break;
	case QUICK_store:
		len = store(b, op, p);
		break;
	case QUICK_end:
		len = end(b);
		break;
	case QUICK_not:
		len = 0;
		break;
	}
	*at += len;
	return len != 0;
}

bool
build_quick(struct builder *b)
{
	struct reader *r = &b->body.w.r;
	const uint8_t *at = r->at;
	do
		b->body.w.insn.at = (uint32_t)(at - r->start);
	while (r->end - at >= VALID_WINDOW && !b->dead &&
		b->error->kind == ERROR_none && take(b, &at) &&
		b->body.nlabels != 0);
	r->at = at;
	return b->body.nlabels != 0 && b->error->kind == ERROR_none;
}
