/*
 * A script's commands once more, in another engine, so that two tiers can be
 * compared: what each command comes to, and the instances after it.
 */
#ifndef SPEC_SUITE_DIFFER_H
#define SPEC_SUITE_DIFFER_H

#include "spec/suite/runner.h"
#include "spec/twin.h"

struct differ {
	struct engine engine;
	struct runner runner;
	struct scope scope;
	struct wast_totals totals; /* of what runs on threads of scripts */
	struct twin twin;
	struct runner *first;
};

/*
 * For the open runner first, whose engine and options it follows, with the
 * tiers of options.second.  False when out of memory.  Close it either way.
 */
bool
differ_open(struct differ *d, struct runner *first);
void
differ_close(struct differ *d);

/*
 * Runs the command, which came to o in the first engine; a difference is a
 * failure of the first runner's.
 */
void
differ_command(struct differ *d, const struct script_command *c,
	const struct outcome *o);

#endif
