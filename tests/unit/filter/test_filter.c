/* Filters by addresses and of services: programs and filter_judge against the truth. */
#include "filter/oracle.h"

#define UNIVERSE 8 /* addresses that random services are made of */

/* What libpcap makes of the same words, for untagged packets of Ethernet. */
static bool
compile_by_libpcap(const struct specs *specs, struct bpf_program *program)
{
	pcap_t *dead = pcap_open_dead(DLT_EN10MB, 262144);
	char text[64 * 400] = "";
	size_t used = 0;
	bool said = true;

	for (size_t i = 0; i < specs->count && said; i++) {
		struct interval in = specs->list[i].interval;
		char first[ADDR_TEXT];

		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", i ? " or " : "");
		if (specs->list[i].family == 4) {
			unsigned a = (unsigned)in.first, b = (unsigned)in.last;

			used += (size_t)snprintf(
			    text + used, sizeof(text) - used,
			    "(ip and ((ip[12:4] >= %u and ip[12:4] <= %u) or (ip[16:4] >= %u and "
			    "ip[16:4] <= %u)))",
			    a, b, a, b);
		} else {
			said = in.first == in.last;
			addr_format((struct addr){6, in.first}, first, sizeof(first));
			used += (size_t)snprintf(text + used, sizeof(text) - used, "(ip6 host %s)",
						 first);
		}
	}
	said = said && pcap_compile(dead, program, text, 1, PCAP_NETMASK_UNKNOWN) == 0;
	pcap_close(dead);
	return said;
}

static void
test_per_packet(void)
{
	unsigned packets = 0, matched = 0, by_libpcap = 0;
	bool loaded = true, valid = true;

	disagreements = 0;
	for (uint32_t i = cases(); i > 0; i--) {
		struct bpf program = BPF_INIT;
		struct bpf_program theirs;
		struct specs specs;
		struct filter filter = {.set = &specs.set, .exclude = below(4) == 0};
		uint16_t linktype = random_linktype();
		bool compared;

		make_specs(&specs, below(8) ? 8 : 60);
		compared = linktype == LINKTYPE_EN10MB && !filter.exclude && specs.count <= 8 &&
			   compile_by_libpcap(&specs, &theirs);
		if (compile_filter(&filter, linktype, &program, NULL) < 0) {
			ok(false, "a set of %zu compiles", specs.count);
			continue;
		}
		valid = valid &&
			bpf_validate((const struct bpf_insn *)program.insns, (int)program.count);
		loaded = attach(&program) && loaded;
		for (int j = 0; j < PACKETS_PER_FILTER; j++) {
			struct story story = random_story(&specs, linktype);
			struct frame frame;
			struct packet packet;
			bool wanted;

			story.ethertype = below(16) ? 0 : 0x0806;
			frame_build(&frame, &story);
			packet = frame_packet(&frame);
			wanted = per_packet_truth(&specs, &story, filter.exclude);
			compare(&filter, &program, &packet, linktype, wanted);
			packets++;
			matched += wanted;
			if (compared && story.tags == 0) {
				by_libpcap++;
				if ((bpf_filter(theirs.bf_insns, packet.data, packet.len,
						packet.caplen) != 0) != wanted)
					tell("pcap_compile", &filter, &packet, linktype, wanted);
			}
		}
		if (compared)
			pcap_freecode(&theirs);
		bpf_release(&program);
		addrset_release(&specs.set);
	}
	ok(disagreements == 0,
	   "per packet: %u packets, %u of them match, %u judged by pcap_compile", packets, matched,
	   by_libpcap);
	ok(edges_met[EDGE_ALL] && edges_met[EDGE_FIRST] && edges_met[EDGE_LAST],
	   "per packet: %u times /0, %u the first address, %u the last one", edges_met[EDGE_ALL],
	   edges_met[EDGE_FIRST], edges_met[EDGE_LAST]);
	ok(loaded, "per packet: the kernel takes every program");
	ok(valid, "per packet: bpf_validate takes every program");
}

/* A service on few addresses and ports, in the words of vcap-service(5). */
static void
random_service(struct service *service, struct specs *universe)
{
	static const char *const ports[] = {"",          " tcp",     " tcp/443", " tcp/80-443",
					    " udp/8080", " sctp/80", " tcp/8080"};
	static const char *const monitors[] = {
	    "tcp/8081", "icmp",         "udp/8000-8100", "from 10.0.0.6",
	    "empty",    "http /health", "tcp/8080",      "from 2001:db8::5"};
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

		addr_format(addr, word, sizeof(word));
		if (below(4) == 0)
			used +=
			    (size_t)snprintf(text + used, sizeof(text) - used, "%s %s/%d%s\n", kind,
					     word, addr.family == 4 ? 30 : 126, ports[below(7)]);
		else
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s %s%s\n",
						 kind, word, ports[below(7)]);
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

static bool
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

static bool
truly_at_any(const struct endpoint *list, size_t count, const struct true_end *end)
{
	for (size_t i = 0; i < count; i++)
		if (truly_at(&list[i], end))
			return true;
	return false;
}

static bool
truly_monitored(const struct service *service, const struct true_end *server,
		const struct true_end *other, const struct story *story, bool to_server)
{
	bool six = server->addr.family == 6, is_server = false;
	uint8_t echo = to_server ? (six ? 128 : 8) : (six ? 129 : 0);
	bool is_echo =
	    server->known && story->protocol == (six ? 58 : 1) && story->icmp_type == echo;

	for (size_t i = 0; i < service->server_count; i++) {
		const struct endpoint *line = &service->servers[i];

		is_server |= line->family == server->addr.family &&
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

static bool
truly_served(const struct service *service, const struct true_end *server,
	     const struct true_end *other)
{
	return truly_at_any(service->servers, service->server_count, server) &&
	       (service->source_client || addrset_is_empty(&service->sources) ||
		addrset_has(&service->sources, other->addr));
}

/* The side, and the end that varies. */
static enum side
true_side(const struct service *service, const struct story *story, struct addr *varies)
{
	bool known = !story->fragment && (story->source.family == 4 || story->extensions <= 4);
	bool has_ports = story->protocol == PROTOCOL_TCP || story->protocol == PROTOCOL_UDP ||
			 story->protocol == PROTOCOL_SCTP;
	struct true_end from = {story->source, story->protocol, known, has_ports,
				story->source_port};
	struct true_end to = {story->destination, story->protocol, known, has_ports,
			      story->destination_port};
	bool discovers = known && story->source.family == 6 && story->protocol == PROTOCOL_ICMPV6 &&
			 story->icmp_type >= 133 && story->icmp_type <= 137;

	*varies = from.addr;
	if (discovers)
		return SIDE_OTHER;
	if (truly_monitored(service, &to, &from, story, true))
		return SIDE_MONITOR;
	*varies = to.addr;
	if (truly_monitored(service, &from, &to, story, false))
		return SIDE_MONITOR;
	*varies = from.addr;
	if (truly_served(service, &to, &from))
		return SIDE_SERVER;
	*varies = to.addr;
	if (truly_served(service, &from, &to))
		return SIDE_SERVER;
	*varies = from.addr;
	if (truly_at_any(service->vips, service->vip_count, &to))
		return SIDE_CLIENT;
	*varies = to.addr;
	if (truly_at_any(service->vips, service->vip_count, &from))
		return SIDE_CLIENT;
	return SIDE_OTHER;
}

static bool
service_truth(const struct filter *filter, const struct specs *specs, const struct story *story)
{
	struct addr varies;
	enum side side = true_side(filter->service, story, &varies);
	bool in;

	if (is_ip(story) && side == SIDE_SERVER && filter->for_join)
		return true;
	if (!is_ip(story) || !service_wants(side, filter->monitors))
		return false;
	if (!filter->set)
		return true;
	in = filter->variable_end
		 ? truly_in(specs, varies)
		 : truly_in(specs, story->source) || truly_in(specs, story->destination);
	return in != filter->exclude;
}

static void
test_services(void)
{
	unsigned packets = 0, matched = 0, sides[SIDE_OTHER + 1] = {0}, wrong_sides = 0;
	bool loaded = true, valid = true;

	disagreements = 0;
	for (uint32_t i = cases(); i > 0; i--) {
		struct bpf program = BPF_INIT;
		struct specs specs = {0}, universe;
		struct service service;
		struct filter filter = {
		    .service = &service, .monitors = below(3), .for_join = below(3) == 0};
		uint16_t linktype = random_linktype();

		random_service(&service, &universe);
		if (below(3)) {
			for (unsigned j = 1 + below(6); j > 0; j--) {
				char word[ADDR_TEXT];
				uint32_t at = below(UNIVERSE);
				struct addr addr = {universe.list[at].family,
						    universe.list[at].interval.first};

				addrset_add(&specs.set, addr_format(addr, word, sizeof(word)),
					    NULL);
				specs.list[specs.count++] = universe.list[at];
			}
			addrset_seal(&specs.set);
			filter.set = &specs.set;
			filter.exclude = below(3) == 0;
			filter.variable_end = below(2);
		}
		if (compile_filter(&filter, linktype, &program, NULL) < 0) {
			ok(false, "a service compiles");
			continue;
		}
		valid = valid &&
			bpf_validate((const struct bpf_insn *)program.insns, (int)program.count);
		loaded = attach(&program) && loaded;
		for (int j = 0; j < PACKETS_PER_FILTER; j++) {
			struct story story = random_story(&universe, linktype);
			struct addr varies;
			struct frame frame;
			struct packet packet;
			struct tuple tuple;
			enum side side;

			if (below(8)) {
				story.source = listed_address(&universe, story.source.family);
				story.destination = listed_address(&universe, story.source.family);
			}
			side = true_side(&service, &story, &varies);
			frame_build(&frame, &story);
			packet = frame_packet(&frame);
			compare(&filter, &program, &packet, linktype,
				service_truth(&filter, &specs, &story));
			if (is_ip(&story)) {
				sides[side]++;
				wrong_sides += !dissect_packet(&packet, linktype, &tuple) ||
					       service_side(&service, &tuple) != side;
			}
			packets++;
			matched += service_truth(&filter, &specs, &story);
			/* Cut short, there is no truth, but agreement. */
			packet.caplen = below(packet.caplen);
			packet.len = packet.caplen;
			compare(&filter, &program, &packet, linktype,
				filter_judge(&filter, &packet, linktype));
		}
		bpf_release(&program);
		addrset_release(&specs.set);
		service_release(&service);
	}
	ok(disagreements == 0, "services: %u packets, %u of them match", packets, matched);
	ok(wrong_sides == 0, "service_side: %u client, %u server, %u monitor, %u other",
	   sides[SIDE_CLIENT], sides[SIDE_SERVER], sides[SIDE_MONITOR], sides[SIDE_OTHER]);
	ok(loaded, "services: the kernel takes every program");
	ok(valid, "services: bpf_validate takes every program");
}

int
main(void)
{
	if (!begin_cases())
		return 1;
	test_per_packet();
	test_services();
	return end_cases();
}
