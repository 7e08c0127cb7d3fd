/*
 * What the store needs of a tier, installed in the engine by the first one, so
 * that nothing here names it.
 */
#ifndef SPEC_TIER_H
#define SPEC_TIER_H

#include "spec/store.h"
#include "trap/context.h"

struct exception;

/* Slots of a frame that hold references to objects, from its fp. */
struct frame_map {
	const uint32_t *slots;
	uint32_t nslots;
};

struct tier {
	/* What func.cells of a wasm function and of a host function begin as.
	 */
	const struct cell *(*translate)(void);
	const struct cell *(*host)(void);
	const struct site_walker *walker;
	/* What context.statics begins as: cells of no function. */
	const struct cell *(*statics)(void);
	/* func_call for a wasm function. */
	enum status (*enter)(
		struct store *s, struct func *f, union slot *slots);
	call_fn *call; /* of one that has no code of the second tier */
	/* Frees what the tier keeps with a module. */
	void (*module_free)(struct module *m);
	/*
	 * Translates a raw frame: the module (borrowed), function index and
	 * offset of the instruction in the module.  False if it is not of s.
	 */
	bool (*locate)(struct store *s, const struct raw_frame *frame,
		struct module **m, uint32_t *func, uint32_t *offset);
	/*
	 * The map of a frame at the site, good until forget_maps.  False when
	 * out of memory.
	 */
	bool (*frame_map)(struct store *s, const struct cell *site,
		struct frame_map *map);
	/* Before modules of s, or s, may go. */
	void (*forget_maps)(struct store *s);
};

/*
 * What the first tier and the store need of the second, if there is one:
 * engine.second.
 */
enum { COUNT_CALL = 16 };

/* What became of a module's functions. */
struct second_counts {
	uint32_t compiled;
	uint32_t refused; /* stay interpreted */
	uint32_t func;	  /* the first of these, */
	const char *why;  /* and why; the module's.  NULL: none, or no memory */
};

struct second_tier {
	/* What func.code of a function of type t is that is not compiled, or
	 * is the host's: code that enters the first tier, or calls the host.
	 */
	const void *(*stub)(const struct functype *t, bool host);
	/* A new instance: its functions may be compiled, or have code already.
	 */
	void (*instance)(struct instance *in);
	/* What func.counter begins as; a call takes COUNT_CALL from it, an
	 * iteration of a loop 1. */
	int32_t (*patience)(const struct engine *e);
	/* f is about to run interpreted for the first time: true if it has code
	 * instead, f->code, and is to be entered there. */
	bool (*first)(struct func *f);
	/* Runs the code of f, frame fp with its arguments, results from fp[-1]
	 * on; the exit pair is the caller's. */
	enum status (*enter)(
		struct context *ctx, struct func *f, union slot *fp);
	/* func_call for a function whose cells are CELL_native. */
	enum status (*run)(struct func *f, union slot *slots);
	/* The counter of f is below zero: its next calls may run code. */
	void (*hot)(struct func *f);
	/*
	 * The same in a loop, whose instruction is at offset in the module; its
	 * interpreted frame is fp.  STATUS_raise: go on interpreting, else what
	 * enter answers: the function has returned.
	 */
	enum status (*hot_loop)(struct context *ctx, struct func *f,
		uint32_t offset, union slot *fp);
	/* Frees what the tier keeps with a module. */
	void (*module_free)(struct module *m);
	/* As that of struct tier, for frames of compiled code. */
	bool (*locate)(struct store *s, const struct raw_frame *frame,
		struct module **m, uint32_t *func, uint32_t *offset);
	/* struct site_walker's levels. */
	uint32_t (*levels)(const struct cell *pc);
	/* The map of a frame, good while it is there.  False: none of its. */
	bool (*frame_map)(struct store *s, const struct cell *site,
		struct frame_map *map);
	/*
	 * struct site_walker's search for one frame of compiled code, whose
	 * callee's link is the site: what catches e there gets its payload and
	 * is *out.
	 */
	bool (*catches)(const struct cell *site, union slot *fp,
		struct exception *e, struct handler *out);
	/* So far. */
	void (*counts)(struct module *m, struct second_counts *out);
	/* The end of the engine, which has no modules any more. */
	void (*remove)(struct engine *e);
};

#endif
