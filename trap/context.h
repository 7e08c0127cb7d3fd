/*
 * The store context: the small struct, one per store, that running code of
 * both tiers reaches in one load, with the handler frame that every unwinding
 * goes to.  64-bit fields first, so that offsets follow from the pointer width
 * alone.
 */
#ifndef TRAP_CONTEXT_H
#define TRAP_CONTEXT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "trap/slot.h"
#include "trap/trap.h"

struct cell;
struct func;

/* What a tier's entry answers. */
enum status {
	STATUS_done = 0,
	STATUS_unwound, /* context.pending says why */
	STATUS_raise,	/* a tier's loop only: go on at raise_target */
	STATUS_tail,	/* the same: the base frame became that of compiled
			   code, context.callee; its arguments are in place */
};

/*
 * The landing pad of the innermost entry into guest code: where control goes
 * when its guest is unwound.  fp is a guest frame, pc a cell (interpreter) or
 * code (JIT), sp the native stack of a compiled activation or the address of an
 * interpreter activation's record.
 */
struct handler {
	uintptr_t sp, fp, pc;
};

/*
 * One entry into guest code, on the C stack of whoever entered.  The fields
 * after prev are of the one before, restored at its end; without one before
 * there is nothing to restore, and they mean nothing.
 */
struct activation {
	struct activation *prev;
	struct handler handler;
	union slot *exit_fp;
	const struct cell *exit_pc;
	union slot *guest_sp;	 /* this, and */
	union slot *frame_limit; /* that, of an entry from the host */
};

/*
 * Slots between guest_limit and the end of the stack: a host function that is
 * called from the last frame has its results there.
 */
enum { STACK_SLACK = 1024 };

enum unwind_kind {
	UNWIND_none,
	UNWIND_trap,	  /* pending.trap */
	UNWIND_exit,	  /* the guest asked to exit: pending.exit_code */
	UNWIND_host,	  /* a host function failed: pending.text, payload */
	UNWIND_exception, /* a wasm exception: pending.payload */
};

/*
 * A frame as the walk finds it: cells and slots, no names yet.  Where a call
 * was built into its caller one pc stands for several frames of the guest, all
 * in one place: level 0 is the innermost.
 */
struct raw_frame {
	const struct cell
		*pc; /* the site after the call, or the trapping cell */
	const union slot *fp;
	uint32_t level;
};

enum { BACKTRACE_MAX = 64, BACKTRACE_DEFAULT = 32 };

/* Of address and bytes. */
#define FAULT_FORMAT \
	"memory fault at wasm address 0x%" PRIx64 \
	" in linear memory of size 0x%" PRIx64

/* Why the guest is being unwound.  Preallocated: raising never allocates. */
struct pending {
	enum unwind_kind kind;
	enum trap trap;
	bool has_number, has_address;
	uint64_t number;  /* "uninitialized element 2" */
	uint64_t address; /* that a fault tells of, in a memory of */
	uint64_t bytes;	  /* so many */
	int32_t exit_code;
	void *payload; /* the host's; or the exception, a root of the heap as
			  long as kind says that it is one */
	char text[200];
	uint32_t nframes;
	struct raw_frame frames[BACKTRACE_MAX];
};

struct context {
	int64_t fuel; /* left; compared when the engine charges fuel */
	struct handler handler;
	union slot *exit_fp; /* youngest guest frame when the guest last left */
	const struct cell *exit_pc; /* its site */
	union slot *guest_sp; /* first slot above all that is in use then; a
				 nested entry starts its frames there; read
				 it through context_top */
	/* A callee's frame end is compared with it; an interrupt lowers it. */
	union {
		_Atomic(union slot *) set;
		union slot *plain;
	} guest_limit;

	union slot *frame_limit; /* what guest_limit is, but for interrupts */
	uintptr_t stack_limit;	 /* of compiled code's native stack, unless
				    entry_sp is 0 */
	uintptr_t stack_budget;	 /* its bytes, at most */
	/* The native stack pointer with which compiled code was entered first;
	 * it stays when that was outermost, until the first tier is entered so:
	 * handler and limits are as the next entry from there wants them, if
	 * this is its thread and frames end at entry_limit. */
	uintptr_t entry_sp; /* 0: none runs, none is remembered */
	union slot *entry_limit;
	uint64_t entry_thread; /* whose stack_limit it is, made at limit_sp */
	struct func *callee;   /* of STATUS_tail */
	struct activation *activation; /* newest, NULL outside the guest */
	uint32_t depth;		       /* entries that are open, without the
					  outermost */
	uint32_t max_depth;	       /* of all entries; more of them is a
					  stack overflow */
	uint32_t max_frames;	       /* of a backtrace; 0 switches it off */
	atomic_uint interrupt; /* nonzero: stop at the next poll; may be set
				  from another thread or a signal handler */
	union slot *stack, *stack_end; /* the guest stack */
	const struct site_walker *walker;
	const struct cell *statics; /* the first tier's, for its entry */
	uintptr_t limit_sp;
	struct pending pending;
};

/*
 * What another thread may change at any time, as a load that costs nothing:
 * it orders nothing either.
 */
static inline bool
context_interrupted(const struct context *ctx)
{
	return atomic_load_explicit(&ctx->interrupt, memory_order_relaxed) != 0;
}

/*
 * Read as the word that it is, because compilers fold that into the comparison
 * (1.7% of fib's instructions), but where races are looked for:
 * the build defines CONTEXT_ATOMIC there.
 */
static inline union slot *
context_guest_limit(const struct context *ctx)
{
#ifdef CONTEXT_ATOMIC
	return atomic_load_explicit(
		&ctx->guest_limit.set, memory_order_relaxed);
#else
	return ctx->guest_limit.plain;
#endif
}

/*
 * How frames are read, installed by the first tier: the walk itself knows no
 * cell.  distance is the number of slots from the caller's fp to the callee's.
 */
struct site_walker {
	/* The site ends an activation (it is a leave cell). */
	bool (*is_base)(const struct cell *site);
	uint32_t (*distance)(const struct cell *site);
	/* How many frames of the guest a frame at pc is: most often 1. */
	uint32_t (*levels)(const struct context *ctx, const struct cell *pc);
	/*
	 * Searches this activation's frames, from the exit pair to its base,
	 * for a catch of the pending exception.  If there is one, what it
	 * carries stands in its frame and *out is where to go on.  It may raise
	 * a trap instead.
	 */
	bool (*search)(struct context *ctx, struct handler *out);
};

#endif
