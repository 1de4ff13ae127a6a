#include "join/servicepair.h"

static bool
has_end(const struct endpoint_group *groups, size_t count, const struct connpair_end *end,
	uint8_t protocol)
{
	for (size_t i = 0; i < count; i++)
		if (end->has_addr &&
		    endpoint_group_has(&groups[i], end->addr, TUPLE_KEY(protocol, end->port)))
			return true;
	return false;
}

bool
servicepair_concerns(const struct service *service, const struct connpair *pair)
{
	const uint8_t clients = pair->client_protocol ? pair->client_protocol : pair->protocol;

	/* A far end is no end of a connection. */
	for (size_t i = 0; i < service->tunnels.count; i++)
		if (!tunnel_has_far_end(service->tunnels.vias[i].kind) &&
		    has_end(service->tunnels.list[i].groups, service->tunnels.list[i].group_count,
			    &pair->server, pair->protocol))
			return true;
	return has_end(service->vip_groups, service->vip_group_count, &pair->vip, clients) ||
	       has_end(service->server_groups, service->server_group_count, &pair->server,
		       pair->protocol);
}
