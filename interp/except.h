/*
 * Exceptions in cells.  Entering and leaving a try_table costs nothing: a site
 * in it knows the way to the clauses (interp/cell.h), which stand behind the
 * function's code, a table for each try_table:
 *
 *   header   ab = number of clauses, imm = cells to the table of the try_table
 *            around it, 0 if there is none
 *   clause   catch: a = slot of the instance, b = home of the label's first
 *            operand, imm = way to the label
 *            data: ab = tag, imm = enum catch_kind
 *
 * Ways to tables are in cells, from the cell that has them.  A clause is also
 * where its catch goes on.
 */
#ifndef INTERP_EXCEPT_H
#define INTERP_EXCEPT_H

#include <stdbool.h>
#include <stdint.h>

struct context;
struct handler;
struct translator;

/* The walk's newest frame is a try_table: its clauses hold for what follows. */
void
except_try(struct translator *t);

/* throw. */
void
except_throw(struct translator *t, uint32_t tag);

/* throw_ref. */
void
except_throw_ref(struct translator *t);

/* All tables, behind the code. */
void
except_tables(struct translator *t);

/*
 * struct site_walker's search: a catch of the pending exception in this
 * activation, with the payload written to its label's operands.  An interrupt
 * ends it with a trap.
 */
bool
except_search(struct context *ctx, struct handler *out);

#endif
