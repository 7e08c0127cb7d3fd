#include "trap/trap.h"

#include <assert.h>

static const struct {
	const char *message;
	int code;
	bool exhaustion;
} rows[] = {
#define TRAP(id, code, message, exhaustion) { message, code, exhaustion },
#include "trap/trap.def"
};

const char *
trap_message(enum trap t)
{
	assert(t < TRAP_count && "trap row");
	return rows[t].message;
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
