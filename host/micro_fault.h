/*
 * What a fault costs without any engine: for host/micro.c.
 */
#ifndef HOST_MICRO_FAULT_H
#define HOST_MICRO_FAULT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Faults n times, with a handler that lets the access go on elsewhere and does
 * nothing else.  False where that is not known how to do.
 */
bool
micro_fault(uint32_t n);

#endif
