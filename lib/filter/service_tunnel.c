#include "filter/service_tunnel.h"

#include "base/array.h"

#include <stdlib.h>

void
service_tunnels_release(struct service_tunnels *tunnels)
{
	for (size_t i = 0; i < tunnels->count; i++) {
		endpoint_groups_free(tunnels->list[i].groups, tunnels->list[i].group_count);
		addrset_release(&tunnels->list[i].addresses);
	}
	free(tunnels->list);
	free(tunnels->vias);
	*tunnels = (struct service_tunnels){0};
}

/* Adds a tunnel without servers, unless it is there. */
static int
add_via(struct service_tunnels *tunnels, struct tunnel via, struct failure *why)
{
	const size_t count = tunnels->count;

	for (size_t i = 0; i < count; i++)
		if (tunnel_equal(tunnels->vias[i], via))
			return 0;
	if (array_grow(&tunnels->vias, count, sizeof(*tunnels->vias)) < 0 ||
	    array_grow(&tunnels->list, count, sizeof(*tunnels->list)) < 0)
		return failure_nomem(why);
	tunnels->vias[count] = via;
	tunnels->list[count] = (struct service_tunnel){0};
	tunnels->count++;
	return 0;
}

static int
add_addresses(struct service_tunnel *tunnel, struct tunnel via, const struct endpoint *list,
	      size_t count, struct failure *why)
{
	for (size_t i = 0; i < count; i++)
		if (tunnel_equal(list[i].via, via) &&
		    addrset_add_interval(&tunnel->addresses, list[i].family, list[i].addresses,
					 why) < 0)
			return -1;
	addrset_seal(&tunnel->addresses);
	return 0;
}

int
service_tunnels_make(struct service_tunnels *tunnels, const struct endpoint *servers,
		     size_t server_count, const struct endpoint *vips, size_t vip_count,
		     struct failure *why)
{
	for (size_t i = 0; i < server_count; i++)
		if (servers[i].via.kind != TUNNEL_NONE && add_via(tunnels, servers[i].via, why) < 0)
			return -1;
	for (size_t i = 0; i < tunnels->count; i++) {
		struct service_tunnel *tunnel = &tunnels->list[i];
		const struct tunnel via = tunnels->vias[i], none = {0};
		int rc = tunnel_has_far_end(via.kind)
			     ? add_addresses(tunnel, none, vips, vip_count, why)
			     : add_addresses(tunnel, via, servers, server_count, why);

		if (rc < 0 || endpoint_groups_make(&tunnel->groups, &tunnel->group_count, servers,
						   server_count, via, why) < 0)
			return -1;
	}
	return 0;
}

int
service_tunnel_parse(struct tunnel *via, char *const *words, size_t count, struct failure *why)
{
	if (count < 2)
		return failure_set(why, "'%s' needs a value", words[0]);
	if (count > 2)
		return failure_set(why, "unexpected word: '%s'", words[2]);
	return tunnel_parse(via, words[1], why);
}
