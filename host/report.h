/*
 * What stopped a guest, for people: the message and the backtrace on stderr.
 */
#ifndef HOST_REPORT_H
#define HOST_REPORT_H

struct store;

/*
 * Prints why s was unwound (s->ctx.pending) and returns the exit status: the
 * guest's own after an exit, EXIT_trap after a trap, EXIT_error otherwise.
 */
int
report_unwound(struct store *s);

#endif
