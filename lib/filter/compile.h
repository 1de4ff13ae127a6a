/*
 * A program is: find the network header -> put protocol and ports where they are needed -> classify
 * the side -> test the variable end against the set. Each step is written as a function of the
 * labels it goes on to (codegen.h), so compile_run() reads from the last step to the first.
 *
 * X is at the network header of the packet that is judged: behind link header and VLAN tags, or,
 * of an ICMP error, at the header it quotes. Whatever follows is the same code for all of these.
 *
 * This is the inside of filter.h: only filter.c, compiler.c, classifier.c and headers.c include it.
 */
#ifndef VCAP_COMPILE_H
#define VCAP_COMPILE_H

#include "filter/codegen.h"
#include "filter/filter.h"
#include "filter/search.h"
#include "packet/linktype.h"

#include <linux/filter.h>

#define LOAD_WORD (BPF_LD | BPF_W | BPF_IND)
#define LOAD_HALF (BPF_LD | BPF_H | BPF_IND)
#define LOAD_BYTE (BPF_LD | BPF_B | BPF_IND)
#define JEQ       (BPF_JMP | BPF_JEQ | BPF_K)
#define JGE       (BPF_JMP | BPF_JGE | BPF_K)
#define JSET      (BPF_JMP | BPF_JSET | BPF_K)

/* Scratch memory. */
enum {
	M_NETWORK,         /* X, while X walks along the headers */
	M_PROTOCOL,        /* A, while A is needed to move X */
	M_SOURCE_KEY,      /* TUPLE_KEYs */
	M_DESTINATION_KEY, /* also holds both ports until they are taken apart */
};

/* Where to go on, by family. */
struct ways {
	label v4, v6;
};

struct compile {
	const struct filter *filter;
	struct codegen *cg;
	struct search search;
	const struct linktype_info *link;
	label accept, reject;
	label in, out; /* where ends go that are in the set, or not */
	label not_ip;
};

static inline label
op(struct compile *c, uint16_t code, uint32_t k, label next)
{
	return codegen_op(c->cg, code, k, next);
}

static inline label
test(struct compile *c, uint16_t code, uint32_t k, label yes, label no)
{
	return codegen_test(c->cg, code, k, yes, no);
}

/* Whether A is one of count values. */
static inline label
any_of(struct compile *c, const uint32_t *values, size_t count, label yes, label no)
{
	while (count-- > 0)
		no = test(c, JEQ, values[count], yes, no);
	return no;
}

/* Offsets of an address from the network header. */
static inline uint32_t
source_at(uint8_t family)
{
	return family == 4 ? 12 : 8;
}

static inline uint32_t
destination_at(uint8_t family)
{
	return family == 4 ? 16 : 24;
}

/* The load of the destination's last word ends the program for a packet that was cut short within
 * its addresses, whatever is looked at later. */
static inline label
need_addresses(struct compile *c, uint8_t family, label next)
{
	return op(c, LOAD_WORD, family == 4 ? 16 : 36, next);
}

/* Where to go on once it is known which end varies. */
struct variable {
	label source, destination;
};

/* Steps 1 and 2: to the network header, with X there; and the keys of both ends (tuple.h) in
 * scratch memory, of what an ICMP error quotes if the packet is one. */
label parse_headers_find_network(struct compile *c, struct ways ways);
label parse_headers_take_keys(struct compile *c, uint8_t family, label next);

/* Step 3: the side, in the order of service_ends(). */
label classify_sides(struct compile *c, uint8_t family, struct variable go_on);

/* All of it, with at most `leaf` JEQ in a row (search.h); longer than BPF_MAX, if it has to be.
 */
int compile_run(const struct filter *filter, uint16_t linktype, unsigned leaf, struct bpf *program,
		struct failure *why);

#endif
