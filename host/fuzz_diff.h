/*
 * One module of a fuzzer in both tiers at once (host/diff.h).
 */
#ifndef HOST_FUZZ_DIFF_H
#define HOST_FUZZ_DIFF_H

#include <stddef.h>
#include <stdint.h>

/*
 * Runs the module's exports, with so much fuel for each call, compiled before
 * or when they have run twice, in lockstep.  What differs, or NULL; good until
 * the next call.
 */
const char *
fuzz_diff(const uint8_t *bytes, size_t len, uint32_t fuel);

#endif
