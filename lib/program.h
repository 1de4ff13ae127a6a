/*
 * A classic BPF program: the text forms that tcpdump and the kernel's users exchange, and running
 * it over a packet in user space. How a program is made is filter.h's affair.
 *
 * struct insn has the layout of the kernel's struct sock_filter (linux/filter.h); it is defined
 * here because pcap/bpf.h and linux/bpf.h disagree about struct bpf_insn.
 */
#ifndef VCAP_PROGRAM_H
#define VCAP_PROGRAM_H

#include "failure.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PROGRAM_MAX 4096 /* BPF_MAXINSNS: the most the kernel takes */

struct insn {
	uint16_t code;
	uint8_t jt, jf;
	uint32_t k;
};

struct program {
	struct insn *insns; /* heap, owned */
	size_t count;
};

#define PROGRAM_INIT ((struct program){0})

void program_release(struct program *program);

/*
 * Reads the text of `tcpdump -ddd`: a count line, then `code jt jf k` lines, decimal; commas may
 * stand for the ends of lines, as in PROGRAM_COMMA. Refuses what
 * the kernel would refuse for its form alone (no instructions, more than PROGRAM_MAX, a jump out of
 * the program, a program that does not end in a return, an unknown opcode).
 * On failure program is unchanged.
 */
int program_parse(struct program *program, const char *text, struct failure *why);

enum program_form {
	PROGRAM_LISTING, /* -d: one instruction a line, for people */
	PROGRAM_C,       /* -dd: C initialisers */
	PROGRAM_DECIMAL, /* -ddd: what program_parse reads */
	PROGRAM_COMMA,   /* one line, `count,code jt jf k,...`: iptables' bpf match, tc */
};

/* Writes the program. The stream's error state tells whether it worked. */
void program_print(const struct program *program, enum program_form form, FILE *out);

/*
 * What the program returns for the packet at data: 0 rejects it. len is the length on the wire. A
 * load beyond caplen returns 0, as in the kernel. The program must have passed program_parse or
 * come from filter_compile.
 */
uint32_t program_run(const struct program *program, const unsigned char *data, uint32_t caplen,
		     uint32_t len);

/* The same as a verdict, which tells a load beyond caplen (or a division by zero) from a return of
 * zero. A program without instructions rejects. */
enum program_verdict { PROGRAM_REJECTS, PROGRAM_ACCEPTS, PROGRAM_CUT };
enum program_verdict program_judge(const struct program *program, const unsigned char *data,
				   uint32_t caplen, uint32_t len);

#endif
