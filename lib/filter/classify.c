/* Step 3: the side that a packet is on. */
#include "filter/compile.h"
#include "packet/dissect.h"

/* One end, as an operand: where its address and key are. */
struct end {
	uint32_t address_at;
	uint32_t key_slot;
	uint32_t echo; /* the ICMP key of a check that goes to (or comes from) a server here */
};

static struct end
source_end(uint8_t family)
{
	return (struct end){source_at(family), M_SOURCE_KEY,
			    family == 4 ? TUPLE_ECHO_REPLY : TUPLE_ECHO_REPLY6};
}

static struct end
destination_end(uint8_t family)
{
	return (struct end){destination_at(family), M_DESTINATION_KEY,
			    family == 4 ? TUPLE_ECHO_REQUEST : TUPLE_ECHO_REQUEST6};
}

/* Whether the end's key is in keys: numbers, which a set holds as it holds IPv4 addresses. */
static label
key_in(struct compile *c, struct end end, struct addrset *keys, label yes, label no)
{
	label entry;

	addrset_seal(keys);
	entry = search_word(&c->search, keys->v4.list, keys->v4.count, yes, no);
	addrset_release(keys);
	return entry == no ? no : op(c, BPF_LD | BPF_MEM, end.key_slot, entry);
}

static void
add_keys(struct compile *c, struct addrset *keys, uint32_t first, uint32_t last)
{
	if (addrset_add_interval(keys, 4, (struct interval){first, last}, NULL) < 0)
		codegen_fail(c->cg);
}

/* endpoint_group_has() for any of the groups. */
static label
in_groups(struct compile *c, uint8_t family, const struct endpoint_group *groups, size_t count,
	  struct end end, label yes, label no)
{
	while (count-- > 0) {
		const struct endpoint_group *group = &groups[count];
		struct addrset keys = ADDRSET_INIT;
		label address =
		    search_address(&c->search, &group->addresses, family, end.address_at, yes, no);

		add_keys(c, &keys, group->first_key, group->last_key);
		add_keys(c, &keys, TUPLE_KEY_ANY, TUPLE_KEY_ANY);
		no = key_in(c, end, &keys, address, no);
	}
	return no;
}

static label
is_vip(struct compile *c, uint8_t family, struct end end, label yes, label no)
{
	const struct service *service = c->filter->service;

	return in_groups(c, family, service->vip_groups, service->vip_group_count, end, yes, no);
}

static label
is_server(struct compile *c, uint8_t family, struct end end, struct end other, label yes, label no)
{
	const struct service *service = c->filter->service;

	if (!service->source_client && !addrset_is_empty(&service->sources))
		yes = search_address(&c->search, &service->sources, family, other.address_at, yes,
				     no);
	return in_groups(c, family, service->server_groups, service->server_group_count, end, yes,
			 no);
}

static label
is_monitor(struct compile *c, uint8_t family, struct end end, struct end other, label yes, label no)
{
	const struct service *service = c->filter->service;
	struct addrset keys = ADDRSET_INIT;
	label from, key;

	for (size_t i = 0; i < service->monitor_count; i++) {
		const struct monitor *monitor = &service->monitors[i];
		uint32_t first, last;

		endpoint_keys(&monitor->where, &first, &last);
		if (monitor->kind == MONITOR_PORT)
			add_keys(c, &keys, first, last);
		if (monitor->kind == MONITOR_ICMP)
			add_keys(c, &keys, end.echo, end.echo);
	}
	from = search_address(&c->search, &service->monitor_addresses, family, other.address_at,
			      yes, no);
	key = key_in(c, end, &keys, yes, from);
	return search_address(&c->search, &service->server_addresses, family, end.address_at, key,
			      no);
}

label
classify_sides(struct compile *c, uint8_t family, struct variable go_on)
{
	const struct filter *filter = c->filter;
	struct end source = source_end(family), destination = destination_end(family);
	struct variable monitor = {c->reject, c->reject}, traffic = monitor, server;
	label next = c->reject;

	if (service_wants(SIDE_MONITOR, filter->monitors))
		monitor = go_on;
	if (service_wants(SIDE_SERVER, filter->monitors))
		traffic = go_on;
	server = filter->for_join ? (struct variable){c->accept, c->accept} : traffic;
	next = is_vip(c, family, source, traffic.destination, next);
	next = is_vip(c, family, destination, traffic.source, next);
	next = is_server(c, family, source, destination, server.destination, next);
	next = is_server(c, family, destination, source, server.source, next);
	next = is_monitor(c, family, source, destination, monitor.destination, next);
	next = is_monitor(c, family, destination, source, monitor.source, next);
	return next;
}
