/*
 * The reference decoder reads all code before anything is validated; ours reads
 * it while it validates.  When a module is refused for something else, this
 * looks whether its code is malformed, which then is the error to report.
 */
#ifndef SPEC_DECODE_BODY_H
#define SPEC_DECODE_BODY_H

struct error;
struct module;

/*
 * Replaces *error, which is malformed or invalid, by the first malformed place
 * in the bodies of m, all of which the reference decoder has read before.
 */
void
decode_body_errors(const struct module *m, struct error *error);

#endif
