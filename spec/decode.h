/*
 * The binary format (standard, 5): bytes to a module, in the order and with
 * the messages of the reference decoder.
 */
#ifndef SPEC_DECODE_H
#define SPEC_DECODE_H

struct error;
struct module;

/*
 * Fills m, whose engine, arena, bytes and len are set, from its bytes.  Bodies
 * are only delimited (and their locals read), validation decodes them.  The
 * first error is left in *error.
 */
void
decode_module(struct module *m, struct error *error);

#endif
