/*
 * One loop that decodes and builds: of validated code, so that nothing is
 * checked, and without a struct insn where nothing else asks for it.  An
 * instruction that is not taken stays for code_next.
 */
#include "jit/build_quick.h"

#include <stddef.h>

#include "jit/access.h"
#include "jit/build_call.h"
#include "jit/flow.h"
#include "jit/locals.h"
#include "jit/simplify.h"
#include "spec/valid.h"
#include "trap/bytes.h"
#include "trap/error.h"
#include "trap/likely.h"

enum quick {
	QUICK_not,
	QUICK_block,
	QUICK_else,
	QUICK_end,
	/* nothing, where the code is dead: */
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
	QUICK_drop,
	QUICK_br,
	QUICK_br_if,
	QUICK_return,
	QUICK_call,
	QUICK_dead,
};

/* A load or store with an opcode of one byte. */
#define IS_ACCESS(code, imm) ((code) < 256 && IMM_##imm == IMM_MEMARG)

/* By op_code.next, of opcodes of one byte; behind them stands what is no
 * access. */
static const uint8_t quicks[OP_count + 1 + OP_count] = {
#define UNARY(id, from, to) [OP_##id + 1] = QUICK_unary,
#define BINARY(id, type, commutes) [OP_##id + 1] = QUICK_binary,
#define COMPARE(id, type, mirror, inverse) [OP_##id + 1] = QUICK_binary,
#include "jit/value.def"
#define OP(id, text, code, imm, sig, lg, feature) \
	[IS_ACCESS(code, imm) ? OP_##id + 1 : OP_count + 1 + OP_##id] = \
		IS_ACCESS(code, imm) \
			? (sig[sizeof sig - 2] == ':' ? QUICK_store \
						      : QUICK_load) \
			: QUICK_not,
#include "spec/op.def"
	[OP_local_get + 1] = QUICK_get,
	[OP_local_set + 1] = QUICK_set,
	[OP_local_tee + 1] = QUICK_tee,
	[OP_i32_const + 1] = QUICK_i32,
	[OP_i64_const + 1] = QUICK_i64,
	[OP_f32_const + 1] = QUICK_f32,
	[OP_f64_const + 1] = QUICK_f64,
	[OP_block + 1] = QUICK_block,
	[OP_loop + 1] = QUICK_block,
	[OP_if + 1] = QUICK_block,
	[OP_else + 1] = QUICK_else,
	[OP_end + 1] = QUICK_end,
	[OP_br + 1] = QUICK_br,
	[OP_br_if + 1] = QUICK_br_if,
	[OP_return + 1] = QUICK_return,
	[OP_call + 1] = QUICK_call,
	[OP_drop + 1] = QUICK_drop,
};

/* One function for each kind: takes an instruction that begins one byte before
 * `at`, and gives what comes after it, or NULL: it is not taken. */

static inline const uint8_t *
get(struct builder *b, const uint8_t *at)
{
	value_push(b, locals_get(b, valid_index(&at)));
	return at;
}

static inline const uint8_t *
set(struct builder *b, const uint8_t *at)
{
	locals_set(b, valid_index(&at), value_pop(b));
	return at;
}

static inline const uint8_t *
tee(struct builder *b, const uint8_t *at)
{
	locals_set(b, valid_index(&at), value_top(b));
	return at;
}

static inline const uint8_t *
integer(struct builder *b, enum ir_type type, const uint8_t *at)
{
	struct valid_leb k = valid_leb(at);
	if (UNLIKELY(k.bytes == 0))
		return NULL;
	value_push(b, value_const(b, type, (uint64_t)valid_signed(k)));
	return at + k.bytes;
}

static inline const uint8_t *
f32(struct builder *b, const uint8_t *at)
{
	value_push(b, value_const(b, TYPE_f32, bytes_get32(at)));
	return at + 4;
}

static inline const uint8_t *
f64(struct builder *b, const uint8_t *at)
{
	value_push(b, value_const(b, TYPE_f64, bytes_get64(at)));
	return at + 8;
}

static inline const uint8_t *
unary(struct builder *b, enum op op, const uint8_t *at)
{
	uint32_t *top = b->body.stack + b->body.nstack;
	top[-1] = simplify_unary(b, op, top[-1]);
	return at;
}

static inline const uint8_t *
binary(struct builder *b, enum op op, const uint8_t *at)
{
	uint32_t *top = b->body.stack + --b->body.nstack;
	top[-1] = simplify_binary(b, op, top[-1], top[0]);
	return at;
}

/* What memory 0 is accessed with. */
static inline const uint8_t *
memarg(struct builder *b, const uint8_t *at)
{
	struct valid_leb offset = valid_leb(at + 1);
	if (UNLIKELY(*at >= 0x40 || offset.bytes == 0))
		return NULL;
	b->body.w.insn.memory = 0;
	b->body.w.insn.offset = offset.bits;
	return at + 1 + offset.bytes;
}

static inline const uint8_t *
load(struct builder *b, enum op op, const uint8_t *at)
{
	at = memarg(b, at);
	if (at != NULL)
		access_load(b, op);
	return at;
}

static inline const uint8_t *
store(struct builder *b, enum op op, const uint8_t *at)
{
	at = memarg(b, at);
	if (at != NULL)
		access_store(b, op);
	return at;
}

/* A type by its index, or a byte of one result or none.  Of a loop the code is
 * looked at from the walk's place on. */
static inline const uint8_t *
block(struct builder *b, enum op op, const uint8_t *at)
{
	uint32_t nparams = 0, nresults = *at != 0x40;
	if (valid_is_short_type(*at)) {
		at++;
	} else if (*at < 0x40 || *at >= 0x80) {
		const struct functype *f = &b->m->types[valid_index(&at)].func;
		nparams = f->nparams;
		nresults = f->nresults;
	} else {
		return NULL;
	}
	b->body.w.r.at = at;
	flow_block(b, op, nparams, nresults);
	return at;
}

static inline const uint8_t *
br(struct builder *b, const uint8_t *at)
{
	flow_br(b, valid_index(&at));
	return at;
}

static inline const uint8_t *
br_if(struct builder *b, const uint8_t *at)
{
	flow_br_if(b, valid_index(&at), value_pop(b), false);
	return at;
}

/* After it the walk may stand in another body. */
static inline const uint8_t *
call(struct builder *b, const uint8_t *at)
{
	b->body.w.insn.a = valid_index(&at);
	b->body.w.r.at = at;
	build_call(b, OP_call);
	return b->body.w.r.at;
}

static inline const uint8_t *
dead(const uint8_t *at)
{
	uint32_t len = valid_length(at - 1);
	return len != 0 ? at - 1 + len : NULL;
}

/* Most of what there is; NULL: it is none of these, or is not taken. */
static inline const uint8_t *
straight(struct builder *b, enum quick q, enum op op, const uint8_t *at)
{
	switch (q) {
	case QUICK_get:
		return get(b, at);
	case QUICK_set:
		return set(b, at);
	case QUICK_tee:
		return tee(b, at);
	case QUICK_i32:
		return integer(b, TYPE_i32, at);
	case QUICK_i64:
		return integer(b, TYPE_i64, at);
	case QUICK_f32:
		return f32(b, at);
	case QUICK_f64:
		return f64(b, at);
	case QUICK_unary:
		return unary(b, op, at);
	case QUICK_binary:
		return binary(b, op, at);
	case QUICK_load:
		return load(b, op, at);
	case QUICK_store:
		return store(b, op, at);
	case QUICK_drop:
		b->body.nstack--;
		return at;
	default:
		return NULL;
	}
}

/* What is not straight code. */
static inline const uint8_t *
turn(struct builder *b, enum quick q, enum op op, const uint8_t *at)
{
	switch (q) {
	case QUICK_block:
		return block(b, op, at);
	case QUICK_else:
		flow_else(b);
		return at;
	case QUICK_end:
		flow_end(b);
		return at;
	case QUICK_br:
		return br(b, at);
	case QUICK_br_if:
		return br_if(b, at);
	case QUICK_return:
		flow_return(b);
		return at;
	case QUICK_call:
		return call(b, at);
	case QUICK_dead:
		return dead(at);
	default:
		return NULL;
	}
}

/* Errors do no harm until the next turn. */
bool
build_quick(struct builder *b)
{
	struct reader *r = &b->body.w.r;
	const uint8_t *at = r->at, *last = r->end - VALID_WINDOW;
	while (at <= last) {
		unsigned next = op_codes[*at].next;
		enum quick q = (enum quick)quicks[next];
		enum op op = (enum op)(next - 1);
		b->body.w.insn.at = (uint32_t)(at - r->start);
		if (UNLIKELY(b->dead) && q > QUICK_end)
			q = QUICK_dead;
		const uint8_t *past = straight(b, q, op, at + 1);
		if (past == NULL) {
			past = turn(b, q, op, at + 1);
			if (UNLIKELY(past == NULL))
				break;
			r->at = past;
			if (b->body.nlabels == 0 ||
				b->error->kind != ERROR_none)
				return false;
		}
		at = past;
	}
	r->at = at;
	return true;
}
