/*
 * Classic BPF programs: their text forms, as tcpdump and iptables use them, and an interpreter.
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

/* Frees the instructions; the program is then BPF_INIT. */
void bpf_release(struct bpf *program);

/*
 * Reads the text of `tcpdump -ddd`: a line with the count, then lines `code jt jf k`, in decimal;
 * commas may stand for the ends of lines, as in BPF_COMMA. Checks as the kernel
 * does (net/core/filter.c, bpf_check_classic): the number of instructions, opcodes, jumps and
 * operands in range, a return at the end; not that memory words are stored before they are loaded.
 * Replaces *program, or returns -1 with why and leaves it unchanged.
 */
int bpf_parse(struct bpf *program, const char *text, struct failure *why);

/*
 * Makes *program accept only what condition accepts as well: of those packets it returns what it
 * returned, of others 0. A program without instructions becomes the condition. The condition returns
 * constants, as those of the filter compiler do. -1 with why, and *program is unchanged: the two together
 * have more than BPF_MAX instructions, or memory ran out.
 */
int bpf_require(struct bpf *program, const struct bpf *condition, struct failure *why);

enum bpf_form {
	BPF_LISTING, /* -d: one instruction a line, for people */
	BPF_C,       /* -dd: C initialisers */
	BPF_DECIMAL, /* -ddd: what bpf_parse reads */
	BPF_COMMA,   /* one line, `count,code jt jf k,...`: iptables' bpf match, tc */
};

/* Writes the program. Check ferror(out). */
void bpf_print(const struct bpf *program, enum bpf_form form, FILE *out);

/*
 * Runs the program on a packet: caplen bytes at data, len bytes on the wire. Returns the program's
 * return value, and 0, which rejects the packet, for a load beyond caplen or a division by zero, as
 * the kernel does. The program must be valid: from bpf_parse or the filter compiler.
 */
uint32_t bpf_run(const struct bpf *program, const unsigned char *data, uint32_t caplen,
		 uint32_t len);

enum bpf_verdict {
	BPF_REJECTS, /* a return of 0, or a program without instructions */
	BPF_ACCEPTS,
	BPF_CUT, /* a load beyond caplen, or a division by zero */
};

/* As bpf_run, as a verdict. */
enum bpf_verdict bpf_judge(const struct bpf *program, const unsigned char *data, uint32_t caplen,
			   uint32_t len);

#endif
