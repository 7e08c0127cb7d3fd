#include "jit/build_atomic.h"

#include <string.h>

#include "jit/access.h"
#include "jit/build_call.h"
#include "jit/simplify.h"
#include "trap/error.h"

/* Traps if the access is not aligned, which is told before its bounds. */
static void
check_aligned(struct builder *b, enum op op, uint32_t address)
{
	bool is64 = value_type(b, address) == TYPE_i64;
	enum ir_type type = is64 ? TYPE_i64 : TYPE_i32;
	uint64_t mask = ((uint64_t)1 << op_rows[op].lg) - 1;
	if (mask == 0)
		return;
	uint32_t at = simplify_binary(b, is64 ? OP_i64_add : OP_i32_add,
		address, value_const(b, type, b->body.w.insn.offset & mask));
	uint32_t low = simplify_binary(b, is64 ? OP_i64_and : OP_i32_and, at,
		value_const(b, type, mask));
	if (is64)
		low = simplify_unary(b, OP_i32_wrap_i64, low);
	access_trap_if(b, low, 0, TRAP_unaligned_atomic);
}

/* Operands: address, value, and for cmpxchg the replacement. */
static void
access(struct builder *b, enum op op)
{
	const struct insn *i = &b->body.w.insn;
	const char *sig = op_rows[op].sig;
	uint32_t n = (uint32_t)strcspn(sig, ":"), x[3] = { 0 };
	b->body.nstack -= n;
	memcpy(x, b->body.stack + b->body.nstack, n * sizeof *x);
	check_aligned(b, op, x[0]);
	bool traps = access_check(b, op, x[0]);
	uint32_t words =
		access_words(b, i->offset, i->memory, AUX_third + (n == 3));
	if (b->error->kind != ERROR_none)
		return;
	if (n == 3)
		b->ir->aux[words + AUX_third] = x[2];
	enum ir_type type = sig[n + 1] == 'i'	? TYPE_i32
			    : sig[n + 1] == 'I' ? TYPE_i64
						: value_type(b, x[1]);
	uint32_t v = value_new(b, op, type, x[0], x[1], words);
	b->ir->nodes[v].flags = traps ? TRAP_memory_out_of_bounds : 0;
	if (sig[n + 1] != '\0')
		value_push(b, v);
}

/* The memory and where in it, then the operands after the address. */
static void
call(struct builder *b, enum runtime row, uint32_t n)
{
	const struct insn *i = &b->body.w.insn;
	uint32_t args[5] = { value_i32(b, i->memory) };
	b->body.nstack -= n;
	args[1] = access_wide(b, b->body.stack[b->body.nstack]);
	args[2] = value_i64(b, i->offset);
	memcpy(args + 3, b->body.stack + b->body.nstack + 1,
		(n - 1) * sizeof *args);
	value_push(b, build_call_runtime(b, row, args, n + 2));
}

void
build_atomic(struct builder *b, enum op op)
{
	switch (op) {
	case OP_memory_atomic_wait32:
		call(b, RUNTIME_atomic_wait32, 3);
		break;
	case OP_memory_atomic_wait64:
		call(b, RUNTIME_atomic_wait64, 3);
		break;
	case OP_memory_atomic_notify:
		call(b, RUNTIME_atomic_notify, 2);
		break;
	case OP_atomic_fence:
		value_new(b, op, TYPE_none, 0, 0, 0);
		break;
	default:
		access(b, op);
		break;
	}
	/* Other threads may have written, too. */
	value_wrote(b, STATE_memory);
}
