/*
 * Random services, and the truth about the side of a packet: by the lines of the service and the story of
 * the packet, one after the other.
 */
#ifndef VCAP_SERVICE_ORACLE_H
#define VCAP_SERVICE_ORACLE_H

#include "filter/oracle.h"

#define UNIVERSE 8 /* addresses that random services are made of */

enum tunnels { NO_TUNNELS, SOME_TUNNELS };

/* A service on few addresses and ports, in the words of vcap-service(5). */
static inline void
random_service(struct service *service, struct specs *universe, enum tunnels tunnels)
{
	static const char *const ports[] = {"",          " tcp",     " tcp/443", " tcp/80-443",
					    " udp/8080", " sctp/80", " tcp/8080"};
	static const char *const monitors[] = {
	    "tcp/8081", "icmp",         "udp/8000-8100", "from 10.0.0.6",
	    "empty",    "http /health", "tcp/8080",      "from 2001:db8::5"};
	static const char *const vias[] = {"",
					   " via ipip",
					   " via gre",
					   " via vxlan",
					   " via vxlan:8472",
					   " via geneve",
					   " via geneve:443"};
	char text[2048] = "", word[ADDR_TEXT];
	size_t used = 0;
	struct failure why = FAILURE_INIT;
	unsigned lines = 2 + below(6);

	*universe = (struct specs){0};
	for (uint32_t i = 0; i < UNIVERSE; i++) {
		bool six = i % 2;

		universe->list[i].family = six ? 6 : 4;
		universe->list[i].interval.first =
		    six ? (unsigned __int128)0x20010db8 << 96 | i : 0x0a000000 + i;
		universe->list[i].interval.last = universe->list[i].interval.first;
	}
	universe->count = UNIVERSE;
	for (unsigned i = 0; i < lines; i++) {
		uint32_t at = below(UNIVERSE);
		struct addr addr = {universe->list[at].family, universe->list[at].interval.first};
		const char *kind = i == 0 ? "vip" : i == 1 ? "server" : below(2) ? "vip" : "server";
		const char *via =
		    tunnels == SOME_TUNNELS && *kind == 's' ? vias[below(7)] : vias[0];

		addr_format(addr, word, sizeof(word));
		if (below(4) == 0)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s %s/%d%s%s\n",
						 kind, word, addr.family == 4 ? 30 : 126,
						 ports[below(7)], via);
		else
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s %s%s%s\n",
						 kind, word, ports[below(7)], via);
	}
	for (unsigned i = below(3); i > 0; i--) {
		uint32_t at = below(UNIVERSE);
		struct addr addr = {universe->list[at].family, universe->list[at].interval.first};

		used += (size_t)snprintf(text + used, sizeof(text) - used, "source %s\n",
					 addr_format(addr, word, sizeof(word)));
	}
	if (below(4) == 0)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "source client\n");
	for (unsigned i = below(4); i > 0; i--)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "monitor %s\n",
					 monitors[below(8)]);
	if (service_parse(service, "random", text, "random", &why) < 0)
		ok(false, "a random service: %s\n%s", why.text, text);
}

struct true_end {
	struct addr addr;
	uint8_t protocol;
	bool known; /* whether ports are */
	bool has_ports;
	uint16_t port;
};

static inline bool
truly_at(const struct endpoint *endpoint, const struct true_end *end)
{
	if (endpoint->family != end->addr.family || end->addr.value < endpoint->addresses.first ||
	    end->addr.value > endpoint->addresses.last)
		return false;
	if (!end->known || endpoint->protocol == 0)
		return true;
	return endpoint->protocol == end->protocol && end->has_ports &&
	       end->port >= endpoint->port_first && end->port <= endpoint->port_last;
}

static inline bool
truly_at_any(const struct endpoint *list, size_t count, struct tunnel via,
	     const struct true_end *end)
{
	for (size_t i = 0; i < count; i++)
		if (tunnel_equal(list[i].via, via) && truly_at(&list[i], end))
			return true;
	return false;
}

/* Whether checks of a server in a line with that tunnel are seen in this one. */
static inline bool
is_checked_in(struct tunnel line, struct tunnel via)
{
	const bool is_inside = line.kind == TUNNEL_VXLAN || line.kind == TUNNEL_GENEVE;

	return is_inside ? tunnel_equal(line, via) : via.kind == TUNNEL_NONE;
}

static inline bool
truly_monitored(const struct service *service, struct tunnel via, const struct true_end *server,
		const struct true_end *other, const struct story *story, bool to_server)
{
	bool six = server->addr.family == 6, is_server = false;
	uint8_t echo = to_server ? (six ? 128 : 8) : (six ? 129 : 0);
	bool is_echo =
	    server->known && story->protocol == (six ? 58 : 1) && story->icmp_type == echo;

	for (size_t i = 0; i < service->server_count; i++) {
		const struct endpoint *line = &service->servers[i];

		is_server |= is_checked_in(line->via, via) && line->family == server->addr.family &&
			     server->addr.value >= line->addresses.first &&
			     server->addr.value <= line->addresses.last;
	}
	for (size_t i = 0; is_server && i < service->monitor_count; i++) {
		const struct endpoint *where = &service->monitors[i].where;

		switch (service->monitors[i].kind) {
		case MONITOR_PORT:
			if (server->known && server->has_ports &&
			    server->protocol == where->protocol &&
			    server->port >= where->port_first && server->port <= where->port_last)
				return true;
			break;
		case MONITOR_FROM:
			if (where->family == other->addr.family &&
			    other->addr.value >= where->addresses.first &&
			    other->addr.value <= where->addresses.last)
				return true;
			break;
		case MONITOR_ICMP:
			if (is_echo)
				return true;
			break;
		default: break;
		}
	}
	return false;
}

static inline bool
is_true_source(const struct service *service, struct addr addr)
{
	return service->source_client || addrset_is_empty(&service->sources) ||
	       addrset_has(&service->sources, addr);
}

static inline bool
truly_served(const struct service *service, struct tunnel via, const struct true_end *server,
	     const struct true_end *other)
{
	return truly_at_any(service->servers, service->server_count, via, server) &&
	       is_true_source(service, other->addr);
}

/* The ends of a packet. */
struct true_ends {
	struct true_end from, to;
	bool discovers; /* it is neighbour discovery */
};

static inline struct true_ends
true_ends(const struct story *story)
{
	bool known = !story->fragment && (story->source.family == 4 || story->extensions <= 4);
	bool has_ports = story->protocol == PROTOCOL_TCP || story->protocol == PROTOCOL_UDP ||
			 story->protocol == PROTOCOL_SCTP;

	return (struct true_ends){
	    .from = {story->source, story->protocol, known, has_ports, story->source_port},
	    .to = {story->destination, story->protocol, known, has_ports, story->destination_port},
	    .discovers = known && story->source.family == 6 && story->protocol == PROTOCOL_ICMPV6 &&
			 story->icmp_type >= 133 && story->icmp_type <= 137,
	};
}

/* The monitor's or server's side, of servers behind this tunnel, and the end that varies. */
static inline enum side
true_server_side(const struct service *service, struct tunnel via, const struct story *story,
		 struct addr *varies)
{
	const struct true_ends ends = true_ends(story);

	*varies = ends.from.addr;
	if (ends.discovers)
		return SIDE_OTHER;
	if (truly_monitored(service, via, &ends.to, &ends.from, story, true))
		return SIDE_MONITOR;
	*varies = ends.to.addr;
	if (truly_monitored(service, via, &ends.from, &ends.to, story, false))
		return SIDE_MONITOR;
	*varies = ends.from.addr;
	if (truly_served(service, via, &ends.to, &ends.from))
		return SIDE_SERVER;
	*varies = ends.to.addr;
	return truly_served(service, via, &ends.from, &ends.to) ? SIDE_SERVER : SIDE_OTHER;
}

/* The side of a packet in no tunnel. */
static inline enum side
true_side(const struct service *service, const struct story *story, struct addr *varies)
{
	const struct true_ends ends = true_ends(story);
	const struct tunnel none = {0};
	const enum side side = true_server_side(service, none, story, varies);

	if (side != SIDE_OTHER || ends.discovers)
		return side;
	*varies = ends.from.addr;
	if (truly_at_any(service->vips, service->vip_count, none, &ends.to))
		return SIDE_CLIENT;
	*varies = ends.to.addr;
	return truly_at_any(service->vips, service->vip_count, none, &ends.from) ? SIDE_CLIENT
										 : SIDE_OTHER;
}

/* Gives the filter a set of addresses of the universe. */
static inline void
add_random_set(struct filter *filter, struct specs *specs, const struct specs *universe)
{
	for (unsigned i = 1 + below(6); i > 0; i--) {
		char word[ADDR_TEXT];
		uint32_t at = below(UNIVERSE);
		struct addr addr = {universe->list[at].family, universe->list[at].interval.first};

		addrset_add(&specs->set, addr_format(addr, word, sizeof(word)), NULL);
		specs->list[specs->count++] = universe->list[at];
	}
	addrset_seal(&specs->set);
	filter->set = &specs->set;
	filter->exclude = below(3) == 0;
	filter->variable_end = below(2);
}

#endif
