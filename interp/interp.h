/*
 * The interpreter tier as the engine sees it.
 */
#ifndef INTERP_INTERP_H
#define INTERP_INTERP_H

struct engine;

/* Makes the interpreter the engine's first tier. */
void
interp_install(struct engine *e);

#endif
