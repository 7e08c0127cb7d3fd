/*
 * The decoded instructions of a function as text: one line each with its offset
 * in the module, indented by blocks (sheave inspect -d w).
 */
#ifndef HOST_DISASM_H
#define HOST_DISASM_H

#include <stdint.h>
#include <stdio.h>

struct insn;
struct module;

/* Prints the line "func INDEX $NAME (param ..) (result ..)". */
void
disasm_head(FILE *out, const struct module *m, uint32_t func);

/* Prints the body of function index func, which the module defines. */
void
disasm_func(FILE *out, struct module *m, uint32_t func);

/* One instruction, at its level of blocks: each calls visit. */
typedef void
disasm_visitor(void *env, const struct insn *i, int level);
void
disasm_visit(struct module *m, uint32_t func, disasm_visitor *visit, void *env);

/* Prints its line. */
void
disasm_insn(FILE *out, const struct module *m, const struct insn *i, int level);

#endif
