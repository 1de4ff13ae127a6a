/*
 * A service as a limit: which others lie within it, line by line; and a program with the limit, on random
 * packets of a few addresses and ports, against both judged apart.
 */
#include "filter/service_limit.h"

#include "filter/compile.h"
#include "filter/oracle.h"

#include <stdlib.h>

static const char limit_text[] = "vip 192.0.2.10 tcp/443\n"
				 "vip 192.0.2.20-192.0.2.29\n"
				 "server 10.0.1.11 tcp/8080-8089\n"
				 "server 10.0.2.0/24\n"
				 "server 2001:db8::/64 udp\n"
				 "server 10.0.3.1 via ipip\n"
				 "source 10.0.9.1-10.0.9.4\n"
				 "monitor tcp/9000-9001\n"
				 "monitor from 10.0.0.0/30\n";

static struct service
parsed(const char *text)
{
	struct service service;
	struct failure why = FAILURE_INIT;

	if (service_parse(&service, "shop", text, "shop", &why) < 0)
		printf("# %s\n", why.text);
	return service;
}

/* The line is within the limit if message is NULL; a VIP and a source are before it. */
static void
check(const struct service *limit, const char *line, const char *message)
{
	struct failure why = FAILURE_INIT;
	char text[256];

	snprintf(text, sizeof(text), "# a shop\nvip 192.0.2.10 tcp/443\nsource 10.0.9.2\n%s\n",
		 line);
	ok((service_limit_check(limit, text, &why) == 0) == !message, "%.*s: %s",
	   (int)strcspn(line, "\n"), line, message ? "refused" : "within");
	if (message)
		is_str(why.text, message, "and said so");
}

static void
test_lines(void)
{
	struct service limit = parsed(limit_text);
	struct failure why = FAILURE_INIT;

	ok(service_limit_check(&limit, limit_text, &why) == 0, "itself");
	check(&limit, "vip 192.0.2.21-192.0.2.22 udp/53", NULL);
	check(&limit, "server 10.0.1.11 tcp/8085", NULL);
	check(&limit, "server 10.0.2.128/25 tcp/1", NULL);
	check(&limit, "server 2001:db8::5 udp/53", NULL);
	check(&limit, "server 10.0.3.1 via ipip", NULL);
	check(&limit, "server 10.0.3.1", "service 'shop' here has no 'server 10.0.3.1'");
	check(&limit, "server 10.0.3.1 via gre",
	      "service 'shop' here has no 'server 10.0.3.1 via gre'");
	check(&limit, "monitor tcp/9001", NULL);
	check(&limit, "monitor from 10.0.0.1", NULL);
	check(&limit, "monitor empty\nmonitor http /health\nmonitor local", NULL);
	check(&limit, "header X-Real-IP\nengine lb7\nalias The Shop", NULL);
	check(&limit, "vip 192.0.2.10 tcp/444 # not",
	      "service 'shop' here has no 'vip 192.0.2.10 tcp/444 '");
	check(&limit, "vip 192.0.2.10", "service 'shop' here has no 'vip 192.0.2.10'");
	check(&limit, "vip 192.0.2.29-192.0.2.30",
	      "service 'shop' here has no 'vip 192.0.2.29-192.0.2.30'");
	check(&limit, "vip 10.0.2.1", "service 'shop' here has no 'vip 10.0.2.1'");
	check(&limit, "server 10.0.1.11 tcp/8080-8090",
	      "service 'shop' here has no 'server 10.0.1.11 tcp/8080-8090'");
	check(&limit, "server 10.0.1.11 udp/8080",
	      "service 'shop' here has no 'server 10.0.1.11 udp/8080'");
	check(&limit, "server 192.0.2.10 tcp/443",
	      "service 'shop' here has no 'server 192.0.2.10 tcp/443'");
	check(&limit, "server 2001:db8::5 tcp/53",
	      "service 'shop' here has no 'server 2001:db8::5 tcp/53'");
	check(&limit, "monitor tcp/9002", "service 'shop' here has no 'monitor tcp/9002'");
	check(&limit, "monitor icmp", "service 'shop' here has no 'monitor icmp'");
	check(&limit, "monitor from 10.0.0.4",
	      "service 'shop' here has no 'monitor from 10.0.0.4'");
	check(&limit, "source 10.0.9.5",
	      "service 'shop' here has its servers' packets of its 'source' lines alone");
	check(&limit, "source client",
	      "service 'shop' here has its servers' packets of its 'source' lines alone");
	check(&limit, "nonsense", "the service that is asked for:4: unknown keyword: 'nonsense'");
	service_release(&limit);
}

/* Of random packets, those pass that the service has and the expression accepts. */
static void
test_programs(const char *expression)
{
	static const char *const addresses[] = {"192.0.2.10", "198.51.100.1", "10.0.1.11",
						"10.0.9.1",   "10.0.9.7",     "10.0.2.1"};
	static const uint16_t ports[] = {443, 8080, 9000, 40000};
	struct service limit = parsed(limit_text);
	pcap_t *pcap = pcap_open_dead(DLT_EN10MB, 262144);
	struct bpf program = BPF_INIT;
	struct bpf_program asked;
	struct failure why = FAILURE_INIT;
	unsigned wrong = 0, kept = 0, all = 0;

	ok(pcap_compile(pcap, &asked, expression, 1, PCAP_NETMASK_UNKNOWN) == 0, "%s", expression);
	if (*expression) {
		program = (struct bpf){calloc(asked.bf_len, sizeof(*program.insns)), asked.bf_len};
		memcpy(program.insns, asked.bf_insns, asked.bf_len * sizeof(*program.insns));
	}
	ok(service_limit_apply(&limit, &program, &why) == 0, "compiles");
	ok(attach(&program), "the kernel takes it: %zu instructions", program.count);
	for (; all < 20000; all++) {
		const struct filter own = {.service = &limit, .monitors = MONITORS_INCLUDE};
		struct story story = {.linktype = LINKTYPE_EN10MB,
				      .protocol = below(4) ? PROTOCOL_TCP : PROTOCOL_UDP};
		struct frame frame;
		struct packet packet;
		bool is_kept;

		addr_parse(&story.source, addresses[below(6)], NULL);
		addr_parse(&story.destination, addresses[below(6)], NULL);
		story.source_port = ports[below(4)];
		story.destination_port = ports[below(4)];
		frame_build(&frame, &story);
		packet = frame_packet(&frame);
		is_kept = bpf_run(&program, packet.data, packet.caplen, packet.len) != 0;
		kept += is_kept;
		wrong += is_kept !=
			 (filter_judge(&own, &packet, LINKTYPE_EN10MB) &&
			  bpf_filter(asked.bf_insns, packet.data, packet.len, packet.caplen) != 0);
	}
	ok(wrong == 0 && kept > 100 && kept < all, "of %u packets %u are kept", all, kept);
	pcap_freecode(&asked);
	pcap_close(pcap);
	bpf_release(&program);
	service_release(&limit);
}

int
main(void)
{
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets) < 0)
		return 1;
	test_lines();
	test_programs("");
	test_programs("ip");
	test_programs("tcp and src port 443 or host 10.0.2.1");
	return done_testing();
}
