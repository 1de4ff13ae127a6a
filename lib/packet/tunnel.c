/*
 * A walk that a BPF program can make as well (filter/tunnel_entry.c), which reads the same fields in
 * the same order: so what is cut short is cut short in both. All sizes come from the packet.
 */
#include "packet/tunnel.h"

#include "base/parse.h"
#include "packet/linktype.h"

#include <stdio.h>
#include <string.h>

#define ETHERTYPE_IPV4  0x0800
#define ETHERTYPE_IPV6  0x86dd
#define ETHERNET_HEADER 14
#define UDP_HEADER      8

const uint16_t tunnel_gre_options[GRE_OPTIONS] = {0x8000, 0x2000, 0x1000};

/* Linux had VXLAN on a port of its own before there was one, and overlays keep to it. */
const struct tunnel tunnel_usual[TUNNEL_USUAL] = {{TUNNEL_IPIP, 0},
						  {TUNNEL_GRE, 0},
						  {TUNNEL_VXLAN, TUNNEL_VXLAN_PORT},
						  {TUNNEL_VXLAN, 8472},
						  {TUNNEL_GENEVE, TUNNEL_GENEVE_PORT}};

static const struct {
	const char *name;
	enum tunnel_kind kind;
	uint16_t port; /* the usual one */
} kinds[] = {
    {"ipip", TUNNEL_IPIP, 0},
    {"gre", TUNNEL_GRE, 0},
    {"vxlan", TUNNEL_VXLAN, TUNNEL_VXLAN_PORT},
    {"geneve", TUNNEL_GENEVE, TUNNEL_GENEVE_PORT},
};
#define KINDS (sizeof(kinds) / sizeof(*kinds))

int
tunnel_parse(struct tunnel *tunnel, const char *word, struct failure *why)
{
	const size_t length = strcspn(word, ":");
	uint64_t port;

	for (size_t i = 0; i < KINDS; i++) {
		if (strncmp(kinds[i].name, word, length) != 0 || kinds[i].name[length])
			continue;
		port = kinds[i].port;
		if (word[length] &&
		    (!port || parse_number(word + length + 1, UINT16_MAX, &port, NULL) < 0 ||
		     !port))
			break;
		*tunnel = (struct tunnel){kinds[i].kind, (uint16_t)port};
		return 0;
	}
	return failure_set(why, "not a tunnel (ipip, gre, vxlan[:PORT], geneve[:PORT]): '%s'",
			   word);
}

char *
tunnel_format(struct tunnel tunnel, char to[TUNNEL_TEXT])
{
	*to = '\0';
	for (size_t i = 0; i < KINDS; i++) {
		if (kinds[i].kind != tunnel.kind)
			continue;
		if (kinds[i].port == tunnel.port)
			snprintf(to, TUNNEL_TEXT, "%s", kinds[i].name);
		else
			snprintf(to, TUNNEL_TEXT, "%s:%u", kinds[i].name, tunnel.port);
	}
	return to;
}

/* Where a packet in a tunnel is looked for. */
enum reach { REACH_PACKET, REACH_QUOTED };

/* A place in a packet, and the tunnels that are looked for. */
struct walk {
	const struct packet *packet;
	const struct tunnel *tunnels;
	size_t count;
	uint32_t at;
	size_t which;
	uint32_t outer; /* where the outer IP header begins */
	enum reach reach;
	uint32_t options, options_size, ethernet, carrier; /* as struct tunnelled has them */
	bool is_quoted;
};

/* As loads of BPF: false beyond caplen. offset is from the place. */
static bool
load(const struct walk *walk, uint32_t offset, unsigned size, uint32_t *value)
{
	const uint64_t at = (uint64_t)walk->at + offset;

	if (at + size > walk->packet->caplen)
		return false;
	*value = 0;
	for (unsigned i = 0; i < size; i++)
		*value = *value << 8 | walk->packet->data[at + i];
	return true;
}

/* The first tunnel of this kind and port. */
static bool
is_wanted(struct walk *walk, enum tunnel_kind kind)
{
	for (walk->which = 0; walk->which < walk->count; walk->which++)
		if (walk->tunnels[walk->which].kind == kind)
			return true;
	return false;
}

static bool
carries(struct walk *walk, uint32_t protocol)
{
	switch (protocol) {
	case PROTOCOL_IPV4:
	case PROTOCOL_IPV6: return is_wanted(walk, TUNNEL_IPIP);
	case PROTOCOL_GRE: return is_wanted(walk, TUNNEL_GRE);
	case PROTOCOL_UDP: return is_wanted(walk, TUNNEL_VXLAN) || is_wanted(walk, TUNNEL_GENEVE);
	default: return false;
	}
}

static bool
is_header(uint32_t first, int version)
{
	return version == 4 ? first >= IPV4_FIRST && first < IPV4_END
			    : first >= IPV6_FIRST && first < IPV6_END;
}

/* An IP header of this version begins here. */
static enum dissect_outcome
find_version(const struct walk *walk, int version)
{
	uint32_t first;

	if (!load(walk, 0, 1, &first))
		return DISSECT_CUT;
	return is_header(first, version) ? DISSECT_FOUND : DISSECT_NOT_IP;
}

static enum dissect_outcome
find_ethernet(struct walk *walk)
{
	uint32_t type;

	walk->ethernet = walk->at;
	for (int tags = 0; tags <= DISSECT_VLAN_TAGS; tags++) {
		if (!load(walk, ETHERNET_HEADER - 2, 2, &type))
			return DISSECT_CUT;
		if (!linktype_is_vlan(type))
			break;
		walk->at += 4;
	}
	walk->at += ETHERNET_HEADER;
	if (type == ETHERTYPE_IPV4)
		return find_version(walk, 4);
	return type == ETHERTYPE_IPV6 ? find_version(walk, 6) : DISSECT_NOT_IP;
}

/* What a header of GRE or Geneve says that it carries begins here. */
static enum dissect_outcome
find_typed(struct walk *walk, uint32_t type)
{
	switch (type) {
	case ETHERTYPE_IPV4: return find_version(walk, 4);
	case ETHERTYPE_IPV6: return find_version(walk, 6);
	case TUNNEL_ETHERNET: return find_ethernet(walk);
	default: return DISSECT_NOT_IP;
	}
}

static enum dissect_outcome
find_gre(struct walk *walk)
{
	uint32_t type, flags;

	if (!load(walk, 2, 2, &type) || !load(walk, 0, 2, &flags))
		return DISSECT_CUT;
	if (flags & GRE_REFUSED)
		return DISSECT_NOT_IP;
	walk->at += 4;
	for (int i = 0; i < GRE_OPTIONS; i++)
		walk->at += flags & tunnel_gre_options[i] ? 4 : 0;
	return find_typed(walk, type);
}

static enum dissect_outcome
find_vxlan(struct walk *walk)
{
	uint32_t flags;

	if (!load(walk, UDP_HEADER, 1, &flags))
		return DISSECT_CUT;
	if (!(flags & VXLAN_HAS_VNI))
		return DISSECT_NOT_IP;
	walk->at += UDP_HEADER + 8;
	return find_ethernet(walk);
}

static enum dissect_outcome
find_geneve(struct walk *walk)
{
	uint32_t first, second, type;

	if (!load(walk, UDP_HEADER, 1, &first))
		return DISSECT_CUT;
	if (first & GENEVE_VERSION)
		return DISSECT_NOT_IP;
	if (!load(walk, UDP_HEADER + 1, 1, &second))
		return DISSECT_CUT;
	if (second & GENEVE_CONTROL)
		return DISSECT_NOT_IP;
	if (!load(walk, UDP_HEADER + 2, 2, &type))
		return DISSECT_CUT;
	walk->at += UDP_HEADER + 8;
	walk->options = first ? walk->at : 0;
	walk->options_size = 4 * first;
	walk->at += walk->options_size;
	return find_typed(walk, type);
}

static enum dissect_outcome
find_udp(struct walk *walk)
{
	uint32_t port;

	if (!load(walk, 2, 2, &port))
		return DISSECT_CUT;
	for (walk->which = 0; walk->which < walk->count; walk->which++) {
		const struct tunnel *tunnel = &walk->tunnels[walk->which];

		if (tunnel->port == port && tunnel_is_udp(tunnel->kind))
			return tunnel->kind == TUNNEL_VXLAN ? find_vxlan(walk) : find_geneve(walk);
	}
	return DISSECT_NOT_IP;
}

static enum dissect_outcome pass_ip(struct walk *walk, uint8_t family);

static bool
may_quote(const struct walk *walk, uint8_t family, uint32_t protocol)
{
	return walk->reach == REACH_QUOTED && !walk->is_quoted &&
	       protocol == (family == 4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6);
}

/* The place is at an ICMP header. */
static enum dissect_outcome
find_quoted(struct walk *walk, uint8_t family)
{
	uint32_t type;

	if (!load(walk, 0, 1, &type))
		return DISSECT_CUT;
	if (!dissect_is_icmp_error(family, type))
		return DISSECT_NOT_IP;
	walk->at += 8;
	walk->is_quoted = true;
	return pass_ip(walk, family);
}

/* The place is behind an IP header. */
static enum dissect_outcome
find_inner(struct walk *walk, uint8_t family, uint32_t protocol)
{
	walk->carrier = walk->at;
	if (may_quote(walk, family, protocol))
		return find_quoted(walk, family);
	if (!carries(walk, protocol))
		return DISSECT_NOT_IP;
	switch (protocol) {
	case PROTOCOL_IPV4: return find_version(walk, 4);
	case PROTOCOL_IPV6: return find_version(walk, 6);
	case PROTOCOL_GRE: return find_gre(walk);
	default: return find_udp(walk);
	}
}

static enum dissect_outcome
pass_v4(struct walk *walk)
{
	uint32_t protocol, fragment, first;

	if (!load(walk, 9, 1, &protocol))
		return DISSECT_CUT;
	if (!carries(walk, protocol) && !may_quote(walk, 4, protocol))
		return DISSECT_NOT_IP;
	if (!load(walk, 6, 2, &fragment))
		return DISSECT_CUT;
	if (fragment & IP_FRAGMENT)
		return DISSECT_NOT_IP;
	if (!load(walk, 0, 1, &first))
		return DISSECT_CUT;
	if (!is_header(first, 4))
		return DISSECT_NOT_IP;
	walk->at += 4 * (first & 0xf);
	return find_inner(walk, 4, protocol);
}

/* Linux puts destination options into tunnels in IPv6: the encapsulation limit (RFC 2473, 4.1.1). */
static bool
is_extension(uint32_t protocol)
{
	return protocol == PROTOCOL_HOPOPTS || protocol == PROTOCOL_ROUTING ||
	       protocol == PROTOCOL_DSTOPTS;
}

static enum dissect_outcome
pass_v6(struct walk *walk)
{
	uint32_t protocol, first, units;

	if (!load(walk, 6, 1, &protocol))
		return DISSECT_CUT;
	if (!carries(walk, protocol) && !may_quote(walk, 6, protocol) && !is_extension(protocol))
		return DISSECT_NOT_IP;
	if (!load(walk, 0, 1, &first))
		return DISSECT_CUT;
	if (!is_header(first, 6))
		return DISSECT_NOT_IP;
	walk->at += 40;
	for (int i = 0; i < DISSECT_EXTENSIONS && is_extension(protocol); i++) {
		if (!load(walk, 0, 1, &protocol) || !load(walk, 1, 1, &units))
			return DISSECT_CUT;
		walk->at += 8 + 8 * units;
	}
	return find_inner(walk, 6, protocol);
}

static enum dissect_outcome
pass_ip(struct walk *walk, uint8_t family)
{
	walk->outer = walk->at;
	return family == 4 ? pass_v4(walk) : pass_v6(walk);
}

/* The packet from this place on. */
static struct packet
rest_of(const struct packet *packet, uint32_t at)
{
	struct packet rest = *packet;

	rest.data += at;
	rest.caplen -= at;
	rest.len -= at;
	return rest;
}

static enum dissect_outcome
find(struct walk *walk, uint16_t linktype, struct tunnelled *found)
{
	enum dissect_outcome outcome;
	struct packet outer;
	uint8_t family;

	outcome = dissect_network(walk->packet, linktype, &walk->at, &family);
	if (outcome == DISSECT_FOUND)
		outcome = pass_ip(walk, family);
	if (outcome != DISSECT_FOUND)
		return outcome;
	outer = rest_of(walk->packet, walk->outer);
	found->inner = rest_of(walk->packet, walk->at);
	found->which = walk->which;
	found->options = walk->options;
	found->options_size = walk->options_size;
	found->ethernet = walk->ethernet;
	found->carrier = walk->carrier;
	found->is_quoted = walk->is_quoted;
	return dissect_addresses(&outer, LINKTYPE_RAW, &found->outer);
}

enum dissect_outcome
tunnel_find(const struct packet *packet, uint16_t linktype, const struct tunnel *tunnels,
	    size_t count, struct tunnelled *found)
{
	struct walk walk = {.packet = packet, .tunnels = tunnels, .count = count};

	return find(&walk, linktype, found);
}

enum dissect_outcome
tunnel_find_quoted(const struct packet *packet, uint16_t linktype, const struct tunnel *tunnels,
		   size_t count, struct tunnelled *found)
{
	struct walk walk = {
	    .packet = packet, .tunnels = tunnels, .count = count, .reach = REACH_QUOTED};

	return find(&walk, linktype, found);
}

bool
tunnel_dissect(const struct packet *packet, uint16_t linktype, struct tuple *tuple)
{
	struct tunnelled found;

	if (tunnel_find(packet, linktype, tunnel_usual, TUNNEL_USUAL, &found) == DISSECT_FOUND)
		return dissect_packet(&found.inner, LINKTYPE_RAW, tuple);
	return dissect_packet(packet, linktype, tuple);
}
