/*
 * A code generator for classic BPF, which builds programs from the end to the start.
 *
 * BPF jumps only forward. So if each instruction is made after all that it can continue at, no
 * label ever has to be patched: each function takes the labels of what follows and returns the
 * label of the new instruction. A filter is an expression:
 *
 *	label yes = codegen_return(cg, 262144), no = codegen_return(cg, 0);
 *	label tcp = codegen_test(cg, JEQ, 6, yes, no);
 *	label entry = codegen_op(cg, LOAD_BYTE, 23, tcp);
 *	codegen_assemble(cg, entry, &program, &why);
 *
 * Errors are sticky: if memory runs out, codegen_assemble fails, and labels until then are
 * meaningless but harmless.
 */
#ifndef VCAP_CODEGEN_H
#define VCAP_CODEGEN_H

#include "base/failure.h"
#include "packet/bpf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t label;

struct codegen;

/* NULL if memory ran out; the other functions accept that, and codegen_assemble reports it. */
struct codegen *codegen_new(void);
/* cg may be NULL. */
void codegen_free(struct codegen *cg);

/* `ret #k` */
label codegen_return(struct codegen *cg, uint32_t k);
/* Any other instruction that does not jump; code is as in linux/filter.h. */
label codegen_op(struct codegen *cg, uint16_t code, uint32_t k, label next);
/* A conditional jump. If yes and no are the same, that label. */
label codegen_test(struct codegen *cg, uint16_t code, uint32_t k, label yes, label no);

/* Marks as failed, when the caller runs out of memory itself. */
void codegen_fail(struct codegen *cg);
/* Whether memory has run out. */
bool codegen_failed(const struct codegen *cg);

/* Makes the program that starts at entry. It may be longer than BPF_MAX, which the caller has to
 * check. On failure program is unchanged. */
int codegen_assemble(struct codegen *cg, label entry, struct bpf *program, struct failure *why);

#endif
