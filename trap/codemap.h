/*
 * The compiled code of the whole process, of all engines: which range an
 * address is in.  Read without a lock, by a signal handler too; a skip list
 * whose nodes are the ranges themselves, so that nothing is allocated.
 *
 *   next[1]  head ---------> range ------------------> range -->
 *   next[0]  head -> range -> range -> range -> range -> range -->
 */
#ifndef TRAP_CODEMAP_H
#define TRAP_CODEMAP_H

#include <stdint.h>

struct fault;
struct handler;

/* Where an instruction of the module stands in the code. */
struct code_point {
	uint32_t at;	  /* offset in the code: of the return address of the
			     call that raises, or of a faulting access */
	uint32_t offset;  /* in the module */
	uint32_t inlined; /* what the code's owner knows about its levels */
};

/*
 * What a fault at one of the points comes to (trap/signal.h): the landing pad,
 * after the trap was raised; NULL if the code may not touch that address.  Runs
 * in a signal handler.
 */
typedef const struct handler *
code_fault(const struct fault *f);

enum { CODEMAP_LEVELS = 7 };

struct code_range {
	/* Addresses above start, up to end: nothing is at start, and a return
	 * address may be behind the last instruction. */
	const uint8_t *start, *end;
	const struct code_point *points; /* by `at` */
	uint32_t npoints;
	code_fault *fault;
	_Atomic(struct code_range *) next[CODEMAP_LEVELS]; /* the map's own */
};

/* Forks take the lock of who adds and removes from now on, if not before. */
void
codemap_open(void);

/* Enters r, which overlaps no other and stays where it is until it is removed.
 */
void
codemap_add(struct code_range *r);
/* Nobody runs its code any more; nobody reads r when this returns. */
void
codemap_remove(const struct code_range *r);

/* The range that pc is in, which lives as long as what runs there; or NULL. */
const struct code_range *
codemap_find(const void *pc);

/* The point at pc, which is in r; NULL if there is none. */
const struct code_point *
codemap_point(const struct code_range *r, const void *pc);

#endif
