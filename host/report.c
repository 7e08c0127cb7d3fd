#include "host/report.h"

#include <inttypes.h>
#include <stdio.h>

#include "host/cli.h"
#include "spec/engine.h"
#include "spec/exception.h"
#include "spec/module.h"
#include "spec/store.h"
#include "spec/tier.h"

enum { MAX_STATUS = 125 }; /* of a guest; shells use those above */

/* A name of the guest's, without what a terminal would obey. */
static void
print_name(struct name n)
{
	for (uint32_t i = 0; i < n.len; i++) {
		unsigned char b = (unsigned char)n.bytes[i];
		putc(b < 0x20 || b == 0x7f ? '?' : b, stderr);
	}
}

static void
print_frame(struct store *s, uint32_t number, const struct raw_frame *frame)
{
	struct module *m;
	uint32_t func, offset;
	if (!s->engine->tier->locate(s, frame, &m, &func, &offset)) {
		fprintf(stderr, "  %" PRIu32 ": <unknown>\n", number);
		return;
	}
	struct name name = module_func_name(m, func);
	fprintf(stderr, "  %" PRIu32 ": 0x%" PRIx32 " - ", number, offset);
	if (m->name.len > 0)
		print_name(m->name);
	else
		fprintf(stderr, "<unknown>");
	fprintf(stderr, "!");
	if (name.len > 0)
		print_name(name);
	else
		fprintf(stderr, "<wasm function %" PRIu32 ">", func);
	fprintf(stderr, "\n");
}

static void
print_backtrace(struct store *s)
{
	const struct pending *p = &s->ctx.pending;
	if (p->nframes == 0)
		return;
	fprintf(stderr, "error while executing at wasm backtrace:\n");
	for (uint32_t i = 0; i < p->nframes; i++)
		print_frame(s, i, &p->frames[i]);
}

static int
report_exit(int32_t code)
{
	if (code >= 0 && code <= MAX_STATUS)
		return code;
	return cli_error("invalid exit status %" PRId32, code);
}

int
report_unwound(struct store *s)
{
	const struct pending *p = &s->ctx.pending;
	int status = EXIT_trap;
	char text[400];
	switch (p->kind) {
	case UNWIND_exit:
		return report_exit(p->exit_code);
	case UNWIND_trap:
		fprintf(stderr, "Error: wasm trap: %s", trap_message(p->trap));
		if (p->has_number)
			fprintf(stderr, " %" PRIu64, p->number);
		fprintf(stderr, "\n");
		if (p->has_address)
			fprintf(stderr, FAULT_FORMAT "\n", p->address,
				p->bytes);
		break;
	case UNWIND_exception:
		fprintf(stderr, "Error: wasm trap: %s\n",
			exception_format(p->payload, text, sizeof text));
		break;
	default:
		status = cli_error("%s", p->text);
	}
	print_backtrace(s);
	return status;
}
