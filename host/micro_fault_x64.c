/*
 * The handler puts another address into whichever register has the one that
 * faults.  It has the flags that trap/signal_posix.c has.
 */
#define _GNU_SOURCE /* NGREG */
#include "host/micro_fault.h"

#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <ucontext.h>

static char *volatile nowhere;
static char somewhere;

static void
redirect(int signal, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
	(void)signal;
	for (int i = 0; i < NGREG; i++)
		if (r[i] == (greg_t)info->si_addr)
			r[i] = (greg_t)&somewhere;
}

bool
micro_fault(uint32_t n)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO | SA_NODEFER |
						SA_ONSTACK },
			 before;
	action.sa_sigaction = redirect;
	nowhere =
		mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (nowhere == MAP_FAILED || sigaction(SIGSEGV, &action, &before) != 0)
		return false;
	for (uint32_t i = 0; i < n; i++)
		*(volatile char *)nowhere = 1;
	sigaction(SIGSEGV, &before, NULL);
	munmap(nowhere, 4096);
	return true;
}
