/*
 * Switching features (spec/feature.def) on and off by name.
 */
#ifndef SPEC_FEATURE_H
#define SPEC_FEATURE_H

#include <stdbool.h>
#include <stddef.h>

#include "spec/op.h"

/*
 * Switches the feature of that name, of len bytes, in *set: on with all that it
 * builds on, off with all that builds on it.  "all" stands for every one but
 * mvp, which is always on.  False: there is no such switch.
 */
bool
feature_switch(features *set, const char *name, size_t len, bool on);

#endif
