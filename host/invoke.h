/*
 * Calling an export with arguments and results in text (--invoke).
 */
#ifndef HOST_INVOKE_H
#define HOST_INVOKE_H

#include <stdbool.h>

#include "trap/slot.h"

struct cli_list;
struct functype;

/*
 * Reads a function's arguments into slots, one word of text for each.  False
 * after a message.
 */
bool
invoke_parse(const struct functype *type, const struct cli_list *words,
	union slot *slots);

/* Prints a function's results, a line for each. */
void
invoke_print(const struct functype *type, const union slot *slots);

#endif
