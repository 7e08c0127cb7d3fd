/*
 * What the allocator needs of a machine: its registers, and how values move.
 * One set of files for each machine implements it (x64_*.c).
 *
 * Registers 0..15 are the integer ones, 16..31 those for floats and vectors.
 */
#ifndef JIT_MACHINE_H
#define JIT_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

struct alloc;
struct machine;

enum { MACHINE_REGS = 32 };

/* e_machine of ELF: EM_X86_64. */
enum { MACHINE_ELF = 62 };

/* Registers that values may be in. */
#define MACHINE_INTS UINT32_C(0x000017ef)
#define MACHINE_FLOATS UINT32_C(0x7fff0000)

/* No register, but all slots, in sets of what moves read and write. */
#define MACHINE_SLOTS UINT32_C(0x00000010)

/* Copies a register to another; to and from slots of the frame. */
void
machine_move(struct machine *x, uint8_t type, int to, int from);
void
machine_load(struct machine *x, uint8_t type, int to, uint32_t slot);
void
machine_store(struct machine *x, uint8_t type, uint32_t slot, int from);

/* The constant bits (of value v for a v128) in a register. */
void
machine_const(struct machine *x, uint8_t type, int to, uint32_t v);

/* Stores the constant v without a register; false if that cannot be done. */
bool
machine_store_const(struct machine *x, uint8_t type, uint32_t slot, uint32_t v);

/* The register of the type's class that is never given out. */
int
machine_scratch(uint8_t type);

#endif
