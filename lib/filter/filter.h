/*
 * A filter: the packets of a service, of a set of addresses, or of both; judged here in user space,
 * without a limit on the size of the set. compile.h makes BPF programs that agree with it packet
 * for packet.
 */
#ifndef VCAP_FILTER_H
#define VCAP_FILTER_H

#include "filter/service.h"
#include "packet/addrset.h"
#include "packet/bpf.h"
#include "packet/dissect.h"
#include "packet/linktype.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a program returns for a packet that it accepts. */
#define FILTER_ACCEPT PACKET_SNAPLEN

/*
 * An expression of pcap-filter(7), compiled for one link type by expr.h: a program for each shape of
 * its header (linktype.h), such as with no VLAN tag, one and two. A program without instructions accepts
 * nothing, and packets of other shapes, as with more tags, satisfy no expression. Of
 * LINKTYPE_BY_PARTS the program is for the packet from its network header on.
 */
struct filter_expression {
	struct bpf by_shape[LINKTYPE_SHAPES];
};

/* Everything it points to belongs to the caller. */
struct filter {
	/* Packets of its client side, its server side and its monitors, as `monitors` selects,
	 * including ICMP errors that quote such a packet. NULL: any packet. */
	const struct service *service;
	enum monitor_mode monitors;
	/* Sealed. NULL: any address, and without a service also packets that are not IP. */
	const struct addrset *set;
	/*
	 * With a service and a set: the variable end (service.h, service_ends) has to be in the
	 * set, rather than either end. The ends of an ICMP error are those of the packet it quotes,
	 * of a packet in a tunnel to a server those of the inner one; without a service they are its own.
	 */
	bool variable_end;
	/* With a service: its whole server side passes, regardless of monitors, set, expression and
	 * exclude. vcap-join decides on it, since the connection from an engine to a server does
	 * not carry the client's address. */
	bool for_join;
	/* Packets whose ends are in the set have to satisfy this too; NULL: nothing more. */
	const struct filter_expression *expression;
	/* Inverts set and expression, among the packets of the service (NULL: all packets). */
	bool exclude;
};

/* Whether the filter accepts a packet of this link type (linktype.h). A packet that is cut short
 * within a field that has to be read is never accepted (dissect.h). */
bool filter_judge(const struct filter *filter, const struct packet *packet, uint16_t linktype);

#endif
