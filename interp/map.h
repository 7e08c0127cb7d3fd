/*
 * Which slots of frames hold references: found by translating a function again,
 * when a collection first meets one of its sites, and kept with the store.
 */
#ifndef INTERP_MAP_H
#define INTERP_MAP_H

#include <stdbool.h>

struct cell;
struct frame_map;
struct store;

/* See spec/tier.h, frame_map. */
bool
map_find(struct store *s, const struct cell *site, struct frame_map *out);

/* Forgets all maps: a module whose sites they have may go. */
void
map_free(struct store *s);

#endif
