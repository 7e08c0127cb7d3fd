/*
 * SIGSEGV.  The handler is installed once and stays: taking it out again could
 * drop one that came after it.
 */
#define _GNU_SOURCE /* AT_MINSIGSTKSZ */
#include "trap/signal.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "trap/codemap.h"
#include "trap/context.h"

/* What the handler, and those before it, may need beyond the registers that the
 * system saves. */
enum { STACK_BYTES = 32 << 10 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct sigaction previous;
static bool started;

/* Alternate stacks */

static pthread_key_t own_stack; /* what this file has mapped for the thread */
static _Thread_local bool has_stack;

static size_t
page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* Bytes of a stack, whole pages. */
static size_t
stack_bytes(void)
{
	size_t page = page_bytes(), n = getauxval(AT_MINSIGSTKSZ);
	if (n < (size_t)MINSIGSTKSZ)
		n = (size_t)MINSIGSTKSZ;
	return (n + STACK_BYTES + page - 1) & ~(page - 1);
}

/* The thread ends: its stack is taken back, unless another took its place. */
static void
drop_stack(void *base)
{
	const stack_t off = { .ss_flags = SS_DISABLE };
	stack_t now;
	if (sigaltstack(NULL, &now) == 0 && now.ss_sp == base)
		sigaltstack(&off, NULL);
	munmap((char *)base - page_bytes(), page_bytes() + stack_bytes());
	has_stack = false;
}

/* A page that faults below it. */
static void
make_stack(void)
{
	size_t page = page_bytes(), bytes = stack_bytes();
	stack_t now, stack = { .ss_size = bytes };
	if (sigaltstack(NULL, &now) != 0 ||
		((now.ss_flags & SS_DISABLE) == 0 && now.ss_size >= bytes))
		return;
	char *base = mmap(NULL, page + bytes, PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (base == MAP_FAILED)
		return;
	stack.ss_sp = base + page;
	if (mprotect(stack.ss_sp, bytes, PROT_READ | PROT_WRITE) == 0 &&
		pthread_setspecific(own_stack, stack.ss_sp) == 0 &&
		sigaltstack(&stack, NULL) == 0)
		return;
	pthread_setspecific(own_stack, NULL);
	munmap(base, page + bytes);
}

void
signal_thread(void)
{
	if (has_stack)
		return;
	has_stack = true; /* or it has to do without: there is room below the
			     limit of the thread's own */
	make_stack();
}

/* The handler */

static void
stop(const struct fault *f)
{
	static const char text[] =
		"sheave: compiled code has reached beyond its memory, which no "
		"guest\nshould make it do: this is a bug of sheave.  Address "
		"and instruction:\n";
	static const char digits[] = "0123456789abcdef";
	const uintptr_t words[2] = { f->address, (uintptr_t)f->pc };
	char line[2 * (2 * sizeof(uintptr_t) + 1)], *p = line;
	for (int i = 0; i < 2; i++) {
		for (int bit = 8 * (int)sizeof(uintptr_t); bit > 0; bit -= 4)
			*p++ = digits[words[i] >> (bit - 4) & 15];
		*p++ = i == 0 ? ' ' : '\n';
	}
	if (write(2, text, sizeof text - 1) >= 0)
		(void)!write(2, line, sizeof line);
	abort();
}

/* What happened before we came: returning meets the fault again. */
static void
chain(int signal, siginfo_t *info, void *context)
{
	if (previous.sa_flags & SA_SIGINFO) {
		pthread_sigmask(SIG_BLOCK, &previous.sa_mask, NULL);
		previous.sa_sigaction(signal, info, context);
		return;
	}
	if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
		pthread_sigmask(SIG_BLOCK, &previous.sa_mask, NULL);
		previous.sa_handler(signal);
		return;
	}
	if (info->si_code <= 0 && previous.sa_handler == SIG_IGN)
		return; /* somebody sent it */
	sigaction(signal, &previous, NULL);
	if (info->si_code <= 0)
		raise(signal);
}

static void
handle(int signal, siginfo_t *info, void *context)
{
	struct fault f = signal_fault(context);
	const struct code_range *r = NULL;
	const struct handler *h;
	if (info->si_code > 0) /* nobody sent it */
		r = codemap_find(f.pc);
	if (r == NULL || codemap_point(r, f.pc) == NULL) {
		chain(signal, info, context);
		return;
	}
	f.address = (uintptr_t)info->si_addr;
	h = r->fault(&f);
	if (h == NULL)
		stop(&f);
	signal_resume(context, h);
}

static void
start(void)
{
	struct sigaction action;
	memset(&action, 0, sizeof action);
	action.sa_sigaction = handle;
	action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
	sigemptyset(&action.sa_mask);
	/* known before the first signal can come */
	started = sigaction(SIGSEGV, NULL, &previous) == 0 &&
		  pthread_key_create(&own_stack, drop_stack) == 0 &&
		  sigaction(SIGSEGV, &action, NULL) == 0;
}

bool
signal_start(void)
{
	pthread_once(&once, start);
	return started;
}
