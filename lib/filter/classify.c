/*
 * sighting_ends() as a BPF program. A packet has two ends, and each may be a VIP, a server, or a
 * server that answers a health check: six tests, monitors first and VIPs last, whose order decides
 * on packets that pass more than one. Protocol and port of an end are one number, its key; a set of
 * keys is a set of 32-bit numbers, and is searched like one of IPv4 addresses.
 */
#include "filter/classify-int.h"

#include "packet/dissect.h"

/* One end of the packet as an operand: where its address and its key are. */
struct end {
	uint32_t address_at;
	uint32_t key_at;
	uint32_t echo; /* the ICMP key of a health check if a server is at this end */
};

static struct end
source_end(uint8_t family)
{
	return (struct end){emit_source_at(family), M_SOURCE_KEY,
			    family == 4 ? TUPLE_ECHO_REPLY : TUPLE_ECHO_REPLY6};
}

static struct end
destination_end(uint8_t family)
{
	return (struct end){emit_destination_at(family), M_DESTINATION_KEY,
			    family == 4 ? TUPLE_ECHO_REQUEST : TUPLE_ECHO_REQUEST6};
}

/* Whether the key of the end is in keys, which holds numbers as IPv4 addresses. Releases keys. */
static label
key_in(struct emit *e, struct end end, struct addrset *keys, label yes, label no)
{
	label entry;

	addrset_seal(keys);
	entry = search_word(&e->search, keys->v4.list, keys->v4.count, yes, no);
	addrset_release(keys);
	return entry == no ? no : emit_op(e, BPF_LD | BPF_MEM, end.key_at, entry);
}

static void
add_keys(struct emit *e, struct addrset *keys, uint32_t first, uint32_t last)
{
	if (addrset_add_interval(keys, 4, (struct interval){first, last}, NULL) < 0)
		codegen_fail(e->cg);
}

/* endpoint_group_has() for any of the groups. */
static label
in_groups(struct emit *e, uint8_t family, const struct endpoint_group *groups, size_t count,
	  struct end end, label yes, label no)
{
	while (count-- > 0) {
		const struct endpoint_group *group = &groups[count];
		struct addrset keys = ADDRSET_INIT;
		label address =
		    search_address(&e->search, &group->addresses, family, end.address_at, yes, no);

		add_keys(e, &keys, group->first_key, group->last_key);
		add_keys(e, &keys, TUPLE_KEY_ANY, TUPLE_KEY_ANY);
		no = key_in(e, end, &keys, address, no);
	}
	return no;
}

static label
is_vip(struct emit *e, uint8_t family, struct end end, label yes, label no)
{
	const struct service *service = e->filter->service;

	return in_groups(e, family, service->vip_groups, service->vip_group_count, end, yes, no);
}

/* Servers to compare an end with, and the addresses that monitors are told by. */
struct servers {
	const struct endpoint_group *groups;
	size_t group_count;
	const struct addrset *checked;
};

/* Whether engines use the address there towards servers. */
static label
is_source(struct emit *e, uint8_t family, uint32_t address_at, label yes, label no)
{
	const struct service *service = e->filter->service;

	if (service->source_client || addrset_is_empty(&service->sources))
		return yes;
	return search_address(&e->search, &service->sources, family, address_at, yes, no);
}

static label
is_server(struct emit *e, uint8_t family, const struct servers *servers, struct end end,
	  struct end other, label yes, label no)
{
	yes = is_source(e, family, other.address_at, yes, no);
	return in_groups(e, family, servers->groups, servers->group_count, end, yes, no);
}

static label
is_monitor(struct emit *e, uint8_t family, const struct servers *servers, struct end end,
	   struct end other, label yes, label no)
{
	const struct service *service = e->filter->service;
	struct addrset keys = ADDRSET_INIT;
	label from, key;

	for (size_t i = 0; i < service->monitor_count; i++) {
		const struct monitor *monitor = &service->monitors[i];
		uint32_t first, last;

		endpoint_keys(&monitor->where, &first, &last);
		if (monitor->kind == MONITOR_PORT)
			add_keys(e, &keys, first, last);
		if (monitor->kind == MONITOR_ICMP)
			add_keys(e, &keys, end.echo, end.echo);
	}
	from = search_address(&e->search, &service->monitor_addresses, family, other.address_at,
			      yes, no);
	key = key_in(e, end, &keys, yes, from);
	return search_address(&e->search, servers->checked, family, end.address_at, key, no);
}

/* Where packets of each side continue, by their variable end. */
struct sides {
	struct by_end monitor, server, client;
};

static struct sides
sides_of(const struct emit *e, struct by_end next)
{
	const struct filter *filter = e->filter;
	const struct by_end reject = {e->reject, e->reject}, accept = {e->accept, e->accept};
	struct sides sides;

	sides.monitor = service_wants(SIDE_MONITOR, filter->monitors) ? next : reject;
	sides.client = service_wants(SIDE_CLIENT, filter->monitors) ? next : reject;
	sides.server = filter->for_join ? accept : sides.client;
	return sides;
}

/* Tests for monitors, then servers. */
static label
classify_server(struct emit *e, uint8_t family, const struct servers *servers,
		const struct sides *sides, label no)
{
	const struct end source = source_end(family), destination = destination_end(family);
	label entry = no;

	entry =
	    is_server(e, family, servers, source, destination, sides->server.destination, entry);
	entry = is_server(e, family, servers, destination, source, sides->server.source, entry);
	entry =
	    is_monitor(e, family, servers, source, destination, sides->monitor.destination, entry);
	return is_monitor(e, family, servers, destination, source, sides->monitor.source, entry);
}

label
classify_sides(struct emit *e, uint8_t family, struct by_end next)
{
	const struct service *service = e->filter->service;
	const struct servers servers = {service->server_groups, service->server_group_count,
					&service->checked_addresses};
	const struct sides sides = sides_of(e, next);
	label entry = e->miss;

	entry = is_vip(e, family, source_end(family), sides.client.destination, entry);
	entry = is_vip(e, family, destination_end(family), sides.client.source, entry);
	return classify_server(e, family, &servers, &sides, entry);
}

/* X is at the outer header. */
static label
has_far_end(struct emit *e, uint8_t family, const struct endpoint_group *group, label yes, label no)
{
	const uint32_t source = emit_source_at(family), destination = emit_destination_at(family);
	label entry;

	entry = search_address(&e->search, &group->addresses, family, source,
			       is_source(e, family, destination, yes, no), no);
	return search_address(&e->search, &group->addresses, family, destination,
			      is_source(e, family, source, yes, entry), entry);
}

/* Looks at the outer addresses; X comes back. */
static label
outer_has_far_end(struct emit *e, const struct endpoint_group *group, label yes, label no)
{
	label v4, v6;

	yes = emit_op(e, BPF_LDX | BPF_MEM, M_NETWORK, yes);
	no = emit_op(e, BPF_LDX | BPF_MEM, M_NETWORK, no);
	v4 = has_far_end(e, 4, group, yes, no);
	v6 = has_far_end(e, 6, group, yes, no);
	return emit_op(e, BPF_LDX | BPF_MEM, M_OUTER, emit_outer_family(e, v4, v6));
}

/* Whether the end is a VIP whose packets go to a far end of the tunnel. */
static label
is_tunnelled_vip(struct emit *e, uint8_t family, const struct service_tunnel *tunnel,
		 struct end end, label yes, label no)
{
	const struct service *service = e->filter->service;

	for (size_t i = tunnel->group_count; i-- > 0;) {
		const struct endpoint_group *group = &tunnel->groups[i];
		struct addrset keys = ADDRSET_INIT;
		label far_end = outer_has_far_end(e, group, yes, no), vip;

		vip = in_groups(e, family, service->vip_groups, service->vip_group_count, end,
				far_end, no);
		add_keys(e, &keys, group->first_key, group->last_key);
		add_keys(e, &keys, TUPLE_KEY_ANY, TUPLE_KEY_ANY);
		no = key_in(e, end, &keys, vip, no);
	}
	return no;
}

label
classify_tunnelled(struct emit *e, uint8_t family, size_t tunnel, struct by_end next)
{
	const struct service_tunnels *tunnels = &e->filter->service->tunnels;
	const struct service_tunnel *behind = &tunnels->list[tunnel];
	const struct servers servers = {behind->groups, behind->group_count, &behind->addresses};
	const struct sides sides = sides_of(e, next);
	label entry = e->miss;

	if (!tunnel_has_far_end(tunnels->vias[tunnel].kind))
		return classify_server(e, family, &servers, &sides, entry);
	entry = is_tunnelled_vip(e, family, behind, source_end(family), sides.server.destination,
				 entry);
	return is_tunnelled_vip(e, family, behind, destination_end(family), sides.server.source,
				entry);
}
