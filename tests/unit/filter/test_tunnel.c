/* Servers behind tunnels: programs and filter_judge against the truth, over packets in tunnels, in others, and in
 * what only looks like one. */
#include "filter/service_oracle.h"

#include "filter/sighting.h"
#include "packet/tunnel.h"

/* What is wrong with the headers of a tunnel. */
enum flaw {
	FLAW_NONE,
	FLAW_TYPE,    /* it carries something else */
	FLAW_VERSION, /* what it carries says that it has another version */
	FLAW_OUTER, /* the packet around it says that it has another version than its link layer does */
	FLAW_HEADER, /* its own header is of a kind that is not read */
	FLAWS,
};

/* A packet in a tunnel. */
struct wrapped {
	struct story outer, inner;
	struct tunnel via;
	bool has_ethernet; /* GRE, Geneve: it carries that rather than IP */
	unsigned tags;     /* in the inner Ethernet header */
	uint16_t gre;      /* flags of GRE */
	uint8_t options;   /* words of them, of Geneve */
	enum flaw flaw;
};

/* Lets the packet go where an endpoint is, or come from there. */
static void
aim_at(struct story *story, const struct endpoint *at, const struct specs *universe)
{
	const struct addr other = listed_address(universe, at->family);
	const struct addr there = {at->family, at->addresses.first};

	/* Other fields go by the family, too. */
	while (story->source.family != at->family)
		*story = random_story(universe, story->linktype);
	story->source = below(4) ? other : there;
	story->destination = below(4) ? there : other;
	if (below(4) && at->protocol) {
		story->protocol = at->protocol;
		story->source_port = story->destination_port = at->port_last;
	}
}

/* Lets the packet be one to or from a server of the service, but for its ports and what else may be wrong. */
static void
aim(struct wrapped *wrapped, const struct service *service, const struct specs *universe)
{
	const struct endpoint *server = &service->servers[below((uint32_t)service->server_count)];

	if (server->via.kind == TUNNEL_NONE)
		return;
	wrapped->via = server->via;
	if (tunnel_has_far_end(server->via.kind)) {
		aim_at(&wrapped->outer, server, universe);
		server = &service->vips[below((uint32_t)service->vip_count)];
	}
	aim_at(&wrapped->inner, server, universe);
}

static struct wrapped
random_wrapped(const struct service *service, const struct specs *universe, uint16_t linktype)
{
	static const struct tunnel vias[] = {{TUNNEL_IPIP, 0},     {TUNNEL_IPIP, 0},
					     {TUNNEL_GRE, 0},      {TUNNEL_GRE, 0},
					     {TUNNEL_VXLAN, 4789}, {TUNNEL_VXLAN, 8472},
					     {TUNNEL_GENEVE, 443}, {TUNNEL_GENEVE, 6081}};
	struct wrapped wrapped = {.outer = random_story(universe, linktype),
				  .inner = random_story(universe, LINKTYPE_RAW),
				  .via = vias[below(8)],
				  .has_ethernet = below(2),
				  .tags = below(4) ? 0 : below(4),
				  .options = (uint8_t)(below(2) ? 0 : below(64)),
				  .flaw = below(3) ? FLAW_NONE : below(FLAWS)};

	for (int i = 0; i < GRE_OPTIONS; i++)
		wrapped.gre |= below(2) ? tunnel_gre_options[i] : 0;
	if (below(8)) {
		wrapped.outer.source = listed_address(universe, wrapped.outer.source.family);
		wrapped.outer.destination = listed_address(universe, wrapped.outer.source.family);
		wrapped.inner.source = listed_address(universe, wrapped.inner.source.family);
		wrapped.inner.destination = listed_address(universe, wrapped.inner.source.family);
	}
	if (below(4))
		aim(&wrapped, service, universe);
	wrapped.inner.tags = 0;
	if (below(4)) {
		wrapped.outer.fragment = 0;
		wrapped.outer.flags &= 6;
		wrapped.outer.source_port &= 0xfffe; /* no fragment header (frame.h) */
	}
	wrapped.outer.destination_port = wrapped.via.port;
	wrapped.outer.protocol = wrapped.via.kind == TUNNEL_GRE     ? 47
				 : tunnel_is_udp(wrapped.via.kind)  ? PROTOCOL_UDP
				 : wrapped.inner.source.family == 4 ? 4
								    : 41;
	/* IPIP has no header of its own, and no type but the protocol; the version is all that raw IP has. */
	if ((wrapped.via.kind == TUNNEL_IPIP && wrapped.flaw == FLAW_HEADER) ||
	    (wrapped.via.kind == TUNNEL_IPIP && wrapped.flaw == FLAW_TYPE) ||
	    (linktype == LINKTYPE_RAW && wrapped.flaw == FLAW_OUTER))
		wrapped.flaw = FLAW_VERSION;
	return wrapped;
}

static void
put_ethernet(struct frame *frame, const struct wrapped *wrapped, uint16_t type)
{
	static const uint16_t tpids[] = {0x8100, 0x88a8, 0x9100};

	for (int i = 0; i < 12; i++)
		put(frame, 2, 1);
	for (unsigned i = 0; i < wrapped->tags; i++) {
		put(frame, tpids[i], 2);
		put(frame, 7, 2);
	}
	put(frame, type, 2);
}

static void
put_tunnel(struct frame *frame, const struct wrapped *wrapped)
{
	const bool is_bad = wrapped->flaw == FLAW_HEADER;
	const uint16_t inner = wrapped->inner.source.family == 4 ? 0x0800 : 0x86dd;
	const uint16_t carried = wrapped->flaw == FLAW_TYPE ? 0x88b5 : inner;
	const uint16_t type = wrapped->has_ethernet ? 0x6558 : carried;
	bool has_ethernet = wrapped->has_ethernet;

	if (wrapped->outer.protocol == PROTOCOL_UDP) {
		put(frame, wrapped->outer.source_port, 2);
		put(frame, wrapped->via.port, 2);
		put(frame, 0, 4);
	}
	switch (wrapped->via.kind) {
	case TUNNEL_IPIP: return;
	case TUNNEL_GRE:
		put(frame, wrapped->gre | (is_bad ? (wrapped->options % 2 ? 0x4000 : 1) : 0), 2);
		put(frame, type, 2);
		for (int i = 0; i < GRE_OPTIONS; i++)
			if (wrapped->gre & tunnel_gre_options[i])
				put(frame, 0x08004500, 4);
		break;
	case TUNNEL_VXLAN:
		put(frame, is_bad ? 0xf7000000 : 0x08000000, 4);
		put(frame, 0x00012300, 4);
		has_ethernet = true;
		break;
	default:
		put(frame, wrapped->options | (is_bad && wrapped->tags % 2 ? 0x40 : 0), 1);
		put(frame, is_bad && wrapped->tags % 2 == 0 ? 0x80 : 0x40, 1);
		put(frame, type, 2);
		put(frame, 0x00012300, 4);
		for (unsigned i = 0; i < wrapped->options; i++)
			put(frame, 0x08000800, 4);
	}
	if (has_ethernet)
		put_ethernet(frame, wrapped, carried);
}

static void
build(struct frame *frame, const struct wrapped *wrapped)
{
	struct frame inner;
	uint32_t outer;

	frame_build(&inner, &wrapped->inner);
	if (wrapped->flaw == FLAW_VERSION)
		inner.bytes[0] ^= wrapped->options % 2 ? 0x20 : 0xf0;
	frame->size = 0;
	put_link(frame, &wrapped->outer);
	put_error(frame, &wrapped->outer);
	outer = frame->size;
	put_network(frame, &wrapped->outer);
	if (wrapped->flaw == FLAW_OUTER)
		frame->bytes[outer] ^= 0x20;
	put_tunnel(frame, wrapped);
	memcpy(frame->bytes + frame->size, inner.bytes, inner.size);
	frame->size += inner.size;
}

/* Whether the service has such a tunnel, and its inner packet can be seen. */
static bool
is_open(const struct service *service, const struct wrapped *wrapped)
{
	const struct story *outer = &wrapped->outer;
	const bool is_v4 = outer->source.family == 4;
	bool is_known = false;

	for (size_t i = 0; i < service->server_count; i++)
		is_known |= tunnel_equal(service->servers[i].via, wrapped->via);
	if (!is_known || !is_ip(outer) || wrapped->flaw != FLAW_NONE)
		return false;
	if (is_v4 && (outer->fragment || outer->flags & 1))
		return false;
	if (!is_v4 && outer->extensions > 0 &&
	    (outer->extensions > 4 ||
	     extension_kind(outer, outer->extensions - 1) == PROTOCOL_FRAGMENT))
		return false;
	return wrapped->via.kind == TUNNEL_IPIP || wrapped->tags <= 2 ||
	       (wrapped->via.kind != TUNNEL_VXLAN && !wrapped->has_ethernet);
}

static bool
has_address(const struct endpoint *line, struct addr addr)
{
	return line->family == addr.family && addr.value >= line->addresses.first &&
	       addr.value <= line->addresses.last;
}

/* Whether this end of the inner packet is a VIP, and a far end gets such packets. */
static bool
goes_to_far_end(const struct service *service, const struct wrapped *wrapped,
		const struct true_end *end)
{
	const struct story *outer = &wrapped->outer;
	const struct tunnel none = {0};
	bool goes = false;

	if (!truly_at_any(service->vips, service->vip_count, none, end))
		return false;
	for (size_t i = 0; i < service->server_count; i++) {
		const struct endpoint *line = &service->servers[i];
		struct endpoint anywhere = *line;

		anywhere.family = end->addr.family;
		anywhere.addresses = (struct interval){end->addr.value, end->addr.value};
		goes |= tunnel_equal(line->via, wrapped->via) && truly_at(&anywhere, end) &&
			((has_address(line, outer->destination) &&
			  is_true_source(service, outer->source)) ||
			 (has_address(line, outer->source) &&
			  is_true_source(service, outer->destination)));
	}
	return goes;
}

/* The side of the inner packet. */
static enum side
inner_side(const struct service *service, const struct wrapped *wrapped, struct addr *varies)
{
	const struct true_ends ends = true_ends(&wrapped->inner);

	if (wrapped->via.kind == TUNNEL_VXLAN || wrapped->via.kind == TUNNEL_GENEVE)
		return true_server_side(service, wrapped->via, &wrapped->inner, varies);
	*varies = ends.from.addr;
	if (ends.discovers)
		return SIDE_OTHER;
	if (goes_to_far_end(service, wrapped, &ends.to))
		return SIDE_SERVER;
	*varies = ends.to.addr;
	return goes_to_far_end(service, wrapped, &ends.from) ? SIDE_SERVER : SIDE_OTHER;
}

/* What is known of a packet: its side, and the ends that the set is compared with. */
struct truth {
	enum side side;
	bool is_inner;
	struct addr varies, source, destination;
};

static struct truth
find_truth(const struct service *service, const struct wrapped *wrapped)
{
	struct truth truth = {.side = SIDE_OTHER};
	const struct story *by = &wrapped->inner;

	if (!is_ip(&wrapped->outer))
		return truth;
	if (is_open(service, wrapped))
		truth.side = inner_side(service, wrapped, &truth.varies);
	truth.is_inner = truth.side != SIDE_OTHER;
	if (!truth.is_inner) {
		by = &wrapped->outer;
		truth.side = true_side(service, by, &truth.varies);
	}
	truth.source = by->source;
	truth.destination = by->destination;
	return truth;
}

static bool
is_wanted(const struct filter *filter, const struct specs *specs, const struct truth *truth)
{
	bool is_in;

	if (truth->side == SIDE_SERVER && filter->for_join)
		return true;
	if (!service_wants(truth->side, filter->monitors))
		return false;
	if (!filter->set)
		return true;
	is_in = filter->variable_end
		    ? truly_in(specs, truth->varies)
		    : truly_in(specs, truth->source) || truly_in(specs, truth->destination);
	return is_in != filter->exclude;
}

/* Whether the packet is an ICMP error about another one, in the tunnel or outside of it. */
static bool
is_about(const struct wrapped *wrapped)
{
	return wrapped->outer.quoted || wrapped->inner.quoted;
}

/* How packets were judged. */
struct tally {
	unsigned packets, matched, inner[SIDE_OTHER + 1], by_kind[TUNNEL_GENEVE + 1], wrong;
};

static void
judge_random_packet(struct tally *tally, const struct filter *filter, const struct bpf *program,
		    const struct specs *specs, const struct specs *universe, uint16_t linktype)
{
	const struct wrapped wrapped = random_wrapped(filter->service, universe, linktype);
	const struct truth truth = find_truth(filter->service, &wrapped);
	struct sighting seen;
	struct frame frame;
	struct packet packet;

	build(&frame, &wrapped);
	packet = frame_packet(&frame);
	compare(filter, program, &packet, linktype, is_wanted(filter, specs, &truth));
	tally->packets++;
	tally->matched += is_wanted(filter, specs, &truth);
	if (is_ip(&wrapped.outer))
		tally->wrong +=
		    !sighting_make(&seen, filter->service, &packet, linktype) ||
		    seen.side != truth.side ||
		    (truth.is_inner && seen.tuple.is_quoted != is_about(&wrapped)) ||
		    (truth.side != SIDE_OTHER && seen.tuple.source.value != truth.source.value);
	if (truth.is_inner) {
		tally->inner[truth.side]++;
		tally->by_kind[wrapped.via.kind]++;
	}
	/* Cut short, there is no truth, but agreement. */
	packet.caplen = packet.len = below(packet.caplen);
	compare(filter, program, &packet, linktype, filter_judge(filter, &packet, linktype));
}

static void
test_tunnels(void)
{
	struct tally tally = {0};
	bool is_loaded = true, is_valid = true;
	size_t longest = 0;

	disagreements = 0;
	for (uint32_t i = cases(); i > 0; i--) {
		struct bpf program = BPF_INIT;
		struct specs specs = {0}, universe;
		struct service service;
		struct filter filter = {
		    .service = &service, .monitors = below(3), .for_join = below(3) == 0};
		uint16_t linktype = random_linktype();

		random_service(&service, &universe, SOME_TUNNELS);
		if (below(3))
			add_random_set(&filter, &specs, &universe);
		if (compile_filter(&filter, linktype, &program, NULL) < 0) {
			ok(false, "a service compiles");
			continue;
		}
		is_valid &=
		    bpf_validate((const struct bpf_insn *)program.insns, (int)program.count) != 0;
		is_loaded &= attach(&program);
		longest = program.count > longest ? program.count : longest;
		for (int j = 0; j < PACKETS_PER_FILTER; j++)
			judge_random_packet(&tally, &filter, &program, &specs, &universe, linktype);
		bpf_release(&program);
		addrset_release(&specs.set);
		service_release(&service);
	}
	ok(disagreements == 0, "tunnels: %u packets, %u of them match", tally.packets,
	   tally.matched);
	ok(tally.wrong == 0, "sighting_make: in tunnels %u server, %u monitor",
	   tally.inner[SIDE_SERVER], tally.inner[SIDE_MONITOR]);
	ok(tally.by_kind[TUNNEL_IPIP] && tally.by_kind[TUNNEL_GRE] && tally.by_kind[TUNNEL_VXLAN] &&
	       tally.by_kind[TUNNEL_GENEVE],
	   "%u by ipip, %u by gre, %u by vxlan, %u by geneve", tally.by_kind[TUNNEL_IPIP],
	   tally.by_kind[TUNNEL_GRE], tally.by_kind[TUNNEL_VXLAN], tally.by_kind[TUNNEL_GENEVE]);
	ok(is_loaded, "the kernel takes every program, of up to %zu instructions", longest);
	ok(is_valid, "bpf_validate takes every program");
}

static void
test_words(void)
{
	static const char *const refused[] = {"",          "ip",        "ipip:1",  "gre:47",
					      "vxlan:",    "vxlan:0",   "vxlan:x", "vxlan:65536",
					      "geneve:-1", "vxlan4789", "VXLAN",   "vxlan:1:2"};
	static const char *const taken[] = {"ipip",   "gre",        "vxlan",
					    "geneve", "vxlan:8472", "geneve:65535"};
	struct failure why = FAILURE_INIT;
	char text[TUNNEL_TEXT];

	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++) {
		struct tunnel tunnel = {0};

		ok(tunnel_parse(&tunnel, taken[i], &why) == 0, "'%s' is a tunnel", taken[i]);
		is_str(tunnel_format(tunnel, text), taken[i], "and is written so");
	}
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		struct tunnel tunnel = {TUNNEL_GRE, 7};

		ok(tunnel_parse(&tunnel, refused[i], &why) < 0 && tunnel.port == 7, "%s", why.text);
	}
	ok(tunnel_parse(&(struct tunnel){0}, "vxlan:4789", NULL) == 0,
	   "the usual port may be said");
}

int
main(void)
{
	if (!begin_cases())
		return 1;
	test_words();
	test_tunnels();
	return end_cases();
}
