/*
 * Random sets and packets whose ends are known, because the packets were made from them, and four
 * judges of a filter: filter_judge, bpf_run, libpcap and the kernel.
 *
 * VCAP_CASES is the number of filters of each kind (VCAP_SLOW: 10,000), VCAP_SEED the seed.
 */
#ifndef VCAP_ORACLE_H
#define VCAP_ORACLE_H

#include "filter/compile.h"
#include "filter/filter.h"
#include "frame.h"
#include "tap.h"

#include <pcap/pcap.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define PACKETS_PER_FILTER 48

static uint64_t state;

static inline uint32_t
random32(void)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(state >> 32);
}

static inline uint32_t
below(uint32_t bound)
{
	return random32() % bound;
}

static inline uint32_t
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

static inline bool
attach(const struct bpf *program)
{
	struct {
		unsigned short count;
		const struct insn *insns;
	} prog = {(unsigned short)program->count, program->insns};

	return setsockopt(sockets[1], SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) == 0;
}

static inline bool
kernel_says(const struct packet *packet)
{
	char byte;

	if (send(sockets[0], packet->data, packet->caplen, 0) < 0)
		return false;
	return recv(sockets[1], &byte, 1, MSG_DONTWAIT | MSG_TRUNC) >= 0;
}

static inline bool
libpcap_says(const struct bpf *program, const struct packet *packet)
{
	return bpf_filter((const struct bpf_insn *)program->insns, packet->data, packet->len,
			  packet->caplen) != 0;
}

static unsigned disagreements;

static inline void
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
static inline void
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

static inline bool
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
static inline struct addr
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

static inline struct interval
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

static inline void
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

static inline void
make_specs(struct specs *specs, unsigned most)
{
	unsigned count = 1 + below(most), families = below(3);

	*specs = (struct specs){0};
	while (specs->count < count)
		add_random_spec(specs, families == 0 ? 4 : families == 1 ? 6 : below(2) ? 4 : 6);
	addrset_seal(&specs->set);
}

/* An address at, or one off, an end of an interval of the set; or any. */
static inline struct addr
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

static inline uint16_t
random_linktype(void)
{
	static const uint16_t types[] = {LINKTYPE_EN10MB, LINKTYPE_EN10MB,    LINKTYPE_EN10MB,
					 LINKTYPE_RAW,    LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2,
					 LINKTYPE_NULL,   LINKTYPE_LOOP,      LINKTYPE_PPP};

	return types[below(9)];
}

/* One of the addresses listed, of this family, which every list of services has. */
static inline struct addr
listed_address(const struct specs *specs, uint8_t family)
{
	size_t i = below((uint32_t)specs->count);

	for (size_t left = specs->count; left > 0 && specs->list[i].family != family; left--)
		i = (i + 1) % specs->count;
	return (struct addr){family, specs->list[i].interval.first};
}

static inline struct story
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
	story.shape = below(4);
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
	if (family == 6 && below(4) == 0)
		story.icmp_type =
		    (uint8_t)(132 + below(7)); /* neighbour discovery and its borders */
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

static inline bool
is_ip(const struct story *story)
{
	switch (linktype_find(story->linktype)->kind) {
	case LINKTYPE_BY_VERSION: return true;
	case LINKTYPE_BY_TYPE: return story->tags <= 2 && !story->ethertype;
	default: return !story->ethertype;
	}
}

/* Whether a packet belongs to a filter by addresses alone. */
static inline bool
per_packet_truth(const struct specs *specs, const struct story *story, bool exclude)
{
	bool in = truly_in(specs, story->quoted ? story->router : story->source) ||
		  truly_in(specs, story->quoted ? story->source : story->destination);

	if (!is_ip(story))
		return exclude;
	return in != exclude;
}

/* Seeds the random numbers from VCAP_SEED, and opens the sockets. */
static inline bool
begin_cases(void)
{
	const char *seed = getenv("VCAP_SEED");

	state = seed ? strtoull(seed, NULL, 10) : 20261122;
	return socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, sockets) == 0;
}

static inline int
end_cases(void)
{
	close(sockets[0]);
	close(sockets[1]);
	return done_testing();
}

#endif
