#include "filter/sighting.h"

#include "import/importer.h"
#include "tap.h"

#include <stdlib.h>

static void
refused(const char *text, const char *message)
{
	struct service service;
	struct failure why = FAILURE_INIT;

	ok(service_parse(&service, "shop", text, "etc/shop", &why) < 0 && !service.vips,
	   "refused: %s", why.text);
	is_str(why.text, message, "and said so");
}

static const char shop[] = "# the shop\n"
			   "vip      192.0.2.10 tcp/443   # https\n"
			   "vip\t2001:db8::10 tcp/443\r\n"
			   "\n"
			   "server   10.0.1.11-10.0.1.12 tcp/8080-8081\n"
			   "server   10.0.2.0/24\n"
			   "source   10.0.9.1-10.0.9.4\n"
			   "monitor  tcp/9000\n"
			   "monitor  from 10.0.0.5\n"
			   "monitor  icmp\n"
			   "monitor  empty\n"
			   "monitor  http /health\n"
			   "monitor  local\n"
			   "header   X-Real-IP 2\n"
			   "engine   lb1\n"
			   "engine   lb2";

static struct tuple
tuple(const char *source, uint16_t source_port, const char *destination, uint16_t port)
{
	struct tuple tuple = {.protocol = PROTOCOL_TCP,
			      .has_ports = true,
			      .source_port = source_port,
			      .destination_port = port};

	addr_parse(&tuple.source, source, NULL);
	addr_parse(&tuple.destination, destination, NULL);
	return tuple;
}

static void
test_sides(const struct service *service)
{
	static const struct {
		const char *source;
		uint16_t source_port;
		const char *destination;
		uint16_t destination_port;
		const char *side;
	} cases[] = {
	    {"198.51.100.1", 40000, "192.0.2.10", 443, "client"},
	    {"192.0.2.10", 443, "198.51.100.1", 40000, "client"},
	    {"198.51.100.1", 40000, "192.0.2.10", 80, "other"},
	    {"2001:db8:1::1", 40000, "2001:db8::10", 443, "client"},
	    {"10.0.9.1", 40000, "10.0.1.11", 8080, "server"},
	    {"10.0.1.12", 8081, "10.0.9.4", 40000, "server"},
	    {"10.0.9.5", 40000, "10.0.1.11", 8080, "other"},
	    {"10.0.9.1", 40000, "10.0.1.11", 8082, "other"},
	    {"10.0.9.1", 8080, "10.0.1.11", 40000, "other"},
	    {"10.0.9.1", 1, "10.0.2.77", 1, "server"},
	    {"10.7.7.7", 40000, "10.0.1.11", 9000, "monitor"},
	    {"10.0.2.1", 9000, "10.7.7.7", 40000, "monitor"},
	    {"10.7.7.7", 9000, "10.0.1.11", 40000, "other"},
	    {"10.0.0.5", 40000, "10.0.1.11", 8080, "monitor"},
	    {"10.0.1.11", 8080, "10.0.0.5", 40000, "monitor"},
	    {"10.0.0.5", 40000, "192.0.2.10", 443, "client"},
	};
	struct tuple t;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		t = tuple(cases[i].source, cases[i].source_port, cases[i].destination,
			  cases[i].destination_port);
		is_str(service_side_name(sighting_side(service, &t)), cases[i].side,
		       cases[i].source);
	}
	t = tuple("10.0.9.1", 0, "10.0.1.11", 0);
	t.has_ports = false;
	t.only_addresses = true;
	is_str(service_side_name(sighting_side(service, &t)), "server", "a later fragment");
	t.only_addresses = false;
	t.protocol = PROTOCOL_ICMP;
	t.has_icmp_type = true;
	t.icmp_type = 8;
	is_str(service_side_name(sighting_side(service, &t)), "monitor", "echo to a server");
	t.icmp_type = 0;
	is_str(service_side_name(sighting_side(service, &t)), "other", "a reply to it is none");
}

static void
test_parse(void)
{
	struct service service;
	struct failure why = FAILURE_INIT;

	if (!ok(service_parse(&service, "shop", shop, "etc/shop", &why) == 0, "a service: %s",
		why.text))
		return;
	ok(service.vip_count == 2 && service.server_count == 2 && service.monitor_count == 6 &&
	       service.engine_count == 2 && !service.source_client,
	   "every line counts");
	is_str(service.name, "shop", "its name");
	is_str(service.engines[1], "lb2", "an engine");
	is_str(service.header.name, "X-Real-IP", "a header");
	ok(service.header.hops == 2, "and its hops");
	is_str(service.monitors[4].path, "/health", "a path");
	ok(service.vips[0].protocol == 6 && service.vips[0].port_first == 443 &&
	       service.vips[0].port_last == 443 && service.vips[1].family == 6,
	   "a VIP");
	ok(service.servers[1].protocol == 0 && service.servers[1].port_first == 0 &&
	       service.servers[1].port_last == 65535,
	   "a server of any protocol");
	ok(service.vip_group_count == 1 && service.server_group_count == 2,
	   "same ports, one group");
	test_sides(&service);
	service_release(&service);
	ok(service_parse(&service, "x", "vip 10.0.0.1\nsource client\n", "x", &why) == 0 &&
	       service.source_client,
	   "source client");
	service_release(&service);
}

/* Whether servers see clients, by these lines. */
static bool
shows_clients(const char *lines)
{
	char text[512];
	struct service service;
	bool shows;

	snprintf(text, sizeof(text), "vip 192.0.2.1 tcp/80\n%s", lines);
	if (service_parse(&service, "x", text, "x", NULL) < 0)
		return false;
	shows = service.source_client;
	service_release(&service);
	return shows;
}

static void
test_tunnels(void)
{
	static const char text[] = "vip 192.0.2.1 tcp/80\n"
				   "server 10.0.0.1 tcp/80 via ipip\n"
				   "server 10.0.0.2-10.0.0.3 tcp/80 via ipip\n"
				   "server 10.0.0.4 via gre # all\n"
				   "server 10.0.0.5 tcp/8080 via vxlan\n"
				   "server 10.0.0.6 tcp/8080 via vxlan:8472\n"
				   "server 10.0.0.7 udp via geneve\n"
				   "server 10.0.0.8 tcp/8080\n";
	struct service service;
	struct failure why = FAILURE_INIT;

	if (!ok(service_parse(&service, "shop", text, "shop", &why) == 0, "tunnels: %s", why.text))
		return;
	ok(service.server_count == 7 && service.server_group_count == 1 &&
	       service.tunnels.count == 5,
	   "servers behind five tunnels are apart from one that is behind none");
	ok(service.tunnels.vias[0].kind == TUNNEL_IPIP && service.tunnels.list[0].group_count == 1,
	   "those behind one are a group");
	ok(service.tunnels.vias[2].port == 4789 && service.tunnels.vias[3].port == 8472,
	   "ports of VXLAN");
	ok(addrset_has(&service.tunnels.list[0].addresses, (struct addr){4, 0xc0000201}) &&
	       addrset_has(&service.tunnels.list[2].addresses, (struct addr){4, 0x0a000005}),
	   "inner packets are a VIP's, or a server's");
	ok(addrset_has(&service.checked_addresses, (struct addr){4, 0x0a000001}) &&
	       !addrset_has(&service.checked_addresses, (struct addr){4, 0x0a000005}),
	   "checks of a far end are in no tunnel, those of others are");
	ok(!service.source_client, "not all servers see clients");
	service_release(&service);
	ok(shows_clients("server 10.0.0.1 via ipip\nserver 10.0.0.2 via gre\n"),
	   "far ends see clients");
	ok(!shows_clients("server 10.0.0.1 via ipip\nserver 10.0.0.2 via vxlan\n") &&
	       !shows_clients("server 10.0.0.1 via ipip\nsource 10.0.9.1\n") && !shows_clients(""),
	   "unless there are others, or sources, or none at all");
}

static void
test_remove(void)
{
	char text[] =
	    "vip 10.0.0.1\n header X-A 2 # a\nheaders x\nheader\tX-B\nserver 10.0.0.2\nheader none";

	service_remove(text, "header");
	is_str(text, "vip 10.0.0.1\nheaders x\nserver 10.0.0.2\n", "header lines are taken out");
}

static void
test_modes(void)
{
	enum monitor_mode mode = MONITORS_INCLUDE;
	struct failure why = FAILURE_INIT;

	ok(service_parse_mode("some", &mode, &why) < 0 && mode == MONITORS_INCLUDE, "%s", why.text);
	ok(service_parse_mode("only", &mode, &why) == 0 && mode == MONITORS_ONLY, "only");
	ok(!service_wants(SIDE_MONITOR, MONITORS_NONE) && service_wants(SIDE_CLIENT, MONITORS_NONE),
	   "none");
	ok(service_wants(SIDE_MONITOR, MONITORS_INCLUDE) &&
	       service_wants(SIDE_SERVER, MONITORS_INCLUDE),
	   "include");
	ok(service_wants(SIDE_MONITOR, MONITORS_ONLY) && !service_wants(SIDE_SERVER, MONITORS_ONLY),
	   "only");
	ok(!service_wants(SIDE_OTHER, MONITORS_INCLUDE), "others never");
}

/* Bytes changed, lines cut: whatever comes of it, nothing is leaked or read beyond its end. */
static void
test_mutations(void)
{
	unsigned accepted = 0, refused_count = 0;

	srandom(1);
	for (int i = 0; i < 5000; i++) {
		char text[sizeof(shop)];
		struct service service;
		struct failure why = FAILURE_INIT;

		memcpy(text, shop, sizeof(shop));
		for (long n = 1 + random() % 4; n > 0; n--)
			text[random() % (long)(sizeof(shop) - 1)] =
			    (char)("\n \t#/-.:0a\377\001"[random() % 12]);
		text[random() % 3 ? sizeof(shop) - 1 : (size_t)random() % sizeof(shop)] = '\0';
		if (service_parse(&service, "shop", text, "shop", &why) == 0) {
			accepted++;
			service_release(&service);
		} else {
			refused_count++;
		}
	}
	ok(accepted > 100 && refused_count > 100, "mutations: %u accepted, %u refused", accepted,
	   refused_count);
}

/* Where services come from: whatever an importer reads, but for what only a host's processes say. */
static void
test_from(void)
{
	static const char *const kinds[] = {"envoy", "haproxy",    "iptables", "ipvs",
					    "k8s",   "keepalived", "nft",      "nginx"};
	struct service service;
	struct failure why = FAILURE_INIT;
	char text[80];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		snprintf(text, sizeof(text), "vip 192.0.2.1\nfrom %s lb1 web:1 /etc/x\n", kinds[i]);
		if (!ok(importer_find(kinds[i]) &&
			    service_parse(&service, "shop", text, "shop", &why) == 0,
			"%s", kinds[i]))
			continue;
		is_str(service.from.kind, kinds[i], "kind");
		is_str(service.from.engine, "lb1", "engine");
		is_str(service.from.name, "web:1", "name");
		is_str(service.from.file, "/etc/x", "file");
		service_release(&service);
	}
	if (ok(service_parse(&service, "shop", "from k8s shop/web:http # here\nvip 192.0.2.1\n",
			     "shop", &why) == 0,
	       "of the controller's kubectl")) {
		ok(!service.from.engine && !service.from.file, "neither engine nor file");
		is_str(service.from.name, "shop/web:http", "name");
		service_release(&service);
	}
	refused("vip 192.0.2.1\nfrom auto lb1 web\n",
		"etc/shop:2: nothing that a service comes from: 'auto'");
	refused("from haproxy lb1 a\033b\n", "etc/shop:1: not the name of a service: 'a\033b'");
}

int
main(void)
{
	refused("", "etc/shop: no 'vip' line");
	refused("vip 10.0.0.1\nvips 10.0.0.1\n", "etc/shop:2: unknown keyword: 'vips'");
	refused("vip\n", "etc/shop:1: 'vip' needs a value");
	refused("vip 10.0.0.300\n", "etc/shop:1: not an address: '10.0.0.300'");
	refused("vip 10.0.0.1 tcp/443 more\n", "etc/shop:1: unexpected word: 'more'");
	refused("vip 10.0.0.1 tpc/443\n", "etc/shop:1: not a protocol (tcp, udp, sctp): 'tpc'");
	refused("vip 10.0.0.1 tcp/\n", "etc/shop:1: not a port: 'tcp/'");
	refused("vip 10.0.0.1 tcp/65536\n", "etc/shop:1: not a port: 'tcp/65536'");
	refused("vip 10.0.0.1 tcp/1-\n", "etc/shop:1: not a port: 'tcp/1-'");
	refused("vip 10.0.0.1 tcp/9-8\n", "etc/shop:1: ports end before they start: 'tcp/9-8'");
	refused("\n\nmonitor never\n", "etc/shop:3: not a kind of monitor: 'never'");
	refused("monitor http health\n", "etc/shop:1: not a path: 'health'");
	refused("monitor from\n", "etc/shop:1: 'from' needs a value");
	refused("monitor icmp 10.0.0.1\n", "etc/shop:1: unexpected word: '10.0.0.1'");
	refused("header\n", "etc/shop:1: 'header' needs a value");
	refused("header X-A:\n", "etc/shop:1: not the name of a header: 'X-A:'");
	refused("header X-A 0\n", "etc/shop:1: not a number of hops from 1 to 8: '0'");
	refused("header X-A 9\n", "etc/shop:1: not a number of hops from 1 to 8: '9'");
	refused("header X-A\nheader X-B\n", "etc/shop:2: a second 'header': 'X-B'");
	refused("engine -x\n", "etc/shop:1: not a name for an engine: '-x'");
	refused("engine a\nengine a\n", "etc/shop:2: engine named twice: 'a'");
	refused("alias\n", "etc/shop:1: 'alias' needs a name");
	refused("alias # none\n", "etc/shop:1: 'alias' needs a name");
	refused("alias \" \"\n", "etc/shop:1: 'alias' needs a name");
	refused("alias \"a b\n", "etc/shop:1: no name between two quotes: '\"a b'");
	refused("alias 'a' b\n", "etc/shop:1: no name between two quotes: ''a' b'");
	refused("alias a/b\n", "etc/shop:1: not a name for a service: 'a/b'");
	refused("alias -a\n", "etc/shop:1: not a name for a service: '-a'");
	refused("alias a\033b\n", "etc/shop:1: not a name for a service: 'a\033b'");
	refused("alias a b\nalias a\t\"b\"\n", "etc/shop:2: not a name for a service: 'a \"b\"'");
	refused("alias a b\nalias 'a  b'\n", "etc/shop:2: alias given twice: 'a b'");
	refused("server 10.0.0.1 via\n", "etc/shop:1: 'via' needs a value");
	refused("server 10.0.0.1 tcp/80 via ipip 4\n", "etc/shop:1: unexpected word: '4'");
	refused("server 10.0.0.1 udp via gre:1\n",
		"etc/shop:1: not a tunnel (ipip, gre, vxlan[:PORT], geneve[:PORT]): 'gre:1'");
	refused("server via ipip\n", "etc/shop:1: not an address: 'via'");
	refused("vip 10.0.0.1 tcp/80 via ipip\n", "etc/shop:1: unexpected word: 'via'");
	refused("source clients\n", "etc/shop:1: not an address: 'clients'");
	test_parse();
	test_tunnels();
	test_from();
	test_modes();
	test_remove();
	test_mutations();
	return done_testing();
}
