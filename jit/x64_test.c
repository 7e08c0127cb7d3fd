/*
 * Every row and form of x64.def, read back by a disassembler that shares
 * nothing with the encoder: the expected text comes from names and operands.
 */
#include "jit/x64.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jit/x64_row.h"
#include "trap/bytes.h"

/* Code and, a line for each instruction, "offset:text". */
struct listing {
	struct x64 x;
	FILE *lines;
	size_t at; /* where the present instruction began */
	char path[32];
};

static const uint32_t code_bytes = 16 << 20;

static const char *const names8[] = { "al", "cl", "dl", "bl", "spl", "bpl",
	"sil", "dil", "r8b", "r9b", "r10b", "r11b", "r12b", "r13b", "r14b",
	"r15b" };
static const char *const names16[] = { "ax", "cx", "dx", "bx", "sp", "bp", "si",
	"di", "r8w", "r9w", "r10w", "r11w", "r12w", "r13w", "r14w", "r15w" };
static const char *const names32[] = { "eax", "ecx", "edx", "ebx", "esp", "ebp",
	"esi", "edi", "r8d", "r9d", "r10d", "r11d", "r12d", "r13d", "r14d",
	"r15d" };
static const char *const names64[] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp",
	"rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15" };
static const char *const namesx[] = { "xmm0", "xmm1", "xmm2", "xmm3", "xmm4",
	"xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
	"xmm13", "xmm14", "xmm15" };
static const char *const *const names[] = { NULL, names8, names16, names32,
	names64, namesx };
static const char *const conditions[] = { "o", "no", "b", "ae", "e", "ne", "be",
	"a", "s", "ns", "p", "np", "l", "ge", "le", "g" };

static void
listing_open(struct listing *l)
{
	memset(l, 0, sizeof *l);
	uint8_t *code = malloc(code_bytes);
	ck_assert_ptr_nonnull(code);
	x64_open(&l->x, code, code_bytes);
	l->lines = tmpfile();
	ck_assert_ptr_nonnull(l->lines);
}

/* The text of what was written since the last call. */
static void
expect(struct listing *l, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fprintf(l->lines, "%zx:", l->at);
	vfprintf(l->lines, format, args);
	fputc('\n', l->lines);
	va_end(args);
	l->at = (size_t)(l->x.at - l->x.start);
}

/* Starts the disassembler on the code. */
static FILE *
disassemble(struct listing *l)
{
	char command[128];
	strcpy(l->path, "/tmp/x64_test.XXXXXX");
	int fd = mkstemp(l->path);
	ck_assert_int_ge(fd, 0);
	FILE *out = fdopen(fd, "wb");
	ck_assert_ptr_nonnull(out);
	ck_assert_uint_eq(fwrite(l->x.start, 1, l->at, out), l->at);
	fclose(out);
	snprintf(command, sizeof command,
		"objdump -D -w -b binary -m i386:x86-64 -M intel "
		"--no-show-raw-insn %s",
		l->path);
	FILE *in = popen(command, "r");
	ck_assert_ptr_nonnull(in);
	return in;
}

/*
 * "   4:\tadd    eax,[rbp+0x0]  # comment" as "4:add eax,[rbp]"; false for
 * other lines.
 */
static bool
normalise(char *line)
{
	char *tab = strchr(line, '\t'), *to = line;
	if (tab == NULL || tab[-1] != ':')
		return false;
	line[strcspn(line, "#\n")] = '\0';
	for (const char *p = line; *p != '\0'; p++) {
		if (strncmp(p, "+0x0]", 5) == 0)
			p += 4;
		if (*p == '\t' || (*p == ' ' && (to == line || p[1] == ' ')))
			continue;
		*to++ = *p;
	}
	while (to > line && to[-1] == ' ')
		to--;
	*to = '\0';
	return true;
}

/* Compares the lines and frees everything. */
static void
listing_close(struct listing *l)
{
	char expected[160], got[256];
	ck_assert(!l->x.full);
	FILE *in = disassemble(l);
	rewind(l->lines);
	while (fgets(expected, sizeof expected, l->lines) != NULL) {
		do
			ck_assert_msg(fgets(got, sizeof got, in) != NULL,
				"no line for %s", expected);
		while (!normalise(got));
		expected[strcspn(expected, "\n")] = '\0';
		ck_assert_str_eq(got, expected);
	}
	ck_assert_msg(fgets(got, sizeof got, in) == NULL, "more: %s", got);
	pclose(in);
	unlink(l->path);
	fclose(l->lines);
	free(l->x.start);
}

/* Addresses: every base, index, scale and kind of displacement. */

static const int32_t displacements[] = { 0, 8, 127, -128, 128, -129, 0x12345678,
	INT32_MIN };
enum { NDISPS = 8, NBASES = 17, NINDEXES = 16, NSCALES = 4 };
enum { NMEMS = NDISPS * NBASES * NINDEXES * NSCALES };

static struct x64_mem
nth_mem(uint32_t n)
{
	uint32_t base = n / NDISPS % NBASES,
		 index = n / NDISPS / NBASES % NINDEXES;
	struct x64_mem m = { (uint8_t)base, (uint8_t)index, 0,
		displacements[n % NDISPS] };
	if (base == 16)
		m.base = X64_none;
	if (index == X64_rsp)
		m.index = X64_none;
	else
		m.scale = (uint8_t)(n / NDISPS / NBASES / NINDEXES);
	return m;
}

static const char *
mem_text(char *out, const struct x64_row *row, struct x64_mem m)
{
	static const char *const sizes[] = { "", "BYTE PTR ", "WORD PTR ", NULL,
		"DWORD PTR ", NULL, NULL, NULL,
		"QWORD PTR ", [16] = "XMMWORD PTR " };
	bool indexed = m.index != X64_none;
	uint64_t disp = (uint64_t)(int64_t)m.disp;
	if (m.base == X64_none && !indexed) {
		sprintf(out, "%sds:0x%llx", sizes[row->mem],
			(unsigned long long)disp);
		return out;
	}
	char *p = out + sprintf(out, "%s[", sizes[row->mem]);
	if (m.base != X64_none)
		p += sprintf(p, "%s", names64[m.base]);
	if (indexed)
		p += sprintf(p, "%s%s*%d", m.base != X64_none ? "+" : "",
			names64[m.index], 1 << m.scale);
	if (m.disp != 0)
		p += sprintf(p, "%c0x%llx", m.disp < 0 ? '-' : '+',
			(unsigned long long)(m.disp < 0 ? -disp : disp));
	strcpy(p, "]");
	return out;
}

/* Immediates: sign-extended to the operand. */

static const int32_t immediates[] = { 0, 1, 5, 127, -128, -1, 128, -129, 255,
	32767, -32768, 0x12345678, INT32_MAX, INT32_MIN };
enum { NIMMS = sizeof immediates / sizeof *immediates };

static bool
imm_fits(const struct x64_row *row, int32_t imm)
{
	if (row->size == SIZE_b)
		return imm >= -128 && imm <= 255;
	return row->pp != 0x66 || (imm >= -32768 && imm <= 65535);
}

static unsigned long long
imm_bits(const struct x64_row *row, int32_t imm)
{
	uint64_t v = (uint64_t)(int64_t)imm;
	int type = row->size == SIZE_b ? REG_b : row->rm;
	return type == REG_b   ? v & 0xff
	       : type == REG_w ? v & 0xffff
	       : type == REG_d ? v & 0xffffffff
			       : v;
}

/* The disassembler names comparisons instead of giving their number. */
static bool
is_compare(const struct x64_row *row)
{
	return strncmp(row->name, "vcmp", 4) == 0;
}

static const char *
compare_name(char *out, const struct x64_row *row, int imm)
{
	static const char *const relations[] = { "eq", "lt", "le", "unord",
		"neq", "nlt", "nle", "ord" };
	sprintf(out, "vcmp%s%s", relations[imm], row->name + 4);
	return out;
}

/* A form's instructions for one row. */
typedef void
row_fn(struct listing *l, enum x64_op op, const struct x64_row *row);

static uint32_t
for_rows(const char *form, row_fn *fn)
{
	struct listing l;
	uint32_t rows = 0;
	listing_open(&l);
	for (int op = 0; op < X64_count; op++) {
		if (x64_has(&x64_rows[op], form)) {
			fn(&l, (enum x64_op)op, &x64_rows[op]);
			rows++;
		}
	}
	listing_close(&l);
	return rows;
}

/* All addresses for a few rows, else some of them. */
static bool
every_mem(enum x64_op op)
{
	return op == X64_add32 || op == X64_mov64 || op == X64_movzx16 ||
	       op == X64_mov8 || op == X64_vaddps || op == X64_shlx64 ||
	       op == X64_vpinsrd || op == X64_vpextrb;
}

static uint32_t
first_mem(enum x64_op op)
{
	return every_mem(op) ? 0 : (uint32_t)op % 97;
}

static uint32_t
next_mem(enum x64_op op, uint32_t n)
{
	return n + (every_mem(op) ? 1 : 97);
}

/* Ends of the register file and what encodings treat differently. */
static const int some[] = { 0, 3, 4, 5, 7, 8, 12, 13, 15 };
enum { NSOME = sizeof some / sizeof *some };

static void
rr(struct listing *l, enum x64_op op, const struct x64_row *row)
{
	bool load = row->load != 0;
	const char *const *to = names[load ? row->reg : row->rm];
	const char *const *from = names[load ? row->rm : row->reg];
	for (int a = 0; a < 16; a++)
		for (int b = 0; b < 16; b++) {
			x64_rr(&l->x, op, a, b);
			expect(l, "%s %s,%s", row->name, to[a], from[b]);
		}
}

static void
rm(struct listing *l, enum x64_op op, const struct x64_row *row)
{
	char text[64];
	for (uint32_t n = first_mem(op); n < NMEMS; n = next_mem(op, n)) {
		struct x64_mem m = nth_mem(n);
		x64_rm(&l->x, op, n % 16, m);
		expect(l, "%s %s,%s", row->name, names[row->reg][n % 16],
			mem_text(text, row, m));
	}
}

static void
mr(struct listing *l, enum x64_op op, const struct x64_row *row)
{
	char text[64];
	for (uint32_t n = first_mem(op); n < NMEMS; n = next_mem(op, n)) {
		struct x64_mem m = nth_mem(n);
		x64_mr(&l->x, op, m, n % 16);
		expect(l, "%s %s,%s", row->name, mem_text(text, row, m),
			names[row->reg][n % 16]);
	}
}

/* Shifts by cl say so. */
static const char *
by_cl(enum x64_op op)
{
	static const char *const ids[] = {
#define X64(id, ...) #id,
#include "jit/x64.def"
	};
	size_t n = strlen(ids[op]);
	return n > 3 && strcmp(ids[op] + n - 3, "_cl") == 0 ? ",cl" : "";
}

static void
r(struct listing *l, enum x64_op op, const struct x64_row *row)
{
	for (int a = 0; a < 16; a++) {
		x64_r(&l->x, op, a);
		expect(l, "%s %s%s", row->name, names[row->rm][a], by_cl(op));
	}
}

static void
m(struct listing *l, enum x64_op op, const struct x64_row *row)
{
	char text[64];
	for (uint32_t n = first_mem(op); n < NMEMS; n = next_mem(op, n)) {
		struct x64_mem m = nth_mem(n);
		x64_m(&l->x, op, m);
		expect(l, "%s %s%s", row->name, mem_text(text, row, m),
			by_cl(op));
	}
}

static void
plain(struct listing *l, enum x64_op op, const struct x64_row *row)
{
	x64_plain(&l->x, op);
	expect(l, "%s", row->name);
}

static void
ri(struct listing *l, enum x64_op op, const struct x64_row *row)
{
	for (int i = 0; i < NIMMS; i++)
		for (int a = 0; a < 16 && imm_fits(row, immediates[i]); a++) {
			x64_ri(&l->x, op, a, immediates[i]);
			expect(l, "%s %s,0x%llx", row->name, names[row->rm][a],
				imm_bits(row, immediates[i]));
		}
}

static void
mi(struct listing *l, enum x64_op op, const struct x64_row *row)
{
	char text[64];
	for (uint32_t n = first_mem(op); n < NMEMS; n = next_mem(op, n)) {
		struct x64_mem m = nth_mem(n);
		int32_t imm = immediates[n % NIMMS];
		imm = imm_fits(row, imm) ? imm : 99;
		x64_mi(&l->x, op, m, imm);
		expect(l, "%s %s,0x%llx", row->name, mem_text(text, row, m),
			imm_bits(row, imm));
	}
}

static void
rri(struct listing *l, enum x64_op op, const struct x64_row *row)
{
	bool store = row->imm == 0;
	const char *const *to = names[store ? row->rm : row->reg];
	const char *const *from = names[store ? row->reg : row->rm];
	for (int n = 0; n < NIMMS * NSOME * NSOME; n++) {
		int32_t imm = immediates[n % NIMMS];
		int a = some[n / NIMMS % NSOME], b = some[n / NIMMS / NSOME];
		if (!imm_fits(row, imm))
			continue;
		x64_rri(&l->x, op, a, b, imm);
		expect(l, "%s %s,%s,0x%llx", row->name, to[a], from[b],
			imm_bits(row, imm));
	}
}

static void
rmi(struct listing *l, enum x64_op op, const struct x64_row *row)
{
	char text[64];
	for (uint32_t n = first_mem(op); n < NMEMS; n = next_mem(op, n)) {
		struct x64_mem m = nth_mem(n);
		int32_t imm = immediates[n % NIMMS];
		imm = imm_fits(row, imm) ? imm : 99;
		bool store = row->imm == 0;
		const char *reg = names[row->reg][n % 16];
		mem_text(text, row, m);
		x64_rmi(&l->x, op, n % 16, m, imm);
		expect(l, "%s %s,%s,0x%llx", row->name, store ? text : reg,
			store ? reg : text, imm_bits(row, imm));
	}
}

static void
rvr(struct listing *l, enum x64_op op, const struct x64_row *row)
{
	for (int n = 0; n < NSOME * NSOME * NSOME; n++) {
		int a = some[n % NSOME], b = some[n / NSOME % NSOME];
		int c = some[n / NSOME / NSOME];
		x64_rvr(&l->x, op, a, b, c);
		expect(l, "%s %s,%s,%s", row->name, names[row->reg][a],
			names[row->reg][b], names[row->rm][c]);
	}
}

static void
rvm(struct listing *l, enum x64_op op, const struct x64_row *row)
{
	char text[64];
	for (uint32_t n = first_mem(op); n < NMEMS; n = next_mem(op, n)) {
		struct x64_mem m = nth_mem(n);
		bool shift = row->load == 0;
		const char *v = names[row->reg][15 - n % 13];
		mem_text(text, row, m);
		x64_rvm(&l->x, op, n % 16, 15 - n % 13, m);
		expect(l, "%s %s,%s,%s", row->name, names[row->reg][n % 16],
			shift ? text : v, shift ? v : text);
	}
}

/* The last operand of a three-operand form, and its name. */
static void
expect_rvi(struct listing *l, const struct x64_row *row, int reg, int v,
	const char *last, int imm)
{
	char text[16];
	const char *a = names[row->reg][reg], *b = names[row->reg][v];
	if (is_compare(row))
		expect(l, "%s %s,%s,%s", compare_name(text, row, imm), a, b,
			last);
	else
		expect(l, "%s %s,%s,%s,0x%x", row->name, a, b, last,
			imm & 0xff);
}

static void
rvri(struct listing *l, enum x64_op op, const struct x64_row *row)
{
	for (int n = 0; n < NSOME * NSOME * NSOME; n++) {
		int a = some[n % NSOME], b = some[n / NSOME % NSOME];
		int c = some[n / NSOME / NSOME];
		int imm = is_compare(row) ? n % 8 : n % 256;
		x64_rvri(&l->x, op, a, b, c, imm);
		expect_rvi(l, row, a, b, names[row->rm][c], imm);
	}
}

static void
rvmi(struct listing *l, enum x64_op op, const struct x64_row *row)
{
	char text[64];
	for (uint32_t n = first_mem(op); n < NMEMS; n = next_mem(op, n)) {
		struct x64_mem m = nth_mem(n);
		int imm = is_compare(row) ? n % 8 : n % 256;
		x64_rvmi(&l->x, op, n % 16, 15 - n % 13, m, imm);
		expect_rvi(l, row, n % 16, 15 - n % 13, mem_text(text, row, m),
			imm);
	}
}

static void
rvrr(struct listing *l, enum x64_op op, const struct x64_row *row)
{
	for (int n = 0; n < 16 * 16; n++) {
		int a = n % 16, b = n / 16, c = 15 - n % 7, d = n % 11 + n / 64;
		x64_rvrr(&l->x, op, a, b, c, d);
		expect(l, "%s %s,%s,%s,%s", row->name, namesx[a], namesx[b],
			namesx[c], namesx[d]);
	}
}

static const struct {
	const char *name;
	row_fn *fn;
} forms[] = {
	{ "n", plain },
	{ "o", r },
	{ "r", r },
	{ "m", m },
	{ "rr", rr },
	{ "rm", rm },
	{ "mr", mr },
	{ "ri", ri },
	{ "mi", mi },
	{ "rri", rri },
	{ "rmi", rmi },
	{ "rvr", rvr },
	{ "rvm", rvm },
	{ "rvri", rvri },
	{ "rvmi", rvmi },
	{ "rvrr", rvrr },
};
enum { NFORMS = sizeof forms / sizeof *forms };

START_TEST(a_form_of_every_row_reads_back)
{
	ck_assert_uint_ge(for_rows(forms[_i].name, forms[_i].fn), 1);
}
END_TEST

START_TEST(every_form_of_a_row_is_known)
{
	for (int op = 0; op < X64_count; op++) {
		size_t length = 0;
		for (int f = 0; f < NFORMS; f++)
			if (x64_has(&x64_rows[op], forms[f].name))
				length += strlen(forms[f].name) + 1;
		ck_assert_uint_eq(length, strlen(x64_rows[op].forms) + 1);
	}
}
END_TEST

START_TEST(conditions_read_back)
{
	struct listing l;
	listing_open(&l);
	for (int c = 0; c < 16; c++) {
		for (int a = 0; a < 16; a++) {
			int b = (a * 7 + c) % 16;
			x64_setcc(&l.x, (enum x64_cond)c, a);
			expect(&l, "set%s %s", conditions[c], names8[a]);
			x64_cmov(&l.x, (enum x64_cond)c, false, a, b);
			expect(&l, "cmov%s %s,%s", conditions[c], names32[a],
				names32[b]);
			x64_cmov(&l.x, (enum x64_cond)c, true, a, b);
			expect(&l, "cmov%s %s,%s", conditions[c], names64[a],
				names64[b]);
		}
	}
	listing_close(&l);
}
END_TEST

START_TEST(distances_count_from_their_end)
{
	struct listing l;
	listing_open(&l);
	uint8_t *over = x64_jmp(&l.x);
	expect(&l, "jmp 0x10");
	uint8_t *call = x64_call(&l.x);
	expect(&l, "call 0x0");
	uint8_t *jcc = x64_jcc(&l.x, X64_ne);
	expect(&l, "jne 0x5");
	x64_target(&l.x, over, l.x.at);
	x64_target(&l.x, call, l.x.start);
	x64_target(&l.x, jcc, l.x.start + 5);
	for (int a = 0; a < 16; a++) {
		uint8_t *d[4];
		d[0] = x64_lea_rip(&l.x, a);
		expect(&l, "lea %s,[rip+0x100]", names64[a]);
		d[1] = x64_rip(&l.x, X64_vaddsd, a, 15 - a);
		expect(&l, "vaddsd %s,%s,QWORD PTR [rip+0x100]", namesx[a],
			namesx[15 - a]);
		d[2] = x64_rip(&l.x, X64_vmovups, a, X64_none);
		expect(&l, "vmovups %s,XMMWORD PTR [rip+0x100]", namesx[a]);
		d[3] = x64_rip(&l.x, X64_movzx8, a, X64_none);
		expect(&l, "movzx %s,BYTE PTR [rip+0x100]", names32[a]);
		for (int i = 0; i < 4; i++)
			x64_target(&l.x, d[i], d[i] + 4 + 0x100);
	}
	listing_close(&l);
}
END_TEST

START_TEST(constants_read_back)
{
	static const uint64_t values[] = { 1, 0x7fffffff, 0x80000000,
		0xffffffff, 0x100000000, 0x123456789abcdef0, 0x8000000000000000,
		0xffffffff7fffffff, 0xffffffff80000000, 0xffffffff80000001,
		UINT64_MAX };
	struct listing l;
	listing_open(&l);
	for (int a = 0; a < 16; a++) {
		x64_mov_imm(&l.x, a, 0);
		expect(&l, "xor %s,%s", names32[a], names32[a]);
		for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
			uint64_t v = values[i];
			bool is32 = v <= UINT32_MAX;
			bool is_signed = v >= 0xffffffff80000000;
			x64_mov_imm(&l.x, a, v);
			expect(&l, "%s %s,0x%llx",
				is32 || is_signed ? "mov" : "movabs",
				is32 ? names32[a] : names64[a],
				(unsigned long long)v);
		}
	}
	listing_close(&l);
}
END_TEST

/* Bytes of an instruction. */
static size_t
bytes_of(const struct x64 *x, size_t *before)
{
	size_t at = (size_t)(x->at - x->start), n = at - *before;
	*before = at;
	return n;
}

START_TEST(the_shortest_form_is_chosen)
{
	uint8_t code[256];
	struct x64 x;
	x64_open(&x, code, sizeof code);
	size_t at = 0;
	x64_ri(&x, X64_add32, X64_rcx, 127);
	ck_assert_uint_eq(bytes_of(&x, &at), 3);
	x64_ri(&x, X64_add32, X64_rcx, 128);
	ck_assert_uint_eq(bytes_of(&x, &at), 6);
	x64_ri(&x, X64_cmp16, X64_rcx, 128);
	ck_assert_uint_eq(bytes_of(&x, &at), 5);
	x64_rri(&x, X64_imul64, X64_rcx, X64_rdx, -128);
	ck_assert_uint_eq(bytes_of(&x, &at), 4);
	x64_rm(&x, X64_mov32, X64_rax,
		(struct x64_mem){ X64_rbx, X64_none, 0, 0 });
	ck_assert_uint_eq(bytes_of(&x, &at), 2);
	x64_rm(&x, X64_mov32, X64_rax,
		(struct x64_mem){ X64_rbx, X64_none, 0, -128 });
	ck_assert_uint_eq(bytes_of(&x, &at), 3);
	x64_rvr(&x, X64_vaddsd, 8, 9, 7);
	ck_assert_uint_eq(bytes_of(&x, &at), 4);
	x64_rvr(&x, X64_vaddsd, 7, 9, 8);
	ck_assert_uint_eq(bytes_of(&x, &at), 5);
	x64_mov_imm(&x, X64_rax, 0);
	ck_assert_uint_eq(bytes_of(&x, &at), 2);
	x64_mov_imm_keep(&x, X64_rax, 0);
	ck_assert_uint_eq(bytes_of(&x, &at), 5);
	x64_mov_imm(&x, X64_rax, 0xffffffff);
	ck_assert_uint_eq(bytes_of(&x, &at), 5);
	x64_mov_imm(&x, X64_rax, UINT64_MAX);
	ck_assert_uint_eq(bytes_of(&x, &at), 7);
	x64_mov_imm(&x, X64_rax, UINT64_MAX >> 1);
	ck_assert_uint_eq(bytes_of(&x, &at), 10);
}
END_TEST

/* The two that are made on a way of their own. */
START_TEST(frequent_moves_are_as_any_others)
{
	static const int32_t disps[] = { 0, 1, 127, 128, -128, -129, 1 << 20 };
	for (int i = 0; i < 16 * 7; i++) {
		uint8_t bytes[2][64];
		struct x64 a, b;
		x64_open(&a, bytes[0], sizeof bytes[0]);
		x64_open(&b, bytes[1], sizeof bytes[1]);
		int reg = i % 16;
		struct x64_mem m = { X64_r15, X64_none, 0, disps[i / 16] };
		x64_rm(&a, X64_mov32, reg, m);
		x64_rm(&a, X64_mov64, reg, m);
		x64_mr(&a, X64_mov64, m, reg);
		x64_load(&b, false, reg, m.disp);
		x64_load(&b, true, reg, m.disp);
		x64_store(&b, m.disp, reg);
		ck_assert_int_eq(a.at - a.start, b.at - b.start);
		ck_assert_mem_eq(a.start, b.start, (size_t)(a.at - a.start));
	}
}
END_TEST

START_TEST(a_full_buffer_stays_full_and_whole)
{
	uint8_t code[32];
	memset(code, 0xee, sizeof code);
	struct x64 x;
	x64_open(&x, code, 20);
	for (int i = 0; i < 10; i++)
		x64_mov_imm(&x, X64_r9, 0x123456789abcdef0);
	ck_assert(x.full);
	ck_assert_int_eq(x.at - x.start, 10);
	x64_plain(&x, X64_ud2);
	x64_target(&x, x64_jmp(&x), x.at);
	x64_nops(&x, 3);
	ck_assert_ptr_null(x64_lea_rip(&x, X64_rax));
	ck_assert_int_eq(x.at - x.start, 10);
	for (size_t i = 10; i < sizeof code; i++)
		ck_assert_uint_eq(code[i], 0xee);
}
END_TEST

START_TEST(nops_fill_what_was_asked)
{
	static const char *const texts[] = { "nop", "xchg ax,ax",
		"nop DWORD PTR [rax]", "nop DWORD PTR [rax]",
		"nop DWORD PTR [rax+rax*1]", "nop WORD PTR [rax+rax*1]",
		"nop DWORD PTR [rax]", "nop DWORD PTR [rax+rax*1]",
		"nop WORD PTR [rax+rax*1]" };
	struct listing l;
	listing_open(&l);
	for (uint32_t n = 1; n <= 9; n++) {
		x64_nops(&l.x, n);
		expect(&l, "%s", texts[n - 1]);
		ck_assert_uint_eq(l.at, n * (n + 1) / 2);
	}
	listing_close(&l);
	uint8_t code[80];
	struct x64 x;
	x64_open(&x, code, sizeof code);
	x64_nops(&x, 40);
	ck_assert_int_eq(x.at - x.start, 40);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("x64");
	TCase *t = tcase_create("x64");
	bool reader = system("objdump -i | grep -q x86-64") == 0;
	tcase_add_test(t, every_form_of_a_row_is_known);
	tcase_add_test(t, the_shortest_form_is_chosen);
	tcase_add_test(t, frequent_moves_are_as_any_others);
	tcase_add_test(t, a_full_buffer_stays_full_and_whole);
	if (reader) {
		tcase_add_loop_test(
			t, a_form_of_every_row_reads_back, 0, NFORMS);
		tcase_add_test(t, conditions_read_back);
		tcase_add_test(t, distances_count_from_their_end);
		tcase_add_test(t, constants_read_back);
		tcase_add_test(t, nops_fill_what_was_asked);
	} else {
		printf("NOT RUN: no objdump that reads i386:x86-64\n");
	}
	suite_add_tcase(s, t);
	SRunner *runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
