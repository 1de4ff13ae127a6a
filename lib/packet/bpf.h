/*
 * A classic BPF program: the text forms that tcpdump and the kernel's users exchange, and running
 * it over a packet in user space. How a program is made is filter.h's affair.
 *
 * struct insn has the layout of the kernel's struct sock_filter (linux/filter.h); it is defined
 * here because pcap/bpf.h and linux/bpf.h disagree about struct bpf_insn.
 */
#ifndef VCAP_BPF_H
#define VCAP_BPF_H

#include "base/failure.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define BPF_MAX 4096 /* BPF_MAXINSNS: the most the kernel takes */

struct insn {
	uint16_t code;
	uint8_t jt, jf;
	uint32_t k;
};

struct bpf {
	struct insn *insns; /* heap, owned */
	size_t count;
};

#define BPF_INIT ((struct bpf){0})

void bpf_release(struct bpf *program);

/*
 * Reads the text of `tcpdump -ddd`: a count line, then `code jt jf k` lines, decimal; commas may
 * stand for the ends of lines, as in BPF_COMMA. Refuses what
 * the kernel would refuse for its form alone (no instructions, more than BPF_MAX, a jump out of
 * the program, a program that does not end in a return, an unknown opcode).
 * On failure program is unchanged.
 */
int bpf_parse(struct bpf *program, const char *text, struct failure *why);

enum bpf_form {
	BPF_LISTING, /* -d: one instruction a line, for people */
	BPF_C,       /* -dd: C initialisers */
	BPF_DECIMAL, /* -ddd: what bpf_parse reads */
	BPF_COMMA,   /* one line, `count,code jt jf k,...`: iptables' bpf match, tc */
};

/* Writes the program. The livestream's error state tells whether it worked. */
void bpf_print(const struct bpf *program, enum bpf_form form, FILE *out);

/*
 * What the program returns for the packet at data: 0 rejects it. len is the length on the wire. A
 * load beyond caplen returns 0, as in the kernel. The program must have passed bpf_parse or
 * come from compile_filter.
 */
uint32_t bpf_run(const struct bpf *program, const unsigned char *data, uint32_t caplen,
		 uint32_t len);

/* The same as a verdict, which tells a load beyond caplen (or a division by zero) from a return of
 * zero. A program without instructions rejects. */
enum bpf_verdict { BPF_REJECTS, BPF_ACCEPTS, BPF_CUT };
enum bpf_verdict bpf_judge(const struct bpf *program, const unsigned char *data, uint32_t caplen,
			   uint32_t len);

#endif
