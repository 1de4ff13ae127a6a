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

	return has_end(service->vip_groups, service->vip_group_count, &pair->vip, clients) ||
	       has_end(service->server_groups, service->server_group_count, &pair->server,
		       pair->protocol);
}
