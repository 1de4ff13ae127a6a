/*
 * What a program of the filter compiler has to load from a packet is read here by load(), which
 * fails beyond caplen, as a load of BPF does: so a packet that is cut short is judged the same way
 * in the kernel and here. The payload, which no program loads, may be missing.
 */
#include "packet/dissect.h"

#include "packet/linktype.h"

#include <stddef.h>

/* Reads a big-endian number of size bytes; false beyond caplen, where a BPF load ends a program. */
static bool
load(const struct packet *packet, uint32_t at, unsigned size, uint32_t *value)
{
	if (at > packet->caplen || packet->caplen - at < size)
		return false;
	*value = 0;
	for (unsigned i = 0; i < size; i++)
		*value = *value << 8 | packet->data[at + i];
	return true;
}

static bool
load_address(const struct packet *packet, uint32_t at, uint8_t family, struct addr *addr)
{
	unsigned size = family == 4 ? 4 : 16;

	addr->family = family;
	addr->value = 0;
	for (unsigned i = 0; i < size; i += 4) {
		uint32_t word;

		if (!load(packet, at + i, 4, &word))
			return false;
		addr->value = addr->value << 32 | word;
	}
	return true;
}

/* Tells the shape of a header of PPP. */
static bool
find_ppp_shape(const struct packet *packet, int *shape)
{
	uint32_t framing, protocol;

	if (!load(packet, 0, 2, &framing))
		return false;
	*shape = framing == PPP_ADDRESS_CONTROL ? PPP_FRAMED : PPP_PLAIN;
	if (!load(packet, *shape == PPP_FRAMED ? 2 : 0, 1, &protocol))
		return false;
	if (protocol & 1)
		*shape = *shape == PPP_FRAMED ? PPP_FRAMED_SHORT : PPP_SHORT;
	return true;
}

int
dissect_shape(const struct packet *packet, uint16_t linktype)
{
	const struct linktype_info *link = linktype_find(linktype);
	uint32_t type;
	int shape = 0;

	if (link && link->kind == LINKTYPE_BY_PPP)
		return find_ppp_shape(packet, &shape) ? shape : -1;
	if (!link || link->kind != LINKTYPE_BY_TYPE)
		return 0;
	for (; shape <= DISSECT_VLAN_TAGS; shape++) {
		if (!load(packet, linktype_ethertype_at(link, (unsigned)shape), 2, &type))
			return -1;
		if (!linktype_is_vlan(type))
			break;
	}
	return shape;
}

static enum dissect_outcome
find_by_type(const struct packet *packet, const struct linktype_info *link, uint32_t *at,
	     uint8_t *family)
{
	uint32_t type;

	*at = link->network_at;
	if (!load(packet, link->type_at, 2, &type))
		return DISSECT_CUT;
	for (int tags = 0; tags < DISSECT_VLAN_TAGS && linktype_is_vlan(type); tags++) {
		*at += 4;
		if (!load(packet, *at - 2, 2, &type))
			return DISSECT_CUT;
	}
	*family = type == 0x0800 ? 4 : 6;
	return type == 0x0800 || type == 0x86dd ? DISSECT_FOUND : DISSECT_NOT_IP;
}

static enum dissect_outcome
find_by_version(const struct packet *packet, uint32_t at, uint8_t *family)
{
	uint32_t first;

	if (!load(packet, at, 1, &first))
		return DISSECT_CUT;
	*family = (uint8_t)(first >> 4);
	return *family == 4 || *family == 6 ? DISSECT_FOUND : DISSECT_NOT_IP;
}

static bool
has_number(const uint32_t *list, size_t count, uint32_t number)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == number)
			return true;
	return false;
}

static enum dissect_outcome
find_by_family(const struct packet *packet, uint8_t *family)
{
	uint32_t number;

	if (!load(packet, 0, 4, &number))
		return DISSECT_CUT;
	*family = has_number(linktype_families4, LINKTYPE_FAMILIES4, number) ? 4 : 6;
	return *family == 4 || has_number(linktype_families6, LINKTYPE_FAMILIES6, number)
		   ? DISSECT_FOUND
		   : DISSECT_NOT_IP;
}

static enum dissect_outcome
find_by_ppp(const struct packet *packet, const struct linktype_info *link, uint32_t *at,
	    uint8_t *family)
{
	uint32_t protocol;
	unsigned size;
	int shape;

	if (!find_ppp_shape(packet, &shape))
		return DISSECT_CUT;
	size = shape == PPP_FRAMED || shape == PPP_PLAIN ? 2 : 1;
	*at = linktype_network_at(link, (unsigned)shape);
	if (!load(packet, *at - size, size, &protocol))
		return DISSECT_CUT;
	*family = protocol == PPP_IPV4 ? 4 : 6;
	return protocol == PPP_IPV4 || protocol == PPP_IPV6 ? DISSECT_FOUND : DISSECT_NOT_IP;
}

#define NFLOG_HEADER  4 /* bytes before the attributes */
#define NFLOG_PAYLOAD 9 /* NFULA_PAYLOAD of linux/netfilter/nfnetlink_log.h */

/* Attributes have length and type, 16 bits each, in the byte order of the system that captured: a type
 * is less than 256. */
static enum dissect_outcome
find_by_parts(const struct packet *packet, uint32_t *at, uint8_t *family)
{
	*at = NFLOG_HEADER;
	for (;;) {
		uint32_t size, type;

		if (!load(packet, *at, 2, &size) || !load(packet, *at + 2, 2, &type))
			return packet->caplen < packet->len ? DISSECT_CUT : DISSECT_NOT_IP;
		if (type > 0xff) {
			size = __builtin_bswap16((uint16_t)size);
			type = __builtin_bswap16((uint16_t)type);
		}
		if (size < 4)
			return DISSECT_NOT_IP;
		if (type == NFLOG_PAYLOAD)
			break;
		*at += (size + 3) & ~UINT32_C(3);
	}
	*at += 4;
	return find_by_version(packet, *at, family);
}

enum dissect_outcome
dissect_network(const struct packet *packet, uint16_t linktype, uint32_t *at, uint8_t *family)
{
	const struct linktype_info *link = linktype_find(linktype);

	if (!link)
		return DISSECT_NOT_IP;
	*at = link->network_at;
	switch (link->kind) {
	case LINKTYPE_BY_TYPE: return find_by_type(packet, link, at, family);
	case LINKTYPE_BY_VERSION: return find_by_version(packet, *at, family);
	case LINKTYPE_BY_FAMILY: return find_by_family(packet, family);
	case LINKTYPE_BY_PPP: return find_by_ppp(packet, link, at, family);
	case LINKTYPE_BY_PARTS: return find_by_parts(packet, at, family);
	}
	return DISSECT_NOT_IP;
}

/* Takes protocol and fragment offset of the IPv4 header at `at`; *transport is where it ends. */
static bool
take_v4(const struct packet *packet, uint32_t at, struct tuple *tuple, uint32_t *transport)
{
	uint32_t first, fragment, protocol;

	if (!load(packet, at, 1, &first) || !load(packet, at + 6, 2, &fragment) ||
	    !load(packet, at + 9, 1, &protocol) ||
	    !load_address(packet, at + 12, 4, &tuple->source) ||
	    !load_address(packet, at + 16, 4, &tuple->destination))
		return false;
	tuple->protocol = (uint8_t)protocol;
	tuple->only_addresses = (fragment & 0x1fff) != 0;
	*transport = at + 4 * (first & 0xf);
	return true;
}

static bool
is_extension(uint32_t protocol)
{
	return protocol == PROTOCOL_HOPOPTS || protocol == PROTOCOL_ROUTING ||
	       protocol == PROTOCOL_FRAGMENT || protocol == PROTOCOL_DSTOPTS;
}

static bool
take_v6(const struct packet *packet, uint32_t at, struct tuple *tuple, uint32_t *transport)
{
	uint32_t protocol;

	if (!load(packet, at + 6, 1, &protocol) ||
	    !load_address(packet, at + 8, 6, &tuple->source) ||
	    !load_address(packet, at + 24, 6, &tuple->destination))
		return false;
	at += 40;
	for (int i = 0; i < DISSECT_EXTENSIONS && is_extension(protocol); i++) {
		uint32_t next, size, offset;

		if (!load(packet, at, 1, &next))
			return false;
		if (protocol == PROTOCOL_FRAGMENT) {
			if (!load(packet, at + 2, 2, &offset))
				return false;
			if (offset & 0xfff8) {
				tuple->protocol = (uint8_t)next;
				tuple->only_addresses = true;
				return true;
			}
			size = 0;
		} else if (!load(packet, at + 1, 1, &size)) {
			return false;
		}
		at += 8 + 8 * size;
		protocol = next;
	}
	tuple->protocol = (uint8_t)protocol;
	tuple->only_addresses = is_extension(protocol);
	*transport = at;
	return true;
}

static bool
take_header(const struct packet *packet, uint32_t at, uint8_t family, struct tuple *tuple,
	    uint32_t *transport)
{
	return family == 4 ? take_v4(packet, at, tuple, transport)
			   : take_v6(packet, at, tuple, transport);
}

/* RFC 792: unreachable, source quench, redirect, time exceeded, parameter problem. RFC 4443, 2.1:
 * every type below 128 is an error. */
bool
dissect_is_icmp_error(uint8_t family, uint32_t type)
{
	if (family == 6)
		return type < 128;
	return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

/* Takes ports or ICMP type. *quoted is where the packet starts that an ICMP error quotes, or 0. */
static bool
take_transport(const struct packet *packet, uint32_t at, struct tuple *tuple, uint32_t *quoted)
{
	uint8_t family = tuple->source.family;
	uint32_t word;

	*quoted = 0;
	if (tuple->only_addresses)
		return true;
	switch (tuple->protocol) {
	case PROTOCOL_TCP:
	case PROTOCOL_UDP:
	case PROTOCOL_SCTP:
		if (!load(packet, at, 4, &word))
			return false;
		tuple->has_ports = true;
		tuple->source_port = (uint16_t)(word >> 16);
		tuple->destination_port = (uint16_t)word;
		return true;
	case PROTOCOL_ICMP:
	case PROTOCOL_ICMPV6:
		if (tuple->protocol != (family == 4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6))
			return true;
		if (!load(packet, at, 1, &word))
			return false;
		tuple->has_icmp_type = true;
		tuple->icmp_type = (uint8_t)word;
		if (dissect_is_icmp_error(family, word))
			*quoted = at + 8;
		return true;
	default: return true;
	}
}

/* Where the IP datagram ends on the wire: link layers pad short frames. A length of zero is that of
 * a packet that offloading made larger than its field (and of an IPv6 jumbogram). */
static uint32_t
datagram_end(const struct packet *packet, uint32_t at, uint8_t family)
{
	uint32_t size = 0;

	load(packet, at + (family == 4 ? 2 : 4), 2, &size);
	if (family == 6 && size > 0)
		size += 40;
	if (size == 0 || size > packet->len - at)
		return packet->len;
	return at + size;
}

static void
find_payload(const struct packet *packet, uint32_t transport, uint32_t wire_end,
	     struct tuple *tuple)
{
	uint32_t end = wire_end < packet->caplen ? wire_end : packet->caplen;
	uint32_t size = tuple->protocol == PROTOCOL_UDP ? 8 : 12;

	if (tuple->protocol == PROTOCOL_TCP) {
		if (!load(packet, transport + 12, 1, &size))
			return;
		size = size >> 4 << 2;
		if (size < 20)
			return;
	}
	if (end < transport || end - transport < size)
		return;
	tuple->payload = packet->data + transport + size;
	tuple->payload_len = end - transport - size;
	tuple->payload_wire = wire_end - transport - size;
	tuple->transport = packet->data + transport;
}

/* By its fields: as a whole it would be set to zero by an instruction that takes longer than all of this. */
static void
clear(struct tuple *tuple)
{
	tuple->protocol = tuple->icmp_type = 0;
	tuple->has_ports = tuple->only_addresses = tuple->is_quoted = tuple->has_icmp_type = false;
	tuple->source_port = tuple->destination_port = 0;
	tuple->source = tuple->destination = (struct addr){0};
	tuple->payload = tuple->transport = NULL;
	tuple->payload_len = tuple->payload_wire = 0;
}

bool
dissect_packet(const struct packet *packet, uint16_t linktype, struct tuple *tuple)
{
	uint32_t network, transport, quoted;
	uint8_t family;

	clear(tuple);
	if (dissect_network(packet, linktype, &network, &family) != DISSECT_FOUND ||
	    !take_header(packet, network, family, tuple, &transport) ||
	    !take_transport(packet, transport, tuple, &quoted))
		return false;
	if (tuple->has_ports)
		find_payload(packet, transport, datagram_end(packet, network, family), tuple);
	if (quoted == 0)
		return true;
	clear(tuple);
	tuple->is_quoted = true;
	return take_header(packet, quoted, family, tuple, &transport) &&
	       take_transport(packet, transport, tuple, &quoted);
}

enum dissect_outcome
dissect_addresses(const struct packet *packet, uint16_t linktype, struct tuple *tuple)
{
	enum dissect_outcome outcome;
	uint32_t at;
	uint8_t family;
	unsigned size;

	clear(tuple);
	outcome = dissect_network(packet, linktype, &at, &family);
	if (outcome != DISSECT_FOUND)
		return outcome;
	at += family == 4 ? 12 : 8;
	size = family == 4 ? 4 : 16;
	if (!load_address(packet, at, family, &tuple->source) ||
	    !load_address(packet, at + size, family, &tuple->destination))
		return DISSECT_CUT;
	return DISSECT_FOUND;
}

static uint32_t
key(const struct tuple *tuple, uint16_t port)
{
	if (tuple->only_addresses)
		return TUPLE_KEY_ANY;
	return TUPLE_KEY(tuple->protocol, tuple->has_icmp_type ? tuple->icmp_type : port);
}

uint32_t
tuple_source_key(const struct tuple *tuple)
{
	return key(tuple, tuple->source_port);
}

uint32_t
tuple_destination_key(const struct tuple *tuple)
{
	return key(tuple, tuple->destination_port);
}
