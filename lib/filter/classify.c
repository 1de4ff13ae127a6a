/*
 * service_ends() as a BPF program. A packet has two ends, and each may be a VIP, a server, or a
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

static label
is_server(struct emit *e, uint8_t family, struct end end, struct end other, label yes, label no)
{
	const struct service *service = e->filter->service;

	if (!service->source_client && !addrset_is_empty(&service->sources))
		yes = search_address(&e->search, &service->sources, family, other.address_at, yes,
				     no);
	return in_groups(e, family, service->server_groups, service->server_group_count, end, yes,
			 no);
}

static label
is_monitor(struct emit *e, uint8_t family, struct end end, struct end other, label yes, label no)
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
	return search_address(&e->search, &service->server_addresses, family, end.address_at, key,
			      no);
}

label
classify_sides(struct emit *e, uint8_t family, struct by_end next)
{
	const struct filter *filter = e->filter;
	struct end source = source_end(family), destination = destination_end(family);
	struct by_end monitor = {e->reject, e->reject}, traffic = monitor, server;
	label entry = e->reject;

	if (service_wants(SIDE_MONITOR, filter->monitors))
		monitor = next;
	if (service_wants(SIDE_SERVER, filter->monitors))
		traffic = next;
	server = filter->for_join ? (struct by_end){e->accept, e->accept} : traffic;
	entry = is_vip(e, family, source, traffic.destination, entry);
	entry = is_vip(e, family, destination, traffic.source, entry);
	entry = is_server(e, family, source, destination, server.destination, entry);
	entry = is_server(e, family, destination, source, server.source, entry);
	entry = is_monitor(e, family, source, destination, monitor.destination, entry);
	entry = is_monitor(e, family, destination, source, monitor.source, entry);
	return entry;
}
