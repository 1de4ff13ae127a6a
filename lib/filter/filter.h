/*
 * What a user asks for - a service's packets, an address set, or both - as a BPF program for a link
 * type, and as a judgement in user space that has no limit on the size of the set. The two agree
 * packet for packet.
 */
#ifndef VCAP_FILTER_H
#define VCAP_FILTER_H

#include "base/failure.h"
#include "filter/service.h"
#include "packet/addrset.h"
#include "packet/bpf.h"
#include "packet/dissect.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILTER_ACCEPT PACKET_SNAPLEN /* what a program returns for a packet that belongs */

/*
 * An expression of pcap-filter(7) for frames of a link type, made by expr.h: programs for frames
 * without VLAN tags, with one and with two. One without instructions accepts nothing, and frames
 * with more tags satisfy no expression.
 */
struct filter_expression {
	struct bpf by_tags[DISSECT_VLAN_TAGS + 1];
};

struct filter {
	/* Packets of its client and server side and its monitors, as -m says, ICMP errors that
	 * quote such a packet included; NULL: any packet. */
	const struct service *service;
	enum monitor_mode monitors;
	/* Sealed. NULL: any address, and without a service whatever is not IP. */
	const struct addrset *set;
	/*
	 * With a service and a set: whether the end that varies (service.h, service_ends) has to
	 * be in the set rather than either end. The ends of an ICMP error are those of what it
	 * quotes; without a service they are its own.
	 */
	bool variable_end;
	/* With a service: its server side passes whole, whatever monitors, set, expression and
	 * exclude say: vcap-join decides on it (an engine's connection to a server does not
	 * carry the client's address). */
	bool for_join;
	/* What ends in the set (or any, without a set) have to satisfy as well; NULL: nothing. */
	const struct filter_expression *expression;
	/* Of the packets of the service (NULL: of all packets): those that do not satisfy set and
	 * expression. */
	bool exclude;
};

/*
 * Makes the program for frames of this link type (packet.h). -1 if there are more intervals than
 * the kernel's limit allows; why says how many would fit. program is unchanged then.
 */
int filter_compile(const struct filter *filter, uint16_t linktype, struct bpf *program,
		   struct failure *why);

/* How a set was widened: how many intervals are left, and how many addresses were added, in decimal
 * (they may be 2^128); "0" if it did not have to be. */
struct filter_widening {
	size_t intervals;
	char added[40];
};

/* As filter_compile; a set that does not fit is widened by joining the intervals that are closest
 * to each other, as few as it takes. The set must not be NULL, nor exclude be true: then a wider
 * set would mean fewer packets. */
int filter_compile_widened(const struct filter *filter, uint16_t linktype, struct bpf *program,
			   struct filter_widening *widening, struct failure *why);

/* Whether the packet belongs. A packet that is cut short within a field that has to be looked at
 * does not (tuple.h). */
bool filter_judge(const struct filter *filter, const struct packet *packet, uint16_t linktype);

#endif
