/*
 * Programs against the truth: random sets and services, random packets whose ends are known because
 * they were made from them, judged by filter_judge, bpf_run, libpcap and the kernel.
 *
 * VCAP_CASES is the number of filters of each kind (VCAP_SLOW: 10,000), VCAP_SEED the seed.
 */
#include "filter/filter.h"

#include "filter/compile.h"
#include "filter/expr.h"
#include "frame.h"
#include "tap.h"

#include "../tools/steps.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define PACKETS_PER_FILTER 48
#define UNIVERSE           8 /* addresses that random services are made of */

static uint64_t state;

static uint32_t
random32(void)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(state >> 32);
}

static uint32_t
below(uint32_t bound)
{
	return random32() % bound;
}

static uint32_t
cases(void)
{
	const char *wanted = getenv("VCAP_CASES");

	if (wanted)
		return (uint32_t)atoi(wanted);
	return getenv("VCAP_SLOW") ? 10000 : 300;
}

/*
 * Judges.
 */

/* A pair of sockets of which the second runs the program over each datagram it receives. */
static int sockets[2];

static bool
attach(const struct bpf *program)
{
	struct {
		unsigned short count;
		const struct insn *insns;
	} prog = {(unsigned short)program->count, program->insns};

	return setsockopt(sockets[1], SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) == 0;
}

static bool
kernel_says(const struct packet *packet)
{
	char byte;

	if (send(sockets[0], packet->data, packet->caplen, 0) < 0)
		return false;
	return recv(sockets[1], &byte, 1, MSG_DONTWAIT | MSG_TRUNC) >= 0;
}

static bool
libpcap_says(const struct bpf *program, const struct packet *packet)
{
	return bpf_filter((const struct bpf_insn *)program->insns, packet->data, packet->len,
			  packet->caplen) != 0;
}

static unsigned disagreements;

static void
tell(const char *who, const struct filter *filter, const struct packet *packet, uint16_t linktype,
     bool wanted)
{
	if (disagreements++ > 3)
		return;
	printf("# %s should have said %d: linktype %u, mode %d, exclude %d, variable end %d\n#",
	       who, wanted, linktype, filter->monitors, filter->exclude, filter->variable_end);
	for (uint32_t i = 0; i < packet->caplen; i++)
		printf(" %02x", packet->data[i]);
	putchar('\n');
}

/* All ways of judging agree with the truth. */
static void
compare(const struct filter *filter, const struct bpf *program, const struct packet *packet,
	uint16_t linktype, bool wanted)
{
	if (filter_judge(filter, packet, linktype) != wanted)
		tell("filter_judge", filter, packet, linktype, wanted);
	if ((bpf_run(program, packet->data, packet->caplen, packet->len) != 0) != wanted)
		tell("bpf_run", filter, packet, linktype, wanted);
	if (libpcap_says(program, packet) != wanted)
		tell("libpcap", filter, packet, linktype, wanted);
	if (packet->caplen > 0 && kernel_says(packet) != wanted)
		tell("the kernel", filter, packet, linktype, wanted);
}

/*
 * The truth about sets.
 */

struct specs {
	struct {
		uint8_t family;
		struct interval interval;
	} list[64];
	size_t count;
	struct addrset set;
};

static bool
truly_in(const struct specs *specs, struct addr addr)
{
	for (size_t i = 0; i < specs->count; i++)
		if (specs->list[i].family == addr.family &&
		    addr.value >= specs->list[i].interval.first &&
		    addr.value <= specs->list[i].interval.last)
			return true;
	return false;
}

/* Few prefixes, so that addresses meet, nest and touch. */
static struct addr
random_address(uint8_t family)
{
	static const uint32_t v4[] = {0,          0x0a000000, 0x0a0000f0,
				      0x7fffffff, 0x80000000, 0xffffff00};
	static const uint64_t v6[] = {0,
				      0x20010db800000000,
				      0x20010db800000001,
				      0x20010db8ffffffff,
				      0xffffffffffffffff,
				      0xfe80000000000000};
	static const uint64_t low[] = {0, 0xffffffff00000000, 0x00000000ffffff00,
				       0xffffffffffffff00, 0x0000000100000000};
	struct addr addr = {.family = family};

	if (family == 4)
		addr.value = below(8) ? v4[below(6)] + (uint32_t)below(256) : random32();
	else
		addr.value = (unsigned __int128)v6[below(6)] << 64 |
			     (low[below(5)] + (below(4) ? below(256) : random32()));
	if (family == 4)
		addr.value &= UINT32_MAX;
	return addr;
}

/* All addresses, the first and the last one. */
enum { EDGE_ALL, EDGE_FIRST, EDGE_LAST, EDGES };
static unsigned edges_met[EDGES];

static struct interval
random_edge(uint8_t family, char *word, size_t size)
{
	unsigned __int128 last = family == 4 ? UINT32_MAX : ~(unsigned __int128)0;
	unsigned edge = below(EDGES);
	struct interval interval = {edge == EDGE_LAST ? last : 0, edge == EDGE_FIRST ? 0 : last};
	char text[ADDR_TEXT];

	addr_format((struct addr){family, interval.first}, text, sizeof(text));
	snprintf(word, size, "%s/%d", text, edge == EDGE_ALL ? 0 : family == 4 ? 32 : 128);
	edges_met[edge]++;
	return interval;
}

static void
add_random_spec(struct specs *specs, uint8_t family)
{
	char word[2 * ADDR_TEXT + 8], first[ADDR_TEXT], last[ADDR_TEXT];
	struct addr a = random_address(family), b = random_address(family);
	unsigned width = family == 4 ? 32 : 128, bits = width - below(below(4) ? 12 : width + 1);
	unsigned __int128 all = family == 4 ? UINT32_MAX : ~(unsigned __int128)0, hosts;
	struct interval interval = {a.value, a.value};

	switch (below(40) ? below(4) : 4) {
	case 0: /* a range, long or short */
		if (below(2))
			b.value = a.value + (all - a.value > 20 ? below(20) : 0);
		if (b.value < a.value) {
			struct addr swap = a;

			a = b;
			b = swap;
		}
		snprintf(word, sizeof(word), "%s-%s", addr_format(a, first, sizeof(first)),
			 addr_format(b, last, sizeof(last)));
		interval = (struct interval){a.value, b.value};
		break;
	case 1:
		hosts = bits == 0 ? all : bits == width ? 0 : all >> bits;
		snprintf(word, sizeof(word), "%s/%u", addr_format(a, first, sizeof(first)), bits);
		interval = (struct interval){a.value & ~hosts, a.value | hosts};
		break;
	case 4: interval = random_edge(family, word, sizeof(word)); break;
	default: addr_format(a, word, sizeof(word)); break;
	}
	if (addrset_add(&specs->set, word, NULL) < 0)
		ok(false, "'%s' is a spec", word);
	specs->list[specs->count].family = family;
	specs->list[specs->count++].interval = interval;
}

static void
make_specs(struct specs *specs, unsigned most)
{
	unsigned count = 1 + below(most), families = below(3);

	*specs = (struct specs){0};
	while (specs->count < count)
		add_random_spec(specs, families == 0 ? 4 : families == 1 ? 6 : below(2) ? 4 : 6);
	addrset_seal(&specs->set);
}

/* An address at, or one off, an end of an interval of the set; or any. */
static struct addr
telling_address(const struct specs *specs, uint8_t family)
{
	struct addr addr = random_address(family);
	size_t i = specs->count ? below((uint32_t)specs->count) : 0;

	if (specs->count == 0 || specs->list[i].family != family || below(4) == 0)
		return addr;
	addr.value = below(2) ? specs->list[i].interval.first : specs->list[i].interval.last;
	addr.value += (unsigned __int128)below(3) - 1;
	if (family == 4)
		addr.value &= UINT32_MAX;
	return addr;
}

static uint16_t
random_linktype(void)
{
	static const uint16_t types[] = {LINKTYPE_EN10MB, LINKTYPE_EN10MB, LINKTYPE_RAW,
					 LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2};

	return types[below(5)];
}

/* One of the addresses listed, of this family, which every list of services has. */
static struct addr
listed_address(const struct specs *specs, uint8_t family)
{
	size_t i = below((uint32_t)specs->count);

	for (size_t left = specs->count; left > 0 && specs->list[i].family != family; left--)
		i = (i + 1) % specs->count;
	return (struct addr){family, specs->list[i].interval.first};
}

static struct story
random_story(const struct specs *specs, uint16_t linktype)
{
	static const uint8_t protocols[] = {PROTOCOL_TCP,
					    PROTOCOL_TCP,
					    PROTOCOL_UDP,
					    PROTOCOL_SCTP,
					    PROTOCOL_ICMP,
					    PROTOCOL_ICMPV6,
					    47};
	static const uint16_t ports[] = {80, 443, 444, 8080, 8081, 0, 65535};
	static const uint8_t icmp_types[] = {0, 8, 128, 129, 13, 130};
	static const uint8_t errors4[] = {3, 4, 5, 11, 12}, errors6[] = {1, 2, 3, 4, 0, 127};
	uint8_t family = below(2) ? 4 : 6;
	struct story story = {.linktype = linktype};

	story.tags = below(2) ? 0 : below(4);
	story.source = telling_address(specs, family);
	story.destination = telling_address(specs, family);
	story.router = telling_address(specs, family);
	story.protocol = protocols[below(7)];
	if (family == 4 && story.protocol == PROTOCOL_ICMPV6 && below(2))
		story.protocol = PROTOCOL_ICMP;
	if (family == 6 && story.protocol == PROTOCOL_ICMP && below(2))
		story.protocol = PROTOCOL_ICMPV6;
	story.source_port = below(8) ? ports[below(7)] : (uint16_t)random32();
	story.destination_port = below(8) ? ports[below(7)] : (uint16_t)random32();
	story.icmp_type = family == 6 ? icmp_types[2 + below(2)] : icmp_types[below(2)];
	if (below(6) == 0)
		story.icmp_type = family == 6 ? icmp_types[5] : icmp_types[4];
	story.options = below(4) ? 0 : below(11);
	story.extensions = below(2) ? 0 : below(7);
	if (below(6) == 0 && (family == 4 || story.extensions > 0))
		story.fragment = (uint16_t)(1 << below(13));
	story.flags = (uint16_t)below(8);
	story.behind_extension = below(2);
	story.quoted = below(5) == 0;
	story.error_type = family == 4 ? errors4[below(5)] : errors6[below(6)];
	return story;
}

static bool
is_ip(const struct story *story)
{
	return story->linktype == LINKTYPE_RAW || (story->tags <= 2 && (!story->ethertype));
}

/*
 * Per-packet filters.
 */

static bool
per_packet_truth(const struct specs *specs, const struct story *story, bool exclude)
{
	bool in = truly_in(specs, story->quoted ? story->router : story->source) ||
		  truly_in(specs, story->quoted ? story->source : story->destination);

	if (!is_ip(story))
		return exclude;
	return in != exclude;
}

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

/*
 * Services.
 */

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

	*varies = from.addr;
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

/*
 * Size and speed.
 */

static void
add_hosts(struct specs *specs, unsigned count, uint32_t width)
{
	*specs = (struct specs){0};
	for (unsigned i = 0; i < count; i++) {
		uint32_t first = width > 1 ? (uint32_t)(UINT32_MAX / count * i) : random32();

		addrset_add_interval(&specs->set, 4, (struct interval){first, first + width - 1},
				     NULL);
	}
	addrset_seal(&specs->set);
}

/*
 * Expressions, against libpcap's own program for the frame's tags. Of tags behind a cooked header
 * it knows nothing: there, what it says of the same packet without them.
 */

static bool
expression_truth(const struct bpf_program *by_tags, const struct story *story,
		 const struct packet *packet)
{
	unsigned tags = story->tags;
	struct story untagged = *story;
	struct frame frame;

	if (story->linktype != LINKTYPE_RAW && story->tags > 2)
		return false;
	if (story->linktype == LINKTYPE_EN10MB)
		return bpf_filter(by_tags[tags].bf_insns, packet->data, packet->len,
				  packet->caplen) != 0;
	untagged.tags = 0;
	frame_build(&frame, &untagged);
	return bpf_filter(by_tags[0].bf_insns, frame.bytes, packet->len, frame.size) != 0;
}

static void
test_expressions(void)
{
	static const char *const texts[] = {
	    "not port 443",          "tcp port 8080 or icmp", "not (udp or arp)",
	    "ip[8] > 5 and not tcp", "ip6 or len > 90",       "icmp[0] = 8 or not ip proto 47",
	};
	static const char *const prefix[] = {"", "vlan and (", "vlan and vlan and ("};
	unsigned packets = 0, matched = 0, cooked = 0;
	bool loaded = true;

	disagreements = 0;
	for (uint32_t i = cases() / 3; i > 0; i--) {
		const char *text = texts[i % 6];
		struct filter_expression expression = {0};
		struct bpf_program by_tags[3];
		struct bpf program = BPF_INIT;
		struct failure why = FAILURE_INIT;
		struct specs specs;
		struct filter filter = {.expression = &expression, .exclude = below(3) == 0};
		uint16_t linktype = random_linktype();
		int known = linktype == LINKTYPE_EN10MB ? 3 : 1;
		pcap_t *dead =
		    pcap_open_dead(linktype == LINKTYPE_RAW ? DLT_RAW : linktype, 262144);
		char whole[256];

		for (int tags = 0; tags < known; tags++) {
			snprintf(whole, sizeof(whole), "%s%s%s", prefix[tags], text,
				 tags ? ")" : "");
			pcap_compile(dead, &by_tags[tags], whole, 1, PCAP_NETMASK_UNKNOWN);
		}
		pcap_close(dead);
		make_specs(&specs, 8);
		if (below(3))
			filter.set = &specs.set;
		if (expr_compile(&expression, text, linktype, &why) < 0 ||
		    compile_filter(&filter, linktype, &program, &why) < 0)
			ok(false, "%s: %s", text, why.text);
		loaded = attach(&program) && loaded;
		for (int j = 0; j < PACKETS_PER_FILTER; j++) {
			struct story story = random_story(&specs, linktype);
			struct frame frame;
			struct packet packet;
			bool wanted;

			frame_build(&frame, &story);
			packet = frame_packet(&frame);
			wanted = (!filter.set || per_packet_truth(&specs, &story, false)) &&
				 expression_truth(by_tags, &story, &packet);
			wanted = wanted != filter.exclude;
			compare(&filter, &program, &packet, linktype, wanted);
			packets++;
			cooked += known == 1 && linktype != LINKTYPE_RAW && story.tags > 0;
			matched += wanted;
			packet.caplen = packet.len = below(packet.caplen);
			compare(&filter, &program, &packet, linktype,
				filter_judge(&filter, &packet, linktype));
		}
		for (int tags = 0; tags < known; tags++)
			pcap_freecode(&by_tags[tags]);
		expr_release(&expression);
		bpf_release(&program);
		addrset_release(&specs.set);
	}
	ok(disagreements == 0,
	   "expressions: %u packets, %u of them match, %u have tags behind a cooked header",
	   packets, matched, cooked);
	ok(loaded, "expressions: the kernel takes every program");
}

static void
test_size(void)
{
	struct bpf program = BPF_INIT;
	struct failure why = FAILURE_INIT;
	struct specs specs;
	struct filter filter = {.set = &specs.set};
	struct service service;
	unsigned most = 0;
	bool fits;

	add_hosts(&specs, 1000, 1);
	compile_filter(&filter, LINKTYPE_EN10MB, &program, NULL);
	for (int i = 0; i < 20000; i++) {
		struct story story = {.linktype = LINKTYPE_EN10MB, .protocol = PROTOCOL_TCP};
		struct frame frame;
		unsigned executed;

		story.source = (struct addr){4, random32()};
		story.destination = (struct addr){4, random32()};
		frame_build(&frame, &story);
		executed = count_steps(program.insns, frame.bytes, frame.size);
		if (executed > most)
			most = executed;
	}
	ok(program.count <= 2600, "1,000 random hosts: %zu instructions", program.count);
	ok(most <= 36, "1,000 random hosts: at most %u executed for no match", most);
	addrset_release(&specs.set);

	add_hosts(&specs, 1500, 1);
	fits = compile_filter(&filter, LINKTYPE_EN10MB, &program, &why) == 0;
	ok(fits && attach(&program), "1,500 random hosts: %zu instructions", program.count);
	addrset_release(&specs.set);
	add_hosts(&specs, 1000, 100);
	fits = compile_filter(&filter, LINKTYPE_EN10MB, &program, &why) == 0;
	ok(fits && attach(&program), "1,000 disjoint ranges: %zu instructions", program.count);
	addrset_release(&specs.set);

	add_hosts(&specs, 3000, 1);
	fits = compile_filter(&filter, LINKTYPE_EN10MB, &program, &why) == 0;
	ok(!fits, "3,000 random hosts do not fit: %s", why.text);
	service_parse(
	    &service, "shop",
	    "vip 192.0.2.10 tcp/443\nvip 2001:db8::10 tcp/443\nserver 10.0.1.11 tcp/8080\n"
	    "server 10.0.1.12 tcp/8080\nsource client\nmonitor tcp/8081\nmonitor icmp\n",
	    "shop", NULL);
	filter.service = &service;
	filter.variable_end = true;
	fits = compile_filter(&filter, LINKTYPE_EN10MB, &program, &why) == 0;
	ok(fits && attach(&program), "3,000 hosts as the clients of a service: %zu instructions",
	   program.count);
	service_release(&service);
	addrset_release(&specs.set);
	bpf_release(&program);
}

/* Of many hosts more than fit, those of the list all pass, and of all addresses as many as said. */
static void
test_widened(void)
{
	enum { HOSTS = 6000, FIRST = 0x0a000000, SPAN = 1 << 16 };
	struct bpf program = BPF_INIT;
	struct specs specs = {0};
	struct filter filter = {.set = &specs.set};
	struct compile_widening widening;
	unsigned passed = 0, lost = 0, distinct = 0;
	bool fits;

	for (int i = 0; i < HOSTS; i++) {
		uint32_t host = FIRST + below(SPAN);

		addrset_add_interval(&specs.set, 4, (struct interval){host, host}, NULL);
	}
	addrset_seal(&specs.set);
	fits = compile_widened(&filter, LINKTYPE_EN10MB, &program, &widening, NULL) == 0;
	ok(fits && program.count <= BPF_MAX && attach(&program),
	   "%d hosts widened by %s addresses to %zu intervals: %zu instructions", HOSTS,
	   widening.added, widening.intervals, program.count);
	for (uint32_t i = 0; i < SPAN; i++) {
		struct story story = {.linktype = LINKTYPE_EN10MB, .protocol = PROTOCOL_TCP};
		struct frame frame;
		bool in, passes;

		story.source = (struct addr){4, FIRST + i};
		story.destination = (struct addr){4, 1};
		frame_build(&frame, &story);
		in = addrset_has(&specs.set, story.source);
		passes = bpf_run(&program, frame.bytes, frame.size, frame.size) != 0;
		distinct += in;
		passed += passes;
		lost += in && !passes;
	}
	ok(lost == 0, "of %u hosts none is lost", distinct);
	ok(passed - distinct == strtoul(widening.added, NULL, 10),
	   "the %u others that pass are as many as it says", passed - distinct);
	addrset_release(&specs.set);
	bpf_release(&program);
}

int
main(void)
{
	const char *seed = getenv("VCAP_SEED");

	state = seed ? strtoull(seed, NULL, 10) : 20261122;
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, sockets) < 0)
		return 1;
	test_per_packet();
	test_services();
	test_expressions();
	test_size();
	test_widened();
	close(sockets[0]);
	close(sockets[1]);
	return done_testing();
}
