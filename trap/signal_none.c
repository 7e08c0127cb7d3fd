/*
 * Without signals compiled code checks everything itself.
 */
#include "trap/signal.h"

bool
signal_start(void)
{
	return false;
}

void
signal_thread(void)
{
}
