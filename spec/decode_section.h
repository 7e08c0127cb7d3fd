/*
 * The decoder's insides, shared by its two files: the state of one decoding and
 * the readers of whole sections.  Private to spec/decode*.c.
 */
#ifndef SPEC_DECODE_SECTION_H
#define SPEC_DECODE_SECTION_H

#include "spec/module.h"
#include "spec/reader.h"
#include "trap/error.h"

struct decoder {
	struct module *m;
	struct reader r; /* over the whole module; sizes are compared after */
	struct error *error;
	uint32_t rank;	  /* place of the last section in the order */
	uint8_t last_id;  /* of the last section that was not custom */
	uint32_t nbodies; /* entries of the code section */

	/* rooms of the module's arrays, in elements */
	uint32_t types_room, imports_room, customs_room;
	uint32_t funcs_room, tables_room, memories_room, globals_room,
		tags_room;
};

/* Records that the module uses f; malformed if the engine has it not. */
void
decode_need(struct decoder *d, features f);

/* A name in the module's arena; empty on error. */
struct name
decode_name(struct decoder *d);

/* A vector's length, checked against a limit of ours. */
uint32_t
decode_count(struct decoder *d, uint32_t limit, const char *what);

/*
 * Makes room for element n of array p: p or its new place.  NULL and the error
 * when out of memory.
 */
void *
decode_room(
	struct decoder *d, void *p, uint32_t n, uint32_t *room, size_t size);

/*
 * An array for count elements that are each at least min bytes in the binary:
 * not larger than what is left can fill.  NULL and the error when out of
 * memory.
 */
void *
decode_array(struct decoder *d, uint32_t count, uint32_t min, size_t size);

/* The contents of the sections by name. */
void
decode_section_type(struct decoder *d);
void
decode_section_import(struct decoder *d);
void
decode_section_func(struct decoder *d);
void
decode_section_table(struct decoder *d);
void
decode_section_memory(struct decoder *d);
void
decode_section_tag(struct decoder *d);
void
decode_section_global(struct decoder *d);
void
decode_section_export(struct decoder *d);
void
decode_section_start(struct decoder *d);
void
decode_section_elem(struct decoder *d);
void
decode_section_data_count(struct decoder *d);
void
decode_section_code(struct decoder *d);
void
decode_section_data(struct decoder *d);

#endif
