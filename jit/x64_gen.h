/*
 * Selection for x86-64: what its files share.
 */
#ifndef JIT_X64_GEN_H
#define JIT_X64_GEN_H

#include <assert.h>

#include "jit/alloc.h"
#include "jit/compile.h"
#include "jit/roots.h"
#include "jit/stub.h"
#include "jit/x64.h"
#include "spec/type.h"

enum { RFP = X64_r15, RINST = X64_r14, RMEM = X64_r13, RTMP = X64_r11 };
enum { XTMP = 31 }; /* xmm15, as a register of machine.h */
static_assert(
	MACHINE_INTS == (0xffffu & ~(1u << X64_rsp | 1u << RTMP | 1u << RMEM |
					   1u << RINST | 1u << RFP)) &&
		MACHINE_FLOATS == (0xffff0000u & ~(1u << XTMP)),
	"values are in all registers but those that are kept");
static_assert(MACHINE_SLOTS == 1u << X64_rsp, "nothing moves rsp");

/* Slots from here on are those of the callee's frame: its slot 0 is this. */
#define OUT_SLOT UINT32_C(0x00800000)

/*
 * A place in the code: its part in the upper three bits, then the offset in it.
 * Parts follow each other at the end: blocks, blocks that are seldom reached,
 * odd cases of instructions, ways to raise traps and edges on the side,
 * constants and tables; then come the sites.
 */
typedef uint32_t place;
enum part { PART_hot, PART_cold, PART_odd, PART_side, PART_data, PART_count };
#define PLACE_SHIFT 29
#define NO_PLACE UINT32_MAX

/* 32 bits at `at` that become the distance to a label from so many bytes behind
 * them; that may be less than 0. */
struct fixup {
	place at;
	uint32_t behind, label;
};

/* Stands in an instruction for the distance to the callee's frame, in bytes;
 * frame_fix after it. */
#define DISTANCE 0x40000000

/* Points of a part, where `at` is an offset in it. */
struct points {
	struct code_point *at;
	uint32_t n, room;
};

/* A site to be, and its label or, if that is a place, the copied call. */
struct gen_site {
	uint32_t label;
	place call;
	uint32_t node;
	uint32_t first, nclauses; /* of machine.clauses */
};

/* A clause of a site, and the label of its landing. */
struct gen_clause {
	uint32_t label, kind, tag;
};

/* Where parts and sites are in the code. */
struct gen_layout {
	uint8_t *bytes;
	uint32_t start[PART_count], len, sites;
};

struct machine {
	struct alloc al;
	struct analysis an;
	struct roots roots;
	struct ir *ir;
	struct x64 parts[PART_count];
	enum part part;
	struct x64 *x; /* the part at hand */
	place *labels; /* blocks first; NO_PLACE: not placed */
	uint32_t nlabels, labels_room;
	struct fixup *fixups;
	uint32_t nfixups, fixups_room;
	place *frames; /* 32 bits that the distance is added to */
	uint32_t nframes, frames_room;
	struct points points[PART_count];
	struct code_point *loops; /* ways in at loops; at is a place */
	uint32_t nloops, loops_room;
	bool osr;
	struct gen_site *sites;
	uint32_t nsites, sites_room;
	const uint8_t *own_call; /* one to be copied, or NULL */
	struct gen_clause *clauses;
	uint32_t nclauses, clauses_room;
	uint32_t entry;			   /* label: arguments in registers */
	uint32_t trap_stub, numbered_stub; /* labels: jumps to stub_trap; to
					      this when rcx is 1 */
	bool keeps_flags;     /* constants are made without changing them */
	uint32_t host_failed; /* the same to stub_host_failed, or 0 */
	struct code_aligned *aligned; /* from and to are places */
	uint32_t naligned, aligned_room;
	uint32_t instance_slot; /* or NO_SLOT: it never leaves the instance */
	bool catches;		/* the native sp is in the slot after that */
	uint32_t out_slots;	/* most slots that a callee needs of ours */
	bool calls;		/* the limit is compared */
	uint32_t compared;	/* where block this begins; 0: at the entry */
	uint32_t flags; /* value whose comparison with 0 the flags are, */
	const uint8_t *flags_at; /* for code that begins here */
	bool listing;		 /* spans are wanted; at is a place */
	struct code_span *spans;
	uint32_t nspans, spans_room;
	uint32_t spanned[PART_count]; /* bytes of each part that are in spans */
};

/* Memory operands. */
static inline struct x64_mem
at(int base, int32_t disp)
{
	return (struct x64_mem){ (uint8_t)base, X64_none, 0, disp };
}

/* xmm register number of a machine register. */
static inline int
xmm(int r)
{
	return r - 16;
}

static inline struct node *
node_of(struct machine *x, uint32_t v)
{
	return &x->ir->nodes[v];
}

/* bits of a constant node */
static inline uint64_t
const_bits(const struct node *n)
{
	return (uint64_t)n->c << 32 | n->b;
}

static inline bool
is_const(struct machine *x, uint32_t v)
{
	return node_of(x, v)->op == IR_const;
}

/* v is a constant that an instruction takes as immediate, sign-extended. */
static inline bool
is_imm32(struct machine *x, uint32_t v, int32_t *imm)
{
	const struct node *n = node_of(x, v);
	if (n->op != IR_const || n->type >= TYPE_f32)
		return false;
	uint64_t bits = const_bits(n);
	if (n->type == TYPE_i32)
		bits = (uint64_t)(int64_t)(int32_t)bits;
	*imm = (int32_t)bits;
	return (uint64_t)(int64_t)*imm == bits;
}

/* A new label, not placed yet. */
uint32_t
label_new(struct machine *x);
/* The label is here. */
void
label_here(struct machine *x, uint32_t label);
/* The distance at `field`, just encoded, goes to the label. */
void
label_fix(struct machine *x, uint8_t *field, uint32_t label);
void
jump_to(struct machine *x, uint32_t label);
void
branch_to(struct machine *x, enum x64_cond cond, uint32_t label);

/* In the last 4 bytes encoded stands DISTANCE, or the offset of a slot of the
 * callee, plus something. */
void
frame_fix(struct machine *x);

/* The home of v, which has one, or slot, as an operand; a slot of the callee
 * needs frame_fix after it. */
struct x64_mem
slot_mem(uint32_t slot);

/* Label of 8 constant bytes behind the code. */
uint32_t
constant_label(struct machine *x, uint64_t bits);

/* Label of a new site for the call at hand. */
uint32_t
site_label(struct machine *x, uint32_t node);
/* The same without a label, for x64_calls_patch. */
void
site_copied(struct machine *x, place call, uint32_t node);

/* Bytes of all sites and of what catches at them. */
uint32_t
x64_sites_bytes(const struct machine *x);

/* All sites, when every value has its home; false when out of memory. */
bool
x64_sites_put(struct machine *x, const struct gen_layout *l, uint32_t distance,
	struct code_image *out);

/* Where the site is in the code, as a link says. */
uint32_t
x64_site_at(const struct gen_layout *l, uint32_t site);

/* Distances of calls that are copies. */
void
x64_calls_patch(
	const struct machine *x, const struct gen_layout *l, uint32_t distance);

/* Where a place is in the code, and a placed label. */
uint32_t
x64_place_at(const struct gen_layout *l, place p);
uint32_t
x64_label_at(
	const struct machine *x, const struct gen_layout *l, uint32_t label);

/* Puts what is needed when control comes back to where it belongs: once for a
 * frame. */
void
x64_keep(struct machine *x);

/* Finds out where the frame's end is compared with the limit; does it where
 * that block begins, and puts what x64_keep does. */
void
x64_limit_find(struct machine *x);
void
x64_limit_compare(struct machine *x, uint32_t block);

/* Instance and memory again, from there; or memory alone. */
void
x64_reload(struct machine *x);
void
x64_reload_memory(struct machine *x);

/*
 * Host functions of type t may be called in place: their arguments are in
 * registers.
 */
bool
x64_host_fits(const struct functype *t);
/* Calls that one in r8; its arguments are where compiled code takes them, so is
 * its first result.  When it fails, raises. */
void
x64_host_call(struct machine *x, const struct functype *t, uint32_t site);

/* Block b ends in a try. */
void
x64_try(struct machine *x, uint32_t b);

/* Slots that the payload of the try i takes, at most. */
uint32_t
x64_try_slots(const struct machine *x, uint32_t i);

/* Takes edge e and goes on in its block, right after `block`. */
void
x64_go(struct machine *x, uint32_t e, uint32_t block);

/* What was encoded last is a call that raises a trap at the entry. */
void
point_entry(struct machine *x);

/* What is encoded next is the access of the node, which may fault if it has
 * flags. */
void
point_here(struct machine *x, uint32_t node);

/*
 * A label on the side that raises the trap for the node; number: the value of
 * its message's number, or 0.
 */
uint32_t
trap_label(struct machine *x, uint32_t node, uint8_t trap, uint32_t number);

/* What follows goes to this part. */
void
part_begin(struct machine *x, enum part part);
place
place_here(const struct machine *x);

/* The selectors of scalars, of memory accesses and of the instructions of
 * ir.def, x64_select_<id>; of those that end blocks just tail calls have one.
 */
typedef void
x64_selector(struct machine *x, uint32_t i);
#define SCALAR(id) x64_selector x64_select_##id;
#include "jit/x64_scalar.def"
#define IR(id, operands, kind) x64_selector x64_select_##id;
#include "jit/ir.def"
/* In a .c file: the selector is this call. */
#define X64_SELECT(id, call) \
	void x64_select_##id(struct machine *x, uint32_t i) \
	{ \
		call; \
	}

/* Those of others: true if they know the node. */
bool
x64_compare_select(struct machine *x, uint32_t i);
bool
x64_atomic_select(struct machine *x, uint32_t i);
bool
x64_vector_select(struct machine *x, uint32_t i);

/*
 * The operand of an access of node n to the linear memory: base + address +
 * offset; its base may be RTMP.
 */
struct x64_mem
x64_address(struct machine *x, const struct node *n);

/* The same of a part of an object. */
struct x64_mem
x64_part(struct machine *x, const struct node *n);

/* The load, which is merged, is encoded next. */
void
x64_load_here(struct machine *x, uint32_t load);

/* Moves a value of the type from memory and to it. */
enum x64_op
x64_load_op(uint8_t type);

/* The bits of an immediate that op stores. */
int32_t
x64_low(enum x64_op op, int32_t imm);

/*
 * Sets the flags for the comparison v, or for v != 0; returns the condition
 * under which it holds.  Equality of floats needs a look at the parity flag
 * too.
 */
struct x64_test {
	enum x64_cond cond;
	enum { TEST_one, TEST_and_no_parity, TEST_or_parity } kind;
};
struct x64_test
x64_test(struct machine *x, uint32_t v);
/* Of IR_is. */
struct x64_test
x64_object_is(struct machine *x, const struct node *n);
/* The opposite. */
struct x64_test
x64_test_not(struct x64_test t);
/* Jumps to the label if the test holds. */
void
x64_test_branch(struct machine *x, struct x64_test t, uint32_t label);

/* Room for `want` elements in *array; false when out of memory. */
bool
x64_grow_more(struct machine *x, void **array, uint32_t *room, size_t size);
static inline bool
x64_grow(struct machine *x, void **array, uint32_t *room, uint32_t want,
	size_t size)
{
	return want <= *room || x64_grow_more(x, array, room, size);
}

/* Calls code of this function of type t, from outside of its frame; its first
 * result goes to where the link was. */
void
x64_call_inner(struct machine *x, const struct functype *t, uint32_t label);

/* Block b begins, the head of a loop: if that may be entered from an
 * interpreted frame, encodes the way in. */
void
x64_loop_ways_in(struct machine *x, uint32_t b);

/* The same, before its label: a short loop begins where it is fetched at once.
 */
void
x64_loop_align(struct machine *x, uint32_t b);

/* Where arguments go, in order: registers, then NO_REG. */
struct x64_arguments {
	uint32_t ints, floats;
};
static const uint8_t x64_int_arguments[] = { X64_rax, X64_rcx, X64_rdx, X64_rbx,
	X64_rsi, X64_rdi };
static_assert(
	sizeof x64_int_arguments == INT_ARGUMENTS, "as the stubs have them");
static inline int
x64_next_argument(struct x64_arguments *a, uint8_t type)
{
	if (type >= TYPE_f32)
		return a->floats < FLOAT_ARGUMENTS ? 16 + (int)a->floats++
						   : NO_REG;
	return a->ints < INT_ARGUMENTS ? x64_int_arguments[a->ints++] : NO_REG;
}

/* A call of our own function may end in one of another instance. */
bool
x64_may_leave(const struct machine *x);

/* Arguments of calls are best made in the registers they go to. */
void
x64_hints(struct machine *x);

/* Done with the operands of what was merged into the node at hand. */
void
done_merged(struct machine *x, uint32_t v);
/* Done with the operand v, or with those. */
static inline void
done(struct machine *x, uint32_t v)
{
	if (x->an.folded[v])
		done_merged(x, v);
	else
		alloc_done(&x->al, v);
}
/* Done with the operands in a, b of node i. */
static inline void
done2(struct machine *x, const struct node *n)
{
	done(x, n->a);
	done(x, n->b);
}

#endif
