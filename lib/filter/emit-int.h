/*
 * What the parts of the filter compiler share: the state of one compilation and short names for the
 * instructions they emit. Each function takes the labels that the new code continues at, and
 * returns the label of its first instruction (codegen.h).
 *
 * X holds the offset of the network header of the packet being judged: the header behind the link
 * layer and VLAN tags, the one in a tunnel, or the one that an ICMP error quotes. All code after that is
 * the same.
 */
#ifndef VCAP_EMIT_INT_H
#define VCAP_EMIT_INT_H

#include "filter/codegen.h"
#include "filter/filter.h"
#include "filter/search.h"
#include "packet/linktype.h"

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#define LOAD_WORD (BPF_LD | BPF_W | BPF_IND)
#define LOAD_HALF (BPF_LD | BPF_H | BPF_IND)
#define LOAD_BYTE (BPF_LD | BPF_B | BPF_IND)
#define JEQ       (BPF_JMP | BPF_JEQ | BPF_K)
#define JGE       (BPF_JMP | BPF_JGE | BPF_K)
#define JSET      (BPF_JMP | BPF_JSET | BPF_K)

/* Scratch memory, M[]. */
enum {
	M_NETWORK,         /* saves X while X walks along the headers */
	M_PROTOCOL,        /* saves A while A is needed to move X */
	M_SOURCE_KEY,      /* a TUPLE_KEY (dissect.h) */
	M_DESTINATION_KEY, /* also holds both ports until they are split */
	M_OUTER,           /* the network header around the inner one, of what may be in a tunnel */
	M_FIRST,           /* ... and that of the packet itself, which may be an ICMP error */
};

/* Code for IPv4 and for IPv6 packets. */
struct by_family {
	label v4, v6;
};

/* Code for packets whose variable end (service.h, service_ends) is the source or the destination.
 */
struct by_end {
	label source, destination;
};

struct emit {
	const struct filter *filter;
	struct codegen *cg;
	struct search search;
	const struct linktype_info *link;
	label accept, reject;
	label in, out; /* where packets continue whose ends are in the set, or not */
	label not_ip;
	label miss; /* ... that are on no side */
	/* Packets on a side have one of these addresses, but for ICMP errors. */
	const struct addrset *ends;
};

static inline label
emit_op(struct emit *e, uint16_t code, uint32_t k, label next)
{
	return codegen_op(e->cg, code, k, next);
}

static inline label
emit_test(struct emit *e, uint16_t code, uint32_t k, label yes, label no)
{
	return codegen_test(e->cg, code, k, yes, no);
}

/* Adds A to X. */
static inline label
emit_move_x(struct emit *e, label next)
{
	return emit_op(e, BPF_ALU | BPF_ADD | BPF_X, 0, emit_op(e, BPF_MISC | BPF_TAX, 0, next));
}

/* Whether A equals one of count values. */
static inline label
emit_any_of(struct emit *e, const uint32_t *values, size_t count, label yes, label no)
{
	while (count-- > 0)
		no = emit_test(e, JEQ, values[count], yes, no);
	return no;
}

/* Continues by the shape of a PPP header: entries of enum linktype_ppp. Of the short ones the protocol is
 * in A. */
static inline label
emit_ppp_shape(struct emit *e, const label *entries)
{
	const uint16_t byte = BPF_LD | BPF_B | BPF_ABS;
	label framed = emit_test(e, JSET, 1, entries[PPP_FRAMED_SHORT], entries[PPP_FRAMED]);
	label plain = emit_test(e, JSET, 1, entries[PPP_SHORT], entries[PPP_PLAIN]);

	framed = emit_op(e, byte, 2, framed);
	plain = emit_op(e, byte, 0, plain);
	return emit_op(e, BPF_LD | BPF_H | BPF_ABS, 0,
		       emit_test(e, JEQ, PPP_ADDRESS_CONTROL, framed, plain));
}

/* X is at an ICMP header. An error continues at error. */
static inline label
emit_icmp_error(struct emit *e, uint8_t family, label error, label other)
{
	static const uint32_t errors[] = {3, 4, 5, 11, 12};
	label entry;

	if (family == 4)
		entry = emit_any_of(e, errors, sizeof(errors) / sizeof(*errors), error, other);
	else
		entry = emit_test(e, JGE, 128, other, error);
	return emit_op(e, LOAD_BYTE, 0, entry);
}

/* Continues by the family of the outer packet, at whose header X is: its version was tested before. */
static inline label
emit_outer_family(struct emit *e, label v4, label v6)
{
	return emit_op(e, LOAD_BYTE, 0, emit_test(e, JSET, 0x20, v6, v4));
}

/* Offsets of the addresses from the network header, in bytes. family is 4 or 6. */
static inline uint32_t
emit_source_at(uint8_t family)
{
	return family == 4 ? 12 : 8;
}

static inline uint32_t
emit_destination_at(uint8_t family)
{
	return family == 4 ? 16 : 24;
}

/* Loads the last word of the destination address. A load beyond the captured bytes rejects the
 * packet, so after this both addresses are known to be there. */
static inline label
emit_need_addresses(struct emit *e, uint8_t family, label next)
{
	return emit_op(e, LOAD_WORD, family == 4 ? 16 : 36, next);
}

#endif
