/*
 * References and the fields of objects, as both tiers use them (standard,
 * 4.2.1, 4.6.5 and 4.6.6).
 */
#ifndef SPEC_OBJECT_H
#define SPEC_OBJECT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "spec/heap.h"
#include "spec/ref.h"
#include "spec/type.h"

/* The address of what lies this many bytes from an object's start. */
static inline uint8_t *
object_at(struct object *o, size_t offset)
{
	return (uint8_t *)o + offset;
}

/* Numbers of the host's byte order, v128 as two slots, at any address. */
static inline uint16_t
object_get16(const uint8_t *p)
{
	uint16_t v;
	memcpy(&v, p, sizeof v);
	return v;
}

static inline uint32_t
object_get32(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof v);
	return v;
}

static inline uint64_t
object_get64(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
	return v;
}

static inline void
object_put16(uint8_t *p, uint16_t v)
{
	memcpy(p, &v, sizeof v);
}

static inline void
object_put32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, sizeof v);
}

static inline void
object_put64(uint8_t *p, uint64_t v)
{
	memcpy(p, &v, sizeof v);
}

/* Writes the value (two slots for v128) to a field of the storage type. */
void
object_put(uint8_t *p, valtype storage, const union slot *value);

/*
 * ref, which is of to's hierarchy, is a value of the canonical type `to`: what
 * ref.test answers.
 */
bool
object_is(const struct typespace *ts, union slot ref, valtype to);

/* The same for the structure or array type id, which has no null. */
static inline bool
object_is_type(const struct typespace *ts, union slot ref, uint32_t id)
{
	if (!ref_is_pointer(ref))
		return false;
	const struct object *o = slot_ref(ref);
	return typespace_sub(ts, o->type, id);
}

/*
 * A new structure, or array of length elements, its fields zero; NULL: it would
 * be too large, or no memory.
 */
struct object *
object_new(struct store *s, uint32_t type, uint32_t length);

#endif
