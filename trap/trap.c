#include "trap/trap.h"

#include <assert.h>

#define PREFIX "wasm trap: "

static const struct {
	const char *line; /* PREFIX, message */
	int code;
	bool exhaustion;
} rows[] = {
#define TRAP(id, code, message, exhaustion) \
	{ PREFIX message, code, exhaustion },
#include "trap/trap.def"
};

const char *
trap_message(enum trap t)
{
	assert(t < TRAP_count && "trap row");
	return rows[t].line + sizeof PREFIX - 1;
}

const char *
trap_line(enum trap t)
{
	assert(t < TRAP_count && "trap row");
	return rows[t].line;
}

int
trap_code(enum trap t)
{
	assert(t < TRAP_count && "trap row");
	return rows[t].code;
}

bool
trap_is_exhaustion(enum trap t)
{
	assert(t < TRAP_count && "trap row");
	return rows[t].exhaustion;
}
