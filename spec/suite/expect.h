/*
 * What is known about the official suite's files: the features of their
 * directory, and assertions that a full engine contradicts (expect.def).  A
 * path is matched by its end.
 */
#ifndef SPEC_SUITE_EXPECT_H
#define SPEC_SUITE_EXPECT_H

#include <stdint.h>

#include "spec/op.h"

/* An assertion that is judged as another kind with another message. */
struct expect {
	const char *path;
	uint32_t line;
	uint8_t kind;	     /* enum script_kind */
	const char *message; /* what ours begins with */
	const char *reason;
};

/* The features that the scripts of the path's directory are written for. */
features
expect_features(const char *path);

/* The row of an assertion, NULL if there is none. */
const struct expect *
expect_find(const char *path, uint32_t line);

#endif
