/*
 * Numbers that a guest cannot guess, to keep hash tables of its names from
 * being filled with collisions.
 */
#ifndef TRAP_SEED_H
#define TRAP_SEED_H

#include <stdint.h>

/* Another one at each call; always the same where the platform has none. */
uint64_t
seed_draw(void);

#endif
