/*
 * Arrays of the heap: what makes them and moves many elements (standard,
 * 4.6.6.2).  Fuel is charged by the element.  STATUS_unwound after the trap
 * was raised; bounds are checked before anything is written.
 */
#ifndef SPEC_ARRAY_H
#define SPEC_ARRAY_H

#include "spec/object.h"
#include "trap/context.h"

struct instance;

/* *out: an array of n elements, all zero, or all like *value. */
enum status
array_new_default(struct store *s, uint32_t type, uint32_t n, union slot *out);
enum status
array_new(struct store *s, uint32_t type, const union slot *value, uint32_t n,
	union slot *out);

/* The same of n elements of a segment from src (in bytes, elements) on. */
enum status
array_new_data(struct instance *in, uint32_t type, uint32_t data, uint32_t src,
	uint32_t n, union slot *out);
enum status
array_new_elem(struct instance *in, uint32_t type, uint32_t elem, uint32_t src,
	uint32_t n, union slot *out);

/* Elements [at, at + n) of the array, which may be null. */
enum status
array_fill(struct store *s, union slot array, uint32_t at,
	const union slot *value, uint32_t n);
enum status
array_copy(struct store *s, union slot dst, uint32_t at, union slot src,
	uint32_t from, uint32_t n);
enum status
array_init_data(struct instance *in, union slot array, uint32_t at,
	uint32_t data, uint32_t src, uint32_t n);
enum status
array_init_elem(struct instance *in, union slot array, uint32_t at,
	uint32_t elem, uint32_t src, uint32_t n);

#endif
