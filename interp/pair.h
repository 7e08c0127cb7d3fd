/*
 * Which cells run in pairs: the rows of interp/pair.def.
 */
#ifndef INTERP_PAIR_H
#define INTERP_PAIR_H

#include <stdint.h>

/* The handler (enum bc) that runs x, then y behind it; 0: there is none. */
uint16_t
pair_of(uint16_t x, uint16_t y);

/* The first one's handler; of a handler that is no pair, itself. */
uint16_t
pair_first(uint16_t bc);

#endif
