/*
 * Stores, values, and the parts of a store that hold them, for embedders.
 */
#include <assert.h>
#include <inttypes.h>

#include "host/api.h"
#include "spec/ref.h"
#include "trap/bytes.h"
#include "trap/error.h"
#include "trap/unwind.h"

struct sheave_store *
sheave_store_new(struct sheave_engine *engine,
	const struct sheave_limits *limits, struct sheave_error **error)
{
	static const struct sheave_limits none;
	const struct sheave_limits *l = limits != NULL ? limits : &none;
	const struct allocator *al = &engine->engine.alloc;
	struct store_limits own = { .memory_bytes = l->memory_bytes,
		.table_elements = l->table_elements,
		.instances = l->instances,
		.stack_bytes = l->stack_bytes,
		.host_depth = l->host_depth,
		.trap_on_grow_failure = l->trap_on_grow_failure };
	struct sheave_store *s = alloc_zeroed(al, 1, sizeof *s);
	if (s != NULL)
		s->store = store_new(&engine->engine, &own);
	if (s == NULL || s->store == NULL) {
		alloc_free(al, s, sizeof *s);
		api_refuse(al, error, SHEAVE_ERROR_MEMORY,
			"out of memory for a store with a stack of %" PRIu64
			" bytes",
			own.stack_bytes);
		return NULL;
	}
	s->refs = 1;
	s->engine = engine;
	atomic_fetch_add(&engine->refs, 1);
	s->store->user = s;
	return s;
}

void
api_store_release(struct sheave_store *s)
{
	assert(s->refs > 0 && "the store is alive");
	if (--s->refs > 0)
		return;
	struct sheave_engine *e = s->engine;
	store_free(s->store);
	alloc_free(&e->engine.alloc, s, sizeof *s);
	api_engine_release(e);
}

void
sheave_store_free(struct sheave_store *store)
{
	if (store != NULL)
		api_store_release(store);
}

struct sheave_store *
api_store(const struct store *s)
{
	return s->user;
}

void
sheave_store_set_data(struct sheave_store *store, void *data)
{
	store->data = data;
}

void *
sheave_store_data(const struct sheave_store *store)
{
	return store->data;
}

void
sheave_store_interrupt(struct sheave_store *store)
{
	context_interrupt(&store->store->ctx);
}

void
sheave_store_resume(struct sheave_store *store)
{
	context_interrupt_clear(&store->store->ctx);
}

bool
sheave_store_set_fuel(struct sheave_store *store, uint64_t fuel)
{
	if (!store->engine->engine.fuel)
		return false;
	store->store->ctx.fuel = fuel < INT64_MAX ? (int64_t)fuel : INT64_MAX;
	return true;
}

uint64_t
sheave_store_fuel(const struct sheave_store *store)
{
	int64_t fuel = store->store->ctx.fuel;
	return fuel > 0 ? (uint64_t)fuel : 0;
}

void
sheave_store_set_max_frames(struct sheave_store *store, uint32_t frames)
{
	store->store->ctx.max_frames =
		frames < BACKTRACE_MAX ? frames : BACKTRACE_MAX;
}

uint32_t
sheave_store_backtrace(struct sheave_store *store, struct sheave_frame *frames,
	uint32_t max, bool force)
{
	struct store *s = store->store;
	struct raw_frame raw[BACKTRACE_MAX];
	uint32_t most = force ? BACKTRACE_MAX : s->ctx.max_frames;
	uint32_t n = backtrace_collect(&s->ctx, raw, max < most ? max : most);
	uint32_t found = 0;
	for (uint32_t i = 0; i < n; i++)
		if (api_frame(s, &raw[i], &frames[found]))
			found++;
	return found;
}

static_assert(SHEAVE_I32 == VT_I32 && SHEAVE_I64 == VT_I64 &&
		      SHEAVE_F32 == VT_F32 && SHEAVE_F64 == VT_F64 &&
		      SHEAVE_V128 == VT_V128 && SHEAVE_FUNCREF == VT_FUNCREF &&
		      SHEAVE_EXTERNREF == VT_EXTERNREF,
	"types have the same bits");

const char *
sheave_valtype_format(sheave_valtype type, char *out)
{
	return vt_format(type, out);
}

/* References of this type are functions. */
static bool
is_func_type(const struct typespace *ts, valtype type)
{
	uint32_t payload = type & VT_PAYLOAD;
	if ((type & VT_INDEX) != 0)
		return typespace_get(ts, payload)->comp == COMP_func;
	return payload == HT_FUNC || payload == HT_NOFUNC;
}

static const char *
ref_to_slot(const struct store *s, const struct sheave_value *v, valtype type,
	union slot *out)
{
	const struct typespace *ts = s->engine->types;
	const struct func *f = (const struct func *)v->of.func;
	uint64_t bits = (uintptr_t)v->of.external;
	if (is_func_type(ts, v->type) != is_func_type(ts, type))
		return "is of another type";
	*out = slot_of_ref(NULL);
	if (is_func_type(ts, type) ? f == NULL : v->of.external == NULL)
		return (type & VT_NULL) != 0 ? NULL : "is null";
	if (is_func_type(ts, type)) {
		if (f->store != s)
			return "belongs to another store";
		if (!vt_matches(ts, VT_REF | VT_INDEX | f->type, type))
			return "is of another type";
		*out = slot_of_ref(f);
		return NULL;
	}
	if (!vt_matches(ts, VT_REF | HT_EXTERN, type))
		return "is of another type";
	if (bits >> REF_HOST_BITS != 0)
		return "has more than 62 bits";
	*out = ref_of_host(bits);
	return NULL;
}

const char *
api_to_slots(const struct store *s, const struct sheave_value *v, valtype type,
	union slot *out)
{
	if (vt_is_ref(v->type) && vt_is_ref(type))
		return ref_to_slot(s, v, type, out);
	if (v->type != type)
		return "is of another type";
	switch (type) {
	case VT_I32:
		out[0] = slot_of_i32((uint32_t)v->of.i32);
		break;
	case VT_I64:
		out[0] = slot_of_i64((uint64_t)v->of.i64);
		break;
	case VT_F32:
		out[0] = slot_of_f32(v->of.f32);
		break;
	case VT_F64:
		out[0] = slot_of_f64(v->of.f64);
		break;
	default:
		assert(type == VT_V128 && "a value type");
		out[0] = slot_of_i64(bytes_get64(v->of.v128));
		out[1] = slot_of_i64(bytes_get64(v->of.v128 + 8));
		break;
	}
	return NULL;
}

void
api_from_slots(const union slot *slots, valtype type, struct sheave_value *out)
{
	memset(out, 0, sizeof *out);
	out->type = type;
	switch (type) {
	case VT_I32:
		out->of.i32 = (int32_t)slot_i32(slots[0]);
		break;
	case VT_I64:
		out->of.i64 = (int64_t)slots[0].u64;
		break;
	case VT_F32:
		out->of.f32 = slot_f32(slots[0]);
		break;
	case VT_F64:
		out->of.f64 = slots[0].f64;
		break;
	case VT_V128:
		bytes_put64(out->of.v128, slots[0].u64);
		bytes_put64(out->of.v128 + 8, slots[1].u64);
		break;
	default:
		if (ref_is_host(slots[0]))
			out->of.external =
				(void *)(uintptr_t)ref_host(slots[0]);
		else
			out->of.func = slot_ref(slots[0]);
		break;
	}
}
