/*
 * The program that leaves one ssh connection out, against what libpcap makes of the same in words, on
 * random packets of a few addresses and ports.
 */
#include "filter/ssh_connection.h"

#include "filter/oracle.h"

#include <pcap/pcap.h>

static void
test_against_libpcap(const char *variable, const char *words, uint8_t family)
{
	static const char *const addresses[2][3] = {
	    {"10.0.0.1", "10.0.0.2", "10.0.0.3"}, {"2001:db8::1", "2001:db8::2", "2001:db8:1::1"}};
	static const uint16_t ports[] = {22, 4000, 80};
	pcap_t *pcap = pcap_open_dead(DLT_EN10MB, 262144);
	struct ssh_connection connection;
	struct failure why = FAILURE_INIT;
	struct bpf program = BPF_INIT;
	struct bpf_program truth;
	unsigned wrong = 0, left_out = 0, all = 0;

	ssh_connection_parse(&connection, variable, &why);
	ssh_connection_compile(&connection, &program, &why);
	ok(attach(&program), "%s: %zu instructions", variable, program.count);
	ok(pcap_compile(pcap, &truth, words, 1, PCAP_NETMASK_UNKNOWN) == 0, "libpcap: %s", words);
	for (; all < 20000; all++) {
		struct story story = {.linktype = LINKTYPE_EN10MB,
				      .protocol = below(4) ? PROTOCOL_TCP : PROTOCOL_UDP};
		struct frame frame;
		struct packet packet;
		bool kept;

		addr_parse(&story.source, addresses[family == 6][below(3)], NULL);
		addr_parse(&story.destination, addresses[family == 6][below(3)], NULL);
		story.source_port = ports[below(3)];
		story.destination_port = ports[below(3)];
		story.options = family == 4 ? below(11) : 0;
		frame_build(&frame, &story);
		packet = frame_packet(&frame);
		kept = libpcap_says(&program, &packet);
		left_out += !kept;
		wrong += kept !=
			 (bpf_filter(truth.bf_insns, packet.data, packet.len, packet.caplen) != 0);
	}
	ok(wrong == 0 && left_out > 0, "of %u packets %u are left out, as libpcap does", all,
	   left_out);
	pcap_freecode(&truth);
	pcap_close(pcap);
	bpf_release(&program);
}

static void
test_others(void)
{
	static const char *const none[] = {"10.0.0.1 4000 10.0.0.2", "10.0.0.1 4000 10.0.0.2 22 x",
					   "10.0.0.1 70000 10.0.0.2 22", "10.0.0.1 4000 ::1 22",
					   "UNKNOWN 65535 UNKNOWN 65535"};
	struct ssh_connection connection;

	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		ok(ssh_connection_parse(&connection, none[i], NULL) < 0, "no connection: %s",
		   none[i]);
}

int
main(void)
{
	if (!begin_cases())
		return 1;
	test_against_libpcap(
	    "10.0.0.1 4000 10.0.0.2 22",
	    "not (tcp and ((src host 10.0.0.1 and src port 4000 and dst host 10.0.0.2 and dst port "
	    "22) "
	    "or (src host 10.0.0.2 and src port 22 and dst host 10.0.0.1 and dst port 4000)))",
	    4);
	test_against_libpcap("2001:db8::1 4000 2001:db8::2 22",
			     "not (tcp and ((src host 2001:db8::1 and src port 4000 and dst host "
			     "2001:db8::2 and dst port 22) "
			     "or (src host 2001:db8::2 and src port 22 and dst host 2001:db8::1 "
			     "and dst port 4000)))",
			     6);
	test_others();
	return end_cases();
}
