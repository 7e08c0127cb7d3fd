/*
 * The second tier: configuration and installation.
 */
#ifndef JIT_JIT_H
#define JIT_JIT_H

#include <stdbool.h>

#include "jit/codemem.h"
#include "jit/naming.h"
#include "trap/arena.h"
#include "trap/lock.h"

struct engine;

enum jit_mode {
	JIT_off,
	JIT_on,	   /* what is hot */
	JIT_eager, /* everything, at instantiation */
};

/* What makes rare paths common in tests; all 0 in use. */
struct jit_vary {
	uint8_t registers; /* see alloc_vary */
	uint32_t seed;
	bool sealed; /* each piece of code has its own pages */
};

struct jit {
	struct engine *engine;
	enum jit_mode mode;
	struct codemem memory;
	struct lock lock;   /* one compilation at a time; over every module's
			       native code and: */
	struct arena phase; /* of a compilation, kept for the next */
	int32_t patience;   /* what func.counter begins as */
	struct naming naming;
	struct jit_vary vary;
};

/*
 * Installs the tier in e, before its first module is loaded; engine_free takes
 * it out.  patience: what is hot, as func.counter counts; 0 for what is usual.
 * False: out of memory, or there is no second tier for this machine; then
 * nothing has changed.
 */
bool
jit_install(struct engine *e, enum jit_mode mode, int32_t patience);

/* Tells tools outside of all code that is made from now on; without a second
 * tier there is none. */
void
jit_name_code(struct engine *e, enum naming_kind kind);

/* Compiles like that from now on, before anything was compiled. */
void
jit_set_vary(struct engine *e, struct jit_vary vary);

#endif
