#include "host/micro_fault.h"

bool
micro_fault(uint32_t n)
{
	(void)n;
	return false;
}
