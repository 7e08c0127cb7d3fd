/*
 * The module as a sequence of sections (standard, 5.5):
 *
 *   00 61 73 6d  01 00 00 00  { id  size  contents }
 *
 * Like the reference decoder it reads contents without looking at the section's
 * size and compares afterwards, so that the messages are the same.
 */
#include "spec/decode.h"

#include <string.h>

#include "spec/decode_section.h"
#include "spec/engine.h"
#include "spec/names.h"
#include "spec/utf8.h"

typedef void
section_fn(struct decoder *d);

struct section {
	section_fn *read;
	uint8_t rank;	  /* place in the order */
	uint32_t feature; /* enum feature_index */
};

/* By id; 0 is custom. */
static const struct section sections[] = {
	[1] = { decode_section_type, 1, FEATURE_INDEX_MVP },
	[2] = { decode_section_import, 2, FEATURE_INDEX_MVP },
	[3] = { decode_section_func, 3, FEATURE_INDEX_MVP },
	[4] = { decode_section_table, 4, FEATURE_INDEX_MVP },
	[5] = { decode_section_memory, 5, FEATURE_INDEX_MVP },
	[13] = { decode_section_tag, 6, FEATURE_INDEX_EXCEPTIONS },
	[6] = { decode_section_global, 7, FEATURE_INDEX_MVP },
	[7] = { decode_section_export, 8, FEATURE_INDEX_MVP },
	[8] = { decode_section_start, 9, FEATURE_INDEX_MVP },
	[9] = { decode_section_elem, 10, FEATURE_INDEX_MVP },
	[12] = { decode_section_data_count, 11, FEATURE_INDEX_BULK },
	[10] = { decode_section_code, 12, FEATURE_INDEX_MVP },
	[11] = { decode_section_data, 13, FEATURE_INDEX_MVP },
};

#define SECTION_COUNT (sizeof sections / sizeof *sections)

void
decode_need(struct decoder *d, features f)
{
	features missing = f & ~d->m->engine->features;
	d->m->used |= f;
	for (int i = 0; missing != 0 && i < FEATURE_count; i++)
		if ((missing >> i & 1) != 0) {
			error_at(d->error, ERROR_malformed,
				reader_offset(&d->r), "%s is not enabled",
				feature_name((enum feature_index)i));
			d->r.at = d->r.end;
			return;
		}
}

/* No memory: the error, and the end of reading. */
static void
no_memory(struct decoder *d)
{
	error_set(d->error, ERROR_memory, "out of memory");
	d->r.at = d->r.end;
}

void *
decode_room(struct decoder *d, void *p, uint32_t n, uint32_t *room, size_t size)
{
	if (n < *room)
		return p;
	size_t more = *room ? 2 * (size_t)*room : 8;
	void *q =
		more <= SIZE_MAX / size && more <= UINT32_MAX
			? arena_grow(&d->m->arena, p, *room * size, more * size)
			: NULL;
	if (q == NULL)
		no_memory(d);
	else
		*room = (uint32_t)more;
	return q;
}

void *
decode_array(struct decoder *d, uint32_t count, uint32_t min, size_t size)
{
	uint64_t most = (uint64_t)(d->r.end - d->r.at) / min + 1;
	void *p = arena_array(
		&d->m->arena, count < most ? count : (size_t)most, size);
	if (p == NULL)
		no_memory(d);
	return p;
}

uint32_t
decode_count(struct decoder *d, uint32_t limit, const char *what)
{
	uint64_t at = reader_offset(&d->r);
	uint32_t n = reader_count(&d->r);
	if (n <= limit)
		return n;
	error_at(d->error, ERROR_limit, at, "too many %s", what);
	d->r.at = d->r.end;
	return 0;
}

struct name
decode_name(struct decoder *d)
{
	struct name name = { "", 0 };
	const uint8_t *at = d->r.at;
	uint32_t len = reader_count(&d->r);
	const uint8_t *p = reader_bytes(&d->r, len);
	if (p == NULL)
		return name;
	if (!utf8_valid(p, len)) {
		d->r.at = at;
		reader_fail(&d->r, "malformed UTF-8 encoding");
		return name;
	}
	const char *copy = arena_copy(&d->m->arena, p, len);
	if (copy == NULL) {
		no_memory(d);
		return name;
	}
	name.bytes = copy;
	name.len = len;
	return name;
}

static void
custom(struct decoder *d, uint64_t size)
{
	struct module *m = d->m;
	const uint8_t *start = d->r.at;
	struct name name = decode_name(d);
	uint64_t used = (uint64_t)(d->r.at - start);
	const uint8_t *p =
		reader_bytes(&d->r, used <= size ? size - used : UINT64_MAX);
	if (p == NULL)
		return;
	m->customs = decode_room(d, m->customs, m->ncustoms, &d->customs_room,
		sizeof *m->customs);
	if (m->customs == NULL)
		return;
	struct custom *c = &m->customs[m->ncustoms++];
	c->name = name;
	c->bytes.offset = (uint32_t)(p - m->bytes);
	c->bytes.len = (uint32_t)(size - used);
	c->after = d->last_id;
}

static void
section(struct decoder *d)
{
	struct reader *r = &d->r;
	uint8_t id = *r->at;
	if (id >= SECTION_COUNT) {
		reader_fail(r, "malformed section id");
		return;
	}
	unsigned feature = sections[id].feature;
	if ((d->m->engine->features >> feature & 1) == 0) {
		error_at(d->error, ERROR_malformed, reader_offset(r),
			"malformed section id (%s is not enabled)",
			feature_name((enum feature_index)feature));
		r->at = r->end;
		return;
	}
	if (id != 0 && sections[id].rank <= d->rank) {
		reader_fail(r, "unexpected content after last section");
		return;
	}
	r->at++;
	uint32_t size = reader_count(r);
	const uint8_t *start = r->at;
	d->m->used |= (features)1 << feature;
	if (id == 0) {
		custom(d, size);
	} else {
		d->rank = sections[id].rank;
		d->last_id = id;
		sections[id].read(d);
	}
	if (d->error->kind == ERROR_none && (uint64_t)(r->at - start) != size) {
		r->at = start;
		reader_fail(r, "section size mismatch");
	}
}

static void
header(struct reader *r)
{
	const uint8_t *p = reader_bytes(r, 4);
	if (p != NULL && memcmp(p, "\0asm", 4) != 0) {
		r->at -= 4;
		reader_fail(r, "magic header not detected");
	}
	p = reader_bytes(r, 4);
	if (p != NULL && memcmp(p, "\1\0\0\0", 4) != 0) {
		r->at -= 4;
		reader_fail(r, "unknown binary version");
	}
}

/* What can only be compared when all sections are there. */
static void
lengths(struct decoder *d)
{
	struct module *m = d->m;
	if (m->nfuncs - m->nimported_funcs != d->nbodies)
		reader_fail(&d->r,
			"function and code section have inconsistent "
			"lengths");
	if (m->data_count != NO_INDEX && m->data_count != m->ndatas)
		reader_fail(&d->r, "data count and data section have "
				   "inconsistent lengths");
}

void
decode_module(struct module *m, struct error *error)
{
	struct decoder d = { .m = m, .error = error };
	d.r.start = d.r.at = m->bytes;
	d.r.end = m->bytes + m->len;
	d.r.error = error;
	m->start = NO_INDEX;
	m->data_count = NO_INDEX;
	m->used |= FEATURE_MVP;
	header(&d.r);
	while (d.r.at < d.r.end)
		section(&d);
	lengths(&d);
	if (error->kind == ERROR_none && !names_decode(m))
		error_set(error, ERROR_memory, "out of memory");
}
