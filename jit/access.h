/*
 * Nodes for what instances consist of: memories, globals, tables, functions.
 */
#ifndef JIT_ACCESS_H
#define JIT_ACCESS_H

#include "jit/value.h"

/* The walk's instruction, a load or store of a memory, atomic ones not. */
void
access_load(struct builder *b, enum op op);
void
access_store(struct builder *b, enum op op);

/*
 * The parts of these.  access_check makes the check of an access of the walk's
 * instruction at address, if it needs one; true: the access itself may trap.
 * access_words are the aux words of a node for it, with room for `count`.
 */
bool
access_check(struct builder *b, enum op op, uint32_t address);
uint32_t
access_words(
	struct builder *b, uint64_t low_high, uint32_t memory, uint32_t count);

void
access_memory_size(struct builder *b, uint32_t memory);
void
access_global_get(struct builder *b, uint32_t global);
void
access_global_set(struct builder *b, uint32_t global);
void
access_table_get(struct builder *b, uint32_t table);
void
access_table_set(struct builder *b, uint32_t table);
void
access_table_size(struct builder *b, uint32_t table);

/* The element at index, an i32 or i64; traps with `trap` if there is none. */
uint32_t
access_element(
	struct builder *b, uint32_t table, uint32_t index, unsigned trap);

/* The struct func of function index func. */
uint32_t
access_func(struct builder *b, uint32_t func);

/* Element i of the array of pointers at `offset` in the instance. */
uint32_t
access_part(struct builder *b, size_t offset, uint32_t i);

/* An i32 or i64 as an i64, not negative. */
uint32_t
access_wide(struct builder *b, uint32_t x);

/* A check: traps if x (or, with `unless`, if not x); number: of the message, or
 * 0. */
void
access_trap_if(struct builder *b, uint32_t x, uint32_t number, unsigned trap);
void
access_trap_unless(struct builder *b, uint32_t x, unsigned trap);

#endif
