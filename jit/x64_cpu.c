/*
 * What the processor that runs this has.
 */
#include "jit/x64.h"

bool
x64_supported(void)
{
	return __builtin_cpu_supports("avx2") &&
	       __builtin_cpu_supports("bmi") &&
	       __builtin_cpu_supports("bmi2") &&
	       __builtin_cpu_supports("fma") &&
	       __builtin_cpu_supports("lzcnt") &&
	       __builtin_cpu_supports("popcnt");
}
