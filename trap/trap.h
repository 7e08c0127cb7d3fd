/*
 * Trap rows (trap/trap.def) as an enum, and their texts.
 */
#ifndef TRAP_TRAP_H
#define TRAP_TRAP_H

#include <stdbool.h>

enum trap {
#define TRAP(id, code, message, exhaustion) TRAP_##id,
#include "trap/trap.def"
	TRAP_count,
};

/* The message of the row, without "wasm trap: ".  Static. */
const char *
trap_message(enum trap t);

/* The same with it. */
const char *
trap_line(enum trap t);

/* The public code of the row. */
int
trap_code(enum trap t);

/* The row is a resource of ours that ran out (the suite's exhaustion). */
bool
trap_is_exhaustion(enum trap t);

#endif
