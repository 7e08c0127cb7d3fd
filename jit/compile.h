/*
 * One function from wasm to machine code: build, analyse, allocate and encode.
 */
#ifndef JIT_COMPILE_H
#define JIT_COMPILE_H

#include <assert.h>
#include <stddef.h>

#include "interp/cell.h"
#include "jit/build.h"
#include "trap/codemap.h"

struct arena;

/*
 * What a frame's link points into while compiled code calls: `leave`.  Stands
 * behind the code it belongs to, and has the distance where the cell before it
 * has it (interp/cell.h).
 *
 *   leave.u.ab     of a call: bytes from the record's beginning to its struct
 *                  code_catches, or 0; of a new object (stub_new), where
 *                  nothing is thrown: its canonical type,
 *   leave.v.imm    and its length
 */
struct code_site {
	uint32_t offset;   /* of the call, in the module */
	uint32_t roots;	   /* of code_image, where its own stand */
	uint32_t inlined;  /* in code_image.inlined */
	uint16_t distance; /* slots to the caller's frame */
	uint16_t none;	   /* 0: no try_table of an interpreted call */
	struct cell leave;
};
static_assert(offsetof(struct code_site, leave) -
				      offsetof(struct code_site, distance) ==
			      sizeof(struct cell) - offsetof(struct cell, v) &&
		      offsetof(struct code_site, none) ==
			      offsetof(struct code_site, distance) + 2,
	"as in the cell before a site");

/* Offsets of code between which the native stack is aligned for C; the pointer
 * to it is in rbp meanwhile. */
struct code_aligned {
	uint32_t from, to;
};

/* Code that is there for a node. */
struct code_span {
	uint32_t at, len; /* in the code, bytes */
	uint32_t node;	  /* of what build gives; 0: the function's entry */
	bool data;	  /* constants, no instructions */
};

/*
 * What may catch what a call throws: behind all sites.  The frame holds the
 * function's instance and, in the slot after that, its native stack pointer.
 * Payloads go to the slots where the callee's frame was.
 */
struct code_clause {
	uint32_t kind, tag; /* enum catch_kind, index in the instance */
	uint32_t landing;   /* bytes back to where it goes on */
};

struct code_catches {
	uint32_t instance_slot, count;
	struct code_clause clauses[];
};

/* The record that a frame's link points into. */
static inline const struct code_site *
compile_site_of(const void *link)
{
	return (const void *)((const char *)link -
			      offsetof(struct code_site, leave));
}

/*
 * A compiled function in phase memory, to be copied to code memory.  In the 4
 * bytes before its entry stands the distance from there to its other one, which
 * takes those arguments that are in registers from slots at r11, and leaves the
 * first result in fp[-1].
 */
struct code_image {
	uint8_t *bytes; /* code, constants, sites: position-independent */
	uint32_t len;
	uint32_t entry;		   /* offset: arguments in registers */
	uint32_t sites, nsites;	   /* offset of the first; all in a row, then
				      what catches at them */
	struct code_point *points; /* by `at` */
	uint32_t npoints;
	struct inlined *inlined; /* 0 is the function itself */
	uint32_t ninlined;
	uint32_t frame_slots; /* what it compares with the limit */
	/* Slots of the frame that hold a reference at a site: count, slots. */
	uint32_t *roots;
	uint32_t nroots;
	/* With options.osr: where it may be entered at loops; `at` is the
	 * code's offset, `offset` that of the loop in the module. */
	struct code_point *loops;
	uint32_t nloops;
	/* In order. */
	struct code_aligned *aligned;
	uint32_t naligned;
	/* With options.listing: all of the code, in the order of the nodes. */
	struct code_span *spans;
	uint32_t nspans;
};

/*
 * Compiles function index func of m in arena a.  False and *error: out of
 * memory, or ERROR_unsupported: the function stays interpreted.
 */
bool
compile(const struct module *m, uint32_t func,
	const struct build_options *options, struct arena *a,
	struct code_image *out, struct error *error);

#endif
