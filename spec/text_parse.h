/*
 * The parser of modules in text form, shared by the text_*.c files only.  Three
 * walks over the tokens write the binary as they go:
 *
 *   text_bind_fields     gives every index to its name, finds the types
 *   text_define_types    encodes the types that are written out
 *   text_encode_fields   encodes all the rest; implicit types are appended
 *
 * Each section has a writer of its own; text_module joins them.  Names and
 * tokens live in a scratch arena that dies with the parser.
 */
#ifndef SPEC_TEXT_PARSE_H
#define SPEC_TEXT_PARSE_H

#include "spec/lex.h"
#include "spec/op.h"
#include "spec/writer.h"

enum space_kind {
	SPACE_type,
	SPACE_func,
	SPACE_table,
	SPACE_memory,
	SPACE_global,
	SPACE_tag,
	SPACE_elem,
	SPACE_data,
	SPACE_local,
	SPACE_count,
};

/* Sections in the order of the binary format. */
enum section_kind {
	SECTION_type,
	SECTION_import,
	SECTION_func,
	SECTION_table,
	SECTION_memory,
	SECTION_tag,
	SECTION_global,
	SECTION_export,
	SECTION_start,
	SECTION_elem,
	SECTION_datacount,
	SECTION_code,
	SECTION_data,
	SECTION_count,
};

struct section {
	struct writer w;
	uint32_t count; /* entries */
};

struct binding;

/* A name for the name section. */
struct name_row {
	uint32_t index;
	struct span name;
};

/* An index space: ids to indices, and names by rising index. */
struct space {
	const char *what;	  /* for messages */
	struct binding *bindings; /* hashed by name */
	uint32_t count;		  /* indices given */
	uint32_t defined;	  /* indices met again in the last walk */
	struct name_row *rows;
	uint32_t nrows, room;
};

struct text_type {
	const uint8_t *sig; /* function: its encoded parameters and results */
	uint32_t sig_len, nparams;
	struct space fields; /* structure */
};

/* A custom section; place is 2 * section before it, 2 * section + 1 after. */
struct custom_section {
	struct custom_section *next;
	uint32_t place;
	struct span name;
	struct writer content;
};

struct text {
	struct lex l;
	struct arena *scratch;
	struct arena *per_func; /* reset after every function */
	struct space spaces[SPACE_count];
	struct section sections[SECTION_count];

	const struct token **typedefs; /* behind "(type" or "(rec" */
	uint32_t ntypedefs, typedefs_room;
	struct text_type *types;
	uint32_t ntypes, types_room;
	struct signature *signatures;	    /* the first type of each, hashed */
	struct writer params, results, sig; /* of the type use being read */

	const char *defined; /* what was defined last; no import may follow */
	struct span module_name;
	bool data_used; /* code names data segments: they must be counted */
	struct frame *frames; /* of the instructions around the cursor */
	uint32_t nframes, frames_room;
	struct writer held; /* folded instructions that await their operands */
	struct writer body; /* of the function being read, locals first */
	bool in_func;
	struct writer func_hints; /* branch hints of that function */
	uint32_t nfunc_hints;

	uint32_t annotation; /* the next one not yet behind the cursor */
	struct custom_section *customs, **last_custom;

	struct writer local_names, field_names; /* indirect name maps */
	uint32_t nlocal_names, nfield_names;
	struct writer hints; /* branch hints by function */
	uint32_t nhints;
};

/* ---- text_name.c: ids, indices, the name section ---- */

void
text_init_spaces(struct text *p);

/*
 * Gives the next index of s to the id at the cursor, if one is there; a name
 * annotation behind it replaces its name in the name section.  Returns the
 * index.  "duplicate .." if the id is taken.
 */
uint32_t
text_bind(struct text *p, struct space *s, struct arena *a);

/* Index at the cursor, a number or a known id; must be there. */
uint32_t
text_index(struct text *p, struct space *s);

/* The cursor is at a number or an id. */
static inline bool
text_at_index(const struct lex *l)
{
	return l->t->kind == TOKEN_nat || l->t->kind == TOKEN_id;
}

/* Empties the space of locals; the names go to local_names first. */
void
text_end_locals(struct text *p, uint32_t func);

/* Writes the name section's content; nothing if there are no names. */
void
text_write_names(struct text *p, struct writer *w);

/* Appends the rows of s to w as one entry of an indirect name map. */
bool
text_write_indirect(struct writer *w, uint32_t index, const struct space *s);

struct label;

/* The blocks around the cursor; depth counts them. */
struct labels {
	struct label *named; /* hashed by name; innermost depth of each */
	uint32_t depth;
};

/* What a block hid, to be restored when it is left. */
struct label_scope {
	struct label *label; /* NULL if the block has no id */
	uint32_t outer;	     /* depth that the name meant, 0 for none */
};

/* Enters a block; id is a TOKEN_id or NULL. */
struct label_scope
text_push_label(struct text *p, struct labels *ls, const struct token *id);
void
text_pop_label(struct labels *ls, struct label_scope scope);

/* The relative depth at the cursor, a number or a known id. */
uint32_t
text_label(struct text *p, struct labels *ls);

/* ---- text_type.c: types and type uses ---- */

/* Takes note of a "(type" or "(rec" that the cursor is behind. */
void
text_note_type(struct text *p);
void
text_define_types(struct text *p);

/* Encodes what is at the cursor; must be there. */
void
text_valtype(struct text *p, struct writer *w);
void
text_heaptype(struct text *p, struct writer *w);
void
text_globaltype(struct text *p, struct writer *w);

/* The heap type of a reference type; returns whether it is nullable. */
bool
text_reftype(struct text *p, struct writer *heap);

/* A reference type is at the cursor. */
bool
text_at_reftype(const struct lex *l);

/* What a type use says, before it is given an index. */
struct typeuse {
	const struct token *at;
	bool named; /* by (type x): */
	uint32_t index;
	uint32_t nparams, nresults; /* of the inline part, or of the type */
	/* p->params, p->results: the encoded inline part */
};

enum typeuse_mode { TYPEUSE_plain, TYPEUSE_ids, TYPEUSE_locals };

/*
 * Reads (type x)? (param ..)* (result ..)*.  Parameters may have ids, and bind
 * locals, as the mode says.
 */
struct typeuse
text_read_typeuse(struct text *p, enum typeuse_mode mode);

/* The index of a type use; checks or finds or appends the inline part. */
uint32_t
text_resolve_typeuse(struct text *p, struct typeuse *u);

/* Both at once. */
uint32_t
text_typeuse(struct text *p, enum typeuse_mode mode);

/* limits and the like, encoded. */
void
text_tabletype(struct text *p, struct writer *w);
void
text_memtype(struct text *p, struct writer *w);

/* i64 or (nothing) i32 addresses. */
bool
text_addrtype(struct lex *l);
/* (pagesize n)? : log2 n, or 16; *there says if it was there. */
uint32_t
text_pagesize(struct lex *l, bool *there);

/* ---- text_const.c: literals, for scripts too ---- */

/* Shape and lanes of v128.const. */
struct text_vector {
	uint8_t bytes[16];
	uint8_t lanes;
	bool is_float;
	uint8_t nan[4]; /* float lanes: enum nan_kind of spec/script.h */
};

/* patterns: lanes may be nan:canonical and nan:arithmetic. */
void
text_vector(struct lex *l, bool patterns, struct text_vector *v);

/* An integer of so many bits, or the bits of a float. */
uint64_t
text_int(struct lex *l, unsigned bits);
uint64_t
text_float(struct lex *l, unsigned bits);

/* ---- text_imm.c: immediates ---- */

/* Encodes op and its immediates, which are at the cursor, to w. */
void
text_op(struct text *p, struct labels *ls, enum op op, struct writer *w);

/* The opcode alone. */
void
text_opcode(struct writer *w, enum op op);

/* ---- text_code.c: instructions ---- */

/*
 * Encodes instructions up to the ")" that ends the form they stand in, and the
 * final end, to w.
 */
void
text_expr(struct text *p, struct writer *w);

/* The same for a single folded instruction. */
void
text_folded_expr(struct text *p, struct writer *w);

/* ---- text_field.c, text_segment.c: module fields ---- */

void
text_bind_fields(struct text *p);
void
text_encode_fields(struct text *p);

/* Behind "(elem" and "(data"; up to and with the ")". */
void
text_elem(struct text *p);
void
text_data(struct text *p);

/*
 * Behind "(elem" of a table and "(data" of a memory; up to and with the ")".
 * Return how many elements or bytes there are.
 */
uint64_t
text_inline_elem(struct text *p, uint32_t table, bool is64,
	const struct writer *reftype);
uint64_t
text_inline_data(struct text *p, uint32_t memory, bool is64);

/* ---- text_annotation.c ---- */

/* Passes a name annotation before the cursor; false if there is none. */
bool
text_take_name(struct text *p, struct span *name);

/* Passes the custom sections before the cursor, which is between fields. */
void
text_take_customs(struct text *p);

/* The branch hint for op before the cursor: 0, 1, or -1 if there is none. */
int
text_take_hint(struct text *p, enum op op);

/* Fails if an annotation was not taken by now. */
void
text_check_annotations(struct text *p);

/* Writes the custom sections that belong at that place. */
void
text_write_customs(struct text *p, uint32_t place, struct writer *w);

/* A custom section of that content. */
void
text_write_custom(struct text *p, struct span name,
	const struct writer *content, struct writer *w);

#endif
