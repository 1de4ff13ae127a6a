/*
 * The side of a packet is that of the first match: a monitored server, a server, a VIP, each as the
 * destination and then as the source.
 *
 * A packet in a tunnel is judged by the inner one first, and if that is nothing to the service, as a
 * packet like any other. The inner one may be a server's by its own ends (VXLAN, Geneve), or by the
 * tunnel's far end and a VIP (IPIP, GRE: direct routing, where the client's packet arrives as it came).
 */
#include "filter/sighting.h"

#include "packet/tunnel.h"

/* One end of a packet: its address and TUPLE_KEY. */
struct end {
	struct addr addr;
	uint32_t key;
};

/* Servers to compare an end with, and the addresses that monitors are told by. */
struct servers {
	const struct endpoint_group *groups;
	size_t group_count;
	const struct addrset *checked;
};

static bool
groups_have(const struct endpoint_group *groups, size_t count, struct end end)
{
	for (size_t i = 0; i < count; i++)
		if (endpoint_group_has(&groups[i], end.addr, end.key))
			return true;
	return false;
}

static bool
is_vip(const struct service *service, struct end end)
{
	return groups_have(service->vip_groups, service->vip_group_count, end);
}

/* Whether engines use this address towards servers. */
static bool
is_source(const struct service *service, struct addr addr)
{
	return service->source_client || addrset_is_empty(&service->sources) ||
	       addrset_has(&service->sources, addr);
}

static bool
is_server(const struct service *service, const struct servers *servers, struct end end,
	  struct end other)
{
	return groups_have(servers->groups, servers->group_count, end) &&
	       is_source(service, other.addr);
}

static bool
is_monitor(const struct service *service, const struct servers *servers, struct end end,
	   struct end other, uint32_t echo)
{
	if (service->monitor_count == 0 || !addrset_has(servers->checked, end.addr))
		return false;
	if (addrset_has(&service->monitor_addresses, other.addr))
		return true;
	for (size_t i = 0; i < service->monitor_count; i++) {
		const struct monitor *monitor = &service->monitors[i];
		uint32_t first, last;

		if (monitor->kind == MONITOR_ICMP && end.key == echo)
			return true;
		if (monitor->kind != MONITOR_PORT)
			continue;
		endpoint_keys(&monitor->where, &first, &last);
		if (end.key >= first && end.key <= last)
			return true;
	}
	return false;
}

static bool
is_neighbour_discovery(uint32_t key)
{
	return key >= TUPLE_KEY(PROTOCOL_ICMPV6, ICMPV6_ND_FIRST) &&
	       key <= TUPLE_KEY(PROTOCOL_ICMPV6, ICMPV6_ND_LAST);
}

/* SIDE_MONITOR, SIDE_SERVER or, if it is neither, SIDE_OTHER. */
static enum side
server_ends(const struct service *service, const struct servers *servers, struct end from,
	    struct end to, bool *source_varies)
{
	const bool v4 = from.addr.family == 4;
	const uint32_t request = v4 ? TUPLE_ECHO_REQUEST : TUPLE_ECHO_REQUEST6;
	const uint32_t reply = v4 ? TUPLE_ECHO_REPLY : TUPLE_ECHO_REPLY6;

	if ((*source_varies = is_monitor(service, servers, to, from, request)) ||
	    is_monitor(service, servers, from, to, reply))
		return SIDE_MONITOR;
	if ((*source_varies = is_server(service, servers, to, from)) ||
	    is_server(service, servers, from, to))
		return SIDE_SERVER;
	return SIDE_OTHER;
}

enum side
sighting_ends(const struct service *service, const struct tuple *tuple, bool *source_varies)
{
	const struct servers servers = {service->server_groups, service->server_group_count,
					&service->checked_addresses};
	const struct end from = {tuple->source, tuple_source_key(tuple)};
	const struct end to = {tuple->destination, tuple_destination_key(tuple)};
	enum side side;

	if (is_neighbour_discovery(from.key))
		return SIDE_OTHER;
	side = server_ends(service, &servers, from, to, source_varies);
	if (side != SIDE_OTHER)
		return side;
	if ((*source_varies = is_vip(service, to)) || is_vip(service, from))
		return SIDE_CLIENT;
	return SIDE_OTHER;
}

enum side
sighting_side(const struct service *service, const struct tuple *tuple)
{
	bool source_varies;

	return sighting_ends(service, tuple, &source_varies);
}

/* Whether one end of the outer packet is a far end of the group, and the other may be an engine. */
static bool
has_far_end(const struct service *service, const struct endpoint_group *group,
	    const struct tuple *outer)
{
	return (addrset_has(&group->addresses, outer->destination) &&
		is_source(service, outer->source)) ||
	       (addrset_has(&group->addresses, outer->source) &&
		is_source(service, outer->destination));
}

/* Whether this end of the inner packet is a VIP whose packets go to that far end. */
static bool
is_tunnelled_vip(const struct service *service, const struct service_tunnel *tunnel,
		 const struct tuple *outer, struct end end)
{
	if (!is_vip(service, end))
		return false;
	for (size_t i = 0; i < tunnel->group_count; i++) {
		const struct endpoint_group *group = &tunnel->groups[i];

		if ((end.key == TUPLE_KEY_ANY ||
		     (end.key >= group->first_key && end.key <= group->last_key)) &&
		    has_far_end(service, group, outer))
			return true;
	}
	return false;
}

/* The side of the packet in a tunnel. */
static void
judge_inner(struct sighting *sighting, const struct service *service, const struct tunnelled *found)
{
	const struct service_tunnel *tunnel = &service->tunnels.list[found->which];
	const struct servers servers = {tunnel->groups, tunnel->group_count, &tunnel->addresses};
	const struct tuple *tuple = &sighting->tuple;
	const struct end from = {tuple->source, tuple_source_key(tuple)};
	const struct end to = {tuple->destination, tuple_destination_key(tuple)};

	sighting->side = SIDE_OTHER;
	if (is_neighbour_discovery(from.key))
		return;
	if (!tunnel_has_far_end(service->tunnels.vias[found->which].kind)) {
		sighting->side = server_ends(service, &servers, from, to, &sighting->source_varies);
		sighting->shows_client = service->source_client;
		return;
	}
	sighting->shows_client = true;
	sighting->source_varies = is_tunnelled_vip(service, tunnel, &found->outer, to);
	if (sighting->source_varies || is_tunnelled_vip(service, tunnel, &found->outer, from))
		sighting->side = SIDE_SERVER;
}

/* Behind extension headers there may be an ICMP error, whose own addresses tell nothing. */
static bool
may_be_error(uint8_t family, uint32_t protocol)
{
	if (family == 4)
		return protocol == PROTOCOL_ICMP;
	return protocol == PROTOCOL_ICMPV6 || protocol == PROTOCOL_HOPOPTS ||
	       protocol == PROTOCOL_ROUTING || protocol == PROTOCOL_FRAGMENT ||
	       protocol == PROTOCOL_DSTOPTS;
}

/* Whether the inner packet has to be read on: DISSECT_FOUND. What does not is no matter of the service, cut short
 * or not. */
static enum dissect_outcome
may_be_ours(const struct service_tunnel *tunnel, const struct packet *inner)
{
	const bool is_v4 = inner->data[0] >> 4 == 4;
	const struct addrset *ours = &tunnel->addresses;
	struct tuple ends;

	if ((is_v4 ? ours->v4.count : ours->v6.count) == 0)
		return DISSECT_NOT_IP;
	if (dissect_addresses(inner, LINKTYPE_RAW, &ends) != DISSECT_FOUND)
		return DISSECT_CUT;
	return addrset_has(ours, ends.destination) || addrset_has(ours, ends.source) ||
		       may_be_error(is_v4 ? 4 : 6, inner->data[is_v4 ? 9 : 6])
		   ? DISSECT_FOUND
		   : DISSECT_NOT_IP;
}

/* What an ICMP error quotes is of a connection, but no packet of it. */
static void
make_quoted(struct tuple *tuple)
{
	tuple->is_quoted = true;
	tuple->payload = tuple->transport = NULL;
	tuple->payload_len = tuple->payload_wire = 0;
}

/* Looks into the tunnel that a packet may be in. DISSECT_NOT_IP: it is in none, or the inner packet is
 * nothing to the service. */
static enum dissect_outcome
look_inside(struct sighting *sighting, const struct service *service, const struct packet *packet,
	    uint16_t linktype)
{
	const struct service_tunnels *tunnels = &service->tunnels;
	struct tunnelled found;
	enum dissect_outcome outcome =
	    tunnel_find_quoted(packet, linktype, tunnels->vias, tunnels->count, &found);

	if (outcome == DISSECT_FOUND)
		outcome = may_be_ours(&tunnels->list[found.which], &found.inner);
	if (outcome != DISSECT_FOUND)
		return outcome;
	if (!dissect_packet(&found.inner, LINKTYPE_RAW, &sighting->tuple))
		return DISSECT_CUT;
	if (found.is_quoted)
		make_quoted(&sighting->tuple);
	judge_inner(sighting, service, &found);
	return sighting->side == SIDE_OTHER ? DISSECT_NOT_IP : DISSECT_FOUND;
}

bool
sighting_make(struct sighting *sighting, const struct service *service, const struct packet *packet,
	      uint16_t linktype)
{
	if (service->tunnels.count > 0) {
		switch (look_inside(sighting, service, packet, linktype)) {
		case DISSECT_FOUND: return true;
		case DISSECT_CUT: return false;
		case DISSECT_NOT_IP: break;
		}
	}
	if (!dissect_packet(packet, linktype, &sighting->tuple))
		return false;
	sighting->side = sighting_ends(service, &sighting->tuple, &sighting->source_varies);
	sighting->shows_client = service->source_client;
	return true;
}
