/*
 * The second tier: configuration and installation.
 */
#ifndef JIT_JIT_H
#define JIT_JIT_H

#include <stdbool.h>

#include "jit/codemem.h"
#include "trap/lock.h"

struct engine;

enum jit_mode {
	JIT_off,
	JIT_on,	   /* what is hot */
	JIT_eager, /* everything, at instantiation */
};

struct jit {
	struct engine *engine;
	enum jit_mode mode;
	struct codemem memory;
	struct lock lock; /* one compilation at a time; over every module's
			     native code */
};

/*
 * Installs the tier in e, before its first module is loaded.  False: out of
 * memory, or this machine cannot run it (no executable memory, an older
 * processor); then nothing has changed.
 */
bool
jit_install(struct engine *e, enum jit_mode mode);

/* Takes the tier out again: the end of the engine. */
void
jit_remove(struct engine *e);

#endif
