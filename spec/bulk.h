/*
 * What the bulk operations on memories and tables share (standard, 4.6): range
 * checks, and moving in pieces between which the guest can be stopped.
 */
#ifndef SPEC_BULK_H
#define SPEC_BULK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trap/context.h"

struct store;

#define BULK_PIECE ((uint64_t)1 << 20) /* bytes between two polls */

/* [at, at + n) lies within [0, size). */
static inline bool
bulk_within(uint64_t at, uint64_t n, uint64_t size)
{
	return n <= size && at <= size - n;
}

/*
 * Before each piece: charges units of fuel, if that is on, and looks at the
 * interrupt flag.  STATUS_unwound after the trap was raised.
 */
enum status
bulk_poll(struct store *s, uint64_t units);

/* Moves n elements of `size` bytes; the ranges may overlap. */
enum status
bulk_move(struct store *s, void *dst, const void *src, uint64_t n, size_t size);

#endif
