/*
 * Units: what a store frees as a whole.  An instance with all that it defines
 * is one, and so is each part that the host makes.  A unit lives while it is
 * pinned or reached from one that lives (spec/collect.h); the guest, while it
 * runs, reaches all of them.
 */
#ifndef SPEC_UNIT_H
#define SPEC_UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct external;
struct func;
struct store;

/* The kind of a unit that is an instance; the others are enum extern_kind. */
#define UNIT_INSTANCE 0xff

/* The instance or part follows at once; struct instance begins with it. */
struct unit {
	struct unit *next; /* of the store */
	struct unit *grey; /* during a collection: the next to be looked into */
	struct store *store;
	size_t bytes;  /* of the unit and its part; instance: 0 */
	uint32_t pins; /* holders that no collection sees */
	uint8_t kind;
	bool marked; /* also: grey */
};

/*
 * A unit of one host-made part of bytes, zeroed and pinned once; the part is at
 * unit + 1.  NULL when out of memory.
 */
struct unit *
unit_new(struct store *s, uint8_t kind, size_t bytes);

/* Makes a new unit one of the store's. */
void
unit_add(struct store *s, struct unit *u, uint8_t kind);

void
unit_pin(struct unit *u);

/* The holder goes; nothing is freed before the next collection. */
void
unit_unpin(struct unit *u);

/* The unit of a part or a function. */
struct unit *
unit_of(const struct external *x);
struct unit *
unit_of_func(struct func *f);

/* Frees the unit, which is in the store's list no more. */
void
unit_free(struct unit *u);

#endif
