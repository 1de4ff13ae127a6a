/* Filters by addresses and of services: programs and filter_judge against the truth. */
#include "filter/service_oracle.h"

#include "filter/sighting.h"

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

		random_service(&service, &universe, NO_TUNNELS);
		if (below(3))
			add_random_set(&filter, &specs, &universe);
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
					       sighting_side(&service, &tuple) != side;
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
