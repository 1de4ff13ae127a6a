/*
 * Classic BPF, written from the end to the start.
 *
 * Jumps in BPF only go forward, so whoever writes an instruction after everything it can go on to
 * never has to come back: each function here takes the labels of what follows and returns the label
 * of the new instruction. A filter is an expression:
 *
 *	label yes = codegen_return(cg, 262144), no = codegen_return(cg, 0);
 *	label tcp = codegen_test(cg, JEQ, 6, yes, no);
 *	label entry = codegen_op(cg, LOAD_BYTE, 23, tcp);
 *	codegen_assemble(cg, entry, &program, &why);
 *
 * Asking for an instruction that exists already (same operation, same successors) gives the
 * existing label, so equal tails are shared; a test whose answers lead to the same place is not
 * made; what the entry does not lead to is not assembled. A conditional jump reaches 255
 * instructions far: the assembler puts a jump, or a copy of the return, in between where needed.
 *
 * Running out of memory is remembered and told by codegen_assemble; labels are then meaningless but
 * harmless.
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

/* NULL without memory, like all the rest told by codegen_assemble. */
struct codegen *codegen_new(void);
void codegen_free(struct codegen *cg);

/* `ret #k` */
label codegen_return(struct codegen *cg, uint32_t k);
/* Any other instruction that does not jump, with the kernel's opcode (linux/filter.h). */
label codegen_op(struct codegen *cg, uint16_t code, uint32_t k, label next);
/* A conditional jump, with the kernel's opcode. */
label codegen_test(struct codegen *cg, uint16_t code, uint32_t k, label yes, label no);

/* For callers that run out of memory themselves. */
void codegen_fail(struct codegen *cg);
bool codegen_failed(const struct codegen *cg);

/*
 * Lays out what entry leads to. The program may be longer than BPF_MAX: that is for the caller
 * to judge. On failure program is unchanged.
 */
int codegen_assemble(struct codegen *cg, label entry, struct bpf *program, struct failure *why);

#endif
