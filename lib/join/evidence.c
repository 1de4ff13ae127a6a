#include "join/evidence.h"

#include "packet/dissect.h"

bool
evidence_names_vip(const struct evidence *evidence, const struct service *service,
		   uint8_t servers_protocol)
{
	const uint8_t protocol = evidence->protocol ? evidence->protocol : servers_protocol;
	const struct evidence_end *vip = &evidence->vip;

	for (size_t i = 0; i < service->vip_group_count; i++) {
		const struct endpoint_group *group = &service->vip_groups[i];

		if (vip->has_port
			? endpoint_group_has(group, vip->addr, TUPLE_KEY(protocol, vip->port))
			: addrset_has(&group->addresses, vip->addr))
			return true;
	}
	return false;
}

bool
evidence_is_own(const struct service *service, struct addr engine, struct addr addr)
{
	return (addr.family == engine.family && addr.value == engine.value) ||
	       service_is_engine(service, addr);
}

bool
evidence_is_inner(const struct evidence *evidence, const struct service *service,
		  struct addr engine, uint8_t protocol)
{
	return evidence->client.is_known && evidence->vip.is_known &&
	       evidence_is_own(service, engine, evidence->client.addr) &&
	       evidence_is_own(service, engine, evidence->vip.addr) &&
	       !evidence_names_vip(evidence, service, protocol);
}
