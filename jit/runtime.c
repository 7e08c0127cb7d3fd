#include "jit/runtime.h"

#include "spec/array.h"
#include "spec/engine.h"
#include "spec/exception.h"
#include "spec/ref.h"
#include "spec/store.h"
#include "spec/trace.h"
#include "spec/wait.h"
#include "trap/unwind.h"

/* An address, index or size in a slot, of a memory's or table's type. */
#define WIDE(x, s) ((x)->is64 ? (s).u64 : slot_i32(s))

/* What growing answers: old, or -1 of the right width. */
static enum status
grown(struct instance *in, union slot *s, bool is64, uint64_t old)
{
	if (old == UINT64_MAX && in->store->limits.trap_on_grow_failure)
		return raise_trap(&in->store->ctx, TRAP_allocation_too_large);
	s[0].u64 = is64 ? old : (uint32_t)old;
	return STATUS_done;
}

static enum status
run_memory_size(struct instance *in, union slot *s)
{
	struct memory *m = in->memories[slot_i32(s[0])];
	s[0].u64 = memory_bytes(m) >> m->page_shift;
	return STATUS_done;
}

static enum status
run_memory_grow(struct instance *in, union slot *s)
{
	struct memory *m = in->memories[slot_i32(s[0])];
	return grown(in, s, m->is64, memory_grow(m, WIDE(m, s[1])));
}

static enum status
run_memory_init(struct instance *in, union slot *s)
{
	uint32_t m = slot_i32(s[0]);
	return memory_init(in, m, slot_i32(s[1]), WIDE(in->memories[m], s[2]),
		slot_i32(s[3]), slot_i32(s[4]));
}

static enum status
run_memory_copy(struct instance *in, union slot *s)
{
	uint32_t to = slot_i32(s[0]), from = slot_i32(s[1]);
	const struct memory *d = in->memories[to], *f = in->memories[from];
	return memory_copy(in, to, from, WIDE(d, s[2]), WIDE(f, s[3]),
		d->is64 && f->is64 ? s[4].u64 : slot_i32(s[4]));
}

static enum status
run_memory_fill(struct instance *in, union slot *s)
{
	uint32_t m = slot_i32(s[0]);
	const struct memory *d = in->memories[m];
	return memory_fill(in, m, WIDE(d, s[1]), slot_i32(s[2]), WIDE(d, s[3]));
}

static enum status
run_data_drop(struct instance *in, union slot *s)
{
	data_drop(in, slot_i32(s[0]));
	return STATUS_done;
}

static enum status
run_table_grow(struct instance *in, union slot *s)
{
	struct table *t = in->tables[slot_i32(s[0])];
	return grown(in, s, t->is64, table_grow(t, WIDE(t, s[2]), s[1]));
}

static enum status
run_table_init(struct instance *in, union slot *s)
{
	uint32_t t = slot_i32(s[0]);
	return table_init(in, t, slot_i32(s[1]), WIDE(in->tables[t], s[2]),
		slot_i32(s[3]), slot_i32(s[4]));
}

static enum status
run_table_copy(struct instance *in, union slot *s)
{
	uint32_t to = slot_i32(s[0]), from = slot_i32(s[1]);
	const struct table *d = in->tables[to], *f = in->tables[from];
	return table_copy(in, to, from, WIDE(d, s[2]), WIDE(f, s[3]),
		d->is64 && f->is64 ? s[4].u64 : slot_i32(s[4]));
}

static enum status
run_table_fill(struct instance *in, union slot *s)
{
	uint32_t i = slot_i32(s[0]);
	const struct table *t = in->tables[i];
	return table_fill(in, i, WIDE(t, s[1]), s[2], WIDE(t, s[3]));
}

static enum status
run_elem_drop(struct instance *in, union slot *s)
{
	elem_drop(in, slot_i32(s[0]));
	return STATUS_done;
}

/* The place of an atomic access of n bytes; false after a trap. */
static bool
atomic_at(struct instance *in, const union slot *s, uint64_t n, uint64_t *at)
{
	struct memory *m = in->memories[slot_i32(s[0])];
	uint64_t bytes = memory_bytes(m), offset = s[2].u64;
	enum trap t = TRAP_unaligned_atomic;
	*at = s[1].u64 + offset;
	if (*at % n == 0) {
		if (offset <= bytes && n <= bytes - offset &&
			s[1].u64 <= bytes - offset - n)
			return true;
		t = TRAP_memory_out_of_bounds;
	}
	raise_trap(&in->store->ctx, t);
	return false;
}

static enum status
atomic_wait(
	struct instance *in, union slot *s, uint32_t bytes, uint64_t expected)
{
	uint64_t at;
	uint32_t answer = 0;
	if (!atomic_at(in, s, bytes, &at))
		return STATUS_unwound;
	enum status status = wait_at(in->memories[slot_i32(s[0])], at, bytes,
		expected, (int64_t)s[4].u64, &answer);
	s[0] = slot_of_i32(answer);
	return status;
}

static enum status
run_atomic_wait32(struct instance *in, union slot *s)
{
	return atomic_wait(in, s, 4, slot_i32(s[3]));
}

static enum status
run_atomic_wait64(struct instance *in, union slot *s)
{
	return atomic_wait(in, s, 8, s[3].u64);
}

static enum status
run_atomic_notify(struct instance *in, union slot *s)
{
	uint64_t at;
	if (!atomic_at(in, s, 4, &at))
		return STATUS_unwound;
	s[0] = slot_of_i32(
		wait_notify(in->memories[slot_i32(s[0])], at, slot_i32(s[3])));
	return STATUS_done;
}

static enum status
run_throw(struct instance *in, union slot *s)
{
	return exception_throw(in->store, in->tags[slot_i32(s[0])], s + 1);
}

static enum status
run_throw_ref(struct instance *in, union slot *s)
{
	if (ref_is_null(s[0]))
		return raise_trap(
			&in->store->ctx, TRAP_null_exception_reference);
	return raise_exception(&in->store->ctx, slot_ref(s[0]));
}

static enum status
run_object_new(struct instance *in, union slot *s)
{
	struct object *o =
		object_new(in->store, slot_i32(s[0]), slot_i32(s[1]));
	s[0] = slot_of_ref(o);
	return o != NULL
		       ? STATUS_done
		       : raise_trap(&in->store->ctx, TRAP_allocation_too_large);
}

static enum status
run_array_new_default(struct instance *in, union slot *s)
{
	return array_new_default(in->store, slot_i32(s[0]), slot_i32(s[1]), s);
}

static enum status
run_array_new_data(struct instance *in, union slot *s)
{
	return array_new_data(in, slot_i32(s[0]), slot_i32(s[1]),
		slot_i32(s[2]), slot_i32(s[3]), s);
}

static enum status
run_array_new_elem(struct instance *in, union slot *s)
{
	return array_new_elem(in, slot_i32(s[0]), slot_i32(s[1]),
		slot_i32(s[2]), slot_i32(s[3]), s);
}

static enum status
run_array_fill(struct instance *in, union slot *s)
{
	return array_fill(
		in->store, s[0], slot_i32(s[1]), s + 3, slot_i32(s[2]));
}

static enum status
run_array_copy(struct instance *in, union slot *s)
{
	return array_copy(in->store, s[0], slot_i32(s[1]), s[2], slot_i32(s[3]),
		slot_i32(s[4]));
}

static enum status
run_array_init_data(struct instance *in, union slot *s)
{
	return array_init_data(in, s[0], slot_i32(s[1]), slot_i32(s[2]),
		slot_i32(s[3]), slot_i32(s[4]));
}

static enum status
run_array_init_elem(struct instance *in, union slot *s)
{
	return array_init_elem(in, s[0], slot_i32(s[1]), slot_i32(s[2]),
		slot_i32(s[3]), slot_i32(s[4]));
}

static enum status
run_trace(struct instance *in, union slot *s)
{
	struct tracer *t = in->store->tracer;
	struct trace_part p = { .in = in,
		.offset = slot_i32(s[0]),
		.first = slot_i32(s[1]),
		.count = slot_i32(s[2]),
		.slots = s + 3 };
	return t == NULL ? STATUS_done : t->part(t, &p);
}

const struct runtime_row runtime_rows[RUNTIME_count] = {
#define RUNTIME(id, results, args) { #id, results, args, run_##id },
#include "jit/runtime.def"
};
