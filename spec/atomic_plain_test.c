/* The tests of the atomic accesses on their plain twin. */
#define ATOMIC_PLAIN
#include "spec/atomic_test.c"
