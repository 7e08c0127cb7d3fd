/*
 * The object file, ELF for x86-64, whose text is elsewhere:
 *
 *   header | .debug_frame | .symtab | .strtab | .shstrtab | section headers
 *
 * The list and the two names in it are what GDB looks for (its manual, "JIT
 * Compilation Interface"), and all that a process has of it.
 */
#include "jit/gdb.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#include "jit/compile.h"
#include "trap/alloc.h"
#include "trap/bytes.h"

/* As GDB has them. */
struct gdb_entry {
	struct gdb_entry *next, *prev;
	const uint8_t *image;
	uint64_t len;
	uint8_t bytes[]; /* ours: the image */
};

struct jit_descriptor {
	uint32_t version, action;
	struct gdb_entry *relevant, *first;
};

enum { ACTION_none, ACTION_add, ACTION_remove };

void
__jit_debug_register_code(void);
extern struct jit_descriptor __jit_debug_descriptor;

struct jit_descriptor __jit_debug_descriptor = { 1, ACTION_none, NULL, NULL };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The debugger stops here. */
__attribute__((noinline)) void
__jit_debug_register_code(void)
{
	__asm__ volatile("" ::: "memory");
}

/* Sections, in order. */
enum { NONE, TEXT, FRAME, SYMTAB, STRTAB, SHSTRTAB, SECTIONS };

static const char section_names[] =
	"\0.text\0.debug_frame\0.symtab\0.strtab\0.shstrtab";

enum { HEADER = 64, SECTION = 64, SYMBOL = 24 };

/*
 * .debug_frame: the frame's address is rsp + 8, as all compiled functions have
 * it, and the return address right below.  Then come, for each stretch where
 * the stack is aligned, rbp + 8 from there and rsp + 8 again.
 */
static const uint8_t frame[] = {
	20, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, /* length, a common entry */
	1, 0, 1, 0x78, 16, /* version, no extension, units of 1 and -8, ra */
	0x0c, 7, 8,	   /* DW_CFA_def_cfa rsp 8 */
	0x90, 1,	   /* DW_CFA_offset ra at -8 */
	0, 0, 0, 0, 0, 0,  /* DW_CFA_nop */
	20, 0, 0, 0, 0, 0, 0, 0,			/* length, entry at 0 */
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* from, bytes */
};
enum { FRAME_length = 24, FRAME_from = 32, FRAME_bytes = 40 };
static_assert(sizeof frame == 48, "both entries end where their length says");

/* DW_CFA_advance_loc4, DW_CFA_def_cfa rbp 8; the same with rsp. */
static const uint8_t stretch[] = { 4, 0, 0, 0, 0, 0x0c, 6, 8, 4, 0, 0, 0, 0,
	0x0c, 7, 8 };
enum { STRETCH_from = 1, STRETCH_to = 9 };

static size_t
frame_bytes(const struct code_image *image)
{
	return sizeof frame + image->naligned * sizeof stretch;
}

static void
put_frame(uint8_t *p, const uint8_t *run, const struct code_image *image)
{
	size_t more = image->naligned * sizeof stretch;
	uint32_t at = 0;
	memcpy(p, frame, sizeof frame);
	bytes_put32(p + FRAME_length, (uint32_t)(frame[FRAME_length] + more));
	bytes_put64(p + FRAME_from, (uintptr_t)run);
	bytes_put64(p + FRAME_bytes, image->len);
	p += sizeof frame;
	for (uint32_t i = 0; i < image->naligned; i++) {
		const struct code_aligned *a = &image->aligned[i];
		memcpy(p, stretch, sizeof stretch);
		bytes_put32(p + STRETCH_from, a->from - at);
		bytes_put32(p + STRETCH_to, a->to - a->from);
		at = a->to;
		p += sizeof stretch;
	}
}

/* Where parts of the image are, for a name of n bytes with its NUL. */
struct layout {
	size_t frame, symtab, strtab, shstrtab, sections, len;
};

static struct layout
lay_out(const struct code_image *image, size_t n)
{
	struct layout l = { .frame = HEADER };
	l.symtab = l.frame + frame_bytes(image);
	l.strtab = l.symtab + 2 * SYMBOL;
	l.shstrtab = l.strtab + 1 + n;
	l.sections = (l.shstrtab + sizeof section_names + 7) & ~(size_t)7;
	l.len = l.sections + SECTIONS * SECTION;
	return l;
}

static void
put_header(uint8_t *p, const struct layout *l)
{
	static const uint8_t ident[] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };
	memcpy(p, ident, sizeof ident);
	bytes_put16(p + 16, 1);	 /* relocatable */
	bytes_put16(p + 18, 62); /* x86-64 */
	bytes_put32(p + 20, 1);
	bytes_put64(p + 40, l->sections);
	bytes_put16(p + 52, HEADER);
	bytes_put16(p + 58, SECTION);
	bytes_put16(p + 60, SECTIONS);
	bytes_put16(p + 62, SHSTRTAB);
}

/* The header of a section of this type, with its bytes at `at`. */
static uint8_t *
put_section(uint8_t *image, const struct layout *l, int section, uint32_t type,
	size_t at, size_t bytes)
{
	uint8_t *p = image + l->sections + section * SECTION;
	uint32_t name = 0;
	for (int i = 0; i < section; i++)
		name += (uint32_t)strlen(section_names + name) + 1;
	bytes_put32(p, name);
	bytes_put32(p + 4, type);
	bytes_put64(p + 24, at);
	bytes_put64(p + 32, bytes);
	bytes_put64(p + 48, 1);
	return p;
}

static void
put_object(uint8_t *out, const struct layout *l, const uint8_t *run,
	const struct code_image *image, const char *name, size_t n)
{
	const uint32_t progbits = 1, symtab = 2, strtab = 3, nobits = 8;
	const uint32_t alloc_and_run = 6, global_function = 0x12;
	put_header(out, l);
	put_frame(out + l->frame, run, image);
	uint8_t *s = out + l->symtab + SYMBOL;
	bytes_put32(s, 1);
	bytes_put16(s + 4, global_function);
	bytes_put16(s + 6, TEXT);
	bytes_put64(s + 16, image->len);
	memcpy(out + l->strtab + 1, name, n - 1);
	memcpy(out + l->shstrtab, section_names, sizeof section_names);
	s = put_section(out, l, TEXT, nobits, HEADER, image->len);
	bytes_put64(s + 8, alloc_and_run);
	bytes_put64(s + 16, (uintptr_t)run);
	put_section(out, l, FRAME, progbits, l->frame, frame_bytes(image));
	s = put_section(out, l, SYMTAB, symtab, l->symtab, 2 * SYMBOL);
	bytes_put32(s + 40, STRTAB);
	bytes_put32(s + 44, 1); /* the first global one */
	bytes_put64(s + 56, SYMBOL);
	put_section(out, l, STRTAB, strtab, l->strtab, 1 + n);
	put_section(
		out, l, SHSTRTAB, strtab, l->shstrtab, sizeof section_names);
}

/* Tells the debugger; under the lock. */
static void
tell(uint32_t action, struct gdb_entry *e)
{
	__jit_debug_descriptor.action = action;
	__jit_debug_descriptor.relevant = e;
	__jit_debug_register_code();
	__jit_debug_descriptor.action = ACTION_none;
	__jit_debug_descriptor.relevant = NULL;
}

struct gdb_entry *
gdb_add(const struct allocator *al, const uint8_t *run,
	const struct code_image *image, const char *name)
{
	size_t n = strlen(name) + 1;
	struct layout l = lay_out(image, n);
	struct gdb_entry *e = alloc_zeroed(al, 1, sizeof *e + l.len);
	if (e == NULL)
		return NULL;
	put_object(e->bytes, &l, run, image, name, n);
	e->image = e->bytes;
	e->len = l.len;
	pthread_mutex_lock(&lock);
	e->next = __jit_debug_descriptor.first;
	if (e->next != NULL)
		e->next->prev = e;
	__jit_debug_descriptor.first = e;
	tell(ACTION_add, e);
	pthread_mutex_unlock(&lock);
	return e;
}

void
gdb_remove(const struct allocator *al, struct gdb_entry *e)
{
	if (e == NULL)
		return;
	pthread_mutex_lock(&lock);
	if (e->next != NULL)
		e->next->prev = e->prev;
	if (e->prev != NULL)
		e->prev->next = e->next;
	else
		__jit_debug_descriptor.first = e->next;
	tell(ACTION_remove, e);
	pthread_mutex_unlock(&lock);
	alloc_free(al, e, sizeof *e + e->len);
}

const uint8_t *
gdb_image(const struct gdb_entry *e, size_t *len)
{
	*len = e->len;
	return e->image;
}
