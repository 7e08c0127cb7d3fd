/*
 * The second tier: configuration and installation.
 */
#ifndef JIT_JIT_H
#define JIT_JIT_H

#include <stdbool.h>

#include "jit/codemem.h"
#include "jit/naming.h"
#include "trap/arena.h"

struct engine;
struct worker;

enum jit_mode {
	JIT_off,
	JIT_on,	   /* what is hot */
	JIT_eager, /* everything, at instantiation */
};

/* What makes rare paths common in tests; all 0 in use. */
struct jit_vary {
	uint8_t registers; /* see alloc_vary */
	uint32_t seed;
	bool sealed;	/* each piece of code has its own pages */
	uint32_t plant; /* a bug: the integer instruction at this offset in the
			   module is wrong; 0: none */
};

struct jit {
	struct engine *engine;
	enum jit_mode mode;
	struct codemem memory;
	struct worker *worker; /* one compilation at a time; its lock is over
				  every module's native code */
	struct naming naming;
	struct arena phase; /* of a compilation, kept for the next; used in
			       one's turn */
	int32_t patience;   /* what func.counter begins as */
	struct jit_vary vary;
};

struct jit_config {
	enum jit_mode mode;
	int32_t patience; /* what is hot, as func.counter counts; 0: usual */
	bool alone;	  /* no thread of its own: threads that run compile */
	bool signals; /* guard pages and a signal handler stand for checks of
			 memories' bounds, where both can be had */
};

/*
 * Installs the tier in e, before its first module is loaded; engine_free takes
 * it out.  False: out of memory, or there is no second tier for this machine,
 * or no memory that may be executed; then nothing has changed.
 */
bool
jit_install(struct engine *e, const struct jit_config *config);

/* Tells tools outside of all code that is made from now on; without a second
 * tier there is none. */
void
jit_name_code(struct engine *e, enum naming_kind kind);

/* Compiles like that from now on, before anything was compiled. */
void
jit_set_vary(struct engine *e, struct jit_vary vary);

#endif
