#include "spec/array.h"

#include <assert.h>

#include "spec/bulk.h"
#include "spec/engine.h"
#include "spec/layout.h"
#include "spec/store.h"
#include "trap/bytes.h"
#include "trap/unwind.h"

static const struct deftype *
type_of(const struct store *s, uint32_t type)
{
	const struct deftype *d = typespace_get(s->engine->types, type);
	assert(d->comp == COMP_array && "validated");
	return d;
}

/* n elements that are zero; NULL after a trap. */
static struct object *
make(struct store *s, uint32_t type, uint32_t n)
{
	struct object *o = object_new(s, type, n);
	if (o == NULL)
		raise_trap(&s->ctx, TRAP_allocation_too_large);
	return o;
}

enum status
array_new_default(struct store *s, uint32_t type, uint32_t n, union slot *out)
{
	if (bulk_poll(s, n) != STATUS_done)
		return STATUS_unwound;
	struct object *o = make(s, type, n);
	*out = slot_of_ref(o);
	return o != NULL ? STATUS_done : STATUS_unwound;
}

enum status
array_new(struct store *s, uint32_t type, const union slot *value, uint32_t n,
	union slot *out)
{
	struct object *o = make(s, type, n);
	if (o == NULL ||
		array_fill(s, slot_of_ref(o), 0, value, n) != STATUS_done)
		return STATUS_unwound;
	*out = slot_of_ref(o);
	return STATUS_done;
}

/* The array's elements [at, at + n) exist; otherwise a trap. */
static enum status
check(struct store *s, union slot array, uint32_t at, uint32_t n)
{
	if (ref_is_null(array))
		return raise_trap(&s->ctx, TRAP_null_array_reference);
	const struct object *o = slot_ref(array);
	if (!bulk_within(at, n, o->length))
		return raise_trap(&s->ctx, TRAP_array_out_of_bounds);
	return STATUS_done;
}

/* Element i. */
static uint8_t *
element(struct object *o, uint32_t size, uint32_t i)
{
	return object_at(o, OBJECT_HEAD + (size_t)i * size);
}

enum status
array_fill(struct store *s, union slot array, uint32_t at,
	const union slot *value, uint32_t n)
{
	if (check(s, array, at, n) != STATUS_done)
		return STATUS_unwound;
	struct object *o = slot_ref(array);
	const struct deftype *d = type_of(s, o->type);
	valtype storage = d->fields[0].type;
	uint32_t size = d->layout->size;
	uint8_t *p = element(o, size, at);
	while (n != 0) {
		uint32_t piece = (uint32_t)BULK_PIECE / size;
		if (piece > n)
			piece = n;
		if (bulk_poll(s, piece) != STATUS_done)
			return STATUS_unwound;
		object_put(p, storage, value);
		for (uint32_t i = 1, more; i < piece; i += more) {
			more = i < piece - i ? i : piece - i;
			memcpy(p + (size_t)i * size, p, (size_t)more * size);
		}
		p += (size_t)piece * size;
		n -= piece;
	}
	return STATUS_done;
}

enum status
array_copy(struct store *s, union slot dst, uint32_t at, union slot src,
	uint32_t from, uint32_t n)
{
	if (ref_is_null(dst) || ref_is_null(src))
		return raise_trap(&s->ctx, TRAP_null_array_reference);
	if (check(s, dst, at, n) != STATUS_done ||
		check(s, src, from, n) != STATUS_done)
		return STATUS_unwound;
	struct object *o = slot_ref(dst), *p = slot_ref(src);
	uint32_t size = type_of(s, o->type)->layout->size;
	assert(type_of(s, p->type)->layout->size == size && "validated");
	return bulk_move(
		s, element(o, size, at), element(p, size, from), n, size);
}

/* n numbers of the storage type from little-endian bytes. */
static void
read_numbers(uint8_t *to, valtype storage, const uint8_t *from, uint32_t n)
{
	uint32_t size = layout_bytes(storage);
	uint32_t units = size == 16 ? 2 * n : n;
	switch (size) {
	case 1:
		memcpy(to, from, n);
		return;
	case 2:
		for (; n > 0; n--, to += 2, from += 2)
			object_put16(to, bytes_get16(from));
		return;
	case 4:
		for (; n > 0; n--, to += 4, from += 4)
			object_put32(to, bytes_get32(from));
		return;
	default:
		for (; units > 0; units--, to += 8, from += 8)
			object_put64(to, bytes_get64(from));
	}
}

/* Bytes [src, src + n elements) of a data segment; NULL: out of bounds. */
static const uint8_t *
data_range(const struct instance *in, uint32_t data, uint32_t src, uint32_t n,
	uint32_t size)
{
	const struct range *r = &in->module->datas[data].bytes;
	uint32_t len = in->data_dropped[data] ? 0 : r->len;
	if (!bulk_within(src, (uint64_t)n * size, len))
		return NULL;
	return in->module->bytes + r->offset + src;
}

/* Elements [at, at + n) of o, which exist, from bytes of a segment. */
static enum status
put_data(struct store *s, struct object *o, uint32_t at, const uint8_t *from,
	uint32_t n)
{
	const struct deftype *d = type_of(s, o->type);
	uint32_t size = d->layout->size;
	while (n != 0) {
		uint32_t piece = (uint32_t)BULK_PIECE / size;
		if (piece > n)
			piece = n;
		if (bulk_poll(s, piece) != STATUS_done)
			return STATUS_unwound;
		read_numbers(
			element(o, size, at), d->fields[0].type, from, piece);
		from += (size_t)piece * size;
		at += piece;
		n -= piece;
	}
	return STATUS_done;
}

enum status
array_new_data(struct instance *in, uint32_t type, uint32_t data, uint32_t src,
	uint32_t n, union slot *out)
{
	struct store *s = in->store;
	const uint8_t *from =
		data_range(in, data, src, n, type_of(s, type)->layout->size);
	if (from == NULL)
		return raise_trap(&s->ctx, TRAP_memory_out_of_bounds);
	struct object *o = make(s, type, n);
	if (o == NULL || put_data(s, o, 0, from, n) != STATUS_done)
		return STATUS_unwound;
	*out = slot_of_ref(o);
	return STATUS_done;
}

enum status
array_init_data(struct instance *in, union slot array, uint32_t at,
	uint32_t data, uint32_t src, uint32_t n)
{
	struct store *s = in->store;
	if (check(s, array, at, n) != STATUS_done)
		return STATUS_unwound;
	struct object *o = slot_ref(array);
	const uint8_t *from =
		data_range(in, data, src, n, type_of(s, o->type)->layout->size);
	if (from == NULL)
		return raise_trap(&s->ctx, TRAP_memory_out_of_bounds);
	return put_data(s, o, at, from, n);
}

/* n references of an element segment from src on exist. */
static bool
elem_within(const struct instance *in, uint32_t elem, uint32_t src, uint32_t n)
{
	uint32_t len =
		in->elems[elem] != NULL ? in->module->elems[elem].count : 0;
	return bulk_within(src, n, len);
}

/* Elements [at, at + n) of o, which exist, from a segment. */
static enum status
put_elems(struct instance *in, struct object *o, uint32_t at, uint32_t elem,
	uint32_t src, uint32_t n)
{
	if (n == 0)
		return STATUS_done;
	uint32_t size = sizeof(union slot);
	return bulk_move(in->store, element(o, size, at), in->elems[elem] + src,
		n, size);
}

enum status
array_new_elem(struct instance *in, uint32_t type, uint32_t elem, uint32_t src,
	uint32_t n, union slot *out)
{
	if (!elem_within(in, elem, src, n))
		return raise_trap(&in->store->ctx, TRAP_table_out_of_bounds);
	struct object *o = make(in->store, type, n);
	if (o == NULL || put_elems(in, o, 0, elem, src, n) != STATUS_done)
		return STATUS_unwound;
	*out = slot_of_ref(o);
	return STATUS_done;
}

enum status
array_init_elem(struct instance *in, union slot array, uint32_t at,
	uint32_t elem, uint32_t src, uint32_t n)
{
	if (check(in->store, array, at, n) != STATUS_done)
		return STATUS_unwound;
	if (!elem_within(in, elem, src, n))
		return raise_trap(&in->store->ctx, TRAP_table_out_of_bounds);
	return put_elems(in, slot_ref(array), at, elem, src, n);
}
