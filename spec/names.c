/*
 * Subsections of the name section: id, size, contents.
 *
 *   0  name of the module      1  vector of (function index, name)
 *
 * Read with an error of its own, which is dropped: debug information must not
 * keep a module from running.
 */
#include "spec/names.h"

#include <string.h>

#include "spec/module.h"
#include "spec/reader.h"
#include "spec/utf8.h"
#include "trap/error.h"

enum { NAMES_module, NAMES_func };

struct name_reader {
	struct module *m;
	struct reader r;
	bool no_memory;
};

static struct name
name(struct name_reader *n)
{
	struct name none = { "", 0 };
	uint32_t len = reader_count(&n->r);
	const uint8_t *p = reader_bytes(&n->r, len);
	if (p == NULL)
		return none;
	if (!utf8_valid(p, len)) {
		reader_fail(&n->r, "malformed UTF-8 encoding");
		return none;
	}
	const char *copy = arena_copy(&n->m->arena, p, len);
	if (copy == NULL) {
		n->no_memory = true;
		return none;
	}
	return (struct name){ copy, len };
}

/* A name map is sorted and has no index twice. */
static void
func_names(struct name_reader *n)
{
	uint32_t count = reader_count(&n->r);
	uint64_t most = (uint64_t)(n->r.end - n->r.at) / 2;
	if (count > most) {
		reader_fail(&n->r, "length out of bounds");
		return;
	}
	struct namerow *rows = arena_array(&n->m->arena, count, sizeof *rows);
	if (rows == NULL) {
		n->no_memory = true;
		return;
	}
	uint32_t done = 0;
	for (; done < count; done++) {
		uint32_t index = reader_u32(&n->r);
		if (done > 0 && index <= rows[done - 1].index)
			reader_fail(&n->r, "unordered name map");
		rows[done].index = index;
		rows[done].name = name(n);
		if (n->r.error->kind != ERROR_none || n->no_memory)
			break;
	}
	n->m->func_names.rows = rows;
	n->m->func_names.count = done;
}

static void
subsection(struct name_reader *n)
{
	uint8_t id = reader_byte(&n->r);
	uint32_t size = reader_u32(&n->r);
	const uint8_t *p = reader_bytes(&n->r, size);
	if (p == NULL)
		return;
	struct reader outer = n->r;
	n->r.at = p;
	n->r.end = p + size;
	if (id == NAMES_module)
		n->m->name = name(n);
	else if (id == NAMES_func && n->m->func_names.rows == NULL)
		func_names(n);
	n->r = outer;
	if (n->r.error->kind != ERROR_none)
		n->r.at = n->r.end;
}

bool
names_decode(struct module *m)
{
	struct error dropped;
	struct name_reader n = { .m = m };
	error_clear(&dropped);
	for (uint32_t i = 0; i < m->ncustoms && !n.no_memory; i++) {
		const struct custom *c = &m->customs[i];
		if (c->name.len != 4 || memcmp(c->name.bytes, "name", 4) != 0)
			continue;
		n.r.start = m->bytes;
		n.r.at = m->bytes + c->bytes.offset;
		n.r.end = n.r.at + c->bytes.len;
		n.r.error = &dropped;
		while (n.r.at < n.r.end && !n.no_memory)
			subsection(&n);
	}
	return !n.no_memory;
}
