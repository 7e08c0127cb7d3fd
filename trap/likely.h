/*
 * UNLIKELY tells the compiler that x is hardly ever true, so that what follows
 * then stands aside of the straight path; NOINLINE that a function is called
 * seldom from a hot one, which would save registers for it; ALWAYS_INLINE that
 * it is, often, from few.
 */
#ifndef TRAP_LIKELY_H
#define TRAP_LIKELY_H

#ifdef __GNUC__
#define UNLIKELY(x) __builtin_expect((x), 0)
#define NOINLINE __attribute__((noinline))
#define ALWAYS_INLINE inline __attribute__((always_inline))
#else
#define UNLIKELY(x) (x)
#define NOINLINE
#define ALWAYS_INLINE inline
#endif

#endif
