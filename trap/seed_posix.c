#include "trap/seed.h"

#include <time.h>
#include <unistd.h>

uint64_t
seed_draw(void)
{
	uint64_t seed;
	struct timespec t = { 0 };
	if (getentropy(&seed, sizeof seed) == 0)
		return seed;
	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_nsec << 32 ^ (uint64_t)t.tv_sec ^
	       (uintptr_t)&seed;
}
