/*
 * The loop that runs cells, in the dispatch mode that the build chose.
 */
#ifndef INTERP_LOOP_H
#define INTERP_LOOP_H

#include "interp/bc.h"
#include "interp/cell.h"
#include "trap/context.h"

struct instance;

/* Cells that are not part of any function. */
enum static_cell {
	CELL_base,	/* before leave: a distance of 0 */
	CELL_leave,	/* link of an entry */
	CELL_unwind,	/* landing pad of an entry */
	CELL_translate, /* first cell of a function never called */
	CELL_host,	/* cell of a host function */
	CELL_native,	/* cell of a compiled function */
	CELL_static_count,
};

struct loop_tables {
	const union word *words;  /* by enum bc */
	const struct cell *cells; /* by enum static_cell */
};

/* The mode's words and static cells. */
const struct loop_tables *
loop_tables(void);

/*
 * DISPATCH_H declares the loop itself, in line where that is cheaper:
 *
 *   enum status loop_run(struct instance *in, const struct cell *pc,
 *           union slot *fp, uint64_t acc);
 *
 * runs from pc with frame fp of in until the activation ends: STATUS_done,
 * STATUS_unwound (the landing pad was reached), STATUS_raise or STATUS_tail.
 * acc is the accumulator: the struct func when pc is its first cell.
 */

#endif
