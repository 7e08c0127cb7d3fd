/*
 * Faults of compiled code that become traps.  The pc alone decides whether a
 * fault is ours: it is exactly a point of a range in the code map.  Then the
 * trap is raised, the registers are set to those of the landing pad, and the
 * handler returns.  All others go to the handler that was there before.
 *
 *   signal_posix.c  signal_none.c (nothing is ever installed)
 *   signal_x64.c    the registers, on each machine
 */
#ifndef TRAP_SIGNAL_H
#define TRAP_SIGNAL_H

#include <stdbool.h>
#include <stdint.h>

struct handler;

struct fault {
	const void *pc;	   /* of the instruction */
	uintptr_t address; /* that it could not reach; the system may give the
			      start of the page instead */
	uintptr_t fp, instance; /* what compiled code keeps in registers */
};

/*
 * From now on faults in the code map's ranges are traps, in all threads of the
 * process, until it ends.  False: the system refuses it, or the build has no
 * signals.
 */
bool
signal_start(void);

/*
 * To be called by a thread before it runs code that may fault: the thread gets
 * an alternate stack, if it has none that is large enough, until it ends.
 */
void
signal_thread(void);

/*
 * The machine: what is known of a fault from the third argument of a signal
 * handler, but for its address; and it goes on at h.
 */
struct fault
signal_fault(const void *context);
void
signal_resume(void *context, const struct handler *h);

#endif
