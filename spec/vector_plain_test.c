/* The tests of vectors again, for the twin in plain C. */
#define VECTOR_PLAIN
#include "spec/vector_test.c"
