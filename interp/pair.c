#include "interp/pair.h"

#include "interp/bc.h"

uint16_t
pair_of(uint16_t x, uint16_t y)
{
	switch ((uint32_t)x << 16 | y) {
#define PAIR_BOTH(x, y) \
	case (uint32_t)BC_##x << 16 | BC_##y: \
		return BC_##x##_then_##y;
#include "interp/pair.def"
	default:
		return 0;
	}
}

uint16_t
pair_first(uint16_t bc)
{
	switch (bc) {
#define PAIR_BOTH(x, y) \
	case BC_##x##_then_##y: \
		return BC_##x;
#include "interp/pair.def"
	default:
		return bc;
	}
}
