/*
 * Types in the binary format (standard, 5.3), wherever they stand: sections,
 * locals and immediates.  Malformed ones set the reader's error and give i32.
 * Indices are not checked.
 */
#ifndef SPEC_BINTYPE_H
#define SPEC_BINTYPE_H

#include "spec/op.h"
#include "spec/type.h"

struct reader;

valtype
bintype_val(struct reader *r);
valtype
bintype_ref(struct reader *r);

/* A heap type, as the non-null reference to it. */
valtype
bintype_heap(struct reader *r);

/* A value type, i8 or i16. */
valtype
bintype_storage(struct reader *r);

/* The features that a value type, or a reference to a heap type, belongs to. */
features
bintype_features(valtype t);

#endif
