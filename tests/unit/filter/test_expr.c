/*
 * Expressions, against libpcap's own program for the frame's tags. Of tags behind a cooked header
 * libpcap knows nothing: there, what it says of the same packet without them. Of a link layer without
 * ethertypes, what it says of the same packet as raw IP.
 */
#include "filter/expr.h"

#include "filter/oracle.h"

static bool
expression_truth(const struct bpf_program *by_tags, const struct story *story,
		 const struct packet *packet)
{
	unsigned tags = story->tags;
	struct story untagged = *story;
	struct frame frame;

	if (linktype_find(story->linktype)->kind != LINKTYPE_BY_TYPE)
		untagged.linktype = LINKTYPE_RAW;
	else if (story->tags > 2)
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
		pcap_t *dead = pcap_open_dead(
		    linktype_find(linktype)->kind == LINKTYPE_BY_TYPE ? linktype : DLT_RAW, 262144);
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
			cooked += known == 1 && story.tags > 0 &&
				  linktype_find(linktype)->kind == LINKTYPE_BY_TYPE;
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

int
main(void)
{
	if (!begin_cases())
		return 1;
	test_expressions();
	return end_cases();
}
