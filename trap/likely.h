/*
 * Tells the compiler that x is hardly ever true, so that what follows then
 * stands aside of the straight path.
 */
#ifndef TRAP_LIKELY_H
#define TRAP_LIKELY_H

#ifdef __GNUC__
#define UNLIKELY(x) __builtin_expect((x), 0)
#else
#define UNLIKELY(x) (x)
#endif

#endif
